//! What a dated change has in each field of a registry file.

use crate::registry::{Entry, RegistryChange};
use crate::report::ReportYear;

use super::words::{EntryType, Field};

/// The fields of a dated change; those that do not apply are empty.
pub(super) struct Dated<'a> {
    pub kind: EntryType,
    pub entries: &'a [Entry],
    pub name: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub into: &'a [Entry],
    pub first_year: ReportYear,
}

impl<'a> Dated<'a> {
    /// None for what has other fields, or stands in no registry file.
    pub(crate) fn of(change: &'a RegistryChange) -> Option<Self> {
        let plain = |kind, entry: &'a Entry, first_year: &ReportYear| Self {
            kind,
            entries: std::slice::from_ref(entry),
            name: None,
            parent: None,
            into: &[],
            first_year: *first_year,
        };
        Some(match change {
            RegistryChange::CreateJurisdiction(_)
            | RegistryChange::CreateAgency(_)
            | RegistryChange::PutCollection(_) => return None,
            RegistryChange::Rename { entry, display_name, first_year } => {
                Self { name: Some(display_name), ..plain(EntryType::Rename, entry, first_year) }
            }
            RegistryChange::Move { entry, parent, first_year } => {
                Self { parent: Some(parent.as_str()), ..plain(EntryType::Move, entry, first_year) }
            }
            RegistryChange::Merge { entries, into, first_year } => {
                Self { entries, into: std::slice::from_ref(into), ..plain(EntryType::Merge, into, first_year) }
            }
            RegistryChange::Split { entry, into, first_year } => {
                Self { into, ..plain(EntryType::Split, entry, first_year) }
            }
            RegistryChange::Abolish { entry, first_year } => plain(EntryType::Abolish, entry, first_year),
        })
    }

    /// Whether the field may hold several entries.
    pub(crate) fn is_list(&self, field: Field) -> bool {
        matches!((self.kind, field), (EntryType::Merge, Field::Code) | (EntryType::Split, Field::Into))
    }
}

/// Entries in one text, separated by spaces.
pub(super) fn joined(entries: &[Entry]) -> String {
    entries.iter().map(Entry::to_string).collect::<Vec<_>>().join(" ")
}
