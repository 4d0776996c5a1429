//! What stands under each key: the kinds of record, and the journal sequence that each belongs to.
//!
//! A new kind of record is a variant of [`Item`]; stores, exports, imports and checks follow.

use std::sync::Arc;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{Review, Revision};
use crate::rollup::FrozenForm;

use super::covered::{Covered, Says, differing_error};
use super::journal::{JournalEntry, Position};
use super::record::{check_bytes, check_sum, decode, encode, revision_sequence};
use super::strike::{Strikes, untold_message};
use super::transaction::{RequestId, StoredRequest};
use super::{StoreError, keys};

/// A key with its record, as a store keeps them and an export carries them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Of the transaction that wrote it; none where that cannot be told because the record is damaged.
    pub sequence: Option<u64>,
    /// Begins with its kind; keys are in the order of their bytes.
    pub key: Vec<u8>,
    /// Versioned, with a checksum: see `record`.
    pub value: Vec<u8>,
}

/// A record in clear.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An entry of the journal.
    Entry(JournalEntry),
    /// With the position of the change in its transaction.
    Registry {
        /// Of the transaction's journal entry.
        sequence: u64,
        /// Position among the transaction's changes, from 0.
        position: u32,
        /// What is changed.
        change: RegistryChange,
    },
    /// With the position of the change in its transaction.
    Access {
        /// Of the transaction's journal entry.
        sequence: u64,
        /// Position among the transaction's changes, from 0.
        position: u32,
        /// What is changed.
        change: AccessChange,
    },
    /// A revision of a report, with its figures, texts, findings and answers.
    Revision(Arc<Revision>),
    /// What was done to a revision.
    Review(Arc<Review>),
    /// A computed form, frozen for publication.
    Frozen(Arc<FrozenForm>),
    /// A request that was acknowledged.
    Request {
        /// As the caller chose it.
        id: RequestId,
        /// What was asked and what came of it.
        request: StoredRequest,
    },
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
            Some(b'a') => {
                let (sequence, position) = keys::parse_access(key).ok_or_else(other_key)?;
                Self::Access { sequence, position, change: decode(value)? }
            }
            Some(b'r' | b'c') if keys::is_review(key) => Self::Review(Arc::new(decode(value)?)),
            Some(b'r' | b'c') => Self::Revision(Arc::new(decode(value)?)),
            Some(b'f') => Self::Frozen(Arc::new(decode(value)?)),
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
            Self::Access { sequence, position, .. } => keys::access(*sequence, *position).to_vec(),
            Self::Revision(revision) => keys::revision(&revision.report, revision.number).to_vec(),
            Self::Review(review) => {
                keys::review(&review.revision.report, review.revision.number, review.status.sequence).to_vec()
            }
            Self::Frozen(form) => keys::frozen(&form.name.jurisdiction, form.name.year, form.name.number).to_vec(),
            Self::Request { id, .. } => keys::request(*id).to_vec(),
        }
    }

    /// A change at another position in its transaction; anything else as it is.
    pub fn at(mut self, at: u32) -> Self {
        if let Self::Registry { position, .. } | Self::Access { position, .. } = &mut self {
            *position = at;
        }
        self
    }

    /// Journal sequence of the transaction that wrote it.
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.sequence,
            Self::Registry { sequence, .. } | Self::Access { sequence, .. } => *sequence,
            Self::Revision(revision) => revision.sequence,
            Self::Review(review) => review.status.sequence,
            Self::Frozen(form) => form.sequence,
            Self::Request { request, .. } => request.sequence,
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`]; [`StoreError::Inexact`] where it would be read as something else, so that what is
    /// applied now differed from what the next start applies.
    pub fn to_record(&self) -> Result<StoredRecord, StoreError> {
        let value = match self {
            Self::Entry(entry) => encode(entry),
            Self::Registry { change, .. } => encode(change),
            Self::Access { change, .. } => encode(change),
            Self::Revision(revision) => encode(&**revision),
            Self::Review(review) => encode(&**review),
            Self::Frozen(form) => encode(&**form),
            Self::Request { request, .. } => encode(request),
        };
        check_bytes(value.len())?;
        let key = self.key();
        // What comes with every submission has no value that callers could make finer; tests look at it all the same.
        if (cfg!(debug_assertions) || self.is_rare()) && Self::decode(&key, &value).as_ref() != Ok(self) {
            return Err(StoreError::Inexact(describe_key(&key)));
        }
        Ok(StoredRecord { sequence: Some(self.sequence()), key, value })
    }

    /// Written so seldom that reading it back costs nothing that anyone would notice.
    fn is_rare(&self) -> bool {
        matches!(self, Self::Registry { .. } | Self::Access { .. } | Self::Frozen(_))
    }
}

/// A record in clear, with all that can be told of it alone: on any core, in any order.
pub(crate) struct Examined {
    pub item: Item,
    pub says: Option<Says>,
    /// Whether its content is what its hash says; true for what has none.
    pub has_its_hash: bool,
}

impl Examined {
    /// # Errors
    /// As [`Item::decode`].
    pub(crate) fn of(key: &[u8], value: &[u8]) -> Result<Self, StoreError> {
        let item = Item::decode(key, value)?;
        let has_its_hash = if let Item::Revision(revision) = &item { revision.has_its_hash() } else { true };
        Ok(Self { says: Says::of(&item), has_its_hash, item })
    }
}

/// The journal sequence of a record, for a small part of what it takes to read it whole: its key says it, or one field
/// does. None where the record is damaged.
pub(crate) fn sequence_of(key: &[u8], value: &[u8]) -> Option<u64> {
    let whole = check_sum(value).is_ok();
    match key.first() {
        Some(b'j') if whole => keys::parse_journal(key),
        Some(b'g') if whole => keys::parse_registry(key).map(|(sequence, _)| sequence),
        Some(b'a') if whole => keys::parse_access(key).map(|(sequence, _)| sequence),
        Some(b'r' | b'c') if !keys::is_review(key) => revision_sequence(value).ok(),
        _ => Item::decode(key, value).ok().map(|item| item.sequence()),
    }
}

/// A key in words, for whoever looks for the record.
pub(crate) fn describe_key(key: &[u8]) -> String {
    let kind = match key.first() {
        Some(b'j') => "journal entry",
        Some(b'g') => "registry change",
        Some(b'r' | b'c') if keys::is_review(key) => "review",
        Some(b'r' | b'c') => "revision",
        Some(b'a') => "change of access",
        Some(b'f') => "frozen form",
        Some(b'q') => "request id",
        _ => "record",
    };
    format!("{kind} {}", hex::encode(key.get(1..).unwrap_or_default()))
}

/// Checks that records come in order of their keys, that each is whole and belongs where it is said to, and that
/// their journal is chained and ends at the position given.
pub(crate) struct ImportCheck {
    position: Position,
    last_key: Vec<u8>,
    journal: Position,
    covered: Covered,
    strikes: Strikes,
    count: u64,
}

impl ImportCheck {
    pub(crate) fn up_to(position: Position) -> Self {
        let (journal, covered, strikes) = (Position::default(), Covered::default(), Strikes::default());
        Self { position, last_key: Vec::new(), journal, covered, strikes, count: 0 }
    }

    /// Records taken so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The next record in clear.
    ///
    /// # Errors
    /// As [`ImportCheck::take`].
    pub(crate) fn next(&mut self, record: &StoredRecord) -> Result<Item, StoreError> {
        self.take(record, Examined::of(&record.key, &record.value))
    }

    /// The next record in clear, which has been examined.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the record; [`StoreError::FormatVersion`] for a newer format.
    pub(crate) fn take(
        &mut self,
        record: &StoredRecord,
        examined: Result<Examined, StoreError>,
    ) -> Result<Item, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("{}: {what}", describe_key(&record.key)));
        let Examined { item, says, has_its_hash } = examined.map_err(|error| match error {
            StoreError::Damaged(what) => damaged(&what),
            other => other,
        })?;
        if record.key <= self.last_key {
            return Err(damaged("it is out of order"));
        }
        if record.sequence != Some(item.sequence()) || item.sequence() > self.position.sequence {
            return Err(damaged("it belongs to another journal sequence"));
        }
        if !has_its_hash {
            return Err(damaged("its content is not what its content hash says"));
        }
        self.covered.add(&item, says);
        if let Item::Entry(entry) = &item {
            entry.check_follows(&self.journal).map_err(|what| damaged(&what.en))?;
            self.journal = entry.position();
            self.strikes.see(entry);
        }
        self.last_key.clone_from(&record.key);
        self.count += 1;
        Ok(item)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the journal ends elsewhere than it should, or the records of an entry are not those
    /// that it was stored with.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        let (found, expected) = (self.journal, self.position);
        if (found.sequence, found.chain) != (expected.sequence, expected.chain) {
            let text = format!("the journal ends at {} instead of {}", found.sequence, expected.sequence);
            return Err(StoreError::Damaged(text));
        }
        if let Some(sequence) = self.strikes.untold() {
            return Err(StoreError::Damaged(format!("journal entry {sequence}: {}", untold_message().en)));
        }
        match self.covered.differing().first() {
            None => Ok(()),
            Some(sequence) => Err(differing_error(*sequence)),
        }
    }
}
