//! CSV: one row for each printed cell, by path. An empty value is a blank cell.

use crate::form::catalogue;

use super::{Document, WriteError};

/// What the columns of [`Document::rows`] hold.
pub const CELL_HEADINGS: [&str; 4] = ["cell", "单元格", "label", "值 value"];

impl Document {
    /// Each printed cell in the order of the form: its path, its labels, and its figure as printed.
    pub fn rows(&self) -> Vec<[String; 4]> {
        let grids = self.grids();
        let mut cells: Vec<_> = grids.iter().flat_map(|grid| grid.figures().map(|(_, cell)| cell)).collect();
        cells.sort_unstable();
        let row = |cell| {
            let info = catalogue().cell(cell);
            [info.path.clone(), info.label_zh.clone(), info.label_en.clone(), self.text(cell)]
        };
        cells.into_iter().map(row).collect()
    }
}

pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(CELL_HEADINGS).map_err(WriteError::new)?;
    for row in document.rows() {
        writer.write_record(row).map_err(WriteError::new)?;
    }
    writer.into_inner().map_err(WriteError::new)
}
