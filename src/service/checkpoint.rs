//! Totals kept in a file, so that a start need not read every report.

use std::sync::PoisonError;

use crate::store::{Checkpoint, CheckpointFile};

use super::parts::Service;

impl Service {
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
