//! Reading reports back, one or page by page.

use std::sync::Arc;

use crate::live::State;
use crate::registry::JurisdictionIndex;
use crate::report::{
    JurisdictionCode, Owners, ReportKey, ReportOwner, ReportState, ReportStatus, ReportYear, Review, Revision,
    RevisionName,
};
use crate::rollup::{Mark, Marks};
use crate::store::{NEWEST, Standing, Store, StoreError};

use super::page::{Page, id_in_token};
use super::parts::Service;
use super::problem::Problem;
use super::sight::{Sight, agencies_in_sight};
use super::target::Target;
use super::view::find;

/// A revision, and how it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportView {
    /// As it was stored.
    pub revision: Arc<Revision>,
    /// State of this revision.
    pub state: ReportState,
    /// The revision of the report that is in the sums.
    pub accepted: Option<u32>,
    /// Journal sequence of the last review of this revision; 0 for none.
    pub reviewed_at: u64,
    /// That review; left out in lists of reports.
    pub review: Option<Review>,
}

impl ReportView {
    fn of(standing: Standing) -> Self {
        let ReportStatus { state, accepted, review, .. } = standing.status;
        Self { revision: standing.newest, state, accepted, reviewed_at: review, review: None }
    }

    /// A revision as it was stored, whatever became of it.
    pub fn of_revision(revision: Arc<Revision>) -> Self {
        Self { state: revision.state, accepted: None, reviewed_at: 0, review: None, revision }
    }

    /// Names the revision and how it stands.
    pub fn etag(&self) -> String {
        self.revision.etag(self.reviewed_at)
    }

    /// A revision with what became of it. What was accepted stays so until it is withdrawn: a later revision takes its
    /// place in the sums.
    fn reviewed(revision: Revision, accepted: Option<u32>, reviews: &[Review]) -> Self {
        let review = reviews.iter().rfind(|review| review.revision.number == revision.number).cloned();
        let state = review.as_ref().map_or(revision.state, |review| review.status.state);
        let reviewed_at = review.as_ref().map_or(0, |review| review.status.review);
        Self { revision: Arc::new(revision), state, accepted, reviewed_at, review }
    }
}

/// Which reports to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportFilter {
    /// Everyone's report of the years from one to another; or of those in a jurisdiction and below it, as the year's tree is.
    Years(Owners, (ReportYear, ReportYear), Option<JurisdictionCode>),
    /// Every year of an owner, or one.
    Owner(ReportOwner, Option<ReportYear>),
}

/// Which of the reports that are listed are wanted; all by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportsWanted {
    /// How the newest revision stands; empty for however.
    pub states: Vec<ReportState>,
    /// Only those that first came in after their due time.
    pub late: bool,
    /// Only those that were handed in or reviewed after this journal sequence.
    pub changed_after: u64,
    /// Only those whose newest revision has findings.
    pub with_findings: bool,
    /// Only those whose newest revision breaks this rule; empty for all.
    pub rule: String,
}

impl ReportsWanted {
    fn includes(&self, standing: &Standing) -> bool {
        let status = &standing.status;
        let findings = &standing.newest.findings;
        let breaks = |rule: &str| rule.is_empty() || findings.iter().any(|finding| finding.rule == rule);
        if (self.with_findings && findings.is_empty()) || !breaks(&self.rule) {
            return false;
        }
        let stands = self.states.is_empty() || self.states.contains(&status.state);
        stands && (!self.late || status.late) && status.sequence > self.changed_after
    }
}

impl Service {
    /// The newest revision of a report.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND.
    pub fn report(&self, report: &ReportKey) -> Result<ReportView, Problem> {
        let standing = self.store.standing(report, NEWEST)?.ok_or_else(|| Problem::no_report(&report.to_string()))?;
        let newest = standing.status.newest;
        let reviews =
            if standing.status.review == 0 { Vec::new() } else { self.store.reviews(report, newest..=newest)? };
        let review = reviews.into_iter().next_back();
        Ok(ReportView { review, ..ReportView::of(standing) })
    }

    /// One revision.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND.
    pub fn revision(&self, name: &RevisionName) -> Result<ReportView, Problem> {
        let missing = || Problem::no_report(&name.to_string());
        let standing = self.store.standing(&name.report, NEWEST)?.ok_or_else(missing)?;
        let revision = self.store.revision(name)?.ok_or_else(missing)?;
        let reviews = self.store.reviews(&name.report, name.number..=name.number)?;
        Ok(ReportView::reviewed(revision, standing.status.accepted, &reviews))
    }

    /// The newest revisions that pass the filter, are wanted, and are in sight, by name, after the key `token`. Nothing that is out of sight shows, not even in the keys of pages.
    ///
    /// # Errors
    /// PAGE_INVALID for a key that is none; AGENCY_NOT_FOUND, JURISDICTION_NOT_FOUND.
    pub async fn reports(
        &self,
        filter: ReportFilter,
        wanted: ReportsWanted,
        size: usize,
        token: &str,
        sight: Sight,
    ) -> Result<Page<ReportView>, Problem> {
        let state = self.live.read();
        match filter {
            ReportFilter::Years(owners, (first, last), place) => {
                let place = place.as_ref().map(|code| find(&state, code)).transpose()?;
                // Of one year a key is an id; of several the year comes before it.
                let (begin, token) = match token.split_once(' ') {
                    Some((year, id)) if first < last => {
                        (year.parse::<ReportYear>().map_err(|_| Problem::bad_page_token())?, id)
                    }
                    _ => (first, token),
                };
                let after = match owners {
                    Owners::Agencies => id_in_token(token)?.map(ReportOwner::Agency),
                    Owners::Jurisdictions => id_in_token(token)?.map(ReportOwner::Jurisdiction),
                };
                let mut list = YearList { owners, year: begin, place, wanted, sight, size };
                let read = move |store: &dyn Store| {
                    if first == last {
                        return list.read_year(&state, store, after.as_ref());
                    }
                    let mut found = Vec::new();
                    for year in store.years(owners)?.into_iter().filter(|year| (begin..=last).contains(year)) {
                        list.year = year;
                        let after = after.as_ref().filter(|_| year == begin);
                        found.extend(list.read_year(&state, store, after)?);
                        if found.len() > size {
                            break;
                        }
                    }
                    Ok(found)
                };
                let key = |one: &Standing| match first == last {
                    true => one.newest.report.owner.id().to_owned(),
                    false => format!("{} {}", one.newest.report.year, one.newest.report.owner.id()),
                };
                Ok(Page::cut(self.blocking(read).await?, size, key).map(ReportView::of))
            }
            ReportFilter::Owner(owner, year) => {
                self.check_owner(&owner)?;
                let after: Option<ReportYear> =
                    if token.is_empty() { None } else { Some(token.parse().map_err(|_| Problem::bad_page_token())?) };
                let owners = owner.sort();
                let is_wanted = |standing: &Standing| {
                    let seen = sight.includes(&state.registry, Target::report(&standing.newest.report));
                    seen && wanted.includes(standing)
                };
                let years = self.blocking(move |store| store.years(owners)).await?;
                let in_question = years.into_iter().filter(|of| year.is_none_or(|year| year == *of));
                let mut found = Vec::new();
                for year in in_question.filter(|year| after.is_none_or(|after| *year > after)) {
                    let report = ReportKey { owner: owner.clone(), year };
                    found.extend(self.store.standing(&report, NEWEST)?.filter(&is_wanted));
                    if found.len() > size {
                        break;
                    }
                }
                Ok(Page::cut(found, size, |one| one.newest.report.year.to_string()).map(ReportView::of))
            }
        }
    }

    /// All revisions of a report, newest first.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub async fn revisions(&self, report: ReportKey, size: usize, token: &str) -> Result<Page<ReportView>, Problem> {
        let before = if token.is_empty() { None } else { Some(token.parse().map_err(|_| Problem::bad_page_token())?) };
        let standing = self.store.standing(&report, NEWEST)?;
        let accepted = standing.ok_or_else(|| Problem::no_report(&report.to_string()))?.status.accepted;
        let read = move |store: &dyn Store| {
            let revisions = store.revisions(&report, before, size + 1)?;
            let reviews = match (revisions.last(), revisions.first()) {
                (Some(oldest), Some(newest)) => store.reviews(&report, oldest.number..=newest.number)?,
                _ => Vec::new(),
            };
            Ok((revisions, reviews))
        };
        let (revisions, reviews) = self.blocking(read).await?;
        let page = Page::cut(revisions, size, |revision| revision.number.to_string());
        Ok(page.map(|revision| ReportView::reviewed(revision, accepted, &reviews)))
    }

    fn check_owner(&self, owner: &ReportOwner) -> Result<(), Problem> {
        let state = self.live.read();
        let (known, problem): (bool, fn(&str) -> Problem) = match owner {
            ReportOwner::Agency(id) => (state.registry.find_agency(id).is_some(), Problem::no_agency),
            ReportOwner::Jurisdiction(code) => {
                (state.registry.find_jurisdiction(code).is_some(), Problem::no_jurisdiction)
            }
        };
        if known { Ok(()) } else { Err(problem(&owner.to_string())) }
    }
}

/// A page of the reports of a year.
struct YearList {
    owners: Owners,
    year: ReportYear,
    place: Option<JurisdictionIndex>,
    wanted: ReportsWanted,
    sight: Sight,
    size: usize,
}

impl YearList {
    /// The report as it stands, where it is in sight and stands in one of the states.
    fn read(&self, state: &State, store: &dyn Store, report: &ReportKey) -> Result<Option<Standing>, StoreError> {
        if !self.sight.includes(&state.registry, Target::report(report)) {
            return Ok(None);
        }
        let standing = store.standing(report, NEWEST)?;
        Ok(standing.filter(|standing| self.wanted.includes(standing)))
    }

    /// One report more than the page takes, of the year and after an owner.
    fn read_year(
        &self,
        state: &State,
        store: &dyn Store,
        after: Option<&ReportOwner>,
    ) -> Result<Vec<Standing>, StoreError> {
        match self.owners {
            Owners::Agencies => self.of_agencies(state, store, after),
            Owners::Jurisdictions => self.of_jurisdictions(state, store, after),
        }
    }

    /// One report more than the page takes, of agencies after an id. Where all are asked for, the store gives them in
    /// their order; else those are looked at that may be meant.
    fn of_agencies(
        &self,
        state: &State,
        store: &dyn Store,
        after: Option<&ReportOwner>,
    ) -> Result<Vec<Standing>, StoreError> {
        if self.place.is_none() && self.wanted == ReportsWanted::default() && matches!(self.sight, Sight::All) {
            return store.reports(self.owners, self.year, after, self.size + 1, NEWEST);
        }
        let after = match after {
            Some(ReportOwner::Agency(id)) => Some(id),
            _ => None,
        };
        let (registry, totals) = (&state.registry, &state.totals);
        let mut within = self.place.map(|place| totals.within(registry, place));
        let states = &self.wanted.states;
        let withdrawn = states.is_empty() || states.contains(&ReportState::Withdrawn);
        let mut found = Vec::new();
        for agency in agencies_in_sight(registry, self.place, &self.sight, after) {
            let marks = totals.marks(agency, self.year);
            // What was withdrawn has no mark.
            let may_stand = if marks == Marks::default() { withdrawn } else { self.may_stand(marks) };
            if !may_stand || within.as_mut().is_some_and(|within| !within.counts(agency, self.year)) {
                continue;
            }
            let report = ReportKey::of_agency(registry.agency(agency).id.clone(), self.year);
            found.extend(self.read(state, store, &report)?);
            if found.len() > self.size {
                break;
            }
        }
        Ok(found)
    }

    /// Whether a report with such marks may stand in one of the states.
    fn may_stand(&self, marks: Marks) -> bool {
        let stands = |asked: &ReportState| match asked {
            ReportState::Submitted => marks.has(Mark::Submitted),
            ReportState::Returned => marks.has(Mark::Returned),
            _ => !marks.has(Mark::Submitted) && !marks.has(Mark::Returned),
        };
        self.wanted.states.is_empty() || self.wanted.states.iter().any(stands)
    }

    /// As [`YearList::of_agencies`], of governments' own reports.
    fn of_jurisdictions(
        &self,
        state: &State,
        store: &dyn Store,
        after: Option<&ReportOwner>,
    ) -> Result<Vec<Standing>, StoreError> {
        let registry = &state.registry;
        let after = match after {
            Some(ReportOwner::Jurisdiction(code)) => Some(code),
            _ => None,
        };
        let mut found = Vec::new();
        for jurisdiction in registry.jurisdictions_after(after) {
            if self.place.is_some_and(|place| !registry.path_up(jurisdiction, self.year).any(|above| above == place)) {
                continue;
            }
            let report = ReportKey::of_jurisdiction(registry.jurisdiction(jurisdiction).code.clone(), self.year);
            found.extend(self.read(state, store, &report)?);
            if found.len() > self.size {
                break;
            }
        }
        Ok(found)
    }
}
