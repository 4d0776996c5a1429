//! A store that cannot be read for a moment costs what is in memory nothing.

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::BoxFuture;
use huizong::access::AccessChange;
use huizong::live::Live;
use huizong::registry::{Entry, RegistryChange};
use huizong::report::{
    AgencyKind, Hash, JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName,
};
use huizong::rollup::FrozenForm;
use huizong::service::{Caller, Service, Settings, Submission};
use huizong::simulation::{Parameters, Province};
use huizong::store::{
    Change, Decision, JournalEntry, Logged, MemoryStore, NewEntry, Outcome, Position, Records, RequestId, Standing,
    Store, StoreError, StoredRecord, StoredRequest, Transaction, Transactions,
};

/// A store of which so many reports, one after another, cannot be read.
struct Unsteady {
    inner: MemoryStore,
    failing: AtomicU32,
    failed: AtomicU32,
}

impl Store for Unsteady {
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>> {
        self.inner.commit(transaction)
    }

    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        if self.failing.load(Ordering::Relaxed) > 0 {
            self.failing.fetch_sub(1, Ordering::Relaxed);
            self.failed.fetch_add(1, Ordering::Relaxed);
            return Err(StoreError::Read("for a moment".to_owned()));
        }
        self.inner.standing(report, as_of)
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        self.inner.revision(name)
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        self.inner.revisions(report, before, limit)
    }

    fn reviews(&self, report: &ReportKey, revisions: RangeInclusive<u32>) -> Result<Vec<Review>, StoreError> {
        self.inner.reviews(report, revisions)
    }

    fn reports(
        &self,
        owners: Owners,
        year: ReportYear,
        after: Option<&ReportOwner>,
        limit: usize,
        as_of: u64,
    ) -> Result<Vec<Standing>, StoreError> {
        self.inner.reports(owners, year, after, limit, as_of)
    }

    fn years(&self, owners: Owners) -> Result<Vec<ReportYear>, StoreError> {
        self.inner.years(owners)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        self.inner.request(id)
    }

    fn registry(&self, after: u64, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError> {
        self.inner.registry(after, as_of)
    }

    fn access(&self) -> Result<Vec<(u64, AccessChange)>, StoreError> {
        self.inner.access()
    }

    fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        after: Option<(ReportYear, u32)>,
        limit: usize,
    ) -> Result<Vec<FrozenForm>, StoreError> {
        self.inner.frozen_forms(jurisdiction, after, limit)
    }

    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        self.inner.journal(after, limit)
    }

    fn records(&self, as_of: u64, after: Option<&[u8]>, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        self.inner.records(as_of, after, limit)
    }

    fn import(&self, records: Records, position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.import(records, position)
    }

    fn transactions(
        &self,
        after: u64,
        until: u64,
        take: &mut dyn FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.transactions(after, until, take)
    }

    fn import_transactions(
        &self,
        transactions: Transactions,
        position: Position,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.import_transactions(transactions, position)
    }

    fn position(&self) -> Position {
        self.inner.position()
    }

    fn writable(&self) -> Result<(), StoreError> {
        self.inner.writable()
    }
}

/// Moves an agency with reports to another jurisdiction while so many reads fail; why there are no sums any more, and how
/// many reads did fail.
async fn moved_while_failing(failing: u32) -> (Option<String>, u32) {
    let year = ReportYear::new(2022).unwrap();
    let parameters =
        Parameters { seed: 5, province: "230000".to_owned(), agencies: 160, first_year: year, last_year: year };
    let province = Province::simulate(&parameters).unwrap();
    let live = Arc::<Live>::default();
    let inner = MemoryStore::new(live.clone());
    let store = Arc::new(Unsteady { inner, failing: AtomicU32::new(0), failed: AtomicU32::new(0) });
    let service = Service::start(store.clone(), live, Settings::default()).unwrap();
    let caller = Caller::internal("sample");
    service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
    for report in province.reports(year) {
        let submission = Submission::first(ReportKey::of_agency(report.agency, year), report.figures);
        service.submit(&submission, &caller).await.unwrap();
    }
    let created = province.changes.iter().filter_map(|change| match change {
        RegistryChange::CreateAgency(agency) => Some(agency),
        _ => None,
    });
    let agencies: Vec<_> = created.collect();
    let of = |home: &JurisdictionCode| agencies.iter().filter(|agency| agency.jurisdiction == *home).count();
    let departments = agencies.iter().filter(|agency| agency.kind == AgencyKind::Department);
    // Of one that is alone in its jurisdiction the sum is known without its report.
    let moved = departments.max_by_key(|agency| of(&agency.jurisdiction)).unwrap();
    let parent = agencies.iter().map(|agency| &agency.jurisdiction).find(|home| **home != moved.jurisdiction);
    let parent = parent.expect("agencies of several jurisdictions").clone();
    let change = RegistryChange::Move { entry: Entry::Agency(moved.id.clone()), parent, first_year: year };
    let entry = NewEntry {
        actor: "sample".to_owned(),
        by: String::new(),
        action: "registry.apply",
        subject: change.subject(),
        outcome: Outcome::Accepted,
        detail: String::new(),
        content_hash: Hash::default(),
    };
    store.failing.store(failing, Ordering::Relaxed);
    // To the store itself: nobody has foreseen it.
    let decision = store.commit(Transaction::of(vec![Change::Registry(change)], entry)).await.unwrap();
    assert!(matches!(decision, Decision::Committed(_)), "{decision:?}");
    store.failing.store(0, Ordering::Relaxed);
    let fault = service.totals_fault();
    if fault.is_none() {
        assert_eq!(service.recount().await.unwrap().differences, []);
    }
    (fault, store.failed.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_read_that_fails_for_a_moment_costs_no_answer() {
    assert_eq!(moved_while_failing(1).await, (None, 1));
    let (fault, failed) = moved_while_failing(u32::MAX).await;
    assert!(fault.is_some_and(|fault| fault.contains("for a moment")), "better no sum than a wrong one");
    assert!(failed > 1, "it was tried again");
}
