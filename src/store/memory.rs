//! The reference store: plain maps behind one lock. Forgets everything when it is dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use crate::registry::RegistryChange;
use crate::report::{AgencyId, ReportKey, ReportYear, Revision, RevisionName};

use super::journal::{JournalEntry, Position};
use super::ledger::{Group, Stored};
use super::transaction::{Decision, Effect, Observer, RequestId, StoredRequest, Transaction};
use super::{Store, StoreError};

#[derive(Default)]
struct Kept {
    revisions: BTreeMap<(ReportYear, AgencyId), Vec<Revision>>,
    requests: BTreeMap<RequestId, StoredRequest>,
    registry: Vec<RegistryChange>,
    journal: Vec<JournalEntry>,
}

impl Kept {
    fn report(&self, report: &ReportKey) -> &[Revision] {
        self.revisions.get(&(report.year, report.agency.clone())).map_or(&[], Vec::as_slice)
    }

    fn position(&self) -> Position {
        self.journal.last().map(JournalEntry::position).unwrap_or_default()
    }
}

impl Stored for Kept {
    fn newest(&self, report: &ReportKey) -> Result<Option<Revision>, StoreError> {
        Ok(self.report(report).last().cloned())
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Ok(self.requests.get(&id).cloned())
    }
}

/// The reference store.
pub struct MemoryStore {
    /// Held from a decision until the observer was told, so that both happen in one order.
    committing: Mutex<()>,
    kept: RwLock<Kept>,
    observer: Arc<dyn Observer>,
}

impl MemoryStore {
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { committing: Mutex::default(), kept: RwLock::default(), observer }
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        // A panic while writing is a defect of ours; what is kept was written before it and stays readable.
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, transaction: Transaction) -> Result<Decision, StoreError> {
        let _committing = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let mut group = Group::after(kept.position(), &*kept);
        let decision = group.decide(transaction, Timestamp::now())?;
        let (commits, requests) = group.writes();
        let (commits, requests) = (commits.to_vec(), requests.clone());
        kept.requests.extend(requests);
        for commit in &commits {
            kept.journal.push(commit.entry.clone());
            for effect in &commit.effects {
                match effect {
                    Effect::Registry(change) => kept.registry.push(change.clone()),
                    Effect::Revision { new, .. } => {
                        let key = (new.report.year, new.report.agency.clone());
                        kept.revisions.entry(key).or_default().push((**new).clone());
                    }
                }
            }
        }
        // The observer may read.
        drop(kept);
        self.observer.committed(&commits);
        Ok(decision)
    }
}

impl Store for MemoryStore {
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>> {
        ready(self.apply(transaction)).boxed()
    }

    fn head(&self, report: &ReportKey) -> Result<Option<Revision>, StoreError> {
        self.read().newest(report)
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        Ok(self.read().report(&name.report).iter().find(|revision| revision.number == name.number).cloned())
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        let kept = self.read();
        let revisions = kept.report(report).iter().rev();
        let wanted = revisions.filter(|revision| before.is_none_or(|before| revision.number < before));
        Ok(wanted.take(limit).cloned().collect())
    }

    fn heads(&self, year: ReportYear, after: Option<&AgencyId>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        let kept = self.read();
        let of_year = kept.revisions.iter().filter(|((of, agency), _)| *of == year && after.is_none_or(|a| agency > a));
        Ok(of_year.filter_map(|(_, revisions)| revisions.last()).take(limit).cloned().collect())
    }

    fn years(&self) -> Result<Vec<ReportYear>, StoreError> {
        let mut years: Vec<_> = self.read().revisions.keys().map(|(year, _)| *year).collect();
        years.dedup();
        Ok(years)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Stored::request(&*self.read(), id)
    }

    fn registry(&self) -> Result<Vec<RegistryChange>, StoreError> {
        Ok(self.read().registry.clone())
    }

    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        let entries = self.read();
        let wanted = entries.journal.iter().filter(|entry| entry.sequence > after);
        Ok(wanted.take(limit).cloned().collect())
    }

    fn position(&self) -> Position {
        self.read().position()
    }

    fn writable(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
