//! `huizong report`: reading reports back, and reviewing them.

mod contrast;
mod history;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::document::write::{Document, write_document};
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::pb::report_service_client::ReportServiceClient;
use crate::report::Owners;
use crate::wire::entry_from_wire;

use crate::cli::client::{ANSWER_MAX_BYTES, Connection, Server, connect, refused};
use crate::cli::form::{Target, target};
use crate::cli::language::{beside, term, told};
use crate::cli::output::{Listing, print_json, print_line, resource, time_text, to_json};
use crate::cli::pages;
use crate::cli::{Failure, Outcome, OutputFormat, both};

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
        /// A report year, or several: 2021..2024.
        #[arg(long, required_unless_present = "agency", value_name = "Y[..Y]", value_parser = parse_years)]
        year: Option<(i32, i32)>,
        #[arg(long)]
        agency: Option<String>,
        /// Consolidated reports of governments instead of agencies' own.
        #[arg(long, conflicts_with = "agency")]
        consolidated: bool,
        #[command(flatten)]
        wanted: Wanted,
        /// Stop after this many.
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// All revisions of one report, newest first.
    Revisions { name: String },
    /// Two reports beside each other, such as one agency's of two years: figures with their differences, and the sentences
    /// that came and went.
    Compare {
        /// The earlier one: agencies/{id}/reports/{year}, or one of its revisions.
        earlier: String,
        /// The later one.
        later: String,
    },
    /// The life of a report: submissions and reviews, with the cells that each revision changed.
    History { name: String },
    /// Accept the newest revision of a report.
    Accept(Review),
    /// Accept many reports, each judged by itself: those that are named, or all of a place and year that wait for review.
    AcceptMany(AcceptMany),
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

/// Which reports are wanted; all by default.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Only of those in this jurisdiction and below it: jurisdictions/{code}, or the code alone.
    #[arg(long, value_name = "CODE", conflicts_with = "agency")]
    jurisdiction: Option<String>,
    /// Only reports whose newest revision stands so; may be repeated.
    #[arg(long, value_enum)]
    state: Vec<State>,
    /// Only reports that first came in after their due time.
    #[arg(long)]
    late: bool,
    /// Only reports with findings.
    #[arg(long)]
    findings: bool,
    /// Only reports that break this rule.
    #[arg(long, default_value = "", hide_default_value = true)]
    rule: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Submitted,
    Accepted,
    Returned,
    Withdrawn,
}

impl State {
    fn wire(self) -> i32 {
        let state = match self {
            Self::Submitted => pb::ReportState::Submitted,
            Self::Accepted => pb::ReportState::Accepted,
            Self::Returned => pb::ReportState::Returned,
            Self::Withdrawn => pb::ReportState::Withdrawn,
        };
        state.into()
    }
}

#[derive(Args)]
pub(crate) struct AcceptMany {
    /// agencies/{id}/reports/{year} or jurisdictions/{code}/reports/{year}, each as it stands now.
    #[arg(required_unless_present = "year", conflicts_with_all = ["year", "jurisdiction"])]
    names: Vec<String>,
    /// All agencies' reports of this year that wait for review.
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Of these, only those in this jurisdiction and below it: jurisdictions/{code}, or the code alone.
    #[arg(long, value_name = "CODE", requires = "year")]
    jurisdiction: Option<String>,
    /// Leave out reports with findings, which somebody should read.
    #[arg(long, requires = "year")]
    without_findings: bool,
    /// A remark to be kept with each.
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Check only.
    #[arg(long)]
    dry_run: bool,
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

fn parse_years(text: &str) -> Result<(i32, i32), String> {
    let bad = || told(&format!("“{text}”不是年度，如2024"), &format!("{text:?} is no year such as 2024"), "\n  ");
    let year = |text: &str| text.parse::<i32>().map_err(|_| bad());
    match text.split_once("..") {
        Some((first, last)) => Ok((year(first)?, year(last)?)),
        None => year(text).map(|year| (year, year)),
    }
}

fn parse_comment(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(cell, text)| !cell.is_empty() && !text.is_empty());
    parts
        .map(|(cell, text)| (cell.to_owned(), text.to_owned()))
        .ok_or_else(|| told(&format!("“{text}”不是 单元格=意见"), &format!("{text:?} is not CELL=TEXT"), "\n  "))
}

/// The name of an enumerated value in lower case, without what all its siblings begin with.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}

fn state_word(state: pb::ReportState) -> String {
    term(&word(state.as_str_name(), "REPORT_STATE_"))
}

fn print(reports: &[pb::Report], format: OutputFormat) -> Outcome {
    let mut listing = Listing::new(
        &["revision", "state", "late", "etag", "submit_time", "submitter", "correction_reason", "content_sha256"],
        &[],
    );
    for report in reports {
        let time = time_text(report.submit_time);
        listing.rows.push(vec![
            report.revision.clone(),
            state_word(report.state()),
            if report.late { term("late") } else { String::new() },
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
pub(in crate::cli) async fn document(server: &Server, report: pb::Report) -> Result<Document, Failure> {
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
                        Ok(std::fs::write(path, written.map_err(|error| Failure::of(&error))?)?)
                    }
                }
            }
            Self::List { year, agency, consolidated, wanted, limit } => {
                let parent = match (agency, consolidated) {
                    (Some(agency), _) => resource("agencies", agency),
                    (None, false) => "agencies/-".to_owned(),
                    (None, true) => "jurisdictions/-".to_owned(),
                };
                let (year, last_year) = match *year {
                    Some((first, last)) if first < last && agency.is_none() => (first, last),
                    Some((first, _)) => (first, 0),
                    None => (0, 0),
                };
                let request = pb::ListReportsRequest {
                    parent,
                    year,
                    last_year,
                    page_size: pages::PAGE_SIZE,
                    jurisdiction: wanted
                        .jurisdiction
                        .as_deref()
                        .map(|code| resource("jurisdictions", code))
                        .unwrap_or_default(),
                    states: wanted.state.iter().map(|state| state.wire()).collect(),
                    late: wanted.late,
                    with_findings: wanted.findings,
                    rule: wanted.rule.clone(),
                    ..Default::default()
                };
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
                    let zh = format!("只列出前{limit}份；用 --limit 多列");
                    eprintln!("{}", beside(zh, format!("the first {limit} only; --limit lists more")));
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
            Self::Compare { earlier, later } => {
                let request = pb::CompareReportsRequest { earlier: earlier.clone(), later: later.clone() };
                let answer = client.compare_reports(request).await.map_err(|status| refused(&status))?.into_inner();
                contrast::print(&answer, format)
            }
            Self::History { name } => history::print(&mut client, name, format).await,
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
            Self::AcceptMany(many) => many.run(&mut client, format).await,
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

/// Reports accepted by one call.
const ACCEPTED_AT_ONCE: usize = 500;

impl AcceptMany {
    async fn run(&self, client: &mut ReportServiceClient<Connection>, format: OutputFormat) -> Outcome {
        let requests = self.requests(client).await?;
        let mut all = pb::AcceptReportsResponse::default();
        for part in requests.chunks(ACCEPTED_AT_ONCE) {
            let request = pb::AcceptReportsRequest { requests: part.to_vec(), validate_only: self.dry_run };
            let answer = client.accept_reports(request).await.map_err(|status| refused(&status))?.into_inner();
            all.accepted += answer.accepted;
            all.refused += answer.refused;
            all.results.extend(answer.results);
        }
        if format == OutputFormat::Json {
            print_json(&all)?;
        } else {
            let mut listing = Listing::new(&["报告 report", "状态 state", "原因 why"], &[]);
            for one in &all.results {
                let (state, why) = match &one.result {
                    Some(pb::accept_reports_result::Result::Outcome(outcome)) => {
                        (state_word(outcome.state()), String::new())
                    }
                    Some(pb::accept_reports_result::Result::Problem(problem)) => {
                        let words = problem.message.clone().unwrap_or_default();
                        ("✗".to_owned(), beside(&words.zh, &words.en))
                    }
                    None => Default::default(),
                };
                listing.rows.push(vec![one.name.clone(), state, why]);
            }
            listing.print(format)?;
            if format == OutputFormat::Table {
                let (accepted, refused) = (all.accepted, all.refused);
                let (dry_zh, dry_en) = if self.dry_run {
                    ("（仅校验，未保存）", " (checked only, nothing stored)")
                } else {
                    ("", "")
                };
                print_line(&beside(
                    format!("通过{accepted}份，未通过{refused}份{dry_zh}"),
                    format!("{accepted} accepted, {refused} refused{dry_en}"),
                ))?;
            }
        }
        if all.refused > 0 { Err(Failure::Refused) } else { Ok(()) }
    }

    /// What is asked for each, with the etags that the reports have now.
    async fn requests(
        &self,
        client: &mut ReportServiceClient<Connection>,
    ) -> Result<Vec<pb::AcceptReportRequest>, Failure> {
        let request = |name: String, etag: String| pb::AcceptReportRequest {
            name,
            etag,
            reason: self.reason.clone(),
            validate_only: false,
            request_id: Uuid::new_v4().to_string(),
        };
        let Some(year) = self.year else {
            let mut requests = Vec::new();
            for name in &self.names {
                let wanted = pb::GetReportRequest { name: name.clone(), view: pb::ReportView::Standing.into() };
                let answer = client.get_report(wanted).await.map_err(|status| refused(&status))?.into_inner();
                requests.push(request(name.clone(), answer.report.unwrap_or_default().etag));
            }
            return Ok(requests);
        };
        let place = self.jurisdiction.as_deref().map(|code| resource("jurisdictions", code)).unwrap_or_default();
        let ask = pb::ListReportsRequest {
            parent: "agencies/-".to_owned(),
            year,
            jurisdiction: place,
            states: vec![pb::ReportState::Submitted.into()],
            view: pb::ReportView::Standing.into(),
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let list = async |client: &mut ReportServiceClient<Connection>, with_findings: bool| {
            let ask = pb::ListReportsRequest { with_findings, ..ask.clone() };
            let page =
                async |page_token| client.list_reports(pb::ListReportsRequest { page_token, ..ask.clone() }).await;
            pages::all(page, |page| page.reports).await
        };
        let mut waiting = list(client, false).await?;
        if self.without_findings {
            let found: HashSet<String> = list(client, true).await?.into_iter().map(|report| report.name).collect();
            waiting.retain(|report| !found.contains(&report.name));
        }
        Ok(waiting.into_iter().map(|report| request(report.name, report.etag)).collect())
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
    print_line(&format!("{}: {}", told("状态", "state", " "), state_word(outcome.state())))?;
    let in_sums = match outcome.accepted_revision.as_str() {
        "" => told("无", "none", " "),
        name => name.to_owned(),
    };
    print_line(&format!("{}: {in_sums}", told("计入汇总", "in the sums", " ")))?;
    match outcome.receipt {
        Some(receipt) => {
            print_line(&format!("{}: {}", told("流水号", "journal sequence", " "), receipt.journal_sequence))
        }
        None => print_line(&told("仅校验，未保存", "checked only, nothing stored", " ")),
    }
}
