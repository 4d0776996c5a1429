//! One transaction as a log keeps it: its journal entry and the records that were stored with it, as bytes.

use crate::report::Hash;
use crate::store::StoreError;
use crate::store::item::StoredRecord;
use crate::store::journal::{JournalEntry, Position};
use crate::store::record::decode;

/// A record under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// As [`StoredRecord::key`].
    pub key: Vec<u8>,
    /// As [`StoredRecord::value`].
    pub value: Vec<u8>,
}

impl From<StoredRecord> for Keyed {
    fn from(record: StoredRecord) -> Self {
        Self { key: record.key, value: record.value }
    }
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Of its journal entry.
    pub position: Position,
    /// Chain hash of the entry before.
    pub previous: Hash,
    /// The entry's own record first; then all that was stored with it, and what it rewrote of an earlier one.
    pub records: Vec<Keyed>,
}

/// Bytes of a record's two lengths.
const LENGTHS_BYTES: usize = 1 + 4;

impl Logged {
    /// Of its records, the entry's first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::FormatVersion`] where the first is not an entry that can be read.
    pub(crate) fn of(records: Vec<Keyed>) -> Result<Self, StoreError> {
        let none = || StoreError::Damaged("a transaction has no entry".to_owned());
        let entry = decode::<JournalEntry>(&records.first().ok_or_else(none)?.value)?;
        Ok(Self { position: entry.position(), previous: entry.previous, records })
    }

    /// Appends the records: for each the length of its key in one byte, that of its value in four, little-endian, key, value.
    pub(crate) fn encode(&self, into: &mut Vec<u8>) {
        for Keyed { key, value } in &self.records {
            // Keys are some 60 bytes at the most, and records 96 KiB: both are held to it where they are made.
            into.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
            into.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
            into.extend(key);
            into.extend(value);
        }
    }

    /// Of the bytes that [`Logged::encode`] made.
    ///
    /// # Errors
    /// As [`Logged::of`].
    pub(crate) fn decode(mut bytes: &[u8]) -> Result<Self, StoreError> {
        let cut = || StoreError::Damaged("a transaction ends early".to_owned());
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let (lengths, rest) = bytes.split_at_checked(LENGTHS_BYTES).ok_or_else(cut)?;
            let value_bytes = u32::from_le_bytes(lengths[1..].try_into().map_err(|_| cut())?);
            let (key, rest) = rest.split_at_checked(lengths[0].into()).ok_or_else(cut)?;
            let (value, rest) = rest.split_at_checked(value_bytes as usize).ok_or_else(cut)?;
            records.push(Keyed { key: key.to_vec(), value: value.to_vec() });
            bytes = rest;
        }
        Self::of(records)
    }
}
