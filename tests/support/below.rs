//! sled's own view of a store, to look at or to put in what the store never would.

use std::path::Path;
use std::time::Duration;

/// As the store sets it; sled does not open a folder with another value.
const SEGMENT_BYTES: usize = 8 << 20;

/// Opens the database below a store that was just closed: its threads let go of the lock a moment after the store is gone.
pub fn open_below(folder: &Path) -> sled::Db {
    let open = || sled::Config::new().path(folder).segment_size(SEGMENT_BYTES).open();
    for _ in 0..200 {
        match open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("lock") => {
                std::thread::sleep(Duration::from_millis(50));
            }
            opened => return opened.expect("the database opens"),
        }
    }
    open().expect("the database opens")
}

/// Writes the database in a folder anew, so that nothing is left in its files of what its records were before.
pub fn without_past(folder: &Path) {
    let below = open_below(folder);
    let records: Vec<_> = below.iter().collect::<Result<_, _>>().expect("the database is whole");
    drop(below);
    // sled's threads let go of its files a moment later.
    drop(open_below(folder));
    for entry in folder.read_dir().expect("the folder is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "db" || name == "conf" || name.starts_with("snap.") {
            std::fs::remove_file(entry.path()).expect("a file of the database is removed");
        }
    }
    let below = open_below(folder);
    for (key, value) in records {
        below.insert(key, value).expect("a record is written");
    }
    below.flush().expect("the database is written");
}
