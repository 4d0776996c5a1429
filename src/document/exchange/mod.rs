//! Reports as CSV, without loss: one row for each cell of a report, and one for each reason given.
//!
//! A cell is `value`, `blank`, `na` or `unread`, so that these stay apart in any spreadsheet.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use crate::form::{CellId, Presence, catalogue, edition};
use crate::report::{Answer, Cell, Figures, Message, Narrative, ReportKey, format_number, inert, parse_typed};

const COLUMNS: [&str; 7] = ["owner", "year", "edition", "kind", "cell", "value", "rule"];

/// What a row holds, by its column `kind`.
const VALUE: &str = "value";
const BLANK: &str = "blank";
const NOT_APPLICABLE: &str = "na";
const UNREAD: &str = "unread";
const ANSWER: &str = "answer";
const REASON: &str = "reason";
const NARRATIVE: &str = "narrative";

/// Everything that is handed in with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportEntry {
    /// Whose report of which year.
    pub report: ReportKey,
    /// As filled in; what the file does not name is blank.
    pub figures: Figures,
    /// None where no chapter of text is given.
    pub narrative: Option<Narrative>,
    /// Reasons for warnings.
    pub answers: Vec<Answer>,
    /// Why it replaced an earlier revision; empty for a first one.
    pub reason: String,
}

/// Why a CSV file of reports is not taken, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", message.en)]
pub struct ExchangeError {
    /// From 1; the headings are line 1.
    pub line: u64,
    /// What is wrong there, and what to do.
    pub message: Message,
}

/// Writes reports one after another.
pub struct ReportWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> ReportWriter<W> {
    /// Begins with the headings.
    ///
    /// # Errors
    /// Where `to` cannot be written.
    pub fn new(to: W) -> Result<Self, csv::Error> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(COLUMNS)?;
        Ok(Self { writer })
    }

    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, entry: &ReportEntry) -> Result<(), csv::Error> {
        let ReportKey { owner, year } = &entry.report;
        let owner = owner.to_string();
        let (year, edition) = (year.to_string(), entry.figures.edition());
        let mut row = |kind: &str, cell: &str, value: &str, rule: &str| {
            self.writer.write_record([owner.as_str(), &year, edition.id, kind, cell, value, rule])
        };
        for info in catalogue().cells_of(edition) {
            match entry.figures.get(info.id) {
                // A line that is only accepted is there where it is used.
                Cell::Blank if catalogue().presence(edition, info.id) == Presence::Accepted => {}
                Cell::Blank => row(BLANK, &info.path, "", "")?,
                Cell::NotApplicable => row(NOT_APPLICABLE, &info.path, "", "")?,
                Cell::Unread => row(UNREAD, &info.path, "", "")?,
                Cell::Number(number) => row(VALUE, &info.path, &format_number(info.kind, number.into()), "")?,
            }
        }
        for answer in &entry.answers {
            row(ANSWER, &answer.cell, &inert::to_cell(&answer.reason), &answer.rule)?;
        }
        for chapter in entry.narrative.iter().flat_map(Narrative::chapters) {
            if let Some(text) = chapter.text {
                row(NARRATIVE, chapter.field, &inert::to_cell(text), "")?;
            }
        }
        if !entry.reason.is_empty() {
            row(REASON, "", &inert::to_cell(&entry.reason), "")?;
        }
        Ok(())
    }

    /// Hands on what is still held back.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

/// Reads reports as [`ReportWriter`] writes them, one after another; the rows of one report stand together. It ends with
/// the first fault.
pub struct ReportReader<R> {
    records: csv::StringRecordsIntoIter<R>,
    /// Reports begun so far.
    known: BTreeSet<ReportKey>,
    /// The one whose rows are being read, and which of its cells are filled in.
    begun: Option<(ReportEntry, Vec<bool>)>,
    ended: bool,
}

fn broken(error: &csv::Error) -> ExchangeError {
    let line = error.position().map_or(1, csv::Position::line);
    fault(line, format!("不是有效的 CSV：{error}"), format!("no valid CSV: {error}"))
}

impl<R: Read> ReportReader<R> {
    /// Reads the headings.
    ///
    /// # Errors
    /// [`ExchangeError`] where they are others.
    pub fn new(from: R) -> Result<Self, ExchangeError> {
        let mut reader = csv::Reader::from_reader(from);
        check_headings(&mut reader)?;
        Ok(Self { records: reader.into_records(), known: BTreeSet::new(), begun: None, ended: false })
    }

    /// Adds a row to the report that it belongs to; the report before, where it begins another.
    fn row(&mut self, record: &csv::StringRecord) -> Result<Option<ReportEntry>, ExchangeError> {
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or_default();
        let key = report_key(field(0), field(1), line)?;
        let is_same = self.begun.as_ref().is_some_and(|(entry, _)| entry.report == key);
        let mut whole = None;
        if !is_same {
            if !self.known.insert(key.clone()) {
                return Err(fault(
                    line,
                    format!("{key} 的各行应连续"),
                    format!("the rows of {key} do not stand together"),
                ));
            }
            let next = (new_entry(key, field(2), line)?, vec![false; catalogue().cells.len()]);
            whole = self.begun.replace(next).map(|(entry, _)| entry);
        }
        if let Some((entry, filled)) = &mut self.begun {
            if entry.figures.edition().id != field(2) {
                let (zh, en) = ("同一报告格式不一", "one report has one edition");
                return Err(fault(line, zh.to_owned(), en.to_owned()));
            }
            add_row(entry, filled, [field(3), field(4), field(5), field(6)], line)?;
        }
        Ok(whole)
    }

    fn report(&mut self) -> Result<Option<ReportEntry>, ExchangeError> {
        while let Some(record) = self.records.next() {
            if let Some(entry) = self.row(&record.map_err(|error| broken(&error))?)? {
                return Ok(Some(entry));
            }
        }
        Ok(self.begun.take().map(|(entry, _)| entry))
    }
}

impl<R: Read> Iterator for ReportReader<R> {
    type Item = Result<ReportEntry, ExchangeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.report().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn check_headings(reader: &mut csv::Reader<impl Read>) -> Result<(), ExchangeError> {
    let headings = reader.headers().map_err(|error| broken(&error))?;
    // Spreadsheets begin a file with a mark of its encoding.
    let is_expected = headings.iter().map(|heading| heading.trim_start_matches('\u{FEFF}')).eq(COLUMNS);
    if !is_expected {
        let columns = COLUMNS.join(",");
        return Err(fault(1, format!("表头应为 {columns}"), format!("the headings are to be {columns}")));
    }
    Ok(())
}

fn fault(line: u64, zh: String, en: String) -> ExchangeError {
    ExchangeError { line, message: Message { zh, en } }
}

fn report_key(owner: &str, year: &str, line: u64) -> Result<ReportKey, ExchangeError> {
    let name = format!("{owner}/reports/{year}");
    name.parse().map_err(|error| {
        fault(line, format!("报送单位“{owner}”或年度“{year}”不合规"), format!("{owner:?}, {year:?}: {error}"))
    })
}

fn new_entry(report: ReportKey, edition_id: &str, line: u64) -> Result<ReportEntry, ExchangeError> {
    let edition = edition(edition_id)
        .ok_or_else(|| fault(line, format!("没有格式“{edition_id}”"), format!("there is no edition {edition_id:?}")))?;
    Ok(ReportEntry {
        report,
        figures: Figures::blank(edition),
        answers: Vec::new(),
        narrative: None,
        reason: String::new(),
    })
}

fn add_row(
    entry: &mut ReportEntry,
    filled: &mut [bool],
    [kind, path, value, rule]: [&str; 4],
    line: u64,
) -> Result<(), ExchangeError> {
    let cell = |value: Cell| Ok((find_cell(path, line)?, value));
    let (id, value) = match kind {
        BLANK if value.is_empty() => cell(Cell::Blank)?,
        NOT_APPLICABLE if value.is_empty() => cell(Cell::NotApplicable)?,
        UNREAD if value.is_empty() => cell(Cell::Unread)?,
        VALUE => {
            let kind = catalogue().cell(find_cell(path, line)?).kind;
            match parse_typed(kind, value) {
                Ok(number @ Cell::Number(_)) => cell(number)?,
                Ok(_) => {
                    let zh = format!("kind 为 {VALUE} 而数字为“{value}”；空白与不适用用 kind 区分");
                    return Err(fault(
                        line,
                        zh,
                        format!("kind {VALUE} without a number: {value:?}; kind tells blank and na"),
                    ));
                }
                Err(error) => {
                    let Message { zh, en } = error.message(value);
                    return Err(fault(line, format!("{path}：{zh}"), format!("{path}: {en}")));
                }
            }
        }
        ANSWER => {
            let reason = inert::from_cell(value).to_owned();
            entry.answers.push(Answer { rule: rule.to_owned(), cell: path.to_owned(), reason });
            return Ok(());
        }
        NARRATIVE => {
            let narrative = entry.narrative.get_or_insert_default();
            let Some(text) = narrative.chapter_mut(path) else {
                return Err(fault(line, format!("没有章节“{path}”"), format!("there is no chapter {path:?}")));
            };
            *text = Some(inert::from_cell(value).to_owned());
            return Ok(());
        }
        REASON => {
            inert::from_cell(value).clone_into(&mut entry.reason);
            return Ok(());
        }
        _ => {
            let kinds = [VALUE, BLANK, NOT_APPLICABLE, UNREAD, ANSWER, NARRATIVE, REASON].join(", ");
            let en = format!("kind is one of {kinds}; blank, na and unread have no value");
            return Err(fault(line, format!("kind 应为 {kinds} 之一；blank、na 与 unread 不带数字"), en));
        }
    };
    if filled.get(id.index()).copied().unwrap_or_default() {
        return Err(fault(line, format!("{path} 重复"), format!("{path} is there twice")));
    }
    if !entry.figures.set(id, value) {
        let edition = entry.figures.edition();
        return Err(fault(
            line,
            format!("{}没有 {path}", edition.title.zh),
            format!("the {} has no {path}", edition.title.en),
        ));
    }
    if let Some(filled) = filled.get_mut(id.index()) {
        *filled = true;
    }
    Ok(())
}

fn find_cell(path: &str, line: u64) -> Result<CellId, ExchangeError> {
    let cell = catalogue().cell_at(path);
    cell.ok_or_else(|| fault(line, format!("没有单元格“{path}”"), format!("there is no cell {path:?}")))
}

#[cfg(test)]
mod tests;
