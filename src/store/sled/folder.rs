//! What is seen to in the store's folder before it is opened.

use std::fmt;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::access::TokenKey;
use crate::report::Message;
use crate::store::log::{self, FOLDER as LOG};
use crate::store::{SigningKey, StoreError};

use super::copy::is_of_database;
use super::durability::{CONFIGURATION_FILE, DATA_FILE};
use super::{state, watermark};

/// A file that only takes up room: whoever deletes it gives a store on a full disk the space that it needs to open.
pub(crate) const BALLAST_FILE: &str = "ballast";

/// How many starts of the service have no entry in the journal since the last that has one.
pub const STARTS_FILE: &str = "starts-left-out";

/// Files that the store and the service keep beside those of sled. Where they are left without the data, it is gone.
const COMPANIONS: [&str; 6] =
    [watermark::FILE, crate::store::checkpoint::FILE, TokenKey::FILE, SigningKey::FILE, BALLAST_FILE, STARTS_FILE];

/// What a folder is to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// There is none, or nothing in it.
    Vacant,
    /// A store, as far as can be told without opening it.
    Store,
    /// What belongs to a store, without its data; the names of these files.
    Remains(Vec<String>),
}

/// Tells what a folder is. Other programs' files are no concern of ours as long as they are not in the way.
///
/// # Errors
/// What the kernel reports.
pub fn examine(directory: &Path) -> io::Result<Folder> {
    // Either of the two is enough to make the other.
    if directory.join(DATA_FILE).try_exists()? || log::holds_segments(&directory.join(log::FOLDER))? {
        return Ok(Folder::Store);
    }
    let mut remains = Vec::new();
    for name in COMPANIONS {
        if directory.join(name).try_exists()? {
            remains.push(name.to_owned());
        }
    }
    Ok(if remains.is_empty() { Folder::Vacant } else { Folder::Remains(remains) })
}

/// Why a folder is not opened as a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderFault {
    /// There is no store where one must be.
    NoStore(PathBuf),
    /// The data is gone.
    Remains(PathBuf, Vec<String>),
}

impl FolderFault {
    /// In both languages, with what to do.
    pub fn message(&self) -> Message {
        match self {
            Self::NoStore(directory) => {
                let folder = directory.display();
                Message::new(
                    format!(
                        "{folder} 中没有数据库，而配置要求已有（store.must_exist）；请核对 data_directory \
                         与挂载的卷；确需新建的，请先运行 huizong init"
                    ),
                    format!(
                        "there is no store in {folder}, and the settings say that there must be one \
                         (store.must_exist): check data_directory and whether its volume is mounted; to make a new \
                         one, run huizong init"
                    ),
                )
            }
            Self::Remains(directory, names) => {
                let (folder, names) = (directory.display(), names.join(", "));
                Message::new(
                    format!(
                        "{folder} 中有 {names}，但日志 {LOG} 与其副本 {DATA_FILE} 均已不在：不会在其上新建数据库。请先找回其中之一，或由备份\
                         恢复到新的空文件夹；确需新建的，请另选空文件夹"
                    ),
                    format!(
                        "{folder} holds {names}, and both the log, {LOG}, and its copy, {DATA_FILE}, are gone: no new \
                         store is made over what is left. Find either of them, or restore a backup into a new folder; for \
                         a new store choose an empty folder"
                    ),
                )
            }
        }
    }
}

impl fmt::Display for FolderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message();
        write!(f, "{}\n  {}", message.zh, message.en)
    }
}

/// Looks at a folder before a store is opened in it; whether a new one will be made.
///
/// # Errors
/// [`StoreError::Folder`] where none may be; [`StoreError::Open`] where the folder cannot be looked at.
pub fn will_be_new(directory: &Path, must_exist: bool) -> Result<bool, StoreError> {
    let found = examine(directory).map_err(|error| StoreError::Open(format!("{}: {error}", directory.display())))?;
    match found {
        Folder::Store => Ok(false),
        Folder::Vacant if must_exist => Err(StoreError::Folder(FolderFault::NoStore(directory.to_owned()))),
        Folder::Vacant => Ok(true),
        Folder::Remains(names) => Err(StoreError::Folder(FolderFault::Remains(directory.to_owned(), names))),
    }
}

/// Lets nobody but its owner into a store that was made when more was allowed. One that belongs to someone else stays
/// as it is, and is told of by the doctor.
pub(crate) fn keep_private(directory: &Path) -> io::Result<()> {
    let restrict = |path: &Path, mode: u32| -> io::Result<()> {
        let metadata = path.symlink_metadata()?;
        let is_wider = metadata.mode() & 0o777 & !mode != 0 && !metadata.is_symlink();
        if is_wider && metadata.uid() == rustix::process::geteuid().as_raw() {
            std::fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        Ok(())
    };
    restrict(directory, PRIVATE_FOLDER)?;
    for file in directory.read_dir()? {
        let file = file?;
        let of_store = file.file_name().to_str().is_some_and(|name| {
            // A key that others could read is no secret any more: it is refused, not covered up.
            is_of_database(name)
                || [LOG, state::FILE].contains(&name)
                || (COMPANIONS.contains(&name) && name != TokenKey::FILE)
        });
        if of_store {
            let mode = if file.file_type()?.is_dir() { PRIVATE_FOLDER } else { PRIVATE_FILE };
            restrict(&file.path(), mode)?;
        }
    }
    match directory.join(LOG).read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        segments => segments?.try_for_each(|segment| restrict(&segment?.path(), PRIVATE_FILE)),
    }
}

/// Modes of what only its owner may read.
pub const PRIVATE_FOLDER: u32 = 0o700;
/// The same, of a file.
pub const PRIVATE_FILE: u32 = 0o600;

/// sled's threads let go of a store a moment after it is closed, as does a service that is being replaced.
const LOCK_ATTEMPTS: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Makes a folder ready to be opened by sled, one that holds a log or may not be a store at all. Leaves it as it is where
/// another process keeps it locked; sled says so.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where the folder holds another program's file; else what the kernel reports.
pub(crate) fn prepare(directory: &Path, has_log: bool) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let data_file = match File::open(directory.join(DATA_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return keep_private(directory),
        opened => opened?,
    };
    if !has_log {
        check_owner(directory)?;
    }
    if let Err(error) = keep_private(directory) {
        tracing::warn!(%error, "the store's files could not be kept from others; see huizong doctor");
    }
    if lock(&data_file)? {
        remove_unfinished_snapshots(directory)?;
    }
    // Closing the file lets go of the lock.
    Ok(())
}

/// Refuses a folder where sled would take another program's file for an empty store of its own.
///
/// sled makes its configuration file before its data file, and so a store has both or only the former.
fn check_owner(directory: &Path) -> io::Result<()> {
    if directory.join(CONFIGURATION_FILE).exists() {
        return Ok(());
    }
    let found = format!("the folder holds a file {DATA_FILE:?} that is not a store's; choose an empty folder");
    Err(io::Error::new(io::ErrorKind::AlreadyExists, found))
}

/// Takes the lock that sled takes; false where it is not to be had.
fn lock(data_file: &File) -> io::Result<bool> {
    for _ in 0..LOCK_ATTEMPTS {
        if try_lock(data_file)? {
            return Ok(true);
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Ok(false)
}

/// Takes the lock if it is to be had now.
pub(crate) fn try_lock(data_file: &File) -> io::Result<bool> {
    match flock(data_file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes snapshots that sled had not finished when the power was cut: it would take such a file, empty or in part,
/// for the newest snapshot, and not open. The one before is removed only once its successor has its final name.
fn remove_unfinished_snapshots(directory: &Path) -> io::Result<()> {
    for file in directory.read_dir()? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// How long a folder that is in use is waited for: sled's own threads, and a process that was just ended, let go of the
/// lock a moment after they seem gone.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// Tries again for that moment while the folder is in use.
pub(crate) fn unless_in_use<T>(mut attempt: impl FnMut() -> T, in_use: impl Fn(&T) -> bool) -> T {
    let given_up = Instant::now() + LOCK_WAIT;
    loop {
        let tried = attempt();
        if !in_use(&tried) || Instant::now() >= given_up {
            return tried;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Copies the folder of a store that no process has open, to be looked into without a change to the original: sled
/// rewrites the end of a damaged log when it opens it.
///
/// # Errors
/// [`StoreError::Open`] where the folder is no store's, is in use, or cannot be copied.
pub fn copy_closed(from: &Path, to: &Path) -> Result<(), StoreError> {
    let open_error = |error: io::Error| StoreError::Open(format!("{}: {error}", from.display()));
    let log = from.join(LOG);
    let has_log = log::holds_segments(&log).map_err(open_error)?;
    if !has_log {
        File::open(from.join(DATA_FILE)).map_err(open_error)?;
        check_owner(from).map_err(open_error)?;
    }
    let mut locked = Vec::new();
    for path in [log, from.join(DATA_FILE)].into_iter().filter(|path| path.exists()) {
        let file = File::open(path).map_err(open_error)?;
        let taken = unless_in_use(|| try_lock(&file), |locked| matches!(locked, Ok(false)));
        if !taken.map_err(open_error)? {
            return Err(StoreError::Open(format!("{}: another process has it open", from.display())));
        }
        locked.push(file);
    }
    std::fs::create_dir_all(to).map_err(open_error)?;
    copy_files(from, to).map_err(open_error)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for file in from.read_dir()? {
        let file = file?;
        let target = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy_files(&file.path(), &target)?;
        } else if file.file_name() != BALLAST_FILE {
            std::fs::copy(file.path(), target)?;
        }
    }
    Ok(())
}

/// Removes snapshots without content, with which sled does not open a store; everything in them is in the log too.
/// Their names. Only for a copy.
///
/// # Errors
/// What the kernel reports.
pub fn remove_empty_snapshots(directory: &Path) -> io::Result<Vec<String>> {
    let mut removed = Vec::new();
    for file in directory.read_dir()? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") && file.metadata()?.len() == 0 {
            std::fs::remove_file(file.path())?;
            removed.push(name);
        }
    }
    Ok(removed)
}
