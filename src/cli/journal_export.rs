//! `huizong journal export`: the journal as JSON Lines, for auditors. What was exported before need not be again: a file
//! may go on from another.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;

use crate::pb;
use crate::pb::journal_service_client::JournalServiceClient;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::{Hash, Message};
use crate::store::transfer::{self, Import};
use crate::store::{Evidence, Extent, Item, JournalEntry, JournalWriter, Position, verify_journal_file_with};
use crate::wire::journal_entry_from_wire;

use super::client::{Connection, Server, connect, refused};
use super::journal::{fault, print_verified};
use super::pages::PAGE_SIZE;
use super::{Failure, Outcome, both};

#[derive(Args)]
pub(crate) struct Export {
    /// File to be written; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Only what came after: a sequence number, or the file of the last export.
    #[arg(long, value_name = "SEQUENCE|FILE", conflicts_with = "backup")]
    after: Option<String>,
    /// The journal of a backup instead of a running service, with all records behind its entries.
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
}

type Client = JournalServiceClient<Connection>;

impl Export {
    pub(crate) async fn run(&self, server: &Server) -> Outcome {
        match &self.backup {
            Some(backup) => export_backup(backup, &self.output),
            None => self.export_service(server).await,
        }
    }

    /// Writes the journal up to where it stands at the beginning.
    async fn export_service(&self, server: &Server) -> Outcome {
        let channel = connect(server).await?;
        let mut client = Client::new(channel.clone());
        let mut operations = OperationsServiceClient::new(channel);
        let status = operations
            .get_status(pb::GetStatusRequest::default())
            .await
            .map_err(|status| refused(&status))?
            .into_inner();
        let chain = Hash::from_hex(&status.chain_sha256).ok_or_else(unexpected)?;
        let sequence = u64::try_from(status.as_of).map_err(|_| unexpected())?;
        let end = Position { sequence, chain, ..Position::default() };
        let begin = self.begin(&mut client, &end).await?;
        let file = create(&self.output)?;
        let mut writer = JournalWriter::begin_after(BufWriter::new(file), &begin, &end)?;
        let bar = ProgressBar::new(end.sequence - begin.sequence);
        let mut last = begin.sequence;
        while last < end.sequence {
            let entries = entries_after(&mut client, last, PAGE_SIZE).await?;
            last = entries.last().map(|entry| entry.sequence).ok_or_else(unexpected)?;
            for entry in entries.iter().filter(|entry| entry.sequence <= end.sequence) {
                writer.entry(entry)?;
            }
            bar.set_position(last - begin.sequence);
        }
        bar.finish_and_clear();
        let file = writer.finish()?.into_inner().map_err(|error| Failure::of(error.error()))?;
        file.sync_all()?;
        // What is on disk is checked, not what was sent: the service's journal goes on from what was exported before.
        print_verified(&verify_file(&self.output, Some(&begin))?)
    }

    /// After which entry the export begins, with its chain hash.
    async fn begin(&self, client: &mut Client, end: &Position) -> Result<Position, Failure> {
        let Some(after) = &self.after else { return Ok(Position::default()) };
        let begin = match after.parse() {
            Ok(0) => return Ok(Position::default()),
            Ok(sequence) => {
                let entry = entries_after(client, sequence - 1, 1).await?.pop();
                entry.map_or(Position { sequence, ..Position::default() }, |entry| entry.position())
            }
            Err(_) => verify_file(Path::new(after), None)?.end,
        };
        if begin.sequence > end.sequence {
            let (found, ends) = (begin.sequence, end.sequence);
            return Err(Failure::Failed(both(&Message::new(
                format!("服务的日志止于第{ends}条，未到第{found}条：服务可能已由备份恢复，或不是同一日志"),
                format!(
                    "the service's journal ends with entry {ends}, before entry {found}: it was restored from a backup, \
                     or it is another journal"
                ),
            ))));
        }
        if begin.sequence == end.sequence && begin.chain != end.chain {
            return Err(Failure::Failed(both(&Message::new(
                "服务的日志不是此文件所导出的日志",
                "the service's journal is another than the one that this file was exported from",
            ))));
        }
        Ok(begin)
    }
}

fn unexpected() -> Failure {
    let text = Message::new("服务的回答无法理解", "the service answered something that cannot be understood");
    Failure::Failed(both(&text))
}

fn create(output: &Path) -> Result<File, Failure> {
    File::create_new(output).map_err(|error| unreadable(output, &error))
}

/// Entries of the service's journal after one of them, oldest first; none after the last.
async fn entries_after(client: &mut Client, sequence: u64, page_size: i32) -> Result<Vec<JournalEntry>, Failure> {
    let after_sequence = i64::try_from(sequence).map_err(|_| unexpected())?;
    let request = pb::ListJournalRequest { after_sequence, page_size, ..Default::default() };
    let page = client.list_journal(request).await.map_err(|status| refused(&status))?.into_inner();
    page.entries.into_iter().map(|entry| journal_entry_from_wire(entry).ok_or_else(unexpected)).collect()
}

/// Writes the journal of a backup, then what every record in it says.
fn export_backup(backup: &Path, output: &Path) -> Outcome {
    let summary = transfer::verify(backup, |_| {}).map_err(|error| unreadable(backup, &error))?;
    if summary.since.sequence > 0 {
        let text = Message::new(
            "此备份只含某次备份之后的内容；请用完整备份",
            "this backup has only what came after another: take a whole one",
        );
        return Err(Failure::Usage(format!("{}: {}", backup.display(), both(&text))));
    }
    let mut records = 0;
    for item in items(backup)? {
        records += u64::from(!matches!(item?, Item::Entry(_)));
    }
    let file = create(output)?;
    let mut writer = JournalWriter::begin_with(BufWriter::new(file), &summary.position, Some(records))?;
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
    let file = writer.finish()?.into_inner().map_err(|error| Failure::of(error.error()))?;
    file.sync_all()?;
    print_verified(&verify_file(output, None)?)
}

fn unreadable(file: &Path, error: &(impl std::error::Error + 'static)) -> Failure {
    Failure::at(file.display(), error)
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

fn verify_file(file: &Path, after: Option<&Position>) -> Result<Extent, Failure> {
    let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
    verify_journal_file_with(BufReader::new(opened), after, |_| {}).map_err(|error| {
        let Failure::Failed(text) = fault(&error) else { return fault(&error) };
        Failure::Failed(format!("{}: {text}", file.display()))
    })
}
