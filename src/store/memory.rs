//! The reference store: plain maps behind one lock. Forgets everything when it is dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName};
use crate::rollup::{FrozenForm, FrozenFormName};

use super::journal::{JournalEntry, Position};
use super::ledger::{Group, Stored, Version};
use super::transaction::{Commit, Decision, Effect, Observer, RequestId, Standing, StoredRequest, Transaction};
use super::{Store, StoreError};

/// A report as it stood after each of its changes.
#[derive(Default)]
struct Life {
    standings: Vec<Standing>,
    reviews: Vec<Review>,
}

impl Life {
    fn as_of(&self, sequence: u64) -> Option<&Standing> {
        self.standings.iter().rfind(|standing| standing.status.sequence <= sequence)
    }

    /// Revisions, newest first.
    fn revisions(&self) -> impl Iterator<Item = &Arc<Revision>> {
        let of_submission = |standing: &&Standing| standing.status.review == 0;
        self.standings.iter().rev().filter(of_submission).map(|standing| &standing.newest)
    }
}

#[derive(Default)]
struct Kept {
    reports: BTreeMap<(ReportYear, ReportOwner), Life>,
    requests: BTreeMap<RequestId, StoredRequest>,
    /// With the sequence number of each.
    registry: Vec<(u64, RegistryChange)>,
    frozen: BTreeMap<FrozenFormName, FrozenForm>,
    access: Vec<AccessChange>,
    journal: Vec<JournalEntry>,
}

impl Kept {
    fn life(&self, report: &ReportKey) -> Option<&Life> {
        self.reports.get(&(report.year, report.owner.clone()))
    }

    fn keep(&mut self, commit: &Commit) {
        self.journal.push(commit.entry.clone());
        for effect in &commit.effects {
            if let Some((_, after)) = effect.report() {
                let report = &after.newest.report;
                let life = self.reports.entry((report.year, report.owner.clone())).or_default();
                life.standings.push(after.clone());
                if let Effect::Review { review, .. } = effect {
                    life.reviews.push((**review).clone());
                }
            }
            if let Effect::Frozen(form) = effect {
                self.frozen.insert(form.name.clone(), (**form).clone());
            }
            if let Effect::Access(change) = effect {
                self.access.push(change.clone());
            }
            if let Effect::Registry(change) = effect {
                self.registry.push((commit.entry.sequence, change.clone()));
            }
        }
    }

    fn position(&self) -> Position {
        self.journal.last().map(JournalEntry::position).unwrap_or_default()
    }
}

impl Stored for Kept {
    fn version(&self, report: &ReportKey) -> Result<Option<Version>, StoreError> {
        let newest = self.life(report).and_then(|life| life.standings.last());
        Ok(newest.map(|standing| standing.status.version()))
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Ok(self.requests.get(&id).cloned())
    }

    fn registry_sequence(&self) -> Result<u64, StoreError> {
        Ok(self.registry.last().map_or(0, |(sequence, _)| *sequence))
    }

    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError> {
        Ok(self.frozen.contains_key(name))
    }
}

/// The revision that a request made, the last of several.
fn revision_of(commit: &Commit) -> Option<RevisionName> {
    let mut effects = commit.effects.iter().rev();
    effects.find_map(|effect| match effect {
        Effect::Revision { after, .. } => Some(after.newest.name()),
        Effect::Review { .. } | Effect::Registry(_) | Effect::Frozen(_) | Effect::Access(_) => None,
    })
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
        let request = transaction.request;
        let decision = group.decide(transaction, Timestamp::now())?;
        let commits = group.commits().to_vec();
        for commit in &commits {
            kept.keep(commit);
            if let (Some((id, fingerprint)), Some(revision)) = (request, revision_of(commit)) {
                let sequence = commit.entry.sequence;
                kept.requests.insert(id, StoredRequest { fingerprint, revision, sequence });
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

    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        Ok(self.read().life(report).and_then(|life| life.as_of(as_of)).cloned())
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        let kept = self.read();
        let mut revisions = kept.life(&name.report).into_iter().flat_map(Life::revisions);
        Ok(revisions.find(|revision| revision.number == name.number).map(|revision| (**revision).clone()))
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        let kept = self.read();
        let revisions = kept.life(report).into_iter().flat_map(Life::revisions);
        let wanted = revisions.filter(|revision| before.is_none_or(|before| revision.number < before));
        Ok(wanted.take(limit).map(|revision| (**revision).clone()).collect())
    }

    fn reviews(&self, report: &ReportKey, limit: usize) -> Result<Vec<Review>, StoreError> {
        let kept = self.read();
        let reviews = kept.life(report).map_or(&[][..], |life| &life.reviews);
        Ok(reviews.iter().take(limit).cloned().collect())
    }

    fn reports(
        &self,
        owners: Owners,
        year: ReportYear,
        after: Option<&ReportOwner>,
        limit: usize,
        as_of: u64,
    ) -> Result<Vec<Standing>, StoreError> {
        let kept = self.read();
        let of_year = kept.reports.iter().filter(|((of, owner), _)| *of == year && owner.sort() == owners);
        let wanted = of_year.filter(|((_, owner), _)| after.is_none_or(|after| owner > after));
        Ok(wanted.filter_map(|(_, life)| life.as_of(as_of)).take(limit).cloned().collect())
    }

    fn years(&self, owners: Owners) -> Result<Vec<ReportYear>, StoreError> {
        let kept = self.read();
        let mut years: Vec<_> =
            kept.reports.keys().filter(|(_, owner)| owner.sort() == owners).map(|(year, _)| *year).collect();
        years.dedup();
        Ok(years)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Stored::request(&*self.read(), id)
    }

    fn registry(&self, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError> {
        let kept = self.read();
        let changes = kept.registry.iter().take_while(|(sequence, _)| *sequence <= as_of);
        Ok(changes.cloned().collect())
    }

    fn access(&self) -> Result<Vec<AccessChange>, StoreError> {
        Ok(self.read().access.clone())
    }

    fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        after: Option<(ReportYear, u32)>,
        limit: usize,
    ) -> Result<Vec<FrozenForm>, StoreError> {
        let kept = self.read();
        let of_jurisdiction = kept.frozen.values().filter(|form| form.name.jurisdiction == *jurisdiction);
        let wanted =
            of_jurisdiction.filter(|form| after.is_none_or(|after| (form.name.year, form.name.number) > after));
        Ok(wanted.take(limit).cloned().collect())
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
