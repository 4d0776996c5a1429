//! How a store comes up: what the log holds is the truth, and the copy is brought to it or made anew.
//!
//! What is damaged in one of the two is made again from the other; only what is in neither keeps the store from opening, and
//! is named.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::store::StoreError;
use crate::store::journal::{JournalEntry, Position};
use crate::store::log::{self, FileLog, Log, Piece};
use crate::store::record::{Header, decode};

use super::copy::{Copy, is_damage, is_of_database, lost, made_anew};
use super::open::SledOptions;
use super::retold::{Retold, retell};
use super::state::{self, Left};
use super::watermark::Watermark;
use super::{folder, mendings};

/// Opens both.
///
/// # Errors
/// As [`super::SledStore::open`].
pub(super) fn open(options: &SledOptions) -> Result<(FileLog, Copy), StoreError> {
    let directory = &options.directory;
    let open_error = |error: std::io::Error| StoreError::Open(format!("{}: {error}", directory.display()));
    let log_folder = directory.join(log::FOLDER);
    let has_log = log::holds_segments(&log_folder).map_err(open_error)?;
    folder::prepare(directory, has_log).map_err(open_error)?;
    let left = state::read(directory, &options.boot);
    if left == Left::Closed {
        // sled writes as soon as it is opened.
        state::opened(directory, &options.boot).map_err(open_error)?;
    }
    if has_log {
        let log = FileLog::open(&log_folder, options.log)?;
        let copy = beside(options, &log, left)?;
        return Ok((log, copy));
    }
    if !has_database(directory).map_err(open_error)? {
        // Before sled makes anything: a folder with an empty log is ours, and holds nothing that was acknowledged.
        drop(FileLog::open(&log_folder, options.log)?);
        File::open(directory).and_then(|folder| folder.sync_all()).map_err(open_error)?;
    }
    let is_ours = log_folder.exists() && left != Left::Import && Watermark::is_unused(directory);
    // Nothing is made beside what may be another program's.
    let copy = match Copy::open(directory, options.cache_bytes) {
        Err(error) if is_damage(&error) && is_ours => {
            tracing::warn!(%error, "the machine stopped while the store was made: it is made anew");
            let log = FileLog::open(&log_folder, options.log)?;
            let copy = made_anew(directory, options.cache_bytes, &log)?;
            return Ok((log, copy));
        }
        opened => opened?,
    };
    let header = header_of(&copy)?;
    let log = FileLog::open(&log_folder, options.log)?;
    match header {
        Header::Whole => take_over(directory, &copy, &log)?,
        Header::CopyOf(position) => {
            if position.sequence > 0 {
                tracing::error!("the log is gone: it is made again from its copy");
                mendings::log(position.sequence);
            }
            retell(&copy.tree, &log, position.sequence)?;
        }
    }
    Ok((log, copy))
}

fn has_database(directory: &Path) -> std::io::Result<bool> {
    for entry in directory.read_dir()? {
        if entry?.file_name().to_str().is_some_and(is_of_database) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The header of a database; a new one gets it.
fn header_of(copy: &Copy) -> Result<Header, StoreError> {
    match copy.header()? {
        Some(header) => Ok(header),
        None if copy.is_empty()? => {
            let header = Header::CopyOf(Position::default());
            copy.set_header(&header)?;
            Ok(header)
        }
        None => {
            let reason = "the folder holds another program's data, or what a restore left that did not finish; \
                          choose an empty folder";
            Err(StoreError::Open(reason.to_owned()))
        }
    }
}

/// The copy beside a log.
fn beside(options: &SledOptions, log: &FileLog, left: Left) -> Result<Copy, StoreError> {
    let opened = Copy::open(&options.directory, options.cache_bytes).and_then(|copy| {
        let header = header_of(&copy).map_err(|error| match error {
            StoreError::Open(reason) if left != Left::Import => StoreError::Damaged(reason),
            other => other,
        });
        Ok((header?, copy))
    });
    let why_anew = match opened {
        Err(error) if !is_damage(&error) => return Err(error),
        Err(error) => {
            whole(log, None)?;
            error.to_string()
        }
        Ok((Header::Whole, copy)) => {
            take_over(&options.directory, &copy, log)?;
            return Ok(copy);
        }
        Ok((Header::CopyOf(position), copy)) => {
            lengthen(&copy, log, &position);
            let of_journal = is_at(log, &position)?;
            if of_journal && left != Left::Unknown {
                copy.catch_up(log, &position).or_else(|error| {
                    if !is_damage(&error) {
                        return Err(error);
                    }
                    whole(log, Some(&copy))?;
                    copy.catch_up(log, &position)
                })?;
                return Ok(copy);
            }
            // What it has may be what the log lacks.
            whole(log, Some(&copy))?;
            // While anything of it is left it may write to the files of its successor.
            if !copy.release().map_err(|error| StoreError::Open(error.to_string()))? {
                return Err(StoreError::Open(format!("{} is still in use", options.directory.display())));
            }
            if of_journal {
                "the machine stopped while it was open".to_owned()
            } else {
                "it is of another journal".to_owned()
            }
        }
    };
    // Before what may be the better of the two goes.
    let watermark = Watermark::open(&options.directory).map_err(|error| StoreError::Open(error.to_string()))?;
    watermark.check(|sequence| entry(log, sequence))?;
    let entries = log.head().sequence;
    tracing::warn!(why_anew, entries, "the copy is made anew from the log");
    mendings::copy();
    made_anew(&options.directory, options.cache_bytes, log)
}

/// Appends what a copy has and the log has lost from its end, where the copy proves it.
fn lengthen(copy: &Copy, log: &FileLog, position: &Position) {
    let head = log.head().sequence;
    if position.sequence <= head {
        return;
    }
    tracing::error!(head, copy = position.sequence, "the log has lost its end: it is made again from its copy");
    match retell(&copy.tree, log, position.sequence) {
        Ok(()) => mendings::log(position.sequence - head),
        Err(error) => tracing::error!(%error, "the copy does not show what the log has lost"),
    }
}

/// An entry of the log.
fn entry(log: &FileLog, sequence: u64) -> Result<Option<JournalEntry>, StoreError> {
    let Some(before) = sequence.checked_sub(1) else { return Ok(None) };
    match log.read(before).next().transpose()? {
        Some(Piece::Transaction(logged)) => logged.records.first().map(|record| decode(&record.value)).transpose(),
        _ => Ok(None),
    }
}

/// Whether a place is one of the log's journal.
fn is_at(log: &FileLog, position: &Position) -> Result<bool, StoreError> {
    let head = log.head();
    if position.sequence == head.sequence || position.sequence == 0 {
        return Ok(position.sequence == 0 || position.chain == head.chain);
    }
    if position.sequence > head.sequence {
        return Ok(false);
    }
    match log.read(position.sequence - 1).next().transpose()? {
        Some(Piece::Transaction(logged)) => Ok(logged.position.chain == position.chain),
        // Told by the entry after it, or by nothing.
        _ => Ok(true),
    }
}

/// Puts back what is missing within the log.
///
/// # Errors
/// [`StoreError::Damaged`] naming the first entries that the copy does not have either.
pub(super) fn whole(log: &dyn Log, copy: Option<&Copy>) -> Result<(), StoreError> {
    for gap in log.gaps()? {
        let copy = copy.ok_or_else(|| lost(gap.start(), gap.end()))?;
        fill(log, copy, &gap).map_err(|error| {
            tracing::error!(%error, "the copy does not show what the log has lost");
            lost(gap.start(), gap.end())
        })?;
    }
    Ok(())
}

/// Puts back what is missing in one place of the log.
///
/// # Errors
/// [`StoreError::Damaged`] naming the first entry that the copy does not show to be the one that was there.
pub(super) fn fill(log: &dyn Log, copy: &Copy, gap: &RangeInclusive<u64>) -> Result<(), StoreError> {
    let before = match gap.start() - 1 {
        0 => Position::default(),
        before => match log.read(before - 1).next().transpose()? {
            Some(Piece::Transaction(before)) => before.position,
            _ => return Err(lost(&before, &before)),
        },
    };
    let there = Retold::of(&copy.tree, before, *gap.end())?.collect::<Result<Vec<_>, _>>()?;
    log.fill(gap, &there)?;
    let (first, last) = gap.clone().into_inner();
    tracing::error!(first, last, "entries that were damaged in the log were put back from its copy");
    mendings::log(last - first + 1);
    Ok(())
}

/// Makes a log of a store from before there was one. Until it is whole and was read back, nothing is changed that the program
/// from before could not use.
fn take_over(directory: &Path, copy: &Copy, log: &FileLog) -> Result<(), StoreError> {
    let watermark = Watermark::open(directory).map_err(|error| StoreError::Open(error.to_string()))?;
    watermark.check(|sequence| copy.entry(sequence))?;
    let last = copy.last_entry()?;
    tracing::info!(entries = last.sequence, "a store of an earlier version is taken over: its log is made");
    let refused = |error: StoreError| match error {
        StoreError::Damaged(what) => StoreError::Damaged(format!(
            "{what}; the store is of an earlier version, is not taken over so, and was left as it was"
        )),
        other => other,
    };
    retell(&copy.tree, log, last.sequence).map_err(refused)?;
    let gaps = log.gaps()?;
    if (log.head().sequence, log.head().chain) != (last.sequence, last.chain) || !gaps.is_empty() {
        return Err(StoreError::Open(format!(
            "the log in {} is not of this store, or cannot be read back: remove {}, which holds nothing that is not in the \
             database, and start again",
            directory.display(),
            log::FOLDER
        )));
    }
    copy.set_header(&Header::CopyOf(last))?;
    copy.sync()?;
    tracing::info!(entries = last.sequence, "the store of an earlier version was taken over");
    Ok(())
}
