//! Sums and dry runs over a simulated province, asked of a real server over the network.

use std::collections::HashMap;

use huizong::form::{Kind, catalogue};
use huizong::pb::{self, Dimension, FORM_CELL_PATHS, FormCell, form_cell};
use huizong::report::{Cell, Figures, ReportYear, parse_number};
use huizong::rules;
use huizong::simulation::{Parameters, Province, SimulatedReport};
use huizong::wire;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::support::{CITY, PROVINCE, Server, count, problem, question, submission};

const AGENCIES: usize = 300;

fn year_of(number: u16) -> ReportYear {
    ReportYear::new(number).unwrap()
}

fn province(first: u16, last: u16) -> Province {
    let parameters = Parameters {
        seed: 20,
        province: "230000".to_owned(),
        agencies: AGENCIES,
        first_year: year_of(first),
        last_year: year_of(last),
    };
    Province::simulate(&parameters).unwrap()
}

async fn register(server: &Server, province: &Province) {
    let applied = server.apply(province.changes.iter().filter_map(wire::change_to_wire).collect()).await;
    assert_eq!(usize::try_from(applied.applied).unwrap(), province.changes.len());
}

fn reports(province: &Province, years: std::ops::RangeInclusive<u16>) -> Vec<(ReportYear, SimulatedReport)> {
    let years = years.map(year_of);
    years.flat_map(|year| province.reports(year).map(move |report| (year, report))).collect()
}

fn to_wire(year: ReportYear, report: &SimulatedReport) -> pb::Report {
    pb::Report {
        name: format!("agencies/{}/reports/{year}", report.agency),
        form: Some(wire::figures_to_wire(&report.figures).into()),
        ..Default::default()
    }
}

/// Every cell of a form that is filled in, in its smallest unit.
fn cells(form: &pb::Form) -> impl Iterator<Item = (&'static str, i128)> {
    FORM_CELL_PATHS.iter().enumerate().filter_map(|(index, path)| {
        let value = match form_cell(form, index)? {
            FormCell::Count(count) => count.into(),
            FormCell::Amount(text) => parse_number(Kind::Money, text).unwrap().into(),
        };
        Some((*path, value))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_of_a_province_are_the_sums_of_its_reports_however_they_are_grouped() {
    let server = Server::start().await;
    let province = province(2021, 2022);
    register(&server, &province).await;
    let simulated = reports(&province, 2021..=2022);
    let requests: Vec<_> = simulated
        .iter()
        .map(|(year, report)| pb::SubmitReportsRequest { submission: Some(submission(to_wire(*year, report))) })
        .collect();
    let mut answers = server.reports().submit_reports(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let mut stored = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        match answer.result.unwrap() {
            pb::submit_reports_response::Result::Stored(_) => stored += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(stored, simulated.len());

    for year in [2021, 2022] {
        let mut naive: HashMap<&str, i128> = HashMap::new();
        let of_year: Vec<_> = simulated.iter().filter(|(of, _)| of.get() == year).collect();
        for (_, report) in &of_year {
            for (path, value) in cells(&wire::figures_to_wire(&report.figures)) {
                *naive.entry(path).or_default() += value;
            }
        }
        let request = pb::GetConsolidatedFormRequest {
            scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
            year: year.into(),
        };
        let answer = server.rollups().get_consolidated_form(request).await.unwrap().into_inner();
        let computed: HashMap<_, _> = cells(&answer.form.unwrap()).collect();
        for (path, sum) in &naive {
            assert_eq!(computed.get(path).copied().unwrap_or_default(), *sum, "{path}");
        }
        assert!(computed.keys().all(|path| naive.contains_key(path)));
        assert!(naive["requests.received.total"] > 0 && naive["proactive_disclosure.administrative_fees"] > 0);
        let coverage = answer.coverage.unwrap();
        assert_eq!(usize::try_from(coverage.received).unwrap(), of_year.len());
        assert!(coverage.missing > 0 && coverage.expected == coverage.received + coverage.missing, "{coverage:?}");
    }
    grouped_sums_agree(&server).await;
    pages_agree(&server).await;
}

async fn grouped_sums_agree(server: &Server) {
    let measure = "requests.outcomes_total";
    let mut groupings: Vec<(&str, Vec<Dimension>)> = vec![
        (measure, vec![Dimension::RequesterType]),
        (measure, vec![Dimension::Outcome]),
        (measure, vec![Dimension::Line]),
        (measure, vec![Dimension::ChildJurisdiction]),
        (measure, vec![Dimension::Agency]),
        (measure, vec![Dimension::AgencyKind]),
        (measure, vec![Dimension::Year]),
        (measure, vec![Dimension::Year, Dimension::ChildJurisdiction, Dimension::AgencyKind, Dimension::Outcome]),
        (measure, vec![Dimension::Agency, Dimension::Year, Dimension::RequesterType]),
    ];
    groupings.push(("requests.refused", vec![Dimension::Line]));
    groupings.push(("requests.refused", vec![Dimension::Line, Dimension::RequesterType]));
    for jurisdiction in [PROVINCE, CITY] {
        for (measure, group_by) in &groupings {
            let request = pb::QueryRollupRequest {
                last_year: 2022,
                page_size: 10_000,
                ..question(jurisdiction, 2021, measure, group_by)
            };
            let answer = server.roll_up(request).await;
            assert!(answer.next_page_token.is_empty());
            let total = count(&answer.totals[0]);
            let sum: i64 = answer.rows.iter().map(count).sum();
            assert!(total > 0 && answer.rows.len() > 1 || *group_by == [Dimension::Line], "{group_by:?}");
            assert_eq!(sum, total, "{jurisdiction} {measure} {group_by:?}");
            for row in &answer.rows {
                let dimensions: Vec<_> = row.keys.iter().map(pb::RollupKey::dimension).collect();
                assert_eq!(dimensions, *group_by);
            }
        }
    }
}

async fn pages_agree(server: &Server) {
    for group_by in [&[Dimension::Agency, Dimension::RequesterType][..], &[Dimension::ChildJurisdiction]] {
        let request = question(PROVINCE, 2022, "requests.received", group_by);
        let whole = server.roll_up(pb::QueryRollupRequest { page_size: 10_000, ..request.clone() }).await;
        let mut token = String::new();
        let mut rows = Vec::new();
        loop {
            // No multiple of the rows of a group.
            let page = pb::QueryRollupRequest { page_size: 7, page_token: token, ..request.clone() };
            let page = server.roll_up(page).await;
            assert_eq!(page.totals, whole.totals);
            rows.extend(page.rows);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(rows, whole.rows);
    }
}

/// Spoils figures in one of the ways in which figures are spoilt, or not at all.
fn mutate(figures: &Figures, rng: &mut ChaCha8Rng) -> Figures {
    let mut figures = figures.clone();
    let cells: Vec<_> = catalogue().cells_of(figures.edition()).map(|cell| cell.id).collect();
    for _ in 0..rng.random_range(0..3) {
        let cell = *cells.choose(rng).unwrap();
        let number = figures.get(cell).number().unwrap_or_default();
        let value = match rng.random_range(0..7) {
            0 => Cell::Number(number + 1),
            1 => Cell::Number(number - 1),
            2 => Cell::Blank,
            3 => Cell::NotApplicable,
            4 => Cell::Number(number * 100_000 + 100_000),
            5 => Cell::Number(10_i64.pow(13)),
            _ => Cell::Number(0),
        };
        figures.set(cell, value);
    }
    figures
}

/// A report on its way in, often with something wrong in it.
fn random_submission(
    pool: &[(ReportYear, SimulatedReport)],
    heads: &HashMap<String, String>,
    ids: &mut Vec<String>,
    rng: &mut ChaCha8Rng,
) -> pb::SubmitReportRequest {
    let (year, simulated) = pool.choose(rng).unwrap();
    let figures = mutate(&simulated.figures, rng);
    let mut report = to_wire(*year, &SimulatedReport { agency: simulated.agency.clone(), figures });
    report.etag = heads.get(&report.name).cloned().unwrap_or_default();
    if rng.random_bool(0.7) {
        let answer = |rule: &rules::Rule| pb::Answer {
            rule: rule.id.to_owned(),
            reason: "已核".to_owned(),
            ..Default::default()
        };
        report.answers = rules::rule_set(*year).rules().map(answer).collect();
    }
    if rng.random_bool(0.9) {
        report.correction_reason = "更正".to_owned();
    }
    match rng.random_range(0..40) {
        0 => report.etag = "stale".to_owned(),
        1 => report.name = format!("agencies/nobody/reports/{year}"),
        2 => report.name = report.name.replace("/reports/20", "/reports/2"),
        3 => report.edition = rng.random_range(0..4),
        4 => report.name = report.name.replace(&year.to_string(), "2018"),
        5 => report.form = None,
        _ => {}
    }
    let mut request = submission(report);
    match rng.random_range(0..10) {
        0..=2 => {
            request.request_id = format!("{:08x}-0000-4000-8000-{:012x}", rng.random::<u32>(), rng.random::<u32>());
            ids.push(request.request_id.clone());
        }
        3 => request.request_id = ids.choose(rng).cloned().unwrap_or_default(),
        _ => {}
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_a_thousand_random_reports_tells_the_truth_and_stores_nothing() {
    let server = Server::start().await;
    let province = province(2020, 2022);
    register(&server, &province).await;
    let pool = reports(&province, 2020..=2022);
    let mut rng = ChaCha8Rng::seed_from_u64(20_260_101);
    let mut heads = HashMap::new();
    let mut ids = Vec::new();
    let mut history: Vec<pb::SubmitReportRequest> = Vec::new();
    let mut outcomes: HashMap<String, usize> = HashMap::new();
    for _ in 0..1000 {
        let request = match history.choose(&mut rng) {
            Some(past) if rng.random_bool(0.05) => past.clone(),
            _ => random_submission(&pool, &heads, &mut ids, &mut rng),
        };
        history.push(request.clone());
        let before = server.sequence().await;
        let dry = server.submit(pb::SubmitReportRequest { validate_only: true, ..request.clone() }).await;
        assert_eq!(server.sequence().await, before, "a dry run leaves no trace");
        let real = server.submit(request.clone()).await;
        let outcome = match (dry, real) {
            (Ok(dry), Ok(real)) => {
                assert_eq!(
                    (&dry.findings, &dry.computed, dry.already_stored),
                    (&real.findings, &real.computed, real.already_stored)
                );
                assert!(dry.receipt.is_none() || dry.already_stored);
                let receipt = real.receipt.unwrap();
                if !real.already_stored {
                    heads.insert(request.name, receipt.etag);
                }
                if real.already_stored { "repeated" } else { "stored" }.to_owned()
            }
            (Err(dry), Err(real)) => {
                // Each call has an id of its own.
                let told = |status: &tonic::Status| {
                    let mut problem = problem(status);
                    problem.call_id.clear();
                    (status.code(), problem)
                };
                assert_eq!(told(&dry), told(&real));
                problem(&real).reason().as_str_name().to_owned()
            }
            (dry, real) => panic!("{request:?}\ndry: {dry:?}\nreal: {real:?}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    println!("{outcomes:?}");
    for outcome in ["stored", "repeated", "REPORT_INVALID", "WARNINGS_UNANSWERED", "ETAG_MISMATCH", "AGENCY_NOT_FOUND"]
    {
        assert!(outcomes.contains_key(outcome), "{outcome} never came: {outcomes:?}");
    }
    assert!(outcomes["stored"] > 100, "{outcomes:?}");
}
