//! Plain tables as XLSX: rows of texts on one sheet, both ways. What stands in the rows is for others.

use rust_xlsxwriter::Format as CellFormat;

use super::read::xlsx::Book;
use super::read::{Limits, ReadError};
use super::write::WriteError;
use super::write::xlsx::new_workbook;

/// Cells that a table may have: a province with its townships, through the years.
const MAX_CELLS: usize = 2_000_000;
/// Bytes that a workbook may unpack to.
const MAX_UNPACKED_BYTES: u64 = 128 * 1024 * 1024;

/// The rows of the first visible sheet as they are shown, blank ones too, each up to its last cell.
///
/// # Errors
/// Where the bytes are no workbook, or one that is too large.
pub fn read_table(bytes: &[u8]) -> Result<Vec<Vec<String>>, ReadError> {
    let limits = Limits { max_cells: MAX_CELLS, max_unpacked_bytes: MAX_UNPACKED_BYTES, ..Limits::default() };
    let mut book = Book::open(bytes, &limits)?;
    let Some(number) = book.sheets.iter().position(|sheet| sheet.is_visible) else { return Ok(Vec::new()) };
    let mut rows: Vec<Vec<String>> = Vec::new();
    let cells = book.sheet(number)?.map(|sheet| sheet.cells).unwrap_or_default();
    let mut left = MAX_CELLS;
    for ((row, column), cell) in cells {
        // Blank rows and columns before a cell count, too: no number in the file sizes memory.
        let blanks = row.saturating_sub(rows.len()).saturating_add(column);
        left = left.checked_sub(blanks).ok_or(ReadError::TooManyCells { limit: MAX_CELLS })?;
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        if let Some(row) = rows.get_mut(row) {
            row.resize(row.len().max(column), String::new());
            row.push(cell.text);
        }
    }
    Ok(rows)
}

/// A workbook of one sheet with the rows, every cell as text, the first row as headings.
///
/// # Errors
/// Where it would be larger than a workbook can be.
pub fn write_table(title: &str, rows: &[Vec<String>]) -> Result<Vec<u8>, WriteError> {
    let mut workbook = new_workbook(title)?;
    let (text, bold) = (CellFormat::new().set_num_format("@"), CellFormat::new().set_num_format("@").set_bold());
    let sheet = workbook.add_worksheet();
    sheet.set_name(title).map_err(WriteError::new)?;
    sheet.set_freeze_panes(1, 0).map_err(WriteError::new)?;
    for (number, row) in (0..).zip(rows) {
        let format = if number == 0 { &bold } else { &text };
        for (column, value) in (0..).zip(row) {
            sheet.write_string_with_format(number, column, value, format).map_err(WriteError::new)?;
        }
    }
    workbook.save_to_buffer().map_err(WriteError::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_back_to_the_letter() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<String>>();
        let rows =
            [row(&["code", "名称"]), row(&["", "某市"]), row(&[]), row(&["230100", "a \"b\", c"]), row(&["007"])];
        let workbook = write_table("登记", &rows).unwrap();
        assert_eq!(read_table(&workbook).unwrap(), rows);
        assert_eq!(write_table("登记", &rows).unwrap(), workbook, "the same bytes each time");
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        assert!(read_table(b"type,code").is_err());
    }
}
