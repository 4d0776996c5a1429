//! What a reader has to say about a document: where, what was not understood or not taken, and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::form::{CellId, catalogue};
use crate::report::Message;

/// Where something stands in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Orders places as the document is read.
    pub order: usize,
    /// The line or row.
    pub spot: Spot,
    /// Printed cell within the line, or column of the table; from 1.
    pub cell: usize,
}

/// The line or row of a place, as someone would look it up; all count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Spot {
    /// Line of a text.
    Line(usize),
    /// Paragraph outside the tables.
    Paragraph(usize),
    /// A row of a table in a text.
    Table {
        /// Number of the table in the document.
        table: usize,
        /// Row of the table.
        row: usize,
    },
    /// A row of a sheet.
    Sheet {
        /// Number of the sheet in the workbook.
        sheet: usize,
        /// As the program numbers it.
        row: usize,
    },
    /// Line of text, or row of a table, counted from the top of the page.
    Page {
        /// Number of the page in the document.
        page: usize,
        /// From the top.
        line: usize,
    },
}

impl Spot {
    /// Number of its page, where it has one.
    pub(super) fn page(self) -> Option<usize> {
        match self {
            Self::Page { page, .. } => Some(page),
            _ => None,
        }
    }
}

impl Place {
    /// The beginning of a document, for what concerns the whole of it.
    pub const START: Self = Self { order: 0, spot: Spot::Line(1), cell: 1 };

    /// The cell of a text's line.
    pub fn in_text(line: usize, cell: usize) -> Self {
        Self { order: line, spot: Spot::Line(line), cell }
    }

    /// Line, paragraph or row.
    pub fn line(self) -> usize {
        match self.spot {
            Spot::Line(line) | Spot::Paragraph(line) | Spot::Page { line, .. } => line,
            Spot::Table { row, .. } | Spot::Sheet { row, .. } => row,
        }
    }

    /// Words for the place.
    pub fn message(self) -> Message {
        let cell = self.cell;
        let (zh, en) = match self.spot {
            Spot::Line(line) => (format!("第{line}行第{cell}格"), format!("line {line}, cell {cell}")),
            Spot::Paragraph(paragraph) => (format!("第{paragraph}段"), format!("paragraph {paragraph}")),
            Spot::Table { table, row } => {
                (format!("第{table}个表格第{row}行第{cell}列"), format!("table {table}, row {row}, column {cell}"))
            }
            Spot::Sheet { sheet, row } => {
                let reference = format!("{}{row}", column_letters(cell));
                (format!("第{sheet}个工作表{reference}"), format!("sheet {sheet}, {reference}"))
            }
            Spot::Page { page, line } => {
                (format!("第{page}页第{line}行第{cell}格"), format!("page {page}, line {line}, cell {cell}"))
            }
        };
        Message::new(zh, en)
    }
}

/// `A` for 1, `AB` for 28.
fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column;
    while let Some(index) = left.checked_sub(1) {
        letters.push(char::from(b'A' + u8::try_from(index % 26).unwrap_or(0)));
        left = index / 26;
    }
    letters.iter().rev().collect()
}

/// What kind of note it is; the codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoteCode {
    /// A row or text within a table that the form does not have.
    RowUnknown,
    /// A row is printed twice.
    RowRepeated,
    /// Values whose cells cannot be told.
    CellUnplaced,
    /// A cell holds something that is no number.
    CellUnreadable,
    /// A number has a remark behind it; the number is taken.
    CellRemark,
    /// A number in a cell that is merged over several rows.
    CellMerged,
    /// A formula whose result is not in the file.
    FormulaUncomputed,
    /// Figures in rows or columns that are hidden.
    HiddenNotRead,
    /// Pages that are pictures, without text.
    PageScanned,
    /// A watermark or the like lies over the text of pages.
    OverlayNotRead,
    /// Only its font knows what much of the text of a page is.
    FontUnknown,
    /// A document bears a seal or a signature, which is not verified.
    SealNotVerified,
    /// A chapter of text is longer than what is kept of it.
    TextCut,
    /// A number is in another unit than the form's; it is not taken.
    UnitInCell,
    /// More values than the row has cells.
    ValuesTooMany,
    /// Values were placed by the form's equations, which leave one possibility.
    PlacementProven,
    /// A label differs from the form's but can only be this one.
    LabelInexact,
    /// The header above a row is not the row's.
    HeaderMismatch,
    /// Rows of a table that was found are not in it.
    RowNotFound,
    /// A table of the form was not found.
    TableNotFound,
    /// No table of the form was found at all.
    NoTables,
    /// A sentence corrects a figure; what is taken is the one in the table.
    CorrectionSaid,
    /// Two report years are printed.
    YearUncertain,
    /// The headers do not tell which edition of the form it is, or tell of two.
    EditionUncertain,
}

impl NoteCode {
    /// Stable name, such as `ROW-UNKNOWN`.
    pub fn id(self) -> &'static str {
        match self {
            Self::RowUnknown => "ROW-UNKNOWN",
            Self::RowRepeated => "ROW-REPEATED",
            Self::CellUnplaced => "CELL-UNPLACED",
            Self::CellUnreadable => "CELL-UNREADABLE",
            Self::CellRemark => "CELL-REMARK",
            Self::CellMerged => "CELL-MERGED",
            Self::FormulaUncomputed => "FORMULA-UNCOMPUTED",
            Self::HiddenNotRead => "HIDDEN-NOT-READ",
            Self::PageScanned => "PAGE-SCANNED",
            Self::OverlayNotRead => "OVERLAY-NOT-READ",
            Self::FontUnknown => "FONT-UNKNOWN",
            Self::SealNotVerified => "SEAL-NOT-VERIFIED",
            Self::TextCut => "TEXT-CUT",
            Self::UnitInCell => "UNIT-IN-CELL",
            Self::ValuesTooMany => "VALUES-TOO-MANY",
            Self::PlacementProven => "PLACEMENT-PROVEN",
            Self::LabelInexact => "LABEL-INEXACT",
            Self::HeaderMismatch => "HEADER-MISMATCH",
            Self::RowNotFound => "ROW-NOT-FOUND",
            Self::TableNotFound => "TABLE-NOT-FOUND",
            Self::NoTables => "NO-TABLES",
            Self::CorrectionSaid => "CORRECTION-SAID",
            Self::YearUncertain => "YEAR-UNCERTAIN",
            Self::EditionUncertain => "EDITION-UNCERTAIN",
        }
    }
}

impl fmt::Display for NoteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderNote {
    /// Stable, for programs.
    pub code: NoteCode,
    /// Where in the document.
    pub place: Place,
    /// What is printed there, shortened.
    pub raw: String,
    /// The cells of the form that it concerns, where these are known.
    pub cells: Vec<CellId>,
    /// What happened, where, and what to do.
    pub message: Message,
}

impl ReaderNote {
    /// A note whose message begins with the place.
    pub fn at(code: NoteCode, place: Place, raw: &str, cells: Vec<CellId>, zh: &str, en: &str) -> Self {
        let words = place.message();
        let message = Message::new(format!("{}：{zh}", words.zh), format!("{}: {en}", words.en));
        Self { code, place, raw: shortened(raw), cells, message }
    }

    /// A note about the document as a whole.
    pub fn about_document(code: NoteCode, raw: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, place: Place::START, raw: shortened(raw), cells: Vec::new(), message: Message::new(zh, en) }
    }
}

/// Remarks on one line as one note, which names all of its cells.
pub fn gathered(notes: Vec<ReaderNote>) -> Vec<ReaderNote> {
    let mut kept: Vec<ReaderNote> = Vec::new();
    let row = |place: &Place| (place.order, place.spot);
    for note in notes {
        let is_remark = note.code == NoteCode::CellRemark;
        let earlier = kept
            .iter_mut()
            .rfind(|other| is_remark && other.code == note.code && row(&other.place) == row(&note.place));
        match earlier {
            Some(earlier) => earlier.cells.extend(note.cells),
            None => kept.push(note),
        }
    }
    for note in kept.iter_mut().filter(|note| note.code == NoteCode::CellRemark && note.cells.len() > 1) {
        let more = note.cells.len() - 1;
        note.message.zh += &format!("（本行另有{more}格同样如此）");
        note.message.en += &format!(" ({more} more cells of the row are alike)");
    }
    kept
}

/// Longest text that a note repeats, in characters.
const RAW_CHARACTERS: usize = 120;

/// A text short enough to be repeated in a note.
pub fn shortened(raw: &str) -> String {
    match raw.char_indices().nth(RAW_CHARACTERS) {
        Some((end, _)) => format!("{}…", raw.get(..end).unwrap_or_default()),
        None => raw.to_owned(),
    }
}

/// The label of a cell in both languages.
pub fn cell_label(cell: CellId) -> (&'static str, &'static str) {
    let info = catalogue().cell(cell);
    (&info.label_zh, &info.label_en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_sheet_have_letters() {
        for (column, letters) in [(1, "A"), (26, "Z"), (27, "AA"), (28, "AB"), (16_384, "XFD")] {
            assert_eq!(column_letters(column), letters);
        }
    }
}
