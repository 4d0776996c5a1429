//! The service in a process of its own: this program, started once more. It fills a store, or serves one together with
//! the echo, until the program that started it closes its input or ends.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures::StreamExt as _;
use huizong::config::{Config, Limits, StoreSettings};
use huizong::report::{ReportKey, ReportYear};
use huizong::server::{Doors, open_store};
use huizong::service::{Caller, Service, Settings, Submission};
use huizong::simulation::Province;
use huizong::store::CheckpointFile;
use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};

use super::echo::Echo;
use super::instances;
use super::scene::{parameters, stored_years};

/// How this program is told to be something else.
const FILL: &str = "--fill";
const SERVE: &str = "--serve";

/// How it is told of a journal that it shares with others.
const SHARED_VARIABLE: &str = "BENCH_SHARED";

/// Submissions under way at a time while a store is filled.
const FILLING: usize = 256;

/// Calls a second that are let in: all of the load comes from one address.
const RATE: u32 = 10_000_000;

/// Whether the first argument asks for another role than to measure.
pub fn is_mode(argument: &str) -> bool {
    [FILL, SERVE, instances::COMMIT].contains(&argument)
}

/// Is what the first argument says.
pub async fn run(mode: &str, arguments: &[String]) {
    match arguments {
        [folder] if mode == SERVE => serve(Path::new(folder)).await,
        [folder, agencies, years] if mode == FILL => {
            fill(Path::new(folder), agencies.parse().unwrap(), years.parse().unwrap()).await;
        }
        [folder, rest @ ..] if mode == instances::COMMIT => {
            instances::commit(Path::new(folder), rest.try_into().expect("four words")).await;
        }
        _ => panic!("{mode} {arguments:?} is not what this program calls itself with"),
    }
}

/// A day on which all the years are over.
fn clock() -> Timestamp {
    Timestamp::from_second(2_200_000_000).unwrap()
}

fn open(folder: &Path) -> Service {
    let url = std::env::var(SHARED_VARIABLE).unwrap_or_default();
    let store = StoreSettings { without_standby: !url.is_empty(), url, ..StoreSettings::default() };
    let opened = open_store(folder, &store).unwrap();
    let settings = Settings { clock, kept: Some(CheckpointFile::new(folder)), ..Settings::default() };
    Service::start(opened.store, opened.live, settings).unwrap()
}

async fn fill(folder: &Path, agencies: usize, years: u16) {
    let province = Province::simulate(&parameters(agencies, years)).unwrap();
    let service = open(folder);
    let caller = Caller::internal("bench");
    for changes in province.changes.chunks(Limits::default().registry_changes) {
        service.change_registry(changes.to_vec(), false, &caller).await.unwrap();
    }
    let reports = stored_years(years).flat_map(|year| {
        let year = ReportYear::new(year).unwrap();
        province.unquestioned_reports(year).map(move |report| (year, report))
    });
    let stored = futures::stream::iter(reports).map(|(year, report)| {
        let submission = Submission::first(ReportKey::of_agency(report.agency, year), report.figures);
        let (service, caller) = (service.clone(), caller.clone());
        tokio::spawn(async move { service.submit(&submission, &caller).await.unwrap() })
    });
    let count = stored.buffer_unordered(FILLING).map(Result::unwrap).count().await;
    service.keep_totals();
    println!("{count}");
}

/// Serves as `huizong serve` does, but for the clock and the rates; the echo is on another port.
async fn serve(folder: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let echo_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = [&listener, &echo_listener].map(|listener| listener.local_addr().unwrap());
    let folder = folder.to_owned();
    let service = tokio::task::spawn_blocking(move || open(&folder)).await.unwrap();
    let limits =
        Limits { calls_per_second_per_principal: RATE, calls_per_second_per_address: RATE, ..Limits::default() };
    let doors = Doors::new(&service, &Config { limits, ..Config::default() }, None).await.unwrap();
    let calls = doors.serve(listener);
    let echo_incoming = TcpIncoming::from(echo_listener).with_nodelay(Some(true));
    let echoes = Server::builder().add_service(Echo).serve_with_incoming(echo_incoming);
    println!("{} {}", addresses[0], addresses[1]);
    let (mut input, mut rest) = (tokio::io::stdin(), Vec::new());
    tokio::select! {
        served = calls => served.unwrap(),
        served = echoes => served.unwrap(),
        ended = input.read_to_end(&mut rest) => drop(ended),
    }
    service.keep_totals();
}

/// This program, in another role.
pub fn itself(mode: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(mode).arg(folder);
    command
}

/// Makes a store in `folder` with a simulated province and the reports of so many years; how many these are.
pub fn fill_store(folder: &Path, agencies: usize, years: u16) -> u32 {
    filled_by(itself(FILL, folder), agencies, years)
}

/// The same over a journal that is shared.
pub fn fill_shared_store(folder: &Path, agencies: usize, years: u16, url: &str) -> u32 {
    let mut command = itself(FILL, folder);
    command.env(SHARED_VARIABLE, url);
    filled_by(command, agencies, years)
}

fn filled_by(mut command: Command, agencies: usize, years: u16) -> u32 {
    let filled = command.args([agencies.to_string(), years.to_string()]).stderr(Stdio::inherit()).output().unwrap();
    String::from_utf8_lossy(&filled.stdout).trim().parse().expect("a store that could be filled")
}

/// A service that runs until this is dropped.
pub struct Running {
    child: Child,
    service: SocketAddr,
    echo: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It ends with its input, and then the store is closed.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts the service over a store, and waits until it says that it serves.
    pub fn start(folder: &Path) -> Self {
        Self::of(itself(SERVE, folder))
    }

    /// The same over a journal that is shared.
    pub fn start_shared(folder: &Path, url: &str) -> Self {
        let mut command = itself(SERVE, folder);
        command.env(SHARED_VARIABLE, url);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (service, echo) = line.trim_end().split_once(' ').expect("the service to say where it is");
        Self { service: service.parse().unwrap(), echo: echo.parse().unwrap(), child }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A connection to the service.
    pub fn connect(&self) -> impl Future<Output = Channel> + Send + 'static {
        connect(self.service)
    }

    /// A connection to the echo.
    pub async fn connect_to_echo(&self) -> Channel {
        connect(self.echo).await
    }

    /// What it has worked since its start, the echo included.
    pub fn work(&self) -> Work {
        let process = format!("/proc/{}", self.child.id());
        let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
        // After the name, which may have blanks in it: the 12th and 13th are times.
        let stat = read(format!("{process}/stat"));
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        let threads = std::fs::read_dir(format!("{process}/task")).into_iter().flatten().flatten();
        let changes = threads.map(|thread| {
            let status = read(format!("{}/status", thread.path().display()));
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).sum::<f64>()
        });
        Work { processor_us: ticks * TICK_US, thread_changes: changes.sum() }
    }

    /// Memory that it holds, and the most that it has held, in bytes.
    pub fn memory(&self) -> [u64; 2] {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        ["VmRSS:", "VmHWM:"].map(|key| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
        })
    }
}

/// A tick of the kernel's, in microseconds.
const TICK_US: f64 = 10_000.0;

/// What a process works, which depends less on what else the machine does than time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Work {
    /// Time on a processor, in microseconds.
    pub processor_us: f64,
    /// How often a thread gave its processor to another.
    pub thread_changes: f64,
}

impl Work {
    pub fn since(self, before: Self) -> Self {
        Self {
            processor_us: self.processor_us - before.processor_us,
            thread_changes: self.thread_changes - before.thread_changes,
        }
    }

    pub fn plus(self, more: Self) -> Self {
        Self {
            processor_us: self.processor_us + more.processor_us,
            thread_changes: self.thread_changes + more.thread_changes,
        }
    }
}

async fn connect(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}
