//! Where some agencies counted at an earlier moment: told by the changes since and by their own histories alone.

use std::collections::HashSet;

use crate::report::AgencyId;

use super::timeline::successors;
use super::{AgencyIndex, Entry, Extent, Registry, RegistryChange};

impl Registry {
    /// How much there was before these changes, which are the last ones that were applied.
    pub fn extent_before(&self, later: &[RegistryChange]) -> Extent {
        let mut extent = self.extent();
        for change in later {
            let part = match change {
                RegistryChange::CreateJurisdiction(_) => &mut extent.jurisdictions,
                RegistryChange::CreateAgency(_) => &mut extent.agencies,
                RegistryChange::PutCollection(_) | RegistryChange::PutContacts(_) | RegistryChange::PutReminders(_) => {
                    continue;
                }
                _ => &mut extent.dated,
            };
            *part = part.saturating_sub(1);
        }
        extent
    }

    /// As much of the registry as there was with `extent` as tells where these agencies counted, in the tree of any year:
    /// all jurisdictions, which keep their indices, and of the agencies those that were there. Takes work in proportion to
    /// these and to the dated changes.
    pub fn earlier(&self, extent: Extent, agencies: &[AgencyIndex]) -> Self {
        let members = self.with_all_that_changed_them(agencies, extent);
        let ids: HashSet<&AgencyId> = members.iter().map(|agency| &self.agency(*agency).id).collect();
        let mut earlier = Self::default();
        let jurisdictions = (0..extent.jurisdictions).filter_map(|position| self.change_within(extent, position));
        let agencies = members.iter().filter(|agency| agency.index() < extent.agencies);
        let agencies = agencies.map(|agency| RegistryChange::CreateAgency(self.created_agency(*agency)));
        let dated = self.dated.iter().take(extent.dated).filter_map(|change| of_members(change, &ids));
        for change in jurisdictions.chain(agencies).chain(dated) {
            // What is admitted among all is admitted among fewer agencies.
            let admitted = earlier.apply(&change);
            debug_assert!(admitted.is_ok(), "{change:?}: {admitted:?}");
        }
        earlier
    }

    /// The agencies with all that took part in a change of them, so that each change can be made again; in the order of
    /// creation. What was voided has followers in the changes alone.
    fn with_all_that_changed_them(&self, agencies: &[AgencyIndex], extent: Extent) -> Vec<AgencyIndex> {
        let mut members = self.with_successors(agencies.to_vec());
        loop {
            let mut ids: HashSet<&AgencyId> = members.iter().map(|agency| &self.agency(*agency).id).collect();
            for change in self.dated.iter().take(extent.dated) {
                let (of, into): (Vec<&AgencyId>, Vec<&AgencyId>) = match change {
                    RegistryChange::Merge { entries, into, .. } => {
                        (ids_of(entries), ids_of(std::slice::from_ref(into)))
                    }
                    RegistryChange::Split { entry, into, .. } => (ids_of(std::slice::from_ref(entry)), ids_of(into)),
                    RegistryChange::Join { agency, into, .. } if ids.contains(into) => (vec![into], vec![agency]),
                    RegistryChange::Join { agency, into, .. } => (vec![agency], vec![into]),
                    _ => continue,
                };
                if of.iter().any(|id| ids.contains(id)) {
                    ids.extend(into);
                }
            }
            let found = ids.into_iter().filter_map(|id| self.find_agency(id)).collect();
            let more = self.with_successors(found);
            if more.len() == members.len() {
                return members;
            }
            members = more;
        }
    }

    /// The agencies and all that followed them, in the order of creation.
    fn with_successors(&self, mut waiting: Vec<AgencyIndex>) -> Vec<AgencyIndex> {
        let mut seen = HashSet::new();
        while let Some(agency) = waiting.pop() {
            if seen.insert(agency) {
                let time = self.agency_timeline(agency);
                waiting.extend(time.end.iter().flat_map(|end| successors(&end.how)));
                waiting.extend(time.joined.iter().map(|joined| joined.into));
                // In whose years it has no place of its own.
                let joined = self.posts[agency.index()].merged.iter();
                waiting.extend(joined.filter(|other| self.agency_timeline(**other).joined.is_some()));
            }
        }
        let mut members: Vec<AgencyIndex> = seen.into_iter().collect();
        members.sort_unstable();
        members
    }
}

fn ids_of(entries: &[Entry]) -> Vec<&AgencyId> {
    let agencies = entries.iter().filter_map(|entry| match entry {
        Entry::Agency(id) => Some(id),
        Entry::Jurisdiction(_) => None,
    });
    agencies.collect()
}

/// What a dated change does to jurisdictions and to these agencies; none where that is nothing.
fn of_members(change: &RegistryChange, ids: &HashSet<&AgencyId>) -> Option<RegistryChange> {
    let is_member = |entry: &Entry| match entry {
        Entry::Jurisdiction(_) => true,
        Entry::Agency(id) => ids.contains(id),
    };
    match change {
        RegistryChange::Merge { entries, into, first_year } => {
            let entries: Vec<Entry> = entries.iter().filter(|entry| is_member(entry)).cloned().collect();
            let is_empty = entries.is_empty();
            (!is_empty).then(|| RegistryChange::Merge { entries, into: into.clone(), first_year: *first_year })
        }
        RegistryChange::Rename { entry, .. }
        | RegistryChange::Move { entry, .. }
        | RegistryChange::Split { entry, .. }
        | RegistryChange::Correct { entry, .. }
        | RegistryChange::Void { entry, .. }
        | RegistryChange::Restore { entry, .. }
        | RegistryChange::Abolish { entry, .. } => is_member(entry).then(|| change.clone()),
        RegistryChange::JoinPlaces { .. } => Some(change.clone()),
        RegistryChange::Reclassify { agency, .. } => ids.contains(agency).then(|| change.clone()),
        RegistryChange::Join { agency, into, .. } => {
            (ids.contains(agency) && ids.contains(into)).then(|| change.clone())
        }
        RegistryChange::CreateJurisdiction(_)
        | RegistryChange::CreateAgency(_)
        | RegistryChange::PutCollection(_)
        | RegistryChange::PutContacts(_)
        | RegistryChange::PutReminders(_) => None,
    }
}
