//! What was sent to agencies that have not reported: to whom, when, and what became of it. Who the people are and what was
//! written is not in it.

use jiff::Timestamp;

use crate::report::{AgencyId, ReportYear, whole_microseconds};

/// Most agencies that one record is about.
pub const REMINDERS_MAX: usize = 500;

/// What became of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reminded {
    /// It was about to be sent; where nothing follows, nobody knows.
    Begun,
    /// Whoever delivers it took it.
    Sent,
    /// Nobody took it.
    Failed,
}

/// Reminders of a report year of which the same became at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminders {
    /// The report that is missing.
    pub year: ReportYear,
    /// When.
    pub at: Timestamp,
    /// What became of them.
    pub outcome: Reminded,
    /// Who was reminded.
    pub agencies: Vec<AgencyId>,
}

impl Reminders {
    /// As it is stored.
    pub fn in_whole_microseconds(self) -> Self {
        Self { at: whole_microseconds(self.at), ..self }
    }
}
