//! How the copy was left, in a file beside it: whether what is there may be believed.
//!
//! The copy is not synced with each group. When only the process ended, the kernel has written what sled gave it; after a
//! power cut any part may be missing, in any order, and so the copy is made anew from the log.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use super::durability::DATA_FILE;
use super::folder::PRIVATE_FILE;

/// Its name in the store's folder.
pub(crate) const FILE: &str = "copy-state";

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Tells one run of the machine from another.
#[derive(Clone)]
pub struct Boot(Arc<Tell>);

type Tell = dyn Fn() -> Option<String> + Send + Sync;

impl Boot {
    /// Told by something else than the kernel; none where it cannot be told.
    pub fn told_by(tell: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl Default for Boot {
    fn default() -> Self {
        Self::told_by(|| Some(std::fs::read_to_string(BOOT_ID).ok()?.trim().to_owned()))
    }
}

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Boot")
    }
}

/// How the copy was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Closed, with everything synced.
    Closed,
    /// Open when its process ended; the machine has run on since.
    Open,
    /// Filled by an import that did not come to its end, or did and could not say so.
    Import,
    /// Open when the machine stopped, or that cannot be told.
    Unknown,
}

/// The copy's run of the machine and its data file; of a copy that lies elsewhere it is another.
fn identity(directory: &Path, boot: &Boot) -> Option<String> {
    let metadata = directory.join(DATA_FILE).metadata().ok()?;
    Some(format!("open {} {} {}\n", (boot.0)()?, metadata.dev(), metadata.ino()))
}

const CLOSED: &str = "closed\n";
const IMPORT: &str = "import\n";

pub(super) fn read(directory: &Path, boot: &Boot) -> Left {
    match std::fs::read_to_string(directory.join(FILE)) {
        Ok(text) if text == CLOSED => Left::Closed,
        Ok(text) if text == IMPORT => Left::Import,
        Ok(text) if identity(directory, boot).as_ref() == Some(&text) => Left::Open,
        _ => Left::Unknown,
    }
}

fn write(directory: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(PRIVATE_FILE).open(directory.join(FILE))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    File::open(directory)?.sync_all()
}

/// Notes that it is open.
///
/// # Errors
/// What the kernel reports.
pub(super) fn opened(directory: &Path, boot: &Boot) -> io::Result<()> {
    write(directory, &identity(directory, boot).unwrap_or_default())
}

/// Notes that it was closed with everything in it durable.
///
/// # Errors
/// What the kernel reports.
pub(super) fn closed(directory: &Path) -> io::Result<()> {
    write(directory, CLOSED)
}

/// Notes that it is being filled by an import.
///
/// # Errors
/// What the kernel reports.
pub(super) fn importing(directory: &Path) -> io::Result<()> {
    write(directory, IMPORT)
}

/// Notes, if that is still possible, that it may not be believed.
pub(super) fn doubted(directory: &Path) {
    if let Err(error) = std::fs::remove_file(directory.join(FILE)) {
        tracing::warn!(%error, "it could not be noted that the copy is to be made anew");
    }
}
