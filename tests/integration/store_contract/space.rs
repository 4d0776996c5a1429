//! A disk that is nearly full: writes are refused in time, reads go on, and writes are taken again when there is room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use huizong::store::{FreeSpace, SledOptions, SledStore, Store, StoreError};
use tempfile::TempDir;

use crate::store_contract::contents::Contents;
use crate::store_contract::samples::*;

const NEEDED: u64 = 1000;

fn open_with(folder: &TempDir, free: &Arc<AtomicU64>, ballast_bytes: u64) -> SledStore {
    let free = free.clone();
    let options = SledOptions {
        min_free_bytes: NEEDED,
        ballast_bytes,
        free_space: FreeSpace::told_by(move |_| Ok(free.load(Ordering::SeqCst))),
        ..sled_options(folder)
    };
    SledStore::open(&options, Witness::new()).unwrap()
}

#[tokio::test]
async fn writes_are_refused_while_there_is_little_room_and_taken_when_there_is_more() {
    let folder = new_folder();
    let free = Arc::new(AtomicU64::new(NEEDED));
    let store = open_with(&folder, &free, 0);
    commit(&store, submit(&store, &report("agency", 2022), 1)).await;
    for round in 0..3 {
        free.store(NEEDED - 1, Ordering::SeqCst);
        let expected = StoreError::DiskFull { free_bytes: NEEDED - 1, min_free_bytes: NEEDED };
        let before = Contents::read(&store, &[]);
        let offers = (0..20).map(|number| store.commit(submit(&store, &report("agency", 2022), number)));
        for refused in join_all(offers).await {
            assert_eq!(refused.unwrap_err(), expected);
        }
        assert_eq!(store.writable(), Err(expected));
        assert_eq!(Contents::read(&store, &[]), before, "reads go on, and nothing was stored");
        free.store(NEEDED, Ordering::SeqCst);
        assert_eq!(store.writable(), Ok(()));
        commit(&store, submit(&store, &report("agency", 2022), round)).await;
    }
}

#[test]
fn the_ballast_is_made_where_there_is_room_and_can_be_deleted() {
    let folder = new_folder();
    let file = folder.path().join("ballast");
    let free = Arc::new(AtomicU64::new(NEEDED + 4095));
    drop(open_with(&folder, &free, 4096));
    assert!(!file.exists(), "there is no room for it");
    free.store(NEEDED + 4096, Ordering::SeqCst);
    drop(open_with(&folder, &free, 4096));
    assert_eq!(file.metadata().unwrap().len(), 4096);
    // Room is really taken.
    assert!(std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap()) * 512 >= 4096);
    std::fs::remove_file(&file).unwrap();
    drop(open_with(&folder, &free, 4096));
    assert!(file.exists(), "it is made again");
}
