//! The state that a question is answered from, where its caller may see all that the answer would be made of.

use std::sync::Arc;

use crate::live::{Perspective, Present, State, Unmade};
use crate::registry::JurisdictionIndex;
use crate::report::{JurisdictionCode, Message};
use crate::store::{Store, StoreError};

use super::parts::Service;
use super::problem::{Problem, Reason};
use super::sight::{Asker, Extent};

impl Service {
    /// The present state.
    ///
    /// # Errors
    /// STORE_DAMAGED where the totals cannot be trusted.
    pub(super) fn present(&self) -> Result<Arc<State>, Problem> {
        Ok(self.live.trusted()?)
    }

    /// The state to answer one who asks from: where everything in the extent is in their sight.
    ///
    /// # Errors
    /// BEYOND_SIGHT, recorded; AS_OF_INVALID for a journal sequence that is not there yet; STORE_DAMAGED where the totals
    /// cannot be trusted; as [`Service::sight_of`].
    pub(super) async fn view(
        &self,
        asker: &Asker,
        extent: &Extent<'_>,
        perspective: &Perspective,
    ) -> Result<Present, Problem> {
        let sight = self.sight_of(asker)?;
        let present = self.live.state_of(perspective, extent.years).await?;
        // The others may be a moment behind this one: nobody is to see the journal go back.
        self.live.notices.told(present.state.sequence).await;
        match self.check_extent(&sight, extent, &present.state) {
            Ok(()) => Ok(present),
            Err(problem) => Err(self.record_unseen(problem, asker, extent.jurisdiction).await),
        }
    }

    /// As [`Service::blocking`], for reads of so much that few may go at a time. The turn ends with the work, not with the caller.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.live.makers().acquire_owned().await;
        let turn = turn.map_err(|error| Problem::internal(&error.to_string()))?;
        self.blocking(move |store| {
            let _turn = turn;
            read(store)
        })
        .await
    }
}

/// A jurisdiction by its code.
pub(super) fn find(state: &State, code: &JurisdictionCode) -> Result<JurisdictionIndex, Problem> {
    state.registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&code.name()))
}

impl From<Unmade> for Problem {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::NotYet { newest } => as_of_invalid("as_of", newest),
            Unmade::Untrusted(fault) => Self::untrusted(&fault),
            Unmade::Store(error) => error.into(),
            Unmade::GivenUp => Self::internal("a state was given up while it was made"),
        }
    }
}

/// A journal sequence in a field that the journal has not come to; it stands at `newest`.
pub(super) fn as_of_invalid(field: &str, newest: u64) -> Problem {
    let description = Message::new(
        format!("流水号超出范围，当前最新为{newest}"),
        format!("the journal has not come that far; it stands at {newest}"),
    );
    Problem::field(Reason::AsOfInvalid, field, description).with("sequence", newest)
}
