//! What only the store on disk promises: everything is there after opening again, and what is not right is refused.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use huizong::report::{Owners, ReportKey, ReportState, ReviewAction, Revision, RevisionName, content_hash};
use huizong::simulation::{Parameters, Province};
use huizong::store::{
    Boot, Change, Item, LostEntry, LostSubject, Mendings, NEWEST, STORE_VERSION, SledOptions, SledStore, Store,
    StoreError, Transaction, put_back,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::store_contract::contents::Contents;
use crate::store_contract::samples::*;
use crate::store_contract::strikes::strike;
use crate::support::below::{open_below, without_past};

const HEADER_KEY: &[u8] = b"m";
/// Of a store from before there was a log.
const WHOLE_VERSION: u8 = 1;

pub fn open(folder: &TempDir) -> Result<SledStore, StoreError> {
    SledStore::open(&sled_options(folder), Witness::new())
}

/// Stores revisions and reviews of some reports, registry changes, frozen forms and refusals, with requests 0 to 99.
pub async fn fill(store: &dyn Store) {
    for round in 0..10u128 {
        let of = 2019 + round as u16 % 4;
        let transactions = (0..10u128).map(|number| {
            let id = round * 10 + number;
            let transaction = match number {
                6 => hand_in(store, &consolidated("230000", of), id as i64),
                7 => freeze(frozen("230100", of, id as u32)),
                8 => refuse(&report("agency", 2022)),
                9 => refuse(&report("agency", 2022))
                    .and(Change::Registry(create_agency(&format!("agency-{round}"))))
                    .and(Change::Access(authorize(id as u8))),
                0..4 => submit(store, &report(&format!("agency-{number}"), of), id as i64),
                _ => hand_in(store, &report(&format!("agency-{number}"), of), id as i64),
            };
            transaction.with_request(request_id(id), "digest")
        });
        let transactions: Vec<_> = transactions.collect();
        assert!(offer(store, transactions).await.into_iter().all(|decision| committed(decision).is_some()));
        let action = ReviewAction::ALL[round as usize % 3];
        let waiting = [report("agency-4", of), report("agency-5", of), consolidated("230000", of)];
        let reviews = waiting.iter().map(|report| review(store, report, action)).collect();
        assert!(offer(store, reviews).await.into_iter().all(|decision| committed(decision).is_some()));
    }
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let folder = new_folder();
    let ids: Vec<_> = (0..100).map(request_id).collect();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let mut before = Contents::read(&store, &ids);
    assert!(
        !before.reviews.is_empty()
            && !before.frozen.is_empty()
            && !before.access.is_empty()
            && before.years.iter().all(|years| years.len() == 4)
    );
    drop(store);
    let report = report("agency-0", 2019);
    for round in 0..3 {
        let store = open(&folder).unwrap();
        let after = Contents::read(&store, &ids);
        after.assert_chain();
        assert_eq!(after, before, "round {round}");
        // Goes on where it stopped: the next entry is chained, the next number counted, known requests recognized,
        // conditions on reports and the registry checked, forms not frozen again.
        let turned_down: [Transaction; 4] = [
            submit(&store, &report, 1).with_request(ids[0], "digest"),
            first(&report, 1),
            refuse(&report).expecting_registry(1),
            freeze(frozen("230100", 2019, 7)),
        ];
        assert!(offer(&store, turned_down.to_vec()).await.into_iter().all(|decision| committed(decision).is_none()));
        let registered = before.registry.last().map_or(0, |(sequence, _)| *sequence);
        commit(&store, submit(&store, &report, round).expecting_registry(registered)).await;
        commit(&store, review(&store, &report, ReviewAction::Withdraw)).await;
        before = Contents::read(&store, &ids);
        before.assert_chain();
        assert_eq!(before.journal.len(), after.journal.len() + 2);
    }
}

#[tokio::test]
async fn whatever_copy_and_log_a_store_has_it_is_the_same_after_opening_again() {
    let stores: [&dyn OpenStore; 3] =
        [&OpenMemoryOverFiles::default(), &OpenSledOverMemory::default(), &OpenSled::default()];
    let ids: Vec<_> = (0..100).map(request_id).collect();
    for open in stores {
        let store = open.open(Witness::new());
        fill(&*store).await;
        commit(&*store, strike(3)).await;
        let before = Contents::read(&*store, &ids);
        let transactions = |store: &dyn Store| {
            let mut all = Vec::new();
            let take = &mut |logged| {
                all.push(logged);
                ControlFlow::Continue(())
            };
            store.transactions(0, NEWEST, take).unwrap();
            all
        };
        let told = transactions(&*store);
        assert_eq!(told.len() as u64, before.position.sequence);
        let third = &told[2].records[0];
        assert!(matches!(Item::decode(&third.key, &third.value), Ok(Item::Entry(entry)) if entry.is_struck()));
        drop(store);
        for _ in 0..2 {
            let store = open.open(Witness::new());
            assert_eq!(Contents::read(&*store, &ids), before);
            let (now, position) = (transactions(&*store), store.position());
            assert_eq!(now.last().unwrap().position, position);
            assert_eq!(
                now.iter().map(|one| one.position).collect::<Vec<_>>(),
                told.iter().map(|one| one.position).collect::<Vec<_>>()
            );
        }
        let store = open.open(Witness::new());
        commit(&*store, submit(&*store, &report("agency-0", 2019), 1)).await;
        assert_eq!(store.position().sequence, before.position.sequence + 1);
    }
}

#[tokio::test]
async fn long_records_stay_in_the_data_file() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let text = "x".repeat(huizong::store::RECORD_BYTES_MAX - 4096);
    for group in 0..6 {
        let long = (0..20).map(|number| {
            let report = report(&format!("agency-{}", number % 5), 2020 + number / 5);
            let before = newest(&store, &report);
            let change = match before {
                Some(before) if group % 2 == 1 => reviewing(before, ReviewAction::Return, &text),
                before => revise(before, ReportState::Submitted, revision(&report, group, &text)),
            };
            refuse(&report).and(change)
        });
        let long: Vec<_> = long.collect();
        assert!(offer(&store, long).await.into_iter().all(|decision| committed(decision).is_some()));
    }
    // sled would put a page that is too large for its data file here, and would not sync it.
    assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0);
    let before = Contents::read(&store, &[]);
    assert_eq!((before.revisions.len(), before.reviews.len()), (60, 60));
    drop(store);
    assert_eq!(Contents::read(&open(&folder).unwrap(), &[]), before);
}

#[tokio::test]
async fn what_was_taken_on_is_finished_before_the_store_closes() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let offers: Vec<_> = (0..50).map(|number| first(&report(&format!("agency-{number}"), 2022), number)).collect();
    for transaction in offers {
        // Polled once: the transaction is in the queue, and nobody waits for the answer.
        let _ = futures::FutureExt::now_or_never(store.commit(transaction));
    }
    drop(store);
    assert_eq!(open(&folder).unwrap().position().sequence, 50);
}

#[test]
fn a_missing_folder_is_made() {
    let folder = new_folder();
    let below = folder.path().join("data").join("store");
    SledStore::open(&SledOptions { cache_bytes: 16 << 20, ..SledOptions::new(&below) }, Witness::new()).unwrap();
    assert!(below.join("db").exists());
}

#[test]
fn a_second_opening_of_the_same_folder_is_refused_and_says_why() {
    let folder = new_folder();
    let first = open(&folder).unwrap();
    let Err(StoreError::Open(message)) = open(&folder) else { panic!("opened twice") };
    assert!(message.contains("another process has it open"), "{message}");
    assert!(message.contains(&folder.path().display().to_string()), "{message}");
    drop(first);
    open(&folder).unwrap();
}

#[test]
fn a_newer_format_is_refused_by_its_version() {
    let folder = new_folder();
    drop(open(&folder).unwrap());
    let below = open_below(folder.path());
    let mut header = below.get(HEADER_KEY).unwrap().unwrap().to_vec();
    header[0] = STORE_VERSION + 1;
    below.insert(HEADER_KEY, header).unwrap();
    drop(below);
    let expected = StoreError::FormatVersion { found: STORE_VERSION + 1, supported: STORE_VERSION };
    assert_eq!(open(&folder).err(), Some(expected));
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_was() {
    for tree in [None, Some("orders")] {
        let folder = new_folder();
        let below = open_below(folder.path());
        match tree {
            None => below.insert("key", "value").unwrap(),
            Some(tree) => below.open_tree(tree).unwrap().insert("key", "value").unwrap(),
        };
        drop(below);
        let error = open(&folder).err();
        assert!(matches!(&error, Some(StoreError::Open(message)) if message.contains("another program")), "{error:?}");
        assert_eq!(open_below(folder.path()).get(HEADER_KEY).unwrap(), None);
    }
}

#[test]
fn another_programs_file_is_refused_and_left_as_it_was() {
    for name in ["db", "conf"] {
        let folder = new_folder();
        let content = format!("another program's {name}").repeat(100);
        std::fs::write(folder.path().join(name), &content).unwrap();
        let error = open(&folder).err();
        assert!(matches!(error, Some(StoreError::Open(_) | StoreError::Damaged(_))), "{name}: {error:?}");
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), content);
    }
}

#[tokio::test]
async fn a_snapshot_that_a_power_cut_left_unfinished_is_no_obstacle() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let before = Contents::read(&store, &[]);
    drop(store);
    // Later than any other by its name, so that sled would take it for the newest.
    let unfinished = folder.path().join("snap.FFFFFFFFFFFFFFFF.generating");
    for content in [&b""[..], b"the first part of a snapshot"] {
        std::fs::write(&unfinished, content).unwrap();
        assert_eq!(Contents::read(&open(&folder).unwrap(), &[]), before);
        assert!(!unfinished.exists());
    }
    let _open = open(&folder).unwrap();
    std::fs::write(&unfinished, "").unwrap();
    assert!(open(&folder).is_err());
    assert!(unfinished.exists(), "what another process has open is left alone");
}

/// The key of a revision of an agency's report: kind, year, agency id padded to 40 bytes, number.
fn revision_key(name: &RevisionName) -> Vec<u8> {
    let mut key = vec![b'r'];
    key.extend(name.report.year.get().to_be_bytes());
    key.extend(name.report.owner.id().bytes());
    key.resize(1 + 2 + 40, 0);
    key.extend(name.number.to_be_bytes());
    key
}

/// The key of a review: the revision's, sequence number.
fn review_key(name: &RevisionName, sequence: u64) -> Vec<u8> {
    [revision_key(name), sequence.to_be_bytes().to_vec()].concat()
}

/// The only file of a small store's log.
fn log_file(folder: &Path) -> PathBuf {
    let files: Vec<_> = folder.join("log").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test]
async fn a_damaged_record_is_made_again_from_the_log_and_never_read_as_another_value() {
    let (good, bad) = (report("good", 2022), report("bad", 2022));
    for of_review in [false, true] {
        let folder = new_folder();
        let store = open(&folder).unwrap();
        for report in [&good, &bad] {
            commit(&store, hand_in(&store, report, 1)).await;
        }
        let reviewed = commit(&store, review(&store, &bad, ReviewAction::Accept)).await;
        let name = newest(&store, &bad).unwrap().newest.name();
        let before = Contents::read(&store, &[]);
        drop(store);

        let key = if of_review { review_key(&name, reviewed.entry.sequence) } else { revision_key(&name) };
        let damage = || {
            let below = open_below(folder.path());
            let value = below.get(&key).unwrap().expect("keys are as documented").to_vec();
            let mut damaged = value.clone();
            damaged[value.len() / 2] ^= 1;
            below.insert(&key, damaged).unwrap();
            value
        };
        damage();
        let store = open(&folder).unwrap();
        assert_eq!(Contents::read(&store, &[]), before, "it is read as it was");
        assert_eq!(store.mendings(), Mendings { entries: 0, copies: 1 });
        // The journal's next entry says so, and the one after it is the caller's.
        assert_eq!(commit(&store, submit(&store, &good, 2)).await.entry.sequence, 5);
        let told = store.journal(3, 1).unwrap().remove(0);
        assert_eq!((told.actor.as_str(), told.action.as_str()), ("huizong", "store.mend"));
        assert_eq!(told.detail, "entries put back into the log 0\ncopies made anew 1");
        assert_eq!(commit(&store, submit(&store, &good, 3)).await.entry.sequence, 6, "it is told once");
        let (before, records) = (Contents::read(&store, &[]), store.records(NEWEST, None, usize::MAX).unwrap());
        drop(store);

        // In both places at once: it is named, nothing is read in its stead, and everything else is.
        assert_eq!(damage_file(&log_file(folder.path()), &damage()), 1);
        without_past(folder.path());
        let lost = LostEntry { sequence: name_sequence(of_review), subject: LostSubject::Report(bad.clone()) };
        for _ in 0..2 {
            let store = open(&folder).unwrap();
            let error = store.standing(&bad, NEWEST).unwrap_err();
            assert!(matches!(error, StoreError::Damaged(_)), "{error}");
            let error = store.reports(Owners::Agencies, year(2022), None, 10, NEWEST).unwrap_err();
            assert!(matches!(error, StoreError::Damaged(_)), "{error}");
            assert_eq!(store.lost(), std::slice::from_ref(&lost));
            assert_eq!(store.standing(&good, NEWEST).unwrap().unwrap().newest.number, 3);
            assert_eq!(store.journal(0, 100).unwrap().len(), 5, "the others are there");
            let refused = store.commit(submit(&store, &good, 4)).await.unwrap_err();
            assert!(matches!(&refused, StoreError::Stopped(reason) if reason.contains(&lost.to_string())), "{refused}");
        }
        // What a backup has of it is put back, and it is as it was.
        let other = new_folder();
        {
            let store = open(&folder).unwrap();
            assert_eq!(store.standing(&good, 1).unwrap().unwrap().newest.number, 1);
        }
        assert!(put_back(other.path(), |_| Ok(Vec::new())).is_err(), "there is no store");
        let nothing = put_back(folder.path(), |_| Ok(Vec::new())).unwrap();
        assert_eq!((nothing.there, nothing.lost), (vec![], vec![lost.clone()]));
        let found = put_back(folder.path(), |wanted| {
            Ok(records.into_iter().filter(|record| record.sequence.is_some_and(wanted)).collect())
        });
        assert_eq!(found.unwrap().there, [lost.sequence]);
        let store = open(&folder).unwrap();
        assert_eq!((Contents::read(&store, &[]), store.lost()), (before, vec![]));
        commit(&store, submit(&store, &good, 4)).await;
    }
}

/// Of the revision, or of its review, in the store of the test above.
fn name_sequence(of_review: bool) -> u64 {
    if of_review { 3 } else { 2 }
}

#[tokio::test]
async fn what_neither_has_whole_is_put_together_of_both() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let report = report("agency", 2022);
    commit(&store, hand_in(&store, &report, 1)).await;
    let transaction = submit(&store, &report, 2).with_request(request_id(7), "digest");
    commit(&store, transaction).await;
    commit(&store, submit(&store, &report, 3)).await;
    let before = Contents::read(&store, &[request_id(7)]);
    drop(store);
    // Of one transaction, the copy loses the revision and the log the entry.
    let below = open_below(folder.path());
    let name = RevisionName { report: report.clone(), number: 2 };
    let mut revision = below.get(revision_key(&name)).unwrap().unwrap().to_vec();
    let entry = below.get([&b"j"[..], &2u64.to_be_bytes()].concat()).unwrap().unwrap().to_vec();
    let at = revision.len() / 2;
    revision[at] ^= 1;
    below.insert(revision_key(&name), revision).unwrap();
    drop(below);
    assert_eq!(damage_file(&log_file(folder.path()), &entry), 1);
    let store = open(&folder).unwrap();
    assert_eq!((Contents::read(&store, &[request_id(7)]), store.lost()), (before, vec![]));
    assert_eq!(store.mendings(), Mendings { entries: 1, copies: 1 });
}

/// What a submission takes of the log, with the figures of a province as it is simulated.
#[tokio::test]
async fn a_submission_takes_little_of_the_log() {
    let of = year(2022);
    let parameters =
        Parameters { seed: 3, province: "230000".to_owned(), agencies: 200, first_year: of, last_year: of };
    let province = Province::simulate(&parameters).unwrap();
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let mut count = 0;
    for simulated in province.unquestioned_reports(of) {
        let report = ReportKey::of_agency(simulated.agency, of);
        let content_hash = content_hash(&report, &simulated.figures, None);
        let revision = Revision { figures: simulated.figures, content_hash, ..revision(&report, 1, "") };
        let change = revise(None, ReportState::Accepted, revision);
        let mut transaction = changing(&report.to_string(), content_hash, change);
        transaction.entry.actor = "230000-office 192.168.100.17".to_owned();
        transaction.entry.detail.clear();
        commit(&store, transaction.with_request(request_id(1000 + count), "digest")).await;
        count += 1;
    }
    let records = store.records(NEWEST, None, usize::MAX).unwrap();
    let mean = |kind: u8| {
        let of_kind: Vec<_> = records.iter().filter(|record| record.key[0] == kind).collect();
        of_kind.iter().map(|record| record.value.len()).sum::<usize>() / of_kind.len()
    };
    let (revision, entry, request) = (mean(b'r'), mean(b'j'), mean(b'q'));
    drop(store);
    let bytes = std::fs::metadata(log_file(folder.path())).unwrap().len() / count as u64;
    println!("revision {revision}, entry {entry}, request {request}, in the log {bytes} bytes");
    let most = records.iter().filter(|record| record.key[0] == b'j').map(|record| record.value.len()).max().unwrap();
    assert!(count > 100 && revision <= 600 && most <= 200 && bytes <= 700, "{revision}, {most} and {bytes} bytes");
}

/// Whatever records are damaged in the one and in the other: an entry is lost where one of its records is whole in neither, and
/// only then.
#[tokio::test]
async fn of_what_is_damaged_in_both_exactly_that_is_lost() {
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let (mut lost_in_all, mut mended_in_all) = (0, 0);
    for round in 0..30u32 {
        let folder = new_folder();
        let store = open(&folder).unwrap();
        for number in 0..12 {
            let report = report(&format!("agency-{}", number % 4), 2022);
            let transaction = submit(&store, &report, number).with_request(request_id(number as u128), "digest");
            commit(&store, transaction).await;
        }
        let records = store.records(NEWEST, None, usize::MAX).unwrap();
        drop(store);
        // The newest entry stays: of a group that was never acknowledged any part may be there.
        let (mut in_both, mut in_log) = (BTreeSet::new(), BTreeSet::new());
        let below = open_below(folder.path());
        for record in records.iter().filter(|record| record.sequence < Some(12)) {
            let hits = [random.random_bool(0.2), random.random_bool(0.2)];
            if hits[0] {
                let mut value = record.value.clone();
                *value.last_mut().unwrap() ^= 1;
                below.insert(&record.key, value).unwrap();
            }
            if hits[1] {
                assert_eq!(damage_file(&log_file(folder.path()), &record.value), 1);
                in_log.extend(record.sequence);
            }
            if hits == [true, true] {
                in_both.extend(record.sequence);
            }
        }
        drop(below);
        // What it was before may still stand in the file, from which it would be put back.
        without_past(folder.path());
        let store = open(&folder).unwrap();
        // Nobody may have come by what is damaged: this goes through all of it.
        let looked = store.look_for_damage(0, 100);
        assert_eq!(looked.is_err(), !in_both.is_empty(), "round {round}: {looked:?}");
        let lost: BTreeSet<u64> = store.lost().iter().map(|entry| entry.sequence).collect();
        assert_eq!(lost, in_both, "round {round}");
        assert_eq!(store.mendings().entries, in_log.difference(&in_both).count() as u64, "round {round}");
        let there = store.journal(0, 100).unwrap();
        assert_eq!(there.len(), 12 - lost.len(), "round {round}");
        lost_in_all += lost.len();
        mended_in_all += store.mendings().entries;
        drop(store);
        let found = put_back(folder.path(), |wanted| {
            Ok(records.iter().filter(|record| record.sequence.is_some_and(wanted)).cloned().collect())
        });
        assert_eq!(found.unwrap().there, lost.into_iter().collect::<Vec<_>>(), "round {round}");
        let store = open(&folder).unwrap();
        assert_eq!(store.records(NEWEST, None, usize::MAX).unwrap(), records, "round {round}");
    }
    assert!(lost_in_all > 20 && mended_in_all > 100, "{lost_in_all} lost, {mended_in_all} mended");
}

#[tokio::test]
async fn a_record_found_behind_the_key_of_another_keeps_nothing_from_being_put_back() {
    for is_first in [true, false] {
        let folder = new_folder();
        let store = open(&folder).unwrap();
        for number in 0..3 {
            let transaction =
                submit(&store, &report("agency", 2022), number).with_request(request_id(number as u128), "digest");
            commit(&store, transaction).await;
        }
        let records = store.records(NEWEST, None, usize::MAX).unwrap();
        drop(store);
        let mut of_second: Vec<_> = records.iter().filter(|record| record.sequence == Some(2)).cloned().collect();
        let below = open_below(folder.path());
        for record in &of_second {
            below.insert(&record.key, &record.value[..record.value.len() - 1]).unwrap();
            assert_eq!(damage_file(&log_file(folder.path()), &record.value), 1);
        }
        drop(below);
        without_past(folder.path());
        assert!(open(&folder).unwrap().look_for_damage(0, 100).is_err());
        let mut elsewhere = of_second.iter().find(|record| record.key.starts_with(b"q")).unwrap().clone();
        elsewhere.key = records.iter().rfind(|record| record.key.starts_with(b"q")).unwrap().key.clone();
        of_second.insert(if is_first { 0 } else { of_second.len() }, elsewhere);
        assert_eq!(put_back(folder.path(), |_| Ok(of_second)).unwrap().there, [2]);
        assert_eq!(open(&folder).unwrap().records(NEWEST, None, usize::MAX).unwrap(), records);
    }
}

#[tokio::test]
async fn what_neither_gives_out_is_put_back_from_what_the_file_of_the_copy_still_has() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    for number in 0..12 {
        let transaction =
            submit(&store, &report("agency", 2022), number).with_request(request_id(number as u128), "digest");
        commit(&store, transaction).await;
    }
    let records = store.records(NEWEST, None, usize::MAX).unwrap();
    drop(store);
    let below = open_below(folder.path());
    // Its request id says not by itself of which transaction it is, and stands there with a part of its key.
    for record in records.iter().filter(|record| record.sequence == Some(5) && record.key[0] != b'q') {
        below.insert(&record.key, &record.value[..record.value.len() - 1]).unwrap();
        assert_eq!(damage_file(&log_file(folder.path()), &record.value), 1);
    }
    drop(below);
    let store = open(&folder).unwrap();
    assert_eq!(store.look_for_damage(0, 100), Ok(12));
    assert_eq!((store.lost().len(), store.mendings().entries), (0, 1));
    assert_eq!(store.records(NEWEST, None, usize::MAX).unwrap(), records);
}

/// Flips one bit of a file at every place in which something occurs.
fn damage_file(path: &Path, what: &[u8]) -> usize {
    let mut bytes = std::fs::read(path).unwrap();
    let places: Vec<_> = (0..bytes.len() - what.len()).filter(|at| bytes[*at..].starts_with(what)).collect();
    for at in &places {
        bytes[*at] ^= 1;
    }
    std::fs::write(path, bytes).unwrap();
    places.len()
}

/// A closed store of which one record holds `MARK`, and what is in it.
async fn marked_store() -> (TempDir, Contents) {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let report = report("agency", 2022);
    commit(&store, submit(&store, &report, 1)).await;
    commit(&store, refuse(&report).and(Change::Registry(create_agency(str::from_utf8(MARK).unwrap())))).await;
    commit(&store, submit(&store, &report, 2)).await;
    let contents = Contents::read(&store, &[]);
    (folder, contents)
}

const MARK: &[u8] = b"a-marked-record";

/// What a store in a folder of ours holds.
fn contents(folder: &TempDir) -> Contents {
    Contents::read(&open(folder).unwrap(), &[])
}

#[tokio::test]
async fn a_flipped_bit_in_the_copy_or_in_the_log_is_mended_from_the_other() {
    for rounds in 0..2 {
        let (folder, before) = marked_store().await;
        for _ in 0..rounds {
            // Opening writes a snapshot of where pages are, after which sled reads them only when they are asked for.
            drop(open(&folder).unwrap());
        }
        assert!(damage_file(&folder.path().join("db"), MARK) > 0);
        assert_eq!(contents(&folder), before);
        assert!(damage_file(&log_file(folder.path()), MARK) > 0);
        assert_eq!(contents(&folder), before, "the copy serves");
        // Without its copy the log must be whole: it is not, until it is mended.
        assert!(damage_file(&folder.path().join("db"), MARK) > 0);
        let store = open(&folder).unwrap();
        assert_eq!(store.registry(0, NEWEST).unwrap(), []);
        let subject = LostSubject::Action("report.submit".to_owned());
        assert_eq!(store.lost(), [LostEntry { sequence: 2, subject }]);
        assert_eq!(store.standing(&report("agency", 2022), NEWEST).unwrap().unwrap().newest.number, 2);
        assert!(matches!(store.writable(), Err(StoreError::Stopped(_))));
    }
}

#[tokio::test]
async fn either_the_log_or_its_copy_is_enough() {
    let remove_log = |folder: &Path| std::fs::remove_dir_all(folder.join("log")).unwrap();
    let remove_copy = |folder: &Path| {
        for name in ["db", "conf"] {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
    };
    let remove_state = |folder: &Path| std::fs::remove_file(folder.join("copy-state")).unwrap();
    let remove_conf = |folder: &Path| std::fs::remove_file(folder.join("conf")).unwrap();
    let remove_database = |folder: &Path| std::fs::remove_file(folder.join("db")).unwrap();
    let cut_log = |folder: &Path| {
        let bytes = std::fs::read(log_file(folder)).unwrap();
        std::fs::write(log_file(folder), &bytes[..bytes.len() / 2]).unwrap();
    };
    let harms: [fn(&Path); 6] = [remove_log, remove_copy, remove_state, remove_conf, remove_database, cut_log];
    for (number, harm) in harms.into_iter().enumerate() {
        let (folder, before) = marked_store().await;
        for _ in 0..2 {
            harm(folder.path());
            let store = open(&folder).unwrap();
            assert_eq!(Contents::read(&store, &[]), before, "harm {number}");
        }
        let store = open(&folder).unwrap();
        commit(&store, submit(&store, &report("agency", 2022), 3)).await;
        let after = Contents::read(&store, &[]);
        drop(store);
        // Both are whole again.
        remove_copy(folder.path());
        assert_eq!(contents(&folder), after, "harm {number}");
        remove_log(folder.path());
        assert_eq!(contents(&folder), after, "harm {number}");
    }
}

#[tokio::test]
async fn a_copy_that_was_open_when_the_machine_stopped_is_not_believed() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let before = Contents::read(&store, &[]);
    // As the disk of a machine that stops now: what sled has not written is not there.
    let left = new_folder();
    std::process::Command::new("cp").arg("-r").arg(folder.path().join(".")).arg(left.path()).status().unwrap();
    drop(store);
    let below = open_below(left.path());
    for key in below.iter().keys().flatten().step_by(3) {
        if key != HEADER_KEY {
            below.remove(key).unwrap();
        }
    }
    drop(below);
    let options = SledOptions { boot: Boot::told_by(|| Some("another".to_owned())), ..sled_options(&left) };
    let store = SledStore::open(&options, Witness::new()).unwrap();
    assert_eq!(Contents::read(&store, &[]), before);
}

#[tokio::test]
async fn a_store_of_before_there_was_a_log_is_taken_over_once_and_refused_by_its_program_then() {
    let folder = new_folder();
    let ids: Vec<_> = (0..100).map(request_id).collect();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let before = Contents::read(&store, &ids);
    drop(store);
    // As it was: one database, with a header of version 1.
    let as_before = |folder: &Path| {
        std::fs::remove_file(folder.join("copy-state")).unwrap();
        let below = open_below(folder);
        below.insert(HEADER_KEY, &[WHOLE_VERSION, b'm', 0x68, 0xf2, 0x01, 0xe1]).unwrap();
        below.flush().unwrap();
    };
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    as_before(folder.path());
    let version = |folder: &Path| open_below(folder).get(HEADER_KEY).unwrap().unwrap()[0];
    assert_eq!(version(folder.path()), WHOLE_VERSION);
    let store = open(&folder).unwrap();
    assert_eq!(Contents::read(&store, &ids), before);
    drop(store);
    assert_eq!(version(folder.path()), STORE_VERSION, "a program from before reads up to {WHOLE_VERSION}");
    // Cut off in the middle, it goes on from there.
    let bytes = std::fs::read(log_file(folder.path())).unwrap();
    std::fs::write(log_file(folder.path()), &bytes[..bytes.len() / 3]).unwrap();
    as_before(folder.path());
    assert_eq!(Contents::read(&open(&folder).unwrap(), &ids), before);
    for name in ["db", "conf"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert_eq!(Contents::read(&open(&folder).unwrap(), &ids), before, "the log alone has all of it");
}

#[tokio::test]
async fn a_damaged_store_of_before_is_left_as_it_was() {
    let (folder, _) = marked_store().await;
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    let header = [WHOLE_VERSION, b'm', 0x68, 0xf2, 0x01, 0xe1];
    let below = open_below(folder.path());
    below.insert(HEADER_KEY, &header).unwrap();
    let registry = below.iter().keys().flatten().find(|key| key.starts_with(b"g")).unwrap();
    below.remove(registry).unwrap();
    drop(below);
    let Some(StoreError::Damaged(reason)) = open(&folder).err() else { panic!("it was taken over") };
    assert!(reason.contains("journal entry 2") && reason.contains("left as it was"), "{reason}");
    assert_eq!(*open_below(folder.path()).get(HEADER_KEY).unwrap().unwrap(), header);
}

#[tokio::test]
async fn what_both_have_lost_of_what_was_acknowledged_is_noticed() {
    let (folder, before) = marked_store().await;
    let records = open(&folder).unwrap().records(NEWEST, None, usize::MAX).unwrap();
    let bytes = std::fs::read(log_file(folder.path())).unwrap();
    std::fs::write(log_file(folder.path()), &bytes[..bytes.len() - 64]).unwrap();
    for name in ["db", "conf"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let store = open(&folder).unwrap();
    assert_eq!(store.lost(), [LostEntry { sequence: 3, subject: LostSubject::Unknown }]);
    // It may have been about any report: how one stood before it is known.
    let report = report("agency", 2022);
    assert!(matches!(store.standing(&report, NEWEST), Err(StoreError::Damaged(_))));
    assert_eq!(store.standing(&report, 2).unwrap().unwrap().newest.number, 1);
    assert!(matches!(store.writable(), Err(StoreError::Stopped(_))));
    drop(store);
    let found = put_back(folder.path(), |wanted| {
        assert!(wanted(3) && !wanted(2) && !wanted(4));
        Ok(records.iter().filter(|record| record.sequence == Some(3)).cloned().collect())
    });
    assert_eq!(found.unwrap().there, [3]);
    assert_eq!(contents(&folder), before);
}

#[tokio::test]
async fn a_watermark_that_is_behind_or_missing_is_no_damage() {
    let (folder, _) = marked_store().await;
    let watermark = folder.path().join("acknowledged");
    let written = std::fs::read_to_string(&watermark).unwrap();
    assert!(written.starts_with("00000000000000000003 "), "{written}");
    for content in ["", &format!("{:020} {}\n", 0, "0".repeat(64))] {
        std::fs::write(&watermark, content).unwrap();
        assert_eq!(open(&folder).unwrap().position().sequence, 3);
    }
    std::fs::remove_file(&watermark).unwrap();
    let store = open(&folder).unwrap();
    commit(&store, submit(&store, &report("agency", 2022), 3)).await;
    drop(store);
    assert!(std::fs::read_to_string(&watermark).unwrap().starts_with("00000000000000000004 "));
}

#[tokio::test]
async fn another_history_than_the_acknowledged_one_is_noticed() {
    let (folder, _) = marked_store().await;
    let watermark = folder.path().join("acknowledged");
    for content in [format!("{:020} {}\n", 2, "0".repeat(64)), "garbage".to_owned(), "\u{7}".repeat(200)] {
        std::fs::write(&watermark, content).unwrap();
        assert!(matches!(open(&folder).err(), Some(StoreError::Damaged(_))));
    }
}
