//! Rules about the year, the year before, and who reports.

use super::*;
use crate::report::MONEY_SCALE;

const PERMITS: &str = "proactive_disclosure.administrative_permits";
const FEES: &str = "proactive_disclosure.administrative_fees";
const RECEIVED: &str = "requests.received.total";

/// Whether the rule finds anything in a zero report of 2023 after a zero report of 2022, each with changes.
fn finds(rule: &str, now: &[(&str, Cell)], before: &[(&str, Cell)], reporter: Option<Reporter>) -> bool {
    let findings = judged(2023, &with(zero(2023), now), Some(&with(zero(2022), before)), reporter);
    ids(&findings).contains(&rule)
}

fn number(path: &str, number: i64) -> (&str, Cell) {
    (path, Cell::Number(number))
}

#[test]
fn a_form_belongs_to_its_years() {
    for (year, form_of, fits) in [(2019, 2020, true), (2023, 2021, true), (2020, 2021, false), (2018, 2019, false)] {
        let findings = judged(year, &report(form_of), None, None);
        assert_eq!(ids(&findings).contains(&"EDITION-YEAR"), !fits, "{year}");
    }
}

#[test]
fn a_year_is_reported_from_the_first_of_january_after_it() {
    let figures = report(2024);
    let completed = figures.complete();
    let year = ReportYear::new(2024).unwrap();
    for (today, open) in [(date(2024, 12, 31), true), (date(2025, 1, 1), false), (date(2023, 5, 1), true)] {
        let case = Case {
            year,
            figures: &figures,
            completed: &completed,
            previous: None,
            reporter: None,
            narrative: None,
            others: &[],
            others_figures: &[],
            document: None,
            today,
        };
        let expected: &[_] = if open { &["YEAR-OPEN"] } else { &[] };
        assert_eq!(ids(&judge(rule_set(year), &case)), expected, "{today}");
    }
}

#[test]
fn requests_carried_over_agree_with_those_carried_forward() {
    let (over, forward) = ("requests.carried_over.natural_person", "requests.carried_forward.natural_person");
    assert!(finds("X-CARRY", &[number(over, 5)], &[number(forward, 4)], None));
    assert!(!finds("X-CARRY", &[number(over, 5)], &[number(forward, 5)], None));
}

#[test]
fn requests_carried_over_are_compared_across_editions() {
    let findings = judged(2021, &report(2021), Some(&report(2020)), None);
    assert!(ids(&findings).contains(&"X-CARRY"));
    assert!(!ids(&findings).contains(&"X-STOCK"));
}

#[test]
fn the_finding_about_carried_requests_names_both_years() {
    use crate::report::Period;
    let findings = judged(2023, &plus(report(2023), "requests.carried_over.total", 1), Some(&report(2023)), None);
    let finding = findings.iter().find(|finding| finding.rule == "X-CARRY").unwrap();
    assert_eq!((finding.left[0].period, finding.right[0].period), (Period::Current, Period::Previous));
}

#[test]
fn documents_in_force_agree_with_last_year() {
    let [issued, repealed, in_force] =
        ["issued", "repealed", "in_force"].map(|column| format!("proactive_disclosure.normative_documents.{column}"));
    let now = |stock| [number(&issued, 2), number(&repealed, 1), number(&in_force, stock)];
    assert!(!finds("X-STOCK", &now(13), &[number(&in_force, 12)], None));
    assert!(finds("X-STOCK", &now(14), &[number(&in_force, 12)], None));
    assert!(!finds("X-STOCK", &now(14), &[(in_force.as_str(), Cell::Blank)], None));
    assert!(!finds("X-STOCK", &now(14), &[(in_force.as_str(), Cell::NotApplicable)], None));
}

#[test]
fn a_jump_is_a_factor_of_ten_from_a_hundred_on() {
    for (path, now, before, is_found) in [
        (PERMITS, 1000, 100, true),
        (PERMITS, 100, 1000, true),
        (PERMITS, 999, 100, false),
        (PERMITS, 99, 1, false),
        (PERMITS, 100, 0, true),
        (PERMITS, 0, 99, false),
        (RECEIVED, 5000, 400, true),
        (FEES, 100 * MONEY_SCALE, 10 * MONEY_SCALE, true),
        (FEES, 99 * MONEY_SCALE, MONEY_SCALE, false),
        ("requests.received.natural_person", 5000, 4, false),
    ] {
        let found = finds("X-JUMP", &[number(path, now)], &[number(path, before)], None);
        assert_eq!(found, is_found, "{path} {before} -> {now}");
    }
    assert!(!finds("X-JUMP", &[number(PERMITS, 5000)], &[(PERMITS, Cell::Blank)], None));
}

#[test]
fn a_fee_in_yuan_is_suspected_against_last_year_and_by_its_size() {
    for (now, before, reporter, is_found) in [
        (251_000 * MONEY_SCALE, 25_100_000, None, true),
        (5_000 * MONEY_SCALE, MONEY_SCALE, None, true),
        (20_000 * MONEY_SCALE, MONEY_SCALE, None, true),
        (4_999 * MONEY_SCALE, MONEY_SCALE, None, false),
        (20_001 * MONEY_SCALE, MONEY_SCALE, None, false),
        (20_001 * MONEY_SCALE, 0, Some(COUNTY), false),
        (1_000_000 * MONEY_SCALE, 0, Some(COUNTY), false),
        (1_000_001 * MONEY_SCALE, 0, Some(COUNTY), true),
        (1_000_001 * MONEY_SCALE, 0, Some(CITY), false),
        (1_000_001 * MONEY_SCALE, 0, None, false),
    ] {
        let found = finds("FEE-UNIT", &[number(FEES, now)], &[number(FEES, before)], reporter);
        assert_eq!(found, is_found, "{before} -> {now}");
    }
}

#[test]
fn only_agencies_below_city_level_have_no_rules_to_report() {
    let rules = [number("proactive_disclosure.rules.in_force", 3)];
    for (level, kind, is_found) in [
        (Level::Province, AgencyKind::Department, false),
        (Level::City, AgencyKind::Department, false),
        (Level::City, AgencyKind::Township, true),
        (Level::County, AgencyKind::Department, true),
        (Level::FunctionalZone, AgencyKind::Department, true),
        (Level::Township, AgencyKind::Township, true),
    ] {
        let reporter = Some(Reporter { level, kind, large: false });
        assert_eq!(finds("RULES-AUTHORITY", &rules, &[], reporter), is_found, "{level:?} {kind:?}");
        assert!(!finds("RULES-AUTHORITY", &[], &[], reporter));
    }
    assert!(!finds("RULES-AUTHORITY", &rules, &[], None), "who reports is not known");
}

#[test]
fn an_all_zero_report_surprises_from_a_government_office_or_a_large_department() {
    let office = Reporter { kind: AgencyKind::GovernmentOffice, ..CITY };
    let large = Reporter { large: true, ..CITY };
    for (reporter, is_found) in [(Some(office), true), (Some(large), true), (Some(CITY), false), (None, false)] {
        assert_eq!(finds("ALL-ZERO", &[], &[], reporter), is_found);
    }
    assert!(!finds("ALL-ZERO", &[number(PERMITS, 1)], &[], Some(office)));
    assert!(finds("ALL-ZERO", &[(PERMITS, Cell::NotApplicable)], &[], Some(office)));
}
