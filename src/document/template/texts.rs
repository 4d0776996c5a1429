//! The sheet with the chapters of text, in a workbook that holds what was read from a document: a row for each line.

use rust_xlsxwriter::{Format, FormatAlign, Workbook};

use crate::document::write::{WriteError, document::chapter_heading};
use crate::form::NARRATIVE_CHAPTERS;
use crate::report::Narrative;

use super::TEXTS_SHEET;

/// Columns: the chapter's field, which is read back, its heading, and a line of its text.
const FIELD_COLUMN: u16 = 0;
const HEADING_COLUMN: u16 = 1;
const TEXT_COLUMN: u16 = 2;

pub(super) fn write(workbook: &mut Workbook, narrative: &Narrative) -> Result<(), WriteError> {
    let open = Format::new().set_unlocked().set_text_wrap().set_align(FormatAlign::Top);
    let sheet = workbook.add_worksheet();
    sheet.set_name(TEXTS_SHEET).map_err(WriteError::new)?;
    for (column, width) in [(FIELD_COLUMN, 16.0), (HEADING_COLUMN, 32.0), (TEXT_COLUMN, 100.0)] {
        sheet.set_column_width(column, width).map_err(WriteError::new)?;
    }
    let mut row = 0;
    for chapter in narrative.chapters() {
        let title = NARRATIVE_CHAPTERS.iter().find(|known| known.number == chapter.number).map(|known| known.title);
        let heading = title.map_or_else(String::new, |title| chapter_heading(chapter.number, &title));
        for line in chapter.text.into_iter().flat_map(|text| text.split('\n')) {
            sheet.write_string(row, FIELD_COLUMN, chapter.field).map_err(WriteError::new)?;
            sheet.write_string(row, HEADING_COLUMN, &heading).map_err(WriteError::new)?;
            sheet.write_string_with_format(row, TEXT_COLUMN, line, &open).map_err(WriteError::new)?;
            row += 1;
        }
    }
    sheet.protect();
    Ok(())
}

/// The chapters of the sheet, whose texts are given by row and column; none where it has none.
pub(super) fn read(rows: u32, text: impl Fn(u32, u32) -> String) -> Option<Narrative> {
    let mut narrative = Narrative::default();
    for row in 0..rows {
        let (field, line) = (text(row, FIELD_COLUMN.into()), text(row, TEXT_COLUMN.into()));
        let Some(chapter) = narrative.chapter_mut(&field) else { continue };
        match chapter {
            Some(text) => {
                text.push('\n');
                text.push_str(&line);
            }
            None => *chapter = Some(line),
        }
    }
    (!narrative.is_empty()).then_some(narrative)
}
