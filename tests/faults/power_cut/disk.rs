//! A disk whose power can be cut.
//!
//! What was synced is there. Of what was not, any page of a write may be there or not, in any order. Names (of files
//! made, renamed and removed) become durable in their order, as in the journal of a file system, and for certain when
//! the folder is synced; syncing a file makes its content durable, not its name.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// Written whole or not at all, in bytes.
const PAGE_BYTES: usize = 4096;

/// The files and folders below one folder; a folder has no content.
#[derive(Debug, Clone, Default)]
pub struct Image(BTreeMap<String, Option<Vec<u8>>>);

impl Image {
    /// Replaces a folder's content by this.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        for (name, content) in &self.0 {
            let path = folder.join(name);
            match content {
                None => std::fs::create_dir_all(path)?,
                Some(content) => std::fs::write(path, content)?,
            }
        }
        Ok(())
    }
}

/// What a program asked of the kernel.
#[derive(Debug)]
pub enum Call {
    MakeFolder {
        name: String,
    },
    /// The file is made where it is not there.
    Open {
        name: String,
    },
    Write {
        name: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        name: String,
        length: usize,
    },
    /// Of a file, or of a folder; the store's own folder has an empty name.
    Sync {
        name: String,
    },
    Rename {
        name: String,
        to: String,
    },
    Remove {
        name: String,
    },
}

/// How much of what was not synced is there after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    OnlySynced,
    /// Each page with even chances, and some of the names.
    AnyPage,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

/// Names and what they stand for: a file by its number, or a folder.
type Names = BTreeMap<String, Option<usize>>;

enum Naming {
    Add(String, Option<usize>),
    Rename(String, String),
    Remove(String),
}

pub struct Disk {
    files: Vec<File>,
    /// As the program sees them.
    names: Names,
    synced_names: Names,
    unsynced_names: Vec<Naming>,
    ignores_syncs: bool,
}

impl Disk {
    /// A disk with an image on it, all of it synced.
    pub fn new(image: &Image, ignores_syncs: bool) -> Self {
        let mut files = Vec::new();
        let mut names = Names::new();
        for (name, content) in &image.0 {
            let file = content.as_ref().map(|content| {
                files.push(File { synced: content.clone(), unsynced: Vec::new() });
                files.len() - 1
            });
            names.insert(name.clone(), file);
        }
        Self { files, synced_names: names.clone(), names, unsynced_names: Vec::new(), ignores_syncs }
    }

    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::MakeFolder { name } => self.name(Naming::Add(name.clone(), None)),
            Call::Open { name } if self.names.contains_key(name) => {}
            Call::Open { name } => {
                self.files.push(File::default());
                self.name(Naming::Add(name.clone(), Some(self.files.len() - 1)));
            }
            Call::Write { name, offset, bytes } => {
                self.change(name, Change::Write { offset: *offset, bytes: bytes.clone() });
            }
            Call::Truncate { name, length } => self.change(name, Change::Truncate { length: *length }),
            Call::Sync { .. } if self.ignores_syncs => {}
            Call::Sync { name } => self.sync(name),
            Call::Rename { name, to } => self.name(Naming::Rename(name.clone(), to.clone())),
            Call::Remove { name } => self.name(Naming::Remove(name.clone())),
        }
    }

    fn name(&mut self, naming: Naming) {
        apply_name(&mut self.names, &naming);
        self.unsynced_names.push(naming);
    }

    fn change(&mut self, name: &str, change: Change) {
        if let Some(Some(file)) = self.names.get(name) {
            self.files[*file].unsynced.push(change);
        }
    }

    fn sync(&mut self, name: &str) {
        if let Some(Some(file)) = self.names.get(name) {
            let File { synced, unsynced } = &mut self.files[*file];
            for change in unsynced.drain(..) {
                match change {
                    Change::Write { offset, bytes } => write(synced, offset, &bytes),
                    Change::Truncate { length } => synced.resize(length, 0),
                }
            }
        } else {
            self.unsynced_names.drain(..).for_each(|naming| apply_name(&mut self.synced_names, &naming));
        }
    }

    pub fn unsynced_writes(&self) -> usize {
        self.files.iter().map(|file| file.unsynced.len()).sum()
    }

    /// What is on the disk when the power comes back.
    pub fn cut(&self, kept: Kept, random: &mut ChaCha8Rng) -> Image {
        let mut names = self.synced_names.clone();
        if kept == Kept::AnyPage {
            let last = random.random_range(0..=self.unsynced_names.len());
            self.unsynced_names[..last].iter().for_each(|naming| apply_name(&mut names, naming));
        }
        let content = |file: usize, random: &mut ChaCha8Rng| {
            let mut content = self.files[file].synced.clone();
            if kept == Kept::AnyPage {
                self.files[file].unsynced.iter().for_each(|change| keep_some(&mut content, change, random));
            }
            content
        };
        Image(names.into_iter().map(|(name, file)| (name, file.map(|file| content(file, random)))).collect())
    }
}

fn apply_name(names: &mut Names, naming: &Naming) {
    match naming {
        Naming::Add(name, file) => {
            names.insert(name.clone(), *file);
        }
        Naming::Rename(name, to) => {
            if let Some(file) = names.remove(name) {
                names.insert(to.clone(), file);
            }
        }
        Naming::Remove(name) => {
            names.remove(name);
        }
    }
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

fn keep_some(content: &mut Vec<u8>, change: &Change, random: &mut ChaCha8Rng) {
    match change {
        Change::Truncate { length } => {
            if random.random() {
                content.resize(*length, 0);
            }
        }
        Change::Write { offset, bytes } => {
            let mut at = 0;
            while at < bytes.len() {
                let page_end = (PAGE_BYTES - (offset + at) % PAGE_BYTES + at).min(bytes.len());
                if random.random() {
                    write(content, offset + at, &bytes[at..page_end]);
                }
                at = page_end;
            }
        }
    }
}
