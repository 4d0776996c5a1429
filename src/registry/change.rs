//! Entries of the registry and the changes that make them. Why a change is refused is in `error`.

use std::fmt;

use crate::report::{AgencyId, AgencyIdError, AgencyKind, Level, Message, ReportYear};

use super::{Collection, Contacts, JurisdictionCode, Reminders};

/// A province, city, county, functional zone or township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jurisdiction {
    /// Its division code, under which it is known for ever.
    pub code: JurisdictionCode,
    /// None for a root.
    pub parent: Option<JurisdictionCode>,
    /// As people call it, such as 黑龙江省; 1 to [`NAME_MAX_CHARACTERS`] characters.
    pub display_name: String,
    /// Lower than that of its parent.
    pub level: Level,
    /// First report year in which it exists.
    pub first_year: ReportYear,
}

/// Whoever reports for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its unified social credit code, or a chosen id; it is known by it for ever.
    pub id: AgencyId,
    /// Where it belongs.
    pub jurisdiction: JurisdictionCode,
    /// As people call it; 1 to [`NAME_MAX_CHARACTERS`] characters.
    pub display_name: String,
    /// What it is within its government.
    pub kind: AgencyKind,
    /// So large that a year without any activity is questioned.
    pub large: bool,
    /// 垂直管理: belongs to its own system and stays out of local sums unless it is included on purpose.
    pub vertical: bool,
    /// First report year that it owes a report for.
    pub first_year: ReportYear,
}

/// What sums and rules tell agencies apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nature {
    /// What it is within its government.
    pub kind: AgencyKind,
    /// So large that a year without any activity is questioned.
    pub large: bool,
    /// 垂直管理.
    pub vertical: bool,
}

/// Values that take the place of others; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewValues {
    /// Its Chinese name.
    pub display_name: Option<String>,
    /// The jurisdiction that it belongs to.
    pub parent: Option<JurisdictionCode>,
    /// What it is within its government; of agencies alone, as the following.
    pub kind: Option<AgencyKind>,
    /// Whether a year without any activity is questioned.
    pub large: Option<bool>,
    /// Whether it is 垂直管理.
    pub vertical: Option<bool>,
    /// The first report year that it owes a report for, whatever was registered.
    pub begins: Option<ReportYear>,
}

impl NewValues {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether anything is given that only agencies have.
    pub fn touches_nature(&self) -> bool {
        self.kind.is_some() || self.large.is_some() || self.vertical.is_some()
    }

    /// A nature with what is given in the place of what it was.
    pub(super) fn nature(&self, was: Nature) -> Nature {
        Nature {
            kind: self.kind.unwrap_or(was.kind),
            large: self.large.unwrap_or(was.large),
            vertical: self.vertical.unwrap_or(was.vertical),
        }
    }
}

/// Longest reason for a correction, in characters.
pub const CHANGE_REASON_MAX_CHARACTERS: usize = 1000;

/// Longest name of an entry, in characters.
pub const NAME_MAX_CHARACTERS: usize = 100;

/// Whether an entry may be called so: no control characters, no surrounding spaces, and not too long.
pub fn is_display_name(name: &str) -> bool {
    let odd = name.chars().any(char::is_control) || name.trim() != name;
    (1..=NAME_MAX_CHARACTERS).contains(&name.chars().count()) && !odd
}

impl Agency {
    /// The resource name, `agencies/{id}`.
    pub fn name(&self) -> String {
        format!("agencies/{}", self.id)
    }

    pub(super) fn nature(&self) -> Nature {
        Nature { kind: self.kind, large: self.large, vertical: self.vertical }
    }
}

/// What a dated change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// By its code.
    Jurisdiction(JurisdictionCode),
    /// By its id.
    Agency(AgencyId),
}

impl Entry {
    /// Reads a resource name, `jurisdictions/{code}` or `agencies/{id}`.
    ///
    /// # Errors
    /// [`EntryNameError`] for any other shape.
    pub fn from_name(name: &str) -> Result<Self, EntryNameError> {
        if let Some(id) = name.strip_prefix("agencies/") {
            return id.parse().map(Self::Agency).map_err(EntryNameError::Agency);
        }
        JurisdictionCode::from_name(name).map(Self::Jurisdiction).map_err(|_| EntryNameError::Shape)
    }
}

/// What is wrong with the name of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryNameError {
    /// No name of a jurisdiction, and none that begins with `agencies/`.
    #[error("an entry is named jurisdictions/{{code of 6, 9 or 12 digits}} or agencies/{{id}}")]
    Shape,
    /// It names a jurisdiction where an agency is meant.
    #[error("an agency is meant, agencies/{{id}}")]
    NoAgency,
    /// It names an agency where a jurisdiction is meant.
    #[error("a jurisdiction is meant, jurisdictions/{{code}}")]
    NoPlace,
    /// It begins with `agencies/`, and no id follows.
    #[error(transparent)]
    Agency(AgencyIdError),
}

impl EntryNameError {
    /// In both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Shape => Message::new("须为 jurisdictions/区划代码 或 agencies/机构标识", self.to_string()),
            Self::NoAgency => Message::new("须为 agencies/机构标识", self.to_string()),
            Self::NoPlace => Message::new("须为 jurisdictions/区划代码", self.to_string()),
            Self::Agency(error) => error.message(),
        }
    }
}

/// Shows the resource name.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jurisdiction(code) => f.write_str(&code.name()),
            Self::Agency(id) => write!(f, "agencies/{id}"),
        }
    }
}

/// One change of the registry. A dated change holds from its first report year on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryChange {
    /// A jurisdiction that was not there before.
    CreateJurisdiction(Jurisdiction),
    /// An agency that was not there before.
    CreateAgency(Agency),
    /// The entry is called otherwise.
    Rename {
        /// Which one.
        entry: Entry,
        /// As it is called from then on.
        display_name: String,
        /// First report year in which it is.
        first_year: ReportYear,
    },
    /// The entry belongs to another jurisdiction.
    Move {
        /// Which one.
        entry: Entry,
        /// What it belongs to from then on.
        parent: JurisdictionCode,
        /// First report year in which it does.
        first_year: ReportYear,
    },
    /// The entries no longer exist; what belonged to them belongs to `into`.
    Merge {
        /// Those that end; all of one sort, jurisdictions or agencies.
        entries: Vec<Entry>,
        /// What exists then and goes on, of the same sort.
        into: Entry,
        /// First report year in which they no longer exist.
        first_year: ReportYear,
    },
    /// The entry no longer exists; `into` follow it, and nothing of it is given to any of them.
    Split {
        /// The one that ends.
        entry: Entry,
        /// Two or more that exist then, of the same sort.
        into: Vec<Entry>,
        /// First report year in which it no longer exists.
        first_year: ReportYear,
    },
    /// The entry no longer exists, and nothing follows it.
    Abolish {
        /// The one that ends.
        entry: Entry,
        /// First report year in which it no longer exists.
        first_year: ReportYear,
    },
    /// The agency is of another kind, size or administration from a year on.
    Reclassify {
        /// The one that becomes another.
        agency: AgencyId,
        /// Kind, size and 垂直管理 alone.
        values: NewValues,
        /// First report year in which it is so.
        first_year: ReportYear,
    },
    /// What was registered wrongly from a year on is put right, up to the next change of it.
    Correct {
        /// What is registered wrongly.
        entry: Entry,
        /// What is right.
        values: NewValues,
        /// First report year of which what is registered is wrong.
        first_year: ReportYear,
        /// Why, in the words of whoever corrects.
        reason: String,
    },
    /// The entry was registered by mistake: it never existed.
    Void {
        /// What never was.
        entry: Entry,
        /// Why, in the words of whoever corrects.
        reason: String,
    },
    /// The entry was voided by mistake: it is what it was before.
    Restore {
        /// What was voided.
        entry: Entry,
        /// Why, in the words of whoever corrects.
        reason: String,
    },
    /// Two entries are one agency, and always were: what was handed in under the one counts as the other's.
    Join {
        /// The one that nothing is handed in for any more.
        agency: AgencyId,
        /// The one that stays.
        into: AgencyId,
        /// Whose reports came in under `agency`, in order.
        years: Vec<ReportYear>,
        /// Why, in the words of whoever corrects.
        reason: String,
    },
    /// Two entries are one jurisdiction, and always were: what belonged to the one belongs to the other.
    JoinPlaces {
        /// The one that nothing belongs to any more.
        jurisdiction: JurisdictionCode,
        /// The one that stays.
        into: JurisdictionCode,
        /// Why, in the words of whoever corrects.
        reason: String,
    },
    /// The collection of its year is this one now.
    PutCollection(Collection),
    /// These are the agency's contacts now. A registry does not keep them.
    PutContacts(Contacts),
    /// Agencies were reminded. A registry does not keep it.
    PutReminders(Reminders),
}

impl RegistryChange {
    /// The first report year in which places, names or ends are others than before; none where no entry that was there
    /// is touched.
    pub fn first_year(&self) -> Option<ReportYear> {
        match self {
            Self::CreateJurisdiction(_)
            | Self::CreateAgency(_)
            | Self::PutCollection(_)
            | Self::PutContacts(_)
            | Self::PutReminders(_) => None,
            Self::Rename { first_year, .. }
            | Self::Move { first_year, .. }
            | Self::Merge { first_year, .. }
            | Self::Split { first_year, .. }
            | Self::Reclassify { first_year, .. }
            | Self::Abolish { first_year, .. } => Some(*first_year),
            // Years before it are touched where it begins elsewhere.
            Self::Correct { values, first_year, .. } => {
                Some(if values.begins.is_some() { ReportYear::FIRST } else { *first_year })
            }
            Self::Void { .. } | Self::Restore { .. } | Self::Join { .. } | Self::JoinPlaces { .. } => {
                Some(ReportYear::FIRST)
            }
        }
    }

    /// The entries that end, and the first year in which they no longer exist.
    pub fn ends(&self) -> Option<(&[Entry], ReportYear)> {
        match self {
            Self::Merge { entries, first_year, .. } => Some((entries, *first_year)),
            Self::Split { entry, first_year, .. } | Self::Abolish { entry, first_year } => {
                Some((std::slice::from_ref(entry), *first_year))
            }
            _ => None,
        }
    }

    /// Whether it changes no entry, no place and no name: nothing that is counted becomes another.
    pub fn moves_nobody(&self) -> bool {
        matches!(self, Self::Rename { .. } | Self::PutCollection(_) | Self::PutContacts(_) | Self::PutReminders(_))
    }

    /// Why it is made, where it says so.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Correct { reason, .. }
            | Self::Void { reason, .. }
            | Self::Restore { reason, .. }
            | Self::Join { reason, .. }
            | Self::JoinPlaces { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Resource name of what changes; of a merger, what is merged into.
    pub fn subject(&self) -> String {
        match self {
            Self::CreateJurisdiction(jurisdiction) => jurisdiction.code.name(),
            Self::CreateAgency(agency) => agency.name(),
            Self::Rename { entry, .. }
            | Self::Move { entry, .. }
            | Self::Merge { into: entry, .. }
            | Self::Split { entry, .. }
            | Self::Correct { entry, .. }
            | Self::Void { entry, .. }
            | Self::Restore { entry, .. }
            | Self::Abolish { entry, .. } => entry.to_string(),
            Self::Reclassify { agency, .. } | Self::Join { agency, .. } => format!("agencies/{agency}"),
            Self::JoinPlaces { jurisdiction, .. } => jurisdiction.name(),
            Self::PutCollection(collection) => collection.name(),
            Self::PutContacts(contacts) => format!("agencies/{}", contacts.agency),
            Self::PutReminders(reminders) => format!("collections/{}", reminders.year),
        }
    }
}
