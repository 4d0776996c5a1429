//! The registry and the totals at one journal sequence number: the present ones, or those of an earlier moment.
//!
//! A copy shares what neither of the two changes: whoever answers from one keeps nobody waiting, however long it takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::registry::{AgencyIndex, Registry, RegistryChange};
use crate::report::{Completed, ReportKey, ReportState, ReportYear, Revision};
use crate::rollup::{Columns, Contribution, Marks, Part, Relocation, Totals, Tree};
use crate::store::{Commit, Effect, JournalEntry, Standing, Store, StoreError};

use super::rule_counts::refused_rules;

/// Reports, or journal entries, read from the store at a time while loading.
pub const LOAD_PAGE: usize = 1000;

/// What the sums are made of: the newest revision in one of these states, else the accepted one.
pub type Admitted<'a> = &'a [ReportState];

/// What is in the sums unless something else is asked for.
pub const ACCEPTED: Admitted<'static> = &[ReportState::Accepted];

/// The registry and the totals.
#[derive(Debug, Clone)]
pub struct State {
    pub registry: Registry,
    pub totals: Totals,
    /// Figures of single agencies that were asked for; of the present only.
    pub columns: Columns,
    /// What the sums are made of.
    pub admitted: Vec<ReportState>,
    /// First and last year of the totals; none for every year.
    pub years: Option<(ReportYear, ReportYear)>,
    /// Journal sequence that the state is true as of.
    pub sequence: u64,
    /// Journal sequence of the newest change of the registry; 0 for none.
    pub registry_sequence: u64,
    /// Why the totals cannot be trusted: a stored change that does not fit, or a record that cannot be read.
    pub fault: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            registry: Registry::default(),
            totals: Totals::default(),
            columns: Columns::default(),
            admitted: ACCEPTED.to_vec(),
            years: None,
            sequence: 0,
            registry_sequence: 0,
            fault: None,
        }
    }
}

/// A report's contribution to the totals, with its figures computed once.
pub(super) struct Share {
    marks: Marks,
    figures: Option<Completed>,
    /// Rules that its newest revision breaks, each once.
    rules: Vec<String>,
}

impl Share {
    pub fn of(standing: &Standing, admitted: Admitted<'_>) -> Self {
        let figures = revision_in_sums(standing, admitted).map(|revision| revision.figures.complete());
        Self { marks: Marks::of(&standing.status, figures.is_some()), figures, rules: rules_broken(standing) }
    }

    pub fn contribution(&self) -> Contribution<'_> {
        Contribution { marks: self.marks, figures: self.figures.as_ref(), rules: &self.rules }
    }
}

/// The rules that a report's newest revision breaks, each once; none of a report that was withdrawn.
fn rules_broken(standing: &Standing) -> Vec<String> {
    if !standing.status.is_received() {
        return Vec::new();
    }
    let rules: BTreeSet<&str> = standing.newest.findings.iter().map(|finding| finding.rule.as_str()).collect();
    rules.into_iter().map(str::to_owned).collect()
}

/// What the changes of the registry in one journal entry do to a state; found beside it.
#[derive(Debug)]
pub struct Rearrangement {
    registry: Registry,
    totals: Rearranged,
    sequence: u64,
}

#[derive(Debug)]
enum Rearranged {
    Parts(Relocation),
    /// They have followed what was committed meanwhile.
    Whole(Totals),
}

impl Rearrangement {
    /// What takes a state to one that [`State::changed_by`] made of it, and that has followed the same commits since.
    pub fn to(changed: State, sequence: u64) -> Self {
        Self { registry: changed.registry, totals: Rearranged::Whole(changed.totals), sequence }
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
    /// Whether the totals are of this year, too.
    pub(super) fn holds(&self, year: ReportYear) -> bool {
        self.years.is_none_or(|(first, last)| (first..=last).contains(&year))
    }

    /// Whether these are the accepted reports of every year by each year's own tree, as most questions ask for. Refused
    /// submissions are counted in such totals alone.
    pub fn is_of_everything(&self) -> bool {
        self.totals.tree() == Tree::AsReported && self.admitted == ACCEPTED && self.years.is_none()
    }

    pub(super) fn count_refusal(&mut self, entry: &JournalEntry) {
        let Some((report, rules)) = refused_rules(entry) else { return };
        // What was not due then, or never known, is in no place.
        if let Some(agency) = report.agency().and_then(|id| self.registry.find_agency(id)) {
            self.totals.refuse(&self.registry, agency, report.year, &rules);
        }
    }

    /// Takes what a commit did to reports; what it did to the registry is taken before, see [`State::rearrange`].
    pub fn apply(&mut self, commit: &Commit) {
        for (before, after) in commit.effects.iter().filter_map(Effect::report) {
            self.replace_report(before, after);
        }
        if self.is_of_everything() {
            self.count_refusal(&commit.entry);
        }
        self.sequence = commit.entry.sequence;
    }

    /// What the changes of the registry in one journal entry do to this state. Takes long where many agencies are
    /// concerned: nobody should wait for it but who made them.
    ///
    /// # Errors
    /// A change that does not apply; a store that cannot be read.
    pub fn rearrange(
        &self,
        changes: &[&RegistryChange],
        sequence: u64,
        store: &dyn Store,
    ) -> Result<Rearrangement, Box<dyn std::error::Error>> {
        let mut registry = self.registry.clone();
        let mut concerned = Vec::new();
        for change in changes {
            concerned.extend(registry.affected_agencies(change));
            registry.apply(change)?;
        }
        let first_year = changes.iter().filter_map(|change| change.first_year()).min();
        let created = registry.agency_indices().skip(self.registry.agencies().len());
        concerned.extend(created);
        concerned.sort_unstable();
        concerned.dedup();
        let read = |agency, year| self.read_part(store, agency, year, sequence);
        let first_year = first_year.unwrap_or(ReportYear::LAST);
        let relocation = self.totals.relocation(&self.registry, &registry, concerned.into_iter(), first_year, read)?;
        Ok(Rearrangement { registry, totals: Rearranged::Parts(relocation), sequence })
    }

    /// What one agency's report of a year comes to, read from the store.
    fn read_part(
        &self,
        store: &dyn Store,
        agency: AgencyIndex,
        year: ReportYear,
        as_of: u64,
    ) -> Result<Part, StoreError> {
        let key = ReportKey::of_agency(self.registry.agency(agency).id.clone(), year);
        let standing = store.standing(&key, as_of)?;
        let share = standing.map(|standing| Share::of(&standing, &self.admitted));
        Ok(share.map_or_else(Part::default, |share| Part::of(share.contribution())))
    }

    /// Takes changes of the registry; what they took the place of, which takes time to be given up.
    pub fn take(
        &mut self,
        arranged: Result<Rearrangement, Box<dyn std::error::Error>>,
    ) -> Option<(Registry, Option<Totals>)> {
        match arranged {
            Ok(Rearrangement { registry, totals, sequence }) => {
                self.registry_sequence = sequence;
                let totals = match totals {
                    Rearranged::Parts(relocation) => {
                        self.totals.relocate(relocation);
                        None
                    }
                    Rearranged::Whole(totals) => Some(std::mem::replace(&mut self.totals, totals)),
                };
                Some((std::mem::replace(&mut self.registry, registry), totals))
            }
            Err(error) => {
                self.fail(format!("the totals do not follow a change of the registry: {error}"));
                None
            }
        }
    }

    /// This state as it would be if these changes of the registry were made now. It has no columns.
    ///
    /// # Errors
    /// As [`State::rearrange`].
    pub fn changed_by(
        &self,
        changes: &[RegistryChange],
        store: &dyn Store,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let changes: Vec<&RegistryChange> = changes.iter().collect();
        let arranged = self.rearrange(&changes, self.sequence, store)?;
        let mut changed = Self { columns: Columns::default(), ..self.clone() };
        changed.take(Ok(arranged));
        // They are not in the journal yet.
        changed.registry_sequence = self.registry_sequence;
        Ok(changed)
    }

    /// This state over the tree of one year, of some years only; made without reading most of the reports.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn over(&self, store: &dyn Store, tree: Tree, years: (ReportYear, ReportYear)) -> Result<Self, StoreError> {
        let read = |agency, year| self.read_part(store, agency, year, self.sequence);
        let totals = self.totals.over(&self.registry, tree, years, read)?;
        Ok(Self { totals, years: Some(years), columns: Columns::default(), ..self.clone() })
    }

    pub(super) fn replace_report(&mut self, before: Option<&Standing>, after: &Standing) {
        // A consolidated report is never added to a sum.
        if after.newest.report.agency().is_none() || !self.holds(after.newest.report.year) {
            return;
        }
        let Some(agency) = self.agency(&after.newest.report) else { return };
        let in_sums = |standing: &Standing| revision_in_sums(standing, &self.admitted).map(|revision| revision.number);
        let same_figures = before.is_some_and(|before| in_sums(before) == in_sums(after));
        let share = |standing: &Standing| {
            if same_figures {
                let marks = Marks::of(&standing.status, in_sums(standing).is_some());
                Share { marks, figures: None, rules: rules_broken(standing) }
            } else {
                Share::of(standing, &self.admitted)
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

    fn agency(&mut self, report: &ReportKey) -> Option<AgencyIndex> {
        let found = report.agency().and_then(|id| self.registry.find_agency(id));
        if found.is_none() {
            self.fail(unknown_agency(report));
        }
        found
    }

    /// Stops answers about sums: better none than a wrong one.
    pub(super) fn fail(&mut self, fault: String) {
        tracing::error!(fault, "the totals cannot be trusted; restart the service, and verify the store");
        self.fault.get_or_insert(fault);
    }
}

/// What is wrong where a stored report is of no agency.
pub(super) fn unknown_agency(report: &ReportKey) -> String {
    format!("{report} is of an agency that the registry does not know")
}
