//! CSV of a sheet with the tables of a report, as spreadsheets save it: rows with all their cells, of merged ones the first.

use super::inscription::Settled;
use super::note::Place;
use super::placement::{Extent, PrintedCell, PrintedRow};
use super::{Format, Limits, ReadError};

/// Reads such a CSV into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`] for rows that are no CSV, [`ReadError::TooManyCells`].
pub fn read_sheet_csv(text: &str, limits: &Limits) -> Result<Vec<PrintedRow>, ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    let count = |delimiter: u8| text.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',');
    let reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
    let (mut rows, mut cells) = (Vec::new(), 0);
    for record in reader.into_records() {
        let record = record.map_err(|error| ReadError::damaged(Format::Csv.name(), error))?;
        let line = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
        cells += record.len();
        if cells > limits.max_cells {
            return Err(ReadError::TooManyCells { limit: limits.max_cells });
        }
        let texts: Vec<&str> = record.iter().map(str::trim).collect();
        // A title or a paragraph has the blanks of all columns behind it.
        let is_line = texts.iter().skip(1).all(|text| text.is_empty());
        let kept = if is_line { 1 } else { texts.len() };
        let cell = |(at, text): (usize, &&str)| PrintedCell::alone(Settled::from(*text), Place::in_text(line, at + 1));
        let cells: Vec<PrintedCell> = texts.iter().take(kept).enumerate().map(cell).collect();
        if cells.iter().any(|cell| !cell.raw.is_empty()) {
            let extent = if is_line { Extent::Unknown } else { Extent::Complete };
            rows.push(PrintedRow { cells, extent });
        }
    }
    Ok(rows)
}
