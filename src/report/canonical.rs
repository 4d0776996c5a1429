//! The canonical content of a report and its hash. Defined for outsiders in docs/canonical-content.md.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::form::{CellId, CellInfo, Edition, Kind, catalogue};

use super::{Cell, Figures, Hash, Narrative, ReportKey, format_number};

/// First line of the canonical content; changes with the format.
const HEADER: &str = "huizong-report/1";

/// How 不适用 is written.
const NOT_APPLICABLE: &str = "n/a";

/// How a cell that was not read is written, so that no report that has some shares its hash with one that has none.
const UNREAD: &str = "unread";

/// First line of the content of a computed form.
const COMPUTED_HEADER: &str = "huizong-computed-form/1";

/// A cell and how its line begins.
struct Line {
    info: &'static CellInfo,
    /// `path=`
    begin: String,
    /// The whole line of a nought, which most cells of most reports are.
    nought: String,
}

/// Lines of all cells, sorted by path byte by byte.
static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let mut cells: Vec<_> = catalogue().cells.iter().collect();
    cells.sort_by(|a, b| a.path.cmp(&b.path));
    let line =
        |info: &'static CellInfo| Line { info, begin: format!("{}=", info.path), nought: format!("{}=0\n", info.path) };
    cells.into_iter().map(line).collect()
});

impl Line {
    fn push_value(&self, content: &mut String, value: &str) {
        for part in [&self.begin, value, "\n"] {
            content.push_str(part);
        }
    }

    fn push_number(&self, content: &mut String, number: i128) {
        match self.info.kind {
            _ if number == 0 => content.push_str(&self.nought),
            // As `format_number` has it, without a text of its own for each cell.
            Kind::Count | Kind::SignedCount => _ = writeln!(content, "{}{number}", self.begin),
            Kind::Money => self.push_value(content, &format_number(self.info.kind, number)),
        }
    }
}

/// Room for the lines of a full form, in bytes.
const CONTENT_BYTES: usize = 12 * 1024;

/// UTF-8 lines, each ended by LF: the header, the report's name, the edition, then `path=value` for every cell
/// that is not blank, sorted by path byte by byte; last, the digest of each chapter of text that was handed in.
pub fn canonical_content(report: &ReportKey, figures: &Figures, narrative: Option<&Narrative>) -> String {
    let mut content = String::with_capacity(CONTENT_BYTES);
    // Writing to a String cannot fail.
    let _ = writeln!(content, "{HEADER}\nreport={report}\nedition={}", figures.edition().id);
    for line in LINES.iter() {
        match figures.get(line.info.id) {
            Cell::Blank => {}
            Cell::NotApplicable => line.push_value(&mut content, NOT_APPLICABLE),
            Cell::Unread => line.push_value(&mut content, UNREAD),
            Cell::Number(number) => line.push_number(&mut content, number.into()),
        }
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

/// SHA-256 of the content of a computed form, which is written as [`canonical_content`] under a header of its own;
/// `name` is the form's, such as `jurisdictions/230000/reports/2022`, and `value` gives none for cells not shown.
pub fn computed_form_hash(name: &str, edition: &Edition, value: impl Fn(CellId) -> Option<i128>) -> Hash {
    let mut content = String::with_capacity(CONTENT_BYTES);
    let _ = writeln!(content, "{COMPUTED_HEADER}\nreport={name}\nedition={}", edition.id);
    for line in LINES.iter() {
        if let Some(number) = value(line.info.id) {
            line.push_number(&mut content, number);
        }
    }
    Hash::of(content.as_bytes())
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
