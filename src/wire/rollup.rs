//! Questions and answers about sums.

use crate::form::Kind;
use crate::pb;
use crate::report::{Message, ReportYear, format_number};
use crate::rollup::{AgencyFilter, Coverage, Dimension, Key, Mark, Row};
use crate::service::{
    COVERAGE_DEPTH_MAX, ConsolidatedForm, CoverageAnswer, CoverageQuestion, CoverageRow, FormQuestion, PageEnd,
    Perspective, Problem, Reason, RollupAnswer, RollupQuestion, Update,
};

use super::form::too_large;
use super::registry::{code, unknown_value, year_from_wire};
use super::report::{count_to_wire, sequence_to_wire, states_from_wire};
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

/// From when and over which tree, from the fields that all questions share.
fn perspective(hierarchy_year: i32, as_of: i64, states: &[i32]) -> Result<Perspective, Problem> {
    let negative = || Problem::field(Reason::FieldInvalid, "as_of", Message::new("不得为负", "is negative"));
    Ok(Perspective {
        hierarchy_year: match hierarchy_year {
            0 => None,
            year => Some(year_from_wire(year, "hierarchy_year")?),
        },
        as_of: match as_of {
            0 => None,
            sequence => Some(u64::try_from(sequence).map_err(|_| negative())?),
        },
        states: states_from_wire(states, "states")?,
    })
}

/// A question about the computed form from the wire.
///
/// # Errors
/// What is malformed, by field.
pub fn form_question_from_wire(request: &pb::GetConsolidatedFormRequest) -> Result<FormQuestion, Problem> {
    Ok(FormQuestion {
        jurisdiction: code(&request.jurisdiction, "jurisdiction")?,
        year: year_from_wire(request.year, "year")?,
        filter: AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical },
        perspective: perspective(request.hierarchy_year, request.as_of, &request.states)?,
    })
}

/// A question about coverage from the wire.
///
/// # Errors
/// What is malformed, by field.
pub fn coverage_question_from_wire(request: &pb::GetCoverageRequest) -> Result<CoverageQuestion, Problem> {
    let bad_depth = || {
        let description = Message::new(
            format!("应在 0 到 {COVERAGE_DEPTH_MAX} 之间"),
            format!("is not from 0 to {COVERAGE_DEPTH_MAX}"),
        );
        Problem::field(Reason::FieldInvalid, "depth", description)
    };
    let depth = u32::try_from(request.depth).ok().filter(|depth| *depth <= COVERAGE_DEPTH_MAX).ok_or_else(bad_depth)?;
    Ok(CoverageQuestion {
        jurisdiction: code(&request.jurisdiction, "jurisdiction")?,
        year: year_from_wire(request.year, "year")?,
        depth: depth.max(1),
        filter: AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical },
        perspective: perspective(request.hierarchy_year, request.as_of, &[])?,
    })
}

/// A question from the wire, about at most `page_size` rows after the end of the page before.
///
/// # Errors
/// What is malformed, by field.
pub fn question_from_wire(
    request: pb::QueryRollupRequest,
    page_size: usize,
    after: Option<PageEnd>,
) -> Result<RollupQuestion, Problem> {
    let first = year_from_wire(request.first_year, "first_year")?;
    let last = if request.last_year == 0 { first } else { year_from_wire(request.last_year, "last_year")? };
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
        filter: AgencyFilter { kinds: kinds.collect::<Result<_, _>>()?, include_vertical: request.include_vertical },
        perspective: perspective(request.hierarchy_year, request.as_of, &request.states)?,
        measures: request.measures,
        page_size,
        after,
    })
}

/// Coverage on the wire; the tree of `hierarchy_year` was used.
pub fn coverage_to_wire(coverage: &Coverage, hierarchy_year: ReportYear) -> pb::Coverage {
    let count = |mark| count_to_wire(coverage.of(mark));
    pb::Coverage {
        year: coverage.year.get().into(),
        hierarchy_year: hierarchy_year.get().into(),
        expected: count_to_wire(coverage.expected),
        received: count(Mark::Received),
        missing: count_to_wire(coverage.missing()),
        included: count(Mark::Included),
        accepted: count(Mark::Accepted),
        submitted: count(Mark::Submitted),
        returned: count(Mark::Returned),
        late: count(Mark::Late),
        vertical_excluded: count_to_wire(coverage.vertical_excluded),
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

/// The answer, with the token of the page that follows.
///
/// # Errors
/// SUM_TOO_LARGE.
pub fn answer_to_wire(answer: &RollupAnswer, next_page_token: String) -> Result<pb::QueryRollupResponse, Problem> {
    Ok(pb::QueryRollupResponse {
        rows: answer.rows.iter().map(row_to_wire).collect::<Result<_, _>>()?,
        totals: answer.totals.iter().map(row_to_wire).collect::<Result<_, _>>()?,
        coverage: answer.coverage.iter().map(|one| coverage_to_wire(one, answer.tree.year(one.year))).collect(),
        sequence: sequence_to_wire(answer.sequence),
        next_page_token,
    })
}

/// # Errors
/// SUM_TOO_LARGE.
pub fn form_to_wire(form: &ConsolidatedForm) -> Result<pb::GetConsolidatedFormResponse, Problem> {
    Ok(pb::GetConsolidatedFormResponse {
        jurisdiction: Some(jurisdiction_to_wire(&form.jurisdiction)),
        edition: edition_to_wire(form.edition),
        form: Some(sums_to_wire(|cell| form.shown(cell))?),
        coverage: Some(coverage_to_wire(&form.coverage, form.hierarchy_year)),
        sequence: sequence_to_wire(form.sequence),
        content_sha256: form.content_hash().to_hex(),
    })
}

/// A part of a scope; the tree of `hierarchy_year` was used.
pub fn coverage_row_to_wire(row: &CoverageRow, hierarchy_year: ReportYear) -> pb::ChildCoverage {
    pb::ChildCoverage {
        jurisdiction: Some(jurisdiction_to_wire(&row.jurisdiction)),
        own_agencies: row.own_agencies,
        coverage: Some(coverage_to_wire(&row.coverage, hierarchy_year)),
        depth: row.depth.try_into().unwrap_or(i32::MAX),
    }
}

pub fn coverage_answer_to_wire(answer: &CoverageAnswer) -> pb::GetCoverageResponse {
    let year = answer.hierarchy_year;
    pb::GetCoverageResponse {
        coverage: Some(coverage_to_wire(&answer.coverage, year)),
        children: answer.children.iter().map(|row| coverage_row_to_wire(row, year)).collect(),
        sequence: sequence_to_wire(answer.sequence),
    }
}

fn names<A>(update: &Update<A>) -> Vec<String> {
    update.changed.iter().map(ToString::to_string).collect()
}

/// # Errors
/// SUM_TOO_LARGE.
pub fn watched_rollup_to_wire(
    update: &Update<RollupAnswer>,
    next_page_token: String,
) -> Result<pb::WatchRollupResponse, Problem> {
    Ok(pb::WatchRollupResponse {
        answer: Some(answer_to_wire(&update.answer, next_page_token)?),
        previous_sequence: sequence_to_wire(update.previous_sequence),
        changed_reports: names(update),
        resync: update.resync,
    })
}

pub fn watched_coverage_to_wire(update: &Update<CoverageAnswer>) -> pb::WatchCoverageResponse {
    pb::WatchCoverageResponse {
        answer: Some(coverage_answer_to_wire(&update.answer)),
        previous_sequence: sequence_to_wire(update.previous_sequence),
        changed_reports: names(update),
        resync: update.resync,
    }
}
