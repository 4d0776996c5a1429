//! The reference store: plain maps behind one lock. Forgets everything when it is dropped.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use crate::registry::RegistryChange;
use crate::report::{AgencyId, ReportKey, ReportYear, Revision, RevisionName};

use super::item::{ImportCheck, Item, StoredRecord, written};
use super::journal::{JournalEntry, Position};
use super::ledger::{Group, Stored};
use super::transaction::{Decision, Observer, RequestId, StoredRequest, Transaction};
use super::{Records, Store, StoreError};

#[derive(Default)]
struct Kept {
    revisions: BTreeMap<(ReportYear, AgencyId), Vec<Revision>>,
    requests: BTreeMap<RequestId, StoredRequest>,
    /// Changes with the sequence of their transaction.
    registry: Vec<(u64, RegistryChange)>,
    journal: Vec<JournalEntry>,
    /// Everything once more as records, for exports.
    records: BTreeMap<Vec<u8>, StoredRecord>,
    /// Why writes are stopped.
    stopped: Option<String>,
}

impl Kept {
    fn report(&self, report: &ReportKey) -> &[Revision] {
        self.revisions.get(&(report.year, report.agency.clone())).map_or(&[], Vec::as_slice)
    }

    fn position(&self) -> Position {
        self.journal.last().map(JournalEntry::position).unwrap_or_default()
    }

    /// Puts a record where it belongs; those of one kind come in their order.
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), StoreError> {
        let item = Item::decode(&key, &value)?;
        self.records.insert(key.clone(), StoredRecord { sequence: Some(item.sequence()), key, value });
        match item {
            Item::Entry(entry) => self.journal.push(entry),
            Item::Registry { sequence, change, .. } => self.registry.push((sequence, change)),
            Item::Request { id, request } => {
                self.requests.insert(id, request);
            }
            Item::Revision(revision) => {
                let key = (revision.report.year, revision.report.agency.clone());
                self.revisions.entry(key).or_default().push(*revision);
            }
        }
        Ok(())
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
        if let Some(reason) = &kept.stopped {
            return Err(StoreError::Stopped(reason.clone()));
        }
        let mut group = Group::after(kept.position(), &*kept);
        let decision = group.decide(transaction, Timestamp::now())?;
        let (commits, requests) = group.writes();
        let (commits, records) = (commits.to_vec(), written(commits, requests));
        for (key, value) in records {
            kept.put(key, value)?;
        }
        // The observer may read.
        drop(kept);
        self.observer.committed(&commits);
        Ok(decision)
    }

    fn take_in(&self, records: Records, position: Position) -> Result<(), StoreError> {
        let _committing = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.read().position().sequence > 0 {
            return Err(StoreError::NotEmpty);
        }
        self.writable()?;
        let taken = collect(records, position);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        match taken {
            Ok(all) => *kept = all,
            Err(error) => {
                kept.stopped = Some(error.to_string());
                return Err(error);
            }
        }
        Ok(())
    }
}

/// All records of another store, checked.
fn collect(records: Records, position: Position) -> Result<Kept, StoreError> {
    let mut kept = Kept::default();
    let mut check = ImportCheck::up_to(position);
    for record in records {
        let record = record?;
        check.next(&record)?;
        kept.put(record.key, record.value)?;
    }
    check.finish()?;
    Ok(kept)
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

    fn heads_as_of(
        &self,
        sequence: u64,
        year: ReportYear,
        after: Option<&AgencyId>,
        limit: usize,
    ) -> Result<Vec<Revision>, StoreError> {
        let kept = self.read();
        let of_year = kept.revisions.iter().filter(|((of, agency), _)| *of == year && after.is_none_or(|a| agency > a));
        let newest = |revisions: &[Revision]| revisions.iter().rfind(|revision| revision.sequence <= sequence).cloned();
        Ok(of_year.filter_map(|(_, revisions)| newest(revisions)).take(limit).collect())
    }

    fn years(&self) -> Result<Vec<ReportYear>, StoreError> {
        let mut years: Vec<_> = self.read().revisions.keys().map(|(year, _)| *year).collect();
        years.dedup();
        Ok(years)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        Stored::request(&*self.read(), id)
    }

    fn registry_as_of(&self, sequence: u64) -> Result<Vec<RegistryChange>, StoreError> {
        let kept = self.read();
        let changes = kept.registry.iter().take_while(|(of, _)| *of <= sequence);
        Ok(changes.map(|(_, change)| change.clone()).collect())
    }

    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        let entries = self.read();
        let wanted = entries.journal.iter().filter(|entry| entry.sequence > after);
        Ok(wanted.take(limit).cloned().collect())
    }

    fn records(&self, as_of: u64, after: Option<&[u8]>, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let kept = self.read();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let records = kept.records.range::<[u8], _>((start, Bound::Unbounded)).map(|(_, record)| record);
        let wanted = records.filter(|record| record.sequence.is_none_or(|sequence| sequence <= as_of));
        Ok(wanted.take(limit).cloned().collect())
    }

    fn import(&self, records: Records, position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(self.take_in(records, position)).boxed()
    }

    fn position(&self) -> Position {
        self.read().position()
    }

    fn writable(&self) -> Result<(), StoreError> {
        self.read().stopped.clone().map_or(Ok(()), |reason| Err(StoreError::Stopped(reason)))
    }
}
