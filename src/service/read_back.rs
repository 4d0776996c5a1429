//! Reading reports back, one or page by page.

use std::sync::Arc;

use crate::report::{
    Message, Owners, ReportKey, ReportOwner, ReportState, ReportStatus, ReportYear, Review, Revision, RevisionName,
};
use crate::store::{NEWEST, Standing, Store};

use super::{Problem, Service, Sight, Subject};

/// A page of something in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The first `size` of the items (of which one more than a page was asked for), and where the next page begins.
    pub fn cut(mut items: Vec<T>, size: usize, mark: impl Fn(&T) -> String) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(mark);
        Self { items, next }
    }

    /// The page with each item made into another.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next: self.next }
    }
}

/// A revision, and how it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportView {
    pub revision: Arc<Revision>,
    /// State of this revision.
    pub state: ReportState,
    /// The revision of the report that is in the sums.
    pub accepted: Option<u32>,
    /// The last review of this revision; left out in lists of reports.
    pub review: Option<Review>,
}

impl ReportView {
    fn of(standing: Standing) -> Self {
        let ReportStatus { state, accepted, .. } = standing.status;
        Self { revision: standing.newest, state, accepted, review: None }
    }

    /// A revision with what became of it. What was accepted stays so until it is withdrawn: a later revision takes its
    /// place in the sums.
    fn reviewed(revision: Revision, accepted: Option<u32>, reviews: &[Review]) -> Self {
        let review = reviews.iter().rfind(|review| review.revision.number == revision.number).cloned();
        let state = review.as_ref().map_or(revision.state, |review| review.status.state);
        Self { revision: Arc::new(revision), state, accepted, review }
    }
}

/// Which reports to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportFilter {
    /// Everyone's report of a year.
    Year(Owners, ReportYear),
    /// Every year of an owner, or one.
    Owner(ReportOwner, Option<ReportYear>),
}

/// Reviews of one report that are read at most.
const REVIEWS_MAX: usize = 1000;

/// A page token that is none.
pub(super) fn bad_token() -> Problem {
    Problem::bad_page(
        "page_token",
        Message::new("分页标记无效，请从第一页重新开始", "is not valid; begin with the first page"),
    )
}

impl Service {
    /// The newest revision of a report.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND.
    pub fn report(&self, report: &ReportKey) -> Result<ReportView, Problem> {
        let standing = self.store.standing(report, NEWEST)?.ok_or_else(|| Problem::no_report(&report.to_string()))?;
        let reviews = if standing.status.review == 0 { Vec::new() } else { self.store.reviews(report, REVIEWS_MAX)? };
        let review = reviews.into_iter().rfind(|review| review.revision.number == standing.status.newest);
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
        let reviews = self.store.reviews(&name.report, REVIEWS_MAX)?;
        Ok(ReportView::reviewed(revision, standing.status.accepted, &reviews))
    }

    /// The newest revisions that pass the filter, stand in one of the states (any where empty), and are in sight, by
    /// name. Nothing that is out of sight shows, not even in the marks of pages.
    ///
    /// # Errors
    /// PAGE_INVALID for a token that is none; AGENCY_NOT_FOUND, JURISDICTION_NOT_FOUND.
    pub async fn reports(
        &self,
        filter: ReportFilter,
        states: Vec<ReportState>,
        size: usize,
        token: &str,
        sight: Sight,
    ) -> Result<Page<ReportView>, Problem> {
        let of_state = move |standing: &Standing| states.is_empty() || states.contains(&standing.status.state);
        if let (ReportFilter::Year(owners, year), Some(seen)) = (&filter, sight.owners()) {
            return self.reports_of(&seen, *owners, *year, of_state, size, token);
        }
        let live = self.live.clone();
        let wanted = move |standing: &Standing| {
            let subject = Subject::report(&standing.newest.report);
            of_state(standing) && sight.includes(&live.read().registry, subject)
        };
        match filter {
            ReportFilter::Year(owners, year) => {
                let mut after = match token {
                    "" => None,
                    token => Some(owner_of(owners, token).ok_or_else(bad_token)?),
                };
                let read = move |store: &dyn Store| {
                    let mut found: Vec<Standing> = Vec::new();
                    loop {
                        let page = store.reports(owners, year, after.as_ref(), size + 1, NEWEST)?;
                        let last = page.len() <= size;
                        after = page.last().map(|standing| standing.newest.report.owner.clone());
                        found.extend(page.into_iter().filter(&wanted));
                        if last || found.len() > size {
                            found.truncate(size + 1);
                            return Ok(found);
                        }
                    }
                };
                let page = Page::cut(self.blocking(read).await?, size, |one| one.newest.report.owner.id().to_owned());
                Ok(page.map(ReportView::of))
            }
            ReportFilter::Owner(owner, year) => {
                self.check_owner(&owner)?;
                let after: Option<ReportYear> =
                    if token.is_empty() { None } else { Some(token.parse().map_err(|_| bad_token())?) };
                let owners = owner.sort();
                let years = self.blocking(move |store| store.years(owners)).await?;
                let in_question = years.into_iter().filter(|of| year.is_none_or(|year| year == *of));
                let mut found = Vec::new();
                for year in in_question.filter(|year| after.is_none_or(|after| *year > after)) {
                    let report = ReportKey { owner: owner.clone(), year };
                    found.extend(self.store.standing(&report, NEWEST)?.filter(&wanted));
                    if found.len() > size {
                        break;
                    }
                }
                Ok(Page::cut(found, size, |one| one.newest.report.year.to_string()).map(ReportView::of))
            }
        }
    }

    /// The reports of a few owners for a year, by name: what [`Service::reports`] finds without looking at all others.
    fn reports_of(
        &self,
        seen: &[&ReportOwner],
        owners: Owners,
        year: ReportYear,
        wanted: impl Fn(&Standing) -> bool,
        size: usize,
        token: &str,
    ) -> Result<Page<ReportView>, Problem> {
        let mut of_sort: Vec<&ReportOwner> = seen.iter().copied().filter(|owner| owner.sort() == owners).collect();
        of_sort.sort_unstable();
        let mut found = Vec::new();
        for owner in of_sort.into_iter().filter(|owner| owner.id() > token) {
            let report = ReportKey { owner: owner.clone(), year };
            found.extend(self.store.standing(&report, NEWEST)?.filter(&wanted));
        }
        Ok(Page::cut(found, size, |one| one.newest.report.owner.id().to_owned()).map(ReportView::of))
    }

    /// All revisions of a report, newest first.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub async fn revisions(&self, report: ReportKey, size: usize, token: &str) -> Result<Page<ReportView>, Problem> {
        let before = if token.is_empty() { None } else { Some(token.parse().map_err(|_| bad_token())?) };
        let standing = self.store.standing(&report, NEWEST)?;
        let accepted = standing.ok_or_else(|| Problem::no_report(&report.to_string()))?.status.accepted;
        let read = move |store: &dyn Store| {
            Ok((store.revisions(&report, before, size + 1)?, store.reviews(&report, REVIEWS_MAX)?))
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

fn owner_of(owners: Owners, id: &str) -> Option<ReportOwner> {
    match owners {
        Owners::Agencies => id.parse().ok().map(ReportOwner::Agency),
        Owners::Jurisdictions => id.parse().ok().map(ReportOwner::Jurisdiction),
    }
}
