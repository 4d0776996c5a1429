//! Submissions, revisions and receipts.

use std::str::FromStr;

use jiff::Timestamp;

use crate::form::{CellId, catalogue};
use crate::pb;
use crate::report::{
    ANSWERS_MAX, Answer, COMMENTS_MAX, Cell, CellComment, Message, NameError, REASON_MAX_CHARACTERS, Receipt,
    ReportKey, ReportState, Review, ReviewAction, format_number,
};
use crate::service::{
    Accepted, Problem, Reason, ReportAction, ReportEvent, ReportView, ReviewRequest, Reviewed, Submission,
};

use super::reading::source_from_wire;
use super::registry::unknown_value;
use super::{
    edition_from_wire, edition_to_wire, figures_from_wire, figures_to_wire, findings_to_wire, narrative_from_wire,
    narrative_to_wire, request_id_from_wire, text_to_wire,
};

const STATES: [(ReportState, pb::ReportState); 4] = [
    (ReportState::Submitted, pb::ReportState::Submitted),
    (ReportState::Accepted, pb::ReportState::Accepted),
    (ReportState::Returned, pb::ReportState::Returned),
    (ReportState::Withdrawn, pb::ReportState::Withdrawn),
];

const ACTIONS: [(ReportAction, pb::ReportAction); 4] = [
    (ReportAction::Submit, pb::ReportAction::Submit),
    (ReportAction::Review(ReviewAction::Accept), pb::ReportAction::Accept),
    (ReportAction::Review(ReviewAction::Return), pb::ReportAction::Return),
    (ReportAction::Review(ReviewAction::Withdraw), pb::ReportAction::Withdraw),
];

/// The wire's number for a state.
pub fn state_to_wire(state: ReportState) -> i32 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, wire)| (*wire).into())
}

/// States from the wire.
///
/// # Errors
/// FIELD_INVALID for a number that the contract does not have.
pub fn states_from_wire(numbers: &[i32], field: &str) -> Result<Vec<ReportState>, Problem> {
    let state = |(position, number): (usize, &i32)| {
        let known = STATES.iter().find(|(_, wire)| i32::from(*wire) == *number);
        known.map(|(state, _)| *state).ok_or_else(|| unknown_value(&format!("{field}[{position}]")))
    };
    numbers.iter().enumerate().map(state).collect()
}

fn action_to_wire(action: ReportAction) -> i32 {
    ACTIONS.iter().find(|(known, _)| *known == action).map_or(0, |(_, wire)| (*wire).into())
}

/// The name of a revision of a report; empty for none.
fn revision_name(report: &ReportKey, number: Option<u32>) -> String {
    number.map(|number| format!("{report}/revisions/{number}")).unwrap_or_default()
}

/// A journal sequence number.
pub(super) fn sequence_to_wire(sequence: u64) -> i64 {
    sequence.try_into().unwrap_or(i64::MAX)
}

/// How many there are of something.
pub(super) fn count_to_wire(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

pub fn timestamp_to_wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

fn paths(cells: &[CellId]) -> Vec<String> {
    cells.iter().map(|cell| catalogue().cell(*cell).path.clone()).collect()
}

/// The name of a report or of a revision.
///
/// # Errors
/// NAME_INVALID.
pub fn name_from_wire<T: FromStr<Err = NameError>>(name: &str, field: &str) -> Result<T, Problem> {
    name.parse().map_err(|error: NameError| Problem::bad_name(field, error.message()))
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
    let key: ReportKey = name_from_wire(&report.name, "report.name")?;
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
    let request_id = request_id_from_wire(&request.request_id)?;
    Ok(Submission {
        report: key,
        figures,
        narrative,
        answers: report.answers.into_iter().map(|a| Answer { rule: a.rule, cell: a.cell, reason: a.reason }).collect(),
        reason: report.reason,
        etag: Some(report.etag).filter(|etag| !etag.is_empty()),
        request_id,
        source: request.source.map(source_from_wire).transpose()?,
        validate_only: request.validate_only,
    })
}

pub(super) fn check_length(text: &str, field: &str) -> Result<(), Problem> {
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
pub fn report_to_wire(view: &ReportView, name: String) -> pb::Report {
    let revision = &*view.revision;
    let answers = revision.answers.iter().map(|answer| pb::Answer {
        rule: answer.rule.clone(),
        cell: answer.cell.clone(),
        reason: answer.reason.clone(),
    });
    pb::Report {
        name,
        edition: edition_to_wire(revision.figures.edition()),
        form: Some(figures_to_wire(&revision.figures).into()),
        narrative: revision.narrative.as_ref().map(narrative_to_wire),
        answers: answers.collect(),
        reason: revision.reason.clone(),
        etag: revision.etag(),
        revision: revision.name().to_string(),
        state: state_to_wire(view.state),
        content_sha256: revision.content_hash.to_hex(),
        rule_set: Some(pb::RuleSet { id: revision.rule_set.id.clone(), sha256: revision.rule_set.hash.to_hex() }),
        findings: findings_to_wire(&revision.findings),
        computed: paths(&revision.figures.complete().computed),
        submitter: revision.actor.clone(),
        submit_time: Some(timestamp_to_wire(revision.time)),
        sequence: sequence_to_wire(revision.sequence),
        accepted_revision: revision_name(&revision.report, view.accepted),
        late: revision.late,
        review: view.review.as_ref().map(review_to_wire),
    }
}

fn review_to_wire(review: &Review) -> pb::Review {
    pb::Review {
        action: action_to_wire(ReportAction::Review(review.action)),
        reason: review.reason.clone(),
        comments: comments_to_wire(&review.comments),
        reviewer: review.actor.clone(),
        time: Some(timestamp_to_wire(review.time)),
        sequence: sequence_to_wire(review.status.sequence),
    }
}

fn comments_to_wire(comments: &[CellComment]) -> Vec<pb::CellComment> {
    let comment = |one: &CellComment| pb::CellComment { cell: one.cell.clone(), text: one.text.clone() };
    comments.iter().map(comment).collect()
}

/// A value of a cell in words: a number, `n/a`, or none for blank.
fn value_in_words(cell: CellId, value: Cell) -> Option<String> {
    match value {
        Cell::Blank => None,
        Cell::NotApplicable => Some("n/a".to_owned()),
        Cell::Unread => Some("unread".to_owned()),
        Cell::Number(number) => Some(format_number(catalogue().cell(cell).kind, number.into())),
    }
}

pub fn event_to_wire(event: &ReportEvent) -> pb::ReportEvent {
    let change = |(cell, before, after): &(CellId, Cell, Cell)| {
        let info = catalogue().cell(*cell);
        pb::CellChange {
            cell: info.path.clone(),
            label: Some(text_to_wire(&Message::new(info.label_zh.clone(), info.label_en.clone()))),
            before: value_in_words(*cell, *before),
            after: value_in_words(*cell, *after),
        }
    };
    pb::ReportEvent {
        sequence: sequence_to_wire(event.sequence),
        time: Some(timestamp_to_wire(event.time)),
        actor: event.actor.clone(),
        action: action_to_wire(event.action),
        revision: event.revision.to_string(),
        state: state_to_wire(event.state),
        accepted_revision: revision_name(&event.revision.report, event.accepted),
        reason: event.reason.clone(),
        comments: comments_to_wire(&event.comments),
        changes: event.changes.iter().map(change).collect(),
    }
}

/// A review from the parts that all three requests share.
///
/// # Errors
/// What is malformed, by field.
pub fn review_from_wire(
    action: ReviewAction,
    name: &str,
    etag: String,
    reason: String,
    comments: Vec<pb::CellComment>,
    validate_only: bool,
) -> Result<ReviewRequest, Problem> {
    let report = name_from_wire(name, "name")?;
    if etag.is_empty() {
        return Err(Problem::required("etag"));
    }
    check_length(&reason, "reason")?;
    if comments.len() > COMMENTS_MAX {
        let description = Message::new(format!("最多 {COMMENTS_MAX} 条"), format!("at most {COMMENTS_MAX}"));
        return Err(Problem::field(Reason::TooMany, "comments", description));
    }
    for (position, comment) in comments.iter().enumerate() {
        check_length(&comment.text, &format!("comments[{position}].text"))?;
    }
    let comments = comments.into_iter().map(|one| CellComment { cell: one.cell, text: one.text }).collect();
    Ok(ReviewRequest { report, action, etag, reason, comments, validate_only })
}

pub fn reviewed_to_wire(reviewed: &Reviewed, report: &ReportKey) -> pb::ReviewOutcome {
    pb::ReviewOutcome {
        receipt: reviewed.receipt.as_ref().map(receipt_to_wire),
        state: state_to_wire(reviewed.status.state),
        accepted_revision: revision_name(report, reviewed.status.accepted),
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
        signing_key: receipt.signing_key.clone(),
    }
}

pub fn accepted_to_wire(accepted: &Accepted) -> pb::SubmitReportResponse {
    pb::SubmitReportResponse {
        receipt: accepted.receipt.as_ref().map(receipt_to_wire),
        findings: findings_to_wire(&accepted.findings),
        computed: paths(&accepted.computed),
        already_stored: accepted.already_stored,
        state: state_to_wire(accepted.state),
        late: accepted.late,
    }
}
