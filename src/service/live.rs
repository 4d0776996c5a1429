//! What is in memory of a store, changed by its commits: the present state, states beside it, who may do what, which texts
//! are alike, and notices for watchers.

use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use crate::access::{AccessChange, Directory};
use crate::registry::RegistryChange;
use crate::store::{CheckpointFile, Commit, Effect, Item, Observer, Store, StoreError, Struck, check_changes};

use super::access_counts::AccessCounts;
use super::followed::{Followed, Others};
use super::likeness::Likeness;
use super::recount::count;
use super::replay::Effort;
use super::state::State;
use super::watch::Notices;

/// The state that follows the store.
#[derive(Default)]
pub struct Live {
    present: Followed,
    /// States over other trees, or with other reports in the sums.
    pub(super) others: Others,
    /// Which present reports have texts alike.
    likeness: RwLock<Likeness>,
    /// Who may do what.
    directory: RwLock<Directory>,
    /// How often that was changed since the start.
    pub(super) access_counts: AccessCounts,
    /// Tells watchers of commits.
    pub(super) notices: Notices,
    /// Read where a change of the registry moves reports that nobody has read before.
    store: OnceLock<Weak<dyn Store>>,
}

impl Live {
    /// The present state. It stays as it is, whatever is committed.
    pub fn read(&self) -> Arc<State> {
        self.present.read()
    }

    /// Changes the present state. Be quick: whoever asks waits for it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.present.change(change)
    }

    /// Texts alike. Hold it briefly: commits wait for it.
    pub(super) fn likeness(&self) -> RwLockReadGuard<'_, Likeness> {
        self.likeness.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn likeness_mut(&self) -> RwLockWriteGuard<'_, Likeness> {
        self.likeness.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The principals as they are now. Hold it briefly: commits wait for it.
    pub fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the state from the store, before anything is committed: from the kept totals where there are any, else
    /// from every report. Whether it was from the former.
    pub fn load(&self, store: &Arc<dyn Store>, kept: Option<&CheckpointFile>) -> Result<bool, StoreError> {
        let (state, resumed) = std::thread::scope(|scope| {
            // Beside the load, which takes as long.
            let checked = scope.spawn(|| check_changes(&**store));
            let loaded = Self::loaded(&**store, kept);
            // A panic of the other thread goes on here.
            checked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            loaded
        })?;
        let sequence = state.sequence;
        tracing::info!(sequence, resumed, "the totals are loaded");
        self.change(|present| *present = state);
        let directory = Self::stored_directory(&**store)?;
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
        self.notices.begin(sequence);
        // Loaded twice it is the same store.
        let _ = self.store.set(Arc::downgrade(store));
        Ok(resumed)
    }

    /// The state of the store, and whether it is from kept totals.
    fn loaded(store: &dyn Store, kept: Option<&CheckpointFile>) -> Result<(State, bool), StoreError> {
        let resumed = match kept.and_then(CheckpointFile::read) {
            Some(checkpoint) => State::resume(store, checkpoint, Effort::whole())?,
            None => None,
        };
        match resumed {
            Some(state) => Ok((state, true)),
            None => Ok((count(store, store.position().sequence, Effort::whole())?, false)),
        }
    }

    /// Works out what changes of the registry do, before they are committed and while everybody goes on; where they are
    /// committed next, that is taken as it is.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(super) fn foresee(&self, changes: &Arc<[RegistryChange]>, store: &dyn Store) -> Result<(), StoreError> {
        self.present.foresee(changes, store)?;
        self.others.foresee(changes, store)
    }

    /// What was worked out will not come.
    pub(super) fn forget_foreseen(&self) {
        self.present.forget_foreseen();
        self.others.forget_foreseen();
    }

    /// The principals as the stored changes make them.
    pub fn stored_directory(store: &dyn Store) -> Result<Directory, StoreError> {
        let mut directory = Directory::default();
        for (_, change) in store.access()? {
            // It was admitted when it was stored.
            directory.apply(&change).map_err(|error| StoreError::Damaged(error.to_string()))?;
        }
        Ok(directory)
    }
}

impl Live {
    /// Takes people's words that were struck out from what is in memory.
    fn strike(&self, struck: &Struck) {
        for (before, after) in struck.before.iter().zip(&struck.after) {
            match (before, after) {
                (
                    Item::Registry { change: RegistryChange::PutCollection(before), .. },
                    Item::Registry { change: RegistryChange::PutCollection(after), .. },
                ) => self.change(|present| present.registry.exchange_reasons(before, after)),
                (_, Item::Access { change, .. }) => {
                    let (id, note) = match change {
                        AccessChange::CreateCredential(credential) => (credential.id, &credential.note),
                        AccessChange::Enrol(enrolment) => (enrolment.id, &enrolment.note),
                        _ => continue,
                    };
                    self.directory.write().unwrap_or_else(PoisonError::into_inner).exchange_note(id, note);
                }
                _ => {}
            }
        }
    }
}

impl Observer for Live {
    fn committed(&self, commits: &[Arc<Commit>]) {
        let Some(store) = self.store.get().and_then(Weak::upgrade) else {
            // Nothing commits before the state is loaded.
            return;
        };
        // Before the totals: a text that is read to be looked at is never older than the state that names it.
        for effect in commits.iter().flat_map(|commit| &commit.effects) {
            if let Some((_, after)) = effect.report() {
                let newest = &after.newest;
                self.likeness_mut().replace(&newest.report, &newest.figures, newest.narrative.as_ref());
            }
        }
        self.present.follow(commits, &*store);
        self.others.follow(commits, &*store);
        for effect in commits.iter().flat_map(|commit| &commit.effects) {
            match effect {
                Effect::Access(change) => {
                    let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
                    self.access_counts.add(&directory, change);
                    if let Err(error) = directory.apply(change) {
                        tracing::error!(%error, "a stored change of the directory does not apply");
                    }
                }
                Effect::Struck(struck) => self.strike(struck),
                _ => {}
            }
        }
        self.notices.tell(commits);
    }
}
