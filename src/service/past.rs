//! Past states, and states beside the present one, made from the store when they are asked for.
//!
//! One making serves all who ask for it. What was begun is brought to its end and kept, whoever gives up waiting; what
//! nobody waits for any more is not begun. So the work under way is bounded, whatever the deadlines of those who ask.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Semaphore, watch};

use crate::rollup::Tree;
use crate::store::{Store, StoreError};

use super::followed::Kind;
use super::live::Live;
use super::replay::Effort;
use super::state::{ACCEPTED, State};
use super::{Problem, Service};

/// Past states kept in memory; each is at most as large as the totals of its years, and shares what did not change.
const KEPT: usize = 8;
/// States of the present that were answered from and may be asked for again, page after page.
const SEEN: usize = 4;
/// A past state is made of one so many journal entries before it rather than of every report.
const NEAR_ENTRIES: u64 = 10_000;

/// Which state is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// None for one that follows the commits from now on.
    pub as_of: Option<u64>,
    pub kind: Kind,
}

/// A state that is being made, or waits for its turn.
struct Making {
    done: watch::Sender<Option<Result<Arc<State>, Problem>>>,
}

/// Large reads at the same time: half of the processors are left to everybody else.
fn makers() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

#[derive(Default)]
struct Kept {
    past: VecDeque<(Wanted, Arc<State>)>,
    seen: VecDeque<Arc<State>>,
    /// Until it is begun a making is held by those who wait for it, then by the work as well.
    makings: Vec<(Wanted, Weak<Making>)>,
}

/// Past states.
pub struct Past {
    kept: Mutex<Kept>,
    makers: Arc<Semaphore>,
}

impl Default for Past {
    fn default() -> Self {
        Self { kept: Mutex::default(), makers: Arc::new(Semaphore::new(makers())) }
    }
}

impl Kept {
    fn find(&mut self, wanted: &Wanted) -> Option<Arc<State>> {
        if wanted.kind.tree == Tree::AsReported && wanted.kind.states == ACCEPTED {
            let seen = self.seen.iter().find(|state| Some(state.sequence) == wanted.as_of);
            if let Some(state) = seen {
                return Some(state.clone());
            }
        }
        let at = self.past.iter().position(|(known, _)| known == wanted)?;
        let entry = self.past.remove(at)?;
        let state = entry.1.clone();
        // The one that was not asked for the longest goes first.
        self.past.push_back(entry);
        Some(state)
    }

    fn keep(&mut self, wanted: Wanted, state: Arc<State>) {
        self.past.push_back((wanted, state));
        if self.past.len() > KEPT {
            self.past.pop_front();
        }
    }

    /// The newest state of the kind that is a little older than what is wanted.
    fn near(&self, as_of: u64, kind: &Kind) -> Option<Arc<State>> {
        let past = self.past.iter().filter(|(known, _)| known.kind == *kind).map(|(_, state)| state);
        let near = past.filter(|state| (1..NEAR_ENTRIES).contains(&as_of.saturating_sub(state.sequence)));
        near.max_by_key(|state| state.sequence).cloned()
    }
}

impl Past {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a state of the present for those who will ask for its sequence.
    pub fn note_seen(&self, state: &Arc<State>) {
        let mut kept = self.kept();
        if kept.seen.back().is_none_or(|newest| newest.sequence < state.sequence) {
            kept.seen.push_back(state.clone());
            if kept.seen.len() > SEEN {
                kept.seen.pop_front();
            }
        }
    }
}

impl Service {
    /// A state that does not follow the commits yet, or is of the past.
    ///
    /// # Errors
    /// STORE_DAMAGED where it cannot be trusted; where the store cannot be read.
    pub(super) async fn made(&self, wanted: Wanted) -> Result<Arc<State>, Problem> {
        let making = {
            let mut kept = self.past.kept();
            if let Some(state) = kept.find(&wanted) {
                return Ok(state);
            }
            kept.makings.retain(|(_, making)| making.strong_count() > 0);
            let under_way = kept.makings.iter().find(|(known, _)| *known == wanted);
            match under_way.and_then(|(_, making)| making.upgrade()) {
                Some(making) => making,
                None => {
                    let making = Arc::new(Making { done: watch::Sender::new(None) });
                    kept.makings.push((wanted.clone(), Arc::downgrade(&making)));
                    tokio::spawn(make(self.clone(), wanted, Arc::downgrade(&making)));
                    making
                }
            }
        };
        let mut done = making.done.subscribe();
        let done = done.wait_for(Option::is_some).await;
        let made = done.ok().and_then(|made| made.clone());
        made.unwrap_or_else(|| Err(Problem::internal("a state was given up while it was made")))
    }
}

impl Service {
    /// As [`Service::blocking`], for reads of so much that few may go at a time. The turn ends with the work, not with the
    /// caller.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.past.makers.clone().acquire_owned().await;
        let turn = turn.map_err(|error| Problem::internal(&error.to_string()))?;
        self.blocking(move |store| {
            let _turn = turn;
            read(store)
        })
        .await
    }
}

/// Makes a state in its turn, unless nobody waits for it by then. The turn ends with the work, not with a caller.
async fn make(service: Service, wanted: Wanted, making: Weak<Making>) {
    let Ok(turn) = service.past.makers.clone().acquire_owned().await else { return };
    let Some(making) = making.upgrade() else { return };
    let (past, live) = (service.past.clone(), service.live.clone());
    let work = {
        let wanted = wanted.clone();
        move |store: &dyn Store| {
            let _turn = turn;
            let base = wanted.as_of.and_then(|as_of| past.kept().near(as_of, &wanted.kind));
            make_now(store, &live, &wanted, base)
        }
    };
    let made = service.uninterrupted(work).await.and_then(|state| match &state.fault {
        Some(fault) => Err(Problem::untrusted(fault)),
        None => Ok(state),
    });
    {
        let mut kept = service.past.kept();
        if let (Ok(state), Some(_)) = (&made, wanted.as_of) {
            kept.keep(wanted.clone(), state.clone());
        }
        kept.makings.retain(|(known, _)| *known != wanted);
    }
    making.done.send_replace(Some(made));
}

fn make_now(
    store: &dyn Store,
    live: &Live,
    wanted: &Wanted,
    base: Option<Arc<State>>,
) -> Result<Arc<State>, StoreError> {
    let present = live.read();
    let Kind { tree, states, years } = &wanted.kind;
    // The registry of the present is that of the past, too, where it has not changed since.
    let mut like = wanted.kind.empty();
    (like.registry, like.registry_sequence, like.sequence) =
        (present.registry.clone(), present.registry_sequence, present.sequence);
    match (wanted.as_of, base) {
        (Some(as_of), Some(base)) => {
            let mut state = State::clone(&base);
            state.catch_up(store, as_of, Effort::BESIDE)?;
            Ok(Arc::new(state))
        }
        (Some(as_of), None) => State::replay(store, as_of, &like, Effort::BESIDE).map(Arc::new),
        (None, _) => {
            let state = if states == ACCEPTED {
                present.over(store, *tree, *years)?
            } else {
                State::replay(store, present.sequence, &like, Effort::BESIDE)?
            };
            drop(present);
            live.others.take_in(wanted.kind.clone(), state, store)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;
    use tokio::time::timeout;

    use super::*;
    use crate::registry::{Jurisdiction, RegistryChange};
    use crate::report::{Level, ReportYear};
    use crate::service::{Caller, Perspective};
    use crate::store::MemoryStore;

    const ENTRIES: u64 = 60;

    fn year() -> ReportYear {
        ReportYear::new(2022).unwrap()
    }

    /// A service whose journal has some entries.
    async fn service() -> Service {
        let live = Arc::<Live>::default();
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, jiff::Timestamp::now).unwrap();
        for number in 0..ENTRIES {
            let province = RegistryChange::CreateJurisdiction(Jurisdiction {
                code: format!("{:06}", 110_000 + number).parse().unwrap(),
                parent: None,
                display_name: "样例省".to_owned(),
                level: Level::Province,
                first_year: year(),
            });
            service.change_registry(vec![province], false, &Caller::internal("test")).await.unwrap();
        }
        service
    }

    async fn ask(service: &Service, as_of: u64) -> Arc<State> {
        let perspective = Perspective { as_of: Some(as_of), ..Perspective::default() };
        service.state_of(&perspective, (year(), year())).await.unwrap()
    }

    async fn until(mut is_so: impl FnMut() -> bool) {
        let wait = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(60), wait).await.expect("it to become so");
    }

    #[tokio::test]
    async fn what_is_given_up_before_its_turn_is_never_begun() {
        let service = service().await;
        let turns = service.past.makers.clone().acquire_many_owned(makers() as u32).await.unwrap();
        let asked = (1..=40).map(|as_of| timeout(Duration::from_millis(5), ask(&service, as_of)));
        assert!(join_all(asked).await.iter().all(Result::is_err));
        assert_eq!(service.past.kept().makings.len(), 40);
        drop(turns);
        // Whoever asks next comes after all of them.
        assert_eq!(ask(&service, 50).await.sequence, 50);
        assert_eq!(service.past.kept().past.len(), 1);
        until(|| service.past.makers.available_permits() == makers()).await;
    }

    #[tokio::test]
    async fn what_was_begun_is_kept_though_nobody_waits() {
        let service = service().await;
        {
            let asked = ask(&service, 7);
            tokio::pin!(asked);
            let begun = || service.past.kept().makings.iter().all(|(_, making)| making.strong_count() == 2);
            let _ = timeout(Duration::ZERO, &mut asked).await;
            while service.past.kept().past.is_empty() && !begun() {
                tokio::task::yield_now().await;
            }
        }
        until(|| !service.past.kept().past.is_empty()).await;
        assert_eq!(ask(&service, 7).await.sequence, 7);
        assert_eq!(service.past.kept().past.len(), 1);
    }

    #[tokio::test]
    async fn one_making_serves_all_who_ask_for_it() {
        let service = service().await;
        let turns = service.past.makers.clone().acquire_many_owned(makers() as u32).await.unwrap();
        let asked = join_all((0..10).map(|_| ask(&service, 9)));
        tokio::pin!(asked);
        assert!(timeout(Duration::from_millis(5), &mut asked).await.is_err());
        assert_eq!(service.past.kept().makings.len(), 1);
        drop(turns);
        let states = asked.await;
        assert!(states.iter().all(|state| Arc::ptr_eq(state, &states[0])));
    }
}
