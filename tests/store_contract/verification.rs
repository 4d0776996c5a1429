//! What `verify` finds: nothing in a whole store, and each thing that is missing or changed in another.

use huizong::store::{Item, Store, Verification, Visitor, verify};

use crate::embedded::{fill, open, open_below};
use crate::samples::*;

#[derive(Default)]
struct Heads(usize);

impl Visitor for Heads {
    fn head(&mut self, _: &huizong::report::Revision) {
        self.0 += 1;
    }

    fn progress(&mut self, _: u64) {}
}

fn verified(store: &dyn Store) -> (Verification, usize) {
    let mut heads = Heads::default();
    (verify(store, store.position().sequence, &mut heads), heads.0)
}

#[tokio::test]
async fn a_whole_store_has_no_fault() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let (found, heads) = verified(&store);
    assert_eq!(found.faults, []);
    assert_eq!((found.position, found.revisions), (store.position(), 80));
    // 100 entries, 80 revisions with their request ids, 10 changes of the registry.
    assert_eq!(found.records, 100 + 80 + 80 + 10);
    let expected: usize = store.years().unwrap().iter().map(|y| store.heads(*y, None, 1000).unwrap().len()).sum();
    assert_eq!(heads, expected);
}

type Keys = Vec<Vec<u8>>;

#[tokio::test]
async fn whatever_is_missing_or_changed_is_named() {
    let keys = |store: &dyn Store, kind: u8| -> Keys {
        let records = store.records(u64::MAX, None, 10_000).unwrap();
        records.into_iter().map(|record| record.key).filter(|key| key[0] == kind).collect()
    };
    // Which record is taken away or exchanged, and what must be named.
    let cases: [(&str, u8, usize, &str); 4] = [
        ("a journal entry", b'j', 41, "journal entry 43"),
        ("the first revision of a report", b'r', 0, "revision 1 before it is missing"),
        ("the last revision of all", b'r', 79, "is gone"),
        ("a damaged record", b'q', 17, "request id"),
    ];
    for (name, kind, at, expected) in cases {
        let folder = new_folder();
        let store = open(&folder).unwrap();
        fill(&store).await;
        let key = keys(&store, kind)[at].clone();
        drop(store);
        let below = open_below(folder.path());
        if kind == b'q' {
            let mut value = below.get(&key).unwrap().unwrap().to_vec();
            *value.last_mut().unwrap() ^= 1;
            below.insert(&key, value).unwrap();
        } else {
            below.remove(&key).unwrap();
        }
        below.flush().unwrap();
        drop(below);
        let (found, _) = verified(&open(&folder).unwrap());
        let texts: Vec<_> = found.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.message.en)).collect();
        assert!(texts.iter().any(|text| text.contains(expected)), "{name}: {texts:?}");
        assert_eq!(found.faults_total as usize, found.faults.len());
    }
}

#[tokio::test]
async fn a_record_exchanged_for_an_older_one_of_the_same_kind_is_named() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let report = report("agency", 2022);
    for number in 0..3 {
        commit(&store, submit(&report, number)).await;
    }
    let records = store.records(u64::MAX, None, 100).unwrap();
    let revisions: Vec<_> = records
        .iter()
        .filter_map(|record| match Item::decode(&record.key, &record.value).unwrap() {
            Item::Revision(revision) => Some((record.key.clone(), record.value.clone(), revision)),
            _ => None,
        })
        .collect();
    drop(store);
    let below = open_below(folder.path());
    // Whole, with a checksum of its own, but under the key of another.
    below.insert(&revisions[1].0, revisions[0].1.clone()).unwrap();
    below.flush().unwrap();
    drop(below);
    let (found, _) = verified(&open(&folder).unwrap());
    assert!(found.faults.iter().any(|fault| fault.message.en.contains("another record's key")), "{:?}", found.faults);
    assert!(found.faults_total >= 2, "the revision that is no longer there is missed too: {:?}", found.faults);
}
