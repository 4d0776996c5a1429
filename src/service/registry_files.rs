//! Registry files as bytes: what they hold in whatever format they are, and the registry written as one.

use crate::document::read::{ReadError, decode, other_than_table};
use crate::document::table::{read_table, write_table};
use crate::registry::RegistryChange;
use crate::registry::exchange::{
    Fault, Place, Problem as Unread, RegistryFile, read_csv, read_json, read_rows, write_csv, write_json, write_rows,
};
use crate::report::Message;
use crate::report::inert::BYTE_ORDER_MARK;

use super::parts::Service;
use super::problem::Problem;
use super::render::RenderedFile;
use super::sight::Sight;

/// A format of registry files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryFormat {
    /// Comma-separated, UTF-8; as read, GB18030 too.
    Csv,
    /// An object of lists.
    Json,
    /// A workbook of one sheet with the rows of the CSV file.
    Xlsx,
}

/// Title of the sheet, and name of the file.
const TITLE: &str = "单位名录";
/// What a workbook begins with, being an archive.
const ARCHIVE: &[u8] = b"PK";
/// Changes that are read at a time.
const PART: usize = 1000;

impl RegistryFormat {
    /// Its ending, without a dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Reads a registry file in the format that its bytes show.
///
/// # Errors
/// Each thing that is wrong with it, where, and what to do.
pub fn read_registry_file(bytes: &[u8]) -> Result<RegistryFile, Vec<Message>> {
    let unread = |message| vec![message];
    if let Some(found) = other_than_table(bytes) {
        return Err(unread(ReadError::NoTable { found }.message()));
    }
    if let Some(line) = zero_byte(bytes) {
        return Err(unread(Fault { place: Place::Line(line), column: None, problem: Unread::Zero }.message()));
    }
    let read = if bytes.starts_with(ARCHIVE) {
        read_rows(&read_table(bytes).map_err(|error| unread(error.message()))?)
    } else {
        let text = decode(bytes).map_err(|error| unread(error.message()))?;
        if is_json(&text) { read_json(&text) } else { read_csv(&text) }
    };
    read.map_err(|error| error.messages())
}

/// The line of the first zero byte, where the bytes are neither a workbook nor marked as text of two bytes a character.
fn zero_byte(bytes: &[u8]) -> Option<u64> {
    let has_any = [ARCHIVE, b"\xFF\xFE", b"\xFE\xFF"].iter().any(|begun| bytes.starts_with(begun));
    let at = bytes.iter().position(|byte| *byte == 0).filter(|_| !has_any)?;
    Some(1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count() as u64)
}

/// Whether a text is JSON, be it only a number or a word in quotes.
fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    text.starts_with(['{', '[']) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Writes changes as a registry file.
///
/// # Errors
/// Where a workbook would be larger than one can be.
pub fn write_registry_file(changes: &[RegistryChange], format: RegistryFormat) -> Result<Vec<u8>, String> {
    match format {
        RegistryFormat::Csv => Ok(write_csv(changes).into_bytes()),
        RegistryFormat::Json => Ok(write_json(changes).into_bytes()),
        RegistryFormat::Xlsx => write_table(TITLE, &write_rows(changes)).map_err(|error| error.to_string()),
    }
}

impl Service {
    /// The whole registry as a file, and, where `contacts` says of whom, the contacts that may be seen. CSV begins with a byte
    /// order mark, as it is opened in a spreadsheet.
    ///
    /// # Errors
    /// INTERNAL where it cannot be written.
    pub async fn render_registry(
        &self,
        format: RegistryFormat,
        contacts: Option<&Sight>,
    ) -> Result<RenderedFile, Problem> {
        let mut changes = Vec::new();
        // Page by page, so that whoever changes the registry meanwhile does not wait.
        let mut token = String::new();
        loop {
            let page = self.registry_changes(PART, &token)?.page;
            changes.extend(page.items);
            let Some(next) = page.next else { break };
            token = next;
        }
        if let Some(sight) = contacts {
            let known = self.all_contacts(None, usize::MAX, "", sight)?.items;
            changes.extend(known.into_iter().map(|known| RegistryChange::PutContacts(known.contacts)));
        }
        let written = Self::beside(move || Ok(write_registry_file(&changes, format))).await?;
        let mut content = written.map_err(|error| Problem::internal(&error))?;
        if format == RegistryFormat::Csv {
            content.splice(0..0, BYTE_ORDER_MARK.bytes());
        }
        let name = format!("{TITLE}.{}", format.ending());
        Ok(RenderedFile { content, content_type: format.content_type(), name })
    }

    /// Reads a registry file beside the calls; nothing is stored.
    ///
    /// # Errors
    /// INTERNAL where its reader breaks; what is wrong with the file is within.
    pub async fn read_registry_file(&self, bytes: Vec<u8>) -> Result<Result<RegistryFile, Vec<Message>>, Problem> {
        Self::beside(move || Ok(read_registry_file(&bytes))).await
    }
}
