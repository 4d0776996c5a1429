//! Totals kept in a file, so that a start need not read every report.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use crate::live::Live;
use crate::store::{Checkpoint, CheckpointFile, Store, StoreError};

use super::Service;

impl Service {
    /// A service over a store whose observer is `live`, from the totals kept in a file and the journal since; where
    /// they are of no use it reads every newest report. Keeps its totals there.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn resume(
        store: Arc<dyn Store>,
        live: Arc<Live>,
        clock: fn() -> Timestamp,
        kept: CheckpointFile,
    ) -> Result<Self, StoreError> {
        let resumed = live.load(&store, Some(&kept))?;
        let service = Self { kept: Some(kept), resumed, ..Self::new(store, live, clock) };
        service.keep_totals();
        Ok(service)
    }

    /// Whether the totals come from a file, so that a recount should follow soon.
    pub fn has_resumed(&self) -> bool {
        self.resumed
    }

    /// Keeps the totals as they are now. Where they differ from the newest recount nothing is kept, so that the next
    /// start reads every report and mends them.
    pub fn keep_totals(&self) {
        let Some(kept) = &self.kept else { return };
        if let Err(error) = self.try_keep_totals(kept) {
            tracing::warn!(error, "the totals cannot be kept; the next start may take longer");
        }
    }

    fn try_keep_totals(&self, kept: &CheckpointFile) -> Result<(), String> {
        let recount = self.recounted.read().unwrap_or_else(PoisonError::into_inner);
        if recount.as_ref().is_some_and(|recount| recount.differences_total > 0) {
            return kept.remove().map_err(|error| error.to_string());
        }
        drop(recount);
        let (sequence, totals) = {
            let state = self.live.read();
            if state.fault.is_some() {
                return kept.remove().map_err(|error| error.to_string());
            }
            (state.sequence, state.totals.clone())
        };
        let Some(before) = sequence.checked_sub(1) else { return Ok(()) };
        let entries = self.store.journal(before, 1).map_err(|error| error.to_string())?;
        let Some(entry) = entries.first() else { return Ok(()) };
        kept.write(&Checkpoint::new(&entry.position(), totals)).map_err(|error| error.to_string())
    }
}
