//! Journal entries.

use crate::pb;
use crate::store::{JournalEntry, Outcome};

use super::timestamp_to_wire;

pub fn entry_to_wire(entry: &JournalEntry) -> pb::JournalEntry {
    pb::JournalEntry {
        sequence: entry.sequence.try_into().unwrap_or(i64::MAX),
        time: Some(timestamp_to_wire(entry.time)),
        actor: entry.actor.clone(),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        outcome: match entry.outcome {
            Outcome::Accepted => pb::JournalOutcome::Accepted,
            Outcome::Refused => pb::JournalOutcome::Refused,
        }
        .into(),
        detail: entry.detail.clone(),
        content_sha256: entry.content_hash.to_hex(),
        previous_sha256: entry.previous.to_hex(),
        chain_sha256: entry.chain.to_hex(),
    }
}
