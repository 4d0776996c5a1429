//! The one thread that writes: takes waiting transactions, decides them in order, writes and flushes them together,
//! tells the observer, and only then answers.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use sled::Batch;
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreError;
use crate::store::ledger::{Group, Slot};
use crate::store::transaction::{Decision, Observer, Transaction};

use super::durability::DataFile;
use super::watermark::Watermark;
use super::{Shared, keys};

/// A transaction and where to answer.
pub struct Job {
    pub transaction: Transaction,
    pub answer: oneshot::Sender<Result<Decision, StoreError>>,
}

type Answer = (oneshot::Sender<Result<Decision, StoreError>>, Result<Decision, StoreError>);

pub struct Committer {
    shared: Arc<Shared>,
    data_file: DataFile,
    watermark: Watermark,
    observer: Arc<dyn Observer>,
    group_transactions: usize,
}

impl Committer {
    pub fn new(
        shared: Arc<Shared>,
        data_file: DataFile,
        watermark: Watermark,
        observer: Arc<dyn Observer>,
        group_transactions: usize,
    ) -> Self {
        Self { shared, data_file, watermark, observer, group_transactions }
    }

    /// Works until every sender is gone.
    pub fn run(self, mut waiting: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(self.group_transactions);
        while waiting.blocking_recv_many(&mut jobs, self.group_transactions) > 0 {
            if let Some(reason) = self.shared.stopped() {
                for job in jobs.drain(..) {
                    // The caller may have gone; there is nobody to tell then.
                    let _ = job.answer.send(Err(StoreError::Stopped(reason.clone())));
                }
            } else {
                self.commit(jobs.drain(..));
            }
        }
        if let Err(error) = self.watermark.sync() {
            tracing::warn!(%error, "the watermark could not be synced; after a power cut it may be behind");
        }
    }

    fn commit(&self, jobs: impl Iterator<Item = Job>) {
        let mut group = Group::after(self.shared.durable(), &*self.shared);
        let now = Timestamp::now();
        let answers: Vec<Answer> = jobs.map(|job| (job.answer, group.decide(job.transaction, now))).collect();
        let written = self.write(&mut group);
        if let Err(reason) = &written {
            tracing::error!(%reason, "a write failed; writes are stopped");
            *self.shared.stopped.write().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
        } else {
            *self.shared.durable.write().unwrap_or_else(PoisonError::into_inner) = group.position();
            self.observer.committed(group.commits());
        }
        for (answer, decision) in answers {
            let decision = match &written {
                // Whatever was decided after an earlier job of the group rests on what was not made durable.
                Err(reason) => Err(StoreError::Unknown(reason.clone())),
                Ok(()) => decision,
            };
            let _ = answer.send(decision);
        }
    }

    /// Writes and flushes a group; nothing to do where every transaction was turned down.
    fn write(&self, group: &mut Group<'_, Shared>) -> Result<(), String> {
        let records = group.take_records();
        if records.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::default();
        for (slot, record) in records {
            match slot {
                Slot::Journal(sequence) => batch.insert(&keys::journal(sequence), record),
                Slot::Registry(sequence, position) => batch.insert(&keys::registry(sequence, position), record),
                Slot::Revision(report, number) => batch.insert(&keys::revision(&report, number)[..], record),
                Slot::Review(report, number, sequence) => {
                    batch.insert(&keys::review(&report, number, sequence)[..], record);
                }
                Slot::Frozen(name) => batch.insert(&keys::frozen(&name.jurisdiction, name.year, name.number), record),
                Slot::Access(sequence, position) => batch.insert(&keys::access(sequence, position), record),
                Slot::Request(id) => batch.insert(&keys::request(id), record),
            }
        }
        self.shared.tree.apply_batch(batch).map_err(|error| error.to_string())?;
        self.shared.tree.flush().map_err(|error| error.to_string())?;
        self.data_file.sync().map_err(|error| error.to_string())?;
        self.watermark.raise(&group.position()).map_err(|error| error.to_string())
    }
}
