//! Comparisons with computed sums, and frozen forms.

use crate::form::{CellId, catalogue};
use crate::pb;
use crate::report::Message;
use crate::rollup::{Explanation, FrozenForm};
use crate::service::{Comparison, FreezeRequest, NamedDifference, Problem, Reconciliation};

use super::cell::sum_to_wire;
use super::form::{fill, too_large};
use super::report::{check_length, hash_from_wire, sequence_to_wire, state_to_wire};
use super::rollup::{coverage_row_to_wire, coverage_to_wire, must_be_absent, scope_from_wire};
use super::{edition_to_wire, request_id_from_wire, text_to_wire, timestamp_to_wire, year_from_wire};

/// # Errors
/// SUM_TOO_LARGE.
fn sum(cell: CellId, value: i128) -> Result<Option<pb::CellValue>, Problem> {
    let info = catalogue().cell(cell);
    sum_to_wire(info.kind, value).map(Some).ok_or_else(|| too_large(&info.path))
}

fn count(length: usize) -> i32 {
    length.try_into().unwrap_or(i32::MAX)
}

fn kind_to_wire(explanation: Explanation) -> i32 {
    match explanation {
        Explanation::ArrivedSince(_) => pb::ExplanationKind::ArrivedSince,
        Explanation::CorrectedSince(_) => pb::ExplanationKind::CorrectedSince,
        Explanation::LeftSince(_) => pb::ExplanationKind::LeftSince,
        Explanation::ChildDiffers(_) => pb::ExplanationKind::ChildDiffers,
    }
    .into()
}

fn difference_to_wire(named: &NamedDifference) -> Result<pb::CellDifference, Problem> {
    let one = &named.difference;
    let info = catalogue().cell(one.cell);
    let explanations = one.explanations.iter().zip(&named.names).map(|((explanation, adds), by)| {
        Ok(pb::Explanation {
            kind: kind_to_wire(*explanation),
            name: by.name.clone(),
            display_name: by.display_name.clone(),
            contribution: sum(one.cell, *adds)?,
            late: by.late,
            revision: by.revision.as_ref().map(ToString::to_string).unwrap_or_default(),
        })
    });
    Ok(pb::CellDifference {
        cell: info.path.clone(),
        label: Some(text_to_wire(&Message::new(info.label_zh.clone(), info.label_en.clone()))),
        given: one.given.map_or(Ok(None), |given| sum(one.cell, given))?,
        computed: sum(one.cell, one.computed)?,
        difference: sum(one.cell, one.difference)?,
        explanations: explanations.collect::<Result<_, Problem>>()?,
        explanations_omitted: count(one.explanations_omitted),
        unexplained: sum(one.cell, one.unexplained)?,
    })
}

fn differences_to_wire(comparison: &Comparison) -> Result<Vec<pb::CellDifference>, Problem> {
    comparison.differences.iter().map(difference_to_wire).collect()
}

/// # Errors
/// SUM_TOO_LARGE.
pub(crate) fn reconciliation_to_wire(reconciliation: &Reconciliation) -> Result<pb::ReconcileReportResponse, Problem> {
    let comparison = &reconciliation.comparison;
    let year = comparison.hierarchy_year;
    Ok(pb::ReconcileReportResponse {
        revision: reconciliation.report.name().to_string(),
        state: state_to_wire(reconciliation.state),
        report_journal_sequence: sequence_to_wire(reconciliation.report.sequence),
        coverage: Some(coverage_to_wire(&comparison.coverage, year)),
        as_of: sequence_to_wire(comparison.sequence),
        equal_cells: count(comparison.equal_cells),
        differences: differences_to_wire(comparison)?,
        missing: reconciliation.missing.iter().map(|row| coverage_row_to_wire(row, year)).collect(),
    })
}

/// # Errors
/// SUM_TOO_LARGE.
pub(crate) fn comparison_to_wire(
    form: &FrozenForm,
    comparison: &Comparison,
) -> Result<pb::CompareFrozenFormResponse, Problem> {
    Ok(pb::CompareFrozenFormResponse {
        frozen_form: Some(frozen_form_to_wire(form)),
        coverage: Some(coverage_to_wire(&comparison.coverage, comparison.hierarchy_year)),
        as_of: sequence_to_wire(comparison.sequence),
        equal_cells: count(comparison.equal_cells),
        differences: differences_to_wire(comparison)?,
    })
}

/// # Errors
/// What is malformed, by field.
pub(crate) fn freeze_from_wire(request: pb::FreezeFormRequest) -> Result<FreezeRequest, Problem> {
    let scope = scope_from_wire(request.scope)?;
    let absent = [
        ("scope.as_of", scope.perspective.as_of.is_none()),
        ("scope.states", scope.perspective.states.is_empty()),
        ("scope.agency_kinds", scope.filter.kinds.is_empty()),
    ];
    must_be_absent(absent)?;
    check_length(&request.note, "note")?;
    if request.expected_content_sha256.is_empty() {
        return Err(Problem::required("expected_content_sha256"));
    }
    Ok(FreezeRequest {
        jurisdiction: scope.jurisdiction,
        year: year_from_wire(request.year, "year")?,
        hierarchy_year: scope.perspective.hierarchy_year,
        include_vertical: scope.filter.include_vertical,
        expected_content: hash_from_wire(&request.expected_content_sha256, "expected_content_sha256")?,
        note: request.note,
        request_id: request_id_from_wire(&request.request_id)?,
        validate_only: request.validate_only,
    })
}

pub(crate) fn frozen_form_to_wire(form: &FrozenForm) -> pb::FrozenForm {
    pb::FrozenForm {
        name: form.name.to_string(),
        display_name: form.display_name.clone(),
        year: form.name.year.get().into(),
        hierarchy_year: form.hierarchy_year.get().into(),
        include_vertical: form.include_vertical,
        edition: edition_to_wire(form.sums.edition()),
        form: Some(fill(|cell| form.sums.get(cell))),
        coverage: Some(coverage_to_wire(&form.coverage, form.hierarchy_year)),
        as_of: sequence_to_wire(form.as_of),
        content_sha256: form.content_hash.to_hex(),
        note: form.note.clone(),
        creator: form.actor.clone(),
        create_time: Some(timestamp_to_wire(form.time)),
        journal_sequence: sequence_to_wire(form.sequence),
    }
}
