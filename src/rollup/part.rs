//! What the reports of one class of agencies come to in one scope and year: how they stand, their sums, the rules that
//! they break. Parts are added to and taken from each other.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::report::Completed;

use super::{Counts, Marks, Sums};

/// What one report contributes: how it stands, its figures while they are in the sums, and the rules it breaks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contribution<'a> {
    /// How the report stands.
    pub marks: Marks,
    /// Its figures; none while it is not in the sums.
    pub figures: Option<&'a Completed>,
    /// Ids of rules, each once.
    pub rules: &'a [String],
}

/// How often a rule failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Reports whose newest revision has a finding of it; withdrawn ones are left out.
    pub reports: u64,
    /// Refused submissions with a finding of it.
    pub refusals: u64,
}

/// How often which rule failed, by its id; never zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures(OrdMap<String, Failed>);

impl Failures {
    /// In order of the rules' ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Failed)> {
        self.0.iter().map(|(rule, failed)| (rule.as_str(), *failed))
    }

    /// Adds the failures of other reports.
    pub fn add(&mut self, other: &Self) {
        for (rule, more) in other.iter() {
            self.change(rule, |failed| {
                failed.reports += more.reports;
                failed.refusals += more.refusals;
            });
        }
    }

    pub(super) fn change(&mut self, rule: &str, change: impl FnOnce(&mut Failed)) {
        let mut failed = self.0.get(rule).copied().unwrap_or_default();
        change(&mut failed);
        if failed == Failed::default() {
            self.0.remove(rule);
        } else {
            self.0.insert(rule.to_owned(), failed);
        }
    }
}

/// The totals of one scope, year and class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub(super) counts: Counts,
    pub(super) sums: Sums,
    pub(super) failures: Failures,
}

impl Part {
    /// What a single report comes to.
    pub fn of(contribution: Contribution<'_>) -> Self {
        let mut part = Self::default();
        part.include(contribution);
        part
    }

    /// Adds one more report.
    pub(super) fn include(&mut self, contribution: Contribution<'_>) {
        self.counts.replace(Marks::default(), contribution.marks);
        if let Some(figures) = contribution.figures {
            self.sums.add(figures);
        }
        self.exchange_rules(&[], contribution.rules);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.sums.merge(&other.sums);
        self.failures.add(&other.failures);
    }

    /// Takes out what was added before.
    pub(super) fn take(&mut self, other: &Self) {
        self.counts.take(&other.counts);
        self.sums.take(&other.sums);
        for (rule, less) in other.failures.iter() {
            self.failures.change(rule, |failed| {
                failed.reports -= less.reports;
                failed.refusals -= less.refusals;
            });
        }
    }

    /// Puts the rules that a report breaks in the place of those that it broke before.
    pub(super) fn exchange_rules(&mut self, before: &[String], after: &[String]) {
        for rule in before.iter().filter(|rule| !after.contains(rule)) {
            self.failures.change(rule, |failed| failed.reports -= 1);
        }
        for rule in after.iter().filter(|rule| !before.contains(rule)) {
            self.failures.change(rule, |failed| failed.reports += 1);
        }
    }
}
