//! Questions and answers about sums.

use crate::form::Kind;
use crate::pb;
use crate::report::format_number;
use crate::rollup::{Coverage, Dimension, Key, Row};
use crate::service::{ConsolidatedForm, CoverageAnswer, Problem, RollupAnswer, RollupQuestion};

use super::form::too_large;
use super::registry::{code, first_year, unknown_value};
use super::{edition_to_wire, jurisdiction_to_wire, kind_from_wire, sums_to_wire, text_to_wire};

const DIMENSIONS: [(Dimension, pb::Dimension); 7] = [
    (Dimension::RequesterType, pb::Dimension::RequesterType),
    (Dimension::Outcome, pb::Dimension::Outcome),
    (Dimension::Line, pb::Dimension::Line),
    (Dimension::ChildJurisdiction, pb::Dimension::ChildJurisdiction),
    (Dimension::Agency, pb::Dimension::Agency),
    (Dimension::AgencyKind, pb::Dimension::AgencyKind),
    (Dimension::Year, pb::Dimension::Year),
];

/// A question from the wire; `page_size` is the one to use.
///
/// # Errors
/// What is malformed, by field.
pub fn question_from_wire(request: pb::QueryRollupRequest, page_size: usize) -> Result<RollupQuestion, Problem> {
    let first = first_year(request.first_year, "first_year")?;
    let last = if request.last_year == 0 { first } else { first_year(request.last_year, "last_year")? };
    let dimension = |(position, number): (usize, &i32)| {
        let known = DIMENSIONS.iter().find(|(_, wire)| i32::from(*wire) == *number);
        known.map(|(dimension, _)| *dimension).ok_or_else(|| unknown_value(&format!("group_by[{position}]")))
    };
    let kinds = request.agency_kinds.iter().enumerate();
    let kinds = kinds.map(|(position, number)| kind_from_wire(*number, &format!("agency_kinds[{position}]")));
    Ok(RollupQuestion {
        jurisdiction: code(&request.jurisdiction, "jurisdiction")?,
        years: (first, last),
        group_by: request.group_by.iter().enumerate().map(dimension).collect::<Result<_, _>>()?,
        kinds: kinds.collect::<Result<_, _>>()?,
        measures: request.measures,
        page_size,
        page_token: request.page_token,
    })
}

fn sequence(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

pub fn coverage_to_wire(coverage: &Coverage) -> pb::Coverage {
    pb::Coverage {
        year: coverage.year.get().into(),
        hierarchy_year: coverage.year.get().into(),
        expected: sequence(coverage.expected),
        received: sequence(coverage.received),
        missing: sequence(coverage.missing()),
    }
}

fn row_to_wire(row: &Row) -> Result<pb::RollupRow, Problem> {
    let value = match row.kind {
        Kind::Money => pb::rollup_row::Value::Amount(format_number(Kind::Money, row.value)),
        Kind::Count | Kind::SignedCount => {
            pb::rollup_row::Value::Count(row.value.try_into().map_err(|_| too_large(row.measure))?)
        }
    };
    Ok(pb::RollupRow {
        keys: row.keys.iter().map(key_to_wire).collect(),
        measure: row.measure.to_owned(),
        measure_label: Some(text_to_wire(&row.label)),
        value: Some(value),
    })
}

fn key_to_wire(key: &Key) -> pb::RollupKey {
    let wire = DIMENSIONS.iter().find(|(dimension, _)| *dimension == key.dimension).map(|(_, wire)| *wire);
    pb::RollupKey {
        dimension: wire.unwrap_or_default().into(),
        value: key.value.clone(),
        label: Some(text_to_wire(&key.label)),
    }
}

/// # Errors
/// SUM_TOO_LARGE.
pub fn answer_to_wire(answer: &RollupAnswer) -> Result<pb::QueryRollupResponse, Problem> {
    Ok(pb::QueryRollupResponse {
        rows: answer.rows.iter().map(row_to_wire).collect::<Result<_, _>>()?,
        totals: answer.totals.iter().map(row_to_wire).collect::<Result<_, _>>()?,
        coverage: answer.coverage.iter().map(coverage_to_wire).collect(),
        sequence: sequence(answer.sequence),
        next_page_token: answer.next.clone().unwrap_or_default(),
    })
}

/// # Errors
/// SUM_TOO_LARGE.
pub fn form_to_wire(form: &ConsolidatedForm) -> Result<pb::GetConsolidatedFormResponse, Problem> {
    Ok(pb::GetConsolidatedFormResponse {
        jurisdiction: Some(jurisdiction_to_wire(&form.jurisdiction)),
        edition: edition_to_wire(form.edition),
        form: Some(sums_to_wire(|cell| form.shows(cell).then(|| form.sums.value(cell)))?),
        coverage: Some(coverage_to_wire(&form.coverage)),
        sequence: sequence(form.sequence),
    })
}

pub fn coverage_answer_to_wire(answer: &CoverageAnswer) -> pb::GetCoverageResponse {
    let children = answer.children.iter().map(|(jurisdiction, child)| pb::ChildCoverage {
        jurisdiction: Some(jurisdiction_to_wire(jurisdiction)),
        own_agencies: child.own_agencies,
        coverage: Some(coverage_to_wire(&child.coverage)),
    });
    pb::GetCoverageResponse {
        coverage: Some(coverage_to_wire(&answer.coverage)),
        children: children.collect(),
        sequence: sequence(answer.sequence),
    }
}
