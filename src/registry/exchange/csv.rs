//! Registry files as CSV: UTF-8, one header line, one line for each jurisdiction, agency and dated change.

use std::collections::HashMap;

use ::csv::{ReaderBuilder, StringRecord};

use super::dated::{Dated, joined, joined_years};
use super::entry::{Entries, Record};
use super::fault::{ExchangeError, Faults, Place, Problem, Separator};
use super::words::{ANSWERS, COLUMNS, Field, KINDS, LEVELS, RARE, TYPES, Word, read, write};
use super::{RegistryFile, file_order};
use crate::registry::{Contact, Contacts, RegistryChange};
use crate::report::inert::{self, BYTE_ORDER_MARK};

/// Columns whose absence means blank: a file of jurisdictions alone has no kinds, one of agencies no levels.
const OPTIONAL: &[Field] = &[
    Field::Level,
    Field::Kind,
    Field::Large,
    Field::Vertical,
    Field::Into,
    Field::Years,
    Field::Reason,
    Field::Begins,
    Field::Duty,
    Field::Telephone,
    Field::Email,
];

/// Columns that hold what people wrote.
const INERT: &[Field] = &[Field::Name, Field::Reason, Field::Duty, Field::Telephone, Field::Email];

/// Reads a CSV file: columns in any order, with English or Chinese names and words, lines in any order.
///
/// # Errors
/// Every faulty line, with what to do about it.
pub fn read_csv(text: &str) -> Result<RegistryFile, ExchangeError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    // Lines are counted by LF: those of other systems end otherwise.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut entries = Entries::default();
    if let Some((line, problem)) = unreadable(&text) {
        entries.faults.push(Place::Line(line), None, problem);
        return entries.finish();
    }
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(header) = records.next() else {
        entries.faults.push(Place::Line(1), None, Problem::Empty);
        return entries.finish();
    };
    let header =
        header.map(|header| read_header(&header, place(&header, &text), &mut entries.faults)).unwrap_or_default();
    if !entries.faults.is_empty() {
        return entries.finish();
    }
    for record in records {
        match record {
            Ok(line) => read_line(&line, place(&line, &text), &header, &mut entries),
            Err(error) => {
                let line = error.position().map_or(1, ::csv::Position::line);
                entries.faults.push(Place::Line(line), None, Problem::Syntax(error.to_string()));
            }
        }
    }
    entries.finish()
}

/// What makes a text no CSV as a whole, and the line where it begins: a zero byte, or a value in quotes that does not end, or
/// ends within another line's.
fn unreadable(text: &str) -> Option<(u64, Problem)> {
    let line_of = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() as u64;
    if let Some(at) = text.find('\0') {
        return Some((line_of(at), Problem::Zero));
    }
    let bytes = text.as_bytes();
    let (mut at, mut begins) = (0, true);
    while let Some(byte) = bytes.get(at) {
        if !begins || *byte != b'"' {
            begins = matches!(byte, b',' | b'\n');
            at += 1;
            continue;
        }
        let opened = at;
        at += 1;
        loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => return Some((line_of(opened), Problem::Unclosed)),
                (Some(b'"'), Some(b'"')) => at += 2,
                (Some(b'"'), _) => break,
                _ => at += 1,
            }
        }
        at += 1;
        let is_several = bytes.get(opened..at).unwrap_or_default().contains(&b'\n');
        if is_several && !matches!(bytes.get(at), None | Some(b',' | b'\n')) {
            return Some((line_of(opened), Problem::Unclosed));
        }
        begins = false;
    }
    None
}

/// What divides the titles in place of commas, where they are known ones so.
fn divided_otherwise(header: &StringRecord) -> Option<Separator> {
    let whole = header.iter().collect::<Vec<_>>().join(",");
    let known = |separator: char| whole.split(separator).filter(|title| read(COLUMNS, title.trim()).is_some()).count();
    let found = Separator::ALL.iter().find(|(_, sign, ..)| known(*sign) > 1);
    found.filter(|_| known(',') == 0).map(|(separator, ..)| *separator)
}

/// As [`read_csv`], of a table whose cells are given; a row is a line. What is missing at the end of a row is blank.
///
/// # Errors
/// As [`read_csv`].
pub fn read_rows(rows: &[Vec<String>]) -> Result<RegistryFile, ExchangeError> {
    // As wide as the titles: a cell far to the right of them makes its own row too wide, and no other.
    let width = rows.first().map_or(0, Vec::len);
    let mut text = String::new();
    for row in rows {
        let blanks = width.saturating_sub(row.len());
        let cells = row.iter().map(|cell| always_quoted(cell)).chain(std::iter::repeat_n(String::new(), blanks));
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    read_csv(&text)
}

/// The rows of a registry file, the columns' names first.
pub fn write_rows(changes: &[RegistryChange]) -> Vec<Vec<String>> {
    let heading = COLUMNS.iter().map(|column| column.written.to_owned()).collect();
    let changes = file_order(changes).into_iter().filter_map(|position| changes.get(position));
    let mut rows: Vec<Vec<String>> = std::iter::once(heading).chain(changes.flat_map(rows_of)).collect();
    let is_written: Vec<bool> = COLUMNS
        .iter()
        .enumerate()
        .map(|(at, column)| !RARE.contains(&column.value) || rows.iter().skip(1).any(|row| !row[at].is_empty()))
        .collect();
    for row in &mut rows {
        let mut written = is_written.iter();
        row.retain(|_| written.next().is_some_and(|is_written| *is_written));
    }
    rows
}

/// The rows of a change: one, and of contacts one a person.
fn rows_of(change: &RegistryChange) -> Vec<Vec<String>> {
    let RegistryChange::PutContacts(contacts) = change else {
        return vec![COLUMNS.iter().map(|column| value(change, column.value)).collect()];
    };
    let nobody = [Contact::default()];
    let people = if contacts.people.is_empty() { nobody.as_slice() } else { &contacts.people };
    let row = |person| COLUMNS.iter().map(|column| contact_value(contacts, person, column.value)).collect();
    people.iter().map(row).collect()
}

fn always_quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// Writes a CSV file without byte order mark, lines ended by LF, in the order of registry files.
pub fn write_csv(changes: &[RegistryChange]) -> String {
    // Rows are as long as their titles, and made of texts.
    let written = inert::to_csv(write_rows(changes));
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(written.unwrap_or_default()).unwrap_or_default()
}

/// Where a record begins: its reader counts from before the blank lines that it passes over.
fn place(record: &StringRecord, text: &str) -> Place {
    let Some(position) = record.position() else { return Place::Line(1) };
    let begins = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = text.as_bytes().get(begins..).unwrap_or_default().iter().take_while(|byte| **byte == b'\n').count();
    Place::Line(position.line() + blank as u64)
}

/// The field of each column.
fn read_header(header: &StringRecord, place: Place, faults: &mut Faults) -> Vec<Field> {
    let mut fields = Vec::with_capacity(header.len());
    if let Some(separator) = divided_otherwise(header) {
        faults.push(place, None, Problem::Separator(separator));
        return fields;
    }
    for title in header {
        match read(COLUMNS, title.trim()) {
            Some(field) if fields.contains(&field) => {
                faults.push(place, Some(field.column()), Problem::Repeated);
            }
            Some(field) => fields.push(field),
            None => faults.push(place, None, Problem::UnknownColumn(title.to_owned())),
        }
    }
    for column in COLUMNS {
        if !fields.contains(&column.value) && !OPTIONAL.contains(&column.value) {
            faults.push(place, Some(column.written), Problem::Missing);
        }
    }
    fields
}

fn read_line(line: &StringRecord, place: Place, header: &[Field], entries: &mut Entries) {
    let filled = |text: &&str| !text.trim().is_empty();
    // Spreadsheets leave lines of commas behind.
    if line.iter().filter(filled).count() == 0 {
        return;
    }
    if line.len() != header.len() {
        let problem = Problem::Width { expected: header.len(), found: line.len() };
        return entries.faults.push(place, None, problem);
    }
    let values: HashMap<_, _> = header
        .iter()
        .copied()
        .zip(line)
        .filter(|(_, text)| filled(text))
        .map(|(field, text)| (field, if INERT.contains(&field) { inert::from_cell(text) } else { text }.to_owned()))
        .collect();
    let found = values.get(&Field::Type).map_or("", |text| text.trim());
    match read(TYPES, found) {
        Some(entry) => entries.add(entry, &Record { place, values, column: Field::column }),
        None if found.is_empty() => entries.faults.push(place, Some(Field::Type.column()), Problem::Blank),
        None => {
            let problem = Problem::Word { field: Field::Type, found: found.to_owned() };
            entries.faults.push(place, Some(Field::Type.column()), problem);
        }
    }
}

/// What a change has in a column.
fn value(change: &RegistryChange, field: Field) -> String {
    match change {
        RegistryChange::CreateJurisdiction(new) => match field {
            Field::Type => "jurisdiction".to_owned(),
            Field::Code => new.code.to_string(),
            Field::Parent => new.parent.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::Name => inert::to_cell(&new.display_name).into_owned(),
            Field::Level => write(LEVELS, new.level).to_owned(),
            Field::FirstYear => new.first_year.to_string(),
            _ => String::new(),
        },
        RegistryChange::CreateAgency(new) => match field {
            Field::Type => "agency".to_owned(),
            Field::Code => new.id.to_string(),
            Field::Parent => new.jurisdiction.to_string(),
            Field::Name => inert::to_cell(&new.display_name).into_owned(),
            Field::Kind => write(KINDS, new.kind).to_owned(),
            Field::Large => write(ANSWERS, new.large).to_owned(),
            Field::FirstYear => new.first_year.to_string(),
            Field::Vertical => write(ANSWERS, new.vertical).to_owned(),
            _ => String::new(),
        },
        dated => Dated::of(dated).map(|dated| dated_value(&dated, field)).unwrap_or_default(),
    }
}

/// What a person has in a column.
fn contact_value(contacts: &Contacts, person: &Contact, field: Field) -> String {
    let text = |text: &str| inert::to_cell(text).into_owned();
    match field {
        Field::Type => "contact".to_owned(),
        Field::Code => contacts.agency.to_string(),
        Field::Name => text(&person.name),
        Field::Duty => text(&person.duty),
        Field::Telephone => text(&person.telephone),
        Field::Email => text(&person.email),
        _ => String::new(),
    }
}

fn dated_value(change: &Dated<'_>, field: Field) -> String {
    match field {
        Field::Type => write(TYPES, change.kind).to_owned(),
        Field::Code => joined(&change.entries),
        Field::Parent => change.parent.unwrap_or_default().to_owned(),
        Field::Name => change.name.map(inert::to_cell).unwrap_or_default().into_owned(),
        Field::FirstYear => change.first_year.map(|year| year.to_string()).unwrap_or_default(),
        Field::Into => joined(&change.into),
        Field::Kind => word(KINDS, change.values.and_then(|values| values.kind)),
        Field::Large => word(ANSWERS, change.values.and_then(|values| values.large)),
        Field::Vertical => word(ANSWERS, change.values.and_then(|values| values.vertical)),
        Field::Years => joined_years(change.years),
        Field::Begins => {
            change.values.and_then(|values| values.begins).map(|year| year.to_string()).unwrap_or_default()
        }
        Field::Reason => change.reason.map(inert::to_cell).unwrap_or_default().into_owned(),
        Field::Level | Field::Duty | Field::Telephone | Field::Email => String::new(),
    }
}

/// The word for a value that is given.
fn word<T: Copy + PartialEq>(words: &[Word<T>], value: Option<T>) -> String {
    value.map_or_else(String::new, |value| write(words, value).to_owned())
}
