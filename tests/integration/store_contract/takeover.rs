//! A store and a backup of the last program (`tests/fixtures/stores`, named after the version of their layout), kept as that
//! program left them: reports, a frozen form, a review, refusals, a collection and a credential.

use std::path::Path;
use std::process::Command;

use huizong::report::ReviewAction;
use huizong::store::{Item, NEWEST, SledOptions, SledStore, Store, StoredRecord};
use tempfile::TempDir;

use crate::store_contract::contents::Contents;
use crate::store_contract::embedded::open;
use crate::store_contract::samples::*;
use crate::store_contract::strikes::strike;
use crate::store_contract::verification::{texts, verified};
use crate::support::below::open_below;

const LAST_VERSION: u8 = 3;
const ENTRIES: u64 = 21;
/// What its own program said of it.
const CHAIN: &str = "16b8a01f486d56932c79a5d95362baf82f79e8d923d3f53feccae01651990e50";
const CHAIN_OF_BACKUP: &str = "af08b08fea8339395a43646a24949e8ac6f1369f8b110325f49b512ce60f57d1";

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/stores/{LAST_VERSION}.{name}", env!("CARGO_MANIFEST_DIR"))
}

fn last_store() -> TempDir {
    let folder = new_folder();
    let unpacked = Command::new("tar").arg("-xzf").arg(fixture("tar.gz")).arg("-C").arg(folder.path()).status();
    assert!(unpacked.expect("tar is there").success());
    folder
}

fn records(store: &dyn Store) -> Vec<StoredRecord> {
    store.records(NEWEST, None, 10_000).unwrap()
}

fn version(folder: &Path) -> u8 {
    open_below(folder).get(b"m").unwrap().unwrap()[0]
}

#[tokio::test]
async fn a_store_of_the_last_program_is_taken_over_with_every_record_as_it_was() {
    let folder = last_store();
    assert_eq!(version(folder.path()), LAST_VERSION);
    let store = open(&folder).unwrap();
    let position = store.position();
    assert_eq!((position.sequence, position.chain.to_hex().as_str()), (ENTRIES, CHAIN));
    let before = Contents::read(&store, &[]);
    before.assert_chain();
    assert_eq!((before.revisions.len(), before.reviews.len(), before.frozen.len()), (6, 2, 1));
    assert!(before.access.len() == 2 && before.registry.len() > 6);
    assert_eq!(texts(&verified(&store).0), Vec::<String>::new());
    let kept = records(&store);

    // It goes on, in the present format, and what is there stays as it was written, in log and copy.
    let report = report("city-bureau", 2022);
    commit(&store, submit(&store, &report, 7).with_request(request_id(1), "digest")).await;
    commit(&store, review(&store, &report, ReviewAction::Withdraw)).await;
    let after = Contents::read(&store, &[request_id(1)]);
    after.assert_chain();
    assert_eq!(after.journal[..before.journal.len()], before.journal);
    drop(store);
    assert_eq!(version(folder.path()), LAST_VERSION + 1, "the last program refuses it");
    let remove_copy = || {
        for name in ["db", "conf"] {
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
    };
    let remove_log = || std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    for harm in [&remove_copy as &dyn Fn(), &remove_log, &remove_copy] {
        harm();
        let store = open(&folder).unwrap();
        assert_eq!(Contents::read(&store, &[request_id(1)]), after);
        let there = records(&store);
        assert!(kept.iter().all(|record| there.contains(record)));
        assert_eq!(texts(&verified(&store).0), Vec::<String>::new());
    }
}

#[tokio::test]
async fn words_go_from_entries_of_the_last_program() {
    let folder = last_store();
    let store = open(&folder).unwrap();
    let chain: Vec<_> = store.journal(0, 100).unwrap().iter().map(|entry| entry.chain).collect();
    let with_words: Vec<u64> = records(&store)
        .iter()
        .filter_map(|record| match Item::decode(&record.key, &record.value).unwrap() {
            Item::Entry(entry) if !entry.detail.is_empty() => Some(entry.sequence),
            _ => None,
        })
        .collect();
    assert!(with_words.len() > 5);
    for sequence in with_words {
        commit(&store, strike(sequence)).await;
    }
    let struck: Vec<_> = store.journal(0, chain.len()).unwrap().iter().map(|entry| entry.chain).collect();
    assert_eq!(struck, chain);
    assert_eq!(texts(&verified(&store).0), Vec::<String>::new());
}

#[test]
fn a_backup_of_the_last_program_is_restored() {
    let folder = new_folder();
    let data = folder.path().join("restored");
    let huizong = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).arg("--data").arg(&data).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    huizong(&["restore", &fixture("backup"), "--accept-older-access"]);
    huizong(&["verify"]);
    let options = SledOptions { cache_bytes: 16 << 20, ..SledOptions::new(&data) };
    let entries = SledStore::open(&options, Witness::new()).unwrap().journal(0, 100).unwrap();
    assert_eq!((entries.len(), entries[19].chain.to_hex().as_str()), (21, CHAIN_OF_BACKUP));
    assert_eq!(entries[20].action, "store.restore");
}
