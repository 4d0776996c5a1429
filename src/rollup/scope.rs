//! Where agencies count: in which jurisdictions, over whose tree, told apart by what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::registry::{AgencyIndex, JurisdictionIndex, Nature, Registry};
use crate::report::{AgencyKind, ReportYear};

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
    /// What the agencies are within their government.
    pub kind: AgencyKind,
    /// 垂直管理: it belongs to its own system, and stays out of local sums unless included on purpose.
    pub vertical: bool,
}

/// Which agencies to count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AgencyFilter {
    /// Empty for all.
    pub kinds: Vec<AgencyKind>,
    /// Whether 垂直管理 agencies are counted, too.
    pub include_vertical: bool,
}

impl AgencyFilter {
    /// Whether agencies of the class are counted.
    pub fn admits(&self, class: Class) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&class.kind)) && (self.include_vertical || !class.vertical)
    }
}

/// The class of an agency with its report of a year.
pub fn class_of(registry: &Registry, agency: AgencyIndex, year: ReportYear) -> Class {
    let Nature { kind, vertical, .. } = registry.nature(agency, year);
    Class { kind, vertical }
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

/// Where, as what, and from which year on, an agency begins (1) and ceases (-1) to be expected.
pub(super) fn expected_changes(
    tree: Tree,
    registry: &Registry,
    agency: AgencyIndex,
    mut tell: impl FnMut(Scope, Class, ReportYear, i64),
) {
    let mut before: Option<(Class, Vec<Scope>)> = None;
    for year in registry.years_of_change(agency) {
        let (class, after) = (class_of(registry, agency, year), tree.scopes(registry, agency, year));
        if let Some((class, scopes)) = &before {
            scopes.iter().for_each(|scope| tell(*scope, *class, year, -1));
        }
        after.iter().for_each(|scope| tell(*scope, class, year, 1));
        before = Some((class, after));
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

impl<'a> Within<'a> {
    pub(super) fn new(tree: Tree, registry: &'a Registry, of: JurisdictionIndex) -> Self {
        Self { tree, registry, of, known: BTreeMap::new() }
    }

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
