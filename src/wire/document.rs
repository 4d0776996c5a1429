//! Documents to publish.

use crate::document::read;
use crate::document::write::{ComputedForm, Document, Format};
use crate::form::{CellId, Kind, catalogue};
use crate::pb::{self, FormCell};
use crate::report::{Hash, parse_sum};
use crate::service::{Problem, RenderedFile, RenderedForm, RenderedFrozenForm, RenderedTemplate};

use super::form::wire_cell;
use super::registry::unknown_value;
use super::{coverage_to_wire, edition_from_wire, year_from_wire};

const FORMATS: [(Format, pb::DocumentFormat); 6] = [
    (Format::Docx, pb::DocumentFormat::Docx),
    (Format::Ofd, pb::DocumentFormat::Ofd),
    (Format::Html, pb::DocumentFormat::Html),
    (Format::Xlsx, pb::DocumentFormat::Xlsx),
    (Format::Csv, pb::DocumentFormat::Csv),
    (Format::Text, pb::DocumentFormat::Text),
];

pub(crate) fn template_to_wire(made: RenderedTemplate) -> pb::RenderTemplateResponse {
    pb::RenderTemplateResponse {
        content: made.content,
        content_type: Format::Xlsx.content_type().to_owned(),
        file_name: made.file_name,
    }
}

/// The format that a document was recognised as.
pub(crate) fn read_format_to_wire(format: read::Format) -> pb::DocumentFormat {
    match format {
        read::Format::Text => pb::DocumentFormat::Text,
        read::Format::Markdown => pb::DocumentFormat::Markdown,
        read::Format::Html => pb::DocumentFormat::Html,
        read::Format::Docx => pb::DocumentFormat::Docx,
        read::Format::Xlsx => pb::DocumentFormat::Xlsx,
        read::Format::Ofd => pb::DocumentFormat::Ofd,
        read::Format::Pdf => pb::DocumentFormat::Pdf,
        read::Format::Csv => pb::DocumentFormat::Csv,
        read::Format::Rtf => pb::DocumentFormat::Rtf,
        read::Format::Mhtml => pb::DocumentFormat::Mhtml,
        read::Format::Doc => pb::DocumentFormat::Doc,
        read::Format::Xls => pb::DocumentFormat::Xls,
    }
}

/// # Errors
/// FIELD_INVALID for a format that is not said, not known, or not written.
pub(crate) fn document_format_from_wire(number: i32, field: &str) -> Result<Format, Problem> {
    let known = FORMATS.iter().find(|(_, wire)| i32::from(*wire) == number);
    known.map(|(format, _)| *format).ok_or_else(|| unknown_value(field))
}

/// The wire's number for a format that is written.
pub(crate) fn document_format_to_wire(format: Format) -> i32 {
    FORMATS.iter().find(|(known, _)| *known == format).map_or(0, |(_, wire)| (*wire).into())
}

/// The computed form that an answer holds, as a document.
///
/// # Errors
/// FIELD_INVALID, YEAR_INVALID for an answer that this version does not know how to print.
pub(crate) fn document_from_wire(answer: &pb::GetConsolidatedFormResponse) -> Result<Document, Problem> {
    let jurisdiction = answer.jurisdiction.clone().unwrap_or_default();
    let coverage = answer.coverage.unwrap_or_default();
    let year = year_from_wire(coverage.year, "coverage.year")?;
    let form = answer.form.clone().unwrap_or_default();
    let sum = |cell: CellId| match wire_cell(&form, cell)? {
        FormCell::Count(count) => Some(count.into()),
        FormCell::Amount(text) => parse_sum(Kind::Money, text).ok(),
    };
    for cell in &catalogue().cells {
        if wire_cell(&form, cell.id).is_some() && sum(cell.id).is_none() {
            return Err(unknown_value(&format!("form.{}", cell.path)));
        }
    }
    let computed = ComputedForm {
        scope: jurisdiction.name,
        name: jurisdiction.display_name,
        year,
        edition: edition_from_wire(answer.edition, year.get(), "edition")?,
        expected: coverage.expected.try_into().unwrap_or_default(),
        included: coverage.included.try_into().unwrap_or_default(),
        missing: coverage.missing.try_into().unwrap_or_default(),
        late: coverage.late.try_into().unwrap_or_default(),
        hierarchy_year: year_from_wire(coverage.hierarchy_year, "coverage.hierarchy_year")?,
        sequence: answer.as_of.try_into().unwrap_or_default(),
    };
    Ok(Document::of_computed_form(computed, sum))
}

pub(crate) fn rendered_frozen_to_wire(
    RenderedFrozenForm { form, file }: RenderedFrozenForm,
) -> pb::RenderFrozenFormResponse {
    pb::RenderFrozenFormResponse {
        file_sha256: Hash::of(&file.content).to_hex(),
        content: file.content,
        content_type: file.content_type.to_owned(),
        file_name: file.name,
        content_sha256: form.content_hash.to_hex(),
        as_of: form.as_of.try_into().unwrap_or(i64::MAX),
    }
}

pub(crate) fn rendered_report_to_wire(file: RenderedFile) -> pb::RenderReportResponse {
    pb::RenderReportResponse { content: file.content, content_type: file.content_type.to_owned(), file_name: file.name }
}

pub(crate) fn rendered_to_wire(rendered: RenderedForm) -> pb::RenderConsolidatedFormResponse {
    pb::RenderConsolidatedFormResponse {
        content: rendered.file.content,
        content_type: rendered.file.content_type.to_owned(),
        file_name: rendered.file.name,
        coverage: Some(coverage_to_wire(&rendered.coverage, rendered.hierarchy_year)),
        as_of: rendered.sequence.try_into().unwrap_or(i64::MAX),
    }
}
