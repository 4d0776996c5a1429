//! Puts entries that a store has lost back from elsewhere, such as a backup: what is taken is proved by the chain.

use std::path::Path;

use crate::store::item::StoredRecord;
use crate::store::journal::Position;
use crate::store::log::{self, FileLog, Keyed, Log as _, Logged, Sizes};
use crate::store::lost::LostEntry;
use crate::store::{Item, StoreError};

use super::mending::{self, Beside};
use super::mendings::Mended;
use super::state;
use super::watermark::Watermark;

/// What became of the entries that a store lacks.
#[derive(Debug, Default)]
pub struct PutBack {
    /// Sequence numbers of those that are there again.
    pub there: Vec<u64>,
    /// Those that are not.
    pub lost: Vec<LostEntry>,
}

/// Puts back what is missing in the log of a store that nobody has open, of the records that `find` gives for sequence numbers:
/// what is chained to what is there, and is all that its entry holds the hash of. Its copy is made anew by the next start.
///
/// # Errors
/// [`StoreError::Open`] where it cannot be opened or read; [`StoreError::Damaged`].
pub fn put_back(
    directory: &Path,
    find: impl FnOnce(&dyn Fn(u64) -> bool) -> Result<Vec<StoredRecord>, StoreError>,
) -> Result<PutBack, StoreError> {
    let open_error = |error: std::io::Error| StoreError::Open(format!("{}: {error}", directory.display()));
    let folder = directory.join(log::FOLDER);
    if !log::holds_segments(&folder).map_err(open_error)? {
        return Err(StoreError::Open(format!("{}: there is no log", directory.display())));
    }
    let log = FileLog::open(&folder, Sizes::default())?;
    let gaps = log.gaps()?;
    let head = log.head().sequence;
    let acknowledged = Watermark::open(directory).map_err(open_error)?.read()?.map_or(0, |(sequence, _)| sequence);
    let is_missing =
        |sequence: u64| gaps.iter().any(|gap| gap.contains(&sequence)) || (head + 1..=acknowledged).contains(&sequence);
    let records: Vec<Keyed> = find(&is_missing)?.into_iter().map(Keyed::from).collect();
    let (mut found, mended) = (PutBack::default(), Mended::default());
    // Until it is made anew, the copy may not be believed.
    state::doubted(directory);
    found.lost = mending::fill_all(&log, &Beside::Records(&records), &gaps, &mended)?;
    let is_there = |sequence: &u64| found.lost.iter().all(|entry| entry.sequence != *sequence);
    found.there = gaps.iter().cloned().flatten().filter(is_there).collect();
    for sequence in head + 1..=acknowledged {
        let last = log.head();
        match following(&records, &last)? {
            Some(next) if last.sequence + 1 == sequence => {
                log.append(&last, &[next]).map_err(|error| StoreError::Open(error.to_string()))?;
                found.there.push(sequence);
            }
            _ => found.lost.push(LostEntry { sequence, subject: crate::store::LostSubject::Unknown }),
        }
    }
    Ok(found)
}

/// The transaction that follows a place, if the records prove it.
fn following(records: &[Keyed], last: &Position) -> Result<Option<Logged>, StoreError> {
    let mut items = Vec::new();
    for record in records {
        let item = Item::decode(&record.key, &record.value)?;
        if item.sequence() == last.sequence + 1 {
            items.push((item, record.clone()));
        }
    }
    Ok(mending::proved(&items).filter(|next| next.previous == last.chain))
}
