//! The processes that read documents, as one: so many at a time, some ready, each document to one of them.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use crate::document::read::{Limits, Password, ReadError};
use crate::report::Message;

use super::child::ReaderProcess;
use super::frame::{Answer, Question};
use super::{Confinement, Fair, Read, Wanted};

/// Signals by their numbers, which are the same on every system that this runs on: ended from outside, and processor
/// time used up.
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;

/// How documents are read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program that reads, which answers to [`COMMAND`](super::COMMAND).
    pub program: PathBuf,
    /// Processes at a time.
    pub processes: usize,
    /// Of these, at work for one owner.
    pub processes_each: usize,
    /// Documents that wait for one of them at most.
    pub waiting: usize,
    /// How long a document waits at most.
    pub patience: Duration,
    /// Longest time for one document once it is being read; its processor time ends before, unless the machine is busy.
    pub time: Duration,
    /// What such a process may use.
    pub confinement: Confinement,
    /// What opens documents that are locked.
    pub password: Password,
}

impl Default for Settings {
    /// For a service: few processes, one of which is always left for somebody else.
    fn default() -> Self {
        Self {
            program: own_program(),
            processes: 3,
            processes_each: 2,
            waiting: 256,
            patience: Duration::from_secs(20),
            time: Duration::from_secs(30),
            confinement: Confinement { memory_bytes: 128 << 20, processor_time: Duration::from_secs(10) },
            password: Password::default(),
        }
    }
}

impl Settings {
    /// For one person at a machine of their own: as many as it has cores, and whoever waits does so in order.
    pub fn for_one() -> Self {
        let processes = available_parallelism().map_or(1, usize::from);
        let patience = Duration::from_secs(u64::from(u32::MAX));
        Self { processes, processes_each: processes, waiting: usize::MAX, patience, ..Self::default() }
    }
}

/// The file of this program, which stays the same where another version has been put in its place.
pub(super) fn own_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("huizong"))
}

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// The document is at fault.
    Refused(Message),
    /// Too many others are being read.
    Busy,
    /// No process can be had to read it: a defect of the machine or of ours.
    Failed(String),
}

/// The processes; clones are the same ones.
#[derive(Clone)]
pub struct Readers(Arc<Inner>);

struct Inner {
    settings: Settings,
    places: Fair,
    ready: Mutex<Vec<ReaderProcess>>,
}

impl Default for Readers {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Readers {
    /// Nothing is started before a document comes, or [`Readers::warm`] is called.
    pub fn new(settings: Settings) -> Self {
        let places = Fair::new(settings.processes, settings.processes_each, settings.waiting, settings.patience);
        Self(Arc::new(Inner { settings, places, ready: Mutex::default() }))
    }

    /// Starts all processes, so that no document waits for that. Within a runtime.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn warm(&self) -> io::Result<()> {
        let mut ready = self.ready();
        while ready.len() < self.0.settings.processes {
            ready.push(ReaderProcess::start(&self.0.settings)?);
        }
        Ok(())
    }

    fn ready(&self) -> std::sync::MutexGuard<'_, Vec<ReaderProcess>> {
        // A list of processes cannot be left half-changed.
        self.0.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is ready, else a new one. Those of which one has died while it was idle are left out.
    fn take(&self) -> io::Result<ReaderProcess> {
        let next = || self.ready().pop();
        while let Some(mut process) = next() {
            if process.is_alive() {
                return Ok(process);
            }
        }
        ReaderProcess::start(&self.0.settings)
    }

    /// Reads a document for an owner, among whom the processes are shared out. Given up, it ends.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn read(&self, owner: &str, wanted: Wanted, file_name: &str, document: &[u8]) -> Result<Read, Unread> {
        let limit = Limits::default().max_bytes;
        if document.len() > limit {
            return Err(refused(&ReadError::TooLarge { bytes: document.len(), limit }));
        }
        let _place = self.0.places.enter(owner).await.ok_or(Unread::Busy)?;
        let question = Question { wanted, file_name: file_name.to_owned(), password: self.0.settings.password.clone() };
        match self.try_read(&question, document).await {
            // One that was ready may have been ended by then; a second one is not by chance.
            Err(Setback::Killed) => self.try_read(&question, document).await,
            tried => tried,
        }
        .map_err(|setback| match setback {
            Setback::Killed => refused(&self.too_heavy()),
            Setback::Unread(unread) => unread,
        })
    }

    async fn try_read(&self, question: &Question, document: &[u8]) -> Result<Read, Setback> {
        let failed = |error: io::Error| Setback::Unread(Unread::Failed(error.to_string()));
        let mut process = self.take().map_err(failed)?;
        match tokio::time::timeout(self.0.settings.time, process.ask(question, document)).await {
            Ok(Ok(Answer { read, is_last })) => {
                if !is_last && process.is_lean() {
                    self.ready().push(process);
                }
                read.map_err(|message| Setback::Unread(Unread::Refused(message)))
            }
            Ok(Err(error)) => Err(self.fallen(process, &error).await),
            Err(_) => {
                // Its end is waited for, so that the next one has the processor.
                let _ = process.end().await;
                let seconds = self.0.settings.time.as_secs();
                Err(Setback::Unread(refused(&ReadError::TooSlow { seconds })))
            }
        }
    }

    /// Why a process gave no answer.
    async fn fallen(&self, process: ReaderProcess, error: &io::Error) -> Setback {
        if error.kind() == io::ErrorKind::InvalidData {
            // What a document has taken over speaks in its stead.
            let _ = process.end().await;
            return Setback::Unread(refused(&self.too_heavy()));
        }
        let unread = match process.ended().await {
            Ok(status) => match status.signal() {
                Some(SIGKILL) => return Setback::Killed,
                Some(SIGXCPU) => {
                    let seconds = self.0.settings.confinement.processor_time.as_secs();
                    refused(&ReadError::TooSlow { seconds })
                }
                Some(_) => refused(&self.too_heavy()),
                // Only a process that could not confine itself, or is not ours, ends by itself without an answer.
                None => Unread::Failed(format!("the process that reads documents ended: {status}")),
            },
            Err(error) => Unread::Failed(error.to_string()),
        };
        Setback::Unread(unread)
    }

    fn too_heavy(&self) -> ReadError {
        ReadError::TooHeavy { mebibytes: self.0.settings.confinement.memory_bytes >> 20 }
    }
}

/// Why a process did not read a document.
enum Setback {
    /// It was ended from outside: by an operator, or by a system without memory.
    Killed,
    Unread(Unread),
}

fn refused(error: &ReadError) -> Unread {
    Unread::Refused(error.message())
}
