//! `scripts/cluster`, which `make cluster` runs: what it prints can be done, one instance at a time may be killed, and nothing is
//! left.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::store_contract::samples::new_folder;
use crate::support::postgres::Postgres;

/// As the settings have it by default.
const STALE: Duration = Duration::from_secs(2);

/// The script, which is told to end when this is dropped.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        // An interrupt is ignored by what a shell started beside itself.
        let _ = Command::new("kill").arg("-TERM").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Two ports that nobody has, as far apart as the script wants them.
fn port() -> u16 {
    loop {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = one.local_addr().unwrap().port();
        if port.checked_add(10).is_some_and(|other| TcpListener::bind(("127.0.0.1", other)).is_ok()) {
            return port;
        }
    }
}

#[test]
fn what_the_cluster_script_prints_can_be_done_and_it_leaves_nothing() {
    if Postgres::common().is_none() {
        return;
    }
    let (folder, port) = (new_folder(), port());
    let root = env!("CARGO_MANIFEST_DIR");
    let mut script = Command::new(format!("{root}/scripts/cluster"));
    script.arg(env!("CARGO_BIN_EXE_huizong")).env("AGENCIES", "150").env("PORT", port.to_string());
    // Interrupts are for whom they are sent to.
    let mut script = Script(script.env("TMPDIR", "/tmp").stdout(Stdio::piped()).process_group(0).spawn().unwrap());
    let mut told = Vec::new();
    for line in BufReader::new(script.0.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let is_last = line.starts_with("Ctrl-C");
        told.push(line);
        if is_last {
            break;
        }
    }
    let shared = told.iter().position(|line| line.contains("Two instances over one journal")).expect("it serves");
    let engine = told[0].split("postgres://huizong@").nth(1).and_then(|url| url.split("/postgres").next()).unwrap();
    let engine = engine.replace("%2F", "/");
    assert!(std::path::Path::new(&engine).exists(), "{engine}");
    let commands: Vec<_> = told[shared..].iter().filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!(commands.len(), 6, "{told:?}");
    let mut answers = Vec::new();
    for command in commands {
        let command = command.replace("huizong ", &format!("{} ", env!("CARGO_BIN_EXE_huizong")));
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(folder.path()).env("HUIZONG_LANG", "en");
        let began = Instant::now();
        let mut done = shell.output().unwrap();
        // Nobody has asked for the newest: the other may be behind for as long.
        while !done.status.success() && command.contains(" history ") && began.elapsed() < STALE {
            done = shell.output().unwrap();
        }
        let answer = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{command}: {answer}{}", String::from_utf8_lossy(&done.stderr));
        answers.push(answer);
    }
    let [_, submitted, history, killed, coverage, status] = &answers[..] else { panic!("{answers:?}") };
    let sequence = submitted.lines().find_map(|line| line.split("sequence").nth(1)).unwrap().trim();
    assert!(history.contains(sequence), "{sequence}: {history}");
    assert!(killed.is_empty() && coverage.contains(&format!("as of journal sequence {sequence}")), "{coverage}");
    assert!(status.contains(sequence), "{status}");
    drop(script);
    assert!(!std::path::Path::new(&engine).exists(), "{engine}");
    assert!(TcpListener::bind(("127.0.0.1", port + 10)).is_ok(), "nobody serves");
}
