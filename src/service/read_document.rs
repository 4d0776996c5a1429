//! Reading a document and judging what it says; nothing is stored. It is read in a process of its own, and places for
//! documents are shared out among callers: before one is received, and before it is read.

use std::time::Duration;

use jiff::civil::Date;

use crate::document::process::{Place, Read, Unread, Wanted};
use crate::document::read::Reading;
use crate::form::{CellId, catalogue};
use crate::report::{
    Cell, Completed, Diagnosis, DocumentSource, Figures, Finding, Message, ReportKey, ReportOwner, ReportYear,
    Reporter, ReporterNames, Revision,
};
use crate::rules;
use crate::store::NEWEST;

use super::caller::Caller;
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::submit::{agency_id, last_report};

/// What a document says, and what the rules find in it.
#[derive(Debug)]
pub struct DocumentReading {
    /// What was read of it, and where.
    pub reading: Reading,
    /// What it says of which report it is.
    pub source: DocumentSource,
    /// The year that it was judged as.
    pub year: Option<ReportYear>,
    /// The figures with blank totals computed.
    pub completed: Completed,
    /// Empty where no year is known.
    pub findings: Vec<Finding>,
    /// What may explain the sums that do not add up.
    pub diagnoses: Vec<Diagnosis>,
}

/// What a document is read for, as far as it is known.
#[derive(Debug, Default, Clone)]
pub struct Meant {
    /// Report year; where it is none, the one that the document prints.
    pub year: Option<ReportYear>,
    /// Whose report it is to be.
    pub owner: Option<ReportOwner>,
    /// What the agency is called, where there is no registry to ask.
    pub name: Option<String>,
    /// What a person says of cells that cannot be read.
    pub supplied: Vec<(CellId, Cell)>,
}

/// What is known of a document from elsewhere.
#[derive(Debug, Default, Clone, Copy)]
struct Context<'a> {
    reporter: Option<Reporter>,
    names: Option<&'a ReporterNames>,
    previous: Option<&'a Revision>,
    others_figures: &'a [(&'a ReportKey, &'a Figures)],
}

fn source_of(reading: &Reading, file_name: &str) -> DocumentSource {
    DocumentSource {
        file_name: file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        title: reading.title.clone().unwrap_or_default(),
        years: reading.years.clone(),
        agency: reading.agency.clone().unwrap_or_default(),
    }
}

/// Fills in what a person says of cells that were not read; what was read is the document's to say.
fn supply(reading: &mut Reading, supplied: &[(CellId, Cell)]) -> Result<(), Message> {
    for (cell, value) in supplied {
        let info = catalogue().cell(*cell);
        let already = reading.figures.get(*cell);
        if already != Cell::Unread {
            let (zh, en) = match already {
                Cell::Blank => ("空白".to_owned(), "blank".to_owned()),
                Cell::NotApplicable => ("不适用".to_owned(), "not applicable".to_owned()),
                other => {
                    let number = other.number().unwrap_or_default();
                    let text = crate::report::format_number(info.kind, number.into());
                    (text.clone(), text)
                }
            };
            return Err(Message::new(
                format!("{}：文件中读到的是{zh}，不能另行指定；有误的请更正文件", info.path),
                format!(
                    "{}: the document says {en}, which is not replaced; correct the document where it is wrong",
                    info.path
                ),
            ));
        }
        reading.figures.set(*cell, *value);
    }
    Ok(())
}

fn judge(reading: Reading, file_name: &str, meant: &Meant, context: Context<'_>, today: Date) -> DocumentReading {
    let source = source_of(&reading, file_name);
    let year = meant.year.or(reading.year);
    let completed = reading.figures.complete();
    let last = context.previous.map(|last| (&last.report, &last.figures));
    let others_figures: Vec<_> = last.into_iter().chain(context.others_figures.iter().copied()).collect();
    let findings = year.map_or_else(Vec::new, |year| {
        let case = rules::Case {
            year,
            figures: &reading.figures,
            completed: &completed,
            previous: context.previous.map(|last| &last.figures),
            reporter: context.reporter,
            narrative: Some(&reading.narrative).filter(|narrative| !narrative.is_empty()),
            others: &[],
            others_figures: &others_figures,
            document: Some(rules::Document {
                source: &source,
                names: context.names,
                agency: meant.owner.as_ref().and_then(agency_id),
            }),
            today,
        };
        rules::judge(rules::rule_set(year), &case)
    });
    let diagnoses =
        year.map_or_else(Vec::new, |year| rules::diagnose(rules::rule_set(year), year, &reading.figures, &completed));
    DocumentReading { reading, source, year, completed, findings, diagnoses }
}

/// Judges a document without a store: rules that need the agency or its last report are left out.
///
/// # Errors
/// What is wrong with a cell that is supplied and was read, or that the document's edition does not have.
pub fn judge_alone(
    mut reading: Reading,
    file_name: &str,
    meant: &Meant,
    today: Date,
) -> Result<DocumentReading, Message> {
    supply(&mut reading, &meant.supplied)?;
    let names = meant.name.clone().map(|name| ReporterNames { names: vec![name], places: Vec::new() });
    Ok(judge(reading, file_name, meant, Context { names: names.as_ref(), ..Context::default() }, today))
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

    /// Reads and judges a document; with the report that it is meant for, by its owner's level, names and last report too.
    ///
    /// # Errors
    /// DOCUMENT_UNREADABLE, AGENCY_NOT_FOUND, JURISDICTION_NOT_FOUND; OVERLOADED where too many others are being read.
    pub async fn read_document(
        &self,
        bytes: Vec<u8>,
        file_name: &str,
        meant: Meant,
        caller: &Caller,
    ) -> Result<DocumentReading, Problem> {
        // A document that does not say its year is of the last one, most likely.
        let likely = || ReportYear::new(self.today().year().unsigned_abs()).ok()?.previous();
        let key =
            |year: Option<ReportYear>| Some(ReportKey { owner: meant.owner.clone()?, year: year.or_else(likely)? });
        let reporter = match key(meant.year) {
            None => None,
            Some(key) => self.reporter_near(&key)?,
        };
        let reading = match self.readers.read(caller.owner(), Wanted::Reading, file_name, &bytes).await? {
            Read::Document(reading) => *reading,
            Read::Workbook(_) => return Err(Problem::internal("a reading was asked for")),
        };
        drop(bytes);
        let Some(report) = key(meant.year.or(reading.year)) else {
            return Ok(judge(reading, file_name, &meant, Context::default(), self.today()));
        };
        let previous = match report.year.previous() {
            None => None,
            Some(year) => self.store.standing(&ReportKey { year, ..report.clone() }, NEWEST)?,
        };
        let same = self.figures_alike(&report, &reading.figures)?;
        let others_figures: Vec<_> = same.iter().map(|other| (&other.report, &other.figures)).collect();
        let names = self.live.read().registry.names_of(&report);
        let context = Context {
            reporter,
            names: Some(&names),
            previous: previous.as_ref().and_then(last_report),
            others_figures: &others_figures,
        };
        Ok(judge(reading, file_name, &meant, context, self.today()))
    }

    /// What rules need to know of the owner of a report, whether it owes one for the year or not.
    fn reporter_near(&self, report: &ReportKey) -> Result<Option<Reporter>, Problem> {
        let state = self.live.read();
        match &report.owner {
            ReportOwner::Agency(id) => {
                let index = state.registry.find_agency(id);
                let index = index.ok_or_else(|| Problem::no_agency(&report.owner.to_string()))?;
                Ok(Some(state.registry.reporter(index, report.year)))
            }
            ReportOwner::Jurisdiction(_) => super::submit::reporter(&state, report).map(Some),
        }
    }
}
