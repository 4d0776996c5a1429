//! A stream read again: every frame, every record and the journal's chain are checked on the way.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use jiff::Timestamp;

use crate::report::Hash;
use crate::store::item::ImportCheck;
use crate::store::{FORMAT_VERSION, Position, Store, StoreError, StoredRecord};

use super::STREAM_VERSION;
use super::fault::{DamagedStream, Fault};
use super::frame::{Frame, Kind, Reader};
use super::messages::{Beginning, End, Exported, RecordsPart};

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub position: Position,
    pub records: u64,
    pub frames: u64,
    pub bytes: u64,
    /// SHA-256 of all bytes, as `sha256sum` prints it for the file.
    pub sha256: Hash,
}

/// The records of a stream; ends after the first fault.
pub struct Import<R> {
    reader: Reader<R>,
    position: Position,
    check: ImportCheck,
    frame: Frame,
    records: std::vec::IntoIter<Exported>,
    summary: Option<Summary>,
    ended: bool,
}

impl<R: Read> Import<R> {
    /// Reads the first frame.
    ///
    /// # Errors
    /// Where it is not as it was written, or was written by a newer program.
    pub fn begin(from: R) -> Result<Self, DamagedStream> {
        let mut reader = Reader::new(from)?;
        let frame = reader.frame()?;
        if frame.kind != Kind::Beginning {
            return Err(frame.damaged(Fault::Kind));
        }
        let beginning = decode::<Beginning>(&frame)?;
        for (found, supported) in
            [(beginning.stream_version, STREAM_VERSION), (beginning.record_version, FORMAT_VERSION.into())]
        {
            if found > supported {
                return Err(frame.damaged(Fault::Newer { found, supported }));
            }
        }
        let time = Timestamp::from_microsecond(beginning.time_microseconds);
        let chain = <[u8; 32]>::try_from(beginning.chain.as_slice());
        let (Ok(time), Ok(chain)) = (time, chain) else {
            return Err(frame.damaged(Fault::Content("it names no place in a journal".to_owned())));
        };
        let position = Position { sequence: beginning.sequence, chain: Hash(chain), time };
        let check = ImportCheck::up_to(position);
        let records = Vec::new().into_iter();
        Ok(Self { reader, position, check, frame, records, summary: None, ended: false })
    }

    /// What the stream is true as of.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.reader.offset()
    }

    /// What was in it; none before its end was reached without a fault.
    pub fn summary(&self) -> Option<Summary> {
        self.summary
    }

    fn record(&mut self) -> Result<Option<StoredRecord>, DamagedStream> {
        while self.records.len() == 0 {
            self.frame = self.reader.frame()?;
            match self.frame.kind {
                Kind::Records => self.records = decode::<RecordsPart>(&self.frame)?.records.into_iter(),
                Kind::Beginning => return Err(self.frame.damaged(Fault::Kind)),
                Kind::End => return self.finish().map(|()| None),
            }
        }
        let Some(Exported { sequence, key, value }) = self.records.next() else { return Ok(None) };
        let record = StoredRecord { sequence: Some(sequence), key, value };
        match self.check.next(&record) {
            Ok(_) => Ok(Some(record)),
            Err(error) => Err(self.content(&error)),
        }
    }

    fn content(&self, error: &StoreError) -> DamagedStream {
        let what = match error {
            StoreError::Damaged(what) => what.clone(),
            other => other.to_string(),
        };
        self.frame.damaged(Fault::Content(what))
    }

    fn finish(&mut self) -> Result<(), DamagedStream> {
        let end = decode::<End>(&self.frame)?;
        if end.total != self.frame.total_before.0 {
            return Err(self.frame.damaged(Fault::Hash));
        }
        if end.records != self.check.count() {
            let text = format!("{} records came instead of {}", self.check.count(), end.records);
            return Err(self.frame.damaged(Fault::Content(text)));
        }
        let check = std::mem::replace(&mut self.check, ImportCheck::up_to(self.position));
        check.finish().map_err(|error| self.content(&error))?;
        self.reader.end()?;
        self.summary = Some(Summary {
            position: self.position,
            records: end.records,
            frames: self.frame.number + 1,
            bytes: self.reader.offset(),
            sha256: self.reader.total(),
        });
        Ok(())
    }
}

fn decode<M: prost::Message + Default>(frame: &Frame) -> Result<M, DamagedStream> {
    M::decode(frame.payload.as_slice()).map_err(|error| frame.damaged(Fault::Content(error.to_string())))
}

impl<R: Read> Iterator for Import<R> {
    type Item = Result<StoredRecord, DamagedStream>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.record().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn open(file: &Path) -> Result<BufReader<File>, DamagedStream> {
    let opened = File::open(file).map_err(|error| DamagedStream { frame: 0, offset: 0, fault: Fault::Read(error) })?;
    Ok(BufReader::with_capacity(1 << 20, opened))
}

/// Reads a file wholly and checks everything; `progress` is told the bytes read so far.
///
/// # Errors
/// The first fault with its place.
pub fn verify(file: &Path, mut progress: impl FnMut(u64)) -> Result<Summary, DamagedStream> {
    let mut import = Import::begin(open(file)?)?;
    while let Some(record) = import.next() {
        record?;
        progress(import.bytes());
    }
    import.summary().ok_or_else(|| import.frame.damaged(Fault::Truncated))
}

/// Puts what a file holds into a store that has nothing of its own. Verify the file first.
///
/// # Errors
/// [`StoreError::NotEmpty`]; [`StoreError::Damaged`] where the file has changed since; what the store reports.
pub async fn restore(
    file: &Path,
    store: &dyn Store,
    mut progress: impl FnMut(u64) + Send + 'static,
) -> Result<(), StoreError> {
    let damaged = |error: &DamagedStream| StoreError::Damaged(error.to_string());
    let mut import = open(file).and_then(Import::begin).map_err(|error| damaged(&error))?;
    let position = import.position();
    let records = std::iter::from_fn(move || {
        let next = import.next().map(|record| record.map_err(|error| damaged(&error)));
        progress(import.bytes());
        next
    });
    store.import(Box::new(records), position).await
}
