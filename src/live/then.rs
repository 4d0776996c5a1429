//! Which agencies counted in a place at an earlier moment, told without reading a report.

use std::sync::Arc;

use crate::registry::{AgencyIndex, Extent, JurisdictionIndex, RegistryChange};
use crate::report::ReportYear;
use crate::rollup::{AgencyFilter, Totals, Tree, class_of};
use crate::store::{Store, StoreError};

use super::state::State;

/// The registry at an earlier moment.
pub(crate) struct Then {
    now: Arc<State>,
    /// How much of it there was; none where nothing has changed since.
    extent: Option<Extent>,
}

/// A place over a tree, and whose reports of which year.
pub(crate) struct Where<'a> {
    /// The top of the subtree.
    pub place: JurisdictionIndex,
    /// Which agency belongs where.
    pub tree: Tree,
    /// Report year.
    pub year: ReportYear,
    /// Which of its agencies are asked about.
    pub filter: &'a AgencyFilter,
}

impl Then {
    /// As of a journal sequence that is not later than the state's.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) fn of(store: &dyn Store, now: Arc<State>, as_of: u64) -> Result<Self, StoreError> {
        let later = store.registry(as_of, now.registry_sequence)?;
        let later: Vec<RegistryChange> = later.into_iter().map(|(_, change)| change).collect();
        let extent = (!later.is_empty()).then(|| now.registry.extent_before(&later));
        Ok(Self { now, extent })
    }

    /// Those of some agencies that counted there then.
    pub(crate) fn counted(&self, mut agencies: Vec<AgencyIndex>, at: &Where<'_>) -> Vec<AgencyIndex> {
        let now = &self.now.registry;
        let totals = Totals::new(at.tree);
        match self.extent {
            None => {
                let mut within = totals.within(now, at.place);
                agencies.retain(|agency| {
                    at.filter.admits(class_of(now, *agency, at.year)) && within.counts(*agency, at.year)
                });
            }
            Some(extent) if at.place.index() < extent.jurisdictions => {
                let then = now.earlier(extent, &agencies);
                let mut within = totals.within(&then, at.place);
                agencies.retain(|agency| {
                    then.find_agency(&now.agency(*agency).id).is_some_and(|agency| {
                        at.filter.admits(class_of(&then, agency, at.year)) && within.counts(agency, at.year)
                    })
                });
            }
            Some(_) => agencies.clear(),
        }
        agencies
    }
}
