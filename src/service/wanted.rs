//! A store that is read only as long as somebody waits for what is read.

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::{Arc, Weak};

use futures::future::BoxFuture;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear, Review, Revision, RevisionName};
use crate::rollup::FrozenForm;
use crate::store::{
    Decision, JournalEntry, Logged, LostEntry, Mendings, Position, Records, RequestId, Standing, Store, StoreError,
    StoredRecord, StoredRequest, Transaction, Transactions,
};

/// What the work of a call reads: once the call is given up, the next read ends the work, so that it takes nobody's time.
pub(crate) struct WhileWanted {
    store: Arc<dyn Store>,
    /// Held by who waits.
    caller: Weak<()>,
}

impl WhileWanted {
    pub(crate) fn new(store: Arc<dyn Store>, caller: Weak<()>) -> Self {
        Self { store, caller }
    }

    fn store(&self) -> Result<&dyn Store, StoreError> {
        if self.caller.strong_count() == 0 {
            return Err(StoreError::Read("nobody waits for it any more".to_owned()));
        }
        Ok(&*self.store)
    }
}

impl Store for WhileWanted {
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Decision, StoreError>> {
        self.store.commit(transaction)
    }

    fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        self.store()?.standing(report, as_of)
    }

    fn revision(&self, name: &RevisionName) -> Result<Option<Revision>, StoreError> {
        self.store()?.revision(name)
    }

    fn revisions(&self, report: &ReportKey, before: Option<u32>, limit: usize) -> Result<Vec<Revision>, StoreError> {
        self.store()?.revisions(report, before, limit)
    }

    fn reviews(&self, report: &ReportKey, revisions: RangeInclusive<u32>) -> Result<Vec<Review>, StoreError> {
        self.store()?.reviews(report, revisions)
    }

    fn reports(
        &self,
        owners: Owners,
        year: ReportYear,
        after: Option<&ReportOwner>,
        limit: usize,
        as_of: u64,
    ) -> Result<Vec<Standing>, StoreError> {
        self.store()?.reports(owners, year, after, limit, as_of)
    }

    fn years(&self, owners: Owners) -> Result<Vec<ReportYear>, StoreError> {
        self.store()?.years(owners)
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        self.store()?.request(id)
    }

    fn registry(&self, after: u64, as_of: u64) -> Result<Vec<(u64, RegistryChange)>, StoreError> {
        self.store()?.registry(after, as_of)
    }

    fn access(&self) -> Result<Vec<(u64, AccessChange)>, StoreError> {
        self.store()?.access()
    }

    fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        after: Option<(ReportYear, u32)>,
        limit: usize,
    ) -> Result<Vec<FrozenForm>, StoreError> {
        self.store()?.frozen_forms(jurisdiction, after, limit)
    }

    fn journal(&self, after: u64, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        self.store()?.journal(after, limit)
    }

    fn records(&self, as_of: u64, after: Option<&[u8]>, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        self.store()?.records(as_of, after, limit)
    }

    fn import(&self, records: Records, position: Position) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.import(records, position)
    }

    fn transactions(
        &self,
        after: u64,
        until: u64,
        take: &mut dyn FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.store()?.transactions(after, until, take)
    }

    fn import_transactions(
        &self,
        transactions: Transactions,
        position: Position,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.import_transactions(transactions, position)
    }

    fn position(&self) -> Position {
        self.store.position()
    }

    fn look_for_damage(&self, after: u64, limit: u64) -> Result<u64, StoreError> {
        self.store()?.look_for_damage(after, limit)
    }

    fn mendings(&self) -> Mendings {
        self.store.mendings()
    }

    fn lost(&self) -> Vec<LostEntry> {
        self.store.lost()
    }

    fn writable(&self) -> Result<(), StoreError> {
        self.store.writable()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use crate::live::Live;
    use crate::service::{Service, Settings};
    use crate::store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn work_ends_with_the_call_that_waits_for_it() {
        let live = Arc::<Live>::default();
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, Settings::default()).unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let told = ended.clone();
        let work = service.blocking(move |store: &dyn Store| -> Result<(), StoreError> {
            while store.years(Owners::Agencies).is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
            told.store(true, Ordering::Relaxed);
            Ok(())
        });
        assert!(
            tokio::time::timeout(Duration::from_millis(50), work).await.is_err(),
            "it goes on while it is waited for"
        );
        let end = async {
            while !ended.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), end).await.expect("the work to end");
    }
}
