//! Out of a store, frame by frame, in bounded memory, while writes go on.

use prost::Message as _;

use crate::store::item::describe_key;
use crate::store::{FORMAT_VERSION, Position, Store, StoreError};

use super::RECORDS_VERSION;
use super::frame::{Kind, Writer};
use super::messages::{Beginning, End, Exported, RecordsPart};

/// Records read from the store at a time.
const PAGE_RECORDS: usize = 256;
/// A frame is closed at this length; the last record may go beyond it.
const FRAME_BYTES: usize = 64 << 10;

/// The next bytes of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A whole frame, which follows the one before.
    pub bytes: Vec<u8>,
    /// Records in the stream so far.
    pub records: u64,
    /// Journal sequence that the stream is true as of.
    pub sequence: u64,
}

enum Next {
    Beginning,
    Records,
    End,
    Nothing,
}

/// The stream of a store, true as of the moment when it was begun.
pub struct Export<'a> {
    store: &'a dyn Store,
    position: Position,
    writer: Writer,
    after: Option<Vec<u8>>,
    /// Read and not yet put into a frame.
    waiting: std::vec::IntoIter<Exported>,
    /// The store has no more.
    exhausted: bool,
    records: u64,
    next: Next,
}

impl<'a> Export<'a> {
    /// As the store stands now; what is written later is left out.
    pub fn of(store: &'a dyn Store) -> Self {
        Self {
            store,
            position: store.position(),
            writer: Writer::new(),
            after: None,
            waiting: Vec::new().into_iter(),
            exhausted: false,
            records: 0,
            next: Next::Beginning,
        }
    }

    fn beginning(&mut self) -> Vec<u8> {
        let beginning = Beginning {
            stream_version: RECORDS_VERSION,
            record_version: FORMAT_VERSION.into(),
            sequence: self.position.sequence,
            chain: self.position.chain.0.to_vec(),
            time_microseconds: self.position.time.as_microsecond(),
            ..Beginning::default()
        };
        self.writer.frame(Kind::Beginning, &beginning.encode_to_vec())
    }

    /// The next record.
    fn record(&mut self) -> Result<Option<Exported>, StoreError> {
        if self.waiting.len() == 0 && !self.exhausted {
            let page = self.store.records(self.position.sequence, self.after.as_deref(), PAGE_RECORDS)?;
            self.exhausted = page.len() < PAGE_RECORDS;
            if let Some(last) = page.last() {
                self.after = Some(last.key.clone());
            }
            let records = page.into_iter().map(|record| match record.sequence {
                Some(sequence) => Ok(Exported { sequence, key: record.key, value: record.value }),
                None => Err(StoreError::Damaged(describe_key(&record.key))),
            });
            self.waiting = records.collect::<Result<Vec<_>, _>>()?.into_iter();
        }
        Ok(self.waiting.next())
    }

    fn records(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut part = RecordsPart::default();
        let mut bytes = 0;
        while bytes < FRAME_BYTES
            && let Some(record) = self.record()?
        {
            bytes += record.key.len() + record.value.len();
            part.records.push(record);
        }
        self.records += part.records.len() as u64;
        if part.records.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.writer.frame(Kind::Records, &part.encode_to_vec())))
    }

    fn end(&mut self) -> Vec<u8> {
        let end = End { records: self.records, total: self.writer.total().0.to_vec() };
        self.writer.frame(Kind::End, &end.encode_to_vec())
    }
}

impl Iterator for Export<'_> {
    type Item = Result<Part, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = match self.next {
            Next::Nothing => return None,
            Next::Beginning => {
                self.next = Next::Records;
                self.beginning()
            }
            Next::Records => match self.records() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    self.next = Next::End;
                    return self.next();
                }
                Err(error) => {
                    self.next = Next::Nothing;
                    return Some(Err(error));
                }
            },
            Next::End => {
                self.next = Next::Nothing;
                self.end()
            }
        };
        Some(Ok(Part { bytes, records: self.records, sequence: self.position.sequence }))
    }
}
