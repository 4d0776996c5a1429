//! Exact sums over all cells of the form.

use serde::{Deserialize, Serialize};

use crate::form::{CellId, catalogue};
use crate::report::Completed;

/// The sum of a number of reports, cell by cell. Amounts are in the units of `report::MONEY_SCALE`.
///
/// A cell is at most 10^18, so that 128 bits hold the sum of more reports than can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Reports in the sum.
    pub reports: u64,
    values: Box<[i128]>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { reports: 0, values: vec![0; catalogue().cells.len()].into() }
    }
}

impl Sums {
    pub fn value(&self, cell: CellId) -> i128 {
        self.values[cell.index()]
    }

    /// The sum of some cells.
    pub fn of_cells(&self, cells: &[CellId]) -> i128 {
        cells.iter().map(|cell| self.value(*cell)).sum()
    }

    /// Adds a report.
    pub fn add(&mut self, report: &Completed) {
        self.reports += 1;
        for (sum, value) in self.values.iter_mut().zip(&report.values) {
            *sum += value;
        }
    }

    /// Takes out a report that was added before.
    pub fn remove(&mut self, report: &Completed) {
        self.reports -= 1;
        for (sum, value) in self.values.iter_mut().zip(&report.values) {
            *sum -= value;
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.reports += other.reports;
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum += value;
        }
    }
}
