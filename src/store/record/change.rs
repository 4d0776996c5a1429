//! The messages of changes of the registry, and their conversion; those of dated ones and of collections are in `registry`.
//! Tags are never reused.

use prost::{Enumeration, Message, Oneof};

use crate::registry::{Agency, Jurisdiction, RegistryChange};
use crate::report::AgencyKind;

use super::messages::{LEVELS, StoredLevel, parse, stored_of, value_of, year};
use super::registry::{StoredCollection, StoredDated};

#[derive(Clone, PartialEq, Message)]
pub struct StoredChange {
    #[prost(oneof = "StoredChangeKind", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
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
            RegistryChange::PutCollection(new) => StoredChangeKind::PutCollection(StoredCollection::of(new)),
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
            StoredChangeKind::PutCollection(stored) => RegistryChange::PutCollection(stored.into_collection()?),
        })
    }
}
