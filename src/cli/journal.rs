//! `huizong journal`: what happened; exported for auditors, and verified without the service.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::pb;
use crate::pb::journal_service_client::JournalServiceClient;
use crate::server::open_unserved;
use crate::store::{Extent, JournalFault, Position, Store, verify_journal};
use crate::wire::timestamp_to_wire;

use super::anchors::Anchors;
use super::client::{Server, connect, refused};
use super::journal_export::Export;
use super::journal_head::Head;
use super::language::{beside, comma, term, told};
use super::output::{Listing, facts, label, print_json, print_line, resource, time_text};
use super::times::{Typed, Zone};
use super::verify::Scratch;
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Journal {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum Command {
    /// Write the journal to a file, as JSON Lines: all of it, or what came since the last time.
    Export(Export),
    /// How far the journal has come, signed by the service: keep it where the service cannot reach.
    Head(Head),
    /// Strike people's words out of an entry and of all that was stored with it, for good; their digests stay.
    Strike(Strike),
    /// Check the chain of an exported journal, or of a store that no service has open.
    Verify(VerifyJournal),
}

#[derive(Args)]
#[group(skip)]
struct VerifyJournal {
    /// Files that `huizong journal export` wrote: one, or several that go on from one another, in their order.
    #[arg(value_name = "FILE", required_unless_present = "data", conflicts_with = "data")]
    files: Vec<PathBuf>,
    /// Folder of the store.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["receipt", "extends", "head"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    kept: Anchors,
    #[command(flatten)]
    scratch: Scratch,
}

#[derive(Args)]
struct Strike {
    /// Sequence number of the entry.
    sequence: i64,
    /// On what grounds, and why; for the journal.
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
struct List {
    /// Entries after this sequence number.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most this many, up to 1,000.
    #[arg(long, default_value_t = 50)]
    limit: i32,
    /// The newest first.
    #[arg(long)]
    newest: bool,
    /// Only what this principal did, or tried.
    #[arg(long, default_value = "", value_name = "NAME")]
    principal: String,
    /// Only what came from this address; one that ends with . or : is what addresses begin with.
    #[arg(long, default_value = "", value_name = "ADDRESS")]
    address: String,
    /// Only about this agency, or this jurisdiction and all below it: agencies/ID, jurisdictions/CODE, or a code.
    #[arg(long, default_value = "", value_name = "PLACE")]
    place: String,
    /// Only this action, such as report.submit, or all of one kind, such as report.
    #[arg(long, default_value = "")]
    action: String,
    /// Only about this resource or one below it, such as agencies/ID.
    #[arg(long, default_value = "")]
    subject: String,
    /// Only from this time on, such as "2026-01-31 08:00" or 2026-01-31, in the zone of --time-zone.
    #[arg(long, value_name = "TIME")]
    since: Option<Typed>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Typed>,
    /// Only what was accepted, or refused.
    #[arg(long, value_enum)]
    outcome: Option<Became>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Became {
    Accepted,
    Refused,
}

/// The moment that was typed, or none, on the wire; a day begins at midnight.
fn wire_time(typed: Option<Typed>, zone: &Zone) -> Result<Option<prost_types::Timestamp>, Failure> {
    let time = typed.map(|typed| typed.since(zone)).transpose().map_err(Failure::Usage)?;
    Ok(time.map(timestamp_to_wire))
}

impl Journal {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat, zone: &Zone) -> Outcome {
        match &self.command {
            None => self.list.run(server, format, zone).await,
            Some(Command::Export(export)) => export.run(server).await,
            Some(Command::Head(head)) => head.run(server).await,
            Some(Command::Strike(strike)) => strike.run(server, format).await,
            Some(Command::Verify(verify)) => verify.run(),
        }
    }
}

impl Strike {
    async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = JournalServiceClient::new(connect(server).await?);
        let request = pb::StrikeJournalWordsRequest { sequence: self.sequence, reason: self.reason.clone() };
        let answer = client.strike_journal_words(request).await.map_err(|status| refused(&status))?.into_inner();
        if format == OutputFormat::Json {
            return print_json(&answer);
        }
        let of = self.sequence;
        print_line(&beside(format!("第{of}条的文字已删去"), format!("the words of entry {of} are struck out")))?;
        let copies = told(
            "备份、导出文件与数据目录的旧字节中仍有副本，见 docs/journal.md",
            "Backups, exports and old bytes of the data folder hold copies of them: see docs/journal.md",
            "\n  ",
        );
        print_line(&format!("  {copies}"))
    }
}

impl List {
    async fn run(&self, server: &Server, format: OutputFormat, zone: &Zone) -> Outcome {
        let mut client = JournalServiceClient::new(connect(server).await?);
        let outcome = match self.outcome {
            None => pb::JournalOutcome::Unspecified,
            Some(Became::Accepted) => pb::JournalOutcome::Done,
            Some(Became::Refused) => pb::JournalOutcome::Refused,
        };
        let mut request = pb::ListJournalRequest {
            after_sequence: self.after,
            page_size: self.limit,
            action: self.action.clone(),
            subject: self.subject.clone(),
            start_time: wire_time(self.since, zone)?,
            end_time: wire_time(self.until, zone)?,
            outcome: outcome.into(),
            newest_first: self.newest,
            principal: self.principal.clone(),
            address: self.address.clone(),
            place: match self.place.as_str() {
                "" => String::new(),
                place if place.contains('/') => place.to_owned(),
                code => resource("jurisdictions", code),
            },
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
        if format == OutputFormat::Json {
            return print_json(&page);
        }
        let headings =
            ["sequence", "time", "actor", "by", "action", "操作 in words", "subject", "names", "outcome", "detail"];
        let mut listing = Listing::new(&headings, &[0]);
        for entry in page.entries {
            let time = time_text(entry.time);
            let outcome = term(&entry.outcome().as_str_name().trim_start_matches("JOURNAL_OUTCOME_").to_lowercase());
            let names: Vec<String> = entry.names.into_iter().map(|named| named.display_name).collect();
            listing.rows.push(vec![
                entry.sequence.to_string(),
                time,
                entry.actor,
                entry.by.unwrap_or_default(),
                entry.action,
                label(entry.action_text.as_ref()),
                entry.subject,
                names.join(comma()),
                outcome,
                entry.detail,
            ]);
        }
        listing.print(format)
    }
}

pub(crate) fn fault(error: &JournalFault) -> Failure {
    Failure::Failed(both(&error.message()))
}

/// Says what was found of a journal, or of the end of one.
pub(crate) fn print_verified(extent: &Extent) -> Outcome {
    // Without anything that was kept elsewhere no more can be said.
    let end = [("条数 entries", extent.end.sequence.to_string()), ("日志校验值 chain", extent.end.chain.to_string())];
    let state = told("日志自洽", "The journal is consistent with itself", " ");
    print_line(&format!("{state}\n{}", facts(&end, "  ")))?;
    if extent.begin.sequence == 0 {
        return Ok(());
    }
    let from = extent.begin.sequence;
    let begins = told(
        &format!("接第{from}条之后，此前未核对"),
        &format!("it goes on from entry {from}, and what is before that was not looked at"),
        " ",
    );
    print_line(&format!("  {begins}\n{}", facts(&[("该条日志校验值 chain", extent.begin.chain.to_string())], "  ")))
}

impl VerifyJournal {
    fn run(&self) -> Outcome {
        if !self.files.is_empty() {
            return self.kept.compare(&self.files);
        }
        let Some(data) = &self.data else {
            return Err(Failure::Usage(told("须给出文件或 --data 文件夹", "FILE or --data DIR is needed", "\n  ")));
        };
        let failed = |error: crate::store::StoreError| Failure::at(data.display(), &error);
        let copy = self.scratch.copy(data).map_err(failed)?;
        let store: std::sync::Arc<dyn Store> = open_unserved(copy.path()).map_err(failed)?;
        let end = verify_journal(&*store).map_err(|error| fault(&error))?;
        print_verified(&Extent { begin: Position::default(), end })
    }
}
