//! Decides what a transaction does, the same for every store.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::report::{ReportKey, Revision};

use super::StoreError;
use super::journal::{JournalEntry, NewEntry, Position};
use super::record::{check_bytes, check_length};
use super::transaction::{Change, Commit, Decision, Effect, RequestId, StoredRequest, Transaction};

/// What was stored before the group of transactions at hand.
pub trait Stored {
    fn newest(&self, report: &ReportKey) -> Result<Option<Revision>, StoreError>;
    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError>;
}

/// A group of transactions decided one after another, to be written together.
pub struct Group<'a, S> {
    stored: &'a S,
    position: Position,
    heads: HashMap<ReportKey, Option<Arc<Revision>>>,
    requests: HashMap<RequestId, StoredRequest>,
    commits: Vec<Arc<Commit>>,
}

impl<'a, S: Stored> Group<'a, S> {
    /// Begins a group after `position`.
    pub fn after(position: Position, stored: &'a S) -> Self {
        Self { stored, position, heads: HashMap::new(), requests: HashMap::new(), commits: Vec::new() }
    }

    /// Where the journal stands after the group.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is to be written: commits in order, and the request ids.
    pub fn writes(&self) -> (&[Arc<Commit>], &HashMap<RequestId, StoredRequest>) {
        (&self.commits, &self.requests)
    }

    /// Decides one transaction at time `now`; an error leaves the group as it was.
    pub fn decide(&mut self, transaction: Transaction, now: Timestamp) -> Result<Decision, StoreError> {
        if let Some((id, fingerprint)) = transaction.request
            && let Some(known) = self.known_request(id)?
        {
            let same = known.fingerprint == fingerprint;
            return Ok(if same { Decision::Repeated(known) } else { Decision::RequestIdReused(known) });
        }
        for (report, expected) in &transaction.expected_heads {
            if self.head(report)?.map(|head| head.number) != *expected {
                return Ok(Decision::Stale);
            }
        }
        self.commit(transaction, now)
    }

    fn commit(&mut self, transaction: Transaction, now: Timestamp) -> Result<Decision, StoreError> {
        // Everything that can fail is read first, so that a failure leaves no trace.
        for change in &transaction.changes {
            if let Change::Revision(revision) = change {
                self.head(&revision.report)?;
            }
        }
        let mut new_entry = transaction.entry;
        check_lengths(&transaction.changes, &new_entry)?;
        let sequence = self.position.sequence + 1;
        let time = self.position.next_time(now);
        let mut effects = Vec::with_capacity(transaction.changes.len());
        for change in transaction.changes {
            match change {
                Change::Registry(change) => effects.push(Effect::Registry(change)),
                Change::Revision(mut revision) => {
                    let replaced = self.heads.get(&revision.report).cloned().flatten();
                    revision.number = replaced.as_ref().map_or(1, |head| head.number + 1);
                    revision.sequence = sequence;
                    revision.time = time;
                    new_entry.subject = revision.name().to_string();
                    let new = Arc::new(*revision);
                    self.heads.insert(new.report.clone(), Some(new.clone()));
                    if let Some((id, fingerprint)) = transaction.request {
                        self.requests.insert(id, StoredRequest { fingerprint, revision: new.name(), sequence });
                    }
                    effects.push(Effect::Revision { new, replaced });
                }
            }
        }
        let entry = JournalEntry::chained(new_entry, &self.position, now);
        self.position = entry.position();
        let commit = Arc::new(Commit { entry, effects });
        self.commits.push(commit.clone());
        Ok(Decision::Committed(commit))
    }

    fn head(&mut self, report: &ReportKey) -> Result<Option<&Arc<Revision>>, StoreError> {
        if !self.heads.contains_key(report) {
            let newest = self.stored.newest(report)?.map(Arc::new);
            self.heads.insert(report.clone(), newest);
        }
        Ok(self.heads.get(report).and_then(Option::as_ref))
    }

    fn known_request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        match self.requests.get(&id) {
            Some(known) => Ok(Some(known.clone())),
            None => self.stored.request(id),
        }
    }
}

/// Refuses what is too long to be stored. The numbers, times and hashes that are filled in later are given room for.
fn check_lengths(changes: &[Change], entry: &NewEntry) -> Result<(), StoreError> {
    for change in changes {
        match change {
            Change::Revision(revision) => check_length(&**revision)?,
            Change::Registry(change) => check_length(change)?,
        }
    }
    let texts = [entry.actor.as_str(), entry.action, &entry.subject, &entry.detail];
    check_bytes(texts.map(str::len).iter().sum())
}
