//! A read as of a sequence number gives the same answer for ever, whatever is done to the store afterwards.

use std::collections::BTreeMap;

use huizong::registry::RegistryChange;
use huizong::store::{NEWEST, Pages, Standing, Store, each_standing};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::store_contract::contents::OWNERS;
use crate::store_contract::plans::{Plan, YEARS, any_plan, reports};
use crate::store_contract::samples::*;

/// More records at a time than there are.
const WHOLE: Pages = Pages { records: 1000, workers: 2 };

/// Everything that can be read as of a sequence number.
#[derive(Debug, Clone, PartialEq)]
struct Past {
    standings: Vec<Option<Standing>>,
    /// By owners and year, read at once and one by one.
    reports: Vec<(Vec<Standing>, Vec<Standing>)>,
    registry: Vec<(u64, RegistryChange)>,
}

impl Past {
    fn read(store: &dyn Store, as_of: u64) -> Self {
        let of_year = |owners, of| {
            let page = |after: Option<&Standing>, limit| {
                let after = after.map(|standing| &standing.newest.report.owner);
                store.reports(owners, year(of), after, limit, as_of).unwrap()
            };
            let mut one_by_one: Vec<Standing> = Vec::new();
            while let Some(next) = page(one_by_one.last(), 1).pop() {
                one_by_one.push(next);
            }
            let at_once = page(None, usize::MAX);
            for pages in [Pages { records: 1, workers: 1 }, Pages { records: 2, workers: 3 }, WHOLE] {
                let mut streamed = Vec::new();
                let take = |standings: Vec<Standing>| streamed.extend(standings);
                each_standing(store, (owners, year(of)), as_of, pages, |standings| standings, take).unwrap();
                assert_eq!(streamed, at_once, "{pages:?}");
            }
            (at_once, one_by_one)
        };
        Self {
            standings: reports().iter().map(|report| store.standing(report, as_of).unwrap()).collect(),
            reports: OWNERS.iter().flat_map(|owners| YEARS.map(|of| of_year(*owners, of))).collect(),
            registry: store.registry(0, as_of).unwrap(),
        }
    }
}

/// Remembers what the newest answers are after each commit, and asks for them at the end, when they are the past.
async fn check(store: &dyn Store, plans: &[Plan]) -> Result<(), TestCaseError> {
    let mut remembered = BTreeMap::from([(0, Past::read(store, NEWEST))]);
    for plan in plans {
        let before = store.position().sequence;
        let committed = store.commit(plan.transaction(store)).await.ok().and_then(committed);
        let sequence = store.position().sequence;
        prop_assert_eq!(sequence, before + u64::from(committed.is_some()));
        let past = Past::read(store, NEWEST);
        let known = remembered.entry(sequence).or_insert_with(|| past.clone());
        prop_assert_eq!(&*known, &past, "what was turned down has changed something");
    }
    for (sequence, past) in &remembered {
        prop_assert_eq!(&Past::read(store, *sequence), past, "as of {}", sequence);
        let at_once = past.reports.iter().flat_map(|(at_once, _)| at_once);
        let one_by_one = past.reports.iter().flat_map(|(_, one_by_one)| one_by_one);
        prop_assert!(at_once.clone().eq(one_by_one));
        prop_assert_eq!(at_once.count(), past.standings.iter().flatten().count());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_read_as_of_a_sequence_number_gives_the_same_answer_for_ever(
        plans in prop::collection::vec(any_plan(), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let open_sled = OpenSled::default();
        runtime.block_on(check(&*OpenMemory.open(Witness::new()), &plans))?;
        runtime.block_on(check(&*open_sled.open(Witness::new()), &plans))?;
    }
}
