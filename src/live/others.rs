//! States beside the present one that follow the commits, too: those over another tree or with other reports in the sums
//! that were asked for last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::registry::RegistryChange;
use crate::store::{Commit, Store, StoreError};

use super::perspective::Kind;
use super::present::{Followed, HELD_UP_ENTRIES};
use super::replay::Effort;
use super::state::State;

/// So many at the most; each costs a submission what the present totals cost it.
const OTHERS_MAX: usize = 4;
/// A state that nobody asked for during so many journal entries follows no more.
const UNASKED_ENTRIES: u64 = 20_000;

struct Other {
    kind: Kind,
    state: Followed,
    /// Journal sequence at which it was asked for last.
    asked: AtomicU64,
}

/// The states beside the present one.
#[derive(Default)]
pub(super) struct Others {
    known: Mutex<Vec<Arc<Other>>>,
    /// Held while commits are followed, and while a state is taken in: it misses none.
    turn: Mutex<()>,
}

impl Others {
    fn known(&self) -> MutexGuard<'_, Vec<Arc<Other>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A state that answers questions of a kind as of now, where one follows.
    pub(crate) fn find(&self, kind: &Kind) -> Option<Arc<State>> {
        let mut known = self.known();
        let at = known.iter().position(|other| other.kind.covers(kind))?;
        // What was not asked for the longest goes first.
        let other = known.remove(at);
        let state = other.state.state();
        other.asked.store(state.sequence, Ordering::Relaxed);
        known.push(other);
        Some(state)
    }

    /// As [`Followed::foresee`], of each.
    pub(crate) fn foresee(&self, changes: &Arc<[RegistryChange]>, store: &dyn Store) -> Result<(), StoreError> {
        let known = self.known().clone();
        known.iter().try_for_each(|other| other.state.foresee(changes, store))
    }

    pub(crate) fn forget_foreseen(&self) {
        let known = self.known().clone();
        known.iter().for_each(|other| other.state.forget_foreseen());
    }

    /// Takes in a state, which follows the commits from now on.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) fn take_in(&self, kind: Kind, mut state: State, store: &dyn Store) -> Result<Arc<State>, StoreError> {
        // Most of the journal since is read while others commit.
        while store.position().sequence > state.sequence + HELD_UP_ENTRIES {
            state.catch_up(store, store.position().sequence, Effort::BESIDE)?;
        }
        let _turn = self.turn();
        state.catch_up(store, store.position().sequence, Effort::BESIDE)?;
        let asked = state.sequence.into();
        let other = Arc::new(Other { kind, state: Followed::new(state), asked });
        let state = other.state.state();
        if state.fault.is_none() {
            let mut known = self.known();
            known.retain(|one| !other.kind.covers(&one.kind));
            known.push(other);
            if known.len() > OTHERS_MAX {
                known.remove(0);
            }
        }
        Ok(state)
    }

    /// Follows commits, in their order.
    pub(crate) fn follow(&self, commits: &[Arc<Commit>], store: &dyn Store) {
        let _turn = self.turn();
        let Some(newest) = commits.last().map(|commit| commit.entry.sequence) else { return };
        let known = self.known().clone();
        for other in known {
            // One that was just taken in has followed some of them from the journal.
            let followed = other.state.state().sequence;
            let new = commits.partition_point(|commit| commit.entry.sequence <= followed);
            other.state.follow(commits.get(new..).unwrap_or_default(), store);
        }
        self.known().retain(|other| {
            let unasked = newest.saturating_sub(other.asked.load(Ordering::Relaxed));
            unasked < UNASKED_ENTRIES && other.state.state().fault.is_none()
        });
    }
}
