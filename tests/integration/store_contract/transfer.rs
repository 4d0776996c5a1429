//! Records as of a sequence, imports, and the stream between two stores: what it promises when it is damaged.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use huizong::report::Hash;
use huizong::store::transfer::{self, Export, Summary, export_changes, place};
use huizong::store::{MemoryStore, Store, StoreError, StoredRecord};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::store_contract::contents::Contents;
use crate::store_contract::embedded::{fill, open};
use crate::store_contract::samples::*;

/// All records, page by page.
fn records(store: &dyn Store, as_of: u64) -> Vec<StoredRecord> {
    let mut records: Vec<StoredRecord> = Vec::new();
    loop {
        let page = store.records(as_of, records.last().map(|record| record.key.as_slice()), 7).unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}

/// The transactions of a store after a sequence number, as a stream.
fn changes(store: &dyn Store, since: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let since = place(store, since).unwrap().expect("an entry of that number");
    let send = |part: transfer::Part| {
        bytes.extend(part.bytes);
        ControlFlow::Continue(())
    };
    export_changes(store, since, send).unwrap();
    bytes
}

#[tokio::test]
async fn a_damaged_stream_of_transactions_is_refused_at_its_place() {
    let store = MemoryStore::new(Witness::new());
    fill(&store).await;
    let (folder, bytes) = (new_folder(), changes(&store, 10));
    let file = folder.path().join("changes");
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(transfer::verify(&file, |_| {}).unwrap().position, store.position());
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..100 {
        let mut damaged = bytes.clone();
        let at = random.random_range(0..damaged.len());
        match random.random_range(0..3) {
            0 => damaged[at] ^= 1 << random.random_range(0..8),
            1 => damaged.truncate(at),
            _ => drop(damaged.remove(at)),
        }
        std::fs::write(&file, &damaged).unwrap();
        let fault = transfer::verify(&file, |_| {}).unwrap_err();
        assert!(fault.offset <= at as u64, "{fault} for byte {at}");
    }
}

/// What [`every_store_promises`](crate) runs against each store.
pub mod promises {
    use huizong::store::Change;

    use super::*;

    pub async fn records_are_those_of_the_transactions_up_to_a_sequence(open: &impl OpenStore) {
        let store = open.open(Witness::new());
        assert_eq!(store.records(u64::MAX, None, 10), Ok(vec![]));
        let mut earlier = Vec::new();
        for number in 0..20 {
            let report = report(&format!("agency-{}", number % 3), 2022);
            let transaction = submit(&*store, &report, number).with_request(request_id(number as u128 * 77), "digest");
            commit(&*store, transaction.and(Change::Registry(create_agency(&format!("other-{number}"))))).await;
            earlier.push(records(&*store, u64::MAX));
        }
        for (sequence, then) in (1..).zip(&earlier) {
            assert_eq!(records(&*store, sequence), *then);
            assert_eq!(then.len(), 4 * sequence as usize, "entry, revision, registry change and request id");
        }
        let all = records(&*store, u64::MAX);
        assert!(all.is_sorted_by(|one, two| one.key < two.key));
        let mut by_sequence = BTreeMap::new();
        for record in &all {
            *by_sequence.entry(record.sequence).or_insert(0) += 1;
        }
        assert!(by_sequence.into_iter().eq((1..=20).map(|sequence| (Some(sequence), 4))));
    }

    pub async fn an_imported_store_is_the_one_that_it_came_from(open: &impl OpenStore) {
        let ids: Vec<_> = (0..100).map(request_id).collect();
        let from = MemoryStore::new(Witness::new());
        fill(&from).await;
        let witness = Witness::new();
        let store = open.open(witness.clone());
        let all = records(&from, u64::MAX).into_iter().map(Ok);
        store.import(Box::new(all), from.position()).await.unwrap();
        assert_eq!(Contents::read(&*store, &ids), Contents::read(&from, &ids));
        assert!(witness.seen().is_empty());
        // Both go on alike: the next entry is chained, the next number counted, known requests recognised.
        for store in [&*store, &from] {
            let known = first(&report("agency-0", 2019), 0).with_request(ids[0], "digest");
            assert!(committed(store.commit(known).await.unwrap()).is_none());
            commit(store, submit(store, &report("agency-0", 2019), 5)).await;
        }
        let (one, two) = (Contents::read(&*store, &ids), Contents::read(&from, &ids));
        one.assert_chain();
        assert_eq!(one.without_time(), two.without_time());
    }

    pub async fn transactions_since_a_moment_are_taken_by_whoever_stands_there(open: &impl OpenStore) {
        follow(&MemoryStore::new(Witness::new()), &*open.open(Witness::new())).await;
    }

    pub async fn its_transactions_make_the_same_store(open: &impl OpenStore) {
        follow(&*open.open(Witness::new()), &MemoryStore::new(Witness::new())).await;
    }

    async fn follow(from: &dyn Store, to: &dyn Store) {
        let ids: Vec<_> = (0..200).map(request_id).collect();
        let folder = new_folder();
        fill(from).await;
        let whole = folder.path().join("whole");
        std::fs::write(&whole, changes(from, 0)).unwrap();
        transfer::restore(&whole, to, |_| {}).await.unwrap();
        assert_eq!(Contents::read(to, &ids), Contents::read(from, &ids));
        let since = from.position().sequence;
        for number in 0..5 {
            let report = report(&format!("agency-{number}"), 2022);
            let transaction = submit(from, &report, number).with_request(request_id(150 + number as u128), "x");
            commit(from, transaction).await;
            commit(from, refuse(&report).and(Change::Access(authorize(200 + number as u8)))).await;
        }
        let later = folder.path().join("later");
        std::fs::write(&later, changes(from, since)).unwrap();
        let summary = transfer::verify(&later, |_| {}).unwrap();
        assert_eq!((summary.since.sequence, summary.position), (since, from.position()));
        // Up to a moment, and then the rest, for which the first file begins too early.
        transfer::restore_until(&later, to, since + 3, |_| {}).await.unwrap();
        assert_eq!(to.position().sequence, since + 3);
        let refused = transfer::restore(&later, to, |_| {}).await.unwrap_err();
        assert!(matches!(refused, StoreError::Read(_)), "{refused}");
        std::fs::write(&later, changes(from, since + 3)).unwrap();
        transfer::restore(&later, to, |_| {}).await.unwrap();
        assert_eq!(Contents::read(to, &ids), Contents::read(from, &ids));
        for store in [from, to] {
            commit(store, submit(store, &report("agency-0", 2019), 5)).await;
            Contents::read(store, &ids).assert_chain();
        }
    }

    pub async fn an_import_into_a_store_that_has_data_changes_nothing(open: &impl OpenStore) {
        let from = MemoryStore::new(Witness::new());
        fill(&from).await;
        let store = open.open(Witness::new());
        commit(&*store, submit(&*store, &report("agency", 2022), 1)).await;
        let before = Contents::read(&*store, &[]);
        let all = records(&from, u64::MAX).into_iter().map(Ok);
        assert_eq!(store.import(Box::new(all), from.position()).await, Err(StoreError::NotEmpty));
        assert_eq!(Contents::read(&*store, &[]), before);
        commit(&*store, submit(&*store, &report("agency", 2022), 2)).await;
    }

    pub async fn an_import_that_fails_shows_nothing_and_stops_writes(open: &impl OpenStore) {
        let from = MemoryStore::new(Witness::new());
        fill(&from).await;
        let store = open.open(Witness::new());
        let mut all: Vec<_> = records(&from, u64::MAX).into_iter().map(Ok).collect();
        all[200] = Err(StoreError::Damaged("sample".to_owned()));
        let empty = Contents::read(&*store, &[]);
        let failed = store.import(Box::new(all.into_iter()), from.position()).await;
        assert_eq!(failed, Err(StoreError::Damaged("sample".to_owned())));
        assert_eq!(Contents::read(&*store, &[]), empty);
        assert!(matches!(store.writable(), Err(StoreError::Stopped(_))));
        assert!(matches!(store.commit(first(&report("agency", 2022), 1)).await, Err(StoreError::Stopped(_))));
    }
}

type Change = fn(&mut Vec<StoredRecord>);

/// What an import must refuse, whatever the stream that it comes on.
#[tokio::test]
async fn records_that_do_not_belong_together_are_refused() {
    let from = MemoryStore::new(Witness::new());
    fill(&from).await;
    let whole = records(&from, u64::MAX);
    let changes: [(&str, Change); 6] = [
        ("a journal entry is missing", |all| drop(all.remove(all.iter().position(|r| r.key[0] == b'j').unwrap() + 5))),
        ("the last journal entry is missing", |all| {
            drop(all.remove(all.iter().rposition(|r| r.key[0] == b'j').unwrap()))
        }),
        ("two are in the wrong order", |all| all.swap(30, 31)),
        ("one comes twice", |all| all.insert(30, all[30].clone())),
        ("one stands under another's key", |all| {
            // Changes of the registry and of access do not repeat their key.
            let first = all.iter().position(|record| record.key[0] == b'r').unwrap();
            (all[first].value, all[first + 1].value) = (all[first + 1].value.clone(), all[first].value.clone())
        }),
        ("one bit is flipped", |all| all[150].value[20] ^= 1),
    ];
    for (name, change) in changes {
        let mut all = whole.clone();
        change(&mut all);
        let store = MemoryStore::new(Witness::new());
        let imported = store.import(Box::new(all.into_iter().map(Ok)), from.position()).await;
        assert!(matches!(imported, Err(StoreError::Damaged(_))), "{name}: {imported:?}");
    }
    let store = MemoryStore::new(Witness::new());
    assert_eq!(store.import(Box::new(whole.into_iter().map(Ok)), from.position()).await, Ok(()));
}

#[tokio::test]
async fn a_store_on_disk_whose_import_failed_is_not_opened_again() {
    let from = MemoryStore::new(Witness::new());
    fill(&from).await;
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let mut all: Vec<_> = records(&from, u64::MAX).into_iter().map(Ok).collect();
    all.push(Err(StoreError::Damaged("sample".to_owned())));
    assert!(store.import(Box::new(all.into_iter()), from.position()).await.is_err());
    drop(store);
    let Err(StoreError::Open(reason)) = open(&folder) else { panic!("half a store was opened") };
    assert!(reason.contains("restore"), "{reason}");
}

/// A stream in a file, and where its frames begin and end.
struct Sample {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    frames: Vec<std::ops::Range<usize>>,
}

impl Sample {
    async fn new() -> Self {
        let store = MemoryStore::new(Witness::new());
        for number in 0..800 {
            let report = report(&format!("agency-{}", number % 100), 2019 + number as u16 % 4);
            commit(&store, submit(&store, &report, number).with_request(request_id(number as u128 * 7919), "digest"))
                .await;
        }
        let mut bytes = Vec::new();
        let mut frames = Vec::new();
        for part in Export::of(&store) {
            let part = part.unwrap();
            frames.push(bytes.len()..bytes.len() + part.bytes.len());
            bytes.extend(part.bytes);
        }
        frames[0].start = MAGIC_BYTES;
        assert!(frames.len() > 6, "{} frames are too few to be mixed up", frames.len());
        Self { folder: tempfile::tempdir().unwrap(), bytes, frames }
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let file = self.folder.path().join("stream");
        std::fs::write(&file, bytes).unwrap();
        file
    }

    /// The frame and offset at which the bytes are refused.
    fn refused(&self, bytes: &[u8]) -> (u64, u64, String) {
        let error = transfer::verify(&self.file(bytes), |_| {}).expect_err("a damaged stream was taken for whole");
        let message = error.message();
        assert!(message.zh.contains(&error.offset.to_string()) && message.en.contains(&error.offset.to_string()));
        (error.frame, error.offset, message.en)
    }
}

const MAGIC_BYTES: usize = b"huizong-backup/1\n".len();

fn restored_contents(store: &dyn Store) -> Contents {
    Contents::read(store, &(0..100).map(request_id).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_stream_carries_a_store_into_any_other() {
    let folder = new_folder();
    let (memory, sled) = (MemoryStore::new(Witness::new()), open(&folder).unwrap());
    fill(&sled).await;
    let file = folder.path().join("stream");
    let bytes = |store: &dyn Store| -> Vec<u8> { Export::of(store).flat_map(|part| part.unwrap().bytes).collect() };
    std::fs::write(&file, bytes(&sled)).unwrap();
    let summary: Summary = transfer::verify(&file, |_| {}).unwrap();
    assert_eq!(summary.position, sled.position());
    assert_eq!(summary.records as usize, records(&sled, u64::MAX).len());
    assert_eq!(summary.sha256, Hash::of(&bytes(&sled)));
    transfer::restore(&file, &memory, |_| {}).await.unwrap();
    assert_eq!(restored_contents(&memory), restored_contents(&sled));
    let other = new_folder();
    let again = open(&other).unwrap();
    std::fs::write(&file, bytes(&memory)).unwrap();
    transfer::restore(&file, &again, |_| {}).await.unwrap();
    let expected = restored_contents(&sled);
    assert_eq!(restored_contents(&again), expected);
    // The same after opening again, and the same stream once more.
    drop(again);
    let again = open(&other).unwrap();
    assert_eq!(restored_contents(&again), expected);
    assert_eq!(bytes(&again), bytes(&sled));
}

#[tokio::test]
async fn an_empty_store_makes_a_stream_too() {
    let (from, to) = (MemoryStore::new(Witness::new()), MemoryStore::new(Witness::new()));
    let folder = new_folder();
    let file: &Path = &folder.path().join("stream");
    std::fs::write(file, Export::of(&from).flat_map(|part| part.unwrap().bytes).collect::<Vec<_>>()).unwrap();
    assert_eq!(transfer::verify(file, |_| {}).unwrap().records, 0);
    transfer::restore(file, &to, |_| {}).await.unwrap();
    commit(&to, first(&report("agency", 2022), 1)).await;
}

#[tokio::test]
async fn a_hundred_random_damages_are_each_refused_at_their_place() {
    let sample = Sample::new().await;
    transfer::verify(&sample.file(&sample.bytes), |_| {}).unwrap();
    let frame_of = |at: usize| {
        let frame = sample.frames.iter().position(|frame| frame.contains(&at)).unwrap_or(0);
        // What comes before the first frame is said to be at the very beginning.
        (frame as u64, if at < MAGIC_BYTES { 0 } else { sample.frames[frame].start as u64 })
    };
    let mut random = ChaCha8Rng::seed_from_u64(20);
    for round in 0..100 {
        let mut bytes = sample.bytes.clone();
        let (expected, what) = match round % 3 {
            0 => {
                let at = random.random_range(0..bytes.len());
                bytes[at] ^= 1 << random.random_range(0..8);
                (frame_of(at), format!("byte {at} flipped"))
            }
            1 => {
                let at = random.random_range(0..bytes.len());
                bytes.truncate(at);
                (frame_of(at), format!("cut off at {at}"))
            }
            _ => {
                let one = random.random_range(0..sample.frames.len() - 1);
                let two = random.random_range(one + 1..sample.frames.len());
                let mut order: Vec<_> = sample.frames.clone();
                order.swap(one, two);
                bytes.truncate(MAGIC_BYTES);
                order.into_iter().for_each(|frame| bytes.extend(&sample.bytes[frame]));
                ((one as u64, sample.frames[one].start as u64), format!("frames {one} and {two} exchanged"))
            }
        };
        let (frame, offset, message) = sample.refused(&bytes);
        assert_eq!((frame, offset), expected, "{what}: {message}");
    }
}

#[tokio::test]
async fn every_flipped_byte_of_a_short_stream_is_refused() {
    let store = MemoryStore::new(Witness::new());
    commit(&store, refuse(&report("agency", 2022))).await;
    let whole: Vec<u8> = Export::of(&store).flat_map(|part| part.unwrap().bytes).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stream");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] = !bytes[at];
        std::fs::write(&file, bytes).unwrap();
        assert!(transfer::verify(&file, |_| {}).is_err(), "byte {at} of {}", whole.len());
    }
}

#[tokio::test]
async fn a_frame_of_another_stream_and_anything_after_the_end_are_refused() {
    let (one, two) = (Sample::new().await, Sample::new().await);
    let at = 3;
    let mut bytes = one.bytes.clone();
    let other = &two.bytes[two.frames[at].clone()];
    bytes.splice(one.frames[at].clone(), other.iter().copied());
    assert_eq!(one.refused(&bytes).0, at as u64, "same number, other content");
    let mut bytes = one.bytes.clone();
    bytes.push(0);
    let (frame, offset, message) = one.refused(&bytes);
    assert_eq!((frame, offset), (one.frames.len() as u64, one.bytes.len() as u64), "{message}");
}
