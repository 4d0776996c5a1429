//! Weighs the sets of cells that satisfy a system: each set gets the cheapest story that slips can tell of it.

use crate::form::{CellId, Part, catalogue};
use crate::report::{Cell, Figures, Slip, Suspect};

use super::super::engine::range_of;
use super::cost::{Cost, MISTAKE, any_number, base, choices, slip_between, surprise};
use super::search::smallest_sets;
use super::shift::shifted_lines;
use super::system::System;

/// A set of cells with the numbers they need, and how unlikely the slips are that would explain it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Explanation {
    pub cost: Cost,
    pub suspects: Vec<Suspect>,
}

/// A number that a cell needs instead of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    pub cell: CellId,
    pub present: i128,
    pub needed: i128,
}

/// What may explain the failing equations, likeliest first; each set of cells once.
pub(super) fn explanations(system: &System, figures: &Figures) -> Vec<Explanation> {
    let present = |cell: CellId| figures.get(cell).number().map_or(0, i128::from);
    let odds = |unknown: usize, by: i128| {
        let cell = system.cells.get(unknown)?.id;
        let need = Need { cell, present: present(cell), needed: present(cell).checked_add(by)? };
        let alone = || add(slip_of(&need, figures).1, surprise_of(&[need], figures));
        is_in_range(cell, need.needed).then(alone)
    };
    let sets = smallest_sets(system, &odds);
    let mut all: Vec<Explanation> = sets
        .iter()
        .map(|changes| {
            let mut needs: Vec<Need> = changes
                .iter()
                .filter_map(|(unknown, by)| {
                    let cell = system.cells.get(*unknown)?.id;
                    Some(Need { cell, present: present(cell), needed: present(cell) + by })
                })
                .collect();
            needs.sort_by_key(|need| need.cell);
            weigh(&needs, figures)
        })
        .collect();
    all.extend(shifted_lines(system, figures));
    all.sort();
    let mut unique: Vec<Explanation> = Vec::new();
    for explanation in all {
        let numbers = |e: &Explanation| e.suspects.iter().map(|s| (s.cell, s.needed)).collect::<Vec<_>>();
        if !unique.iter().take(super::SUGGESTIONS_MAX).any(|known| numbers(known) == numbers(&explanation)) {
            unique.push(explanation);
        }
        if unique.len() == super::SUGGESTIONS_MAX {
            break;
        }
    }
    unique
}

/// Whether a number may stand in the cell at all.
pub(super) fn is_in_range(cell: CellId, number: i128) -> bool {
    let (lowest, highest) = range_of(catalogue().cell(cell).kind);
    (i128::from(lowest)..=i128::from(highest)).contains(&number)
}

/// Whether the form has the cell as a sum of others.
fn is_sum(cell: CellId) -> bool {
    let info = catalogue().cell(cell);
    info.part == Part::Total || catalogue().line(info.line).line.part == Part::Total
}

/// How much more surprising the sheet becomes by the change; sums follow from their parts and surprise nobody, and a
/// blank says nothing that a number could contradict.
pub(super) fn surprise_of(needs: &[Need], figures: &Figures) -> i64 {
    let leaves = needs.iter().filter(|need| !is_sum(need.cell) && figures.get(need.cell) != Cell::Blank);
    leaves.map(|need| i64::from(surprise(need.needed)) - i64::from(surprise(need.present))).sum()
}

pub(super) fn suspect(need: &Need, slip: Slip) -> Suspect {
    // In range, so it fits.
    Suspect { cell: need.cell, needed: i64::try_from(need.needed).unwrap_or(i64::MAX), slip }
}

/// The cheapest story: every cell mistaken by itself, or two of them by one slip.
fn weigh(needs: &[Need], figures: &Figures) -> Explanation {
    let alone: Vec<(Slip, Cost)> = needs.iter().map(|need| slip_of(need, figures)).collect();
    let mut best = (alone.iter().map(|(_, cost)| MISTAKE + cost).sum::<Cost>(), alone.clone());
    for first in 0..needs.len() {
        for second in first + 1..needs.len() {
            let Some((slip, cost)) = common_slip(&needs[first], &needs[second]) else { continue };
            let mut story = alone.clone();
            story[first] = (slip, MISTAKE + cost);
            story[second] = (slip, 0);
            let others = (0..needs.len()).filter(|at| *at != first && *at != second);
            let sum = MISTAKE + cost + others.map(|at| MISTAKE + alone[at].1).sum::<Cost>();
            if sum < best.0 {
                best = (sum, story);
            }
        }
    }
    let (cost, story) = best;
    let suspects = needs.iter().zip(story).map(|(need, (slip, _))| suspect(need, slip)).collect();
    Explanation { cost: add(cost, surprise_of(needs, figures)), suspects }
}

pub(super) fn add(cost: Cost, surprise: i64) -> Cost {
    Cost::try_from((i64::from(cost) + surprise).max(0)).unwrap_or(Cost::MAX)
}

fn slip_of(need: &Need, figures: &Figures) -> (Slip, Cost) {
    if figures.get(need.cell) == Cell::Blank {
        // That it is not filled in is seen; only where a number is printed must a slip be supposed.
        return (Slip::LeftOut, if is_sum(need.cell) { base(Slip::LeftOut) } else { 0 });
    }
    slip_between(need.needed, need.present, is_sum(need.cell), &neighbours(need.cell, figures))
}

/// The numbers beside, above and below the cell.
fn neighbours(cell: CellId, figures: &Figures) -> Vec<i128> {
    let info = catalogue().cell(cell);
    let line = catalogue().line(info.line);
    let beside = line.cells().filter(|other| catalogue().cell(*other).column.abs_diff(info.column) == 1);
    let others = catalogue()
        .lines
        .iter()
        .filter(|other| other.table == line.table && other.id.index().abs_diff(line.id.index()) == 1);
    let cells = beside.chain(others.filter_map(|other| other.cell(info.column)));
    cells.filter_map(|cell| figures.get(cell).number()).map(i128::from).collect()
}

/// The likeliest single slip behind two cells, and its cost.
fn common_slip(one: &Need, other: &Need) -> Option<(Slip, Cost)> {
    let (first, second) = (catalogue().cell(one.cell), catalogue().cell(other.cell));
    let in_line = first.line == second.line;
    let in_column = first.column == second.column && {
        let [a, b] = [first.line, second.line].map(|line| catalogue().line(line).table);
        a == b
    };
    if !in_line && !in_column {
        return None;
    }
    let steps =
        if in_line { first.column.abs_diff(second.column) } else { first.line.index().abs_diff(second.line.index()) };
    // Beside one another is likelier than one above the other, and both likelier than apart.
    let distance = choices(2) + if in_line { 0 } else { 10 } + if steps == 1 { 0 } else { 25 };
    if one.needed == other.present && other.needed == one.present {
        return Some((Slip::Exchanged, base(Slip::Exchanged) + distance));
    }
    let moved = one.needed - one.present;
    let opposite = moved == other.present - other.needed;
    opposite.then(|| (Slip::CountedElsewhere, base(Slip::CountedElsewhere) + distance + any_number(moved)))
}
