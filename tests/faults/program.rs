//! The real program, as the faults start it, and what must hold of its store afterwards.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::support::process;

pub use process::Server as Program;

/// How the program is started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A configuration file's content.
    pub text: String,
    pub environment: Vec<(&'static str, OsString)>,
}

impl Default for Settings {
    /// A small cache, nothing set aside, and rates that tests do not reach.
    fn default() -> Self {
        let text = "[store]\ncache_mib = 32\nballast_bytes = 0\nmin_free_bytes = 0\n\
                    [limits]\ncalls_per_second_per_principal = 1000000\ncalls_per_second_per_address = 1000000\n";
        Self { text: text.to_owned(), environment: Vec::new() }
    }
}

impl Settings {
    /// Every refusal is written down, however many there are.
    pub fn refusals_in_the_journal(mut self) -> Self {
        self.text.push_str("[access]\nrefusals_per_minute = 1000000\nrefused_submissions_per_minute = 1000000\n");
        self
    }
}

/// Runs to its end what tests do at the same time.
pub fn block_on<F: Future>(work: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// Starts the service over the store in a folder.
pub async fn start(folder: &Path, settings: &Settings) -> (Program, Channel) {
    try_start(folder, settings).await.unwrap_or_else(|log| panic!("the service ended: {log}"))
}

/// The same; its log where it ends instead.
pub async fn try_start(folder: &Path, settings: &Settings) -> Result<(Program, Channel), String> {
    process::launch(&mut command(folder, settings)).await
}

/// The command of the service, its settings written beside the store's folder.
pub fn command(folder: &Path, settings: &Settings) -> Command {
    let file = folder.with_extension("toml");
    std::fs::write(&file, &settings.text).unwrap();
    let mut command = process::command(folder, &["--config", file.to_str().unwrap()]);
    command.envs(settings.environment.iter().map(|(name, value)| (name, value)));
    command
}

/// Where the program listens, such as `127.0.0.1:1234`.
pub fn address(program: &Program) -> &str {
    program.url.trim_start_matches("http://")
}

/// Memory that the program has taken at the most, in MiB.
pub fn memory_mib_max(program: &Program) -> u64 {
    status_kib(program, "VmHWM:") >> 10
}

/// Memory that the program takes now, in KiB.
pub fn memory_kib(program: &Program) -> u64 {
    status_kib(program, "VmRSS:")
}

/// A figure of the kernel about the program, in KiB.
fn status_kib(program: &Program, figure: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(figure));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Runs another command of the program.
pub fn huizong(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

/// What the service itself finds wrong with its store.
pub async fn verification(channel: &Channel) -> Result<pb::StoreVerification, Status> {
    let request = pb::VerifyStoreRequest {};
    let mut answers = OperationsServiceClient::new(channel.clone()).verify_store(request).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        if let Some(result) = answer.result {
            return Ok(result);
        }
    }
    Err(Status::internal("no result"))
}

/// Has the store verified by the service, then stops it and has the folder verified by the command.
pub async fn assert_whole(channel: &Channel, folder: &Path, mut program: Program) {
    let online = verification(channel).await.unwrap();
    assert_eq!(online.faults_total, 0, "{online:?}");
    assert_eq!(program.logged("panicked"), Vec::<String>::new());
    program.terminate();
    let folder = folder.to_owned();
    let (code, offline) = tokio::task::spawn_blocking(move || {
        (program.wait(), huizong(&["journal", "verify", "--data", folder.to_str().unwrap()]))
    })
    .await
    .unwrap();
    assert_eq!(code, Some(0));
    assert!(offline.status.success(), "{}", String::from_utf8_lossy(&offline.stderr));
}
