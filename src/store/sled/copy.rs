//! The copy: how things stand by the log, in a database to read from. It is never the truth, and is made again from the log
//! where it is gone or damaged.
//!
//! It takes transactions in the log's order, by plain inserts without a flush; its header says how far it has come, and is
//! written after the records. Taking a transaction again changes nothing.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::store::item::{describe_key, sequence_of};
use crate::store::journal::{JournalEntry, Position};
use crate::store::log::{Keyed, Log, Logged, Piece};
use crate::store::loose;
use crate::store::lost::LostEntry;
use crate::store::record::{Header, check_sum, decode};
use crate::store::{StoreError, keys};

use super::durability::{self, CONFIGURATION_FILE, DATA_FILE, DataFile, SEGMENT_BYTES};
use super::folder;
use super::grouped::in_groups;
use super::shared::read_error;

/// Where the files of a copy are put that another takes the place of, until that is whole.
const SET_ASIDE: &str = "set-aside";

/// Transactions between two words of progress.
const PROGRESS: u64 = 50_000;

/// Groups that are read ahead of the one that is taken.
const GROUPS_AHEAD: usize = 2;

/// The open copy.
pub(crate) struct Copy {
    pub(super) tree: sled::Db,
    data_file: DataFile,
    directory: PathBuf,
}

fn write_error(error: &sled::Error) -> StoreError {
    match read_error(error) {
        StoreError::Read(reason) => StoreError::Unknown(reason),
        other => other,
    }
}

/// Whether it is the database that is damaged, and not the machine that cannot read it now.
pub(super) fn is_damage(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged(_))
}

impl Copy {
    /// Opens the database in a folder, or makes an empty one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Open`].
    pub(super) fn open(directory: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let folder = directory.to_owned();
        // A damaged database may make sled panic.
        let opened = std::thread::spawn(move || open_tree(&folder, cache_bytes)).join();
        let tree =
            opened.unwrap_or_else(|_| Err(StoreError::Damaged("the database ended while it was opened".to_owned())))?;
        let open_error = |error: io::Error| StoreError::Open(format!("{}: {error}", directory.display()));
        let data_file = DataFile::open(directory).map_err(open_error)?;
        Ok(Self { tree, data_file, directory: directory.to_owned() })
    }

    /// What it says of itself; none where there is no header.
    ///
    /// # Errors
    /// As [`Header::decode`].
    pub(super) fn header(&self) -> Result<Option<Header>, StoreError> {
        let header = self.tree.get(keys::HEADER).map_err(|error| read_error(&error))?;
        header.map(|header| Header::decode(&header)).transpose()
    }

    pub(super) fn set_header(&self, header: &Header) -> Result<(), StoreError> {
        self.tree.insert(keys::HEADER, header.encode()).map(drop).map_err(|error| write_error(&error))
    }

    /// Whether there is nothing in it, besides a header.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        // A database of ours has no tree besides sled's own.
        let records = self.tree.iter().keys().filter(|key| key.as_ref().map_or(true, |key| *key != keys::HEADER));
        let first = records.take(1).next().transpose().map_err(|error| read_error(&error))?;
        Ok(first.is_none() && self.tree.tree_names().len() == 1)
    }

    /// Takes transactions, and remembers how far it has come after all of them.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub(super) fn apply(&self, group: &[Logged]) -> Result<(), StoreError> {
        self.take(group)?;
        match group.last() {
            Some(last) => self.set_header(&Header::CopyOf(last.position)),
            None => Ok(()),
        }
    }

    /// Takes everything after a place from the log, but for what is known to be `lost`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming what else the log has no more; where the copy cannot be written.
    pub(super) fn catch_up(&self, log: &dyn Log, after: &Position, lost: &[LostEntry]) -> Result<(), StoreError> {
        let until = log.head().sequence;
        let is_known = |sequence: u64| lost.iter().any(|entry| entry.sequence == sequence);
        let transactions = log.read(after.sequence).filter_map(|piece| match piece {
            Ok(Piece::Transaction(logged)) => Some(Ok(logged)),
            Ok(Piece::Gap(mut gap)) => gap.find(|sequence| !is_known(*sequence)).map(|first| Err(missing(first))),
            Err(error) => Some(Err(error)),
        });
        let mut told = after.sequence;
        // One core reads the log and proves what it reads, another puts it into the database.
        thread::scope(|scope| {
            let (give, given) = sync_channel(GROUPS_AHEAD);
            scope.spawn(move || {
                let nobody = |_| StoreError::Unavailable("nobody takes it any more".to_owned());
                if let Err(error) = in_groups(transactions, |group| give.send(Ok(Sorted::of(group))).map_err(nobody)) {
                    // Where nobody takes it any more, nobody is to be told.
                    let _ = give.send(Err(error));
                }
            });
            for group in given {
                let Sorted { records, last } = group?;
                records.iter().try_for_each(|record| self.insert(record))?;
                self.set_header(&Header::CopyOf(last))?;
                if last.sequence >= told + PROGRESS {
                    told = last.sequence;
                    tracing::info!(sequence = told, until, "the copy is made from the log");
                }
            }
            Ok(())
        })
    }

    /// Takes transactions without remembering how far it has come.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub(super) fn take(&self, group: &[Logged]) -> Result<(), StoreError> {
        group.iter().flat_map(|logged| &logged.records).try_for_each(|record| self.insert(record))
    }

    fn insert(&self, record: &Keyed) -> Result<(), StoreError> {
        let inserted = self.tree.insert(&record.key, record.value.as_slice());
        inserted.map(drop).map_err(|error| write_error(&error))
    }

    /// A transaction with the records that are here, each whole; none where they are those of the log.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the first that is gone or not whole; where it cannot be read.
    pub(super) fn differing(&self, logged: &Logged) -> Result<Option<Logged>, StoreError> {
        let mut here = logged.clone();
        for (at, Keyed { key, value }) in here.records.iter_mut().enumerate() {
            let found = self.tree.get(&*key).map_err(|error| read_error(&error))?;
            let found = found.ok_or_else(|| StoreError::Damaged(format!("{}: it is gone", describe_key(key))))?;
            // Of what an entry rewrote of an earlier one, the log of that one says what it is.
            if *found != **value && (at == 0 || sequence_of(key, value) == Some(logged.position.sequence)) {
                check_sum(&found)?;
                *value = found.to_vec();
            }
        }
        Ok((here != *logged).then_some(here))
    }

    /// Records of transactions with these numbers, each whole by its own checksum, as far as the database gives them out.
    pub(super) fn remains(&self, of: &RangeInclusive<u64>) -> Vec<Keyed> {
        let entries = of.clone().filter_map(|sequence| {
            let key = keys::journal(sequence);
            let value = self.tree.get(key).ok()??;
            Some(Keyed { key: key.to_vec(), value: value.to_vec() })
        });
        let is_of = |key: &[u8], value: &[u8]| sequence_of(key, value).is_some_and(|sequence| of.contains(&sequence));
        // What lies behind a damaged page is not given out.
        let others = self
            .tree
            .iter()
            .map_while(Result::ok)
            .filter(|(key, value)| key.first() != Some(&b'j') && is_of(key, value));
        let others = others.map(|(key, value)| Keyed { key: key.to_vec(), value: value.to_vec() });
        // It may still stand in the file, there or as it was first written.
        let loose = loose::records_in(&self.directory.join(DATA_FILE), of);
        entries.chain(others).chain(loose).collect()
    }

    pub(super) fn data_file(&self) -> &File {
        self.data_file.file()
    }

    /// Makes everything in it durable.
    ///
    /// # Errors
    /// Where it cannot be.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.tree.flush().map_err(|error| write_error(&error))?;
        self.data_file.sync().map_err(|error| StoreError::Unknown(error.to_string()))
    }

    /// Lets it go, and waits until sled's threads have let go of its files too; whether they have.
    pub(super) fn release(self) -> io::Result<bool> {
        drop(self.tree);
        let file = self.data_file.file();
        folder::unless_in_use(|| folder::try_lock(file), |locked| matches!(locked, Ok(false)))
    }

    /// Lets it go, with everything in it durable; whether it is.
    pub(super) fn close(self) -> io::Result<bool> {
        let directory = self.directory.clone();
        self.tree.flush().map_err(io::Error::other)?;
        let released = self.release()?;
        if released {
            durability::sync_files(&directory)?;
        }
        Ok(released)
    }

    /// An entry of the journal.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn entry(&self, sequence: u64) -> Result<Option<JournalEntry>, StoreError> {
        let value = self.tree.get(keys::journal(sequence)).map_err(|error| read_error(&error))?;
        value.map(|value| decode(&value)).transpose()
    }

    /// The newest entry of the journal.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn last_entry(&self) -> Result<Position, StoreError> {
        match self.tree.range(keys::journal(0)..=keys::journal(u64::MAX)).next_back() {
            None => Ok(Position::default()),
            Some(entry) => {
                let (_, value) = entry.map_err(|error| read_error(&error))?;
                Ok(decode::<JournalEntry>(&value)?.position())
            }
        }
    }

    /// The sequence number of the newest change of who may do what; 0 for none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn access_sequence(&self) -> Result<u64, StoreError> {
        let last = self.tree.range(keys::access(0, 0)..=keys::access(u64::MAX, u32::MAX)).keys().next_back();
        let key = last.transpose().map_err(|error| read_error(&error))?;
        Ok(key.and_then(|key| keys::parse_access(&key)).map_or(0, |(sequence, _)| sequence))
    }

    /// The sequence number of the newest change of the registry; 0 for none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn registry_sequence(&self) -> Result<u64, StoreError> {
        let last = self.tree.range(keys::registry(0, 0)..=keys::registry(u64::MAX, u32::MAX)).keys().next_back();
        let key = last.transpose().map_err(|error| read_error(&error))?;
        Ok(key.and_then(|key| keys::parse_registry(&key)).map_or(0, |(sequence, _)| sequence))
    }
}

/// The records of transactions in the order of their keys, so that more of them go where the last one went; of one key the later
/// comes last.
struct Sorted {
    records: Vec<Keyed>,
    last: Position,
}

impl Sorted {
    fn of(group: Vec<Logged>) -> Self {
        let last = group.last().map(|last| last.position).unwrap_or_default();
        let mut records: Vec<Keyed> = group.into_iter().flat_map(|logged| logged.records).collect();
        records.sort_by(|one, two| one.key.cmp(&two.key));
        Self { records, last }
    }
}

/// What is said of an entry that the log lacks.
fn missing(sequence: u64) -> StoreError {
    StoreError::Damaged(format!("journal entry {sequence} cannot be read in the log"))
}

/// Makes a copy anew from the log; what was there before is kept until the new one is whole.
///
/// # Errors
/// As [`Copy::catch_up`].
pub(super) fn made_anew(
    directory: &Path,
    cache_bytes: u64,
    log: &dyn Log,
    lost: &[LostEntry],
) -> Result<Copy, StoreError> {
    let open_error = |error: io::Error| StoreError::Open(format!("{}: {error}", directory.display()));
    set_aside(directory).map_err(open_error)?;
    let copy = Copy::open(directory, cache_bytes)?;
    copy.set_header(&Header::CopyOf(Position::default()))?;
    copy.catch_up(log, &Position::default(), lost)?;
    copy.sync()?;
    remove_set_aside(directory).map_err(open_error)?;
    Ok(copy)
}

/// Names of the files and folders of a database.
pub(super) fn is_of_database(name: &str) -> bool {
    [DATA_FILE, CONFIGURATION_FILE, "blobs"].contains(&name) || name.starts_with("snap.")
}

fn set_aside(directory: &Path) -> io::Result<()> {
    remove_set_aside(directory)?;
    let aside = directory.join(SET_ASIDE);
    std::fs::create_dir(&aside)?;
    for entry in directory.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_of_database) {
            std::fs::rename(entry.path(), aside.join(entry.file_name()))?;
        }
    }
    File::open(directory)?.sync_all()
}

fn remove_set_aside(directory: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(directory.join(SET_ASIDE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

pub(super) fn open_tree(directory: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let configuration = sled::Config::new().path(directory).cache_capacity(cache_bytes).segment_size(SEGMENT_BYTES);
    let busy = |error: &sled::Error| error.to_string().contains("could not acquire lock");
    let in_use = |opened: &sled::Result<sled::Db>| opened.as_ref().is_err_and(busy);
    folder::unless_in_use(|| configuration.open(), in_use).map_err(|error| {
        // What the kernel does not report of a file is what stands in it.
        let of_content = match &error {
            sled::Error::Io(error) => error.raw_os_error().is_none(),
            _ => true,
        };
        if matches!(error, sled::Error::Corruption { .. }) {
            return read_error(&error);
        }
        if of_content && !busy(&error) {
            return StoreError::Damaged(format!("the database cannot be opened: {error}"));
        }
        let hint = if busy(&error) { "; another process has it open" } else { "" };
        StoreError::Open(format!("{}: {error}{hint}", directory.display()))
    })
}
