//! Every store decides and keeps the same, whatever it is told.

use std::sync::Arc;

use futures::future::join_all;
use huizong::report::ReportKey;
use huizong::store::{Change, Decision, Store, StoreError, StoredRequest, Transaction};
use proptest::prelude::*;

use crate::contents::Contents;
use crate::samples::*;

const AGENCIES: [&str; 3] = ["agency", "agency-2", "11341702486344515H"];
const YEARS: [u16; 2] = [2021, 2022];
const REQUESTS: u128 = 4;

fn any_report() -> impl Strategy<Value = ReportKey> {
    (prop::sample::select(&AGENCIES[..]), prop::sample::select(&YEARS[..])).prop_map(|(agency, of)| report(agency, of))
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any_report(), 0..3i64).prop_map(|(report, n)| Change::Revision(Box::new(revision(&report, n, "any")))),
        1 => (0..5u8).prop_map(|n| Change::Registry(create_agency(&format!("agency-{n}")))),
    ]
}

fn any_transaction() -> impl Strategy<Value = Transaction> {
    let request = prop::option::of((0..REQUESTS, prop::sample::select(&["one", "another"][..])));
    let expected = prop::collection::vec((any_report(), prop::option::of(1..4u32)), 0..2);
    let changes = prop_oneof![6 => prop::collection::vec(any_change(), 0..3), 1 => Just(vec![too_long()])];
    (any_report(), request, expected, changes).prop_map(|(about, request, expected_heads, changes)| {
        let transaction = Transaction { expected_heads, changes, ..submit(&about, 0) };
        match request {
            Some((id, digest)) => transaction.with_request(request_id(id), digest),
            None => transaction,
        }
    })
}

fn too_long() -> Change {
    Change::Revision(Box::new(revision(&report("agency", 2022), 0, &"x".repeat(huizong::store::RECORD_BYTES_MAX))))
}

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

/// Offers the transactions of each group at once and in order, so that a store may write them together.
async fn answers(store: &dyn Store, groups: &[Vec<Transaction>]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for group in groups {
        let decisions = join_all(group.iter().map(|transaction| store.commit(transaction.clone()))).await;
        answers.extend(decisions.into_iter().map(Answer::from));
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn stores_decide_and_keep_the_same(
        groups in prop::collection::vec(prop::collection::vec(any_transaction(), 1..8), 1..6)
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
