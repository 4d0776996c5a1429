//! The running totals: memory bounded by years, jurisdictions and kinds of agency, not by reports.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// Where two totals of the same reports are not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalsDifference {
    /// The sums of one kind of agency.
    Sums { scope: Scope, year: ReportYear, kind: AgencyKind },
    /// How many reports of one kind of agency are expected.
    Expected { scope: Scope, kind: AgencyKind },
    /// Which agencies have reported.
    Received { year: ReportYear },
}

/// Totals of one report year.
#[derive(Debug, Clone, Default)]
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
#[derive(Debug, Clone, Default)]
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

    /// Where these totals and others differ, in order. A part that is not there equals one that is zero.
    pub fn differences(&self, other: &Self) -> Vec<TotalsDifference> {
        let mut found = BTreeSet::new();
        let none = YearTotals::default();
        for year in self.years.keys().chain(other.years.keys()).copied() {
            let [one, two] = [self, other].map(|totals| totals.years.get(&year).unwrap_or(&none));
            let unlike = unlike_parts(&one.sums, &two.sums);
            found.extend(unlike.map(|(scope, kind)| TotalsDifference::Sums { scope, year, kind }));
            let words = one.received.len().max(two.received.len());
            let word = |totals: &YearTotals, at: usize| totals.received.get(at).copied().unwrap_or_default();
            if (0..words).any(|at| word(one, at) != word(two, at)) {
                found.insert(TotalsDifference::Received { year });
            }
        }
        let unlike = unlike_parts(&self.expected, &other.expected);
        found.extend(unlike.map(|(scope, kind)| TotalsDifference::Expected { scope, kind }));
        found.into_iter().collect()
    }
}

/// Parts with different values in the two; one that is missing has the default value.
fn unlike_parts<'a, T: Default + PartialEq>(
    one: &'a HashMap<Scope, ByKind<T>>,
    two: &'a HashMap<Scope, ByKind<T>>,
) -> impl Iterator<Item = (Scope, AgencyKind)> + 'a {
    let parts = |totals: &'a HashMap<Scope, ByKind<T>>| {
        totals.iter().flat_map(|(scope, by_kind)| by_kind.keys().map(|kind| (*scope, *kind)))
    };
    let default = T::default();
    parts(one).chain(parts(two)).filter(move |(scope, kind)| {
        let [one, two] = [one, two].map(|totals| totals.get(scope).and_then(|by_kind| by_kind.get(kind)));
        one.unwrap_or(&default) != two.unwrap_or(&default)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::form::{catalogue, edition};
    use crate::registry::{Agency, Jurisdiction, RegistryChange};
    use crate::report::{Cell, Figures, Level};

    const AGENCIES: usize = 6;
    const YEARS: [u16; 2] = [2021, 2022];

    fn year(year: u16) -> ReportYear {
        ReportYear::new(year).unwrap()
    }

    /// A province with a city and a county below it, and two agencies in each.
    fn registry() -> Registry {
        let levels = [("230000", None, Level::Province), ("230100", Some("230000"), Level::City)];
        let county = ("230102", Some("230100"), Level::County);
        let mut registry = Registry::default();
        for (code, parent, level) in levels.into_iter().chain([county]) {
            let jurisdiction = Jurisdiction {
                code: code.parse().unwrap(),
                parent: parent.map(|parent| parent.parse().unwrap()),
                display_name: code.to_owned(),
                level,
                first_year: year(2021),
            };
            registry.apply(&RegistryChange::CreateJurisdiction(jurisdiction)).unwrap();
        }
        for number in 0..AGENCIES {
            let agency = Agency {
                id: format!("agency-{number}").parse().unwrap(),
                jurisdiction: ["230000", "230100", "230102"][number / 2].parse().unwrap(),
                display_name: number.to_string(),
                kind: if number % 2 == 0 { AgencyKind::GovernmentOffice } else { AgencyKind::Department },
                large: false,
                first_year: year(YEARS[number % 2]),
            };
            registry.apply(&RegistryChange::CreateAgency(agency)).unwrap();
        }
        registry
    }

    fn figures(values: &[(usize, i64)]) -> Completed {
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        for (at, value) in values {
            figures.set(catalogue().cells[at % catalogue().cells.len()].id, Cell::Number(*value));
        }
        figures.complete()
    }

    proptest! {
        #[test]
        fn any_sequence_of_submissions_and_corrections_gives_the_naive_sum(
            submissions in proptest::collection::vec(
                (0..AGENCIES, 0..YEARS.len(), proptest::collection::vec((any::<usize>(), 0..=1_000_000_000_000i64), 0..9)),
                0..40,
            ),
        ) {
            let registry = registry();
            let mut totals = Totals::default();
            let agencies: Vec<AgencyIndex> =
                (0..AGENCIES).map(|n| registry.find_agency(&format!("agency-{n}").parse().unwrap()).unwrap()).collect();
            for agency in &agencies {
                totals.expect(&registry, *agency);
            }
            let mut newest: HashMap<(usize, u16), Completed> = HashMap::new();
            for (agency, at, values) in &submissions {
                let of = YEARS[*at];
                if registry.home(agencies[*agency], year(of)).is_none() {
                    continue;
                }
                let new = figures(values);
                let old = newest.insert((*agency, of), new.clone());
                totals.replace(&registry, agencies[*agency], year(of), old.as_ref(), &new);
            }
            for code in ["230000", "230100", "230102"] {
                let jurisdiction = registry.find_jurisdiction(&code.parse().unwrap()).unwrap();
                for of in YEARS {
                    for kinds in [&[][..], &[AgencyKind::Department]] {
                        let below = registry.agencies_below(jurisdiction, year(of));
                        let counted = |n: usize| {
                            below.contains(&agencies[n]) && admits(kinds, registry.agency(agencies[n]).kind)
                        };
                        let mut naive = Sums::default();
                        for ((_, _), report) in newest.iter().filter(|((n, y), _)| *y == of && counted(*n)) {
                            naive.add(report);
                        }
                        let scope = Scope::Subtree(jurisdiction);
                        prop_assert_eq!(&totals.sums(scope, year(of), kinds), &naive);
                        let coverage = totals.coverage(scope, year(of), kinds);
                        prop_assert_eq!(coverage.received, naive.reports);
                        prop_assert_eq!(coverage.expected, (0..AGENCIES).filter(|n| counted(*n)).count() as u64);
                        if kinds.is_empty() {
                            let missing = totals.missing(&registry, jurisdiction, year(of)).len() as u64;
                            prop_assert_eq!(coverage.missing(), missing);
                        }
                    }
                }
            }
        }
    }
}
