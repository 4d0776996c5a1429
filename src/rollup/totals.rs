//! The running totals: memory bounded by years, jurisdictions and kinds of agency, and one byte for each agency and year.
//! A copy shares what neither of the two changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::ReportYear;

use super::kept::{Expected, YearTotals, change_expected, expected_by};
use super::part::{Contribution, Failures, Part};
use super::scope::expected_changes;
use super::standing::Marks;
use super::sums::Exchange;
use super::{AgencyFilter, Class, Scope, Sums, Tree, Within, class_of};

/// All running totals.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Totals {
    tree: Tree,
    pub(super) years: BTreeMap<ReportYear, YearTotals>,
    pub(super) expected: Expected,
}

impl Totals {
    /// Empty totals over a tree.
    pub fn new(tree: Tree) -> Self {
        Self { tree, ..Self::default() }
    }

    /// The tree that figures count over.
    pub fn tree(&self) -> Tree {
        self.tree
    }

    /// As [`Tree::scopes`].
    pub fn scopes(&self, registry: &Registry, agency: AgencyIndex, year: ReportYear) -> Vec<Scope> {
        self.tree.scopes(registry, agency, year)
    }

    /// Jurisdictions directly below one in the tree used for `year`, with those that no longer or not yet exist in
    /// that tree where figures stand with them.
    pub fn children(&self, registry: &Registry, of: JurisdictionIndex, year: ReportYear) -> Vec<JurisdictionIndex> {
        let hierarchy = self.tree.year(year);
        let mut children: Vec<JurisdictionIndex> = registry.children(of, hierarchy).collect();
        if self.tree != Tree::AsReported {
            let placed_here = |jurisdiction: &JurisdictionIndex| {
                self.expected.contains_key(&Scope::Subtree(*jurisdiction))
                    && registry.path_placed(*jurisdiction, hierarchy).nth(1) == Some(of)
            };
            children.extend(registry.jurisdiction_indices().filter(placed_here));
            children.sort_unstable();
            children.dedup();
        }
        children
    }

    /// Tells which agencies count in a jurisdiction or below it.
    pub fn within<'a>(&self, registry: &'a Registry, of: JurisdictionIndex) -> Within<'a> {
        Within::new(self.tree, registry, of)
    }

    /// Agencies that count in a jurisdiction or below it with their reports of a year.
    pub fn agencies_below(&self, registry: &Registry, of: JurisdictionIndex, year: ReportYear) -> Vec<AgencyIndex> {
        match self.tree {
            Tree::AsReported => registry.agencies_below(of, year),
            Tree::Of(_) => {
                let mut within = self.within(registry, of);
                let mut agencies = registry.ever_below(of);
                agencies.retain(|agency| within.counts(*agency, year));
                agencies
            }
        }
    }

    /// Counts an agency of the registry as expected in the years in which it owes a report.
    pub fn expect(&mut self, registry: &Registry, agency: AgencyIndex) {
        expected_changes(self.tree, registry, agency, |scope, class, year, change| {
            change_expected(&mut self.expected, scope, class, year, change);
        });
    }

    /// Puts what an agency's report of a year contributes in place of what it contributed before.
    pub fn replace(
        &mut self,
        registry: &Registry,
        agency: AgencyIndex,
        year: ReportYear,
        before: Contribution<'_>,
        after: Contribution<'_>,
    ) {
        let class = class_of(registry, agency, year);
        let scopes = self.scopes(registry, agency, year);
        let totals = self.years.entry(year).or_default();
        totals.mark(agency, after.marks);
        let exchange = Exchange::of(before.figures, after.figures);
        for scope in scopes {
            totals.change_part(scope, class, |part| {
                part.counts.replace(before.marks, after.marks);
                part.sums.exchange(&exchange);
                part.exchange_rules(before.rules, after.rules);
            });
        }
    }

    /// Counts a refused submission of an agency's report of a year by the rules that it broke, each named once. What counts
    /// nowhere now may where the registry is corrected.
    pub fn refuse(&mut self, registry: &Registry, agency: AgencyIndex, year: ReportYear, rules: &[&str]) {
        let class = class_of(registry, agency, year);
        let scopes = self.scopes(registry, agency, year);
        if rules.is_empty() {
            return;
        }
        let totals = self.years.entry(year).or_default();
        let count = |failures: &mut Failures| {
            rules.iter().for_each(|rule| failures.change(rule, |failed| failed.refusals += 1));
        };
        count(totals.refused.entry(agency).or_default());
        for scope in scopes {
            totals.change_part(scope, class, |part| count(&mut part.failures));
        }
    }

    /// How often rules failed in a scope.
    pub fn failures(&self, scope: Scope, year: ReportYear) -> Failures {
        let mut failures = Failures::default();
        let by_class = self.years.get(&year).and_then(|totals| totals.parts.get(&scope));
        for part in by_class.into_iter().flat_map(|by_class| by_class.values()) {
            failures.add(&part.failures);
        }
        failures
    }

    /// Years in which anything was handed in, in order.
    pub fn reported_years(&self) -> impl Iterator<Item = ReportYear> {
        self.years.keys().copied()
    }

    /// How the agency's report of the year stands.
    pub fn marks(&self, agency: AgencyIndex, year: ReportYear) -> Marks {
        self.years.get(&year).map(|totals| totals.marks(agency)).unwrap_or_default()
    }

    /// Years in which the agency has handed in anything.
    pub fn years_with_reports(&self, agency: AgencyIndex) -> Vec<ReportYear> {
        let years = self.years.iter();
        years.filter(|(_, totals)| totals.marks(agency) != Marks::default()).map(|(year, _)| *year).collect()
    }

    /// The sum over a scope.
    pub fn sums(&self, scope: Scope, year: ReportYear, filter: &AgencyFilter) -> Sums {
        let mut sum = Sums::default();
        for (_, part) in self.sums_by_class(scope, year, filter) {
            sum.merge(part);
        }
        sum
    }

    /// The sums over a scope by class of agency.
    pub fn sums_by_class<'a>(
        &'a self,
        scope: Scope,
        year: ReportYear,
        filter: &'a AgencyFilter,
    ) -> impl Iterator<Item = (Class, &'a Sums)> {
        self.parts(scope, year, filter).map(|(class, part)| (class, &part.sums))
    }

    pub(super) fn parts<'a>(
        &'a self,
        scope: Scope,
        year: ReportYear,
        filter: &'a AgencyFilter,
    ) -> impl Iterator<Item = (Class, &'a Part)> {
        let by_class = self.years.get(&year).and_then(|totals| totals.parts.get(&scope));
        let parts = by_class.into_iter().flat_map(|by_class| &**by_class).map(|(class, part)| (*class, part));
        parts.filter(|(class, _)| filter.admits(*class))
    }

    /// Agencies of a class that owe a report of a year in a scope.
    pub(super) fn expected_in(&self, scope: Scope, class: Class, year: ReportYear) -> u64 {
        let by_year = self.expected.get(&scope).and_then(|by_class| by_class.get(&class));
        by_year.map_or(0, |by_year| expected_by(by_year, year))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::form::{catalogue, edition};
    use crate::registry::{Agency, Jurisdiction, RegistryChange};
    use crate::report::{AgencyKind, Cell, Completed, Figures, Level, ReportState, ReportStatus};
    use crate::rollup::Mark;

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
                vertical: false,
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

    fn status() -> ReportStatus {
        ReportStatus { newest: 1, review: 0, state: ReportState::Accepted, accepted: Some(1), late: false, sequence: 1 }
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
                let included = status();
                let contribution =
                    |figures| Contribution { marks: Marks::of(&included, true), figures: Some(figures), rules: &[] };
                let before = old.as_ref().map(contribution).unwrap_or_default();
                totals.replace(&registry, agencies[*agency], year(of), before, contribution(&new));
            }
            for code in ["230000", "230100", "230102"] {
                let jurisdiction = registry.find_jurisdiction(&code.parse().unwrap()).unwrap();
                for of in YEARS {
                    for kinds in [vec![], vec![AgencyKind::Department]] {
                        let filter = AgencyFilter { kinds, include_vertical: false };
                        let below = registry.agencies_below(jurisdiction, year(of));
                        let counted = |n: usize| {
                            below.contains(&agencies[n]) && filter.admits(class_of(&registry, agencies[n], year(of)))
                        };
                        let mut naive = Sums::default();
                        for ((_, _), report) in newest.iter().filter(|((n, y), _)| *y == of && counted(*n)) {
                            naive.add(report);
                        }
                        let scope = Scope::Subtree(jurisdiction);
                        prop_assert_eq!(&totals.sums(scope, year(of), &filter), &naive);
                        let coverage = totals.coverage(scope, year(of), &filter);
                        prop_assert_eq!(coverage.of(Mark::Included), naive.reports);
                        prop_assert_eq!(coverage.expected, (0..AGENCIES).filter(|n| counted(*n)).count() as u64);
                        {
                            let missing = totals.missing_after(&registry, jurisdiction, year(of), &filter, None).count() as u64;
                            prop_assert_eq!(coverage.missing(), missing);
                        }
                    }
                }
            }
        }
    }
}
