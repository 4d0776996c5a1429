//! What can still be read of a damaged store: from the log, through sled as far as it goes, and then from the bytes of the
//! files, for a record is known by its own checksum. Works on a copy of the folder, and judges nothing of what it finds.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use crate::report::RevisionName;
use crate::store::item::{Item, describe_key};
use crate::store::journal::{JournalEntry, Outcome};
use crate::store::log::{self, FileLog, Keyed, Log as _, Piece, Sizes};
use crate::store::loose::placed;
use crate::store::record::{RECORD_BYTES_MAX, whole};
use crate::store::{StoreError, keys};

use super::copy::open_tree;
use super::durability::DATA_FILE;
use super::watermark;

/// sled's cache while the store is read, in bytes.
const CACHE_BYTES: u64 = 64 << 20;

/// Bytes that one thread looks at in one piece.
const PIECE_BYTES: usize = 16 << 20;

/// Something that cannot be read, or is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The record, as far as it can be told, or `database`.
    pub place: String,
    /// What sled says, or `missing`.
    pub reason: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Salvage {
    /// Records by their keys.
    pub items: BTreeMap<Vec<u8>, Item>,
    /// Records, each whole, whose place is not known: changes of the registry and of access, and request ids, which
    /// sled no longer gave out. In the order in which they stand in the file, which need not be theirs.
    pub without_place: Vec<Vec<u8>>,
    /// How many of all these sled no longer gave out.
    pub from_bytes: usize,
    /// What is known to be lost; there may be more that left no trace.
    pub losses: Vec<Loss>,
}

impl Salvage {
    fn lost(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.losses.push(Loss { place: place.into(), reason: reason.into() });
    }
}

/// Reads whatever is left in a copy of a store's folder.
///
/// # Errors
/// [`StoreError::Open`] where a file of it cannot be read at all.
pub fn salvage(copy: &Path) -> Result<Salvage, StoreError> {
    let error = |path: &Path, error: std::io::Error| StoreError::Open(format!("{}: {error}", path.display()));
    let log = copy.join(log::FOLDER);
    // Before sled opens the copy, for that cuts off what comes after damage.
    let mut files = Vec::new();
    let segments =
        if log.exists() { log.read_dir().map_err(|cause| error(&log, cause))?.flatten().collect() } else { Vec::new() };
    let paths = segments.iter().map(std::fs::DirEntry::path).chain([copy.join(DATA_FILE)]);
    for path in paths.filter(|path| path.exists()) {
        files.push(std::fs::read(&path).map_err(|cause| error(&path, cause))?);
    }
    let acknowledged = std::fs::read_to_string(copy.join(watermark::FILE)).ok();
    let mut found = Salvage::default();
    let whole = through_log(&log, &mut found);
    through_sled(copy, whole, &mut found);
    files.iter().for_each(|bytes| from_bytes(bytes, &mut found));
    account(acknowledged.as_deref(), &mut found);
    Ok(found)
}

/// Every transaction that the log still gives out, in its order: what was written anew later takes the place of what was there.
/// Whether there is no gap in it.
fn through_log(folder: &Path, found: &mut Salvage) -> bool {
    let Ok(log) = FileLog::open(folder, Sizes::default()) else { return false };
    let mut is_whole = log.head().sequence > 0;
    for piece in log.read(0) {
        let Ok(Piece::Transaction(logged)) = piece else {
            is_whole = false;
            continue;
        };
        for Keyed { key, value } in logged.records {
            if let Ok(item) = Item::decode(&key, &value) {
                found.items.insert(key, item);
            }
        }
    }
    is_whole
}

/// Every record that sled still gives out. A panic of sled's is a damage like another.
fn through_sled(copy: &Path, has_log: bool, found: &mut Salvage) {
    let folder = copy.to_owned();
    let read = std::thread::spawn(move || {
        let mut records = Vec::new();
        let tree = match open_tree(&folder, CACHE_BYTES) {
            Ok(tree) => tree,
            Err(error) => return (records, Some(error.to_string())),
        };
        for entry in tree.iter() {
            match entry {
                Ok((key, value)) => records.push((key.to_vec(), value.to_vec())),
                Err(error) => return (records, Some(error.to_string())),
            }
        }
        (records, None)
    });
    let (records, error) =
        read.join().unwrap_or_else(|_| (Vec::new(), Some("the database ended while it was read".to_owned())));
    // Beside a log that is whole nothing is lost with it.
    if let Some(error) = error.filter(|_| !has_log) {
        found.lost("database", error);
    }
    for (key, value) in records.into_iter().filter(|(key, _)| key.as_slice() != keys::HEADER) {
        match Item::decode(&key, &value) {
            Ok(item) => _ = found.items.entry(key).or_insert(item),
            Err(_) if found.items.contains_key(&key) => {}
            Err(error) => found.lost(describe_key(&key), error.to_string()),
        }
    }
}

/// Whole records wherever they stand in the file.
fn from_bytes(bytes: &[u8], found: &mut Salvage) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let starts: Vec<usize> = (0..bytes.len()).step_by(PIECE_BYTES).collect();
    let look = |start: usize| {
        // A record may begin in this piece and end in the next.
        let piece = &bytes[start..bytes.len().min(start + PIECE_BYTES + RECORD_BYTES_MAX)];
        (0..piece.len().min(PIECE_BYTES)).filter_map(|at| whole(&piece[at..])).collect::<Vec<_>>()
    };
    // Those without a place of their own are told apart by what they are.
    let known = found.items.values().filter(|item| !names_its_place(item));
    let mut known: HashSet<Vec<u8>> = known.filter_map(|item| Some(item.to_record().ok()?.value)).collect();
    for part in starts.chunks(threads) {
        let records: Vec<&[u8]> = std::thread::scope(|scope| {
            let looking: Vec<_> = part.iter().map(|start| scope.spawn(|| look(*start))).collect();
            looking.into_iter().flat_map(|one| one.join().unwrap_or_default()).collect()
        });
        for record in records {
            match placed(record) {
                Some(item) => {
                    if let std::collections::btree_map::Entry::Vacant(place) = found.items.entry(item.key()) {
                        place.insert(item);
                        found.from_bytes += 1;
                    }
                }
                None if is_without_place(record) && known.insert(record.to_vec()) => {
                    found.without_place.push(record.to_vec());
                    found.from_bytes += 1;
                }
                None => {}
            }
        }
    }
}

fn names_its_place(item: &Item) -> bool {
    matches!(item, Item::Entry(_) | Item::Revision(_) | Item::Review(_) | Item::Frozen(_))
}

fn is_without_place(record: &[u8]) -> bool {
    matches!(record.get(1), Some(b'g' | b'a' | b'q'))
}

/// Says what is missing, as far as the journal and what was acknowledged tell.
fn account(acknowledged: Option<&str>, found: &mut Salvage) {
    let acknowledged = acknowledged.and_then(|line| line.split_once(' ')?.0.parse::<u64>().ok()).unwrap_or(0);
    let entries: Vec<&JournalEntry> = found
        .items
        .values()
        .filter_map(|item| match item {
            Item::Entry(entry) => Some(entry),
            _ => None,
        })
        .collect();
    let present: BTreeSet<u64> = entries.iter().map(|entry| entry.sequence).collect();
    let last = present.last().copied().unwrap_or(0).max(acknowledged);
    let mut losses = Vec::new();
    let mut expected = 1;
    for sequence in present.into_iter().chain([last + 1]) {
        if sequence > expected {
            let place = if sequence - expected == 1 {
                format!("journal entry {expected}")
            } else {
                format!("journal entries {expected} to {}", sequence - 1)
            };
            losses.push(Loss { place, reason: "missing".to_owned() });
        }
        expected = expected.max(sequence + 1);
    }
    for entry in entries.iter().filter(|entry| entry.outcome == Outcome::Accepted) {
        let Ok(name) = entry.subject.parse::<RevisionName>() else { continue };
        if !found.items.contains_key(keys::revision(&name.report, name.number).as_slice()) {
            let reason = format!("missing; journal entry {} tells of it", entry.sequence);
            losses.push(Loss { place: name.to_string(), reason });
        }
    }
    losses.dedup();
    found.losses.extend(losses);
}
