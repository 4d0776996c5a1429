//! Writes documents in the layout of the form: one grid derived from the form, one small file for each format.
//!
//! Blank, zero and 不适用 stay apart in every format (docs/documents.md). Nothing here judges or computes a figure.

mod computed;
mod csv;
pub(in crate::document) mod document;
mod docx;
mod html;
pub(in crate::document) mod layout;
mod listing;
mod ofd;
mod package;
pub(in crate::document) mod sheet;
pub mod site;
mod text;
pub(in crate::document) mod xlsx;
mod xml;

#[cfg(test)]
mod tests;

pub use computed::{ComputedForm, Frozen};
pub use csv::CELL_HEADINGS;
pub use document::{Document, Figure, NOT_APPLICABLE, Provenance, UNREAD};
pub use layout::{Content, Grid, Tile, addends, grids, is_total};
pub use listing::write_listing;

/// A format that documents are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For word processors.
    Docx,
    /// The state's format for official documents (GB/T 33190).
    Ofd,
    /// For browsers.
    Html,
    /// For spreadsheets, laid out as it is printed.
    Xlsx,
    /// One row per cell, by path.
    Csv,
    /// One printed cell per line.
    Text,
}

/// A document could not be written: a limit of its format, or a defect of ours.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the document: {0}")]
pub struct WriteError(String);

impl WriteError {
    pub(in crate::document) fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Format {
    /// In the order in which they are offered.
    pub const ALL: [Format; 6] = [Format::Docx, Format::Ofd, Format::Html, Format::Xlsx, Format::Csv, Format::Text];

    /// The ending of file names, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Ofd => "ofd",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Text => "txt",
        }
    }

    /// The format of a file name's ending.
    pub fn of_ending(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.ending().eq_ignore_ascii_case(ending))
    }

    /// Media type, as HTTP names it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Ofd => "application/ofd",
            Self::Html => "text/html; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// The document as the bytes of a file. The same document gives the same bytes.
///
/// # Errors
/// [`WriteError`].
pub fn write_document(document: &Document, format: Format) -> Result<Vec<u8>, WriteError> {
    match format {
        Format::Docx => docx::write(document),
        Format::Ofd => ofd::write(document),
        Format::Html => Ok(html::write(document).into_bytes()),
        Format::Xlsx => xlsx::write(document),
        Format::Csv => csv::write(document),
        Format::Text => Ok(text::write(document).into_bytes()),
    }
}

/// A name for the file, such as `示例市2022年政府信息公开工作年度报告.docx`.
pub fn file_name(document: &Document, format: Format) -> String {
    let title = document.title().replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
    format!("{}.{}", title.trim(), format.ending())
}
