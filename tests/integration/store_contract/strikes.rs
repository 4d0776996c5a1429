//! People's words that are struck out: from every record, in each store, and never without an entry that tells of it.

use huizong::store::{
    Change, Evidence, Item, MemoryStore, NEWEST, NewEntry, Outcome, STRIKE, Store, StoreError, StoredRecord,
    Transaction, Value, entry_name,
};

use crate::store_contract::samples::*;
use crate::store_contract::verification::{everything, texts, verified};

pub fn strike(sequence: u64) -> Transaction {
    let entry = NewEntry { action: STRIKE, ..entry(&entry_name(sequence), Outcome::Accepted) };
    Transaction::of(vec![Change::Strike(sequence)], entry)
}

/// The records that have words, of entries up to a sequence number.
fn with_words(records: &[StoredRecord], up_to: u64) -> Vec<&StoredRecord> {
    let has_words = |item: &Item| match item {
        Item::Entry(entry) => !entry.is_struck(),
        item => Evidence::of(item).unwrap().lines.iter().any(|(_, value)| matches!(value, Value::Words { .. })),
    };
    let decode = |record: &StoredRecord| Item::decode(&record.key, &record.value).unwrap();
    records.iter().filter(|record| record.sequence <= Some(up_to) && has_words(&decode(record))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_go_from_every_kind_of_record_and_every_check_holds() {
    let (folder, files, disk) = (OpenSled::default(), OpenMemoryOverFiles::default(), OpenSledOverMemory::default());
    for open in [&OpenMemory as &dyn OpenStore, &folder, &files, &disk] {
        let store = open.open(Witness::new());
        everything(&*store).await;
        let whole = store.position();
        let before = store.records(NEWEST, None, 10_000).unwrap();
        // What was found before is found all the same: the samples tell of what is no submission.
        let faults = texts(&verified(&*store).0);
        for sequence in 1..=whole.sequence {
            commit(&*store, strike(sequence)).await;
        }
        let after = store.records(NEWEST, None, 10_000).unwrap();
        assert!(with_words(&before, whole.sequence).len() > 10);
        assert_eq!(with_words(&after, whole.sequence).len(), 0);
        assert_eq!(texts(&verified(&*store).0), faults);
        // The chain is what it was, and reads are of what is stored.
        let entries = store.journal(0, 10_000).unwrap();
        assert_eq!(entries[whole.sequence as usize - 1].chain, whole.chain);
        assert!(entries[..whole.sequence as usize].iter().all(|entry| entry.is_struck()));
        let standing = store.standing(&report("agency", 2022), NEWEST).unwrap().unwrap();
        assert!(standing.newest.reason.contains("struck out"), "{}", standing.newest.reason);
        // A second time nothing is there to go, and what was never written is not there.
        for sequence in [1, whole.sequence, 9999, 0] {
            let decision = store.commit(strike(sequence)).await.unwrap();
            assert!(matches!(decision, huizong::store::Decision::Stale), "{decision:?}");
        }
        let copy = MemoryStore::new(Witness::new());
        let position = store.position();
        copy.import(Box::new(after.into_iter().map(Ok)), position).await.unwrap();
        assert_eq!(texts(&verified(&copy).0), faults);
    }
}

#[tokio::test]
async fn words_go_from_the_log_and_stay_away_when_the_copy_is_made_anew() {
    let folder = OpenSled::default();
    let store = folder.open(Witness::new());
    everything(&*store).await;
    let whole = store.position();
    let before = store.records(NEWEST, None, 10_000).unwrap();
    let words_of = |record: &&StoredRecord| match Item::decode(&record.key, &record.value).unwrap() {
        Item::Entry(entry) => vec![entry.detail],
        item => {
            let lines = Evidence::of(&item).unwrap().lines.into_iter();
            lines.filter_map(|(_, value)| if let Value::Words { words } = value { Some(words) } else { None }).collect()
        }
    };
    let words: Vec<String> = with_words(&before, whole.sequence).iter().flat_map(words_of).collect();
    // The finding of a sample says the same as the comment on it, and stays.
    let words: Vec<String> = words.into_iter().filter(|words| words.len() > 8 && words != "请核实").collect();
    let in_log = || {
        let files = folder.folder().path().join("log").read_dir().unwrap();
        let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        let is_there = |words: &&String| bytes.windows(words.len()).any(|part| part == words.as_bytes());
        words.iter().filter(is_there).collect::<Vec<_>>()
    };
    assert!(words.len() > 5 && in_log().len() == words.len(), "{words:?}");
    for sequence in 1..=whole.sequence {
        commit(&*store, strike(sequence)).await;
    }
    assert_eq!(in_log(), Vec::<&String>::new());
    let after = store.records(NEWEST, None, 10_000).unwrap();
    drop(store);
    for name in ["db", "conf"] {
        std::fs::remove_file(folder.folder().path().join(name)).unwrap();
    }
    assert_eq!(folder.open(Witness::new()).records(NEWEST, None, 10_000).unwrap(), after);
}

/// Each record in the place of the one from before its words went, or after: neither fits to the others.
#[tokio::test]
async fn words_that_are_gone_or_there_by_themselves_are_noticed() {
    let store = MemoryStore::new(Witness::new());
    everything(&store).await;
    let whole = store.position();
    let before = store.records(NEWEST, None, 10_000).unwrap();
    for sequence in 1..=whole.sequence {
        commit(&store, strike(sequence)).await;
    }
    let after: Vec<StoredRecord> = store.records(NEWEST, None, 10_000).unwrap();
    let struck = |key: &[u8]| after.iter().find(|record| record.key == key).unwrap().clone();
    let taken = async |records: Vec<StoredRecord>, position| {
        let copy = MemoryStore::new(Witness::new());
        copy.import(Box::new(records.into_iter().map(Ok)), position).await
    };
    taken(before.clone(), whole).await.unwrap();
    let mut tried = 0;
    for (at, record) in before.iter().enumerate() {
        // A collection may carry words over that went from an earlier one.
        let kind = Evidence::of(&Item::decode(&record.key, &record.value).unwrap()).map(|evidence| evidence.kind);
        if with_words(std::slice::from_ref(record), whole.sequence).is_empty()
            || kind.as_deref() == Some("registry.collection")
        {
            continue;
        }
        let mut mixed = before.clone();
        mixed[at] = struck(&record.key);
        let refused = taken(mixed, whole).await;
        assert!(matches!(refused, Err(StoreError::Damaged(_))), "struck out alone: {record:?} {refused:?}");
        let mut mixed = after.clone();
        let place = mixed.iter().position(|other| other.key == record.key).unwrap();
        mixed[place] = record.clone();
        let refused = taken(mixed, store.position()).await;
        let is_entry = record.key[0] == b'j';
        // An entry with its words, whose records have none, has the salt that they went with.
        assert!(is_entry || matches!(refused, Err(StoreError::Damaged(_))), "there alone: {record:?} {refused:?}");
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
    let untold: Vec<StoredRecord> =
        after.into_iter().filter(|record| record.sequence <= Some(whole.sequence)).collect();
    let refused = taken(untold, whole).await;
    assert!(
        matches!(&refused, Err(StoreError::Damaged(text)) if text.contains("no entry after it tells")),
        "{refused:?}"
    );
}

/// Nothing new is written as if words had gone from it.
#[tokio::test]
async fn words_that_look_struck_out_are_not_stored() {
    let store = MemoryStore::new(Witness::new());
    let text = huizong::report::struck(huizong::report::Hash::of(b"words"));
    let transaction = refuse(&report("agency", 2022));
    let looking = Transaction { entry: NewEntry { detail: text, ..transaction.entry.clone() }, ..transaction };
    assert_eq!(store.commit(looking).await.map(|_| ()), Err(StoreError::LooksStruck));
    assert_eq!(store.position().sequence, 0);
}
