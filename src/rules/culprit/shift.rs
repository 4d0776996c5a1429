//! Lines entered one column to the left or to the right of where they belong, however many cells that changes.

use crate::form::{CellId, LineInfo, Part, catalogue};
use crate::report::{Figures, Slip};

use super::cost::{MISTAKE, base, choices};
use super::explain::{Explanation, Need, add, is_in_range, surprise_of, suspect};
use super::system::System;

/// The ways a line can be one column off: to which side, and whether its total moved along.
const WAYS: [(Side, bool); 4] = [(Side::Right, false), (Side::Right, true), (Side::Left, false), (Side::Left, true)];

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Every line that satisfies all equations of the system once it is moved back by one column.
pub(super) fn shifted_lines(system: &System, figures: &Figures) -> Vec<Explanation> {
    // A single sum proves nothing of the kind: the number that fell off the edge can always be made to fit it.
    if system.equations.iter().filter(|equation| equation.residual != 0).count() < 2 {
        return Vec::new();
    }
    let mut lines: Vec<_> = system.cells.iter().map(|cell| catalogue().cell(cell.id).line).collect();
    lines.dedup();
    let ways = lines.into_iter().flat_map(|line| WAYS.map(|way| (catalogue().line(line), way)));
    ways.filter_map(|(line, (side, with_total))| moved_back(system, figures, line, side, with_total)).collect()
}

fn moved_back(
    system: &System,
    figures: &Figures,
    line: &LineInfo,
    side: Side,
    with_total: bool,
) -> Option<Explanation> {
    let (totals, leaves): (Vec<CellId>, Vec<CellId>) =
        line.cells().partition(|cell| catalogue().cell(*cell).part == Part::Total);
    let ([total], [_, _, ..]) = (&totals[..], &leaves[..]) else { return None };
    let present = |cell: &CellId| figures.get(*cell).number().map_or(0, i128::from);
    let stands: Vec<i128> = leaves.iter().map(present).collect();
    let needed = meant(&stands, present(total), side, with_total)?;
    let cells = leaves.iter().chain([total]);
    let needs: Vec<Need> = cells
        .zip(needed)
        .map(|(cell, needed)| Need { cell: *cell, present: present(cell), needed })
        .filter(|need| need.needed != need.present)
        .collect();
    if needs.is_empty() || !needs.iter().all(|need| is_in_range(need.cell, need.needed)) || !holds(system, &needs) {
        return None;
    }
    let cost = MISTAKE + base(Slip::LineShifted) + choices(WAYS.len());
    let suspects = needs.iter().map(|need| suspect(need, Slip::LineShifted)).collect();
    Some(Explanation { cost: add(cost, surprise_of(&needs, figures)), suspects })
}

/// The leaves and the total before the shift. The number that fell off the edge follows from the total.
fn meant(stands: &[i128], total: i128, side: Side, with_total: bool) -> Option<Vec<i128>> {
    let (first, others) = stands.split_first()?;
    let (last, init) = stands.split_last()?;
    let sum = |numbers: &[i128]| numbers.iter().sum::<i128>();
    let mut line: Vec<i128> = Vec::with_capacity(stands.len() + 1);
    match (side, with_total) {
        // What was pushed to the right left nothing behind at the left edge.
        (Side::Right, _) if *first != 0 => return None,
        (Side::Right, false) => {
            line.extend(others);
            line.extend([total - sum(others), total]);
        }
        (Side::Right, true) => {
            line.extend(others);
            line.extend([total, sum(others) + total]);
        }
        (Side::Left, false) if *last != 0 => return None,
        (Side::Left, false) => {
            line.push(total - sum(init));
            line.extend(init);
            line.push(total);
        }
        (Side::Left, true) => {
            line.push(last - sum(init));
            line.extend(init);
            line.push(*last);
        }
    }
    Some(line)
}

/// Whether every equation holds with the numbers needed.
fn holds(system: &System, needs: &[Need]) -> bool {
    let growth = |at: usize| -> i128 {
        let of = |need: &Need| {
            let cell = system.cells.iter().find(|cell| cell.id == need.cell)?;
            let (_, by) = cell.effects.iter().find(|(of, _)| *of == at)?;
            Some(by * (need.needed - need.present))
        };
        needs.iter().filter_map(of).sum()
    };
    // A computed total is no cell of the system, and cannot be set.
    needs.iter().all(|need| system.cells.iter().any(|cell| cell.id == need.cell))
        && system.equations.iter().enumerate().all(|(at, equation)| equation.residual + growth(at) == 0)
}
