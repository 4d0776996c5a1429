//! The messages of changes of the registry, and their conversion; those of dated ones and of collections are in `registry`.
//! Tags are never reused.

use prost::{Enumeration, Message, Oneof};

use crate::registry::{Agency, Entry, Jurisdiction, NewValues, RegistryChange};
use crate::report::{AgencyId, AgencyKind};

use super::messages::{LEVELS, StoredLevel, parse, stored_of, value_of, year};
use super::people::{StoredContacts, StoredReminders};
use super::registry::{StoredCollection, StoredDated};

#[derive(Clone, PartialEq, Message)]
pub struct StoredChange {
    #[prost(oneof = "StoredChangeKind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16")]
    change: Option<StoredChangeKind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum StoredChangeKind {
    #[prost(message, tag = "1")]
    CreateJurisdiction(StoredJurisdiction),
    #[prost(message, tag = "2")]
    CreateAgency(StoredAgency),
    #[prost(message, tag = "3")]
    Rename(StoredDated),
    #[prost(message, tag = "4")]
    Move(StoredDated),
    #[prost(message, tag = "5")]
    Merge(StoredDated),
    #[prost(message, tag = "6")]
    Split(StoredDated),
    #[prost(message, tag = "7")]
    Abolish(StoredDated),
    #[prost(message, tag = "8")]
    PutCollection(StoredCollection),
    #[prost(message, tag = "9")]
    Reclassify(StoredCorrection),
    #[prost(message, tag = "10")]
    Correct(StoredCorrection),
    #[prost(message, tag = "11")]
    Void(StoredCorrection),
    #[prost(message, tag = "12")]
    Join(StoredJoin),
    #[prost(message, tag = "13")]
    PutContacts(StoredContacts),
    #[prost(message, tag = "14")]
    PutReminders(StoredReminders),
    #[prost(message, tag = "15")]
    Restore(StoredCorrection),
    #[prost(message, tag = "16")]
    JoinPlaces(StoredJoin),
}

/// New values from a year on; what is absent stays as it is.
#[derive(Clone, PartialEq, Message)]
struct StoredCorrection {
    /// By resource name.
    #[prost(string, tag = "1")]
    entry: String,
    #[prost(uint32, tag = "2")]
    first_year: u32,
    #[prost(string, optional, tag = "3")]
    display_name: Option<String>,
    #[prost(string, optional, tag = "4")]
    parent: Option<String>,
    #[prost(enumeration = "StoredKind", optional, tag = "5")]
    kind: Option<i32>,
    #[prost(bool, optional, tag = "6")]
    large: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    vertical: Option<bool>,
    #[prost(string, tag = "8")]
    reason: String,
    #[prost(uint32, optional, tag = "9")]
    begins: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredJoin {
    /// Id of an agency, or code of a jurisdiction.
    #[prost(string, tag = "1")]
    agency: String,
    #[prost(string, tag = "2")]
    into: String,
    #[prost(uint32, repeated, tag = "3")]
    years: Vec<u32>,
    #[prost(string, tag = "4")]
    reason: String,
}

impl StoredCorrection {
    fn of(entry: String, first_year: u32, values: &NewValues, reason: &str) -> Self {
        Self {
            entry,
            first_year,
            display_name: values.display_name.clone(),
            parent: values.parent.as_ref().map(ToString::to_string),
            kind: values.kind.map(|kind| stored_of(&KINDS, &kind)),
            large: values.large,
            vertical: values.vertical,
            reason: reason.to_owned(),
            begins: values.begins.map(|year| year.get().into()),
        }
    }

    /// Of what has an entry and a reason alone.
    fn reasoned(entry: &Entry, reason: &str) -> Self {
        Self { entry: entry.to_string(), reason: reason.to_owned(), ..Self::default() }
    }

    fn values(&self) -> Result<NewValues, String> {
        Ok(NewValues {
            display_name: self.display_name.clone(),
            parent: self.parent.as_deref().map(parse).transpose()?,
            kind: self.kind.map(|kind| value_of(&KINDS, kind, "kind of agency")).transpose()?,
            large: self.large,
            vertical: self.vertical,
            begins: self.begins.map(year).transpose()?,
        })
    }

    fn entry(&self) -> Result<Entry, String> {
        Entry::from_name(&self.entry).map_err(|error| format!("{}: {error}", self.entry))
    }

    fn agency(&self) -> Result<AgencyId, String> {
        match self.entry()? {
            Entry::Agency(id) => Ok(id),
            Entry::Jurisdiction(_) => Err(format!("{} is no agency", self.entry)),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct StoredJurisdiction {
    #[prost(string, tag = "1")]
    code: String,
    #[prost(string, optional, tag = "2")]
    parent: Option<String>,
    #[prost(string, tag = "3")]
    display_name: String,
    #[prost(enumeration = "StoredLevel", tag = "4")]
    level: i32,
    #[prost(uint32, tag = "5")]
    first_year: u32,
}

#[derive(Clone, PartialEq, Message)]
struct StoredAgency {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    jurisdiction: String,
    #[prost(string, tag = "3")]
    display_name: String,
    #[prost(enumeration = "StoredKind", tag = "4")]
    kind: i32,
    #[prost(bool, tag = "5")]
    large: bool,
    #[prost(uint32, tag = "6")]
    first_year: u32,
    #[prost(bool, tag = "7")]
    vertical: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumeration)]
enum StoredKind {
    Unknown = 0,
    GovernmentOffice = 1,
    Department = 2,
    Township = 3,
    DispatchedOffice = 4,
}

const KINDS: [(AgencyKind, StoredKind); 4] = [
    (AgencyKind::GovernmentOffice, StoredKind::GovernmentOffice),
    (AgencyKind::Department, StoredKind::Department),
    (AgencyKind::Township, StoredKind::Township),
    (AgencyKind::DispatchedOffice, StoredKind::DispatchedOffice),
];

impl StoredChange {
    pub fn from_change(change: &RegistryChange) -> Self {
        let change = match change {
            RegistryChange::CreateJurisdiction(new) => StoredChangeKind::CreateJurisdiction(StoredJurisdiction {
                code: new.code.to_string(),
                parent: new.parent.as_ref().map(ToString::to_string),
                display_name: new.display_name.clone(),
                level: stored_of(&LEVELS, &new.level),
                first_year: new.first_year.get().into(),
            }),
            RegistryChange::CreateAgency(new) => StoredChangeKind::CreateAgency(StoredAgency {
                id: new.id.to_string(),
                jurisdiction: new.jurisdiction.to_string(),
                display_name: new.display_name.clone(),
                kind: stored_of(&KINDS, &new.kind),
                large: new.large,
                vertical: new.vertical,
                first_year: new.first_year.get().into(),
            }),
            RegistryChange::Rename { .. } => StoredChangeKind::Rename(StoredDated::of(change)),
            RegistryChange::Move { .. } => StoredChangeKind::Move(StoredDated::of(change)),
            RegistryChange::Merge { .. } => StoredChangeKind::Merge(StoredDated::of(change)),
            RegistryChange::Split { .. } => StoredChangeKind::Split(StoredDated::of(change)),
            RegistryChange::Abolish { .. } => StoredChangeKind::Abolish(StoredDated::of(change)),
            RegistryChange::Reclassify { agency, values, first_year } => StoredChangeKind::Reclassify(
                StoredCorrection::of(format!("agencies/{agency}"), first_year.get().into(), values, ""),
            ),
            RegistryChange::Correct { entry, values, first_year, reason } => StoredChangeKind::Correct(
                StoredCorrection::of(entry.to_string(), first_year.get().into(), values, reason),
            ),
            RegistryChange::Void { entry, reason } => StoredChangeKind::Void(StoredCorrection::reasoned(entry, reason)),
            RegistryChange::Restore { entry, reason } => {
                StoredChangeKind::Restore(StoredCorrection::reasoned(entry, reason))
            }
            RegistryChange::Join { agency, into, years, reason } => StoredChangeKind::Join(StoredJoin {
                agency: agency.to_string(),
                into: into.to_string(),
                years: years.iter().map(|year| year.get().into()).collect(),
                reason: reason.clone(),
            }),
            RegistryChange::JoinPlaces { jurisdiction, into, reason } => StoredChangeKind::JoinPlaces(StoredJoin {
                agency: jurisdiction.to_string(),
                into: into.to_string(),
                years: Vec::new(),
                reason: reason.clone(),
            }),
            RegistryChange::PutCollection(new) => StoredChangeKind::PutCollection(StoredCollection::of(new)),
            RegistryChange::PutContacts(new) => StoredChangeKind::PutContacts(StoredContacts::of(new)),
            RegistryChange::PutReminders(new) => StoredChangeKind::PutReminders(StoredReminders::of(new)),
        };
        Self { change: Some(change) }
    }

    pub fn into_change(self) -> Result<RegistryChange, String> {
        Ok(match self.change.ok_or("unknown registry change")? {
            StoredChangeKind::CreateJurisdiction(stored) => RegistryChange::CreateJurisdiction(Jurisdiction {
                code: parse(&stored.code)?,
                parent: stored.parent.as_deref().map(parse).transpose()?,
                display_name: stored.display_name,
                level: value_of(&LEVELS, stored.level, "level")?,
                first_year: year(stored.first_year)?,
            }),
            StoredChangeKind::CreateAgency(stored) => RegistryChange::CreateAgency(Agency {
                id: parse(&stored.id)?,
                jurisdiction: parse(&stored.jurisdiction)?,
                display_name: stored.display_name,
                kind: value_of(&KINDS, stored.kind, "kind of agency")?,
                large: stored.large,
                vertical: stored.vertical,
                first_year: year(stored.first_year)?,
            }),
            StoredChangeKind::Rename(stored) => stored.into_rename()?,
            StoredChangeKind::Move(stored) => stored.into_move()?,
            StoredChangeKind::Merge(stored) => stored.into_merge()?,
            StoredChangeKind::Split(stored) => stored.into_split()?,
            StoredChangeKind::Abolish(stored) => stored.into_abolish()?,
            StoredChangeKind::Reclassify(stored) => RegistryChange::Reclassify {
                agency: stored.agency()?,
                values: stored.values()?,
                first_year: year(stored.first_year)?,
            },
            StoredChangeKind::Correct(stored) => RegistryChange::Correct {
                entry: stored.entry()?,
                values: stored.values()?,
                first_year: year(stored.first_year)?,
                reason: stored.reason,
            },
            StoredChangeKind::Void(stored) => RegistryChange::Void { entry: stored.entry()?, reason: stored.reason },
            StoredChangeKind::Restore(stored) => {
                RegistryChange::Restore { entry: stored.entry()?, reason: stored.reason }
            }
            StoredChangeKind::Join(stored) => RegistryChange::Join {
                agency: parse(&stored.agency)?,
                into: parse(&stored.into)?,
                years: stored.years.into_iter().map(year).collect::<Result<_, _>>()?,
                reason: stored.reason,
            },
            StoredChangeKind::JoinPlaces(stored) => RegistryChange::JoinPlaces {
                jurisdiction: parse(&stored.agency)?,
                into: parse(&stored.into)?,
                reason: stored.reason,
            },
            StoredChangeKind::PutCollection(stored) => RegistryChange::PutCollection(stored.into_collection()?),
            StoredChangeKind::PutContacts(stored) => RegistryChange::PutContacts(stored.into_contacts()?),
            StoredChangeKind::PutReminders(stored) => RegistryChange::PutReminders(stored.into_reminders()?),
        })
    }
}
