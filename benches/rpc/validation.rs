//! What judging a report takes, without gRPC and without the store: its totals completed, every rule of its year applied,
//! last year's report and who reports known.

use std::time::Instant;

use huizong::form::catalogue;
use huizong::registry::RegistryChange;
use huizong::report::{Cell, Figures, ReportYear, Reporter};
use huizong::rules::{Case, diagnose, judge, rule_set};
use huizong::simulation::Province;
use jiff::civil::date;
use serde_json::json;

use super::load::{ROUNDS, middle};
use super::record::Record;
use super::scene::{FIRST_YEAR, parameters};

const AGENCIES: usize = 1_000;
/// A number that several equations hold.
const WRONG: &str = "requests.received.natural_person";

/// A report with what it is judged with.
struct Judged {
    figures: Figures,
    previous: Figures,
    reporter: Reporter,
}

pub fn measure(record: &Record) {
    let year = ReportYear::new(FIRST_YEAR + 2).unwrap();
    let mut reports = reports(year);
    let count = reports.len();
    let told = |name: &str, reports: &[Judged], diagnosed: bool| {
        let times = (0..ROUNDS).map(|_| {
            let begin = Instant::now();
            let findings: usize = reports.iter().map(|report| judged(year, report, diagnosed)).sum();
            std::hint::black_box(findings);
            begin.elapsed().as_secs_f64() * 1e6 / count as f64
        });
        let micros = middle(times.collect());
        record.add("validation", name, "huizong", json!({ "microseconds": micros, "reports": count }));
    };
    told("reports in order", &reports, false);
    let cell = catalogue().cell_at(WRONG).unwrap();
    for report in &mut reports {
        let number = report.figures.get(cell).number().unwrap_or(0);
        report.figures.set(cell, Cell::Number(number + 1));
    }
    told("one number wrong, and what it may be", &reports, true);
}

/// The reports of a year by agencies that reported in the year before, too.
fn reports(year: ReportYear) -> Vec<Judged> {
    let province = Province::simulate(&parameters(AGENCIES, 3)).unwrap();
    let before = ReportYear::new(year.get() - 1).unwrap();
    let mut previous: Vec<_> = province.reports(before).collect();
    let mut levels = Vec::new();
    for change in &province.changes {
        if let RegistryChange::CreateJurisdiction(jurisdiction) = change {
            levels.push((jurisdiction.code.clone(), jurisdiction.level));
        }
    }
    let reporter = |id| {
        province.changes.iter().find_map(|change| match change {
            RegistryChange::CreateAgency(agency) if agency.id == id => {
                let (_, level) = levels.iter().find(|(code, _)| *code == agency.jurisdiction)?;
                Some(Reporter { level: *level, kind: agency.kind, large: agency.large })
            }
            _ => None,
        })
    };
    province
        .reports(year)
        .filter_map(|report| {
            let at = previous.iter().position(|previous| previous.agency == report.agency)?;
            let previous = previous.swap_remove(at).figures;
            Some(Judged { figures: report.figures, previous, reporter: reporter(report.agency)? })
        })
        .collect()
}

/// Judges a report; how much was found.
fn judged(year: ReportYear, report: &Judged, diagnosed: bool) -> usize {
    let set = rule_set(year);
    let completed = report.figures.complete();
    let case = Case {
        year,
        figures: &report.figures,
        completed: &completed,
        previous: Some(&report.previous),
        reporter: Some(report.reporter),
        narrative: None,
        others: &[],
        others_figures: &[],
        document: None,
        today: date(2039, 1, 1),
    };
    let findings = judge(set, &case);
    let diagnoses = if diagnosed { diagnose(set, year, &report.figures, &completed).len() } else { 0 };
    findings.len() + diagnoses
}
