//! Reports on their way between services.

use crate::document::exchange::ReportEntry;
use crate::pb;
use crate::service::Problem;

use super::{edition_to_wire, figures_to_wire, narrative_to_wire, submission_from_wire};

/// What was handed in with a report.
///
/// # Errors
/// What is malformed, by field.
pub fn entry_from_wire(report: pb::Report) -> Result<ReportEntry, Problem> {
    let request = pb::SubmitReportRequest { report: Some(report), ..Default::default() };
    let submission = submission_from_wire(request)?;
    Ok(ReportEntry {
        report: submission.report,
        figures: submission.figures,
        answers: submission.answers,
        narrative: submission.narrative,
        reason: submission.reason,
    })
}

/// A report to hand in.
pub fn report_from_entry(entry: &ReportEntry) -> pb::Report {
    let answers = entry.answers.iter().map(|answer| pb::Answer {
        rule: answer.rule.clone(),
        cell: answer.cell.clone(),
        reason: answer.reason.clone(),
    });
    pb::Report {
        name: entry.report.to_string(),
        edition: edition_to_wire(entry.figures.edition()),
        form: Some(figures_to_wire(&entry.figures).into()),
        answers: answers.collect(),
        reason: entry.reason.clone(),
        narrative: entry.narrative.as_ref().map(narrative_to_wire),
        ..Default::default()
    }
}
