//! Two entries that are one jurisdiction: what belonged to the one belonged to the other, in all years.

use std::collections::BTreeSet;

use super::apply::{Step, insert};
use super::timeline::{End, Ending, Joined, Timeline};
use super::{JurisdictionCode, JurisdictionIndex, Registry, RegistryError};

impl Registry {
    pub(super) fn admit_join_places<'a>(
        &self,
        [code, into_code]: [&JurisdictionCode; 2],
        reason: &str,
    ) -> Result<Option<Step<'a>>, RegistryError> {
        let [subject, other] = [code.name(), into_code.name()];
        let known = |code: &JurisdictionCode| {
            self.find_jurisdiction(code).ok_or_else(|| RegistryError::EntryUnknown(code.name()))
        };
        let (at, into) = (known(code)?, known(into_code)?);
        if at == into {
            return Err(RegistryError::NamedTwice(subject));
        }
        if reason.trim().is_empty() {
            return Err(RegistryError::ReasonMissing(subject));
        }
        let (node, time, target) =
            (&self.nodes[at.index()], self.jurisdiction_timeline(at), self.jurisdiction_timeline(into));
        if let Some(joined) = &time.joined {
            return if joined.into == into { Ok(None) } else { Err(RegistryError::NoLonger { subject }) };
        }
        if time.is_void() {
            return Err(RegistryError::NoLonger { subject });
        }
        if target.joined.is_some() || target.is_void() {
            return Err(RegistryError::NoLonger { subject: other });
        }
        let has_passed = time.end.as_ref().is_some_and(|end| end.how != Ending::Abolished);
        if has_passed || !node.merged.is_empty() || time.took_over.is_some() {
            return Err(RegistryError::JoinBound { subject });
        }
        // So neither is above the other, and whatever fits below the one fits below the other.
        if self.jurisdiction(at).level != self.jurisdiction(into).level {
            return Err(RegistryError::JoinUnlike { subject, other });
        }
        for child in &node.children {
            let life = self.jurisdiction_timeline(*child);
            self.fit(life, &self.jurisdiction(*child).code.name(), &Some(at), into)?;
        }
        for agency in &node.agencies {
            self.fit(self.agency_timeline(*agency), &self.agency(*agency).name(), &at, into)?;
        }
        Ok(Some(Step::JoinPlaces(at, into)))
    }

    /// Whether what belonged to one jurisdiction can have belonged to another in all these years.
    fn fit<P: PartialEq, I>(
        &self,
        life: &Timeline<P, I>,
        subject: &str,
        at: &P,
        into: JurisdictionIndex,
    ) -> Result<(), RegistryError> {
        if life.is_void() {
            return Ok(());
        }
        let lives = |year: &crate::report::ReportYear| life.ended_by(*year).is_none();
        for (year, _) in life.parents.iter().filter(|(year, parent)| *parent == at && lives(year)) {
            self.can_belong(life, subject, into, year)?;
        }
        Ok(())
    }

    pub(super) fn take_join_places(&mut self, at: JurisdictionIndex, into: JurisdictionIndex) {
        let node = &self.nodes[at.index()];
        let (children, agencies) = (node.children.clone(), node.agencies.clone());
        for child in children {
            self.nodes[child.index()].time.parents.exchange(&Some(at), &Some(into));
            insert(&mut self.nodes[into.index()].children, child);
            self.jurisdictions[child.index()] = self.jurisdiction_in(child, crate::report::ReportYear::LAST);
        }
        for agency in agencies {
            self.posts[agency.index()].time.parents.exchange(&at, &into);
            self.insert_agency(into, agency);
            self.renew_agency(agency);
        }
        self.nodes[into.index()].merged.push(at);
        let time = &mut self.nodes[at.index()].time;
        time.end = Some(End { year: time.first_year(), how: Ending::Merged(into) });
        time.joined = Some(Joined { into, years: BTreeSet::new() });
    }

    /// What a jurisdiction is one with, through all joinings; itself for most.
    pub fn one_place_with(&self, jurisdiction: JurisdictionIndex) -> JurisdictionIndex {
        let into = |at: &JurisdictionIndex| self.jurisdiction_timeline(*at).joined.as_ref().map(|joined| joined.into);
        // Joinings make no circle: what is joined is joined to nothing else, and nothing is joined to it any more.
        std::iter::successors(Some(jurisdiction), into).last().unwrap_or(jurisdiction)
    }
}
