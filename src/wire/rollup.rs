//! Questions and answers about sums.

use std::time::Duration;

use crate::form::catalogue;
use crate::pb;
use crate::report::{JurisdictionCode, Message, ReportYear, format_number};
use crate::rollup::{AgencyFilter, Coverage, Dimension, Key, KeyValue, Mark, Row, RowOrder};
use crate::service::{
    COVERAGE_DEPTH_MAX, ConsolidatedForm, CoverageAnswer, CoverageQuestion, CoverageRow, Following, FormQuestion,
    NamedAnomaly, PageEnd, Perspective, Problem, Reason, RollupAnswer, RollupQuestion, Update,
};

use super::cell::sum_to_wire;
use super::form::too_large;
use super::registry::{code, kind_to_wire, unknown_value};
use super::report::{count_to_wire, sequence_to_wire, states_from_wire};
use super::{
    edition_to_wire, jurisdiction_to_wire, kind_from_wire, sums_to_wire, text_to_wire, timestamp_to_wire,
    year_from_wire,
};

const DIMENSIONS: [(Dimension, pb::Dimension); 7] = [
    (Dimension::RequesterType, pb::Dimension::RequesterType),
    (Dimension::Outcome, pb::Dimension::Outcome),
    (Dimension::Line, pb::Dimension::Line),
    (Dimension::ChildJurisdiction, pb::Dimension::ChildJurisdiction),
    (Dimension::Agency, pb::Dimension::Agency),
    (Dimension::AgencyKind, pb::Dimension::AgencyKind),
    (Dimension::Year, pb::Dimension::Year),
];

const ORDERS: [(RowOrder, pb::RollupOrder); 3] = [
    (RowOrder::Key, pb::RollupOrder::Unspecified),
    (RowOrder::LargestFirst, pb::RollupOrder::LargestFirst),
    (RowOrder::SmallestFirst, pb::RollupOrder::SmallestFirst),
];

/// What a question is about.
pub(crate) struct Scope {
    pub jurisdiction: JurisdictionCode,
    pub perspective: Perspective,
    pub filter: AgencyFilter,
}

/// # Errors
/// FIELD_REQUIRED; what is malformed, by field.
pub(crate) fn scope_from_wire(scope: Option<pb::Scope>) -> Result<Scope, Problem> {
    let scope = scope.ok_or_else(|| Problem::required("scope"))?;
    let negative = || Problem::field(Reason::FieldInvalid, "scope.as_of", Message::new("不得为负", "is negative"));
    let kinds = scope.agency_kinds.iter().enumerate();
    let kinds = kinds.map(|(position, number)| kind_from_wire(*number, &format!("scope.agency_kinds[{position}]")));
    Ok(Scope {
        jurisdiction: code(&scope.jurisdiction, "scope.jurisdiction")?,
        perspective: Perspective {
            hierarchy_year: match scope.hierarchy_year {
                0 => None,
                year => Some(year_from_wire(year, "scope.hierarchy_year")?),
            },
            as_of: match scope.as_of {
                0 => None,
                sequence => Some(u64::try_from(sequence).map_err(|_| negative())?),
            },
            states: states_from_wire(&scope.states, "scope.states")?,
        },
        filter: AgencyFilter { kinds: kinds.collect::<Result<_, _>>()?, include_vertical: scope.include_vertical },
    })
}

/// Parts of a scope that a question does not take.
///
/// # Errors
/// FIELD_INVALID for the first that is there.
pub(crate) fn must_be_absent(parts: impl IntoIterator<Item = (&'static str, bool)>) -> Result<(), Problem> {
    match parts.into_iter().find(|(_, is_absent)| !is_absent) {
        None => Ok(()),
        Some((field, _)) => {
            let description = Message::new("此调用不支持该项，须留空", "must be absent in this call");
            Err(Problem::field(Reason::FieldInvalid, field, description))
        }
    }
}

/// What is watched is the present.
fn must_be_present(scope: &Scope) -> Result<(), Problem> {
    let Perspective { hierarchy_year, as_of, states } = &scope.perspective;
    must_be_absent([
        ("scope.hierarchy_year", hierarchy_year.is_none()),
        ("scope.as_of", as_of.is_none()),
        ("scope.states", states.is_empty()),
    ])
}

/// A question about the computed form from the wire.
///
/// # Errors
/// What is malformed, by field.
pub(crate) fn form_question_from_wire(scope: Option<pb::Scope>, year: i32) -> Result<FormQuestion, Problem> {
    let Scope { jurisdiction, perspective, filter } = scope_from_wire(scope)?;
    Ok(FormQuestion { jurisdiction, year: year_from_wire(year, "year")?, filter, perspective })
}

/// A question about coverage from the wire.
///
/// # Errors
/// What is malformed, by field.
pub(crate) fn coverage_question_from_wire(
    scope: Option<pb::Scope>,
    year: i32,
    depth: i32,
) -> Result<CoverageQuestion, Problem> {
    let bad_depth = || {
        let description =
            Message::new(format!("应在0到{COVERAGE_DEPTH_MAX}之间"), format!("is not from 0 to {COVERAGE_DEPTH_MAX}"));
        Problem::field(Reason::FieldInvalid, "depth", description)
    };
    let Scope { jurisdiction, perspective, filter } = scope_from_wire(scope)?;
    must_be_absent([("scope.states", perspective.states.is_empty())])?;
    let depth = u32::try_from(depth).ok().filter(|depth| *depth <= COVERAGE_DEPTH_MAX).ok_or_else(bad_depth)?;
    Ok(CoverageQuestion { jurisdiction, year: year_from_wire(year, "year")?, depth: depth.max(1), filter, perspective })
}

/// # Errors
/// What is malformed, by field.
pub(crate) fn watched_coverage_from_wire(request: pb::WatchCoverageRequest) -> Result<CoverageQuestion, Problem> {
    must_be_present(&scope_from_wire(request.scope.clone())?)?;
    coverage_question_from_wire(request.scope, request.year, request.depth)
}

/// A question from the wire, about at most `page_size` rows after the end of the page before.
///
/// # Errors
/// What is malformed, by field.
pub(crate) fn question_from_wire(
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
    let order = ORDERS.iter().find(|(_, wire)| i32::from(*wire) == request.order_by);
    let order = order.map(|(order, _)| *order).ok_or_else(|| unknown_value("order_by"))?;
    let Scope { jurisdiction, perspective, filter } = scope_from_wire(request.scope)?;
    Ok(RollupQuestion {
        jurisdiction,
        years: (first, last),
        group_by: request.group_by.iter().enumerate().map(dimension).collect::<Result<_, _>>()?,
        order,
        filter,
        perspective,
        is_comparable: request.comparable,
        measures: request.measures,
        page_size,
        after,
    })
}

/// # Errors
/// What is malformed, by field.
pub(crate) fn watched_rollup_from_wire(
    request: pb::WatchRollupRequest,
    rows_max: usize,
) -> Result<RollupQuestion, Problem> {
    let pb::WatchRollupRequest { scope, first_year, last_year, measures, group_by, .. } = request;
    must_be_present(&scope_from_wire(scope.clone())?)?;
    let question = pb::QueryRollupRequest { scope, first_year, last_year, measures, group_by, ..Default::default() };
    question_from_wire(question, rows_max, None)
}

/// How a watch begins and goes on.
///
/// # Errors
/// FIELD_INVALID for what is out of range.
pub(crate) fn following_from_wire(resume_after: i64, heartbeat_seconds: i32) -> Result<Following, Problem> {
    let invalid = |field, description| Problem::field(Reason::FieldInvalid, field, description);
    let resume_after = match resume_after {
        0 => None,
        after => {
            Some(u64::try_from(after).map_err(|_| invalid("resume_after", Message::new("不得为负", "is negative")))?)
        }
    };
    let heartbeat = match heartbeat_seconds {
        0 => None,
        seconds @ 5..=600 => Some(Duration::from_secs(seconds.unsigned_abs().into())),
        _ => {
            return Err(invalid("heartbeat_seconds", Message::new("须为0，或5至600", "must be 0, or from 5 to 600")));
        }
    };
    Ok(Following { resume_after, heartbeat })
}

/// Coverage on the wire; the tree of `hierarchy_year` was used.
pub(crate) fn coverage_to_wire(coverage: &Coverage, hierarchy_year: ReportYear) -> pb::Coverage {
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
    Ok(pb::RollupRow {
        keys: row.keys.iter().map(key_to_wire).collect(),
        measure: row.measure.to_owned(),
        measure_label: Some(text_to_wire(&row.label)),
        value: Some(sum_to_wire(row.kind, row.value).ok_or_else(|| too_large(row.measure))?),
    })
}

fn key_to_wire(key: &Key) -> pb::RollupKey {
    use pb::rollup_key::Value;
    let wire = DIMENSIONS.iter().find(|(dimension, _)| *dimension == key.dimension).map(|(_, wire)| *wire);
    let value = match &key.value {
        KeyValue::Year(year) => Value::Year(year.get().into()),
        KeyValue::Jurisdiction(code) => Value::Jurisdiction(code.name()),
        KeyValue::OwnAgenciesOf(code) => Value::OwnAgenciesOf(code.name()),
        KeyValue::Agency(id) => Value::Agency(format!("agencies/{id}")),
        KeyValue::AgencyKind(kind) => Value::AgencyKind(kind_to_wire(*kind)),
        KeyValue::RequesterType(field) => Value::RequesterType(requester_to_wire(field)),
        KeyValue::Line(path) => Value::Line((*path).to_owned()),
    };
    pb::RollupKey {
        dimension: wire.unwrap_or_default().into(),
        value: Some(value),
        label: Some(text_to_wire(&key.label)),
    }
}

/// A key as it stands in tables: a year, a resource name (`jurisdictions/{code}/ownAgencies` for a jurisdiction's own agencies),
/// the word of an enumeration, or a path.
pub fn key_in_words(key: &pb::RollupKey) -> String {
    use pb::rollup_key::Value;
    let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_lowercase();
    match key.value.as_ref() {
        None => String::new(),
        Some(Value::Year(year)) => year.to_string(),
        Some(Value::Jurisdiction(name) | Value::Agency(name)) => name.clone(),
        Some(Value::OwnAgenciesOf(name)) => format!("{name}/ownAgencies"),
        Some(Value::AgencyKind(kind)) => {
            word(pb::AgencyKind::try_from(*kind).unwrap_or_default().as_str_name(), "AGENCY_KIND_")
        }
        Some(Value::RequesterType(of)) => {
            word(pb::RequesterType::try_from(*of).unwrap_or_default().as_str_name(), "REQUESTER_TYPE_")
        }
        Some(Value::Line(path)) => path.clone(),
    }
}

/// The contract's value for a type of requester, which has the name of its column of the form; a test compares the two.
fn requester_to_wire(field: &str) -> i32 {
    let name = format!("REQUESTER_TYPE_{}", field.to_ascii_uppercase());
    pb::RequesterType::from_str_name(&name).unwrap_or_default().into()
}

/// The answer, with the token of the page that follows.
///
/// # Errors
/// SUM_TOO_LARGE.
pub(crate) fn answer_to_wire(
    answer: &RollupAnswer,
    next_page_token: String,
) -> Result<pb::QueryRollupResponse, Problem> {
    Ok(pb::QueryRollupResponse {
        rows: answer.rows.iter().map(row_to_wire).collect::<Result<_, _>>()?,
        totals: answer.totals.iter().map(row_to_wire).collect::<Result<_, _>>()?,
        coverage: answer.coverage.iter().map(|one| coverage_to_wire(one, answer.tree.year(one.year))).collect(),
        as_of: sequence_to_wire(answer.sequence),
        next_page_token,
        comparable_agencies: answer.comparable_agencies.unwrap_or(0).try_into().unwrap_or(i32::MAX),
        total_size: answer.total_size.unwrap_or(0).try_into().unwrap_or(i32::MAX),
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
        as_of: sequence_to_wire(form.sequence),
        content_sha256: form.content_hash().to_hex(),
    })
}

/// A part of a scope; the tree of `hierarchy_year` was used.
pub(super) fn coverage_row_to_wire(row: &CoverageRow, hierarchy_year: ReportYear) -> pb::ChildCoverage {
    pb::ChildCoverage {
        jurisdiction: Some(jurisdiction_to_wire(&row.jurisdiction)),
        own_agencies: row.own_agencies,
        coverage: Some(coverage_to_wire(&row.coverage, hierarchy_year)),
        depth: row.depth.try_into().unwrap_or(i32::MAX),
        due_time: row.due.map(|(at, _)| timestamp_to_wire(at)),
        days_left: row.due.map(|(_, days)| days.try_into().unwrap_or(i32::MAX)),
    }
}

/// Which parts of a scope an answer shows.
pub(crate) struct CoveragePage {
    /// Parts that pages before have shown.
    pub skip: usize,
    /// Parts at most.
    pub size: usize,
}

/// A page of the parts, and how many parts have been shown with it, where more follow.
pub(crate) fn coverage_answer_to_wire(
    answer: &CoverageAnswer,
    page: &CoveragePage,
) -> (pb::GetCoverageResponse, Option<usize>) {
    let year = answer.hierarchy_year;
    let shown = answer.children.iter().skip(page.skip).take(page.size);
    let until = page.skip.saturating_add(page.size);
    let response = pb::GetCoverageResponse {
        coverage: Some(coverage_to_wire(&answer.coverage, year)),
        children: shown.map(|row| coverage_row_to_wire(row, year)).collect(),
        as_of: sequence_to_wire(answer.sequence),
        next_page_token: String::new(),
    };
    (response, (until < answer.children.len()).then_some(until))
}

/// A figure that deserves a look, with the why in words.
pub(crate) fn anomaly_to_wire(named: &NamedAnomaly) -> pb::Anomaly {
    let anomaly = &named.anomaly;
    let info = catalogue().cell(anomaly.cell);
    let hundredths = |score: f64| (score * 100.0).round().min(1e9) as i32;
    let printed = |value: i128| format_number(info.kind, value);
    let mut why = (Vec::new(), Vec::new());
    if let (Some(median), Some(score)) = (anomaly.own_median, anomaly.own_score) {
        let median = printed(median);
        why.0.push(format!("此前{}年的中位数为{median}，偏离{score:.1}个稳健标准差", anomaly.past));
        why.1.push(format!(
            "its own {} years before have the median {median}, {score:.1} deviations away",
            anomaly.past
        ));
    }
    if let (Some(change), Some(score)) = (anomaly.like_permille, anomaly.like_score) {
        let percent = change as f64 / 10.0;
        why.0.push(format!("同级同类单位通常变化{percent:+.1}%，偏离{score:.1}个稳健标准差"));
        why.1.push(format!("those like it usually changed by {percent:+.1}%, {score:.1} deviations away"));
    }
    pb::Anomaly {
        agency: format!("agencies/{}", named.agency),
        display_name: named.display_name.clone(),
        jurisdiction: named.jurisdiction.name(),
        cell: info.path.clone(),
        label: Some(text_to_wire(&Message::new(info.label_zh.clone(), info.label_en.clone()))),
        value: sum_to_wire(info.kind, anomaly.value),
        own_median: anomaly.own_median.and_then(|median| sum_to_wire(info.kind, median)),
        past_years: anomaly.past.try_into().unwrap_or(i32::MAX),
        own_score_hundredths: anomaly.own_score.map(hundredths),
        like_change_permille: anomaly.like_permille,
        like_score_hundredths: anomaly.like_score.map(hundredths),
        score_hundredths: hundredths(anomaly.score),
        why: Some(text_to_wire(&Message::new(why.0.join("；"), why.1.join("; ")))),
    }
}

fn names<A>(update: &Update<A>) -> Vec<String> {
    update.changed.iter().map(ToString::to_string).collect()
}

/// # Errors
/// SUM_TOO_LARGE.
pub(crate) fn watched_rollup_to_wire(update: &Update<RollupAnswer>) -> Result<pb::WatchRollupResponse, Problem> {
    let answer = update.answer.as_ref().map(|answer| answer_to_wire(answer, String::new())).transpose()?;
    Ok(pb::WatchRollupResponse {
        answer,
        as_of: sequence_to_wire(update.sequence),
        previous_as_of: sequence_to_wire(update.previous_sequence),
        changed_reports: names(update),
        resync: update.resync,
    })
}

pub(crate) fn watched_coverage_to_wire(update: &Update<CoverageAnswer>) -> pb::WatchCoverageResponse {
    let whole = CoveragePage { skip: 0, size: usize::MAX };
    pb::WatchCoverageResponse {
        answer: update.answer.as_ref().map(|answer| coverage_answer_to_wire(answer, &whole).0),
        as_of: sequence_to_wire(update.sequence),
        previous_as_of: sequence_to_wire(update.previous_sequence),
        changed_reports: names(update),
        resync: update.resync,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::Measure;

    #[test]
    fn the_contract_has_every_type_of_requester() {
        let columns = Measure::find("requests.received").unwrap().cells_by_requester().unwrap();
        let numbers: Vec<i32> = columns.iter().map(|(column, _)| requester_to_wire(column.field)).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    }
}
