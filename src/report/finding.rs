//! What a rule found in a report: the cells on both sides, their values, the difference, and words for people.

use serde::{Deserialize, Serialize};

use crate::form::CellId;

use super::Cell;

/// Whether a finding blocks the report or asks for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// One sheet of paper proves it wrong: the report is refused.
    Error,
    /// The agency answers with a reason that stays with the report.
    Warning,
}

/// Words for people, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Chinese; says the same as `en`.
    pub zh: String,
    /// English; says the same as `zh`.
    pub en: String,
}

impl Message {
    /// Two texts that say the same.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// Which report of the agency a cell is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// The report being judged.
    Current,
    /// The agency's report of the year before.
    Previous,
}

/// One cell in a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Whether the cell is subtracted on its side.
    pub negative: bool,
    /// The report that it is taken from.
    pub period: Period,
    /// Its place in the catalogue.
    pub cell: CellId,
    /// As filled in; for a computed total, the computed number.
    pub value: Cell,
    /// The cell was blank and its value is computed from its parts.
    pub computed: bool,
}

/// One rule broken in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Rule id, such as `T3-ROW-TOTAL`.
    pub rule: String,
    /// That of the rule.
    pub severity: Severity,
    /// Left side of the equation, or the cells concerned where the rule is no equation.
    pub left: Vec<Term>,
    /// Right side of the equation; empty where the rule is no equation.
    pub right: Vec<Term>,
    /// Left minus right, in the unit of the cells; none where the rule is no equation.
    pub difference: Option<i128>,
    /// What is wrong, with the cells and their numbers.
    pub message: Message,
    /// What to do about it.
    pub remedy: Message,
}

impl Finding {
    /// All cells, left side first.
    pub fn cells(&self) -> impl Iterator<Item = CellId> {
        self.left.iter().chain(&self.right).map(|term| term.cell)
    }
}
