//! What the store needs to know of its disk: free space, and what kind of file system it is.

use std::io;
use std::path::Path;

use rustix::fs::{statfs, statvfs};

/// Bytes that may still be written to the file system that holds `path`.
///
/// # Errors
/// What the kernel reports.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let stat = statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// How safe a file system is for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// A local one, or one that is not known to be otherwise.
    Local,
    /// Files are on another machine: locks and syncs may not hold.
    Network(&'static str),
    /// Writes go to new places: the data file becomes scattered, and a full disk can refuse even an overwrite.
    CopyOnWrite(&'static str),
    /// A layer of a container: everything is gone with the container.
    Layer(&'static str),
    /// In memory: everything is gone when the machine stops.
    Memory(&'static str),
}

/// Magic numbers of file systems, from linux/magic.h and the file systems' own sources.
const KNOWN: &[(u64, FileSystem)] = &[
    (0x6969, FileSystem::Network("NFS")),
    (0x517b, FileSystem::Network("SMB")),
    (0xff53_4d42, FileSystem::Network("CIFS")),
    (0xfe53_4d42, FileSystem::Network("SMB2")),
    (0x0102_1997, FileSystem::Network("9P")),
    (0x00c3_6400, FileSystem::Network("Ceph")),
    (0x5346_414f, FileSystem::Network("AFS")),
    (0x7375_7245, FileSystem::Network("Coda")),
    (0x0bd0_0bd0, FileSystem::Network("Lustre")),
    (0x4750_4653, FileSystem::Network("GPFS")),
    (0x6573_5546, FileSystem::Network("FUSE")),
    (0x9123_683e, FileSystem::CopyOnWrite("Btrfs")),
    (0x2fc1_2fc1, FileSystem::CopyOnWrite("ZFS")),
    (0xca45_1a4e, FileSystem::CopyOnWrite("bcachefs")),
    (0x794c_7630, FileSystem::Layer("overlayfs")),
    (0x0102_1994, FileSystem::Memory("tmpfs")),
    (0x8584_58f6, FileSystem::Memory("ramfs")),
];

/// The kind of file system that holds `path`.
///
/// # Errors
/// What the kernel reports.
pub fn file_system(path: &Path) -> io::Result<FileSystem> {
    // The type of the field differs between machines; a magic number has 32 bits.
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_possible_truncation)]
    let magic = u64::from(statfs(path)?.f_type as u32);
    Ok(KNOWN.iter().find(|(known, _)| *known == magic).map_or(FileSystem::Local, |(_, kind)| *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_and_kind_of_a_folder_can_be_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert!(file_system(folder.path()).is_ok());
        assert_eq!(free_bytes(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        if Path::new("/dev/shm").is_dir() {
            assert_eq!(file_system(Path::new("/dev/shm")).unwrap(), FileSystem::Memory("tmpfs"));
        }
    }
}
