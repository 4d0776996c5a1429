//! The one thread that writes: takes waiting transactions, decides them in order, appends them to the log together, has the
//! copy take them, tells the observer, and only then answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::store::ledger::TransactionGroup;
use crate::store::strike::Struck;
use crate::store::transaction::{Commit, Decision, Effect, Observer, Transaction};
use crate::store::{Clock, Item, Position, Records, StoreError};
use crate::telemetry::metrics;

use super::copy::Copy;
use super::import;
use super::shared::Shared;
use super::state;
use super::watermark::Watermark;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What is to be written, and where to answer.
pub(crate) enum Job {
    Commit { transaction: Box<Transaction>, answer: Answer<Decision> },
    Import { records: Records, position: Position, answer: Answer<()> },
}

pub(crate) struct Committer {
    shared: Arc<Shared>,
    watermark: Watermark,
    observer: Arc<dyn Observer>,
    group_transactions: usize,
    clock: Clock,
}

impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        watermark: Watermark,
        observer: Arc<dyn Observer>,
        group_transactions: usize,
    ) -> Self {
        let clock = Clock::over(Timestamp::now);
        Self { shared, watermark, observer, group_transactions, clock }
    }

    /// Works until every sender is gone.
    pub(crate) fn run(self, mut waiting: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(self.group_transactions);
        let mut transactions = Vec::with_capacity(self.group_transactions);
        // What comes while a group is written makes the next one; waiting for more gains nothing.
        while waiting.blocking_recv_many(&mut jobs, self.group_transactions) > 0 {
            for job in jobs.drain(..) {
                match job {
                    Job::Commit { transaction, answer } => transactions.push((*transaction, answer)),
                    Job::Import { records, position, answer } => {
                        // The caller may have gone; there is nobody to tell then.
                        let _ = answer.send(self.import(records, &position));
                    }
                }
            }
            metrics::transactions_taken(transactions.len());
            let refused = match self.shared.stopped() {
                Some(reason) => Err(StoreError::Stopped(reason)),
                None => self.shared.space.check(),
            };
            if let Err(error) = refused {
                for (_, answer) in transactions.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            } else {
                self.commit(transactions.drain(..));
            }
        }
        if let Err(error) = self.watermark.sync() {
            tracing::warn!(%error, "the watermark could not be synced; after a power cut it may be behind");
        }
    }

    /// Takes the records of another store; no write is taken after one that did not succeed.
    fn import(&self, records: Records, position: &Position) -> Result<(), StoreError> {
        if let Some(reason) = self.shared.stopped() {
            return Err(StoreError::Stopped(reason));
        }
        let imported = import::run(&self.shared, &self.watermark, records, position)
            .and_then(|()| self.shared.reading(Copy::registry_sequence));
        match &imported {
            Ok(registry_sequence) => {
                self.shared.registry_sequence.store(*registry_sequence, Ordering::Release);
                self.shared.set_durable(*position);
                self.shared.recent.clear();
            }
            Err(StoreError::NotEmpty) => {}
            Err(error) => self.shared.stop(error.to_string()),
        }
        imported.map(|_| ())
    }

    fn commit(&self, jobs: impl Iterator<Item = (Transaction, Answer<Decision>)>) {
        let began = Instant::now();
        let durable = self.shared.durable();
        let mut group = TransactionGroup::after(durable, &*self.shared);
        let now = self.clock.now(durable.time);
        let answers: Vec<_> = jobs.map(|(transaction, answer)| (answer, group.decide(transaction, now))).collect();
        let written = self.write(&mut group);
        if let Err(reason) = &written {
            tracing::error!(%reason, "a write failed; writes are stopped");
            self.shared.stop(reason.clone());
            // What failed for one file may have failed for another.
            state::doubted(&self.shared.space.directory);
        } else {
            self.shared.set_durable(group.position());
            self.note(group.commits());
            self.observer.committed(group.commits());
        }
        metrics::committed(answers.len(), began.elapsed());
        for (answer, decision) in answers {
            let decision = match &written {
                // Whatever was decided after an earlier job of the group rests on what was not made durable.
                Err(reason) => Err(StoreError::Unknown(reason.clone())),
                Ok(()) => decision,
            };
            let _ = answer.send(decision);
        }
    }

    /// Brings what is remembered of the store up to what has become durable.
    fn note(&self, commits: &[Arc<Commit>]) {
        for commit in commits {
            let reports = commit.effects.iter().filter_map(Effect::report);
            self.shared.recent.note_changes(reports.map(|(_, after)| after));
            for struck in commit.effects.iter().filter_map(Effect::struck) {
                // Reports are remembered with their words.
                self.shared.recent.clear();
                self.strike(struck);
            }
            if commit.changes_registry() {
                self.shared.registry_sequence.store(commit.entry.sequence, Ordering::Release);
            }
        }
    }

    /// Takes people's words out of the log, too.
    fn strike(&self, struck: &Struck) {
        let Some(sequence) = struck.after.first().map(Item::sequence) else { return };
        if let Err(error) = self.shared.look_for_damage(sequence.saturating_sub(1), 1) {
            tracing::error!(sequence, %error, "words that were struck out stay in the log until it is gone through again");
        }
    }

    /// Appends a group to the log, and has the copy take it; nothing to do where every transaction was turned down.
    fn write(&self, group: &mut TransactionGroup<'_, Shared>) -> Result<(), String> {
        let logged = group.take_logged();
        if logged.is_empty() {
            return Ok(());
        }
        self.shared.log.append(&self.shared.durable(), &logged).map_err(|error| error.to_string())?;
        // From here on it is durable, and the next start shows it even where the copy does not take it.
        self.shared.apply(&logged).map_err(|error| error.to_string())?;
        self.watermark.raise(&group.position()).map_err(|error| error.to_string())
    }
}
