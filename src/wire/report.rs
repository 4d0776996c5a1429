//! Submissions, revisions and receipts.

use std::str::FromStr;

use jiff::Timestamp;

use crate::form::{CellId, catalogue};
use crate::pb;
use crate::report::{
    ANSWERS_MAX, Answer, COMMENTS_MAX, Cell, CellComment, CellContrast, Hash, Message, NameError,
    REASON_MAX_CHARACTERS, Receipt, ReportKey, ReportState, Review, ReviewAction, TextContrast, contrast_figures,
    contrast_texts,
};
use crate::service::{
    Accepted, Problem, Reason, ReportAction, ReportEvent, ReportView, ReviewRequest, Reviewed, Submission, Verdict,
};

use super::cell::{cell_to_wire, sum_to_wire};
use super::form::{cells_to_wire, figures_with_cells};
use super::reading::source_from_wire;
use super::registry::unknown_value;
use super::{
    computed_to_wire, diagnoses_to_wire, edition_from_wire, edition_to_wire, figures_from_wire, figures_to_wire,
    findings_to_wire, narrative_from_wire, narrative_to_wire, request_id_from_wire, text_to_wire,
};

/// States that a newest revision may have.
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
pub(crate) fn state_to_wire(state: ReportState) -> i32 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, wire)| (*wire).into())
}

/// States from the wire.
///
/// # Errors
/// FIELD_INVALID for a number that the contract does not have.
pub(crate) fn states_from_wire(numbers: &[i32], field: &str) -> Result<Vec<ReportState>, Problem> {
    let state = |(position, number): (usize, &i32)| {
        let known = STATES.iter().find(|(_, wire)| i32::from(*wire) == *number);
        known.map(|(state, _)| *state).ok_or_else(|| unknown_value(&format!("{field}[{position}]")))
    };
    numbers.iter().enumerate().map(state).collect()
}

/// How much of a report is asked for.
///
/// # Errors
/// FIELD_INVALID for a number that the contract does not have.
pub(crate) fn view_from_wire(number: i32, field: &str) -> Result<pb::ReportView, Problem> {
    pb::ReportView::try_from(number).map_err(|_| unknown_value(field))
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

/// A number of agencies, reports or rows.
pub(super) fn count_to_wire(count: u64) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// To the nanosecond.
pub fn timestamp_to_wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// A SHA-256 of 64 hexadecimal digits.
///
/// # Errors
/// FIELD_INVALID.
pub(crate) fn hash_from_wire(text: &str, field: &str) -> Result<Hash, Problem> {
    Hash::from_hex(text).ok_or_else(|| {
        let description = Message::new("应为64位十六进制数字", "is not 64 hexadecimal digits");
        Problem::field(Reason::FieldInvalid, field, description)
    })
}

/// The name of a report or of a revision.
///
/// # Errors
/// NAME_INVALID.
pub(crate) fn name_from_wire<T: FromStr<Err = NameError>>(name: &str, field: &str) -> Result<T, Problem> {
    name.parse().map_err(|error: NameError| Problem::bad_name(field, error.message()))
}

/// A submission from the wire.
///
/// # Errors
/// What is malformed, by field.
pub fn submission_from_wire(request: pb::SubmitReportRequest) -> Result<Submission, Problem> {
    if request.name.is_empty() {
        return Err(Problem::required("name"));
    }
    let report: ReportKey = name_from_wire(&request.name, "name")?;
    let edition = edition_from_wire(request.edition, report.year.get(), "edition")?;
    if request.form.is_none() && request.cells.is_empty() {
        return Err(Problem::required("form"));
    }
    let form = request.form.unwrap_or_default();
    let figures = figures_with_cells(figures_from_wire(&form, edition, "form")?, &request.cells, "cells")?;
    let narrative = match request.narrative {
        Some(narrative) => narrative_from_wire(narrative, "narrative")?,
        None => None,
    };
    let expected_content = match request.expected_content_sha256.as_str() {
        "" => None,
        text => Some(hash_from_wire(text, "expected_content_sha256")?),
    };
    Ok(Submission {
        report,
        figures,
        narrative,
        answers: answers_from_wire(request.answers)?,
        reason: reason_from_wire(request.correction_reason, "correction_reason")?,
        etag: Some(request.etag).filter(|etag| !etag.is_empty()),
        request_id: request_id_from_wire(&request.request_id)?,
        source: request.source.map(source_from_wire).transpose()?,
        expected_content,
        allow_unchanged: request.allow_unchanged,
        validate_only: request.validate_only,
    })
}

/// # Errors
/// TOO_MANY, FIELD_INVALID.
pub(super) fn answers_from_wire(answers: Vec<pb::Answer>) -> Result<Vec<Answer>, Problem> {
    if answers.len() > ANSWERS_MAX {
        let description = Message::new(format!("最多{ANSWERS_MAX}条"), format!("at most {ANSWERS_MAX}"));
        return Err(Problem::field(Reason::TooMany, "answers", description));
    }
    let answer = |(position, answer): (usize, pb::Answer)| {
        let reason = reason_from_wire(answer.reason, &format!("answers[{position}].reason"))?;
        Ok(Answer { rule: answer.rule, cell: answer.cell, reason })
    };
    answers.into_iter().enumerate().map(answer).collect()
}

/// # Errors
/// FIELD_INVALID for a reason that is too long.
pub(super) fn reason_from_wire(reason: String, field: &str) -> Result<String, Problem> {
    check_length(&reason, field)?;
    Ok(reason)
}

pub(super) fn check_length(text: &str, field: &str) -> Result<(), Problem> {
    if text.chars().count() <= REASON_MAX_CHARACTERS {
        return Ok(());
    }
    let description = Message::new(
        format!("不得超过{REASON_MAX_CHARACTERS}字"),
        format!("is longer than {REASON_MAX_CHARACTERS} characters"),
    );
    Err(Problem::field(Reason::FieldInvalid, field, description))
}

/// A revision on the wire, with how it stands.
pub(crate) fn report_to_wire(view: &ReportView) -> pb::Report {
    let revision = &*view.revision;
    let answers = revision.answers.iter().map(|answer| pb::Answer {
        rule: answer.rule.clone(),
        cell: answer.cell.clone(),
        reason: answer.reason.clone(),
    });
    pb::Report {
        name: revision.report.to_string(),
        revision: revision.name().to_string(),
        owner: revision.report.owner.to_string(),
        year: revision.report.year.get().into(),
        state: view_state_to_wire(view),
        accepted_revision: revision_name(&revision.report, view.accepted),
        late: revision.late,
        etag: view.etag(),
        edition: edition_to_wire(revision.figures.edition()),
        form: Some(figures_to_wire(&revision.figures).into()),
        computed: computed_to_wire(&revision.figures.complete().computed_values()),
        narrative: revision.narrative.as_ref().map(narrative_to_wire),
        content_sha256: revision.content_hash.to_hex(),
        rule_set: Some(pb::RuleSet { id: revision.rule_set.id.clone(), sha256: revision.rule_set.hash.to_hex() }),
        findings: findings_to_wire(&revision.findings),
        answers: answers.collect(),
        correction_reason: revision.reason.clone(),
        submitter: revision.actor.clone(),
        submit_time: Some(timestamp_to_wire(revision.time)),
        journal_sequence: sequence_to_wire(revision.sequence),
        review: view.review.as_ref().map(review_to_wire),
        cells: Vec::new(),
    }
}

/// As much of a report as is asked for.
pub(crate) fn report_in_view(view: &ReportView, asked: pb::ReportView) -> pb::Report {
    let report = report_to_wire(view);
    match asked {
        pb::ReportView::Full => report,
        // A page of long texts would be larger than clients take.
        pb::ReportView::Figures | pb::ReportView::Unspecified => pb::Report { narrative: None, ..report },
        pb::ReportView::Cells => {
            let cells = cells_to_wire(&view.revision.figures);
            pb::Report { form: None, narrative: None, cells, ..report }
        }
        pb::ReportView::Standing => pb::Report {
            form: None,
            narrative: None,
            answers: Vec::new(),
            findings: Vec::new(),
            computed: Vec::new(),
            ..report
        },
    }
}

/// How a revision stands: one that was accepted is superseded once another one is.
fn view_state_to_wire(view: &ReportView) -> i32 {
    match (view.state, view.accepted) {
        (ReportState::Accepted, Some(accepted)) if accepted != view.revision.number => {
            pb::ReportState::Superseded.into()
        }
        (state, _) => state_to_wire(state),
    }
}

fn review_to_wire(review: &Review) -> pb::Review {
    pb::Review {
        action: action_to_wire(ReportAction::Review(review.action)),
        reason: review.reason.clone(),
        comments: comments_to_wire(&review.comments),
        reviewer: review.actor.clone(),
        time: Some(timestamp_to_wire(review.time)),
        journal_sequence: sequence_to_wire(review.status.sequence),
    }
}

fn comments_to_wire(comments: &[CellComment]) -> Vec<pb::CellComment> {
    let comment = |one: &CellComment| pb::CellComment { cell: one.cell.clone(), text: one.text.clone() };
    comments.iter().map(comment).collect()
}

pub(crate) fn event_to_wire(event: &ReportEvent) -> pb::ReportEvent {
    let change = |(cell, before, after): &(CellId, Cell, Cell)| {
        let info = catalogue().cell(*cell);
        pb::CellChange {
            cell: info.path.clone(),
            label: Some(text_to_wire(&Message::new(info.label_zh.clone(), info.label_en.clone()))),
            before: cell_to_wire(*cell, *before),
            after: cell_to_wire(*cell, *after),
        }
    };
    pb::ReportEvent {
        journal_sequence: sequence_to_wire(event.sequence),
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

/// Two reports beside each other.
pub(crate) fn contrast_to_wire(earlier: &ReportView, later: &ReportView) -> pb::CompareReportsResponse {
    let (earlier, later) = (&*earlier.revision, &*later.revision);
    let figures = contrast_figures(&earlier.figures, &later.figures);
    let texts = contrast_texts(earlier.narrative.as_ref(), later.narrative.as_ref());
    let count = |count: usize| count.try_into().unwrap_or(i32::MAX);
    let cell = |one: &CellContrast| {
        let info = catalogue().cell(one.cell);
        pb::CellContrast {
            cell: info.path.clone(),
            label: Some(text_to_wire(&Message::new(info.label_zh.clone(), info.label_en.clone()))),
            before: cell_to_wire(one.cell, one.before),
            after: cell_to_wire(one.cell, one.after),
            difference: one.difference.and_then(|difference| sum_to_wire(info.kind, difference)),
            share_permille: one.share_permille,
        }
    };
    let chapter = |one: &TextContrast| pb::ChapterContrast {
        chapter: one.chapter.to_owned(),
        added: one.added.clone(),
        dropped: one.dropped.clone(),
        kept: count(one.kept),
    };
    pb::CompareReportsResponse {
        earlier: earlier.name().to_string(),
        later: later.name().to_string(),
        cells: figures.cells.iter().map(cell).collect(),
        equal_cells: count(figures.equal),
        not_comparable_cells: count(figures.not_comparable),
        chapters: texts.iter().map(chapter).collect(),
    }
}

/// What all three requests for a review share.
pub(crate) struct ReviewParts {
    pub name: String,
    pub etag: String,
    pub reason: String,
    pub comments: Vec<pb::CellComment>,
    pub request_id: String,
    pub validate_only: bool,
}

/// # Errors
/// What is malformed, by field.
pub(crate) fn review_from_wire(action: ReviewAction, parts: ReviewParts) -> Result<ReviewRequest, Problem> {
    let ReviewParts { name, etag, reason, comments, request_id, validate_only } = parts;
    let report = name_from_wire(&name, "name")?;
    if etag.is_empty() {
        return Err(Problem::required("etag"));
    }
    let reason = reason_from_wire(reason, "reason")?;
    if comments.len() > COMMENTS_MAX {
        let description = Message::new(format!("最多{COMMENTS_MAX}条"), format!("at most {COMMENTS_MAX}"));
        return Err(Problem::field(Reason::TooMany, "comments", description));
    }
    for (position, comment) in comments.iter().enumerate() {
        check_length(&comment.text, &format!("comments[{position}].text"))?;
    }
    let comments = comments.into_iter().map(|one| CellComment { cell: one.cell, text: one.text }).collect();
    let request_id = request_id_from_wire(&request_id)?;
    Ok(ReviewRequest { report, action, etag, reason, comments, request_id, validate_only })
}

pub(crate) fn reviewed_to_wire(reviewed: &Reviewed, report: &ReportKey) -> pb::ReviewOutcome {
    pb::ReviewOutcome {
        receipt: reviewed.receipt.as_ref().map(receipt_to_wire),
        state: state_to_wire(reviewed.status.state),
        accepted_revision: revision_name(report, reviewed.status.accepted),
    }
}

fn receipt_to_wire(receipt: &Receipt) -> pb::Receipt {
    pb::Receipt {
        revision: receipt.revision.to_string(),
        etag: receipt.etag.clone(),
        content_sha256: receipt.content_hash.to_hex(),
        journal_sequence: sequence_to_wire(receipt.sequence),
        chain_sha256: receipt.chain_hash.to_hex(),
        time: Some(timestamp_to_wire(receipt.time)),
        signing_key: receipt.signing_key.clone(),
    }
}

pub(crate) fn accepted_to_wire(accepted: &Accepted) -> pb::SubmitReportResponse {
    pb::SubmitReportResponse {
        receipt: accepted.receipt.as_ref().map(receipt_to_wire),
        findings: findings_to_wire(&accepted.findings),
        computed: computed_to_wire(&accepted.computed),
        already_stored: accepted.already_stored,
        state: state_to_wire(accepted.state),
        late: accepted.late,
    }
}

pub(crate) fn verdict_to_wire(verdict: &Verdict) -> pb::CheckReportResponse {
    pb::CheckReportResponse {
        passes: verdict.passes,
        findings: findings_to_wire(&verdict.findings),
        diagnoses: diagnoses_to_wire(&verdict.diagnoses),
        computed: computed_to_wire(&verdict.computed),
        unanswered_rules: verdict.unanswered.clone(),
        unread: verdict.unread.iter().map(|cell| catalogue().cell(*cell).path.clone()).collect(),
        content_sha256: verdict.content.to_hex(),
    }
}
