//! Journal entries, and which are wanted.

use jiff::Timestamp;

use crate::access::{ACTIONS, Action, action};
use crate::pb;
use crate::report::{Hash, Message, ReportOwner};
use crate::service::{JournalFilter, Problem, Reason};
use crate::store::{Covers, JournalEntry, Outcome, Salt};

use super::timestamp_to_wire;

pub(crate) fn entry_to_wire(entry: &JournalEntry) -> pb::JournalEntry {
    pb::JournalEntry {
        sequence: entry.sequence.try_into().unwrap_or(i64::MAX),
        time: Some(timestamp_to_wire(entry.time)),
        actor: entry.actor.clone(),
        by: entry.by.clone(),
        action_text: action(&entry.action).map(action_text),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        outcome: match entry.outcome {
            Outcome::Accepted => pb::JournalOutcome::Done,
            Outcome::Refused => pb::JournalOutcome::Refused,
        }
        .into(),
        detail: entry.detail.clone(),
        content_sha256: entry.content_hash.to_hex(),
        records_sha256: entry.covers.map(|covers| covers.records.to_hex()).unwrap_or_default(),
        salt: entry.covers.map(|covers| covers.salt.to_hex()).unwrap_or_default(),
        previous_sha256: entry.previous.to_hex(),
        chain_sha256: entry.chain.to_hex(),
        names: Vec::new(),
    }
}

fn action_text(action: &Action) -> pb::LocalizedText {
    pb::LocalizedText { zh: action.zh.to_owned(), en: action.en.to_owned() }
}

/// Every action that there is a word for.
pub(crate) fn journal_actions_to_wire() -> Vec<pb::JournalAction> {
    let told = |action: &Action| pb::JournalAction { action: action.word.to_owned(), text: Some(action_text(action)) };
    ACTIONS.iter().map(told).collect()
}

/// As [`entry_to_wire`], with what the resources are called that it names.
pub(crate) fn named_entry_to_wire(entry: &JournalEntry, names: Vec<(String, String)>) -> pb::JournalEntry {
    let names = names.into_iter().map(|(name, display_name)| pb::NamedResource { name, display_name }).collect();
    pb::JournalEntry { names, ..entry_to_wire(entry) }
}

/// An entry that a service sent; none where it is not one that can be.
pub(crate) fn entry_from_wire(entry: pb::JournalEntry) -> Option<JournalEntry> {
    let outcome = entry.outcome();
    let time = entry.time?;
    let covers = match (entry.records_sha256.as_str(), entry.salt.as_str()) {
        ("", "") => None,
        (records, salt) => Some(Covers { records: Hash::from_hex(records)?, salt: Salt::from_hex(salt)? }),
    };
    Some(JournalEntry {
        sequence: entry.sequence.try_into().ok()?,
        time: Timestamp::new(time.seconds, time.nanos).ok()?,
        actor: entry.actor,
        by: entry.by,
        action: entry.action,
        subject: entry.subject,
        outcome: match outcome {
            pb::JournalOutcome::Done => Outcome::Accepted,
            pb::JournalOutcome::Refused => Outcome::Refused,
            pb::JournalOutcome::Unspecified => return None,
        },
        detail: entry.detail,
        content_hash: Hash::from_hex(&entry.content_sha256)?,
        covers,
        previous: Hash::from_hex(&entry.previous_sha256)?,
        chain: Hash::from_hex(&entry.chain_sha256)?,
    })
}

/// What a request asks for.
///
/// # Errors
/// FIELD_INVALID naming the field.
pub(crate) fn journal_filter_from_wire(request: &pb::ListJournalRequest) -> Result<JournalFilter, Problem> {
    let time = |field: &str, time: Option<prost_types::Timestamp>| {
        let time = time.map(|time| Timestamp::new(time.seconds, time.nanos)).transpose();
        time.map_err(|_| {
            let description = Message::new("不是有效的时间", "is not a valid time");
            Problem::field(Reason::FieldInvalid, field, description)
        })
    };
    let outcome = match pb::JournalOutcome::try_from(request.outcome) {
        Ok(pb::JournalOutcome::Unspecified) => None,
        Ok(pb::JournalOutcome::Done) => Some(Outcome::Accepted),
        Ok(pb::JournalOutcome::Refused) => Some(Outcome::Refused),
        Err(_) => {
            let description = Message::new("没有这种结果", "is no outcome");
            return Err(Problem::field(Reason::FieldInvalid, "outcome", description));
        }
    };
    let place = match request.place.as_str() {
        "" => None,
        place => {
            let owner = match place.split_once('/') {
                Some(("agencies", id)) => id.parse().ok().map(ReportOwner::Agency),
                Some(("jurisdictions", code)) => code.parse().ok().map(ReportOwner::Jurisdiction),
                _ => None,
            };
            Some(owner.ok_or_else(|| {
                let description =
                    Message::new("不是 agencies/ID 或 jurisdictions/CODE", "is not agencies/ID or jurisdictions/CODE");
                Problem::field(Reason::FieldInvalid, "place", description)
            })?)
        }
    };
    Ok(JournalFilter {
        action: request.action.clone(),
        subject: request.subject.clone(),
        start: time("start_time", request.start_time)?,
        end: time("end_time", request.end_time)?,
        outcome,
        principal: request.principal.clone(),
        address: request.address.clone(),
        place,
    })
}
