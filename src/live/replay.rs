//! States made from the store: every newest report of a moment counted, or the journal followed from an earlier one.
//! Records are read and decoded by several at once, and taken in their order.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::registry::RegistryChange;
use crate::report::{Owners, ReportKey, ReportYear};
use crate::rollup::{Tally, Totals};
use crate::store::{
    Checkpoint, JournalEntry, NEWEST, Outcome, Pages, Standing, Store, StoreError, all_cores, commits, each_standing,
    in_order, lost_in_words,
};

use super::state::{Share, State, unknown_agency};

/// Records, or journal entries, read at a time.
const PAGE: usize = 512;

/// A recount rests so long after so many reports, so that calls go before.
const REST: Duration = Duration::from_millis(10);
const REST_REPORTS: u32 = 1000;

/// How much of the machine the reading of everything takes.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// That decode and add up at the same time.
    workers: usize,
    rests: bool,
}

impl Effort {
    /// Of one core, while others call.
    pub const BESIDE: Self = Self { workers: 1, rests: false };

    /// Of all cores: nobody can be served before it is done, or it was asked for.
    pub fn whole() -> Self {
        Self { workers: all_cores(), rests: false }
    }

    /// Of all cores, so that calls go before.
    pub fn resting() -> Self {
        Self { workers: all_cores(), rests: true }
    }

    fn rest(self, reports: usize) {
        if self.rests {
            std::thread::sleep(REST * u32::try_from(reports).unwrap_or(u32::MAX) / REST_REPORTS);
        }
    }
}

impl State {
    /// The registry and the accepted reports of every year at journal sequence `as_of`, counted from the store. `registry` has
    /// all changes up to then, with their sequence numbers.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn count(
        store: &dyn Store,
        as_of: u64,
        registry: &[(u64, RegistryChange)],
        effort: Effort,
    ) -> Result<Self, StoreError> {
        let mut state = Self { sequence: as_of, ..Self::default() };
        state.apply_registry(registry);
        state.load(store, effort)?;
        Ok(state)
    }

    /// The state at journal sequence `as_of`, every newest report counted from the store. `like` says of which years,
    /// what they are made of, and over which tree; its registry is taken where it is that of `as_of` or later.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn replay(store: &dyn Store, as_of: u64, like: &Self, effort: Effort) -> Result<Self, StoreError> {
        let mut state = Self {
            totals: Totals::new(like.totals.tree()),
            admitted: like.admitted.clone(),
            years: like.years,
            sequence: as_of,
            ..Self::default()
        };
        if (1..=as_of).contains(&like.registry_sequence) && like.sequence >= as_of {
            (state.registry, state.registry_sequence) = (like.registry.clone(), like.registry_sequence);
        } else {
            state.apply_registry(&store.registry(0, as_of)?);
        }
        state.load(store, effort)?;
        Ok(state)
    }

    /// Makes the registry of stored changes, up to the state's sequence.
    fn apply_registry(&mut self, changes: &[(u64, RegistryChange)]) {
        let until = self.sequence;
        for (sequence, change) in changes.iter().take_while(|(sequence, _)| *sequence <= until) {
            self.registry_sequence = *sequence;
            if let Err(error) = self.registry.apply(change) {
                self.fail(format!("a stored change of the registry does not apply: {error}"));
            }
        }
    }

    /// What is counted without entries that are lost is not what it was.
    fn check_lost(&mut self, store: &dyn Store) {
        let as_of = self.sequence;
        let is_newest = as_of >= store.position().sequence;
        let lost: Vec<_> = store.lost().into_iter().filter(|entry| is_newest || entry.sequence <= as_of).collect();
        if !lost.is_empty() {
            self.fail(lost_in_words(&lost));
        }
    }

    /// Counts the reports, over a registry that is there.
    fn load(&mut self, store: &dyn Store, effort: Effort) -> Result<(), StoreError> {
        self.check_lost(store);
        self.totals.expect_all(&self.registry);
        for year in store.years(Owners::Agencies)? {
            if self.holds(year) {
                self.load_year(store, year, effort)?;
            }
        }
        if self.is_of_everything() {
            self.load_refusals(store, effort)?;
        }
        Ok(())
    }

    fn load_year(&mut self, store: &dyn Store, year: ReportYear, effort: Effort) -> Result<(), StoreError> {
        let (registry, totals, admitted) = (&self.registry, &mut self.totals, &self.admitted);
        let tree = totals.tree();
        let count = |standings: Vec<Standing>| {
            let (mut tally, mut stranger) = (Tally::new(tree, year), None);
            for standing in &standings {
                let report = &standing.newest.report;
                match report.agency().and_then(|id| registry.find_agency(id)) {
                    Some(agency) => tally.add(registry, agency, Share::of(standing, admitted).contribution()),
                    None => stranger = Some(report.clone()),
                }
            }
            effort.rest(standings.len());
            (tally, stranger)
        };
        let mut strangers: Vec<ReportKey> = Vec::new();
        let pages = Pages { records: PAGE, workers: effort.workers };
        each_standing(store, (Owners::Agencies, year), self.sequence, pages, count, |(tally, stranger)| {
            totals.add(tally);
            strangers.extend(stranger);
        })?;
        strangers.iter().for_each(|report| self.fail(unknown_agency(report)));
        Ok(())
    }

    /// Counts the refused submissions up to the state's sequence.
    fn load_refusals(&mut self, store: &dyn Store, effort: Effort) -> Result<(), StoreError> {
        let until = self.sequence;
        let mut pages = (0..until).step_by(PAGE);
        let read = |after: u64| -> Result<Vec<JournalEntry>, StoreError> {
            let mut entries = store.journal(after, PAGE)?;
            entries.retain(|entry| entry.outcome == Outcome::Refused && entry.sequence <= until);
            Ok(entries)
        };
        let failed = in_order(
            effort.workers,
            || pages.next(),
            read,
            |entries| match entries {
                Ok(entries) => {
                    entries.iter().for_each(|entry| self.count_refusal(entry));
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            },
        );
        failed.map_or(Ok(()), Err)
    }

    /// The present state, from the totals of a checkpoint and the journal since; none where they do not fit together.
    /// `registry` has all changes, with their sequence numbers.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn resume(
        store: &dyn Store,
        checkpoint: Checkpoint,
        registry: &[(u64, RegistryChange)],
        effort: Effort,
    ) -> Result<Option<Self>, StoreError> {
        if !checkpoint.is_of(store)? {
            return Ok(None);
        }
        let mut state = Self { totals: checkpoint.totals, sequence: checkpoint.sequence, ..Self::default() };
        state.apply_registry(registry);
        state.check_lost(store);
        if state.fault.is_none() {
            state.catch_up(store, NEWEST, effort)?;
        }
        Ok(state.fault.is_none().then_some(state))
    }

    /// Follows the commits that the journal tells of up to the sequence `to`, or to its end.
    ///
    /// # Errors
    /// Where the store cannot be read; the state is of no use then.
    pub fn catch_up(&mut self, store: &dyn Store, to: u64, effort: Effort) -> Result<(), StoreError> {
        let to = to.min(store.position().sequence);
        let mut pages = (self.sequence..to).step_by(PAGE);
        let read = |after: u64| commits(store, after, to, PAGE);
        let failed = in_order(
            effort.workers,
            || pages.next(),
            read,
            |read| match read {
                Ok(commits) => {
                    commits.iter().for_each(|commit| self.follow(commit, store));
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            },
        );
        failed.map_or(Ok(()), Err)
    }
}
