//! A table of answers as a workbook: one sheet, headings that stay, numbers as numbers.

use rust_xlsxwriter::{Format, Workbook};

use super::WriteError;
use super::xlsx::{new_workbook, sheet_name};

/// Widest column, in characters of Latin script.
const WIDEST: usize = 60;

/// Digits that a number of a spreadsheet has; longer ones stay text, for it would round them.
const EXACT_DIGITS: usize = 15;

/// Rows under headings as the bytes of a file; those columns are numbers where their cells are. Text is text: no cell is a
/// formula.
///
/// # Errors
/// [`WriteError`], where there are more rows or longer cells than a sheet has.
pub fn write_listing(
    title: &str,
    headings: &[String],
    rows: &[Vec<String>],
    numbers: &[usize],
) -> Result<Vec<u8>, WriteError> {
    let mut workbook: Workbook = new_workbook(title)?;
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name(title)).map_err(WriteError::new)?;
    sheet.set_freeze_panes(1, 0).map_err(WriteError::new)?;
    for (column, heading) in (0..).zip(headings) {
        sheet.write_string_with_format(0, column, heading, &bold).map_err(WriteError::new)?;
        let at = usize::from(column);
        let widest = rows.iter().filter_map(|row| row.get(at)).chain([heading]).map(|cell| width(cell)).max();
        let widest = u32::try_from(widest.unwrap_or(0).min(WIDEST) + 2).unwrap_or(u32::MAX);
        sheet.set_column_width(column, widest).map_err(WriteError::new)?;
    }
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            let number = numbers.contains(&usize::from(column)).then(|| number(cell)).flatten();
            match number {
                Some(number) => sheet.write_number(row, column, number),
                None => sheet.write_string(row, column, cell),
            }
            .map_err(WriteError::new)?;
        }
    }
    workbook.save_to_buffer().map_err(WriteError::new)
}

/// Chinese characters take two places.
fn width(cell: &str) -> usize {
    cell.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum()
}

/// A number that a spreadsheet holds exactly.
fn number(cell: &str) -> Option<f64> {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let is_number = cell.chars().all(|letter| letter.is_ascii_digit() || letter == '.' || letter == '-');
    (is_number && digits <= EXACT_DIGITS).then(|| cell.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx};

    use super::*;

    #[test]
    fn numbers_are_numbers_and_words_are_never_formulas() {
        let headings = ["agency", "值 value"].map(str::to_owned);
        let rows =
            [["=1+1", "12"], ["甲", "0.5"], ["乙", "12345678901234567"]].map(|row| row.map(str::to_owned).to_vec());
        let bytes = write_listing("汇总", &headings, &rows, &[1]).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("汇总").unwrap();
        let at = |row, column| sheet.get((row, column)).unwrap().clone();
        assert_eq!(at(1, 0), Data::String("=1+1".to_owned()));
        assert_eq!([at(1, 1), at(2, 1)], [Data::Float(12.0), Data::Float(0.5)]);
        assert_eq!(at(3, 1), Data::String("12345678901234567".to_owned()), "a spreadsheet would round it");
        assert_eq!(book.worksheet_formula("汇总").unwrap().used_cells().count(), 0);
    }
}
