//! Reading the journal, and how the service is.

use std::sync::PoisonError;

use jiff::Timestamp;

use crate::store::{JournalEntry, Outcome, Position, SignedHead, Store, StoreError};

use super::{Page, Problem, Recount, Service};

/// Entries read from the store at a time.
const READ: usize = 1000;

/// Entries looked at for one page; where few pass the filter, the page is short.
const LOOKED_AT_MAX: usize = 20 * READ;

/// How the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub position: Position,
    /// Why writes are refused; none while they are taken.
    pub problem: Option<String>,
    /// The head of the journal, signed; none without a key.
    pub head: Option<SignedHead>,
    /// What the newest recount found; none before the first.
    pub recount: Option<Recount>,
    /// This start made the store, for there was none.
    pub is_new_store: bool,
    /// What the clock of the machine says.
    pub machine_time: Timestamp,
}

/// Which entries are wanted; empty or none for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalFilter {
    pub action: String,
    /// A resource; those below it pass too.
    pub subject: String,
    pub start: Option<Timestamp>,
    /// The first time that is too late.
    pub end: Option<Timestamp>,
    pub outcome: Option<Outcome>,
}

impl JournalFilter {
    fn admits(&self, entry: &JournalEntry) -> bool {
        let below = || entry.subject.strip_prefix(&self.subject).is_some_and(|rest| rest.starts_with('/'));
        (self.action.is_empty() || entry.action == self.action)
            && (self.subject.is_empty() || entry.subject == self.subject || below())
            && self.start.is_none_or(|start| entry.time >= start)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
    }
}

impl Service {
    /// Entries after a sequence number that pass the filter, oldest first. A page with few entries, or none, is the
    /// last only where it names no next one.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn journal(&self, after: u64, size: usize, filter: JournalFilter) -> Result<Page<JournalEntry>, Problem> {
        self.blocking(move |store| filtered(store, after, size, &filter)).await
    }

    pub fn status(&self) -> Status {
        let position = self.store.position();
        let head = self.signing_key.as_ref().map(|key| key.sign(&position, self.now()));
        let problem = self.store.writable().err().map(|error| error.to_string());
        let recount = self.recounted.read().unwrap_or_else(PoisonError::into_inner).clone();
        Status { position, problem, head, recount, is_new_store: self.is_new_store, machine_time: self.machine_time() }
    }
}

fn filtered(
    store: &dyn Store,
    after: u64,
    size: usize,
    filter: &JournalFilter,
) -> Result<Page<JournalEntry>, StoreError> {
    let mut last = match filter.start {
        Some(start) => last_before(store, after, start)?,
        None => after,
    };
    let mut found = Vec::new();
    let mut looked_at = 0;
    while looked_at < LOOKED_AT_MAX {
        let entries = store.journal(last, READ)?;
        let end = entries.len() < READ;
        looked_at += entries.len();
        for entry in entries {
            if filter.end.is_some_and(|end| entry.time >= end) {
                return Ok(Page { items: found, next: None });
            }
            if filter.admits(&entry) {
                if found.len() == size {
                    return Ok(Page { items: found, next: Some(last.to_string()) });
                }
                last = entry.sequence;
                found.push(entry);
            } else {
                last = entry.sequence;
            }
        }
        if end {
            return Ok(Page { items: found, next: None });
        }
    }
    Ok(Page { items: found, next: Some(last.to_string()) })
}

/// The last entry not before `after` that is before a time; as time never runs backwards, it is found by halving.
fn last_before(store: &dyn Store, after: u64, time: Timestamp) -> Result<u64, StoreError> {
    let (mut before, mut not_before) = (after, store.position().sequence.saturating_add(1));
    while not_before.saturating_sub(before) > 1 {
        let middle = before + (not_before - before) / 2;
        let entries = store.journal(middle - 1, 1)?;
        if entries.first().is_some_and(|entry| entry.time < time) {
            before = middle;
        } else {
            not_before = middle;
        }
    }
    Ok(before)
}
