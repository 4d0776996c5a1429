//! XLS: workbooks of Excel 97 to 2003, and ET of WPS, by the same rules as XLSX: what a sheet shows.

mod globals;
mod record;
mod sheet;

use std::io::{Cursor, Read as _};

use super::error::ReadError;
use super::xlsx::print;
use super::{Format, Limits, Printed};
use globals::Globals;
use record::{Records, u16_at};

/// Streams that hold a workbook, of Excel 97 and of Excel 5 to 95.
const WORKBOOK: &str = "Workbook";
const OLDER_WORKBOOK: &str = "Book";
/// The record that a part begins with, and the version of Excel 97 in it.
const BEGIN: u16 = 0x0809;
const EXCEL_97: u16 = 0x0600;

/// What is read of it: the rows of its visible sheets.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::Protected`] and the errors of limits.
pub fn read_xls(bytes: &[u8], limits: &Limits) -> Result<Printed, ReadError> {
    let stream = stream_of(bytes)?;
    let begins = Records::from(&stream, 0).next().filter(|record| record.kind == BEGIN);
    if begins.is_none_or(|record| u16_at(record.bytes(), 0) != EXCEL_97) {
        return Err(damaged("it is older than Excel 97"));
    }
    let globals = Globals::read(&stream, limits)?;
    let mut workbook = Printed::default();
    for (number, place) in globals.sheets.iter().enumerate().filter(|(_, place)| place.is_visible) {
        print(sheet::read(&stream, place.at, &globals, limits)?, number + 1, limits.max_cells, &mut workbook)?;
    }
    Ok(workbook)
}

fn stream_of(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(damaged)?;
    if !file.is_stream(WORKBOOK) && file.is_stream(OLDER_WORKBOOK) {
        return Err(damaged("it is older than Excel 97"));
    }
    let mut stream = Vec::new();
    let read = file.open_stream(WORKBOOK).and_then(|stored| stored.take(bytes.len() as u64).read_to_end(&mut stream));
    read.map_err(damaged)?;
    Ok(stream)
}

fn damaged(detail: impl ToString) -> ReadError {
    ReadError::damaged(Format::Xls.name(), detail)
}
