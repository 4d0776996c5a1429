//! The embedded store: a log that is the truth, and a copy of it on sled 0.34.7 that everything is read from.
//!
//! - `committer`: the only thread that writes: to the log, then to the copy.
//! - `beside`: what there is beside a log that others append to.
//! - `copy`: the database that is read from. `state`: whether what is left of it may be believed.
//! - `start`: how both are brought together when the store is opened. `retold`: the log as a copy proves it was.
//! - `import`: what the committer does to take the records of another store.
//! - `together`: how the committer writes to a log that other instances append to as well. `following`: what they have
//!   appended, taken in. `watching`: looks whether there is any. `copied`: how an instance comes up beside such a log.
//! - `grouped`: many transactions, taken in groups.
//! - `durability`: the syncs that sled 0.34 leaves out.
//! - `folder`: what is seen to before the store is opened.
//! - `open`: how it is opened. `shared`: what readers and the committer share.
//! - `mending`: puts back what the log has lost. `mendings`: counts what was made again, and tells the journal of it.
//! - `moment`: finds how far a report had come at an earlier moment.
//! - `put_back`: puts entries that are lost back from a backup.
//! - `recent`: reports that were read or changed last.
//! - `salvage`: what can still be read of a damaged store.
//! - `space`: refuses writes before the disk is full.
//! - `watermark`: notices where the end of the journal is gone.
//!
//! Nothing else in the project knows sled.

mod beside;
mod committer;
mod copied;
mod copy;
mod durability;
mod folder;
mod following;
mod grouped;
mod import;
mod mending;
mod mendings;
mod moment;
mod open;
mod put_back;
mod recent;
mod retold;
mod salvage;
mod shared;
mod space;
mod start;
mod state;
mod together;
mod watching;
mod watermark;

use std::ops::{Bound, ControlFlow, RangeInclusive};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, TryFutureExt as _};
use sled::IVec;
use tokio::sync::{mpsc, oneshot};

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName};
use crate::rollup::FrozenForm;
use crate::telemetry::metrics;

use super::item::{StoredRecord, describe_key, sequence_of};
use super::journal::{JournalEntry, Position};
use super::ledger::Stored;
use super::log::{Seen, SharedLog};
use super::record::decode;
use super::transaction::{Decision, RequestId, Standing, StoredRequest, Transaction};
use super::{
    Extras, FiguresAsOf, Freshness, Logged, LostEntry, Mendings, Records, Store, StoreError, Transactions, keys,
};

use committer::{Answered, Job};
use copy::Copy;
use following::Following;
use shared::{Shared, read_error, revisions_of, standing_of};
use watching::Watcher;

pub use folder::{
    Folder, FolderFault, PRIVATE_FILE, PRIVATE_FOLDER, STARTS_FILE, copy_closed, examine, remove_empty_snapshots,
    will_be_new,
};
pub use open::SledOptions;
pub use put_back::{PutBack, put_back};
pub use salvage::{Loss, Salvage, salvage};
pub use space::FreeSpace;
pub use state::Boot;

pub(super) use folder::unless_in_use;

/// The embedded store.
pub struct SledStore {
    shared: Arc<Shared>,
    jobs: Option<mpsc::Sender<Job>>,
    committer: Option<JoinHandle<()>>,
    /// Of a log that others append to.
    watcher: Option<Watcher>,
}

fn committer_ended() -> StoreError {
    StoreError::Stopped("the committer has ended".to_owned())
}

impl Drop for SledStore {
    /// Lets the committer finish what was taken on.
    fn drop(&mut self) {
        self.jobs = None;
        self.watcher = None;
        // An observer may hold the store for a moment, and be the last to let it go, on the committer's own thread.
        let own_thread = std::thread::current().id();
        if let Some(committer) = self.committer.take_if(|committer| committer.thread().id() != own_thread)
            && committer.join().is_err()
        {
            tracing::error!("the store's committer panicked");
        }
        if self.committer.is_none() {
            self.shared.close();
        }
    }
}

fn never_reached(sequence: u64) -> StoreError {
    StoreError::Unavailable(format!("there is no journal entry {sequence}"))
}

impl SledStore {
    /// Has the committer take what comes of another store, and waits until it has.
    fn have_taken(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<(), StoreError>>) -> Job + Send,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let (answer, answered) = oneshot::channel();
        let job = job(answer);
        async move {
            let jobs = self.jobs.as_ref().ok_or_else(committer_ended)?;
            jobs.send(job).await.map_err(|_| committer_ended())?;
            answered.await.unwrap_or_else(|_| Err(StoreError::Unknown("the committer has ended".to_owned())))
        }
        .boxed()
    }

    /// Has the committer follow what other instances have appended.
    fn catch_up(&self) {
        if let (Some(jobs), Some(following)) = (&self.jobs, &self.shared.following) {
            following.ask(jobs);
        }
    }
}

/// The year's reports of a copy.
fn reports(
    copy: &Copy,
    owners: Owners,
    year: ReportYear,
    after: Option<&ReportOwner>,
    limit: usize,
    bound: u64,
) -> Result<Vec<Standing>, StoreError> {
    let of_year = keys::year(owners, year.get());
    let start = after.map_or(of_year.start, |owner| keys::after_report(year, owner));
    let mut reports = Vec::new();
    if limit == 0 {
        return Ok(reports);
    }
    let tree = &copy.tree;
    let mut records: Vec<(IVec, IVec)> = Vec::new();
    for entry in tree.range(start..of_year.end) {
        let (key, value) = entry.map_err(|error| read_error(&error))?;
        if records.last().is_some_and(|(last, _)| keys::report_part(last) != keys::report_part(&key)) {
            reports.extend(standing_of(tree, records.drain(..).rev().map(Ok), bound)?);
            if reports.len() == limit {
                return Ok(reports);
            }
        }
        records.push((key, value));
    }
    reports.extend(standing_of(tree, records.drain(..).rev().map(Ok), bound)?);
    Ok(reports)
}

impl Store for SledStore {
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>> {
        async move {
            let (answer, answered) = oneshot::channel();
            let jobs = self.jobs.as_ref().ok_or_else(committer_ended)?;
            let place = jobs.reserve().await.map_err(|_| committer_ended())?;
            metrics::transaction_queued();
            place.send(Job::Commit { transaction: Box::new(transaction), answer });
            match answered.await {
                Ok(Answered { decision, others }) => {
                    drop(others);
                    decision
                }
                Err(_) => Err(StoreError::Unknown("the committer has ended".to_owned())),
            }
        }
        .boxed()
    }

    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        self.shared.standing(report, as_of)
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        let revision = self.shared.get::<Revision>(keys::revision(&name.report, name.number))?;
        let revision = revision.filter(|revision| revision.sequence <= self.shared.durable().sequence);
        if revision.is_none() {
            self.shared.check_history(&name.report)?;
        }
        Ok(revision)
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        self.shared.check_history(report)?;
        let (keys, durable) = (keys::below(report, before.unwrap_or(u32::MAX)), self.shared.durable().sequence);
        self.shared.reading(|copy| revisions_of(copy.tree.range(keys.clone()).rev(), durable).take(limit).collect())
    }

    fn reviews(&self, report: &ReportKey, revisions: RangeInclusive<u32>) -> Result<Vec<Review>, StoreError> {
        self.shared.check_history(report)?;
        let durable = self.shared.durable().sequence;
        self.shared.reading(|copy| {
            let records = copy.tree.range(keys::among(report, &revisions));
            let reviews = records.filter(|entry| entry.as_ref().map_or(true, |(key, _)| keys::is_review(key)));
            reviews
                .map(|entry| decode::<Review>(&entry.map_err(|error| read_error(&error))?.1))
                .filter(|review| review.as_ref().map_or(true, |review| review.status.sequence <= durable))
                .collect()
        })
    }

    fn reports(
        &self,
        owners: Owners,
        year: ReportYear,
        after: Option<&ReportOwner>,
        limit: usize,
        as_of: u64,
    ) -> Result<Vec<Standing>, StoreError> {
        let bound = self.shared.bound(as_of);
        let reports = self.shared.reading(|copy| reports(copy, owners, year, after, limit, bound))?;
        self.shared.check_page((owners, year), after, limit, &reports, as_of)?;
        Ok(reports)
    }

    fn years(&self, owners: Owners) -> Result<Vec<ReportYear>, StoreError> {
        let durable = self.shared.durable().sequence;
        self.shared.reading(|copy| {
            let mut years = Vec::new();
            let mut start = keys::year(owners, 0).start;
            let end = keys::year(owners, u16::MAX).end;
            while let Some(entry) = revisions_of(copy.tree.range(start..end.clone()), durable).next() {
                let year = entry?.report.year;
                years.push(year);
                start = keys::year(owners, year.get()).end;
            }
            Ok(years)
        })
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Stored::request(&*self.shared, id)
    }

    fn registry(&self, after: u64, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError> {
        let end = self.shared.bound(as_of);
        if after >= end {
            return Ok(Vec::new());
        }
        self.shared.reading(|copy| {
            let changes = copy.tree.range(keys::registry(after + 1, 0)..=keys::registry(end, u32::MAX));
            changes
                .map(|entry| {
                    let (key, value) = entry.map_err(|error| read_error(&error))?;
                    Ok((keys::parse_registry(&key).map_or(0, |(sequence, _)| sequence), decode(&value)?))
                })
                .collect()
        })
    }

    fn access(&self) -> Result<Vec<(u64, AccessChange)>, StoreError> {
        let durable = self.shared.durable().sequence;
        self.shared.reading(|copy| {
            let changes = copy.tree.range(keys::access(0, 0)..=keys::access(durable, u32::MAX));
            changes
                .map(|entry| {
                    let (key, value) = entry.map_err(|error| read_error(&error))?;
                    Ok((keys::parse_access(&key).map_or(0, |(sequence, _)| sequence), decode(&value)?))
                })
                .collect()
        })
    }

    fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        after: Option<(ReportYear, u32)>,
        limit: usize,
    ) -> Result<Vec<FrozenForm>, StoreError> {
        let durable = self.shared.durable().sequence;
        self.shared.reading(|copy| {
            let forms = copy.tree.range(keys::frozen_after(jurisdiction, after)).values();
            forms
                .map(|value| decode::<FrozenForm>(&value.map_err(|error| read_error(&error))?))
                .filter(|form| form.as_ref().map_or(true, |form| form.sequence <= durable))
                .take(limit)
                .collect()
        })
    }

    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        let end = self.shared.durable().sequence;
        if after >= end {
            return Ok(Vec::new());
        }
        self.shared.reading(|copy| {
            let entries = copy.tree.range(keys::journal(after + 1)..=keys::journal(end)).take(limit);
            entries.map(|entry| decode(&entry.map_err(|error| read_error(&error))?.1)).collect()
        })
    }

    fn records(&self, as_of: u64, after: Option<&[u8]>, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let bound = self.shared.bound(as_of);
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.shared.reading(|copy| {
            let values = copy.tree.range::<&[u8], _>((start, Bound::Unbounded));
            let records = values.filter(|entry| entry.as_ref().map_or(true, |(key, _)| *key != keys::HEADER));
            records
                .map(|entry| {
                    let (key, value) = entry.map_err(|error| read_error(&error))?;
                    let sequence = sequence_of(&key, &value);
                    if sequence.is_none() && self.shared.may_mend() {
                        return Err(StoreError::Damaged(describe_key(&key)));
                    }
                    Ok(StoredRecord { sequence, key: key.to_vec(), value: value.to_vec() })
                })
                .filter(|record| {
                    record.as_ref().map_or(true, |record| record.sequence.is_none_or(|sequence| sequence <= bound))
                })
                .take(limit)
                .collect()
        })
    }

    fn import(&self, records: Records, position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        self.have_taken(|answer| Job::Import { records, position, answer })
    }

    fn transactions(
        &self,
        after: u64,
        until: u64,
        take: &mut dyn FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.shared.transactions(after, until, take)
    }

    fn import_transactions(
        &self,
        transactions: Transactions,
        position: Position,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.have_taken(|answer| Job::Follow { transactions, position, answer })
    }

    fn position(&self) -> Position {
        self.shared.durable()
    }

    fn look_for_damage(&self, after: u64, limit: u64) -> Result<u64, StoreError> {
        self.shared.look_for_damage(after, limit)
    }

    fn check_fresh(&self) -> Result<(), StoreError> {
        self.shared.check_fresh()
    }

    fn freshness(&self) -> Option<Freshness> {
        self.shared.following.as_ref().map(Following::freshness)
    }

    fn reached(&self, sequence: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let Some(following) = &self.shared.following else {
                return if self.position().sequence >= sequence { Ok(()) } else { Err(never_reached(sequence)) };
            };
            let mut reached = following.reached();
            // What waits for it is asked for now, and not at the next look.
            self.catch_up();
            let waited = reached.wait_for(|reached| *reached >= sequence).await;
            waited.map(drop).map_err(|_| committer_ended())
        }
        .boxed()
    }

    fn newest(&self) -> BoxFuture<'_, Result<Position, StoreError>> {
        async move {
            let shared = self.shared.clone();
            let look = move || {
                let known = shared.durable();
                shared.log.shared().map(|log| (log.look(&known), known.sequence))
            };
            let looked = tokio::task::spawn_blocking(look).await;
            match looked.map_err(|error| StoreError::Read(error.to_string()))? {
                None => {}
                // It is here; those who follow may not have been told yet.
                Some((Ok(Seen::Same), known)) => self.reached(known).await?,
                Some((Ok(Seen::Newer(sequence)), _)) => self.reached(sequence).await?,
                Some((Err(error), _)) => return Err(error.into()),
            }
            Ok(self.position())
        }
        .boxed()
    }

    fn extras(&self) -> Option<Extras> {
        self.shared.log.shared().map(SharedLog::extras)
    }

    fn take_on(&self, job: &'static str, time: Duration) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.beside(|extras| extras.leases, move |log| log.take_on(job, time))
            .map_ok(|mine| mine.unwrap_or(true))
            .boxed()
    }

    fn done(&self, job: &'static str) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        self.beside(|extras| extras.leases, move |log| log.done(job)).boxed()
    }

    fn note_done(&self, job: &'static str, position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        self.beside(|extras| extras.leases, move |log| log.note_done(job, &position)).map_ok(|_| ()).boxed()
    }

    fn follow_figures(&self, anew: bool) -> BoxFuture<'_, Result<Option<FiguresAsOf>, StoreError>> {
        self.beside(|extras| extras.analysis, move |log| log.follow_figures(anew)).boxed()
    }

    fn mendings(&self) -> Mendings {
        self.shared.mended.all()
    }

    fn lost(&self) -> Vec<LostEntry> {
        self.shared.lost()
    }

    fn writable(&self) -> Result<(), StoreError> {
        match self.shared.stopped() {
            Some(reason) => Err(StoreError::Stopped(reason)),
            None if self.shared.check_fresh().is_err() => self.shared.check_fresh(),
            None if self.jobs.as_ref().is_none_or(mpsc::Sender::is_closed) => Err(committer_ended()),
            None => self.shared.space.check(),
        }
    }
}
