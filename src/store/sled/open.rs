//! Opening the store: whose folder it is, where the journal ends, and what is synced before anything is answered.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc;

use crate::store::StoreError;
use crate::store::log::{Engine, Sizes};
use crate::store::transaction::Observer;

use super::committer::Committer;
use super::folder::will_be_new;
use super::mendings::Mended;
use super::shared::Shared;
use super::space::{FreeSpace, Space};
use super::state::Boot;
use super::watching::Watcher;
use super::watermark::Watermark;
use super::{SledStore, durability, start, state};

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
    /// Tells one run of the machine from another.
    pub boot: Boot,
    /// How large the files of the log become.
    pub log: Sizes,
    /// The log that is shared with other instances, of which the folder holds a copy; none for one of its own in the folder.
    pub engine: Option<Engine>,
    /// The log is in memory and made of the copy at each opening: nothing is durable then but what sled has written by itself.
    /// For tests of what does not depend on the log.
    pub log_in_memory: bool,
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
            boot: Boot::default(),
            log: Sizes::default(),
            engine: None,
            log_in_memory: false,
        }
    }
}

impl SledStore {
    /// Opens the store, or makes a new one, and makes its files durable. Where log and copy are both damaged, what is in
    /// neither is told by [`Store::lost`](super::Store::lost), and the rest can be read.
    ///
    /// # Errors
    /// [`StoreError::Folder`] where it holds no store and must, or what is left of one;
    /// [`StoreError::Open`] where the folder cannot be used (another process has it, the disk is full),
    /// [`StoreError::FormatVersion`] or [`StoreError::Damaged`] where its content cannot.
    pub fn open(options: &SledOptions, observer: Arc<dyn Observer>) -> Result<Self, StoreError> {
        let open_error = |error: std::io::Error| StoreError::Open(format!("{}: {error}", options.directory.display()));
        if options.engine.is_none() {
            will_be_new(&options.directory, options.must_exist)?;
        }
        let mended = Mended::default();
        let start::Opened { log, copy, lost } = start::open(options, &mended)?;
        let watermark = Watermark::open(&options.directory).map_err(open_error)?;
        watermark.check(&lost, |sequence| copy.entry(sequence))?;
        copy.sync()?;
        durability::sync_after_open(&options.directory).map_err(open_error)?;
        if lost.is_empty() {
            state::opened(&options.directory, &options.boot).map_err(open_error)?;
        }
        let space = Space {
            directory: options.directory.clone(),
            min_free_bytes: options.min_free_bytes,
            free: options.free_space.clone(),
            ballast_bytes: options.ballast_bytes,
            untold: AtomicBool::new(false),
        };
        space.keep_ballast();
        space.set_aside(copy.data_file());
        let shared = Arc::new(Shared::new(log, copy, space, options, mended)?);
        shared.lose(lost);
        let (jobs, waiting) = mpsc::channel(options.queue_transactions);
        let committer = Committer::new(shared.clone(), watermark, observer, options.group_transactions);
        let committer = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || committer.run(waiting))
            .map_err(open_error)?;
        let watcher = match &options.engine {
            Some(engine) => Some(Watcher::begin(shared.clone(), jobs.downgrade(), engine.poll()).map_err(open_error)?),
            None => None,
        };
        Ok(Self { shared, jobs: Some(jobs), committer: Some(committer), watcher })
    }
}
