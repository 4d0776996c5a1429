//! What is packed in a PDF, unpacked within limits, and a PDF loaded within them. The library bounds each part that it
//! unpacks on loading; what all of them come to, and what they hold, is bounded here.

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{DecompressError, Document, LoadOptions, Stream};

use super::super::Format;
use super::super::Password;
use super::super::error::ReadError;
use super::locked;

/// Most bytes of the parts that are unpacked on loading, in all: tables of objects.
const MAX_TABLE_BYTES: u64 = 4 * 1024 * 1024;
/// Most objects, of about 120 bytes each in memory, whatever their size in the file: `0 0 0 0` is two bytes each.
const MAX_OBJECTS: usize = 1_500_000;
/// Most bytes of one stream of a page's instructions, or of one font's table of characters.
const MAX_STREAM_BYTES: u64 = 4 * 1024 * 1024;
/// How far before a stream its dictionary may begin.
const DICTIONARY_BYTES: usize = 4096;

/// Names of the parts that are unpacked on loading.
const TABLES: &[&[u8]] = &[b"ObjStm", b"XRef"];

/// Loads a document that stays within limits, decrypted where it opens without a password, or with this one.
///
/// # Errors
/// [`ReadError::TooLargeInside`], [`ReadError::Locked`], [`ReadError::WrongPassword`], [`ReadError::Damaged`].
pub fn load(bytes: &[u8], password: &Password) -> Result<Document, ReadError> {
    let table_bytes = check(bytes)?;
    match (open(bytes, table_bytes, None), password.get()) {
        (Err(ReadError::Locked { format }), Some(password)) => {
            open(bytes, table_bytes, Some(password)).map_err(|error| match error {
                ReadError::Locked { .. } => ReadError::WrongPassword { format },
                error => error,
            })
        }
        (opened, _) => opened,
    }
}

fn open(bytes: &[u8], table_bytes: u64, password: Option<&str>) -> Result<Document, ReadError> {
    let max_decompressed_size = Some(usize::try_from(table_bytes).unwrap_or(usize::MAX));
    let load = |bytes: &[u8]| {
        let options =
            LoadOptions { max_decompressed_size, password: password.map(str::to_owned), ..LoadOptions::default() };
        Document::load_mem_with_options(bytes, options).map_err(|error| match error {
            lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => too_large(MAX_TABLE_BYTES),
            lopdf::Error::Decryption(_)
            | lopdf::Error::InvalidPassword
            | lopdf::Error::UnsupportedSecurityHandler(_) => ReadError::Locked { format: Format::Pdf.name() },
            error => ReadError::damaged(Format::Pdf.name(), error),
        })
    };
    let mut document = load(bytes)?;
    if let Some(bytes) = locked::with_reference(bytes, &document) {
        document = load(&bytes)?;
    }
    // Without a password that fits, the library loads no objects and says nothing.
    if document.trailer.has(b"Encrypt") {
        return Err(ReadError::Locked { format: Format::Pdf.name() });
    }
    Ok(document)
}

fn too_large(limit: u64) -> ReadError {
    ReadError::TooLargeInside { limit }
}

/// Refuses a document whose tables of objects would grow too large; otherwise the most bytes that one may unpack to.
fn check(bytes: &[u8]) -> Result<u64, ReadError> {
    let mut objects = count_objects(bytes);
    let (mut left, mut measured) = (MAX_TABLE_BYTES, 0);
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"stream")) {
        let (before, start) = (at, at + found);
        at = start + b"stream".len();
        let dictionary = bytes.get(before.max(start.saturating_sub(DICTIONARY_BYTES))..start).unwrap_or_default();
        let content = bytes.get(at..).unwrap_or_default().trim_ascii_start();
        if names_of_tables(dictionary) == 0 {
            continue;
        }
        if let Some(table) = unpacked(content, left) {
            left = left.checked_sub(table.len() as u64).ok_or(too_large(MAX_TABLE_BYTES))?;
            objects += count_objects(&table);
            measured += 1;
        }
    }
    if objects > MAX_OBJECTS {
        return Err(ReadError::damaged(Format::Pdf.name(), "more objects than a report has"));
    }
    // What is encrypted, or packed in another way, is measured only by the library, each table for itself.
    let unmeasured = names_of_tables(bytes).saturating_sub(measured);
    Ok(MAX_TABLE_BYTES / std::cmp::max(1, unmeasured))
}

/// How often the bytes name a table of objects.
fn names_of_tables(bytes: &[u8]) -> u64 {
    let plain = without_escapes(bytes);
    let count = |word: &[u8]| {
        let mut rest = plain.as_slice();
        let mut count = 0;
        while let Some(at) = find(rest, word) {
            rest = rest.get(at + word.len()..).unwrap_or_default();
            count += 1;
        }
        count
    };
    TABLES.iter().map(|word| count(word)).sum()
}

/// At least as many objects as the bytes can be taken for.
fn count_objects(bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut in_word = false;
    for byte in bytes {
        let begins = b"/([<".contains(byte);
        let is_word = !byte.is_ascii_whitespace() && *byte != 0 && !b"()[]<>{}%".contains(byte);
        count += usize::from(begins || (is_word && !in_word));
        in_word = is_word;
    }
    count
}

/// What is packed as zlib does it, as far as one byte beyond `limit`.
fn unpacked(content: &[u8], limit: u64) -> Option<Vec<u8>> {
    let is_packed = matches!(content, [first, second, ..]
        if first & 0x0F == 8 && (u16::from(*first) * 256 + u16::from(*second)).is_multiple_of(31));
    let mut unpacked = Vec::new();
    if is_packed {
        // What cannot be unpacked further is as large as it got.
        let _ = ZlibDecoder::new(content).take(limit + 1).read_to_end(&mut unpacked);
    }
    is_packed.then_some(unpacked)
}

/// Unpacks the parts of pages, of all of them no more than a limit.
#[derive(Debug)]
pub struct Unpacker {
    left: u64,
    limit: u64,
}

impl Unpacker {
    pub fn new(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// The content of a page, of a drawing or of a font's table; none where it is packed in a way that is not known.
    ///
    /// # Errors
    /// [`ReadError::TooLargeInside`], [`ReadError::Damaged`] for too many objects.
    pub fn content(&mut self, stream: &Stream) -> Result<Option<Vec<u8>>, ReadError> {
        let limit = MAX_STREAM_BYTES.min(self.left);
        let content = match stream.decompressed_content_with_limit(usize::try_from(limit).unwrap_or(usize::MAX)) {
            Ok(content) => content,
            Err(lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
                return Err(too_large(if self.left < MAX_STREAM_BYTES { self.limit } else { MAX_STREAM_BYTES }));
            }
            Err(_) => return Ok(None),
        };
        self.left = self.left.saturating_sub(content.len() as u64);
        if count_objects(&content) > MAX_OBJECTS {
            return Err(ReadError::damaged(Format::Pdf.name(), "more objects on a page than a report has"));
        }
        Ok(Some(content))
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
}

/// The bytes with escapes in names, such as `#46` for `F`, resolved.
fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'#').and_then(|digits| hex::decode(digits).ok());
        match escaped.as_deref() {
            Some([byte]) => {
                plain.push(*byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn document(dictionary: &str, content: &[u8]) -> Vec<u8> {
        [b"%PDF-1.7\n1 0 obj<<", dictionary.as_bytes(), b">>stream\n", content, b"\nendstream"].concat()
    }

    fn with_filter(filter: &str, content: Vec<u8>) -> Stream {
        let mut stream = Stream::new(lopdf::Dictionary::new(), content);
        stream.dict.set("Filter", lopdf::Object::Name(filter.into()));
        stream
    }

    #[test]
    fn tables_that_would_grow_beyond_the_limit_are_refused() {
        let bomb = packed(&vec![0; 5_000_000]);
        assert!(matches!(check(&document("/Type/Ob#6aStm", &bomb)), Err(ReadError::TooLargeInside { .. })));
        assert_eq!(check(&document("/Subtype/Image", &bomb)), Ok(MAX_TABLE_BYTES), "pictures are not unpacked");
        let dense = packed(&b"0 ".repeat(MAX_OBJECTS + 1));
        assert!(matches!(check(&document("/Type/ObjStm", &dense)), Err(ReadError::Damaged { .. })));
        assert!(matches!(check(&b"0 ".repeat(MAX_OBJECTS + 1)), Err(ReadError::Damaged { .. })));
    }

    #[test]
    fn tables_that_cannot_be_measured_share_the_limit() {
        let hidden = document("/Type/ObjStm/X(stream)", b"encrypted");
        assert_eq!(check(&hidden.repeat(4)), Ok(MAX_TABLE_BYTES / 4));
        assert_eq!(check(&document("/Type/ObjStm", &packed(b"1 0 2"))), Ok(MAX_TABLE_BYTES));
    }

    #[test]
    fn a_stream_is_unpacked_within_its_limit_and_that_of_all() {
        let mut unpacker = Unpacker::new(5_000_000);
        let flate = |bytes: &[u8]| with_filter("FlateDecode", packed(bytes));
        assert_eq!(unpacker.content(&flate(b"BT ET")), Ok(Some(b"BT ET".to_vec())));
        let limit = MAX_STREAM_BYTES;
        assert_eq!(unpacker.content(&flate(&vec![b' '; 4_500_000])), Err(ReadError::TooLargeInside { limit }));
        assert!(unpacker.content(&flate(&vec![b' '; 4_000_000])).is_ok());
        let limit = 5_000_000;
        assert_eq!(unpacker.content(&flate(&vec![b' '; 2_000_000])), Err(ReadError::TooLargeInside { limit }));
    }

    #[test]
    fn streams_packed_in_other_ways_are_read_and_pictures_are_none() {
        let mut unpacker = Unpacker::new(1000);
        for (filter, content) in [
            ("RunLengthDecode", &b"\x04BT ET\x80"[..]),
            ("ASCII85Decode", b"6<#'r;u~>"),
            ("ASCIIHexDecode", b"4254204554>"),
            ("LZWDecode", b"\x80\x10\x8a\x82\x02\x29\x52\x02"),
        ] {
            let unpacked = unpacker.content(&with_filter(filter, content.to_vec()));
            assert_eq!(unpacked, Ok(Some(b"BT ET".to_vec())), "{filter}");
        }
        assert_eq!(unpacker.content(&with_filter("DCTDecode", vec![1])), Ok(None));
    }
}
