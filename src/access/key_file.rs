//! A key of a store in a file of its own, made when it is first needed, and readable by its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// A longer file is no key, in bytes.
const BYTES_MAX: u64 = 1024;

/// The file of one kind of key.
pub struct KeyFile {
    /// In the folder of the store.
    pub name: &'static str,
    /// What to do where others may have read it.
    pub if_seen: &'static str,
}

impl KeyFile {
    /// Reads the key of the store in `directory`; a store that has none gets one. `make` makes a new key and what is written of
    /// it, `of` makes the key of that again.
    ///
    /// # Errors
    /// Where the file cannot be read or made, is readable by others, or is no key.
    pub fn open<K>(
        &self,
        directory: &Path,
        make: impl FnOnce() -> io::Result<(K, Vec<u8>)>,
        of: impl FnOnce(&[u8]) -> Result<K, &'static str>,
    ) -> io::Result<K> {
        let path = directory.join(self.name);
        match File::open(&path) {
            Ok(file) => of(&self.read(file)?).map_err(|error| self.invalid(error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (key, written) = make()?;
                // Whole or not at all: what was made with a key that a power cut has cut short would be lost.
                let draft = directory.join(format!(".{}.new", self.name));
                let _ = std::fs::remove_file(&draft);
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
                file.write_all(hex::encode(written).as_bytes())?;
                file.sync_all()?;
                std::fs::rename(&draft, &path)?;
                File::open(directory)?.sync_all()?;
                Ok(key)
            }
            Err(error) => Err(error),
        }
    }

    fn read(&self, file: File) -> io::Result<Vec<u8>> {
        let metadata = file.metadata()?;
        // As a container is given a secret: it belongs to root, and nobody but root may change it or give it to others.
        let is_mounted = metadata.uid() == 0 && metadata.mode() & 0o037 == 0 && !rustix::process::geteuid().is_root();
        if metadata.permissions().mode() & 0o077 != 0 && !is_mounted {
            return Err(self.invalid(&format!("others may read it; chmod 600 it, {}", self.if_seen)));
        }
        let mut text = String::new();
        file.take(BYTES_MAX).read_to_string(&mut text)?;
        hex::decode(text.trim()).map_err(|_| self.invalid("it is not of hexadecimal digits"))
    }

    fn invalid(&self, text: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {text}", self.name))
    }
}
