//! The log in a folder: segments of frames, of which only the newest is written to, by one process.
//!
//! A group is one write and one `fdatasync`. Room is taken ahead of it, so that no size has to be made durable with it. The
//! folder is synced when a segment begins. What is put back where it was damaged goes into a new file, which then takes the
//! place of the old one.

mod frame;
mod read;
mod segment;

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};

use crate::report::Hash;
use crate::store::StoreError;
use crate::store::journal::Position;
use crate::store::loose;
use crate::store::sled::{PRIVATE_FOLDER, unless_in_use};

use super::{Keyed, Log, LogError, Logged, Piece, fits, follow, is_in_place_of};

use read::Reader;
use segment::{Found, HEADER_BYTES};

/// Its folder's name in the folder of a store.
pub(crate) const FOLDER: &str = "log";

/// Whether a folder holds segments of a log.
///
/// # Errors
/// What the kernel reports.
pub(crate) fn holds_segments(folder: &Path) -> io::Result<bool> {
    match segment::list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        listed => Ok(!listed?.is_empty()),
    }
}

/// How large files become, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// A segment ends before it grows beyond this; it holds one group at least.
    pub segment_bytes: u64,
    /// Room taken at a time.
    pub step_bytes: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, step_bytes: 1 << 20 }
    }
}

/// The open log.
pub(crate) struct FileLog {
    folder: PathBuf,
    sizes: Sizes,
    /// Of the folder, locked against other processes.
    folder_file: File,
    head: RwLock<Position>,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Writer {
    newest: Option<Newest>,
    /// Why nothing is appended any more.
    failed: Option<String>,
}

/// The segment that is written to.
struct Newest {
    file: File,
    first: u64,
    /// Where the next frame goes.
    end: u64,
    /// Up to where there is room.
    reserved: u64,
    /// What was never acknowledged follows the end, or the header is not as it was written.
    has_remains: bool,
}

fn of_folder(folder: &Path) -> impl Fn(io::Error) -> StoreError {
    let folder = folder.to_owned();
    move |error| StoreError::Open(format!("{}: {error}", folder.display()))
}

impl FileLog {
    /// Opens the log in a folder, or makes an empty one, and looks for its head; nothing that is there is changed.
    ///
    /// # Errors
    /// [`StoreError::Open`] where another process has it or the folder cannot be used; [`StoreError::FormatVersion`] where a
    /// newer program wrote it.
    pub(crate) fn open(folder: &Path, sizes: Sizes) -> Result<Self, StoreError> {
        let error = of_folder(folder);
        std::fs::DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder).map_err(&error)?;
        let folder_file = File::open(folder).map_err(&error)?;
        let locked = unless_in_use(
            || flock(&folder_file, FlockOperation::NonBlockingLockExclusive),
            |locked| *locked == Err(rustix::io::Errno::WOULDBLOCK),
        );
        if let Err(cause) = locked {
            let hint = if cause == rustix::io::Errno::WOULDBLOCK { "; another process has it open" } else { "" };
            let shown = folder.parent().unwrap_or(folder).display();
            return Err(StoreError::Open(format!("{shown}: {cause}{hint}")));
        }
        segment::remove_unfinished(folder).map_err(&error)?;
        let mut log =
            Self { folder: folder.to_owned(), sizes, folder_file, head: RwLock::default(), writer: Mutex::default() };
        log.find_head()?;
        Ok(log)
    }

    /// The newest transaction of the newest segment that has any, and where the next one goes.
    fn find_head(&mut self) -> Result<(), StoreError> {
        let error = of_folder(&self.folder);
        let segments = segment::list(&self.folder).map_err(&error)?;
        for (back, first) in segments.iter().rev().enumerate() {
            let bytes = std::fs::read(segment::path(&self.folder, *first)).map_err(&error)?;
            if let Some(found) = segment::other_version(&bytes) {
                return Err(StoreError::FormatVersion { found, supported: segment::VERSION });
            }
            // A later segment was begun only when all of an earlier one was durable.
            let scan = if back == 0 { segment::scan_newest(&bytes, *first) } else { segment::scan(&bytes, *first) };
            if back == 0 {
                let file = segment::create(&segment::path(&self.folder, *first)).map_err(&error)?;
                // What a process that was killed has written may not be on disk yet, and is shown from now on.
                file.sync_all().map_err(&error)?;
                let is_clean = bytes.get(scan.end..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
                let has_remains = !is_clean || !bytes.starts_with(&segment::header(*first));
                let (end, reserved) = (scan.end as u64, bytes.len() as u64);
                let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner);
                writer.newest = Some(Newest { file, first: *first, end, reserved, has_remains });
            }
            if let Some(Found::Frame(frame)) = scan.found.last() {
                let head = self.head.get_mut().unwrap_or_else(PoisonError::into_inner);
                *head = Logged::decode(frame.records)?.position;
                break;
            }
        }
        Ok(())
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn segments(&self) -> Result<Vec<u64>, StoreError> {
        segment::list(&self.folder).map_err(|error| StoreError::Read(format!("{}: {error}", self.folder.display())))
    }

    /// Writes a group after the newest, and makes it durable.
    fn write(&self, writer: &mut Writer, bytes: &[u8], first: u64) -> io::Result<()> {
        let added = bytes.len() as u64;
        let has_room = |newest: &Newest| {
            if newest.is_empty() { newest.first == first } else { newest.end + added <= self.sizes.segment_bytes }
        };
        let newest = match writer.newest.take().filter(has_room) {
            Some(newest) => writer.newest.insert(newest),
            None => writer.newest.insert(self.begin(first)?),
        };
        if newest.has_remains {
            newest.file.set_len(newest.end)?;
            newest.file.write_all_at(&segment::header(newest.first), 0)?;
            newest.file.sync_all()?;
            (newest.reserved, newest.has_remains) = (newest.end, false);
        }
        if newest.end + added > newest.reserved {
            let wanted = (newest.end + added).next_multiple_of(self.sizes.step_bytes);
            // Where no room can be taken ahead, the write itself finds it or fails.
            if fallocate(&newest.file, FallocateFlags::empty(), 0, wanted).is_ok() {
                newest.reserved = wanted;
            }
        }
        newest.file.write_all_at(bytes, newest.end)?;
        newest.file.sync_data()?;
        newest.check_there()?;
        newest.end += added;
        Ok(())
    }

    /// Begins a segment. Any that claims to be later has nothing in it that could be read.
    fn begin(&self, first: u64) -> io::Result<Newest> {
        for later in segment::list(&self.folder)?.into_iter().filter(|later| *later > first) {
            std::fs::remove_file(segment::path(&self.folder, later))?;
        }
        let file = segment::create(&segment::path(&self.folder, first))?;
        file.set_len(0)?;
        file.write_all_at(&segment::header(first), 0)?;
        file.sync_all()?;
        self.folder_file.sync_all()?;
        let end = HEADER_BYTES as u64;
        Ok(Newest { file, first, end, reserved: end, has_remains: false })
    }

    /// Gives room back that was taken ahead.
    fn trim(&self) -> io::Result<()> {
        let mut writer = self.writer();
        if let Some(newest) =
            writer.newest.as_mut().filter(|newest| newest.reserved > newest.end && !newest.has_remains)
        {
            newest.file.set_len(newest.end)?;
            newest.reserved = newest.end;
        }
        Ok(())
    }

    /// Puts a segment in its place that holds these transactions, each durable by itself.
    fn put(&self, first: u64, transactions: &[Logged]) -> io::Result<u64> {
        let mut bytes = segment::header(first).to_vec();
        for transaction in transactions {
            frame::encode(transaction, transaction.position.sequence, &mut bytes);
        }
        let unfinished = segment::unfinished_path(&self.folder, first);
        let file = segment::create(&unfinished)?;
        file.set_len(0)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_all()?;
        self.keep_damaged(first, transactions)?;
        std::fs::rename(&unfinished, segment::path(&self.folder, first))?;
        self.folder_file.sync_all()?;
        Ok(bytes.len() as u64)
    }

    /// Keeps what a segment was where what takes its place lacks something that may still be read of it.
    fn keep_damaged(&self, first: u64, transactions: &[Logged]) -> io::Result<()> {
        let later = segment::list(&self.folder)?.into_iter().find(|later| *later > first);
        let end = later.map_or(self.head().sequence, |later| later - 1);
        let is_whole = transactions.iter().map(|one| one.position.sequence).eq(first..=end);
        let (path, kept) = (segment::path(&self.folder, first), segment::damaged_path(&self.folder, first));
        let done = if is_whole {
            std::fs::remove_file(kept)
        } else {
            // The first that was kept has most of it.
            std::fs::hard_link(path, kept)
        };
        match done {
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::AlreadyExists].contains(&error.kind()) => Ok(()),
            done => done,
        }
    }

    /// Whether transactions are what was in a gap, or in a part of one.
    fn fits(&self, gap: &RangeInclusive<u64>, transactions: &[Logged]) -> Result<bool, StoreError> {
        let before = match gap.start() - 1 {
            0 => Some(Hash::default()),
            before => match self.read(before - 1).next().transpose()? {
                Some(Piece::Transaction(before)) => Some(before.position.chain),
                _ => None,
            },
        };
        let next = match self.read(*gap.end()).next().transpose()? {
            Some(Piece::Transaction(next)) => Some(next.previous),
            Some(Piece::Gap(_)) => None,
            None => Some(self.head().chain),
        };
        Ok(fits(gap, transactions, before, next))
    }
}

impl Newest {
    fn is_empty(&self) -> bool {
        self.end <= HEADER_BYTES as u64
    }

    /// Whether the file is still in its folder: what is written to one that was deleted is gone when it is closed.
    fn check_there(&self) -> io::Result<()> {
        if self.file.metadata()?.nlink() > 0 {
            return Ok(());
        }
        let (open, first) = (format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()), self.first);
        Err(io::Error::other(format!(
            "the newest file of the log, {FOLDER}/{first:020}.log, was deleted and is gone once the service stops: before \
             that, copy {open} back to its place as its owner, then restart"
        )))
    }
}

impl Drop for FileLog {
    fn drop(&mut self) {
        if let Err(error) = self.trim() {
            tracing::warn!(%error, "room that the log had taken ahead could not be given back");
        }
    }
}

impl Log for FileLog {
    fn head(&self) -> Position {
        *self.head.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, after: &Position, group: &[Logged]) -> Result<(), LogError> {
        let mut writer = self.writer();
        if let Some(reason) = &writer.failed {
            return Err(LogError::Unknown(reason.clone()));
        }
        let head = self.head();
        if (after.sequence, after.chain) != (head.sequence, head.chain) {
            return Err(LogError::NotNewest { head });
        }
        if !follow(after, group) {
            return Err(LogError::NotNext { after: after.sequence });
        }
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return Ok(()) };
        let mut bytes = Vec::new();
        for transaction in group {
            frame::encode(transaction, first.position.sequence, &mut bytes);
        }
        if let Err(error) = self.write(&mut writer, &bytes, first.position.sequence) {
            let reason = error.to_string();
            writer.failed = Some(reason.clone());
            return Err(LogError::Unknown(reason));
        }
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = last.position;
        Ok(())
    }

    fn read(&self, after: u64) -> Box<dyn Iterator<Item = Result<Piece, StoreError>> + Send + '_> {
        Box::new(Reader::new(&self.folder, after, self.head()))
    }

    fn fill(&self, gap: &RangeInclusive<u64>, transactions: &[Logged]) -> Result<(), StoreError> {
        if !self.fits(gap, transactions)? {
            return Err(StoreError::Damaged("what is to fill a gap of the log is not what was there".to_owned()));
        }
        let mut writer = self.writer();
        let mut rest = transactions;
        while let Some(next) = rest.first() {
            let segments = self.segments()?;
            // What belongs to one file, or between two.
            let later = segments.iter().find(|first| **first > next.position.sequence);
            let of_one = rest.iter().position(|one| later.is_some_and(|later| one.position.sequence >= *later));
            let (part, others) = rest.split_at(of_one.unwrap_or(rest.len()));
            let before = segments.into_iter().rev().find(|first| *first <= next.position.sequence);
            self.fill_within(&mut writer, before, part)
                .map_err(|error| StoreError::Read(format!("{}: {error}", self.folder.display())))?;
            rest = others;
        }
        Ok(())
    }

    fn remains(&self, of: &RangeInclusive<u64>) -> Vec<Keyed> {
        let segments = self.segments().unwrap_or_default();
        // The one in which the first of them belongs, and those that begin before the last.
        let first = segments.partition_point(|first| first <= of.start()).saturating_sub(1);
        let files = segments.into_iter().skip(first).take_while(|first| first <= of.end());
        let paths =
            files.flat_map(|first| [segment::path, segment::damaged_path].map(|path| path(&self.folder, first)));
        let read = paths.filter_map(|path| std::fs::read(path).ok());
        read.flat_map(|bytes| loose::records(&bytes, of)).collect()
    }

    fn replace(&self, transaction: &Logged) -> Result<(), StoreError> {
        let sequence = transaction.position.sequence;
        let there = self.read(sequence.saturating_sub(1)).next().transpose()?;
        if !there.is_some_and(|there| is_in_place_of(transaction, &there)) {
            return Err(StoreError::Damaged(format!("entry {sequence} of the log is not what would take its place")));
        }
        let mut writer = self.writer();
        let before = self.segments()?.into_iter().rev().find(|first| *first <= sequence);
        self.fill_within(&mut writer, before, std::slice::from_ref(transaction))
            .map_err(|error| StoreError::Read(format!("{}: {error}", self.folder.display())))
    }
}

impl FileLog {
    /// Puts transactions back that belong to one file: to the one before, where that goes on after them, else to one of their
    /// own.
    fn fill_within(&self, writer: &mut Writer, before: Option<u64>, part: &[Logged]) -> io::Result<()> {
        let (Some(start), Some(last)) = (part.first(), part.last()) else { return Ok(()) };
        let (mut first, mut all) = (start.position.sequence, part.to_vec());
        if let Some(before) = before {
            let bytes = match std::fs::read(segment::path(&self.folder, before)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                read => read.unwrap_or_default(),
            };
            let scan = segment::scan(&bytes, before);
            if before == first || scan.expected > last.position.sequence {
                let head = self.head().sequence;
                for found in scan.found {
                    let is_of_part = |sequence| (start.position.sequence..=last.position.sequence).contains(&sequence);
                    if let Found::Frame(frame) = found
                        && frame.sequence <= head
                        && !is_of_part(frame.sequence)
                    {
                        all.push(Logged::decode(frame.records).map_err(io::Error::other)?);
                    }
                }
                all.sort_by_key(|transaction| transaction.position.sequence);
                first = before;
            }
        }
        let end = self.put(first, &all)?;
        // What is written next goes to the file that is there now.
        if segment::list(&self.folder)?.last() == Some(&first) {
            let file = segment::create(&segment::path(&self.folder, first))?;
            writer.newest = Some(Newest { file, first, end, reserved: end, has_remains: false });
        }
        Ok(())
    }
}
