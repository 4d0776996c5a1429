//! Where two totals of the same reports are not the same.

use std::collections::BTreeSet;

use imbl::HashMap;

use crate::report::ReportYear;

use super::kept::{ByClass, YearTotals};
use super::{Class, Scope, Totals};

/// A part of the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalsDifference {
    /// The sums of one class of agencies, or how many of their reports stand how.
    Part {
        /// Where they count.
        scope: Scope,
        /// Report year.
        year: ReportYear,
        /// Of which agencies.
        class: Class,
    },
    /// In which years how many reports of one class of agencies are expected.
    Expected {
        /// Where they count.
        scope: Scope,
        /// Of which agencies.
        class: Class,
    },
    /// How the reports of single agencies stand.
    Marks {
        /// Report year.
        year: ReportYear,
    },
}

impl Totals {
    /// Where these totals and others over the same tree differ, in order: in what they hold, and in what is there at all,
    /// for a part that is there can be a row of an answer.
    pub fn differences(&self, other: &Self) -> Vec<TotalsDifference> {
        let mut found = BTreeSet::new();
        let none = YearTotals::default();
        for year in self.years.keys().chain(other.years.keys()).copied() {
            let [one, two] = [self, other].map(|totals| totals.years.get(&year).unwrap_or(&none));
            let unlike = unlike_parts(&one.parts, &two.parts);
            found.extend(unlike.map(|(scope, class)| TotalsDifference::Part { scope, year, class }));
            let agencies = one.marks.len().max(two.marks.len());
            let marks = |totals: &YearTotals, at: usize| totals.marks.get(at).copied().unwrap_or_default();
            if (0..agencies).any(|at| marks(one, at) != marks(two, at)) {
                found.insert(TotalsDifference::Marks { year });
            }
        }
        let unlike = unlike_parts(&self.expected, &other.expected);
        found.extend(unlike.map(|(scope, class)| TotalsDifference::Expected { scope, class }));
        found.into_iter().collect()
    }
}

/// Parts that are not the same in the two.
fn unlike_parts<'a, T: PartialEq>(
    one: &'a HashMap<Scope, ByClass<T>>,
    two: &'a HashMap<Scope, ByClass<T>>,
) -> impl Iterator<Item = (Scope, Class)> + 'a {
    let parts = |totals: &'a HashMap<Scope, ByClass<T>>| {
        totals.iter().flat_map(|(scope, by_class)| by_class.keys().map(|class| (*scope, *class)))
    };
    parts(one).chain(parts(two)).filter(move |(scope, class)| {
        let [one, two] = [one, two].map(|totals| totals.get(scope).and_then(|by_class| by_class.get(class)));
        one != two
    })
}

#[cfg(test)]
mod tests {
    use super::super::part::Part;
    use super::*;
    use crate::registry::{Jurisdiction, Registry, RegistryChange};
    use crate::report::{AgencyKind, Level};

    #[test]
    fn a_part_that_is_there_with_nothing_in_it_is_a_difference_for_it_could_be_a_row() {
        let year = ReportYear::new(2022).unwrap();
        let mut registry = Registry::default();
        let province = RegistryChange::CreateJurisdiction(Jurisdiction {
            code: "230000".parse().unwrap(),
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: year,
        });
        registry.apply(&province).unwrap();
        let scope = Scope::Subtree(registry.jurisdiction_indices().next().unwrap());
        let class = Class { kind: AgencyKind::Department, vertical: false };
        let mut totals = Totals::default();
        assert_eq!(totals.differences(&Totals::default()), []);
        let year_totals = totals.years.entry(year).or_default();
        year_totals.parts.entry(scope).or_default().insert(class, Part::default());
        assert_eq!(totals.differences(&Totals::default()), [TotalsDifference::Part { scope, year, class }]);
    }
}
