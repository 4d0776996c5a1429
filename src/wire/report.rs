//! Submissions, revisions and receipts.

use jiff::Timestamp;
use uuid::Uuid;

use crate::form::{CellId, catalogue};
use crate::pb;
use crate::report::{Answer, Message, Receipt, ReportKey, ReportState, Revision};
use crate::service::{Accepted, Problem, Reason, Submission};

use super::{
    edition_from_wire, edition_to_wire, figures_from_wire, figures_to_wire, findings_to_wire, narrative_from_wire,
    narrative_to_wire,
};

/// Longest reason, in characters.
const REASON_MAX_CHARACTERS: usize = 2000;
/// Answers that a report may carry.
const ANSWERS_MAX: usize = 500;

pub fn timestamp_to_wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

fn paths(cells: &[CellId]) -> Vec<String> {
    cells.iter().map(|cell| catalogue().cell(*cell).path.clone()).collect()
}

/// A submission from the wire.
///
/// # Errors
/// What is malformed, by field.
pub fn submission_from_wire(request: pb::SubmitReportRequest) -> Result<Submission, Problem> {
    let report = request.report.ok_or_else(|| Problem::required("report"))?;
    if report.name.is_empty() {
        return Err(Problem::required("report.name"));
    }
    let key: ReportKey = report.name.parse().map_err(|error| Problem::bad_name("report.name", &error))?;
    let edition = edition_from_wire(report.edition, key.year.get(), "report.edition")?;
    let form = report.form.ok_or_else(|| Problem::required("report.form"))?;
    let figures = figures_from_wire(&form, edition, "report.form")?;
    let narrative = match report.narrative {
        Some(narrative) => narrative_from_wire(narrative, "report.narrative")?,
        None => None,
    };
    if report.answers.len() > ANSWERS_MAX {
        let description = Message::new(format!("最多 {ANSWERS_MAX} 条"), format!("at most {ANSWERS_MAX}"));
        return Err(Problem::field(Reason::TooMany, "report.answers", description));
    }
    check_length(&report.reason, "report.reason")?;
    for (position, answer) in report.answers.iter().enumerate() {
        check_length(&answer.reason, &format!("report.answers[{position}].reason"))?;
    }
    let request_id = match request.request_id.as_str() {
        "" => None,
        text => Some(Uuid::parse_str(text).map_err(|_| {
            let description = Message::new("须为 UUID", "is no UUID");
            Problem::field(Reason::FieldInvalid, "request_id", description)
        })?),
    };
    Ok(Submission {
        report: key,
        figures,
        narrative,
        answers: report.answers.into_iter().map(|a| Answer { rule: a.rule, cell: a.cell, reason: a.reason }).collect(),
        reason: report.reason,
        etag: Some(report.etag).filter(|etag| !etag.is_empty()),
        request_id,
        validate_only: request.validate_only,
    })
}

fn check_length(text: &str, field: &str) -> Result<(), Problem> {
    if text.chars().count() <= REASON_MAX_CHARACTERS {
        return Ok(());
    }
    let description = Message::new(
        format!("不得超过 {REASON_MAX_CHARACTERS} 字"),
        format!("is longer than {REASON_MAX_CHARACTERS} characters"),
    );
    Err(Problem::field(Reason::FieldInvalid, field, description))
}

/// A revision on the wire, under the given name (the report's, or the revision's own in lists of revisions).
pub fn revision_to_wire(revision: &Revision, name: String) -> pb::Report {
    let answers = revision.answers.iter().map(|answer| pb::Answer {
        rule: answer.rule.clone(),
        cell: answer.cell.clone(),
        reason: answer.reason.clone(),
    });
    pb::Report {
        name,
        edition: edition_to_wire(revision.figures.edition()),
        form: Some(figures_to_wire(&revision.figures)),
        narrative: revision.narrative.as_ref().map(narrative_to_wire),
        answers: answers.collect(),
        reason: revision.reason.clone(),
        etag: revision.etag(),
        revision: revision.name().to_string(),
        state: match revision.state {
            ReportState::Accepted => pb::ReportState::Accepted,
        }
        .into(),
        content_sha256: revision.content_hash.to_hex(),
        rule_set: Some(pb::RuleSet { id: revision.rule_set.id.clone(), sha256: revision.rule_set.hash.to_hex() }),
        findings: findings_to_wire(&revision.findings),
        computed: paths(&revision.figures.complete().computed),
        submitter: revision.actor.clone(),
        submit_time: Some(timestamp_to_wire(revision.time)),
        sequence: revision.sequence.try_into().unwrap_or(i64::MAX),
    }
}

pub fn receipt_to_wire(receipt: &Receipt) -> pb::Receipt {
    pb::Receipt {
        revision: receipt.revision.to_string(),
        etag: receipt.etag.clone(),
        content_sha256: receipt.content_hash.to_hex(),
        sequence: receipt.sequence.try_into().unwrap_or(i64::MAX),
        chain_sha256: receipt.chain_hash.to_hex(),
        time: Some(timestamp_to_wire(receipt.time)),
    }
}

pub fn accepted_to_wire(accepted: &Accepted) -> pb::SubmitReportResponse {
    pb::SubmitReportResponse {
        receipt: accepted.receipt.as_ref().map(receipt_to_wire),
        findings: findings_to_wire(&accepted.findings),
        computed: paths(&accepted.computed),
        already_stored: accepted.already_stored,
    }
}
