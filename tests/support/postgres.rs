//! A real PostgreSQL for tests: started once in a test program, with a schema for each test; or one of a test's own, to be killed.
//!
//! Where there is none on the machine, tests that need it say so and are skipped.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where Debian's packages put the programs.
const PROGRAMS: [&str; 4] = [
    "/usr/lib/postgresql/18/bin",
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
];

/// A server; it and its folder are gone when this is, and when the process ends in whatever way.
pub struct Postgres {
    programs: &'static str,
    folder: PathBuf,
    /// Waits for the end of its input, and then stops the server.
    guard: Child,
    schemas: AtomicU32,
}

/// The folder of the programs, where they are.
fn programs() -> Option<&'static str> {
    PROGRAMS.into_iter().find(|folder| Path::new(folder).join("postgres").exists())
}

/// Runs as somebody else than root, whom PostgreSQL refuses.
fn command(script: &str) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.arg("-c").arg(script).current_dir("/tmp").env("LC_ALL", "C");
    command
}

/// What a script prints.
fn run(script: &str) -> String {
    let output = command(script).stderr(Stdio::piped()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {error}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Postgres {
    /// One for all tests of the program; none where there is none on the machine, which is said.
    pub fn common() -> Option<&'static Self> {
        static COMMON: OnceLock<Option<Postgres>> = OnceLock::new();
        COMMON.get_or_init(|| Self::start("")).as_ref()
    }

    /// One of the test's own, with these settings besides; none where there is none on the machine, which is said.
    pub fn start(settings: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: there is no PostgreSQL on this machine (apt-get install postgresql)");
            return None;
        };
        let folder = PathBuf::from(run("mktemp -d /tmp/huizong-postgres-XXXXXX"));
        let at = folder.display();
        let stop = format!(
            "cat >/dev/null; for d in {at}/*/; do {programs}/pg_ctl -D $d stop -m immediate; done >/dev/null 2>&1; rm -rf {at}"
        );
        let guard = command(&stop).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let postgres = Self { programs, folder: folder.clone(), guard, schemas: AtomicU32::new(0) };
        run(&format!(
            "{programs}/initdb -D {at}/data -U huizong --auth=trust --no-sync -E UTF8 --locale=C >/dev/null
             cat >> {at}/data/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '{at}'
max_connections = 500
max_wal_senders = 4
shared_buffers = 64MB
{settings}
END"
        ));
        postgres.up("data");
        Some(postgres)
    }

    /// Where the programs are.
    pub fn programs(&self) -> &'static str {
        self.programs
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server in a folder, and waits until it answers.
    pub fn up(&self, data: &str) {
        let (programs, at) = (self.programs, self.folder.display());
        run(&format!(
            "{programs}/pg_ctl -D {at}/{data} -w -l {at}/{data}.log start >/dev/null || {{ cat {at}/{data}.log >&2; false; }}"
        ));
    }

    /// Kills the server in a folder, as a power cut of its machine would: nothing is written any more.
    pub fn kill(&self, data: &str) {
        let at = self.folder.display();
        // With the postmaster gone first, nobody starts the others again.
        run(&format!(
            "p=$(head -1 {at}/{data}/postmaster.pid); c=$(pgrep -P $p); kill -9 $p $c; for i in $(seq 100); do kill -0 $p 2>/dev/null || break; sleep 0.02; done; rm -f {at}/{data}/postmaster.pid {at}/.s.PGSQL.*"
        ));
    }

    /// Runs a program of PostgreSQL's, with `{at}` for the folder.
    pub fn program(&self, words: &str) -> String {
        run(&format!("{}/{}", self.programs, words.replace("{at}", &self.folder.display().to_string())))
    }

    /// A session that was told this SQL, and waits for more until its input is closed.
    pub fn psql(&self, text: &str) -> Child {
        let at = self.folder.display();
        let mut child =
            command(&format!("{}/psql -h {at} -U huizong -d postgres -XqAt -v ON_ERROR_STOP=1 -f -", self.programs))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
        child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        child
    }

    /// What SQL is answered with, without headings.
    pub fn sql(&self, text: &str) -> String {
        let output = self.psql(text).wait_with_output().unwrap();
        assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The address of a new schema with nothing in it, and its name.
    pub fn schema(&self) -> (String, String) {
        let name = format!("t{}", self.schemas.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE SCHEMA {name};"));
        (self.url(&name), name)
    }

    /// The address of a new database with nothing in it, and its name.
    pub fn database(&self) -> (String, String) {
        let name = format!("d{}", self.schemas.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name};"));
        let host = self.folder.display().to_string().replace('/', "%2F");
        (format!("postgres://huizong@{host}/{name}"), name)
    }

    /// What SQL is answered with in a database, by a role; none where it is refused.
    pub fn answer(&self, database: &str, role: &str, text: &str) -> Option<String> {
        let child = self.psql(&format!("\\set QUIET on\n\\connect {database} {role}\n{text}"));
        let output = child.wait_with_output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// The address of a schema.
    pub fn url(&self, schema: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://huizong@{host}/postgres?options=-c%20search_path%3D{schema}")
    }

    /// What the server said, for whoever wonders why a test failed.
    #[allow(dead_code)]
    pub fn log(&self, data: &str) -> String {
        let mut text = String::new();
        let path = self.folder.join(format!("{data}.log"));
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).unwrap_or_default();
        text
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
