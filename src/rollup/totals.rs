//! The running totals: memory bounded by years, jurisdictions and kinds of agency, and one byte for each agency and year.
//! A copy shares what neither of the two changes.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use imbl::{HashMap, Vector};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{AgencyKind, ReportYear};

use super::part::{Contribution, Failures, Part};
use super::standing::{Counts, Marks};
use super::sums::Exchange;
use super::{ChildCoverage, Coverage, Sums};

/// Which part of a jurisdiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// The jurisdiction and all below it.
    Subtree(JurisdictionIndex),
    /// Its own agencies only.
    Own(JurisdictionIndex),
}

/// What agencies are told apart by in the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Class {
    pub kind: AgencyKind,
    /// 垂直管理: it belongs to its own system, and stays out of local sums unless included on purpose.
    pub vertical: bool,
}

/// Which agencies to count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AgencyFilter {
    /// Empty for all.
    pub kinds: Vec<AgencyKind>,
    pub include_vertical: bool,
}

impl AgencyFilter {
    /// Whether agencies of the class are counted.
    pub fn admits(&self, class: Class) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&class.kind)) && (self.include_vertical || !class.vertical)
    }
}

/// By class of agency; shared between copies of the totals until one of them changes it.
#[derive(Debug, Clone)]
pub(super) struct ByClass<T>(Arc<BTreeMap<Class, T>>);

impl<T> Default for ByClass<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Deref for ByClass<T> {
    type Target = BTreeMap<Class, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T: Clone> DerefMut for ByClass<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: Serialize> Serialize for ByClass<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByClass<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|by_class| Self(Arc::new(by_class)))
    }
}

/// Totals of one report year.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct YearTotals {
    pub parts: HashMap<Scope, ByClass<Part>>,
    /// For each agency, how its report stands.
    pub marks: Vector<Marks>,
    /// Rules for which submissions of single agencies were refused.
    pub refused: HashMap<AgencyIndex, Failures>,
}

impl YearTotals {
    /// What is kept of single agencies.
    pub fn without_parts(&self) -> Self {
        Self { parts: HashMap::new(), ..self.clone() }
    }

    /// The rules for which submissions of an agency were refused.
    pub fn refused(&self, agency: AgencyIndex) -> Failures {
        self.refused.get(&agency).cloned().unwrap_or_default()
    }

    /// Changes a part; one that comes to nothing is not kept.
    pub fn change_part(&mut self, scope: Scope, class: Class, change: impl FnOnce(&mut Part)) {
        let by_class = self.parts.entry(scope).or_default();
        let part = by_class.entry(class).or_default();
        change(part);
        if *part == Part::default() {
            by_class.remove(&class);
            if by_class.is_empty() {
                self.parts.remove(&scope);
            }
        }
    }

    fn marks(&self, agency: AgencyIndex) -> Marks {
        self.marks.get(agency.index()).copied().unwrap_or_default()
    }

    fn mark(&mut self, agency: AgencyIndex, marks: Marks) {
        while self.marks.len() <= agency.index() {
            self.marks.push_back(Marks::default());
        }
        self.marks[agency.index()] = marks;
    }
}

/// Whose tree the reports of a year are added up over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Tree {
    /// Each year by its own tree.
    #[default]
    AsReported,
    /// Every year by the tree of this one: figures follow mergers and moves, and stay with what was split or abolished.
    Of(ReportYear),
}

impl Tree {
    /// The year whose tree holds for reports of `year`.
    pub fn year(self, year: ReportYear) -> ReportYear {
        match self {
            Self::AsReported => year,
            Self::Of(hierarchy) => hierarchy,
        }
    }

    /// The scopes that an agency counts in with its report of a year: its jurisdiction's own, and every subtree on the
    /// way up; none in a year in which it owes no report.
    pub fn scopes(self, registry: &Registry, agency: AgencyIndex, year: ReportYear) -> Vec<Scope> {
        let Some(home) = registry.home(agency, year) else { return Vec::new() };
        match self {
            Self::AsReported => {
                std::iter::once(Scope::Own(home)).chain(registry.path_up(home, year).map(Scope::Subtree)).collect()
            }
            Self::Of(hierarchy) => {
                let mut path =
                    registry.path_placed(registry.place(agency, hierarchy).jurisdiction, hierarchy).peekable();
                let own = path.peek().copied().map(Scope::Own);
                own.into_iter().chain(path.map(Scope::Subtree)).collect()
            }
        }
    }
}

/// Where, and from which year on, an agency begins (1) and ceases (-1) to be expected.
pub(super) fn expected_changes(
    tree: Tree,
    registry: &Registry,
    agency: AgencyIndex,
    mut tell: impl FnMut(Scope, ReportYear, i64),
) {
    let mut before = Vec::new();
    for year in registry.years_of_change(agency) {
        let after = tree.scopes(registry, agency, year);
        before.iter().for_each(|scope| tell(*scope, year, -1));
        after.iter().for_each(|scope| tell(*scope, year, 1));
        before = after;
    }
}

/// Which agencies count in a jurisdiction or below it; remembers the jurisdictions that it has looked at.
pub struct Within<'a> {
    tree: Tree,
    registry: &'a Registry,
    of: JurisdictionIndex,
    /// By the year of the tree, then by jurisdiction.
    known: BTreeMap<ReportYear, Vec<Option<bool>>>,
}

impl Within<'_> {
    /// Whether the agency counts there with its report of the year.
    pub fn counts(&mut self, agency: AgencyIndex, year: ReportYear) -> bool {
        let registry = self.registry;
        let Some(home) = registry.home(agency, year) else { return false };
        let (home, tree_year) = match self.tree {
            Tree::AsReported => (home, year),
            Tree::Of(hierarchy) => (registry.place(agency, hierarchy).jurisdiction, hierarchy),
        };
        let of_year = self.known.entry(tree_year).or_insert_with(|| vec![None; registry.jurisdictions().len()]);
        *of_year[home.index()].get_or_insert_with(|| match self.tree {
            Tree::AsReported => registry.path_up(home, year).any(|above| above == self.of),
            Tree::Of(hierarchy) => registry.path_placed(home, hierarchy).any(|above| above == self.of),
        })
    }
}

/// All running totals.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Totals {
    tree: Tree,
    pub(super) years: BTreeMap<ReportYear, YearTotals>,
    /// Changes of the number of agencies that owe a report, by the year in which they take effect.
    pub(super) expected: HashMap<Scope, ByClass<BTreeMap<ReportYear, i64>>>,
}

/// Changes how many agencies are expected from a year on; what comes to nothing is not kept, so that the same registry has
/// the same numbers, whatever it was before.
pub(super) fn change_expected(
    expected: &mut HashMap<Scope, ByClass<BTreeMap<ReportYear, i64>>>,
    scope: Scope,
    class: Class,
    year: ReportYear,
    change: i64,
) {
    let by_class = expected.entry(scope).or_default();
    let by_year = by_class.entry(class).or_default();
    let number = by_year.entry(year).or_default();
    *number += change;
    if *number == 0 {
        by_year.remove(&year);
    }
    if by_year.is_empty() {
        by_class.remove(&class);
    }
    if by_class.is_empty() {
        expected.remove(&scope);
    }
}

/// Agencies expected in a year, from the changes of their number.
fn expected_by(changes: &BTreeMap<ReportYear, i64>, year: ReportYear) -> u64 {
    let expected: i64 = changes.range(..=year).map(|(_, change)| change).sum();
    u64::try_from(expected).unwrap_or(0)
}

/// The class of an agency.
pub fn class_of(registry: &Registry, agency: AgencyIndex) -> Class {
    let agency = registry.agency(agency);
    Class { kind: agency.kind, vertical: agency.vertical }
}

impl Totals {
    /// Empty totals over a tree.
    pub fn new(tree: Tree) -> Self {
        Self { tree, ..Self::default() }
    }

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
        Within { tree: self.tree, registry, of, known: BTreeMap::new() }
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
        let class = class_of(registry, agency);
        expected_changes(self.tree, registry, agency, |scope, year, change| {
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
        let class = class_of(registry, agency);
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

    /// Counts a refused submission of an agency's report of a year by the rules that it broke, each named once.
    pub fn refuse(&mut self, registry: &Registry, agency: AgencyIndex, year: ReportYear, rules: &[&str]) {
        let class = class_of(registry, agency);
        let scopes = self.scopes(registry, agency, year);
        if rules.is_empty() || scopes.is_empty() {
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

    fn parts<'a>(
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

    /// Expected and received reports of a scope.
    pub fn coverage(&self, scope: Scope, year: ReportYear, filter: &AgencyFilter) -> Coverage {
        let mut coverage = Coverage { year, expected: 0, vertical_excluded: 0, counts: Counts::default() };
        for (class, by_year) in self.expected.get(&scope).into_iter().flat_map(|by_class| &**by_class) {
            let expected = expected_by(by_year, year);
            if filter.admits(*class) {
                coverage.expected += expected;
            } else if class.vertical && filter.admits(Class { vertical: false, ..*class }) {
                coverage.vertical_excluded += expected;
            }
        }
        for (_, part) in self.parts(scope, year, filter) {
            coverage.counts.add(&part.counts);
        }
        coverage
    }

    /// Coverage of the jurisdiction's own agencies where there are any, then of each jurisdiction directly below, also
    /// where nobody owes a report in it. What does not exist in the tree used is there only with reports that are owed.
    pub fn coverage_by_child(
        &self,
        registry: &Registry,
        jurisdiction: JurisdictionIndex,
        year: ReportYear,
        filter: &AgencyFilter,
    ) -> Vec<ChildCoverage> {
        let own = std::iter::once(Scope::Own(jurisdiction));
        let below = self.children(registry, jurisdiction, year).into_iter().map(Scope::Subtree);
        let parts = own.chain(below).map(|scope| {
            let (jurisdiction, own_agencies) = match scope {
                Scope::Own(jurisdiction) => (jurisdiction, true),
                Scope::Subtree(jurisdiction) => (jurisdiction, false),
            };
            ChildCoverage { jurisdiction, own_agencies, coverage: self.coverage(scope, year, filter) }
        });
        let hierarchy = self.tree.year(year);
        let is_told = |part: &ChildCoverage| {
            let has_agencies = part.coverage.expected + part.coverage.vertical_excluded > 0;
            has_agencies
                || (!part.own_agencies && registry.jurisdiction_timeline(part.jurisdiction).exists_in(hierarchy))
        };
        parts.filter(is_told).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::form::{catalogue, edition};
    use crate::registry::{Agency, Jurisdiction, RegistryChange};
    use crate::report::{Cell, Completed, Figures, Level, ReportState, ReportStatus};
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
                            below.contains(&agencies[n]) && filter.admits(class_of(&registry, agencies[n]))
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
