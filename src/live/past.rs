//! Past states, and states beside the present one, made from the store when they are asked for.
//!
//! One making serves all who ask for it. What was begun is brought to its end and kept, whoever gives up waiting; what
//! nobody waits for any more is not begun. So the work under way is bounded, whatever the deadlines of those who ask.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Semaphore, watch};

use crate::report::ReportYear;
use crate::store::{Store, StoreError};

use super::Live;
use super::perspective::{Kind, Perspective};
use super::present::Present;
use super::replay::Effort;
use super::state::{ACCEPTED, State};

/// Why there is no state to answer from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmade {
    /// The journal has not come so far.
    #[error("the journal stands at {newest}")]
    NotYet {
        /// Sequence number of its newest entry; 0 for an empty one.
        newest: u64,
    },
    /// Its totals cannot be trusted.
    #[error("{0}")]
    Untrusted(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service ends, or a defect ended the work.
    #[error("a state was given up while it was made")]
    GivenUp,
}

/// Past states kept in memory; each is at most as large as the totals of its years, and shares what did not change.
const KEPT: usize = 8;
/// States of the present that were answered from and may be asked for again, page after page.
const SEEN: usize = 4;
/// A past state is made of one so many journal entries before it rather than of every report.
const NEAR_ENTRIES: u64 = 10_000;

/// Which state is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    /// None for one that follows the commits from now on.
    as_of: Option<u64>,
    kind: Kind,
}

/// A state that is being made, or waits for its turn.
struct Making {
    done: watch::Sender<Option<Result<Arc<State>, Unmade>>>,
}

/// Large reads at the same time: half of the processors are left to everybody else.
fn makers() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

#[derive(Default)]
struct Kept {
    past: VecDeque<(Wanted, Arc<State>)>,
    seen: VecDeque<Present>,
    /// Until it is begun a making is held by those who wait for it, then by the work as well.
    makings: Vec<(Wanted, Weak<Making>)>,
}

/// Past states.
pub(super) struct Past {
    kept: Mutex<Kept>,
    makers: Arc<Semaphore>,
}

impl Default for Past {
    fn default() -> Self {
        Self { kept: Mutex::default(), makers: Arc::new(Semaphore::new(makers())) }
    }
}

impl Kept {
    fn find(&mut self, wanted: &Wanted) -> Option<Present> {
        if wanted.kind.is_of_present() {
            let seen = self.seen.iter().find(|present| Some(present.state.sequence) == wanted.as_of);
            if let Some(present) = seen {
                return Some(present.clone());
            }
        }
        let at = self.past.iter().position(|(known, _)| known == wanted)?;
        let entry = self.past.remove(at)?;
        let state = entry.1.clone();
        // The one that was not asked for the longest goes first.
        self.past.push_back(entry);
        Some(state.into())
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

    fn note_seen(&self, present: &Present) {
        let mut kept = self.kept();
        if kept.seen.back().is_none_or(|newest| newest.state.sequence < present.state.sequence) {
            kept.seen.push_back(present.clone());
            if kept.seen.len() > SEEN {
                kept.seen.pop_front();
            }
        }
    }
}

impl Live {
    /// The present, where it can be trusted.
    ///
    /// # Errors
    /// [`Unmade::Untrusted`].
    pub fn trusted(&self) -> Result<Arc<State>, Unmade> {
        trusted(self.read())
    }

    /// The state to answer a question about `years` from, first and last.
    ///
    /// # Errors
    /// [`Unmade`].
    pub async fn state_of(
        self: &Arc<Self>,
        perspective: &Perspective,
        years: (ReportYear, ReportYear),
    ) -> Result<Present, Unmade> {
        let kind = perspective.kind(years);
        let present = self.present();
        let newest = trusted(present.state.clone())?.sequence;
        match perspective.as_of.filter(|as_of| *as_of != newest) {
            Some(as_of) if as_of > newest => Err(Unmade::NotYet { newest }),
            Some(as_of) => self.made(Wanted { as_of: Some(as_of), kind }).await,
            None if kind.is_of_present() => Ok(present),
            None => match self.others.find(&kind) {
                Some(state) => Ok(state.into()),
                None => self.made(Wanted { as_of: None, kind }).await,
            },
        }
    }

    /// Keeps a state of the present for those who will ask for its sequence.
    pub fn note_seen(&self, present: &Present) {
        self.past.note_seen(present);
    }

    /// Turns of large reads of the store: few may go at a time.
    pub fn makers(&self) -> Arc<Semaphore> {
        self.past.makers.clone()
    }

    /// A state that does not follow the commits yet, or is of the past.
    async fn made(self: &Arc<Self>, wanted: Wanted) -> Result<Present, Unmade> {
        let making = {
            let mut kept = self.past.kept();
            if let Some(present) = kept.find(&wanted) {
                return Ok(present);
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
        made.unwrap_or(Err(Unmade::GivenUp)).map(Present::from)
    }
}

fn trusted(state: Arc<State>) -> Result<Arc<State>, Unmade> {
    match &state.fault {
        Some(fault) => Err(Unmade::Untrusted(fault.clone())),
        None => Ok(state),
    }
}

/// Makes a state in its turn, unless nobody waits for it by then. The turn ends with the work, not with a caller.
async fn make(live: Arc<Live>, wanted: Wanted, making: Weak<Making>) {
    let Ok(turn) = live.makers().acquire_owned().await else { return };
    let Some(making) = making.upgrade() else { return };
    let work = {
        let (live, wanted, span) = (live.clone(), wanted.clone(), tracing::Span::current());
        move || {
            let _turn = turn;
            span.in_scope(|| make_now(&live, &wanted))
        }
    };
    let made = tokio::task::spawn_blocking(work).await.unwrap_or(Err(Unmade::GivenUp));
    let made = made.and_then(trusted);
    {
        let mut kept = live.past.kept();
        if let (Ok(state), Some(_)) = (&made, wanted.as_of) {
            kept.keep(wanted.clone(), state.clone());
        }
        kept.makings.retain(|(known, _)| *known != wanted);
    }
    making.done.send_replace(Some(made));
}

fn make_now(live: &Live, wanted: &Wanted) -> Result<Arc<State>, Unmade> {
    let store = live.store().ok_or(Unmade::GivenUp)?;
    let Some(as_of) = wanted.as_of else { return Ok(make_beside(live, &*store, &wanted.kind)?) };
    let near = live.past.kept().near(as_of, &wanted.kind);
    if let Some(near) = near {
        let mut state = State::clone(&near);
        state.catch_up(&*store, as_of, Effort::BESIDE)?;
        return Ok(Arc::new(state));
    }
    Ok(Arc::new(State::replay(&*store, as_of, &like_present(live, &wanted.kind), Effort::BESIDE)?))
}

/// Makes a state that follows the commits from now on.
fn make_beside(live: &Live, store: &dyn Store, kind: &Kind) -> Result<Arc<State>, StoreError> {
    let state = if kind.states == ACCEPTED {
        live.read().over(store, kind.tree, kind.years)?
    } else {
        let like = like_present(live, kind);
        State::replay(store, like.sequence, &like, Effort::BESIDE)?
    };
    live.others.take_in(kind.clone(), state, store)
}

/// An empty state of a kind with the registry of the present, which is that of the past, too, where it has not changed since.
fn like_present(live: &Live, kind: &Kind) -> State {
    let present = live.read();
    State {
        registry: present.registry.clone(),
        registry_sequence: present.registry_sequence,
        sequence: present.sequence,
        ..kind.empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;
    use tokio::time::timeout;

    use super::*;
    use crate::live::sample::{Sample, year};

    const ENTRIES: u64 = 60;

    /// What follows a store whose journal has some entries, and the store.
    async fn sample() -> Sample {
        let sample = Sample::empty();
        for number in 0..ENTRIES {
            sample.add_province(&format!("{:06}", 110_000 + number)).await;
        }
        sample
    }

    async fn ask(sample: &Sample, as_of: u64) -> Arc<State> {
        let perspective = Perspective { as_of: Some(as_of), ..Perspective::default() };
        sample.live.state_of(&perspective, (year(), year())).await.unwrap().state
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
        let sample = sample().await;
        let turns = sample.live.past.makers.clone().acquire_many_owned(makers() as u32).await.unwrap();
        let asked = (1..=40).map(|as_of| timeout(Duration::from_millis(5), ask(&sample, as_of)));
        assert!(join_all(asked).await.iter().all(Result::is_err));
        assert_eq!(sample.live.past.kept().makings.len(), 40);
        drop(turns);
        // Whoever asks next comes after all of them.
        assert_eq!(ask(&sample, 50).await.sequence, 50);
        assert_eq!(sample.live.past.kept().past.len(), 1);
        until(|| sample.live.past.makers.available_permits() == makers()).await;
    }

    #[tokio::test]
    async fn what_was_begun_is_kept_though_nobody_waits() {
        let sample = sample().await;
        {
            let asked = ask(&sample, 7);
            tokio::pin!(asked);
            let begun = || sample.live.past.kept().makings.iter().all(|(_, making)| making.strong_count() == 2);
            let _ = timeout(Duration::ZERO, &mut asked).await;
            while sample.live.past.kept().past.is_empty() && !begun() {
                tokio::task::yield_now().await;
            }
        }
        until(|| !sample.live.past.kept().past.is_empty()).await;
        assert_eq!(ask(&sample, 7).await.sequence, 7);
        assert_eq!(sample.live.past.kept().past.len(), 1);
    }

    #[tokio::test]
    async fn one_making_serves_all_who_ask_for_it() {
        let sample = sample().await;
        let turns = sample.live.past.makers.clone().acquire_many_owned(makers() as u32).await.unwrap();
        let asked = join_all((0..10).map(|_| ask(&sample, 9)));
        tokio::pin!(asked);
        assert!(timeout(Duration::from_millis(5), &mut asked).await.is_err());
        assert_eq!(sample.live.past.kept().makings.len(), 1);
        drop(turns);
        let states = asked.await;
        assert!(states.iter().all(|state| Arc::ptr_eq(state, &states[0])));
    }
}
