//! The bytes of a stored value: format version, kind, checksum, then a Protocol Buffers message of the store's own.
//!
//! | byte | content |
//! |---|---|
//! | 0 | format version, up to [`FORMAT_VERSION`] |
//! | 1 | kind of record |
//! | 2–5 | CRC-32 of the version (from 3 on), the kind and the message, little-endian |
//! | 6– | the message |
//!
//! Fields are only ever added; a change that an older program would misread takes a new format version.

mod access;
mod cells;
mod change;
mod entry;
mod frozen;
mod messages;
mod names;
mod people;
mod registry;
mod review;
mod whole;

use jiff::Timestamp;
use prost::Message;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{Hash, Review, Revision};
use crate::rollup::FrozenForm;

use super::StoreError;
use super::journal::{JournalEntry, Position};
use super::transaction::StoredRequest;

pub(crate) use whole::whole;

/// Highest version of the record format that this program reads; what is read of each is in `messages`. Version 2 has the
/// cells of a form in one row ([`cells`]), and long chapters of text compressed; version 3 has short entries ([`entry`]).
pub const FORMAT_VERSION: u8 = 3;

/// Whether a record of this version can be read.
fn is_read(version: u8) -> bool {
    (1..=FORMAT_VERSION).contains(&version)
}

const HEADER_BYTES: usize = 6;

/// Room for most records, in bytes: cheaper than to go through a message once more for its length.
const USUAL_BYTES: usize = 1536;

/// Longest record that a store takes, in bytes; a full form with a finding for every rule takes a tenth of it.
pub const RECORD_BYTES_MAX: usize = 96 << 10;

/// A value that can be stored.
pub trait Record: Sized {
    /// Tells records apart, so that none is read as another.
    const KIND: u8;
    /// Version of the format that it is written in.
    const VERSION: u8 = 1;
    type Stored: Message + Default;

    fn to_stored(&self) -> Self::Stored;
    /// What is wrong where the message holds no such value.
    fn from_stored(stored: Self::Stored) -> Result<Self, String>;
}

/// The bytes of a record.
pub(crate) fn encode<R: Record>(value: &R) -> Vec<u8> {
    let message = value.to_stored();
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend([R::VERSION, R::KIND, 0, 0, 0, 0]);
    // A Vec grows as needed, so encoding into it cannot fail.
    let _ = message.encode(&mut bytes);
    let checksum = checksum(R::VERSION, R::KIND, &bytes[HEADER_BYTES..]).to_le_bytes();
    bytes[2..HEADER_BYTES].copy_from_slice(&checksum);
    bytes
}

/// Whether a value is short enough to be stored.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub fn check_length<R: Record>(value: &R) -> Result<(), StoreError> {
    check_bytes(encode(value).len())
}

/// Whether a record of this length can be stored.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub(crate) fn check_bytes(bytes: usize) -> Result<(), StoreError> {
    if bytes > RECORD_BYTES_MAX {
        return Err(StoreError::TooLarge { bytes, limit_bytes: RECORD_BYTES_MAX });
    }
    Ok(())
}

/// The value of a record.
///
/// # Errors
/// [`StoreError::FormatVersion`] for a newer format, [`StoreError::Damaged`] where the checksum or the content is
/// wrong.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, StoreError> {
    R::from_stored(message::<R, _>(bytes)?).map_err(|what| damaged::<R>(&what))
}

/// The journal sequence in a record of a revision, for a small part of what it takes to read it whole.
///
/// # Errors
/// As [`decode`].
pub(crate) fn revision_sequence(bytes: &[u8]) -> Result<u64, StoreError> {
    Ok(message::<Revision, messages::StoredSequence>(bytes)?.sequence)
}

fn damaged<R: Record>(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what}, record of kind {}", R::KIND))
}

/// Whether a record is as it was written; what it says is not looked at.
///
/// # Errors
/// As [`decode`], of the first two bytes and the checksum.
pub(crate) fn check_sum(bytes: &[u8]) -> Result<(), StoreError> {
    let damaged = |what: &str| StoreError::Damaged(what.to_owned());
    let Some((header, message)) = bytes.split_at_checked(HEADER_BYTES) else { return Err(damaged("too short")) };
    if !is_read(header[0]) {
        return Err(StoreError::FormatVersion { found: header[0], supported: FORMAT_VERSION });
    }
    if header[2..] != checksum(header[0], header[1], message).to_le_bytes() {
        return Err(damaged("the checksum is wrong"));
    }
    Ok(())
}

/// The message in a record of `R`, or those fields of it that `M` has.
fn message<R: Record, M: Message + Default>(bytes: &[u8]) -> Result<M, StoreError> {
    let damaged = damaged::<R>;
    let Some((header, message)) = bytes.split_at_checked(HEADER_BYTES) else { return Err(damaged("too short")) };
    if !is_read(header[0]) {
        return Err(StoreError::FormatVersion { found: header[0], supported: FORMAT_VERSION });
    }
    if header[2..] != checksum(header[0], header[1], message).to_le_bytes() {
        return Err(damaged("the checksum is wrong"));
    }
    if header[1] != R::KIND {
        return Err(damaged(&format!("found a record of kind {}", header[1])));
    }
    M::decode(message).map_err(|error| damaged(&error.to_string()))
}

fn checksum(version: u8, kind: u8, message: &[u8]) -> u32 {
    let mut hasher = begun_checksum(version, kind);
    hasher.update(message);
    hasher.finalize()
}

/// The checksum of a record, up to its message.
fn begun_checksum(version: u8, kind: u8) -> crc32fast::Hasher {
    let mut hasher = crc32fast::Hasher::new();
    if version > 2 {
        hasher.update(&[version]);
    }
    hasher.update(&[kind]);
    hasher
}

/// Version of what a store's folder holds: 1 was one database, 2 is a log and its copy, 3 and 4 the same with records of version 2
/// and 3.
/// It stands in the place of the format version of the copy's header, so that a program from before refuses the folder by it.
pub const STORE_VERSION: u8 = 4;

/// The version of one database.
const WHOLE_VERSION: u8 = 1;

/// What a database of ours says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// It is the whole store, as before there was a log.
    Whole,
    /// It is a copy of the log up to here.
    CopyOf(Position),
}

#[derive(Clone, PartialEq, Message)]
struct StoredPosition {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(bytes = "vec", tag = "2")]
    chain: Vec<u8>,
    #[prost(int64, tag = "3")]
    time_microseconds: i64,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self::CopyOf(position) = self else { return encode(&StoreHeader) };
        let stored = StoredPosition {
            sequence: position.sequence,
            chain: position.chain.0.to_vec(),
            time_microseconds: position.time.as_microsecond(),
        };
        let message = stored.encode_to_vec();
        let checksum = checksum(WHOLE_VERSION, StoreHeader::KIND, &message).to_le_bytes();
        [&[STORE_VERSION, StoreHeader::KIND], &checksum[..], &message].concat()
    }

    /// # Errors
    /// [`StoreError::FormatVersion`] where a newer program wrote it, [`StoreError::Damaged`].
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("the header of the database".to_owned());
        match bytes.first() {
            Some(&WHOLE_VERSION) => decode::<StoreHeader>(bytes).map(|_| Self::Whole),
            Some(2..=STORE_VERSION) => {
                let (head, message) = bytes.split_at_checked(HEADER_BYTES).ok_or_else(damaged)?;
                if head[2..] != checksum(WHOLE_VERSION, head[1], message).to_le_bytes() || head[1] != StoreHeader::KIND
                {
                    return Err(damaged());
                }
                let stored = StoredPosition::decode(message).map_err(|_| damaged())?;
                let chain = Hash(stored.chain.try_into().map_err(|_| damaged())?);
                let time = Timestamp::from_microsecond(stored.time_microseconds).map_err(|_| damaged())?;
                Ok(Self::CopyOf(Position { sequence: stored.sequence, chain, time }))
            }
            Some(&found) => Err(StoreError::FormatVersion { found, supported: STORE_VERSION }),
            None => Err(damaged()),
        }
    }
}

/// What a store directory was before there was a log, written once when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoreHeader;

impl Record for StoreHeader {
    const KIND: u8 = b'm';
    type Stored = ();

    fn to_stored(&self) {}

    fn from_stored((): ()) -> Result<Self, String> {
        Ok(Self)
    }
}

impl Record for Revision {
    const KIND: u8 = b'r';
    const VERSION: u8 = 2;
    type Stored = messages::StoredRevision;

    fn to_stored(&self) -> Self::Stored {
        messages::StoredRevision::from_revision(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_revision()
    }
}

impl Record for Review {
    const KIND: u8 = b'v';
    type Stored = review::StoredReview;

    fn to_stored(&self) -> Self::Stored {
        review::StoredReview::from_review(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_review()
    }
}

impl Record for AccessChange {
    const KIND: u8 = b'a';
    type Stored = access::StoredAccess;

    fn to_stored(&self) -> Self::Stored {
        access::StoredAccess::from_change(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_change()
    }
}

impl Record for FrozenForm {
    const KIND: u8 = b'f';
    const VERSION: u8 = 2;
    type Stored = frozen::StoredFrozenForm;

    fn to_stored(&self) -> Self::Stored {
        frozen::StoredFrozenForm::from_form(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_form()
    }
}

impl Record for JournalEntry {
    const KIND: u8 = b'j';
    const VERSION: u8 = 3;
    type Stored = entry::StoredEntry;

    fn to_stored(&self) -> Self::Stored {
        entry::StoredEntry::from_entry(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_entry()
    }
}

impl Record for StoredRequest {
    const KIND: u8 = b'q';
    const VERSION: u8 = 3;
    type Stored = entry::StoredRequestId;

    fn to_stored(&self) -> Self::Stored {
        entry::StoredRequestId::from_request(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_request()
    }
}

impl Record for RegistryChange {
    const KIND: u8 = b'g';
    type Stored = change::StoredChange;

    fn to_stored(&self) -> Self::Stored {
        change::StoredChange::from_change(self)
    }

    fn from_stored(stored: Self::Stored) -> Result<Self, String> {
        stored.into_change()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{catalogue, edition};
    use crate::report::{
        Answer, Cell, Figures, Finding, Hash, Message as Words, Narrative, Period, ReportState, RuleSetRef, Severity,
        Term,
    };
    use proptest::prelude::*;

    fn revision(figures: Figures) -> Revision {
        let cell = catalogue().cells[40].id;
        let term = Term { negative: true, period: Period::Previous, cell, value: Cell::Number(-7), computed: true };
        Revision {
            report: "agencies/11341702486344515H/reports/2022".parse().unwrap(),
            number: 3,
            state: ReportState::Submitted,
            accepted_before: Some(1),
            late: true,
            content_hash: Hash::of(b"x"),
            figures,
            narrative: Some(Narrative { problems: Some("公开不够及时。".into()), ..Narrative::default() }),
            rule_set: RuleSetRef { id: "format_2021/1".into(), hash: Hash::of(b"rules") },
            findings: vec![Finding {
                rule: "X-CARRY".into(),
                severity: Severity::Warning,
                left: vec![term],
                right: vec![Term { value: Cell::Blank, ..term }, Term { value: Cell::NotApplicable, ..term }],
                difference: Some(-3),
                message: Words::new("不符", "differs"),
                remedy: Words::new("请核对", "check"),
            }],
            answers: vec![Answer { rule: "X-CARRY".into(), cell: String::new(), reason: "机构合并".into() }],
            actor: "anonymous".into(),
            reason: "更正".into(),
            time: "2023-01-17T08:30:00.123456Z".parse().unwrap(),
            sequence: 42,
        }
    }

    fn figures() -> impl Strategy<Value = Figures> {
        let cell = prop_oneof![
            Just(Cell::Blank),
            Just(Cell::NotApplicable),
            any::<i64>().prop_map(Cell::Number),
            (0..100i64).prop_map(Cell::Number)
        ];
        let cells = proptest::collection::vec(cell, catalogue().cells.len());
        (prop_oneof![Just("format_2021"), Just("trial_2019")], cells).prop_map(|(id, cells)| {
            let mut figures = Figures::blank(edition(id).unwrap());
            for (info, cell) in catalogue().cells.iter().zip(cells) {
                figures.set(info.id, cell);
            }
            figures
        })
    }

    proptest! {
        #[test]
        fn a_revision_is_read_as_it_was_written(figures in figures()) {
            let revision = revision(figures);
            prop_assert_eq!(revision_sequence(&encode(&revision)).unwrap(), revision.sequence);
            prop_assert_eq!(decode::<Revision>(&encode(&revision)).unwrap(), revision);
        }

        #[test]
        fn one_flipped_bit_is_always_noticed(position in any::<prop::sample::Index>(), bit in 0..8u8) {
            let mut bytes = encode(&revision(Figures::blank(edition("format_2021").unwrap())));
            let at = position.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(decode::<Revision>(&bytes).is_err());
        }

        #[test]
        fn arbitrary_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode::<Revision>(&bytes).is_err());
        }
    }

    #[test]
    fn any_flipped_bit_of_an_entry_is_noticed() {
        let bytes = encode(&entry::sample());
        for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            assert!(decode::<JournalEntry>(&bytes).is_err(), "bit {bit} of byte {at}");
        }
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let mut bytes = encode(&StoreHeader);
        bytes[0] = FORMAT_VERSION + 1;
        let expected = StoreError::FormatVersion { found: FORMAT_VERSION + 1, supported: FORMAT_VERSION };
        assert_eq!(decode::<StoreHeader>(&bytes), Err(expected));
    }
}
