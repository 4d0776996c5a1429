//! Where it is kept: the promises of a store, the journal, the record format, and the stores themselves.
//!
//! - [`Store`]: what every store promises; `tests/integration/store_contract` runs against each.
//! - `journal_file`: the journal as JSON Lines.
//! - [`CheckpointFile`]: the totals at a place in the journal, to start from.
//! - [`commits()`]: what the entries of the journal did, read back; `refusal`: what they say of refusals.
//! - [`Clock`]: the time by which things expire and the journal is stamped.
//! - `log`: what happened, in order: the truth that the rest can be made from again.
//! - `loose`: records among bytes that are nothing else any more.
//! - `lost`: which entries no place has any more, and what was made again.
//! - `ledger`: decides what a transaction does; shared by all stores, so that they agree.
//! - `evidence`: what a record says, as lines that the journal's chain holds the hash of.
//! - `head`: how far the journal has come, signed.
//! - `strike`: people's words that go, while their digests stay.
//! - `record`: the bytes of a stored value: versioned and checksummed.
//! - `item`: the kinds of record, and what stands under each key.
//! - [`disk`]: free space and file systems.
//! - [`transfer`]: a whole store as a stream, between any two stores.
//! - [`verify()`]: everything that can be checked about a store.
//! - [`MemoryStore`]: the reference, a copy in memory. [`SledStore`]: the embedded database as a copy. Each beside a log.

mod ahead;
mod checkpoint;
mod clock;
mod commits;
mod covered;
pub mod disk;
mod evidence;
mod head;
mod item;
mod journal;
mod journal_file;
mod keys;
mod ledger;
mod log;
mod loose;
mod lost;
mod memory;
mod record;
mod refusal;
mod sled;
mod standings;
mod strike;
mod transaction;
pub mod transfer;
mod verify;
mod words;

use std::ops::{ControlFlow, RangeInclusive};
use std::time::Duration;

use futures::future::BoxFuture;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName};
use crate::rollup::FrozenForm;

pub use self::sled::{
    Boot, Folder, FolderFault, FreeSpace, Loss, PRIVATE_FILE, PRIVATE_FOLDER, PutBack, STARTS_FILE, Salvage,
    SledOptions, SledStore, copy_closed, examine, put_back, remove_empty_snapshots, salvage, will_be_new,
};
pub use ahead::{all_cores, in_order};
pub use checkpoint::{Checkpoint, CheckpointFile};
pub use clock::Clock;
pub use commits::commits;
pub use covered::check_changes;
pub use evidence::{Evidence, Salt, Value, records_hash};
pub use head::{SignedHead, SigningKey};
pub use item::{Item, StoredRecord};
pub use journal::{Covers, JournalEntry, NewEntry, Outcome, Position};
pub use journal_file::{
    Extent, JournalFault, JournalWriter, verify_journal, verify_journal_file, verify_journal_file_with,
};
pub use log::{Engine, EngineOptions, EngineStatus, Extras, FiguresAsOf, Keyed, Logged, Roles, Sizes};
pub use lost::{LostEntry, LostSubject, Mendings, lost_in_words};
pub use memory::MemoryStore;
pub use record::{FORMAT_VERSION, RECORD_BYTES_MAX, STORE_VERSION, check_length};
pub use refusal::{RefusedReport, refusal_detail};
pub use standings::{Pages, each_standing};
pub use strike::{STRIKE, Struck, entry_name};
pub use transaction::{
    Change, Commit, Decision, Effect, Observer, RequestId, Requested, Standing, StoredRequest, Transaction, Version,
};
pub use verify::{StoreFault, Verification, Visitor, verify};

/// What is done to a shared log before any instance uses it.
pub mod engine {
    pub use super::log::{figures, init, status, upgrade};
}

/// The change of the registry in a record of one, for whoever has nothing but its bytes; none where it is no such record.
pub fn registry_change(record: &[u8]) -> Option<RegistryChange> {
    record::decode(record).ok()
}

/// As of the newest durable journal entry.
pub const NEWEST: u64 = u64::MAX;

/// Why a store cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A write failed before; no write is taken since. Reads go on.
    #[error("writes are stopped: {0}")]
    Stopped(String),
    /// There is little room on the disk: nothing was stored, reads go on, and writes are taken again when there is more.
    #[error("the disk is nearly full: {free_bytes} bytes are free, and writes need {min_free_bytes}")]
    DiskFull {
        /// Bytes that the disk has left.
        free_bytes: u64,
        /// With fewer, no write is taken.
        min_free_bytes: u64,
    },
    /// The log that is shared with other instances cannot be used now: nothing was stored, or what would be read is too old.
    #[error("not now: {0}")]
    Unavailable(String),
    /// The transaction may or may not be durable; asking again with the same request id tells.
    #[error("the write failed, and its outcome is unknown: {0}")]
    Unknown(String),
    /// Nothing was stored, and other transactions are taken as before.
    #[error("a record of {bytes} bytes is longer than the store takes ({limit_bytes}): shorten reasons and texts")]
    TooLarge {
        /// Length of the record.
        bytes: usize,
        /// Longest record that is taken.
        limit_bytes: usize,
    },
    /// Nothing was stored: read again, the record would not be what it was made of.
    #[error("the record of {0} would not keep all of it")]
    Inexact(String),
    /// Nothing was stored: words look as if they were struck out.
    #[error("words may not look as if they were struck out")]
    LooksStruck,
    /// A read failed; what the system or the library says.
    #[error("the store cannot be read: {0}")]
    Read(String),
    /// Another process has it, or its files cannot be used.
    #[error("the store cannot be opened: {0}")]
    Open(String),
    /// The folder is no store, and none is made there.
    #[error("{0}")]
    Folder(FolderFault),
    /// The record was written by a newer program.
    #[error("a record has format version {found}; this program reads up to {supported}: use a newer program")]
    FormatVersion {
        /// Version in the record.
        found: u8,
        /// Newest version that this program reads.
        supported: u8,
    },
    /// The checksum or the content of a record is wrong; says which.
    #[error("a record is damaged ({0}): restore a backup")]
    Damaged(String),
    /// Records of another store are taken only by one that has none of its own.
    #[error("the store is not empty: choose an empty folder")]
    NotEmpty,
}

/// Transactions of another store, in their order.
pub type Transactions = Box<dyn Iterator<Item = Result<Logged, StoreError>> + Send>;

/// Records of another store, in order of their keys.
pub type Records = Box<dyn Iterator<Item = Result<StoredRecord, StoreError>> + Send>;

/// How a store stands beside a log that other instances append to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Since the log was last asked, with everything followed that was in it.
    pub age: Duration,
    /// With more than this nothing is answered.
    pub limit: Duration,
    /// Entries that were still to be followed when it was last looked at.
    pub behind: u64,
    /// Why the log could not be asked the last time.
    pub trouble: Option<String>,
    /// What was shown here is not in the log any more, and why that is known: the process has to start anew.
    pub diverged: Option<String>,
}

/// A place to keep reports, the registry and the journal.
///
/// Promises:
/// 1. **Whole or nothing.** A transaction's changes, its request id and its journal entry become visible and durable
///    together, or not at all.
/// 2. **Acknowledged means durable.** [`Store::commit`] answers after the data is on disk.
/// 3. **One order.** Transactions are applied one after another; each gets the next sequence number, without gaps, and
///    an entry chained to the one before.
/// 4. **Conditions hold at the moment of commit.** The versions of reports that a transaction expects, and whether its
///    request id is new, are checked in that same order.
/// 5. **Read your writes.** The observer has seen a transaction, and every read shows it, before it is acknowledged.
///    No read shows what is not yet durable.
/// 6. **Nothing is altered.** Revisions, reviews, changes of the registry and journal entries are only added. A read as
///    of a sequence number gives the same answer for ever, but for people's words that were struck out
///    ([`Change::Strike`]), and whose digests stand in their place.
/// 7. **A failed write stops writes.** Later transactions are refused with the first reason. Reads go on, except that
///    what lies close to the data of the failed write may be answered with [`StoreError::Read`] until the store is
///    opened again.
pub trait Store: Send + Sync + 'static {
    /// Applies a transaction, or says why not.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where the outcome is unknown; with any other error nothing was stored.
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>>;

    /// A report as it stood at journal sequence `as_of`, or stands with [`NEWEST`].
    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError>;

    /// One revision.
    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError>;

    /// Revisions of a report numbered below `before` (all where none), newest first, at most `limit`.
    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError>;

    /// Reviews of the revisions of a report with these numbers, oldest first; each has two at the most.
    fn reviews(&self, report: &ReportKey, revisions: RangeInclusive<u32>) -> Result<Vec<Review>, StoreError>;

    /// The year's reports as they stood at journal sequence `as_of`, of owners after `after` in order of their ids, at
    /// most `limit`.
    fn reports(
        &self,
        owners: Owners,
        year: ReportYear,
        after: Option<&ReportOwner>,
        limit: usize,
        as_of: u64,
    ) -> Result<Vec<Standing>, StoreError>;

    /// Years with at least one report, in order.
    fn years(&self, owners: Owners) -> Result<Vec<ReportYear>, StoreError>;

    /// What is kept of a request id.
    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError>;

    /// Changes of the registry after journal sequence `after` and up to `as_of`, in the order in which they were made,
    /// each with its sequence number.
    fn registry(&self, after: u64, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError>;

    /// Changes of the directory of principals, in the order in which they were made, each with its sequence number.
    fn access(&self) -> Result<Vec<(u64, AccessChange)>, StoreError>;

    /// Frozen forms of a jurisdiction after this year and number, in that order, at most `limit`.
    fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        after: Option<(ReportYear, u32)>,
        limit: usize,
    ) -> Result<Vec<FrozenForm>, StoreError>;

    /// Journal entries after sequence number `after`, oldest first, at most `limit`.
    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError>;

    /// Records with keys after `after`, in order of their keys, at most `limit`: of the transactions up to the sequence
    /// `as_of`, each of their records and no other.
    ///
    /// As nothing is altered, the pages of one `as_of` are together the store as it was then, although writes go on.
    /// A record whose sequence cannot be told, because it is damaged, is always among them.
    fn records(&self, as_of: u64, after: Option<&[u8]>, limit: usize) -> Result<Vec<StoredRecord>, StoreError>;

    /// Takes all records of another store, which come in order of their keys and whose journal ends at `position`.
    ///
    /// None of them is to be seen before all are durable; then the store stands where the other stood. The observer is
    /// not told. A store on disk whose import did not succeed is not opened again.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] where anything was stored before: nothing changes then. With any other error, the
    /// first that `records` gives among them, no write is taken any more.
    fn import(&self, records: Records, position: Position) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Hands over the transactions after journal sequence `after` and up to `until`, each with all its records, in their order,
    /// until `take` breaks off.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where one of them is lost; where the store cannot be read.
    fn transactions(
        &self,
        after: u64,
        until: u64,
        take: &mut dyn FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// Takes transactions of another store, in their order, of which the first follows the newest entry here; the last one is at
    /// `position`.
    ///
    /// None of them is to be seen before all are durable. The observer is not told. A store on disk that did not come to the
    /// end of it is not opened again.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where one of them is not what followed; nothing is seen of them then, and no write is taken any
    /// more.
    fn import_transactions(
        &self,
        transactions: Transactions,
        position: Position,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The newest durable journal entry.
    fn position(&self) -> Position;

    /// Goes through what is kept twice of the entries after `after`, at most `limit`, and makes what is damaged in one place again
    /// from the other. The last of the entries.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming what is damaged in both.
    fn look_for_damage(&self, after: u64, limit: u64) -> Result<u64, StoreError> {
        Ok(self.position().sequence.min(after.saturating_add(limit)))
    }

    /// What was damaged in one place and made again from the other, since the store was opened.
    fn mendings(&self) -> Mendings {
        Mendings::default()
    }

    /// Entries of the journal that no place has any more, in order. While there are any no write is taken, and how a report
    /// stands that one of them may be about is not told.
    fn lost(&self) -> Vec<LostEntry> {
        Vec::new()
    }

    /// That what is read here is not older than a store may be that others write to as well.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] saying since when it is.
    fn check_fresh(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// How this store stands beside a log that others append to; none where nobody else does.
    fn freshness(&self) -> Option<Freshness> {
        None
    }

    /// Waits until everything up to a journal sequence is to be seen here; for ever, where it never comes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where nothing comes but what is written here, and that is further than it has come.
    fn reached(&self, sequence: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        let there = self.position().sequence >= sequence;
        let never = || StoreError::Unavailable(format!("there is no journal entry {sequence}"));
        Box::pin(std::future::ready(if there { Ok(()) } else { Err(never()) }))
    }

    /// Waits until everything is to be seen here that any instance had acknowledged when this was called; where the journal is
    /// then.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the shared log cannot be asked.
    fn newest(&self) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(std::future::ready(Ok(self.position())))
    }

    /// What there is beside a shared journal; none where nobody else appends to it.
    fn extras(&self) -> Option<Extras> {
        None
    }

    /// Takes a job on for a time that one of several instances does for all, or goes on having it: whether it is this one's. It
    /// is where there are no others, or they cannot share jobs.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where that cannot be asked.
    fn take_on(&self, _job: &'static str, _time: Duration) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(true)))
    }

    /// How far whoever had such a job has come with it; none where instances do not share jobs.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where that cannot be asked.
    fn done(&self, _job: &'static str) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Notes how far this instance has come with such a job.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where that cannot be noted.
    fn note_done(&self, _job: &'static str, _position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Follows the journal by one page with the plain tables that analysts read, or from its beginning; none where there are no
    /// such tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where that cannot be done now.
    fn follow_figures(&self, _anew: bool) -> BoxFuture<'_, Result<Option<FiguresAsOf>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Why writes are stopped; `Ok` while they are taken.
    fn writable(&self) -> Result<(), StoreError>;
}
