//! One process that reads documents, as the program holds it: started, asked, and ended when it is let go.

use std::fs;
use std::io;
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::frame::{self, Answer, Question};
use super::{COMMAND, Settings};

pub(super) struct ReaderProcess {
    child: Child,
    questions: ChildStdin,
    answers: ChildStdout,
    memory_bytes: u64,
}

impl ReaderProcess {
    /// Starts one; it takes questions from now on.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let confinement = settings.confinement;
        let mut child = Command::new(&settings.program)
            .arg(COMMAND)
            .args([confinement.memory_bytes.to_string(), confinement.processor_time.as_secs().to_string()])
            // Settings and secrets are no business of a document.
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What a failing reader says may quote its document.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(questions), Some(answers)) => {
                Ok(Self { child, questions, answers, memory_bytes: confinement.memory_bytes })
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub async fn ask(&mut self, question: &Question, document: &[u8]) -> io::Result<Answer> {
        frame::ask(&mut self.questions, question, document).await?;
        frame::answered(&mut self.answers).await
    }

    /// Whether it may read another document: an allocator keeps what it once had, which is half of the limit at most.
    pub fn is_lean(&self) -> bool {
        let status = self.child.id().and_then(|id| fs::read_to_string(format!("/proc/{id}/status")).ok());
        // Where the system does not tell, its own limits have to do.
        status.as_deref().and_then(taken_bytes).is_none_or(|taken| taken <= self.memory_bytes / 2)
    }

    /// Ends it, and says how it ended.
    pub async fn end(mut self) -> io::Result<ExitStatus> {
        self.child.start_kill()?;
        self.child.wait().await
    }

    /// How it ended by itself.
    pub async fn ended(mut self) -> io::Result<ExitStatus> {
        drop(self.questions);
        self.child.wait().await
    }
}

/// The memory that counts against the limit of a process, as the system tells it in `VmData:  1234 kB`.
fn taken_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
