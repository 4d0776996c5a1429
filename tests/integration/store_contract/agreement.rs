//! Every store decides and keeps the same, whatever it is told.

use std::sync::Arc;

use huizong::store::{Decision, Store, StoreError, StoredRequest};
use proptest::prelude::*;

use crate::store_contract::contents::Contents;
use crate::store_contract::plans::{Plan, REQUESTS, any_plan};
use crate::store_contract::samples::*;

/// A decision without times, and hashes that include them.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Committed { sequence: u64, subject: String },
    Repeated(StoredRequest),
    RequestIdReused(StoredRequest),
    Stale,
    Failed(StoreError),
}

impl From<Result<Decision, StoreError>> for Answer {
    fn from(decision: Result<Decision, StoreError>) -> Self {
        match decision {
            Ok(Decision::Committed(commit)) => {
                Self::Committed { sequence: commit.entry.sequence, subject: commit.entry.subject.clone() }
            }
            Ok(Decision::Repeated(known)) => Self::Repeated(known),
            Ok(Decision::RequestIdReused(known)) => Self::RequestIdReused(known),
            Ok(Decision::Stale) => Self::Stale,
            Err(error) => Self::Failed(error),
        }
    }
}

/// Offers the transactions of each group at once and in order, so that a store may write them together. All of a group
/// rest on how reports stand before it.
async fn answers(store: &dyn Store, groups: &[Vec<Plan>]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for group in groups {
        let transactions: Vec<_> = group.iter().map(|plan| plan.transaction(store)).collect();
        let offers = transactions.into_iter().map(|transaction| store.commit(transaction));
        answers.extend(futures::future::join_all(offers).await.into_iter().map(Answer::from));
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn stores_decide_and_keep_the_same(
        groups in prop::collection::vec(prop::collection::vec(any_plan(), 1..8), 1..10)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ids: Vec<_> = (0..REQUESTS).map(request_id).collect();
        let open_sled = OpenSled::default();
        let stores: [Arc<dyn Store>; 2] = [OpenMemory.open(Witness::new()), open_sled.open(Witness::new())];
        let [memory, sled] = stores.map(|store| {
            let answers = runtime.block_on(answers(&*store, &groups));
            let contents = Contents::read(&*store, &ids);
            contents.assert_chain();
            (answers, contents.without_time())
        });
        prop_assert_eq!(memory, sled);
    }
}
