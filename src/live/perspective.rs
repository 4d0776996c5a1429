//! From when, over which tree and with which reports in the sums a question is answered, and which kind of state that takes.

use crate::report::{ReportState, ReportYear};
use crate::rollup::{Totals, Tree};

use super::state::{ACCEPTED, State};

/// From when, and over which tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Perspective {
    /// Journal sequence number; none for the present.
    pub as_of: Option<u64>,
    /// Year whose tree is used; none for each report year's own.
    pub hierarchy_year: Option<ReportYear>,
    /// States of the newest revisions to count; empty for accepted ones.
    pub states: Vec<ReportState>,
}

impl Perspective {
    /// The tree to add up over, for a question about these years, first and last.
    pub fn tree(&self, years: (ReportYear, ReportYear)) -> Tree {
        match self.hierarchy_year {
            Some(hierarchy) if years != (hierarchy, hierarchy) => Tree::Of(hierarchy),
            _ => Tree::AsReported,
        }
    }

    /// The states to count, in order.
    pub fn states(&self) -> Vec<ReportState> {
        let mut states = if self.states.is_empty() { ACCEPTED.to_vec() } else { self.states.clone() };
        states.sort_unstable();
        states.dedup();
        states
    }

    /// Which state a question about these years, first and last, takes.
    pub(super) fn kind(&self, years: (ReportYear, ReportYear)) -> Kind {
        Kind { tree: self.tree(years), states: self.states(), years }
    }
}

/// What a state beside the present one is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    pub tree: Tree,
    /// In order, each once.
    pub states: Vec<ReportState>,
    /// First and last.
    pub years: (ReportYear, ReportYear),
}

impl Kind {
    /// Whether a state of this kind answers what one of another kind is asked.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let years = self.years.0 <= other.years.0 && other.years.1 <= self.years.1;
        years && self.tree == other.tree && self.states == other.states
    }

    /// Whether it is what most questions ask for: the present state is of this kind, for all years.
    pub(crate) fn is_of_present(&self) -> bool {
        self.tree == Tree::AsReported && self.states == ACCEPTED
    }

    /// An empty state of this kind.
    pub(crate) fn empty(&self) -> State {
        State {
            totals: Totals::new(self.tree),
            admitted: self.states.clone(),
            years: Some(self.years),
            ..State::default()
        }
    }
}
