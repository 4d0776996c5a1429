//! The messages of dated changes of the registry and of collections, and their conversion. Tags are never reused.

use jiff::Timestamp;
use prost::{Enumeration, Message};

use crate::registry::{Collection, Entry, Exception, RegistryChange, ReviewPolicy};
use crate::report::ReportYear;

use super::messages::{LEVELS, StoredLevel, parse, stored_of, timestamp, value_of, year};

/// A dated change; entries by resource name.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredDated {
    /// One, or those that are merged.
    #[prost(string, repeated, tag = "1")]
    entries: Vec<String>,
    #[prost(uint32, tag = "2")]
    first_year: u32,
    /// Of a rename.
    #[prost(string, tag = "3")]
    display_name: String,
    /// Code of the new parent, of a move.
    #[prost(string, tag = "4")]
    parent: String,
    /// Successors, of a merger (one) or a split.
    #[prost(string, repeated, tag = "5")]
    into: Vec<String>,
}

/// Times are microseconds since 1970-01-01 UTC.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredCollection {
    #[prost(uint32, tag = "1")]
    year: u32,
    #[prost(string, tag = "2")]
    edition: String,
    #[prost(message, repeated, tag = "3")]
    due: Vec<StoredDue>,
    #[prost(int64, optional, tag = "4")]
    lock: Option<i64>,
    #[prost(enumeration = "StoredReview", tag = "5")]
    review: i32,
    #[prost(message, repeated, tag = "6")]
    exceptions: Vec<StoredException>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredDue {
    #[prost(enumeration = "StoredLevel", tag = "1")]
    level: i32,
    #[prost(int64, tag = "2")]
    time: i64,
}

#[derive(Clone, PartialEq, Message)]
struct StoredException {
    #[prost(string, tag = "1")]
    agency: String,
    #[prost(int64, optional, tag = "2")]
    due: Option<i64>,
    #[prost(int64, optional, tag = "3")]
    lock: Option<i64>,
    #[prost(string, tag = "4")]
    granted_by: String,
    #[prost(string, tag = "5")]
    reason: String,
    #[prost(int64, optional, tag = "6")]
    until: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumeration)]
enum StoredReview {
    Unknown = 0,
    None = 1,
    JurisdictionOffice = 2,
}

const REVIEWS: [(ReviewPolicy, StoredReview); 2] =
    [(ReviewPolicy::None, StoredReview::None), (ReviewPolicy::JurisdictionOffice, StoredReview::JurisdictionOffice)];

impl StoredDated {
    /// Of a dated change; of another one, nothing.
    pub(crate) fn of(change: &RegistryChange) -> Self {
        let of = |entries: &[Entry], first_year: &ReportYear| Self {
            entries: names(entries),
            first_year: first_year.get().into(),
            ..Self::default()
        };
        match change {
            RegistryChange::Rename { entry, display_name, first_year } => {
                Self { display_name: display_name.clone(), ..of(std::slice::from_ref(entry), first_year) }
            }
            RegistryChange::Move { entry, parent, first_year } => {
                Self { parent: parent.to_string(), ..of(std::slice::from_ref(entry), first_year) }
            }
            RegistryChange::Merge { entries, into, first_year } => {
                Self { into: vec![into.to_string()], ..of(entries, first_year) }
            }
            RegistryChange::Split { entry, into, first_year } => {
                Self { into: names(into), ..of(std::slice::from_ref(entry), first_year) }
            }
            RegistryChange::Abolish { entry, first_year } => of(std::slice::from_ref(entry), first_year),
            _ => Self::default(),
        }
    }

    pub(crate) fn into_rename(self) -> Result<RegistryChange, String> {
        let (entry, first_year) = (one_entry(&self.entries)?, year(self.first_year)?);
        Ok(RegistryChange::Rename { entry, display_name: self.display_name, first_year })
    }

    pub(crate) fn into_move(self) -> Result<RegistryChange, String> {
        let (entry, first_year) = (one_entry(&self.entries)?, year(self.first_year)?);
        Ok(RegistryChange::Move { entry, parent: parse(&self.parent)?, first_year })
    }

    pub(crate) fn into_merge(self) -> Result<RegistryChange, String> {
        let (entries, into) = (entries(&self.entries)?, one_entry(&self.into)?);
        Ok(RegistryChange::Merge { entries, into, first_year: year(self.first_year)? })
    }

    pub(crate) fn into_split(self) -> Result<RegistryChange, String> {
        let (entry, into) = (one_entry(&self.entries)?, entries(&self.into)?);
        Ok(RegistryChange::Split { entry, into, first_year: year(self.first_year)? })
    }

    pub(crate) fn into_abolish(self) -> Result<RegistryChange, String> {
        Ok(RegistryChange::Abolish { entry: one_entry(&self.entries)?, first_year: year(self.first_year)? })
    }
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(Entry::to_string).collect()
}

fn entries(names: &[String]) -> Result<Vec<Entry>, String> {
    names.iter().map(|name| Entry::from_name(name).map_err(|error| format!("{name}: {error}"))).collect()
}

fn one_entry(names: &[String]) -> Result<Entry, String> {
    match entries(names)?.as_slice() {
        [only] => Ok(only.clone()),
        other => Err(format!("{} entries instead of one", other.len())),
    }
}

impl StoredCollection {
    pub(crate) fn of(collection: &Collection) -> Self {
        let due = collection.due.iter();
        let due = due.map(|(level, at)| StoredDue { level: stored_of(&LEVELS, level), time: at.as_microsecond() });
        let exceptions = collection.exceptions.iter().map(|exception| StoredException {
            agency: exception.agency.to_string(),
            due: exception.due.map(Timestamp::as_microsecond),
            lock: exception.lock.map(Timestamp::as_microsecond),
            granted_by: exception.granted_by.clone(),
            reason: exception.reason.clone(),
            until: exception.until.map(Timestamp::as_microsecond),
        });
        Self {
            year: collection.year.get().into(),
            edition: collection.edition.clone(),
            due: due.collect(),
            lock: collection.lock.map(Timestamp::as_microsecond),
            review: stored_of(&REVIEWS, &collection.review),
            exceptions: exceptions.collect(),
        }
    }

    pub(crate) fn into_collection(self) -> Result<Collection, String> {
        let exceptions = self.exceptions.into_iter().map(|stored| {
            Ok(Exception {
                agency: parse(&stored.agency)?,
                due: stored.due.map(timestamp).transpose()?,
                lock: stored.lock.map(timestamp).transpose()?,
                granted_by: stored.granted_by,
                reason: stored.reason,
                until: stored.until.map(timestamp).transpose()?,
            })
        });
        let due = self.due.into_iter().map(|due| Ok((value_of(&LEVELS, due.level, "level")?, timestamp(due.time)?)));
        Ok(Collection {
            year: year(self.year)?,
            edition: self.edition,
            due: due.collect::<Result<_, String>>()?,
            lock: self.lock.map(timestamp).transpose()?,
            review: value_of(&REVIEWS, self.review, "review policy")?,
            exceptions: exceptions.collect::<Result<_, String>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{NewValues, RegistryChange};
    use crate::report::{AgencyKind, Level};
    use crate::store::record::{decode, encode};

    fn entry(name: &str) -> Entry {
        Entry::from_name(name).unwrap()
    }

    #[test]
    fn every_change_of_the_registry_is_read_as_it_was_written() {
        let first_year = ReportYear::new(2024).unwrap();
        let (one, two, place) = (entry("agencies/one"), entry("agencies/two"), entry("jurisdictions/230100"));
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let exception = Exception {
            agency: "one".parse().unwrap(),
            due: None,
            lock: Some(time("2025-03-01T00:00:00.000001Z")),
            granted_by: "省政府办公厅".to_owned(),
            reason: "机构改革".to_owned(),
            until: Some(time("2025-03-02T00:00:00Z")),
        };
        let collection = Collection {
            year: first_year,
            edition: "format_2021".to_owned(),
            due: [(Level::County, time("2025-01-31T16:00:00Z")), (Level::City, time("2025-02-10T16:00:00Z"))].into(),
            lock: Some(time("2025-02-28T16:00:00Z")),
            review: ReviewPolicy::JurisdictionOffice,
            exceptions: vec![exception.clone(), Exception { until: None, due: exception.lock, ..exception }],
        };
        let bare = Collection {
            due: [].into(),
            lock: None,
            review: ReviewPolicy::None,
            exceptions: Vec::new(),
            ..collection.clone()
        };
        let nature = NewValues {
            kind: Some(AgencyKind::DispatchedOffice),
            large: Some(false),
            vertical: Some(true),
            ..NewValues::default()
        };
        let named = NewValues {
            display_name: Some("正名".to_owned()),
            parent: Some("230000".parse().unwrap()),
            ..NewValues::default()
        };
        let changes = [
            RegistryChange::Rename { entry: place.clone(), display_name: "新名".to_owned(), first_year },
            RegistryChange::Move { entry: one.clone(), parent: "230000".parse().unwrap(), first_year },
            RegistryChange::Merge {
                entries: vec![one.clone(), two.clone()],
                into: entry("agencies/three"),
                first_year,
            },
            RegistryChange::Split { entry: entry("agencies/three"), into: vec![two, one], first_year },
            RegistryChange::Abolish { entry: place.clone(), first_year },
            RegistryChange::Reclassify { agency: "one".repeat(3).parse().unwrap(), values: nature.clone(), first_year },
            RegistryChange::Correct {
                entry: place.clone(), values: named, first_year, reason: "打字有误".to_owned()
            },
            RegistryChange::Correct {
                entry: entry("agencies/three"),
                values: nature,
                first_year,
                reason: "登记有误".to_owned(),
            },
            RegistryChange::Correct {
                entry: entry("agencies/three"),
                values: NewValues { begins: Some(ReportYear::new(2020).unwrap()), ..NewValues::default() },
                first_year,
                reason: "首报年度有误".to_owned(),
            },
            RegistryChange::Void { entry: place.clone(), reason: "重复登记".to_owned() },
            RegistryChange::JoinPlaces {
                jurisdiction: "230199".parse().unwrap(),
                into: "230100".parse().unwrap(),
                reason: "同一地区".to_owned(),
            },
            RegistryChange::Restore { entry: place, reason: "误作废".to_owned() },
            RegistryChange::Join {
                agency: "three".parse().unwrap(),
                into: "four".parse().unwrap(),
                years: vec![first_year],
                reason: "同一单位".to_owned(),
            },
            RegistryChange::PutCollection(collection),
            RegistryChange::PutCollection(bare),
        ];
        for change in changes {
            assert_eq!(decode::<RegistryChange>(&encode(&change)).unwrap(), change);
        }
    }
}
