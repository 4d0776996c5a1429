//! Bytes to text: UTF-8, UTF-16 with a byte order mark, or GB18030, the encodings of Chinese text files.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _};
use std::path::Path;

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};

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

/// Decoded text that waits to be taken, in bytes.
const DECODED_BYTES: usize = 16 << 10;

/// A text file of any length as UTF-8, decoded as it is read.
pub struct TextReader {
    from: BufReader<File>,
    decoder: Decoder,
    decoded: Box<[u8]>,
    /// The part of `decoded` that was not taken yet.
    taken: usize,
    filled: usize,
    ended: bool,
}

impl TextReader {
    /// Opens a file in any of the encodings that [`decode`] knows. A file is read to its end for that first; what is no
    /// file, such as a pipe, cannot be read twice, and is UTF-8, or what its byte order mark says.
    ///
    /// # Errors
    /// Where it cannot be read; `InvalidData` where it is no text, then and while it is read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let is_file = path.metadata()?.is_file();
        let begin = |encoding: &'static Encoding| Ok(Self::of(File::open(path)?, encoding));
        if !is_file {
            return begin(UTF_8);
        }
        for encoding in [UTF_8, GB18030] {
            let mut reader = begin(encoding)?;
            match io::copy(&mut reader, &mut io::sink()) {
                Ok(_) => {
                    let mut file = reader.from.into_inner();
                    file.rewind()?;
                    return Ok(Self::of(file, encoding));
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                Err(error) => return Err(error),
            }
        }
        Err(no_text())
    }

    fn of(file: File, encoding: &'static Encoding) -> Self {
        let decoded = vec![0; DECODED_BYTES].into();
        // A byte order mark goes before the encoding.
        let decoder = encoding.new_decoder();
        Self { from: BufReader::new(file), decoder, decoded, taken: 0, filled: 0, ended: false }
    }

    /// Decodes more; nothing at the end.
    fn fill(&mut self) -> io::Result<()> {
        while self.taken == self.filled && !self.ended {
            let bytes = self.from.fill_buf()?;
            let is_last = bytes.is_empty();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.decoded, is_last);
            self.from.consume(read);
            (self.taken, self.filled) = (0, written);
            match result {
                DecoderResult::Malformed(..) => return Err(no_text()),
                DecoderResult::InputEmpty => self.ended = is_last,
                DecoderResult::OutputFull => {}
            }
            if self.decoded.get(..written).unwrap_or_default().contains(&0) {
                return Err(no_text());
            }
        }
        Ok(())
    }
}

fn no_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, ReadError::NotText)
}

impl Read for TextReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let waiting = self.decoded.get(self.taken..self.filled).unwrap_or_default();
        let count = waiting.len().min(into.len());
        let (now, _) = waiting.split_at(count);
        if let Some(place) = into.get_mut(..count) {
            place.copy_from_slice(now);
        }
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_of_chinese_text_files_are_read() {
        let text = "规章\n0";
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let marked = ["\u{feff}".as_bytes(), text.as_bytes()].concat();
        let file = tempfile::NamedTempFile::new().unwrap();
        for bytes in [text.as_bytes().to_vec(), marked, utf16, GB18030.encode(text).0.into_owned()] {
            assert_eq!(decode(&bytes).unwrap(), text);
            std::fs::write(file.path(), &bytes).unwrap();
            let mut read = String::new();
            TextReader::open(file.path()).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(matches!(decode(&[0xFF, 0x00, 0x81]), Err(ReadError::NotText)));
        assert!(matches!(decode(b"a\0b"), Err(ReadError::NotText)));
        let file = tempfile::NamedTempFile::new().unwrap();
        for bytes in [&[0xFF, 0x00, 0x81][..], b"a\0b"] {
            std::fs::write(file.path(), bytes).unwrap();
            assert_eq!(TextReader::open(file.path()).map(drop).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn a_long_text_is_decoded_as_it_is_read_wherever_it_is_cut() {
        // Of one, two and four bytes, so that they stand across the ends of what is read at a time.
        let text = "a规章㐀\n".repeat(20_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        for encoding in [UTF_8, GB18030] {
            std::fs::write(file.path(), encoding.encode(&text).0).unwrap();
            let mut read = String::new();
            TextReader::open(file.path()).unwrap().read_to_string(&mut read).unwrap();
            assert!(read == text, "{}", encoding.name());
        }
    }
}
