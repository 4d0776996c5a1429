//! The workbook that an agency fills in, the way back of its figures, and the same workbook with its findings marked.
//!
//! The layout is the printed one (`write/layout.rs`), so a place in the workbook is known from the form.

mod fill_in;
mod findings;
mod marks;
mod returned;
mod texts;

#[cfg(test)]
mod tests;

pub use fill_in::write_template;
pub use marks::{Mark, write_judged, write_read_figures, write_with_marks};
pub use returned::{Fault, Returned, TemplateError, is_template, read_template};

use serde::{Deserialize, Serialize};

use crate::form::{Edition, edition_by_id};
use crate::report::{AgencyId, Figures, ReportYear};

/// First value of the sheet [`METADATA_SHEET`]; changes with the layout.
const MARKER: &str = "huizong-template/1";
const METADATA_SHEET: &str = "huizong";
const GUIDE_SHEET: &str = "填报说明";
const FINDINGS_SHEET: &str = "审核问题";
const TEXTS_SHEET: &str = "文字内容";

/// Names of the values in the sheet [`METADATA_SHEET`], in their order there.
const METADATA: [&str; 6] = ["format", "agency", "agency_name", "year", "edition", "previous_year"];

/// Whose workbook it is, and for which report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Whose report is filled in.
    pub agency: AgencyId,
    /// In Chinese; the agency's id where the name is not known.
    pub agency_name: String,
    /// Report year.
    pub year: ReportYear,
    /// The edition of that year.
    #[serde(with = "edition_by_id")]
    pub edition: &'static Edition,
    /// Last year's figures to stand beside, where they are known.
    pub previous: Option<Figures>,
}
