//! Tables that line up with Chinese characters, CSV, and canonical JSON.

use std::fmt::Arguments;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Once, OnceLock};

use comfy_table::{CellAlignment, presets};
use jiff::tz::TimeZone;
use prost::{Message, Name};

use crate::document::read::decode;
use crate::document::write::write_listing;
use crate::pb;
use crate::report::{Message as Words, in_chinese, inert};
use crate::wire::{self, Reader, Table, write_csv};

use super::failure::said_at;
use super::language::told;
use super::{Failure, Outcome, OutputFormat, both, language};

/// Rows under headings; the columns named in `numbers` are aligned to the right.
pub(crate) struct Listing {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub numbers: Vec<usize>,
}

impl Listing {
    pub(crate) fn new(headings: &[&str], numbers: &[usize]) -> Self {
        Self {
            headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
            rows: Vec::new(),
            numbers: numbers.to_vec(),
        }
    }

    /// Writes as CSV.
    pub(crate) fn write_csv(&self, to: impl std::io::Write) -> Outcome {
        let headings = self.headings.iter().map(|heading| language::field(heading)).collect();
        Ok(write_csv(to, std::iter::once(&headings).chain(&self.rows))?)
    }

    /// Prints the rows as CSV, without their headings.
    pub(crate) fn print_rows(&self) -> Outcome {
        Ok(write_csv(std::io::stdout().lock(), &self.rows)?)
    }

    /// Writes as a workbook.
    fn write_xlsx(&self) -> Outcome {
        let mut to = std::io::stdout().lock();
        if to.is_terminal() {
            let text = "--format xlsx：请输出到文件，如 > 汇总.xlsx\n  send it to a file, as in > sums.xlsx";
            return Err(Failure::Usage(text.to_owned()));
        }
        let bytes = write_listing("汇总 Huizong", &self.headings, &self.rows, &self.numbers);
        Ok(to.write_all(&bytes.map_err(|error| Failure::of(&error))?)?)
    }

    /// Prints as a table, as CSV, or as a workbook.
    pub(crate) fn print(&self, format: OutputFormat) -> Outcome {
        match format {
            OutputFormat::Csv => return self.write_csv(Marked(std::io::stdout().lock())),
            OutputFormat::Xlsx => return self.write_xlsx(),
            OutputFormat::Table | OutputFormat::Json => {}
        }
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(self.headings.iter().map(|one| language::heading(one)));
        for row in &self.rows {
            table.add_row(row);
        }
        for at in &self.numbers {
            if let Some(column) = table.column_mut(*at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        print_line(&table.to_string())
    }
}

/// Set once, before anything is printed.
static MARKED: OnceLock<()> = OnceLock::new();

/// From now on CSV begins with a byte order mark.
pub(crate) fn mark_tables() {
    let _ = MARKED.set(());
}

/// What a table is written to, with a byte order mark before it where that was asked for.
struct Marked<W>(W);

impl<W: std::io::Write> std::io::Write for Marked<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        static WRITTEN: Once = Once::new();
        let mut outcome = Ok(());
        if MARKED.get().is_some() {
            WRITTEN.call_once(|| outcome = self.0.write_all(inert::BYTE_ORDER_MARK.as_bytes()));
        }
        outcome?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Prints an answer as CSV, as it is over HTTP, but for the reader's time zone and language.
pub(crate) fn print_csv<Q, A: Table<Q>>(asked: &Q, answer: &A) -> Outcome {
    let headings = A::headings(asked);
    let rows = answer.rows(&reader());
    Ok(write_csv(Marked(std::io::stdout().lock()), std::iter::once(&headings).chain(&rows))?)
}

/// Canonical proto3 JSON, on one line.
pub(crate) fn to_json<M: Message + Name>(message: &M) -> Result<String, Failure> {
    wire::to_json(message).map_err(Failure::Failed)
}

/// A message from canonical proto3 JSON.
pub(crate) fn from_json<M: Message + Name + Default>(text: &str) -> Result<M, Failure> {
    wire::from_json(text).map_err(|text| Failure::Failed(both(&Words::new(in_chinese(&text), text))))
}

/// Prints canonical JSON.
pub(crate) fn print_json<M: Message + Name>(message: &M) -> Outcome {
    print_exactly(&to_json(message)?)
}

/// Prints a line for people, whose words may be in it.
pub(crate) fn print_line(line: &str) -> Outcome {
    print_exactly(&inert::to_terminal(line))
}

/// Prints a line for machines. Where nobody reads any more, the command ends.
pub(crate) fn print_exactly(line: &str) -> Outcome {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// What there is to say of one thing, a line each: its heading, such as `值 value`, and what it is.
pub(crate) fn facts(facts: &[(&str, String)], indent: &str) -> String {
    let headings: Vec<&str> = facts.iter().map(|(heading, _)| language::heading(heading)).collect();
    let widest = headings.iter().map(|heading| language::width(heading)).max().unwrap_or(0);
    let lines = headings.iter().zip(facts).map(|(heading, (_, fact))| {
        format!("{indent}{heading}{}  {fact}", " ".repeat(widest - language::width(heading)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Prints for people; what cannot be printed, nobody reads.
pub(crate) fn write(text: Arguments<'_>) {
    let _ = std::io::stdout().lock().write_fmt(text);
}

/// As [`write()`], with the end of the line.
pub(crate) fn write_line(line: Arguments<'_>) {
    write(format_args!("{line}\n"));
}

/// Says something beside the results.
pub(crate) fn write_error(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_fmt(text);
}

/// A time; none where there is none, or it is no time.
pub(crate) fn timestamp(time: Option<prost_types::Timestamp>) -> Option<jiff::Timestamp> {
    time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok())
}

/// Set once, before anything is printed.
static IN_UTC: OnceLock<()> = OnceLock::new();

/// From now on times are told in UTC.
pub(crate) fn tell_times_in_utc() {
    let _ = IN_UTC.set(());
}

/// Whoever reads what is printed: in the time zone of this machine, unless UTC was asked for, and their language.
pub(crate) fn reader() -> Reader {
    let zone = if IN_UTC.get().is_some() { TimeZone::UTC } else { TimeZone::system() };
    Reader { zone, english: language::is_english() }
}

/// A time as RFC 3339 writes it, in the time zone of this machine unless UTC was asked for; nothing where there is none.
pub(crate) fn time_text(time: Option<prost_types::Timestamp>) -> String {
    reader().time(time)
}

/// A name where there is one; Chinese, unless only English is told.
pub(crate) fn label(text: Option<&pb::LocalizedText>) -> String {
    text.map(|text| language::name(&text.zh, &text.en).to_owned()).unwrap_or_default()
}

/// `2022`, or `2019..2022`.
pub(crate) fn parse_years(text: &str) -> Result<(i32, i32), String> {
    let bad = || {
        told(
            &format!("“{text}”不是年度，也不是年度范围，如 2019..2022"),
            &format!("{text:?} is no year or range of years such as 2019..2022"),
            "\n  ",
        )
    };
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let first: i32 = first.parse().map_err(|_| bad())?;
    let last: i32 = last.trim_start_matches('=').parse().map_err(|_| bad())?;
    if first > last { Err(bad()) } else { Ok((first, last)) }
}

/// `230000` or `jurisdictions/230000`.
pub(crate) fn resource(collection: &str, id: &str) -> String {
    if id.starts_with(collection) { id.to_owned() } else { format!("{collection}/{id}") }
}

/// The text of a file in any of the encodings of Chinese text files, with a byte order mark or without.
///
/// # Errors
/// Where it cannot be read, or is no text; in both languages.
pub(crate) fn read_text(file: &Path) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|error| said_at(file.display(), &error))?;
    decode(&bytes).map_err(|error| format!("{}: {}", file.display(), both(&error.message())))
}
