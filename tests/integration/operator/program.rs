//! The program in a process of its own, with its log read along.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tonic::transport::Channel;

pub struct Program {
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
    admin: String,
    address: String,
    folder: TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The value of a field in lines of JSON.
fn field(lines: &[String], name: &str) -> Option<String> {
    lines.iter().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(line.get(name)?.as_str()?.to_owned())
    })
}

impl Program {
    /// Serves with this log filter on free ports, logging JSON.
    pub fn start(filter: &str, variables: &[(&str, &str)]) -> Self {
        let settings = format!("[log]\nfilter = \"{filter}\"\njson = true\n");
        Self::configured(TempDir::new().unwrap(), &settings, "127.0.0.1:0", variables)
    }

    /// Serves on an address with these settings, which are to log JSON; all files are in `folder`.
    pub fn configured(folder: TempDir, settings: &str, listen: &str, variables: &[(&str, &str)]) -> Self {
        let config = folder.path().join("config.toml");
        std::fs::write(&config, settings).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_huizong"))
            .args(["serve", "--listen", listen, "--admin-listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(folder.path().join("store"))
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let writer = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writer.lock().unwrap().push(line);
            }
        });
        let mut program = Self { process, log, admin: String::new(), address: String::new(), folder };
        program.admin = program.wait_for(|lines| field(lines, "admin_address"));
        program.address = program.wait_for(|lines| field(lines, "address"));
        program
    }

    /// What belongs to it lies here.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn admin(&self) -> &str {
        &self.admin
    }

    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has what is looked for.
    pub fn wait_for<T>(&self, look: impl Fn(&[String]) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            let lines = self.log();
            if let Some(found) = look(&lines) {
                return found;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "not in the log: {lines:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    /// Status code and body of a page of the admin port.
    pub fn get(&self, path: &str) -> (u16, String) {
        get(&self.admin, path)
    }

    /// The same of the port that clients call.
    pub fn get_of_clients(&self, path: &str) -> (u16, String) {
        get(&self.address, path)
    }

    /// Head and body of a page of that port, asked for under an id.
    pub fn ask_of_clients(&self, path: &str, id: &str) -> (String, String) {
        ask(&self.address, path, &format!("x-request-id: {id}\r\n"))
    }

    /// Stops it and waits for its end; its folder, for what comes next.
    pub fn stop(mut self) -> TempDir {
        self.terminate();
        assert!(self.process.wait().unwrap().success());
        std::mem::replace(&mut self.folder, TempDir::new().unwrap())
    }

    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal, such as `HUP`.
    pub fn signal(&self, signal: &str) {
        let ended = Command::new("kill").args([format!("-{signal}"), self.process.id().to_string()]).status().unwrap();
        assert!(ended.success());
    }
}

fn get(address: &str, path: &str) -> (u16, String) {
    let (head, body) = ask(address, path, "");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// Head and body of an answer; `headers` are lines.
fn ask(address: &str, path: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nhost: localhost\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}
