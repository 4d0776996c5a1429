//! Follows what other instances append to a shared log: each transaction is proved, told as the commit that it was, and taken
//! by the copy; and how far behind this instance may be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::store::covered::prove;
use crate::store::item::Item;
use crate::store::log::Logged;
use crate::store::strike::Struck;
use crate::store::transaction::{Commit, Effect, Standing};
use crate::store::{Freshness, NEWEST, StoreError};
use crate::telemetry::metrics;

use super::committer::Job;
use super::shared::Shared;

/// How this instance stands beside a log that others append to.
pub(crate) struct Following {
    /// After this without a look at the log nothing is answered any more.
    stale: Duration,
    state: Mutex<State>,
    /// Up to which sequence number it has followed.
    reached: watch::Sender<u64>,
    /// The committer has been asked to follow, and has not begun to.
    asked: AtomicBool,
}

struct State {
    /// When the log was last asked whether there is more, and there was not, or it was followed.
    confirmed: Instant,
    /// Why it could not be looked at the last time.
    trouble: Option<String>,
    /// Why this instance is of no use any more.
    diverged: Option<String>,
    /// How many entries the log was ahead when it was looked at.
    behind: u64,
}

impl Following {
    pub(super) fn new(stale: Duration, sequence: u64) -> Self {
        let state = State { confirmed: Instant::now(), trouble: None, diverged: None, behind: 0 };
        Self { stale, state: Mutex::new(state), reached: watch::Sender::new(sequence), asked: AtomicBool::new(false) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was in the log at this moment is here.
    pub(super) fn confirm(&self, asked: Instant) {
        let mut state = self.state();
        state.confirmed = state.confirmed.max(asked);
        (state.trouble, state.behind) = (None, 0);
    }

    pub(super) fn is_behind(&self, entries: u64) {
        self.state().behind = entries;
    }

    pub(super) fn trouble(&self, why: String) {
        self.state().trouble = Some(why);
    }

    pub(super) fn diverge(&self, why: String) {
        self.state().diverged = Some(why);
    }

    /// Has the committer follow what there is, unless it is about to.
    pub(super) fn ask(&self, jobs: &mpsc::Sender<Job>) {
        if !self.asked.swap(true, Ordering::AcqRel) && jobs.try_send(Job::CatchUp).is_err() {
            // Where there is no room, something is about to be committed, which follows first.
            self.asked.store(false, Ordering::Release);
        }
    }

    /// The committer begins to follow.
    pub(super) fn begins(&self) {
        self.asked.store(false, Ordering::Release);
    }

    pub(super) fn reach(&self, sequence: u64) {
        self.reached.send_replace(sequence);
    }

    pub(super) fn reached(&self) -> watch::Receiver<u64> {
        self.reached.subscribe()
    }

    pub(super) fn freshness(&self) -> Freshness {
        let state = self.state();
        Freshness {
            age: state.confirmed.elapsed(),
            limit: self.stale,
            behind: state.behind,
            trouble: state.trouble.clone(),
            diverged: state.diverged.clone(),
        }
    }

    /// That what is read here is not too old.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] saying since when, and why.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Freshness { age, limit, trouble, diverged, .. } = self.freshness();
        if let Some(why) = diverged {
            return Err(StoreError::Unavailable(format!("this instance starts anew: {why}")));
        }
        if age <= limit {
            return Ok(());
        }
        let why = trouble.unwrap_or_else(|| "it has not answered".to_owned());
        let seconds = age.as_secs_f32();
        Err(StoreError::Unavailable(format!("the shared log was last heard of {seconds:.1} s ago: {why}")))
    }
}

impl Shared {
    /// Everything that is durable is to be seen here, and everybody has been told.
    pub(super) fn told(&self) {
        self.following.iter().for_each(|following| following.reach(self.durable().sequence));
    }

    /// Everything that was in the log at this moment is here.
    pub(super) fn confirm(&self, asked: Instant) {
        self.following.iter().for_each(|following| following.confirm(asked));
    }

    pub(super) fn is_behind(&self, entries: u64) {
        self.following.iter().for_each(|following| following.is_behind(entries));
    }

    /// The log could not be asked.
    pub(super) fn trouble(&self, why: String) {
        self.following.iter().for_each(|following| following.trouble(why.clone()));
    }

    /// What this instance has shown is not in the log any more: nothing is read here from now on, and nothing written.
    pub(super) fn diverge(&self, why: String) {
        tracing::error!(why, "this instance has shown what is not in the shared log any more: it starts anew");
        metrics::diverged();
        self.stop(why.clone());
        self.following.iter().for_each(|following| following.diverge(why.clone()));
    }

    pub(super) fn check_fresh(&self) -> Result<(), StoreError> {
        self.following.as_ref().map_or(Ok(()), Following::check)
    }
}

/// A transaction of another instance as the commit that it was, which follows what is here.
///
/// # Errors
/// [`StoreError::Damaged`] where it does not follow, or is not what was stored.
pub(super) fn commit_of(shared: &Shared, logged: &Logged) -> Result<Commit, StoreError> {
    let mut items = prove(logged, &shared.durable())?.into_iter();
    let Some(Item::Entry(entry)) = items.next() else {
        return Err(StoreError::Damaged(format!("journal entry {} is none", logged.position.sequence)));
    };
    let (mut effects, mut rewritten) = (Vec::new(), Vec::new());
    for item in items {
        if item.sequence() != entry.sequence {
            rewritten.push(item);
            continue;
        }
        effects.push(match item {
            Item::Registry { change, .. } => Effect::Registry(change),
            Item::Access { change, .. } => Effect::Access(change),
            Item::Frozen(form) => Effect::Frozen(form),
            Item::Revision(revision) => {
                let before = shared.standing(&revision.report, NEWEST)?;
                let after = Standing::after_revision(before.as_ref(), revision);
                Effect::Revision { before, after }
            }
            Item::Review(review) => {
                let before = shared.standing(&review.revision.report, NEWEST)?;
                let gone = || StoreError::Damaged(format!("{}, which was reviewed", review.revision));
                let before = Box::new(before.ok_or_else(gone)?);
                let after = Box::new(before.after_review(&review));
                Effect::Review { before, review, after }
            }
            Item::Entry(_) | Item::Request { .. } => continue,
        });
    }
    if !rewritten.is_empty() {
        let before = rewritten.iter().map(|item| here(shared, item)).collect::<Result<_, _>>()?;
        effects.push(Effect::Struck(Arc::new(Struck { before, after: rewritten })));
    }
    Ok(Commit { entry, effects })
}

/// An item as it is here.
fn here(shared: &Shared, item: &Item) -> Result<Item, StoreError> {
    use crate::store::ledger::Stored as _;
    let key = item.key();
    let gone = || StoreError::Damaged("a record whose words were struck out".to_owned());
    Item::decode(&key, &shared.record(&key)?.ok_or_else(gone)?)
}
