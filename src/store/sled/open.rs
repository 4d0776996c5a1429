//! Opening the store: whose folder it is, where the journal ends, and what is synced before anything is answered.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};

use tokio::sync::mpsc;

use crate::store::journal::{JournalEntry, Position};
use crate::store::record::{StoreHeader, decode, encode};
use crate::store::transaction::Observer;
use crate::store::{StoreError, keys};

use super::SledStore;
use super::committer::Committer;
use super::durability::{self, DataFile, SEGMENT_BYTES};
use super::folder::{self, will_be_new};
use super::recent::Recent;
use super::shared::{Shared, read_error};
use super::space::{FreeSpace, Space};
use super::watermark::Watermark;

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

pub(super) fn open_tree(directory: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
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

pub(super) fn last_registry_sequence(tree: &sled::Db) -> Result<u64, StoreError> {
    let last = tree.range(keys::registry(0, 0)..=keys::registry(u64::MAX, u32::MAX)).keys().next_back();
    let key = last.transpose().map_err(|error| read_error(&error))?;
    Ok(key.and_then(|key| keys::parse_registry(&key)).map_or(0, |(sequence, _)| sequence))
}
