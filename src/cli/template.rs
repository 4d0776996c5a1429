//! `huizong template`: a workbook for an agency to fill in. Without the service it has no name and no last year.

use std::path::{Path, PathBuf};

use clap::Args;
use tonic::Code;

use crate::document::process::{Read, Wanted};
use crate::document::template::{self, write_read_figures, write_template};
use crate::document::write::WriteError;
use crate::form::edition_for_year;
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::pb::report_service_client::ReportServiceClient;
use crate::report::{AgencyId, AgencyIdError, Figures, ReportYear};
use crate::wire::{edition_from_wire, figures_from_wire};

use super::client::{ANSWER_MAX_BYTES, Server, connect, refused};
use super::documents::{Documents, Unlocking};
use super::failure::said_at;
use super::language::{beside, lines, told};
use super::output::print_line;
use super::{Failure, Outcome};

#[derive(Args)]
pub(crate) struct Template {
    /// agencies/{id}, or the id alone.
    agency: String,
    #[arg(long, value_name = "Y")]
    year: ReportYear,
    /// Where to write it: a file ending in .xlsx.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// A document whose figures and chapters of text are filled in; cells that could not be read are marked.
    #[arg(long, value_name = "DOCUMENT")]
    from: Option<PathBuf>,
    #[command(flatten)]
    unlocking: Unlocking,
}

impl Template {
    pub(crate) async fn run(&self, server: &Server) -> Outcome {
        if self.output.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("xlsx")) {
            return Err(Failure::Usage(
                "--output：模板为 .xlsx 文件\n  --output: a template is an .xlsx file".to_owned(),
            ));
        }
        let id = self.agency.strip_prefix("agencies/").unwrap_or(&self.agency);
        let agency: AgencyId = id.parse().map_err(|error: AgencyIdError| Failure::Usage(said_at(id, &error)))?;
        let edition = edition_for_year(self.year.get()).ok_or_else(|| {
            Failure::Usage(format!("{}：没有规定的报告格式\n  no edition of the form exists for that year", self.year))
        })?;
        let (agency_name, previous) = match known(server, &agency, self.year).await {
            Ok(known) => known,
            Err(Failure::Unreachable(text)) => {
                eprintln!(
                    "{}\n{}",
                    lines(&text),
                    beside(
                        "模板中没有机构名称和上年数字。",
                        "The template has neither the agency's name nor last year's figures."
                    )
                );
                (agency.to_string(), None)
            }
            Err(other) => return Err(other),
        };
        let template = template::Template { agency, agency_name, year: self.year, edition, previous };
        let title = format!("{} {}", template.agency_name, template.year);
        let (workbook, unread) = match &self.from {
            None => (write_template(&template), 0),
            Some(document) => filled_in(template, document, self.unlocking.clone()).await?,
        };
        let workbook = workbook.map_err(|error| Failure::of(&error))?;
        std::fs::write(&self.output, workbook)?;
        print_line(&format!("{title}  {}", self.output.display()))?;
        if unread > 0 {
            println!(
                "  {}",
                told(
                    &format!("有{unread}个单元格未能从文件中读取，已标红；请对照原文填写，原文空白的清空该单元格"),
                    &format!(
                        "{unread} cell(s) could not be read in the document and are marked red; fill them in, or empty those that are blank there"
                    ),
                    "\n    "
                )
            );
        }
        Ok(())
    }
}

/// The workbook with what a document says, and how many cells of it could not be read.
async fn filled_in(
    template: template::Template,
    document: &Path,
    unlocking: Unlocking,
) -> Result<(Result<Vec<u8>, WriteError>, usize), Failure> {
    let reading = match Documents::new(unlocking).read(document, Wanted::Reading).await.map_err(Failure::Failed)? {
        Read::Document(reading) => *reading,
        Read::Workbook(_) => return Err(Failure::Failed("a reading was asked for".to_owned())),
    };
    if reading.edition.id != template.edition.id {
        let (own, other) = (template.edition.title, reading.edition.title);
        return Err(Failure::Failed(format!(
            "{}：文件为{}，{}年度应用{}\n  the document is on the {}, but {} uses the {}",
            document.display(),
            other.zh,
            template.year,
            own.zh,
            other.en,
            template.year,
            own.en
        )));
    }
    let unread = reading.figures.unread_cells().count();
    let narrative = Some(reading.narrative).filter(|narrative| !narrative.is_empty());
    let raw = |cell| reading.cells.iter().find(|read| read.cell == cell).map(|read| read.raw.clone());
    Ok((write_read_figures(template, reading.figures, narrative, raw), unread))
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
    let request = pb::GetReportRequest { name: format!("{name}/reports/{previous_year}"), ..Default::default() };
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
