//! `huizong submit`: reports over the stream, each sent as soon as it is read; can be run again after an interruption.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use uuid::Uuid;

use crate::pb;
use crate::pb::report_service_client::ReportServiceClient;
use crate::pb::submit_reports_response::Result as Answered;
use crate::report::{AgencyId, Hash, JurisdictionCode, ReportYear, inert};

use super::client::{ANSWER_MAX_BYTES, Connection, Server, connect, findings_text, problem_text, refused, status_text};
use super::documents::{Unlocking, expand, files_help};
use super::language::{heading, told};
use super::output::{Listing, facts, print_exactly, print_json, time_text, to_json};
use super::submissions::{Item, Said, Submissions};
use super::supply::Supplied;
use super::workbook::Workbook;
use super::{Failure, Outcome, OutputFormat};

/// Submissions sent ahead of their answers.
const AHEAD: usize = 256;

#[derive(Args)]
pub(crate) struct Submit {
    #[arg(required = true, help = format!(
        "{}, filled workbooks (see `template`), or .jsonl and .csv files as `export` writes them. A document named \
         `AGENCY-YEAR…` needs no --agency and --year, nor does a workbook",
        files_help()
    ))]
    files: Vec<PathBuf>,
    /// Agency id, for a document.
    #[arg(long, value_name = "ID")]
    agency: Option<AgencyId>,
    /// The jurisdiction whose government publishes this consolidated report, by its code.
    #[arg(long, value_name = "CODE", conflicts_with = "agency")]
    jurisdiction: Option<JurisdictionCode>,
    /// Report year, for a document that does not say it.
    #[arg(long, value_name = "Y")]
    year: Option<ReportYear>,
    /// Reason for a warning, by rule; may be repeated.
    #[arg(long = "reason", value_name = "RULE=TEXT", value_parser = parse_reason)]
    reasons: Vec<(String, String)>,
    /// Why an earlier revision is replaced; needs --etag.
    #[arg(long, value_name = "TEXT", requires = "etag")]
    correction: Option<String>,
    /// Etag of the revision that is replaced.
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    supplied: Supplied,
    #[command(flatten)]
    unlocking: Unlocking,
    /// Check only; nothing is stored.
    #[arg(long)]
    dry_run: bool,
    /// End with the first report that is refused or cannot be read; those sent before it are stored.
    #[arg(long)]
    fail_fast: bool,
}

fn parse_reason(text: &str) -> Result<(String, String), String> {
    let (rule, reason) = text.split_once('=').ok_or_else(|| {
        told("须为 规则=说明，如 ALL-ZERO=新设机构", "the form is RULE=TEXT, such as ALL-ZERO=\"a new agency\"", "\n  ")
    })?;
    Ok((rule.to_owned(), reason.to_owned()))
}

/// Where a report came from, and the workbook that its findings go back in.
type Source = (String, Option<Workbook>);

/// What has come of the reports so far.
#[derive(Default)]
struct Counts {
    stored: u64,
    known: u64,
    failed: u64,
}

/// Says why there is no report.
fn complain(bar: &ProgressBar, text: &str) {
    bar.inc(1);
    bar.suspend(|| eprintln!("✗ {}", inert::to_terminal(text)));
}

/// The next report that there is; what could not be made one is said and counted.
async fn next(submissions: &mut Submissions, bar: &ProgressBar, failed: &mut u64) -> Option<Item> {
    loop {
        match submissions.next().await? {
            Ok(item) => {
                if !item.notes.is_empty() {
                    bar.suspend(|| eprint!("{}", inert::to_terminal(&item.notes)));
                }
                return Some(item);
            }
            Err(text) => {
                complain(bar, &text);
                *failed += 1;
            }
        }
    }
}

impl Submit {
    pub(crate) async fn run(self, server: &Server, format: OutputFormat) -> Outcome {
        let (files, many) = expand(&self.files)?;
        let is_table = |file: &PathBuf| {
            let is = |ending| file.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
            is("csv") || is("jsonl")
        };
        if !self.supplied.is_empty() && (many || files.iter().any(is_table)) {
            let text = "--set：只能用于一个文件（不能用于文件夹、CSV、JSON Lines）\n  for one document only: no folder, CSV or JSON Lines";
            return Err(Failure::Usage(text.to_owned()));
        }
        let several = files.len() > 1;
        let bar = ProgressBar::new(files.len() as u64);
        // It is there before the first file is read.
        bar.tick();
        let said = Said {
            agency: self.agency,
            jurisdiction: self.jurisdiction,
            year: self.year,
            reasons: self.reasons,
            correction: self.correction,
            etag: self.etag,
            supplied: self.supplied,
            unlocking: self.unlocking,
        };
        let longer = bar.clone();
        let mut submissions = Submissions::of(files, said, move || longer.inc_length(1));
        let mut counts = Counts::default();
        if format == OutputFormat::Csv {
            Listing::new(&RECEIPTS, &[]).print(format)?;
        }
        let first = next(&mut submissions, &bar, &mut counts.failed).await;
        let Some(first) = first else {
            bar.finish_and_clear();
            return if counts.failed > 0 {
                Err(Failure::Refused)
            } else {
                Err(Failure::Usage(told("没有可提交的报告", "nothing to submit", " ")))
            };
        };
        // Only a file that is the only one is asked whether it holds more.
        let second = if several { None } else { next(&mut submissions, &bar, &mut counts.failed).await };
        let many = several || second.is_some();
        let begun = first_ones(first, second);
        let (mut sources, mut answers, sending) = send(server, begun, submissions, self.dry_run, bar.clone()).await?;
        while let Some((source, workbook)) = sources.recv().await {
            let answer = answers.message().await.map_err(|status| interrupted(&status))?;
            let answer = answer.ok_or_else(|| {
                Failure::Unreachable(told("连接提前结束，请重新运行", "the stream ended early; run it again", "\n  "))
            })?;
            bar.inc(1);
            match format {
                OutputFormat::Json if many => bar.suspend(|| print_exactly(&named_json(&source, &answer)?))?,
                OutputFormat::Json => print_json(&answer)?,
                OutputFormat::Csv => bar.suspend(|| receipt_row(&source, &answer).print_rows())?,
                OutputFormat::Table | OutputFormat::Xlsx => {}
            }
            match answer.result {
                // What was stored before counts no more as it stands now: nothing was done, and something is to do.
                Some(Answered::Stored(accepted)) if accepted.already_stored && !counts_now(accepted.state()) => {
                    counts.failed += 1;
                    bar.suspend(|| eprint!("{}", inert::to_terminal(&taken_back_text(&source, &accepted))));
                }
                Some(Answered::Stored(accepted) | Answered::Checked(accepted)) => {
                    if accepted.already_stored {
                        counts.known += 1;
                    } else {
                        counts.stored += 1;
                    }
                    if format == OutputFormat::Table {
                        let text = if many { line_text(&source, &accepted) } else { accepted_text(&source, &accepted) };
                        bar.suspend(|| print!("{}", inert::to_terminal(&text)));
                    }
                }
                Some(Answered::Refused(problem)) => {
                    counts.failed += 1;
                    let marked = workbook.as_ref().and_then(|workbook| workbook.refused(&problem));
                    let marked = marked.unwrap_or_default();
                    let text = format!("✗ {source}\n{}{marked}", problem_text(&problem));
                    bar.suspend(|| eprint!("{}", inert::to_terminal(&text)));
                }
                None => counts.failed += 1,
            }
            if self.fail_fast && counts.failed > 0 {
                break;
            }
        }
        // Where it ends early, nothing more is sent.
        drop((sources, answers));
        counts.failed += sending.await.map_err(|error| Failure::of(&error))?;
        bar.finish_and_clear();
        let Counts { stored, known, failed } = counts;
        if many && format == OutputFormat::Table {
            let zh = format!("成功{stored}份，此前已报{known}份，未通过{failed}份");
            let en = format!("{stored} stored, {known} stored before, {failed} refused");
            println!("{}", told(&zh, &en, "  "));
        }
        if failed > 0 { Err(Failure::Refused) } else { Ok(()) }
    }
}

fn first_ones(first: Item, second: Option<Item>) -> Vec<Item> {
    std::iter::once(first).chain(second).collect()
}

/// Sends reports as they come, only so many ahead of their answers: where each came from, the answers in the same
/// order, and how many could not be made a report once all are sent.
async fn send(
    server: &Server,
    begun: Vec<Item>,
    mut submissions: Submissions,
    validate_only: bool,
    bar: ProgressBar,
) -> Result<(mpsc::Receiver<Source>, tonic::Streaming<pb::SubmitReportsResponse>, JoinHandle<u64>), Failure> {
    let mut client = ReportServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
    let mut asking = client.clone();
    let (requests, receiver) = mpsc::channel(1);
    let (sent, sources) = mpsc::channel(AHEAD);
    let sending = tokio::spawn(async move {
        let mut failed = 0;
        let mut begun = begun.into_iter();
        loop {
            let item = match begun.next() {
                Some(item) => Some(item),
                None => next(&mut submissions, &bar, &mut failed).await,
            };
            let Some(Item { source, submission, workbook, .. }) = item else { break };
            let submission = match with_present_etag(&mut asking, submission).await {
                Ok(submission) => submission,
                Err(text) => {
                    complain(&bar, &format!("{source}\n{text}"));
                    failed += 1;
                    continue;
                }
            };
            // The same report has the same id however often it is sent, so that a second run is recognised.
            let request_id = Uuid::new_v8(request_id_bytes(&submission)).to_string();
            let submission = pb::SubmitReportRequest { request_id, validate_only, ..submission };
            let request = pb::SubmitReportsRequest { submission: Some(submission) };
            if sent.send((source, workbook)).await.is_err() || requests.send(request).await.is_err() {
                break;
            }
        }
        failed
    });
    let answers = client.submit_reports(ReceiverStream::new(receiver)).await;
    Ok((sources, answers.map_err(|status| refused(&status))?.into_inner(), sending))
}

/// What stands for the etag that a report has now.
const CURRENT: &str = "current";

/// The submission with the etag of the report as it stands, where that is what is said.
async fn with_present_etag(
    client: &mut ReportServiceClient<Connection>,
    submission: pb::SubmitReportRequest,
) -> Result<pb::SubmitReportRequest, String> {
    if submission.etag != CURRENT {
        return Ok(submission);
    }
    let name = submission.name.clone();
    let request = pb::GetReportRequest { name, view: pb::ReportView::Standing.into() };
    match client.get_report(request).await {
        Ok(answer) => {
            let etag = answer.into_inner().report.unwrap_or_default().etag;
            Ok(pb::SubmitReportRequest { etag, ..submission })
        }
        // There is none to be replaced: it is a first revision.
        Err(status) if status.code() == Code::NotFound => {
            Ok(pb::SubmitReportRequest { etag: String::new(), correction_reason: String::new(), ..submission })
        }
        Err(status) => Err(status_text(&status)),
    }
}

fn request_id_bytes(submission: &pb::SubmitReportRequest) -> [u8; 16] {
    let Hash(digest) = Hash::of(&submission.encode_to_vec());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes
}

fn interrupted(status: &tonic::Status) -> Failure {
    Failure::Unreachable(format!(
        "连接中断：{}；请重新运行，已存入的会被识别\n  interrupted; run it again, what was stored is recognised",
        status.message()
    ))
}

/// Headings of receipts as a table.
const RECEIPTS: [&str; 9] =
    ["file", "report", "outcome", "state", "revision", "etag", "content_sha256", "journal_sequence", "time"];

fn state_name(state: pb::ReportState) -> String {
    state.as_str_name().trim_start_matches("REPORT_STATE_").to_lowercase()
}

/// What a report came to, as a row of receipts.
fn receipt_row(source: &str, answer: &pb::SubmitReportsResponse) -> Listing {
    let outcome = match &answer.result {
        Some(Answered::Stored(accepted)) if accepted.already_stored => "known".to_owned(),
        Some(Answered::Stored(_)) => "stored".to_owned(),
        Some(Answered::Checked(_)) => "checked".to_owned(),
        Some(Answered::Refused(problem)) => problem.reason().as_str_name().to_owned(),
        None => String::new(),
    };
    let accepted = match &answer.result {
        Some(Answered::Stored(accepted) | Answered::Checked(accepted)) => Some(accepted),
        _ => None,
    };
    let state = accepted.map(|accepted| state_name(accepted.state())).unwrap_or_default();
    let mut row = vec![source.to_owned(), answer.report.clone(), outcome, state];
    match accepted.and_then(|accepted| accepted.receipt.as_ref()) {
        None => row.extend(vec![String::new(); RECEIPTS.len() - row.len()]),
        Some(receipt) => row.extend([
            receipt.revision.clone(),
            receipt.etag.clone(),
            receipt.content_sha256.clone(),
            receipt.journal_sequence.to_string(),
            time_text(receipt.time),
        ]),
    }
    Listing { rows: vec![row], ..Listing::new(&RECEIPTS, &[]) }
}

/// The answer as canonical JSON, with the file that it is about before everything else.
fn named_json(source: &str, answer: &pb::SubmitReportsResponse) -> Result<String, Failure> {
    let answer = to_json(answer)?;
    let source = serde_json::to_string(source).map_err(|error| Failure::of(&error))?;
    let rest = answer.trim_start_matches('{');
    let comma = if rest == "}" { "" } else { "," };
    Ok(format!("{{\"file\":{source}{comma}{rest}"))
}

/// Whether a revision that stands like this counts, or will once somebody has looked at it.
fn counts_now(state: pb::ReportState) -> bool {
    !matches!(state, pb::ReportState::Returned | pb::ReportState::Withdrawn)
}

/// One report of many that was taken, on a line.
fn line_text(source: &str, accepted: &pb::SubmitReportResponse) -> String {
    let receipt = accepted.receipt.as_ref();
    let revision = receipt.map(|receipt| receipt.revision.as_str()).unwrap_or_default();
    let sequence = receipt.map(|receipt| receipt.journal_sequence.to_string()).unwrap_or_default();
    format!("✓ {source}  {revision}  {sequence}\n")
}

/// What was handed in before and has been returned or withdrawn since.
fn taken_back_text(source: &str, accepted: &pb::SubmitReportResponse) -> String {
    let returned = accepted.state() == pb::ReportState::Returned;
    let (zh, en) = if returned { ("已被退回", "was returned") } else { ("已撤回", "was withdrawn") };
    let receipt = accepted.receipt.clone().unwrap_or_default();
    let zh = format!("  此内容此前已报送，{zh}，未再次存入");
    let en = format!("  this content was handed in before and {en} since; nothing was stored");
    let next = told(
        "  → 请更正后带 --etag current 与 --correction 报送；内容无误须再次报送的，同样处理",
        "  → hand in a correction with --etag current and --correction; where it is right as it was, hand it in again with the same",
        "\n    ",
    );
    format!("✗ {source}\n{}\n{next}\n  {}\n  etag: {}\n", told(&zh, &en, "\n  "), receipt.revision, receipt.etag)
}

fn accepted_text(source: &str, accepted: &pb::SubmitReportResponse) -> String {
    let mut text = format!("✓ {source}\n{}", findings_text(&accepted.findings));
    match &accepted.receipt {
        None => text.push_str(&format!("  {}\n", told("检查通过，未存入", "checked; nothing was stored", "  "))),
        Some(receipt) => {
            let time = time_text(receipt.time);
            let word = match accepted.already_stored {
                true => told("此前已存入", "stored before", " "),
                false => told("已存入", "stored", " "),
            };
            let receipt = facts(
                &[
                    ("版本 revision", receipt.revision.clone()),
                    ("etag", receipt.etag.clone()),
                    ("内容 SHA-256", receipt.content_sha256.clone()),
                    ("流水号 sequence", receipt.journal_sequence.to_string()),
                    ("日志校验值 chain", receipt.chain_sha256.clone()),
                    ("时间 time", time),
                ],
                "    ",
            );
            text.push_str(&format!("  {word}\n  {}\n{receipt}\n", heading("回执 Receipt")));
        }
    }
    text
}
