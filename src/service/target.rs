//! What a call is about, by which it is decided whether its caller may make it.

use crate::access::{Method, call};
use crate::report::{JurisdictionCode, ReportKey, ReportOwner, ReportYear};

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Nothing in particular, or something that is not known yet.
    Service,
    /// What belongs to the owner of reports: of a year, or of any.
    Owner(&'a ReportOwner, Option<ReportYear>),
    /// A jurisdiction with all below it: in a year, or now.
    Subtree(&'a JurisdictionCode, Option<ReportYear>),
}

/// The method by whose right reports are read, and so whatever is made of them.
pub(super) const READ: &Method = call::GET_REPORT;

impl<'a> Target<'a> {
    /// What belongs to its owner, of its year.
    pub fn report(key: &'a ReportKey) -> Self {
        Self::Owner(&key.owner, Some(key.year))
    }

    /// Its resource name; empty where there is none.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Service => String::new(),
            Self::Owner(owner, Some(year)) => format!("{owner}/reports/{year}"),
            Self::Owner(owner, None) => owner.to_string(),
            Self::Subtree(code, _) => code.name(),
        }
    }
}
