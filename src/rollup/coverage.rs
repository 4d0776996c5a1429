//! How much of what is expected a sum contains.

use crate::registry::{JurisdictionIndex, Registry};
use crate::report::ReportYear;

use super::kept::expected_by;
use super::standing::{Counts, Mark};
use super::{AgencyFilter, Class, Scope, Totals};

/// Expected and received reports of a scope and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Report year.
    pub year: ReportYear,
    /// Agencies that owe a report.
    pub expected: u64,
    /// 垂直管理 agencies of the scope that were left out.
    pub vertical_excluded: u64,
    /// How the reports of the expected agencies stand.
    pub counts: Counts,
}

impl Coverage {
    /// Reports with this mark.
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
    /// The jurisdiction, or the one whose own agencies they are.
    pub jurisdiction: JurisdictionIndex,
    /// The scope's own agencies, without those of jurisdictions below.
    pub own_agencies: bool,
    /// With all below it, but for own agencies.
    pub coverage: Coverage,
}

impl Totals {
    /// Expected and received reports of a scope.
    pub fn coverage(&self, scope: Scope, year: ReportYear, filter: &AgencyFilter) -> Coverage {
        let mut coverage = Coverage { year, expected: 0, vertical_excluded: 0, counts: Counts::default() };
        for (class, by_year) in self.expected.get(&scope).into_iter().flat_map(|by_class| &**by_class) {
            let expected = expected_by(by_year, year);
            if filter.admits(*class) {
                coverage.expected += expected;
            } else if class.vertical && filter.admits(Class { vertical: false, ..*class }) {
                coverage.vertical_excluded += expected;
            }
        }
        for (_, part) in self.parts(scope, year, filter) {
            coverage.counts.add(&part.counts);
        }
        coverage
    }

    /// Coverage of the jurisdiction's own agencies where there are any, then of each jurisdiction directly below, also
    /// where nobody owes a report in it. What does not exist in the tree used is there only with reports that are owed.
    pub fn coverage_by_child(
        &self,
        registry: &Registry,
        jurisdiction: JurisdictionIndex,
        year: ReportYear,
        filter: &AgencyFilter,
    ) -> Vec<ChildCoverage> {
        let own = std::iter::once(Scope::Own(jurisdiction));
        let below = self.children(registry, jurisdiction, year).into_iter().map(Scope::Subtree);
        let parts = own.chain(below).map(|scope| {
            let (jurisdiction, own_agencies) = match scope {
                Scope::Own(jurisdiction) => (jurisdiction, true),
                Scope::Subtree(jurisdiction) => (jurisdiction, false),
            };
            ChildCoverage { jurisdiction, own_agencies, coverage: self.coverage(scope, year, filter) }
        });
        let hierarchy = self.tree().year(year);
        let is_told = |part: &ChildCoverage| {
            let has_agencies = part.coverage.expected + part.coverage.vertical_excluded > 0;
            has_agencies
                || (!part.own_agencies && registry.jurisdiction_timeline(part.jurisdiction).exists_in(hierarchy))
        };
        parts.filter(is_told).collect()
    }
}
