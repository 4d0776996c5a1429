//! The CSV of a form that we write ourselves: one row for each cell, by its path, so that nothing has to be found.

use std::collections::HashSet;

use crate::document::write::CELL_HEADINGS;
use crate::form::{CellId, EDITIONS, Edition, LineInfo, Presence, catalogue};
use crate::report::{Cell, Figures, Narrative};

use super::note::{NoteCode, Place, ReaderNote};
use super::placement::{Taken, printed, take};
use super::{Certainty, EditionEvidence, Format, Limits, ReadCell, ReadError, Reading};

/// Whether a text is such a CSV, by its first row.
pub fn is_form_csv(text: &str) -> bool {
    let mut first = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().split(',');
    CELL_HEADINGS.iter().all(|heading| first.next().map(str::trim) == Some(heading))
}

/// The reading of such a CSV.
///
/// # Errors
/// [`ReadError::Damaged`] for rows that are no CSV, [`ReadError::TooManyCells`].
pub fn read_form_csv(text: &str, limits: &Limits) -> Result<Reading, ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut rows: Vec<(Place, String, String)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| ReadError::damaged(Format::Csv.name(), error))?;
        let line = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
        let field = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        // A number with a comma in it, or something beside it: what of that is the value is not known.
        let value: Vec<&str> = record.iter().skip(CELL_HEADINGS.len() - 1).map(str::trim).collect();
        rows.push((Place::in_text(line, CELL_HEADINGS.len()), field(0), value.join(" ").trim().to_owned()));
        if rows.len() > limits.max_cells {
            return Err(ReadError::TooManyCells { limit: limits.max_cells });
        }
    }
    let cells: Vec<Option<CellId>> = rows.iter().map(|(_, path, _)| catalogue().cell_at(path)).collect();
    let edition = edition_of(&cells);
    let mut figures = Figures::unread(edition);
    let (mut read, mut notes) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for ((place, path, raw), cell) in rows.into_iter().zip(cells) {
        let is_of_edition = |cell: &CellId| catalogue().presence(edition, *cell) != Presence::Absent;
        let Some(cell) = cell.filter(is_of_edition) else {
            let zh = format!("“{path}”不是本格式的单元格，其数值（{raw}）未读取；请核对");
            let en = format!("{path:?} is no cell of this edition; its value ({raw}) is not read; please check");
            notes.push(ReaderNote::at(NoteCode::RowUnknown, place, &path, Vec::new(), &zh, &en));
            continue;
        };
        let taken = take(catalogue().cell(cell).kind, &printed(&raw), None);
        let is_first = seen.insert(cell);
        let (value, certainty) = match taken {
            Taken::Value(value) if is_first => (value, Certainty::Exact),
            _ => {
                let (zh, en) = super::note::cell_label(cell);
                let zh = format!("“{zh}”的“{raw}”不是可识别的数字，或重复出现，未读取；请核对后填写");
                let en =
                    format!("{en:?} holds {raw:?}, which is no number, or stands there again; not read; fill it in");
                notes.push(ReaderNote::at(NoteCode::CellUnreadable, place, &raw, vec![cell], &zh, &en));
                (Cell::Unread, Certainty::Unread)
            }
        };
        figures.set(cell, value);
        if !raw.is_empty() {
            read.retain(|other: &ReadCell| other.cell != cell);
            read.push(ReadCell { cell, value, raw, place, certainty });
        }
    }
    blank_where_another_stands(&mut figures, &seen);
    Ok(Reading {
        format: Format::Csv,
        edition,
        edition_evidence: EditionEvidence::Rows(Vec::new()),
        year: None,
        years: Vec::new(),
        title: None,
        agency: None,
        figures,
        narrative: Narrative::default(),
        cells: read,
        notes,
    })
}

/// Lines that are not there because another stands in their place are blank.
fn blank_where_another_stands(figures: &mut Figures, seen: &HashSet<CellId>) {
    for (sheet, table) in catalogue().sheets(figures.edition()) {
        let lines = || table.lines().map(|line| catalogue().line(line));
        let is_seen = |line: &LineInfo| line.cells().any(|cell| seen.contains(&cell));
        for merged in sheet.merged {
            if lines().any(|line| line.line.field == merged.line && is_seen(line)) {
                let others = lines().filter(|line| merged.stands_for.contains(&line.line.field) && !is_seen(line));
                let cells: Vec<_> = others.flat_map(|line| line.cells()).collect();
                cells.into_iter().for_each(|cell| _ = figures.set(cell, Cell::Blank));
            }
        }
    }
}

/// The edition that has most of the cells, the newest of equals.
fn edition_of(cells: &[Option<CellId>]) -> &'static Edition {
    let count = |edition: &Edition| {
        cells.iter().flatten().filter(|cell| catalogue().presence(edition, **cell) != Presence::Absent).count()
    };
    // There is at least one: checked when the program is compiled.
    EDITIONS.iter().max_by_key(|edition| count(edition)).unwrap_or(&EDITIONS[0])
}
