//! PostgreSQL kept available by Patroni, on three machines that are network namespaces: its lead is handed over, the leading machine
//! is lost with everything on it, or cut off and joined again, while clients work at two instances. Their histories must be ones that
//! the contract allows; how long nothing could be stored is told.
//!
//! The machines are made by `cluster.sh`; whoever works with them does so in a process of its own, in the namespace in which all
//! three are reached. Where something that this takes is missing, that is said, and it is skipped.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::history::{self, Options, Served, Tally, longest_pause};
use crate::program;
use crate::table::{self, Row};

/// Where the machines are: said to the process that works with them.
const FOLDER_VARIABLE: &str = "HUIZONG_FAULTS_MACHINES";

/// How long the leading machine is away: longer than Patroni waits until another leads (`ttl`, 20 s).
const AWAY: Duration = Duration::from_secs(35);

/// After the machines have come to rest, until clients must be able to work again.
const AFTERWARDS: Duration = Duration::from_secs(8);

/// Patroni's oldest version that is tried: before 3.0.3 it lost what was acknowledged.
const OLDEST: u32 = 4;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The lead is handed over.
    Switchover,
    /// Everything on the leading machine is killed, and started again later.
    Loss,
    /// The leading machine is cut off from all others, and joined again later.
    Partition,
}

impl Mishap {
    fn name(self) -> &'static str {
        match self {
            Self::Switchover => "switchover",
            Self::Loss => "node-loss",
            Self::Partition => "partition",
        }
    }
}

/// The three machines.
#[derive(Debug, Clone)]
pub struct Machines(PathBuf);

fn script(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/patroni/cluster.sh"));
    command.arg(folder).args(arguments);
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)).trim().to_owned()
}

impl Machines {
    /// Runs the script, and returns what it said.
    fn told(&self, arguments: &[&str]) -> String {
        let output = script(&self.0, arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// The address of a new schema with nothing in it.
    pub fn new_schema(&self) -> String {
        let name = format!("s{}", uuid::Uuid::new_v4().simple());
        let hosts = "10.77.0.1,10.77.0.2,10.77.0.3";
        let made = format!("CREATE SCHEMA {name}");
        let url = format!("postgres://postgres@{hosts}/postgres");
        let server = format!("{url}?target_session_attrs=read-write&connect_timeout=3");
        self.told(&["run", "psql", &server, "-Xqc", &made]);
        format!("{url}?sslmode=disable&options=-c%20search_path%3D{name}")
    }

    /// Has something happen, and waits until all is well again.
    pub async fn suffer(&self, mishap: Mishap) {
        let machines = self.clone();
        let suffering = move || {
            let leader = machines.told(&["leader"]);
            match mishap {
                Mishap::Switchover => {
                    machines.told(&["switchover"]);
                    // As Patroni does before it tells of itself anew.
                    std::thread::sleep(Duration::from_secs(2));
                }
                Mishap::Loss => {
                    machines.told(&["kill", &leader]);
                    std::thread::sleep(AWAY);
                    machines.told(&["start", &leader]);
                }
                Mishap::Partition => {
                    machines.told(&["cut", &leader]);
                    std::thread::sleep(AWAY);
                    machines.told(&["heal", &leader]);
                }
            }
            machines.told(&["ready"]);
            std::thread::sleep(AFTERWARDS);
        };
        tokio::task::spawn_blocking(suffering).await.unwrap();
    }
}

/// Ends the machines when it is dropped.
struct Up(Machines);

impl Drop for Up {
    fn drop(&mut self) {
        let _ = script(&self.0.0, &["down"]).output();
    }
}

/// Why the machines cannot be made here.
fn missing() -> Option<String> {
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let of_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !of_root || !works("unshare", &["--net", "true"]) {
        return Some("network namespaces take root".to_owned());
    }
    for (program, arguments) in [
        ("ip", &["-V"][..]),
        ("nsenter", &["--version"]),
        ("setpriv", &["--version"]),
        ("curl", &["--version"]),
        ("psql", &["--version"]),
        ("etcd", &["--version"]),
    ] {
        if !works(program, arguments) {
            return Some(format!("{program} is not on this machine"));
        }
    }
    let version = Command::new("patroni").arg("--version").output().map(|output| said(&output)).unwrap_or_default();
    let major = version.trim_start_matches("patroni ").split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST => None,
        _ => Some(format!("Patroni {OLDEST} or later is wanted (make patroni), and found is {version:?}")),
    }
}

/// Lets it happen again and again.
pub fn run(mishap: Mishap, seed: u64, rounds: u64) -> Row {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return among(&Machines(folder.into()), mishap, seed, rounds);
    }
    let mut row = Row::new(mishap.name(), seed);
    if let Some(why) = missing() {
        row.skip(&why);
        return row.done();
    }
    let folder = tempfile::Builder::new().prefix("huizong-machines-").tempdir().unwrap();
    // PostgreSQL has a user of its own, which must come here.
    assert!(Command::new("chmod").arg("755").arg(folder.path()).status().unwrap().success());
    let up = Up(Machines(folder.path().to_owned()));
    // Nobody waits for the output of what goes on.
    let brought = script(folder.path(), &["up"]).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(brought.success(), "the machines did not come up");
    let program = std::env::current_exe().unwrap();
    let (seed_text, rounds_text) = (seed.to_string(), rounds.to_string());
    let arguments = ["long", mishap.name(), "--seed", &seed_text, "--rounds", &rounds_text];
    let command = [&["run", program.to_str().unwrap()][..], &arguments].concat();
    let done = script(folder.path(), &command).env(FOLDER_VARIABLE, folder.path()).stderr(Stdio::inherit()).output();
    let output = said(&done.unwrap());
    drop(up);
    let mut lines = output.lines().skip_while(|line| table::parse(mishap.name(), line).is_none());
    match lines.next().and_then(|line| table::parse(mishap.name(), line)) {
        Some(told) => row = row.with_counts_of(told),
        None => row.complain(format!("no row came of it: {output}")),
    }
    for line in lines {
        match line.trim().strip_prefix("FAULT: ") {
            Some(complaint) => row.complaints.push(complaint.to_owned()),
            None => row.notes.push(line.trim().to_owned()),
        }
    }
    row.done()
}

/// Seconds in the middle and at the most.
struct Pauses(Vec<Duration>);

impl fmt::Display for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pauses: Vec<_> = self.0.iter().map(Duration::as_secs_f64).collect();
        pauses.sort_by(f64::total_cmp);
        let (middle, most) = (pauses.get(pauses.len() / 2), pauses.last());
        let number = |pause: Option<&f64>| pause.map_or_else(|| "?".to_owned(), |pause| format!("{pause:.1}"));
        write!(f, "nothing was stored for {} s in the middle, {} s at the most", number(middle), number(most))
    }
}

/// In the process that reaches the machines.
fn among(machines: &Machines, mishap: Mishap, seed: u64, rounds: u64) -> Row {
    let mut row = Row::new(mishap.name(), seed);
    let (mut tally, mut pauses) = (Tally::default(), Pauses(Vec::new()));
    for round in 0..rounds {
        let time = Duration::from_secs(10);
        let options = Options { seed: seed + round, rounds: 1, time, kills: 1, instances: 2 };
        let history = program::block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let served = Served::on_machines(folder.path(), options.instances, machines.clone(), mishap).await;
            history::record(&options, served).await
        });
        tally.take(&mut row, &options, &history);
        pauses.0.push(longest_pause(&history));
        eprintln!("{} {}: nothing was stored for {:.1?}", mishap.name(), round + 1, longest_pause(&history));
    }
    row.notes.extend([pauses.to_string(), tally.to_string()]);
    row.done()
}
