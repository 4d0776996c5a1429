//! The computed form as a document to publish.

use crate::document::write::{Format, file_name, write_document};
use crate::report::ReportYear;
use crate::rollup::Coverage;

use super::parts::Service;
use super::problem::Problem;
use super::roll_up::{ConsolidatedForm, FormQuestion};
use super::sight::Asker;

/// A document with what its reader needs to be told about it.
#[derive(Debug, Clone)]
pub struct RenderedForm {
    /// The bytes of the file.
    pub content: Vec<u8>,
    /// Media type.
    pub content_type: &'static str,
    /// To save it under; says whose form of which year it is.
    pub file_name: String,
    /// How much of what was expected is in the sums.
    pub coverage: Coverage,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
}

impl Service {
    /// The computed form of a jurisdiction and year as the bytes of a file.
    ///
    /// # Errors
    /// As [`Service::consolidated_form`].
    pub async fn render_consolidated_form(
        &self,
        question: &FormQuestion,
        format: Format,
        asker: &Asker,
    ) -> Result<RenderedForm, Problem> {
        let form = self.consolidated_form(question, asker).await?;
        let document = form.document();
        let file_name = file_name(&document, format);
        let written = tokio::task::spawn_blocking(move || write_document(&document, format)).await;
        let content = match written {
            Ok(content) => content.map_err(|error| Problem::internal(&error.to_string()))?,
            Err(error) => return Err(Problem::internal(&error.to_string())),
        };
        let content_type = format.content_type();
        let ConsolidatedForm { coverage, hierarchy_year, sequence, .. } = form;
        Ok(RenderedForm { content, content_type, file_name, coverage, hierarchy_year, sequence })
    }
}
