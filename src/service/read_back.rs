//! Reading reports back, one or page by page.

use crate::report::{AgencyId, Message, ReportKey, ReportYear, Revision, RevisionName};

use super::{Problem, Service};

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
}

/// Which reports to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportFilter {
    /// Every agency's report of a year.
    Year(ReportYear),
    /// Every year of an agency, or one.
    Agency(AgencyId, Option<ReportYear>),
}

fn bad_token() -> Problem {
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
    pub fn report(&self, report: &ReportKey) -> Result<Revision, Problem> {
        self.store.head(report)?.ok_or_else(|| Problem::no_report(&report.to_string()))
    }

    /// One revision.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND.
    pub fn revision(&self, name: &RevisionName) -> Result<Revision, Problem> {
        self.store.revision(name)?.ok_or_else(|| Problem::no_report(&name.to_string()))
    }

    /// The newest revisions that pass the filter, by name.
    ///
    /// # Errors
    /// PAGE_INVALID for a token that is none; AGENCY_NOT_FOUND.
    pub async fn reports(&self, filter: ReportFilter, size: usize, token: &str) -> Result<Page<Revision>, Problem> {
        match filter {
            ReportFilter::Year(year) => {
                let after: Option<AgencyId> =
                    if token.is_empty() { None } else { Some(token.parse().map_err(|_| bad_token())?) };
                let items = self.blocking(move |store| store.heads(year, after.as_ref(), size + 1)).await?;
                Ok(Page::cut(items, size, |revision| revision.report.agency.to_string()))
            }
            ReportFilter::Agency(agency, year) => {
                if self.live.read().registry.find_agency(&agency).is_none() {
                    return Err(Problem::no_agency(&format!("agencies/{agency}")));
                }
                let after: Option<ReportYear> =
                    if token.is_empty() { None } else { Some(token.parse().map_err(|_| bad_token())?) };
                let years = self.blocking(|store| store.years()).await?;
                let wanted = years.into_iter().filter(|of| year.is_none_or(|year| year == *of));
                let mut items = Vec::new();
                for year in wanted.filter(|year| after.is_none_or(|after| *year > after)) {
                    items.extend(self.store.head(&ReportKey { agency: agency.clone(), year })?);
                    if items.len() > size {
                        break;
                    }
                }
                Ok(Page::cut(items, size, |revision| revision.report.year.to_string()))
            }
        }
    }

    /// All revisions of a report, newest first.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub async fn revisions(&self, report: ReportKey, size: usize, token: &str) -> Result<Page<Revision>, Problem> {
        let before = if token.is_empty() { None } else { Some(token.parse().map_err(|_| bad_token())?) };
        let name = report.to_string();
        let items = self.blocking(move |store| store.revisions(&report, before, size + 1)).await?;
        if items.is_empty() && before.is_none() {
            return Err(Problem::no_report(&name));
        }
        Ok(Page::cut(items, size, |revision| revision.number.to_string()))
    }
}
