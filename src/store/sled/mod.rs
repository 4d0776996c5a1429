//! The embedded store on sled 0.34.7, used so that what is acknowledged survives a power cut.
//!
//! - `committer`: the only thread that writes and flushes.
//! - `import`: what that thread does to take the records of another store.
//! - `durability`: the syncs that sled 0.34 leaves out.
//! - `folder`: what is seen to before sled opens it.
//! - `space`: refuses writes before the disk is full.
//! - `watermark`: notices where the end of the journal is gone.
//!
//! Nothing else in the project knows sled.

mod committer;
mod durability;
mod folder;
mod import;
mod space;
mod watermark;

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sled::IVec;
use tokio::sync::{mpsc, oneshot};

use crate::registry::RegistryChange;
use crate::report::{AgencyId, ReportKey, ReportYear, Revision, RevisionName};

use super::item::{Item, StoredRecord};
use super::journal::{JournalEntry, Position};
use super::ledger::Stored;
use super::record::{StoreHeader, decode, encode};
use super::transaction::{Decision, Observer, RequestId, StoredRequest, Transaction};
use super::{Records, Store, StoreError, keys};

use committer::{Committer, Job};
use durability::{DataFile, SEGMENT_BYTES};
use space::Space;
use watermark::Watermark;

pub use folder::{copy_closed, remove_empty_snapshots};
pub use space::FreeSpace;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct SledOptions {
    /// Folder of the store; made if it is not there. One process at a time.
    pub directory: PathBuf,
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
    /// [`StoreError::Open`] where the folder cannot be used (another process has it, the disk is full),
    /// [`StoreError::FormatVersion`] or [`StoreError::Damaged`] where its content cannot.
    pub fn open(options: &SledOptions, observer: Arc<dyn Observer>) -> Result<Self, StoreError> {
        let open_error = |error: std::io::Error| StoreError::Open(format!("{}: {error}", options.directory.display()));
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
        };
        space.keep_ballast();
        space.set_aside(data_file.file());
        let durable = RwLock::new(last_position(&tree)?);
        let shared = Arc::new(Shared { durable, tree, stopped: RwLock::default(), space });
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
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the store's committer panicked");
        }
    }
}

fn open_tree(directory: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let configuration = sled::Config::new().path(directory).cache_capacity(cache_bytes).segment_size(SEGMENT_BYTES);
    configuration.open().map_err(|error| {
        if matches!(error, sled::Error::Corruption { .. }) {
            return read_error(&error);
        }
        let busy = error.to_string().contains("could not acquire lock");
        let hint = if busy { "; another process has it open" } else { "" };
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

    /// Decodes the values of an iterator, and leaves out revisions that are not yet durable.
    fn durable_revisions<'a>(
        &self,
        values: impl Iterator<Item = sled::Result<(IVec, IVec)>> + 'a,
    ) -> impl Iterator<Item = Result<(IVec, Revision), StoreError>> + 'a {
        self.revisions_as_of(u64::MAX, values)
    }

    /// Decodes the values of an iterator, and leaves out revisions that came after a sequence, or are not yet durable.
    fn revisions_as_of<'a>(
        &self,
        sequence: u64,
        values: impl Iterator<Item = sled::Result<(IVec, IVec)>> + 'a,
    ) -> impl Iterator<Item = Result<(IVec, Revision), StoreError>> + 'a {
        let last = self.durable().sequence.min(sequence);
        values
            .map(|entry| {
                let (key, value) = entry.map_err(|error| read_error(&error))?;
                Ok((key, decode::<Revision>(&value)?))
            })
            .filter(move |entry| entry.as_ref().map_or(true, |(_, revision)| revision.sequence <= last))
    }
}

impl Stored for Shared {
    fn newest(&self, report: &ReportKey) -> Result<Option<Revision>, StoreError> {
        let newest = self.durable_revisions(self.tree.range(keys::revisions(report, u32::MAX)).rev()).next();
        Ok(newest.transpose()?.map(|(_, revision)| revision))
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        let Some(value) = self.tree.get(keys::request(id)).map_err(|error| read_error(&error))? else {
            return Ok(None);
        };
        let request = decode::<StoredRequest>(&value)?;
        Ok((request.sequence <= self.durable().sequence).then_some(request))
    }
}

impl Store for SledStore {
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>> {
        async move {
            let (answer, answered) = oneshot::channel();
            let jobs = self.jobs.as_ref().ok_or_else(committer_ended)?;
            jobs.send(Job::Commit { transaction, answer }).await.map_err(|_| committer_ended())?;
            answered.await.unwrap_or_else(|_| Err(StoreError::Unknown("the committer has ended".to_owned())))
        }
        .boxed()
    }

    fn head(&self, report: &ReportKey) -> Result<Option<Revision>, StoreError> {
        self.shared.newest(report)
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        let key = keys::revision(name.report.year, &name.report.agency, name.number);
        let Some(value) = self.shared.tree.get(key).map_err(|error| read_error(&error))? else { return Ok(None) };
        let revision = decode::<Revision>(&value)?;
        Ok((revision.sequence <= self.shared.durable().sequence).then_some(revision))
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        let keys = keys::revisions(report, before.unwrap_or(u32::MAX));
        let revisions = self.shared.durable_revisions(self.shared.tree.range(keys).rev());
        revisions.take(limit).map(|entry| entry.map(|(_, revision)| revision)).collect()
    }

    fn heads_as_of(
        &self,
        sequence: u64,
        year: ReportYear,
        after: Option<&AgencyId>,
        limit: usize,
    ) -> Result<Vec<Revision>, StoreError> {
        let of_year = keys::year(year.get());
        let start = after.map_or(of_year.start, |agency| keys::after_agency(year, agency));
        let mut heads: Vec<Revision> = Vec::new();
        let mut last_key: Option<IVec> = None;
        for entry in self.shared.revisions_as_of(sequence, self.shared.tree.range(start..of_year.end)) {
            let (key, revision) = entry?;
            let same = last_key.as_ref().is_some_and(|last| keys::same_report(last, &key));
            if same {
                heads.pop();
            } else if heads.len() == limit {
                break;
            }
            heads.push(revision);
            last_key = Some(key);
        }
        Ok(heads)
    }

    fn years(&self) -> Result<Vec<ReportYear>, StoreError> {
        let mut years = Vec::new();
        let mut start = keys::year(0).start;
        let end = keys::year(u16::MAX).end;
        while let Some(entry) = self.shared.durable_revisions(self.shared.tree.range(start..end.clone())).next() {
            let year = entry?.1.report.year;
            years.push(year);
            start = keys::year(year.get()).end;
        }
        Ok(years)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Stored::request(&*self.shared, id)
    }

    fn registry_as_of(&self, sequence: u64) -> Result<Vec<RegistryChange>, StoreError> {
        let end = self.shared.durable().sequence.min(sequence);
        let changes = self.shared.tree.range(keys::registry(0, 0)..=keys::registry(end, u32::MAX));
        changes.map(|entry| decode(&entry.map_err(|error| read_error(&error))?.1)).collect()
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
        let last = self.shared.durable().sequence.min(as_of);
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let values = self.shared.tree.range::<&[u8], _>((start, Bound::Unbounded));
        let records = values.filter(|entry| entry.as_ref().map_or(true, |(key, _)| *key != keys::HEADER));
        records
            .map(|entry| {
                let (key, value) = entry.map_err(|error| read_error(&error))?;
                let sequence = Item::decode(&key, &value).ok().map(|item| item.sequence());
                Ok(StoredRecord { sequence, key: key.to_vec(), value: value.to_vec() })
            })
            .filter(|record| {
                record.as_ref().map_or(true, |record| record.sequence.is_none_or(|sequence| sequence <= last))
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
