//! What is seen to in the store's folder before sled opens it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::store::StoreError;

use super::durability::{CONFIGURATION_FILE, DATA_FILE};

/// A file that only takes up room: whoever deletes it gives a store on a full disk the space that it needs to open.
pub const BALLAST_FILE: &str = "ballast";

/// sled's threads let go of a store a moment after it is closed, as does a service that is being replaced.
const LOCK_ATTEMPTS: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Makes a folder ready to be opened by sled. Leaves it as it is where another process keeps it locked; sled says so.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where the folder holds another program's file; else what the kernel reports.
pub fn prepare(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let data_file = match File::open(directory.join(DATA_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    check_owner(directory)?;
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
        match flock(data_file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
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

/// Copies the folder of a store that no process has open, to be looked into without a change to the original: sled
/// rewrites the end of a damaged log when it opens it.
///
/// # Errors
/// [`StoreError::Open`] where the folder is no store's, is in use, or cannot be copied.
pub fn copy_closed(from: &Path, to: &Path) -> Result<(), StoreError> {
    let open_error = |error: io::Error| StoreError::Open(format!("{}: {error}", from.display()));
    let data_file = File::open(from.join(DATA_FILE)).map_err(open_error)?;
    check_owner(from).map_err(open_error)?;
    if !lock(&data_file).map_err(open_error)? {
        return Err(StoreError::Open(format!("{}: another process has it open", from.display())));
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
