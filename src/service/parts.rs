//! The service: its parts, made once from its settings, and what every use case asks of them.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, RwLock};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, MutexGuard, Semaphore, watch};

use crate::access::{TokenKey, random_bytes};
use crate::document::process::{Fair, Readers};
use crate::live::Live;
use crate::store::{CheckpointFile, Clock, LostEntry, SigningKey, Store, StoreError, lost_in_words};

use super::budget::Budgets;
use super::conditions::Condition;
use super::differences::Recount;
use super::guesses::Guesses;
use super::messages::Reminding;
use super::places::Places;
use super::problem::Problem;
use super::sessions::Sessions;
use super::settings::{AccessPolicy, Settings, WatchLimits};
use super::wanted::WhileWanted;

/// The time zone by which a year ends.
pub const BEIJING: Offset = Offset::constant(8);

/// Scans of the whole store at a time.
pub(super) const SCANS_MAX: usize = 2;

/// Callers that wait for a place for a document at most, and for how long.
const DOCUMENTS_WAITING: usize = 256;
const DOCUMENTS_PATIENCE: Duration = Duration::from_secs(20);

/// How long a start waits at most for what other instances have stored meanwhile.
const FOLLOWED: Duration = Duration::from_secs(5);

/// What looks at all that the service rests on; it reads files.
pub type Examination = Arc<dyn Fn(&Service) -> Vec<Condition> + Send + Sync>;

/// Changes of who may do what go one at a time: each is checked against the directory as it is, and holds only where that has
/// not changed since the turn began, at whatever instance.
pub(super) struct AccessTurn<'a> {
    _gate: MutexGuard<'a, ()>,
    /// Journal sequence of the newest change that was in the directory then.
    pub(super) sequence: u64,
}

/// The service over one store. A copy is the same service.
///
/// ```
/// use std::sync::Arc;
///
/// use huizong::live::Live;
/// use huizong::service::{Service, Settings};
/// use huizong::store::MemoryStore;
///
/// let live = Arc::<Live>::default();
/// let store = Arc::new(MemoryStore::new(live.clone()));
/// let service = Service::start(store, live, Settings::default())?;
/// assert_eq!(service.newest_sequence(), 0, "nothing has happened yet");
/// # Ok::<(), huizong::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct Service(Arc<Parts>);

/// What the service is made of.
pub struct Parts {
    pub(super) store: Arc<dyn Store>,
    pub(super) live: Arc<Live>,
    pub(super) clock: Clock,
    /// Changes of the registry are checked against its present state, so they go one at a time.
    pub(super) registry_gate: Mutex<()>,
    /// Changes of the directory of principals go one at a time, too.
    access_gate: Mutex<()>,
    /// Columns of single agencies are filled by one at a time.
    pub(super) column_turn: Arc<Semaphore>,
    /// Memory for them, in bytes.
    pub(super) columns_bytes: usize,
    /// Texts of a year are read by one at a time.
    pub(super) texts_turn: Arc<Semaphore>,
    /// Where totals are kept to start from.
    pub(super) kept: Option<CheckpointFile>,
    /// The totals come from there, and no recount has seen them yet.
    pub(super) resumed: bool,
    /// What the newest recount found.
    pub(super) recounted: RwLock<Option<Recount>>,
    /// This start made the store.
    pub(super) is_new_store: bool,
    /// Told when the service stops.
    pub(super) stopping: watch::Sender<bool>,
    pub(super) watch_places: Arc<Places>,
    pub(super) watch_limits: WatchLimits,
    /// Callers show who they are; without it everyone may do everything.
    pub(super) authentication: bool,
    pub(super) policy: AccessPolicy,
    /// Wrong secrets for one-time codes.
    pub(super) guesses: Guesses,
    /// Where credentials are in use.
    pub(super) token_key: Option<TokenKey>,
    /// Signs how far the journal has come.
    pub(super) signing_key: Option<SigningKey>,
    /// How many entries go into the journal beside changes.
    pub(super) budgets: Budgets,
    pub(super) sessions: Sessions,
    /// The processes that documents are read in.
    pub(super) readers: Readers,
    /// Documents that are received or read at a time.
    pub(super) document_places: Arc<Fair>,
    /// Scans of the whole store are few at a time.
    pub(super) scans: Arc<Semaphore>,
    /// Looks at what the service rests on, where the process has said how.
    pub(super) examination: OnceLock<Examination>,
    /// What reminders are sent by and made of.
    pub(super) reminding: Reminding,
    /// Jobs that another instance does for all, as far as was asked.
    pub(super) elsewhere: RwLock<BTreeSet<&'static str>>,
}

impl Deref for Service {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Service {
    /// Waits for the turn to change who may do what.
    pub(super) async fn access_turn(&self) -> AccessTurn<'_> {
        let gate = self.access_gate.lock().await;
        AccessTurn { _gate: gate, sequence: self.live.directory_sequence() }
    }

    /// The same for whoever is not asynchronous.
    pub(super) fn blocking_access_turn(&self) -> AccessTurn<'_> {
        let gate = self.access_gate.blocking_lock();
        AccessTurn { _gate: gate, sequence: self.live.directory_sequence() }
    }

    /// A service over a store whose observer is `live`: from the totals that are kept and the journal since, or, where there
    /// are none or they are of no use, from every newest report. It keeps its totals then.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn start(store: Arc<dyn Store>, live: Arc<Live>, settings: Settings) -> Result<Self, StoreError> {
        let lost = store.lost();
        if settings.authentication && lost.iter().any(LostEntry::may_be_of_access) {
            // What was revoked must not hold again.
            return Err(StoreError::Damaged(format!(
                "{}: whether roles or credentials were withdrawn with one of them cannot be told, so nobody is let in; put \
                 them back from a backup (huizong restore --into)",
                lost_in_words(&lost)
            )));
        }
        let longest = SignedDuration::try_from(settings.sign_in.longest).unwrap_or(SignedDuration::MAX);
        live.ended_sessions().sessions_last(longest);
        if store.freshness().is_some() {
            // Sessions go on at other instances, and so at this one.
            let newest = store.position().time.max((settings.clock)());
            let since = newest.checked_sub(longest).unwrap_or(Timestamp::MIN);
            live.ended_sessions().load(&*store, since)?;
        }
        let resumed = live.load(&store, settings.kept.as_ref())?;
        let service = Self(Arc::new(Parts::new(store, live, settings, resumed)?));
        service.keep_totals();
        service.follow_others();
        Ok(service)
    }

    /// Waits a moment until this instance knows all that others have stored while it was being loaded.
    fn follow_others(&self) {
        let until = Instant::now() + FOLLOWED;
        while self.store.check_fresh().is_err() && Instant::now() < until {
            std::thread::sleep(FOLLOWED / 1000);
        }
    }

    /// A key for a purpose that all instances have in common; none where there is but one.
    pub fn common_key(&self, purpose: &str) -> Option<[u8; 32]> {
        common_key(&*self.store, self.token_key.as_ref(), purpose)
    }

    /// Whether callers are asked who they are.
    pub fn asks_who_calls(&self) -> bool {
        self.authentication
    }

    /// Whether this start made the store.
    pub fn made_store(&self) -> bool {
        self.is_new_store
    }

    /// Whether the totals come from a file, so that a recount should follow soon.
    pub fn has_resumed(&self) -> bool {
        self.resumed
    }

    /// The newest journal sequence that answers are true as of.
    pub fn newest_sequence(&self) -> u64 {
        self.live.read().sequence
    }

    /// The processes that documents are read in.
    pub fn readers(&self) -> &Readers {
        &self.0.readers
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
    pub(super) fn today(&self) -> Date {
        BEIJING.to_datetime(self.now()).date()
    }

    /// Runs a read of the store that may take long on a thread for blocking work. It is given up with the caller: the
    /// next time that it would read, it ends.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let caller = Arc::new(());
        let store = WhileWanted::new(self.store.clone(), Arc::downgrade(&caller));
        Self::beside(move || read(&store)).await
    }

    /// Runs work that may take long on a thread for it, and brings it to its end whoever waits.
    pub(super) async fn beside<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let span = tracing::Span::current();
        match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(&error.to_string())),
        }
    }
}

/// A key for a purpose, where several instances share a store.
fn common_key(store: &dyn Store, token_key: Option<&TokenKey>, purpose: &str) -> Option<[u8; 32]> {
    token_key.filter(|_| store.freshness().is_some()).map(|key| key.for_purpose(purpose))
}

impl Parts {
    fn new(store: Arc<dyn Store>, live: Arc<Live>, settings: Settings, resumed: bool) -> Result<Self, StoreError> {
        let Settings {
            clock,
            kept,
            is_new_store,
            authentication,
            policy,
            token_key,
            signing_key,
            entries,
            sign_in,
            watches,
            columns_bytes,
            readers,
            documents,
            reminding,
        } = settings;
        let session_key = common_key(&*store, token_key.as_ref(), "session-cookies");
        // Of one instance they end with the process.
        let session_key =
            session_key.map_or_else(random_bytes, Ok).map_err(|error| StoreError::Open(error.to_string()))?;
        // Half of the places at most are one caller's.
        let document_places = Fair::new(documents, documents.div_ceil(2), DOCUMENTS_WAITING, DOCUMENTS_PATIENCE);
        Ok(Self {
            store,
            live,
            clock: Clock::over(clock),
            registry_gate: Mutex::default(),
            access_gate: Mutex::default(),
            column_turn: Arc::new(Semaphore::new(1)),
            columns_bytes,
            texts_turn: Arc::new(Semaphore::new(1)),
            kept,
            resumed,
            recounted: RwLock::default(),
            is_new_store,
            stopping: watch::Sender::new(false),
            watch_places: Arc::new(Places::new(watches)),
            watch_limits: watches,
            authentication,
            policy,
            guesses: Guesses::default(),
            token_key,
            signing_key,
            budgets: Budgets::new(entries),
            sessions: Sessions::new(sign_in, session_key),
            readers,
            document_places: Arc::new(document_places),
            scans: Arc::new(Semaphore::new(SCANS_MAX)),
            examination: OnceLock::new(),
            reminding,
            elsewhere: RwLock::default(),
        })
    }
}
