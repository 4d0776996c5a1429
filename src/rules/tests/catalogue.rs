//! The rules as data: their examples, their words, and the ids that revisions keep.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::super::model::{Check, Equations};
use super::super::plan::Plan;
use super::super::{all_rules, rule};
use super::*;
use crate::form::EDITIONS;

fn set(year: u16) -> &'static super::super::RuleSet {
    rule_set(ReportYear::new(year).unwrap())
}

#[test]
fn rules_are_known_by_their_id_in_either_case() {
    let distinct: HashSet<_> = all_rules().map(|rule| rule.id).collect();
    assert_eq!((distinct.len(), all_rules().count()), (24, 24));
    assert_eq!(rule("x-carry").map(|rule| rule.id), Some("X-CARRY"));
    assert!(rule("X-NOTHING").is_none());
}

#[test]
fn every_example_breaks_its_rule() {
    for rule in all_rules() {
        let demonstration = rule.demonstrate().unwrap();
        assert!(!demonstration.findings.is_empty(), "{}", rule.id);
        assert!(demonstration.findings.iter().all(|finding| finding.severity == rule.severity));
    }
}

#[test]
fn every_rule_finds_cells_in_some_edition() {
    for rule in all_rules() {
        let planned = |edition| Plan::of(edition).rules.iter().find(|planned| planned.rule.id == rule.id).unwrap();
        let equations: Vec<_> = EDITIONS.iter().map(|edition| planned(edition).equations.len()).collect();
        match &rule.check {
            Check::Equations { shape: Equations::Relations(relations), .. } => {
                assert!(equations.iter().any(|count| *count >= relations.len()), "{}", rule.id);
            }
            Check::Equations { .. } => assert!(equations.iter().all(|count| *count > 0), "{}", rule.id),
            Check::Ratio(_) | Check::Zero(_) => {
                assert!(EDITIONS.iter().any(|edition| !planned(edition).cells.is_empty()), "{}", rule.id);
            }
            Check::Range | Check::Blank(_) | Check::Context(_) | Check::Repeated { .. } | Check::Text(_) => {}
        }
    }
}

#[test]
fn the_equations_of_an_edition_are_complete() {
    for (year, lines) in [(2020, 23), (2023, 26)] {
        let plan = Plan::of(of_year(year));
        let count = |id| plan.rules.iter().find(|planned| planned.rule.id == id).unwrap().equations.len();
        let counts = ["T3-ROW-TOTAL", "T3-COL-OUTCOMES", "T3-COL-BALANCE", "T4-BLOCK-TOTAL", "X-CARRY"].map(count);
        assert_eq!(counts, [lines, 7, 7, 3, 7], "{year}");
    }
}

#[test]
fn a_rule_set_belongs_to_the_years_of_an_edition() {
    assert_eq!(
        [2018, 2019, 2020, 2021, 2030].map(|year| set(year).id()),
        ["no_edition/4", "trial_2019/4", "trial_2019/4", "format_2021/4", "format_2021/4"]
    );
    assert!(!set(2020).rules().any(|rule| rule.id == "X-STOCK"));
    assert!(set(2022).rules().any(|rule| rule.id == "X-STOCK"));
    assert_eq!(set(2022).reference().hash, set(2022).hash());
}

/// A revision keeps the id and the hash of what judged it: one id must never stand for two sets.
#[test]
fn a_rule_set_that_changed_has_a_higher_number() {
    let lines = include_str!("published.txt").lines().filter(|line| !line.starts_with('#'));
    let published: Vec<(&str, &str)> = lines.map(|line| line.split_once(' ').unwrap()).collect();
    for (at, (id, _)) in published.iter().enumerate() {
        assert!(published[..at].iter().all(|(before, _)| before != id), "{id} is published twice");
    }
    let mut unpublished = String::new();
    for set in [2018, 2020, 2022].map(set) {
        let (id, hash) = (set.id(), set.hash().to_hex());
        match published.iter().find(|(known, _)| *known == id) {
            Some((_, known)) => assert_eq!(hash, *known, "the rules of {id} have changed: raise NUMBER in rule_set.rs"),
            None => unpublished.push_str(&format!("{id} {hash}\n")),
        }
    }
    assert_eq!(unpublished, "", "add the lines to published.txt");
}

#[test]
fn the_words_of_the_rules() {
    let mut words = String::new();
    for rule in all_rules() {
        let _ = writeln!(words, "{} {:?} {:?}", rule.id, rule.severity, rule.years);
        for text in [rule.title, rule.text, rule.basis, rule.remedy] {
            let _ = writeln!(words, "  {}\n  {}", text.zh, text.en);
        }
    }
    insta::assert_snapshot!(words);
}

#[test]
fn the_words_of_the_findings_in_the_examples() {
    let mut words = String::new();
    for rule in all_rules() {
        let _ = writeln!(words, "{}", rule.id);
        for finding in rule.demonstrate().unwrap().findings {
            let _ = writeln!(words, "  {}\n  {}", finding.message.zh, finding.message.en);
        }
    }
    insta::assert_snapshot!(words);
}
