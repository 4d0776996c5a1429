//! From when, and over which tree, a question about sums is answered.

use std::sync::Arc;

use crate::report::{Message, ReportState, ReportYear};
use crate::rollup::Tree;

use super::followed::Kind;
use super::past::Wanted;
use super::sight::{Asker, Extent};
use super::state::{ACCEPTED, State};
use super::{Problem, Reason, Service};

/// From when, and over which tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Perspective {
    /// Journal sequence number; none for the present.
    pub as_of: Option<u64>,
    /// Year whose tree is used; none for each report year's own.
    pub hierarchy_year: Option<ReportYear>,
    /// States of the newest revisions to count; empty for accepted ones.
    pub states: Vec<ReportState>,
}

impl Perspective {
    pub(super) fn tree(&self, years: (ReportYear, ReportYear)) -> Tree {
        match self.hierarchy_year {
            Some(hierarchy) if years != (hierarchy, hierarchy) => Tree::Of(hierarchy),
            _ => Tree::AsReported,
        }
    }

    /// The states to count, in order.
    pub(super) fn states(&self) -> Vec<ReportState> {
        let mut states = if self.states.is_empty() { ACCEPTED.to_vec() } else { self.states.clone() };
        states.sort_unstable();
        states.dedup();
        states
    }
}

impl Service {
    /// The present state.
    ///
    /// # Errors
    /// STORE_DAMAGED where the totals cannot be trusted.
    pub(super) fn present(&self) -> Result<Arc<State>, Problem> {
        let state = self.live.read();
        match &state.fault {
            Some(fault) => Err(Problem::untrusted(fault)),
            None => Ok(state),
        }
    }

    /// The state to answer one who asks from: where everything in the extent is in their sight.
    ///
    /// # Errors
    /// BEYOND_SIGHT, recorded; as [`Service::state_of`] and [`Service::sight_of`].
    pub(super) async fn view(
        &self,
        asker: &Asker,
        extent: &Extent<'_>,
        perspective: &Perspective,
    ) -> Result<Arc<State>, Problem> {
        let sight = self.sight_of(asker)?;
        let state = self.state_of(perspective, extent.years).await?;
        match self.check_extent(&sight, extent, &state) {
            Ok(()) => Ok(state),
            Err(problem) => Err(self.record_unseen(problem, asker, extent.jurisdiction).await),
        }
    }

    /// The state to answer a question about `years` from, whoever asks.
    ///
    /// # Errors
    /// AS_OF_INVALID for a journal sequence that is not there yet; where the store cannot be read.
    pub(super) async fn state_of(
        &self,
        perspective: &Perspective,
        years: (ReportYear, ReportYear),
    ) -> Result<Arc<State>, Problem> {
        let kind = Kind { tree: perspective.tree(years), states: perspective.states(), years };
        let present = self.present()?;
        let as_of = perspective.as_of.filter(|as_of| *as_of != present.sequence);
        match as_of {
            Some(as_of) if as_of > present.sequence => Err(as_of_invalid(present.sequence)),
            Some(as_of) => self.made(Wanted { as_of: Some(as_of), kind }).await,
            None if kind.tree == Tree::AsReported && kind.states == ACCEPTED => Ok(present),
            None => match self.live.others.find(&kind) {
                Some(state) => Ok(state),
                None => self.made(Wanted { as_of: None, kind }).await,
            },
        }
    }
}

fn as_of_invalid(newest: u64) -> Problem {
    let description = Message::new(
        format!("日志尚未到此序号，当前为 {newest}"),
        format!("the journal has not come that far; it stands at {newest}"),
    );
    Problem::field(Reason::AsOfInvalid, "as_of", description).with("sequence", newest)
}
