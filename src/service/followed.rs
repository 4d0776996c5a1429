//! States that follow the store's commits: the present one, and those over another tree or with other reports in the
//! sums that were asked for last.
//!
//! Readers take a state as it is and keep it as long as they like; the next commit changes a copy, which shares all that
//! it does not change. Nobody waits for another's question.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::registry::{Registry, RegistryChange};
use crate::report::{ReportState, ReportYear};
use crate::rollup::{Totals, Tree};
use crate::store::{Commit, Effect, Store, StoreError};

use super::replay::Effort;
use super::state::{Rearrangement, State};

/// States beside the present one that follow the commits; each costs a submission what the present totals cost it.
const OTHERS_MAX: usize = 4;
/// A state that nobody asked for during so many journal entries follows no more.
const UNASKED_ENTRIES: u64 = 20_000;
/// So many entries may be left to follow when the commits are held up for the rest.
const HELD_UP_ENTRIES: u64 = 64;

/// A state that follows the commits.
#[derive(Debug, Default)]
pub struct Followed {
    state: RwLock<Arc<State>>,
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
    /// Whether this is what the changes make of a state now.
    fn is_of(&self, changes: &[&RegistryChange], state: &State) -> bool {
        let is_true = self.state.fault.is_none() && self.state.sequence == state.sequence;
        is_true
            && self.state.registry_sequence == state.registry_sequence
            // Words that were struck out of it meanwhile do not come back.
            && self.before.collections().eq(state.registry.collections())
            && self.changes.iter().eq(changes.iter().copied())
    }
}

fn changes_registry(commit: &Commit) -> bool {
    commit.effects.iter().any(|effect| matches!(effect, Effect::Registry(_)))
}

impl Followed {
    fn new(state: State) -> Self {
        Self { state: RwLock::new(Arc::new(state)), foreseen: Mutex::default() }
    }

    /// The state as it is now. It stays so, whatever is committed.
    pub fn read(&self) -> Arc<State> {
        // A panic under the lock is a defect of ours; totals are recomputed at the next start.
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the state. Be quick: whoever asks waits for it.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut state))
    }

    fn foreseen(&self) -> MutexGuard<'_, Option<Foreseen>> {
        self.foreseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works out what changes of the registry will do to the state.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn foresee(&self, changes: &Arc<[RegistryChange]>, store: &dyn Store) -> Result<(), StoreError> {
        let base = self.read();
        let mut state = match base.changed_by(changes, store) {
            Ok(state) => state,
            // Where they do not apply after all, they are not committed either.
            Err(error) => return error.downcast::<StoreError>().map_or(Ok(()), |error| Err(*error)),
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

    pub fn forget_foreseen(&self) {
        let forgotten = self.foreseen().take();
        drop(forgotten);
    }

    /// Follows commits, in their order. What a change of the registry moves is found while everybody goes on asking.
    pub fn follow(&self, commits: &[Arc<Commit>], store: &dyn Store) {
        let mut foreseen = self.foreseen();
        for run in commits.chunk_by(|one, next| !changes_registry(one) && !changes_registry(next)) {
            let registry_change = run.first().filter(|first| changes_registry(first));
            let arranged = registry_change.map(|commit| self.arrange(commit, foreseen.take(), store));
            let before = self.change(|state| {
                let before = arranged.and_then(|arranged| state.take(arranged));
                run.iter().for_each(|commit| state.apply(commit));
                before
            });
            // While everybody goes on.
            drop(before);
            if let Some(Foreseen { state, .. }) = &mut *foreseen {
                // Some of them it has followed from the journal.
                let followed = state.sequence;
                run.iter().filter(|commit| commit.entry.sequence > followed).for_each(|commit| state.apply(commit));
            }
        }
    }

    /// What the changes of the registry in a commit do.
    fn arrange(
        &self,
        commit: &Commit,
        foreseen: Option<Foreseen>,
        store: &dyn Store,
    ) -> Result<Rearrangement, Box<dyn std::error::Error>> {
        let changes = commit.effects.iter().filter_map(|effect| match effect {
            Effect::Registry(change) => Some(change),
            _ => None,
        });
        let (state, changes) = (self.read(), changes.collect::<Vec<&RegistryChange>>());
        match foreseen.filter(|foreseen| foreseen.is_of(&changes, &state)) {
            Some(foreseen) => Ok(Rearrangement::to(foreseen.state, commit.entry.sequence)),
            None => state.rearrange(&changes, commit.entry.sequence, store),
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

/// What a state beside the present one is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub tree: Tree,
    /// In order, each once.
    pub states: Vec<ReportState>,
    /// First and last.
    pub years: (ReportYear, ReportYear),
}

impl Kind {
    /// Whether a state of this kind answers what one of another kind is asked.
    fn covers(&self, other: &Self) -> bool {
        let years = self.years.0 <= other.years.0 && other.years.1 <= self.years.1;
        years && self.tree == other.tree && self.states == other.states
    }

    /// An empty state of this kind.
    pub fn empty(&self) -> State {
        State {
            totals: Totals::new(self.tree),
            admitted: self.states.clone(),
            years: Some(self.years),
            ..State::default()
        }
    }
}

struct Other {
    kind: Kind,
    state: Followed,
    /// Journal sequence at which it was asked for last.
    asked: AtomicU64,
}

/// The states beside the present one.
#[derive(Default)]
pub struct Others {
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
    pub fn find(&self, kind: &Kind) -> Option<Arc<State>> {
        let mut known = self.known();
        let at = known.iter().position(|other| other.kind.covers(kind))?;
        // What was not asked for the longest goes first.
        let other = known.remove(at);
        let state = other.state.read();
        other.asked.store(state.sequence, Ordering::Relaxed);
        known.push(other);
        Some(state)
    }

    /// As [`Followed::foresee`], of each.
    pub fn foresee(&self, changes: &Arc<[RegistryChange]>, store: &dyn Store) -> Result<(), StoreError> {
        let known = self.known().clone();
        known.iter().try_for_each(|other| other.state.foresee(changes, store))
    }

    pub fn forget_foreseen(&self) {
        let known = self.known().clone();
        known.iter().for_each(|other| other.state.forget_foreseen());
    }

    /// Takes in a state, which follows the commits from now on.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn take_in(&self, kind: Kind, mut state: State, store: &dyn Store) -> Result<Arc<State>, StoreError> {
        // Most of the journal since is read while others commit.
        while store.position().sequence > state.sequence + HELD_UP_ENTRIES {
            state.catch_up(store, store.position().sequence, Effort::BESIDE)?;
        }
        let _turn = self.turn();
        state.catch_up(store, store.position().sequence, Effort::BESIDE)?;
        let asked = state.sequence.into();
        let other = Arc::new(Other { kind, state: Followed::new(state), asked });
        let state = other.state.read();
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
    pub fn follow(&self, commits: &[Arc<Commit>], store: &dyn Store) {
        let _turn = self.turn();
        let Some(newest) = commits.last().map(|commit| commit.entry.sequence) else { return };
        let known = self.known().clone();
        for other in known {
            // One that was just taken in has followed some of them from the journal.
            let followed = other.state.read().sequence;
            let new = commits.partition_point(|commit| commit.entry.sequence <= followed);
            other.state.follow(commits.get(new..).unwrap_or_default(), store);
        }
        self.known().retain(|other| {
            let unasked = newest.saturating_sub(other.asked.load(Ordering::Relaxed));
            unasked < UNASKED_ENTRIES && other.state.read().fault.is_none()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Jurisdiction;
    use crate::report::Level;
    use crate::service::{Caller, Live, Service};
    use crate::store::MemoryStore;

    fn year() -> ReportYear {
        ReportYear::new(2022).unwrap()
    }

    fn province(code: &str) -> RegistryChange {
        RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.parse().unwrap(),
            parent: None,
            display_name: "样例省".to_owned(),
            level: Level::Province,
            first_year: year(),
        })
    }

    #[tokio::test]
    async fn a_state_that_was_taken_stays_as_it_was_and_holds_up_nobody() {
        let live = Arc::<Live>::default();
        let store = Arc::new(MemoryStore::new(live.clone()));
        let service = Service::start(store, live.clone(), jiff::Timestamp::now).unwrap();
        let taken = live.read();
        for code in ["230000", "110000"] {
            // While `taken` is held, as by a question that takes long.
            service.change_registry(vec![province(code)], false, &Caller::internal("test")).await.unwrap();
        }
        assert_eq!((taken.sequence, taken.registry.jurisdictions().len()), (0, 0));
        assert_eq!((live.read().sequence, live.read().registry.jurisdictions().len()), (2, 2));
    }
}
