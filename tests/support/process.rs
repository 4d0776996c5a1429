//! The service in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tonic::transport::Channel;

/// Lines of the log that are kept.
const LOG_LINES_MAX: usize = 10_000;

/// The service in a process of its own.
pub struct Server {
    child: Child,
    /// Where it is called, such as `http://127.0.0.1:1234`.
    #[allow(dead_code, reason = "not every test calls it by its address")]
    pub url: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Asks it to stop, as a supervisor does.
    #[allow(dead_code, reason = "most tests kill it")]
    pub fn terminate(&self) {
        assert!(Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap().success());
    }

    /// Waits until it has ended by itself; its exit code.
    #[allow(dead_code, reason = "most tests kill it")]
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// The number of its process.
    #[allow(dead_code, reason = "only some tests look at the process")]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first lines of its log with such a text.
    #[allow(dead_code, reason = "only some tests read the log")]
    pub fn logged(&self, text: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the service on a free port and waits until it says where it listens.
#[allow(dead_code, reason = "some tests need arguments")]
pub async fn start(folder: &Path) -> (Server, Channel) {
    start_with(folder, &[]).await
}

/// The same, with further arguments.
#[allow(dead_code, reason = "some tests look at what becomes of the start")]
pub async fn start_with(folder: &Path, arguments: &[&str]) -> (Server, Channel) {
    launch(&mut command(folder, arguments)).await.unwrap_or_else(|log| panic!("the service ended: {log}"))
}

/// The service's own command.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).args(arguments).env("NO_COLOR", "1");
    command
}

/// Starts a command that serves, and waits until it says where it listens; its log where it ends instead.
pub async fn launch(command: &mut Command) -> Result<(Server, Channel), String> {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = Vec::new();
    let address = loop {
        let Some(line) = lines.next() else {
            child.wait().unwrap();
            return Err(seen.join("\n"));
        };
        let line = line.unwrap();
        let address = line.split_once("address=").and_then(|(_, rest)| rest.split_whitespace().next());
        if let Some(address) = address {
            break address.to_owned();
        }
        seen.push(line);
    };
    let log = Arc::new(Mutex::new(seen));
    let kept = log.clone();
    // The log is read on, so that the service never waits for a reader.
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let mut kept = kept.lock().unwrap();
            if kept.len() < LOG_LINES_MAX {
                kept.push(line);
            }
        }
    });
    let url = format!("http://{address}");
    let server = Server { child, url: url.clone(), log };
    let channel = Channel::from_shared(url).unwrap().connect().await.map_err(|error| error.to_string())?;
    Ok((server, channel))
}
