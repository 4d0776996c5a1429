//! Which changes are admitted: one parent per year, no cycles, gaps or overlaps. What one does is in `apply`.
//!
//! Every year of an entry has exactly one parent, of a higher level, that exists in it. History is only ever
//! continued: an entry changes no earlier than it changed last, and not at all once it has ended. From the year of its
//! last change on it can be changed anew: the name or parent that is set last holds. What puts the past right is in
//! `correct`.

use crate::report::{AgencyId, Level, ReportYear};

use super::apply::Step;
use super::timeline::{End, Ending, Timeline, successors};
use super::{
    Agency, AgencyIndex, Entry, Jurisdiction, JurisdictionCode, JurisdictionIndex, Registry, RegistryChange,
    RegistryError,
};

/// An entry that is in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryIndex {
    /// By its place in the registry.
    Jurisdiction(JurisdictionIndex),
    /// By its place in the registry.
    Agency(AgencyIndex),
}

impl Registry {
    /// The entry called so.
    pub fn find(&self, entry: &Entry) -> Option<EntryIndex> {
        match entry {
            Entry::Jurisdiction(code) => self.find_jurisdiction(code).map(EntryIndex::Jurisdiction),
            Entry::Agency(id) => self.find_agency(id).map(EntryIndex::Agency),
        }
    }

    /// What a change would do; none where it is in force already.
    pub(super) fn admit<'a>(&self, change: &'a RegistryChange) -> Result<Option<Step<'a>>, RegistryError> {
        match change {
            RegistryChange::CreateJurisdiction(new) => self.admit_jurisdiction(new),
            RegistryChange::CreateAgency(new) => self.admit_agency(new),
            RegistryChange::Rename { entry, display_name, first_year } => {
                self.admit_rename(entry, display_name, *first_year)
            }
            RegistryChange::Move { entry, parent, first_year } => self.admit_move(entry, parent, *first_year),
            RegistryChange::Merge { entries, into, first_year } => self.admit_merge(entries, into, *first_year),
            RegistryChange::Split { entry, into, first_year } => self.admit_split(entry, into, *first_year),
            RegistryChange::Reclassify { agency, values, first_year } => {
                self.admit_reclassify(agency, values, *first_year)
            }
            RegistryChange::Correct { entry, values, first_year, reason } => {
                self.admit_correct(entry, values, *first_year, reason)
            }
            RegistryChange::Void { entry, reason } => self.admit_void(entry, reason),
            RegistryChange::Restore { entry, reason } => self.admit_restore(entry, reason),
            RegistryChange::Join { agency, into, years, reason } => self.admit_join([agency, into], years, reason),
            RegistryChange::JoinPlaces { jurisdiction, into, reason } => {
                self.admit_join_places([jurisdiction, into], reason)
            }
            RegistryChange::PutCollection(new) => {
                if self.collection(new.year) == Some(new) {
                    return Ok(None);
                }
                new.check(self)?;
                Ok(Some(Step::PutCollection(new)))
            }
            RegistryChange::PutContacts(contacts) => self.admit_beside(std::slice::from_ref(&contacts.agency)),
            RegistryChange::PutReminders(reminders) => self.admit_beside(&reminders.agencies),
            RegistryChange::Abolish { entry, first_year } => match self.known(entry)? {
                EntryIndex::Jurisdiction(at) => self.admit_ends(&[at], *first_year, Ending::Abolished),
                EntryIndex::Agency(at) => self.admit_agency_ends(&[at], *first_year, Ending::Abolished),
            },
        }
    }

    /// What is about agencies and kept beside the registry: they must be known.
    fn admit_beside<'a>(&self, agencies: &[AgencyId]) -> Result<Option<Step<'a>>, RegistryError> {
        match agencies.iter().find(|id| self.find_agency(id).is_none()) {
            Some(unknown) => Err(RegistryError::EntryUnknown(format!("agencies/{unknown}"))),
            None => Ok(Some(Step::Beside)),
        }
    }

    fn admit_jurisdiction<'a>(&self, new: &'a Jurisdiction) -> Result<Option<Step<'a>>, RegistryError> {
        let subject = new.code.name();
        if let Some(known) = self.find_jurisdiction(&new.code) {
            let same = self.created_jurisdiction(known) == *new;
            return if same { Ok(None) } else { Err(RegistryError::JurisdictionExists(subject)) };
        }
        let parent = match &new.parent {
            Some(parent) => Some(self.parent(&subject, parent, Some(new.level), new.first_year)?),
            None => None,
        };
        Ok(Some(Step::CreateJurisdiction(new, parent)))
    }

    fn admit_agency<'a>(&self, new: &'a Agency) -> Result<Option<Step<'a>>, RegistryError> {
        if let Some(known) = self.find_agency(&new.id) {
            let same = self.created_agency(known) == *new;
            return if same { Ok(None) } else { Err(RegistryError::AgencyExists(new.name())) };
        }
        let home = self.parent(&new.name(), &new.jurisdiction, None, new.first_year)?;
        Ok(Some(Step::CreateAgency(new, home)))
    }

    fn admit_rename<'a>(
        &self,
        entry: &Entry,
        name: &'a str,
        first_year: ReportYear,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let index = self.known(entry)?;
        let (names, exists) = match index {
            EntryIndex::Jurisdiction(at) => {
                let time = self.jurisdiction_timeline(at);
                (&time.names, time.exists_in(first_year))
            }
            EntryIndex::Agency(at) => {
                let time = self.agency_timeline(at);
                (&time.names, time.exists_in(first_year))
            }
        };
        let set = names.set_in(first_year).is_some_and(|set| set == name);
        if set || (exists && names.at(first_year) == name) {
            return Ok(None);
        }
        self.can_change(index, entry, first_year)?;
        Ok(Some(Step::Rename(index, name, first_year)))
    }

    fn admit_move<'a>(
        &self,
        entry: &Entry,
        parent: &JurisdictionCode,
        first_year: ReportYear,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let index = self.known(entry)?;
        let subject = entry.to_string();
        let (set, now, level) = match index {
            EntryIndex::Jurisdiction(at) => {
                let time = self.jurisdiction_timeline(at);
                let now = time.parent_in(first_year).copied().flatten();
                (time.parents.set_in(first_year).copied().flatten(), now, Some(self.jurisdiction(at).level))
            }
            EntryIndex::Agency(at) => {
                let time = self.agency_timeline(at);
                (time.parents.set_in(first_year).copied(), time.parent_in(first_year).copied(), None)
            }
        };
        let target = self.find_jurisdiction(parent);
        if target.is_some() && (now == target || set == target) {
            return Ok(None);
        }
        self.can_change(index, entry, first_year)?;
        let parent = self.parent(&subject, parent, level, first_year)?;
        Ok(Some(Step::Move(index, parent, first_year)))
    }

    fn admit_merge<'a>(
        &self,
        entries: &[Entry],
        into: &Entry,
        first_year: ReportYear,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        if entries.is_empty() {
            return Err(RegistryError::NothingMerged(into.to_string()));
        }
        self.check_distinct(entries.iter().chain([into]))?;
        match self.known(into)? {
            EntryIndex::Jurisdiction(into) => {
                self.admit_ends(&self.all_jurisdictions(entries, into)?, first_year, Ending::Merged(into))
            }
            EntryIndex::Agency(into) => {
                self.admit_agency_ends(&self.all_agencies(entries, into)?, first_year, Ending::Merged(into))
            }
        }
    }

    fn admit_split<'a>(
        &self,
        entry: &Entry,
        into: &[Entry],
        first_year: ReportYear,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        if into.contains(entry) {
            return Err(RegistryError::SuccessorItself(entry.to_string()));
        }
        if into.len() < 2 {
            return Err(RegistryError::TooFewSuccessors(entry.to_string()));
        }
        self.check_distinct(into.iter())?;
        match self.known(entry)? {
            EntryIndex::Jurisdiction(at) => {
                let mut into = self.all_jurisdictions(into, at)?;
                into.sort_unstable();
                self.admit_ends(&[at], first_year, Ending::Split(into))
            }
            EntryIndex::Agency(at) => {
                let mut into = self.all_agencies(into, at)?;
                into.sort_unstable();
                self.admit_agency_ends(&[at], first_year, Ending::Split(into))
            }
        }
    }

    fn admit_ends<'a>(
        &self,
        ends: &[JurisdictionIndex],
        first_year: ReportYear,
        how: Ending<JurisdictionIndex>,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let name = |at: JurisdictionIndex| self.jurisdiction(at).code.name();
        let time = |at: JurisdictionIndex| self.jurisdiction_timeline(at);
        let ends = ending(ends, first_year, &how, name, time)?;
        for at in &ends {
            self.check_members(*at, first_year, &how)?;
        }
        Ok(if ends.is_empty() { None } else { Some(Step::EndJurisdictions(ends, End { year: first_year, how })) })
    }

    fn admit_agency_ends<'a>(
        &self,
        ends: &[AgencyIndex],
        first_year: ReportYear,
        how: Ending<AgencyIndex>,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let name = |at: AgencyIndex| self.agency(at).name();
        let ends = ending(ends, first_year, &how, name, |at| self.agency_timeline(at))?;
        Ok(if ends.is_empty() { None } else { Some(Step::EndAgencies(ends, End { year: first_year, how })) })
    }

    /// A jurisdiction that ends leaves no members behind; those of a merged one must fit below the successor.
    fn check_members(
        &self,
        at: JurisdictionIndex,
        first_year: ReportYear,
        how: &Ending<JurisdictionIndex>,
    ) -> Result<(), RegistryError> {
        let node = &self.nodes[at.index()];
        let follows = matches!(how, Ending::Merged(_));
        let mut left = Vec::new();
        let mut levels = Vec::new();
        for child in &node.children {
            let (entry, time) = (self.jurisdiction(*child), self.jurisdiction_timeline(*child));
            if time.parents_from(first_year).any(|parent| *parent == Some(at)) {
                if !follows || !can_follow(time, &Some(at), first_year) {
                    left.push(entry.code.name());
                }
                levels.push((entry.code.name(), Some(entry.level)));
            }
        }
        // Told in the order of their registration.
        let mut agencies = node.agencies.clone();
        agencies.sort_unstable();
        for agency in &agencies {
            let time = self.agency_timeline(*agency);
            if time.parents_from(first_year).any(|parent| *parent == at) {
                if !follows || !can_follow(time, &at, first_year) {
                    left.push(self.agency(*agency).name());
                }
                levels.push((self.agency(*agency).name(), None));
            }
        }
        if !left.is_empty() {
            let subject = self.jurisdiction(at).code.name();
            return Err(RegistryError::MembersLeft { subject, first_year, members: left });
        }
        if let Ending::Merged(into) = how {
            for (subject, level) in levels {
                self.parent(&subject, &self.jurisdiction(*into).code, level, first_year)?;
            }
        }
        Ok(())
    }

    /// The jurisdiction `parent`, where `subject` can belong to it from `first_year` on for ever.
    fn parent(
        &self,
        subject: &str,
        parent: &JurisdictionCode,
        level: Option<Level>,
        first_year: ReportYear,
    ) -> Result<JurisdictionIndex, RegistryError> {
        let (subject, name) = (subject.to_owned(), parent.name());
        let Some(index) = self.find_jurisdiction(parent) else {
            return Err(RegistryError::ParentUnknown { subject, parent: name });
        };
        let (above, time) = (self.jurisdiction(index), self.jurisdiction_timeline(index));
        if level.is_some_and(|level| level <= above.level) {
            return Err(RegistryError::LevelNotLower { subject, parent: name });
        }
        if first_year < above.first_year {
            let parent_first_year = above.first_year;
            return Err(RegistryError::BeforeParent { subject, first_year, parent: name, parent_first_year });
        }
        match &time.end {
            Some(end) => Err(RegistryError::ParentEnded { subject, parent: name, end: end.year }),
            None => Ok(index),
        }
    }

    pub(super) fn known(&self, entry: &Entry) -> Result<EntryIndex, RegistryError> {
        self.find(entry).ok_or_else(|| RegistryError::EntryUnknown(entry.to_string()))
    }

    pub(super) fn can_change(
        &self,
        index: EntryIndex,
        entry: &Entry,
        first_year: ReportYear,
    ) -> Result<(), RegistryError> {
        match index {
            EntryIndex::Jurisdiction(at) => can_change(self.jurisdiction_timeline(at), &entry.to_string(), first_year),
            EntryIndex::Agency(at) => can_change(self.agency_timeline(at), &entry.to_string(), first_year),
        }
    }

    fn check_distinct<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Result<(), RegistryError> {
        let mut seen = std::collections::HashSet::new();
        for entry in entries {
            if !seen.insert(entry) {
                return Err(RegistryError::NamedTwice(entry.to_string()));
            }
        }
        Ok(())
    }

    fn all_jurisdictions(
        &self,
        entries: &[Entry],
        other: JurisdictionIndex,
    ) -> Result<Vec<JurisdictionIndex>, RegistryError> {
        let only = |entry: &Entry| match self.known(entry)? {
            EntryIndex::Jurisdiction(at) => Ok(at),
            EntryIndex::Agency(_) => {
                let (subject, other) = (entry.to_string(), self.jurisdiction(other).code.name());
                Err(RegistryError::MixedSorts { subject, other })
            }
        };
        entries.iter().map(only).collect()
    }

    fn all_agencies(&self, entries: &[Entry], other: AgencyIndex) -> Result<Vec<AgencyIndex>, RegistryError> {
        let only = |entry: &Entry| match self.known(entry)? {
            EntryIndex::Agency(at) => Ok(at),
            EntryIndex::Jurisdiction(_) => {
                let (subject, other) = (entry.to_string(), self.agency(other).name());
                Err(RegistryError::MixedSorts { subject, other })
            }
        };
        entries.iter().map(only).collect()
    }
}

/// Those of `ends` that have not ended in the same way already, where they can end.
fn ending<'a, P: PartialEq + 'a, I: Copy + PartialEq + 'a>(
    ends: &[I],
    first_year: ReportYear,
    how: &Ending<I>,
    name: impl Fn(I) -> String,
    time: impl Fn(I) -> &'a Timeline<P, I>,
) -> Result<Vec<I>, RegistryError> {
    let same = |end: &End<I>| end.year == first_year && end.how == *how;
    let open: Vec<_> = ends.iter().copied().filter(|at| !time(*at).end.as_ref().is_some_and(same)).collect();
    for at in &open {
        let (subject, time) = (name(*at), time(*at));
        if time.first_year() == first_year {
            return Err(RegistryError::TooEarly { subject, first_year, begins: first_year });
        }
        can_change(time, &subject, first_year)?;
        if let Some(took_over) = time.took_over.filter(|took_over| *took_over >= first_year) {
            return Err(RegistryError::TakesOver { subject, took_over, first_year });
        }
    }
    if let (Some(at), Some(missing)) =
        (open.first(), successors(how).iter().find(|into| !time(**into).is_in_force(first_year)))
    {
        let (subject, successor) = (name(*at), name(*missing));
        return Err(RegistryError::SuccessorMissing { subject, successor, first_year });
    }
    Ok(open)
}

/// Whether a member of what is merged can go on from `first_year` with the successor for its parent.
fn can_follow<P: PartialEq, I>(time: &Timeline<P, I>, parent: &P, first_year: ReportYear) -> bool {
    time.is_in_force(first_year) && time.parents.at(first_year) == parent && time.parents.latest() <= first_year
}

/// Whether an entry can change from `first_year` on.
fn can_change<P: PartialEq, I>(
    time: &Timeline<P, I>,
    subject: &str,
    first_year: ReportYear,
) -> Result<(), RegistryError> {
    let subject = subject.to_owned();
    if first_year < time.first_year() {
        return Err(RegistryError::TooEarly { subject, first_year, begins: time.first_year() });
    }
    if let Some(end) = &time.end {
        return Err(RegistryError::HasEnded { subject, end: end.year, first_year });
    }
    let latest = time.latest_change();
    if first_year < latest {
        return Err(RegistryError::OutOfOrder { subject, first_year, latest });
    }
    Ok(())
}
