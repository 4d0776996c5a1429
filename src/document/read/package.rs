//! The parts of a document that is a ZIP archive of XML, read with a limit on what it unpacks to.

use std::io::{Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart};
use zip::ZipArchive;
use zip::result::ZipError;

use super::error::ReadError;

/// Most parts of a document.
const MAX_PARTS: usize = 4_000;
/// Deepest nesting of elements.
pub const MAX_DEPTH: usize = 256;

/// An archive that is open.
pub struct Package<'b> {
    format: &'static str,
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// Bytes that may still be unpacked.
    left: u64,
    limit: u64,
}

impl<'b> Package<'b> {
    /// Opens an archive of which at most `limit` bytes are unpacked.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where it is none.
    pub fn open(bytes: &'b [u8], format: &'static str, limit: u64) -> Result<Self, ReadError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| ReadError::damaged(format, error))?;
        if archive.len() > MAX_PARTS {
            return Err(ReadError::damaged(format, format!("more than {MAX_PARTS} parts")));
        }
        Ok(Self { format, archive, left: limit, limit })
    }

    /// The names of all parts.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.archive.file_names().flatten().map(std::borrow::Cow::into_owned)
    }

    /// The text of a part; none where there is no such part.
    ///
    /// # Errors
    /// As [`Package::bytes`]; [`ReadError::Damaged`] where it is not UTF-8.
    pub fn part(&mut self, name: &str) -> Result<Option<String>, ReadError> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| ReadError::damaged(self.format, format!("{name} is not UTF-8")))
    }

    /// A part; none where there is no such part.
    ///
    /// # Errors
    /// [`ReadError::TooLargeInside`] beyond the limit, [`ReadError::Damaged`] where it cannot be unpacked,
    /// [`ReadError::Protected`].
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let (left, limit, format) = (self.left, self.limit, self.format);
        // Names of parts are the same whatever their case, and however folders are divided.
        let usual = |name: &str| name.trim_start_matches(['/', '\\']).replace('\\', "/").to_ascii_lowercase();
        let known = match self.archive.index_for_name(name) {
            Some(_) => Some(name.to_owned()),
            None => self.names().find(|known| usual(known) == usual(name)),
        };
        let Some(known) = known else { return Ok(None) };
        let part = match self.archive.by_name(&known) {
            Ok(part) if part.encrypted() => return Err(ReadError::Protected { format }),
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(ReadError::Protected { format });
            }
            Err(error) => return Err(ReadError::damaged(format, error)),
        };
        let mut bytes = Vec::new();
        // What the archive says of the size is not trusted.
        let unpacked = part.take(left + 1).read_to_end(&mut bytes);
        unpacked.map_err(|error| ReadError::damaged(format, error))?;
        self.left = left.checked_sub(bytes.len() as u64).ok_or(ReadError::TooLargeInside { limit })?;
        Ok(Some(bytes))
    }
}

/// A reader of a part's XML.
pub fn xml(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader
}

/// The value of an attribute by its name without prefix; none where it is missing or malformed.
pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// A number in an attribute.
pub fn number(element: &BytesStart<'_>, name: &str) -> Option<usize> {
    attribute(element, name)?.trim().parse().ok()
}

/// The characters that a reference such as `&lt;` or `&#19968;` stands for; unknown ones are dropped.
pub fn referred(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    quick_xml::escape::resolve_xml_entity(reference).unwrap_or_default().to_owned()
}
