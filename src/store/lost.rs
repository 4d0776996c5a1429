//! Entries of the journal that are damaged wherever they were kept: which they are, what can still be told of each, and how
//! much was made again.

use std::fmt;

use crate::report::{ReportKey, RevisionName};

use super::item::Item;
use super::journal::JournalEntry;
use super::transaction::Requested;

/// What was damaged in one place and made again from the other, since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mendings {
    /// Entries of the log that were put back.
    pub entries: u64,
    /// Times that the copy was made anew.
    pub copies: u64,
}

/// What an entry that is lost was about, as far as one of its records can still be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostSubject {
    /// One of its records can be read, and says so.
    Report(ReportKey),
    /// Neither a report nor who may do what, by the word of its action.
    Action(String),
    /// It may have been anything.
    Unknown,
}

/// A journal entry of which the transaction is damaged in the log and in its copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEntry {
    /// Its sequence number: the entries around it tell which one is missing.
    pub sequence: u64,
    /// What it was about, as far as that can be told.
    pub subject: LostSubject,
}

impl LostEntry {
    /// Whether roles or credentials may have changed with it.
    pub fn may_be_of_access(&self) -> bool {
        self.subject == LostSubject::Unknown
    }

    /// Whether a report may have changed with it.
    pub fn may_be_of(&self, report: &ReportKey) -> bool {
        match &self.subject {
            LostSubject::Report(lost) => lost == report,
            LostSubject::Action(_) => false,
            LostSubject::Unknown => true,
        }
    }
}

impl LostSubject {
    /// By what is left of its records.
    pub(crate) fn of<'a>(mut items: impl Iterator<Item = &'a Item>) -> Self {
        let told = |item: &Item| match item {
            Item::Entry(entry) => Self::of_entry(entry),
            Item::Revision(revision) => Self::Report(revision.report.clone()),
            Item::Review(review) => Self::Report(review.revision.report.clone()),
            Item::Request { request, .. } => match &request.stored {
                Requested::Revision(name) | Requested::Review(name) => Self::Report(name.report.clone()),
                Requested::FrozenForm(_) => Self::Action("form.freeze".to_owned()),
                Requested::Registry(_) => Self::Action("registry.apply".to_owned()),
            },
            Item::Frozen(_) => Self::Action("form.freeze".to_owned()),
            Item::Registry { .. } => Self::Action("registry.apply".to_owned()),
            Item::Access { .. } => Self::Unknown,
        };
        items.find_map(|item| Some(told(item)).filter(|told| *told != Self::Unknown)).unwrap_or(Self::Unknown)
    }

    fn of_entry(entry: &JournalEntry) -> Self {
        let of_access = ["access.", "credential.", "store.restore"].iter().any(|area| entry.action.starts_with(area));
        match entry.subject.parse::<RevisionName>() {
            Ok(name) => Self::Report(name.report),
            // A restore ends credentials, too.
            Err(_) if of_access => Self::Unknown,
            Err(_) => Self::Action(entry.action.clone()),
        }
    }
}

impl fmt::Display for LostEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sequence)?;
        match &self.subject {
            LostSubject::Report(report) => write!(f, " ({report})"),
            LostSubject::Action(action) => write!(f, " ({action})"),
            LostSubject::Unknown => Ok(()),
        }
    }
}

/// Named in a message; all are counted.
const NAMED: usize = 10;

/// Lost entries in words: their numbers, and what they were about where that is known.
pub fn lost_in_words(lost: &[LostEntry]) -> String {
    let named: Vec<String> = lost.iter().take(NAMED).map(ToString::to_string).collect();
    let more = lost.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (entries, are) = if lost.len() == 1 { ("entry", "is") } else { ("entries", "are") };
    format!("journal {entries} {}{more} {are} damaged in the log and in its copy", named.join(", "))
}
