//! The computed form, frozen forms and single reports as documents.

use crate::document::write::{ComputedForm, Document, Format, Frozen, file_name, write_document};
use crate::report::{ReportOwner, ReportYear};
use crate::rollup::{Coverage, FrozenForm, FrozenFormName, Mark};

use super::parts::Service;
use super::problem::Problem;
use super::read_back::ReportView;
use super::roll_up::{ConsolidatedForm, FormQuestion};
use super::sight::Asker;

/// A document as a file.
#[derive(Debug, Clone)]
pub struct RenderedFile {
    /// The bytes of the file.
    pub content: Vec<u8>,
    /// Media type.
    pub content_type: &'static str,
    /// To save it under; says whose form of which year it is.
    pub name: String,
}

/// A computed form with what its reader needs to be told about it.
#[derive(Debug, Clone)]
pub struct RenderedForm {
    /// The document.
    pub file: RenderedFile,
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
    /// The document.
    pub file: RenderedFile,
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
        let file = written(frozen_document(&form), format).await?;
        Ok(RenderedFrozenForm { form, file })
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
        let file = written(form.document(), format).await?;
        let ConsolidatedForm { coverage, hierarchy_year, sequence, .. } = form;
        Ok(RenderedForm { file, coverage, hierarchy_year, sequence })
    }

    /// A report as the bytes of a file, under the present name of its owner.
    ///
    /// # Errors
    /// INTERNAL where it cannot be written.
    pub async fn render_report(&self, view: &ReportView, format: Format) -> Result<RenderedFile, Problem> {
        let revision = &view.revision;
        let report = &revision.report;
        let name = match &report.owner {
            ReportOwner::Agency(id) => self.agency(id)?.entry.display_name,
            ReportOwner::Jurisdiction(code) => self.jurisdiction(code)?.entry.display_name,
        };
        let sequence = i64::try_from(revision.sequence).unwrap_or(i64::MAX);
        let narrative = revision.narrative.as_ref();
        let document =
            Document::of_report(name, report, &revision.figures, narrative, &revision.name().to_string(), sequence);
        written(document, format).await
    }
}

/// Drawing a document takes some milliseconds of computing, so it is done beside the calls.
async fn written(document: Document, format: Format) -> Result<RenderedFile, Problem> {
    let name = file_name(&document, format);
    let content = match tokio::task::spawn_blocking(move || write_document(&document, format)).await {
        Ok(content) => content.map_err(|error| Problem::internal(&error.to_string()))?,
        Err(error) => return Err(Problem::internal(&error.to_string())),
    };
    Ok(RenderedFile { content, content_type: format.content_type(), name })
}
