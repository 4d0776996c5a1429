//! What the service must answer, added up report by report: rows, totals, coverage, missing agencies, the form.

use std::collections::{BTreeMap, BTreeSet};

use super::registry::{Agency, Registry};
use super::reports::{Figures, MERGED, Report, Reports, State};

/// Everything at one moment.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub registry: Registry,
    pub reports: Reports,
}

/// What rows are told apart by, with its number in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Requester = 1,
    Outcome = 2,
    Line = 3,
    Child = 4,
    Agency = 5,
    Kind = 6,
    Year = 7,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    pub scope: String,
    pub years: (u16, u16),
    pub measures: Vec<&'static str>,
    pub by: Vec<By>,
    pub kinds: Vec<i32>,
    pub vertical: bool,
    pub tree: Option<u16>,
    /// Empty for accepted ones.
    pub states: Vec<State>,
}

/// A row: its keys, its measure, its value.
pub type Row = (Vec<(i32, String)>, String, i128);

/// expected, received, missing, included, accepted, submitted, returned, late, vertical agencies left out
pub type Coverage = [i64; 9];

pub const REQUESTERS: [&str; 6] = [
    "natural_person",
    "commercial_enterprise",
    "research_institution",
    "public_welfare_organization",
    "legal_service_institution",
    "other_organization",
];

/// The ways of dealing with a request, and the lines of each.
pub const OUTCOMES: [(&str, &[&str]); 6] = [
    ("requests.disclosed", &["requests.disclosed"]),
    ("requests.partially_disclosed", &["requests.partially_disclosed"]),
    (
        "requests.refused",
        &[
            "requests.refused.state_secret",
            "requests.refused.prohibited_by_law",
            "requests.refused.security_or_stability",
            "requests.refused.third_party_rights",
            "requests.refused.internal_affairs",
            "requests.refused.deliberative_process",
            "requests.refused.enforcement_case_file",
            "requests.refused.administrative_query",
        ],
    ),
    (
        "requests.unavailable",
        &["requests.unavailable.not_held", "requests.unavailable.needs_creation", "requests.unavailable.still_unclear"],
    ),
    (
        "requests.not_processed",
        &[
            "requests.not_processed.petition_or_complaint",
            "requests.not_processed.duplicate",
            "requests.not_processed.published_material",
            "requests.not_processed.excessive_repetition",
            "requests.not_processed.reconfirmation",
        ],
    ),
    (
        "requests.other",
        &["requests.other.correction_overdue", "requests.other.fee_unpaid", "requests.other.miscellaneous", MERGED],
    ),
];

pub const TOTAL_LINE: &str = "requests.outcomes_total";
pub const FEES: &str = "proactive_disclosure.administrative_fees";

const KINDS: [&str; 5] = ["", "government_office", "department", "township", "dispatched_office"];

/// The lines that a measure is the sum of.
fn lines(measure: &str) -> Vec<&'static str> {
    let group = OUTCOMES.iter().find(|(group, _)| *group == measure).map(|(_, lines)| lines.to_vec());
    let known = [TOTAL_LINE, FEES, "requests.received", "requests.carried_over", "requests.carried_forward"];
    group.unwrap_or_else(|| known.into_iter().filter(|line| *line == measure).collect())
}

/// A part of a measure: its path where it is one of several, and its lines.
type Part = (Option<&'static str>, Vec<&'static str>);

/// What a measure is divided into.
fn parts(measure: &str, by: &[By]) -> Vec<Part> {
    let outcomes = || OUTCOMES.iter().copied();
    if by.contains(&By::Outcome) {
        return outcomes().map(|(group, lines)| (Some(group), lines.to_vec())).collect();
    }
    if by.contains(&By::Line) {
        let all = if measure == TOTAL_LINE {
            outcomes().flat_map(|(_, lines)| lines.to_vec()).collect()
        } else {
            lines(measure)
        };
        return all.into_iter().map(|line| (Some(line), vec![line])).collect();
    }
    vec![(None, lines(measure))]
}

fn add_up(reports: &[&Figures], lines: &[&str], column: &str) -> i128 {
    let of_line = |figures: &Figures, line: &str| {
        let path = if line == FEES { line.to_owned() } else { format!("{line}.{column}") };
        figures.get(&path).copied().unwrap_or(0)
    };
    reports.iter().map(|figures| lines.iter().map(|line| of_line(figures, line)).sum::<i128>()).sum()
}

/// Agency, year, place (own agencies first, then in the order of registration), kind: the order of groups.
type Group = (Option<String>, Option<u16>, Option<(usize, String)>, Option<i32>);

impl Question {
    fn states(&self) -> Vec<State> {
        if self.states.is_empty() { vec![State::Accepted] } else { self.states.clone() }
    }

    fn tree(&self) -> Option<u16> {
        self.tree.filter(|tree| self.years != (*tree, *tree))
    }

    fn admits(&self, agency: &Agency) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&agency.kind)) && (self.vertical || !agency.vertical)
    }
}

impl World {
    /// Agencies that owe a report of a year and count in the scope, with their way up.
    fn owing<'a>(&'a self, question: &'a Question, year: u16) -> impl Iterator<Item = (&'a Agency, Vec<String>)> {
        let ways = self
            .registry
            .agencies
            .values()
            .map(move |agency| (agency, self.registry.way_up(&agency.name, year, question.tree())));
        ways.filter(|(_, way)| way.contains(&question.scope))
    }

    fn report(&self, agency: &Agency, year: u16) -> Option<&Report> {
        self.reports.get(&(agency.name.clone(), year))
    }

    pub fn rows(&self, question: &Question) -> Vec<Row> {
        let by = |one| question.by.contains(&one);
        let mut groups: BTreeMap<Group, Vec<&Figures>> = BTreeMap::new();
        if ![By::Child, By::Agency, By::Kind, By::Year].into_iter().any(by) {
            groups.insert((None, None, None, None), Vec::new());
        }
        for year in question.years.0..=question.years.1 {
            for (agency, way) in self.owing(question, year).filter(|(agency, _)| question.admits(agency)) {
                let report = self.report(agency, year);
                let Some(figures) = report.and_then(|report| report.counted(&question.states())) else { continue };
                let below = way.iter().position(|place| *place == question.scope).and_then(|at| at.checked_sub(1));
                let place = below.map_or((0, question.scope.clone()), |at| {
                    let order = self.registry.places.iter().position(|place| *place == way[at]);
                    (1 + order.expect("a place that is registered"), way[at].clone())
                });
                let group = (
                    by(By::Agency).then(|| self.registry.counts_with(&agency.name, question.tree()).to_owned()),
                    by(By::Year).then_some(year),
                    by(By::Child).then_some(place),
                    by(By::Kind).then_some(agency.kind),
                );
                groups.entry(group).or_default().push(figures);
            }
        }
        let mut rows = Vec::new();
        for ((agency, year, place, kind), figures) in groups {
            for measure in &question.measures {
                for (part, lines) in parts(measure, &question.by) {
                    let columns: &[&str] = if by(By::Requester) { &REQUESTERS } else { &["total"] };
                    for column in columns {
                        let keys = question.by.iter().filter_map(|dimension| {
                            let value = match dimension {
                                By::Requester => Some((*column).to_owned()),
                                By::Outcome | By::Line => part.map(str::to_owned),
                                By::Child => place.as_ref().map(|(at, name)| match at {
                                    0 => format!("{name}/ownAgencies"),
                                    _ => name.clone(),
                                }),
                                By::Agency => agency.clone(),
                                By::Kind => kind.map(|kind| KINDS[kind as usize].to_owned()),
                                By::Year => year.map(|year| year.to_string()),
                            };
                            Some((*dimension as i32, value?))
                        });
                        rows.push((keys.collect(), (*measure).to_owned(), add_up(&figures, &lines, column)));
                    }
                }
            }
        }
        rows
    }

    pub fn totals(&self, question: &Question) -> Vec<Row> {
        let whole = Question { by: Vec::new(), ..question.clone() };
        self.rows(&whole)
    }

    pub fn coverage(&self, question: &Question, year: u16) -> Coverage {
        self.count(question, year, self.owing(question, year).map(|(agency, _)| agency))
    }

    fn count<'a>(&'a self, question: &Question, year: u16, owing: impl Iterator<Item = &'a Agency>) -> Coverage {
        let (mut coverage, states) = ([0; 9], question.states());
        for agency in owing {
            let mut count = |at: usize, holds: bool| coverage[at] += i64::from(holds);
            if !question.admits(agency) {
                let of_kind = question.kinds.is_empty() || question.kinds.contains(&agency.kind);
                count(8, of_kind && agency.vertical);
                continue;
            }
            let report = self.report(agency, year);
            let received = report.filter(|report| report.is_received());
            let stands = |state| received.is_some_and(|report| report.state == state);
            count(0, true);
            count(1, received.is_some());
            count(2, received.is_none());
            count(3, report.is_some_and(|report| report.counted(&states).is_some()));
            count(4, received.is_some_and(|report| report.accepted.is_some()));
            count(5, stands(State::Submitted));
            count(6, stands(State::Returned));
            count(7, received.is_some_and(|report| report.late));
        }
        coverage
    }

    pub fn missing(&self, question: &Question) -> Vec<String> {
        let year = question.years.0;
        let owing = self.owing(question, year).filter(|(agency, _)| question.admits(agency));
        let missing = owing.filter(|(agency, _)| !self.report(agency, year).is_some_and(Report::is_received));
        missing.map(|(agency, _)| agency.name.clone()).collect()
    }

    /// Each part of the scope with its coverage: place, own agencies only, levels below the scope.
    pub fn parts(&self, question: &Question, depth: i32) -> Vec<(String, bool, i32, Coverage)> {
        let mut found = Vec::new();
        self.add_parts(question, 1, depth, &mut found);
        found
    }

    fn add_parts(&self, question: &Question, at: i32, depth: i32, found: &mut Vec<(String, bool, i32, Coverage)>) {
        if at > depth {
            return;
        }
        let (year, scope) = (question.years.0, &question.scope);
        let tree = question.tree.unwrap_or(year);
        let own = self.owing(question, year).filter(|(_, way)| way.first() == Some(scope));
        let of_own = self.count(question, year, own.map(|(agency, _)| agency));
        if of_own[0] + of_own[8] > 0 {
            found.push((scope.clone(), true, at, of_own));
        }
        let below: BTreeSet<usize> = (0..self.registry.places.len())
            .filter(|position| {
                let place = &self.registry.places[*position];
                let way = self.registry.way_up_in(place, tree);
                way.first() == Some(place) && way.get(1) == Some(scope)
            })
            .collect();
        for position in below {
            let place = &self.registry.places[position];
            let part = Question { scope: place.clone(), ..question.clone() };
            let coverage = self.coverage(&part, year);
            if self.registry.exists(place, tree) || coverage[0] + coverage[8] > 0 {
                found.push((place.clone(), false, at, coverage));
                self.add_parts(&part, at + 1, depth, found);
            }
        }
    }

    /// The computed form: every cell that a report of the year's edition must have, and the merged line where one is used.
    pub fn form(&self, question: &Question, prescribed: &[String]) -> Figures {
        let year = question.years.0;
        let admitted = self.owing(question, year).filter(|(agency, _)| question.admits(agency));
        let reports = admitted.filter_map(|(agency, _)| self.report(agency, year)?.counted(&question.states()));
        let reports: Vec<&Figures> = reports.collect();
        let merged = |path: &String| path.starts_with(MERGED);
        let mut shown: BTreeSet<String> = prescribed.iter().cloned().collect();
        if reports.iter().any(|figures| figures.keys().any(merged)) {
            shown.extend(REQUESTERS.iter().chain(&["total"]).map(|column| format!("{MERGED}.{column}")));
        }
        let sum = |path: &String| reports.iter().map(|figures| figures.get(path).copied().unwrap_or(0)).sum();
        shown.into_iter().map(|path| (path.clone(), sum(&path))).collect()
    }
}
