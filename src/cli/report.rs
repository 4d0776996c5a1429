//! `huizong report`: reading reports back, and reviewing them.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

use crate::document::write::{Document, write_document};
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::pb::report_service_client::ReportServiceClient;
use crate::report::Owners;
use crate::wire::{entry_from_wire, value_in_words};

use super::client::{ANSWER_MAX_BYTES, Connection, Server, connect, refused};
use super::form::{Target, target};
use super::output::{Listing, print_json, print_line, resource, time_text, to_json};
use super::pages;
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Subcommand)]
pub(crate) enum Report {
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
        /// Consolidated reports of governments instead of agencies' own.
        #[arg(long, conflicts_with = "agency")]
        consolidated: bool,
        /// Stop after this many.
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// All revisions of one report, newest first.
    Revisions { name: String },
    /// The life of a report: submissions and reviews, with the cells that each revision changed.
    History { name: String },
    /// Accept the newest revision of a report.
    Accept(Review),
    /// Give the newest revision back for correction.
    Return {
        #[command(flatten)]
        review: Review,
        /// A remark on a cell or line, such as requests.received.total=请核对; may be repeated.
        #[arg(long = "comment", value_name = "CELL=TEXT", value_parser = parse_comment)]
        comments: Vec<(String, String)>,
    },
    /// Take the newest revision of a report back.
    Withdraw(Review),
}

#[derive(Args)]
pub(crate) struct Review {
    /// agencies/{id}/reports/{year}, or jurisdictions/{code}/reports/{year}.
    name: String,
    /// The etag of the revision that was looked at; the present one where it is left out.
    #[arg(long)]
    etag: Option<String>,
    /// Why; needed for a return and a withdrawal.
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Check only.
    #[arg(long)]
    dry_run: bool,
}

fn parse_comment(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(cell, text)| !cell.is_empty() && !text.is_empty());
    parts.map(|(cell, text)| (cell.to_owned(), text.to_owned())).ok_or_else(|| format!("{text:?} is not CELL=TEXT"))
}

/// The name of an enumerated value in lower case, without what all its siblings begin with.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}

fn state_word(state: pb::ReportState) -> String {
    word(state.as_str_name(), "REPORT_STATE_")
}

fn print(reports: &[pb::Report], format: OutputFormat) -> Outcome {
    let mut listing =
        Listing::new(&["revision", "state", "late", "etag", "submitted", "submitter", "reason", "sha256"], &[]);
    for report in reports {
        let time = time_text(report.submit_time);
        listing.rows.push(vec![
            report.revision.clone(),
            state_word(report.state()),
            if report.late { "late".to_owned() } else { String::new() },
            report.etag.clone(),
            time,
            report.submitter.clone(),
            report.correction_reason.clone(),
            report.content_sha256.clone(),
        ]);
    }
    listing.print(format)
}

/// A report as a document under its owner's name, which says which revision it is.
async fn document(server: &Server, report: pb::Report) -> Result<Document, Failure> {
    let (revision, sequence) = (report.revision.clone(), report.journal_sequence);
    let entry = entry_from_wire(report);
    let entry = entry.map_err(|problem| Failure::Failed(both(&problem.message)))?;
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let name = entry.report.owner.to_string();
    let display_name = match entry.report.owner.sort() {
        Owners::Agencies => {
            let answer = client.get_agency(pb::GetAgencyRequest { name }).await;
            answer.map_err(|status| refused(&status))?.into_inner().agency.unwrap_or_default().display_name
        }
        Owners::Jurisdictions => {
            let answer = client.get_jurisdiction(pb::GetJurisdictionRequest { name }).await;
            answer.map_err(|status| refused(&status))?.into_inner().jurisdiction.unwrap_or_default().display_name
        }
    };
    let narrative = entry.narrative.as_ref();
    Ok(Document::of_report(display_name, &entry.report, &entry.figures, narrative, &revision, sequence))
}

impl Report {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = ReportServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        match self {
            Self::Get { name, output } => {
                let target = output.as_deref().map(target).transpose()?;
                let request = pb::GetReportRequest { name: name.clone(), ..Default::default() };
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
            Self::List { year, agency, consolidated, limit } => {
                let parent = match (agency, consolidated) {
                    (Some(agency), _) => resource("agencies", agency),
                    (None, false) => "agencies/-".to_owned(),
                    (None, true) => "jurisdictions/-".to_owned(),
                };
                let (year, page_size) = (year.unwrap_or(0), pages::PAGE_SIZE);
                let request = pb::ListReportsRequest { parent, year, page_size, ..Default::default() };
                let ask = async |page_token| {
                    client.list_reports(pb::ListReportsRequest { page_token, ..request.clone() }).await
                };
                let mut all = pb::ListReportsResponse::default();
                pages::each(ask, |page| {
                    all.reports.extend(page.reports);
                    // One more than is shown tells that there are more.
                    Ok(if all.reports.len() > *limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
                .await?;
                if all.reports.len() > *limit {
                    all.reports.truncate(*limit);
                    eprintln!("只列出前 {limit} 份；用 --limit 多列  the first {limit} only; --limit lists more");
                }
                if format == OutputFormat::Json { print_json(&all) } else { print(&all.reports, format) }
            }
            Self::Revisions { name } => {
                let page_size = pages::PAGE_SIZE;
                let request = pb::ListReportRevisionsRequest { name: name.clone(), page_size, ..Default::default() };
                let ask = async |page_token| {
                    client.list_report_revisions(pb::ListReportRevisionsRequest { page_token, ..request.clone() }).await
                };
                let reports = pages::all(ask, |page| page.reports).await?;
                let all = pb::ListReportRevisionsResponse { reports, ..Default::default() };
                if format == OutputFormat::Json { print_json(&all) } else { print(&all.reports, format) }
            }
            Self::History { name } => history(&mut client, name, format).await,
            Self::Accept(review) => {
                let request = pb::AcceptReportRequest {
                    name: review.name.clone(),
                    etag: review.etag(&mut client).await?,
                    reason: review.reason.clone(),
                    request_id: Uuid::new_v4().to_string(),
                    validate_only: review.dry_run,
                };
                let answer = client.accept_report(request).await.map_err(|status| refused(&status))?.into_inner();
                if format == OutputFormat::Json { print_json(&answer) } else { print_outcome(answer.outcome) }
            }
            Self::Return { review, comments } => {
                let comment =
                    |(cell, text): &(String, String)| pb::CellComment { cell: cell.clone(), text: text.clone() };
                let request = pb::ReturnReportRequest {
                    name: review.name.clone(),
                    etag: review.etag(&mut client).await?,
                    reason: review.reason.clone(),
                    comments: comments.iter().map(comment).collect(),
                    request_id: Uuid::new_v4().to_string(),
                    validate_only: review.dry_run,
                };
                let answer = client.return_report(request).await.map_err(|status| refused(&status))?.into_inner();
                if format == OutputFormat::Json { print_json(&answer) } else { print_outcome(answer.outcome) }
            }
            Self::Withdraw(review) => {
                let request = pb::WithdrawReportRequest {
                    name: review.name.clone(),
                    etag: review.etag(&mut client).await?,
                    reason: review.reason.clone(),
                    request_id: Uuid::new_v4().to_string(),
                    validate_only: review.dry_run,
                };
                let answer = client.withdraw_report(request).await.map_err(|status| refused(&status))?.into_inner();
                if format == OutputFormat::Json { print_json(&answer) } else { print_outcome(answer.outcome) }
            }
        }
    }
}

impl Review {
    /// The etag given, or the present one.
    async fn etag(&self, client: &mut ReportServiceClient<Connection>) -> Result<String, Failure> {
        if let Some(etag) = &self.etag {
            return Ok(etag.clone());
        }
        let request = pb::GetReportRequest { name: self.name.clone(), ..Default::default() };
        let answer = client.get_report(request).await.map_err(|status| refused(&status))?.into_inner();
        Ok(answer.report.unwrap_or_default().etag)
    }
}

fn print_outcome(outcome: Option<pb::ReviewOutcome>) -> Outcome {
    let outcome = outcome.unwrap_or_default();
    print_line(&format!("状态 state: {}", state_word(outcome.state())))?;
    let in_sums = if outcome.accepted_revision.is_empty() { "无 none" } else { &outcome.accepted_revision };
    print_line(&format!("计入汇总 in the sums: {in_sums}"))?;
    match outcome.receipt {
        Some(receipt) => print_line(&format!("日志序号 journal sequence: {}", receipt.journal_sequence)),
        None => print_line("仅校验，未保存 checked only, nothing stored"),
    }
}

async fn history(client: &mut ReportServiceClient<Connection>, name: &str, format: OutputFormat) -> Outcome {
    let page_size = pages::PAGE_SIZE;
    let request = pb::ListReportEventsRequest { name: name.to_owned(), page_size, ..Default::default() };
    let ask = async |page_token| {
        client.list_report_events(pb::ListReportEventsRequest { page_token, ..request.clone() }).await
    };
    let events = pages::all(ask, |page| page.events).await?;
    let all = pb::ListReportEventsResponse { events, ..Default::default() };
    if format == OutputFormat::Json {
        return print_json(&all);
    }
    let headings = ["sequence", "time", "actor", "action", "revision", "state", "reason", "cells"];
    let mut listing = Listing::new(&headings, &[0]);
    for event in &all.events {
        let value = |value: &Option<pb::CellValue>| match value {
            Some(value) => value_in_words(Some(value)),
            None => "空 blank".to_owned(),
        };
        let change = |one: &pb::CellChange| format!("{} {} → {}", one.cell, value(&one.before), value(&one.after));
        let mut cells: Vec<String> = event.changes.iter().map(change).collect();
        cells.extend(event.comments.iter().map(|comment| format!("{}: {}", comment.cell, comment.text)));
        let revision = event.revision.rsplit('/').next().unwrap_or_default();
        listing.rows.push(vec![
            event.journal_sequence.to_string(),
            time_text(event.time),
            event.actor.clone(),
            word(event.action().as_str_name(), "REPORT_ACTION_"),
            revision.to_owned(),
            state_word(event.state()),
            event.reason.clone(),
            cells.join("\n"),
        ]);
    }
    listing.print(format)
}
