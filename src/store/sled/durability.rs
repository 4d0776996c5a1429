//! The syncs that sled 0.34 leaves out, where the copy must be durable: once it is closed, and after an import.
//!
//! `flush` calls `sync_file_range` only, which survives a crash of the process but not of the machine (sled issues
//! 1452 and 1351), and the configuration file and the folder are never synced.
//!
//! A page too large for the data file goes to a file of its own, which sled never syncs either, and whose loss tears
//! the batch it was part of. So no page may become that large: see [`SEGMENT_BYTES`].

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::store::record::RECORD_BYTES_MAX;

use super::copy::is_of_database;
use super::watermark;

pub(crate) const CONFIGURATION_FILE: &str = "conf";
pub(crate) const DATA_FILE: &str = "db";

/// Size of sled's segments. A page goes to a file of its own where it exceeds a quarter of this.
pub(crate) const SEGMENT_BYTES: usize = 8 << 20;

/// Most records in a page: sled splits a page of more than 16 when it next comes by to write to it.
const PAGE_RECORDS_MAX: usize = 17;

/// Room for what a page holds besides its records' bytes: headers, and per record the key and both lengths.
const PAGE_OVERHEAD_BYTES: usize = 256 + PAGE_RECORDS_MAX * 256;

const _: () = assert!(PAGE_RECORDS_MAX * RECORD_BYTES_MAX + PAGE_OVERHEAD_BYTES < SEGMENT_BYTES / 4);

/// Our own handle to sled's data file.
pub(crate) struct DataFile(File);

impl DataFile {
    /// # Errors
    /// Where the file is not there or may not be written.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(directory.join(DATA_FILE)).map(Self)
    }

    pub(crate) fn file(&self) -> &File {
        &self.0
    }

    /// Everything that was written to the file before is on disk when this returns.
    ///
    /// # Errors
    /// What the kernel reports; the state of the file is unknown then.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Makes the files of a database durable, and their names.
///
/// # Errors
/// What the kernel reports.
pub(crate) fn sync_files(directory: &Path) -> io::Result<()> {
    for entry in directory.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_of_database) {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(directory)?.sync_all()
}

/// Makes the store's files and their names durable.
///
/// # Errors
/// What the kernel reports.
pub(crate) fn sync_after_open(directory: &Path) -> io::Result<()> {
    sync_files(directory)?;
    File::open(directory.join(watermark::FILE))?.sync_all()?;
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
