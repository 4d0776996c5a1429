//! The program whose power is cut: writes to the store as many callers at once would, and checks what is left.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use huizong::form::{catalogue, edition_for_year};
use huizong::registry::{Agency, RegistryChange};
use huizong::report::{
    AgencyKind, Cell, Figures, Hash, ReportKey, ReportState, ReportYear, Revision, RevisionName, RuleSetRef,
    content_hash,
};
use huizong::store::{
    Change, Commit, Decision, JournalEntry, NewEntry, Observer, Outcome, Position, RequestId, SledOptions, SledStore,
    Store, StoreError, Transaction,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const WRITERS: u64 = 24;
const AGENCIES: u32 = 40;

/// As the store sets it; sled does not open a folder with another value.
const SEGMENT_BYTES: usize = 8 << 20;

/// Remembers how far it was told.
#[derive(Default)]
struct Told(AtomicU64);

impl Observer for Told {
    fn committed(&self, commits: &[Arc<Commit>]) {
        if let Some(last) = commits.last() {
            self.0.store(last.entry.sequence, Ordering::SeqCst);
        }
    }
}

fn open(folder: &Path, observer: Arc<dyn Observer>) -> Result<SledStore, StoreError> {
    SledStore::open(&SledOptions { cache_bytes: 32 << 20, ..SledOptions::new(folder) }, observer)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime can be made")
}

/// A revision with its request id; now and then with an agency registered in the same transaction, or a refusal.
fn transaction(random: &mut ChaCha8Rng) -> Transaction {
    let report = ReportKey {
        agency: format!("agency-{}", random.random_range(0..AGENCIES)).parse().expect("an agency id"),
        year: ReportYear::new(random.random_range(2021..2024)).expect("a report year"),
    };
    let mut figures = Figures::blank(edition_for_year(report.year.get()).expect("an edition"));
    for cell in &catalogue().cells {
        figures.set(cell.id, Cell::Number(random.random_range(0..100_000)));
    }
    let content_hash = content_hash(&report, &figures, None);
    let request = RequestId::from_u128(random.random());
    let mut entry = NewEntry {
        actor: "caller".to_owned(),
        action: "report.submit",
        subject: report.to_string(),
        outcome: Outcome::Accepted,
        // From here the check knows which request the entry belongs to.
        detail: request.to_string(),
        content_hash,
    };
    // Most records are short; some would make a page too large for the data file if segments were as sled makes them.
    let reason_bytes = match random.random_range(0..16) {
        0..10 => random.random_range(0..200),
        10..15 => random.random_range(4_000..16_000),
        _ => random.random_range(16_000..90_000),
    };
    let mut changes = vec![Change::Revision(Box::new(Revision {
        report,
        number: 0,
        state: ReportState::Accepted,
        figures,
        narrative: None,
        content_hash,
        rule_set: RuleSetRef { id: "sample/1".to_owned(), hash: Hash::of(b"sample") },
        findings: Vec::new(),
        answers: Vec::new(),
        actor: "caller".to_owned(),
        reason: "x".repeat(reason_bytes),
        time: jiff::Timestamp::UNIX_EPOCH,
        sequence: 0,
    }))];
    match random.random_range(0..10) {
        0 => {
            changes.clear();
            entry.outcome = Outcome::Refused;
        }
        1 => changes.push(Change::Registry(RegistryChange::CreateAgency(Agency {
            id: format!("agency-{}", random.random_range(0..AGENCIES)).parse().expect("an agency id"),
            jurisdiction: "230000".parse().expect("a code"),
            display_name: "样例局".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            vertical: false,
            first_year: ReportYear::new(2021).expect("a report year"),
        }))),
        _ => {}
    }
    Transaction { expected_heads: Vec::new(), request: Some((request, content_hash)), changes, entry }
}

/// Calls `told` with the sequence number of each transaction that is acknowledged, until the store refuses one.
async fn write(store: Arc<SledStore>, seed: u64, told: fn(u64)) -> Vec<StoreError> {
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut random = ChaCha8Rng::seed_from_u64(seed * WRITERS + writer);
            loop {
                match store.commit(transaction(&mut random)).await {
                    Ok(Decision::Committed(commit)) => told(commit.entry.sequence),
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
    let refused = runtime.block_on(store.commit(transaction(&mut ChaCha8Rng::seed_from_u64(0))));
    assert_eq!(refused.err(), Some(stopped));
    assert_eq!(store.position().sequence, acknowledged);
    assert_eq!(told.0.load(Ordering::SeqCst), acknowledged);
    assert_reads_go_on(&*store, acknowledged);
    acknowledged
}

/// Reads what can still be read, which must be what was acknowledged although more was attempted.
fn assert_reads_go_on(store: &dyn Store, acknowledged: u64) {
    let mut read = 0;
    for sequence in 1..=acknowledged + WRITERS {
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
        let name: RevisionName = entry.subject.parse().expect("the entry names its revision");
        match store.revision(&name) {
            Ok(revision) => assert_eq!(revision.map(|revision| revision.sequence), Some(sequence)),
            Err(error) => assert!(matches!(error, StoreError::Read(_)), "{error}"),
        }
        match store.head(&name.report) {
            Ok(head) => assert!(head.is_some_and(|head| (sequence..=acknowledged).contains(&head.sequence))),
            Err(error) => assert!(matches!(error, StoreError::Read(_)), "{error}"),
        }
        read += 1;
    }
    // Only pages that the failed write was to change may have become unreadable.
    assert!(read > acknowledged / 2, "{read} of {acknowledged} entries could be read");
}

/// What is left in a store.
#[derive(Debug, Default)]
pub struct Found {
    /// Sequence number of the last journal entry.
    pub max: u64,
    /// Acknowledged transactions that are gone.
    pub lost: u64,
    /// Journal entries of which the revision or the request id is missing or another.
    pub torn: u64,
    /// Journal entries that do not follow the one before.
    pub holes: u64,
    /// Revisions and request ids without a journal entry.
    pub stray: u64,
}

impl Found {
    pub fn is_whole(&self) -> bool {
        self.lost + self.torn + self.holes + self.stray == 0
    }

    /// Checks all that can be read through the store against its journal.
    fn read(store: &dyn Store, acknowledged: i64) -> Self {
        let mut found = Self::default();
        let mut last = Position::default();
        let mut revisions = 0;
        let mut registered = 0;
        for entry in store.journal(0, usize::MAX).expect("the journal can be read") {
            let follows = entry.sequence == last.sequence + 1 && entry.previous == last.chain;
            found.holes += u64::from(!follows || entry.chain != entry.compute_chain());
            if entry.outcome == Outcome::Accepted {
                revisions += 1;
                found.torn += u64::from(!is_entry_whole(store, &entry));
            }
            registered += u64::from(entry.outcome == Outcome::Accepted);
            last = entry.position();
        }
        found.holes += u64::from(store.position() != last);
        found.max = last.sequence;
        found.lost = u64::try_from(acknowledged).unwrap_or(0).saturating_sub(last.sequence);
        let years = store.years().expect("the years can be read");
        let heads = years.iter().flat_map(|year| store.heads(*year, None, usize::MAX).expect("heads can be read"));
        // Numbers count from 1 without gaps, so the newest tells how many there are.
        let stored: u64 = heads.map(|head| u64::from(head.number)).sum();
        found.stray += stored.abs_diff(revisions);
        found.stray += (store.registry().expect("the registry can be read").len() as u64).saturating_sub(registered);
        found
    }

    /// Counts the keys of each kind below the store: as many request ids and revisions as entries that have them.
    fn count_keys(&mut self, folder: &Path) {
        let below = open_below(folder);
        let mut counts: BTreeMap<u8, u64> = BTreeMap::new();
        for key in below.iter().keys() {
            *counts.entry(key.expect("keys can be read")[0]).or_default() += 1;
        }
        let count = |kind| counts.get(&kind).copied().unwrap_or(0);
        self.stray += count(b'r').abs_diff(count(b'q'));
        self.stray += count(b'j').abs_diff(self.max);
    }
}

/// sled's own view of a store that was just closed: its threads let go of the lock a moment after the store is gone.
fn open_below(folder: &Path) -> sled::Db {
    let open = || sled::Config::new().path(folder).segment_size(SEGMENT_BYTES).open();
    for _ in 0..200 {
        match open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("lock") => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            opened => return opened.expect("the database opens"),
        }
    }
    open().expect("the database opens")
}

fn is_entry_whole(store: &dyn Store, entry: &JournalEntry) -> bool {
    let name: RevisionName = entry.subject.parse().expect("the entry names its revision");
    let id: RequestId = entry.detail.parse().expect("the entry names its request");
    let revision = store.revision(&name).expect("the revision can be read");
    let request = store.request(id).expect("the request id can be read");
    revision.is_some_and(|revision| {
        revision.sequence == entry.sequence
            && content_hash(&revision.report, &revision.figures, revision.narrative.as_ref()) == entry.content_hash
    }) && request.is_some_and(|request| {
        request.sequence == entry.sequence && request.revision == name && request.fingerprint == entry.content_hash
    })
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max, lost, torn, holes, stray } = self;
        write!(f, "max={max} lost={lost} torn={torn} holes={holes} crosstree_bad={stray}")
    }
}

/// Opens what is left, and checks it. Nothing was acknowledged where `acknowledged` is below 1.
pub fn verify(folder: &Path, acknowledged: i64) -> Found {
    let store = open(folder, Arc::new(Told::default())).expect("the store opens");
    let mut found = Found::read(&store, acknowledged);
    drop(store);
    found.count_keys(folder);
    found
}
