//! Where figures of any year count in the tree of another year, and whom a change of the registry touches.
//!
//! What was merged counts with its successor. What was split or abolished stays with the predecessor, which keeps
//! the last place that it had; what begins later has its first place already.

use std::collections::{BTreeSet, HashSet};

use crate::report::{AgencyId, ReportYear};

use super::{AgencyIndex, EntryIndex, JurisdictionIndex, Registry, RegistryChange};

/// How an agency stands in the tree of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InTree {
    /// It exists in that year.
    Present,
    /// It was merged before; its figures count with this agency.
    Successor(AgencyIndex),
    /// It was split or abolished before; its figures stay with it.
    Ended,
    /// It begins later.
    NotYet,
}

/// Where an agency's figures count in the tree of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// With merged jurisdictions replaced by their successors.
    pub jurisdiction: JurisdictionIndex,
    /// How the agency itself stands in that tree.
    pub standing: InTree,
}

impl Registry {
    /// Where the figures of an agency, of whatever year, count in the tree of `hierarchy_year`.
    pub fn place(&self, agency: AgencyIndex, hierarchy_year: ReportYear) -> Place {
        let mut last = agency;
        // An agency exists in the year from which another one is merged into it, so it ends later; what is joined to
        // another one is never merged into by what that leads to.
        while let Some(into) = self.agency_timeline(last).passed_into(hierarchy_year) {
            last = *into;
        }
        let time = self.agency_timeline(last);
        let standing = if last != agency {
            InTree::Successor(last)
        } else if time.ended_by(hierarchy_year).is_some() {
            InTree::Ended
        } else if time.is_in_force(hierarchy_year) {
            InTree::Present
        } else {
            InTree::NotYet
        };
        Place { jurisdiction: self.resolve(*time.parent_near(hierarchy_year), hierarchy_year), standing }
    }

    /// The agencies whose figures count with this one in the tree of `hierarchy_year`: itself, and all that was merged
    /// into it, directly or not; none where it was merged itself.
    pub fn counted_with(&self, agency: AgencyIndex, hierarchy_year: ReportYear) -> Vec<AgencyIndex> {
        let merged = |at: AgencyIndex| self.agency_timeline(at).passed_into(hierarchy_year).is_some();
        if merged(agency) {
            return Vec::new();
        }
        let (mut found, mut next) = (vec![agency], 0);
        while let Some(at) = found.get(next) {
            let into_it = self.posts[at.index()].merged.iter().copied().filter(|one| merged(*one));
            let into_it: Vec<AgencyIndex> = into_it.collect();
            found.extend(into_it);
            next += 1;
        }
        found
    }

    /// The jurisdiction, or what it was merged into by `hierarchy_year`.
    pub fn resolve(&self, jurisdiction: JurisdictionIndex, hierarchy_year: ReportYear) -> JurisdictionIndex {
        let mut last = jurisdiction;
        while let Some(into) = self.jurisdiction_timeline(last).passed_into(hierarchy_year) {
            last = *into;
        }
        last
    }

    /// The jurisdiction and those above it in the tree of `hierarchy_year`, root last, also for one that does not
    /// exist in that year.
    ///
    /// It ends: a parent in the last year of an ended entry ends no earlier than the entry and has a higher level;
    /// what is merged ends before its successor; and from an entry that exists, or does not yet, levels only rise.
    pub fn path_placed(
        &self,
        from: JurisdictionIndex,
        hierarchy_year: ReportYear,
    ) -> impl Iterator<Item = JurisdictionIndex> {
        std::iter::successors(Some(self.resolve(from, hierarchy_year)), move |at| {
            let parent = *self.jurisdiction_timeline(*at).parent_near(hierarchy_year);
            parent.map(|parent| self.resolve(parent, hierarchy_year))
        })
    }

    /// Years in which an agency's home, or the way up from it, may become another: its first year, the years of moves
    /// of what it ever belonged to, and the year from which it no longer exists.
    pub fn years_of_change(&self, agency: AgencyIndex) -> BTreeSet<ReportYear> {
        let time = self.agency_timeline(agency);
        let mut years: BTreeSet<ReportYear> = time.end.iter().map(|end| end.year).collect();
        years.extend(time.years_of_joining());
        years.extend(self.natures(agency).iter().map(|(year, _)| year));
        let mut waiting = Vec::new();
        for (year, home) in time.parents.iter() {
            years.insert(year);
            waiting.push(*home);
        }
        while let Some(at) = waiting.pop() {
            let moves = self.jurisdiction_timeline(at).parents.iter();
            for (year, parent) in moves {
                years.insert(year.max(time.first_year()));
                waiting.extend(parent);
            }
        }
        years
    }

    /// Agencies whose home or path may change in any year through the change; ask before it is applied. In the order
    /// of creation.
    pub fn affected_agencies(&self, change: &RegistryChange) -> Vec<AgencyIndex> {
        let entries = match change {
            RegistryChange::CreateJurisdiction(_)
            | RegistryChange::CreateAgency(_)
            | RegistryChange::Rename { .. }
            | RegistryChange::PutCollection(_)
            | RegistryChange::PutContacts(_)
            | RegistryChange::PutReminders(_) => &[],
            RegistryChange::Move { entry, .. }
            | RegistryChange::Split { entry, .. }
            | RegistryChange::Correct { entry, .. }
            | RegistryChange::Void { entry, .. }
            | RegistryChange::Restore { entry, .. }
            | RegistryChange::Abolish { entry, .. } => std::slice::from_ref(entry),
            RegistryChange::Merge { entries, .. } => entries.as_slice(),
            RegistryChange::Reclassify { agency, .. } => return self.all_that_was_below(self.entries_of([agency])),
            RegistryChange::JoinPlaces { jurisdiction, into, .. } => {
                let both = [jurisdiction, into].into_iter().filter_map(|code| self.find_jurisdiction(code));
                return self.all_that_was_below(both.map(EntryIndex::Jurisdiction).collect());
            }
            RegistryChange::Join { agency, into, .. } => {
                return self.all_that_was_below(self.entries_of([agency, into]));
            }
        };
        self.all_that_was_below(entries.iter().filter_map(|entry| self.find(entry)).collect())
    }

    fn entries_of<const N: usize>(&self, agencies: [&AgencyId; N]) -> Vec<EntryIndex> {
        agencies.into_iter().filter_map(|id| self.find_agency(id)).map(EntryIndex::Agency).collect()
    }

    /// Agencies that ever were in or below a jurisdiction, or were merged into such: all that can count there, in the
    /// tree of whatever year. In the order of creation.
    pub fn ever_below(&self, jurisdiction: JurisdictionIndex) -> Vec<AgencyIndex> {
        self.all_that_was_below(vec![EntryIndex::Jurisdiction(jurisdiction)])
    }

    fn all_that_was_below(&self, mut waiting: Vec<EntryIndex>) -> Vec<AgencyIndex> {
        let mut seen: HashSet<EntryIndex> = HashSet::new();
        let mut agencies = Vec::new();
        while let Some(at) = waiting.pop() {
            if !seen.insert(at) {
                continue;
            }
            match at {
                EntryIndex::Jurisdiction(at) => {
                    let node = &self.nodes[at.index()];
                    waiting.extend(node.children.iter().chain(&node.merged).copied().map(EntryIndex::Jurisdiction));
                    waiting.extend(node.agencies.iter().copied().map(EntryIndex::Agency));
                }
                EntryIndex::Agency(at) => {
                    agencies.push(at);
                    waiting.extend(self.posts[at.index()].merged.iter().copied().map(EntryIndex::Agency));
                }
            }
        }
        agencies.sort_unstable();
        agencies
    }

    /// Jurisdictions and agencies one of whose names, present or former, contains the text; any without text.
    pub fn search(&self, text: &str) -> Vec<EntryIndex> {
        let jurisdictions = self.jurisdiction_indices().filter(|at| self.jurisdiction_timeline(*at).is_called(text));
        let agencies = self.agency_indices().filter(|at| self.agency_timeline(*at).is_called(text));
        jurisdictions.map(EntryIndex::Jurisdiction).chain(agencies.map(EntryIndex::Agency)).collect()
    }
}
