//! Putting the registry right: what was registered wrongly, twice or by mistake. Every other change only continues the
//! history; these change what holds in years that are past. What was answered before stays as it was all the same, for the
//! changes are applied in their order, and an answer as of an earlier moment is made without the later ones.

use std::collections::BTreeSet;

use crate::report::{AgencyId, ReportYear};

use super::apply::Step;
use super::timeline::{Dated, End, Ending, Joined, Timeline};
use super::{AgencyIndex, Entry, EntryIndex, JurisdictionIndex, Nature, NewValues, Registry, RegistryError};

impl Registry {
    pub(super) fn admit_reclassify<'a>(
        &self,
        id: &AgencyId,
        values: &NewValues,
        first_year: ReportYear,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let subject = format!("agencies/{id}");
        let at = self.find_agency(id).ok_or_else(|| RegistryError::EntryUnknown(subject.clone()))?;
        if !values.touches_nature() {
            return Err(RegistryError::NothingCorrected(subject));
        }
        let (post, time) = (&self.posts[at.index()], self.agency_timeline(at));
        let new = values.nature(*post.natures.at(first_year));
        let holds = time.is_in_force(first_year) && *post.natures.at(first_year) == new;
        if holds || post.natures.set_in(first_year) == Some(&new) {
            return Ok(None);
        }
        self.can_change(EntryIndex::Agency(at), &Entry::Agency(id.clone()), first_year)?;
        let latest = post.natures.latest();
        if first_year < latest {
            return Err(RegistryError::OutOfOrder { subject, first_year, latest });
        }
        Ok(Some(Step::Nature(at, new, first_year)))
    }

    pub(super) fn admit_correct<'a>(
        &self,
        entry: &Entry,
        values: &'a NewValues,
        first_year: ReportYear,
        reason: &str,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let (index, subject) = (self.known(entry)?, entry.to_string());
        if values.is_empty() {
            return Err(RegistryError::NothingCorrected(subject));
        }
        if reason.trim().is_empty() {
            return Err(RegistryError::ReasonMissing(subject));
        }
        let parent = values.parent.as_ref().map(|code| {
            let missing = || RegistryError::ParentUnknown { subject: subject.clone(), parent: code.name() };
            self.find_jurisdiction(code).ok_or_else(missing)
        });
        let parent = parent.transpose()?;
        match index {
            EntryIndex::Jurisdiction(at) => {
                if values.touches_nature() || values.begins.is_some() {
                    return Err(RegistryError::NotOfJurisdictions(subject));
                }
                let time = self.jurisdiction_timeline(at);
                let is_right = stands(&time.names, values.display_name.as_ref(), first_year)
                    && stands(&time.parents, parent.map(Some).as_ref(), first_year);
                if is_right {
                    return Ok(None);
                }
                can_correct(time, &subject, first_year)?;
                if let Some(parent) = parent {
                    self.can_belong(time, &subject, parent, first_year)?;
                    if self.jurisdiction(at).level <= self.jurisdiction(parent).level {
                        let parent = self.jurisdiction(parent).code.name();
                        return Err(RegistryError::LevelNotLower { subject, parent });
                    }
                }
            }
            EntryIndex::Agency(at) => {
                let (time, natures) = self.begun(at, values.begins);
                let nature = values.nature(*natures.at(first_year));
                let is_right = values.begins.is_none_or(|begins| self.agency_timeline(at).first_year() == begins)
                    && stands(&time.names, values.display_name.as_ref(), first_year)
                    && stands(&time.parents, parent.as_ref(), first_year)
                    && (!values.touches_nature() || stands(&natures, Some(&nature), first_year));
                if is_right {
                    return Ok(None);
                }
                if let Some(begins) = values.begins {
                    self.can_begin(at, &time, begins)?;
                }
                can_correct(&time, &subject, first_year)?;
                if let Some(parent) = parent {
                    self.can_belong(&time, &subject, parent, first_year)?;
                }
            }
        }
        Ok(Some(Step::Correct(index, values, parent, first_year)))
    }

    pub(super) fn admit_void<'a>(&self, entry: &Entry, reason: &str) -> Result<Option<Step<'a>>, RegistryError> {
        let (index, subject) = (self.known(entry)?, entry.to_string());
        if reason.trim().is_empty() {
            return Err(RegistryError::ReasonMissing(subject));
        }
        let (is_void, is_joined, took_over, begins) = match index {
            EntryIndex::Jurisdiction(at) => {
                let time = self.jurisdiction_timeline(at);
                (time.is_void(), time.joined.is_some(), time.took_over, time.first_year())
            }
            EntryIndex::Agency(at) => {
                let time = self.agency_timeline(at);
                (time.is_void(), time.joined.is_some(), time.took_over, time.first_year())
            }
        };
        if is_void {
            return Ok(None);
        }
        if is_joined {
            return Err(RegistryError::NoLonger { subject });
        }
        if let Some(took_over) = took_over {
            return Err(RegistryError::TakesOver { subject, took_over, first_year: begins });
        }
        let members = match index {
            EntryIndex::Jurisdiction(at) => self.ever_belonged(at),
            EntryIndex::Agency(at) => {
                self.posts[at.index()].merged.iter().map(|other| self.agency(*other).name()).collect()
            }
        };
        if !members.is_empty() {
            return Err(RegistryError::HasMembers { subject, members });
        }
        Ok(Some(Step::Void(index)))
    }

    pub(super) fn admit_join<'a>(
        &self,
        [id, into_id]: [&AgencyId; 2],
        years: &'a [ReportYear],
        reason: &str,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let [subject, other] = [id, into_id].map(|id| format!("agencies/{id}"));
        let known = |id: &AgencyId, name: &str| {
            self.find_agency(id).ok_or_else(|| RegistryError::EntryUnknown(name.to_owned()))
        };
        let (at, into) = (known(id, &subject)?, known(into_id, &other)?);
        if id == into_id {
            return Err(RegistryError::NamedTwice(subject));
        }
        if reason.trim().is_empty() {
            return Err(RegistryError::ReasonMissing(subject));
        }
        let (time, target) = (self.agency_timeline(at), self.agency_timeline(into));
        if let Some(joined) = &time.joined {
            let is_same = joined.into == into && years.iter().all(|year| joined.years.contains(year));
            return if is_same { Ok(None) } else { Err(RegistryError::NoLonger { subject }) };
        }
        if time.is_void() {
            return Err(RegistryError::NoLonger { subject });
        }
        if target.joined.is_some() || target.is_void() {
            return Err(RegistryError::NoLonger { subject: other });
        }
        let has_passed = time.end.as_ref().is_some_and(|end| end.how != Ending::Abolished);
        if has_passed || !time.stood_for.is_empty() || time.took_over.is_some() {
            return Err(RegistryError::JoinBound { subject });
        }
        let is_itself = |next: &AgencyIndex| *next == at;
        let mut chain = std::iter::successors(Some(into), |last| {
            self.agency_timeline(*last).passed_into(ReportYear::LAST).copied()
        });
        if chain.any(|next| is_itself(&next)) {
            return Err(RegistryError::JoinCircle { subject, other });
        }
        for year in years {
            if !time.is_in_force(*year) {
                let first_year = *year;
                return Err(match &time.end {
                    Some(end) => RegistryError::HasEnded { subject, end: end.year, first_year },
                    None => RegistryError::TooEarly { subject, first_year, begins: time.first_year() },
                });
            }
            if target.stood_for.contains(year) {
                return Err(RegistryError::JoinCollides { subject, other, year: *year });
            }
            if !target.is_in_force(*year) {
                return Err(RegistryError::JoinAbsent { subject, other, year: *year });
            }
        }
        Ok(Some(Step::Join(at, into, years)))
    }

    /// Whether an entry can have belonged to a jurisdiction from a year on, until what comes next.
    pub(super) fn can_belong<P: PartialEq, I>(
        &self,
        time: &Timeline<P, I>,
        subject: &str,
        parent: JurisdictionIndex,
        first_year: ReportYear,
    ) -> Result<(), RegistryError> {
        let above = self.jurisdiction_timeline(parent);
        let ends = [time.parents.next_after(first_year), time.end.as_ref().map(|end| end.year)];
        let until = ends.into_iter().flatten().min();
        let begins_in_time = above.first_year() <= first_year;
        let lasts = match (&above.end, until) {
            (None, _) => true,
            (Some(end), Some(until)) => until <= end.year,
            (Some(_), None) => false,
        };
        if begins_in_time && lasts {
            return Ok(());
        }
        let last_year = until.and_then(ReportYear::previous).unwrap_or(ReportYear::LAST);
        let (subject, parent) = (subject.to_owned(), self.jurisdiction(parent).code.name());
        Err(RegistryError::ParentAbsent { subject, parent, first_year, last_year })
    }

    /// What belonged to a jurisdiction in any year, or passed into it.
    fn ever_belonged(&self, at: JurisdictionIndex) -> Vec<String> {
        let node = &self.nodes[at.index()];
        let children = node.children.iter().filter(|child| {
            let time = self.jurisdiction_timeline(**child);
            !time.is_void() && time.parents.iter().any(|(_, parent)| *parent == Some(at))
        });
        let agencies = node.agencies.iter().filter(|agency| {
            let time = self.agency_timeline(**agency);
            !time.is_void() && time.parents.iter().any(|(_, home)| *home == at)
        });
        let merged = node.merged.iter();
        let places = children.chain(merged).map(|child| self.jurisdiction(*child).code.name());
        places.chain(agencies.map(|agency| self.agency(*agency).name())).collect()
    }

    /// What an agency is one with, through all joinings; itself for most.
    pub fn one_with(&self, agency: AgencyIndex) -> AgencyIndex {
        let into = |at: &AgencyIndex| self.agency_timeline(*at).joined.as_ref().map(|joined| joined.into);
        // Joinings make no circle.
        std::iter::successors(Some(agency), into).last().unwrap_or(agency)
    }

    /// Agencies that are one with this one, and were registered besides it.
    pub fn joined_to(&self, agency: AgencyIndex) -> Vec<AgencyIndex> {
        let (mut found, mut waiting) = (Vec::new(), vec![agency]);
        while let Some(at) = waiting.pop() {
            let joined = self.posts[at.index()].merged.iter().copied();
            let joined = joined.filter(|other| self.agency_timeline(*other).joined.is_some());
            let before = found.len();
            found.extend(joined);
            waiting.extend_from_slice(&found[before..]);
        }
        found
    }

    pub(super) fn set_nature(&mut self, at: AgencyIndex, nature: Nature, year: ReportYear) {
        self.posts[at.index()].natures.put(year, nature);
        self.renew_agency(at);
    }

    pub(super) fn take_correction(
        &mut self,
        index: EntryIndex,
        values: &NewValues,
        parent: Option<JurisdictionIndex>,
        year: ReportYear,
    ) {
        match index {
            EntryIndex::Jurisdiction(at) => {
                let time = &mut self.nodes[at.index()].time;
                if let Some(name) = &values.display_name {
                    time.names.put(year, name.clone());
                }
                if let Some(parent) = parent {
                    time.parents.put(year, Some(parent));
                    super::apply::insert(&mut self.nodes[parent.index()].children, at);
                }
                self.jurisdictions[at.index()] = self.jurisdiction_in(at, ReportYear::LAST);
            }
            EntryIndex::Agency(at) => {
                let post = &mut self.posts[at.index()];
                if let Some(begins) = values.begins {
                    post.time.begin_at(begins);
                    post.natures.begin_at(begins);
                    self.agencies[at.index()].first_year = begins;
                }
                if let Some(name) = &values.display_name {
                    post.time.names.put(year, name.clone());
                }
                if values.touches_nature() {
                    let was = *post.natures.at(year);
                    post.natures.put(year, values.nature(was));
                }
                if let Some(home) = parent {
                    post.time.parents.put(year, home);
                    self.insert_agency(home, at);
                }
                self.renew_agency(at);
            }
        }
    }

    pub(super) fn take_void(&mut self, index: EntryIndex) {
        match index {
            EntryIndex::Jurisdiction(at) => self.nodes[at.index()].time.void(),
            EntryIndex::Agency(at) => self.posts[at.index()].time.void(),
        }
    }

    pub(super) fn take_join(&mut self, at: AgencyIndex, into: AgencyIndex, years: &[ReportYear]) {
        let years: BTreeSet<ReportYear> = years.iter().copied().collect();
        let target = &mut self.posts[into.index()];
        target.merged.push(at);
        target.time.stood_for.extend(&years);
        // It must exist as long as anything of it counts here.
        target.time.took_over = target.time.took_over.max(years.last().copied());
        self.merged_agencies.insert(self.agency(at).id.clone(), at);
        let time = &mut self.posts[at.index()].time;
        let ends = years.last().and_then(|year| year.next()).unwrap_or_else(|| time.first_year());
        time.end = Some(End { year: ends, how: Ending::Merged(into) });
        time.joined = Some(Joined { into, years });
        self.renew_agency(into);
    }

    /// After a change of an agency: its newest values, and those who stand for it follow.
    pub(super) fn renew_agency(&mut self, at: AgencyIndex) {
        self.agencies[at.index()] = self.agency_in(at, ReportYear::LAST);
        for other in self.posts[at.index()].merged.clone() {
            let Some(joined) = self.agency_timeline(other).joined.clone() else { continue };
            let post = &self.posts[other.index()];
            let begins = post.time.first_year();
            let mut parents = Dated::new(begins, *post.time.parents.created());
            let mut natures = Dated::new(begins, *post.natures.created());
            let target = &self.posts[at.index()];
            for year in joined.years {
                parents.put(year, *target.time.parents.at(year));
                natures.put(year, *target.natures.at(year));
            }
            let homes: Vec<JurisdictionIndex> = parents.iter().map(|(_, home)| *home).collect();
            let post = &mut self.posts[other.index()];
            (post.time.parents, post.natures) = (parents, natures);
            homes.into_iter().for_each(|home| self.insert_agency(home, other));
            self.agencies[other.index()] = self.agency_in(other, ReportYear::LAST);
        }
    }
}

/// Whether a value holds in a year; where none is given, it does.
fn stands<T: PartialEq>(dated: &Dated<T>, value: Option<&T>, year: ReportYear) -> bool {
    value.is_none_or(|value| dated.at(year) == value)
}

/// Whether something of an entry can be put right from `first_year` on.
fn can_correct<P: PartialEq, I>(
    time: &Timeline<P, I>,
    subject: &str,
    first_year: ReportYear,
) -> Result<(), RegistryError> {
    let subject = subject.to_owned();
    if time.joined.is_some() || time.is_void() {
        return Err(RegistryError::NoLonger { subject });
    }
    if first_year < time.first_year() {
        return Err(RegistryError::TooEarly { subject, first_year, begins: time.first_year() });
    }
    match time.ended_by(first_year) {
        Some(end) => Err(RegistryError::HasEnded { subject, end: end.year, first_year }),
        None => Ok(()),
    }
}
