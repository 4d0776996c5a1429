//! The messages of entries of the journal and of request ids, and their conversion. Tags are never reused.
//!
//! Version 3 keeps an entry in the fewest bytes: names are short ([`names`]), hashes stand together, and its chain hash, which
//! follows from all else in it, is not kept.

use prost::{Message, Oneof};

use crate::report::Hash;
use crate::store::evidence::Salt;
use crate::store::journal::{Covers, JournalEntry, Outcome};
use crate::store::transaction::{Requested, StoredRequest};

use super::messages::{hash, parse, timestamp};
use super::names;

/// Bytes of a hash and of a salt.
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

#[derive(Clone, PartialEq, Message)]
pub struct StoredEntry {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(int64, tag = "2")]
    time_microseconds: i64,
    /// From version 3 on without the address that it ends in.
    #[prost(string, tag = "3")]
    actor: String,
    /// From version 3 on a character that stands for it.
    #[prost(string, tag = "4")]
    action: String,
    /// Unless it is short.
    #[prost(string, tag = "5")]
    subject: String,
    #[prost(bool, tag = "6")]
    refused: bool,
    #[prost(string, tag = "7")]
    detail: String,
    /// From version 3 on absent where it is zeros.
    #[prost(bytes = "vec", tag = "8")]
    content_hash: Vec<u8>,
    /// From version 3 on the salt follows, and the hash of the records where it is not zeros.
    #[prost(bytes = "vec", tag = "9")]
    previous: Vec<u8>,
    /// Absent from version 3 on.
    #[prost(bytes = "vec", tag = "10")]
    chain: Vec<u8>,
    /// Both up to version 2, and absent in an entry that says nothing of its records.
    #[prost(bytes = "vec", optional, tag = "11")]
    records: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "12")]
    salt: Option<Vec<u8>>,
    /// Unless it is packed; neither is there in an entry that does not say it.
    #[prost(string, optional, tag = "13")]
    by: Option<String>,
    #[prost(bytes = "vec", tag = "14")]
    by_packed: Vec<u8>,
    #[prost(string, tag = "15")]
    subject_short: String,
    /// Of 4 or 16 bytes.
    #[prost(bytes = "vec", tag = "16")]
    address: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StoredRequestId {
    #[prost(bytes = "vec", tag = "1")]
    fingerprint: Vec<u8>,
    #[prost(oneof = "StoredRequested", tags = "2, 4, 5, 6, 7")]
    stored: Option<StoredRequested>,
    #[prost(uint64, tag = "3")]
    sequence: u64,
}

#[derive(Clone, PartialEq, Oneof)]
enum StoredRequested {
    #[prost(string, tag = "2")]
    Revision(String),
    #[prost(string, tag = "4")]
    Review(String),
    #[prost(string, tag = "5")]
    FrozenForm(String),
    #[prost(uint32, tag = "6")]
    Registry(u32),
    /// A revision, from version 3 on.
    #[prost(string, tag = "7")]
    ShortRevision(String),
}

impl StoredEntry {
    pub fn from_entry(entry: &JournalEntry) -> Self {
        let (actor, address) = names::split_address(&entry.actor);
        let subject_short = names::short(&entry.subject);
        let by_packed = entry.by.as_deref().and_then(names::packed);
        Self {
            sequence: entry.sequence,
            time_microseconds: entry.time.as_microsecond(),
            actor: actor.to_owned(),
            address,
            action: names::short_action(&entry.action),
            subject: if subject_short.is_none() { entry.subject.clone() } else { String::new() },
            subject_short: subject_short.unwrap_or_default(),
            refused: entry.outcome == Outcome::Refused,
            detail: entry.detail.clone(),
            content_hash: if entry.content_hash == Hash::default() {
                Vec::new()
            } else {
                entry.content_hash.0.to_vec()
            },
            previous: previous_and_covers(entry),
            by: if by_packed.is_none() { entry.by.clone() } else { None },
            by_packed: by_packed.unwrap_or_default(),
            chain: Vec::new(),
            records: None,
            salt: None,
        }
    }

    pub fn into_entry(self) -> Result<JournalEntry, String> {
        let (previous, after) = self.previous.split_at_checked(HASH_BYTES).ok_or("a hash of another length")?;
        let covers = match (self.records, self.salt) {
            (Some(records), Some(salt)) => Some(covers(&salt, &records)?),
            (None, None) if after.is_empty() => None,
            (None, None) => {
                let (salt, records) = after.split_at_checked(SALT_BYTES).ok_or("a salt of another length")?;
                Some(covers(salt, records)?)
            }
            _ => return Err("an entry with a part of what it covers".to_owned()),
        };
        let by = if self.by_packed.is_empty() { self.by } else { Some(names::unpacked(&self.by_packed)?) };
        if by.is_some() && covers.is_none() {
            return Err("an entry of version 3 that does not say what it covers".to_owned());
        }
        let no_hash = |bytes: &Vec<u8>| bytes.is_empty();
        let mut entry = JournalEntry {
            sequence: self.sequence,
            time: timestamp(self.time_microseconds)?,
            actor: names::with_address(self.actor, &self.address)?,
            by,
            action: names::long_action(self.action)?,
            subject: if self.subject_short.is_empty() { self.subject } else { names::long(&self.subject_short)? },
            outcome: if self.refused { Outcome::Refused } else { Outcome::Accepted },
            detail: self.detail,
            content_hash: if no_hash(&self.content_hash) { Hash::default() } else { hash(self.content_hash)? },
            covers,
            previous: hash(previous.to_vec())?,
            chain: Hash::default(),
        };
        entry.chain = if no_hash(&self.chain) { entry.compute_chain() } else { hash(self.chain)? };
        Ok(entry)
    }
}

/// The hash of the entry before, and what the entry covers.
fn previous_and_covers(entry: &JournalEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HASH_BYTES + SALT_BYTES + HASH_BYTES);
    bytes.extend(entry.previous.0);
    if let Some(covers) = entry.covers {
        bytes.extend(covers.salt.0);
        if covers.records != Hash::default() {
            bytes.extend(covers.records.0);
        }
    }
    bytes
}

/// What an entry covers; no hash of records is zeros.
fn covers(salt: &[u8], records: &[u8]) -> Result<Covers, String> {
    let salt = salt.try_into().map(Salt).map_err(|_| "a salt of another length".to_owned())?;
    Ok(Covers { records: if records.is_empty() { Hash::default() } else { hash(records.to_vec())? }, salt })
}

impl StoredRequestId {
    pub fn from_request(request: &StoredRequest) -> Self {
        Self {
            fingerprint: request.fingerprint.0.to_vec(),
            stored: Some(match &request.stored {
                Requested::Revision(name) => revision(name.to_string()),
                Requested::Review(name) => StoredRequested::Review(name.to_string()),
                Requested::FrozenForm(name) => StoredRequested::FrozenForm(name.to_string()),
                Requested::Registry(changes) => StoredRequested::Registry(*changes),
            }),
            sequence: request.sequence,
        }
    }

    pub fn into_request(self) -> Result<StoredRequest, String> {
        Ok(StoredRequest {
            fingerprint: hash(self.fingerprint)?,
            stored: match self.stored.ok_or("a request id without what was stored for it")? {
                StoredRequested::Revision(name) => Requested::Revision(parse(&name)?),
                StoredRequested::ShortRevision(name) => Requested::Revision(parse(&names::long(&name)?)?),
                StoredRequested::Review(name) => Requested::Review(parse(&name)?),
                StoredRequested::FrozenForm(name) => Requested::FrozenForm(parse(&name)?),
                StoredRequested::Registry(changes) => Requested::Registry(changes),
            },
            sequence: self.sequence,
        })
    }
}

fn revision(name: String) -> StoredRequested {
    names::short(&name).map_or_else(|| StoredRequested::Revision(name), StoredRequested::ShortRevision)
}

#[cfg(test)]
pub(super) use tests::sample;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::journal::{NewEntry, Position};
    use crate::store::record::{decode, encode};

    pub(in crate::store::record) fn sample() -> JournalEntry {
        let new = NewEntry {
            actor: "office 192.0.2.17".to_owned(),
            by: "credentials/0123456789abcdef".to_owned(),
            action: "report.submit",
            subject: "agencies/11341702486344515H/reports/2022/revisions/1".to_owned(),
            outcome: Outcome::Accepted,
            detail: String::new(),
            content_hash: Hash::of(b"content"),
        };
        let covers = Covers { records: Hash::of(b"records"), salt: Salt([7; SALT_BYTES]) };
        JournalEntry::chained(new, covers, &Position::default(), jiff::Timestamp::UNIX_EPOCH)
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            Just("agencies/11341702486344515H/reports/2022/revisions/1".to_owned()),
            Just("principals/office 192.0.2.17".to_owned()),
            Just("credentials/0123456789abcdef".to_owned()),
            any::<String>(),
        ]
    }

    fn hashes() -> impl Strategy<Value = Hash> {
        prop_oneof![Just(Hash::default()), any::<[u8; 32]>().prop_map(Hash)]
    }

    prop_compose! {
        fn entry()(
            texts in (text(), text(), text(), text()),
            action in prop_oneof![Just("report.submit"), Just("an.action.of.tomorrow")],
            hashes in (hashes(), hashes(), hashes()),
            salt in any::<[u8; 16]>(),
            (sequence, microseconds) in (1..u64::MAX, 0..4_000_000_000_000_000i64),
            (refused, version) in (any::<bool>(), 1..=3),
        ) -> JournalEntry {
            let (actor, by, subject, detail) = texts;
            let outcome = if refused { Outcome::Refused } else { Outcome::Accepted };
            let new = NewEntry { actor, by, action, subject, outcome, detail, content_hash: hashes.0 };
            let covers = Covers { records: hashes.1, salt: Salt(salt) };
            let last = Position { sequence: sequence - 1, chain: hashes.2, ..Position::default() };
            let now = jiff::Timestamp::from_microsecond(microseconds).unwrap();
            let mut entry = JournalEntry::chained(new, covers, &last, now);
            entry.by = entry.by.filter(|_| version == 3);
            entry.covers = entry.covers.filter(|_| version > 1);
            entry.chain = entry.compute_chain();
            entry
        }
    }

    /// The bytes of an entry as programs up to version 2 of the format kept it.
    fn as_before(entry: &JournalEntry) -> StoredEntry {
        StoredEntry {
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            content_hash: entry.content_hash.0.to_vec(),
            previous: entry.previous.0.to_vec(),
            chain: entry.chain.0.to_vec(),
            records: entry.covers.map(|covers| covers.records.0.to_vec()),
            salt: entry.covers.map(|covers| covers.salt.0.to_vec()),
            by: entry.by.clone(),
            by_packed: Vec::new(),
            subject_short: String::new(),
            address: Vec::new(),
            ..StoredEntry::from_entry(entry)
        }
    }

    proptest! {
        #[test]
        fn an_entry_is_read_as_it_was_written(entry in entry()) {
            let record = encode(&entry);
            prop_assert_eq!(decode::<JournalEntry>(&record).unwrap(), entry.clone());
            prop_assert!(!record.windows(32).any(|bytes| bytes == entry.chain.0), "the chain hash follows from the rest");
            let before = as_before(&entry);
            prop_assert!(record.len() < before.encoded_len());
            prop_assert_eq!(before.into_entry(), Ok(entry));
        }

        #[test]
        fn a_request_is_read_as_it_was_written(number in any::<u32>(), sequence in any::<u64>()) {
            let name = format!("agencies/11341702486344515H/reports/2022/revisions/{}", number.max(1));
            let stored = Requested::Revision(name.parse().unwrap());
            let request = StoredRequest { fingerprint: Hash::of(b"request"), stored, sequence };
            prop_assert_eq!(decode::<StoredRequest>(&encode(&request)).unwrap(), request.clone());
            let before = StoredRequestId {
                stored: Some(StoredRequested::Revision(name)), ..StoredRequestId::from_request(&request)
            };
            prop_assert_eq!(before.into_request(), Ok(request));
        }
    }
}
