//! How much of what is expected a sum contains.

use crate::registry::JurisdictionIndex;
use crate::report::ReportYear;

use super::standing::{Counts, Mark};

/// Expected and received reports of a scope and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    pub year: ReportYear,
    /// Agencies that owe a report.
    pub expected: u64,
    /// 垂直管理 agencies of the scope that were left out.
    pub vertical_excluded: u64,
    pub counts: Counts,
}

impl Coverage {
    pub fn of(&self, mark: Mark) -> u64 {
        self.counts.of(mark)
    }

    /// Agencies that have handed in nothing.
    pub fn missing(&self) -> u64 {
        self.expected.saturating_sub(self.of(Mark::Received))
    }
}

/// Coverage of one part of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildCoverage {
    pub jurisdiction: JurisdictionIndex,
    /// The scope's own agencies, without those of jurisdictions below.
    pub own_agencies: bool,
    pub coverage: Coverage,
}
