//! What a process that reads documents runs: one question after another, each with an answer, until nobody asks any
//! more, or until it has read so many that a fresh one is better.

use std::convert::Infallible;
use std::io::{self, StdinLock};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::document::read::{Format, Limits, ReadError, STACK_BYTES, caught, read_on_this_thread};
use crate::document::template::{is_template, read_template};
use crate::report::Message;

use super::frame::{self, Answer, Question};
use super::readers::own_program;
use super::{COMMAND, Confinement, Read, Wanted};

/// Documents that one process reads at most: what one of them may have left behind does not stay.
const DOCUMENTS_MAX: u32 = 200;
/// How often it is looked whether anybody waits for the answer yet.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Becomes the same program once more, within the limits on memory. Does not return unless it fails.
///
/// # Errors
/// Where the system does not take a limit, or does not start the program.
pub fn confine_then_run(confinement: Confinement) -> io::Result<Infallible> {
    confinement.before()?;
    let Confinement { memory_bytes, processor_time } = confinement;
    let mut command = Command::new(own_program());
    command.args([COMMAND, "--confined", &memory_bytes.to_string(), &processor_time.as_secs().to_string()]);
    Err(command.exec())
}

/// Reads the documents that come through standard input until its end, and answers through standard output.
///
/// # Errors
/// Where a limit cannot be set, or what comes in is no question.
pub fn run(confinement: Confinement) -> io::Result<()> {
    confinement.within()?;
    let (hand_over, questions) = sync_channel(0);
    let (answer, answers) = sync_channel(0);
    // One for all documents: an allocator keeps memory for every thread that there was.
    thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        for (question, document) in questions {
            // Whoever does not listen any more is about to end the process.
            let _ = answer.send(made_of(&question, document));
        }
    })?;
    let mut input = io::stdin().lock();
    for count in 1..=DOCUMENTS_MAX {
        let Some(asked) = frame::asked(&mut input)? else { return Ok(()) };
        confinement.one_document()?;
        hand_over.send(asked).map_err(|_| io::ErrorKind::BrokenPipe)?;
        let Some(read) = wait(&input, &answers)? else { return Ok(()) };
        let is_last = count == DOCUMENTS_MAX || matches!(&read, Err((_, Left::Something)));
        let answer = Answer { read: read.map_err(|(message, _)| message), is_last };
        frame::answer(io::stdout().lock(), &answer, || Answer { read: Err(too_much()), is_last: true })?;
    }
    Ok(())
}

/// Whether a reader that failed may have left something behind.
enum Left {
    Nothing,
    Something,
}

/// What is made of a document, or why nothing is.
type Made = Result<Read, (Message, Left)>;

/// Waits for what is made of a document; none where meanwhile nobody waits for it any more.
fn wait(input: &StdinLock<'_>, answers: &Receiver<Made>) -> io::Result<Option<Made>> {
    loop {
        match answers.recv_timeout(LOOK_INTERVAL) {
            Ok(made) => return Ok(Some(made)),
            Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
            Err(RecvTimeoutError::Timeout) => {
                let mut inputs = [PollFd::new(input, PollFlags::empty())];
                poll(&mut inputs, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
                let [input] = inputs;
                if input.revents().contains(PollFlags::HUP) {
                    return Ok(None);
                }
            }
        }
    }
}

fn made_of(question: &Question, document: Vec<u8>) -> Made {
    let Question { wanted, file_name, password } = question;
    let limits = Limits::default();
    let is_workbook = *wanted == Wanted::Submission && document.len() <= limits.max_bytes;
    let read = caught(Format::Xlsx.name(), || {
        if is_workbook && is_template(&document) {
            let read = read_template(&document).map_err(|error| error.message());
            return Ok(read.map(|returned| Read::Workbook(Box::new(returned))));
        }
        let read = read_on_this_thread(&document, file_name, password, &limits).map_err(|error| error.message());
        Ok(read.map(|reading| Read::Document(Box::new(reading))))
    });
    match read {
        Ok(read) => read.map_err(|message| (message, Left::Nothing)),
        Err(error) => Err((error.message(), Left::Something)),
    }
}

/// More is read from the document than an answer may hold.
fn too_much() -> Message {
    ReadError::TooManyCells { limit: Limits::default().max_cells }.message()
}
