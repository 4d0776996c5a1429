//! XLSX: the visible sheets of a workbook, cells by their place, merged cells and all, as a spreadsheet shows them.
//!
//! Read with quick-xml rather than with a library for workbooks: those reserve memory by numbers that the file
//! states, build a sheet out to its farthest cell, and do not tell what of a cell is struck out, raised or hidden.

mod book;
mod colour;
mod conditional;
mod doubt;
mod number_format;
mod sheet;
mod style;
mod text;

use quick_xml::events::Event;

use super::error::ReadError;
use super::grid::Grid;
use super::note::{NoteCode, Place, ReaderNote, Spot};
use super::package::{referred, xml};
use super::placement::{Extent, Period, PrintedCell, PrintedRow};
use super::{Format, Limits, Printed};
pub use book::Book;
pub use colour::Colour;
pub use conditional::{Comparison, Conditional, Difference};
pub use number_format::built_in;
pub use sheet::Sheet;
pub use style::{CellStyle, Fit, Font};
pub use text::RichText;

/// Most columns in which something stands.
const MAX_USED_COLUMNS: usize = 256;
/// Blank cells that a sheet may have for each cell that a document may have.
const BLANKS_PER_CELL: usize = 10;

/// A cell by row and column, both from 0.
pub type At = (usize, usize);

/// Reads the visible sheets into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`] and the errors of limits.
pub fn read_xlsx(bytes: &[u8], limits: &Limits) -> Result<Printed, ReadError> {
    let mut book = Book::open(bytes, limits)?;
    let mut workbook = Printed::default();
    for number in 0..book.sheets.len() {
        if book.sheets.get(number).is_some_and(|sheet| sheet.is_visible)
            && let Some(mut sheet) = book.sheet(number)?
        {
            book.doubt_uncomputed(&mut sheet);
            sheet.doubt_narrow();
            let name = book.sheets.get(number).map(|sheet| sheet.name.clone()).unwrap_or_default();
            head(&name, number + 1, &mut workbook);
            print(sheet, number + 1, limits.max_cells, &mut workbook)?;
        }
    }
    Ok(workbook)
}

fn damaged(detail: impl ToString) -> ReadError {
    ReadError::damaged(Format::Xlsx.name(), detail)
}

/// Calls `each` with every event of a part.
fn events(part: &str, mut each: impl FnMut(Event<'_>) -> Result<(), ReadError>) -> Result<(), ReadError> {
    let mut reader = xml(part);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().map_err(damaged)? {
            Event::Eof => return Ok(()),
            event => each(event)?,
        }
    }
}

/// The text of an event, if it is text.
fn text_of(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(text.xml10_content().into_owned()),
        Event::CData(text) => Some(text.xml10_content().into_owned()),
        Event::GeneralRef(reference) => Some(referred(reference)),
        _ => None,
    }
}

/// A sheet whose name says of which period it is has it for a heading.
fn head(name: &str, number: usize, book: &mut Printed) {
    if Period::of(name).is_stated() {
        let place = Place { order: book.rows.len() + 1, spot: Spot::Sheet { sheet: number, row: 1 }, cell: 1 };
        book.rows.push(PrintedRow { cells: vec![PrintedCell::alone(name, place)], extent: Extent::Unknown });
    }
}

/// Prints the rows of a sheet by its number, from 1.
///
/// # Errors
/// [`ReadError::TooManyCells`].
pub fn print(mut sheet: Sheet, number: usize, limit: usize, book: &mut Printed) -> Result<(), ReadError> {
    let hidden = sheet.take_hidden();
    // The columns in which anything stands, in order: what lies between takes no place.
    let mut columns: Vec<usize> = sheet.cells.keys().map(|at| at.1).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut rows: Vec<usize> = sheet.cells.keys().map(|at| at.0).collect();
    rows.dedup();
    if columns.len() > MAX_USED_COLUMNS || columns.len() * rows.len() > limit.saturating_mul(BLANKS_PER_CELL) {
        return Err(ReadError::TooManyCells { limit });
    }
    let before = book.rows.len();
    if let Some((row, column)) = hidden {
        let order = before + rows.partition_point(|other| *other < row);
        let place = Place { order, spot: Spot::Sheet { sheet: number, row: row + 1 }, cell: column + 1 };
        book.notes.push(hidden_note(place));
    }
    let mut grid = Grid::default();
    // A place is covered where a merged cell reaches over it; counted down row by row.
    let mut covered = vec![None::<usize>; columns.len()];
    for row in &rows {
        grid.begin_row();
        for (at, column) in columns.iter().enumerate() {
            if covered.get(at).copied().flatten().is_some_and(|last| last >= *row) {
                continue;
            }
            let place = (*row, *column);
            let last = sheet.merged.get(&place).copied().unwrap_or(place);
            let wide = columns.partition_point(|other| *other <= last.1).saturating_sub(at).max(1);
            let high = rows.partition_point(|other| *other <= last.0) - rows.partition_point(|other| other < row);
            covered.iter_mut().skip(at).take(wide).for_each(|covered| *covered = Some(last.0));
            grid.cell_at(at, wide, high.max(1), sheet.cells.get(&place).cloned().unwrap_or_default());
        }
    }
    let place = |row: usize, column: usize| {
        let row_number = rows.get(row).map_or(0, |row| row + 1);
        let column_number = columns.get(column).map_or(0, |column| column + 1);
        Place { order: before + row + 1, spot: Spot::Sheet { sheet: number, row: row_number }, cell: column_number }
    };
    book.rows.extend(grid.printed_rows(place));
    Ok(())
}

fn hidden_note(place: Place) -> ReaderNote {
    ReaderNote::at(
        NoteCode::HiddenNotRead,
        place,
        "",
        Vec::new(),
        "从此处起有隐藏的行或列，其中的数值未读取；如属报告内容，请取消隐藏后重新提交",
        "from here on rows or columns are hidden, whose figures are not read; if they are of the report, show them and \
         send the workbook again",
    )
}
