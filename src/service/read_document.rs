//! Reading a document and judging what it says; nothing is stored. It is read in a process of its own, and places for
//! documents are shared out among callers: before one is received, and before it is read.

use std::time::Duration;

use jiff::civil::Date;

use crate::document::process::{Place, Read, Unread, Wanted};
use crate::document::read::Reading;
use crate::report::{AgencyId, Completed, Diagnosis, Figures, Finding, Message, ReportKey, ReportYear, Reporter};
use crate::rules;
use crate::store::NEWEST;

use super::submit::last_report;
use super::{Caller, Problem, Reason, Service};

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

/// Judges a document without a store: rules that need the agency or its last report are left out.
pub fn judge_alone(reading: Reading, year: Option<ReportYear>, today: Date) -> DocumentReading {
    judge(reading, Context { year, ..Context::default() }, today)
}

/// How long a caller is told to wait where too many documents are being received or read.
const BUSY_WAIT: Duration = Duration::from_secs(10);

fn busy() -> Problem {
    let message = Message::new("正在读取的文件过多", "too many documents are being read");
    Problem::overload(Reason::Overloaded, message, BUSY_WAIT)
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Refused(message) => Self::field(Reason::DocumentUnreadable, "content", message),
            Unread::Busy => busy(),
            Unread::Failed(details) => Self::internal(&details),
        }
    }
}

impl Service {
    /// A place to receive a document and have it read; to be held until the answer.
    ///
    /// # Errors
    /// OVERLOADED where none comes free in time.
    pub async fn place_for_document(&self, caller: &Caller) -> Result<Place, Problem> {
        self.document_places.enter(caller.owner()).await.ok_or_else(busy)
    }

    /// Reads and judges a document; with an agency, by its level and its last report too.
    ///
    /// # Errors
    /// DOCUMENT_UNREADABLE, AGENCY_NOT_FOUND; OVERLOADED where too many others are being read.
    pub async fn read_document(
        &self,
        bytes: Vec<u8>,
        file_name: &str,
        agency: Option<AgencyId>,
        year: Option<ReportYear>,
        caller: &Caller,
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
        let reading = match self.readers.read(caller.owner(), Wanted::Reading, file_name, &bytes).await? {
            Read::Document(reading) => *reading,
            Read::Workbook(_) => return Err(Problem::internal("a reading was asked for")),
        };
        drop(bytes);
        let previous_year = year.or(reading.year).and_then(ReportYear::previous);
        let previous = match agency.zip(previous_year) {
            None => None,
            Some((agency, year)) => self.store.standing(&ReportKey::of_agency(agency, year), NEWEST)?,
        };
        let previous = previous.as_ref().and_then(last_report).map(|revision| &revision.figures);
        Ok(judge(reading, Context { year, reporter, previous }, self.today()))
    }
}
