//! Finds the smallest sets of cells whose change satisfies every equation of a system. Which set is likely is not
//! decided here.

use std::collections::{BTreeSet, HashSet};

use super::system::{System, Unknown};

/// No set of more cells is looked for: it would explain nearly anything.
pub(super) const CELLS_MAX: usize = 3;

/// Sets looked at before the search gives up; keeps the time to milliseconds whatever the sheet.
const STEPS_MAX: usize = 10_000;

/// Sets that are weighed at most. Only a sheet with nearly all its totals blank has more.
const FOUND_MAX: usize = 1_000;

/// A set of cells and what has to be added to each.
pub(super) type Changes = Vec<(Unknown, i128)>;

/// All sets of the smallest size that satisfy every equation, where `allowed` admits each cell's change.
pub(super) fn smallest_sets(system: &System, allowed: &dyn Fn(Unknown, i128) -> bool) -> Vec<Changes> {
    let most = system.cells.iter().map(|cell| cell.effects.len()).max().unwrap_or(0);
    for size in 1..=CELLS_MAX {
        let mut search = Search { system, size, most, allowed, seen: HashSet::new(), found: Vec::new(), steps: 0 };
        search.extend(&mut Vec::new());
        if !search.found.is_empty() {
            return search.found;
        }
    }
    Vec::new()
}

struct Search<'a> {
    system: &'a System,
    size: usize,
    /// Equations that one cell enters at most.
    most: usize,
    /// Whether a cell may change by so much.
    allowed: &'a dyn Fn(Unknown, i128) -> bool,
    seen: HashSet<Vec<Unknown>>,
    found: Vec<Changes>,
    steps: usize,
}

impl Search<'_> {
    /// Adds cells to `chosen` (in ascending order) until the size is reached.
    ///
    /// An equation that fails and none of the chosen cells enters needs another cell; so does one that holds and
    /// exactly one of them enters. Any solution with the chosen cells has a cell in each such equation, so it is
    /// enough to try the cells of one. Where there is none, another cell must share an equation with the chosen ones,
    /// or it would change nothing for the better.
    fn extend(&mut self, chosen: &mut Vec<Unknown>) {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.found.len() >= FOUND_MAX || !self.seen.insert(chosen.clone()) {
            return;
        }
        if chosen.len() == self.size {
            let solved = solve(self.system, chosen);
            let allowed = |changes: &Changes| changes.iter().all(|(cell, by)| (self.allowed)(*cell, *by));
            self.found.extend(solved.filter(allowed));
            return;
        }
        for cell in self.candidates(chosen) {
            if let Err(at) = chosen.binary_search(&cell) {
                chosen.insert(at, cell);
                self.extend(chosen);
                chosen.remove(at);
            }
        }
    }

    fn candidates(&self, chosen: &[Unknown]) -> Vec<Unknown> {
        let mut entered = vec![0_usize; self.system.equations.len()];
        for (equation, _) in chosen.iter().filter_map(|cell| self.system.cells.get(*cell)).flat_map(|c| &c.effects) {
            if let Some(count) = entered.get_mut(*equation) {
                *count += 1;
            }
        }
        let open = || {
            self.system
                .equations
                .iter()
                .zip(&entered)
                .filter(|(equation, count)| if equation.residual == 0 { **count == 1 } else { **count == 0 })
        };
        if open().count() > self.most * (self.size - chosen.len()) {
            return Vec::new();
        }
        if let Some((equation, _)) = open().min_by_key(|(equation, _)| equation.cells.len()) {
            return equation.cells.clone();
        }
        let shared = self.system.equations.iter().zip(&entered).filter(|(_, count)| **count > 0);
        let cells: BTreeSet<Unknown> = shared.flat_map(|(equation, _)| equation.cells.iter().copied()).collect();
        cells.into_iter().collect()
    }
}

/// What must be added to the chosen cells, where that is one way only, in whole numbers, and each of them changes.
fn solve(system: &System, chosen: &[Unknown]) -> Option<Changes> {
    // One row per equation: the coefficient of each chosen cell, then what they must come to.
    let mut rows: Vec<Vec<i128>> = Vec::new();
    for (at, equation) in system.equations.iter().enumerate() {
        let coefficient = |cell: &Unknown| {
            let effects = &system.cells.get(*cell)?.effects;
            effects.iter().find(|(of, _)| *of == at).map(|(_, by)| *by)
        };
        let mut row: Vec<i128> = chosen.iter().map(|cell| coefficient(cell).unwrap_or(0)).collect();
        if row.iter().any(|number| *number != 0) {
            row.push(-equation.residual);
            rows.push(row);
        } else if equation.residual != 0 {
            return None;
        }
    }
    let mut changes = Vec::with_capacity(chosen.len());
    for column in 0..chosen.len() {
        let pivot = rows.iter().skip(column).position(|row| row[column] != 0)? + column;
        rows.swap(column, pivot);
        let pivot = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(at, row)| *at != column && row[column] != 0) {
            let (own, other) = (row[column], pivot[column]);
            for (number, of_pivot) in row.iter_mut().zip(&pivot) {
                *number = number.checked_mul(other)?.checked_sub(of_pivot.checked_mul(own)?)?;
            }
        }
    }
    for (at, (row, cell)) in rows.iter().zip(chosen).enumerate() {
        let (divisor, sum) = (row[at], row[chosen.len()]);
        if sum == 0 || sum % divisor != 0 {
            return None;
        }
        changes.push((*cell, sum / divisor));
    }
    let left_over = rows.iter().skip(chosen.len()).any(|row| row[chosen.len()] != 0);
    (!left_over).then_some(changes)
}
