//! A small store with what is in memory of it, for tests.

use std::sync::Arc;

use crate::registry::{Jurisdiction, RegistryChange};
use crate::report::{Hash, Level, ReportYear};
use crate::store::{Change, Decision, MemoryStore, NewEntry, Outcome, Store as _, Transaction};

use super::Live;

/// A store and what follows it.
pub(crate) struct Sample {
    pub live: Arc<Live>,
    pub store: Arc<MemoryStore>,
}

impl Sample {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        let live = Arc::<Live>::default();
        let store = Arc::new(MemoryStore::new(live.clone()));
        live.load(&(store.clone() as Arc<dyn crate::store::Store>), None).unwrap();
        Self { live, store }
    }

    /// Commits a province.
    pub(crate) async fn add_province(&self, code: &str) {
        let province = RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.parse().unwrap(),
            parent: None,
            display_name: "样例省".to_owned(),
            level: Level::Province,
            first_year: year(),
        });
        let entry = NewEntry {
            actor: "test".to_owned(),
            by: String::new(),
            action: "registry.apply",
            subject: province.subject(),
            outcome: Outcome::Accepted,
            detail: String::new(),
            content_hash: Hash::default(),
        };
        let decision = self.store.commit(Transaction::of(vec![Change::Registry(province)], entry)).await.unwrap();
        assert!(matches!(decision, Decision::Committed(_)), "{decision:?}");
    }
}

/// The year from which on there is what is in it.
pub(crate) fn year() -> ReportYear {
    ReportYear::new(2022).unwrap()
}
