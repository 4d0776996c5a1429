//! What a format's reader hands to placement: the cells as printed, in reading order.

use super::super::inscription::{Aside, Settled};
use super::super::note::Place;

/// The columns of a table that a cell covers, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub first: usize,
    pub last: usize,
}

impl Columns {
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// One printed cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedCell {
    /// The plain text that is to be seen, without surrounding blanks.
    pub raw: String,
    /// What is set otherwise beside it, and belongs to no number and no label.
    pub asides: Vec<Aside>,
    /// Which of its digits are the number's cannot be told.
    pub is_doubtful: bool,
    pub place: Place,
    /// Where the format has columns.
    pub columns: Option<Columns>,
    /// Rows that the cell covers.
    pub rows: usize,
}

impl PrintedCell {
    /// A cell of a format that knows no columns.
    pub fn alone(text: impl Into<Settled>, place: Place) -> Self {
        Self::new(text.into(), place, None, 1)
    }

    pub fn new(settled: Settled, place: Place, columns: Option<Columns>, rows: usize) -> Self {
        let Settled { text, asides, is_doubtful } = settled;
        Self { raw: text, asides, is_doubtful, place, columns, rows }
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
