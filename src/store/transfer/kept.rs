//! A folder of backups: each gets its name once it is verified, and old ones go only when a newer one is.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::fault::DamagedStream;
use super::import::{Summary, ends_at, verify};
use crate::store::Position;

const PREFIX: &str = "huizong-";
const SUFFIX: &str = ".backup";
/// Of what was stored since the one before it.
const CHANGES: &str = ".changes";
/// Of a file that is being written, or was when the machine stopped.
const PARTIAL: &str = ".partial";
/// When it was made, in UTC: names are in the order of time.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Why there is no new backup.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// A file or the folder cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What was written reads back otherwise; it gets no name of a backup.
    #[error("{path} is not as it was written: {error}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        error: Box<DamagedStream>,
    },
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Kept {
    directory: PathBuf,
    /// Backups that stay; at least one.
    keep: usize,
}

/// A backup that was verified when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBackup {
    /// The whole path.
    pub path: PathBuf,
    /// When it was begun, to the second; part of the name.
    pub made: Timestamp,
    /// Length of the file.
    pub bytes: u64,
}

/// A backup that is being written; it has no name of its own yet.
pub struct Draft {
    file: File,
    path: PathBuf,
}

fn of_file(path: &Path) -> impl Fn(io::Error) -> KeptError {
    let path = path.to_owned();
    move |error| KeptError::File { path: path.clone(), error }
}

fn made_at(name: &str, suffix: &str) -> Option<Timestamp> {
    let time = name.strip_prefix(PREFIX)?.strip_suffix(suffix)?;
    let time = DateTime::strptime(TIME, time).ok()?;
    Offset::UTC.to_timestamp(time).ok()
}

impl Kept {
    /// `directory` is made with the first backup; of `keep` backups one stays at least.
    pub fn new(directory: impl Into<PathBuf>, keep: usize) -> Self {
        Self { directory: directory.into(), keep: keep.max(1) }
    }

    /// The backups in it, the oldest first; none where there is no folder yet. Other files are left out.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn list(&self) -> Result<Vec<KeptBackup>, KeptError> {
        self.listed(SUFFIX)
    }

    /// What was stored between them, the oldest first.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn list_changes(&self) -> Result<Vec<KeptBackup>, KeptError> {
        self.listed(CHANGES)
    }

    /// Where the newest of all that is in it ends; none where there is no backup.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn newest_position(&self) -> Result<Option<Position>, KeptError> {
        let mut newest: Option<Position> = None;
        let whole = self.list()?.pop();
        let made = whole.as_ref().map(|whole| whole.made);
        let later = self.list_changes()?.into_iter().filter(|changes| Some(changes.made) >= made);
        for backup in whole.into_iter().chain(later) {
            let position = ends_at(&backup.path)
                .map_err(|error| KeptError::Damaged { path: backup.path.clone(), error: Box::new(error) })?;
            newest = newest.filter(|newest| newest.sequence >= position.sequence).or(Some(position));
        }
        Ok(newest)
    }

    fn listed(&self, suffix: &str) -> Result<Vec<KeptBackup>, KeptError> {
        let mut found = Vec::new();
        let entries = match self.directory.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            entries => entries.map_err(of_file(&self.directory))?,
        };
        for entry in entries {
            let entry = entry.map_err(of_file(&self.directory))?;
            let Some(made) = entry.file_name().to_str().and_then(|name| made_at(name, suffix)) else { continue };
            // One that another process removes meanwhile is none any more.
            let Ok(metadata) = entry.metadata() else { continue };
            found.push(KeptBackup { path: entry.path(), made, bytes: metadata.len() });
        }
        found.sort_by_key(|backup| backup.made);
        Ok(found)
    }

    /// Begins a file, in a folder that is made where there is none, for its owner alone.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn begin(&self, now: Timestamp) -> Result<Draft, KeptError> {
        self.draft(now, SUFFIX)
    }

    /// Begins a file of what was stored since the newest.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn begin_changes(&self, now: Timestamp) -> Result<Draft, KeptError> {
        self.draft(now, CHANGES)
    }

    fn draft(&self, now: Timestamp, suffix: &str) -> Result<Draft, KeptError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&self.directory).map_err(of_file(&self.directory))?;
        let time = Offset::UTC.to_datetime(now).strftime(TIME).to_string();
        let path = self.directory.join(format!("{PREFIX}{time}{suffix}{PARTIAL}"));
        let file = File::create(&path).map_err(of_file(&path))?;
        Ok(Draft { file, path })
    }

    /// Reads back what was written, gives it its name, and then removes what is too old: the ones above the number
    /// that is kept, and what was left unfinished.
    ///
    /// # Errors
    /// Where it cannot be written or is not as it was sent; nothing is removed then.
    pub fn finish(&self, draft: Draft) -> Result<(KeptBackup, Summary), KeptError> {
        let Draft { file, path } = draft;
        file.sync_all().map_err(of_file(&path))?;
        drop(file);
        let summary =
            verify(&path, |_| {}).map_err(|error| KeptError::Damaged { path: path.clone(), error: Box::new(error) })?;
        let named = path.with_extension("");
        std::fs::rename(&path, &named).map_err(of_file(&path))?;
        let folder = File::open(&self.directory).and_then(|folder| folder.sync_all());
        folder.map_err(of_file(&self.directory))?;
        self.prune(&named)?;
        let name = named.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let made = [SUFFIX, CHANGES].iter().find_map(|suffix| made_at(name, suffix)).unwrap_or_default();
        Ok((KeptBackup { path: named, made, bytes: summary.bytes }, summary))
    }

    fn prune(&self, newest: &Path) -> Result<(), KeptError> {
        let backups = self.list()?;
        let too_many = backups.len().saturating_sub(self.keep);
        // Whatever the clock says: the one that was just verified stays.
        for backup in backups.iter().take(too_many).filter(|backup| backup.path != newest) {
            std::fs::remove_file(&backup.path).map_err(of_file(&backup.path))?;
        }
        // What goes on from a backup that is gone is of no use.
        let oldest = self.list()?.first().map(|backup| backup.made);
        let stale = self.list_changes()?.into_iter().filter(|changes| Some(changes.made) < oldest);
        for changes in stale.filter(|changes| changes.path != newest) {
            std::fs::remove_file(&changes.path).map_err(of_file(&changes.path))?;
        }
        for entry in self.directory.read_dir().map_err(of_file(&self.directory))?.flatten() {
            let name = entry.file_name();
            let unfinished = name.to_str().and_then(|name| name.strip_suffix(PARTIAL));
            if unfinished.is_some_and(|name| [SUFFIX, CHANGES].iter().any(|suffix| made_at(name, suffix).is_some())) {
                std::fs::remove_file(entry.path()).map_err(of_file(&entry.path()))?;
            }
        }
        Ok(())
    }
}

impl Draft {
    /// Appends the next part.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), KeptError> {
        self.file.write_all(bytes).map_err(of_file(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use crate::store::transfer::Export;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn store() -> MemoryStore {
        MemoryStore::new(std::sync::Arc::<crate::live::Live>::default())
    }

    fn write(kept: &Kept, now: Timestamp, damage: bool) -> Result<KeptBackup, KeptError> {
        let mut draft = kept.begin(now)?;
        for part in Export::of(&store()) {
            draft.write(&part.unwrap().bytes)?;
        }
        if damage {
            draft.write(b"more")?;
        }
        kept.finish(draft).map(|(backup, _)| backup)
    }

    #[test]
    fn the_newest_stay_and_old_ones_go_only_when_a_newer_one_is_verified() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().join("backups"), 2);
        assert_eq!(kept.list().unwrap(), []);
        let made: Vec<_> = (0..3).map(|second| write(&kept, at(second), false).unwrap()).collect();
        assert_eq!(kept.list().unwrap(), made[1..]);
        assert!(matches!(write(&kept, at(4), true), Err(KeptError::Damaged { .. })));
        assert_eq!(kept.list().unwrap(), made[1..], "what is damaged takes nobody's place");
        std::fs::write(folder.path().join("backups/notes.txt"), "another's").unwrap();
        let newest = write(&kept, at(5), false).unwrap();
        assert_eq!(kept.list().unwrap(), [made[2].clone(), newest]);
        let names = folder.path().join("backups").read_dir().unwrap().count();
        assert_eq!(names, 3, "the unfinished one is gone, another's file is not");
    }

    #[test]
    fn a_clock_that_was_set_back_removes_no_backup_that_was_just_made() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path(), 1);
        write(&kept, at(100), false).unwrap();
        let earlier = write(&kept, at(1), false).unwrap();
        assert!(kept.list().unwrap().contains(&earlier));
    }
}
