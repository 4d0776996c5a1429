//! In which year an agency begins, whatever was registered; and what was voided by mistake.

use crate::report::ReportYear;

use super::apply::Step;
use super::timeline::{AgencyTimeline, Dated};
use super::{AgencyIndex, Entry, EntryIndex, Nature, Registry, RegistryError};

impl Registry {
    /// The life of an agency as it would be if it began in another year.
    pub(super) fn begun(&self, at: AgencyIndex, begins: Option<ReportYear>) -> (AgencyTimeline, Dated<Nature>) {
        let post = &self.posts[at.index()];
        let (mut time, mut natures) = (post.time.clone(), post.natures.clone());
        if let Some(begins) = begins {
            time.begin_at(begins);
            natures.begin_at(begins);
        }
        (time, natures)
    }

    /// Whether an agency can begin in another year; `time` is as it would be then.
    pub(super) fn can_begin(
        &self,
        at: AgencyIndex,
        time: &AgencyTimeline,
        begins: ReportYear,
    ) -> Result<(), RegistryError> {
        let (subject, was) = (self.agency(at).name(), self.agency_timeline(at));
        if was.joined.is_some() || was.is_void() {
            return Err(RegistryError::NoLonger { subject });
        }
        if let Some(end) = time.end.as_ref().filter(|end| end.year <= begins) {
            return Err(RegistryError::HasEnded { subject, end: end.year, first_year: begins });
        }
        // It was there when others passed into it, or stood for it.
        if begins > was.first_year() && (time.took_over.is_some() || !time.stood_for.is_empty()) {
            return Err(RegistryError::BeginBound { subject, first_year: begins });
        }
        self.can_belong(time, &subject, *time.parents.at(begins), begins)
    }

    /// What was voided by mistake is what it was before.
    pub(super) fn admit_restore<'a>(&self, entry: &Entry, reason: &str) -> Result<Option<Step<'a>>, RegistryError> {
        let (index, subject) = (self.known(entry)?, entry.to_string());
        if reason.trim().is_empty() {
            return Err(RegistryError::ReasonMissing(subject));
        }
        // What it belonged to may have changed meanwhile.
        match index {
            EntryIndex::Jurisdiction(at) => {
                let mut time = self.jurisdiction_timeline(at).clone();
                if time.voided.is_none() {
                    return Ok(None);
                }
                time.restore();
                for (year, parent) in time.parents.iter().filter(|(year, _)| time.ended_by(*year).is_none()) {
                    if let Some(parent) = parent {
                        self.can_belong(&time, &subject, *parent, year)?;
                    }
                }
            }
            EntryIndex::Agency(at) => {
                let mut time = self.agency_timeline(at).clone();
                if time.voided.is_none() {
                    return Ok(None);
                }
                time.restore();
                for (year, home) in time.parents.iter().filter(|(year, _)| time.ended_by(*year).is_none()) {
                    self.can_belong(&time, &subject, *home, year)?;
                }
            }
        }
        Ok(Some(Step::Restore(index)))
    }

    pub(super) fn take_restore(&mut self, index: EntryIndex) {
        match index {
            EntryIndex::Jurisdiction(at) => self.nodes[at.index()].time.restore(),
            EntryIndex::Agency(at) => self.posts[at.index()].time.restore(),
        }
    }
}
