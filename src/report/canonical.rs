//! The canonical content of a report and its hash. Defined for outsiders in docs/canonical-content.md.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::form::{CellId, CellInfo, Edition, catalogue};

use super::{Cell, Figures, Hash, ReportKey, format_number};

/// First line of the canonical content; changes with the format.
const HEADER: &str = "huizong-report/1";

/// How 不适用 is written.
const NOT_APPLICABLE: &str = "n/a";

/// First line of the content of a computed form.
const COMPUTED_HEADER: &str = "huizong-computed-form/1";

/// UTF-8 lines, each ended by LF: the header, the report's name, the edition, then `path=value` for every cell
/// that is not blank, sorted by path byte by byte.
pub fn canonical_content(report: &ReportKey, figures: &Figures) -> String {
    let value = |info: &CellInfo| match figures.get(info.id) {
        Cell::Blank => None,
        Cell::NotApplicable => Some(NOT_APPLICABLE.to_owned()),
        Cell::Number(number) => Some(format_number(info.kind, number.into())),
    };
    content(HEADER, &report.to_string(), figures.edition(), value)
}

/// SHA-256 of [`canonical_content`].
pub fn content_hash(report: &ReportKey, figures: &Figures) -> Hash {
    Hash::of(canonical_content(report, figures).as_bytes())
}

/// SHA-256 of the content of a computed form, which is written as [`canonical_content`] under a header of its own;
/// `name` is the form's, such as `jurisdictions/230000/reports/2022`, and `value` gives none for cells not shown.
pub fn computed_form_hash(name: &str, edition: &Edition, value: impl Fn(CellId) -> Option<i128>) -> Hash {
    let printed = |info: &CellInfo| value(info.id).map(|number| format_number(info.kind, number));
    Hash::of(content(COMPUTED_HEADER, name, edition, printed).as_bytes())
}

fn content(header: &str, name: &str, edition: &Edition, value: impl Fn(&CellInfo) -> Option<String>) -> String {
    static BY_PATH: LazyLock<Vec<CellId>> = LazyLock::new(|| {
        let mut cells: Vec<_> = catalogue().cells.iter().collect();
        cells.sort_by(|a, b| a.path.cmp(&b.path));
        cells.into_iter().map(|cell| cell.id).collect()
    });
    let mut content = String::with_capacity(12 * 1024);
    // Writing to a String cannot fail.
    let _ = writeln!(content, "{header}\nreport={name}\nedition={}", edition.id);
    for info in BY_PATH.iter().map(|id| catalogue().cell(*id)) {
        if let Some(value) = value(info) {
            let _ = writeln!(content, "{}={value}", info.path);
        }
    }
    content
}
