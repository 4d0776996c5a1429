//! What an entry of the journal says of a refusal: the first line of its detail is the reason, with the rules for which.

use crate::access::SUBMIT;
use crate::report::ReportKey;

use super::journal::{JournalEntry, Outcome};

/// Between the reason and the rules, and between the rules.
const RULES: &str = ": ";
const NEXT: &str = ", ";

/// The detail of a refusal for a reason, for rules in their order, each once; `more` stands on lines of its own.
pub fn refusal_detail(reason: &str, rules: &[&str], more: &str) -> String {
    let mut detail = reason.to_owned();
    if !rules.is_empty() {
        detail.push_str(RULES);
        detail.push_str(&rules.join(NEXT));
    }
    if !more.is_empty() {
        detail.push('\n');
        detail.push_str(more);
    }
    detail
}

/// A report that was not taken because of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedReport<'a> {
    /// Whose report of which year.
    pub report: ReportKey,
    /// The rules that it broke, each once.
    pub rules: Vec<&'a str>,
}

impl<'a> RefusedReport<'a> {
    /// What an entry says of one; none for any other entry.
    pub fn of(entry: &'a JournalEntry) -> Option<Self> {
        if entry.action != SUBMIT || entry.outcome != Outcome::Refused {
            return None;
        }
        let (_, rules) = entry.detail.lines().next()?.split_once(RULES)?;
        let mut rules: Vec<&str> = rules.split(NEXT).collect();
        rules.sort_unstable();
        rules.dedup();
        Some(Self { report: entry.subject.parse().ok()?, rules })
    }
}
