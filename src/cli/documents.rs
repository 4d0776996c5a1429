//! Documents named on the command line: the files meant, and their contents, read by as many processes as there are
//! cores and handed on in the order of the files. Only so many are ahead of what is done with them.

use std::path::{Path, PathBuf};

use futures::{Stream, StreamExt as _, stream};

use crate::document::process::{Read, Readers, Settings, Unread, Wanted};
use crate::document::read::{Limits, ReadError, format};
use crate::report::Message;

use super::{Failure, both};

/// Files read ahead for each process that reads.
const AHEAD_EACH: usize = 2;

/// What reads documents for a command.
#[derive(Clone)]
pub(crate) struct Documents {
    readers: Readers,
    ahead: usize,
}

impl Documents {
    pub(crate) fn new() -> Self {
        let settings = Settings::for_one();
        let ahead = settings.processes.saturating_mul(AHEAD_EACH);
        Self { readers: Readers::new(settings), ahead }
    }

    /// Files that are read ahead.
    pub(crate) fn ahead(&self) -> usize {
        self.ahead
    }

    /// Reads one file; why not, where it cannot be, with its place.
    pub(crate) async fn read(&self, path: &Path, wanted: Wanted) -> Result<Read, String> {
        let place = path.display();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let limit = Limits::default().max_bytes;
        let size = tokio::fs::metadata(path).await.map_err(|error| format!("{place}: {error}"))?.len();
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        if bytes > limit {
            return Err(format!("{place}\n{}", both(&ReadError::TooLarge { bytes, limit }.message())));
        }
        let content = tokio::fs::read(path).await.map_err(|error| format!("{place}: {error}"))?;
        let read = self.readers.read("", wanted, &name, &content).await;
        read.map_err(|unread| {
            let message = match unread {
                Unread::Refused(message) => message,
                Unread::Busy => Message::new("正在读取的文件过多", "too many documents are being read"),
                Unread::Failed(details) => Message::new(
                    format!("无法启动读取进程：{details}"),
                    format!("no process can be had to read it: {details}"),
                ),
            };
            format!("{place}\n{}", both(&message))
        })
    }

    /// Does the same with every file, some beside one another; the results come in the order of the files.
    pub(crate) fn each<T: Send + 'static, F: Future<Output = Result<T, String>> + Send + 'static>(
        &self,
        files: Vec<PathBuf>,
        work: impl Fn(Self, PathBuf) -> F,
    ) -> impl Stream<Item = (PathBuf, Result<T, String>)> {
        let this = self.clone();
        let ahead = self.ahead;
        let begun = stream::iter(files).map(move |file| {
            let task = tokio::spawn(work(this.clone(), file.clone()));
            async move { (file, task.await.unwrap_or_else(|error| Err(error.to_string()))) }
        });
        begun.buffered(ahead)
    }
}

/// Which documents may be named, for the help of a command.
pub fn files_help() -> String {
    format!("Documents ({}), or folders of them", format::names())
}

/// The files meant, and whether there may be several: folders stand for the files in them, but for hidden ones.
pub(crate) fn expand(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, bool), Failure> {
    let mut files = Vec::new();
    let mut many = paths.len() > 1;
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            many = true;
            let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
            let entries: Result<Vec<_>, _> =
                std::fs::read_dir(&path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
            let mut entries = entries.map_err(failed)?;
            entries.retain(|entry| !is_hidden(entry));
            entries.sort();
            waiting.extend(entries.into_iter().rev());
        } else {
            files.push(path);
        }
    }
    Ok((files, many))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
