//! What can be done: one file per use case. Every door (gRPC, command line, dashboard) goes through here.

mod backup;
mod journal;
mod live;
mod problem;
mod read_back;
mod read_document;
mod recount;
mod registry;
mod roll_up;
mod submit;
mod verify;

use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use tokio::sync::Semaphore;

use crate::store::{Store, StoreError};

pub use journal::{JournalFilter, Status};
pub use live::Live;
pub use problem::{Code, Problem, Reason, Violation};
pub use read_back::{Page, ReportFilter};
pub use read_document::{DocumentReading, read_and_judge};
pub use recount::Recount;
pub use registry::Applied;
pub use roll_up::{ConsolidatedForm, CoverageAnswer, RollupAnswer, RollupQuestion};
pub use submit::{Accepted, Submission};
pub use verify::{VerifyProgress, check_store};

/// The time zone by which a year ends.
pub const BEIJING: Offset = Offset::constant(8);

/// Who calls, for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// A principal and where the call came from, such as `anonymous 127.0.0.1`.
    pub actor: String,
}

/// The service over one store.
#[derive(Clone)]
pub struct Service {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: fn() -> Timestamp,
    /// Changes of the registry are checked against its present state, so they go one at a time.
    registry_gate: Arc<tokio::sync::Mutex<()>>,
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
        live.load(&*store)?;
        let scans = Arc::new(Semaphore::new(backup::SCANS_MAX));
        Ok(Self { store, live, clock, registry_gate: Arc::default(), scans, recounted: Arc::default() })
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
        match tokio::task::spawn_blocking(move || read(&*store)).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(&error.to_string())),
        }
    }
}
