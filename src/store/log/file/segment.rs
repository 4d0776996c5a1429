//! Segments: files of frames, each named after its first sequence number.
//!
//! | bytes | content |
//! |---|---|
//! | 16 | `huizong-log/1`, LF, zeros |
//! | 8 | sequence number of the first transaction, little-endian |
//! | 4 | CRC-32 of the above, little-endian |
//! | 4 | zeros |
//! | … | frames; after the last one nothing, or room with zeros in it |

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::store::sled::PRIVATE_FILE;

use super::frame::Frame;

/// Version of the layout that this program writes, and the highest that it reads.
pub(super) const VERSION: u8 = 1;
const MAGIC: &[u8; 16] = b"huizong-log/1\n\0\0";
const VERSION_AT: usize = 12;

pub(super) const HEADER_BYTES: usize = 32;

const ENDING: &str = "log";
/// Of a segment that is being written again, until it is whole.
const UNFINISHED: &str = "new";
const DAMAGED: &str = "damaged";

pub(super) fn header(first: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..16].copy_from_slice(MAGIC);
    header[16..24].copy_from_slice(&first.to_le_bytes());
    let checksum = crc32fast::hash(&header[..24]).to_le_bytes();
    header[24..28].copy_from_slice(&checksum);
    header
}

/// The version of the layout, where it is another than this program's and no damage.
pub(super) fn other_version(bytes: &[u8]) -> Option<u8> {
    let header = bytes.get(..HEADER_BYTES)?;
    let whole = crc32fast::hash(&header[..24]).to_le_bytes() == header[24..28];
    let version = header[VERSION_AT].wrapping_sub(b'0');
    (whole && version != VERSION).then_some(version)
}

pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{ENDING}"))
}

pub(super) fn unfinished_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{UNFINISHED}"))
}

/// Of a segment that was written again while a part of it was still damaged: what it was before.
pub(super) fn damaged_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{DAMAGED}"))
}

fn first_of(path: &Path, ending: &str) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(ending)?.strip_suffix('.')?;
    (name.len() == 20).then(|| name.parse().ok()).flatten()
}

/// The first sequence numbers of all segments in a folder, in order.
pub(super) fn list(folder: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in folder.read_dir()? {
        firsts.extend(first_of(&entry?.path(), ENDING));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Removes what was being written again when the process ended: what it was to replace is still there.
pub(super) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if first_of(&path, UNFINISHED).is_some() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes a file, or opens it where it is there already.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(PRIVATE_FILE).open(path)
}

/// What stands in a segment.
#[derive(Debug, Clone)]
pub(super) enum Found<'a> {
    Frame(Frame<'a>),
    /// Sequence numbers that cannot be read.
    Gap(RangeInclusive<u64>),
}

/// A segment gone through.
pub(super) struct Scan<'a> {
    /// In order; each frame once.
    pub found: Vec<Found<'a>>,
    /// The sequence number that comes next.
    pub expected: u64,
    /// Where the last frame ends.
    pub end: usize,
}

/// Goes through the bytes of a segment in which `first` comes first.
pub(super) fn scan(bytes: &[u8], first: u64) -> Scan<'_> {
    let mut scan = Scan { found: Vec::new(), expected: first, end: HEADER_BYTES };
    let mut at = HEADER_BYTES;
    loop {
        let here = Frame::at(bytes, at).filter(|frame| frame.sequence >= scan.expected);
        let Some(frame) = here.or_else(|| Frame::after_damage(bytes, at, scan.expected)) else { break };
        if frame.sequence > scan.expected {
            scan.found.push(Found::Gap(scan.expected..=frame.sequence - 1));
        }
        (scan.expected, scan.end, at) = (frame.sequence + 1, frame.end, frame.end);
        scan.found.push(Found::Frame(frame));
    }
    scan
}

/// Goes through the newest segment: what a power cut or a crash left there of a group that was never acknowledged is not part
/// of it.
///
/// Of such a group any part may be there. After something that cannot be read, only a frame of a later group shows that
/// what cannot be read was durable once.
pub(super) fn scan_newest(bytes: &[u8], first: u64) -> Scan<'_> {
    let mut scan = scan(bytes, first);
    let torn = |at: usize, gap: &RangeInclusive<u64>| {
        let later = scan.found[at..].iter().any(|found| match found {
            Found::Frame(frame) => frame.group > *gap.start(),
            Found::Gap(_) => false,
        });
        !later
    };
    let end = scan.found.iter().enumerate().position(|(at, found)| matches!(found, Found::Gap(gap) if torn(at, gap)));
    if let Some(end) = end {
        scan.found.truncate(end);
        let last = scan.found.iter().rev().find_map(|found| match found {
            Found::Frame(frame) => Some((frame.sequence + 1, frame.end)),
            Found::Gap(_) => None,
        });
        (scan.expected, scan.end) = last.unwrap_or((first, HEADER_BYTES));
    }
    scan
}
