//! The workbook that an agency fills in, with what is known of the agency.

use crate::document::template::{Template, write_template};
use crate::form::edition_for_year;
use crate::report::{Message, ReportKey};
use crate::store::NEWEST;

use super::parts::Service;
use super::problem::{Problem, Reason};
use super::submit::last_report;

/// The file, and a name for it.
#[derive(Debug, Clone)]
pub struct RenderedTemplate {
    pub content: Vec<u8>,
    pub file_name: String,
}

impl Service {
    /// The workbook for a report of an agency, with its figures of the year before beside.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND, also for a government's own report, which has no workbook; YEARS_INVALID where no edition exists for
    /// the year; where the store cannot be read.
    pub async fn template(&self, report: &ReportKey) -> Result<RenderedTemplate, Problem> {
        let no_agency = || Problem::no_agency(&report.owner.to_string());
        let agency = report.agency().ok_or_else(no_agency)?.clone();
        let year = report.year;
        let edition = edition_for_year(year.get()).ok_or_else(|| {
            let description = Message::new("该年度没有规定的报告格式", "no edition of the form exists for the year");
            Problem::field(Reason::YearsInvalid, "report", description)
        })?;
        let agency_name = {
            let state = self.present()?;
            let index = state.registry.find_agency(&agency).ok_or_else(no_agency)?;
            state.registry.agency_in(index, year).display_name
        };
        let last = year.previous().map(|last| ReportKey::of_agency(agency.clone(), last));
        let previous = self.blocking(move |store| {
            let standing = last.map(|last| store.standing(&last, NEWEST)).transpose()?.flatten();
            Ok(standing.as_ref().and_then(last_report).map(|revision| revision.figures.clone()))
        });
        let file_name = format!("{agency_name}{year}年政府信息公开工作年度报告填报模板.xlsx");
        let template = Template { agency, agency_name, year, edition, previous: previous.await? };
        match tokio::task::spawn_blocking(move || write_template(&template)).await {
            Ok(Ok(content)) => Ok(RenderedTemplate { content, file_name }),
            Ok(Err(error)) => Err(Problem::internal(&error.to_string())),
            Err(error) => Err(Problem::internal(&error.to_string())),
        }
    }
}
