//! Stores to be tested, and transactions to put into them.

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use huizong::access::{
    AccessChange, Asked, Credential, CredentialId, Enrolment, KeyId, PrincipalName, Proposal, ProposalId, Role,
};
use huizong::form::{Kind, catalogue, edition_for_year};
use huizong::registry::{Agency, Jurisdiction, RegistryChange};
use huizong::report::{
    AgencyKind, Cell, CellComment, Figures, Hash, Level, ReportKey, ReportState, ReportYear, Review, ReviewAction,
    Revision, RuleSetRef, content_hash,
};
use huizong::rollup::{Counts, Coverage, FrozenForm, FrozenFormName, ShownSums};
use huizong::store::{
    Change, Commit, Decision, Engine, EngineOptions, MemoryStore, NEWEST, NewEntry, Observer, Outcome, RequestId,
    SledOptions, SledStore, Standing, Store, StoreError, Transaction,
};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::support::postgres::Postgres;

/// Makes a new, empty store.
pub trait OpenStore: Sync {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store>;
}

/// Both in memory.
pub struct OpenMemory;

impl OpenStore for OpenMemory {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(observer))
    }
}

/// A copy in memory beside a log in files, in a folder that is there until the test ends; opened again it is the same store.
pub struct OpenMemoryOverFiles(TempDir);

impl Default for OpenMemoryOverFiles {
    fn default() -> Self {
        Self(new_folder())
    }
}

impl OpenStore for OpenMemoryOverFiles {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        Arc::new(MemoryStore::over(self.0.path(), observer).unwrap())
    }
}

/// The other way round: a copy on disk beside a log in memory.
pub struct OpenSledOverMemory(TempDir);

impl Default for OpenSledOverMemory {
    fn default() -> Self {
        Self(new_folder())
    }
}

impl OpenStore for OpenSledOverMemory {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        let options = SledOptions { log_in_memory: true, ..sled_options(&self.0) };
        Arc::new(SledStore::open(&options, observer).unwrap())
    }
}

/// Both on disk. Keeps the folder until the test ends.
pub struct OpenSled(TempDir);

impl Default for OpenSled {
    fn default() -> Self {
        Self(new_folder())
    }
}

impl OpenSled {
    pub fn folder(&self) -> &TempDir {
        &self.0
    }
}

impl OpenStore for OpenSled {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        Arc::new(SledStore::open(&sled_options(&self.0), observer).unwrap())
    }
}

/// A log of its own in PostgreSQL, and the folder of the copy until the test ends.
pub struct OpenShared {
    pub engine: Engine,
    pub schema: String,
    folder: TempDir,
}

impl OpenShared {
    /// None where there is no PostgreSQL.
    pub fn new() -> Option<Self> {
        let (url, schema) = Postgres::common()?.schema();
        let engine = engine(url);
        huizong::store::engine::init(&engine, &huizong::store::Roles::default()).unwrap();
        Some(Self { engine, schema, folder: new_folder() })
    }
}

/// The log at an address, of a server that has no standby.
pub fn engine(url: String) -> Engine {
    let options = EngineOptions { url, without_standby: true, ..EngineOptions::default() };
    Engine::new(EngineOptions { poll: Duration::from_millis(5), ..options }).unwrap()
}

/// An instance beside a log.
pub fn instance(engine: &Engine, folder: &TempDir, observer: Arc<dyn Observer>) -> Result<SledStore, StoreError> {
    SledStore::open(&SledOptions { engine: Some(engine.clone()), ..sled_options(folder) }, observer)
}

impl OpenStore for OpenShared {
    fn open(&self, observer: Arc<dyn Observer>) -> Arc<dyn Store> {
        Arc::new(instance(&self.engine, &self.folder, observer).unwrap())
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
    ReportKey::of_agency(agency.parse().unwrap(), year(of))
}

pub fn consolidated(code: &str, of: u16) -> ReportKey {
    ReportKey::of_jurisdiction(code.parse().unwrap(), year(of))
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
        accepted_before: None,
        // Some are, and then their report is for good.
        late: number == 2,
        narrative: None,
        content_hash: content_hash(report, &figures, None),
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
        by: "credentials/0123456789abcdef".to_owned(),
        action: "report.submit",
        subject: subject.to_owned(),
        outcome,
        detail: "sample".to_owned(),
        content_hash: Hash::of(subject.as_bytes()),
    }
}

/// One change, in the journal by the name and the content that it changes.
pub fn changing(subject: &str, content_hash: Hash, change: Change) -> Transaction {
    Transaction::of(vec![change], NewEntry { content_hash, ..entry(subject, Outcome::Accepted) })
}

/// One change of a report.
fn of_report(report: &ReportKey, change: Change) -> Transaction {
    let content_hash = match &change {
        Change::Revision { revision, .. } => revision.content_hash,
        Change::Review { before, .. } => before.newest.content_hash,
        Change::Registry(_) | Change::Freeze(_) | Change::Access(_) | Change::Strike(_) => {
            panic!("{change:?} is no change of a report")
        }
    };
    changing(&report.to_string(), content_hash, change)
}

pub fn newest(store: &dyn Store, report: &ReportKey) -> Option<Standing> {
    store.standing(report, NEWEST).unwrap()
}

/// One more revision after `before`, accepted at once or to be reviewed.
pub fn revise(before: Option<Standing>, state: ReportState, revision: Revision) -> Change {
    let late = before.as_ref().map_or(revision.late, |before| before.status.late);
    Change::Revision { before, revision: Box::new(Revision { state, late, ..revision }) }
}

/// One more accepted revision after the newest.
pub fn one_more(store: &dyn Store, report: &ReportKey, number: i64) -> Change {
    revise(newest(store, report), ReportState::Accepted, revision(report, number, "sample"))
}

/// Stores one more accepted revision after the newest.
pub fn submit(store: &dyn Store, report: &ReportKey, number: i64) -> Transaction {
    of_report(report, one_more(store, report, number))
}

/// The first revision of a report.
pub fn first(report: &ReportKey, number: i64) -> Transaction {
    let change = revise(None, ReportState::Accepted, revision(report, number, "sample"));
    of_report(report, change)
}

/// Stores one more revision that is to be reviewed.
pub fn hand_in(store: &dyn Store, report: &ReportKey, number: i64) -> Transaction {
    let change = revise(newest(store, report), ReportState::Submitted, revision(report, number, "sample"));
    of_report(report, change)
}

/// A review of the newest revision in `before`.
pub fn reviewing(before: Standing, action: ReviewAction, reason: &str) -> Change {
    let review = Review {
        revision: before.newest.name(),
        action,
        reason: reason.to_owned(),
        comments: vec![CellComment { cell: "requests.received.total".to_owned(), text: "请核实".to_owned() }],
        actor: "sample".to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
        status: before.status,
    };
    Change::Review { before: Box::new(before), review: Box::new(review) }
}

/// Reviews the newest revision of a report that has one.
pub fn review(store: &dyn Store, report: &ReportKey, action: ReviewAction) -> Transaction {
    let change = reviewing(newest(store, report).expect("the report has a revision"), action, "sample");
    of_report(report, change)
}

/// A form that differs from any other number's.
pub fn frozen(jurisdiction: &str, of: u16, number: u32) -> FrozenForm {
    let report = consolidated(jurisdiction, of);
    let mut counts = Counts::default().to_array();
    counts[0] = number.into();
    FrozenForm {
        name: FrozenFormName { jurisdiction: jurisdiction.parse().unwrap(), year: year(of), number },
        display_name: "样例省".to_owned(),
        hierarchy_year: year(of),
        include_vertical: number.is_multiple_of(2),
        sums: {
            let figures = revision(&report, number.into(), "").figures;
            // Sums of a province may be wider than the figures of a report.
            ShownSums::of(figures.edition(), |cell| match catalogue().cell(cell).kind {
                Kind::Money => Some(i128::from(i64::MAX) * i128::from(number)),
                _ => figures.get(cell).number().map(i128::from),
            })
        },
        coverage: Coverage { year: year(of), expected: 7, vertical_excluded: 1, counts: Counts::from_array(counts) },
        as_of: number.into(),
        content_hash: Hash::of(&number.to_be_bytes()),
        note: "sample".to_owned(),
        actor: "sample".to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
        sequence: 0,
    }
}

pub fn freeze(form: FrozenForm) -> Transaction {
    changing(&form.name.to_string(), form.content_hash, Change::Freeze(Box::new(form)))
}

pub trait TransactionExt {
    fn expecting(self, report: &ReportKey, version: Option<(u32, u64)>) -> Self;
    fn expecting_registry(self, sequence: u64) -> Self;
    fn with_request(self, id: RequestId, digest: &str) -> Self;
    fn and(self, change: Change) -> Self;
}

impl TransactionExt for Transaction {
    fn expecting(mut self, report: &ReportKey, version: Option<(u32, u64)>) -> Self {
        self.expected.push((report.clone(), version));
        self
    }

    fn expecting_registry(mut self, sequence: u64) -> Self {
        self.registry = Some(sequence);
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
    Transaction::of(Vec::new(), entry(&report.to_string(), Outcome::Refused))
}

pub fn request_id(number: u128) -> RequestId {
    RequestId::from_u128(number)
}

/// A change of who may do what; each number makes another.
pub fn authorize(number: u8) -> AccessChange {
    let principal: PrincipalName = format!("principal-{number}").parse().unwrap();
    let role = |scope: &str| Role::parse("viewer", scope).unwrap();
    let id = CredentialId([number; 8]);
    let time = Timestamp::from_microsecond(i64::from(number)).unwrap();
    let (later, key) = (time + jiff::SignedDuration::from_hours(24), KeyId([7; 8]));
    let (proposal, by): (_, PrincipalName) = (ProposalId([number; 8]), "sample".parse().unwrap());
    let proposing = |asked| Proposal {
        id: proposal,
        principal: principal.clone(),
        asked,
        by: by.clone(),
        created: time,
        ends: later,
    };
    match number % 10 {
        0 => AccessChange::Grant { principal, role: role("jurisdictions/230000") },
        1 => AccessChange::Withdraw { principal, role: role("jurisdictions/230100") },
        2 => AccessChange::RevokeCredential { id, at: time },
        4 => AccessChange::Enrol(Enrolment {
            id,
            principal,
            code: Hash::of(&[number]),
            key,
            note: "样例 sample".to_owned(),
            created: time,
            ends: later,
            expires: later,
            by: (number > 9).then_some(by),
        }),
        5 => AccessChange::Exchange { id, hash: Hash::of(&[number]), key, at: time },
        6 => AccessChange::Propose(proposing(Asked::Grant(role("jurisdictions/230000")))),
        7 => AccessChange::Propose(proposing(Asked::Enrolment(id))),
        8 => AccessChange::Confirm { id: proposal, by, at: time },
        9 => AccessChange::Decline { id: proposal, by, at: time },
        _ => AccessChange::CreateCredential(Credential {
            id,
            principal,
            hash: Hash::of(&[number]),
            note: "样例 sample".to_owned(),
            created: time,
            expires: later,
            key: Some(key),
            revoked: None,
        }),
    }
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
        vertical: false,
        first_year: year(2021),
    })
}

pub async fn commit(store: &dyn Store, transaction: Transaction) -> Arc<Commit> {
    committed(store.commit(transaction).await.unwrap()).expect("the transaction is committed")
}

/// Commits a transaction that rests on how things stand, made anew while it is stale.
pub async fn commit_in_turn(store: &dyn Store, transaction: impl Fn() -> Transaction) -> Arc<Commit> {
    loop {
        match store.commit(transaction()).await.unwrap() {
            Decision::Committed(commit) => return commit,
            Decision::Stale => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Offers transactions that were made beforehand at once and in order, so that they meet in one group.
pub async fn offer(store: &dyn Store, transactions: Vec<Transaction>) -> Vec<Decision> {
    let offers = transactions.into_iter().map(|transaction| store.commit(transaction));
    futures::future::join_all(offers).await.into_iter().map(Result::unwrap).collect()
}

/// Of transactions that cannot all be committed exactly one is, and the others are stale.
pub async fn offer_rivals(store: &dyn Store, transactions: Vec<Transaction>) -> Arc<Commit> {
    let decisions = offer(store, transactions).await;
    let stale = decisions.iter().filter(|decision| matches!(decision, Decision::Stale)).count();
    assert_eq!(stale + 1, decisions.len(), "{decisions:?}");
    decisions.into_iter().find_map(committed).expect("one is committed")
}

pub fn committed(decision: Decision) -> Option<Arc<Commit>> {
    match decision {
        Decision::Committed(commit) => Some(commit),
        Decision::Repeated(_) | Decision::RequestIdReused(_) | Decision::Stale => None,
    }
}
