//! The reference store: plain maps behind one lock are the copy of a log, which is in memory too unless it is said where. What
//! that does not keep is forgotten with the store.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow, RangeInclusive};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName};
use crate::rollup::{FrozenForm, FrozenFormName};

use super::covered::prove;
use super::item::{ImportCheck, Item, StoredRecord, sequence_of};
use super::journal::{JournalEntry, Position};
use super::ledger::{Stored, TransactionGroup};
use super::log::{self, FileLog, Keyed, Log, Logged, MemoryLog, Piece, Sizes};
use super::transaction::{Decision, Observer, RequestId, Standing, StoredRequest, Transaction, Version};
use super::{Records, Store, StoreError, Transactions};

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
    access: Vec<(u64, AccessChange)>,
    journal: Vec<JournalEntry>,
    /// Everything once more as records, for exports.
    records: BTreeMap<Vec<u8>, StoredRecord>,
    /// Why writes are stopped.
    stopped: Option<String>,
}

impl Kept {
    fn life(&self, report: &ReportKey) -> Option<&Life> {
        self.reports.get(&(report.year, report.owner.clone()))
    }

    fn life_mut(&mut self, report: &ReportKey) -> &mut Life {
        self.reports.entry((report.year, report.owner.clone())).or_default()
    }

    /// Puts a record where it belongs; those of one kind, and those of one report, come in their order.
    fn put(&mut self, record: StoredRecord) -> Result<(), StoreError> {
        let item = Item::decode(&record.key, &record.value)?;
        self.records.insert(record.key.clone(), record);
        match item {
            Item::Entry(entry) => self.journal.push(entry),
            Item::Registry { sequence, change, .. } => self.registry.push((sequence, change)),
            Item::Revision(revision) => {
                let life = self.life_mut(&revision.report);
                life.standings.push(Standing::after_revision(life.standings.last(), Arc::clone(&revision)));
            }
            Item::Review(review) => {
                let life = self.life_mut(&review.revision.report);
                let unknown = || StoreError::Damaged(format!("{}, which was reviewed, is gone", review.revision));
                let after = life.standings.last().ok_or_else(unknown)?.after_review(&review);
                life.standings.push(after);
                life.reviews.push((*review).clone());
            }
            Item::Access { sequence, change, .. } => self.access.push((sequence, change)),
            Item::Frozen(form) => {
                self.frozen.insert(form.name.clone(), (*form).clone());
            }
            Item::Request { id, request } => {
                self.requests.insert(id, request);
            }
        }
        Ok(())
    }

    /// Puts a record without people's words in the place of what it was.
    fn replace(&mut self, record: StoredRecord) -> Result<(), StoreError> {
        let item = Item::decode(&record.key, &record.value)?;
        self.records.insert(record.key.clone(), record);
        match item {
            Item::Entry(entry) => {
                self.journal
                    .iter_mut()
                    .filter(|known| known.sequence == entry.sequence)
                    .for_each(|known| *known = entry.clone());
            }
            Item::Registry { sequence, position, change } => {
                let of_entry = self.registry.iter_mut().filter(|(of, _)| *of == sequence);
                of_entry.skip(position as usize).take(1).for_each(|(_, known)| *known = change.clone());
            }
            Item::Access { sequence, position, change } => {
                let of_entry = self.access.iter_mut().filter(|(of, _)| *of == sequence);
                of_entry.skip(position as usize).take(1).for_each(|(_, known)| *known = change.clone());
            }
            Item::Revision(revision) => {
                let life = self.life_mut(&revision.report);
                for standing in &mut life.standings {
                    let known = std::iter::once(&mut standing.newest).chain(&mut standing.accepted);
                    known
                        .filter(|known| known.number == revision.number)
                        .for_each(|known| *known = Arc::clone(&revision));
                }
            }
            Item::Review(review) => {
                let reviews = &mut self.life_mut(&review.revision.report).reviews;
                let same = reviews.iter_mut().filter(|known| known.status.sequence == review.status.sequence);
                same.for_each(|known| *known = (*review).clone());
            }
            Item::Frozen(form) => {
                self.frozen.insert(form.name.clone(), (*form).clone());
            }
            Item::Request { id, request } => {
                self.requests.insert(id, request);
            }
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.journal.last().map(JournalEntry::position).unwrap_or_default()
    }

    /// Takes a transaction that the log has; taking one again changes nothing.
    fn take(&mut self, logged: &Logged) -> Result<(), StoreError> {
        for Keyed { key, value } in logged.records.iter().cloned() {
            let record = StoredRecord { sequence: sequence_of(&key, &value), key, value };
            if self.records.contains_key(&record.key) { self.replace(record)? } else { self.put(record)? }
        }
        Ok(())
    }

    /// Transactions after a place, made of what is kept of them.
    fn transactions(&self, after: u64) -> Result<Vec<Logged>, StoreError> {
        let mut of_entries: BTreeMap<u64, Vec<Keyed>> = BTreeMap::new();
        for record in self.records.values() {
            let of_entry = of_entries.entry(record.sequence.unwrap_or(0)).or_default();
            // The entry comes first.
            let at = if record.key.first() == Some(&b'j') { 0 } else { of_entry.len() };
            of_entry.insert(at, record.clone().into());
        }
        of_entries.split_off(&(after + 1)).into_values().map(Logged::of).collect()
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

    fn access_sequence(&self) -> Result<u64, StoreError> {
        Ok(self.access.last().map_or(0, |(sequence, _)| *sequence))
    }

    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError> {
        Ok(self.frozen.contains_key(name))
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.records.get(key).map(|record| record.value.clone()))
    }
}

/// The reference store.
pub struct MemoryStore {
    /// Held from a decision until the observer was told, so that both happen in one order.
    committing: Mutex<()>,
    log: Box<dyn Log>,
    kept: RwLock<Kept>,
    observer: Arc<dyn Observer>,
}

impl MemoryStore {
    /// An empty store, whose commits `observer` is told of.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        let log = Box::<MemoryLog>::default();
        Self { committing: Mutex::default(), log, kept: RwLock::default(), observer }
    }

    /// A store whose log is in files in a folder, with what is there already; all of it is in memory besides.
    ///
    /// # Errors
    /// Where the log cannot be opened, or any of it cannot be read.
    pub fn over(directory: &Path, observer: Arc<dyn Observer>) -> Result<Self, StoreError> {
        let log = FileLog::open(&directory.join(log::FOLDER), Sizes::default())?;
        let mut kept = Kept::default();
        for piece in log.read(0) {
            match piece? {
                Piece::Transaction(logged) => kept.take(&logged)?,
                Piece::Gap(gap) => return Err(unreadable(&gap)),
            }
        }
        Ok(Self { committing: Mutex::default(), log: Box::new(log), kept: RwLock::new(kept), observer })
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        // A panic while writing is a defect of ours; what is kept was written before it and stays readable.
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends transactions to the log, and then takes them.
    fn take(&self, kept: &mut Kept, group: &[Logged]) -> Result<(), StoreError> {
        let appended = self.log.append(&kept.position(), group);
        appended.map_err(|error| StoreError::Unknown(error.to_string()))?;
        for logged in group {
            kept.take(logged)?;
            // People's words that it struck out go from the log of the earlier one, too.
            let sequences = logged.records.iter().filter_map(|Keyed { key, value }| sequence_of(key, value));
            let earlier: BTreeSet<u64> = sequences.filter(|sequence| *sequence < logged.position.sequence).collect();
            if let Some(first) = earlier.first() {
                let there = kept.transactions(first - 1)?.into_iter();
                let struck = there.filter(|there| earlier.contains(&there.position.sequence));
                struck.into_iter().try_for_each(|there| self.log.replace(&there))?;
            }
        }
        Ok(())
    }

    fn apply(&self, transaction: Transaction) -> Result<Decision, StoreError> {
        let _committing = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = &kept.stopped {
            return Err(StoreError::Stopped(reason.clone()));
        }
        let mut group = TransactionGroup::after(kept.position(), &*kept);
        let decision = group.decide(transaction, Timestamp::now())?;
        let (commits, logged) = (group.commits().to_vec(), group.take_logged());
        if let Err(error) = self.take(&mut kept, &logged) {
            kept.stopped = Some(error.to_string());
            return Err(error);
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
        let taken = collect(records, position).and_then(|all| {
            let appended = self.log.append(&Position::default(), &all.transactions(0)?);
            appended.map_err(|error| StoreError::Unknown(error.to_string())).map(|()| all)
        });
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

    fn follow(&self, transactions: Transactions, position: Position) -> Result<(), StoreError> {
        let _committing = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        self.writable()?;
        let followed = followed(self.read().position(), transactions, position);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let taken = followed.and_then(|group| self.take(&mut kept, &group));
        taken.inspect_err(|error| kept.stopped = Some(error.to_string()))
    }
}

/// What is said of entries that the log has no more.
fn unreadable(gap: &RangeInclusive<u64>) -> StoreError {
    StoreError::Damaged(format!("journal entry {} cannot be read in the log", gap.start()))
}

/// Transactions that follow a place, checked.
fn followed(mut last: Position, transactions: Transactions, position: Position) -> Result<Vec<Logged>, StoreError> {
    let mut group = Vec::new();
    for logged in transactions {
        let logged = logged?;
        prove(&logged, &last)?;
        last = logged.position;
        group.push(logged);
    }
    if (last.sequence, last.chain) != (position.sequence, position.chain) {
        return Err(StoreError::Damaged(format!(
            "they end at entry {} instead of {}",
            last.sequence, position.sequence
        )));
    }
    Ok(group)
}

/// All records of another store, checked.
fn collect(records: Records, position: Position) -> Result<Kept, StoreError> {
    let mut kept = Kept::default();
    let mut check = ImportCheck::up_to(position);
    for record in records {
        let record = record?;
        check.next(&record)?;
        kept.put(record)?;
    }
    check.finish()?;
    Ok(kept)
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

    fn reviews(&self, report: &ReportKey, revisions: RangeInclusive<u32>) -> Result<Vec<Review>, StoreError> {
        let kept = self.read();
        let reviews = kept.life(report).map_or(&[][..], |life| &life.reviews);
        Ok(reviews.iter().filter(|review| revisions.contains(&review.revision.number)).cloned().collect())
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

    fn registry(&self, after: u64, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError> {
        let kept = self.read();
        let first = kept.registry.partition_point(|(sequence, _)| *sequence <= after);
        let changes = kept.registry.iter().skip(first).take_while(|(sequence, _)| *sequence <= as_of);
        Ok(changes.cloned().collect())
    }

    fn access(&self) -> Result<Vec<(u64, AccessChange)>, StoreError> {
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

    fn transactions(
        &self,
        after: u64,
        until: u64,
        take: &mut dyn FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for piece in self.log.read(after) {
            let logged = match piece? {
                Piece::Transaction(logged) => logged,
                Piece::Gap(gap) => return Err(unreadable(&gap)),
            };
            if logged.position.sequence > until || take(logged).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn import_transactions(
        &self,
        transactions: Transactions,
        position: Position,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(self.follow(transactions, position)).boxed()
    }

    fn position(&self) -> Position {
        self.read().position()
    }

    fn writable(&self) -> Result<(), StoreError> {
        self.read().stopped.clone().map_or(Ok(()), |reason| Err(StoreError::Stopped(reason)))
    }
}
