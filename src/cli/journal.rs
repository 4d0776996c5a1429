//! `huizong journal`: what happened; exported for auditors, and verified without the service.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::{Hash, Message};
use crate::service::BEIJING;
use crate::store::transfer::{self, Import};
use crate::store::{Evidence, Item, JournalFault, JournalWriter, Position, Store, verify_journal, verify_journal_file};
use crate::wire::{journal_entry_from_wire, timestamp_to_wire};

use super::anchors::{self, Anchors};
use super::client::{Server, connect, refused};
use super::output::{Listing, print_json, print_line, time_text};
use super::verify::{Scratch, open};
use super::{Failure, Format, Outcome, both};

/// Entries asked for at a time.
const PAGE: i32 = 1000;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Journal {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum Command {
    /// Write the whole journal to a file, as JSON Lines.
    Export {
        /// File to be written; it must not exist yet.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        /// The journal of a backup instead of a running service, with all records behind its entries.
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
    },
    /// How far the journal has come, signed by the service: keep it where the service cannot reach.
    Head {
        /// File to be written; it must not exist yet. Left out, it is printed.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check the chain of an exported journal, or of a store that no service has open.
    Verify(VerifyJournal),
}

#[derive(Args)]
#[group(skip)]
struct VerifyJournal {
    /// File that `huizong journal export` wrote.
    #[arg(required_unless_present = "data", conflicts_with = "data")]
    file: Option<PathBuf>,
    /// Folder of the store.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["receipt", "extends", "head"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    kept: Anchors,
    #[command(flatten)]
    scratch: Scratch,
}

#[derive(Args)]
struct List {
    /// Entries after this sequence number.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most this many, up to 1,000.
    #[arg(long, default_value_t = 50)]
    limit: i32,
    /// Only this action, such as report.submit.
    #[arg(long, default_value = "")]
    action: String,
    /// Only about this resource or one below it, such as agencies/ID.
    #[arg(long, default_value = "")]
    subject: String,
    /// Only from this time on: 2026-01-31T08:00:00Z, or a day in Beijing such as 2026-01-31.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Only before this time.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
    /// Only what was accepted, or refused.
    #[arg(long, value_enum)]
    outcome: Option<Became>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Became {
    Accepted,
    Refused,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().and_then(|day| BEIJING.to_timestamp(day.at(0, 0, 0, 0)));
    text.parse().or_else(|_| day()).map_err(|error| error.to_string())
}

impl Journal {
    pub async fn run(&self, server: &Server, format: Format) -> Outcome {
        match &self.command {
            None => self.list.run(server, format).await,
            Some(Command::Export { output, backup: None }) => export(server, output).await,
            Some(Command::Export { output, backup: Some(backup) }) => export_backup(backup, output),
            Some(Command::Head { output }) => anchors::head(server, output.as_deref()).await,
            Some(Command::Verify(verify)) => verify.run(),
        }
    }
}

impl List {
    async fn run(&self, server: &Server, format: Format) -> Outcome {
        let mut client = OperationsServiceClient::new(connect(server).await?);
        let outcome = match self.outcome {
            None => pb::JournalOutcome::Unspecified,
            Some(Became::Accepted) => pb::JournalOutcome::Accepted,
            Some(Became::Refused) => pb::JournalOutcome::Refused,
        };
        let mut request = pb::ListJournalRequest {
            after_sequence: self.after,
            page_size: self.limit,
            action: self.action.clone(),
            subject: self.subject.clone(),
            start_time: self.since.map(timestamp_to_wire),
            end_time: self.until.map(timestamp_to_wire),
            outcome: outcome.into(),
            ..Default::default()
        };
        let mut page = client.list_journal(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        // Where few entries pass the filters, pages are short.
        while !page.next_page_token.is_empty()
            && let wanted = self.limit.saturating_sub(page.entries.len().try_into().unwrap_or(i32::MAX))
            && wanted > 0
        {
            request.page_size = wanted;
            request.page_token = std::mem::take(&mut page.next_page_token);
            let next = client.list_journal(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
            page.entries.extend(next.entries);
            page.next_page_token = next.next_page_token;
        }
        if format == Format::Json {
            return print_json(&page);
        }
        let columns = ["sequence", "time", "actor", "by", "action", "操作", "subject", "outcome", "detail"];
        let mut listing = Listing::new(&columns, &[0]);
        for entry in page.entries {
            let time = time_text(entry.time);
            let outcome = entry.outcome().as_str_name().trim_start_matches("JOURNAL_OUTCOME_").to_lowercase();
            listing.rows.push(vec![
                entry.sequence.to_string(),
                time,
                entry.actor,
                entry.by.unwrap_or_default(),
                entry.action,
                entry.action_text.unwrap_or_default().zh,
                entry.subject,
                outcome,
                entry.detail,
            ]);
        }
        listing.print(format)
    }
}

/// Writes the journal up to where it stands at the beginning.
async fn export(server: &Server, output: &Path) -> Outcome {
    let mut client = OperationsServiceClient::new(connect(server).await?);
    let status = client.get_status(pb::GetStatusRequest {}).await.map_err(|status| refused(&status))?.into_inner();
    let unexpected = || {
        let text = Message::new("服务的回答无法理解", "the service answered something that cannot be understood");
        Failure::Failed(both(&text))
    };
    let chain = Hash::from_hex(&status.chain_sha256).ok_or_else(unexpected)?;
    let end = u64::try_from(status.sequence).map_err(|_| unexpected())?;
    let position = Position { sequence: end, chain, ..Position::default() };
    let file = File::create_new(output).map_err(|error| Failure::Failed(format!("{}: {error}", output.display())))?;
    let mut writer = JournalWriter::begin(BufWriter::new(file), &position)?;
    let bar = ProgressBar::new(end);
    let mut request = pb::ListJournalRequest { page_size: PAGE, ..Default::default() };
    while request.after_sequence < status.sequence {
        let page = client.list_journal(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        let last = page.entries.last().map(|entry| entry.sequence).ok_or_else(unexpected)?;
        for entry in page.entries.into_iter().filter(|entry| entry.sequence <= status.sequence) {
            writer.entry(&journal_entry_from_wire(entry).ok_or_else(unexpected)?)?;
        }
        request.after_sequence = last;
        bar.set_position(u64::try_from(last).unwrap_or(end));
    }
    bar.finish_and_clear();
    let file = writer.finish()?.into_inner().map_err(|error| Failure::Failed(error.to_string()))?;
    file.sync_all()?;
    // What is on disk is checked, not what was sent.
    print_verified(verify_file(output)?)
}

/// Writes the journal of a backup, then what every record in it says.
fn export_backup(backup: &Path, output: &Path) -> Outcome {
    let summary = transfer::verify(backup, |_| {}).map_err(|error| unreadable(backup, &error))?;
    let entries = summary.position.sequence;
    let file = File::create_new(output).map_err(|error| Failure::Failed(format!("{}: {error}", output.display())))?;
    let mut writer =
        JournalWriter::begin_with(BufWriter::new(file), &summary.position, Some(summary.records - entries))?;
    let bar = ProgressBar::new(2 * summary.records);
    // The entries stand in the middle of a backup.
    for item in items(backup)? {
        if let Item::Entry(entry) = item? {
            writer.entry(&entry)?;
        }
        bar.inc(1);
    }
    for item in items(backup)? {
        let item = item?;
        if let Some(record) = Evidence::of(&item) {
            writer.record(item.sequence(), &record)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let file = writer.finish()?.into_inner().map_err(|error| Failure::Failed(error.to_string()))?;
    file.sync_all()?;
    print_verified(verify_file(output)?)
}

fn unreadable(file: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("{}: {error}", file.display()))
}

/// The records of a backup in clear. Whether they are whole is found where the file that is made of them is verified.
fn items(backup: &Path) -> Result<impl Iterator<Item = Result<Item, Failure>>, Failure> {
    let opened = File::open(backup).map_err(|error| unreadable(backup, &error))?;
    let import = Import::begin(BufReader::new(opened)).map_err(|error| unreadable(backup, &error))?;
    Ok(import.into_records(|_| {}).map(move |record| {
        let record = record.map_err(|error| unreadable(backup, &error))?;
        Item::decode(&record.key, &record.value).map_err(|error| unreadable(backup, &error))
    }))
}

pub fn fault(error: &JournalFault) -> Failure {
    Failure::Failed(both(&error.message()))
}

fn verify_file(file: &Path) -> Result<Position, Failure> {
    let opened = File::open(file).map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
    verify_journal_file(BufReader::new(opened)).map_err(|error| fault(&error))
}

pub fn print_verified(position: Position) -> Outcome {
    // Without anything that was kept elsewhere no more can be said.
    print_line(&format!(
        "日志自洽 The journal is consistent with itself\n  条数 entries       {}\n  链上哈希 chain     {}",
        position.sequence, position.chain
    ))
}

impl VerifyJournal {
    fn run(&self) -> Outcome {
        if let Some(file) = &self.file {
            return self.kept.compare(file);
        }
        let Some(data) = &self.data else { return Err(Failure::Usage("FILE / --data DIR".to_owned())) };
        let failed = |error: crate::store::StoreError| Failure::Failed(format!("{}: {error}", data.display()));
        let copy = self.scratch.copy(data).map_err(failed)?;
        let store: std::sync::Arc<dyn Store> = open(copy.path()).map_err(failed)?;
        print_verified(verify_journal(&*store).map_err(|error| fault(&error))?)
    }
}
