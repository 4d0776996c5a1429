//! The canonical content of a report and its hash. Defined for outsiders in docs/canonical-content.md.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::form::{CellId, catalogue};

use super::{Cell, Figures, Hash, ReportKey, format_number};

/// First line of the canonical content; changes with the format.
const HEADER: &str = "huizong-report/1";

/// How 不适用 is written.
const NOT_APPLICABLE: &str = "n/a";

/// UTF-8 lines, each ended by LF: the header, the report's name, the edition, then `path=value` for every cell
/// that is not blank, sorted by path byte by byte.
pub fn canonical_content(report: &ReportKey, figures: &Figures) -> String {
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
    content
}

/// SHA-256 of [`canonical_content`].
pub fn content_hash(report: &ReportKey, figures: &Figures) -> Hash {
    Hash::of(canonical_content(report, figures).as_bytes())
}
