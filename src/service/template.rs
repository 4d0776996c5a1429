//! The workbook that an agency fills in, with what is known of the agency; or with what it would hand in, judged.

use crate::document::template::{Template, write_judged, write_template};
use crate::document::write::WriteError;
use crate::form::edition_for_year;
use crate::report::{Message, ReportKey};
use crate::store::NEWEST;

use super::caller::Caller;
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::submission::Submission;
use super::submit::last_report;

/// The file, and a name for it.
#[derive(Debug, Clone)]
pub struct RenderedTemplate {
    /// The bytes of an XLSX file.
    pub content: Vec<u8>,
    /// To save it under; says whose report of which year it is.
    pub file_name: String,
}

impl Service {
    /// The workbook for a report of an agency, with its figures of the year before beside.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND, also for a government's own report, which has no workbook; YEARS_INVALID where no edition exists for
    /// the year; where the store cannot be read.
    pub async fn template(&self, report: &ReportKey) -> Result<RenderedTemplate, Problem> {
        let template = self.template_of(report).await?;
        let file_name = format!("{}{}年政府信息公开工作年度报告填报模板.xlsx", template.agency_name, template.year);
        rendered(file_name, move || write_template(&template)).await
    }

    /// The workbook with a report as it would be handed in, and what the rules find in it marked.
    ///
    /// # Errors
    /// As [`Service::template`] and [`Service::check_report`].
    pub async fn marked_workbook(&self, filled: Submission, caller: &Caller) -> Result<RenderedTemplate, Problem> {
        let template = Template { edition: filled.figures.edition(), ..self.template_of(&filled.report).await? };
        let findings = self.check_report(&filled, caller).await?.findings;
        let file_name = format!("{}{}年政府信息公开工作年度报告（标出问题）.xlsx", template.agency_name, template.year);
        let Submission { figures, answers, narrative, .. } = filled;
        rendered(file_name, move || write_judged(template, figures, answers, narrative, &findings)).await
    }

    async fn template_of(&self, report: &ReportKey) -> Result<Template, Problem> {
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
        Ok(Template { agency, agency_name, year, edition, previous: previous.await? })
    }
}

/// Writing a workbook takes some milliseconds of computing, so it runs beside the calls.
async fn rendered(
    file_name: String,
    write: impl FnOnce() -> Result<Vec<u8>, WriteError> + Send + 'static,
) -> Result<RenderedTemplate, Problem> {
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(content)) => Ok(RenderedTemplate { content, file_name }),
        Ok(Err(error)) => Err(Problem::internal(&error.to_string())),
        Err(error) => Err(Problem::internal(&error.to_string())),
    }
}
