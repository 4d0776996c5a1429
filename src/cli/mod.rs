//! The command line: one file per command, and one place that decides the exit code.

mod anchors;
mod backup;
mod check;
mod client;
mod collection;
mod coverage;
mod credential;
mod demo;
mod doctor;
mod documents;
mod explain;
mod export;
mod form;
mod frozen;
mod healthcheck;
mod init;
mod journal;
mod journal_export;
mod journal_head;
mod output;
mod pages;
mod perspective;
mod reconcile;
mod registry;
mod report;
mod rollup;
mod salvage;
mod serve;
mod submissions;
mod submit;
mod supply;
mod template;
mod verify;
mod workbook;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::document::process::{self, Confinement};
use crate::report::{Message, inert};
use crate::service::Caller;

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
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Table,
    /// Also written `jsonl`, for `export`.
    #[value(alias = "jsonl")]
    Json,
    Csv,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Serve),
    /// Make a new store; where `store.must_exist` is set, `serve` makes none by itself.
    Init(init::Init),
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
    /// How many reports are expected, received and missing.
    Coverage(coverage::Coverage),
    /// Jurisdictions and agencies, and all that changes of them from year to year.
    #[command(subcommand)]
    Registry(registry::Registry),
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
    /// Stores, their copies, backups and journals hold everything; forms and workbooks are made to be handed on.
    fn writes_what_others_may_not_read(&self) -> bool {
        matches!(
            self,
            Self::Serve(_)
                | Self::Init(_)
                | Self::Demo(_)
                | Self::Credential(_)
                | Self::Journal(_)
                | Self::Backup(_)
                | Self::Restore(_)
                | Self::Salvage(_)
                | Self::Verify(_)
                | Self::Doctor(_)
        )
    }
}

/// How long work in the background gets to notice that the command has ended.
const SCANS_END: Duration = Duration::from_secs(1);

/// Why a command ends with another code than 0.
enum Failure {
    /// Findings, or a refusal that was printed already: 1.
    Refused,
    /// Something else went wrong, to be said: 1.
    Failed(String),
    /// The command makes no sense as given: 2.
    Usage(String),
    /// The server cannot be reached: 3.
    Unreachable(String),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

type Outcome = Result<(), Failure>;

/// Whoever runs a command on the machine itself, for the journal: the command, and the user of the operating system.
fn operator(command: &str) -> Caller {
    let user = rustix::process::getuid().as_raw();
    Caller { by: format!("users/{user}"), ..Caller::internal(command) }
}

/// Chinese first, then English.
fn both(message: &Message) -> String {
    format!("{}\n  {}", message.zh, message.en)
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
        Err(Failure::Refused) => return ExitCode::from(1),
        Err(Failure::Failed(text)) => (1, text),
        Err(Failure::Usage(text)) => (2, text),
        Err(Failure::Unreachable(text)) => (3, text),
    };
    eprintln!("{}", inert::to_terminal(&text));
    ExitCode::from(code)
}

async fn execute(arguments: Arguments) -> Outcome {
    let Connection { server: url, principal, credentials, format, utc } = arguments.connection;
    if utc {
        output::tell_times_in_utc();
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
        Command::Demo(demo) => demo.run().await,
        Command::Check(check) => check.run(format).await,
        Command::Read(read) => read.run(format).await,
        Command::Explain(explain) => explain.run(),
        Command::Submit(submit) => submit.run(&server, format).await,
        Command::Report(report) => report.run(&server, format).await,
        Command::Template(template) => template.run(&server).await,
        Command::Export(export) => export.run(&server, format).await,
        Command::Rollup(rollup) => rollup.run(&server, format).await,
        Command::Form(form) => form.run(&server, format).await,
        Command::Reconcile(reconcile) => reconcile.run(&server, format).await,
        Command::Frozen(frozen) => frozen.run(&server, format).await,
        Command::Coverage(coverage) => coverage.run(&server, format).await,
        Command::Registry(registry) => registry.run(&server, format).await,
        Command::Collection(collection) => collection.run(&server, format).await,
        Command::Credential(credential) => credential.run(&server, format).await,
        Command::Journal(journal) => journal.run(&server, format).await,
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
