//! Reads published annual reports: one reader per format, then one placement for all of them.
//!
//! A reader never guesses. A cell is read where its label and its place in the row are certain; everything else
//! printed in a table stays blank and becomes a [`ReaderNote`].

mod decode;
mod error;
mod note;
mod placement;
mod text;
mod title;

#[cfg(test)]
mod tests;

pub use error::ReadError;
pub use note::{NoteCode, Place, ReaderNote};
pub use placement::EditionEvidence;

use crate::form::{CellId, Edition};
use crate::report::{Cell, Figures, ReportYear};

/// How large a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_bytes: usize,
    pub max_cells: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 8 * 1024 * 1024, max_cells: 20_000 }
    }
}

/// The format that a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text: one cell per line, or rows divided by `|`, tabs or blanks.
    Text,
}

/// How sure it is that a printed value is the cell's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The label and the place in the row say so.
    Exact,
    /// The place in the row is lost, and the form's equations leave only this one.
    Proven,
    /// As exact, and words stand behind the number.
    Annotated,
    /// The cell is known, but what is printed there is not taken; its value is blank.
    Unread,
}

/// One cell of the form with what is printed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCell {
    pub cell: CellId,
    pub value: Cell,
    /// As in the document.
    pub raw: String,
    pub place: Place,
    pub certainty: Certainty,
}

/// What was read from a document.
#[derive(Debug, Clone)]
pub struct Reading {
    pub format: Format,
    pub edition: &'static Edition,
    /// What decided the edition.
    pub edition_evidence: EditionEvidence,
    /// The year in the title.
    pub year: Option<ReportYear>,
    pub title: Option<String>,
    pub figures: Figures,
    /// The cells in which something is printed, in the order of the form.
    pub cells: Vec<ReadCell>,
    /// In the order of the document.
    pub notes: Vec<ReaderNote>,
}

/// Reads a document; `file_name` matters only by its extension, and only where the content does not tell.
///
/// # Errors
/// [`ReadError`] where it is too large, in a format that is not read, or no text.
pub fn read_document(bytes: &[u8], file_name: &str, limits: &Limits) -> Result<Reading, ReadError> {
    if bytes.len() > limits.max_bytes {
        return Err(ReadError::TooLarge { bytes: bytes.len(), limit: limits.max_bytes });
    }
    if let Some(found) = foreign_format(bytes, file_name) {
        return Err(ReadError::UnsupportedFormat { name: note::shortened(file_name), found });
    }
    let rows = text::read_text(&decode::decode(bytes)?, limits.max_cells)?;
    let titled = title::find_title(&rows);
    let placed = placement::place(&rows, &titled);
    Ok(Reading {
        format: Format::Text,
        edition: placed.edition,
        edition_evidence: placed.evidence,
        year: titled.year,
        title: titled.title,
        figures: placed.figures,
        cells: placed.cells,
        notes: placed.notes,
    })
}

/// First bytes of formats that are not text.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "DOCX/XLSX/ZIP"),
    (b"\xD0\xCF\x11\xE0", "DOC/XLS"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xFF\xD8\xFF", "JPEG"),
];

/// Extensions of formats that are text of another kind.
const EXTENSIONS: &[(&str, &str)] =
    &[(".html", "HTML"), (".htm", "HTML"), (".mht", "MHTML"), (".csv", "CSV"), (".json", "JSON")];

/// The name of the format, where it is one that is not read.
fn foreign_format(bytes: &[u8], file_name: &str) -> Option<&'static str> {
    let name = file_name.to_ascii_lowercase();
    let head = bytes.trim_ascii_start();
    let begins_with = |tag: &str| head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    SIGNATURES
        .iter()
        .find(|(signature, _)| bytes.starts_with(signature))
        .map(|(_, format)| *format)
        .or_else(|| (begins_with("<!doctype html") || begins_with("<html")).then_some("HTML"))
        .or_else(|| EXTENSIONS.iter().find(|(extension, _)| name.ends_with(extension)).map(|(_, format)| *format))
}
