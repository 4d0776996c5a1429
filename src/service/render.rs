//! The computed form as a document to publish.

use crate::document::write::{ComputedForm, Document, Format, Frozen, file_name, write_document};
use crate::report::ReportYear;
use crate::rollup::{Coverage, FrozenForm, FrozenFormName, Mark};

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

/// A frozen form as the bytes of a file.
#[derive(Debug, Clone)]
pub struct RenderedFrozenForm {
    /// What was frozen.
    pub form: FrozenForm,
    /// The file.
    pub content: Vec<u8>,
    /// Media type.
    pub content_type: &'static str,
    /// A name for the file.
    pub file_name: String,
}

/// A frozen form as a document, which says which one it is. It is made of what was frozen and of nothing else.
pub fn frozen_document(form: &FrozenForm) -> Document {
    let coverage = &form.coverage;
    let computed = ComputedForm {
        scope: form.name.jurisdiction.name(),
        name: form.display_name.clone(),
        year: form.name.year,
        edition: form.sums.edition(),
        expected: coverage.expected,
        included: coverage.of(Mark::Included),
        missing: coverage.missing(),
        late: coverage.of(Mark::Late),
        hierarchy_year: form.hierarchy_year,
        sequence: form.as_of,
    };
    let frozen = Frozen { name: form.name.to_string(), content_hash: form.content_hash };
    Document::of_computed_form(computed, |cell| form.sums.get(cell)).frozen_as(frozen)
}

impl Service {
    /// A frozen form as the bytes of a file; the same bytes each time.
    ///
    /// # Errors
    /// As [`Service::frozen_form`].
    pub async fn render_frozen_form(
        &self,
        name: &FrozenFormName,
        format: Format,
        asker: &Asker,
    ) -> Result<RenderedFrozenForm, Problem> {
        let form = self.frozen_form(name, asker).await?;
        let document = frozen_document(&form);
        let file_name = file_name(&document, format);
        let written = tokio::task::spawn_blocking(move || write_document(&document, format)).await;
        let content = match written {
            Ok(content) => content.map_err(|error| Problem::internal(&error.to_string()))?,
            Err(error) => return Err(Problem::internal(&error.to_string())),
        };
        Ok(RenderedFrozenForm { form, content, content_type: format.content_type(), file_name })
    }

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
