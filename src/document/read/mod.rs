//! Reads published annual reports: one reader per format, then one placement for all of them.
//!
//! A reader never guesses. A cell is read where its label and its place in the row are certain, and blank only where
//! it is seen to be blank; every other cell stays unread, and what is printed there becomes a [`ReaderNote`].

mod chapters;
mod character;
mod colour;
mod correction;
mod decode;
mod docx;
mod error;
mod flow;
mod form_csv;
pub mod format;
mod grid;
mod guard;
mod html;
mod ideographs;
pub(in crate::document) mod inscription;
mod locked;
mod markdown;
mod mime;
mod narrative;
mod note;
mod numbered;
mod ofd;
mod package;
mod page;
mod password;
mod pdf;
mod placement;
mod rtf;
mod sheet_csv;
mod sided;
mod text;
mod title;
mod told;
mod unmerged;
mod word97;
mod workbook;
mod xls;
pub(in crate::document) mod xlsx;

#[cfg(test)]
mod tests;

pub use decode::{TextReader, decode};
pub use error::ReadError;
pub use format::Format;
pub use guard::{STACK_BYTES, caught};
pub use note::{NoteCode, Place, ReaderNote, Spot};
pub use password::Password;
pub use placement::EditionEvidence;
pub use told::other_than_table;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::form::{CellId, Edition, edition_by_id};
use crate::report::{Cell, Figures, Narrative, ReportYear};
use format::{Contents, Source};
use placement::PrintedRow;
use told::Detected;

/// How large a document may be. How long reading may take and how much memory is for the process that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file.
    pub max_bytes: usize,
    /// Printed cells, paragraphs and lines.
    pub max_cells: usize,
    /// Pages of a PDF or an OFD.
    pub max_pages: usize,
    /// What a packed document may unpack to, in bytes.
    pub max_unpacked_bytes: u64,
    /// What is kept of each chapter of text.
    pub max_chapter_characters: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 8 * 1024 * 1024,
            max_cells: 20_000,
            max_pages: 200,
            max_unpacked_bytes: 32 * 1024 * 1024,
            // Three chapters of Chinese within what a stored report may carry.
            max_chapter_characters: 5_000,
        }
    }
}

/// How sure it is that a printed value is the cell's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// The label and the place in the row say so.
    Exact,
    /// The place in the row is lost, and the form's equations leave only this one.
    Proven,
    /// As exact, and words stand behind the number.
    Annotated,
    /// The cell is known, but what is printed there is not taken; its value is [`Cell::Unread`].
    Unread,
}

/// One cell of the form with what is printed in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCell {
    /// The cell that was found.
    pub cell: CellId,
    /// What is taken for its value.
    pub value: Cell,
    /// As in the document.
    pub raw: String,
    /// Where in the document it is printed.
    pub place: Place,
    /// How sure that is.
    pub certainty: Certainty,
}

/// What was read from a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reading {
    /// As which the document was read.
    pub format: Format,
    /// The edition of the form that it prints.
    #[serde(with = "edition_by_id")]
    pub edition: &'static Edition,
    /// What decided the edition.
    pub edition_evidence: EditionEvidence,
    /// The report year as printed: in the title, else in the opening or the period of the figures where these agree.
    pub year: Option<ReportYear>,
    /// Every report year that is printed there, each once.
    pub years: Vec<ReportYear>,
    /// As printed, on one line; none where none was found.
    pub title: Option<String>,
    /// Whose report it is, as the title says, else the opening.
    pub agency: Option<String>,
    /// What could not be read is [`Cell::Unread`].
    pub figures: Figures,
    /// The chapters of text.
    pub narrative: Narrative,
    /// The cells in which something is printed, in the order of the form.
    pub cells: Vec<ReadCell>,
    /// In the order of the document.
    pub notes: Vec<ReaderNote>,
}

/// What is printed in a document, row by row, and what its reader has to say.
#[derive(Default)]
pub(in crate::document) struct Printed {
    rows: Vec<PrintedRow>,
    notes: Vec<ReaderNote>,
    /// Its text comes in lines, which end amid a sentence.
    is_lines: bool,
}

/// Reads a document within this process, which a hostile one may end: whoever reads what others send asks
/// [`Readers`](super::process::Readers). `file_name` matters only by its ending, and only where the content does
/// not tell.
///
/// # Errors
/// [`ReadError`] where it is beyond a limit, in a format that is not read, damaged, or no text.
pub fn read_document(bytes: &[u8], file_name: &str, limits: &Limits) -> Result<Reading, ReadError> {
    let password = Password::default();
    let opened = opened(bytes, &password, limits)?;
    let detected = told::detect(&opened, file_name)?;
    guard::guarded(detected.format.name(), || read(&detected, &opened, &password, limits))
}

/// The same on this thread, whose stack has [`STACK_BYTES`], also of a document that is locked by a password; panics where
/// its reader does.
///
/// # Errors
/// As [`read_document`].
pub fn read_on_this_thread(
    bytes: &[u8],
    file_name: &str,
    password: &Password,
    limits: &Limits,
) -> Result<Reading, ReadError> {
    let opened = opened(bytes, password, limits)?;
    read(&told::detect(&opened, file_name)?, &opened, password, limits)
}

/// A document that is not too large, without its password.
fn opened<'b>(bytes: &'b [u8], password: &Password, limits: &Limits) -> Result<Cow<'b, [u8]>, ReadError> {
    if bytes.len() > limits.max_bytes {
        return Err(ReadError::TooLarge { bytes: bytes.len(), limit: limits.max_bytes });
    }
    locked::opened(bytes, password)
}

fn read(detected: &Detected, bytes: &[u8], password: &Password, limits: &Limits) -> Result<Reading, ReadError> {
    let Detected { format, text } = detected;
    match (format.info().reader)(&Source { bytes, text, password }, limits)? {
        Contents::Whole(reading) => Ok(*reading),
        Contents::Printed(printed) => Ok(understood(*format, printed, limits)),
    }
}

/// Finds title, chapters and the cells of the form.
fn understood(format: Format, printed: Printed, limits: &Limits) -> Reading {
    let Printed { mut rows, mut notes, is_lines } = printed;
    for cell in rows.iter_mut().flat_map(|row| &mut row.cells) {
        ideographs::make_usual(&mut cell.raw);
    }
    text::settle_lone_values(&mut rows);
    unmerged::without_repeats(&mut rows);
    numbered::without_numbers(&mut rows);
    let titled = title::find_title(&rows);
    let placed = placement::place(&rows, &titled);
    let (narrative, text_notes) = narrative::read_narrative(&rows, is_lines, limits.max_chapter_characters);
    // The title stands anew on each sheet, and at the head of each page.
    let is_title = |note: &ReaderNote| note.code == NoteCode::RowUnknown && Some(&note.raw) == titled.title.as_ref();
    notes.extend(placed.notes.into_iter().filter(|note| !is_title(note)));
    notes.extend(text_notes);
    notes.extend(correction::corrections(&rows));
    notes.extend(titled.note.clone());
    notes.sort_by_key(|note| note.place);
    Reading {
        format,
        edition: placed.edition,
        edition_evidence: placed.evidence,
        year: titled.year,
        years: titled.years,
        title: titled.title,
        agency: titled.agency,
        figures: placed.figures,
        narrative,
        cells: placed.cells,
        notes,
    }
}
