//! Comparisons with computed sums, and frozen forms.

use crate::form::{CellId, catalogue};
use crate::pb;
use crate::report::{Message, format_number};
use crate::rollup::{Explanation, FrozenForm};
use crate::service::{Comparison, FreezeRequest, NamedDifference, Problem, Reconciliation};

use super::form::fill;
use super::registry::{code, year_from_wire};
use super::report::{check_length, sequence_to_wire, state_to_wire};
use super::rollup::{coverage_row_to_wire, coverage_to_wire};
use super::{edition_to_wire, text_to_wire, timestamp_to_wire};

fn number(cell: CellId, value: i128) -> String {
    format_number(catalogue().cell(cell).kind, value)
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

fn difference_to_wire(named: &NamedDifference) -> pb::CellDifference {
    let one = &named.difference;
    let info = catalogue().cell(one.cell);
    let explanations = one.explanations.iter().zip(&named.names).map(|((explanation, adds), by)| pb::Explanation {
        kind: kind_to_wire(*explanation),
        name: by.name.clone(),
        display_name: by.display_name.clone(),
        contribution: number(one.cell, *adds),
        late: by.late,
        revision: by.revision.as_ref().map(ToString::to_string).unwrap_or_default(),
    });
    pb::CellDifference {
        cell: info.path.clone(),
        label: Some(text_to_wire(&Message::new(info.label_zh.clone(), info.label_en.clone()))),
        given: one.given.map(|given| number(one.cell, given)),
        computed: number(one.cell, one.computed),
        difference: number(one.cell, one.difference),
        explanations: explanations.collect(),
        explanations_omitted: count(one.explanations_omitted),
        unexplained: number(one.cell, one.unexplained),
    }
}

pub fn reconciliation_to_wire(reconciliation: &Reconciliation) -> pb::ReconcileReportResponse {
    let comparison = &reconciliation.comparison;
    let year = comparison.hierarchy_year;
    pb::ReconcileReportResponse {
        revision: reconciliation.report.name().to_string(),
        state: state_to_wire(reconciliation.state),
        report_sequence: sequence_to_wire(reconciliation.report.sequence),
        coverage: Some(coverage_to_wire(&comparison.coverage, year)),
        sequence: sequence_to_wire(comparison.sequence),
        equal_cells: count(comparison.equal_cells),
        differences: comparison.differences.iter().map(difference_to_wire).collect(),
        missing: reconciliation.missing.iter().map(|row| coverage_row_to_wire(row, year)).collect(),
    }
}

pub fn comparison_to_wire(form: &FrozenForm, comparison: &Comparison) -> pb::CompareFrozenFormResponse {
    pb::CompareFrozenFormResponse {
        frozen_form: Some(frozen_form_to_wire(form)),
        coverage: Some(coverage_to_wire(&comparison.coverage, comparison.hierarchy_year)),
        sequence: sequence_to_wire(comparison.sequence),
        equal_cells: count(comparison.equal_cells),
        differences: comparison.differences.iter().map(difference_to_wire).collect(),
    }
}

/// # Errors
/// What is malformed, by field.
pub fn freeze_from_wire(request: pb::FreezeFormRequest) -> Result<FreezeRequest, Problem> {
    check_length(&request.note, "note")?;
    Ok(FreezeRequest {
        jurisdiction: code(&request.jurisdiction, "jurisdiction")?,
        year: year_from_wire(request.year, "year")?,
        hierarchy_year: match request.hierarchy_year {
            0 => None,
            year => Some(year_from_wire(year, "hierarchy_year")?),
        },
        include_vertical: request.include_vertical,
        note: request.note,
        validate_only: request.validate_only,
    })
}

pub fn frozen_form_to_wire(form: &FrozenForm) -> pb::FrozenForm {
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
        sequence: sequence_to_wire(form.sequence),
    }
}
