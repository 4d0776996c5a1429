//! What stands under each key: the kinds of record, and the journal sequence that each belongs to.
//!
//! A new kind of record is a variant of [`Item`] and a line in [`written`]; exports, imports and checks follow.

use std::collections::HashMap;
use std::sync::Arc;

use crate::registry::RegistryChange;
use crate::report::Revision;

use super::journal::JournalEntry;
use super::record::{decode, encode};
use super::transaction::{Commit, Effect, RequestId, StoredRequest};
use super::{StoreError, keys};

/// A key with its record, as a store keeps them and an export carries them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Of the transaction that wrote it; none where that cannot be told because the record is damaged.
    pub sequence: Option<u64>,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// A record in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Entry(JournalEntry),
    Registry { sequence: u64, position: u32, change: RegistryChange },
    Revision(Box<Revision>),
    Request { id: RequestId, request: StoredRequest },
}

impl Item {
    /// The item under a key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the record is damaged, or stands under the key of another;
    /// [`StoreError::FormatVersion`] for a newer format.
    pub fn decode(key: &[u8], value: &[u8]) -> Result<Self, StoreError> {
        let other_key = || StoreError::Damaged("it stands under another record's key".to_owned());
        let item = match key.first() {
            Some(b'j') => Self::Entry(decode(value)?),
            Some(b'g') => {
                let (sequence, position) = keys::parse_registry(key).ok_or_else(other_key)?;
                Self::Registry { sequence, position, change: decode(value)? }
            }
            Some(b'r') => Self::Revision(Box::new(decode(value)?)),
            Some(b'q') => {
                Self::Request { id: keys::parse_request(key).ok_or_else(other_key)?, request: decode(value)? }
            }
            _ => return Err(StoreError::Damaged("its kind is unknown".to_owned())),
        };
        if item.key() == key { Ok(item) } else { Err(other_key()) }
    }

    /// The key that it stands under.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Entry(entry) => keys::journal(entry.sequence).to_vec(),
            Self::Registry { sequence, position, .. } => keys::registry(*sequence, *position).to_vec(),
            Self::Revision(new) => keys::revision(new.report.year, &new.report.agency, new.number).to_vec(),
            Self::Request { id, .. } => keys::request(*id).to_vec(),
        }
    }

    /// Journal sequence of the transaction that wrote it.
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.sequence,
            Self::Registry { sequence, .. } => *sequence,
            Self::Revision(revision) => revision.sequence,
            Self::Request { request, .. } => request.sequence,
        }
    }
}

/// A key in words, for whoever looks for the record.
pub fn describe_key(key: &[u8]) -> String {
    let kind = match key.first() {
        Some(b'j') => "journal entry",
        Some(b'g') => "registry change",
        Some(b'r') => "revision",
        Some(b'q') => "request id",
        _ => "record",
    };
    format!("{kind} {}", hex::encode(key.get(1..).unwrap_or_default()))
}

/// The records that a group of transactions writes, with their keys.
pub fn written(commits: &[Arc<Commit>], requests: &HashMap<RequestId, StoredRequest>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut records = Vec::new();
    for commit in commits {
        let sequence = commit.entry.sequence;
        records.push((keys::journal(sequence).to_vec(), encode(&commit.entry)));
        for (position, effect) in (0..).zip(&commit.effects) {
            records.push(match effect {
                Effect::Registry(change) => (keys::registry(sequence, position).to_vec(), encode(change)),
                Effect::Revision { new, .. } => {
                    (keys::revision(new.report.year, &new.report.agency, new.number).to_vec(), encode(&**new))
                }
            });
        }
    }
    records.extend(requests.iter().map(|(id, request)| (keys::request(*id).to_vec(), encode(request))));
    records
}

/// Checks that records come in order of their keys, that each is whole and belongs where it is said to, and that
/// their journal is chained and ends at the position given.
pub struct ImportCheck {
    position: super::Position,
    last_key: Vec<u8>,
    journal: super::Position,
    count: u64,
}

impl ImportCheck {
    pub fn up_to(position: super::Position) -> Self {
        Self { position, last_key: Vec::new(), journal: super::Position::default(), count: 0 }
    }

    /// Records taken so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The next record in clear.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the record; [`StoreError::FormatVersion`] for a newer format.
    pub fn next(&mut self, record: &StoredRecord) -> Result<Item, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("{}: {what}", describe_key(&record.key)));
        let item = Item::decode(&record.key, &record.value).map_err(|error| match error {
            StoreError::Damaged(what) => damaged(&what),
            other => other,
        })?;
        if record.key <= self.last_key {
            return Err(damaged("it is out of order"));
        }
        if record.sequence != Some(item.sequence()) || item.sequence() > self.position.sequence {
            return Err(damaged("it belongs to another journal sequence"));
        }
        if let Item::Entry(entry) = &item {
            entry.check_follows(&self.journal).map_err(|what| damaged(&what.en))?;
            self.journal = entry.position();
        }
        self.last_key.clone_from(&record.key);
        self.count += 1;
        Ok(item)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the journal ends elsewhere than it should.
    pub fn finish(&self) -> Result<(), StoreError> {
        let (found, expected) = (self.journal, self.position);
        if (found.sequence, found.chain) == (expected.sequence, expected.chain) {
            return Ok(());
        }
        let text = format!("the journal ends at {} instead of {}", found.sequence, expected.sequence);
        Err(StoreError::Damaged(text))
    }
}
