//! `huizong report`: reading reports back.

use clap::Subcommand;

use crate::pb;
use crate::pb::report_service_client::ReportServiceClient;

use super::client::{ANSWER_MAX_BYTES, connect, refused};
use super::output::{Listing, print_json, resource, time_text};
use super::{Format, Outcome};

#[derive(Subcommand)]
pub enum Report {
    /// One report, as JSON: agencies/{id}/reports/{year}, or one of its revisions.
    Get { name: String },
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

impl Report {
    pub async fn run(&self, server: &str, format: Format) -> Outcome {
        let mut client = ReportServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        match self {
            Self::Get { name } => {
                let request = pb::GetReportRequest { name: name.clone() };
                let answer = client.get_report(request).await.map_err(|status| refused(&status))?.into_inner();
                print_json(&answer)
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
