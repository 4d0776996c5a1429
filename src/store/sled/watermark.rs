//! How far the journal has come, kept beside the log and its copy.
//!
//! Where the log has lost its end and the copy does not have it either, nothing in them tells. Hence this file, written after
//! each group is durable: a store whose journal ends before it, or holds another entry there, has lost what it acknowledged.
//!
//! The file is not synced with each group, so after a power cut it may be behind; it is never ahead.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::store::lost::LostEntry;
use crate::store::{JournalEntry, Position, StoreError};

/// Its name in the store's folder.
pub(crate) const FILE: &str = "acknowledged";

/// A sequence number in 20 digits, a space, a chain hash in hexadecimal, LF.
const LINE_BYTES: u64 = 20 + 1 + 64 + 1;

/// The open file.
pub(crate) struct Watermark(File);

impl Watermark {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// What the kernel reports.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).open(directory.join(FILE)).map(Self)
    }

    /// Whether nothing was ever acknowledged, as far as this file tells.
    pub(crate) fn is_unused(directory: &Path) -> bool {
        directory.join(FILE).metadata().map_or(true, |metadata| metadata.len() == 0)
    }

    /// The newest entry that was acknowledged, as far as this file tells, and its chain hash in hexadecimal.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the file is not as it was written.
    pub(crate) fn read(&self) -> Result<Option<(u64, String)>, StoreError> {
        let mut line = [0; LINE_BYTES as usize + 1];
        let mut read = 0;
        while read < line.len() {
            match self.0.read_at(&mut line[read..], read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) => return Err(StoreError::Open(error.to_string())),
            }
        }
        if read == 0 {
            return Ok(None);
        }
        let line = std::str::from_utf8(&line[..read]).ok();
        let parts = line.and_then(|line| line.strip_suffix('\n')).and_then(|line| line.split_once(' '));
        match parts.map(|(sequence, chain)| (sequence.parse(), chain)) {
            Some((Ok(sequence), chain)) => Ok(Some((sequence, chain.to_owned()))),
            _ => Err(StoreError::Damaged(format!("the file {FILE:?} is not as it was written"))),
        }
    }

    /// Checks a journal against it, of which some entries are known to be `lost`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the journal lacks the entry, has another, or the file is not as it was written.
    pub(crate) fn check(
        &self,
        lost: &[LostEntry],
        entry: impl FnOnce(u64) -> Result<Option<JournalEntry>, StoreError>,
    ) -> Result<(), StoreError> {
        let Some((sequence, chain)) = self.read()? else { return Ok(()) };
        if lost.iter().any(|entry| entry.sequence == sequence) {
            return Ok(());
        }
        match entry(sequence)? {
            _ if sequence == 0 => Ok(()),
            Some(entry) if entry.chain.to_hex() == chain => Ok(()),
            Some(_) => Err(StoreError::Damaged(format!("journal entry {sequence} is not the one acknowledged"))),
            None => Err(StoreError::Damaged(format!("journal entry {sequence} was acknowledged and is gone"))),
        }
    }

    /// Notes that everything up to `position` is durable.
    ///
    /// # Errors
    /// What the kernel reports.
    pub(crate) fn raise(&self, position: &Position) -> io::Result<()> {
        let line = format!("{:020} {}\n", position.sequence, position.chain);
        self.0.write_all_at(line.as_bytes(), 0)
    }

    /// Makes the file durable.
    ///
    /// # Errors
    /// What the kernel reports.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}
