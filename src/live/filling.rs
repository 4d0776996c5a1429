//! How what is kept in memory only once somebody asked for it is read from the store, beside the commits.
//!
//! Whoever fills begins under the lock, notes the journal sequence, and reads the store as of then. A commit that comes
//! meanwhile changes what is being filled at once, and [`Filling`] remembers of what: what is read of that is out of date.

use std::hash::Hash;

use imbl::HashSet;

use crate::report::{Owners, ReportYear};
use crate::store::{Standing, StoreError};

use super::Live;

/// Reports read from the store at a time.
const PAGE: usize = 1000;

/// What commits changed since the filling began.
#[derive(Debug, Clone)]
pub(super) struct Filling<K: Eq + Hash + Clone> {
    changed: HashSet<K>,
}

impl<K: Eq + Hash + Clone> Default for Filling<K> {
    fn default() -> Self {
        Self { changed: HashSet::new() }
    }
}

impl<K: Eq + Hash + Clone> Filling<K> {
    /// A commit has put there how this stands now.
    pub(crate) fn change(&mut self, of: K) {
        self.changed.insert(of);
    }

    /// Whether how this stands is known, and nothing that is read of it is to be taken.
    pub(crate) fn knows(&self, of: &K) -> bool {
        self.changed.contains(of)
    }

    /// All of which that is so, at the end.
    pub(crate) fn changed(self) -> impl Iterator<Item = K> {
        self.changed.into_iter()
    }
}

impl Live {
    /// Hands over the reports of a year as they stood at journal sequence `as_of`, a page at a time; whether that was all of
    /// them, for the service may end meanwhile.
    pub(super) fn each_report(
        &self,
        (owners, year): (Owners, ReportYear),
        as_of: u64,
        mut take: impl FnMut(&[Standing]),
    ) -> Result<bool, StoreError> {
        let mut after = None;
        loop {
            // Let go between the pages: a service that ends is not kept waiting.
            let Some(store) = self.store() else { return Ok(false) };
            let page = store.reports(owners, year, after.as_ref(), PAGE, as_of)?;
            take(&page);
            if page.len() < PAGE {
                return Ok(true);
            }
            after = page.last().map(|standing| standing.newest.report.owner.clone());
        }
    }
}
