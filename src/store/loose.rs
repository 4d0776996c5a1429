//! Records among bytes that are nothing else any more: each is known by its own checksum. Most say themselves where they belong;
//! the others stand right after their key, if they still do.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::sync::Arc;

use super::item::Item;
use super::log::Keyed;
use super::record::{RECORD_BYTES_MAX, decode, whole};

/// Bytes that are looked at in one piece.
const PIECE_BYTES: usize = 16 << 20;
/// Most bytes in which a file says between a key and a record how long the record is.
const LENGTH_BYTES_MAX: usize = 4;

/// The item of a record that says itself where it belongs.
pub(crate) fn placed(record: &[u8]) -> Option<Item> {
    match record.get(1)? {
        b'j' => decode(record).ok().map(Item::Entry),
        b'r' => decode(record).ok().map(|revision| Item::Revision(Arc::new(revision))),
        b'v' => decode(record).ok().map(|review| Item::Review(Arc::new(review))),
        b'f' => decode(record).ok().map(|form| Item::Frozen(Arc::new(form))),
        _ => None,
    }
}

/// Length of the keys of the kinds that do not.
fn key_bytes(record: &[u8]) -> Option<usize> {
    match record.get(1)? {
        b'g' | b'a' => Some(13),
        b'q' => Some(17),
        _ => None,
    }
}

/// Whole records, wherever they stand, of transactions with these sequence numbers.
pub(crate) fn records(bytes: &[u8], of: &RangeInclusive<u64>) -> Vec<Keyed> {
    (0..bytes.len()).filter_map(|at| record_at(bytes, at, of)).collect()
}

/// The same in a file, as far as it can be read, piece by piece: it may be larger than the memory.
pub(crate) fn records_in(path: &Path, of: &RangeInclusive<u64>) -> Vec<Keyed> {
    let mut found = Vec::new();
    if let Err(error) = look_through(path, of, &mut found) {
        tracing::error!(%error, path = %path.display(), "what is left in a damaged file is not read to its end");
    }
    found
}

fn look_through(path: &Path, of: &RangeInclusive<u64>, found: &mut Vec<Keyed>) -> io::Result<()> {
    in_pieces(path, |bytes, starts| found.extend(starts.filter_map(|at| record_at(bytes, at, of))))
}

/// Shows a file piece by piece: with each some bytes, and at which of them records may begin that were not shown before. What
/// begins there, and the key before it, is in these bytes whole.
///
/// # Errors
/// What the kernel reports.
pub(crate) fn in_pieces(path: &Path, mut look: impl FnMut(&[u8], Range<usize>)) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    loop {
        // A record may begin in one piece and end in the next, as may the key before it.
        let known = bytes.len();
        let read = file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut bytes)?;
        let is_end = read == 0;
        let until = if is_end { bytes.len() } else { bytes.len().saturating_sub(RECORD_BYTES_MAX) };
        let from = known.saturating_sub(RECORD_BYTES_MAX);
        look(&bytes, from..until.max(from));
        if is_end {
            return Ok(());
        }
        bytes.drain(..bytes.len().saturating_sub(2 * RECORD_BYTES_MAX));
    }
}

fn record_at(bytes: &[u8], at: usize, of: &RangeInclusive<u64>) -> Option<Keyed> {
    let value = whole(bytes.get(at..)?)?;
    let item = placed(value).or_else(|| {
        let length = key_bytes(value)?;
        let keys = (0..=LENGTH_BYTES_MAX).filter_map(|gap| {
            let end = at.checked_sub(gap)?;
            bytes.get(end.checked_sub(length)?..end)
        });
        keys.into_iter().find_map(|key| Item::decode(key, value).ok())
    })?;
    of.contains(&item.sequence()).then(|| Keyed { key: item.key(), value: value.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::super::transaction::{Requested, StoredRequest};
    use super::*;
    use crate::report::Hash;

    fn request(sequence: u64) -> Keyed {
        let request = StoredRequest { fingerprint: Hash::default(), stored: Requested::Registry(1), sequence };
        let id = crate::store::RequestId::from_u128(u128::from(sequence));
        let record = Item::Request { id, request }.to_record().unwrap();
        Keyed { key: record.key, value: record.value }
    }

    #[test]
    fn records_are_found_with_the_keys_before_them_wherever_they_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let [first, second, third, other] = [7, 8, 9, 10].map(request);
        let mut bytes = vec![0; 100];
        bytes.extend([&first.key[..], &first.value].concat());
        // From one piece into the next, its length between the two.
        bytes.resize(PIECE_BYTES - second.key.len(), 0);
        bytes.extend([&second.key[..], &[241, 2], &second.value].concat());
        bytes.extend([&other.key[..], &other.value].concat());
        bytes.extend([&third.key[..], &[1], &third.value].concat());
        std::fs::write(&path, &bytes).unwrap();
        let found = records_in(&path, &(7..=9));
        assert_eq!(found, [first, second, third]);
        assert_eq!(found, records(&bytes, &(7..=9)));
    }
}
