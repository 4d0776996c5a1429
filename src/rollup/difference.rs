//! Where two totals of the same reports are not the same.

use std::collections::{BTreeMap, BTreeSet};

use imbl::HashMap;

use crate::report::ReportYear;

use super::part::Part;
use super::totals::{ByClass, Class, Scope, Totals, YearTotals};

/// A part of the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalsDifference {
    /// The sums of one class of agencies, or how many of their reports stand how.
    Part { scope: Scope, year: ReportYear, class: Class },
    /// In which years how many reports of one class of agencies are expected.
    Expected { scope: Scope, class: Class },
    /// How the reports of single agencies stand.
    Marks { year: ReportYear },
}

impl Totals {
    /// Where these totals and others over the same tree differ, in order. A part that is not there equals one that is
    /// zero.
    pub fn differences(&self, other: &Self) -> Vec<TotalsDifference> {
        let mut found = BTreeSet::new();
        let none = YearTotals::default();
        let no_part = Part::default();
        let part = |part: Option<&Part>| part.unwrap_or(&no_part).clone();
        for year in self.years.keys().chain(other.years.keys()).copied() {
            let [one, two] = [self, other].map(|totals| totals.years.get(&year).unwrap_or(&none));
            let unlike = unlike_parts(&one.parts, &two.parts, &part);
            found.extend(unlike.map(|(scope, class)| TotalsDifference::Part { scope, year, class }));
            let agencies = one.marks.len().max(two.marks.len());
            let marks = |totals: &YearTotals, at: usize| totals.marks.get(at).copied().unwrap_or_default();
            if (0..agencies).any(|at| marks(one, at) != marks(two, at)) {
                found.insert(TotalsDifference::Marks { year });
            }
        }
        let changes = |by_year: Option<&BTreeMap<ReportYear, i64>>| -> Vec<(ReportYear, i64)> {
            let by_year = by_year.into_iter().flatten().map(|(year, change)| (*year, *change));
            by_year.filter(|(_, change)| *change != 0).collect()
        };
        let unlike = unlike_parts(&self.expected, &other.expected, &changes);
        found.extend(unlike.map(|(scope, class)| TotalsDifference::Expected { scope, class }));
        found.into_iter().collect()
    }
}

/// Parts with different values in the two, as `value` reads them.
fn unlike_parts<'a, T, V: PartialEq>(
    one: &'a HashMap<Scope, ByClass<T>>,
    two: &'a HashMap<Scope, ByClass<T>>,
    value: &'a impl Fn(Option<&T>) -> V,
) -> impl Iterator<Item = (Scope, Class)> + 'a {
    let parts = |totals: &'a HashMap<Scope, ByClass<T>>| {
        totals.iter().flat_map(|(scope, by_class)| by_class.keys().map(|class| (*scope, *class)))
    };
    parts(one).chain(parts(two)).filter(move |(scope, class)| {
        let [one, two] = [one, two].map(|totals| totals.get(scope).and_then(|by_class| by_class.get(class)));
        value(one) != value(two)
    })
}
