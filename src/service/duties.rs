//! What one of several instances does for all: backups, the journal on its way to a receiver of logs, the figures as plain tables.

use std::sync::PoisonError;
use std::time::Duration;

use crate::store::{Extras, FiguresAsOf, Position, StoreError};

use super::parts::Service;

/// Backups that the service makes by itself.
pub const BACKUP: &str = "backup";
/// The journal as syslog to a receiver.
pub const SYSLOG: &str = "syslog";
/// The journal to a file.
pub const FILE: &str = "file";
/// The figures of reports as plain tables.
pub const FIGURES: &str = "figures";

impl Service {
    /// Takes a job on for a time, or goes on having it: whether it is this instance's.
    ///
    /// # Errors
    /// Where the shared journal cannot be asked now.
    pub async fn take_on(&self, job: &'static str, time: Duration) -> Result<bool, StoreError> {
        let is_mine = self.store.take_on(job, time).await?;
        let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
        if is_mine {
            elsewhere.remove(job)
        } else {
            elsewhere.insert(job)
        };
        Ok(is_mine)
    }

    /// Whether another instance had a job when it was last asked for.
    pub fn is_done_elsewhere(&self, job: &str) -> bool {
        self.elsewhere.read().unwrap_or_else(PoisonError::into_inner).contains(job)
    }

    /// How far whichever instance had a job has come with it; none where instances do not share jobs, or that cannot be told now.
    pub async fn done(&self, job: &'static str) -> Option<Position> {
        self.store.done(job).await.unwrap_or_else(|error| {
            tracing::warn!(job, %error, "how far a job has come cannot be told");
            None
        })
    }

    /// Notes how far this instance has come with a job that it has.
    pub async fn note_done(&self, job: &'static str, position: Position) {
        if let Err(error) = self.store.note_done(job, position).await {
            tracing::warn!(job, %error, "how far a job has come is not noted: some of it may be done again");
        }
    }

    /// What there is beside a shared journal; none where no other instance appends to it.
    pub fn extras(&self) -> Option<Extras> {
        self.store.extras()
    }

    /// Follows the journal by one page with the plain tables that analysts read; none where there are no such tables.
    ///
    /// # Errors
    /// Where that cannot be done now.
    pub async fn follow_figures(&self) -> Result<Option<FiguresAsOf>, StoreError> {
        self.store.follow_figures(false).await
    }
}
