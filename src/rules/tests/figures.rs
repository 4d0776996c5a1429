//! Rules of the single sheet.

use proptest::prelude::*;

use super::super::valid::valid_report;
use super::*;
use crate::form::{EDITIONS, Part};
use crate::report::{MONEY_SCALE, Severity, VALUE_LIMIT};

const BLANK: Cell = Cell::Blank;

#[test]
fn a_valid_report_has_no_findings() {
    for (year, edition) in [(2020, "trial_2019"), (2023, "format_2021")] {
        assert_eq!(report(year).edition().id, edition);
        assert_eq!(judged(year, &report(year), None, Some(CITY)), [], "{year}");
    }
}

#[test]
fn a_line_that_does_not_sum_to_its_total_is_found() {
    let findings = found(&plus(report(2023), "requests.received.total", 2));
    assert_eq!(
        gist(&findings),
        [
            ("T3-ROW-TOTAL", "requests.received.natural_person", Some(-2)),
            ("T3-COL-BALANCE", "requests.received.total", Some(2)),
        ]
    );
}

#[test]
fn the_merged_line_is_summed_like_any_other() {
    let merged =
        [("requests.other.unspecified", Cell::Number(0)), ("requests.other.unspecified.total", Cell::Number(1))];
    assert_eq!(
        gist(&found(&with(report(2023), &merged))),
        [
            ("T3-COL-OUTCOMES", "requests.disclosed.total", Some(1)),
            ("T3-ROW-TOTAL", "requests.other.unspecified.natural_person", Some(-1)),
            ("ROW-OTHER-MERGED", "requests.other.unspecified.natural_person", None),
        ]
    );
}

#[test]
fn a_column_whose_outcomes_do_not_sum_is_found_once() {
    let line = "requests.unavailable.not_held";
    let changed = plus(plus(report(2023), &format!("{line}.natural_person"), 3), &format!("{line}.total"), 3);
    assert_eq!(gist(&found(&changed)), [("T3-COL-OUTCOMES", "requests.disclosed.natural_person", Some(3))]);
}

#[test]
fn a_request_moved_between_requester_types_is_found_in_both_columns_and_nowhere_else() {
    let moved = plus(report(2023), "requests.carried_forward.natural_person", 1);
    let moved = plus(moved, "requests.carried_forward.commercial_enterprise", -1);
    assert_eq!(
        gist(&found(&moved)),
        [
            ("T3-COL-BALANCE", "requests.received.natural_person", Some(-1)),
            ("T3-COL-BALANCE", "requests.received.commercial_enterprise", Some(1)),
        ]
    );
}

#[test]
fn a_sum_of_many_terms_is_told_without_them() {
    let many = found(&plus(report(2023), "requests.disclosed.natural_person", 3));
    let few = found(&with(zero(2023), &[("requests.disclosed.natural_person", Cell::Number(3))]));
    let about =
        |findings: &[Finding]| findings.iter().find(|f| f.rule == "T3-COL-OUTCOMES").unwrap().message.zh.clone();
    assert!(!about(&many).contains("予以公开"), "{}", about(&many));
    assert_eq!(about(&few), "第三部分“自然人”一列各项办理结果之和为3（予以公开3），与（七）总计0不符，多3。");
}

#[test]
fn a_block_that_does_not_sum_is_found() {
    let findings = found(&plus(report(2023), "disputes.litigation_direct.pending", 4));
    assert_eq!(gist(&findings), [("T4-BLOCK-TOTAL", "disputes.litigation_direct.upheld", Some(4))]);
    let finding = &findings[0];
    assert_eq!((finding.left.len(), finding.right.len(), finding.severity), (4, 1, Severity::Error));
}

#[test]
fn numbers_out_of_range_are_found_and_the_limits_are_in_range() {
    let permits = "proactive_disclosure.administrative_permits";
    let fees = "proactive_disclosure.administrative_fees";
    for (path, number, is_found) in [
        (permits, -1, true),
        (permits, 0, false),
        (permits, VALUE_LIMIT, false),
        (permits, VALUE_LIMIT + 1, true),
        (permits, i64::MAX, true),
        (permits, i64::MIN, true),
        (fees, -1, true),
        (fees, VALUE_LIMIT * MONEY_SCALE, false),
        (fees, VALUE_LIMIT * MONEY_SCALE + 1, true),
    ] {
        let findings = found(&with(report(2023), &[(path, Cell::Number(number))]));
        let expected: &[_] = if is_found { &[("CELL-RANGE", path, None)] } else { &[] };
        assert_eq!(gist(&findings), expected, "{path} {number}");
    }
}

#[test]
fn only_a_signed_cell_may_be_negative() {
    let signed = "proactive_disclosure_trial_2019.administrative_permits.change";
    for (path, number, expected) in [
        (signed, -VALUE_LIMIT, &[][..]),
        (signed, -VALUE_LIMIT - 1, &["CELL-RANGE"][..]),
        ("proactive_disclosure_trial_2019.administrative_permits.decisions", -1, &["CELL-RANGE"][..]),
    ] {
        let findings = judged(2020, &with(report(2020), &[(path, Cell::Number(number))]), None, None);
        assert_eq!(ids(&findings), expected, "{path} {number}");
    }
}

#[test]
fn a_missing_table_is_found_and_one_of_not_applicable_is_not_missing() {
    assert_eq!(ids(&found(&with(report(2023), &[("disputes", BLANK)]))), ["TABLE-MISSING"]);
    assert_eq!(found(&with(report(2023), &[("disputes", Cell::NotApplicable)])), []);
}

#[test]
fn blank_cells_are_found_once_per_line() {
    let blanks = [
        ("requests.refused.state_secret.natural_person", BLANK),
        ("requests.refused.state_secret.other_organization", BLANK),
        ("proactive_disclosure.administrative_penalties", BLANK),
    ];
    let findings = found(&with(zero(2023), &blanks));
    assert_eq!(
        gist(&findings),
        [
            ("CELL-BLANK", "proactive_disclosure.administrative_penalties", None),
            ("CELL-BLANK", "requests.refused.state_secret.natural_person", None),
        ]
    );
    assert_eq!(findings[1].cells().count(), 2);
}

#[test]
fn a_cell_that_does_not_apply_counts_as_zero_and_is_not_blank() {
    let figures = with(zero(2023), &[("requests.refused", Cell::NotApplicable), ("disputes", Cell::NotApplicable)]);
    assert_eq!(found(&figures), []);
    let figures = with(report(2023), &[("disputes.reconsideration.upheld", Cell::NotApplicable)]);
    assert_eq!(ids(&found(&figures)), ["T4-BLOCK-TOTAL"]);
}

#[test]
fn blank_totals_are_found_with_the_computed_number() {
    let totals = [("requests.disclosed.total", BLANK), ("requests.outcomes_total", BLANK)];
    let findings = found(&with(report(2023), &totals));
    assert_eq!(
        gist(&findings),
        [
            ("TOTAL-BLANK", "requests.disclosed.total", None),
            ("TOTAL-BLANK", "requests.outcomes_total.natural_person", None),
        ]
    );
    assert!(findings.iter().flat_map(|f| &f.left).all(|term| term.computed && term.value.number() > Some(0)));
}

#[test]
fn a_computed_total_stands_in_the_equation_it_breaks() {
    let figures = plus(report(2023), "requests.received.natural_person", 5);
    let figures = with(figures, &[("requests.received.total", BLANK)]);
    let findings = found(&figures);
    // The line adds up by construction, so the total column only repeats the difference.
    assert_eq!(ids(&findings), ["T3-COL-BALANCE", "TOTAL-BLANK"]);
    let figures = plus(figures, "requests.outcomes_total.total", -1);
    let finding = found(&figures).into_iter().find(|f| f.rule == "T3-COL-BALANCE" && f.left[0].computed).unwrap();
    assert_eq!(
        finding.left[0].value,
        Cell::Number(i64::try_from(figures.complete().value(finding.left[0].cell)).unwrap())
    );
    assert!(finding.message.zh.contains("计算值"), "{}", finding.message.zh);
}

#[test]
fn a_merged_line_is_found_and_covers_the_lines_that_it_stands_for() {
    let other = ["requests.other.correction_overdue", "requests.other.fee_unpaid", "requests.other.miscellaneous"];
    let unfilled = with(zero(2023), &other.map(|line| (line, BLANK)));
    assert_eq!(ids(&found(&unfilled)), ["CELL-BLANK", "TOTAL-BLANK"].repeat(3));
    let merged = with(unfilled, &[("requests.other.unspecified", Cell::Number(0))]);
    assert_eq!(ids(&found(&merged)), ["ROW-OTHER-MERGED"]);
    let partly = with(merged, &[("requests.other.fee_unpaid.natural_person", Cell::Number(0))]);
    assert_eq!(ids(&found(&partly)), ["CELL-BLANK", "TOTAL-BLANK", "ROW-OTHER-MERGED"]);
}

#[test]
fn a_merged_line_that_its_edition_prescribes_is_no_finding() {
    assert_eq!(judged(2020, &report(2020), None, None), []);
    let blank = with(report(2020), &[("requests.other.unspecified.natural_person", BLANK)]);
    assert!(ids(&judged(2020, &blank, None, None)).contains(&"CELL-BLANK"));
}

/// Leaf cells that stand in exactly one sum of their line and one of their column.
fn leaf_cells(edition: &'static Edition) -> Vec<CellId> {
    let cells = form().cells_of(edition).filter(|cell| cell.part == Part::Leaf);
    let line = |cell: &crate::form::CellInfo| form().line(cell.line);
    cells
        .filter(|cell| cell.path.starts_with("requests.") && line(cell).line.part != Part::Total)
        .filter(|cell| form().presence(edition, cell.id) == crate::form::Presence::Prescribed)
        .map(|cell| cell.id)
        .collect()
}

proptest! {
    #[test]
    fn valid_reports_have_no_errors(figures in prop::sample::select(EDITIONS.iter().collect::<Vec<_>>()).prop_flat_map(valid_report)) {
        let year = figures.edition().last_year.unwrap_or(2023);
        prop_assert_eq!(judged(year, &figures, None, None), []);
    }

    #[test]
    fn one_mistyped_leaf_breaks_its_line_and_its_column_by_the_same_difference(
        figures in prop::sample::select(EDITIONS.iter().collect::<Vec<_>>()).prop_flat_map(valid_report),
        at in any::<prop::sample::Index>(),
        difference in 1i64..100_000,
    ) {
        let cells = leaf_cells(figures.edition());
        let path = form().cell(cells[at.index(cells.len())]).path.clone();
        let year = figures.edition().last_year.unwrap_or(2023);
        let findings = judged(year, &plus(figures, &path, difference), None, None);
        let is_outcome = form().line(form().cell(cell(&path)).line).line.part == Part::Outcome;
        let mut expected = vec!["T3-ROW-TOTAL", if is_outcome { "T3-COL-OUTCOMES" } else { "T3-COL-BALANCE" }];
        let mut rules = ids(&findings);
        expected.sort_unstable();
        rules.sort_unstable();
        prop_assert_eq!(rules, expected);
        for finding in &findings {
            prop_assert!(finding.cells().any(|id| id == cell(&path)));
            // What is carried forward stands on the right of its balance.
            let is_left = finding.left.iter().any(|term| term.cell == cell(&path));
            let signed = if is_left { difference } else { -difference };
            prop_assert_eq!(finding.difference, Some(i128::from(signed)));
        }
    }

    #[test]
    fn any_numbers_at_all_can_be_judged(
        edition in prop::sample::select(EDITIONS.iter().collect::<Vec<_>>()),
        cells in prop::collection::vec(
            prop_oneof![
                Just(Cell::Blank), Just(Cell::NotApplicable), Just(Cell::Unread), any::<i64>().prop_map(Cell::Number),
                (0i64..9).prop_map(Cell::Number), Just(Cell::Number(i64::MIN)), Just(Cell::Number(i64::MAX)),
            ],
            2 * form().cells.len(),
        ),
        year in 2008u16..2030,
        reporter in prop_oneof![Just(None), Just(Some(COUNTY)), Just(Some(CITY))],
    ) {
        let fill = |cells: &[Cell]| {
            let mut figures = Figures::blank(edition);
            for (info, value) in form().cells.iter().zip(cells) {
                figures.set(info.id, *value);
            }
            figures
        };
        let (now, before) = cells.split_at(form().cells.len());
        let findings = judged(year, &fill(now), Some(&fill(before)), reporter);
        prop_assert!(findings.is_sorted_by_key(|finding| finding.severity));
        for finding in findings {
            prop_assert!(!finding.message.zh.is_empty() && !finding.message.en.is_empty());
        }
    }
}
