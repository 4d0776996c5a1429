//! The messages of entries of the journal and of request ids, and their conversion. Tags are never reused.

use prost::{Message, Oneof};

use crate::store::evidence::Salt;
use crate::store::journal::{Covers, JournalEntry, Outcome};
use crate::store::transaction::{Requested, StoredRequest};

use super::messages::{hash, parse, timestamp};

#[derive(Clone, PartialEq, Message)]
pub struct StoredEntry {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(int64, tag = "2")]
    time_microseconds: i64,
    #[prost(string, tag = "3")]
    actor: String,
    #[prost(string, tag = "4")]
    action: String,
    #[prost(string, tag = "5")]
    subject: String,
    #[prost(bool, tag = "6")]
    refused: bool,
    #[prost(string, tag = "7")]
    detail: String,
    #[prost(bytes = "vec", tag = "8")]
    content_hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "9")]
    previous: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    chain: Vec<u8>,
    /// Both absent in an entry of version 1.
    #[prost(bytes = "vec", optional, tag = "11")]
    records: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "12")]
    salt: Option<Vec<u8>>,
    /// Absent in an entry of version 1 or 2.
    #[prost(string, optional, tag = "13")]
    by: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StoredRequestId {
    #[prost(bytes = "vec", tag = "1")]
    fingerprint: Vec<u8>,
    #[prost(oneof = "StoredRequested", tags = "2, 4, 5, 6")]
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
}

impl StoredEntry {
    pub fn from_entry(entry: &JournalEntry) -> Self {
        Self {
            sequence: entry.sequence,
            time_microseconds: entry.time.as_microsecond(),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            refused: entry.outcome == Outcome::Refused,
            detail: entry.detail.clone(),
            content_hash: entry.content_hash.0.to_vec(),
            previous: entry.previous.0.to_vec(),
            chain: entry.chain.0.to_vec(),
            records: entry.covers.map(|covers| covers.records.0.to_vec()),
            salt: entry.covers.map(|covers| covers.salt.0.to_vec()),
            by: entry.by.clone(),
        }
    }

    pub fn into_entry(self) -> Result<JournalEntry, String> {
        let salt = |bytes: Vec<u8>| bytes.try_into().map(Salt).map_err(|_| "a salt of another length".to_owned());
        let covers = match (self.records, self.salt) {
            (Some(records), Some(bytes)) => Some(Covers { records: hash(records)?, salt: salt(bytes)? }),
            (None, None) => None,
            _ => return Err("an entry with a part of what it covers".to_owned()),
        };
        if self.by.is_some() && covers.is_none() {
            return Err("an entry of version 3 that does not say what it covers".to_owned());
        }
        Ok(JournalEntry {
            sequence: self.sequence,
            time: timestamp(self.time_microseconds)?,
            actor: self.actor,
            by: self.by,
            action: self.action,
            subject: self.subject,
            outcome: if self.refused { Outcome::Refused } else { Outcome::Accepted },
            detail: self.detail,
            content_hash: hash(self.content_hash)?,
            covers,
            previous: hash(self.previous)?,
            chain: hash(self.chain)?,
        })
    }
}

impl StoredRequestId {
    pub fn from_request(request: &StoredRequest) -> Self {
        Self {
            fingerprint: request.fingerprint.0.to_vec(),
            stored: Some(match &request.stored {
                Requested::Revision(name) => StoredRequested::Revision(name.to_string()),
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
                StoredRequested::Review(name) => Requested::Review(parse(&name)?),
                StoredRequested::FrozenForm(name) => Requested::FrozenForm(parse(&name)?),
                StoredRequested::Registry(changes) => Requested::Registry(changes),
            },
            sequence: self.sequence,
        })
    }
}
