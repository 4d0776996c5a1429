//! What goes between the program and a process that reads: a question with the document, and its answer. Each part has
//! its length before it, and the answer's is limited, as nobody knows what a document has made of its reader.

use std::io::{self, Read as _, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::document::read::{Password, Reading};
use crate::document::template::Returned;
use crate::report::Message;

/// Longest answer, in bytes: what is read from a document within its limits is less, unless made to be large.
const ANSWER_MAX_BYTES: usize = 8 << 20;
/// Longest question without its document, in bytes: it holds the name of a file.
const QUESTION_MAX_BYTES: usize = 64 << 10;
/// Largest document that is handed over, in bytes; readers refuse far smaller ones.
const DOCUMENT_MAX_BYTES: usize = 64 << 20;

/// What is to be made of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A reading, whatever the document is.
    Reading,
    /// What is submitted: of a workbook of ours what was filled in, of every other document a reading.
    Submission,
}

/// What was made of a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Read {
    /// A reading: what is printed, found in the form.
    Document(Box<Reading>),
    /// A workbook of ours, read by its own layout.
    Workbook(Box<Returned>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub wanted: Wanted,
    pub file_name: String,
    /// What opens the document, where it is locked.
    pub password: Password,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Or why it cannot be read.
    pub read: Result<Read, Message>,
    /// The process ends after it.
    pub is_last: bool,
}

fn invalid(error: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

fn length(bytes: [u8; 4], limit: usize) -> io::Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(bytes)).map_err(invalid)?;
    if length > limit { Err(invalid("a part is too long")) } else { Ok(length) }
}

fn head(length: usize) -> io::Result<[u8; 4]> {
    Ok(u32::try_from(length).map_err(invalid)?.to_le_bytes())
}

/// Sends a question with its document.
pub(super) async fn ask(
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    question: &Question,
    document: &[u8],
) -> io::Result<()> {
    let question = postcard::to_stdvec(question).map_err(invalid)?;
    to.write_all(&head(question.len())?).await?;
    to.write_all(&question).await?;
    to.write_all(&head(document.len())?).await?;
    to.write_all(document).await?;
    to.flush().await
}

/// Receives an answer.
pub(super) async fn answered(from: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Answer> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes).await?;
    let length = length(bytes, ANSWER_MAX_BYTES)?;
    let mut answer = vec![0; length];
    from.read_exact(&mut answer).await?;
    postcard::from_bytes(&answer).map_err(invalid)
}

/// Receives a question with its document; none where nobody asks any more.
pub(super) fn asked(mut from: impl io::Read) -> io::Result<Option<(Question, Vec<u8>)>> {
    let mut bytes = [0; 4];
    match from.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let question = part(&mut from, bytes, QUESTION_MAX_BYTES)?;
    from.read_exact(&mut bytes)?;
    let document = part(&mut from, bytes, DOCUMENT_MAX_BYTES)?;
    Ok(Some((decoded(&question)?, document)))
}

fn part(from: &mut impl io::Read, head: [u8; 4], limit: usize) -> io::Result<Vec<u8>> {
    let length = length(head, limit)?;
    let mut part = Vec::with_capacity(length);
    let read = from.take(length as u64).read_to_end(&mut part)?;
    if read < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(part) }
}

fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(invalid)
}

/// Sends an answer; `too_long` in its place where it is longer than answers may be.
pub(super) fn answer(mut to: impl Write, answer: &Answer, too_long: impl FnOnce() -> Answer) -> io::Result<()> {
    let mut bytes = postcard::to_stdvec(answer).map_err(invalid)?;
    if bytes.len() > ANSWER_MAX_BYTES {
        bytes = postcard::to_stdvec(&too_long()).map_err(invalid)?;
    }
    to.write_all(&head(bytes.len())?)?;
    to.write_all(&bytes)?;
    to.flush()
}
