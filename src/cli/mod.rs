//! The command line: one file per command, and one place that decides the exit code.

/// What is printed for people; a reader that has gone is no reason to shout. Shadows the one of the standard library, which
/// panics then, for every command.
macro_rules! println {
    () => {
        $crate::cli::output::write_line(format_args!(""))
    };
    ($($arguments:tt)*) => {
        $crate::cli::output::write_line(format_args!($($arguments)*))
    };
}

/// As `println`, without the end of the line.
macro_rules! print {
    ($($arguments:tt)*) => {
        $crate::cli::output::write(format_args!($($arguments)*))
    };
}

/// As `println`, to the other stream.
macro_rules! eprintln {
    ($($arguments:tt)*) => {
        $crate::cli::output::write_error(format_args!("{}\n", format_args!($($arguments)*)))
    };
}

/// As `eprintln`, without the end of the line.
macro_rules! eprint {
    ($($arguments:tt)*) => {
        $crate::cli::output::write_error(format_args!($($arguments)*))
    };
}

mod anchors;
mod anomalies;
mod backup;
mod check;
mod client;
mod collection;
mod contacts;
mod coverage;
mod credential;
mod demo;
mod doctor;
mod documents;
mod explain;
mod export;
mod failure;
mod form;
mod frozen;
mod healthcheck;
mod init;
mod journal;
mod journal_export;
mod journal_head;
mod language;
mod manual;
mod output;
mod pages;
mod perspective;
mod publish;
mod reconcile;
mod registry;
mod remind;
mod report;
mod rollup;
mod salvage;
mod sample;
mod serve;
mod store;
mod submissions;
mod submit;
mod supply;
mod template;
mod terms;
mod times;
mod verify;
mod workbook;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::document::process::{self, Confinement};
use crate::report::{Message, inert};
use crate::service::Caller;

pub use failure::parse;

use failure::Failure;
use language::Language;

/// 汇总 Huizong: collects annual reports on government information disclosure, checks them, and adds them up.
#[derive(Parser)]
#[command(name = "huizong", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Connection {
    /// Address of the service.
    #[arg(long, global = true, env = "HUIZONG_SERVER", default_value = "http://127.0.0.1:7411", value_name = "URL")]
    server: String,
    /// Who you are, for the journal, where the service does not ask for credentials.
    #[arg(long = "as", global = true, env = "HUIZONG_PRINCIPAL", value_name = "NAME")]
    principal: Option<String>,
    #[command(flatten)]
    credentials: client::Credentials,
    /// How results are printed; json is the canonical JSON of the response.
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    /// Times in UTC, where results are for people; else in the time zone of this machine, with its offset.
    #[arg(long, global = true)]
    utc: bool,
    /// CSV begins with a byte order mark, by which Excel knows it for UTF-8.
    #[arg(long, global = true)]
    bom: bool,
    /// In which languages results for people are; left out, as the locale says (LC_ALL, LANG), or both.
    #[arg(long, global = true, value_enum, env = language::VARIABLE, value_name = "LANGUAGE")]
    #[allow(dead_code, reason = "looked for before the arguments are taken apart; here it has its help")]
    lang: Option<Language>,
    /// Time zone of times that are given without an offset: its name, or an offset such as +08:00.
    #[arg(long, global = true, env = "HUIZONG_TIME_ZONE", value_name = "ZONE", default_value = times::DEFAULT)]
    time_zone: times::Zone,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Table,
    /// Also written `jsonl`, for `export`.
    #[value(alias = "jsonl")]
    Json,
    Csv,
    /// A workbook, of sums, coverage and the journal: to be sent to a file.
    Xlsx,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Serve),
    /// Make a new store; where `store.must_exist` is set, `serve` makes none by itself.
    Init(init::Init),
    /// The journal that several instances share.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Serve a simulated province to look at.
    Demo(demo::Demo),
    /// Read documents and judge them offline; nothing is sent.
    Check(check::Check),
    /// Print what was read from documents, cell by cell; nothing is sent.
    Read(check::Read),
    /// A workbook for an agency to fill in, with last year's figures beside; `submit` takes it back.
    Template(template::Template),
    /// Hand in reports: documents, workbooks, folders, or JSON Lines or CSV as `export` writes them.
    Submit(submit::Submit),
    /// Read reports back, and review them.
    #[command(subcommand)]
    Report(report::Report),
    /// Sums of lines of the form over a jurisdiction.
    Rollup(rollup::Rollup),
    /// All reports of a jurisdiction, without loss: JSON Lines or CSV.
    Export(export::Export),
    /// The computed consolidated form of a jurisdiction, also as a document to publish.
    Form(form::Form),
    /// A government's own consolidated report against the computed sum.
    Reconcile(reconcile::Reconcile),
    /// Computed forms frozen for publication.
    #[command(subcommand)]
    Frozen(frozen::Frozen),
    /// Figures of a year that deserve a look: far from an agency's past and from how its like changed.
    Anomalies(anomalies::Anomalies),
    /// A folder of static pages of what was frozen or accepted, which any web server can serve.
    Publish(publish::Publish),
    /// How many reports are expected, received and missing.
    Coverage(coverage::Coverage),
    /// Jurisdictions and agencies, and all that changes of them from year to year.
    #[command(subcommand)]
    Registry(registry::Registry),
    /// Whom to ask at an agency: people, their telephone numbers and e-mail addresses.
    #[command(subcommand)]
    Contacts(contacts::Contacts),
    /// Agencies whose report is missing or was returned: the list of them, and messages to them (催报).
    #[command(subcommand)]
    Remind(remind::Remind),
    /// The yearly campaign: due times, lock and exceptions.
    #[command(subcommand)]
    Collection(collection::Collection),
    /// Who may do what: principals, roles and tokens.
    #[command(subcommand)]
    Credential(credential::Credential),
    /// Entries of the journal.
    Journal(journal::Journal),
    /// Write everything that a running service has to a file.
    Backup(backup::Backup),
    /// Make a new store of a backup; the file is checked wholly first.
    Restore(backup::Restore),
    /// Check every record, the journal's chain, what records say of each other, and the sums.
    Verify(verify::Verify),
    /// Write out every record of a damaged store that can still be read, and a list of what cannot.
    Salvage(salvage::Salvage),
    /// Look at disk, file system, clock, store and settings, and say what to do; changes nothing.
    Doctor(doctor::Doctor),
    /// Ask a running service whether it serves, for images without a shell.
    Healthcheck(healthcheck::Healthcheck),
    /// A rule in words, with an example; without a rule, all of them.
    Explain(explain::Explain),
    /// A plausible report as a document to hand in, or one with a mistake to be refused; made up, offline.
    Sample(sample::Sample),
    /// What completes commands in a shell.
    Completions(manual::Completions),
    /// Manual pages of all commands.
    Manual(manual::Manual),
    /// Read the documents that the program itself hands over; started by it, and of no use to anybody else.
    #[command(hide = true, name = process::COMMAND)]
    DocumentReader(DocumentReader),
}

#[derive(Args)]
struct DocumentReader {
    /// Memory is limited already.
    #[arg(long)]
    confined: bool,
    memory_bytes: u64,
    processor_seconds: u64,
}

impl DocumentReader {
    fn run(&self) -> std::io::Result<()> {
        let processor_time = Duration::from_secs(self.processor_seconds);
        let confinement = Confinement { memory_bytes: self.memory_bytes, processor_time };
        if self.confined { process::run(confinement) } else { process::confine_then_run(confinement).map(|_| ()) }
    }
}

impl Command {
    /// Whether its results are one table.
    fn is_one_table(&self) -> bool {
        matches!(self, Self::Rollup(_) | Self::Coverage(_) | Self::Journal(_))
    }

    /// Stores, their copies, backups and journals hold everything, lists of people what is theirs; forms and workbooks are made to be handed on.
    fn writes_what_others_may_not_read(&self) -> bool {
        let writes_people = match self {
            Self::Registry(registry) => registry.writes_people(),
            Self::Remind(remind) => remind.writes_people(),
            _ => false,
        };
        let writes_everything = matches!(
            self,
            Self::Serve(_)
                | Self::Init(_)
                | Self::Store(_)
                | Self::Demo(_)
                | Self::Credential(_)
                | Self::Journal(_)
                | Self::Backup(_)
                | Self::Restore(_)
                | Self::Salvage(_)
                | Self::Verify(_)
                | Self::Doctor(_)
        );
        writes_people || writes_everything
    }
}

/// How long work in the background gets to notice that the command has ended.
const SCANS_END: Duration = Duration::from_secs(1);

type Outcome = Result<(), Failure>;

/// Whoever runs a command on the machine itself, for the journal: the command, and the user of the operating system.
fn operator(command: &str) -> Caller {
    let user = rustix::process::getuid().as_raw();
    Caller { by: format!("users/{user}"), ..Caller::internal(command) }
}

/// Chinese first, then English, each on its line.
fn both(message: &Message) -> String {
    language::told(&message.zh, &message.en, "\n  ")
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    // Before there is a runtime: it runs none, and has no files open but its pipes.
    if let Command::DocumentReader(reader) = &arguments.command {
        return reader.run().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(execute(arguments));
    // Scans of the store that are still under way have nobody to answer any more.
    runtime.shutdown_timeout(SCANS_END);
    let (code, text) = match ended {
        Ok(()) => return ExitCode::SUCCESS,
        // Whoever read it has what they wanted.
        Err(Failure::Unread) => return ExitCode::SUCCESS,
        Err(Failure::Refused) => return ExitCode::from(1),
        Err(Failure::Failed(text)) => (1, text),
        Err(Failure::Usage(text)) => (2, text),
        Err(Failure::Unreachable(text)) => (3, text),
    };
    eprintln!("{}", inert::to_terminal(&language::lines(&text)));
    ExitCode::from(code)
}

async fn execute(arguments: Arguments) -> Outcome {
    let Connection { server: url, principal, credentials, format, utc, lang: _, time_zone, bom } = arguments.connection;
    if utc {
        output::tell_times_in_utc();
    }
    let zone = time_zone;
    if format == OutputFormat::Xlsx && !arguments.command.is_one_table() {
        let text = "--format xlsx：用于 rollup、coverage、journal\n  --format xlsx is for rollup, coverage and journal";
        return Err(Failure::Usage(text.to_owned()));
    }
    if bom {
        output::mark_tables();
    }
    let server = client::Server { url, principal, credentials };
    if arguments.command.writes_what_others_may_not_read() {
        // Files and folders are for their owner alone, whatever the shell says.
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    }
    match arguments.command {
        // It ran before.
        Command::DocumentReader(_) => Ok(()),
        Command::Serve(serve) => serve.run().await,
        Command::Init(init) => init.run().await,
        Command::Store(store) => store.run(format).await,
        Command::Demo(demo) => demo.run().await,
        Command::Check(check) => check.run(format).await,
        Command::Read(read) => read.run(format).await,
        Command::Explain(explain) => explain.run(),
        Command::Sample(sample) => sample.run(),
        Command::Completions(completions) => completions.run(),
        Command::Manual(manual) => manual.run(),
        Command::Submit(submit) => submit.run(&server, format).await,
        Command::Report(report) => report.run(&server, format).await,
        Command::Template(template) => template.run(&server).await,
        Command::Export(export) => export.run(&server, format).await,
        Command::Rollup(rollup) => rollup.run(&server, format).await,
        Command::Form(form) => form.run(&server, format).await,
        Command::Reconcile(reconcile) => reconcile.run(&server, format).await,
        Command::Frozen(frozen) => frozen.run(&server, format).await,
        Command::Anomalies(anomalies) => anomalies.run(&server, format).await,
        Command::Publish(publish) => publish.run(&server).await,
        Command::Coverage(coverage) => coverage.run(&server, format).await,
        Command::Registry(registry) => registry.run(&server, format).await,
        Command::Contacts(contacts) => contacts.run(&server, format).await,
        Command::Remind(remind) => remind.run(&server, format).await,
        Command::Collection(collection) => collection.run(&server, format, &zone).await,
        Command::Credential(credential) => credential.run(&server, format).await,
        Command::Journal(journal) => journal.run(&server, format, &zone).await,
        Command::Backup(backup) => backup.run(&server, format).await,
        Command::Restore(restore) => restore.run(format).await,
        Command::Salvage(salvage) => salvage.run(format),
        Command::Healthcheck(healthcheck) => healthcheck.run(&server).await,
        Command::Doctor(doctor) => doctor.run(&server, format).await,
        Command::Verify(verify) => verify.run(&server, format).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_argument_has_its_own_name() {
        Arguments::command().debug_assert();
    }
}
