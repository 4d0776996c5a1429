//! Frames: length, number, kind, payload, hash. Each hash covers the hash of the frame before, so that no frame can be
//! changed, moved, or taken from another stream without being found at its place.
//!
//! | bytes | content |
//! |---|---|
//! | 4 | length of the payload, little-endian, at most [`PAYLOAD_BYTES_MAX`] |
//! | 8 | number of the frame from 0, little-endian |
//! | 1 | kind |
//! | length | payload: a Protocol Buffers message |
//! | 32 | SHA-256 of the hash of the frame before and all of the above |

use std::io::{ErrorKind, Read};

use sha2::{Digest, Sha256};

use crate::report::Hash;

use super::fault::{DamagedStream, Fault};

/// What a stream begins with; its SHA-256 stands for the hash before the first frame.
pub(crate) const MAGIC: &[u8] = b"huizong-backup/1\n";

const HEAD_BYTES: usize = 4 + 8 + 1;

/// Longest payload. Frames are cut well below it, and a record is far shorter.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Beginning = 1,
    Records = 2,
    End = 3,
    Transactions = 4,
}

const KINDS: [Kind; 4] = [Kind::Beginning, Kind::Records, Kind::End, Kind::Transactions];

/// What goes along with a stream on both sides: place, hash of the last frame, and hash of everything so far.
struct Progress {
    number: u64,
    /// In bytes from the beginning.
    offset: u64,
    chain: Hash,
    total: Sha256,
}

impl Progress {
    fn after_magic() -> Self {
        let total = Sha256::new_with_prefix(MAGIC);
        Self { number: 0, offset: MAGIC.len() as u64, chain: Hash::of(MAGIC), total }
    }

    fn hash(&self, head: &[u8], payload: &[u8]) -> Hash {
        let hasher = Sha256::new().chain_update(self.chain.0).chain_update(head).chain_update(payload);
        Hash(hasher.finalize().into())
    }

    fn advance(&mut self, head: &[u8], payload: &[u8], hash: Hash) {
        for part in [head, payload, &hash.0] {
            self.total.update(part);
            self.offset += part.len() as u64;
        }
        self.chain = hash;
        self.number += 1;
    }

    fn total(&self) -> Hash {
        Hash(self.total.clone().finalize().into())
    }
}

/// Makes frames.
pub(crate) struct Writer(Progress);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Progress::after_magic())
    }

    /// SHA-256 of every byte so far.
    pub(crate) fn total(&self) -> Hash {
        self.0.total()
    }

    /// The bytes of the next frame; the first comes with what a stream begins with.
    pub(crate) fn frame(&mut self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        // Payloads are cut far below 4 GiB; a longer one would be refused when read.
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let mut head = Vec::with_capacity(HEAD_BYTES);
        head.extend(length.to_le_bytes());
        head.extend(self.0.number.to_le_bytes());
        head.push(kind as u8);
        let hash = self.0.hash(&head, payload);
        let magic = if self.0.number == 0 { MAGIC } else { &[] };
        self.0.advance(&head, payload, hash);
        [magic, &head, payload, &hash.0].concat()
    }
}

/// One frame read.
pub(crate) struct Frame {
    pub kind: Kind,
    pub payload: Vec<u8>,
    pub number: u64,
    pub offset: u64,
    /// SHA-256 of every byte before the frame.
    pub total_before: Hash,
}

impl Frame {
    pub(crate) fn damaged(&self, fault: Fault) -> DamagedStream {
        DamagedStream { frame: self.number, offset: self.offset, fault }
    }
}

/// Reads frames.
pub(crate) struct Reader<R> {
    from: R,
    progress: Progress,
}

impl<R: Read> Reader<R> {
    /// # Errors
    /// Where the stream does not begin as it should.
    pub(crate) fn new(mut from: R) -> Result<Self, DamagedStream> {
        let at_start = |fault| DamagedStream { frame: 0, offset: 0, fault };
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => at_start(Fault::NotOurs),
            _ => at_start(Fault::Read(error)),
        })?;
        if magic != MAGIC {
            return Err(at_start(Fault::NotOurs));
        }
        Ok(Self { from, progress: Progress::after_magic() })
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.progress.offset
    }

    /// SHA-256 of every byte so far.
    pub(crate) fn total(&self) -> Hash {
        self.progress.total()
    }

    fn damaged(&self, fault: Fault) -> DamagedStream {
        DamagedStream { frame: self.progress.number, offset: self.progress.offset, fault }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DamagedStream> {
        let mut bytes = [0; N];
        match self.from.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => Err(self.read_fault(error)),
        }
    }

    fn read_fault(&self, error: std::io::Error) -> DamagedStream {
        self.damaged(if error.kind() == ErrorKind::UnexpectedEof { Fault::Truncated } else { Fault::Read(error) })
    }

    /// The next frame, checked.
    ///
    /// # Errors
    /// Where it is not as it was written, or there is none.
    pub(crate) fn frame(&mut self) -> Result<Frame, DamagedStream> {
        let length: [u8; 4] = self.take()?;
        let number: [u8; 8] = self.take()?;
        let [kind] = self.take()?;
        let bytes = u32::from_le_bytes(length);
        if bytes as usize > PAYLOAD_BYTES_MAX {
            return Err(self.damaged(Fault::Length { bytes }));
        }
        let found = u64::from_le_bytes(number);
        if found != self.progress.number {
            return Err(self.damaged(Fault::Number { found }));
        }
        let mut payload = vec![0; bytes as usize];
        self.from.read_exact(&mut payload).map_err(|error| self.read_fault(error))?;
        let hash = Hash(self.take()?);
        let head = [&length[..], &number, &[kind]].concat();
        if hash != self.progress.hash(&head, &payload) {
            return Err(self.damaged(Fault::Hash));
        }
        let Some(kind) = KINDS.into_iter().find(|known| *known as u8 == kind) else {
            return Err(self.damaged(Fault::Kind));
        };
        let (number, offset, total_before) = (self.progress.number, self.progress.offset, self.total());
        self.progress.advance(&head, &payload, hash);
        Ok(Frame { kind, payload, number, offset, total_before })
    }

    /// That nothing follows.
    ///
    /// # Errors
    /// Where something does.
    pub(crate) fn end(&mut self) -> Result<(), DamagedStream> {
        let mut byte = [0];
        match self.from.read_exact(&mut byte) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(self.damaged(Fault::Read(error))),
            Ok(()) => Err(self.damaged(Fault::Trailing)),
        }
    }
}
