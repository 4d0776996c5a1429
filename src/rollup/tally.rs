//! What many reports of one year come to, added up before it is added to the totals: beside others, and with work for each
//! place instead of each report.

use std::collections::HashMap;

use crate::registry::{AgencyIndex, Registry};
use crate::report::ReportYear;

use super::part::{Contribution, Part};
use super::{Class, Marks, Scope, Totals, Tree, class_of};

/// Reports of one year, over the tree of some totals.
#[derive(Debug)]
pub struct Tally {
    tree: Tree,
    year: ReportYear,
    marks: Vec<(AgencyIndex, Marks)>,
    /// By the first of the scopes that they count in, which the others follow from.
    parts: HashMap<(Scope, Class), (Part, Vec<Scope>)>,
}

impl Tally {
    /// Of no report yet.
    pub fn new(tree: Tree, year: ReportYear) -> Self {
        Self { tree, year, marks: Vec::new(), parts: HashMap::new() }
    }

    /// Adds what an agency's report contributes.
    pub fn add(&mut self, registry: &Registry, agency: AgencyIndex, contribution: Contribution<'_>) {
        self.marks.push((agency, contribution.marks));
        let scopes = self.tree.scopes(registry, agency, self.year);
        let Some(first) = scopes.first() else { return };
        let known = self.parts.entry((*first, class_of(registry, agency, self.year)));
        let (part, _) = known.or_insert_with(|| (Part::default(), scopes));
        part.include(contribution);
    }
}

impl Totals {
    /// Adds reports of agencies whose reports of the year are not in these totals yet.
    pub fn add(&mut self, tally: Tally) {
        let totals = self.years.entry(tally.year).or_default();
        for (agency, marks) in tally.marks {
            totals.mark(agency, marks);
        }
        for ((_, class), (part, scopes)) in tally.parts {
            for scope in scopes {
                totals.change_part(scope, class, |whole| whole.add(&part));
            }
        }
    }
}
