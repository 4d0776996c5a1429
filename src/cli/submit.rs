//! `huizong submit`: reports over the stream; can be run again after an interruption.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::document::exchange::{ReportEntry, read_reports};
use crate::document::template::is_template;
use crate::pb;
use crate::pb::report_service_client::ReportServiceClient;
use crate::pb::submit_reports_response::Result as Answered;
use crate::report::{AgencyId, Hash, JurisdictionCode, ReportKey, ReportOwner, ReportYear};
use crate::wire::{edition_to_wire, figures_to_wire, narrative_to_wire, report_from_entry};

use super::check::read_file;
use super::client::{ANSWER_MAX_BYTES, Server, connect, findings_text, problem_text, refused};
use super::output::{from_json, print_json, read_text, time_text};
use super::workbook::Workbook;
use super::{Failure, Format, Outcome, both};

/// Submissions sent ahead of their answers.
const AHEAD: usize = 256;

#[derive(Args)]
pub struct Submit {
    /// Documents, filled workbooks (see `template`), folders, or .jsonl and .csv files as `export` writes them. A
    /// document named `AGENCY-YEAR…` needs no --agency and --year, nor does a workbook.
    #[arg(required = true)]
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
    /// Check only; nothing is stored.
    #[arg(long)]
    dry_run: bool,
}

fn parse_reason(text: &str) -> Result<(String, String), String> {
    let (rule, reason) = text.split_once('=').ok_or("the form is RULE=TEXT, such as ALL-ZERO=新设机构")?;
    Ok((rule.to_owned(), reason.to_owned()))
}

/// One report to be sent, and where it comes from.
struct Item {
    source: String,
    report: pb::Report,
    /// What goes back with the findings.
    workbook: Option<Workbook>,
}

/// The files meant: folders stand for the files in them.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries: Result<Vec<_>, _> = std::fs::read_dir(&path)?.map(|e| e.map(|e| e.path())).collect();
            let mut entries = entries?;
            entries.sort();
            waiting.extend(entries.into_iter().rev());
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

impl Submit {
    /// The reports in one file; what cannot be read is said by place.
    fn items(&self, file: &Path) -> Vec<Result<Item, String>> {
        let source = file.display().to_string();
        let plain = |report| Item { source: source.clone(), report, workbook: None };
        let is = |ending: &str| file.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
        if is("csv") {
            return self.entries(file).unwrap_or_else(|text| vec![Err(text)]);
        }
        if !is("jsonl") {
            let workbook = std::fs::read(file).ok().filter(|bytes| is_template(bytes));
            return vec![match workbook {
                Some(bytes) => self.workbook(file, &bytes),
                None => self.document(file).map(plain),
            }];
        }
        let text = match read_text(file) {
            Ok(text) => text,
            Err(words) => return vec![Err(words)],
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let items = lines.map(|(at, line)| {
            let source = format!("{source}:{}", at + 1);
            match from_json::<pb::Report>(line) {
                Ok(mut report) => {
                    self.complete(&mut report);
                    Ok(Item { source, report, workbook: None })
                }
                Err(Failure::Failed(text)) => Err(format!("{source}: {text}")),
                Err(_) => Err(source),
            }
        });
        items.collect()
    }

    /// The reports in a CSV file as `export` writes it.
    fn entries(&self, file: &Path) -> Result<Vec<Result<Item, String>>, String> {
        let source = file.display().to_string();
        let text = read_text(file)?;
        let entries = read_reports(text.as_bytes())
            .map_err(|error| format!("{source}:{}: {}", error.line, both(&error.message)))?;
        let item = |entry: &ReportEntry| {
            let mut report = report_from_entry(entry);
            self.complete(&mut report);
            Ok(Item { source: format!("{source} {}", entry.report), report, workbook: None })
        };
        Ok(entries.iter().map(item).collect())
    }

    fn workbook(&self, file: &Path, bytes: &[u8]) -> Result<Item, String> {
        let (workbook, mut report) = Workbook::read(file, bytes, self.agency.as_ref(), self.year)?;
        self.complete(&mut report);
        Ok(Item { source: file.display().to_string(), report, workbook: Some(workbook) })
    }

    fn document(&self, file: &Path) -> Result<pb::Report, String> {
        let document = read_file(file, self.year)?;
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let named = stem.rsplit_once('-').filter(|(_, year)| year.parse::<ReportYear>().is_ok());
        let named_agency = || named.and_then(|(agency, _)| agency.parse().ok());
        let owner = match (&self.jurisdiction, &self.agency) {
            (Some(code), _) => Some(ReportOwner::Jurisdiction(code.clone())),
            (None, Some(agency)) => Some(ReportOwner::Agency(agency.clone())),
            (None, None) => named_agency().map(ReportOwner::Agency),
        };
        let year = document.year.or_else(|| named.and_then(|(_, year)| year.parse().ok()));
        let (Some(owner), Some(year)) = (owner, year) else {
            return Err(format!(
                "{}: 请给出 --agency 与 --year，或将文件命名为 机构代码-年度 / give --agency and --year, or name the file AGENCY-YEAR",
                file.display()
            ));
        };
        for note in &document.reading.notes {
            eprintln!("{}\n  ? {}\n    {}", file.display(), note.message.zh, note.message.en);
        }
        let mut report = pb::Report {
            name: ReportKey { owner, year }.to_string(),
            edition: edition_to_wire(document.reading.edition),
            form: Some(figures_to_wire(&document.reading.figures).into()),
            narrative: Some(&document.reading.narrative).filter(|text| !text.is_empty()).map(narrative_to_wire),
            ..Default::default()
        };
        self.complete(&mut report);
        Ok(report)
    }

    /// Adds what was said on the command line.
    fn complete(&self, report: &mut pb::Report) {
        let answers = self.reasons.iter().map(|(rule, reason)| pb::Answer {
            rule: rule.clone(),
            cell: String::new(),
            reason: reason.clone(),
        });
        report.answers.extend(answers);
        if let Some(etag) = &self.etag {
            report.etag.clone_from(etag);
        }
        if let Some(correction) = &self.correction {
            report.reason.clone_from(correction);
        }
    }

    pub async fn run(&self, server: &Server, format: Format) -> Outcome {
        let mut items = Vec::new();
        let mut failed = 0;
        for file in expand(&self.files)? {
            for item in self.items(&file) {
                match item {
                    Ok(item) => items.push(item),
                    Err(text) => {
                        eprintln!("✗ {text}");
                        failed += 1;
                    }
                }
            }
        }
        if items.is_empty() {
            return if failed > 0 {
                Err(Failure::Refused)
            } else {
                Err(Failure::Usage("没有可提交的报告 nothing to submit".to_owned()))
            };
        }
        let (sources, reports): (Vec<_>, Vec<_>) =
            items.into_iter().map(|item| ((item.source, item.workbook), item.report)).unzip();
        let many = sources.len() > 1;
        let bar = if many { ProgressBar::new(sources.len() as u64) } else { ProgressBar::hidden() };
        let mut answers = self.send(server, reports).await?;
        let mut stored = 0;
        let mut known = 0;
        for (source, workbook) in &sources {
            let answer = answers.message().await.map_err(|status| interrupted(&status))?;
            let answer =
                answer.ok_or_else(|| Failure::Unreachable("the stream ended early; run it again".to_owned()))?;
            bar.inc(1);
            if format == Format::Json {
                print_json(&answer)?;
            }
            match answer.result {
                Some(Answered::Accepted(accepted)) => {
                    if accepted.already_stored {
                        known += 1
                    } else {
                        stored += 1
                    }
                    if format != Format::Json && !many {
                        print!("{}", accepted_text(source, &accepted));
                    }
                }
                Some(Answered::Refused(problem)) => {
                    failed += 1;
                    let marked = workbook.as_ref().and_then(|workbook| workbook.refused(&problem));
                    let marked = marked.unwrap_or_default();
                    bar.suspend(|| eprint!("✗ {source}\n{}{marked}", problem_text(&problem)));
                }
                None => failed += 1,
            }
        }
        bar.finish_and_clear();
        if many && format != Format::Json {
            println!(
                "存入 {stored}，此前已存 {known}，未接收 {failed}  {stored} stored, {known} stored before, {failed} refused"
            );
        }
        if failed > 0 { Err(Failure::Refused) } else { Ok(()) }
    }

    async fn send(
        &self,
        server: &Server,
        reports: Vec<pb::Report>,
    ) -> Result<tonic::Streaming<pb::SubmitReportsResponse>, Failure> {
        let mut client = ReportServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let (sender, receiver) = mpsc::channel(AHEAD);
        let validate_only = self.dry_run;
        tokio::spawn(async move {
            for report in reports {
                // The same report has the same id however often it is sent, so that a second run is recognised.
                let request_id = Uuid::new_v8(request_id_bytes(&report)).to_string();
                let submission = Some(pb::SubmitReportRequest { report: Some(report), request_id, validate_only });
                if sender.send(pb::SubmitReportsRequest { submission }).await.is_err() {
                    break;
                }
            }
        });
        let answers = client.submit_reports(ReceiverStream::new(receiver)).await;
        Ok(answers.map_err(|status| refused(&status))?.into_inner())
    }
}

fn request_id_bytes(report: &pb::Report) -> [u8; 16] {
    let Hash(digest) = Hash::of(&report.encode_to_vec());
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

fn accepted_text(source: &str, accepted: &pb::SubmitReportResponse) -> String {
    let mut text = format!("✓ {source}\n{}", findings_text(&accepted.findings));
    match &accepted.receipt {
        None => text.push_str("  检查通过，未存入  checked; nothing was stored\n"),
        Some(receipt) => {
            let time = time_text(receipt.time);
            let word = if accepted.already_stored { "此前已存入 stored before" } else { "已存入 stored" };
            text.push_str(&format!(
                "  {word}\n  回执 Receipt\n    版本 revision  {}\n    etag           {}\n    内容 SHA-256   {}\n    日志序号 sequence {}\n    日志链 chain   {}\n    时间 time      {time}\n",
                receipt.revision, receipt.etag, receipt.content_sha256, receipt.sequence, receipt.chain_sha256
            ));
        }
    }
    text
}
