//! Finds where a record ends that begins somewhere in a file: it does not say how long it is, but its checksum does.

use super::{HEADER_BYTES, RECORD_BYTES_MAX, begun_checksum, is_read};

/// The record at the beginning of `bytes`, header included; none where there is none.
///
/// The message of a record is a row of fields, and it can end only between two of them: so few ends have to be tried.
pub(crate) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
    let [version, kind, checksum @ ..] = header else { return None };
    if !is_read(*version) || !kind.is_ascii_lowercase() {
        return None;
    }
    let expected = u32::from_le_bytes(checksum.try_into().ok()?);
    let rest = &rest[..rest.len().min(RECORD_BYTES_MAX)];
    let mut hasher = begun_checksum(*version, *kind);
    let mut end = 0;
    loop {
        let field = field_bytes(&rest[end..])?;
        hasher.update(rest.get(end..end + field)?);
        end += field;
        if hasher.clone().finalize() == expected {
            return bytes.get(..HEADER_BYTES + end);
        }
    }
}

/// Length of the field at the beginning of `bytes`; none where there is no field of Protocol Buffers.
fn field_bytes(bytes: &[u8]) -> Option<usize> {
    let (tag, tag_bytes) = varint(bytes)?;
    if tag >> 3 == 0 {
        return None;
    }
    let value = &bytes[tag_bytes..];
    let value_bytes = match tag & 7 {
        0 => varint(value)?.1,
        1 => 8,
        2 => {
            let (length, length_bytes) = varint(value)?;
            usize::try_from(length).ok()?.checked_add(length_bytes)?
        }
        5 => 4,
        _ => return None,
    };
    (value_bytes <= value.len()).then_some(tag_bytes + value_bytes)
}

/// A variable-length integer and its length in bytes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(at).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::Hash;
    use crate::store::journal::{Covers, JournalEntry, NewEntry, Outcome, Position};
    use crate::store::record::encode;

    fn entry(detail: String) -> JournalEntry {
        let new = NewEntry {
            actor: "office".to_owned(),
            by: String::new(),
            action: "report.submit",
            subject: "agencies/one/reports/2022/revisions/1".to_owned(),
            outcome: Outcome::Accepted,
            detail,
            content_hash: Hash::of(b"content"),
        };
        JournalEntry::chained(new, Covers::default(), &Position::default(), jiff::Timestamp::UNIX_EPOCH)
    }

    proptest! {
        #[test]
        fn a_record_among_other_bytes_is_found_whole(
            detail in ".{0,200}", after in proptest::collection::vec(any::<u8>(), 0..300)
        ) {
            let record = encode(&entry(detail));
            let bytes = [record.as_slice(), &after].concat();
            prop_assert_eq!(whole(&bytes), Some(record.as_slice()));
        }

        #[test]
        fn a_record_of_which_a_bit_has_changed_is_none(at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let record = encode(&entry("detail".to_owned()));
            let mut bytes = record.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(whole(&bytes), None);
        }

        #[test]
        fn bytes_that_are_no_record_are_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(whole(&bytes), None);
        }
    }
}
