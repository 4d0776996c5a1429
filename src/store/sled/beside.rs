//! What is beside a log that others append to: jobs that one instance does for all, and the figures as plain tables. Whoever asks
//! waits on a thread that may.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::store::log::{LogError, SharedLog};
use crate::store::{Extras, StoreError};

use super::SledStore;

impl SledStore {
    /// Asks the log, where others append to it and it has what that takes; none where not.
    pub(super) fn beside<T: Send + 'static>(
        &self,
        has: fn(Extras) -> bool,
        ask: impl FnOnce(&dyn SharedLog) -> Result<T, LogError> + Send + 'static,
    ) -> BoxFuture<'static, Result<Option<T>, StoreError>> {
        let shared = self.shared.clone();
        let asked = move || {
            let log = shared.log.shared().filter(|log| has(log.extras()));
            log.map(ask).transpose().map_err(StoreError::from)
        };
        async move {
            let asked = tokio::task::spawn_blocking(asked).await;
            asked.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
        }
        .boxed()
    }
}
