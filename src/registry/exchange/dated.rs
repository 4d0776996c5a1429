//! What a dated change has in each field of a registry file.

use crate::registry::{Entry, NewValues, RegistryChange};
use crate::report::ReportYear;

use super::words::{EntryType, Field};

/// The fields of a dated change; those that do not apply are empty.
pub(super) struct Dated<'a> {
    pub kind: EntryType,
    pub entries: Vec<Entry>,
    pub name: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub into: Vec<Entry>,
    pub values: Option<&'a NewValues>,
    /// None for what never was.
    pub first_year: Option<ReportYear>,
    pub years: &'a [ReportYear],
    pub reason: Option<&'a str>,
}

impl<'a> Dated<'a> {
    /// None for what has other fields, or stands in no registry file.
    pub(crate) fn of(change: &'a RegistryChange) -> Option<Self> {
        let of = |kind, entries: Vec<Entry>, first_year: Option<ReportYear>| Self {
            kind,
            entries,
            name: None,
            parent: None,
            into: Vec::new(),
            values: None,
            first_year,
            years: &[],
            reason: change.reason(),
        };
        let plain = |kind, entry: &Entry, first_year: &ReportYear| of(kind, vec![entry.clone()], Some(*first_year));
        Some(match change {
            RegistryChange::CreateJurisdiction(_)
            | RegistryChange::CreateAgency(_)
            | RegistryChange::PutCollection(_)
            | RegistryChange::PutContacts(_)
            | RegistryChange::PutReminders(_) => return None,
            RegistryChange::Rename { entry, display_name, first_year } => {
                Self { name: Some(display_name), ..plain(EntryType::Rename, entry, first_year) }
            }
            RegistryChange::Move { entry, parent, first_year } => {
                Self { parent: Some(parent.as_str()), ..plain(EntryType::Move, entry, first_year) }
            }
            RegistryChange::Merge { entries, into, first_year } => {
                Self { into: vec![into.clone()], ..of(EntryType::Merge, entries.clone(), Some(*first_year)) }
            }
            RegistryChange::Split { entry, into, first_year } => {
                Self { into: into.clone(), ..plain(EntryType::Split, entry, first_year) }
            }
            RegistryChange::Abolish { entry, first_year } => plain(EntryType::Abolish, entry, first_year),
            RegistryChange::Reclassify { agency, values, first_year } => Self {
                values: Some(values),
                ..plain(EntryType::Reclassify, &Entry::Agency(agency.clone()), first_year)
            },
            RegistryChange::Correct { entry, values, first_year, .. } => Self {
                name: values.display_name.as_deref(),
                parent: values.parent.as_ref().map(|parent| parent.as_str()),
                values: Some(values),
                ..plain(EntryType::Correct, entry, first_year)
            },
            RegistryChange::Void { entry, .. } => of(EntryType::Void, vec![entry.clone()], None),
            RegistryChange::Restore { entry, .. } => of(EntryType::Restore, vec![entry.clone()], None),
            RegistryChange::JoinPlaces { jurisdiction, into, .. } => Self {
                into: vec![Entry::Jurisdiction(into.clone())],
                ..of(EntryType::Join, vec![Entry::Jurisdiction(jurisdiction.clone())], None)
            },
            RegistryChange::Join { agency, into, years, .. } => Self {
                into: vec![Entry::Agency(into.clone())],
                years,
                ..of(EntryType::Join, vec![Entry::Agency(agency.clone())], None)
            },
        })
    }

    /// Whether the field may hold several entries.
    pub(crate) fn is_list(&self, field: Field) -> bool {
        matches!((self.kind, field), (EntryType::Merge, Field::Code) | (EntryType::Split, Field::Into))
    }
}

/// Years in one text, separated by spaces.
pub(super) fn joined_years(years: &[ReportYear]) -> String {
    years.iter().map(ReportYear::to_string).collect::<Vec<_>>().join(" ")
}

/// Entries in one text, separated by spaces.
pub(super) fn joined(entries: &[Entry]) -> String {
    entries.iter().map(Entry::to_string).collect::<Vec<_>>().join(" ")
}
