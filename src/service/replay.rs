//! States made from the store: every newest report of a moment counted, or the journal followed from an earlier one.
//! Records are read and decoded by several at once, and taken in their order.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::registry::RegistryChange;
use crate::report::{Owners, ReportKey, ReportYear, RevisionName};
use crate::rollup::{Tally, Totals};
use crate::store::{
    Checkpoint, JournalEntry, NEWEST, Outcome, Pages, Standing, Store, StoreError, all_cores, each_standing, in_order,
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

/// An entry of the journal with all that it did to the registry or to a report.
struct Told {
    entry: JournalEntry,
    changes: Vec<RegistryChange>,
    /// How the report stood before and after.
    report: Option<(Option<Standing>, Standing)>,
}

impl Told {
    /// The entries after journal sequence `after`, up to `to`, of one page.
    fn read(store: &dyn Store, after: u64, to: u64) -> Result<Vec<Self>, StoreError> {
        let mut entries = store.journal(after, PAGE)?;
        entries.retain(|entry| entry.sequence <= to);
        let Some(last) = entries.last() else { return Ok(Vec::new()) };
        let mut changes = store.registry(after, last.sequence)?.into_iter().peekable();
        let told = entries.into_iter().map(|entry| {
            let of_entry = std::iter::from_fn(|| changes.next_if(|(sequence, _)| *sequence == entry.sequence));
            let changes = of_entry.map(|(_, change)| change).collect();
            Ok(Self { changes, report: Self::report(store, &entry)?, entry })
        });
        told.collect()
    }

    fn report(store: &dyn Store, entry: &JournalEntry) -> Result<Option<(Option<Standing>, Standing)>, StoreError> {
        if entry.outcome == Outcome::Refused {
            return Ok(None);
        }
        let Ok(name) = entry.subject.parse::<RevisionName>() else { return Ok(None) };
        let before = store.standing(&name.report, entry.sequence - 1)?;
        let gone = || StoreError::Damaged(format!("{name}, which the journal tells of"));
        let after = store.standing(&name.report, entry.sequence)?.ok_or_else(gone)?;
        Ok(Some((before, after)))
    }
}

impl State {
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
            for (sequence, change) in store.registry(0, as_of)? {
                state.registry_sequence = sequence;
                if let Err(error) = state.registry.apply(&change) {
                    state.fail(format!("a stored change of the registry does not apply: {error}"));
                }
            }
        }
        state.totals.expect_all(&state.registry);
        for year in store.years(Owners::Agencies)? {
            if state.holds(year) {
                state.load_year(store, year, effort)?;
            }
        }
        if state.is_of_everything() {
            state.load_refusals(store, effort)?;
        }
        Ok(state)
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
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn resume(store: &dyn Store, checkpoint: Checkpoint, effort: Effort) -> Result<Option<Self>, StoreError> {
        if !checkpoint.is_of(store)? {
            return Ok(None);
        }
        let mut state = Self { totals: checkpoint.totals, sequence: checkpoint.sequence, ..Self::default() };
        for (sequence, change) in store.registry(0, state.sequence)? {
            state.registry_sequence = sequence;
            if state.registry.apply(&change).is_err() {
                return Ok(None);
            }
        }
        state.catch_up(store, NEWEST, effort)?;
        Ok(state.fault.is_none().then_some(state))
    }

    /// Follows the journal from the store up to the sequence `to`, or to its end.
    ///
    /// # Errors
    /// Where the store cannot be read; the state is of no use then.
    pub fn catch_up(&mut self, store: &dyn Store, to: u64, effort: Effort) -> Result<(), StoreError> {
        let to = to.min(store.position().sequence);
        let mut pages = (self.sequence..to).step_by(PAGE);
        let read = |after: u64| Told::read(store, after, to);
        let failed = in_order(
            effort.workers,
            || pages.next(),
            read,
            |told| match told {
                Ok(told) => {
                    told.iter().for_each(|told| self.follow(told, store));
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            },
        );
        failed.map_or(Ok(()), Err)
    }

    /// Takes what an entry of the journal did.
    fn follow(&mut self, told: &Told, store: &dyn Store) {
        let Told { entry, changes, report } = told;
        if !changes.is_empty() {
            let changes: Vec<&RegistryChange> = changes.iter().collect();
            let arranged = self.rearrange(&changes, entry.sequence, store);
            self.take(arranged);
        }
        self.sequence = entry.sequence;
        if self.is_of_everything() {
            self.count_refusal(entry);
        }
        if let Some((before, after)) = report {
            self.replace_report(before.as_ref(), after);
        }
    }
}
