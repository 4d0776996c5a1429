//! Registry files as JSON: a list of jurisdictions, a list of agencies, and a list of dated changes.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::dated::Dated;
use super::entry::{Entries, Record};
use super::fault::{ExchangeError, Place, Problem};
use super::words::{
    AGENCY_KEYS, CHANGE_KEYS, CONTACT_KEYS, EntryType, Field, JURISDICTION_KEYS, KINDS, LEVELS, TYPES, read, write,
};
use super::{RegistryFile, file_order};
use crate::registry::{Agency, Contact, Contacts, Entry, Jurisdiction, RegistryChange};
use crate::report::ReportYear;
use crate::report::inert::BYTE_ORDER_MARK;

const JURISDICTIONS: &str = "jurisdictions";
const AGENCIES: &str = "agencies";
const CHANGES: &str = "changes";
const CONTACTS: &str = "contacts";

/// The lists as they stand in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    jurisdictions: Vec<Pairs>,
    #[serde(default)]
    agencies: Vec<Pairs>,
    #[serde(default)]
    changes: Vec<Pairs>,
    #[serde(default)]
    contacts: Vec<Pairs>,
}

/// An object's keys and values; a key that stands there twice is kept twice, to be reported.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairwise;

        impl<'de> Visitor<'de> for Pairwise {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Pairwise)
    }
}

/// Reads a JSON file; each list may be absent; entries stand in any order, dated changes in theirs.
///
/// # Errors
/// Every faulty entry, with what to do about it.
pub fn read_json(text: &str) -> Result<RegistryFile, ExchangeError> {
    let mut entries = Entries::default();
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if !text.trim_start().starts_with('{') {
        // A bare list would otherwise pass for the lists in their order.
        entries.faults.push(Place::Line(1), None, Problem::NoLists);
        return entries.finish();
    }
    match serde_json::from_str::<File>(text) {
        Ok(file) => {
            let jurisdictions = (1..).map(|number| Place::Entry { list: JURISDICTIONS, number });
            for (place, pairs) in jurisdictions.zip(file.jurisdictions) {
                if let Some(record) = read_pairs(JURISDICTION_KEYS, jurisdiction_key, place, pairs, &mut entries) {
                    entries.add(EntryType::Jurisdiction, &record);
                }
            }
            let agencies = (1..).map(|number| Place::Entry { list: AGENCIES, number });
            for (place, pairs) in agencies.zip(file.agencies) {
                if let Some(record) = read_pairs(AGENCY_KEYS, agency_key, place, pairs, &mut entries) {
                    entries.add(EntryType::Agency, &record);
                }
            }
            let contacts = (1..).map(|number| Place::Entry { list: CONTACTS, number });
            for (place, pairs) in contacts.zip(file.contacts) {
                if let Some(record) = read_pairs(CONTACT_KEYS, contact_key, place, pairs, &mut entries) {
                    entries.add(EntryType::Contact, &record);
                }
            }
            let changes = (1..).map(|number| Place::Entry { list: CHANGES, number });
            for (place, pairs) in changes.zip(file.changes) {
                if let Some(record) = read_pairs(CHANGE_KEYS, change_key, place, pairs, &mut entries) {
                    add_dated(&record, &mut entries);
                }
            }
        }
        Err(error) => {
            entries.faults.push(Place::Line(error.line() as u64), None, Problem::Syntax(error.to_string()));
        }
    }
    entries.finish()
}

/// Writes a JSON file with one entry a line, in the order of registry files.
pub fn write_json(changes: &[RegistryChange]) -> String {
    let (mut jurisdictions, mut agencies, mut dated) = (Vec::new(), Vec::new(), Vec::new());
    let mut contacts = Vec::new();
    for change in file_order(changes).into_iter().filter_map(|position| changes.get(position)) {
        match change {
            RegistryChange::CreateJurisdiction(new) => jurisdictions.push(jurisdiction(new)),
            RegistryChange::CreateAgency(new) => agencies.push(agency(new)),
            RegistryChange::PutContacts(of) => contacts.extend(people(of)),
            change => dated.extend(Dated::of(change).map(|change| dated_change(&change))),
        }
    }
    let mut lists = vec![(JURISDICTIONS, &jurisdictions), (AGENCIES, &agencies), (CHANGES, &dated)];
    if !contacts.is_empty() {
        lists.push((CONTACTS, &contacts));
    }
    let lists: Vec<String> =
        lists.into_iter().map(|(name, entries)| format!("\"{name}\": {}", list(entries))).collect();
    format!("{{\n{}\n}}\n", lists.join(",\n"))
}

fn jurisdiction_key(field: Field) -> &'static str {
    key(JURISDICTION_KEYS, field)
}

fn agency_key(field: Field) -> &'static str {
    key(AGENCY_KEYS, field)
}

fn change_key(field: Field) -> &'static str {
    key(CHANGE_KEYS, field)
}

fn contact_key(field: Field) -> &'static str {
    key(CONTACT_KEYS, field)
}

fn key(keys: &[(&'static str, Field)], field: Field) -> &'static str {
    keys.iter().find(|(_, known)| *known == field).map_or("", |(key, _)| *key)
}

fn read_pairs(
    keys: &[(&'static str, Field)],
    column: fn(Field) -> &'static str,
    place: Place,
    pairs: Pairs,
    entries: &mut Entries,
) -> Option<Record> {
    let mut record = Record { place, values: HashMap::new(), column };
    let mut seen = Vec::new();
    let mut nested = false;
    for (found, value) in pairs.0 {
        let Some((key, field)) = keys.iter().copied().find(|(key, _)| *key == found) else {
            entries.faults.push(place, None, Problem::UnknownColumn(found));
            continue;
        };
        if seen.contains(&field) {
            entries.faults.push(place, Some(key), Problem::Repeated);
        }
        seen.push(field);
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Array(years) if field == Field::Years && years.iter().all(Value::is_u64) => {
                years.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
            }
            Value::Array(names)
                if [Field::Code, Field::Into].contains(&field) && names.iter().all(Value::is_string) =>
            {
                names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
            }
            Value::Array(_) | Value::Object(_) => {
                nested = true;
                entries.faults.push(place, Some(key), Problem::Nested);
                continue;
            }
        };
        record.values.insert(field, text);
    }
    // The value would be reported as blank besides.
    (!nested).then_some(record)
}

fn add_dated(record: &Record, entries: &mut Entries) {
    let found = record.values.get(&Field::Type).map_or("", |text| text.trim());
    let column = Some(change_key(Field::Type));
    match read(TYPES, found) {
        Some(EntryType::Jurisdiction | EntryType::Agency | EntryType::Contact) => {
            entries.faults.push(record.place, column, Problem::NotApplicable);
        }
        Some(dated) => entries.add(dated, record),
        None if found.is_empty() => entries.faults.push(record.place, column, Problem::Blank),
        None => {
            let problem = Problem::Word { field: Field::Type, found: found.to_owned() };
            entries.faults.push(record.place, column, problem);
        }
    }
}

fn jurisdiction(new: &Jurisdiction) -> Vec<(&'static str, Value)> {
    let value = |field| match field {
        Field::Code => Value::from(new.code.as_str()),
        Field::Parent => Value::from(new.parent.as_ref().map(|parent| parent.as_str())),
        Field::Name => Value::from(new.display_name.as_str()),
        Field::Level => Value::from(write(LEVELS, new.level)),
        Field::FirstYear => Value::from(new.first_year.get()),
        _ => Value::Null,
    };
    JURISDICTION_KEYS.iter().map(|(key, field)| (*key, value(*field))).collect()
}

fn agency(new: &Agency) -> Vec<(&'static str, Value)> {
    let value = |field| match field {
        Field::Code => Value::from(new.id.as_str()),
        Field::Parent => Value::from(new.jurisdiction.as_str()),
        Field::Name => Value::from(new.display_name.as_str()),
        Field::Kind => Value::from(write(KINDS, new.kind)),
        Field::Large => Value::from(new.large),
        Field::FirstYear => Value::from(new.first_year.get()),
        Field::Vertical => Value::from(new.vertical),
        _ => Value::Null,
    };
    AGENCY_KEYS.iter().map(|(key, field)| (*key, value(*field))).collect()
}

/// One entry a person; one without a name where an agency has nobody.
fn people(of: &Contacts) -> Vec<Vec<(&'static str, Value)>> {
    let nobody = [Contact::default()];
    let people = if of.people.is_empty() { nobody.as_slice() } else { &of.people };
    let entry = |person: &Contact| {
        let value = |field| match field {
            Field::Code => of.agency.as_str(),
            Field::Name => &person.name,
            Field::Duty => &person.duty,
            Field::Telephone => &person.telephone,
            Field::Email => &person.email,
            _ => "",
        };
        let all = CONTACT_KEYS.iter().map(|(key, field)| (*key, value(*field)));
        all.filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, Value::from(value))).collect()
    };
    people.iter().map(entry).collect()
}

fn dated_change(change: &Dated<'_>) -> Vec<(&'static str, Value)> {
    let names = |field, entries: &[Entry]| match entries {
        [only] if !change.is_list(field) => Value::from(only.to_string()),
        many => many.iter().map(Entry::to_string).collect(),
    };
    let value = |field| match field {
        Field::Type => Value::from(write(TYPES, change.kind)),
        Field::Code => names(field, &change.entries),
        Field::Name => Value::from(change.name),
        Field::Parent => Value::from(change.parent),
        Field::Into if change.into.is_empty() => Value::Null,
        Field::Into => names(field, &change.into),
        Field::FirstYear => Value::from(change.first_year.map(ReportYear::get)),
        Field::Kind => Value::from(change.values.and_then(|values| values.kind).map(|kind| write(KINDS, kind))),
        Field::Large => Value::from(change.values.and_then(|values| values.large)),
        Field::Vertical => Value::from(change.values.and_then(|values| values.vertical)),
        Field::Years if change.years.is_empty() => Value::Null,
        Field::Years => change.years.iter().map(|year| year.get()).collect(),
        Field::Begins => Value::from(change.values.and_then(|values| values.begins).map(ReportYear::get)),
        Field::Reason => Value::from(change.reason),
        Field::Level | Field::Duty | Field::Telephone | Field::Email => Value::Null,
    };
    let all = CHANGE_KEYS.iter().map(|(key, field)| (*key, value(*field)));
    all.filter(|(_, value)| !value.is_null()).collect()
}

fn list(entries: &[Vec<(&'static str, Value)>]) -> String {
    if entries.is_empty() {
        return "[]".to_owned();
    }
    let lines = entries.iter().map(|entry| {
        let pairs = entry.iter().map(|(key, value)| format!("\"{key}\": {value}"));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
    });
    format!("[\n{}\n]", lines.collect::<Vec<_>>().join(",\n"))
}
