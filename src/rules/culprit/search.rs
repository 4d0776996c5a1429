//! Finds the smallest sets of cells whose change satisfies every equation of a system. Which set is likely is not
//! decided here.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::system::{System, Unknown};

/// No set of more cells is looked for: it would explain nearly anything.
pub(super) const CELLS_MAX: usize = 3;

/// Sets looked at before the search gives up; keeps the time to milliseconds whatever the sheet.
const STEPS_MAX: usize = 10_000;

/// Sets that are weighed at most.
const FOUND_MAX: usize = 2_000;

/// Cells of one kind that are tried in each place of a set of one, two and three cells: the likeliest of them. Where
/// totals are blank, all outcomes of a column do the same to the sums that are left.
const TWINS_MAX: [usize; CELLS_MAX] = [usize::MAX, 30, 6];

/// A set of cells and what has to be added to each.
pub(super) type Changes = Vec<(Unknown, i128)>;

/// How unlikely it is that a cell is to change by so much; none where it cannot.
pub(super) type Odds<'a> = &'a dyn Fn(Unknown, i128) -> Option<u32>;

/// The sets of the smallest size that satisfy every equation, each change having odds.
pub(super) fn smallest_sets(system: &System, odds: Odds<'_>) -> Vec<Changes> {
    let twins = twins(system);
    let most = system.cells.iter().map(|cell| cell.effects.len()).max().unwrap_or(0);
    for size in 1..=CELLS_MAX {
        let (seen, found) = (HashSet::new(), Vec::new());
        let mut search = Search { system, size, most, twins: &twins, odds, seen, found, steps: 0 };
        search.extend(&mut Vec::new());
        if !search.found.is_empty() {
            return search.found;
        }
    }
    Vec::new()
}

/// For each cell, the cells that do the same to every equation, if it is the first of them; else none.
fn twins(system: &System) -> Vec<Vec<Unknown>> {
    let mut twins = vec![Vec::new(); system.cells.len()];
    let mut first: HashMap<&[(usize, i128)], Unknown> = HashMap::new();
    for (unknown, cell) in system.cells.iter().enumerate() {
        let leader = *first.entry(&cell.effects).or_insert(unknown);
        if let Some(of_leader) = twins.get_mut(leader) {
            of_leader.push(unknown);
        }
    }
    twins
}

struct Search<'a> {
    system: &'a System,
    size: usize,
    /// Equations that one cell enters at most.
    most: usize,
    twins: &'a [Vec<Unknown>],
    odds: Odds<'a>,
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
            if let Some(changes) = solve(self.system, chosen) {
                self.found.extend(self.with_twins(&changes));
            }
            return;
        }
        let candidates = self.candidates(chosen);
        for cell in candidates.into_iter().filter(|cell| self.twins.get(*cell).is_some_and(|twins| !twins.is_empty())) {
            if let Err(at) = chosen.binary_search(&cell) {
                chosen.insert(at, cell);
                self.extend(chosen);
                chosen.remove(at);
            }
        }
    }

    /// The sets that do the same, of the likeliest cells of each kind.
    fn with_twins(&self, changes: &Changes) -> Vec<Changes> {
        let most = TWINS_MAX.get(changes.len() - 1).copied().unwrap_or(1);
        let mut sets: Vec<Changes> = vec![Vec::new()];
        for (cell, by) in changes {
            let twins = self.twins.get(*cell).into_iter().flatten();
            let mut likeliest: Vec<_> = twins.filter_map(|twin| Some(((self.odds)(*twin, *by)?, *twin))).collect();
            likeliest.sort_unstable();
            likeliest.truncate(most);
            let with = |set: &Changes, twin| set.iter().copied().chain([(twin, *by)]).collect();
            sets = sets.iter().flat_map(|set| likeliest.iter().map(|(_, twin)| with(set, *twin))).collect();
        }
        sets
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
