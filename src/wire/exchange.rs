//! Reports on their way between services.

use crate::document::exchange::ReportEntry;
use crate::pb;
use crate::service::Problem;

use super::{edition_to_wire, figures_to_wire, narrative_to_wire, submission_from_wire};

/// A report to be handed in as it was handed in once, elsewhere or here: what a submitter may set, and nothing of how it
/// stands.
pub fn submission_of(report: pb::Report) -> pb::SubmitReportRequest {
    let pb::Report { name, edition, form, cells, narrative, answers, correction_reason, .. } = report;
    pb::SubmitReportRequest { name, edition, form, cells, narrative, answers, correction_reason, ..Default::default() }
}

/// What was handed in with a report.
///
/// # Errors
/// What is malformed, by field.
pub(crate) fn entry_from_wire(report: pb::Report) -> Result<ReportEntry, Problem> {
    let submission = submission_from_wire(submission_of(report))?;
    Ok(ReportEntry {
        report: submission.report,
        figures: submission.figures,
        answers: submission.answers,
        narrative: submission.narrative,
        reason: submission.reason,
    })
}

/// A report to hand in.
pub(crate) fn submission_from_entry(entry: &ReportEntry) -> pb::SubmitReportRequest {
    let answers = entry.answers.iter().map(|answer| pb::Answer {
        rule: answer.rule.clone(),
        cell: answer.cell.clone(),
        reason: answer.reason.clone(),
    });
    pb::SubmitReportRequest {
        name: entry.report.to_string(),
        edition: edition_to_wire(entry.figures.edition()),
        form: Some(figures_to_wire(&entry.figures).into()),
        narrative: entry.narrative.as_ref().map(narrative_to_wire),
        answers: answers.collect(),
        correction_reason: entry.reason.clone(),
        ..Default::default()
    }
}
