//! What a format's reader hands to placement: the cells as printed, in reading order.

use super::super::note::Place;

/// The columns of a table that a cell covers, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub first: usize,
    pub last: usize,
}

/// One printed cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedCell {
    /// As in the document, without surrounding blanks.
    pub raw: String,
    pub place: Place,
    /// Where the format has columns.
    pub columns: Option<Columns>,
    /// Rows that the cell covers.
    pub rows: usize,
}

impl PrintedCell {
    /// A cell of a format that knows no columns.
    pub fn alone(raw: String, place: Place) -> Self {
        Self { raw, place, columns: None, rows: 1 }
    }
}

/// How much of a printed row a [`PrintedRow`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The whole row, blank cells included. The places that a merged cell covers are left out.
    Complete,
    /// The whole row, but blank cells are lost, as in text taken from a page.
    Filled,
    /// A single cell of a row whose bounds are lost, and blank cells with them: one cell per line.
    Unknown,
}

/// Cells known to stand in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedRow {
    pub cells: Vec<PrintedCell>,
    pub extent: Extent,
}
