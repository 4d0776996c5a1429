//! What can be done: one file per use case. Every door (gRPC, command line, dashboard) goes through here.

mod access;
mod admission;
mod alike;
mod audit;
mod backup;
mod by_agency;
mod caller;
mod checkpoint;
mod collections;
mod coverage;
mod credentials;
mod enrolment;
mod freeze;
mod history;
mod journal;
mod places;
mod problem;
mod proposals;
mod read_back;
mod read_document;
mod reconcile;
mod recount;
mod registry;
mod render;
mod restored;
mod review;
mod roll_up;
mod rule_counts;
mod sessions;
mod sight;
mod stopping;
mod strike;
mod submit;
mod verify;
mod view;
mod vitals;
mod wanted;
mod watch;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use tokio::sync::{Semaphore, watch as signal};

use crate::access::TokenKey;
use crate::document::process::{Fair, Readers, Settings};
use crate::live::Live;
use crate::store::{CheckpointFile, Clock, SigningKey, Store, StoreError};

use audit::Budgets;
use enrolment::Guesses;
use places::Places;
use sessions::Sessions;
use wanted::WhileWanted;

pub use crate::live::Perspective;
pub use access::{Authority, Subject};
pub use audit::EntryLimits;
pub use caller::{Asked, Caller};
pub use collections::etag as collection_etag;
pub use coverage::{CoverageAnswer, CoverageQuestion, CoverageRow};
pub use credentials::{CREDENTIAL_DAYS_MAX, CredentialView, NewCredential, PrincipalView};
pub use enrolment::{Exchanged, Replacement};
pub use freeze::FreezeRequest;
pub use history::{ReportAction, ReportEvent};
pub use journal::{JournalFilter, Order, Status};
pub use problem::{Code, Problem, Reason, Violation};
pub use proposals::AccessPolicy;
pub use read_back::{Page, PageEnd, ReportFilter, ReportView};
pub use read_document::{DocumentReading, Meant, judge_alone};
pub use reconcile::{Comparison, ExplainedBy, NamedDifference, Reconciliation};
pub use recount::Recount;
pub use registry::{Applied, ChangesPage, EntryFilter, Known};
pub use render::RenderedForm;
pub use restored::{NewerAccess, Restored, RestoredAccess, newer_access, settle_restored};
pub use review::{ReviewRequest, Reviewed};
pub use roll_up::{ConsolidatedForm, FormQuestion, RollupAnswer, RollupQuestion};
pub use rule_counts::RuleCount;
pub use sessions::{Origin, SignInLimits};
pub use sight::{Asker, Sight};
pub use submit::{Accepted, Submission};
pub use verify::{VerifyProgress, check_store, found_in_words};
pub use vitals::YearVitals;
pub use watch::{Update, WatchLimits};

/// The time zone by which a year ends.
pub const BEIJING: Offset = Offset::constant(8);

/// The service over one store.
#[derive(Clone)]
pub struct Service {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<Clock>,
    /// Changes of the registry are checked against its present state, so they go one at a time.
    registry_gate: Arc<tokio::sync::Mutex<()>>,
    /// Columns of single agencies are filled by one at a time.
    column_turn: Arc<Semaphore>,
    /// Texts of a year are read by one at a time.
    texts_turn: Arc<Semaphore>,
    /// Where totals are kept to start from.
    kept: Option<CheckpointFile>,
    /// This start made the store.
    is_new_store: bool,
    /// The totals come from there, and no recount has seen them yet.
    resumed: bool,
    /// Memory for them, in bytes.
    columns_bytes: usize,
    /// Told when the service stops.
    stopping: Arc<signal::Sender<bool>>,
    watch_places: Arc<Places>,
    watch_limits: WatchLimits,
    /// Changes of the directory of principals go one at a time, too.
    access_gate: Arc<tokio::sync::Mutex<()>>,
    /// Callers show who they are; without it everyone may do everything.
    authentication: bool,
    policy: AccessPolicy,
    /// Wrong secrets for one-time codes.
    guesses: Arc<Guesses>,
    /// Where credentials are in use.
    token_key: Option<Arc<TokenKey>>,
    /// Signs how far the journal has come.
    signing_key: Option<SigningKey>,
    /// How many entries go into the journal beside changes.
    budgets: Arc<Budgets>,
    /// The processes that documents are read in.
    readers: Readers,
    /// Documents that are received or read at a time.
    document_places: Arc<Fair>,
    sessions: Arc<Sessions>,
    /// Scans of the whole store are few at a time.
    scans: Arc<Semaphore>,
    /// What the newest recount found.
    recounted: Arc<RwLock<Option<Recount>>>,
}

/// Memory for figures of single agencies, in bytes, where nothing else is said.
const COLUMNS_BYTES: usize = 128 << 20;

/// Documents that are received or read at a time, where nothing else is said.
const DOCUMENTS: usize = 8;
/// Callers that wait for one of these places at most, and for how long.
const DOCUMENTS_WAITING: usize = 256;
const DOCUMENTS_PATIENCE: Duration = Duration::from_secs(20);

impl Service {
    /// A service over a store whose observer is `live`; reads the registry and every newest report once.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn start(store: Arc<dyn Store>, live: Arc<Live>, clock: fn() -> Timestamp) -> Result<Self, StoreError> {
        live.load(&store, None)?;
        Ok(Self::new(store, live, clock))
    }

    fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: fn() -> Timestamp) -> Self {
        let watch_limits = WatchLimits::default();
        Self {
            store,
            live,
            clock: Arc::new(Clock::over(clock)),
            texts_turn: Arc::new(Semaphore::new(1)),
            kept: None,
            is_new_store: false,
            resumed: false,
            registry_gate: Arc::default(),
            column_turn: Arc::new(Semaphore::new(1)),
            columns_bytes: COLUMNS_BYTES,
            stopping: Arc::default(),
            watch_places: Arc::new(Places::new(watch_limits)),
            watch_limits,
            access_gate: Arc::default(),
            authentication: false,
            policy: AccessPolicy::default(),
            guesses: Arc::default(),
            token_key: None,
            signing_key: None,
            budgets: Arc::new(Budgets::new(EntryLimits::default())),
            readers: Readers::new(Settings::default()),
            document_places: document_places(DOCUMENTS),
            sessions: Arc::new(Sessions::new(SignInLimits::default())),
            scans: Arc::new(Semaphore::new(backup::SCANS_MAX)),
            recounted: Arc::default(),
        }
    }

    /// The service over a store that was made by this start, for there was none.
    pub fn with_new_store(self, is_new_store: bool) -> Self {
        Self { is_new_store, ..self }
    }

    /// The service with other limits on watches.
    pub fn with_watch_limits(self, watch_limits: WatchLimits) -> Self {
        Self { watch_places: Arc::new(Places::new(watch_limits)), watch_limits, ..self }
    }

    /// The service with other memory for figures of single agencies; 0 for none.
    pub fn with_columns_bytes(self, columns_bytes: usize) -> Self {
        Self { columns_bytes, ..self }
    }

    /// The service that asks callers who they are, or lets everyone do everything.
    pub fn with_authentication(self, authentication: bool) -> Self {
        Self { authentication, ..self }
    }

    /// The service that gives roles and secrets in another way.
    pub fn with_access_policy(self, policy: AccessPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Whether callers are asked who they are.
    pub fn asks_who_calls(&self) -> bool {
        self.authentication
    }

    /// The service with a key to hash tokens with.
    pub fn with_token_key(self, key: TokenKey) -> Self {
        Self { token_key: Some(Arc::new(key)), ..self }
    }

    /// The service with a key to sign how far the journal has come.
    pub fn with_signing_key(self, key: SigningKey) -> Self {
        Self { signing_key: Some(key), ..self }
    }

    /// The service with other numbers of entries that go into the journal in a minute beside changes.
    pub fn with_entry_limits(self, limits: EntryLimits) -> Self {
        Self { budgets: Arc::new(Budgets::new(limits)), ..self }
    }

    /// The service that has documents read by these processes, and takes so many documents at a time.
    pub fn with_readers(self, readers: Readers, documents: usize) -> Self {
        Self { readers, document_places: document_places(documents), ..self }
    }

    /// The service with other limits on signing in.
    pub fn with_sign_in_limits(self, limits: SignInLimits) -> Self {
        Self { sessions: Arc::new(Sessions::new(limits)), ..self }
    }

    /// Whether this start made the store.
    pub fn made_store(&self) -> bool {
        self.is_new_store
    }

    /// The newest journal sequence that answers are true as of.
    pub fn newest_sequence(&self) -> u64 {
        self.live.read().sequence
    }

    /// The processes that documents are read in.
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// The present, by which things expire, fall due and are locked: never before the newest journal entry, so that a
    /// clock that is set back brings nothing back.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now(self.store.position().time)
    }

    /// What the clock of the machine says by itself, to be compared.
    pub fn machine_time(&self) -> Timestamp {
        self.clock.machine()
    }

    /// The date in Beijing, by which a year has ended or not.
    fn today(&self) -> Date {
        BEIJING.to_datetime(self.now()).date()
    }

    /// Runs a read of the store that may take long on a thread for blocking work. It is given up with the caller: the
    /// next time that it would read, it ends.
    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let caller = Arc::new(());
        let store = WhileWanted::new(self.store.clone(), Arc::downgrade(&caller));
        Self::beside(move || read(&store)).await
    }

    /// As [`Service::blocking`], but brought to its end whoever waits.
    async fn uninterrupted<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.store.clone();
        Self::beside(move || read(&*store)).await
    }

    async fn beside<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let span = tracing::Span::current();
        match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(&error.to_string())),
        }
    }
}

/// Half of the places at most are one caller's.
fn document_places(documents: usize) -> Arc<Fair> {
    Arc::new(Fair::new(documents, documents.div_ceil(2), DOCUMENTS_WAITING, DOCUMENTS_PATIENCE))
}
