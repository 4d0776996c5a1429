//! How much of what is expected a sum contains.

use crate::registry::JurisdictionIndex;
use crate::report::ReportYear;

/// Expected and received reports of a scope and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    pub year: ReportYear,
    /// Agencies that owe a report.
    pub expected: u64,
    /// Agencies whose report is in the sum.
    pub received: u64,
}

impl Coverage {
    /// Agencies whose report is not in the sum.
    pub fn missing(&self) -> u64 {
        self.expected.saturating_sub(self.received)
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
