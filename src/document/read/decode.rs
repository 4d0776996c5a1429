//! Bytes to text: UTF-8, UTF-16 with a byte order mark, or GB18030, the encodings of Chinese text files.

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::error::ReadError;

/// Decodes a text file.
///
/// # Errors
/// [`ReadError::NotText`] where the bytes are text in none of these encodings.
pub fn decode(bytes: &[u8]) -> Result<String, ReadError> {
    let (encoding, rest) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, bytes.get(mark..).unwrap_or_default()),
        None => (UTF_8, bytes),
    };
    [encoding, GB18030]
        .into_iter()
        .find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(rest))
        .filter(|text| !text.contains('\0'))
        .map(std::borrow::Cow::into_owned)
        .ok_or(ReadError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_of_chinese_text_files_are_read() {
        let text = "规章\n0";
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let marked = ["\u{feff}".as_bytes(), text.as_bytes()].concat();
        for bytes in [text.as_bytes().to_vec(), marked, utf16, GB18030.encode(text).0.into_owned()] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(matches!(decode(&[0xFF, 0x00, 0x81]), Err(ReadError::NotText)));
        assert!(matches!(decode(b"a\0b"), Err(ReadError::NotText)));
    }
}
