//! What became of each fault: one line of the table that a long run ends with.

use std::fmt;
use std::time::Instant;

/// The rounds of one fault, and what was found in them.
#[derive(Debug)]
pub struct Row {
    pub fault: &'static str,
    pub seed: u64,
    pub rounds: u64,
    /// Calls that changed something and were acknowledged.
    pub acknowledged: u64,
    /// Acknowledged changes that were gone, or out of order.
    pub lost: u64,
    /// Changes of which a part was there.
    pub torn: u64,
    /// Answers with a figure that is none of its moment, and damage that passed for the truth.
    pub wrong: u64,
    /// Calls and starts that were refused as they had to be.
    pub refused: u64,
    is_skipped: bool,
    began: Instant,
    seconds: f64,
    /// What went wrong, in words.
    pub complaints: Vec<String>,
    /// What else is to be told.
    pub notes: Vec<String>,
}

impl Row {
    pub fn new(fault: &'static str, seed: u64) -> Self {
        Self {
            fault,
            seed,
            rounds: 0,
            acknowledged: 0,
            lost: 0,
            torn: 0,
            wrong: 0,
            refused: 0,
            is_skipped: false,
            began: Instant::now(),
            seconds: 0.0,
            complaints: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The row at the end of its time.
    pub fn done(mut self) -> Self {
        self.seconds = self.began.elapsed().as_secs_f64();
        self
    }

    /// Something else than lost, torn or wrong: a service that is down, slow, or refuses what it must not.
    pub fn complain(&mut self, complaint: impl Into<String>) {
        let complaint = complaint.into();
        eprintln!("{}: {complaint}", self.fault);
        self.complaints.push(complaint);
    }

    /// The same time, with what another process has counted.
    pub fn with_counts_of(self, other: Self) -> Self {
        Self { began: self.began, ..other }
    }

    /// It cannot be tried here, and why.
    pub fn skip(&mut self, why: &str) {
        self.is_skipped = true;
        self.notes.push(format!("skipped: {why}"));
    }

    pub fn is_good(&self) -> bool {
        (self.rounds > 0 || self.is_skipped) && self.lost + self.torn + self.wrong == 0 && self.complaints.is_empty()
    }
}

/// Titles of the columns, as wide as what stands under them.
pub const TITLE: &str =
    "fault         rounds       seed  acknowledged   lost   torn  wrong figures  refused as should   time (s)";

/// A row that another process has printed, with the lines of its notes.
pub fn parse(fault: &'static str, line: &str) -> Option<Row> {
    let mut words = line.split_whitespace();
    let is_it = words.next() == Some(fault);
    let numbers: Vec<&str> = words.collect();
    let [rounds, seed, acknowledged, lost, torn, wrong, refused, _] = numbers[..] else { return None };
    let number = |text: &str| text.parse().ok();
    is_it.then_some(Row {
        rounds: number(rounds)?,
        acknowledged: number(acknowledged)?,
        lost: number(lost)?,
        torn: number(torn)?,
        wrong: number(wrong)?,
        refused: number(refused)?,
        ..Row::new(fault, number(seed)?)
    })
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, rounds, seed, acknowledged, lost, torn, wrong, refused, seconds, .. } = self;
        write!(f, "{fault:<12}{rounds:>8}{seed:>11}{acknowledged:>14}{lost:>7}{torn:>7}{wrong:>15}{refused:>19}")?;
        write!(f, "{seconds:>11.1}")?;
        self.notes.iter().try_for_each(|note| write!(f, "\n  {note}"))?;
        self.complaints.iter().take(20).try_for_each(|complaint| write!(f, "\n  FAULT: {complaint}"))
    }
}
