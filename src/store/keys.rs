//! Keys of stored records: a letter for the kind, then fixed-length, big-endian parts, year first.

use std::ops::{Range, RangeInclusive};

use crate::report::{
    AGENCY_ID_MAX_BYTES, JURISDICTION_CODE_MAX_BYTES, JurisdictionCode, Owners, ReportKey, ReportOwner, ReportYear,
};

use super::RequestId;

/// The store's own header.
pub(crate) const HEADER: [u8; 1] = *b"m";

/// A letter, a year, and the owner's id padded with zero bytes: no id is longer than an agency's.
const REPORT_BYTES: usize = 1 + 2 + AGENCY_ID_MAX_BYTES;
const REVISION_BYTES: usize = REPORT_BYTES + 4;
const REVIEW_BYTES: usize = REVISION_BYTES + 8;

/// `j`, sequence number.
pub(crate) fn journal(sequence: u64) -> [u8; 9] {
    let mut key = [b'j'; 9];
    key[1..].copy_from_slice(&sequence.to_be_bytes());
    key
}

/// The sequence number in a key of [`journal`].
pub(crate) fn parse_journal(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.strip_prefix(b"j")?.try_into().ok()?))
}

/// `g`, sequence number of the journal entry, position within it.
pub(crate) fn registry(sequence: u64, position: u32) -> [u8; 13] {
    let mut key = [b'g'; 13];
    key[1..9].copy_from_slice(&sequence.to_be_bytes());
    key[9..].copy_from_slice(&position.to_be_bytes());
    key
}

/// The sequence number and the position in a key of [`registry`].
pub(crate) fn parse_registry(key: &[u8]) -> Option<(u64, u32)> {
    let (sequence, position) = key.strip_prefix(b"g")?.split_at_checked(8)?;
    Some((u64::from_be_bytes(sequence.try_into().ok()?), u32::from_be_bytes(position.try_into().ok()?)))
}

/// `a`, sequence number of the journal entry, position within it.
pub(crate) fn access(sequence: u64, position: u32) -> [u8; 13] {
    let mut key = registry(sequence, position);
    key[0] = b'a';
    key
}

/// What [`access`] was made of.
pub(crate) fn parse_access(key: &[u8]) -> Option<(u64, u32)> {
    let (sequence, position) = key.strip_prefix(b"a")?.split_at_checked(8)?;
    Some((u64::from_be_bytes(sequence.try_into().ok()?), u32::from_be_bytes(position.try_into().ok()?)))
}

/// `q`, the UUID.
pub(crate) fn request(id: RequestId) -> [u8; 17] {
    let mut key = [b'q'; 17];
    key[1..].copy_from_slice(id.as_bytes());
    key
}

/// The UUID in a key of [`request`].
pub(crate) fn parse_request(key: &[u8]) -> Option<RequestId> {
    RequestId::from_slice(key.strip_prefix(b"q")?).ok()
}

const FROZEN_BYTES: usize = 1 + JURISDICTION_CODE_MAX_BYTES + 2 + 4;

/// `f`, the jurisdiction's code padded with zero bytes, year, number.
pub(crate) fn frozen(jurisdiction: &JurisdictionCode, year: ReportYear, number: u32) -> [u8; FROZEN_BYTES] {
    frozen_of(jurisdiction, year.get(), number)
}

/// Keys of the frozen forms of a jurisdiction after a year and number.
pub(crate) fn frozen_after(
    jurisdiction: &JurisdictionCode,
    after: Option<(ReportYear, u32)>,
) -> RangeInclusive<[u8; FROZEN_BYTES]> {
    let first = match after {
        Some((year, number)) => frozen(jurisdiction, year, number.saturating_add(1)),
        None => frozen_of(jurisdiction, 0, 0),
    };
    first..=frozen_of(jurisdiction, u16::MAX, u32::MAX)
}

fn frozen_of(jurisdiction: &JurisdictionCode, year: u16, number: u32) -> [u8; FROZEN_BYTES] {
    let mut key = [0; FROZEN_BYTES];
    key[0] = b'f';
    let code = jurisdiction.as_str().as_bytes();
    key[1..1 + code.len()].copy_from_slice(code);
    key[1 + JURISDICTION_CODE_MAX_BYTES..][..2].copy_from_slice(&year.to_be_bytes());
    key[FROZEN_BYTES - 4..].copy_from_slice(&number.to_be_bytes());
    key
}

/// `r` for own reports, `c` for consolidated ones.
fn letter(owners: Owners) -> u8 {
    match owners {
        Owners::Agencies => b'r',
        Owners::Jurisdictions => b'c',
    }
}

/// What the keys of all records of one report begin with.
fn prefix(year: ReportYear, owner: &ReportOwner) -> [u8; REPORT_BYTES] {
    let mut key = [0; REPORT_BYTES];
    key[0] = letter(owner.sort());
    key[1..3].copy_from_slice(&year.get().to_be_bytes());
    let id = owner.id().as_bytes();
    key[3..3 + id.len()].copy_from_slice(id);
    key
}

/// The report's prefix, revision number.
pub(crate) fn revision(report: &ReportKey, number: u32) -> [u8; REVISION_BYTES] {
    let mut key = [0; REVISION_BYTES];
    key[..REPORT_BYTES].copy_from_slice(&prefix(report.year, &report.owner));
    key[REPORT_BYTES..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The revision's key, sequence number of the review: a revision comes before its reviews, in their order.
pub(crate) fn review(report: &ReportKey, number: u32, sequence: u64) -> [u8; REVIEW_BYTES] {
    let mut key = [0; REVIEW_BYTES];
    key[..REVISION_BYTES].copy_from_slice(&revision(report, number));
    key[REVISION_BYTES..].copy_from_slice(&sequence.to_be_bytes());
    key
}

/// Keys of the revisions of one report numbered below `before`, and of their reviews.
pub(crate) fn below(report: &ReportKey, before: u32) -> Range<[u8; REVISION_BYTES]> {
    revision(report, 0)..revision(report, before)
}

/// Keys of the revisions of one report with these numbers, and of their reviews.
pub(crate) fn among(report: &ReportKey, numbers: &RangeInclusive<u32>) -> Range<[u8; REVISION_BYTES]> {
    revision(report, *numbers.start())..revision(report, numbers.end().saturating_add(1))
}

/// The first key after every record of one report.
pub(crate) fn after_report(year: ReportYear, owner: &ReportOwner) -> Vec<u8> {
    let mut key = prefix(year, owner).to_vec();
    key.extend([0xff; 13]);
    key
}

/// Keys of all reports of `year`.
pub(crate) fn year(of: Owners, year: u16) -> Range<Vec<u8>> {
    let key = |year: u16| [&[letter(of)][..], &year.to_be_bytes()].concat();
    key(year)..year.checked_add(1).map_or_else(|| vec![letter(of) + 1], key)
}

/// What the keys of one report share.
pub(crate) fn report_part(key: &[u8]) -> &[u8] {
    key.get(..REPORT_BYTES).unwrap_or(key)
}

/// The revision's number in a key of a revision or of a review of it.
pub(crate) fn revision_number(key: &[u8]) -> u32 {
    let number = key.get(REPORT_BYTES..REVISION_BYTES).and_then(|bytes| bytes.try_into().ok());
    number.map_or(0, u32::from_be_bytes)
}

/// Whether the key is of a review rather than of a revision.
pub(crate) fn is_review(key: &[u8]) -> bool {
    key.len() == REVIEW_BYTES
}
