//! Reading a document and judging what it says; nothing is stored.

use jiff::civil::Date;

use crate::document::read::{Limits, ReadError, Reading, read_document};
use crate::report::{AgencyId, Completed, Diagnosis, Figures, Finding, ReportKey, ReportYear, Reporter};
use crate::rules;
use crate::store::NEWEST;

use super::submit::last_report;
use super::{Problem, Reason, Service};

/// What a document says, and what the rules find in it.
#[derive(Debug)]
pub struct DocumentReading {
    pub reading: Reading,
    /// The year that it was judged as.
    pub year: Option<ReportYear>,
    pub completed: Completed,
    /// Empty where no year is known.
    pub findings: Vec<Finding>,
    /// What may explain the sums that do not add up.
    pub diagnoses: Vec<Diagnosis>,
}

/// What is known of a document from elsewhere.
#[derive(Debug, Default, Clone, Copy)]
struct Context<'a> {
    year: Option<ReportYear>,
    reporter: Option<Reporter>,
    previous: Option<&'a Figures>,
}

fn judge(reading: Reading, context: Context<'_>, today: Date) -> DocumentReading {
    let year = context.year.or(reading.year);
    let completed = reading.figures.complete();
    let findings = year.map_or_else(Vec::new, |year| {
        let case = rules::Case {
            year,
            figures: &reading.figures,
            completed: &completed,
            previous: context.previous,
            reporter: context.reporter,
            narrative: Some(&reading.narrative).filter(|narrative| !narrative.is_empty()),
            others: &[],
            today,
        };
        rules::judge(rules::rule_set(year), &case)
    });
    let diagnoses =
        year.map_or_else(Vec::new, |year| rules::diagnose(rules::rule_set(year), year, &reading.figures, &completed));
    DocumentReading { reading, year, completed, findings, diagnoses }
}

/// Reads and judges a document without a store: rules that need the agency or its last report are left out.
///
/// # Errors
/// [`ReadError`] where it cannot be read at all.
pub fn read_and_judge(
    bytes: &[u8],
    file_name: &str,
    year: Option<ReportYear>,
    today: Date,
) -> Result<DocumentReading, ReadError> {
    let reading = read_document(bytes, file_name, &Limits::default())?;
    Ok(judge(reading, Context { year, ..Context::default() }, today))
}

impl Service {
    /// Reads and judges a document; with an agency, by its level and its last report too.
    ///
    /// # Errors
    /// DOCUMENT_UNREADABLE, AGENCY_NOT_FOUND.
    pub async fn read_document(
        &self,
        bytes: Vec<u8>,
        file_name: String,
        agency: Option<AgencyId>,
        year: Option<ReportYear>,
    ) -> Result<DocumentReading, Problem> {
        let reporter = match &agency {
            None => None,
            Some(agency) => {
                let state = self.live.read();
                let index = state.registry.find_agency(agency);
                let index = index.ok_or_else(|| Problem::no_agency(&format!("agencies/{agency}")))?;
                // A document that does not say its year is of the last one, most likely.
                let year = year.or_else(|| ReportYear::new(self.today().year().unsigned_abs()).ok()?.previous());
                year.map(|year| state.registry.reporter(index, year))
            }
        };
        let read = tokio::task::spawn_blocking(move || read_document(&bytes, &file_name, &Limits::default()));
        let reading = match read.await {
            Ok(read) => read.map_err(|error| Problem::field(Reason::DocumentUnreadable, "content", error.message()))?,
            Err(error) => return Err(Problem::internal(&error.to_string())),
        };
        let previous_year = year.or(reading.year).and_then(ReportYear::previous);
        let previous = match agency.zip(previous_year) {
            None => None,
            Some((agency, year)) => self.store.standing(&ReportKey::of_agency(agency, year), NEWEST)?,
        };
        let previous = previous.as_ref().and_then(last_report).map(|revision| &revision.figures);
        Ok(judge(reading, Context { year, reporter, previous }, self.today()))
    }
}
