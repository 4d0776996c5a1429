//! The embedded store on sled 0.34.7, used so that what is acknowledged survives a power cut.
//!
//! - `committer`: the only thread that writes and flushes.
//! - `import`: what that thread does to take the records of another store.
//! - `durability`: the syncs that sled 0.34 leaves out.
//! - `folder`: what is seen to before sled opens it.
//! - `moment`: finds how far a report had come at an earlier moment.
//! - `recent`: reports that were read or changed last.
//! - `salvage`: what can still be read of a damaged store.
//! - `space`: refuses writes before the disk is full.
//! - `watermark`: notices where the end of the journal is gone.
//!
//! Nothing else in the project knows sled.

mod committer;
mod durability;
mod folder;
mod import;
mod moment;
mod recent;
mod salvage;
mod space;
mod watermark;

use std::ops::{Bound, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sled::IVec;
use tokio::sync::{mpsc, oneshot};

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName};
use crate::rollup::{FrozenForm, FrozenFormName};
use crate::telemetry::metrics;

use super::item::{StoredRecord, sequence_of};
use super::journal::{JournalEntry, Position};
use super::ledger::Stored;
use super::record::{Record, StoreHeader, decode, encode, revision_sequence};
use super::transaction::{Decision, Observer, RequestId, Standing, StoredRequest, Transaction, Version};
use super::{NEWEST, Records, Store, StoreError, keys};

use committer::{Committer, Job};
use durability::{DataFile, SEGMENT_BYTES};
use recent::Recent;
use space::Space;
use watermark::Watermark;

pub use folder::{
    Folder, FolderFault, PRIVATE_FILE, PRIVATE_FOLDER, STARTS_FILE, copy_closed, examine, remove_empty_snapshots,
    will_be_new,
};
pub use salvage::{Loss, Salvage, salvage};
pub use space::FreeSpace;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct SledOptions {
    /// Folder of the store; made if it is not there. One process at a time.
    pub directory: PathBuf,
    /// Refuse a folder that holds no store.
    pub must_exist: bool,
    /// sled's page cache, in bytes; the process takes about twice as much.
    pub cache_bytes: u64,
    /// Transactions that may wait for the committer before callers are held back.
    pub queue_transactions: usize,
    /// Transactions written and flushed together at most.
    pub group_transactions: usize,
    /// Free space on the disk, in bytes, under which writes are refused; 0 for never.
    pub min_free_bytes: u64,
    /// Room set aside for when the disk is full, in bytes, once within the data file and once as a file that can be
    /// deleted; 0 for none.
    pub ballast_bytes: u64,
    /// Tells the free space.
    pub free_space: FreeSpace,
}

impl SledOptions {
    /// Sensible limits for a store in `directory`, without care for the room on the disk.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            must_exist: false,
            cache_bytes: 128 << 20,
            queue_transactions: 1024,
            group_transactions: 256,
            min_free_bytes: 0,
            ballast_bytes: 0,
            free_space: FreeSpace::default(),
        }
    }
}

/// What the committer shares with readers.
struct Shared {
    tree: sled::Db,
    /// The newest durable journal entry; no read shows anything after it.
    durable: RwLock<Position>,
    /// Journal sequence of the newest durable change of the registry; 0 for none. The committer alone sets it.
    registry_sequence: AtomicU64,
    recent: Recent,
    /// Why writes are stopped.
    stopped: RwLock<Option<String>>,
    /// The room on the disk.
    space: Space,
}

/// The embedded store.
pub struct SledStore {
    shared: Arc<Shared>,
    jobs: Option<mpsc::Sender<Job>>,
    committer: Option<JoinHandle<()>>,
}

fn read_error(error: &sled::Error) -> StoreError {
    match error {
        // sled keeps checksums of its own around each page and its configuration.
        sled::Error::Corruption { .. } => StoreError::Damaged("a checksum of the database is wrong".to_owned()),
        error => StoreError::Read(error.to_string()),
    }
}

fn committer_ended() -> StoreError {
    StoreError::Stopped("the committer has ended".to_owned())
}

impl SledStore {
    /// Opens the store, or makes a new one, and makes its files durable.
    ///
    /// # Errors
    /// [`StoreError::Folder`] where it holds no store and must, or what is left of one;
    /// [`StoreError::Open`] where the folder cannot be used (another process has it, the disk is full),
    /// [`StoreError::FormatVersion`] or [`StoreError::Damaged`] where its content cannot.
    pub fn open(options: &SledOptions, observer: Arc<dyn Observer>) -> Result<Self, StoreError> {
        let open_error = |error: std::io::Error| StoreError::Open(format!("{}: {error}", options.directory.display()));
        will_be_new(&options.directory, options.must_exist)?;
        folder::prepare(&options.directory).map_err(open_error)?;
        let tree = open_tree(&options.directory, options.cache_bytes)?;
        check_header(&tree)?;
        let watermark = Watermark::open(&options.directory).map_err(open_error)?;
        watermark.check(|sequence| journal_entry(&tree, sequence))?;
        durability::sync_after_open(&options.directory).map_err(open_error)?;
        let data_file = DataFile::open(&options.directory).map_err(open_error)?;
        let space = Space {
            directory: options.directory.clone(),
            min_free_bytes: options.min_free_bytes,
            free: options.free_space.clone(),
            ballast_bytes: options.ballast_bytes,
            untold: AtomicBool::new(false),
        };
        space.keep_ballast();
        space.set_aside(data_file.file());
        let durable = RwLock::new(last_position(&tree)?);
        let registry_sequence = last_registry_sequence(&tree)?.into();
        let (recent, stopped) = (Recent::default(), RwLock::default());
        let shared = Arc::new(Shared { tree, durable, registry_sequence, recent, stopped, space });
        // The header of a new store is durable before anything else is.
        shared.tree.flush().map_err(|error| StoreError::Open(error.to_string()))?;
        data_file.sync().map_err(open_error)?;
        let (jobs, waiting) = mpsc::channel(options.queue_transactions);
        let committer = Committer::new(shared.clone(), data_file, watermark, observer, options.group_transactions);
        let committer = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || committer.run(waiting))
            .map_err(open_error)?;
        Ok(Self { shared, jobs: Some(jobs), committer: Some(committer) })
    }
}

impl Drop for SledStore {
    /// Lets the committer finish what was taken on.
    fn drop(&mut self) {
        self.jobs = None;
        // An observer may hold the store for a moment, and be the last to let it go, on the committer's own thread.
        let own_thread = std::thread::current().id();
        if let Some(committer) = self.committer.take_if(|committer| committer.thread().id() != own_thread)
            && committer.join().is_err()
        {
            tracing::error!("the store's committer panicked");
        }
    }
}

fn open_tree(directory: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let configuration = sled::Config::new().path(directory).cache_capacity(cache_bytes).segment_size(SEGMENT_BYTES);
    let busy = |error: &sled::Error| error.to_string().contains("could not acquire lock");
    let in_use = |opened: &sled::Result<sled::Db>| opened.as_ref().is_err_and(busy);
    folder::unless_in_use(|| configuration.open(), in_use).map_err(|error| {
        if matches!(error, sled::Error::Corruption { .. }) {
            return read_error(&error);
        }
        let hint = if busy(&error) { "; another process has it open" } else { "" };
        StoreError::Open(format!("{}: {error}{hint}", directory.display()))
    })
}

/// Writes the header of a new store; refuses one that is not ours or is newer.
fn check_header(tree: &sled::Db) -> Result<(), StoreError> {
    match tree.get(keys::HEADER).map_err(|error| read_error(&error))? {
        Some(header) => decode::<StoreHeader>(&header).map(|_| ()),
        // A store of ours has no tree besides sled's own.
        None if tree.is_empty() && tree.tree_names().len() == 1 => {
            tree.insert(keys::HEADER, encode(&StoreHeader)).map_err(|error| StoreError::Open(error.to_string()))?;
            Ok(())
        }
        None => {
            let reason = "the folder holds another program's data, or what a restore left that did not finish; \
                          choose an empty folder";
            Err(StoreError::Open(reason.to_owned()))
        }
    }
}

fn journal_entry(tree: &sled::Db, sequence: u64) -> Result<Option<JournalEntry>, StoreError> {
    let value = tree.get(keys::journal(sequence)).map_err(|error| read_error(&error))?;
    value.map(|value| decode(&value)).transpose()
}

fn last_position(tree: &sled::Db) -> Result<Position, StoreError> {
    match tree.range(keys::journal(0)..=keys::journal(u64::MAX)).next_back() {
        None => Ok(Position::default()),
        Some(entry) => {
            let (_, value) = entry.map_err(|error| read_error(&error))?;
            Ok(decode::<JournalEntry>(&value)?.position())
        }
    }
}

fn last_registry_sequence(tree: &sled::Db) -> Result<u64, StoreError> {
    let last = tree.range(keys::registry(0, 0)..=keys::registry(u64::MAX, u32::MAX)).keys().next_back();
    let key = last.transpose().map_err(|error| read_error(&error))?;
    Ok(key.and_then(|key| keys::parse_registry(&key)).map_or(0, |(sequence, _)| sequence))
}

impl Shared {
    fn durable(&self) -> Position {
        *self.durable.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_durable(&self, position: Position) {
        *self.durable.write().unwrap_or_else(PoisonError::into_inner) = position;
    }

    fn stopped(&self) -> Option<String> {
        self.stopped.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes no write from now on.
    fn stop(&self, reason: String) {
        *self.stopped.write().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// The bound of a read: what is asked for, and never beyond what is durable.
    fn bound(&self, as_of: u64) -> u64 {
        self.durable().sequence.min(as_of)
    }

    fn get<R: Record>(&self, key: impl AsRef<[u8]>) -> Result<Option<R>, StoreError> {
        let value = self.tree.get(key).map_err(|error| read_error(&error))?;
        value.map(|value| decode(&value)).transpose()
    }

    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        let durable = self.durable().sequence;
        if as_of >= durable
            && let Some(known) = self.recent.get(report)
        {
            return Ok(known);
        }
        // The first revision is never gone, and asking for one key takes less than looking for the last of many.
        let is_there = self.tree.contains_key(keys::revision(report, 1)).map_err(|error| read_error(&error))?;
        let standing = if is_there {
            let end = if as_of < durable { self.first_later(report, as_of)? } else { u32::MAX };
            self.standing_of(self.tree.range(keys::below(report, end)).rev(), durable.min(as_of))?
        } else {
            None
        };
        if as_of >= durable {
            self.recent.note_read(report, standing.as_ref(), || self.durable().sequence == durable);
        }
        Ok(standing)
    }

    /// The number from which on a report's revisions are later than `moment`.
    fn first_later(&self, report: &ReportKey, moment: u64) -> Result<u32, StoreError> {
        let Some(last) = self.tree.range(keys::below(report, u32::MAX)).next_back() else { return Ok(0) };
        let (key, _) = last.map_err(|error| read_error(&error))?;
        moment::first_later(keys::revision_number(&key), moment, |number| {
            let value = self.tree.get(keys::revision(report, number)).map_err(|error| read_error(&error))?;
            value.map(|value| revision_sequence(&value)).transpose()
        })
    }

    /// A report from its records from the last one backwards, as it stood at `bound`; reads no more than it needs.
    fn standing_of(
        &self,
        backwards: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
        bound: u64,
    ) -> Result<Option<Standing>, StoreError> {
        let mut reviewed = None;
        for entry in backwards {
            let (key, value) = entry.map_err(|error| read_error(&error))?;
            if keys::is_review(&key) {
                // The reviews of a revision lie right after it, the newest last.
                let review = decode::<Review>(&value)?;
                if reviewed.is_none() && review.status.sequence <= bound {
                    reviewed = Some(review.status);
                }
                continue;
            }
            let newest = Arc::new(decode::<Revision>(&value)?);
            if newest.sequence > bound {
                reviewed = None;
                continue;
            }
            let status = reviewed.unwrap_or_else(|| newest.status());
            let accepted = match status.accepted {
                None => None,
                Some(number) if number == newest.number => Some(newest.clone()),
                Some(number) => {
                    let missing = || StoreError::Damaged(format!("the accepted revision of {}", newest.report));
                    let found = self.get::<Revision>(keys::revision(&newest.report, number))?;
                    Some(Arc::new(found.ok_or_else(missing)?))
                }
            };
            return Ok(Some(Standing { status, newest, accepted }));
        }
        Ok(None)
    }

    /// Revisions among these records that are durable.
    fn durable_revisions(
        &self,
        records: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
    ) -> impl Iterator<Item = Result<Revision, StoreError>> {
        let durable = self.durable().sequence;
        let revisions = records.filter(|entry| entry.as_ref().map_or(true, |(key, _)| !keys::is_review(key)));
        revisions
            .map(|entry| decode::<Revision>(&entry.map_err(|error| read_error(&error))?.1))
            .filter(move |revision| revision.as_ref().map_or(true, |revision| revision.sequence <= durable))
    }
}

impl Stored for Shared {
    /// The committer alone writes, and asks between its writes: what is there is durable.
    fn version(&self, report: &ReportKey) -> Result<Option<Version>, StoreError> {
        Ok(self.standing(report, NEWEST)?.map(|standing| standing.status.version()))
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        let request = self.get::<StoredRequest>(keys::request(id))?;
        Ok(request.filter(|request| request.sequence <= self.durable().sequence))
    }

    fn registry_sequence(&self) -> Result<u64, StoreError> {
        Ok(self.registry_sequence.load(Ordering::Acquire))
    }

    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError> {
        let key = keys::frozen(&name.jurisdiction, name.year, name.number);
        self.tree.contains_key(key).map_err(|error| read_error(&error))
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tree.get(key).map_err(|error| read_error(&error))?.map(|value| value.to_vec()))
    }
}

impl Store for SledStore {
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>> {
        async move {
            let (answer, answered) = oneshot::channel();
            let jobs = self.jobs.as_ref().ok_or_else(committer_ended)?;
            let place = jobs.reserve().await.map_err(|_| committer_ended())?;
            metrics::transaction_queued();
            place.send(Job::Commit { transaction: Box::new(transaction), answer });
            answered.await.unwrap_or_else(|_| Err(StoreError::Unknown("the committer has ended".to_owned())))
        }
        .boxed()
    }

    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        self.shared.standing(report, as_of)
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        let revision = self.shared.get::<Revision>(keys::revision(&name.report, name.number))?;
        Ok(revision.filter(|revision| revision.sequence <= self.shared.durable().sequence))
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        let keys = keys::below(report, before.unwrap_or(u32::MAX));
        self.shared.durable_revisions(self.shared.tree.range(keys).rev()).take(limit).collect()
    }

    fn reviews(&self, report: &ReportKey, revisions: RangeInclusive<u32>) -> Result<Vec<Review>, StoreError> {
        let durable = self.shared.durable().sequence;
        let records = self.shared.tree.range(keys::among(report, &revisions));
        let reviews = records.filter(|entry| entry.as_ref().map_or(true, |(key, _)| keys::is_review(key)));
        reviews
            .map(|entry| decode::<Review>(&entry.map_err(|error| read_error(&error))?.1))
            .filter(|review| review.as_ref().map_or(true, |review| review.status.sequence <= durable))
            .collect()
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
        let of_year = keys::year(owners, year.get());
        let start = after.map_or(of_year.start, |owner| keys::after_report(year, owner));
        let mut reports = Vec::new();
        if limit == 0 {
            return Ok(reports);
        }
        let mut records: Vec<(IVec, IVec)> = Vec::new();
        for entry in self.shared.tree.range(start..of_year.end) {
            let (key, value) = entry.map_err(|error| read_error(&error))?;
            if records.last().is_some_and(|(last, _)| keys::report_part(last) != keys::report_part(&key)) {
                reports.extend(self.shared.standing_of(records.drain(..).rev().map(Ok), bound)?);
                if reports.len() == limit {
                    return Ok(reports);
                }
            }
            records.push((key, value));
        }
        reports.extend(self.shared.standing_of(records.drain(..).rev().map(Ok), bound)?);
        Ok(reports)
    }

    fn years(&self, owners: Owners) -> Result<Vec<ReportYear>, StoreError> {
        let mut years = Vec::new();
        let mut start = keys::year(owners, 0).start;
        let end = keys::year(owners, u16::MAX).end;
        while let Some(entry) = self.shared.durable_revisions(self.shared.tree.range(start..end.clone())).next() {
            let year = entry?.report.year;
            years.push(year);
            start = keys::year(owners, year.get()).end;
        }
        Ok(years)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Stored::request(&*self.shared, id)
    }

    fn registry(&self, after: u64, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError> {
        let end = self.shared.bound(as_of);
        if after >= end {
            return Ok(Vec::new());
        }
        let changes = self.shared.tree.range(keys::registry(after + 1, 0)..=keys::registry(end, u32::MAX));
        changes
            .map(|entry| {
                let (key, value) = entry.map_err(|error| read_error(&error))?;
                Ok((keys::parse_registry(&key).map_or(0, |(sequence, _)| sequence), decode(&value)?))
            })
            .collect()
    }

    fn access(&self) -> Result<Vec<(u64, AccessChange)>, StoreError> {
        let durable = self.shared.durable().sequence;
        let changes = self.shared.tree.range(keys::access(0, 0)..=keys::access(durable, u32::MAX));
        changes
            .map(|entry| {
                let (key, value) = entry.map_err(|error| read_error(&error))?;
                Ok((keys::parse_access(&key).map_or(0, |(sequence, _)| sequence), decode(&value)?))
            })
            .collect()
    }

    fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        after: Option<(ReportYear, u32)>,
        limit: usize,
    ) -> Result<Vec<FrozenForm>, StoreError> {
        let durable = self.shared.durable().sequence;
        let forms = self.shared.tree.range(keys::frozen_after(jurisdiction, after)).values();
        forms
            .map(|value| decode::<FrozenForm>(&value.map_err(|error| read_error(&error))?))
            .filter(|form| form.as_ref().map_or(true, |form| form.sequence <= durable))
            .take(limit)
            .collect()
    }

    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        let end = self.shared.durable().sequence;
        if after >= end {
            return Ok(Vec::new());
        }
        let entries = self.shared.tree.range(keys::journal(after + 1)..=keys::journal(end)).take(limit);
        entries.map(|entry| decode(&entry.map_err(|error| read_error(&error))?.1)).collect()
    }

    fn records(&self, as_of: u64, after: Option<&[u8]>, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let bound = self.shared.bound(as_of);
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let values = self.shared.tree.range::<&[u8], _>((start, Bound::Unbounded));
        let records = values.filter(|entry| entry.as_ref().map_or(true, |(key, _)| *key != keys::HEADER));
        records
            .map(|entry| {
                let (key, value) = entry.map_err(|error| read_error(&error))?;
                let sequence = sequence_of(&key, &value);
                Ok(StoredRecord { sequence, key: key.to_vec(), value: value.to_vec() })
            })
            .filter(|record| {
                record.as_ref().map_or(true, |record| record.sequence.is_none_or(|sequence| sequence <= bound))
            })
            .take(limit)
            .collect()
    }

    fn import(&self, records: Records, position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let (answer, answered) = oneshot::channel();
            let jobs = self.jobs.as_ref().ok_or_else(committer_ended)?;
            jobs.send(Job::Import { records, position, answer }).await.map_err(|_| committer_ended())?;
            answered.await.unwrap_or_else(|_| Err(StoreError::Unknown("the committer has ended".to_owned())))
        }
        .boxed()
    }

    fn position(&self) -> Position {
        self.shared.durable()
    }

    fn writable(&self) -> Result<(), StoreError> {
        match self.shared.stopped() {
            Some(reason) => Err(StoreError::Stopped(reason)),
            None if self.jobs.as_ref().is_none_or(mpsc::Sender::is_closed) => Err(committer_ended()),
            None => self.shared.space.check(),
        }
    }
}
