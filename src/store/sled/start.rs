//! How a store comes up: what the log holds is the truth, and the copy is brought to it or made anew.
//!
//! What is damaged in one of the two is made again from the other; what is in neither is named, and the rest is opened to be
//! read.

use std::fs::File;
use std::path::Path;

use crate::store::StoreError;
use crate::store::journal::Position;
use crate::store::log::{self, FileLog, Log, MemoryLog, Piece};
use crate::store::lost::{LostEntry, LostSubject};
use crate::store::record::Header;

use super::copied;
use super::copy::{Copy, is_damage, is_of_database, made_anew};
use super::folder;
use super::mending::{Beside, whole};
use super::mendings::Mended;
use super::open::SledOptions;
use super::retold::retell;
use super::state::{self, Left};
use super::watermark::Watermark;

/// Both, and what is in neither.
pub(super) struct Opened {
    pub log: Box<dyn Log>,
    pub copy: Copy,
    pub lost: Vec<LostEntry>,
}

/// Opens both.
///
/// # Errors
/// As [`super::SledStore::open`].
pub(super) fn open(options: &SledOptions, mended: &Mended) -> Result<Opened, StoreError> {
    let directory = &options.directory;
    if let Some(engine) = &options.engine {
        return copied::open(options, engine);
    }
    if copied::is_copy(directory) {
        return Err(StoreError::Open(format!(
            "{} holds the copy of a shared store: say where that is (--store)",
            directory.display()
        )));
    }
    let open_error = |error: std::io::Error| StoreError::Open(format!("{}: {error}", directory.display()));
    let log_folder = directory.join(log::FOLDER);
    let has_log = log::holds_segments(&log_folder).map_err(open_error)?;
    folder::prepare(directory, has_log).map_err(open_error)?;
    let left = state::read(directory, &options.boot);
    if left == Left::Closed {
        // sled writes as soon as it is opened.
        state::opened(directory, &options.boot).map_err(open_error)?;
    }
    if options.log_in_memory {
        return in_memory(options);
    }
    if has_log {
        let log = FileLog::open(&log_folder, options.log)?;
        let (copy, lost) = beside(options, &log, left, mended)?;
        return Ok(Opened { log: Box::new(log), copy, lost });
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
            let copy = made_anew(directory, options.cache_bytes, &log, &[])?;
            return Ok(Opened { log: Box::new(log), copy, lost: Vec::new() });
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
                mended.log(position.sequence);
            }
            retell(&copy.tree, &log, position.sequence)?;
        }
    }
    Ok(Opened { log: Box::new(log), copy, lost: Vec::new() })
}

/// The copy, and a log in memory that is made of it.
fn in_memory(options: &SledOptions) -> Result<Opened, StoreError> {
    let copy = Copy::open(&options.directory, options.cache_bytes)?;
    let Header::CopyOf(position) = header_of(&copy)? else { return Err(unfinished()) };
    let log = Box::<MemoryLog>::default();
    retell(&copy.tree, &*log, position.sequence)?;
    Ok(Opened { log, copy, lost: Vec::new() })
}

pub(super) fn has_database(directory: &Path) -> std::io::Result<bool> {
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
        None => Err(unfinished()),
    }
}

fn unfinished() -> StoreError {
    let reason = "the folder holds another program's data, or what a restore left that did not finish; \
                  choose an empty folder";
    StoreError::Open(reason.to_owned())
}

/// The copy beside a log, and what is in neither.
fn beside(
    options: &SledOptions,
    log: &FileLog,
    left: Left,
    mended: &Mended,
) -> Result<(Copy, Vec<LostEntry>), StoreError> {
    let mut lost = Vec::new();
    let opened = Copy::open(&options.directory, options.cache_bytes).and_then(|copy| {
        if left == Left::Import && copy.header()?.is_none() {
            return Err(unfinished());
        }
        let header = header_of(&copy).map_err(|error| match error {
            StoreError::Open(reason) if left != Left::Import => StoreError::Damaged(reason),
            other => other,
        });
        Ok((header?, copy))
    });
    let why_anew = match opened {
        Err(error) if !is_damage(&error) => return Err(error),
        Err(error) => {
            lost = whole(log, &Beside::Bytes(&options.directory), mended)?;
            error.to_string()
        }
        Ok((Header::Whole, copy)) => {
            take_over(&options.directory, &copy, log)?;
            return Ok((copy, lost));
        }
        Ok((Header::CopyOf(position), copy)) => {
            lengthen(&copy, log, &position, mended);
            let of_journal = is_at(log, &position)?;
            if of_journal && left != Left::Unknown {
                match copy.catch_up(log, &position, &lost) {
                    Err(error) if is_damage(&error) => {
                        lost = whole(log, &Beside::Copy(&copy), mended)?;
                        copy.catch_up(log, &position, &lost)?;
                    }
                    caught_up => caught_up?,
                }
                lost.extend(lost_end(options, log)?);
                return Ok((copy, lost));
            }
            // What it has may be what the log lacks.
            lost = whole(log, &Beside::Copy(&copy), mended)?;
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
    lost.extend(lost_end(options, log)?);
    let entries = log.head().sequence;
    tracing::warn!(why_anew, entries, "the copy is made anew from the log");
    let copy = made_anew(&options.directory, options.cache_bytes, log, &lost)?;
    // What a machine that stopped has left is not damage.
    if left != Left::Unknown {
        mended.copy();
    }
    Ok((copy, lost))
}

/// What was acknowledged and is at the end of neither.
fn lost_end(options: &SledOptions, log: &FileLog) -> Result<Vec<LostEntry>, StoreError> {
    let watermark = Watermark::open(&options.directory).map_err(|error| StoreError::Open(error.to_string()))?;
    let head = log.head().sequence;
    let Some((acknowledged, chain)) = watermark.read()? else { return Ok(Vec::new()) };
    if (1..=head).contains(&acknowledged)
        && let Some(Piece::Transaction(there)) = log.read(acknowledged - 1).next().transpose()?
        && there.position.chain.to_hex() != chain
    {
        return Err(StoreError::Damaged(format!("journal entry {acknowledged} is not the one acknowledged")));
    }
    Ok((head + 1..=acknowledged).map(|sequence| LostEntry { sequence, subject: LostSubject::Unknown }).collect())
}

/// Appends what a copy has and the log has lost from its end, where the copy proves it.
fn lengthen(copy: &Copy, log: &FileLog, position: &Position, mended: &Mended) {
    let head = log.head().sequence;
    if position.sequence <= head {
        return;
    }
    tracing::error!(head, copy = position.sequence, "the log has lost its end: it is made again from its copy");
    match retell(&copy.tree, log, position.sequence) {
        Ok(()) => mended.log(position.sequence - head),
        Err(error) => tracing::error!(%error, "the copy does not show what the log has lost"),
    }
}

/// Whether a place is one of the log's journal.
pub(super) fn is_at(log: &dyn Log, position: &Position) -> Result<bool, StoreError> {
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

/// Makes a log of a store from before there was one. Until it is whole and was read back, nothing is changed that the program
/// from before could not use.
fn take_over(directory: &Path, copy: &Copy, log: &FileLog) -> Result<(), StoreError> {
    let watermark = Watermark::open(directory).map_err(|error| StoreError::Open(error.to_string()))?;
    watermark.check(&[], |sequence| copy.entry(sequence))?;
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
