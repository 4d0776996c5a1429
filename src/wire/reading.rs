//! What was read from a document.

use crate::document::read::{Certainty, Place, ReadCell, ReaderNote};
use crate::form::catalogue;
use crate::pb;
use crate::report::{DocumentSource, Message, ReportKey, ReportOwner, SOURCE_CHARACTERS_MAX, SOURCE_YEARS_MAX};
use crate::service::{DocumentReading, Meant, Problem, Reason};

use super::cell::cell_to_wire as value_to_wire;
use super::{
    agency_id_from_wire, computed_to_wire, diagnoses_to_wire, edition_to_wire, figures_to_wire, findings_to_wire,
    name_from_wire, narrative_to_wire, read_format_to_wire, text_to_wire, year_from_wire,
};

pub(crate) fn reading_to_wire(document: &DocumentReading) -> pb::ReadDocumentResponse {
    let reading = &document.reading;
    pb::ReadDocumentResponse {
        format: read_format_to_wire(reading.format).into(),
        title: reading.title.clone().unwrap_or_default(),
        year: reading.year.map_or(0, |year| year.get().into()),
        edition: edition_to_wire(reading.edition),
        form: Some(figures_to_wire(&reading.figures)),
        cells: reading.cells.iter().map(cell_to_wire).collect(),
        notes: reading.notes.iter().map(note_to_wire).collect(),
        findings: findings_to_wire(&document.findings),
        computed: computed_to_wire(&document.completed.computed_values()),
        diagnoses: diagnoses_to_wire(&document.diagnoses),
        source: Some(source_to_wire(&document.source)),
        narrative: Some(&reading.narrative).filter(|narrative| !narrative.is_empty()).map(narrative_to_wire),
    }
}

/// What a document says of which report it is, cut to the contract's lengths.
pub fn source_to_wire(source: &DocumentSource) -> pb::DocumentSource {
    pb::DocumentSource {
        file_name: first(&source.file_name),
        title: first(&source.title),
        years: source.years.iter().take(SOURCE_YEARS_MAX).map(|year| year.get().into()).collect(),
        agency: first(&source.agency),
    }
}

/// The report that a document is meant for: by its name, else by agency and year as far as these are said.
///
/// # Errors
/// NAME_INVALID, YEAR_INVALID.
pub(crate) fn meant_from_wire(report: &str, agency: &str, year: i32) -> Result<Meant, Problem> {
    if !report.is_empty() {
        let ReportKey { owner, year } = name_from_wire(report, "report")?;
        return Ok(Meant { year: Some(year), owner: Some(owner), ..Meant::default() });
    }
    let owner = match agency {
        "" => None,
        name => Some(ReportOwner::Agency(agency_id_from_wire(name, "agency")?)),
    };
    let year = match year {
        0 => None,
        year => Some(year_from_wire(year, "year")?),
    };
    Ok(Meant { year, owner, ..Meant::default() })
}

/// As much of a text as the contract takes.
fn first(text: &str) -> String {
    text.chars().take(SOURCE_CHARACTERS_MAX).collect()
}

/// # Errors
/// FIELD_INVALID for a text that is too long, TOO_MANY years, YEAR_INVALID.
pub(super) fn source_from_wire(source: pb::DocumentSource) -> Result<DocumentSource, Problem> {
    for (field, text) in [("file_name", &source.file_name), ("title", &source.title), ("agency", &source.agency)] {
        if text.chars().count() > SOURCE_CHARACTERS_MAX {
            let description = Message::new(
                format!("不得超过{SOURCE_CHARACTERS_MAX}字"),
                format!("is longer than {SOURCE_CHARACTERS_MAX} characters"),
            );
            return Err(Problem::field(Reason::FieldInvalid, format!("source.{field}"), description));
        }
    }
    if source.years.len() > SOURCE_YEARS_MAX {
        let description = Message::new(format!("最多{SOURCE_YEARS_MAX}个"), format!("at most {SOURCE_YEARS_MAX}"));
        return Err(Problem::field(Reason::TooMany, "source.years", description));
    }
    let years = source.years.iter().map(|year| year_from_wire(*year, "source.years")).collect::<Result<_, _>>()?;
    let pb::DocumentSource { file_name, title, agency, .. } = source;
    Ok(DocumentSource { file_name, title, years, agency })
}

fn line_number(line: usize) -> i32 {
    line.try_into().unwrap_or(i32::MAX)
}

fn cell_to_wire(read: &ReadCell) -> pb::CellReading {
    let info = catalogue().cell(read.cell);
    pb::CellReading {
        cell: info.path.clone(),
        label: Some(pb::LocalizedText { zh: info.label_zh.clone(), en: info.label_en.clone() }),
        value: value_to_wire(read.cell, read.value),
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
