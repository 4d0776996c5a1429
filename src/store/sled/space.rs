//! Room on the disk: refuses writes before the disk is full, and sets room aside for when it is.
//!
//! sled writes without being asked: it moves pages to free segments. Where one of these writes finds no room, sled does
//! nothing any more, not even read, until it is opened again. So blocks are taken for the data file beyond its end, and
//! for the holes in it, before they are needed. A file of the same size only takes up room: whoever deletes it gives a
//! store on a full disk the space that it needs to open.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate};

use crate::store::StoreError;
use crate::store::disk::free_bytes;

/// Tells how many bytes may still be written to the disk of a folder.
#[derive(Clone)]
pub struct FreeSpace(Arc<Tell>);

type Tell = dyn Fn(&Path) -> io::Result<u64> + Send + Sync;

impl FreeSpace {
    /// Told by something else than the kernel.
    pub fn told_by(tell: impl Fn(&Path) -> io::Result<u64> + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl Default for FreeSpace {
    fn default() -> Self {
        Self::told_by(free_bytes)
    }
}

impl fmt::Debug for FreeSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreeSpace")
    }
}

/// Watches the room on the disk of one store.
pub(crate) struct Space {
    pub directory: PathBuf,
    /// Least free space for writes to be taken; 0 for none.
    pub min_free_bytes: u64,
    pub free: FreeSpace,
    /// Bytes set aside, in the data file and in the ballast each; 0 for none.
    pub ballast_bytes: u64,
    /// The disk could not be looked at the last time.
    pub untold: AtomicBool,
}

impl Space {
    /// Whether there is room for writes, at this moment.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`].
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.min_free_bytes == 0 {
            return Ok(());
        }
        match (self.free.0)(&self.directory) {
            Ok(free_bytes) if free_bytes < self.min_free_bytes => {
                Err(StoreError::DiskFull { free_bytes, min_free_bytes: self.min_free_bytes })
            }
            Ok(_) => {
                if self.untold.swap(false, Ordering::Relaxed) {
                    tracing::info!("the disk of the store can be looked at again");
                }
                Ok(())
            }
            // A write that finds no room fails, and says so.
            Err(error) => {
                // Once, not each time that it is asked for.
                if !self.untold.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the disk of the store cannot be looked at any more; see to it before you restart");
                }
                Ok(())
            }
        }
    }

    /// Whether as much as the ballast can be taken and writes still be admitted.
    fn has_room(&self) -> bool {
        let needed = self.ballast_bytes.saturating_add(self.min_free_bytes);
        (self.free.0)(&self.directory).is_ok_and(|free| free >= needed)
    }

    /// Takes blocks for what the data file will grow by, where half of those taken before are used up.
    pub(crate) fn set_aside(&self, data_file: &File) {
        if self.ballast_bytes == 0 {
            return;
        }
        let taken = || -> io::Result<()> {
            let metadata = data_file.metadata()?;
            let wanted = metadata.len().saturating_add(self.ballast_bytes);
            if metadata.blocks().saturating_mul(512) >= wanted - self.ballast_bytes / 2 || !self.has_room() {
                return Ok(());
            }
            Ok(fallocate(data_file, FallocateFlags::KEEP_SIZE, 0, wanted)?)
        };
        if let Err(error) = taken() {
            tracing::warn!(%error, "no room could be set aside: on a full disk the store may have to be opened again");
        }
    }

    /// Makes the ballast where it is missing and there is room; without it the store works as well.
    pub(crate) fn keep_ballast(&self) {
        let file = self.directory.join(super::folder::BALLAST_FILE);
        let ballast_bytes = self.ballast_bytes;
        if ballast_bytes == 0 || file.metadata().is_ok_and(|metadata| metadata.len() >= ballast_bytes) {
            return;
        }
        if !self.has_room() {
            tracing::warn!(ballast_bytes, "no room for the ballast: on a full disk there will be nothing to delete");
            return;
        }
        if let Err(error) = reserve(&file, ballast_bytes) {
            tracing::warn!(%error, "the ballast could not be made: on a full disk there will be nothing to delete");
            // What was made of it is of no use; where it cannot be removed either, that was said.
            let _ = std::fs::remove_file(&file);
        }
    }
}

fn reserve(path: &Path, bytes: u64) -> io::Result<()> {
    let file: File = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    fallocate(&file, FallocateFlags::empty(), 0, bytes)?;
    file.sync_all()
}
