//! Tables that line up with Chinese characters, CSV, and canonical JSON.

use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use comfy_table::{CellAlignment, Table, presets};
use jiff::tz::TimeZone;
use prost::{Message, Name};

use crate::document::read::decode;
use crate::pb;
use crate::report::inert;
use crate::wire;

use super::{Failure, Outcome, OutputFormat, both};

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
        let mut writer = csv::Writer::from_writer(to);
        for row in std::iter::once(&self.headings).chain(&self.rows) {
            let cells = row.iter().map(|cell| inert::to_cell(cell).into_owned());
            writer.write_record(cells).map_err(|error| Failure::Failed(error.to_string()))?;
        }
        Ok(writer.flush()?)
    }

    /// Prints the rows as CSV, without their headings.
    pub(crate) fn print_rows(&self) -> Outcome {
        let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
        for row in &self.rows {
            let cells = row.iter().map(|cell| inert::to_cell(cell).into_owned());
            writer.write_record(cells).map_err(|error| Failure::Failed(error.to_string()))?;
        }
        Ok(writer.flush()?)
    }

    /// Prints as a table or as CSV.
    pub(crate) fn print(&self, format: OutputFormat) -> Outcome {
        if format == OutputFormat::Csv {
            return self.write_csv(std::io::stdout().lock());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(&self.headings);
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

/// Canonical proto3 JSON, on one line.
pub(crate) fn to_json<M: Message + Name>(message: &M) -> Result<String, Failure> {
    wire::to_json(message).map_err(Failure::Failed)
}

/// A message from canonical proto3 JSON.
pub(crate) fn from_json<M: Message + Name + Default>(text: &str) -> Result<M, Failure> {
    wire::from_json(text).map_err(Failure::Failed)
}

/// Prints canonical JSON.
pub(crate) fn print_json<M: Message + Name>(message: &M) -> Outcome {
    print_exactly(&to_json(message)?)
}

/// Prints a line for people, whose words may be in it.
pub(crate) fn print_line(line: &str) -> Outcome {
    print_exactly(&inert::to_terminal(line))
}

/// Prints a line for machines; a reader that has gone is no error of ours to shout about.
pub(crate) fn print_exactly(line: &str) -> Outcome {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
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

/// A time as RFC 3339 writes it, in the time zone of this machine unless UTC was asked for; nothing where there is none.
pub(crate) fn time_text(time: Option<prost_types::Timestamp>) -> String {
    let Some(time) = timestamp(time) else { return String::new() };
    if IN_UTC.get().is_some() {
        return time.to_string();
    }
    time.display_with_offset(TimeZone::system().to_offset(time)).to_string()
}

/// Chinese where there is a text.
pub(crate) fn zh(text: Option<&pb::LocalizedText>) -> String {
    text.map(|text| text.zh.clone()).unwrap_or_default()
}

/// `2022`, or `2019..2022`.
pub(crate) fn parse_years(text: &str) -> Result<(i32, i32), String> {
    let bad = || format!("{text:?} is no year or range of years such as 2019..2022");
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
    let told = |words: String| format!("{}: {words}", file.display());
    let bytes = std::fs::read(file).map_err(|error| told(error.to_string()))?;
    decode(&bytes).map_err(|error| told(both(&error.message())))
}
