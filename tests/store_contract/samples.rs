//! Stores to be tested, and transactions to put into them.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use huizong::form::{catalogue, edition_for_year};
use huizong::registry::{Agency, Jurisdiction, RegistryChange};
use huizong::report::{
    AgencyKind, Cell, Figures, Hash, Level, ReportKey, ReportState, ReportYear, Revision, RuleSetRef, content_hash,
};
use huizong::store::{
    Change, Commit, Decision, MemoryStore, NewEntry, Observer, Outcome, RequestId, SledOptions, SledStore, Store,
    Transaction,
};
use tempfile::TempDir;

/// Makes a new, empty store.
pub trait OpenStore: Sync {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store>;
}

pub struct OpenMemory;

impl OpenStore for OpenMemory {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(observer))
    }
}

/// Keeps the folder until the test ends.
pub struct OpenSled(TempDir);

impl Default for OpenSled {
    fn default() -> Self {
        Self(new_folder())
    }
}

impl OpenStore for OpenSled {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        Arc::new(SledStore::open(&sled_options(&self.0), observer).unwrap())
    }
}

pub fn new_folder() -> TempDir {
    tempfile::Builder::new().prefix("huizong-store-").tempdir().unwrap()
}

pub fn sled_options(folder: &TempDir) -> SledOptions {
    SledOptions { cache_bytes: 16 << 20, ..SledOptions::new(folder.path()) }
}

/// Remembers what it was told.
#[derive(Default)]
pub struct Witness(Mutex<Vec<Arc<Commit>>>);

impl Witness {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn seen(&self) -> Vec<Arc<Commit>> {
        self.0.lock().unwrap().clone()
    }

    pub fn has_seen(&self, sequence: u64) -> bool {
        self.0.lock().unwrap().iter().any(|commit| commit.entry.sequence == sequence)
    }
}

impl Observer for Witness {
    fn committed(&self, commits: &[Arc<Commit>]) {
        self.0.lock().unwrap().extend_from_slice(commits);
    }
}

/// Reads the store whenever it is told of something, and remembers what was not to be found.
#[derive(Default)]
pub struct ReadingObserver {
    pub store: OnceLock<Weak<dyn Store>>,
    pub missing: Mutex<Vec<u64>>,
}

impl Observer for ReadingObserver {
    fn committed(&self, commits: &[Arc<Commit>]) {
        let Some(store) = self.store.get().and_then(Weak::upgrade) else { return };
        for commit in commits {
            let sequence = commit.entry.sequence;
            let found = store.journal(sequence - 1, 1).unwrap();
            if found != [commit.entry.clone()] || store.position().sequence < sequence {
                self.missing.lock().unwrap().push(sequence);
            }
        }
    }
}

pub fn year(year: u16) -> ReportYear {
    ReportYear::new(year).unwrap()
}

pub fn report(agency: &str, of: u16) -> ReportKey {
    ReportKey { agency: agency.parse().unwrap(), year: year(of) }
}

/// Two different numbers or reasons make two different revisions.
pub fn revision(report: &ReportKey, number: i64, reason: &str) -> Revision {
    let mut figures = Figures::blank(edition_for_year(report.year.get()).unwrap());
    for cell in catalogue().cells.iter().step_by(7) {
        figures.set(cell.id, Cell::Number(number));
    }
    Revision {
        report: report.clone(),
        number: 0,
        state: ReportState::Accepted,
        content_hash: content_hash(report, &figures),
        figures,
        rule_set: RuleSetRef { id: "sample/1".to_owned(), hash: Hash::of(b"sample") },
        findings: Vec::new(),
        answers: Vec::new(),
        actor: "sample".to_owned(),
        reason: reason.to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
        sequence: 0,
    }
}

pub fn entry(subject: &str, outcome: Outcome) -> NewEntry {
    NewEntry {
        actor: "sample".to_owned(),
        action: "report.submit",
        subject: subject.to_owned(),
        outcome,
        detail: String::new(),
        content_hash: Hash::of(subject.as_bytes()),
    }
}

/// Stores one more revision, whatever the newest is.
pub fn submit(report: &ReportKey, number: i64) -> Transaction {
    let revision = revision(report, number, "sample");
    let content_hash = revision.content_hash;
    Transaction {
        expected_heads: Vec::new(),
        request: None,
        changes: vec![Change::Revision(Box::new(revision))],
        entry: NewEntry { content_hash, ..entry(&report.to_string(), Outcome::Accepted) },
    }
}

pub trait TransactionExt {
    fn expecting(self, report: &ReportKey, head: Option<u32>) -> Self;
    fn with_request(self, id: RequestId, digest: &str) -> Self;
    fn and(self, change: Change) -> Self;
}

impl TransactionExt for Transaction {
    fn expecting(mut self, report: &ReportKey, head: Option<u32>) -> Self {
        self.expected_heads.push((report.clone(), head));
        self
    }

    fn with_request(mut self, id: RequestId, digest: &str) -> Self {
        self.request = Some((id, Hash::of(digest.as_bytes())));
        self
    }

    fn and(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}

/// Records that a report was turned down.
pub fn refuse(report: &ReportKey) -> Transaction {
    Transaction { changes: Vec::new(), entry: entry(&report.to_string(), Outcome::Refused), ..submit(report, 0) }
}

pub fn request_id(number: u128) -> RequestId {
    RequestId::from_u128(number)
}

pub fn create_jurisdiction(code: &str) -> RegistryChange {
    RegistryChange::CreateJurisdiction(Jurisdiction {
        code: code.parse().unwrap(),
        parent: None,
        display_name: "样例".to_owned(),
        level: Level::County,
        first_year: year(2021),
    })
}

pub fn create_agency(id: &str) -> RegistryChange {
    RegistryChange::CreateAgency(Agency {
        id: id.parse().unwrap(),
        jurisdiction: "230000".parse().unwrap(),
        display_name: "样例局".to_owned(),
        kind: AgencyKind::Department,
        large: false,
        first_year: year(2021),
    })
}

pub async fn commit(store: &dyn Store, transaction: Transaction) -> Arc<Commit> {
    committed(store.commit(transaction).await.unwrap()).expect("the transaction is committed")
}

pub fn committed(decision: Decision) -> Option<Arc<Commit>> {
    match decision {
        Decision::Committed(commit) => Some(commit),
        Decision::Repeated(_) | Decision::RequestIdReused(_) | Decision::Stale => None,
    }
}
