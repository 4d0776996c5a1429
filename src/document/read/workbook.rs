//! The workbook of our own that came back filled in, as a reading: its layout is known, so nothing has to be found.

use crate::document::template::{Returned, is_template, read_template};
use crate::report::Cell;

use super::note::{NoteCode, Place, ReaderNote, Spot};
use super::{Certainty, EditionEvidence, Format, ReadCell, ReadError, Reading};

/// The reading of a workbook made by `huizong template`; none for any other.
///
/// # Errors
/// [`ReadError::Damaged`] where a sheet of it is missing, or it is too large.
pub fn read_workbook(bytes: &[u8]) -> Option<Result<Reading, ReadError>> {
    is_template(bytes).then(|| match read_template(bytes) {
        Ok(returned) => Ok(reading(returned)),
        Err(error) => Err(ReadError::damaged(Format::Xlsx.name(), error.to_string())),
    })
}

fn reading(returned: Returned) -> Reading {
    let Returned { template, figures, faults, remarks, filled, narrative, .. } = returned;
    let mut notes = Vec::new();
    let mut cells = Vec::new();
    for (order, one) in filled.into_iter().enumerate() {
        let spot = Spot::Sheet { sheet: one.sheet, row: one.row };
        let place = Place { order: order + 1, spot, cell: one.column };
        let fault = faults.iter().find(|fault| fault.cell == one.cell);
        let remark = remarks.iter().find(|remark| remark.cell == one.cell);
        let told = fault.map(|fault| (NoteCode::CellUnreadable, fault));
        if let Some((code, told)) = told.or(remark.map(|remark| (NoteCode::CellRemark, remark))) {
            notes.push(ReaderNote {
                code,
                place,
                raw: one.raw.clone(),
                cells: vec![one.cell],
                message: told.message.clone(),
            });
        }
        let value = figures.get(one.cell);
        if value != Cell::Blank || fault.is_some() {
            let certainty = match (fault, remark) {
                (Some(_), _) => Certainty::Unread,
                (None, Some(_)) => Certainty::Annotated,
                (None, None) => Certainty::Exact,
            };
            cells.push(ReadCell { cell: one.cell, value, raw: one.raw, place, certainty });
        }
    }
    Reading {
        format: Format::Xlsx,
        edition: template.edition,
        edition_evidence: EditionEvidence::Year(template.year),
        year: Some(template.year),
        years: vec![template.year],
        agency: Some(template.agency_name.clone()),
        title: Some(format!("{}{}年政府信息公开工作年度报告", template.agency_name, template.year)),
        figures,
        narrative: narrative.unwrap_or_default(),
        cells,
        notes,
    }
}
