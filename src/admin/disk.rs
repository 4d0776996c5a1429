//! How much the store takes on its disk, and how much is left.

use std::path::Path;

/// In bytes; none where it cannot be found out.
pub(crate) struct Disk {
    pub store_bytes: Option<u64>,
    pub free_bytes: Option<u64>,
    pub size_bytes: Option<u64>,
}

pub(crate) fn look_up(directory: &Path) -> Disk {
    let file_system = rustix::fs::statvfs(directory).ok();
    // What a process without special rights may use.
    let bytes = |blocks: u64, block: u64| blocks.checked_mul(block);
    Disk {
        store_bytes: folder_bytes(directory).ok(),
        free_bytes: file_system.as_ref().and_then(|found| bytes(found.f_bavail, found.f_frsize)),
        size_bytes: file_system.as_ref().and_then(|found| bytes(found.f_blocks, found.f_frsize)),
    }
}

/// Length of all files in and below a folder. A file that goes away meanwhile counts as nothing.
fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut sum = 0_u64;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        let bytes = if metadata.is_dir() { folder_bytes(&entry.path()).unwrap_or(0) } else { metadata.len() };
        sum = sum.saturating_add(bytes);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_folders_count_with_their_length() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(folder.path().join("a"), [0; 10]).unwrap();
        std::fs::write(folder.path().join("inner/b"), [0; 7]).unwrap();
        let disk = look_up(folder.path());
        assert_eq!(disk.store_bytes, Some(17));
        assert!(disk.free_bytes <= disk.size_bytes && disk.size_bytes > Some(0));
        assert_eq!(look_up(&folder.path().join("absent")).store_bytes, None);
    }
}
