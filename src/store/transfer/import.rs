//! A stream read again: every frame, every record and the journal's chain are checked on the way.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use crate::report::Hash;
use crate::store::ahead::{all_cores, in_order};
use crate::store::covered::prove;
use crate::store::item::{self, ImportCheck, sequence_of};
use crate::store::strike::{Strikes, untold_message};
use crate::store::{FORMAT_VERSION, Keyed, Logged, Position, Store, StoreError, StoredRecord};

use super::fault::{DamagedStream, Fault};
use super::frame::{Frame, Kind, Reader};
use super::messages::{Beginning, End, Exported, RecordsPart, TransactionsPart};
use super::{RECORDS_VERSION, STREAM_VERSION};

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The newest journal entry in it.
    pub position: Position,
    /// What it follows: the moment since which it has everything, where it has not all.
    pub since: Position,
    /// All of them, entries of the journal included.
    pub records: u64,
    /// The first and the last one included.
    pub frames: u64,
    /// Length of the stream.
    pub bytes: u64,
    /// SHA-256 of all bytes, as `sha256sum` prints it for the file.
    pub sha256: Hash,
}

/// A stream of which the first frame was read.
pub struct Import<R> {
    reader: Reader<R>,
    position: Position,
    /// Of a stream of transactions: the moment since which it has all.
    since: Option<Position>,
    beginning: Frame,
}

fn position(sequence: u64, chain: &[u8], time_microseconds: i64) -> Option<Position> {
    let time = Timestamp::from_microsecond(time_microseconds).ok()?;
    Some(Position { sequence, chain: Hash(chain.try_into().ok()?), time })
}

/// A frame with what can be told of its records alone.
type Examined = Vec<(StoredRecord, Result<item::Examined, StoreError>)>;

impl<R: Read + Send> Import<R> {
    /// Reads the first frame.
    ///
    /// # Errors
    /// Where it is not as it was written, or was written by a newer program.
    pub fn begin(from: R) -> Result<Self, DamagedStream> {
        let mut reader = Reader::new(from)?;
        let beginning = reader.frame()?;
        if beginning.kind != Kind::Beginning {
            return Err(beginning.damaged(Fault::Kind));
        }
        let read = decode::<Beginning>(&beginning)?;
        for (found, supported) in [(read.stream_version, STREAM_VERSION), (read.record_version, FORMAT_VERSION.into())]
        {
            if found > supported {
                return Err(beginning.damaged(Fault::Newer { found, supported }));
            }
        }
        let nowhere = || beginning.damaged(Fault::Content("it names no place in a journal".to_owned()));
        let end = position(read.sequence, &read.chain, read.time_microseconds).ok_or_else(nowhere)?;
        let since = (read.stream_version > RECORDS_VERSION)
            .then(|| position(read.since_sequence, &read.since_chain, read.since_time_microseconds).ok_or_else(nowhere))
            .transpose()?;
        Ok(Self { reader, position: end, since, beginning })
    }

    /// What the stream is true as of.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Of a stream of transactions: the moment since which it has all.
    pub fn since(&self) -> Option<Position> {
        self.since
    }

    /// Reads everything to its end and checks it, frames one after another, records on all cores; `progress` is told the
    /// bytes read so far.
    ///
    /// # Errors
    /// The first fault with its place.
    pub fn check(mut self, mut progress: impl FnMut(u64)) -> Result<Summary, DamagedStream> {
        if let Some(since) = self.since {
            return self.check_changes(since, progress);
        }
        let mut check = ImportCheck::up_to(self.position);
        let reader = &mut self.reader;
        let mut ended = false;
        let next_frame = || {
            if ended {
                return None;
            }
            let frame = reader.frame();
            ended = !matches!(&frame, Ok(frame) if frame.kind == Kind::Records);
            Some(frame)
        };
        let examine = |frame: Result<Frame, DamagedStream>| -> Result<(Frame, Examined), DamagedStream> {
            let frame = frame?;
            let records = if frame.kind == Kind::Records { examined(&frame)? } else { Vec::new() };
            Ok((frame, records))
        };
        let last = in_order(all_cores(), next_frame, examine, |frame| {
            let (frame, records) = match frame {
                Ok(frame) => frame,
                Err(damaged) => return ControlFlow::Break(Err(damaged)),
            };
            for (record, examined) in records {
                if let Err(error) = check.take(&record, examined) {
                    return ControlFlow::Break(Err(content(&frame, &error)));
                }
            }
            progress(frame.offset);
            match frame.kind {
                Kind::Records => ControlFlow::Continue(()),
                Kind::Beginning | Kind::Transactions => ControlFlow::Break(Err(frame.damaged(Fault::Kind))),
                Kind::End => ControlFlow::Break(Ok(frame)),
            }
        });
        let last = last.unwrap_or_else(|| Err(self.beginning.damaged(Fault::Truncated)))?;
        let end = end(&last, check.count(), &mut self.reader)?;
        check.finish().map_err(|error| content(&last, &error))?;
        Ok(Summary {
            position: self.position,
            since: Position::default(),
            records: end.records,
            frames: last.number + 1,
            bytes: self.reader.offset(),
            sha256: self.reader.total(),
        })
    }

    /// The records, for whoever checks each of them and of their journal that it is whole. Frames are checked on the way;
    /// it ends after the first fault. `progress` is told the bytes read so far.
    pub fn into_records(
        mut self,
        mut progress: impl FnMut(u64),
    ) -> impl Iterator<Item = Result<StoredRecord, DamagedStream>> {
        let mut count = 0;
        let mut ended = false;
        let mut records = Vec::new().into_iter();
        let mut next = move || -> Result<Option<StoredRecord>, DamagedStream> {
            loop {
                if let Some(record) = records.next() {
                    return Ok(Some(record));
                }
                let frame = self.reader.frame()?;
                progress(self.reader.offset());
                match frame.kind {
                    Kind::Records => {
                        let of_frame: Vec<_> = stored(&frame)?.collect();
                        count += of_frame.len() as u64;
                        records = of_frame.into_iter();
                    }
                    Kind::Transactions => {
                        let transactions = logged(&frame)?;
                        count += transactions.iter().map(|one| one.records.len() as u64).sum::<u64>();
                        records = transactions.into_iter().flat_map(own).collect::<Vec<_>>().into_iter();
                    }
                    Kind::Beginning => return Err(frame.damaged(Fault::Kind)),
                    Kind::End => return end(&frame, count, &mut self.reader).map(|_| None),
                }
            }
        };
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let record = next().transpose();
            ended = !matches!(record, Some(Ok(_)));
            record
        })
    }

    /// The same of a stream of transactions: each is chained to the one before, and its records are those that its entry holds
    /// the hash of.
    fn check_changes(mut self, since: Position, mut progress: impl FnMut(u64)) -> Result<Summary, DamagedStream> {
        let (mut last, mut count, mut strikes) = (since, 0, Strikes::default());
        loop {
            let frame = self.reader.frame()?;
            match frame.kind {
                Kind::Transactions => {
                    for logged in logged(&frame)? {
                        count += logged.records.len() as u64;
                        let items = prove(&logged, &last).map_err(|error| content(&frame, &error))?;
                        last = logged.position;
                        for item in &items {
                            match item {
                                item::Item::Entry(entry) => strikes.see(entry),
                                item::Item::Revision(revision) if !revision.has_its_hash() => {
                                    let text =
                                        format!("{}: its content is not what its content hash says", revision.report);
                                    return Err(frame.damaged(Fault::Content(text)));
                                }
                                _ => {}
                            }
                        }
                    }
                    progress(frame.offset);
                }
                Kind::End => {
                    let end = end(&frame, count, &mut self.reader)?;
                    if (last.sequence, last.chain) != (self.position.sequence, self.position.chain) {
                        let text = format!("it ends at entry {} instead of {}", last.sequence, self.position.sequence);
                        return Err(frame.damaged(Fault::Content(text)));
                    }
                    if let Some(sequence) = strikes.untold() {
                        let text = format!("journal entry {sequence}: {}", untold_message().en);
                        return Err(frame.damaged(Fault::Content(text)));
                    }
                    return Ok(Summary {
                        position: self.position,
                        since,
                        records: end.records,
                        frames: frame.number + 1,
                        bytes: self.reader.offset(),
                        sha256: self.reader.total(),
                    });
                }
                Kind::Beginning | Kind::Records => return Err(frame.damaged(Fault::Kind)),
            }
        }
    }

    /// The transactions, for whoever checks each of them. Frames are checked on the way; it ends after the first fault.
    /// `progress` is told the bytes read so far.
    pub fn into_transactions(
        mut self,
        mut progress: impl FnMut(u64),
    ) -> impl Iterator<Item = Result<Logged, DamagedStream>> {
        let (mut count, mut ended) = (0, false);
        let mut waiting = Vec::new().into_iter();
        let mut next = move || -> Result<Option<Logged>, DamagedStream> {
            loop {
                if let Some(next) = waiting.next() {
                    return Ok(Some(next));
                }
                let frame = self.reader.frame()?;
                progress(self.reader.offset());
                match frame.kind {
                    Kind::Transactions => {
                        let transactions = logged(&frame)?;
                        count += transactions.iter().map(|one| one.records.len() as u64).sum::<u64>();
                        waiting = transactions.into_iter();
                    }
                    Kind::Beginning | Kind::Records => return Err(frame.damaged(Fault::Kind)),
                    Kind::End => return end(&frame, count, &mut self.reader).map(|_| None),
                }
            }
        };
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let transaction = next().transpose();
            ended = !matches!(transaction, Some(Ok(_)));
            transaction
        })
    }
}

/// The records of a transaction, but for what it rewrote of an earlier one, which is there without people's words itself.
fn own(transaction: Logged) -> impl Iterator<Item = StoredRecord> {
    let of = Some(transaction.position.sequence);
    let records = transaction.records.into_iter();
    let records = records.map(|Keyed { key, value }| StoredRecord { sequence: sequence_of(&key, &value), key, value });
    records.filter(move |record| record.sequence == of)
}

/// The transactions in a frame.
fn logged(frame: &Frame) -> Result<Vec<Logged>, DamagedStream> {
    let part = decode::<TransactionsPart>(frame)?;
    let decoded = part.transactions.iter().map(|bytes| Logged::decode(bytes).map_err(|error| content(frame, &error)));
    decoded.collect()
}

/// The records in a frame.
fn stored(frame: &Frame) -> Result<impl Iterator<Item = StoredRecord>, DamagedStream> {
    let records = decode::<RecordsPart>(frame)?.records.into_iter();
    Ok(records.map(|Exported { sequence, key, value }| StoredRecord { sequence: Some(sequence), key, value }))
}

fn examined(frame: &Frame) -> Result<Examined, DamagedStream> {
    let examine = |record: StoredRecord| {
        let examined = item::Examined::of(&record.key, &record.value);
        (record, examined)
    };
    Ok(stored(frame)?.map(examine).collect())
}

/// The last frame: all that came is what it says, and nothing follows.
fn end<R: Read>(frame: &Frame, count: u64, reader: &mut Reader<R>) -> Result<End, DamagedStream> {
    let end = decode::<End>(frame)?;
    if end.total != frame.total_before.0 {
        return Err(frame.damaged(Fault::Hash));
    }
    if end.records != count {
        let text = format!("{count} records came instead of {}", end.records);
        return Err(frame.damaged(Fault::Content(text)));
    }
    reader.end()?;
    Ok(end)
}

fn content(frame: &Frame, error: &StoreError) -> DamagedStream {
    let what = match error {
        StoreError::Damaged(what) => what.clone(),
        other => other.to_string(),
    };
    frame.damaged(Fault::Content(what))
}

fn decode<M: prost::Message + Default>(frame: &Frame) -> Result<M, DamagedStream> {
    M::decode(frame.payload.as_slice()).map_err(|error| frame.damaged(Fault::Content(error.to_string())))
}

fn open(file: &Path) -> Result<BufReader<File>, DamagedStream> {
    let opened = File::open(file).map_err(|error| DamagedStream { frame: 0, offset: 0, fault: Fault::Read(error) })?;
    Ok(BufReader::with_capacity(1 << 20, opened))
}

/// Reads a file wholly and checks everything; `progress` is told the bytes read so far.
///
/// # Errors
/// The first fault with its place.
pub fn verify(file: &Path, progress: impl FnMut(u64)) -> Result<Summary, DamagedStream> {
    Import::begin(open(file)?)?.check(progress)
}

/// The records in a file that `wanted` says.
///
/// # Errors
/// The first fault with its place.
pub fn records_of(file: &Path, wanted: impl Fn(u64) -> bool) -> Result<Vec<StoredRecord>, DamagedStream> {
    let records = Import::begin(open(file)?)?.into_records(|_| {});
    records.filter(|record| record.as_ref().map_or(true, |record| record.sequence.is_some_and(&wanted))).collect()
}

/// Where a file ends, by its beginning; what follows is not looked at.
///
/// # Errors
/// Where that is not as it was written.
pub fn ends_at(file: &Path) -> Result<Position, DamagedStream> {
    Ok(Import::begin(open(file)?)?.position())
}

/// Puts what a file holds into a store that has nothing of its own, or stands where the file begins. Verify the file first.
///
/// # Errors
/// [`StoreError::NotEmpty`]; [`StoreError::Damaged`] where the file has changed since; what the store reports.
pub async fn restore(
    file: &Path,
    store: &dyn Store,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<(), StoreError> {
    restore_until(file, store, u64::MAX, progress).await
}

/// The place of an entry in a file of transactions.
fn place_in(file: &Path, sequence: u64) -> Result<Option<Position>, DamagedStream> {
    let import = Import::begin(open(file)?)?;
    if let Some(since) = import.since().filter(|since| since.sequence == sequence) {
        return Ok(Some(since));
    }
    for logged in import.into_transactions(|_| {}) {
        let position = logged?.position;
        if position.sequence == sequence {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// The same up to a sequence number.
///
/// # Errors
/// As [`restore`]; [`StoreError::Read`] where the file holds no transactions one by one, and goes beyond that.
pub async fn restore_until(
    file: &Path,
    store: &dyn Store,
    until: u64,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<(), StoreError> {
    let damaged = |error: &DamagedStream| StoreError::Damaged(error.to_string());
    let import = open(file).and_then(Import::begin).map_err(|error| damaged(&error))?;
    let mut position = import.position();
    if let Some(since) = import.since() {
        let here = store.position();
        if (here.sequence, here.chain) != (since.sequence, since.chain) {
            return Err(if since.sequence == 0 {
                StoreError::NotEmpty
            } else {
                StoreError::Read(format!(
                    "{} goes on after entry {}, and what was restored so far ends at entry {}",
                    file.display(),
                    since.sequence,
                    here.sequence
                ))
            });
        }
        if until < position.sequence {
            let there = place_in(file, until).map_err(|error| damaged(&error))?;
            position = there.ok_or_else(|| StoreError::Read(format!("{} has no entry {until}", file.display())))?;
        }
        let transactions = import.into_transactions(progress);
        let wanted = transactions
            .take_while(move |logged| logged.as_ref().map_or(true, |logged| logged.position.sequence <= until));
        let wanted = wanted.map(move |logged| logged.map_err(|error| damaged(&error)));
        return store.import_transactions(Box::new(wanted), position).await;
    }
    if until < position.sequence {
        return Err(StoreError::Read(format!(
            "{} is true as of entry {}, and can be restored to no other",
            file.display(),
            position.sequence
        )));
    }
    let records = import.into_records(progress).map(move |record| record.map_err(|error| damaged(&error)));
    store.import(Box::new(records), position).await
}
