//! Questions as they are sent, and answers as they come, beside what they must be.

use std::collections::{BTreeMap, BTreeSet};

use huizong::form::{Kind, Presence, catalogue, edition_for_year};
use huizong::pb::{self, FORM_CELL_PATHS, FormCell, form_cell};
use huizong::wire::key_in_words;

use super::answer::{Coverage, Question, Row, World};
use super::reports::{Figures, State};

/// What is wrong, in words; nothing where all is well.
pub type Verdict = Result<(), String>;

pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, answered: &T, expected: &T) -> Verdict {
    if answered == expected {
        return Ok(());
    }
    Err(format!("{what}\nanswered: {answered:?}\nexpected: {expected:?}"))
}

pub fn states(states: &[State]) -> Vec<i32> {
    let wire = |state: &State| match state {
        State::Accepted => pb::ReportState::Accepted,
        State::Submitted => pb::ReportState::Submitted,
        State::Returned => pb::ReportState::Returned,
        State::Withdrawn => pb::ReportState::Withdrawn,
    };
    states.iter().map(|state| wire(state).into()).collect()
}

pub fn query(question: &Question, as_of: i64, page_size: i32) -> pb::QueryRollupRequest {
    pb::QueryRollupRequest {
        scope: Some(pb::Scope {
            jurisdiction: question.scope.clone(),
            agency_kinds: question.kinds.clone(),
            hierarchy_year: question.tree.map_or(0, i32::from),
            as_of,
            include_vertical: question.vertical,
            states: states(&question.states),
        }),
        first_year: question.years.0.into(),
        last_year: question.years.1.into(),
        measures: question.measures.iter().map(|measure| (*measure).to_owned()).collect(),
        group_by: question.by.iter().map(|by| *by as i32).collect(),
        page_size,
        ..Default::default()
    }
}

/// A decimal string of 万元 in millionths.
pub fn millionths(amount: &str) -> i128 {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{part:0<6}").parse().expect("a decimal number with at most six places")
}

fn number(value: &pb::CellValue) -> i128 {
    match value.value.as_ref().expect("a value") {
        pb::cell_value::Value::Count(count) => i128::from(*count),
        pb::cell_value::Value::AmountWanYuan(amount) => millionths(amount),
        other => panic!("{other:?} is no number"),
    }
}

pub fn row(row: &pb::RollupRow) -> Row {
    let keys = row.keys.iter().map(|key| (key.dimension, key_in_words(key))).collect();
    (keys, row.measure.clone(), number(row.value.as_ref().expect("a row has a value")))
}

pub fn coverage(coverage: &pb::Coverage) -> Coverage {
    [
        coverage.expected,
        coverage.received,
        coverage.missing,
        coverage.included,
        coverage.accepted,
        coverage.submitted,
        coverage.returned,
        coverage.late,
        coverage.vertical_excluded,
    ]
    .map(i64::from)
}

/// A whole answer to a question about sums; `rows` are those of all its pages.
pub fn check_sums(
    world: &World,
    question: &Question,
    answer: &pb::QueryRollupResponse,
    rows: &[pb::RollupRow],
) -> Verdict {
    let rows: Vec<Row> = rows.iter().map(row).collect();
    same("rows", &rows, &world.rows(question))?;
    check_head(world, question, answer)
}

/// What every page says.
pub fn check_head(world: &World, question: &Question, answer: &pb::QueryRollupResponse) -> Verdict {
    let totals: Vec<Row> = answer.totals.iter().map(row).collect();
    same("totals", &totals, &world.totals(question))?;
    for (year, told) in (question.years.0..=question.years.1).zip(&answer.coverage) {
        same(&format!("coverage of {year}"), &coverage(told), &world.coverage(question, year))?;
    }
    same("years of coverage", &answer.coverage.len(), &usize::from(question.years.1 - question.years.0 + 1))
}

pub fn check_parts(world: &World, question: &Question, depth: i32, answer: &pb::GetCoverageResponse) -> Verdict {
    let whole = coverage(answer.coverage.as_ref().expect("coverage"));
    same("coverage", &whole, &world.coverage(question, question.years.0))?;
    let part = |part: &pb::ChildCoverage| {
        let place = part.jurisdiction.as_ref().expect("a place").name.clone();
        (place, part.own_agencies, part.depth, coverage(part.coverage.as_ref().expect("coverage")))
    };
    let parts: Vec<_> = answer.children.iter().map(part).collect();
    same("parts", &parts, &world.parts(question, depth))
}

/// The cells that a report of the year must fill in.
pub fn prescribed(year: u16) -> Vec<String> {
    let edition = edition_for_year(year).expect("a year with an edition");
    let cells =
        catalogue().cells_of(edition).filter(|cell| catalogue().presence(edition, cell.id) == Presence::Prescribed);
    cells.map(|cell| cell.path.clone()).collect()
}

pub fn is_amount(path: &str) -> bool {
    catalogue().cell_at(path).is_some_and(|cell| catalogue().cell(cell).kind == Kind::Money)
}

pub fn figures(form: &pb::Form) -> Figures {
    let cells = FORM_CELL_PATHS.iter().enumerate();
    let cells = cells.filter_map(|(index, path)| Some((*path, form_cell(form, index)?)));
    let number = |cell: FormCell<'_>| match cell {
        FormCell::Count(count) => i128::from(count),
        FormCell::Amount(amount) => millionths(amount),
    };
    cells.map(|(path, cell)| (path.to_owned(), number(cell))).collect::<BTreeMap<_, _>>()
}

pub fn check_form(world: &World, question: &Question, form: &pb::Form) -> Verdict {
    same("form", &figures(form), &world.form(question, &prescribed(question.years.0)))
}

/// The cells of a form frozen then that differ now, each wholly explained.
pub fn check_comparison(then: &World, now: &World, question: &Question, told: &[pb::CellDifference]) -> Verdict {
    let [then, now] = [then, now].map(|world| world.form(question, &prescribed(question.years.0)));
    let value = |form: &Figures, path: &str| form.get(path).copied().unwrap_or(0);
    let paths: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let differing = paths.into_iter().filter(|path| value(&then, path) != value(&now, path));
    let expected: BTreeMap<String, [i128; 3]> =
        differing.map(|path| (path.clone(), [value(&then, path), value(&now, path), 0])).collect();
    let told = told.iter().map(|one| {
        let number = |value: &Option<pb::CellValue>| value.as_ref().map_or(0, number);
        (one.cell.clone(), [number(&one.given), number(&one.computed), number(&one.unexplained)])
    });
    same("cells that differ: frozen, now, unexplained", &told.collect(), &expected)
}
