//! Changes of the registry.

use crate::pb;
use crate::registry::{CHANGE_REASON_MAX_CHARACTERS, Entry, JurisdictionCode, NewValues, RegistryChange};
use crate::report::{AgencyKind, Message, ReportYear};
use crate::service::{Problem, Reason};

use super::registry::{
    agency_from_wire, agency_id, agency_to_wire, code, display_name, jurisdiction_from_wire, jurisdiction_to_wire,
    kind_from_wire, kind_to_wire, year_from_wire,
};

/// None for a collection, contacts and reminders, which have messages of their own.
pub fn change_to_wire(change: &RegistryChange) -> Option<pb::RegistryChange> {
    use pb::registry_change::Change;
    let change = match change {
        RegistryChange::PutCollection(_) | RegistryChange::PutContacts(_) | RegistryChange::PutReminders(_) => {
            return None;
        }
        RegistryChange::CreateJurisdiction(jurisdiction) => {
            Change::CreateJurisdiction(jurisdiction_to_wire(jurisdiction))
        }
        RegistryChange::CreateAgency(agency) => Change::CreateAgency(agency_to_wire(agency)),
        RegistryChange::Rename { entry, display_name, first_year } => Change::Rename(pb::registry_change::Rename {
            entry: entry.to_string(),
            display_name: display_name.clone(),
            first_year: first_year.get().into(),
        }),
        RegistryChange::Move { entry, parent, first_year } => Change::Move(pb::registry_change::Move {
            entry: entry.to_string(),
            parent: parent.name(),
            first_year: first_year.get().into(),
        }),
        RegistryChange::Merge { entries, into, first_year } => Change::Merge(pb::registry_change::Merge {
            entries: entries.iter().map(Entry::to_string).collect(),
            into: into.to_string(),
            first_year: first_year.get().into(),
        }),
        RegistryChange::Split { entry, into, first_year } => Change::Split(pb::registry_change::Split {
            entry: entry.to_string(),
            into: into.iter().map(Entry::to_string).collect(),
            first_year: first_year.get().into(),
        }),
        RegistryChange::Abolish { entry, first_year } => Change::Abolish(pb::registry_change::Abolish {
            entry: entry.to_string(),
            first_year: first_year.get().into(),
        }),
        RegistryChange::Reclassify { agency, values, first_year } => {
            Change::ReclassifyAgency(pb::registry_change::ReclassifyAgency {
                agency: format!("agencies/{agency}"),
                kind: values.kind.map_or(0, kind_to_wire),
                large: values.large,
                vertical: values.vertical,
                first_year: first_year.get().into(),
            })
        }
        RegistryChange::Correct { entry: Entry::Agency(id), values, first_year, reason } => {
            Change::CorrectAgency(pb::registry_change::CorrectAgency {
                agency: format!("agencies/{id}"),
                display_name: values.display_name.clone().unwrap_or_default(),
                jurisdiction: values.parent.as_ref().map(JurisdictionCode::name).unwrap_or_default(),
                kind: values.kind.map_or(0, kind_to_wire),
                large: values.large,
                vertical: values.vertical,
                first_year: first_year.get().into(),
                reason: reason.clone(),
                etag: String::new(),
                begin_year: values.begins.map_or(0, |year| year.get().into()),
            })
        }
        RegistryChange::Correct { entry: Entry::Jurisdiction(code), values, first_year, reason } => {
            Change::CorrectJurisdiction(pb::registry_change::CorrectJurisdiction {
                jurisdiction: code.name(),
                display_name: values.display_name.clone().unwrap_or_default(),
                parent: values.parent.as_ref().map(JurisdictionCode::name).unwrap_or_default(),
                first_year: first_year.get().into(),
                reason: reason.clone(),
                etag: String::new(),
            })
        }
        RegistryChange::Void { entry, reason } => Change::VoidEntry(pb::registry_change::VoidEntry {
            entry: entry.to_string(),
            reason: reason.clone(),
            etag: String::new(),
        }),
        RegistryChange::Restore { entry, reason } => Change::RestoreEntry(pb::registry_change::RestoreEntry {
            entry: entry.to_string(),
            reason: reason.clone(),
            etag: String::new(),
        }),
        RegistryChange::JoinPlaces { jurisdiction, into, reason } => {
            Change::JoinJurisdiction(pb::registry_change::JoinJurisdiction {
                jurisdiction: jurisdiction.name(),
                into: into.name(),
                reason: reason.clone(),
                etag: String::new(),
            })
        }
        RegistryChange::Join { agency, into, years, reason } => Change::JoinAgency(pb::registry_change::JoinAgency {
            agency: format!("agencies/{agency}"),
            into: format!("agencies/{into}"),
            reason: reason.clone(),
            years: years.iter().map(|year| year.get().into()).collect(),
            etag: String::new(),
        }),
    };
    Some(pb::RegistryChange { change: Some(change) })
}

/// # Errors
/// What is malformed, by field; `field` is the path of the message.
pub fn change_from_wire(change: pb::RegistryChange, field: &str) -> Result<RegistryChange, Problem> {
    use pb::registry_change::Change;
    match change.change.ok_or_else(|| Problem::required(&format!("{field}.change")))? {
        Change::CreateJurisdiction(wire) => jurisdiction_from_wire(wire, &format!("{field}.create_jurisdiction"))
            .map(RegistryChange::CreateJurisdiction),
        Change::CreateAgency(wire) => {
            agency_from_wire(wire, &format!("{field}.create_agency")).map(RegistryChange::CreateAgency)
        }
        Change::Rename(wire) => {
            let in_field = |name: &str| format!("{field}.rename.{name}");
            Ok(RegistryChange::Rename {
                entry: entry(&wire.entry, &in_field("entry"))?,
                display_name: display_name(wire.display_name, &in_field("display_name"))?,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
            })
        }
        Change::Move(wire) => {
            let in_field = |name: &str| format!("{field}.move.{name}");
            Ok(RegistryChange::Move {
                entry: entry(&wire.entry, &in_field("entry"))?,
                parent: code(&wire.parent, &in_field("parent"))?,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
            })
        }
        Change::Merge(wire) => {
            let in_field = |name: &str| format!("{field}.merge.{name}");
            Ok(RegistryChange::Merge {
                entries: entries(&wire.entries, &in_field("entries"))?,
                into: entry(&wire.into, &in_field("into"))?,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
            })
        }
        Change::Split(wire) => {
            let in_field = |name: &str| format!("{field}.split.{name}");
            Ok(RegistryChange::Split {
                entry: entry(&wire.entry, &in_field("entry"))?,
                into: entries(&wire.into, &in_field("into"))?,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
            })
        }
        Change::Abolish(wire) => {
            let in_field = |name: &str| format!("{field}.abolish.{name}");
            Ok(RegistryChange::Abolish {
                entry: entry(&wire.entry, &in_field("entry"))?,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
            })
        }
        Change::ReclassifyAgency(wire) => {
            let in_field = |name: &str| format!("{field}.reclassify_agency.{name}");
            let values = NewValues {
                kind: optional_kind(wire.kind, &in_field("kind"))?,
                large: wire.large,
                vertical: wire.vertical,
                ..NewValues::default()
            };
            Ok(RegistryChange::Reclassify {
                agency: agency_id(&wire.agency, &in_field("agency"))?,
                values,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
            })
        }
        Change::CorrectAgency(wire) => {
            let in_field = |name: &str| format!("{field}.correct_agency.{name}");
            let values = NewValues {
                display_name: optional_name(wire.display_name, &in_field("display_name"))?,
                parent: optional_place(&wire.jurisdiction, &in_field("jurisdiction"))?,
                kind: optional_kind(wire.kind, &in_field("kind"))?,
                large: wire.large,
                vertical: wire.vertical,
                begins: match wire.begin_year {
                    0 => None,
                    year => Some(year_from_wire(year, &in_field("begin_year"))?),
                },
            };
            Ok(RegistryChange::Correct {
                entry: Entry::Agency(agency_id(&wire.agency, &in_field("agency"))?),
                values,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
                reason: reason(wire.reason, &in_field("reason"))?,
            })
        }
        Change::CorrectJurisdiction(wire) => {
            let in_field = |name: &str| format!("{field}.correct_jurisdiction.{name}");
            let values = NewValues {
                display_name: optional_name(wire.display_name, &in_field("display_name"))?,
                parent: optional_place(&wire.parent, &in_field("parent"))?,
                ..NewValues::default()
            };
            Ok(RegistryChange::Correct {
                entry: Entry::Jurisdiction(code(&wire.jurisdiction, &in_field("jurisdiction"))?),
                values,
                first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
                reason: reason(wire.reason, &in_field("reason"))?,
            })
        }
        Change::VoidEntry(wire) => {
            let in_field = |name: &str| format!("{field}.void_entry.{name}");
            Ok(RegistryChange::Void {
                entry: entry(&wire.entry, &in_field("entry"))?,
                reason: reason(wire.reason, &in_field("reason"))?,
            })
        }
        Change::JoinJurisdiction(wire) => {
            let in_field = |name: &str| format!("{field}.join_jurisdiction.{name}");
            Ok(RegistryChange::JoinPlaces {
                jurisdiction: code(&wire.jurisdiction, &in_field("jurisdiction"))?,
                into: code(&wire.into, &in_field("into"))?,
                reason: reason(wire.reason, &in_field("reason"))?,
            })
        }
        Change::RestoreEntry(wire) => {
            let in_field = |name: &str| format!("{field}.restore_entry.{name}");
            Ok(RegistryChange::Restore {
                entry: entry(&wire.entry, &in_field("entry"))?,
                reason: reason(wire.reason, &in_field("reason"))?,
            })
        }
        Change::JoinAgency(wire) => {
            let in_field = |name: &str| format!("{field}.join_agency.{name}");
            let years = wire.years.iter().enumerate();
            let years = years.map(|(at, year)| year_from_wire(*year, &in_field(&format!("years[{at}]"))));
            let mut years = years.collect::<Result<Vec<ReportYear>, _>>()?;
            years.sort_unstable();
            years.dedup();
            Ok(RegistryChange::Join {
                agency: agency_id(&wire.agency, &in_field("agency"))?,
                into: agency_id(&wire.into, &in_field("into"))?,
                years,
                reason: reason(wire.reason, &in_field("reason"))?,
            })
        }
    }
}

/// The etag by which a change names its entry as it was looked at; empty for any.
pub(crate) fn etag_of_change(change: &pb::RegistryChange) -> &str {
    use pb::registry_change::Change;
    match &change.change {
        Some(Change::CorrectAgency(wire)) => &wire.etag,
        Some(Change::CorrectJurisdiction(wire)) => &wire.etag,
        Some(Change::VoidEntry(wire)) => &wire.etag,
        Some(Change::RestoreEntry(wire)) => &wire.etag,
        Some(Change::JoinJurisdiction(wire)) => &wire.etag,
        Some(Change::JoinAgency(wire)) => &wire.etag,
        _ => "",
    }
}

fn optional_kind(number: i32, field: &str) -> Result<Option<AgencyKind>, Problem> {
    if number == 0 { Ok(None) } else { kind_from_wire(number, field).map(Some) }
}

fn optional_name(name: String, field: &str) -> Result<Option<String>, Problem> {
    if name.is_empty() { Ok(None) } else { display_name(name, field).map(Some) }
}

fn optional_place(name: &str, field: &str) -> Result<Option<JurisdictionCode>, Problem> {
    if name.is_empty() { Ok(None) } else { code(name, field).map(Some) }
}

fn reason(reason: String, field: &str) -> Result<String, Problem> {
    if reason.trim().is_empty() {
        return Err(Problem::required(field));
    }
    if reason.chars().count() > CHANGE_REASON_MAX_CHARACTERS {
        let max = CHANGE_REASON_MAX_CHARACTERS;
        let description = Message::new(format!("最多{max}字"), format!("takes at most {max} characters"));
        return Err(Problem::field(Reason::FieldInvalid, field, description));
    }
    Ok(reason)
}

/// A jurisdiction or agency by its resource name.
fn entry(name: &str, field: &str) -> Result<Entry, Problem> {
    if name.is_empty() {
        return Err(Problem::required(field));
    }
    Entry::from_name(name).map_err(|error| Problem::bad_name(field, error.message()))
}

fn entries(names: &[String], field: &str) -> Result<Vec<Entry>, Problem> {
    if names.is_empty() {
        return Err(Problem::required(field));
    }
    names.iter().enumerate().map(|(at, name)| entry(name, &format!("{field}[{at}]"))).collect()
}
