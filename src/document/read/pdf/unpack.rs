//! What is packed in a PDF, unpacked within limits. The library unpacks without any, some of it on loading; so what
//! would grow too large is refused before.

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::Stream;

use super::super::Format;
use super::super::error::ReadError;

/// Most bytes of the parts that are unpacked on loading: tables of objects.
const MAX_OBJECT_BYTES: u64 = 4 * 1024 * 1024;
/// Most bytes of one page's instructions, or of one font's table of characters.
const MAX_STREAM_BYTES: u64 = 2 * 1024 * 1024;
/// How far before a stream its dictionary may begin.
const DICTIONARY_BYTES: usize = 1024;
/// How often a stream may be packed in itself.
const MAX_LAYERS: usize = 3;

/// Ways of packing that no common program uses for tables of objects, and that have no measure.
const UNUSUAL: &[&[u8]] = &[b"LZWDecode", b"ASCII85Decode", b"ASCIIHexDecode", b"RunLengthDecode"];
/// Names of the parts that are unpacked on loading.
const TABLES: &[&[u8]] = &[b"ObjStm", b"XRef"];

/// Refuses a document that would grow beyond `limit` bytes.
///
/// # Errors
/// [`ReadError::TooLargeInside`], [`ReadError::Damaged`] for tables packed in an unusual way.
pub fn check(bytes: &[u8], limit: u64) -> Result<(), ReadError> {
    let names = without_escapes(bytes);
    let has = |words: &[&[u8]]| words.iter().any(|word| find(&names, word).is_some());
    if has(TABLES) && has(UNUSUAL) {
        return Err(ReadError::damaged(Format::Pdf.name(), "objects packed in an unusual way"));
    }
    let (mut left, mut left_of_tables) = (limit, MAX_OBJECT_BYTES.min(limit));
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"stream")) {
        let start = at + found;
        at = start + b"stream".len();
        let before = without_escapes(bytes.get(start.saturating_sub(DICTIONARY_BYTES)..start).unwrap_or_default());
        let is_table = TABLES.iter().any(|word| find(&before, word).is_some());
        let content = bytes.get(at..).unwrap_or_default().trim_ascii_start();
        let size = unpacked_size(content, if is_table { left_of_tables } else { left }, MAX_LAYERS);
        left = left.checked_sub(size).ok_or(ReadError::TooLargeInside { limit })?;
        if is_table {
            let too_large = ReadError::TooLargeInside { limit: MAX_OBJECT_BYTES };
            left_of_tables = left_of_tables.checked_sub(size).ok_or(too_large)?;
        }
    }
    Ok(())
}

/// The unpacked size of what may be packed; one more than `limit` where it is larger.
fn unpacked_size(content: &[u8], limit: u64, layers: usize) -> u64 {
    let is_packed = matches!(content, [first, second, ..]
        if first & 0x0F == 8 && (u16::from(*first) * 256 + u16::from(*second)).is_multiple_of(31));
    if !is_packed || layers == 0 {
        return 0;
    }
    let mut unpacked = Vec::new();
    // What cannot be unpacked further is as large as it got.
    let _ = ZlibDecoder::new(content).take(limit + 1).read_to_end(&mut unpacked);
    let size = unpacked.len() as u64;
    size + unpacked_size(&unpacked, limit.saturating_sub(size), layers - 1)
}

/// The content of a page or of a font's table; none where it is too large or cannot be unpacked.
pub fn content(stream: &Stream) -> Option<Vec<u8>> {
    let filters = stream.filters().unwrap_or_default();
    match filters.as_slice() {
        [] => Some(stream.content.clone()).filter(|content| content.len() as u64 <= MAX_STREAM_BYTES),
        [filter] if *filter == b"FlateDecode" && stream.dict.get(b"DecodeParms").is_err() => {
            let mut unpacked = Vec::new();
            let _ = ZlibDecoder::new(stream.content.as_slice()).take(MAX_STREAM_BYTES + 1).read_to_end(&mut unpacked);
            Some(unpacked).filter(|unpacked| unpacked.len() as u64 <= MAX_STREAM_BYTES)
        }
        // Checked on loading as far as it is Flate; text encodings do not grow; others are not read.
        [..] if filters.iter().all(|filter| [b"FlateDecode".as_slice(), b"ASCII85Decode"].contains(filter)) => {
            let mut unpacked = stream.content.clone();
            for filter in filters {
                let mut one = Stream::new(lopdf::Dictionary::new(), unpacked);
                if filter == b"FlateDecode" {
                    unpacked = content(&with_filter(one, filter))?;
                } else {
                    one = with_filter(one, filter);
                    unpacked = one.decompressed_content().ok()?;
                }
            }
            Some(unpacked)
        }
        _ => None,
    }
}

fn with_filter(mut stream: Stream, filter: &[u8]) -> Stream {
    stream.dict.set("Filter", lopdf::Object::Name(filter.to_vec()));
    stream
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

    #[test]
    fn what_would_grow_beyond_the_limit_is_refused() {
        let bomb = packed(&vec![0; 1_000_000]);
        assert_eq!(check(&document("", &bomb), 2_000_000), Ok(()));
        assert_eq!(check(&document("", &bomb), 999_999), Err(ReadError::TooLargeInside { limit: 999_999 }));
        assert_eq!(check(&document("", &packed(&bomb)), 999_999), Err(ReadError::TooLargeInside { limit: 999_999 }));
        let table = document("/Type/Ob#6aStm", &packed(&vec![b'1'; 5_000_000]));
        assert!(matches!(check(&table, u64::MAX / 2), Err(ReadError::TooLargeInside { .. })));
    }

    #[test]
    fn tables_packed_without_measure_are_refused() {
        let table = document("/Type/ObjStm/Filter/LZ#57Decode", b"");
        assert!(matches!(check(&table, 1000), Err(ReadError::Damaged { .. })));
    }

    #[test]
    fn a_stream_is_unpacked_within_its_limit() {
        let stream = |bytes: &[u8]| with_filter(Stream::new(lopdf::Dictionary::new(), packed(bytes)), b"FlateDecode");
        assert_eq!(content(&stream(b"BT ET")), Some(b"BT ET".to_vec()));
        assert_eq!(content(&stream(&vec![b' '; 3_000_000])), None);
    }
}
