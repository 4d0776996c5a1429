//! A state that follows the store's commits while others read it: the present one, and each of those beside it.
//!
//! Readers take a state as it is and keep it as long as they like; the next commit changes a copy, which shares all that
//! it does not change. Nobody waits for another's question.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::registry::{Registry, RegistryChange};
use crate::store::{Commit, Store, StoreError};

use super::arrange::{Rearrangement, Unarranged};
use super::columns::Columns;
use super::replay::Effort;
use super::state::State;

/// So many entries may be left to follow when the commits are held up for the rest.
pub(super) const HELD_UP_ENTRIES: u64 = 64;

/// A state with the columns that are true as of the same moment. It stays as it is, whatever is committed.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// The registry and the totals.
    pub state: Arc<State>,
    /// Figures of single agencies that were asked for; none beside states of the past and over other trees.
    pub columns: Arc<Columns>,
}

impl From<Arc<State>> for Present {
    fn from(state: Arc<State>) -> Self {
        Self { state, columns: Arc::default() }
    }
}

/// A state that follows the commits.
#[derive(Debug, Default)]
pub(super) struct Followed {
    present: RwLock<Present>,
    /// Held while commits are followed, and while something is foreseen: it misses none.
    foreseen: Mutex<Option<Foreseen>>,
}

/// A state as it will be once changes of the registry that are about to be committed are in force. It follows the commits
/// until then, so that these changes take no work when they come.
#[derive(Debug)]
struct Foreseen {
    changes: Arc<[RegistryChange]>,
    /// The registry that they change.
    before: Registry,
    state: State,
}

impl Foreseen {
    /// Whether this is what the changes in a commit make of a state now.
    fn is_of(&self, commit: &Commit, state: &State) -> bool {
        let is_true = self.state.fault.is_none() && self.state.sequence == state.sequence;
        is_true
            && self.state.registry_sequence == state.registry_sequence
            // Words that were struck out of it meanwhile do not come back.
            && self.before.collections().eq(state.registry.collections())
            && self.changes.iter().eq(commit.registry_changes())
    }
}

impl Followed {
    pub(crate) fn new(state: State) -> Self {
        Self { present: RwLock::new(Arc::new(state).into()), foreseen: Mutex::default() }
    }

    /// The state as it is now, with its columns. It stays so, whatever is committed.
    pub(crate) fn read(&self) -> Present {
        // A panic under the lock is a defect of ours; totals are recomputed at the next start.
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As [`Followed::read`], without the columns.
    pub(crate) fn state(&self) -> Arc<State> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).state.clone()
    }

    /// Changes the state and its columns. Be quick: whoever asks waits for it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State, &mut Columns) -> T) -> T {
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        let Present { state, columns } = &mut *present;
        change(Arc::make_mut(state), Arc::make_mut(columns))
    }

    fn foreseen(&self) -> MutexGuard<'_, Option<Foreseen>> {
        self.foreseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works out what changes of the registry will do to the state.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) fn foresee(&self, changes: &Arc<[RegistryChange]>, store: &dyn Store) -> Result<(), StoreError> {
        let base = self.state();
        let mut state = match base.changed_by(changes, store) {
            Ok(state) => state,
            // Where they do not apply after all, they are not committed either.
            Err(Unarranged::Change(_)) => return Ok(()),
            Err(Unarranged::Store(error)) => return Err(error),
        };
        while store.position().sequence > state.sequence + HELD_UP_ENTRIES {
            if !follow_reports(&mut state, store)? {
                return Ok(());
            }
        }
        let mut foreseen = self.foreseen();
        if follow_reports(&mut state, store)? {
            *foreseen = Some(Foreseen { changes: changes.clone(), before: base.registry.clone(), state });
        }
        Ok(())
    }

    pub(crate) fn forget_foreseen(&self) {
        let forgotten = self.foreseen().take();
        drop(forgotten);
    }

    /// Follows commits, in their order. What a change of the registry moves is found while everybody goes on asking.
    pub(crate) fn follow(&self, commits: &[Arc<Commit>], store: &dyn Store) {
        let mut foreseen = self.foreseen();
        for run in commits.chunk_by(|one, next| !one.changes_registry() && !next.changes_registry()) {
            let Some(first) = run.first() else { continue };
            let arranged = self.arrangement(first, &mut foreseen, store);
            let replaced = self.change(|state, columns| {
                let replaced = match arranged {
                    Ok(arranged) => arranged.map(|arranged| state.take(arranged)),
                    Err(error) => {
                        state.cannot_follow(&error);
                        None
                    }
                };
                run.iter().for_each(|commit| state.apply(commit, Some(columns)));
                replaced
            });
            // While everybody goes on.
            drop(replaced);
            if let Some(Foreseen { state, .. }) = &mut *foreseen {
                // Some of them it has followed from the journal.
                let followed = state.sequence;
                let new = run.iter().filter(|commit| commit.entry.sequence > followed);
                new.for_each(|commit| state.apply(commit, None));
            }
        }
    }

    /// As [`State::arrangement`]: what was foreseen, where that is what is committed.
    fn arrangement(
        &self,
        commit: &Commit,
        foreseen: &mut Option<Foreseen>,
        store: &dyn Store,
    ) -> Result<Option<Rearrangement>, Unarranged> {
        if !commit.changes_registry() {
            return Ok(None);
        }
        let state = self.state();
        match foreseen.take().filter(|foreseen| foreseen.is_of(commit, &state)) {
            Some(foreseen) => Ok(Some(Rearrangement::to(foreseen.state, commit.entry.sequence))),
            None => state.arrangement(commit, store),
        }
    }
}

/// Follows the journal to its end where nothing of the registry changes on the way, which is said.
fn follow_reports(state: &mut State, store: &dyn Store) -> Result<bool, StoreError> {
    let newest = store.position().sequence;
    let changes = store.registry(state.sequence, newest)?;
    if changes.is_empty() {
        state.catch_up(store, newest, Effort::BESIDE)?;
    }
    Ok(changes.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::live::sample::Sample;

    #[tokio::test]
    async fn a_state_that_was_taken_stays_as_it_was_and_holds_up_nobody() {
        let sample = Sample::empty();
        let taken = sample.live.read();
        for code in ["230000", "110000"] {
            // While `taken` is held, as by a question that takes long.
            sample.add_province(code).await;
        }
        assert_eq!((taken.sequence, taken.registry.jurisdictions().len()), (0, 0));
        let now = sample.live.read();
        assert_eq!((now.sequence, now.registry.jurisdictions().len()), (2, 2));
    }
}
