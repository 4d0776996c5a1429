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

    /// Puts one report in the place of another.
    pub fn exchange(&mut self, exchange: &Exchange) {
        self.reports = self.reports + u64::from(exchange.adds) - u64::from(exchange.removes);
        for (cell, change) in &exchange.changes {
            self.values[*cell] += change;
        }
    }

    /// Takes out another sum, which was added before.
    pub fn take(&mut self, other: &Self) {
        self.reports -= other.reports;
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
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

/// What changes in every sum that a report is in when it takes the place of another: found once, for a report is in
/// the sums of each jurisdiction above it, and few cells of a correction differ from what was there.
#[derive(Debug)]
pub struct Exchange {
    removes: bool,
    adds: bool,
    /// By position in the catalogue; cells that stay as they are are left out.
    changes: Vec<(usize, i128)>,
}

impl Exchange {
    /// The exchange of `before`, which was added before, for `after`.
    pub fn of(before: Option<&Completed>, after: Option<&Completed>) -> Self {
        let value = |report: Option<&Completed>, cell: CellId| report.map_or(0, |report| report.value(cell));
        let cells = catalogue().cells.iter().map(|info| info.id);
        let changes = cells.map(|cell| (cell.index(), value(after, cell) - value(before, cell)));
        let changes = changes.filter(|(_, change)| *change != 0).collect();
        Self { removes: before.is_some(), adds: after.is_some(), changes }
    }
}
