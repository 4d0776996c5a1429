//! Documents named on the command line: the files meant, and their contents, read by as many processes as there are
//! cores and handed on in the order of the files. Only so many are ahead of what is done with them. A file in an archive is
//! named as if the archive were a folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use futures::{Stream, StreamExt as _, stream};

use crate::document::archive::{Archive, ENDINGS, is_archive};
use crate::document::process::{Read, Readers, Settings, Unread, Wanted};
use crate::document::read::{Limits, Password, ReadError, format};
use crate::report::Message;

use super::failure::said_at;
use super::language::told;
use super::{Failure, both};

/// Files read ahead for each process that reads.
const AHEAD_EACH: usize = 2;

/// What opens documents that are locked.
#[derive(Args, Clone)]
pub(crate) struct Unlocking {
    /// Password of the PDF documents that need one to be opened.
    #[arg(long, env = "HUIZONG_DOCUMENT_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    password: Option<String>,
}

/// What reads documents for a command.
#[derive(Clone)]
pub(crate) struct Documents {
    readers: Readers,
    ahead: usize,
    /// Those that files were read from.
    archives: Arc<Mutex<HashMap<PathBuf, Archive>>>,
}

impl Documents {
    pub(crate) fn new(unlocking: Unlocking) -> Self {
        let settings = Settings { password: Password::new(unlocking.password), ..Settings::for_one() };
        let ahead = settings.processes.saturating_mul(AHEAD_EACH);
        Self { readers: Readers::new(settings), ahead, archives: Arc::default() }
    }

    /// Files that are read ahead.
    pub(crate) fn ahead(&self) -> usize {
        self.ahead
    }

    /// Reads one file; why not, where it cannot be, with its place.
    pub(crate) async fn read(&self, path: &Path, wanted: Wanted) -> Result<Read, String> {
        let place = path.display();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (archives, of) = (self.archives.clone(), path.to_owned());
        let content = tokio::task::spawn_blocking(move || content(&of, &archives)).await;
        let content = content.map_err(|error| format!("{place}: {error}"))??;
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

/// The bytes of a file, or of one in an archive.
fn content(path: &Path, archives: &Mutex<HashMap<PathBuf, Archive>>) -> Result<Vec<u8>, String> {
    let limits = Limits::default();
    let unread = |error: ReadError| format!("{}\n{}", path.display(), both(&error.message()));
    if let Some(whole) = archive_of(path) {
        // Read by one at a time, in order.
        let mut archives = archives.lock().unwrap_or_else(PoisonError::into_inner);
        let archive = match archives.entry(whole.clone()) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(Archive::open(&whole).map_err(unread)?),
        };
        let name = path.strip_prefix(&whole).unwrap_or(path);
        let member = archive.members().iter().find(|member| Path::new(&member.name) == name).cloned();
        let member = member.ok_or_else(|| format!("{}: {}", path.display(), told("不在其中", "not there", " ")))?;
        return archive.read(&member, &limits).map_err(unread);
    }
    if is_archive(path) {
        // Why it was not gone through.
        Archive::open(path).map_err(unread)?;
    }
    let failed = |error: std::io::Error| said_at(path.display(), &error);
    let limit = limits.max_bytes;
    let bytes = usize::try_from(std::fs::metadata(path).map_err(failed)?.len()).unwrap_or(usize::MAX);
    if bytes > limit {
        return Err(unread(ReadError::TooLarge { bytes, limit }));
    }
    std::fs::read(path).map_err(failed)
}

/// The archive that a file is in.
pub(crate) fn archive_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|path| is_archive(path) && path.is_file()).map(Path::to_owned)
}

/// Which documents may be named, for the help of a command.
pub(crate) fn files_help() -> String {
    format!("Documents ({}), or folders and archives (.{}) of them", format::names(), ENDINGS.join(", ."))
}

/// The files meant, and whether there may be several: folders and archives stand for the files in them, but for those that
/// nobody put there. A folder that leads into itself is gone through once.
pub(crate) fn expand(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, bool), Failure> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    let mut many = paths.len() > 1;
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            many = true;
            let failed = |error: std::io::Error| Failure::at(path.display(), &error);
            if !seen.insert(path.canonicalize().map_err(failed)?) {
                continue;
            }
            let entries: Result<Vec<_>, _> =
                std::fs::read_dir(&path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
            let mut entries = entries.map_err(failed)?;
            entries.retain(|entry| !is_nobodys(entry));
            entries.sort();
            waiting.extend(entries.into_iter().rev());
        } else if let Some(inside) = inside(&path) {
            many = true;
            files.extend(inside);
        } else {
            files.push(path);
        }
    }
    Ok((files, many))
}

/// The files in an archive; none where it is none, or cannot be opened, which is said when it is read.
fn inside(path: &Path) -> Option<Vec<PathBuf>> {
    let archive = Some(path).filter(|path| is_archive(path)).and_then(|path| Archive::open(path).ok())?;
    let files: Vec<_> = archive.members().iter().map(|member| path.join(&member.name)).collect();
    (!files.is_empty()).then_some(files)
}

/// What systems and programs leave in a folder: hidden files, of a document that is open in an office program, thumbnails.
fn is_nobodys(path: &Path) -> bool {
    const LEFT: [&str; 3] = ["thumbs.db", "desktop.ini", "__macosx"];
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.starts_with('.') || name.starts_with("~$") || LEFT.contains(&name.as_str())
}
