//! What must hold: the rules that a report is judged by.
//!
//! - [`model`]: the words in which a rule is written down
//! - [`errors`], [`warnings`], [`text_warnings`], [`provenance_warnings`]: THE RULES, as data
//! - [`plan`]: the rules laid out over an edition's cells, once per edition
//! - [`mod@rule_set`]: the rules of a year, with the id and hash that revisions keep
//! - [`engine`]: judges one report; [`text`] puts its findings into words
//! - [`culprit`]: which cells, and which slips, may be behind sums that do not add up
//! - [`provenance`]: whether the document is the report that is meant, and its figures its own
//! - [`narrative`]: reads the chapters of text for the rules about them
//! - [`answers`]: which warnings an agency's reasons answer
//! - [`example`]: a worked example of each rule, judged by the engine itself
//!
//! A new rule is an entry in [`errors`] or [`warnings`]; a new edition of the form needs nothing here as long as its
//! tables have the parts that the rules speak of. Values in, values out: the day of the judgement is passed in.

mod answers;
mod culprit;
mod engine;
mod errors;
mod example;
mod model;
mod narrative;
mod plan;
mod provenance;
mod provenance_warnings;
mod rule_set;
mod statements;
mod text;
mod text_warnings;
mod warnings;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod valid;

pub use answers::{Superfluous, WhySuperfluous, superfluous, unanswered};
pub use culprit::diagnose;
pub use engine::{Case, judge};
pub use example::Demonstration;
pub use model::{
    Addend, Blank, Check, Context, Equations, Example, ExampleDocument, Ratio, Relation, Rule, Statement, TextCheck,
    Years, Zero,
};
pub use narrative::passages;
pub use provenance::{Document, figures_digest};
pub use provenance_warnings::REPEATED_FIGURES_MIN;
pub use rule_set::{RuleSet, rule_set};

/// Every rule, in the order in which they are applied.
pub fn all_rules() -> impl Iterator<Item = &'static Rule> {
    errors::ERRORS
        .iter()
        .chain(warnings::WARNINGS)
        .chain(text_warnings::TEXT_WARNINGS)
        .chain(provenance_warnings::PROVENANCE_WARNINGS)
}

/// The rule called `id`, in upper or lower case.
pub fn rule(id: &str) -> Option<&'static Rule> {
    all_rules().find(|rule| rule.id.eq_ignore_ascii_case(id))
}
