//! Commits read back: what the entries of the journal did, as the observer was told when they were made.

use std::sync::Arc;

use crate::report::RevisionName;

use super::journal::{JournalEntry, Outcome};
use super::transaction::{Commit, Effect};
use super::{Store, StoreError};

/// The commits after journal sequence `after`, up to `to` and at most `limit`, with what they did to reports and to the
/// registry. Frozen forms, changes of access and words that were struck out are left out.
///
/// # Errors
/// Where the store cannot be read, or a record that an entry tells of is gone.
pub fn commits(store: &dyn Store, after: u64, to: u64, limit: usize) -> Result<Vec<Commit>, StoreError> {
    let mut entries = store.journal(after, limit)?;
    entries.retain(|entry| entry.sequence <= to);
    let Some(last) = entries.last() else { return Ok(Vec::new()) };
    let mut changes = store.registry(after, last.sequence)?.into_iter().peekable();
    let commits = entries.into_iter().map(|entry| {
        let of_entry = std::iter::from_fn(|| changes.next_if(|(sequence, _)| *sequence == entry.sequence));
        let mut effects: Vec<Effect> = of_entry.map(|(_, change)| Effect::Registry(change)).collect();
        effects.extend(of_report(store, &entry)?);
        Ok(Commit { entry, effects })
    });
    commits.collect()
}

/// What an entry did to a report; none where it tells of something else.
fn of_report(store: &dyn Store, entry: &JournalEntry) -> Result<Option<Effect>, StoreError> {
    let Some(name) = entry.revision() else { return Ok(None) };
    let Some(after) = store.standing(&name.report, entry.sequence)? else {
        return Err(StoreError::Damaged(format!("{name}, which the journal tells of")));
    };
    if after.status.sequence != entry.sequence {
        // It was read, or checked, and not changed.
        return Ok(None);
    }
    let before = store.standing(&name.report, entry.sequence - 1)?;
    if after.status.review != entry.sequence {
        return Ok(Some(Effect::Revision { before, after }));
    }
    let gone = || StoreError::Damaged(format!("the review of {name} that the journal tells of"));
    let reviews = store.reviews(&name.report, name.number..=name.number)?;
    let review = reviews.into_iter().find(|review| review.status.sequence == entry.sequence).ok_or_else(gone)?;
    let before = Box::new(before.ok_or_else(gone)?);
    Ok(Some(Effect::Review { before, review: Arc::new(review), after: Box::new(after) }))
}

impl JournalEntry {
    /// The revision that was stored or reviewed with it, which the ledger makes its subject; or one that was read.
    pub fn revision(&self) -> Option<RevisionName> {
        (self.outcome == Outcome::Accepted).then(|| self.subject.parse().ok())?
    }
}
