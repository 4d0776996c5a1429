//! XLSX: one sheet for each chapter with a table, and one that says where the figures are from.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use super::document::{Chapter, undivided_note};
use super::sheet::{self, Drawn, Formats, Styling, Value};
use super::{Document, WriteError};

pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let mut workbook = new_workbook(&document.title())?;
    let formats = Formats::new();
    for chapter in document.chapters() {
        let Chapter::Table { heading, grid } = chapter else { continue };
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(&heading)).map_err(WriteError::new)?;
        sheet::head(sheet, &formats, &document.title(), &heading, grid.columns())?;
        sheet::draw(sheet, &formats, &grid, 0, &|cell| Drawn {
            value: Value::Printed(document.text(cell)),
            format: formats.figure(cell, Styling::Printed),
        })?;
        for (at, line) in grid.undivided.iter().enumerate() {
            let row = sheet::row(sheet::TOP + grid.rows + at)?;
            sheet.write(row, 0, undivided_note(line)).map_err(WriteError::new)?;
        }
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name("说明").map_err(WriteError::new)?;
    sheet.set_column_width(0, 32).map_err(WriteError::new)?;
    sheet.set_column_width(1, 80).map_err(WriteError::new)?;
    for (row, provenance) in (0..).zip(&document.provenance) {
        sheet.write(row, 0, provenance.label).map_err(WriteError::new)?;
        sheet.write(row, 1, &provenance.value).map_err(WriteError::new)?;
    }
    workbook.save_to_buffer().map_err(WriteError::new)
}

/// A workbook whose bytes do not depend on the clock.
pub fn new_workbook(title: &str) -> Result<Workbook, WriteError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2019, 1, 1).map_err(WriteError::new)?;
    workbook.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&created));
    Ok(workbook)
}

/// A chapter heading, short enough for a sheet.
pub fn sheet_name(heading: &str) -> String {
    heading.chars().filter(|c| !"[]:*?/\\".contains(*c)).take(31).collect()
}
