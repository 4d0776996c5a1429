//! Values whose columns a document lost, placed by the form's equations where these leave exactly one placement.
//!
//! The equations: the leaf columns of a line sum to its total, and the outcome lines of a table sum to its total
//! line, column by column. Blank counts as zero. A placement is dropped only when an equation rules it out.

use std::collections::HashMap;

use crate::form::{LineId, Part, catalogue};

/// Where each value of a row goes: pairs of column and position of the value, in order.
pub type Placement = Vec<(usize, usize)>;

/// The number in each column; blank is none.
pub type Numbers = Vec<Option<i64>>;

/// A row whose values may stand in several ways.
pub struct Uncertain {
    pub line: LineId,
    /// Its values; none where a mark for blank stands.
    pub values: Numbers,
    pub placements: Vec<Placement>,
}

/// Most columns of a line whose placements are enumerated: at most 2 to this power of them.
const COLUMNS: usize = 8;

/// All ways to put `values` values, in order, into `columns` columns.
pub fn placements(columns: usize, values: usize) -> Vec<Placement> {
    if columns > COLUMNS || values == 0 || values > columns {
        return Vec::new();
    }
    let chosen = |mask: usize| (0..columns).filter(move |column| mask >> column & 1 == 1);
    (0..1usize << columns)
        .filter(|mask| mask.count_ones() as usize == values)
        .map(|mask| chosen(mask).enumerate().map(|(value, column)| (column, value)).collect())
        .collect()
}

/// Drops the placements that an equation rules out, until nothing changes.
///
/// `known` holds the rows that are certain. The equation of outcomes is used only where every line in it is known
/// or among the uncertain.
pub fn narrow(uncertain: &mut [Uncertain], known: &HashMap<LineId, Numbers>) {
    for row in uncertain.iter_mut() {
        let parts = parts_of(row.line);
        if parts.contains(&Part::Total) {
            let values = row.values.clone();
            row.placements.retain(|placement| is_row_balanced(&parts, &values, placement));
        }
    }
    for equation in equations(uncertain, known) {
        // Each pass but the last drops a placement, so the number of placements bounds the passes.
        while narrow_columns(uncertain, known, &equation) {}
    }
}

fn parts_of(line: LineId) -> Vec<Part> {
    catalogue().line(line).line.columns.iter().map(|column| column.part).collect()
}

fn number_at(values: &Numbers, placement: &Placement, column: usize) -> i128 {
    let value = placement.iter().find(|(at, _)| *at == column).and_then(|(_, value)| values.get(*value));
    i128::from(value.copied().flatten().unwrap_or(0))
}

fn is_row_balanced(parts: &[Part], values: &Numbers, placement: &Placement) -> bool {
    let sum = |is_total: bool| -> i128 {
        let columns = parts.iter().enumerate().filter(|(_, part)| (**part == Part::Total) == is_total);
        columns.map(|(column, _)| number_at(values, placement, column)).sum()
    };
    sum(true) == sum(false)
}

/// The outcome lines and the total line of one table.
struct Equation {
    outcomes: Vec<LineId>,
    total: LineId,
}

/// The equations of outcomes of which no line is missing.
fn equations(uncertain: &[Uncertain], known: &HashMap<LineId, Numbers>) -> Vec<Equation> {
    let catalogue = catalogue();
    let has = |line: &LineId| known.contains_key(line) || uncertain.iter().any(|row| row.line == *line);
    let mut equations = Vec::new();
    for table in &catalogue.tables {
        let part = |part: Part| table.lines().filter(move |line| catalogue.line(*line).line.part == part);
        let [total] = part(Part::Total).filter(has).collect::<Vec<_>>()[..] else { continue };
        let merged: Vec<_> = part(Part::Outcome).filter(|line| !has(line)).collect();
        let outcomes: Vec<_> = part(Part::Outcome).filter(has).collect();
        if merged.iter().all(|line| is_stood_for(*line, &outcomes)) {
            equations.push(Equation { outcomes, total });
        }
    }
    equations
}

/// Whether a missing line is another way of printing lines that are there: its group is printed.
fn is_stood_for(missing: LineId, present: &[LineId]) -> bool {
    let group = catalogue().line(missing).group;
    let siblings = || present.iter().filter(|line| catalogue().line(**line).group == group);
    let is_merged = |line: LineId| is_merged_line(line);
    match is_merged(missing) {
        true => group.is_some() && siblings().next().is_some(),
        false => siblings().any(|line| is_merged(*line)),
    }
}

/// A line that an edition accepts in place of others.
fn is_merged_line(line: LineId) -> bool {
    let field = catalogue().line(line).line.field;
    let sheets = crate::form::EDITIONS.iter().flat_map(|edition| edition.sheets);
    sheets.flat_map(|sheet| sheet.merged).any(|merged| merged.line == field)
}

/// One pass over the columns; says whether a placement was dropped.
fn narrow_columns(uncertain: &mut [Uncertain], known: &HashMap<LineId, Numbers>, equation: &Equation) -> bool {
    let mut dropped = false;
    for column in 0..parts_of(equation.total).len() {
        let lines = || equation.outcomes.iter().map(|line| (*line, 1)).chain(std::iter::once((equation.total, -1)));
        let fixed: i128 = lines()
            .filter_map(|(line, sign)| known.get(&line).map(|numbers| (numbers, sign)))
            .map(|(numbers, sign)| sign * i128::from(numbers.get(column).copied().flatten().unwrap_or(0)))
            .sum();
        for row in 0..uncertain.len() {
            let Some(this) = uncertain.get(row) else { continue };
            let Some((_, sign)) = lines().find(|(line, _)| *line == this.line) else { continue };
            let (mut lowest, mut highest) = (fixed, fixed);
            for other in uncertain.iter().filter(|other| other.line != this.line) {
                let Some((_, sign)) = lines().find(|(line, _)| *line == other.line) else { continue };
                let range = other.placements.iter().map(|p| sign * number_at(&other.values, p, column));
                lowest += range.clone().min().unwrap_or(0);
                highest += range.max().unwrap_or(0);
            }
            let Some(this) = uncertain.get_mut(row) else { continue };
            let (before, values) = (this.placements.len(), this.values.clone());
            this.placements.retain(|placement| {
                let needed = -sign * number_at(&values, placement, column);
                (lowest..=highest).contains(&needed)
            });
            dropped |= this.placements.len() < before;
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str) -> LineId {
        catalogue().line_at(path).unwrap().id
    }

    fn numbers(values: [i64; 7]) -> Numbers {
        values.into_iter().map(Some).collect()
    }

    /// A whole table of zeros but for these rows.
    fn table_with(rows: &[(&str, [i64; 7])], without: &str) -> HashMap<LineId, Numbers> {
        let mut known: HashMap<_, _> = catalogue()
            .lines
            .iter()
            .filter(|line| line.path.starts_with("requests.") && line.path != without)
            .map(|line| (line.id, numbers([0; 7])))
            .collect();
        known.extend(rows.iter().map(|(path, values)| (line(path), numbers(*values))));
        known
    }

    #[test]
    fn the_row_total_alone_leaves_many_placements() {
        let values: Numbers = [103, 3, 1, 107].map(Some).to_vec();
        let mut rows = [Uncertain { line: line("requests.received"), values, placements: placements(7, 4) }];
        assert_eq!(rows[0].placements.len(), 35);
        narrow(&mut rows, &HashMap::new());
        assert_eq!(rows[0].placements.len(), 20, "the total is the last, the rest are three of six columns");
    }

    #[test]
    fn the_sums_of_the_columns_can_leave_one_placement() {
        let known = table_with(
            &[("requests.disclosed", [5, 0, 0, 0, 0, 0, 5]), ("requests.outcomes_total", [46, 2, 0, 1, 0, 0, 49])],
            "requests.partially_disclosed",
        );
        let values: Numbers = [41, 2, 1, 44].map(Some).to_vec();
        let uncertain =
            |values| Uncertain { line: line("requests.partially_disclosed"), values, placements: placements(7, 4) };
        let mut rows = [uncertain(values)];
        narrow(&mut rows, &known);
        assert_eq!(rows[0].placements, [vec![(0, 0), (1, 1), (3, 2), (6, 3)]]);
        let mut wrong = [uncertain([41, 2, 3, 46].map(Some).to_vec())];
        narrow(&mut wrong, &known);
        assert!(wrong[0].placements.is_empty(), "equations that do not hold prove nothing");
    }

    #[test]
    fn zeros_that_could_stand_anywhere_are_not_placed() {
        let known = table_with(&[("requests.outcomes_total", [8, 0, 0, 0, 0, 0, 8])], "requests.disclosed");
        let values: Numbers = [8, 0, 0, 8].map(Some).to_vec();
        let mut rows = [Uncertain { line: line("requests.disclosed"), values, placements: placements(7, 4) }];
        narrow(&mut rows, &known);
        assert_eq!(rows[0].placements.len(), 10);
    }

    #[test]
    fn a_missing_line_makes_the_sums_useless() {
        let mut known = table_with(&[("requests.outcomes_total", [8, 0, 0, 0, 0, 0, 8])], "requests.disclosed");
        known.remove(&line("requests.refused.state_secret"));
        let values: Numbers = [8, 8].map(Some).to_vec();
        let mut rows = [Uncertain { line: line("requests.disclosed"), values, placements: placements(7, 2) }];
        narrow(&mut rows, &known);
        assert_eq!(rows[0].placements.len(), 6);
    }
}
