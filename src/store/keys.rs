//! Keys of stored records: a letter for the kind, then fixed-length, big-endian parts, year first.

use std::ops::Range;

use crate::report::{AGENCY_ID_MAX_BYTES, AgencyId, ReportKey, ReportYear};

use super::RequestId;

/// The store's own header.
pub const HEADER: [u8; 1] = *b"m";

const REVISION_BYTES: usize = 1 + 2 + AGENCY_ID_MAX_BYTES + 4;

/// `j`, sequence number.
pub fn journal(sequence: u64) -> [u8; 9] {
    let mut key = [b'j'; 9];
    key[1..].copy_from_slice(&sequence.to_be_bytes());
    key
}

/// `g`, sequence number of the journal entry, position within it.
pub fn registry(sequence: u64, position: u32) -> [u8; 13] {
    let mut key = [b'g'; 13];
    key[1..9].copy_from_slice(&sequence.to_be_bytes());
    key[9..].copy_from_slice(&position.to_be_bytes());
    key
}

/// `q`, the UUID.
pub fn request(id: RequestId) -> [u8; 17] {
    let mut key = [b'q'; 17];
    key[1..].copy_from_slice(id.as_bytes());
    key
}

/// `r`, year, agency id padded with zero bytes, revision number.
pub fn revision(year: ReportYear, agency: &AgencyId, number: u32) -> [u8; REVISION_BYTES] {
    let mut key = [0; REVISION_BYTES];
    key[0] = b'r';
    key[1..3].copy_from_slice(&year.get().to_be_bytes());
    // An agency id is never longer than the space kept for it.
    let id = agency.as_str().as_bytes();
    key[3..3 + id.len()].copy_from_slice(id);
    key[REVISION_BYTES - 4..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Keys of the revisions of one report numbered below `before`.
pub fn revisions(report: &ReportKey, before: u32) -> Range<[u8; REVISION_BYTES]> {
    revision(report.year, &report.agency, 0)..revision(report.year, &report.agency, before)
}

/// The first key after every revision of one agency's report.
pub fn after_agency(year: ReportYear, agency: &AgencyId) -> Vec<u8> {
    let mut key = revision(year, agency, u32::MAX).to_vec();
    key.push(0);
    key
}

/// Keys of all revisions of `year`.
pub fn year(year: u16) -> Range<Vec<u8>> {
    let key = |year: u16| [&b"r"[..], &year.to_be_bytes()].concat();
    key(year)..year.checked_add(1).map_or_else(|| b"s".to_vec(), key)
}

/// Whether two revision keys are of the same report.
pub fn same_report(one: &[u8], other: &[u8]) -> bool {
    let report = |key: &[u8]| key.len().checked_sub(4).map(|end| key[..end].to_vec());
    report(one) == report(other)
}

/// Sequence number and position in the key of a change of the registry.
pub fn parse_registry(key: &[u8]) -> Option<(u64, u32)> {
    let (sequence, position) = key.strip_prefix(b"g")?.split_at_checked(8)?;
    Some((u64::from_be_bytes(sequence.try_into().ok()?), u32::from_be_bytes(position.try_into().ok()?)))
}

/// The UUID in the key of a request id.
pub fn parse_request(key: &[u8]) -> Option<RequestId> {
    RequestId::from_slice(key.strip_prefix(b"q")?).ok()
}
