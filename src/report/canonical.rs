//! The canonical content of a report and its hash. Defined for outsiders in docs/canonical-content.md.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::form::{CellId, catalogue};

use super::{Cell, Figures, Hash, Narrative, ReportKey, format_number};

/// First line of the canonical content; changes with the format.
const HEADER: &str = "huizong-report/1";

/// How 不适用 is written.
const NOT_APPLICABLE: &str = "n/a";

/// UTF-8 lines, each ended by LF: the header, the report's name, the edition, then `path=value` for every cell
/// that is not blank, sorted by path byte by byte; last, the digest of each chapter of text that was handed in.
pub fn canonical_content(report: &ReportKey, figures: &Figures, narrative: Option<&Narrative>) -> String {
    static BY_PATH: LazyLock<Vec<CellId>> = LazyLock::new(|| {
        let mut cells: Vec<_> = catalogue().cells.iter().collect();
        cells.sort_by(|a, b| a.path.cmp(&b.path));
        cells.into_iter().map(|cell| cell.id).collect()
    });
    let mut content = String::with_capacity(12 * 1024);
    // Writing to a String cannot fail.
    let _ = writeln!(content, "{HEADER}\nreport={report}\nedition={}", figures.edition().id);
    for &id in BY_PATH.iter() {
        let info = catalogue().cell(id);
        let _ = match figures.get(id) {
            Cell::Blank => Ok(()),
            Cell::NotApplicable => writeln!(content, "{}={NOT_APPLICABLE}", info.path),
            Cell::Number(number) => writeln!(content, "{}={}", info.path, format_number(info.kind, number.into())),
        };
    }
    for chapter in narrative.iter().flat_map(|narrative| narrative.chapters()) {
        if let Some(text) = chapter.text {
            let _ = writeln!(content, "narrative.{}={}", chapter.field, Hash::of(text.as_bytes()));
        }
    }
    content
}

/// SHA-256 of [`canonical_content`].
pub fn content_hash(report: &ReportKey, figures: &Figures, narrative: Option<&Narrative>) -> Hash {
    Hash::of(canonical_content(report, figures, narrative).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition;

    /// The test vectors of docs/canonical-content.md.
    #[test]
    fn the_hashes_are_those_of_the_document() {
        let document = include_str!("../../docs/canonical-content.md");
        let report: ReportKey = "agencies/11341702486344515H/reports/2022".parse().unwrap();
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        for (path, value) in [
            ("requests.received.natural_person", Cell::Number(12)),
            ("requests.received.total", Cell::Number(12)),
            ("proactive_disclosure.administrative_fees", Cell::Number(59_237_244_900)),
            ("proactive_disclosure.rules.issued", Cell::NotApplicable),
        ] {
            assert!(figures.set(catalogue().cell_at(path).unwrap(), value));
        }
        let narrative = Narrative {
            overview: Some("本年新收政府信息公开申请12件。\n".to_owned()),
            problems: Some("主动公开不够及时。".to_owned()),
            other_matters: None,
        };
        for narrative in [None, Some(&narrative)] {
            let content = canonical_content(&report, &figures, narrative);
            assert!(document.contains(&format!("```text\n{content}```")), "{content}");
            let hash = content_hash(&report, &figures, narrative);
            assert!(document.contains(&format!("```text\n{hash}\n```")), "{hash}");
        }
        assert_eq!(
            canonical_content(&report, &figures, Some(&Narrative::default())),
            canonical_content(&report, &figures, None)
        );
    }
}
