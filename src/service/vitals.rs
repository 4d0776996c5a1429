//! What probes and metrics ask for.

use crate::report::{Owners, ReportYear};
use crate::rollup::{AgencyFilter, Mark, Scope};
use crate::store::StoreError;

use super::parts::Service;

/// How one report year stands over all jurisdictions, agencies under vertical management included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearVitals {
    /// Report year.
    pub year: ReportYear,
    /// Agencies that owe a report.
    pub expected: u64,
    /// Agencies that have handed one in.
    pub received: u64,
    /// Reports that are in the sums.
    pub included: u64,
}

impl Service {
    /// Coverage of each year with reports.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn coverage_by_year(&self) -> Result<Vec<YearVitals>, StoreError> {
        let years = self.store.years(Owners::Agencies)?;
        let everything = AgencyFilter { include_vertical: true, ..AgencyFilter::default() };
        let state = self.live.read();
        let vitals = years.into_iter().map(|year| {
            let mut vitals = YearVitals { year, expected: 0, received: 0, included: 0 };
            // Each agency is its own jurisdiction's, once.
            for jurisdiction in state.registry.jurisdiction_indices() {
                let coverage = state.totals.coverage(Scope::Own(jurisdiction), year, &everything);
                vitals.expected += coverage.expected;
                vitals.received += coverage.of(Mark::Received);
                vitals.included += coverage.of(Mark::Included);
            }
            vitals
        });
        Ok(vitals.collect())
    }

    /// Changes of who may do what since the start: kind, whether it concerned an administrator, how many.
    pub fn access_changes(&self) -> Vec<(&'static str, bool, u64)> {
        self.live.access_changes()
    }

    /// Why sums are not answered; none while they are.
    pub fn totals_fault(&self) -> Option<String> {
        self.live.read().fault.clone()
    }
}
