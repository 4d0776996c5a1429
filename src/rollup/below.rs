//! The agencies of a place in order of their ids, page by page: each page takes work in proportion to what is taken of
//! it, or to the place, whichever is less.

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{AgencyId, ReportYear};

use super::{AgencyFilter, Mark, Scope, Totals, class_of};

/// A place with fewer than one in so many of all agencies is gathered and put in order; the agencies of a larger one are
/// met soon enough among all.
const SMALL: u64 = 16;

impl Totals {
    /// Agencies that count in a jurisdiction or below it with their reports of a year, after an id, in order of their
    /// ids.
    pub fn agencies_after<'a>(
        &self,
        registry: &'a Registry,
        of: JurisdictionIndex,
        year: ReportYear,
        after: Option<&'a AgencyId>,
    ) -> Box<dyn Iterator<Item = AgencyIndex> + 'a> {
        let all = AgencyFilter { kinds: Vec::new(), include_vertical: true };
        let here = self.coverage(Scope::Subtree(of), year, &all).expected;
        if here.saturating_mul(SMALL) < registry.agencies().len() as u64 {
            let mut agencies = self.agencies_below(registry, of, year);
            agencies.retain(|agency| after.is_none_or(|after| registry.agency(*agency).id > *after));
            agencies.sort_unstable_by(|one, other| registry.agency(*one).id.cmp(&registry.agency(*other).id));
            return Box::new(agencies.into_iter());
        }
        let mut within = self.within(registry, of);
        Box::new(registry.agencies_after(after).filter(move |agency| within.counts(*agency, year)))
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
            filter.admits(class_of(registry, *agency)) && !self.marks(*agency, year).has(Mark::Received)
        })
    }
}
