//! What probes, metrics and the status ask for.

use crate::report::{Owners, ReportYear};
use crate::rollup::{AgencyFilter, Mark, Scope};
use crate::store::{Freshness, StoreError};

use super::conditions::Condition;
use super::parts::{Examination, Service};
use super::problem::Problem;

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

    /// That what is read here is not older than settings allow, where other instances write as well.
    ///
    /// # Errors
    /// Saying since when it is.
    pub fn check_fresh(&self) -> Result<(), StoreError> {
        self.store.check_fresh()
    }

    /// How this instance stands beside the journal that it shares; none where it shares none.
    pub fn freshness(&self) -> Option<Freshness> {
        self.store.freshness()
    }

    /// Changes of who may do what since the start: kind, whether it concerned an administrator, how many.
    pub fn access_changes(&self) -> Vec<(&'static str, bool, u64)> {
        self.live.access_changes()
    }

    /// Why sums are not answered; none while they are.
    pub fn totals_fault(&self) -> Option<String> {
        self.live.read().fault.clone()
    }

    /// Has conditions looked at by this from now on; the first that was said stays.
    pub fn is_examined_by(&self, examination: Examination) {
        // Said twice, it is the same process.
        let _ = self.examination.set(examination);
    }

    /// How that is which the service rests on; nothing where no process has said how to look.
    ///
    /// # Errors
    /// Where looking failed.
    pub async fn conditions(&self) -> Result<Vec<Condition>, Problem> {
        let Some(examination) = self.examination.get().cloned() else { return Ok(Vec::new()) };
        let service = self.clone();
        Self::beside(move || Ok(examination(&service))).await
    }
}
