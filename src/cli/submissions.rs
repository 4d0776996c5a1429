//! The reports in the files that `huizong submit` is given: read and made by several processes and threads beside one
//! another, handed on in the order of the files, and only so many ahead of those that are sent.

use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::document::exchange::{ExchangeError, ReportReader};
use crate::document::process::{Read, Wanted};
use crate::document::read::{ReadError, TextReader};
use crate::pb;
use crate::report::{AgencyId, JurisdictionCode, ReportKey, ReportOwner, ReportYear};
use crate::service::{DocumentReading, Meant};
use crate::wire::{
    edition_to_wire, figures_to_wire, narrative_to_wire, source_to_wire, submission_from_entry, submission_of,
};

use super::Failure;
use super::both;
use super::documents::{Documents, Unlocking, archive_of};
use super::failure::said_at;
use super::language::told;
use super::output::from_json;
use super::supply::{Supplied, judge_file, unread_remedy, unread_text};
use super::workbook::Workbook;

/// Longest line of JSON Lines, in bytes: far more than a report takes.
const LINE_MAX_BYTES: u64 = 4 << 20;

/// One report to be sent, and where it comes from.
pub(crate) struct Item {
    pub source: String,
    pub submission: pb::SubmitReportRequest,
    /// What goes back with the findings.
    pub workbook: Option<Workbook>,
    /// What its reader has to say.
    pub notes: String,
}

/// A report, or why there is none.
pub(crate) type Made = Result<Item, String>;

/// What was said on the command line about every report.
pub(crate) struct Said {
    pub agency: Option<AgencyId>,
    pub jurisdiction: Option<JurisdictionCode>,
    pub year: Option<ReportYear>,
    pub reasons: Vec<(String, String)>,
    pub correction: Option<String>,
    pub etag: Option<String>,
    /// Of the one document that there is, where there is anything.
    pub supplied: Supplied,
    pub unlocking: Unlocking,
}

/// Reports as they are made, in order.
pub(crate) struct Submissions {
    begun: mpsc::Receiver<JoinHandle<Made>>,
}

impl Submissions {
    /// Begins to read. `more` is told of each report beyond one a file, as it is found.
    pub(crate) fn of(files: Vec<PathBuf>, said: Said, more: impl Fn() + Send + Sync + 'static) -> Self {
        let documents = Documents::new(said.unlocking.clone());
        let (sender, begun) = mpsc::channel(documents.ahead().max(1));
        tokio::spawn(begin_all(files, Arc::new(said), documents, Arc::new(more), sender));
        Self { begun }
    }

    /// The next one; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Made> {
        let begun = self.begun.recv().await?;
        Some(begun.await.unwrap_or_else(|error| Err(error.to_string())))
    }
}

async fn begin_all(
    files: Vec<PathBuf>,
    said: Arc<Said>,
    documents: Documents,
    more: Arc<dyn Fn() + Send + Sync>,
    sender: mpsc::Sender<JoinHandle<Made>>,
) {
    for file in files {
        let is = |ending: &str| file.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
        if (is("csv") || is("jsonl")) && archive_of(&file).is_none() {
            let table = Table { source: file.display().to_string(), said: said.clone(), more: more.clone() };
            let (is_csv, sender) = (is("csv"), sender.clone());
            let read = move || if is_csv { table.entries(&file, &sender) } else { table.lines(&file, &sender) };
            // A panic there has been printed; what it was reading is missing from the count of what was sent.
            let _ = tokio::task::spawn_blocking(read).await;
        } else {
            let (said, documents) = (said.clone(), documents.clone());
            if sender.send(tokio::spawn(async move { said.document(&documents, &file).await })).await.is_err() {
                return;
            }
        }
    }
}

/// A file with a report a line, or in many rows.
struct Table {
    source: String,
    said: Arc<Said>,
    more: Arc<dyn Fn() + Send + Sync>,
}

impl Table {
    /// Hands on a report that is made beside others; whether anybody takes it.
    fn hand_on(
        &self,
        number: u64,
        sender: &mpsc::Sender<JoinHandle<Made>>,
        make: impl FnOnce() -> Made + Send + 'static,
    ) -> bool {
        if number > 0 {
            (self.more)();
        }
        sender.blocking_send(Handle::current().spawn(async move { make() })).is_ok()
    }

    fn fail(&self, sender: &mpsc::Sender<JoinHandle<Made>>, text: String) {
        self.hand_on(0, sender, move || Err(text));
    }

    /// The reports in a file of JSON Lines, as `export` writes it.
    fn lines(&self, file: &Path, sender: &mpsc::Sender<JoinHandle<Made>>) {
        let source = &self.source;
        let mut from = match TextReader::open(file) {
            Ok(file) => BufReader::new(file),
            Err(error) => return self.fail(sender, unreadable(source, &error)),
        };
        let mut count = 0;
        for number in 1_u64.. {
            let place = format!("{source}:{number}");
            let line = match next_line(&mut from) {
                Ok(None) => return,
                Ok(Some(line)) if line.trim().is_empty() => continue,
                Ok(Some(line)) => line,
                // What follows cannot be told apart.
                Err(error) => return self.fail(sender, unreadable(&place, &error)),
            };
            let said = self.said.clone();
            let make = move || match from_json::<pb::Report>(&line) {
                Ok(report) => {
                    let submission = said.complete(submission_of(report));
                    Ok(Item { source: place, submission, workbook: None, notes: String::new() })
                }
                Err(Failure::Failed(text)) => Err(format!("{place}: {text}")),
                Err(_) => Err(place),
            };
            if !self.hand_on(count, sender, make) {
                return;
            }
            count += 1;
        }
    }

    /// The reports in a CSV file, as `export` writes it: all of them, or none where any row is at fault.
    fn entries(&self, file: &Path, sender: &mpsc::Sender<JoinHandle<Made>>) {
        let source = &self.source;
        let open = || {
            let opened = TextReader::open(file).map_err(|error| unreadable(source, &error))?;
            ReportReader::new(BufReader::new(opened)).map_err(|error| self.fault(&error))
        };
        // What is no file, such as a pipe, cannot be read twice.
        let checked = if file.is_file() { self.check(open()) } else { Ok(()) };
        let entries = match checked.and_then(|()| open()) {
            Ok(entries) => entries,
            Err(text) => return self.fail(sender, text),
        };
        for (number, entry) in (0..).zip(entries) {
            let entry = match entry {
                Ok(entry) => entry,
                // It was changed meanwhile.
                Err(error) => return self.fail(sender, self.fault(&error)),
            };
            let (source, said) = (format!("{source} {}", entry.report), self.said.clone());
            let make = move || {
                let submission = said.complete(submission_from_entry(&entry));
                Ok(Item { source, submission, workbook: None, notes: String::new() })
            };
            if !self.hand_on(number, sender, make) {
                return;
            }
        }
    }

    /// That every row is understood.
    fn check(&self, entries: Result<ReportReader<impl std::io::Read>, String>) -> Result<(), String> {
        entries?.try_for_each(|entry| entry.map(drop).map_err(|error| self.fault(&error)))
    }

    fn fault(&self, error: &ExchangeError) -> String {
        format!("{}:{}: {}", self.source, error.line, both(&error.message))
    }
}

/// Why a file cannot be read, by its place.
fn unreadable(place: &str, error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>()) {
        Some(error) => format!("{place}: {}", both(&error.message())),
        None => said_at(place, error),
    }
}

/// The next line; none at the end.
fn next_line(from: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = from.take(LINE_MAX_BYTES).read_line(&mut line)?;
    if read as u64 == LINE_MAX_BYTES && !line.ends_with('\n') {
        let text = told(
            &format!("一行超过{LINE_MAX_BYTES}字节"),
            &format!("a line has more than {LINE_MAX_BYTES} bytes"),
            " ",
        );
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
    }
    Ok((read > 0).then_some(line))
}

/// Why nothing is supplied to a workbook.
fn set_in_workbook() -> String {
    told("--set 不能用于工作簿，请直接在工作簿中填写", "--set is not for a workbook: fill the cells in there", "\n  ")
}

/// Whose report of which year a file is, as its name says: `AGENCY-YEAR`, with whatever follows the year, as in
/// `11341702486344515H-2022年报.docx`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    agency: Option<AgencyId>,
    year: Option<ReportYear>,
}

/// Digits of a year.
const YEAR_DIGITS: usize = 4;

impl Named {
    fn by(file: &Path) -> Self {
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        // From the end on, for an id may have a hyphen in it.
        let parted = stem.rmatch_indices('-').find_map(|(at, _)| {
            let (agency, rest) = (&stem[..at], &stem[at + 1..]);
            let year = rest.get(..YEAR_DIGITS)?.parse().ok()?;
            let ends = !rest[YEAR_DIGITS..].starts_with(|next: char| next.is_ascii_digit());
            ends.then(|| Self { agency: agency.parse().ok(), year: Some(year) })
        });
        parted.unwrap_or_default()
    }
}

impl Said {
    /// The report that a document or a workbook is.
    async fn document(&self, documents: &Documents, file: &Path) -> Made {
        let source = file.display().to_string();
        match documents.read(file, Wanted::Submission).await? {
            Read::Workbook(_) if !self.supplied.is_empty() => Err(format!("{source}: {}", set_in_workbook())),
            Read::Workbook(returned) => {
                let (workbook, submission) = Workbook::take(file, *returned, self.agency.as_ref(), self.year)?;
                let submission = self.complete(submission);
                Ok(Item { source, submission, workbook: Some(workbook), notes: String::new() })
            }
            Read::Document(reading) => {
                let named = Named::by(file);
                let owner = match (&self.jurisdiction, &self.agency) {
                    (Some(code), _) => Some(ReportOwner::Jurisdiction(code.clone())),
                    (None, Some(agency)) => Some(ReportOwner::Agency(agency.clone())),
                    (None, None) => named.agency.map(ReportOwner::Agency),
                };
                let meant = Meant { year: self.year, owner, ..Meant::default() };
                let document = judge_file(file, *reading, &meant, &self.supplied)?;
                let year = document.year.or(named.year);
                let (Some(owner), Some(year)) = (meant.owner, year) else {
                    let how = told(
                        "请给出 --agency 与 --year，或将文件命名为 机构代码-年度",
                        "give --agency and --year, or name the file AGENCY-YEAR",
                        "\n  ",
                    );
                    return Err(format!("{source}: {how}"));
                };
                self.report(source, ReportKey { owner, year }, &document)
            }
        }
    }

    fn report(&self, source: String, key: ReportKey, document: &DocumentReading) -> Made {
        let notes = document.reading.notes.iter();
        let notes: Vec<_> =
            notes.map(|note| format!("  ? {}\n", told(&note.message.zh, &note.message.en, "\n    "))).collect();
        let form = figures_to_wire(&document.reading.figures);
        if !form.unread.is_empty() {
            return Err(format!("{source}\n{}{}{}", notes.concat(), unread_text(&form), unread_remedy()));
        }
        let notes = notes.iter().map(|note| format!("{source}\n{note}")).collect();
        let submission = self.complete(pb::SubmitReportRequest {
            name: key.to_string(),
            edition: edition_to_wire(document.reading.edition),
            form: Some(form.into()),
            narrative: Some(&document.reading.narrative).filter(|text| !text.is_empty()).map(narrative_to_wire),
            source: Some(source_to_wire(&document.source)),
            ..Default::default()
        });
        Ok(Item { source, submission, workbook: None, notes })
    }

    /// Adds what was said on the command line.
    fn complete(&self, mut submission: pb::SubmitReportRequest) -> pb::SubmitReportRequest {
        let answers = self.reasons.iter().map(|(rule, reason)| pb::Answer {
            rule: rule.clone(),
            cell: String::new(),
            reason: reason.clone(),
        });
        submission.answers.extend(answers);
        if let Some(etag) = &self.etag {
            submission.etag.clone_from(etag);
        }
        if let Some(correction) = &self.correction {
            submission.correction_reason.clone_from(correction);
        }
        submission
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_whose_report_it_is_whatever_follows_the_year() {
        let named = |name: &str| {
            let Named { agency, year } = Named::by(Path::new(name));
            (agency.map(|agency| agency.to_string()), year.map(ReportYear::get))
        };
        let id = || Some("11341702486344515H".to_owned());
        for name in
            ["11341702486344515H-2022.docx", "11341702486344515H-2022年报.docx", "11341702486344515H-2022-终稿.pdf"]
        {
            assert_eq!(named(name), (id(), Some(2022)), "{name}");
        }
        assert_eq!(named("city-bureau-2022年报.docx"), (Some("city-bureau".to_owned()), Some(2022)));
        assert_eq!(named("年报-2022.docx"), (None, Some(2022)));
        for name in ["2022年报.docx", "report.docx", "city-20221231.docx"] {
            assert_eq!(named(name), (None, None), "{name}");
        }
    }
}
