//! The program whose power is cut: writes to the store as many callers at once would.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use huizong::report::RevisionName;
use huizong::store::{
    Boot, Commit, Decision, JournalEntry, NEWEST, Observer, Outcome, SledOptions, SledStore, Store, StoreError,
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::changes::{self, FREEZE, MEND, REVIEW, SUBMIT};

const WRITERS: u32 = 24;

/// Remembers how far it was told.
#[derive(Default)]
pub struct Told(AtomicU64);

impl Observer for Told {
    fn committed(&self, commits: &[Arc<Commit>]) {
        if let Some(last) = commits.last() {
            self.0.store(last.entry.sequence, Ordering::SeqCst);
        }
    }
}

pub fn open(folder: &Path, observer: Arc<dyn Observer>) -> Result<SledStore, StoreError> {
    // The machine is another after each cut.
    let boot = Boot::told_by(|| Some(std::process::id().to_string()));
    SledStore::open(&SledOptions { cache_bytes: 32 << 20, boot, ..SledOptions::new(folder) }, observer)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime can be made")
}

/// Calls `told` with the sequence number of each transaction that is acknowledged, until the store refuses one.
async fn write(store: Arc<SledStore>, seed: u64, told: fn(u64)) -> Vec<StoreError> {
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut random = ChaCha8Rng::seed_from_u64(seed * u64::from(WRITERS) + u64::from(writer));
            loop {
                // A failed write may leave something unreadable beside it; the store then takes nothing more.
                let (transaction, unreadable) = match changes::transaction(&*store, writer, &mut random) {
                    Ok(transaction) => (transaction, None),
                    Err(error) => (changes::refusal(), Some(error)),
                };
                match store.commit(transaction).await {
                    Ok(decided) if unreadable.is_some() => panic!("{unreadable:?}, and yet {decided:?}"),
                    Ok(Decision::Committed(commit)) => told(commit.entry.sequence),
                    // Another writer has changed the report since it was read.
                    Ok(Decision::Stale) => {}
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => return error,
                }
            }
        })
    });
    futures::future::join_all(writers).await.into_iter().map(|error| error.expect("a writer does not panic")).collect()
}

/// Prints the sequence number of each transaction once it is acknowledged. `first` is the first to be expected.
pub fn write_until_killed(folder: &Path, first: i64) -> ExitCode {
    let store = Arc::new(open(folder, Arc::new(Told::default())).expect("the store opens"));
    assert!(store.position().sequence as i64 + 1 >= first, "the store has lost what it had when it was last looked at");
    let seed = store.position().sequence;
    let errors = runtime().block_on(write(store, seed, |sequence| println!("{sequence}")));
    eprintln!("{errors:?}");
    ExitCode::FAILURE
}

/// Writes until the store refuses, checks that it behaves as promised from then on, and returns the sequence number of
/// the last transaction that it acknowledged.
pub fn write_until_refused(folder: &Path) -> u64 {
    static ACKNOWLEDGED: AtomicU64 = AtomicU64::new(0);
    let told = Arc::new(Told::default());
    let store = Arc::new(open(folder, told.clone()).expect("the store opens"));
    let runtime = runtime();
    let errors = runtime.block_on(write(store.clone(), 0, |sequence| {
        ACKNOWLEDGED.fetch_max(sequence, Ordering::SeqCst);
    }));
    let acknowledged = ACKNOWLEDGED.load(Ordering::SeqCst);
    let reasons: Vec<_> = errors
        .iter()
        .map(|error| match error {
            StoreError::Unknown(reason) | StoreError::Stopped(reason) => reason.clone(),
            other => panic!("{other}"),
        })
        .collect();
    assert!(errors.iter().any(|error| matches!(error, StoreError::Unknown(_))), "{errors:?}");
    assert!(reasons.iter().all(|reason| *reason == reasons[0]), "{reasons:?}");

    let stopped = StoreError::Stopped(reasons[0].clone());
    assert_eq!(store.writable(), Err(stopped.clone()));
    let refused = runtime.block_on(store.commit(changes::refusal()));
    assert_eq!(refused.err(), Some(stopped));
    assert_eq!(store.position().sequence, acknowledged);
    assert_eq!(told.0.load(Ordering::SeqCst), acknowledged);
    assert_reads_go_on(&*store, acknowledged);
    acknowledged
}

/// Reads what can still be read, which must be what was acknowledged although more was attempted.
fn assert_reads_go_on(store: &dyn Store, acknowledged: u64) {
    let mut read = 0;
    for sequence in 1..=acknowledged + u64::from(WRITERS) {
        let entry = match store.journal(sequence - 1, 1) {
            Ok(entries) if sequence > acknowledged => {
                assert_eq!(entries, []);
                continue;
            }
            Ok(entries) => entries.into_iter().next().expect("what was acknowledged is there"),
            Err(StoreError::Read(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        assert_eq!((entry.sequence, entry.chain), (sequence, entry.compute_chain()));
        if entry.outcome == Outcome::Refused {
            continue;
        }
        match assert_change_is_there(store, &entry, acknowledged) {
            Ok(()) => read += 1,
            Err(error) => assert!(matches!(error, StoreError::Read(_)), "{error}"),
        }
    }
    // Only pages that the failed write was to change may have become unreadable.
    assert!(read > acknowledged / 2, "{read} of {acknowledged} entries could be read");
}

/// What an entry speaks of is there, as are the reports as they stood at it and stand now.
fn assert_change_is_there(store: &dyn Store, entry: &JournalEntry, acknowledged: u64) -> Result<(), StoreError> {
    if entry.action == MEND {
        return Ok(());
    }
    if entry.action == FREEZE {
        assert!(changes::is_frozen_as_said(store, entry)?);
        return Ok(());
    }
    let name: RevisionName = entry.subject.parse().expect("the entry names its revision");
    match entry.action.as_str() {
        SUBMIT => assert_eq!(store.revision(&name)?.map(|revision| revision.sequence), Some(entry.sequence)),
        REVIEW => assert!(changes::is_reviewed_as_said(store, &name, entry)?),
        other => panic!("an entry of {other:?}"),
    }
    let stood = store.standing(&name.report, entry.sequence)?.expect("the report stood");
    assert_eq!((stood.status.sequence, stood.newest.number), (entry.sequence, name.number));
    let stands = store.standing(&name.report, NEWEST)?.expect("the report stands");
    assert!((entry.sequence..=acknowledged).contains(&stands.status.sequence));
    Ok(())
}
