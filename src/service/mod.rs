//! What can be done: one file per use case. Every door (gRPC, command line, dashboard) goes through here.

mod admission;
mod backup;
mod collections;
mod coverage;
mod freeze;
mod history;
mod journal;
mod likeness;
mod live;
mod perspective;
mod problem;
mod read_back;
mod read_document;
mod reconcile;
mod recount;
mod registry;
mod render;
mod review;
mod roll_up;
mod rule_counts;
mod state;
mod submit;
mod verify;
mod vitals;
mod watch;

use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use tokio::sync::Semaphore;

use crate::store::{Store, StoreError};

use perspective::Past;

pub use collections::etag as collection_etag;
pub use coverage::{CoverageAnswer, CoverageQuestion, CoverageRow};
pub use freeze::FreezeRequest;
pub use history::{ReportAction, ReportEvent};
pub use journal::{JournalFilter, Status};
pub use live::Live;
pub use perspective::Perspective;
pub use problem::{Code, Problem, Reason, Violation};
pub use read_back::{Page, ReportFilter, ReportView};
pub use read_document::{DocumentReading, read_and_judge};
pub use reconcile::{Comparison, ExplainedBy, NamedDifference, Reconciliation};
pub use recount::Recount;
pub use registry::{Applied, ChangesPage, EntryFilter, Known};
pub use render::RenderedForm;
pub use review::{ReviewRequest, Reviewed};
pub use roll_up::{ConsolidatedForm, FormQuestion, RollupAnswer, RollupQuestion};
pub use rule_counts::RuleCount;
pub use submit::{Accepted, Submission};
pub use verify::{VerifyProgress, check_store};
pub use vitals::YearVitals;
pub use watch::{Update, WatchLimits};

/// The time zone by which a year ends.
pub const BEIJING: Offset = Offset::constant(8);

/// Who calls, for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is, such as `anonymous`.
    pub principal: String,
    /// Where the call came from, such as `127.0.0.1`; empty for the service itself.
    pub address: String,
}

impl Caller {
    /// The service's own work, such as filling a demonstration.
    pub fn internal(principal: &str) -> Self {
        Self { principal: principal.to_owned(), address: String::new() }
    }

    /// As it stands in the journal, such as `anonymous 127.0.0.1`.
    pub fn actor(&self) -> String {
        format!("{} {}", self.principal, self.address).trim_end().to_owned()
    }
}

/// The service over one store.
#[derive(Clone)]
pub struct Service {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: fn() -> Timestamp,
    /// Changes of the registry are checked against its present state, so they go one at a time.
    registry_gate: Arc<tokio::sync::Mutex<()>>,
    past: Arc<Past>,
    watchers: Arc<Semaphore>,
    watch_limits: WatchLimits,
    /// Scans of the whole store are few at a time.
    scans: Arc<Semaphore>,
    /// What the newest recount found.
    recounted: Arc<RwLock<Option<Recount>>>,
}

impl Service {
    /// A service over a store whose observer is `live`; reads the registry and every newest report once.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn start(store: Arc<dyn Store>, live: Arc<Live>, clock: fn() -> Timestamp) -> Result<Self, StoreError> {
        live.load(&store)?;
        let watch_limits = WatchLimits::default();
        Ok(Self {
            store,
            live,
            clock,
            registry_gate: Arc::default(),
            past: Arc::default(),
            watchers: Arc::new(Semaphore::new(watch_limits.watchers)),
            watch_limits,
            scans: Arc::new(Semaphore::new(backup::SCANS_MAX)),
            recounted: Arc::default(),
        })
    }

    /// The service with other limits on watches.
    pub fn with_watch_limits(self, watch_limits: WatchLimits) -> Self {
        Self { watchers: Arc::new(Semaphore::new(watch_limits.watchers)), watch_limits, ..self }
    }

    /// The date in Beijing, by which a year has ended or not.
    fn today(&self) -> Date {
        BEIJING.to_datetime((self.clock)()).date()
    }

    /// Runs a read of the store that may take long on a thread for blocking work.
    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.store.clone();
        let span = tracing::Span::current();
        match tokio::task::spawn_blocking(move || span.in_scope(|| read(&*store))).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(&error.to_string())),
        }
    }
}
