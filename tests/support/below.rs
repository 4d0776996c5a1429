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
