//! Entries of the registry, the changes that make them, and what can be wrong with a change.

use crate::report::{AgencyId, AgencyKind, Level, Message, ReportYear};

use super::JurisdictionCode;

/// A province, city, county, functional zone or township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jurisdiction {
    pub code: JurisdictionCode,
    /// None for a root.
    pub parent: Option<JurisdictionCode>,
    pub display_name: String,
    pub level: Level,
    /// Report year from which it belongs to its parent.
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
    /// First report year that it owes a report for.
    pub first_year: ReportYear,
}

impl Agency {
    /// The resource name, `agencies/{id}`.
    pub fn name(&self) -> String {
        format!("agencies/{}", self.id)
    }
}

/// One change of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryChange {
    CreateJurisdiction(Jurisdiction),
    CreateAgency(Agency),
}

impl RegistryChange {
    /// Resource name of what changes.
    pub fn subject(&self) -> String {
        match self {
            Self::CreateJurisdiction(jurisdiction) => jurisdiction.code.name(),
            Self::CreateAgency(agency) => agency.name(),
        }
    }
}

/// Why a change cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    #[error("{0} exists with other values")]
    JurisdictionExists(String),
    #[error("{0} exists with other values")]
    AgencyExists(String),
    #[error("{subject} belongs to {parent}, which does not exist")]
    ParentUnknown { subject: String, parent: String },
    #[error("{subject} cannot stand below {parent}: its level is not lower")]
    LevelNotLower { subject: String, parent: String },
    #[error("{subject} begins in {first_year}, before {parent} in {parent_first_year}")]
    BeforeParent { subject: String, first_year: ReportYear, parent: String, parent_first_year: ReportYear },
}

impl RegistryError {
    /// The error in both languages, with what to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::JurisdictionExists(name) | Self::AgencyExists(name) => {
                format!("{name} 已存在，且登记内容不同；请核对，或改用其他标识")
            }
            Self::ParentUnknown { subject, parent } => {
                format!("{subject} 的上级 {parent} 不存在；请先登记上级，或改正代码")
            }
            Self::LevelNotLower { subject, parent } => {
                format!("{subject} 不能归属于 {parent}：级别不低于上级；请改正级别或上级")
            }
            Self::BeforeParent { subject, first_year, parent, parent_first_year } => {
                format!("{subject} 自 {first_year} 年起，早于上级 {parent} 的 {parent_first_year} 年；请改正起始年度")
            }
        };
        Message::new(zh, self.to_string())
    }
}
