//! The sequential model: one report form a year and agency, one tree, changed by one entry of the journal after the
//! other. Written from the contract, not from the service: it shares no code with what it judges.

use std::collections::BTreeMap;

use super::record::{AGENCIES, Asked, Question, REVIEWED_YEAR, Review, Standing, State, Sum, TREE, agency, report};

/// The values that something had, each from a sequence number on.
type Past<T> = Vec<(u64, T)>;

fn at<T>(past: &Past<T>, sequence: u64) -> Option<&T> {
    let after = past.partition_point(|(since, _)| *since <= sequence);
    after.checked_sub(1).map(|last| &past[last].1)
}

/// Parents by first year.
type Homes = BTreeMap<u16, String>;

/// Everything at every sequence number.
#[derive(Debug, Default)]
pub struct Model {
    reports: BTreeMap<String, Past<Standing>>,
    /// What was received, by revision.
    received: BTreeMap<(String, u32), i64>,
    homes: BTreeMap<String, Past<Homes>>,
    /// Sequence number and content of each request id.
    requests: BTreeMap<String, (u64, Asked)>,
    /// Changes of the registry.
    pub moves: Vec<u64>,
}

/// The etag of a revision after the review of this sequence, 0 for none: an etag is `NUMBER-REVIEW-CONTENT`.
pub fn etag_after(etag: &str, review: u64) -> String {
    let (number, rest) = etag.split_once('-').unwrap_or_default();
    let (_, content) = rest.split_once('-').unwrap_or_default();
    format!("{number}-{review}-{content}")
}

impl Model {
    /// The registry as it is before clients begin.
    pub fn new() -> Self {
        let homes =
            (0..AGENCIES).map(agency).map(|(name, home)| (name, vec![(0, Homes::from([(0, home.to_owned())]))]));
        Self { homes: homes.collect(), ..Self::default() }
    }

    pub fn standing(&self, report: &str, sequence: u64) -> Option<&Standing> {
        at(self.reports.get(report)?, sequence)
    }

    /// Whether the report changed at exactly this sequence number.
    pub fn changed_at(&self, report: &str, sequence: u64) -> bool {
        self.reports.get(report).into_iter().flatten().any(|(since, _)| *since == sequence)
    }

    /// Sequence numbers from `first` on, up to `last`, at which a report changed; `first` itself among them.
    pub fn moments(&self, report: &str, first: u64, last: u64) -> Vec<u64> {
        let changes = self.reports.get(report).into_iter().flatten().map(|(since, _)| *since);
        let moves = self.moves.iter().copied();
        let mut moments: Vec<u64> =
            changes.chain(moves).filter(|since| (first..=last).contains(since)).chain([first]).collect();
        moments.sort_unstable();
        moments
    }

    /// The content that a request id stands for.
    pub fn request(&self, id: &str, sequence: u64) -> Option<(u64, &Asked)> {
        self.requests.get(id).filter(|(since, _)| *since <= sequence).map(|(since, asked)| (*since, asked))
    }

    /// Why what is asked is refused after `sequence`; none where it is done.
    pub fn refusal(&self, asked: &Asked, sequence: u64) -> Option<&'static str> {
        match asked {
            Asked::Submit { report, etag, request_id, received } => {
                if let Some((_, first)) = request_id.as_ref().and_then(|id| self.request(id, sequence)) {
                    return (first != asked).then_some("REQUEST_ID_REUSED");
                }
                let standing = self.standing(report, sequence);
                if standing.map_or("", |standing| &standing.etag) != etag {
                    return Some("ETAG_MISMATCH");
                }
                let stands = |standing: &Standing| matches!(standing.state, State::Submitted | State::Accepted);
                let repeats = standing.is_some_and(|standing| stands(standing) && standing.received == *received);
                repeats.then_some("CONTENT_UNCHANGED")
            }
            Asked::Review { etag, .. } if etag.is_empty() => Some("FIELD_REQUIRED"),
            Asked::Review { report, action, etag } => {
                let Some(standing) = self.standing(report, sequence) else { return Some("REPORT_NOT_FOUND") };
                if standing.etag != *etag {
                    return Some("ETAG_MISMATCH");
                }
                let follows = match action {
                    Review::Accept | Review::Return => standing.state == State::Submitted,
                    Review::Withdraw => standing.state != State::Withdrawn,
                };
                (!follows).then_some("STATE_CONFLICT")
            }
            Asked::Move { agency, parent, first_year } => {
                let homes = at(&self.homes[agency], sequence)?;
                let in_force = homes.range(..=first_year).next_back().is_some_and(|(_, home)| home == parent);
                let last = homes.keys().next_back().copied().unwrap_or(0);
                (!in_force && last > *first_year).then_some("REGISTRY_INVALID")
            }
            Asked::Read { .. } | Asked::RollUp(_) => None,
        }
    }

    /// Whether a move would change nothing.
    pub fn is_in_force(&self, agency: &str, parent: &str, first_year: u16, sequence: u64) -> bool {
        at(&self.homes[agency], sequence)
            .is_some_and(|homes| homes.range(..=first_year).next_back().is_some_and(|(_, home)| home == parent))
    }

    /// Does what is asked at `sequence`. `etag` is that of the revision that a submission makes.
    pub fn apply(&mut self, asked: &Asked, sequence: u64, etag: &str) {
        match asked {
            Asked::Submit { report, received, request_id, .. } => {
                let before = self.standing(report, u64::MAX);
                let number = before.map_or(0, |before| before.number) + 1;
                let reviewed = report.ends_with(&format!("/{REVIEWED_YEAR}"));
                let accepted = if reviewed { before.and_then(|before| before.accepted) } else { Some(number) };
                let state = if reviewed { State::Submitted } else { State::Accepted };
                let standing = Standing { number, etag: etag.to_owned(), received: *received, state, accepted };
                self.received.insert((report.clone(), number), *received);
                self.reports.entry(report.clone()).or_default().push((sequence, standing));
                if let Some(id) = request_id {
                    self.requests.insert(id.clone(), (sequence, asked.clone()));
                }
            }
            Asked::Review { report, action, .. } => {
                let Some(mut standing) = self.standing(report, u64::MAX).cloned() else { return };
                let was_accepted = standing.state == State::Accepted;
                match action {
                    Review::Accept => (standing.state, standing.accepted) = (State::Accepted, Some(standing.number)),
                    Review::Return => standing.state = State::Returned,
                    Review::Withdraw => {
                        standing.state = State::Withdrawn;
                        standing.accepted = standing.accepted.filter(|_| !was_accepted);
                    }
                }
                standing.etag = etag_after(&standing.etag, sequence);
                self.reports.entry(report.clone()).or_default().push((sequence, standing));
            }
            Asked::Move { agency, parent, first_year } => {
                let mut homes = at(&self.homes[agency], u64::MAX).cloned().unwrap_or_default();
                homes.insert(*first_year, parent.clone());
                self.homes.entry(agency.clone()).or_default().push((sequence, homes));
                self.moves.push(sequence);
            }
            Asked::Read { .. } | Asked::RollUp(_) => {}
        }
    }

    /// Whether an agency counts in a jurisdiction in a year's tree.
    pub fn counts_in(&self, agency: &str, jurisdiction: &str, year: u16, sequence: u64) -> bool {
        let homes = at(&self.homes[agency], sequence);
        let mut place = homes.and_then(|homes| homes.range(..=year).next_back()).map_or("", |(_, home)| home.as_str());
        while place != jurisdiction {
            let Some((_, parent, _)) = TREE.iter().find(|(code, _, _)| *code == place) else { return false };
            place = parent;
        }
        true
    }

    /// The naive sum: every agency looked at, every accepted revision added up.
    pub fn sum(&self, question: &Question, sequence: u64) -> Sum {
        let tree_year = if question.hierarchy_year == 0 { question.year } else { question.hierarchy_year };
        let mut sum = Sum { sequence, total: 0, expected: 0, received: 0, included: 0, children: BTreeMap::default() };
        for number in 0..AGENCIES {
            let (name, _) = agency(number);
            if !self.counts_in(&name, &question.jurisdiction, tree_year, sequence) {
                continue;
            }
            sum.expected += 1;
            let report = report(number, question.year);
            let Some(standing) = self.standing(&report, sequence) else { continue };
            sum.received += i64::from(standing.state != State::Withdrawn || standing.accepted.is_some());
            let Some(accepted) = standing.accepted else { continue };
            sum.included += 1;
            let received = self.received.get(&(report, accepted)).copied().unwrap_or(0);
            sum.total += received;
            if question.by_child {
                // Agencies that are in no child are the jurisdiction's own, and stand under its code.
                let mut children = TREE.iter().filter(|(_, parent, _)| *parent == question.jurisdiction);
                let child = children.find(|(child, _, _)| self.counts_in(&name, child, tree_year, sequence));
                let code = child.map_or(question.jurisdiction.as_str(), |(code, _, _)| code);
                *sum.children.entry(code.to_owned()).or_default() += received;
            }
        }
        sum
    }
}
