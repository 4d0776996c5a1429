//! What is in memory of a store and follows its journal: the present state, states beside it and of the past, figures of
//! single agencies, which texts are alike, who may do what, and word for those who watch.
//!
//! - [`State`]: the registry and the totals at one sequence of the journal. `replay` counts one from the store, `follow` is
//!   the one way in which a commit changes one, and `arrange` what a change of the registry does to it.
//! - `present`: a state that follows the commits while others read it. `others`: a few more, over other trees or with
//!   other reports in the sums. `past`: states of earlier moments.
//! - `filling`: how what is kept only once it was asked for is read beside the commits: `columns`, `likeness`.
//! - `directory`: who may do what. `ended`: sessions that ended before their time. `beside`: contacts and reminders. `notices`: word of commits.
//! - `perspective`: which state answers a question. `then`: which agencies counted in a place at an earlier moment.
//!
//! It knows nothing of callers and of what they are told.

mod arrange;
mod beside;
mod columns;
mod directory;
mod ended;
mod filling;
mod follow;
mod likeness;
mod notices;
mod others;
mod past;
mod perspective;
mod present;
mod replay;
#[cfg(test)]
mod sample;
mod state;
mod then;

use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use crate::access::Directory;
use crate::registry::RegistryChange;
use crate::store::{CheckpointFile, Commit, Effect, Item, NEWEST, Observer, Store, StoreError, Struck, check_changes};

use directory::LiveDirectory;
use likeness::Likeness;
use others::Others;
use past::Past;
use present::Followed;

pub use arrange::Unarranged;
pub use beside::{Beside, KeptContacts, LastReminder};
pub use columns::Columns;
pub use ended::Ended;
pub use notices::{Changed, Notice, Notices};
pub use past::Unmade;
pub use perspective::Perspective;
pub use present::Present;
pub use replay::Effort;
pub use state::{ACCEPTED, State, revision_in_sums};
pub(crate) use then::{Then, Where};

/// What is in memory of a store.
#[derive(Default)]
pub struct Live {
    present: Followed,
    /// States over other trees, or with other reports in the sums.
    others: Others,
    past: Past,
    /// Which present reports have texts alike.
    likeness: RwLock<Likeness>,
    directory: LiveDirectory,
    ended: Ended,
    beside: RwLock<Beside>,
    /// Tells watchers of commits.
    pub notices: Notices,
    /// Whose commits these are. Not held: it is closed when the service lets it go.
    store: OnceLock<Weak<dyn Store>>,
}

impl Live {
    /// The present state. It stays as it is, whatever is committed.
    pub fn read(&self) -> Arc<State> {
        self.present.state()
    }

    /// The present state with the columns that are true as of the same moment.
    pub fn present(&self) -> Present {
        self.present.read()
    }

    /// Changes the present state. Be quick: whoever asks waits for it.
    #[cfg(test)]
    pub fn change<T>(&self, change: impl FnOnce(&mut State, &mut Columns) -> T) -> T {
        self.present.change(change)
    }

    /// Texts alike. Hold it briefly: commits wait for it.
    pub fn likeness(&self) -> RwLockReadGuard<'_, Likeness> {
        self.likeness.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn likeness_mut(&self) -> RwLockWriteGuard<'_, Likeness> {
        self.likeness.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The principals as they are now. Hold it briefly: commits wait for it.
    pub fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read()
    }

    /// Contacts and reminders as they are now. Hold it briefly: commits wait for it.
    pub fn beside(&self) -> RwLockReadGuard<'_, Beside> {
        self.beside.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn beside_mut(&self) -> RwLockWriteGuard<'_, Beside> {
        self.beside.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sessions of browsers that somebody has ended.
    pub fn ended_sessions(&self) -> &Ended {
        &self.ended
    }

    /// Journal sequence of the newest change of who may do what that [`Live::directory`] has for sure; 0 for none.
    pub fn directory_sequence(&self) -> u64 {
        self.directory.sequence()
    }

    /// Changes of who may do what since the start: kind, whether it concerned an administrator, how many.
    pub fn access_changes(&self) -> Vec<(&'static str, bool, u64)> {
        self.directory.changes()
    }

    /// The store, while it is open.
    fn store(&self) -> Option<Arc<dyn Store>> {
        self.store.get()?.upgrade()
    }

    /// Fills everything from the store, before anything is committed: from the kept totals where there are any, else from
    /// every report. Whether it was from the former.
    ///
    /// # Errors
    /// Where the store cannot be read, or holds changes that it was not stored with.
    pub fn load(&self, store: &Arc<dyn Store>, kept: Option<&CheckpointFile>) -> Result<bool, StoreError> {
        let (registry, access) = (store.registry(0, NEWEST)?, store.access()?);
        let (state, resumed) = std::thread::scope(|scope| {
            // Beside the load, which takes as long.
            let checked = scope.spawn(|| check_changes(&**store, &registry, &access));
            let loaded = Self::loaded(&**store, &registry, kept);
            // A panic of the other thread goes on here.
            checked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            loaded
        })?;
        let sequence = state.sequence;
        tracing::info!(sequence, resumed, "the totals are loaded");
        self.present.change(|present, _| *present = state);
        let newest = access.last().map_or(0, |(sequence, _)| *sequence);
        self.directory.begin(directory::replayed(access)?, newest);
        *self.beside_mut() = Beside::of(&registry);
        self.notices.begin(sequence);
        // Loaded twice it is the same store.
        let _ = self.store.set(Arc::downgrade(store));
        Ok(resumed)
    }

    /// The state of the store, and whether it is from kept totals.
    fn loaded(
        store: &dyn Store,
        registry: &[(u64, RegistryChange)],
        kept: Option<&CheckpointFile>,
    ) -> Result<(State, bool), StoreError> {
        let resumed = match kept.and_then(CheckpointFile::read) {
            Some(checkpoint) => State::resume(store, checkpoint, registry, Effort::whole())?,
            None => None,
        };
        match resumed {
            Some(state) => Ok((state, true)),
            None => Ok((State::count(store, store.position().sequence, registry, Effort::whole())?, false)),
        }
    }

    /// Works out what changes of the registry do, before they are committed and while everybody goes on; where they are
    /// committed next, that is taken as it is.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn foresee(&self, changes: &Arc<[RegistryChange]>, store: &dyn Store) -> Result<(), StoreError> {
        self.present.foresee(changes, store)?;
        self.others.foresee(changes, store)
    }

    /// What was worked out will not come.
    pub fn forget_foreseen(&self) {
        self.present.forget_foreseen();
        self.others.forget_foreseen();
    }

    /// The principals as the stored changes make them.
    ///
    /// # Errors
    /// Where the store cannot be read, or holds a change that does not apply.
    pub fn stored_directory(store: &dyn Store) -> Result<Directory, StoreError> {
        directory::replayed(store.access()?)
    }

    /// Takes people's words that were struck out from what is in memory.
    fn strike(&self, struck: &Struck) {
        for (before, after) in struck.before.iter().zip(&struck.after) {
            match (before, after) {
                (
                    Item::Registry { change: RegistryChange::PutCollection(before), .. },
                    Item::Registry { change: RegistryChange::PutCollection(after), .. },
                ) => self.present.change(|present, _| present.registry.exchange_reasons(before, after)),
                (_, Item::Registry { sequence, change: RegistryChange::PutContacts(contacts), .. }) => {
                    self.beside_mut().strike(*sequence, contacts);
                }
                (_, Item::Access { change, .. }) => self.directory.strike(change),
                _ => {}
            }
        }
    }
}

impl Observer for Live {
    /// Everything in memory follows here, and only here.
    fn committed(&self, commits: &[Arc<Commit>]) {
        // Nothing commits before the state is loaded.
        let Some(store) = self.store() else { return };
        let effects = || commits.iter().flat_map(|commit| &commit.effects);
        // Before the totals: a text that is read to be looked at is never older than the state that names it.
        for (_, after) in effects().filter_map(Effect::report) {
            self.likeness_mut().replace(&after.newest);
        }
        self.present.follow(commits, &*store);
        self.others.follow(commits, &*store);
        for commit in commits {
            self.ended.follow(&commit.entry);
            for effect in &commit.effects {
                match effect {
                    Effect::Access(change) => self.directory.follow(change),
                    Effect::Registry(change) => self.beside_mut().follow(commit.entry.sequence, change),
                    Effect::Struck(struck) => self.strike(struck),
                    _ => {}
                }
            }
        }
        let changed = commits.iter().rfind(|commit| commit.changes_access());
        changed.iter().for_each(|commit| self.directory.came_to(commit.entry.sequence));
        self.notices.tell(commits);
    }

    fn is_ready(&self) -> bool {
        self.store.get().is_some()
    }
}
