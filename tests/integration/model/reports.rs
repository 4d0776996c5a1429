//! Reports as lists of revisions, each a plain map from cell to number, and what has happened to them.

use std::collections::BTreeMap;

/// How the newest revision stands; as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Submitted,
    Accepted,
    Returned,
    Withdrawn,
}

/// Figures by path; amounts in 0.000001 万元. A line that is not filled in is not there.
pub type Figures = BTreeMap<String, i128>;

/// The merged line of the form of 2021.
pub const MERGED: &str = "requests.other.unspecified";

#[derive(Debug, Clone)]
pub struct Event {
    pub sequence: i64,
    /// `submit`, or the review.
    pub action: &'static str,
    pub revision: usize,
}

/// One agency's report of one year.
#[derive(Debug, Clone)]
pub struct Report {
    pub revisions: Vec<Figures>,
    pub state: State,
    /// The revision that is accepted, counted from 1.
    pub accepted: Option<usize>,
    pub late: bool,
    pub etag: String,
    pub events: Vec<Event>,
}

impl Report {
    /// Handed in, and not taken back.
    pub fn is_received(&self) -> bool {
        self.state != State::Withdrawn || self.accepted.is_some()
    }

    /// The figures that count where reports in some states are asked for.
    pub fn counted(&self, states: &[State]) -> Option<&Figures> {
        if states.contains(&self.state) {
            return self.revisions.last();
        }
        let accepted = self.accepted.filter(|_| states.contains(&State::Accepted))?;
        self.revisions.get(accepted - 1)
    }

    pub fn review(&mut self, action: &'static str, sequence: i64) {
        let newest = self.revisions.len();
        match action {
            "accept" => {
                self.state = State::Accepted;
                self.accepted = Some(newest);
            }
            "return" => self.state = State::Returned,
            _ => {
                // Taking back what is accepted takes back what it replaced, too.
                if self.state == State::Accepted {
                    self.accepted = None;
                }
                self.state = State::Withdrawn;
            }
        }
        self.events.push(Event { sequence, action, revision: newest });
    }
}

/// When reports of a year are late, and whether they are reviewed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Collection {
    pub overdue: bool,
    pub reviewed: bool,
}

/// All reports, by agency and year.
pub type Reports = BTreeMap<(String, u16), Report>;
