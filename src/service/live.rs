//! The present state in memory, changed by the store's commits and read by every query.

use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use crate::access::Directory;
use crate::store::{CheckpointFile, Commit, Effect, Observer, Store, StoreError, check_changes};

use super::recount::count;
use super::state::State;
use super::watch::Notices;

/// The state that follows the store.
#[derive(Default)]
pub struct Live {
    state: RwLock<State>,
    /// Who may do what.
    directory: RwLock<Directory>,
    /// Tells watchers of commits.
    pub(super) notices: Notices,
    /// Read where a change of the registry moves reports.
    store: OnceLock<Weak<dyn Store>>,
}

impl Live {
    /// The present state. Hold it briefly: commits wait for it.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        // A panic under the lock is a defect of ours; totals are recomputed at the next start.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The principals as they are now. Hold it briefly: commits wait for it.
    pub fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the state from the store, before anything is committed: from the kept totals where there are any, else
    /// from every report. Whether it was from the former.
    pub fn load(&self, store: &Arc<dyn Store>, kept: Option<&CheckpointFile>) -> Result<bool, StoreError> {
        check_changes(&**store)?;
        let resumed = match kept.and_then(CheckpointFile::read) {
            Some(checkpoint) => State::resume(&**store, checkpoint)?,
            None => None,
        };
        let (state, resumed) = match resumed {
            Some(state) => (state, true),
            None => (count(&**store, store.position().sequence, |_| {})?, false),
        };
        let sequence = state.sequence;
        tracing::info!(sequence, resumed, "the totals are loaded");
        *self.write() = state;
        let mut directory = Directory::default();
        for (_, change) in store.access()? {
            // It was admitted when it was stored.
            directory.apply(&change).map_err(|error| StoreError::Damaged(error.to_string()))?;
        }
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
        self.notices.begin(sequence);
        // Loaded twice it is the same store.
        let _ = self.store.set(Arc::downgrade(store));
        Ok(resumed)
    }
}

impl Observer for Live {
    fn committed(&self, commits: &[Arc<Commit>]) {
        let Some(store) = self.store.get().and_then(Weak::upgrade) else {
            // Nothing commits before the state is loaded.
            return;
        };
        let mut state = self.write();
        for commit in commits {
            state.apply(commit, &*store);
        }
        drop(state);
        for effect in commits.iter().flat_map(|commit| &commit.effects) {
            if let Effect::Access(change) = effect {
                let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = directory.apply(change) {
                    tracing::error!(%error, "a stored change of the directory does not apply");
                }
            }
        }
        self.notices.tell(commits);
    }
}
