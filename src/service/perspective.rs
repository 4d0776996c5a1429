//! From when, and over which tree, a question about sums is answered.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use crate::report::{Message, ReportState, ReportYear};
use crate::rollup::Tree;

use super::state::{ACCEPTED, State};
use super::{Problem, Reason, Service};

/// Past states kept in memory; each is as large as the totals of its years.
const KEPT: usize = 8;
/// Past states that are made at the same time.
const MAKERS: usize = 2;

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

#[derive(Debug, Clone, PartialEq, Eq)]
struct Made {
    as_of: u64,
    years: (ReportYear, ReportYear),
    tree: Tree,
    states: Vec<ReportState>,
}

/// Past states, made from the store when they are asked for.
pub struct Past {
    kept: Mutex<VecDeque<(Made, Arc<State>)>>,
    makers: tokio::sync::Semaphore,
}

impl Default for Past {
    fn default() -> Self {
        Self { kept: Mutex::default(), makers: tokio::sync::Semaphore::new(MAKERS) }
    }
}

impl Past {
    fn find(&self, made: &Made) -> Option<Arc<State>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == made)?;
        let entry = kept.remove(at)?;
        let state = entry.1.clone();
        // The one that was not asked for the longest goes first.
        kept.push_back(entry);
        Some(state)
    }

    fn keep(&self, made: Made, state: Arc<State>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((made, state));
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

/// A state to answer from. Hold it briefly, and never while waiting: it may be the present one.
pub enum View<'a> {
    Present(RwLockReadGuard<'a, State>),
    Past(Arc<State>),
}

impl Deref for View<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        match self {
            Self::Present(state) => state,
            Self::Past(state) => state,
        }
    }
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
    pub(super) fn present(&self) -> Result<RwLockReadGuard<'_, State>, Problem> {
        let state = self.live.read();
        match &state.fault {
            Some(fault) => Err(Problem::untrusted(fault)),
            None => Ok(state),
        }
    }

    /// The state to answer a question about `years` from.
    ///
    /// # Errors
    /// AS_OF_INVALID for a journal sequence that is not there yet; where the store cannot be read.
    pub(super) async fn view(
        &self,
        perspective: &Perspective,
        years: (ReportYear, ReportYear),
    ) -> Result<View<'_>, Problem> {
        let (tree, states) = (perspective.tree(years), perspective.states());
        let made = {
            let present = self.present()?;
            let as_of = perspective.as_of.unwrap_or(present.sequence);
            if as_of > present.sequence {
                return Err(as_of_invalid(present.sequence));
            }
            if as_of == present.sequence && tree == Tree::AsReported && states == ACCEPTED {
                return Ok(View::Present(present));
            }
            Made { as_of, years, tree, states }
        };
        if let Some(state) = self.past.find(&made) {
            return Ok(View::Past(state));
        }
        let _turn = self.past.makers.acquire().await.map_err(|error| Problem::internal(&error.to_string()))?;
        // Another may have made it while this one waited.
        if let Some(state) = self.past.find(&made) {
            return Ok(View::Past(state));
        }
        let wanted = made.clone();
        let state = self
            .blocking(move |store| {
                let years = wanted.years.0.through(wanted.years.1);
                State::replay(store, wanted.as_of, years, wanted.tree, &wanted.states, |_| {})
            })
            .await?;
        if let Some(fault) = &state.fault {
            return Err(Problem::untrusted(fault));
        }
        let state = Arc::new(state);
        self.past.keep(made, state.clone());
        Ok(View::Past(state))
    }
}

fn as_of_invalid(newest: u64) -> Problem {
    let description = Message::new(
        format!("日志尚未到此序号，当前为 {newest}"),
        format!("the journal has not come that far; it stands at {newest}"),
    );
    Problem::field(Reason::AsOfInvalid, "as_of", description).with("sequence", newest)
}
