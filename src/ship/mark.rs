//! How far a receiver has had the journal, in a file of the data folder: a restart goes on from there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::report::Hash;
use crate::store::Position;

pub(crate) struct Mark {
    file: PathBuf,
}

impl Mark {
    /// The mark of one way, such as `syslog`.
    pub(crate) fn new(folder: &Path, to: &str) -> Self {
        Self { file: folder.join(format!("journal-shipped-{to}")) }
    }

    /// None where nothing was sent yet, or nobody can tell.
    pub(crate) fn read(&self) -> Option<Position> {
        let text = fs::read_to_string(&self.file).ok()?;
        let (sequence, chain) = text.trim_end().split_once(' ')?;
        Some(Position { sequence: sequence.parse().ok()?, chain: Hash::from_hex(chain)?, ..Position::default() })
    }

    /// # Errors
    /// Where it cannot be kept; the last one stays.
    pub(crate) fn write(&self, position: &Position) -> io::Result<()> {
        let draft = self.file.with_extension("new");
        let mut file = File::create(&draft)?;
        writeln!(file, "{} {}", position.sequence, position.chain)?;
        file.sync_data()?;
        fs::rename(&draft, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_again_after_a_restart_and_damaged_it_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mark = Mark::new(folder.path(), "syslog");
        assert_eq!(mark.read(), None);
        for sequence in [7, 8] {
            let position = Position { sequence, chain: Hash::of(b"chain"), ..Position::default() };
            mark.write(&position).unwrap();
            assert_eq!(Mark::new(folder.path(), "syslog").read(), Some(position));
        }
        assert_eq!(Mark::new(folder.path(), "file").read(), None, "each way has its own");
        fs::write(folder.path().join("journal-shipped-syslog"), "8 00").unwrap();
        assert_eq!(mark.read(), None);
    }
}
