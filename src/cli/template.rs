//! `huizong template`: a workbook for an agency to fill in. Without the service it has no name and no last year.

use std::path::PathBuf;

use clap::Args;
use tonic::Code;

use crate::document::template::{self, write_template};
use crate::form::edition_for_year;
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::pb::report_service_client::ReportServiceClient;
use crate::report::{AgencyId, Figures, ReportYear};
use crate::wire::{edition_from_wire, figures_from_wire};

use super::client::{ANSWER_MAX_BYTES, Server, connect, refused};
use super::{Failure, Outcome};

#[derive(Args)]
pub struct Template {
    /// agencies/{id}, or the id alone.
    agency: String,
    #[arg(long, value_name = "Y")]
    year: ReportYear,
    /// Where to write it: a file ending in .xlsx.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

impl Template {
    pub async fn run(&self, server: &Server) -> Outcome {
        if self.output.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("xlsx")) {
            return Err(Failure::Usage("--output：模板为 .xlsx 文件\n  a template is an .xlsx file".to_owned()));
        }
        let id = self.agency.strip_prefix("agencies/").unwrap_or(&self.agency);
        let agency: AgencyId = id.parse().map_err(|error| Failure::Usage(format!("{id}: {error}")))?;
        let edition = edition_for_year(self.year.get()).ok_or_else(|| {
            Failure::Usage(format!("{}：没有规定的报告格式\n  no edition of the form exists for that year", self.year))
        })?;
        let (agency_name, previous) = match known(server, &agency, self.year).await {
            Ok(known) => known,
            Err(Failure::Unreachable(text)) => {
                eprintln!(
                    "{text}\n模板中没有机构名称和上年数字。  The template has neither the agency's name nor last year's figures."
                );
                (agency.to_string(), None)
            }
            Err(other) => return Err(other),
        };
        let template = template::Template { agency, agency_name, year: self.year, edition, previous };
        let workbook = write_template(&template).map_err(|error| Failure::Failed(error.to_string()))?;
        std::fs::write(&self.output, workbook)?;
        println!("{} {}  {}", template.agency_name, template.year, self.output.display());
        Ok(())
    }
}

/// The agency's name, and its figures of the year before where it reported.
async fn known(server: &Server, agency: &AgencyId, year: ReportYear) -> Result<(String, Option<Figures>), Failure> {
    let channel = connect(server).await?;
    let name = format!("agencies/{agency}");
    let request = pb::GetAgencyRequest { name: name.clone() };
    let answer = RegistryServiceClient::new(channel.clone()).get_agency(request).await;
    let display_name = answer.map_err(|status| refused(&status))?.into_inner().agency.unwrap_or_default().display_name;
    let Some(previous_year) = year.previous() else { return Ok((display_name, None)) };
    let mut client = ReportServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES);
    let request = pb::GetReportRequest { name: format!("{name}/reports/{previous_year}") };
    let report = match client.get_report(request).await {
        Ok(answer) => answer.into_inner().report.unwrap_or_default(),
        Err(status) if status.code() == Code::NotFound => return Ok((display_name, None)),
        Err(status) => return Err(refused(&status)),
    };
    let figures = edition_from_wire(report.edition, previous_year.get(), "report.edition")
        .and_then(|edition| figures_from_wire(&report.form.unwrap_or_default(), edition, "report.form"));
    let figures = figures.map_err(|problem| Failure::Failed(super::both(&problem.message)))?;
    Ok((display_name, Some(figures)))
}
