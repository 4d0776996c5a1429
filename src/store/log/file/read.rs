//! Reads a log from its folder, one segment at a time.

use std::collections::VecDeque;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::store::journal::Position;
use crate::store::log::{Logged, Piece};

use super::segment::{self, Found};

/// What comes after a place and up to another.
pub(super) struct Reader {
    folder: PathBuf,
    /// Segments that are still to be read, by their first sequence numbers, with where each ends.
    segments: VecDeque<RangeInclusive<u64>>,
    /// The segment at hand, and where in it the transactions that come next stand: each is decoded when it is asked for.
    bytes: Vec<u8>,
    frames: VecDeque<(u64, Range<usize>)>,
    /// The sequence number that comes next.
    expected: u64,
    until: Position,
    /// The transaction before the next one, where it could be read.
    last: Option<Position>,
    waiting: VecDeque<Result<Piece, StoreError>>,
    has_ended: bool,
}

impl Reader {
    pub(super) fn new(folder: &Path, after: u64, until: Position) -> Self {
        let (segments, failed) = match segment::list(folder) {
            Ok(firsts) => (firsts, None),
            Err(error) => (Vec::new(), Some(read_error(folder, &error))),
        };
        let ends = segments.iter().skip(1).map(|first| first - 1).chain([until.sequence]);
        let wanted = segments.iter().zip(ends).filter(|(_, end)| *end > after);
        Self {
            folder: folder.to_owned(),
            bytes: Vec::new(),
            frames: VecDeque::new(),
            segments: wanted.map(|(first, end)| *first..=end).collect(),
            expected: after + 1,
            until,
            last: (after == 0).then(Position::default),
            has_ended: failed.is_some(),
            waiting: failed.map(Err).into_iter().collect(),
        }
    }

    /// Takes the next segment in; false where there is none.
    fn read_segment(&mut self) -> bool {
        let Some(sequences) = self.segments.pop_front() else { return false };
        let (first, end) = sequences.into_inner();
        match std::fs::read(segment::path(&self.folder, first)) {
            Ok(bytes) => self.bytes = bytes,
            // It is gone, or cannot be read: what was in it is a gap before what comes next.
            Err(error) => {
                tracing::warn!(first, %error, "a segment of the log cannot be read");
                return true;
            }
        }
        let expected = self.expected;
        let frames = segment::scan(&self.bytes, first).found.into_iter().filter_map(|found| match found {
            Found::Frame(frame) => Some((frame.sequence, frame.begin..frame.begin + frame.records.len())),
            Found::Gap(_) => None,
        });
        self.frames = frames.filter(|(sequence, _)| (expected..=end).contains(sequence)).collect();
        true
    }

    /// Tells of what is missing before a transaction.
    fn skip_to(&mut self, sequence: u64) {
        if sequence > self.expected {
            self.waiting.push_back(Ok(Piece::Gap(self.expected..=sequence - 1)));
            self.last = None;
        }
        self.expected = sequence;
    }

    fn take(&mut self, logged: Result<Logged, StoreError>) {
        let sequence = self.expected;
        self.expected += 1;
        let piece = logged.and_then(|logged| {
            let follows = self.last.is_none_or(|last| last.chain == logged.previous);
            if !follows || logged.position.sequence != sequence {
                return Err(StoreError::Damaged(format!("entry {sequence} of the log is of another journal")));
            }
            self.last = Some(logged.position);
            Ok(Piece::Transaction(logged))
        });
        self.waiting.push_back(piece);
    }
}

fn read_error(folder: &Path, error: &io::Error) -> StoreError {
    StoreError::Read(format!("{}: {error}", folder.display()))
}

impl Iterator for Reader {
    type Item = Result<Piece, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.waiting.is_empty() {
            if let Some((sequence, at)) = self.frames.pop_front() {
                self.skip_to(sequence);
                self.take(Logged::decode(&self.bytes[at]));
            } else if self.has_ended {
                return None;
            } else if !self.read_segment() {
                self.has_ended = true;
                self.skip_to(self.until.sequence + 1);
            }
        }
        self.waiting.pop_front()
    }
}
