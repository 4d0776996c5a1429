//! Whether a report may come in now, how it then stands, and whether it is late: what the year's collection says.
//!
//! Due (a late mark), lock (a refusal) and exception are three things. A year without a collection has none of them.

use jiff::Timestamp;

use crate::registry::Registry;
use crate::report::{Level, ReportKey, ReportState, ReportStatus};

use super::Problem;

/// What the collection of the report's year says of a report that comes in now.
pub struct Admission {
    /// How it stands once it is stored.
    pub state: ReportState,
}

impl Admission {
    pub fn of(_registry: &Registry, _report: &ReportKey, _level: Level, _now: Timestamp) -> Self {
        Self { state: ReportState::Accepted }
    }

    pub fn check_lock(&self, _report: &ReportKey) -> Result<(), Problem> {
        Ok(())
    }

    /// A report is late by when it first came in; a correction of a report that was in time is not.
    pub fn is_late(&self, before: Option<&ReportStatus>, _now: Timestamp) -> bool {
        before.is_some_and(|before| before.late)
    }
}
