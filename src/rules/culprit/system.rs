//! The equations of one sheet as a sparse linear system: what each cell, were it another number, would do to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::form::{CellId, Part, Presence, catalogue};
use crate::report::{Cell, Completed, Figures, ReportYear, Severity};

use super::super::model::Check;
use super::super::plan::{Equation, Plan, PlannedTerm};
use super::super::rule_set::RuleSet;

/// Position of a cell among [`System::cells`].
pub(super) type Unknown = usize;

/// Equations that hang together by their cells, at least one of which fails.
#[derive(Debug)]
pub(super) struct System {
    pub cells: Vec<SystemCell>,
    pub equations: Vec<SystemEquation>,
}

#[derive(Debug)]
pub(super) struct SystemCell {
    pub id: CellId,
    /// Position of each equation that the cell enters, and by how much left less right grows with it. Through blank
    /// totals, which are computed, a cell enters more equations than it is printed in.
    pub effects: Vec<(usize, i128)>,
}

#[derive(Debug)]
pub(super) struct SystemEquation {
    pub rule: &'static str,
    /// Left less right as the sheet stands.
    pub residual: i128,
    pub cells: Vec<Unknown>,
}

/// The systems with an equation that fails, in the order of the form.
pub(super) fn failing(set: &RuleSet, year: ReportYear, figures: &Figures, completed: &Completed) -> Vec<System> {
    let plan = Plan::of(figures.edition());
    // What was not read is looked for in the document, not guessed from its neighbours.
    let is_known = |eq: &Equation| !eq.left.iter().chain(&*eq.right).any(|term| completed.is_unknown(term.cell));
    let mut equations = equations(set, year, plan);
    equations.retain(|(_, eq)| is_known(eq));
    let value =
        |term: &PlannedTerm| if term.negative { -completed.value(term.cell) } else { completed.value(term.cell) };
    let sum = |terms: &[PlannedTerm]| terms.iter().map(value).sum::<i128>();
    let residuals: Vec<i128> = equations.iter().map(|(_, eq)| sum(&eq.left) - sum(&eq.right)).collect();
    if residuals.iter().all(|residual| *residual == 0) {
        return Vec::new();
    }
    let (entries, sums) = (entries(&equations), computed_sums(&equations, completed));
    let cells: Vec<SystemCell> = plan
        .lines
        .iter()
        // A merged line that is not used is not there; a prescribed line may have been forgotten.
        .filter(|line| {
            line.presence == Presence::Prescribed || line.info.cells().any(|cell| figures.get(cell) != Cell::Blank)
        })
        .flat_map(|line| line.info.cells())
        .filter(|cell| !completed.is_computed(*cell))
        .map(|id| SystemCell { id, effects: effects(id, &entries, &sums) })
        .filter(|cell| !cell.effects.is_empty())
        .collect();
    components(&cells, equations.len())
        .into_iter()
        .filter(|component| component.iter().any(|at| residuals.get(*at).is_some_and(|residual| *residual != 0)))
        .map(|component| cut_out(&component, &cells, &equations, &residuals))
        .collect()
}

/// The equations of the sheet itself, each with its rule.
fn equations(set: &RuleSet, year: ReportYear, plan: &'static Plan) -> Vec<(&'static str, &'static Equation)> {
    let applies = |rule: &&'static super::super::plan::PlannedRule| {
        rule.rule.severity == Severity::Error
            && matches!(rule.rule.check, Check::Equations { .. })
            && !rule.rule.check.looks_beyond_the_sheet()
            && set.has(rule.rule)
            && rule.rule.years.contain(year.get())
    };
    plan.rules.iter().filter(applies).flat_map(|rule| rule.equations.iter().map(|eq| (rule.rule.id, eq))).collect()
}

/// The computed totals in the order of their computation, each with the cells that it is the sum of.
fn computed_sums<'e>(
    equations: &[(&'static str, &'e Equation)],
    completed: &Completed,
) -> Vec<(CellId, &'e [PlannedTerm])> {
    let sum_of = |cell: CellId| {
        let is_column = catalogue().cell(cell).part == Part::Total;
        let sums = |eq: &&Equation| {
            let same_line = || {
                let line = catalogue().cell(cell).line;
                eq.left.iter().all(|term| catalogue().cell(term.cell).line == line)
            };
            matches!(&*eq.right, [total] if total.cell == cell) && same_line() == is_column
        };
        equations.iter().map(|(_, eq)| *eq).find(sums).map(|eq| (cell, &*eq.left))
    };
    completed.computed.iter().filter_map(|cell| sum_of(*cell)).collect()
}

/// For each cell of the catalogue, the equations that it is printed in, and whether it adds to left less right there.
fn entries(equations: &[(&'static str, &Equation)]) -> Vec<Vec<(usize, i128)>> {
    let mut entries = vec![Vec::new(); catalogue().cells.len()];
    for (at, (_, equation)) in equations.iter().enumerate() {
        let sides = equation.left.iter().map(|term| (term, 1)).chain(equation.right.iter().map(|term| (term, -1)));
        for (term, sign) in sides {
            if let Some(of_cell) = entries.get_mut(term.cell.index()) {
                of_cell.push((at, if term.negative { -sign } else { sign }));
            }
        }
    }
    entries
}

/// What one more in `cell` adds to left less right of each equation, through computed totals too.
fn effects(cell: CellId, entries: &[Vec<(usize, i128)>], sums: &[(CellId, &[PlannedTerm])]) -> Vec<(usize, i128)> {
    let mut growth: Vec<(CellId, i128)> = vec![(cell, 1)];
    for (total, parts) in sums {
        let of = |term: &PlannedTerm| growth.iter().find(|(id, _)| *id == term.cell).map_or(0, |(_, by)| *by);
        let by = parts.iter().map(of).sum();
        if by != 0 {
            growth.push((*total, by));
        }
    }
    let mut effects: BTreeMap<usize, i128> = BTreeMap::new();
    for (grown, by) in growth {
        for (equation, sign) in entries.get(grown.index()).into_iter().flatten() {
            *effects.entry(*equation).or_default() += sign * by;
        }
    }
    effects.into_iter().filter(|(_, by)| *by != 0).collect()
}

/// The equations in groups: two are together where a chain of cells joins them.
fn components(cells: &[SystemCell], equations: usize) -> Vec<BTreeSet<usize>> {
    let mut group: Vec<usize> = (0..equations).collect();
    // Groups take the lowest number of their equations; a few rounds are enough for a form.
    let mut changed = true;
    while changed {
        changed = false;
        for cell in cells {
            let numbers = || cell.effects.iter().filter_map(|(at, _)| group.get(*at).copied());
            let Some(lowest) = numbers().min() else { continue };
            for (at, _) in &cell.effects {
                if let Some(own) = group.get_mut(*at).filter(|own| **own != lowest) {
                    *own = lowest;
                    changed = true;
                }
            }
        }
    }
    let numbers: BTreeSet<usize> = group.iter().copied().collect();
    let members = |number| group.iter().enumerate().filter(move |(_, own)| **own == number).map(|(at, _)| at);
    numbers.into_iter().map(|number| members(number).collect()).collect()
}

fn cut_out(
    component: &BTreeSet<usize>,
    cells: &[SystemCell],
    equations: &[(&'static str, &Equation)],
    residuals: &[i128],
) -> System {
    let place: Vec<usize> = component.iter().copied().collect();
    let renumber = |at: usize| place.binary_search(&at).ok();
    let cells: Vec<SystemCell> = cells
        .iter()
        .filter(|cell| cell.effects.first().is_some_and(|(at, _)| component.contains(at)))
        .map(|cell| SystemCell {
            id: cell.id,
            effects: cell.effects.iter().filter_map(|(at, by)| Some((renumber(*at)?, *by))).collect(),
        })
        .collect();
    let equation = |(position, at): (usize, &usize)| SystemEquation {
        rule: equations.get(*at).map_or("", |(rule, _)| rule),
        residual: residuals.get(*at).copied().unwrap_or(0),
        cells: (0..cells.len())
            .filter(|unknown| cells[*unknown].effects.iter().any(|(of, _)| *of == position))
            .collect(),
    };
    let equations = place.iter().enumerate().map(equation).collect();
    System { cells, equations }
}
