//! Frames: one transaction each, and how they are found again beside damage.
//!
//! | bytes | content |
//! |---|---|
//! | 4 | length of the records, little-endian |
//! | 4 | CRC-32 of everything else in the frame, little-endian |
//! | 8 | sequence number, little-endian |
//! | 8 | sequence number of the first transaction of its group, little-endian |
//! | length | the records ([`Logged::encode`]) |
//! | 0–7 | zeros up to a multiple of 8 |

use crate::store::log::Logged;

const HEAD_BYTES: usize = 4 + 4 + 8 + 8;

/// Frames begin at multiples of this from the beginning of their file, so that few places are looked at beside damage.
pub(super) const ALIGNMENT: usize = 8;

/// Beside damage a frame is only believed to be one that comes this soon: every transaction takes more than that many bytes.
const AHEAD_MAX: u64 = 1 << 20;

/// A frame that is as it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub sequence: u64,
    /// The first of its group: what came before that was durable before this was written.
    pub group: u64,
    pub records: &'a [u8],
    /// Where these begin.
    pub begin: usize,
    /// Where the next one begins.
    pub end: usize,
}

fn checksum(length: &[u8], numbers: &[u8], records: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [length, numbers, records] {
        hasher.update(part);
    }
    hasher.finalize()
}

/// Appends the frame of a transaction.
pub(super) fn encode(logged: &Logged, group: u64, into: &mut Vec<u8>) {
    let start = into.len();
    into.extend([0; HEAD_BYTES]);
    logged.encode(into);
    // A transaction is far below 4 GiB: a message that it is made of is a few MiB at the most.
    let length = u32::try_from(into.len() - start - HEAD_BYTES).unwrap_or(u32::MAX).to_le_bytes();
    let head = start + 4;
    into[start..head].copy_from_slice(&length);
    into[head + 4..head + 12].copy_from_slice(&logged.position.sequence.to_le_bytes());
    into[head + 12..head + 20].copy_from_slice(&group.to_le_bytes());
    let (numbers, records) = into[head + 4..].split_at(16);
    let checksum = checksum(&length, numbers, records).to_le_bytes();
    into[head..head + 4].copy_from_slice(&checksum);
    into.resize(into.len().next_multiple_of(ALIGNMENT), 0);
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

impl<'a> Frame<'a> {
    /// The frame that begins here, if it is whole.
    pub(super) fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let bytes = bytes.get(at..)?;
        let length: [u8; 4] = number(bytes, 0)?;
        let records_bytes = u32::from_le_bytes(length) as usize;
        let (numbers, rest) = bytes.get(8..)?.split_at_checked(16)?;
        let records = rest.get(..records_bytes).filter(|records| !records.is_empty())?;
        if checksum(&length, numbers, records) != u32::from_le_bytes(number(bytes, 4)?) {
            return None;
        }
        let (sequence, group) = (u64::from_le_bytes(number(numbers, 0)?), u64::from_le_bytes(number(numbers, 8)?));
        let end = at + (HEAD_BYTES + records_bytes).next_multiple_of(ALIGNMENT);
        Some(Self { sequence, group, records, begin: at + HEAD_BYTES, end })
    }

    /// The next place after damage where a frame may follow that belongs after `expected`.
    pub(super) fn after_damage(bytes: &'a [u8], from: usize, expected: u64) -> Option<Self> {
        let soon = expected..=expected.saturating_add(AHEAD_MAX);
        let may_be = |at: &usize| {
            let sequence = number(bytes, at + 8).map(u64::from_le_bytes);
            sequence.is_some_and(|sequence| soon.contains(&sequence))
        };
        let from = from.next_multiple_of(ALIGNMENT);
        (from..bytes.len()).step_by(ALIGNMENT).filter(may_be).find_map(|at| Self::at(bytes, at))
    }
}
