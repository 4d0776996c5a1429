//! Rows and tables that say that their figures are none of the report's: of another period, or of another form in the same
//! document.

use super::super::period::Period;
use super::super::printed::PrintedCell;
use super::super::unit::unit_stated;
use super::super::value::{Printed, printed};
use super::super::vocabulary::Meaning;
use super::super::wording::wording;
use super::{Slot, Unknown, Walk};

impl Walk<'_> {
    /// Whether words between the label of a row and its figures say that these are of another period.
    pub fn is_of_other_period(&self, cells: &[PrintedCell]) -> bool {
        let is_before_figures = |cell: &&PrintedCell| matches!(printed(&cell.raw), Printed::Words | Printed::Empty);
        let words = cells.iter().skip(1).take_while(is_before_figures);
        !self.context.in_blocks()
            && words.map(|cell| Period::of(&cell.raw)).any(|one| one.is_other_than(self.context.year))
    }

    /// A row whose figures are of another period than the report.
    pub fn foreign_row(&mut self, labels: &[&PrintedCell], values: Vec<Slot>) {
        self.close();
        let Some((first, rest)) = labels.split_first() else { return };
        let lines = labels.iter().filter_map(|label| match self.context.meaning(&wording(&label.raw), true) {
            Some(Meaning::Line { line, .. }) => Some(line),
            _ => None,
        });
        self.found.torn.extend(lines);
        let raw = std::iter::once(first).chain(rest).map(|label| label.raw.as_str()).collect::<Vec<_>>().join(" ");
        self.unknown = Some(Unknown { raw, values, ..Unknown::new(first, true) });
        self.close();
    }

    /// Whether some of a form has been read: a heading that comes now may be of another.
    pub fn has_read(&self) -> bool {
        !self.found.seen.is_empty() || !self.found.blocks.is_empty()
    }
}

/// Whether a text only says in which unit figures are.
pub fn is_caption(raw: &str) -> bool {
    let text = raw.trim_start_matches(['（', '(', '[', ' ', '\u{3000}']);
    ["单位", "计量单位", "数据单位", "注"].iter().any(|word| text.starts_with(word)) && unit_stated(raw).is_some()
}
