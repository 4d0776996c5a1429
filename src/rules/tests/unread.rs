//! Nothing is judged by what was not read: it is neither zero nor blank.

use proptest::prelude::*;

use super::super::{diagnose, valid::valid_report};
use super::*;
use crate::form::EDITIONS;
use crate::report::{Narrative, Period};

const UNREAD: Cell = Cell::Unread;

#[test]
fn a_table_that_was_not_read_is_not_missing_and_no_cell_of_it_is_blank() {
    for table in ["proactive_disclosure", "requests", "disputes"] {
        let figures = with(report(2023), &[(table, UNREAD)]);
        assert_eq!(judged(2023, &figures, None, Some(CITY)), [], "{table}");
    }
    assert_eq!(judged(2023, &Figures::unread(of_year(2023)), Some(&report(2022)), Some(CITY)), []);
}

#[test]
fn no_equation_with_a_cell_that_was_not_read_is_judged_and_nothing_is_suggested_for_it() {
    for path in ["requests.received.natural_person", "requests.outcomes_total.total", "disputes.reconsideration.total"]
    {
        let figures = with(report(2023), &[(path, UNREAD)]);
        assert_eq!(found(&figures), [], "{path}");
        let year = ReportYear::new(2023).unwrap();
        assert_eq!(diagnose(rule_set(year), year, &figures, &figures.complete()), [], "{path}");
    }
}

#[test]
fn a_blank_total_of_cells_that_were_not_read_is_not_known_in_any_equation() {
    let changes = [
        ("requests.disclosed.natural_person", UNREAD),
        ("requests.disclosed.total", Cell::Blank),
        ("requests.outcomes_total", Cell::Blank),
    ];
    let findings = found(&with(report(2023), &changes));
    // The other columns of the total line are computed; its own and the last are not known.
    assert_eq!(ids(&findings), ["TOTAL-BLANK"]);
    let computed: Vec<_> = findings[0].cells().map(|cell| form().cell(cell).path.as_str()).collect();
    assert!(!computed.iter().any(|path| path.ends_with("natural_person") || path.ends_with(".total")), "{computed:?}");
}

#[test]
fn what_was_read_is_judged_all_the_same() {
    let figures = with(report(2023), &[("requests.received", UNREAD)]);
    let figures = plus(figures, "requests.disclosed.natural_person", 3);
    assert_eq!(ids(&found(&figures)), ["T3-ROW-TOTAL", "T3-COL-OUTCOMES"]);
    let figures =
        plus(with(report(2023), &[("disputes.litigation_direct", UNREAD)]), "disputes.reconsideration.total", 1);
    assert_eq!(ids(&found(&figures)), ["T4-BLOCK-TOTAL"]);
}

#[test]
fn a_report_is_not_all_zero_where_a_cell_was_not_read() {
    let office = Reporter { level: Level::City, kind: AgencyKind::GovernmentOffice, large: false };
    assert_eq!(ids(&judged(2023, &zero(2023), None, Some(office))), ["ALL-ZERO"]);
    let figures = with(zero(2023), &[("proactive_disclosure.administrative_permits", UNREAD)]);
    assert_eq!(judged(2023, &figures, None, Some(office)), []);
}

#[test]
fn a_sentence_is_not_held_against_a_total_that_was_not_read() {
    let said = |figures: &Figures| {
        let narrative = Narrative {
            overview: Some("本年度共收到政府信息公开申请987654件。".to_owned()),
            problems: Some("存在的问题是公开内容还不够全面，将予改进。".to_owned()),
            other_matters: None,
        };
        let year = ReportYear::new(2023).unwrap();
        let case = Case {
            year,
            figures,
            completed: &figures.complete(),
            previous: None,
            reporter: None,
            narrative: Some(&narrative),
            others: &[],
            others_figures: &[],
            document: None,
            today: date(2024, 1, 15),
        };
        ids(&judge(rule_set(year), &case)).iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(said(&report(2023)), ["TEXT-FIGURE"]);
    assert_eq!(said(&with(report(2023), &[("requests.received.total", UNREAD)])), [""; 0]);
}

proptest! {
    #[test]
    fn cells_that_were_not_read_make_no_error_and_stand_in_no_finding(
        figures in prop::sample::select(EDITIONS.iter().collect::<Vec<_>>()).prop_flat_map(valid_report),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        blanked in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let year = figures.edition().last_year.unwrap_or(2023);
        let cells: Vec<_> = form().cells_of(figures.edition()).map(|info| info.id).collect();
        let mut figures = figures;
        for (at, value) in blanked.iter().map(|at| (at, Cell::Blank)).chain(lost.iter().map(|at| (at, UNREAD))) {
            let cell = cells[at.index(cells.len())];
            // Blank totals are computed; a blank leaf would be an error of the report's own.
            if value == UNREAD || form().cell(cell).part == crate::form::Part::Total {
                figures.set(cell, value);
            }
        }
        for finding in judged(year, &figures, None, None) {
            prop_assert_eq!(finding.severity, crate::report::Severity::Warning, "{}", finding.message.en);
            let terms = finding.left.iter().chain(&finding.right);
            prop_assert!(terms.filter(|term| term.period == Period::Current).all(|term| figures.get(term.cell) != UNREAD));
        }
        let of = ReportYear::new(year).unwrap();
        prop_assert_eq!(diagnose(rule_set(of), of, &figures, &figures.complete()), []);
    }
}
