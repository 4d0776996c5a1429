//! The registry and the totals at one journal sequence number: the present ones, or those of an earlier moment.
//!
//! A copy shares what neither of the two changes: whoever answers from one keeps nobody waiting, however long it takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::registry::{AgencyIndex, Registry};
use crate::report::{Completed, ReportKey, ReportState, ReportYear, Revision};
use crate::rollup::{Contribution, Marks, Totals, Tree};
use crate::store::{JournalEntry, RefusedReport, Standing};

use super::columns::Columns;

/// What the sums are made of: the newest revision in one of these states, else the accepted one.
pub(crate) type Admitted<'a> = &'a [ReportState];

/// What is in the sums unless something else is asked for.
pub const ACCEPTED: Admitted<'static> = &[ReportState::Accepted];

/// The registry and the totals.
#[derive(Debug, Clone)]
pub struct State {
    /// All jurisdictions and agencies through the years, and the collections.
    pub registry: Registry,
    /// The running sums of the years, over one tree.
    pub totals: Totals,
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
    pub(crate) fn of(standing: &Standing, admitted: Admitted<'_>) -> Self {
        let figures = revision_in_sums(standing, admitted).map(|revision| revision.figures.complete());
        Self { marks: Marks::of(&standing.status, figures.is_some()), figures, rules: rules_broken(standing) }
    }

    pub(crate) fn contribution(&self) -> Contribution<'_> {
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
        let Some(RefusedReport { report, rules }) = RefusedReport::of(entry) else { return };
        // What was not due then, or never known, is in no place.
        if let Some(agency) = report.agency().and_then(|id| self.registry.find_agency(id)) {
            self.totals.refuse(&self.registry, agency, report.year, &rules);
        }
    }

    /// Puts a report as it stands now in the place of what it was, in the columns that follow this state as well.
    pub(super) fn replace_report(
        &mut self,
        before: Option<&Standing>,
        after: &Standing,
        columns: Option<&mut Columns>,
    ) {
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
        if let Some(columns) = columns.filter(|_| !same_figures) {
            columns.replace(agency, year, new.figures.as_ref());
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
