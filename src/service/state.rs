//! The registry and the totals at one journal sequence number: the present ones, or those of an earlier moment.

use std::sync::Arc;

use crate::registry::{AgencyIndex, Registry, RegistryChange};
use crate::report::{Completed, Owners, ReportKey, ReportState, ReportYear, Revision, RevisionName};
use crate::rollup::{Columns, Contribution, Marks, Totals, Tree};
use crate::store::{Checkpoint, Commit, Effect, JournalEntry, NEWEST, Outcome, Standing, Store, StoreError};

use super::likeness::Likeness;

/// Reports, or journal entries, read from the store at a time while loading.
pub const LOAD_PAGE: usize = 1000;

/// What the sums are made of: the newest revision in one of these states, else the accepted one.
pub type Admitted<'a> = &'a [ReportState];

/// What is in the sums unless something else is asked for.
pub const ACCEPTED: Admitted<'static> = &[ReportState::Accepted];

/// The registry and the totals.
#[derive(Debug, Default)]
pub struct State {
    pub registry: Registry,
    pub totals: Totals,
    /// Figures of single agencies that were asked for; of the present only.
    pub columns: Columns,
    /// Which reports have texts alike; of the present only.
    pub likeness: Likeness,
    /// Journal sequence that the state is true as of.
    pub sequence: u64,
    /// Journal sequence of the newest change of the registry; 0 for none.
    pub registry_sequence: u64,
    /// Why the totals cannot be trusted: a stored change that does not fit, or a record that cannot be read.
    pub fault: Option<String>,
}

/// A report's contribution to the totals, with its figures computed once.
struct Share {
    marks: Marks,
    figures: Option<Completed>,
}

impl Share {
    fn of(standing: &Standing, admitted: Admitted<'_>) -> Self {
        let figures = revision_in_sums(standing, admitted).map(|revision| revision.figures.complete());
        Self { marks: Marks::of(&standing.status, figures.is_some()), figures }
    }

    fn contribution(&self) -> Contribution<'_> {
        Contribution { marks: self.marks, figures: self.figures.as_ref() }
    }
}

/// The revision of a report that the sums hold.
pub fn revision_in_sums<'a>(standing: &'a Standing, admitted: Admitted<'_>) -> Option<&'a Arc<Revision>> {
    if admitted.contains(&standing.status.state) {
        return Some(&standing.newest);
    }
    standing.accepted.as_ref().filter(|_| admitted.contains(&ReportState::Accepted))
}

impl State {
    /// The registry and the totals once more, to be compared with a recount.
    pub fn to_compare(&self) -> Self {
        Self {
            registry: self.registry.clone(),
            totals: self.totals.clone(),
            columns: Columns::default(),
            likeness: Likeness::default(),
            sequence: self.sequence,
            registry_sequence: self.registry_sequence,
            fault: self.fault.clone(),
        }
    }

    /// The state at journal sequence `as_of`, with the totals of `years` over `tree`; `each` report read is shown.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn replay(
        store: &dyn Store,
        as_of: u64,
        years: impl Iterator<Item = ReportYear>,
        tree: Tree,
        admitted: Admitted<'_>,
        mut each: impl FnMut(&Standing),
    ) -> Result<Self, StoreError> {
        let mut state = Self { totals: Totals::new(tree), ..Self::default() };
        state.sequence = as_of;
        for (sequence, change) in store.registry(as_of)? {
            state.registry_sequence = sequence;
            if let Err(error) = state.registry.apply(&change) {
                state.fail(format!("a stored change of the registry does not apply: {error}"));
            }
        }
        for agency in state.registry.agency_indices() {
            state.totals.expect(&state.registry, agency);
        }
        for year in years {
            state.load_year(store, as_of, year, admitted, &mut each)?;
        }
        Ok(state)
    }

    /// The present state, from the totals of a checkpoint and the journal since; none where they do not fit together.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn resume(store: &dyn Store, checkpoint: Checkpoint) -> Result<Option<Self>, StoreError> {
        if !checkpoint.is_of(store)? {
            return Ok(None);
        }
        let mut state = Self { totals: checkpoint.totals, sequence: checkpoint.sequence, ..Self::default() };
        let mut changes = store.registry(NEWEST)?.into_iter().peekable();
        while let Some((sequence, change)) = changes.next_if(|(sequence, _)| *sequence <= state.sequence) {
            state.registry_sequence = sequence;
            if state.registry.apply(&change).is_err() {
                return Ok(None);
            }
        }
        loop {
            let entries = store.journal(state.sequence, LOAD_PAGE)?;
            for entry in &entries {
                state.follow(entry, store)?;
                while let Some((sequence, change)) = changes.next_if(|(sequence, _)| *sequence <= entry.sequence) {
                    state.follow_registry(&change, sequence, store);
                }
            }
            if state.fault.is_some() {
                return Ok(None);
            }
            if entries.len() < LOAD_PAGE {
                return Ok(Some(state));
            }
        }
    }

    /// Takes the change of a report that an entry of the journal tells of.
    fn follow(&mut self, entry: &JournalEntry, store: &dyn Store) -> Result<(), StoreError> {
        self.sequence = entry.sequence;
        if entry.outcome == Outcome::Refused {
            return Ok(());
        }
        let Ok(name) = entry.subject.parse::<RevisionName>() else { return Ok(()) };
        let before = store.standing(&name.report, entry.sequence - 1)?;
        let gone = || StoreError::Damaged(format!("{name}, which the journal tells of"));
        let after = store.standing(&name.report, entry.sequence)?.ok_or_else(gone)?;
        self.replace_report(before.as_ref(), &after);
        Ok(())
    }

    fn load_year(
        &mut self,
        store: &dyn Store,
        as_of: u64,
        year: ReportYear,
        admitted: Admitted<'_>,
        each: &mut impl FnMut(&Standing),
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = store.reports(Owners::Agencies, year, after.as_ref(), LOAD_PAGE, as_of)?;
            for standing in &page {
                each(standing);
                if let Some(agency) = self.agency(&standing.newest.report) {
                    let share = Share::of(standing, admitted);
                    self.totals.replace(&self.registry, agency, year, Contribution::default(), share.contribution());
                }
            }
            if page.len() < LOAD_PAGE {
                return Ok(());
            }
            after = page.into_iter().next_back().map(|standing| standing.newest.report.owner.clone());
        }
    }

    /// Applies a commit to the present state, whose sums hold accepted revisions.
    pub fn apply(&mut self, commit: &Commit, store: &dyn Store) {
        for effect in &commit.effects {
            if let Some((before, after)) = effect.report() {
                self.replace_report(before, after);
                self.likeness.replace(&after.newest.report, after.newest.narrative.as_ref());
            }
            if let Effect::Registry(change) = effect {
                self.follow_registry(change, commit.entry.sequence, store);
            }
        }
        self.sequence = commit.entry.sequence;
    }

    fn follow_registry(&mut self, change: &RegistryChange, sequence: u64, store: &dyn Store) {
        if let Err(error) = self.change_registry(change, sequence, store) {
            self.fail(format!("the totals do not follow a change of the registry: {error}"));
        }
        self.registry_sequence = sequence;
    }

    fn replace_report(&mut self, before: Option<&Standing>, after: &Standing) {
        // A consolidated report is never added to a sum.
        if after.newest.report.agency().is_none() {
            return;
        }
        let Some(agency) = self.agency(&after.newest.report) else { return };
        let accepted = |standing: &Standing| standing.status.accepted;
        let same_figures = before.is_some_and(|before| accepted(before) == accepted(after));
        let share = |standing: &Standing| {
            if same_figures {
                let included = standing.accepted.is_some();
                Share { marks: Marks::of(&standing.status, included), figures: None }
            } else {
                Share::of(standing, ACCEPTED)
            }
        };
        let (old, new) = (before.map(share), share(after));
        let old = old.as_ref().map(Share::contribution).unwrap_or_default();
        let year = after.newest.report.year;
        self.totals.replace(&self.registry, agency, year, old, new.contribution());
        if !same_figures {
            self.columns.replace(agency, year, new.figures.as_ref());
        }
    }

    /// Takes the agencies concerned out of the totals, changes the registry, and puts them in where they belong now.
    fn change_registry(
        &mut self,
        change: &RegistryChange,
        sequence: u64,
        store: &dyn Store,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let affected = self.registry.affected_agencies(change);
        let mut reports: Vec<(AgencyIndex, ReportYear, Share)> = Vec::new();
        for agency in &affected {
            self.totals.unexpect(&self.registry, *agency);
            for year in self.totals.years_with_reports(*agency) {
                let key = ReportKey::of_agency(self.registry.agency(*agency).id.clone(), year);
                let standing = store.standing(&key, sequence)?.ok_or("a counted report is not in the store")?;
                let share = Share::of(&standing, ACCEPTED);
                self.totals.replace(&self.registry, *agency, year, share.contribution(), Contribution::default());
                reports.push((*agency, year, share));
            }
        }
        let known = self.registry.agencies().len();
        self.registry.apply(change)?;
        let created = self.registry.agency_indices().skip(known);
        for agency in affected.into_iter().chain(created) {
            self.totals.expect(&self.registry, agency);
        }
        for (agency, year, share) in &reports {
            self.totals.replace(&self.registry, *agency, *year, Contribution::default(), share.contribution());
        }
        Ok(())
    }

    fn agency(&mut self, report: &ReportKey) -> Option<AgencyIndex> {
        let found = report.agency().and_then(|id| self.registry.find_agency(id));
        if found.is_none() {
            self.fail(format!("{report} is of an agency that the registry does not know"));
        }
        found
    }

    /// Stops answers about sums: better none than a wrong one.
    fn fail(&mut self, fault: String) {
        tracing::error!(fault, "the totals cannot be trusted; restart the service, and verify the store");
        self.fault.get_or_insert(fault);
    }
}
