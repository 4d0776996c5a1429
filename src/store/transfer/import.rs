//! A stream read again: every frame, every record and the journal's chain are checked on the way.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use crate::report::Hash;
use crate::store::ahead::{all_cores, in_order};
use crate::store::item::{self, ImportCheck};
use crate::store::{FORMAT_VERSION, Position, Store, StoreError, StoredRecord};

use super::STREAM_VERSION;
use super::fault::{DamagedStream, Fault};
use super::frame::{Frame, Kind, Reader};
use super::messages::{Beginning, End, Exported, RecordsPart};

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The newest journal entry in it.
    pub position: Position,
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
    beginning: Frame,
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
        let time = Timestamp::from_microsecond(read.time_microseconds);
        let chain = <[u8; 32]>::try_from(read.chain.as_slice());
        let (Ok(time), Ok(chain)) = (time, chain) else {
            return Err(beginning.damaged(Fault::Content("it names no place in a journal".to_owned())));
        };
        let position = Position { sequence: read.sequence, chain: Hash(chain), time };
        Ok(Self { reader, position, beginning })
    }

    /// What the stream is true as of.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Reads everything to its end and checks it, frames one after another, records on all cores; `progress` is told the
    /// bytes read so far.
    ///
    /// # Errors
    /// The first fault with its place.
    pub fn check(mut self, mut progress: impl FnMut(u64)) -> Result<Summary, DamagedStream> {
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
                Kind::Beginning => ControlFlow::Break(Err(frame.damaged(Fault::Kind))),
                Kind::End => ControlFlow::Break(Ok(frame)),
            }
        });
        let last = last.unwrap_or_else(|| Err(self.beginning.damaged(Fault::Truncated)))?;
        let end = end(&last, check.count(), &mut self.reader)?;
        check.finish().map_err(|error| content(&last, &error))?;
        Ok(Summary {
            position: self.position,
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
                    count += 1;
                    return Ok(Some(record));
                }
                let frame = self.reader.frame()?;
                progress(self.reader.offset());
                match frame.kind {
                    Kind::Records => records = stored(&frame)?.collect::<Vec<_>>().into_iter(),
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

/// Puts what a file holds into a store that has nothing of its own. Verify the file first.
///
/// # Errors
/// [`StoreError::NotEmpty`]; [`StoreError::Damaged`] where the file has changed since; what the store reports.
pub async fn restore(
    file: &Path,
    store: &dyn Store,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<(), StoreError> {
    let damaged = |error: &DamagedStream| StoreError::Damaged(error.to_string());
    let import = open(file).and_then(Import::begin).map_err(|error| damaged(&error))?;
    let position = import.position();
    let records = import.into_records(progress).map(move |record| record.map_err(|error| damaged(&error)));
    store.import(Box::new(records), position).await
}
