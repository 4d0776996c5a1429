//! The registry and the running totals in memory, changed by the store's commits and read by every query.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crate::registry::{Registry, RegistryChange};
use crate::report::{Figures, ReportKey};
use crate::rollup::Totals;
use crate::store::{Commit, Effect, Observer, Store, StoreError};

/// Reports read from the store at a time while loading.
const LOAD_PAGE: usize = 1000;

/// The state at one journal sequence number.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub registry: Registry,
    pub totals: Totals,
    /// Journal sequence that the state is true as of.
    pub sequence: u64,
}

/// The state that follows the store.
#[derive(Debug, Default)]
pub struct Live {
    state: RwLock<State>,
}

impl Live {
    /// The present state. Hold it briefly: commits wait for it.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        // A panic under the lock is a defect of ours; totals are recomputed at the next start.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the state from the store, before anything is committed.
    pub fn load(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = State::read(store, store.position().sequence, Duration::ZERO)?;
        Ok(())
    }
}

impl Observer for Live {
    fn committed(&self, commits: &[Arc<Commit>]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for commit in commits {
            for effect in &commit.effects {
                match effect {
                    Effect::Registry(change) => state.change_registry(change),
                    Effect::Revision { new, replaced } => {
                        let old = replaced.as_ref().map(|replaced| &replaced.figures);
                        state.replace_report(&new.report, old, &new.figures);
                    }
                }
            }
            state.sequence = commit.entry.sequence;
        }
    }
}

impl State {
    /// The state as of a journal sequence, counted from the store, with a pause after each page.
    pub fn read(store: &dyn Store, sequence: u64, pause: Duration) -> Result<Self, StoreError> {
        let mut state = Self { sequence, ..Self::default() };
        for change in store.registry_as_of(sequence)? {
            state.change_registry(&change);
        }
        for year in store.years()? {
            let mut after = None;
            loop {
                let page = store.heads_as_of(sequence, year, after.as_ref(), LOAD_PAGE)?;
                for revision in &page {
                    state.replace_report(&revision.report, None, &revision.figures);
                }
                let last = page.len() < LOAD_PAGE;
                after = page.into_iter().next_back().map(|revision| revision.report.agency);
                if last {
                    break;
                }
                std::thread::sleep(pause);
            }
        }
        Ok(state)
    }

    pub(super) fn change_registry(&mut self, change: &RegistryChange) {
        if let Err(error) = self.registry.apply(change) {
            // Changes are checked before they are stored; this is a defect, and the totals would be wrong.
            tracing::error!(%error, "a stored change of the registry does not apply");
            return;
        }
        if let RegistryChange::CreateAgency(agency) = change
            && let Some(index) = self.registry.find_agency(&agency.id)
        {
            self.totals.expect(&self.registry, index);
        }
    }

    pub(super) fn replace_report(&mut self, report: &ReportKey, old: Option<&Figures>, new: &Figures) {
        let Some(agency) = self.registry.find_agency(&report.agency) else {
            tracing::error!(%report, "a stored report is of an agency that the registry does not know");
            return;
        };
        let old = old.map(Figures::complete);
        self.totals.replace(&self.registry, agency, report.year, old.as_ref(), &new.complete());
    }
}
