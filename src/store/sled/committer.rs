//! The one thread that writes: takes waiting transactions, decides them in order, writes and flushes them together,
//! tells the observer, and only then answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::Timestamp;
use sled::Batch;
use tokio::sync::{mpsc, oneshot};

use crate::store::ledger::TransactionGroup;
use crate::store::transaction::{Commit, Decision, Effect, Observer, Transaction};
use crate::store::{Clock, StoreError};
use crate::store::{Position, Records};
use crate::telemetry::metrics;

use super::durability::DataFile;
use super::import;
use super::open::last_registry_sequence;
use super::shared::Shared;
use super::watermark::Watermark;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What is to be written, and where to answer.
pub(crate) enum Job {
    Commit { transaction: Box<Transaction>, answer: Answer<Decision> },
    Import { records: Records, position: Position, answer: Answer<()> },
}

pub(crate) struct Committer {
    shared: Arc<Shared>,
    data_file: DataFile,
    watermark: Watermark,
    observer: Arc<dyn Observer>,
    group_transactions: usize,
    clock: Clock,
}

impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        data_file: DataFile,
        watermark: Watermark,
        observer: Arc<dyn Observer>,
        group_transactions: usize,
    ) -> Self {
        let clock = Clock::over(Timestamp::now);
        Self { shared, data_file, watermark, observer, group_transactions, clock }
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
        let imported = import::run(&self.shared, &self.data_file, &self.watermark, records, position)
            .and_then(|()| last_registry_sequence(&self.shared.tree));
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
            if commit.effects.iter().any(|effect| matches!(effect, Effect::Struck(_))) {
                // Reports are remembered with their words.
                self.shared.recent.clear();
            }
            if commit.changes_registry() {
                self.shared.registry_sequence.store(commit.entry.sequence, Ordering::Release);
            }
        }
    }

    /// Writes and flushes a group; nothing to do where every transaction was turned down.
    fn write(&self, group: &mut TransactionGroup<'_, Shared>) -> Result<(), String> {
        let records = group.take_records();
        if records.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::default();
        for record in records {
            batch.insert(record.key, record.value);
        }
        self.shared.tree.apply_batch(batch).map_err(|error| error.to_string())?;
        self.shared.tree.flush().map_err(|error| error.to_string())?;
        self.data_file.sync().map_err(|error| error.to_string())?;
        self.data_file.check_there().map_err(|error| error.to_string())?;
        self.watermark.raise(&group.position()).map_err(|error| error.to_string())?;
        self.shared.space.set_aside(self.data_file.file());
        Ok(())
    }
}
