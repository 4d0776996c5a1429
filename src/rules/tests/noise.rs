//! One slip, one finding: what follows from something reported already is not reported again.

use super::*;

#[test]
fn a_missing_table_yields_nothing_else() {
    let without_requests = with(report(2023), &[("requests", Cell::Blank)]);
    assert_eq!(ids(&judged(2023, &without_requests, Some(&report(2022)), Some(CITY))), ["TABLE-MISSING", "X-STOCK"]);
    let all_missing = Figures::blank(of_year(2023));
    assert_eq!(ids(&judged(2023, &all_missing, Some(&report(2022)), Some(CITY))), ["TABLE-MISSING"; 3]);
}

#[test]
fn a_cell_out_of_range_is_not_held_against_its_sums() {
    for path in ["requests.received.natural_person", "requests.disclosed.total", "disputes.reconsideration.upheld"] {
        assert_eq!(ids(&found(&with(report(2023), &[(path, Cell::Number(-1))]))), ["CELL-RANGE"], "{path}");
    }
}

#[test]
fn a_total_computed_from_a_cell_out_of_range_is_not_held_against_other_sums() {
    let figures = with(
        report(2023),
        &[
            ("requests.outcomes_total", Cell::Blank),
            ("requests.disclosed.natural_person", Cell::Number(-9)),
            ("requests.disclosed.total", Cell::Blank),
        ],
    );
    assert_eq!(ids(&found(&figures)), ["CELL-RANGE", "TOTAL-BLANK", "TOTAL-BLANK"]);
}

#[test]
fn the_total_column_is_reported_where_a_line_does_not_add_up() {
    let figures = plus(report(2023), "requests.received.natural_person", 1);
    let figures = plus(figures, "requests.received.total", 1);
    assert_eq!(ids(&found(&figures)), ["T3-COL-BALANCE"]);
    let figures = plus(figures, "requests.carried_over.total", 1);
    assert_eq!(
        gist(&found(&figures)),
        [
            ("T3-COL-BALANCE", "requests.received.natural_person", Some(1)),
            ("T3-COL-BALANCE", "requests.received.total", Some(2)),
            ("T3-ROW-TOTAL", "requests.carried_over.natural_person", Some(-1)),
        ]
    );
}

#[test]
fn differences_that_cancel_out_leave_the_total_column_in_peace() {
    let figures = plus(report(2023), "requests.outcomes_total.natural_person", 2);
    let figures = plus(figures, "requests.outcomes_total.commercial_enterprise", -2);
    let findings = found(&figures);
    let of = |rule| findings.iter().filter(|f| f.rule == rule).map(|f| f.difference.unwrap()).collect::<Vec<_>>();
    assert_eq!((of("T3-COL-OUTCOMES"), of("T3-COL-BALANCE")), (vec![-2, 2], vec![-2, 2]));
    assert_eq!(findings.len(), 4);
}

#[test]
fn a_report_on_the_wrong_form_is_judged_by_that_form() {
    let figures = plus(report(2020), "requests.received.total", 1);
    let figures = with(figures, &[("disputes.reconsideration.upheld", Cell::Blank)]);
    let findings = judged(2023, &figures, Some(&report(2022)), Some(COUNTY));
    assert_eq!(ids(&findings[..3]), ["EDITION-YEAR", "T3-ROW-TOTAL", "T3-COL-BALANCE"]);
    assert!(ids(&findings).contains(&"CELL-BLANK"));
    assert!(!findings.iter().any(|f| f.rule.starts_with("X-")));
}

#[test]
fn carried_requests_are_compared_only_where_both_are_filled_in() {
    let previous = report(2022);
    let figures = with(report(2023), &[("requests.carried_over", Cell::Blank)]);
    assert!(!ids(&judged(2023, &figures, Some(&previous), None)).contains(&"X-CARRY"));
    let without = with(previous, &[("requests", Cell::Blank)]);
    assert!(!ids(&judged(2023, &report(2023), Some(&without), None)).contains(&"X-CARRY"));
}

#[test]
fn the_total_of_carried_requests_is_not_reported_beside_its_columns_but_alone_where_they_are_blank() {
    let zeroes = zero(2022);
    let figures = with(
        zeroes.clone(),
        &[("requests.carried_over.natural_person", Cell::Number(5)), ("requests.carried_over.total", Cell::Number(5))],
    );
    let carry = |previous: &Figures| {
        let findings = judged(2023, &figures, Some(previous), None);
        gist(&findings).into_iter().filter(|g| g.0 == "X-CARRY").map(|g| g.1.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(carry(&zeroes), ["requests.carried_over.natural_person"]);
    let blank = with(zeroes, &[("requests.carried_forward.natural_person", Cell::Blank)]);
    assert_eq!(carry(&blank), ["requests.carried_over.total"]);
}

#[test]
fn a_fee_in_the_wrong_unit_is_not_also_a_jump() {
    let fee = |units| with(report(2023), &[("proactive_disclosure.administrative_fees", Cell::Number(units))]);
    let findings = judged(2023, &fee(250_000_000_000), Some(&fee(25_000_000)), None);
    let fees: Vec<_> = gist(&findings).into_iter().filter(|g| g.1.ends_with("fees")).collect();
    assert_eq!(fees, [("FEE-UNIT", "proactive_disclosure.administrative_fees", None)]);
}
