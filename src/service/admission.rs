//! Whether a report may come in now, how it then stands, and whether it is late: what the year's collection says.
//!
//! Due (a late mark), lock (a refusal) and exception are three things. A year without a collection has none of them.

use jiff::Timestamp;

use crate::registry::{Registry, ReviewPolicy};
use crate::report::{Level, Message, ReportKey, ReportState, ReportStatus};

use super::problem::Problem;

/// What the collection of the report's year says of a report that comes in now.
pub(crate) struct Admission {
    /// How it stands once it is stored.
    pub state: ReportState,
    /// It comes after its due time.
    overdue: bool,
    /// Since when it is refused, and in the words of whom.
    locked: Option<(Timestamp, Message)>,
}

impl Admission {
    pub(crate) fn of(registry: &Registry, report: &ReportKey, level: Level, now: Timestamp) -> Self {
        let Some(collection) = registry.collection(report.year) else {
            return Self { state: ReportState::Accepted, overdue: false, locked: None };
        };
        let state = match collection.review {
            ReviewPolicy::None => ReportState::Accepted,
            ReviewPolicy::JurisdictionOffice => ReportState::Submitted,
        };
        match report.agency() {
            Some(agency) => Self {
                state,
                overdue: collection.is_late(level, agency, now),
                locked: collection.admits(agency, now).err().map(|lock| (lock.at, lock.words())),
            },
            // A government publishes its consolidated report when the sums are there; exceptions are for agencies.
            None => Self {
                state,
                overdue: false,
                locked: collection
                    .lock
                    .filter(|lock| *lock <= now)
                    .map(|lock| (lock, Message::new("报送任务统一规定", "set by the collection"))),
            },
        }
    }

    /// # Errors
    /// COLLECTION_LOCKED with the time since when, and who can change it.
    pub(crate) fn check_lock(&self, report: &ReportKey) -> Result<(), Problem> {
        let Some((since, set_by)) = &self.locked else { return Ok(()) };
        Err(super::collections::locked(report, *since, set_by))
    }

    /// A report is late by when it first came in, once and for all: neither a correction, nor taking it back and handing
    /// it in again, nor more time that is given afterwards makes it late or in time.
    pub(crate) fn is_late(&self, before: Option<&ReportStatus>) -> bool {
        before.map_or(self.overdue, |before| before.late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: ReportState, late: bool) -> ReportStatus {
        ReportStatus { newest: 1, review: 0, state, accepted: None, late, sequence: 1 }
    }

    #[test]
    fn a_report_is_late_by_when_it_first_came_in() {
        let overdue = Admission { state: ReportState::Accepted, overdue: true, locked: None };
        let in_time = Admission { state: ReportState::Accepted, overdue: false, locked: None };
        assert!(overdue.is_late(None) && !in_time.is_late(None));
        for state in [ReportState::Submitted, ReportState::Accepted, ReportState::Returned, ReportState::Withdrawn] {
            assert!(!overdue.is_late(Some(&status(state, false))), "{state:?}: it first came in in time");
            assert!(in_time.is_late(Some(&status(state, true))), "{state:?}: it first came in late");
        }
    }
}
