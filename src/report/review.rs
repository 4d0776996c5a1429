//! The life of a report: submitted, then accepted, returned or withdrawn; a correction is a new revision.
//!
//! What may follow what is one table, [`ReviewAction::follows`]. Who may do it is decided elsewhere.

use jiff::Timestamp;

use super::RevisionName;

/// Where a report stands, by its newest revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportState {
    /// Waits for review; not in the sums.
    Submitted,
    /// In the sums.
    Accepted,
    /// Given back to the agency for correction; not in the sums.
    Returned,
    /// Taken back; not in the sums.
    Withdrawn,
}

/// What can be done to the newest revision of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewAction {
    /// It enters the sums, in place of the revision accepted before.
    Accept,
    /// Back to the agency, with reasons; a revision accepted before stays in the sums.
    Return,
    /// It is taken back; an accepted revision leaves the sums.
    Withdraw,
}

impl ReviewAction {
    /// All, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Return, Self::Withdraw];

    /// The states from which it can be done.
    pub fn follows(self) -> &'static [ReportState] {
        match self {
            Self::Accept | Self::Return => &[ReportState::Submitted],
            Self::Withdraw => &[ReportState::Submitted, ReportState::Returned, ReportState::Accepted],
        }
    }

    /// The state that it leads to.
    pub fn leads_to(self) -> ReportState {
        match self {
            Self::Accept => ReportState::Accepted,
            Self::Return => ReportState::Returned,
            Self::Withdraw => ReportState::Withdrawn,
        }
    }

    /// Where the report stands after it, but for the sequence number.
    ///
    /// A returned or withdrawn revision leaves the accepted one before it in the sums. Withdrawing the accepted
    /// revision itself takes the report out of the sums: what it replaced had been corrected.
    pub fn apply(self, before: &ReportStatus) -> ReportStatus {
        let accepted = match self {
            Self::Accept => Some(before.newest),
            Self::Withdraw if before.state == ReportState::Accepted => None,
            Self::Return | Self::Withdraw => before.accepted,
        };
        ReportStatus { state: self.leads_to(), accepted, ..*before }
    }
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportStatus {
    /// Number of the newest revision.
    pub newest: u32,
    /// Journal sequence of the last review of the newest revision; 0 while there is none.
    pub review: u64,
    /// State of the newest revision.
    pub state: ReportState,
    /// The revision that is in the sums.
    pub accepted: Option<u32>,
    /// The report first came in after its due time.
    pub late: bool,
    /// Journal sequence of the last change.
    pub sequence: u64,
}

impl ReportStatus {
    /// Changes with every change of the report, and with nothing else.
    pub fn version(&self) -> (u32, u64) {
        (self.newest, self.review)
    }

    /// Whether the agency has handed in a report that it has not taken back.
    pub fn is_received(&self) -> bool {
        self.state != ReportState::Withdrawn || self.accepted.is_some()
    }
}

/// A remark on one cell of a returned report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellComment {
    /// Path of a cell or line.
    pub cell: String,
    /// What is to be corrected there.
    pub text: String,
}

/// One review of a revision, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What was reviewed: the newest revision at that time.
    pub revision: RevisionName,
    /// What was done.
    pub action: ReviewAction,
    /// May be empty for an acceptance.
    pub reason: String,
    /// Remarks on single cells; empty for none.
    pub comments: Vec<CellComment>,
    /// Who did it.
    pub actor: String,
    /// When the store took it.
    pub time: Timestamp,
    /// Where the report stands since.
    pub status: ReportStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: ReportState, newest: u32, accepted: Option<u32>) -> ReportStatus {
        ReportStatus { newest, review: 0, state, accepted, late: false, sequence: 9 }
    }

    #[test]
    fn a_returned_or_withdrawn_correction_leaves_the_accepted_revision_in_the_sums() {
        let pending = status(ReportState::Submitted, 2, Some(1));
        for action in [ReviewAction::Return, ReviewAction::Withdraw] {
            assert_eq!(action.apply(&pending).accepted, Some(1), "{action:?}");
        }
        assert_eq!(ReviewAction::Accept.apply(&pending).accepted, Some(2));
    }

    #[test]
    fn withdrawing_the_accepted_revision_takes_the_report_out_of_the_sums() {
        let after = ReviewAction::Withdraw.apply(&status(ReportState::Accepted, 2, Some(2)));
        assert_eq!((after.accepted, after.is_received()), (None, false));
    }

    #[test]
    fn nothing_can_be_done_to_a_withdrawn_revision() {
        assert!(ReviewAction::ALL.iter().all(|action| !action.follows().contains(&ReportState::Withdrawn)));
    }
}
