//! Exact sums over all cells of the form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::form::{CellId, LineId, catalogue};
use crate::report::Completed;

/// The sum of a number of reports, cell by cell. Amounts are in the units of `report::MONEY_SCALE`.
///
/// A cell is at most 10^18, so that 128 bits hold the sum of more reports than can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Reports in the sum.
    pub reports: u64,
    values: Box<[i128]>,
    /// Reports that use a line which stands for prescribed ones, by its position in the catalogue; none that nobody uses.
    merged: BTreeMap<usize, u64>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { reports: 0, values: vec![0; catalogue().cells.len()].into(), merged: BTreeMap::new() }
    }
}

impl Sums {
    /// The sum of this cell over all reports, blank ones as 0.
    pub fn value(&self, cell: CellId) -> i128 {
        self.values[cell.index()]
    }

    /// The sum of some cells.
    pub fn of_cells(&self, cells: &[CellId]) -> i128 {
        cells.iter().map(|cell| self.value(*cell)).sum()
    }

    /// Whether a report uses a line that stands for prescribed ones.
    pub fn uses(&self, line: LineId) -> bool {
        self.merged.contains_key(&line.index())
    }

    /// Adds a report.
    pub fn add(&mut self, report: &Completed) {
        self.reports += 1;
        for line in &report.merged {
            *self.merged.entry(line.index()).or_default() += 1;
        }
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
        for line in &exchange.lines_added {
            *self.merged.entry(line.index()).or_default() += 1;
        }
        for line in &exchange.lines_removed {
            let using = self.merged.entry(line.index()).or_default();
            *using -= 1;
            if *using == 0 {
                self.merged.remove(&line.index());
            }
        }
    }

    /// Takes out another sum, which was added before.
    pub fn take(&mut self, other: &Self) {
        self.reports -= other.reports;
        for (line, using) in &other.merged {
            let left = self.merged.entry(*line).or_default();
            *left -= using;
            if *left == 0 {
                self.merged.remove(line);
            }
        }
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum -= value;
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.reports += other.reports;
        for (line, using) in &other.merged {
            *self.merged.entry(*line).or_default() += using;
        }
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
    lines_added: Vec<LineId>,
    lines_removed: Vec<LineId>,
}

impl Exchange {
    /// The exchange of `before`, which was added before, for `after`.
    pub fn of(before: Option<&Completed>, after: Option<&Completed>) -> Self {
        let value = |report: Option<&Completed>, cell: CellId| report.map_or(0, |report| report.value(cell));
        let cells = catalogue().cells.iter().map(|info| info.id);
        let changes = cells.map(|cell| (cell.index(), value(after, cell) - value(before, cell)));
        let changes = changes.filter(|(_, change)| *change != 0).collect();
        let lines = |report: Option<&Completed>| report.map_or_else(Vec::new, |report| report.merged.clone());
        Self {
            removes: before.is_some(),
            adds: after.is_some(),
            changes,
            lines_added: lines(after),
            lines_removed: lines(before),
        }
    }
}
