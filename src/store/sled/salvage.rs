//! What can still be read of a damaged store: from the log, through sled as far as it goes, and then from the bytes of the
//! files, for a record is known by its own checksum. Works on a copy of the folder, and judges nothing of what it finds.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::path::Path;

use crate::report::RevisionName;
use crate::store::item::{Item, describe_key};
use crate::store::journal::{JournalEntry, Outcome};
use crate::store::log::{self, FileLog, Keyed, Log as _, Piece, Sizes};
use crate::store::loose::{in_pieces, placed};
use crate::store::record::whole;
use crate::store::{StoreError, keys};

use super::copy::open_tree;
use super::durability::DATA_FILE;
use super::watermark;

/// sled's cache while the store is read, in bytes.
const CACHE_BYTES: u64 = 64 << 20;

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
    let segments =
        if log.exists() { log.read_dir().map_err(|cause| error(&log, cause))?.flatten().collect() } else { Vec::new() };
    let acknowledged = std::fs::read_to_string(copy.join(watermark::FILE)).ok();
    let mut found = Salvage::default();
    let is_whole = through_log(&log, &mut found);
    // Before sled opens the copy, for that cuts off what comes after damage.
    let mut loose = Loose::default();
    let paths = segments.iter().map(std::fs::DirEntry::path).chain([copy.join(DATA_FILE)]);
    for path in paths.filter(|path| path.exists()) {
        let look = |bytes: &[u8], starts| loose.take(bytes, starts, &found.items);
        in_pieces(&path, look).map_err(|cause| error(&path, cause))?;
    }
    through_sled(copy, is_whole, &mut found);
    loose.give(&mut found);
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

/// Whole records, wherever they stand in a file.
#[derive(Default)]
struct Loose {
    items: BTreeMap<Vec<u8>, Item>,
    without_place: Vec<Vec<u8>>,
    /// The same as these, each once.
    told: HashSet<Vec<u8>>,
}

impl Loose {
    /// Looks at some bytes of a file for what begins at one of these, but for what is `known`.
    fn take(&mut self, bytes: &[u8], starts: Range<usize>, known: &BTreeMap<Vec<u8>, Item>) {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let look = |starts: Range<usize>| starts.filter_map(|at| whole(bytes.get(at..)?)).collect::<Vec<_>>();
        let part = starts.len().div_ceil(threads).max(1);
        let parts = starts.clone().step_by(part).map(|start| start..starts.end.min(start + part));
        let records: Vec<&[u8]> = std::thread::scope(|scope| {
            let looking: Vec<_> = parts.map(|part| scope.spawn(|| look(part))).collect();
            looking.into_iter().flat_map(|one| one.join().unwrap_or_default()).collect()
        });
        for record in records {
            match placed(record) {
                Some(item) if !known.contains_key(&item.key()) => _ = self.items.entry(item.key()).or_insert(item),
                None if is_without_place(record) && self.told.insert(record.to_vec()) => {
                    self.without_place.push(record.to_vec());
                }
                Some(_) | None => {}
            }
        }
    }

    /// Adds what nothing else has given out.
    fn give(self, found: &mut Salvage) {
        for (key, item) in self.items {
            if let std::collections::btree_map::Entry::Vacant(place) = found.items.entry(key) {
                place.insert(item);
                found.from_bytes += 1;
            }
        }
        // Those without a place of their own are told apart by what they are.
        let given = found.items.values().filter(|item| !names_its_place(item));
        let given: HashSet<Vec<u8>> = given.filter_map(|item| Some(item.to_record().ok()?.value)).collect();
        let others = self.without_place.into_iter().filter(|record| !given.contains(record));
        let before = found.without_place.len();
        found.without_place.extend(others);
        found.from_bytes += found.without_place.len() - before;
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
