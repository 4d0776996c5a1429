//! How the committer writes to a log that other instances append to as well: it takes the turn, follows what they have appended,
//! decides in memory as ever, and appends. What became of an append without an answer is settled before anything else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::store::ledger::TransactionGroup;
use crate::store::log::{LogError, Logged, SharedLog, Turn};
use crate::store::transaction::{Decision, Transaction};
use crate::store::{Position, StoreError};
use crate::telemetry::metrics;

use super::committer::{Answered, Committer, Job, answer};
use super::following::commit_of;
use super::mendings;

/// Transactions decided in one turn: with more, others wait longer for theirs than is gained.
const TURN_TRANSACTIONS: usize = 64;

/// Until what became of an append is called unknown; it is settled all the same, by the next turn.
const SETTLE: Duration = Duration::from_secs(15);
const SETTLE_PAUSE: Duration = Duration::from_millis(200);

type Waiting = (Transaction, oneshot::Sender<Answered>);

impl From<LogError> for StoreError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unknown(why) => Self::Unknown(why),
            LogError::Diverged(why) => Self::Stopped(why),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl Committer {
    /// Decides transactions in a turn, with those that have come by the time that it is had.
    pub(super) fn commit_in_turn(
        &self,
        log: &dyn SharedLog,
        transactions: &mut Vec<Waiting>,
        waiting: &mut mpsc::Receiver<Job>,
        later: &mut Vec<Job>,
    ) {
        if transactions.is_empty() {
            return;
        }
        let began = Instant::now();
        let turn = self.turn(log);
        let now = match turn {
            Ok(now) => now,
            Err(error) => return refuse_all(transactions, &error),
        };
        metrics::turn_waited(began.elapsed());
        while transactions.len() < TURN_TRANSACTIONS {
            match waiting.try_recv() {
                Ok(Job::Commit { transaction, answer }) => {
                    metrics::transactions_taken(1);
                    transactions.push((*transaction, answer));
                }
                Ok(job) => later.push(job),
                Err(_) => break,
            }
        }
        let mut group = TransactionGroup::after(self.shared.durable(), &*self.shared);
        let untold = self.shared.mended.untold();
        if let Some(mended) = untold
            && let Err(error) = group.decide(mendings::entry(mended), now)
        {
            tracing::error!(%error, "what was mended is not in the journal");
        }
        let mut answers: Vec<_> =
            transactions.drain(..).map(|(transaction, answer)| (answer, group.decide(transaction, now))).collect();
        let logged = group.take_logged();
        // What is answered from what was there already must be as durable as what is new.
        let is_repeated = |decision: &Result<Decision, _>| {
            matches!(decision, Ok(Decision::Repeated(_) | Decision::RequestIdReused(_)))
        };
        let written = if !logged.is_empty() {
            log.append_locked(&logged)
        } else if answers.iter().any(|(_, decision)| is_repeated(decision)) {
            log.confirm()
        } else {
            log.release();
            Ok(())
        };
        let taken = match written {
            Ok(()) => self.take(&logged, &group.position(), group.commits()),
            Err(LogError::Unknown(why)) => self.settle(log, logged.last().map(|last| last.position), why),
            Err(error) => Err(self.noted(error)),
        };
        match &taken {
            Ok(()) => untold.into_iter().for_each(|mended| self.shared.mended.were_told(mended)),
            Err(error) => {
                tracing::error!(%error, "a group was not written");
                answers.iter_mut().for_each(|(_, decision)| *decision = Err(error.clone()));
            }
        }
        metrics::committed(answers.len(), began.elapsed());
        answer(answers);
    }

    /// Takes the turn, with everything followed that others have appended: the time, by the clock of the log.
    fn turn(&self, log: &dyn SharedLog) -> Result<jiff::Timestamp, StoreError> {
        loop {
            let asked = Instant::now();
            let Turn { newer, complete, now } = log.lock(&self.shared.durable()).map_err(|error| self.noted(error))?;
            if let Err(error) = self.follow(&newer) {
                if complete {
                    log.release();
                }
                return Err(error);
            }
            if complete {
                self.shared.confirm(asked);
                return Ok(now);
            }
        }
    }

    /// Follows others up to the head of the log, as it is when this is called.
    pub(super) fn catch_up(&self, log: &dyn SharedLog) {
        // Whoever reads the store for the first time reads it as it is at one moment; the watcher asks again.
        if !self.observer.is_ready() {
            return;
        }
        loop {
            let asked = Instant::now();
            let followed = log.newer(&self.shared.durable()).map_err(|error| self.noted(error));
            match followed.and_then(|(newer, head)| self.follow(&newer).map(|()| head)) {
                Ok(head) if self.shared.durable().sequence >= head.sequence => return self.shared.confirm(asked),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "what other instances have appended cannot be followed");
                    return self.shared.trouble(error.to_string());
                }
            }
        }
    }

    /// Takes in what others have appended.
    fn follow(&self, newer: &[Logged]) -> Result<(), StoreError> {
        let mut commits = Vec::with_capacity(newer.len());
        let mut follow = |logged: &Logged| -> Result<(), StoreError> {
            let commit = Arc::new(commit_of(&self.shared, logged)?);
            self.shared.apply(std::slice::from_ref(logged))?;
            self.become_durable(logged.position, std::slice::from_ref(&commit));
            commits.push(commit);
            Ok(())
        };
        let followed = newer.iter().try_for_each(&mut follow);
        // Of what was taken in everybody is told, whatever comes after it.
        if let Some(last) = commits.last() {
            metrics::followed(commits.len());
            self.raise_watermark(&last.entry.position());
            self.observer.committed(&commits);
            self.shared.told();
        }
        followed
    }

    /// Takes in what was appended in the turn.
    fn take(
        &self,
        logged: &[Logged],
        position: &Position,
        commits: &[Arc<crate::store::transaction::Commit>],
    ) -> Result<(), StoreError> {
        let asked = Instant::now();
        if let Err(error) = self.shared.apply(logged) {
            // It is in the log, and this instance cannot show it.
            self.shared.stop(error.to_string());
            return Err(StoreError::Unknown(error.to_string()));
        }
        self.become_durable(*position, commits);
        self.strike(commits);
        if !commits.is_empty() {
            self.raise_watermark(position);
            self.observer.committed(commits);
            self.shared.told();
        }
        self.shared.confirm(asked);
        Ok(())
    }

    fn raise_watermark(&self, position: &Position) {
        if let Err(error) = self.watermark.raise(position) {
            tracing::warn!(%error, "how far the journal has come could not be noted beside the copy");
        }
    }

    /// Finds out what became of an append without an answer, by its last entry; none where nothing was to be appended.
    fn settle(&self, log: &dyn SharedLog, last: Option<Position>, why: String) -> Result<(), StoreError> {
        let until = Instant::now() + SETTLE;
        tracing::warn!(why, "what became of an append is settled by the chain");
        loop {
            let settled = self.turn(log).and_then(|_| match &last {
                Some(last) if !self.has(last) => {
                    log.release();
                    metrics::settled("not stored");
                    Ok(Err(StoreError::Unavailable(why.clone())))
                }
                _ => log.confirm().map_err(|error| self.noted(error)).map(|()| {
                    metrics::settled("stored");
                    Ok(())
                }),
            });
            match settled {
                Ok(settled) => return settled,
                Err(error @ StoreError::Stopped(_)) => return Err(error),
                Err(error) if Instant::now() >= until => {
                    metrics::settled("unknown");
                    return Err(StoreError::Unknown(format!("{why}; then {error}")));
                }
                Err(error) => tracing::warn!(%error, "what became of an append cannot be told yet"),
            }
            std::thread::sleep(SETTLE_PAUSE);
        }
    }

    /// Whether an entry is the one that is here.
    fn has(&self, position: &Position) -> bool {
        let entry = self.shared.reading(|copy| copy.entry(position.sequence));
        self.shared.durable().sequence >= position.sequence
            && entry.is_ok_and(|entry| entry.is_some_and(|entry| entry.chain == position.chain))
    }

    /// What an error of the log means for this instance, noted.
    fn noted(&self, error: LogError) -> StoreError {
        if let LogError::Diverged(why) = &error {
            self.shared.diverge(why.clone());
        }
        error.into()
    }
}

fn refuse_all(transactions: &mut Vec<Waiting>, error: &StoreError) {
    answer(transactions.drain(..).map(|(_, answer)| (answer, Err(error.clone()))).collect());
}
