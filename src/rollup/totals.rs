//! The running totals: memory bounded by years, jurisdictions and kinds of agency, not by reports.

use std::collections::{BTreeMap, HashMap};

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{AgencyKind, Completed, ReportYear};

use super::{ChildCoverage, Coverage, Sums};

/// Which part of a jurisdiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The jurisdiction and all below it.
    Subtree(JurisdictionIndex),
    /// Its own agencies only.
    Own(JurisdictionIndex),
}

/// Kinds of agency to count; empty for all.
pub type KindFilter<'a> = &'a [AgencyKind];

fn admits(kinds: KindFilter<'_>, kind: AgencyKind) -> bool {
    kinds.is_empty() || kinds.contains(&kind)
}

type ByKind<T> = BTreeMap<AgencyKind, T>;

/// Totals of one report year.
#[derive(Debug, Default)]
struct YearTotals {
    sums: HashMap<Scope, ByKind<Sums>>,
    /// One bit for each agency: whether its report is in the sums.
    received: Vec<u64>,
}

impl YearTotals {
    fn has(&self, agency: AgencyIndex) -> bool {
        self.received.get(agency.index() / 64).is_some_and(|word| word & (1 << (agency.index() % 64)) != 0)
    }

    fn mark(&mut self, agency: AgencyIndex) {
        let word = agency.index() / 64;
        if self.received.len() <= word {
            self.received.resize(word + 1, 0);
        }
        self.received[word] |= 1 << (agency.index() % 64);
    }
}

/// All running totals.
#[derive(Debug, Default)]
pub struct Totals {
    years: BTreeMap<ReportYear, YearTotals>,
    /// Agencies by the first year that they owe a report for.
    expected: HashMap<Scope, ByKind<BTreeMap<ReportYear, u64>>>,
}

/// The scopes that an agency counts in: its jurisdiction's own, and every subtree on the way up.
fn scopes(registry: &Registry, home: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = Scope> {
    std::iter::once(Scope::Own(home)).chain(registry.path_up(home, year).map(Scope::Subtree))
}

impl Totals {
    /// Counts an agency that was added to the registry as expected from its first year on.
    pub fn expect(&mut self, registry: &Registry, agency: AgencyIndex) {
        let entry = registry.agency(agency);
        if let Some(home) = registry.home(agency, entry.first_year) {
            for scope in scopes(registry, home, entry.first_year) {
                let by_year = self.expected.entry(scope).or_default().entry(entry.kind).or_default();
                *by_year.entry(entry.first_year).or_default() += 1;
            }
        }
    }

    /// Puts a report in place of the agency's earlier one of that year.
    pub fn replace(
        &mut self,
        registry: &Registry,
        agency: AgencyIndex,
        year: ReportYear,
        old: Option<&Completed>,
        new: &Completed,
    ) {
        let Some(home) = registry.home(agency, year) else { return };
        let kind = registry.agency(agency).kind;
        let totals = self.years.entry(year).or_default();
        totals.mark(agency);
        for scope in scopes(registry, home, year) {
            let sums = totals.sums.entry(scope).or_default().entry(kind).or_default();
            if let Some(old) = old {
                sums.remove(old);
            }
            sums.add(new);
        }
    }

    /// Whether the agency's report of the year is in the sums.
    pub fn has_received(&self, agency: AgencyIndex, year: ReportYear) -> bool {
        self.years.get(&year).is_some_and(|totals| totals.has(agency))
    }

    /// The sum over a scope.
    pub fn sums(&self, scope: Scope, year: ReportYear, kinds: KindFilter<'_>) -> Sums {
        let mut sum = Sums::default();
        for (_, part) in self.sums_by_kind(scope, year, kinds) {
            sum.merge(part);
        }
        sum
    }

    /// The sums over a scope by kind of agency.
    pub fn sums_by_kind<'a>(
        &'a self,
        scope: Scope,
        year: ReportYear,
        kinds: KindFilter<'a>,
    ) -> impl Iterator<Item = (AgencyKind, &'a Sums)> {
        let by_kind = self.years.get(&year).and_then(|totals| totals.sums.get(&scope));
        by_kind.into_iter().flatten().map(|(kind, sums)| (*kind, sums)).filter(|(kind, _)| admits(kinds, *kind))
    }

    /// Expected and received reports of a scope.
    pub fn coverage(&self, scope: Scope, year: ReportYear, kinds: KindFilter<'_>) -> Coverage {
        let by_kind = self.expected.get(&scope).into_iter().flatten().filter(|(kind, _)| admits(kinds, **kind));
        Coverage {
            year,
            expected: by_kind.flat_map(|(_, by_year)| by_year.range(..=year)).map(|(_, count)| count).sum(),
            received: self.sums_by_kind(scope, year, kinds).map(|(_, sums)| sums.reports).sum(),
        }
    }

    /// Coverage of the jurisdiction's own agencies, then of each jurisdiction directly below; empty parts left out.
    pub fn coverage_by_child(
        &self,
        registry: &Registry,
        jurisdiction: JurisdictionIndex,
        year: ReportYear,
    ) -> Vec<ChildCoverage> {
        let own = std::iter::once(Scope::Own(jurisdiction));
        let below = registry.children(jurisdiction, year).map(Scope::Subtree);
        let parts = own.chain(below).map(|scope| {
            let (jurisdiction, own_agencies) = match scope {
                Scope::Own(jurisdiction) => (jurisdiction, true),
                Scope::Subtree(jurisdiction) => (jurisdiction, false),
            };
            ChildCoverage { jurisdiction, own_agencies, coverage: self.coverage(scope, year, &[]) }
        });
        parts.filter(|part| part.coverage.expected > 0).collect()
    }

    /// Agencies in and below the jurisdiction that owe a report and have none in the sums.
    pub fn missing(&self, registry: &Registry, jurisdiction: JurisdictionIndex, year: ReportYear) -> Vec<AgencyIndex> {
        let mut agencies = registry.agencies_below(jurisdiction, year);
        agencies.retain(|agency| !self.has_received(*agency, year));
        agencies
    }
}
