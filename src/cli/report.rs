//! `huizong report`: reading reports back.

use std::path::PathBuf;

use clap::Subcommand;

use crate::document::write::{Document, write_document};
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::pb::report_service_client::ReportServiceClient;
use crate::wire::entry_from_wire;

use super::client::{ANSWER_MAX_BYTES, connect, refused};
use super::form::{Target, target};
use super::output::{Listing, print_json, resource, time_text, to_json};
use super::{Failure, Format, Outcome, both};

#[derive(Subcommand)]
pub enum Report {
    /// One report, as JSON or as a document: agencies/{id}/reports/{year}, or one of its revisions.
    Get {
        name: String,
        /// Where to write it; the ending decides the format: .docx, .html, .xlsx, .csv, .txt or .json.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Reports of a year, or of one agency.
    List {
        #[arg(long, required_unless_present = "agency")]
        year: Option<i32>,
        #[arg(long)]
        agency: Option<String>,
        /// Stop after this many.
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// All revisions of one report, newest first.
    Revisions { name: String },
}

fn print(reports: &[pb::Report], format: Format) -> Outcome {
    let mut listing = Listing::new(&["revision", "etag", "submitted", "submitter", "reason", "sha256"], &[]);
    for report in reports {
        let time = time_text(report.submit_time);
        listing.rows.push(vec![
            report.revision.clone(),
            report.etag.clone(),
            time,
            report.submitter.clone(),
            report.reason.clone(),
            report.content_sha256.clone(),
        ]);
    }
    listing.print(format)
}

/// A report as a document under its agency's name, which says which revision it is.
async fn document(server: &str, report: pb::Report) -> Result<Document, Failure> {
    let (revision, sequence) = (report.revision.clone(), report.sequence);
    // Under the name of the report itself, which a revision's name begins with.
    let name = revision.split("/revisions/").next().unwrap_or_default().to_owned();
    let entry = entry_from_wire(pb::Report { name, ..report });
    let entry = entry.map_err(|problem| Failure::Failed(both(&problem.message)))?;
    let request = pb::GetAgencyRequest { name: format!("agencies/{}", entry.report.agency) };
    let answer = RegistryServiceClient::new(connect(server).await?).get_agency(request).await;
    let agency = answer.map_err(|status| refused(&status))?.into_inner().agency.unwrap_or_default();
    Ok(Document::of_report(agency.display_name, &entry.report, &entry.figures, &revision, sequence))
}

impl Report {
    pub async fn run(&self, server: &str, format: Format) -> Outcome {
        let mut client = ReportServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        match self {
            Self::Get { name, output } => {
                let target = output.as_deref().map(target).transpose()?;
                let request = pb::GetReportRequest { name: name.clone() };
                let answer = client.get_report(request).await.map_err(|status| refused(&status))?.into_inner();
                match target {
                    None => print_json(&answer),
                    Some((path, Target::Json)) => Ok(std::fs::write(path, to_json(&answer)?)?),
                    Some((path, Target::Document(format))) => {
                        let document = document(server, answer.report.unwrap_or_default()).await?;
                        let written = write_document(&document, format);
                        Ok(std::fs::write(path, written.map_err(|error| Failure::Failed(error.to_string()))?)?)
                    }
                }
            }
            Self::List { year, agency, limit } => {
                let parent = resource("agencies", agency.as_deref().unwrap_or("-"));
                let mut request =
                    pb::ListReportsRequest { parent, year: year.unwrap_or(0), page_size: 1000, ..Default::default() };
                let mut all = pb::ListReportsResponse::default();
                while all.reports.len() < *limit {
                    let page = client.list_reports(request.clone()).await.map_err(|status| refused(&status))?;
                    let page = page.into_inner();
                    all.reports.extend(page.reports);
                    request.page_token = page.next_page_token;
                    if request.page_token.is_empty() {
                        break;
                    }
                }
                all.reports.truncate(*limit);
                if format == Format::Json { print_json(&all) } else { print(&all.reports, format) }
            }
            Self::Revisions { name } => {
                let request =
                    pb::ListReportRevisionsRequest { name: name.clone(), page_size: 1000, ..Default::default() };
                let answer = client.list_report_revisions(request).await.map_err(|status| refused(&status))?;
                let answer = answer.into_inner();
                if format == Format::Json { print_json(&answer) } else { print(&answer.reports, format) }
            }
        }
    }
}
