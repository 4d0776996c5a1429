//! Entries of the registry and the changes that make them. Why a change is refused is in `error`.

use std::fmt;

use crate::report::{AgencyId, AgencyIdError, AgencyKind, Level, Message, ReportYear};

use super::{Collection, JurisdictionCode};

/// A province, city, county, functional zone or township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jurisdiction {
    pub code: JurisdictionCode,
    /// None for a root.
    pub parent: Option<JurisdictionCode>,
    pub display_name: String,
    pub level: Level,
    /// First report year in which it exists.
    pub first_year: ReportYear,
}

/// Whoever reports for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    pub id: AgencyId,
    pub jurisdiction: JurisdictionCode,
    pub display_name: String,
    pub kind: AgencyKind,
    /// So large that a year without any activity is questioned.
    pub large: bool,
    /// 垂直管理: belongs to its own system and stays out of local sums unless it is included on purpose.
    pub vertical: bool,
    /// First report year that it owes a report for.
    pub first_year: ReportYear,
}

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
}

/// What a dated change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    Jurisdiction(JurisdictionCode),
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
    #[error("an entry is named jurisdictions/{{code of 6, 9 or 12 digits}} or agencies/{{id}}")]
    Shape,
    #[error(transparent)]
    Agency(AgencyIdError),
}

impl EntryNameError {
    /// In both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Shape => Message::new("须为 jurisdictions/区划代码 或 agencies/机构标识", self.to_string()),
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
    CreateJurisdiction(Jurisdiction),
    CreateAgency(Agency),
    Rename {
        entry: Entry,
        display_name: String,
        first_year: ReportYear,
    },
    /// The entry belongs to another jurisdiction.
    Move {
        entry: Entry,
        parent: JurisdictionCode,
        first_year: ReportYear,
    },
    /// The entries no longer exist; what belonged to them belongs to `into`.
    Merge {
        entries: Vec<Entry>,
        into: Entry,
        first_year: ReportYear,
    },
    /// The entry no longer exists; `into` follow it, and nothing of it is given to any of them.
    Split {
        entry: Entry,
        into: Vec<Entry>,
        first_year: ReportYear,
    },
    /// The entry no longer exists, and nothing follows it.
    Abolish {
        entry: Entry,
        first_year: ReportYear,
    },
    /// The collection of its year is this one now.
    PutCollection(Collection),
}

impl RegistryChange {
    /// The first report year in which places, names or ends are others than before; none where no entry that was there
    /// is touched.
    pub fn first_year(&self) -> Option<ReportYear> {
        match self {
            Self::CreateJurisdiction(_) | Self::CreateAgency(_) | Self::PutCollection(_) => None,
            Self::Rename { first_year, .. }
            | Self::Move { first_year, .. }
            | Self::Merge { first_year, .. }
            | Self::Split { first_year, .. }
            | Self::Abolish { first_year, .. } => Some(*first_year),
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

    /// Resource name of what changes; of a merger, what is merged into.
    pub fn subject(&self) -> String {
        match self {
            Self::CreateJurisdiction(jurisdiction) => jurisdiction.code.name(),
            Self::CreateAgency(agency) => agency.name(),
            Self::Rename { entry, .. }
            | Self::Move { entry, .. }
            | Self::Merge { into: entry, .. }
            | Self::Split { entry, .. }
            | Self::Abolish { entry, .. } => entry.to_string(),
            Self::PutCollection(collection) => collection.name(),
        }
    }
}
