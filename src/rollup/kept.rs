//! What the totals keep: parts of a year by scope and class, and from when on how many reports are expected. Copies share
//! what neither of the two changes, and nothing is kept of what has come to nothing.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use imbl::{HashMap, Vector};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::registry::AgencyIndex;
use crate::report::ReportYear;

use super::part::{Failures, Part};
use super::{Class, Marks, Scope};

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
    pub(crate) fn without_parts(&self) -> Self {
        Self { parts: HashMap::new(), ..self.clone() }
    }

    /// The rules for which submissions of an agency were refused.
    pub(crate) fn refused(&self, agency: AgencyIndex) -> Failures {
        self.refused.get(&agency).cloned().unwrap_or_default()
    }

    /// Changes a part; one that comes to nothing is not kept.
    pub(crate) fn change_part(&mut self, scope: Scope, class: Class, change: impl FnOnce(&mut Part)) {
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

    pub(crate) fn marks(&self, agency: AgencyIndex) -> Marks {
        self.marks.get(agency.index()).copied().unwrap_or_default()
    }

    pub(crate) fn mark(&mut self, agency: AgencyIndex, marks: Marks) {
        while self.marks.len() <= agency.index() {
            self.marks.push_back(Marks::default());
        }
        self.marks[agency.index()] = marks;
    }
}

/// Changes of the number of agencies that owe a report, by the year in which they take effect.
pub(super) type Expected = HashMap<Scope, ByClass<BTreeMap<ReportYear, i64>>>;

/// Changes how many agencies are expected from a year on; what comes to nothing is not kept, so that the same registry has
/// the same numbers, whatever it was before.
pub(super) fn change_expected(expected: &mut Expected, scope: Scope, class: Class, year: ReportYear, change: i64) {
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
pub(super) fn expected_by(changes: &BTreeMap<ReportYear, i64>, year: ReportYear) -> u64 {
    let expected: i64 = changes.range(..=year).map(|(_, change)| change).sum();
    u64::try_from(expected).unwrap_or(0)
}
