//! Records among bytes that are nothing else any more: each is known by its own checksum. Most say themselves where they belong;
//! the others stand right after their key, if they still do.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::item::Item;
use super::log::Keyed;
use super::record::{decode, whole};

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
    let found = (0..bytes.len()).filter_map(|at| {
        let value = whole(&bytes[at..])?;
        let item = placed(value).or_else(|| {
            let key = bytes.get(at.checked_sub(key_bytes(value)?)?..at)?;
            Item::decode(key, value).ok()
        })?;
        of.contains(&item.sequence()).then(|| Keyed { key: item.key(), value: value.to_vec() })
    });
    found.collect()
}
