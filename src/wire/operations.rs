//! Status, backups and verifications.

use jiff::Timestamp;

use crate::form::EDITIONS;
use crate::pb;
use crate::report::Message;
use crate::service::{Condition, ConditionState, Moment, Problem, Reason, Recount, Status};
use crate::store::transfer::Part;
use crate::store::{SignedHead, Verification};

use super::{edition_to_wire, text_to_wire, timestamp_to_wire};

/// A number of ours as the contract has it; none of them comes near the limit.
fn number(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

pub(crate) fn status_to_wire(status: Status) -> pb::GetStatusResponse {
    pb::GetStatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of: number(status.position.sequence),
        chain_sha256: status.position.chain.to_hex(),
        writable: status.problem.is_none(),
        problem: status.problem.as_ref().map(text_to_wire),
        journal_head: status.head.as_ref().map(head_to_wire),
        recount: status.recount.as_ref().map(recount_to_wire),
        new_store: status.is_new_store,
        clock_time: Some(timestamp_to_wire(status.machine_time)),
        mended: Some(pb::StoreMendings {
            log_entries: number(status.mended.entries),
            copies: number(status.mended.copies),
        }),
        lost_entries: status.lost.iter().map(|entry| number(entry.sequence)).collect(),
        journal_time: (status.position.sequence > 0).then(|| timestamp_to_wire(status.position.time)),
        conditions: Vec::new(),
    }
}

/// What the service rests on, and how it is.
pub(crate) fn condition_to_wire(condition: &Condition) -> pb::Condition {
    let state = match condition.state {
        ConditionState::Good => pb::ConditionState::Good,
        ConditionState::Warning => pb::ConditionState::Warning,
        ConditionState::Fault => pb::ConditionState::Fault,
        ConditionState::Skipped => pb::ConditionState::Skipped,
    };
    pb::Condition {
        check: condition.check.to_owned(),
        state: state.into(),
        title: Some(text_to_wire(&condition.title())),
        message: Some(text_to_wire(&condition.message)),
        remedy: (condition.state != ConditionState::Good).then(|| text_to_wire(&condition.remedy)),
    }
}

/// What a client has to know.
pub(crate) fn service_info_to_wire(
    credentials_required: bool,
    limits: pb::ServiceLimits,
) -> pb::GetServiceInfoResponse {
    let editions = EDITIONS.iter().map(|edition| pb::EditionYears {
        edition: edition_to_wire(edition),
        first_year: edition.first_year.into(),
        last_year: edition.last_year.map_or(0, i32::from),
    });
    // The first word of the file; the rest says since when.
    let contract = include_str!("../../proto/RELEASED").split_whitespace().next().unwrap_or_default();
    pb::GetServiceInfoResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        contract_version: contract.to_owned(),
        credentials_required,
        editions: editions.collect(),
        limits: Some(limits),
    }
}

fn head_to_wire(head: &SignedHead) -> pb::JournalHead {
    pb::JournalHead {
        sequence: number(head.sequence),
        chain_sha256: head.chain.clone(),
        sign_time: head.time.parse().ok().map(timestamp_to_wire),
        signing_key: head.key.clone(),
        signature: head.signature.clone(),
    }
}

/// A signed head that a service sent; none where a part of it is not there.
pub(crate) fn head_from_wire(head: pb::JournalHead) -> Option<SignedHead> {
    let time = head.sign_time?;
    let time = Timestamp::new(time.seconds, time.nanos).ok()?;
    let sequence = head.sequence.try_into().ok()?;
    Some(SignedHead::of_parts(sequence, head.chain_sha256, time, head.signing_key, head.signature))
}

fn recount_to_wire(recount: &Recount) -> pb::Recount {
    pb::Recount {
        as_of: number(recount.sequence),
        time: Some(timestamp_to_wire(recount.time)),
        differences_total: number(recount.differences_total),
        differences: recount.differences.iter().map(text_to_wire).collect(),
    }
}

/// # Errors
/// FIELD_INVALID where none is named, or one that cannot be.
pub(crate) fn moment_from_wire(request: &pb::FindMomentRequest) -> Result<Moment, Problem> {
    let bad = |field| {
        let description = Message::new("须写明时间或流水号", "name a time or the sequence number of an entry");
        Problem::field(Reason::FieldInvalid, field, description)
    };
    match request.of {
        Some(pb::find_moment_request::Of::Time(time)) => {
            Timestamp::new(time.seconds, time.nanos).map(Moment::Time).map_err(|_| bad("time"))
        }
        Some(pb::find_moment_request::Of::Sequence(sequence)) => {
            sequence.try_into().map(Moment::Sequence).map_err(|_| bad("sequence"))
        }
        None => Err(bad("time")),
    }
}

pub(crate) fn moment_to_wire(found: Option<(u64, Timestamp)>) -> pb::FindMomentResponse {
    let (sequence, time) =
        found.map_or((0, None), |(sequence, time)| (number(sequence), Some(timestamp_to_wire(time))));
    pb::FindMomentResponse { sequence, time }
}

/// Since when a backup is asked for.
pub(crate) fn since(request: &pb::CreateBackupRequest) -> Result<Option<u64>, Problem> {
    let number = |since: i64| {
        u64::try_from(since).map_err(|_| {
            Problem::field(Reason::FieldInvalid, "since", Message::new("不能为负数", "cannot be negative"))
        })
    };
    request.since.map(number).transpose()
}

pub(crate) fn part_to_wire(part: Part) -> pb::CreateBackupResponse {
    pb::CreateBackupResponse { content: part.bytes, as_of: number(part.sequence), records: number(part.records) }
}

pub(crate) fn verification_to_wire(found: &Verification) -> pb::StoreVerification {
    let faults = found.faults.iter();
    pb::StoreVerification {
        as_of: number(found.position.sequence),
        chain_sha256: found.position.chain.to_hex(),
        records: number(found.records),
        revisions: number(found.revisions),
        faults_total: number(found.faults_total),
        faults: faults
            .map(|fault| pb::StoreFault { place: fault.place.clone(), message: Some(text_to_wire(&fault.message)) })
            .collect(),
    }
}
