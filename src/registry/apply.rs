//! Plans of changes, and what an admitted change does. Which ones are admitted is in `admit`.

use crate::report::ReportYear;

use super::timeline::{Dated, End, Ending, Timeline, successors};
use super::tree::{Node, Post};
use super::{
    Agency, AgencyIndex, Collection, Entry, EntryIndex, Jurisdiction, JurisdictionIndex, Nature, NewValues, Registry,
    RegistryChange, RegistryError,
};

/// A checked list of changes, to be stored and then applied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Changes that take effect, in order.
    pub effective: Vec<RegistryChange>,
    /// Changes that were in force already.
    pub unchanged: usize,
}

/// An admitted change, in indices.
pub(super) enum Step<'a> {
    CreateJurisdiction(&'a Jurisdiction, Option<JurisdictionIndex>),
    CreateAgency(&'a Agency, JurisdictionIndex),
    Rename(EntryIndex, &'a str, ReportYear),
    Move(EntryIndex, JurisdictionIndex, ReportYear),
    EndJurisdictions(Vec<JurisdictionIndex>, End<JurisdictionIndex>),
    EndAgencies(Vec<AgencyIndex>, End<AgencyIndex>),
    Nature(AgencyIndex, Nature, ReportYear),
    Correct(EntryIndex, &'a NewValues, Option<JurisdictionIndex>, ReportYear),
    Void(EntryIndex),
    Restore(EntryIndex),
    Join(AgencyIndex, AgencyIndex, &'a [ReportYear]),
    JoinPlaces(JurisdictionIndex, JurisdictionIndex),
    PutCollection(&'a Collection),
    /// It is kept beside the registry.
    Beside,
}

impl Registry {
    /// Checks a list of changes, each after those before it; nothing changes.
    ///
    /// # Errors
    /// The position of the first change that cannot be applied, and why.
    pub fn plan(&self, changes: &[RegistryChange]) -> Result<Plan, (usize, RegistryError)> {
        let mut plan = Plan::default();
        let mut note = |change: &RegistryChange, effective: bool| {
            if effective {
                plan.effective.push(change.clone());
            } else {
                plan.unchanged += 1;
            }
        };
        if let [only] = changes {
            note(only, self.admit(only).map_err(|error| (0, error))?.is_some());
        } else {
            let mut trial = self.clone();
            for (position, change) in changes.iter().enumerate() {
                let in_force = matches!(trial.admit(change), Ok(None));
                if in_force || self.was_put_right(change, &changes[position + 1..]) {
                    note(change, false);
                } else {
                    note(change, trial.apply(change).map_err(|error| (position, error))?);
                }
            }
        }
        Ok(plan)
    }

    /// Whether a change was made before and gave way to one of the same year that is among the `later` ones of its list:
    /// so a list that was applied can be sent again.
    pub(super) fn was_put_right(&self, change: &RegistryChange, later: &[RegistryChange]) -> bool {
        let gives_way = |other: &RegistryChange| gives_way(change, other);
        let mut others = later.iter().enumerate().filter(|(_, other)| gives_way(other));
        self.dated.contains(change)
            && others
                .any(|(at, other)| matches!(self.admit(other), Ok(None)) || self.was_put_right(other, &later[at + 1..]))
    }

    /// Applies a change; false where it is in force already.
    ///
    /// # Errors
    /// [`RegistryError`] where it cannot be applied; nothing changes then.
    pub fn apply(&mut self, change: &RegistryChange) -> Result<bool, RegistryError> {
        let Some(step) = self.admit(change)? else { return Ok(false) };
        self.take(step);
        let kept_itself = matches!(
            change,
            RegistryChange::CreateJurisdiction(_)
                | RegistryChange::CreateAgency(_)
                | RegistryChange::PutCollection(_)
                | RegistryChange::PutContacts(_)
                | RegistryChange::PutReminders(_)
        );
        if !kept_itself {
            self.dated.push_back(change.clone());
        }
        Ok(true)
    }

    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Beside => {}
            Step::PutCollection(new) => {
                self.collections.insert(new.year, new.clone());
            }
            Step::CreateJurisdiction(new, parent) => {
                let index = JurisdictionIndex(self.jurisdictions.len() as u32);
                if let Some(parent) = parent {
                    self.nodes[parent.index()].children.push(index);
                }
                let time = Timeline::new(new.first_year, new.display_name.clone(), parent);
                self.nodes.push_back(Node { time, children: Vec::new(), agencies: Vec::new(), merged: Vec::new() });
                self.jurisdiction_by_code.insert(new.code.clone(), index);
                self.jurisdictions.push_back(new.clone());
            }
            Step::CreateAgency(new, home) => {
                let index = AgencyIndex(self.agencies.len() as u32);
                let time = Timeline::new(new.first_year, new.display_name.clone(), home);
                let natures = Dated::new(new.first_year, new.nature());
                self.posts.push_back(Post { time, natures, merged: Vec::new(), registered: new.first_year });
                self.agency_by_id.insert(new.id.clone(), index);
                self.agencies.push_back(new.clone());
                self.insert_agency(home, index);
            }
            Step::Rename(EntryIndex::Jurisdiction(at), name, year) => {
                self.nodes[at.index()].time.names.set(year, name.to_owned());
                self.jurisdictions[at.index()].display_name = name.to_owned();
            }
            Step::Rename(EntryIndex::Agency(at), name, year) => {
                self.posts[at.index()].time.names.set(year, name.to_owned());
                self.agencies[at.index()].display_name = name.to_owned();
            }
            Step::Move(EntryIndex::Jurisdiction(at), parent, year) => self.move_jurisdiction(at, parent, year),
            Step::Move(EntryIndex::Agency(at), home, year) => self.move_agency(at, home, year),
            Step::Nature(at, nature, year) => self.set_nature(at, nature, year),
            Step::Correct(index, values, parent, year) => self.take_correction(index, values, parent, year),
            Step::Void(index) => self.take_void(index),
            Step::Restore(index) => self.take_restore(index),
            Step::Join(at, into, years) => self.take_join(at, into, years),
            Step::JoinPlaces(at, into) => self.take_join_places(at, into),
            Step::EndJurisdictions(ends, end) => {
                for at in ends {
                    if let Ending::Merged(into) = end.how {
                        let children: Vec<_> = self.children(at, end.year).collect();
                        let agencies = self.agencies_in_force(at, end.year);
                        children.into_iter().for_each(|child| self.move_jurisdiction(child, into, end.year));
                        agencies.into_iter().for_each(|agency| self.move_agency(agency, into, end.year));
                        self.nodes[into.index()].merged.push(at);
                    }
                    self.nodes[at.index()].time.end = Some(end.clone());
                    // What was to hold from the year of the end on never comes into force.
                    self.jurisdictions[at.index()] = self.jurisdiction_in(at, end.year);
                }
                for successor in successors(&end.how) {
                    take_over(&mut self.nodes[successor.index()].time, end.year);
                }
            }
            Step::EndAgencies(ends, end) => {
                for at in ends {
                    if let Ending::Merged(into) = end.how {
                        self.posts[into.index()].merged.push(at);
                        self.merged_agencies.insert(self.agency(at).id.clone(), at);
                    }
                    self.posts[at.index()].time.end = Some(end.clone());
                    self.agencies[at.index()] = self.agency_in(at, end.year);
                }
                for successor in successors(&end.how) {
                    take_over(&mut self.posts[successor.index()].time, end.year);
                }
            }
        }
    }

    fn move_jurisdiction(&mut self, at: JurisdictionIndex, parent: JurisdictionIndex, year: ReportYear) {
        self.nodes[at.index()].time.parents.set(year, Some(parent));
        insert(&mut self.nodes[parent.index()].children, at);
        self.jurisdictions[at.index()].parent = Some(self.jurisdiction(parent).code.clone());
    }

    fn move_agency(&mut self, at: AgencyIndex, home: JurisdictionIndex, year: ReportYear) {
        self.posts[at.index()].time.parents.set(year, home);
        self.insert_agency(home, at);
        self.renew_agency(at);
    }

    /// Keeps agencies of a jurisdiction in order of their ids, whenever they came.
    pub(super) fn insert_agency(&mut self, home: JurisdictionIndex, agency: AgencyIndex) {
        let id = &self.agencies[agency.index()].id;
        let place = self.nodes[home.index()].agencies.binary_search_by(|at| self.agencies[at.index()].id.cmp(id));
        if let Err(place) = place {
            self.nodes[home.index()].agencies.insert(place, agency);
        }
    }
}

fn take_over<P: PartialEq, I>(time: &mut Timeline<P, I>, year: ReportYear) {
    time.took_over = time.took_over.max(Some(year));
}

/// Whether a change, once `other` was made after it, holds no more: what is set last from a year on does.
fn gives_way(change: &RegistryChange, other: &RegistryChange) -> bool {
    use RegistryChange::{Abolish, Correct, Join, JoinPlaces, Merge, Move, Reclassify, Rename, Restore, Split, Void};
    // What an entry was never touches one that never was.
    let ends = match (change, other) {
        (
            Rename { entry, .. }
            | Move { entry, .. }
            | Correct { entry, .. }
            | Split { entry, .. }
            | Abolish { entry, .. }
            | Restore { entry, .. },
            Void { entry: other, .. },
        )
        | (Void { entry, .. }, Restore { entry: other, .. }) => entry == other,
        // What belonged to it belongs to the other, and of itself nothing is left to change.
        (Rename { entry, .. } | Abolish { entry, .. } | Restore { entry, .. }, JoinPlaces { jurisdiction, .. }) => {
            Entry::Jurisdiction(jurisdiction.clone()) == *entry
        }
        (Move { entry, parent, .. }, JoinPlaces { jurisdiction, .. }) => {
            parent == jurisdiction || Entry::Jurisdiction(jurisdiction.clone()) == *entry
        }
        (Correct { entry, values, .. }, JoinPlaces { jurisdiction, .. }) => {
            values.parent.as_ref() == Some(jurisdiction) || Entry::Jurisdiction(jurisdiction.clone()) == *entry
        }
        // What held before it begins is gone, and it begins where that was said last.
        (
            Rename { entry, first_year, .. } | Move { entry, first_year, .. } | Correct { entry, first_year, .. },
            Correct { entry: other, values: NewValues { begins: Some(begins), .. }, .. },
        ) => {
            let was_begun = matches!(change, Correct { values, .. } if values.begins.is_some());
            entry == other && (was_begun || first_year <= begins)
        }
        (
            Reclassify { agency, first_year, .. },
            Correct { entry, values: NewValues { begins: Some(begins), .. }, .. },
        ) => Entry::Agency(agency.clone()) == *entry && first_year <= begins,
        (Merge { entries, .. }, Void { entry, .. }) => entries.contains(entry),
        (Reclassify { agency, .. }, Void { entry, .. }) => Entry::Agency(agency.clone()) == *entry,
        (
            Rename { entry, .. } | Move { entry, .. } | Correct { entry, .. } | Abolish { entry, .. },
            Join { agency, .. },
        ) => Entry::Agency(agency.clone()) == *entry,
        (Reclassify { agency, .. }, Join { agency: other, .. }) => agency == other,
        _ => false,
    };
    if ends {
        return true;
    }
    // That it begins elsewhere touches years before the one that a correction is from.
    let from = |change: &RegistryChange| match change {
        Correct { first_year, .. } => Some(*first_year),
        other => other.first_year(),
    };
    let (Some(first_year), Some(year)) = (from(change), from(other)) else { return false };
    // A change from an earlier year on is taken after a later one only where that was from the first year of an entry, which then
    // began earlier.
    let is_dated = |change: &RegistryChange| matches!(change, Rename { .. } | Move { .. } | Reclassify { .. });
    if first_year != year && !(year < first_year && is_dated(change) && is_dated(other)) {
        return false;
    }
    match (change, other) {
        (Rename { entry, .. }, Rename { entry: other, .. })
        | (Move { entry, .. }, Move { entry: other, .. })
        | (
            Correct { entry, .. },
            Correct { entry: other, .. } | Rename { entry: other, .. } | Move { entry: other, .. },
        ) => entry == other,
        (Rename { entry, .. }, Correct { entry: other, values, .. }) => entry == other && values.display_name.is_some(),
        (Move { entry, .. }, Correct { entry: other, values, .. }) => entry == other && values.parent.is_some(),
        (Reclassify { agency, .. }, Reclassify { agency: other, .. }) => agency == other,
        (Reclassify { agency, .. }, Correct { entry, values, .. }) => {
            Entry::Agency(agency.clone()) == *entry && values.touches_nature()
        }
        (Correct { entry, .. }, Reclassify { agency, .. }) => Entry::Agency(agency.clone()) == *entry,
        (Move { parent, .. }, Merge { entries, .. }) => entries.contains(&Entry::Jurisdiction(parent.clone())),
        (Correct { values, .. }, Merge { entries, .. }) => {
            values.parent.as_ref().is_some_and(|parent| entries.contains(&Entry::Jurisdiction(parent.clone())))
        }
        _ => false,
    }
}

/// Keeps jurisdictions in the order of creation, whenever they came.
pub(super) fn insert(members: &mut Vec<JurisdictionIndex>, member: JurisdictionIndex) {
    if let Err(place) = members.binary_search(&member) {
        members.insert(place, member);
    }
}
