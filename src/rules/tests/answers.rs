//! Reasons given for warnings.

use super::super::{WhySuperfluous, superfluous, unanswered};
use super::*;
use crate::report::Answer;

fn answer(rule: &str, cell: &str, reason: &str) -> Answer {
    Answer { rule: rule.to_owned(), cell: cell.to_owned(), reason: reason.to_owned() }
}

/// Two lines with blank cells, one error.
fn findings() -> Vec<Finding> {
    found(&with(
        report(2023),
        &[
            ("proactive_disclosure.administrative_permits", Cell::Blank),
            ("proactive_disclosure.normative_documents.issued", Cell::Blank),
            ("disputes", Cell::Blank),
        ],
    ))
}

fn left_open(answers: &[Answer]) -> Vec<String> {
    let findings = findings();
    unanswered(&findings, answers).iter().flat_map(|f| f.cells()).map(|id| form().cell(id).path.clone()).collect()
}

#[test]
fn an_answer_without_a_place_answers_every_finding_of_its_rule() {
    assert_eq!(ids(&findings()), ["TABLE-MISSING", "CELL-BLANK", "CELL-BLANK"]);
    assert_eq!(left_open(&[]).len(), 2);
    assert!(left_open(&[answer("CELL-BLANK", "", "台账未建")]).is_empty());
    assert!(left_open(&[answer("cell-blank", " ", "台账未建")]).is_empty());
}

#[test]
fn an_answer_with_a_place_answers_what_is_found_there() {
    let documents = "proactive_disclosure.normative_documents";
    let permits = "proactive_disclosure.administrative_permits";
    for place in [documents.to_owned(), format!("{documents}.issued")] {
        assert_eq!(left_open(&[answer("CELL-BLANK", &place, "台账未建")]), [permits]);
    }
    for place in [format!("{documents}.in_force"), "proactive_disclosure".to_owned()] {
        assert_eq!(left_open(&[answer("CELL-BLANK", &place, "台账未建")]).len(), 2);
    }
}

#[test]
fn a_blank_reason_answers_nothing() {
    for reason in ["", "  ", "\u{3000}\n"] {
        assert_eq!(left_open(&[answer("CELL-BLANK", "", reason)]).len(), 2);
    }
}

#[test]
fn answers_to_nothing_are_told_apart() {
    let answers = [
        answer("NO-SUCH-RULE", "", "x"),
        answer("TABLE-MISSING", "", "x"),
        answer("CELL-BLANK", "requests.nowhere", "x"),
        answer("CELL-BLANK", "requests.received", "x"),
        answer("X-CARRY", "", "x"),
        answer("CELL-BLANK", "", "x"),
    ];
    let why: Vec<_> = superfluous(&findings(), &answers).into_iter().map(|s| s.why).collect();
    use WhySuperfluous::*;
    assert_eq!(why, [UnknownRule, NotAWarning, UnknownPlace, NothingFound, NothingFound]);
}
