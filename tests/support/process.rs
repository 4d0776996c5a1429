//! The service in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tonic::transport::Channel;

/// The service in a process of its own.
pub struct Server {
    child: Child,
    /// Where it is called, such as `http://127.0.0.1:1234`.
    #[allow(dead_code, reason = "not every test calls it by its address")]
    pub url: String,
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
pub async fn start_with(folder: &Path, arguments: &[&str]) -> (Server, Channel) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_huizong"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .args(arguments)
        .env("NO_COLOR", "1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = log.next().expect("the service ended").unwrap();
        if let Some((_, address)) = line.split_once("address=") {
            break address.split_whitespace().next().unwrap_or_default().to_owned();
        }
    };
    // The log is read on, so that the service never waits for a reader.
    std::thread::spawn(move || log.for_each(drop));
    let url = format!("http://{address}");
    let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
    (Server { child, url }, channel)
}
