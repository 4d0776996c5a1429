//! The agencies of a place in order of their ids, page by page.

use std::ops::Bound;

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{AgencyId, ReportYear};

use super::{AgencyFilter, Mark, Totals, class_of};

impl Totals {
    /// Agencies that count in a jurisdiction or below it with their reports of a year, after an id, in order of their
    /// ids.
    pub fn agencies_after<'a>(
        &self,
        registry: &'a Registry,
        of: JurisdictionIndex,
        year: ReportYear,
        after: Option<&'a AgencyId>,
    ) -> impl Iterator<Item = AgencyIndex> + 'a {
        let mut within = self.within(registry, of);
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        registry.agencies_for(&[of], Vec::new(), after).filter(move |agency| within.counts(*agency, year))
    }

    /// Agencies in and below the jurisdiction, after an id, that owe a report and have handed in none.
    pub fn missing_after<'a>(
        &'a self,
        registry: &'a Registry,
        jurisdiction: JurisdictionIndex,
        year: ReportYear,
        filter: &'a AgencyFilter,
        after: Option<&'a AgencyId>,
    ) -> impl Iterator<Item = AgencyIndex> + 'a {
        self.agencies_after(registry, jurisdiction, year, after).filter(move |agency| {
            filter.admits(class_of(registry, *agency, year)) && !self.marks(*agency, year).has(Mark::Received)
        })
    }
}
