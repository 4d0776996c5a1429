//! Rows that are divided: by a box around their figures, or by the end of a page. Figures beside no label may then be those
//! of the row before, or of the one behind, and what seems blank there is not.

use crate::form::{LineId, catalogue};

use super::super::super::note::{NoteCode, Place, ReaderNote, Spot, shortened};
use super::super::blocks::BlockRow;
use super::super::printed::PrintedCell;
use super::super::value::Printed;
use super::{Slot, Walk, is_figure, is_nearly_number, listed};

/// A line of which it is open what it holds, with the figures beside it.
#[derive(Debug, Clone)]
pub struct Doubt {
    pub line: LineId,
    pub raw: String,
    pub place: Place,
    /// A number of it may go on overleaf: none of its cells is certain, rather than those that seem blank.
    pub is_torn: bool,
}

/// The label that was opened last.
#[derive(Debug)]
struct Label {
    line: LineId,
    raw: String,
    place: Place,
    page: Option<usize>,
    /// All its words were found.
    is_whole: bool,
}

/// Rows that may be parts of one.
#[derive(Debug, Default)]
pub struct Divided {
    label: Option<Label>,
    /// The line whose row was read last, and its page.
    last: Option<(LineId, Option<usize>)>,
    /// Figures beside no label that were read since, and their page.
    strayed: Option<(String, Place, Option<usize>)>,
}

impl Divided {
    /// The words that the label lacked were found.
    pub fn label_is_whole(&mut self) {
        if let Some(label) = &mut self.label {
            label.is_whole = true;
        }
    }

    /// Whether the row read last stands on another page.
    pub fn is_overleaf(&self, page: Option<usize>) -> bool {
        self.last.is_some_and(|(_, before)| before != page)
    }

    pub fn end_table(&mut self) {
        *self = Self::default();
    }
}

/// Whether a text ends what is bracketed elsewhere, and says nothing else.
fn ends_brackets(raw: &str) -> bool {
    let closes = |c: char| matches!(c, '）' | ')' | '】' | '〕');
    raw.ends_with(closes) && !raw.contains(['（', '(', '【', '〔']) && raw.chars().count() <= REST_CHARACTERS
}

/// Longest end of a bracketed text that a page may begin with, in characters.
const REST_CHARACTERS: usize = 12;

impl Walk<'_> {
    /// Whether the words of the first row of a page are perhaps numbers, or the end of what was bracketed, beside nothing else:
    /// the rest of a row that the page before broke off. Then nothing of that row is certain.
    pub fn goes_on_overleaf(&mut self, cells: &[PrintedCell]) -> bool {
        let is_rest = |raw: &str| is_nearly_number(raw) || ends_brackets(raw);
        let filled = || cells.iter().filter(|cell| !cell.raw.is_empty());
        let Some(first) = filled().next().filter(|_| self.divided.is_overleaf(self.context.header.page)) else {
            return false;
        };
        let goes_on = filled().all(|cell| is_rest(&cell.raw));
        if let Some((line, _)) = self.divided.last.filter(|_| goes_on) {
            self.found.doubted.push(Doubt { line, raw: first.raw.clone(), place: first.place, is_torn: true });
        }
        goes_on
    }

    /// Another label begins. One that is not whole, and the last of a page or the first of the next, may be a part of
    /// another's: its row, too.
    pub fn label_begins(&mut self, line: LineId, cell: &PrintedCell, is_whole: bool) {
        let page = self.context.header.page;
        self.divided.last = None;
        let label = Label { line, raw: cell.raw.clone(), place: cell.place, page, is_whole };
        let before = self.divided.label.replace(label);
        let Some(before) = before.filter(|before| before.page != page) else { return };
        if !before.is_whole {
            self.label_torn(before.line, before.raw, before.place);
        }
        if !is_whole {
            self.label_torn(line, cell.raw.clone(), cell.place);
        }
    }

    fn label_torn(&mut self, line: LineId, raw: String, place: Place) {
        let info = catalogue().line(line);
        let (zh, en, told) = (&info.label_zh, &info.label_en, shortened(&raw));
        self.found.notes.push(ReaderNote::at(
            NoteCode::CellUnplaced,
            place,
            &raw,
            info.cells().collect(),
            &format!("换页处的“{told}”不是完整的名称，不能确定是否为“{zh}”一行及其数值是否完整，未读取；请对照原文填写"),
            &format!(
                "{told:?} at the end of a page is no whole label: whether it is {en:?}, and whether its values are whole, \
                 cannot be told; not read; fill them in"
            ),
        ));
        self.found.doubted.push(Doubt { line, raw, place, is_torn: true });
    }

    /// The row of a line was read, with values or blank cells.
    pub fn row_read(&mut self, line: LineId) {
        let page = self.context.header.page;
        if let Some((raw, place, before)) = self.divided.strayed.take()
            && before != page
        {
            self.found.doubted.push(Doubt { line, raw, place, is_torn: true });
        }
        self.divided.last = Some((line, page));
    }

    /// Figures stand beside no label.
    pub fn figures_alone(&mut self, values: &[Slot]) {
        self.figures_behind(values, false);
    }

    /// Figures stand beside the rest of a label whose beginning had figures, too.
    pub fn figures_continued(&mut self, values: &[Slot]) {
        self.figures_behind(values, true);
    }

    fn figures_behind(&mut self, values: &[Slot], is_same_row: bool) {
        let last = self.divided.last;
        self.figures_astray(values);
        if let (Some((line, before)), Some((raw, place, page))) = (last, &self.divided.strayed) {
            // A line of a text that is a number alone may be the rest of the one before: of the last number of its row.
            let is_rest = values.len() == 1 && matches!(place.spot, Spot::Line(_));
            let is_torn = is_same_row || is_rest || before != *page;
            self.found.doubted.push(Doubt { line, raw: raw.clone(), place: *place, is_torn });
        }
    }

    /// Figures stand below a part of a label whose rest did not come: the line's, perhaps, which seems blank.
    pub fn figures_held(&mut self, line: LineId, values: &[Slot]) {
        if let Some(first) = values.first().filter(|_| values.iter().any(is_figure)) {
            self.found.doubted.push(Doubt { line, raw: listed(values), place: first.place, is_torn: false });
        }
    }

    /// Figures stand beside no label of the form: perhaps beside the beginning of one.
    pub fn figures_astray(&mut self, values: &[Slot]) {
        let first = values.first().filter(|_| values.iter().any(is_figure));
        let page = self.context.header.page;
        if let (Some(_), Some(block)) = (first, &mut self.block) {
            let may_go_on = |row: &BlockRow| {
                row.place().spot.page() != page || row.values.iter().any(|slot| slot.printed == Printed::Empty)
            };
            block.goes_on |= block.rows.last().is_some_and(may_go_on);
        }
        self.divided.strayed = first.map(|first| (listed(values), first.place, page));
    }
}
