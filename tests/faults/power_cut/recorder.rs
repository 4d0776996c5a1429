//! Starts the program with `recorder.c` in front of the C library, and reads what that wrote down.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::preload;

use super::disk::Call;

/// Something that happened, in order.
pub enum Event {
    Call(Call),
    /// The program printed that it has acknowledged up to this sequence number.
    Acknowledged(i64),
}

pub struct Recorder {
    library: PathBuf,
    log: PathBuf,
}

impl Recorder {
    /// Compiles the recorder into `folder`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let library = preload::compile("power_cut/recorder.c", folder)?;
        Ok(Self { library, log: folder.join("calls") })
    }

    /// Lets the program write below `folder` for a while, kills it, and returns what it did.
    pub fn record(&self, folder: &Path, first: i64, seconds: f64) -> io::Result<Vec<Event>> {
        let mut child = self.start(folder, "child", first)?;
        std::thread::sleep(Duration::from_secs_f64(seconds));
        let ended_by_itself = child.try_wait()?.is_some();
        child.kill()?;
        let output = child.wait_with_output()?;
        if ended_by_itself {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(parse(&std::fs::read(&self.log)?))
    }

    /// Has what is left in `folder` opened, looked at and closed, and returns what that did.
    pub fn record_recovery(&self, folder: &Path) -> io::Result<Vec<Event>> {
        // Whether all is well is judged elsewhere.
        self.start(folder, "verify", 0)?.wait_with_output()?;
        Ok(parse(&std::fs::read(&self.log)?))
    }

    fn start(&self, folder: &Path, command: &str, number: i64) -> io::Result<Child> {
        std::fs::write(&self.log, [])?;
        Command::new(std::env::current_exe()?)
            .arg(command)
            .arg(folder)
            .arg(number.to_string())
            .env(preload::VARIABLE, &self.library)
            .env("RECORD_FOLDER", folder)
            .env("RECORD_LOG", &self.log)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// Reads the log: for each call a line `kind offset length name`, then for writes as many bytes. What the kill has cut
/// off at the end is left out.
fn parse(mut log: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some((event, rest)) = parse_event(log) {
        events.extend(event);
        log = rest;
    }
    events
}

fn parse_event(log: &[u8]) -> Option<(Option<Event>, &[u8])> {
    let line_end = log.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&log[..line_end]).expect("the recorder writes UTF-8");
    let parts: Vec<_> = line.splitn(4, ' ').collect();
    let [kind, offset, length, name] = parts[..] else { panic!("the recorder wrote {line:?}") };
    let offset: usize = offset.parse().expect("an offset");
    let length: usize = length.parse().expect("a length");
    let rest = &log[line_end + 1..];
    let with_bytes = matches!(kind, "write" | "rename" | "print");
    let (bytes, rest) = if with_bytes { rest.split_at_checked(length)? } else { (&[][..], rest) };
    let name = name.to_owned();
    let text = || String::from_utf8_lossy(bytes).into_owned();
    let call = match kind {
        "folder" => Call::MakeFolder { name },
        "open" => Call::Open { name },
        "write" => Call::Write { name, offset, bytes: bytes.to_vec() },
        "truncate" => Call::Truncate { name, length },
        "sync" => Call::Sync { name },
        "rename" => Call::Rename { name, to: text() },
        "remove" => Call::Remove { name },
        "print" => {
            let numbers = text().lines().filter_map(|line| line.parse().ok()).max();
            return Some((numbers.map(Event::Acknowledged), rest));
        }
        other => panic!("the recorder wrote {other:?}"),
    };
    Some((Some(Event::Call(call)), rest))
}
