//! The one way in which a commit changes a state: whether it was just made, is read back from the journal at a start, or on
//! the way to an earlier moment.

use crate::registry::RegistryChange;
use crate::store::{Commit, Effect, Store, StoreError};

use super::arrange::{Rearrangement, Unarranged};
use super::columns::Columns;
use super::state::State;

/// How often what a change of the registry does is looked for where the store cannot be read for a moment.
const ATTEMPTS: usize = 3;

impl State {
    /// What a commit does to the registry, and thereby to this state; none where it leaves the registry alone. It reads the
    /// store: nobody should wait for it but whoever commits.
    ///
    /// # Errors
    /// A change that does not apply; a store that cannot be read.
    pub fn arrangement(&self, commit: &Commit, store: &dyn Store) -> Result<Option<Rearrangement>, Unarranged> {
        let changes: Vec<&RegistryChange> = commit.registry_changes().collect();
        if changes.is_empty() {
            return Ok(None);
        }
        let arrange = || self.rearrange(&changes, commit.entry.sequence, store);
        let mut found = arrange();
        for _ in 1..ATTEMPTS {
            // One read that fails is not to cost every answer until the next start.
            let Err(Unarranged::Store(error @ StoreError::Read(_))) = &found else { break };
            tracing::warn!(%error, "what a change of the registry does could not be read; trying again");
            found = arrange();
        }
        found.map(Some)
    }

    /// Takes what a commit did to reports, in the columns that follow this state as well; what it did to the registry is
    /// taken before.
    pub fn apply(&mut self, commit: &Commit, mut columns: Option<&mut Columns>) {
        for (before, after) in commit.effects.iter().filter_map(Effect::report) {
            self.replace_report(before, after, columns.as_deref_mut());
        }
        if self.is_of_everything() {
            self.count_refusal(&commit.entry);
        }
        self.sequence = commit.entry.sequence;
    }

    /// Follows a commit, where nobody else looks at the state yet.
    pub fn follow(&mut self, commit: &Commit, store: &dyn Store) {
        match self.arrangement(commit, store) {
            Ok(arranged) => drop(arranged.map(|arranged| self.take(arranged))),
            Err(error) => self.cannot_follow(&error),
        }
        self.apply(commit, None);
    }

    /// Stops answers, for a change of the registry is not in the sums.
    pub fn cannot_follow(&mut self, error: &Unarranged) {
        self.fail(format!("the totals do not follow a change of the registry: {error}"));
    }
}
