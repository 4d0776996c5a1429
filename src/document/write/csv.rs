//! CSV: one row for each printed cell, by path. An empty value is a blank cell.

use crate::form::catalogue;

use super::{Document, WriteError};

const HEADINGS: [&str; 4] = ["cell", "单元格", "label", "值 value"];

pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADINGS).map_err(WriteError::new)?;
    for grid in document.grids() {
        let mut cells: Vec<_> = grid.figures().map(|(_, cell)| cell).collect();
        cells.sort_unstable();
        for cell in cells {
            let info = catalogue().cell(cell);
            let row = [&info.path, &info.label_zh, &info.label_en, &document.text(cell)];
            writer.write_record(row).map_err(WriteError::new)?;
        }
    }
    writer.into_inner().map_err(WriteError::new)
}
