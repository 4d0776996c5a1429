//! How an instance comes up beside a log that it shares with others: its folder holds a copy of that log and nothing else, which
//! is brought to it or made anew.
//!
//! The copy is never believed over the log. Where it has shown what the log does not hold, that is kept in a file: it is evidence
//! for whoever was told that it was stored.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::store::StoreError;
use crate::store::item::Item;
use crate::store::journal::Position;
use crate::store::log::{self, Engine, Log, Logged, PostgresLog, SharedLog as _};
use crate::store::record::Header;
use crate::telemetry::metrics;

use super::copy::{Copy, is_damage, made_anew};
use super::folder::{self, PRIVATE_FILE};
use super::open::SledOptions;
use super::retold::Retold;
use super::start::{Opened, has_database, is_at};
use super::state::{self, Left};
use super::watermark::Watermark;

/// Says of which log the folder holds a copy.
pub(super) const FILE: &str = "copy-of";

/// Whether a folder is the copy of a shared log.
pub(super) fn is_copy(directory: &Path) -> bool {
    directory.join(FILE).exists()
}

/// Opens the log, and brings the copy to it.
///
/// # Errors
/// As [`super::SledStore::open`].
pub(super) fn open(options: &SledOptions, engine: &Engine) -> Result<Opened, StoreError> {
    let directory = &options.directory;
    let open_error = |error: io::Error| StoreError::Open(format!("{}: {error}", directory.display()));
    let has_log = log::holds_segments(&directory.join(log::FOLDER)).map_err(open_error)?;
    std::fs::create_dir_all(directory).map_err(open_error)?;
    if has_log || (has_database(directory).map_err(open_error)? && !is_copy(directory)) {
        return Err(StoreError::Open(format!(
            "{} holds a store of its own and no copy of a shared one: choose an empty folder for the copy, and move what is \
             in the store with huizong store move",
            directory.display()
        )));
    }
    let log = PostgresLog::open(engine)?;
    mark(directory, &log.epoch())?;
    folder::prepare(directory, true).map_err(open_error)?;
    let left = state::read(directory, &options.boot);
    if left == Left::Closed {
        state::opened(directory, &options.boot).map_err(open_error)?;
    }
    let copy = brought(options, &log, left)?;
    check_watermark(directory, &log).map_err(open_error)?;
    Ok(Opened { log: Box::new(log), copy, lost: Vec::new() })
}

/// Says of which log the folder holds a copy, or finds it said.
fn mark(directory: &Path, epoch: &str) -> Result<(), StoreError> {
    let (path, line) = (directory.join(FILE), format!("{epoch}\n"));
    match std::fs::read_to_string(&path) {
        Ok(text) if text == line => return Ok(()),
        Ok(_) => {
            return Err(StoreError::Open(format!(
                "{} holds a copy of another shared store: choose an empty folder, or remove what is in this one",
                directory.display()
            )));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(StoreError::Open(format!("{}: {error}", path.display())));
        }
        Err(_) => {}
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE_FILE).open(&path)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| StoreError::Open(format!("{}: {error}", path.display())))
}

/// The copy, where the log is now.
fn brought(options: &SledOptions, log: &PostgresLog, left: Left) -> Result<Copy, StoreError> {
    let directory = &options.directory;
    let opened = Copy::open(directory, options.cache_bytes).and_then(|copy| match copy.header()? {
        Some(Header::CopyOf(position)) => Ok((position, copy)),
        None if copy.is_empty()? => {
            copy.set_header(&Header::CopyOf(Position::default()))?;
            Ok((Position::default(), copy))
        }
        Some(Header::Whole) | None => Err(StoreError::Damaged("it does not say how far it has come".to_owned())),
    });
    let why_anew = match opened {
        Err(error) if is_damage(&error) => error.to_string(),
        Err(error) => return Err(error),
        Ok((position, copy)) => {
            let of_journal = is_at(log, &position)?;
            // What a machine that stopped has left may lack anything.
            if of_journal && (left != Left::Unknown || position.sequence == 0) && left != Left::Import {
                copy.catch_up(log, &position, &[])?;
                return Ok(copy);
            }
            if !of_journal {
                keep_tail(directory, &copy, log, &position);
            }
            // While anything of it is left it may write to the files of its successor.
            if !copy.release().map_err(|error| StoreError::Open(error.to_string()))? {
                return Err(StoreError::Open(format!("{} is still in use", directory.display())));
            }
            if of_journal {
                "the machine stopped while it was open"
            } else {
                "it has shown what is not in the shared log"
            }
            .to_owned()
        }
    };
    tracing::warn!(why_anew, entries = log.head().sequence, "the copy is made anew from the shared log");
    made_anew(directory, options.cache_bytes, log, &[])
}

/// Keeps what a copy has shown and the log does not hold, in a file beside it.
fn keep_tail(directory: &Path, copy: &Copy, log: &PostgresLog, position: &Position) {
    metrics::diverged();
    let kept = tail(copy, log, position).and_then(|tail| {
        let path = write_tail(directory, &tail).map_err(|error| StoreError::Read(error.to_string()))?;
        Ok((path, tail.len()))
    });
    match kept {
        Ok((path, entries)) => tracing::error!(
            kept = %path.display(), entries, last = position.sequence,
            "this instance has shown entries that are not in the shared log any more: they are kept in a file"
        ),
        Err(error) => tracing::error!(
            %error, last = position.sequence,
            "this instance has shown entries that are not in the shared log any more, and they could not be kept"
        ),
    }
}

/// The transactions of a copy from where it and the log part.
fn tail(copy: &Copy, log: &PostgresLog, position: &Position) -> Result<Vec<Logged>, StoreError> {
    // Up to `same` both are one; chains that have parted do not meet again.
    let (mut same, mut parted) = (0, position.sequence.min(log.head().sequence) + 1);
    let mut from = Position::default();
    while parted - same > 1 {
        let middle = same + (parted - same) / 2;
        let entry = copy.entry(middle)?;
        let entry = entry.ok_or_else(|| StoreError::Damaged(format!("journal entry {middle} of the copy")))?;
        if is_at(log, &entry.position())? {
            (same, from) = (middle, entry.position());
        } else {
            parted = middle;
        }
    }
    Retold::of(&copy.tree, from, position.sequence)?.collect()
}

/// One line a transaction: its entry to be read by people, and its records as they are.
fn write_tail(directory: &Path, tail: &[Logged]) -> io::Result<PathBuf> {
    let first = tail.first().map_or(0, |first| first.position.sequence);
    let path = directory.join(format!("lost-{first:020}-{}.jsonl", Timestamp::now().as_second()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(&path)?;
    for logged in tail {
        let entry = logged.records.first().and_then(|record| Item::decode(&record.key, &record.value).ok());
        let Some(Item::Entry(entry)) = entry else { continue };
        let records: Vec<_> = logged
            .records
            .iter()
            .map(|record| serde_json::json!({"key": hex::encode(&record.key), "value": hex::encode(&record.value)}))
            .collect();
        let line = serde_json::json!({
            "sequence": entry.sequence,
            "chain": entry.chain.to_hex(),
            "previous": entry.previous.to_hex(),
            "time": entry.time.to_string(),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
            "records": records,
        });
        writeln!(file, "{line}")?;
    }
    file.sync_all()?;
    Ok(path)
}

/// Says so where the log does not hold what this folder was last told of, and goes on from where the log is: the copy may be
/// gone, and this is all that tells.
fn check_watermark(directory: &Path, log: &PostgresLog) -> io::Result<()> {
    let watermark = Watermark::open(directory)?;
    let known = watermark.read().unwrap_or_default();
    if let Some((sequence, chain)) = known.filter(|(sequence, _)| *sequence > 0) {
        let there = log.read(sequence - 1).next().and_then(Result::ok);
        let is_there = matches!(there, Some(log::Piece::Transaction(there))
            if there.position.sequence == sequence && there.position.chain.to_hex() == chain);
        if !is_there {
            metrics::diverged();
            tracing::error!(sequence, chain, "an entry that this instance has shown is not in the shared log any more");
        }
    }
    watermark.raise(&log.head())
}
