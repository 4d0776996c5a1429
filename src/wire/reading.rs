//! What was read from a document.

use crate::document::read::{Certainty, Place, ReadCell, ReaderNote};
use crate::form::catalogue;
use crate::pb;
use crate::report::{Cell, format_number};
use crate::service::DocumentReading;

use super::{diagnoses_to_wire, edition_to_wire, figures_to_wire, findings_to_wire, narrative_to_wire, text_to_wire};

pub fn reading_to_wire(document: &DocumentReading) -> pb::ReadDocumentResponse {
    let reading = &document.reading;
    let computed = document.completed.computed.iter().map(|cell| catalogue().cell(*cell).path.clone());
    pb::ReadDocumentResponse {
        format: reading.format.id().to_owned(),
        title: reading.title.clone().unwrap_or_default(),
        year: reading.year.map_or(0, |year| year.get().into()),
        edition: edition_to_wire(reading.edition),
        form: Some(figures_to_wire(&reading.figures)),
        cells: reading.cells.iter().map(cell_to_wire).collect(),
        notes: reading.notes.iter().map(note_to_wire).collect(),
        findings: findings_to_wire(&document.findings),
        computed: computed.collect(),
        diagnoses: diagnoses_to_wire(&document.diagnoses),
        narrative: Some(&reading.narrative).filter(|narrative| !narrative.is_empty()).map(narrative_to_wire),
    }
}

fn line_number(line: usize) -> i32 {
    line.try_into().unwrap_or(i32::MAX)
}

fn cell_to_wire(read: &ReadCell) -> pb::CellReading {
    let info = catalogue().cell(read.cell);
    pb::CellReading {
        cell: info.path.clone(),
        label: Some(pb::LocalizedText { zh: info.label_zh.clone(), en: info.label_en.clone() }),
        value: read.value.number().map(|number| format_number(info.kind, number.into())),
        not_applicable: read.value == Cell::NotApplicable,
        raw: read.raw.clone(),
        line: line_number(read.place.line()),
        place: Some(text_to_wire(&read.place.message())),
        certainty: match read.certainty {
            Certainty::Exact => pb::Certainty::Exact,
            Certainty::Annotated => pb::Certainty::Annotated,
            Certainty::Proven => pb::Certainty::Proven,
            Certainty::Unread => pb::Certainty::Unread,
        }
        .into(),
    }
}

fn note_to_wire(note: &ReaderNote) -> pb::ReadingNote {
    let is_whole = note.place == Place::START;
    pb::ReadingNote {
        code: note.code.id().to_owned(),
        line: if is_whole { 0 } else { line_number(note.place.line()) },
        place: (!is_whole).then(|| text_to_wire(&note.place.message())),
        raw: note.raw.clone(),
        cells: note.cells.iter().map(|cell| catalogue().cell(*cell).path.clone()).collect(),
        message: Some(text_to_wire(&note.message)),
    }
}
