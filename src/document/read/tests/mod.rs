//! Reading is tested from documents: the project's own fixtures, rendered forms, and published reports where
//! these are at hand.

mod documents;
mod fixtures;
mod formats;
mod kinds;
mod layout;
mod looks;
mod ofd;
mod pdf;
mod pdf_drawn;
mod pdf_pages;
mod periods;
mod properties;
mod render;
mod roundtrips;
mod rtf;
mod samples;
mod shapes;
mod unread;

use super::{Limits, ReaderNote, Reading, read_document};
use crate::form::catalogue;
use crate::report::{Cell, format_number};

fn read(text: &str) -> Reading {
    read_document(text.as_bytes(), "report.txt", &Limits::default()).unwrap()
}

/// The cell at `path` as text: its number, `n/a`, or nothing where it is blank or [`unread`].
fn cell(reading: &Reading, path: &str) -> String {
    let cell = catalogue().cell_at(path).unwrap_or_else(|| panic!("no cell {path}"));
    match reading.figures.get(cell) {
        Cell::Blank | Cell::Unread => String::new(),
        Cell::NotApplicable => "n/a".to_owned(),
        Cell::Number(number) => format_number(catalogue().cell(cell).kind, number.into()),
    }
}

/// The paths of the cells that were not read.
fn unread(reading: &Reading) -> Vec<&str> {
    reading.figures.unread_cells().map(|cell| catalogue().cell(cell).path.as_str()).collect()
}

/// The cells of the line at `path`, in its order.
fn line(reading: &Reading, path: &str) -> Vec<String> {
    let line = catalogue().line_at(path).unwrap_or_else(|| panic!("no line {path}"));
    line.cells().map(|id| cell(reading, &catalogue().cell(id).path)).collect()
}

/// The notes as `CODE line raw`.
fn notes(reading: &Reading) -> Vec<String> {
    let note = |note: &ReaderNote| format!("{} {} {}", note.code, note.place.line(), note.raw).trim_end().to_owned();
    reading.notes.iter().map(note).collect()
}
