//! The culprit finder: which cells may be behind sums that do not add up, what they would need to hold, and by which
//! slip. It suggests, and never changes a figure.
//!
//! - [`system`]: the equations of the sheet as a linear system
//! - [`search`]: the smallest sets of cells that satisfy it
//! - [`shift`]: lines that are one column off
//! - [`cost`], [`explain`]: which explanation is likely
//! - [`words`]: said to people
//!
//! In part 3 every cell enters one sum of its line and one or two of its column, and no two cells the same
//! ones: a single mistake is always found by where it stands. Where totals are blank and computed, or in part 4,
//! where one sum holds five cells, several cells can explain as much, and the likeliest slip decides their order.

mod cost;
mod explain;
mod search;
mod shift;
mod system;
#[cfg(test)]
mod tests;
mod words;

use crate::report::{Completed, Diagnosis, Figures, ReportYear, Suggestion};

use super::rule_set::RuleSet;
use explain::{Explanation, explanations};
use system::System;

/// Suggestions given for equations that fail together; one sum of part 4 has as many cells.
pub(crate) const SUGGESTIONS_MAX: usize = 5;

/// By how much, in tenths of a bit, an explanation leads the next one where it is called probable: four to one.
const CLEAR_LEAD: u32 = 20;

/// What may explain the sums of the sheet that do not add up, by groups of sums that share no cell, in the order of
/// the form. Empty where all add up.
pub fn diagnose(set: &RuleSet, year: ReportYear, figures: &Figures, completed: &Completed) -> Vec<Diagnosis> {
    system::failing(set, year, figures, completed).iter().map(|system| diagnosis(system, figures)).collect()
}

fn diagnosis(system: &System, figures: &Figures) -> Diagnosis {
    let failing = system.equations.iter().filter(|equation| equation.residual != 0);
    let mut rules: Vec<String> = failing.map(|equation| equation.rule.to_owned()).collect();
    rules.dedup();
    let explanations = explanations(system, figures);
    // The first is probable where no other comes near it.
    let probable = match &explanations[..] {
        [first, second, ..] => second.cost - first.cost >= CLEAR_LEAD,
        _ => true,
    };
    let suggestion = |(position, Explanation { suspects, .. }): (usize, Explanation)| Suggestion {
        message: words::suggestion(&suspects, figures, probable && position == 0),
        present: suspects.iter().map(|suspect| figures.get(suspect.cell)).collect(),
        suspects,
    };
    let suggestions: Vec<Suggestion> = explanations.into_iter().enumerate().map(suggestion).collect();
    let message = match suggestions.first() {
        Some(likeliest) => likeliest.message.clone(),
        None => words::no_simple_explanation(&rules),
    };
    Diagnosis { rules, suggestions, message }
}
