//! The syncs that sled 0.34 leaves out.
//!
//! `flush` calls `sync_file_range` only, which survives a crash of the process but not of the machine (sled issues
//! 1452 and 1351), and the configuration file and the folder are never synced. Hence: `fdatasync` on a handle of our
//! own before each acknowledgement, and `fsync` of everything once after opening.

use std::fs::File;
use std::io;
use std::path::Path;

const CONFIGURATION_FILE: &str = "conf";
const DATA_FILE: &str = "db";

/// Our own handle to sled's data file.
pub struct DataFile(File);

impl DataFile {
    /// # Errors
    /// Where the file is not there or may not be read.
    pub fn open(directory: &Path) -> io::Result<Self> {
        File::open(directory.join(DATA_FILE)).map(Self)
    }

    /// Everything that was written to the file before is on disk when this returns.
    ///
    /// # Errors
    /// What the kernel reports; the state of the file is unknown then.
    pub fn sync(&self) -> io::Result<()> {
        rustix::fs::fdatasync(&self.0).map_err(io::Error::from)
    }
}

/// Makes the store's files and their names durable.
///
/// # Errors
/// What the kernel reports.
pub fn sync_after_open(directory: &Path) -> io::Result<()> {
    for file in [CONFIGURATION_FILE, DATA_FILE] {
        File::open(directory.join(file))?.sync_all()?;
    }
    // The folder may have been made just now, and so may those above it.
    for folder in directory.canonicalize()?.ancestors() {
        match File::open(folder).and_then(|folder| folder.sync_all()) {
            Ok(()) => {}
            // A folder above that we may not open was not made by us.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
