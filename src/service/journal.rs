//! Reading the journal, and how the service is.

use std::sync::PoisonError;

use crate::store::{JournalEntry, Position};

use super::{Page, Problem, Recount, Service};

/// How the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub position: Position,
    /// Why writes are refused; none while they are taken.
    pub problem: Option<String>,
    /// What the newest recount found; none before the first.
    pub recount: Option<Recount>,
}

impl Service {
    /// Entries after a sequence number, oldest first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn journal(&self, after: u64, size: usize) -> Result<Page<JournalEntry>, Problem> {
        let entries = self.blocking(move |store| store.journal(after, size + 1)).await?;
        Ok(Page::cut(entries, size, |entry| entry.sequence.to_string()))
    }

    pub fn status(&self) -> Status {
        let problem = self.store.writable().err().map(|error| error.to_string());
        let recount = self.recounted.read().unwrap_or_else(PoisonError::into_inner).clone();
        Status { position: self.store.position(), problem, recount }
    }
}
