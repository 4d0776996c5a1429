//! How reports stand, one by one and counted.

use serde::{Deserialize, Serialize};

use crate::report::{ReportState, ReportStatus};

/// Something that a report is or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Handed in, and not taken back.
    Received,
    /// A revision of it is accepted.
    Accepted,
    /// Its newest revision waits for review.
    Submitted,
    /// Its newest revision was given back for correction.
    Returned,
    /// It first came in after its due time.
    Late,
    /// It is in the sums, which hold accepted revisions unless something else is asked for.
    Included,
}

impl Mark {
    /// In the order of their bits, to which marks are only ever added.
    pub const ALL: [Self; 6] =
        [Self::Received, Self::Accepted, Self::Submitted, Self::Returned, Self::Late, Self::Included];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The marks of one report; none for a report that was never handed in, or was taken back and is in no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Marks(u8);

impl Marks {
    /// The marks of a report that is in the sums or not.
    pub fn of(status: &ReportStatus, included: bool) -> Self {
        if !status.is_received() {
            // Its figures are in a sum all the same where withdrawn ones are asked for.
            return if included { Self(Mark::Included.bit()) } else { Self::default() };
        }
        let holds = |mark| match mark {
            Mark::Received => true,
            Mark::Accepted => status.accepted.is_some(),
            Mark::Submitted => status.state == ReportState::Submitted,
            Mark::Returned => status.state == ReportState::Returned,
            Mark::Late => status.late,
            Mark::Included => included,
        };
        Self(Mark::ALL.into_iter().filter(|mark| holds(*mark)).map(Mark::bit).sum())
    }

    /// Whether the report has this mark.
    pub fn has(self, mark: Mark) -> bool {
        self.0 & mark.bit() != 0
    }
}

/// How many reports have each mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts([u64; Mark::ALL.len()]);

impl Counts {
    /// Reports with this mark.
    pub fn of(&self, mark: Mark) -> u64 {
        self.0[mark as usize]
    }

    /// In the order of [`Mark::ALL`], to which marks are only ever added.
    pub fn to_array(self) -> [u64; Mark::ALL.len()] {
        self.0
    }

    /// The other way round; one number a mark.
    pub fn from_array(counts: [u64; Mark::ALL.len()]) -> Self {
        Self(counts)
    }

    /// Counts one report with other marks than before.
    pub fn replace(&mut self, before: Marks, after: Marks) {
        for mark in Mark::ALL {
            let count = &mut self.0[mark as usize];
            *count = *count + u64::from(after.has(mark)) - u64::from(before.has(mark));
        }
    }

    /// Takes out what was added before.
    pub fn take(&mut self, other: &Self) {
        for (count, less) in self.0.iter_mut().zip(&other.0) {
            *count -= less;
        }
    }

    /// Adds the reports of others.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: ReportState, accepted: Option<u32>) -> ReportStatus {
        ReportStatus { newest: 2, review: 0, state, accepted, late: true, sequence: 1 }
    }

    #[test]
    fn a_returned_correction_is_received_accepted_and_returned() {
        let marks = Marks::of(&status(ReportState::Returned, Some(1)), true);
        let held: Vec<Mark> = Mark::ALL.into_iter().filter(|mark| marks.has(*mark)).collect();
        assert_eq!(held, [Mark::Received, Mark::Accepted, Mark::Returned, Mark::Late, Mark::Included]);
    }

    #[test]
    fn a_withdrawn_report_has_no_mark() {
        assert_eq!(Marks::of(&status(ReportState::Withdrawn, None), false), Marks::default());
    }

    #[test]
    fn a_withdrawn_report_whose_figures_are_asked_for_is_in_the_sum_and_was_not_received() {
        let marks = Marks::of(&status(ReportState::Withdrawn, None), true);
        assert_eq!(Mark::ALL.into_iter().filter(|mark| marks.has(*mark)).collect::<Vec<_>>(), [Mark::Included]);
    }

    #[test]
    fn counts_follow_each_report() {
        let mut counts = Counts::default();
        let first = Marks::of(&status(ReportState::Submitted, None), false);
        let then = Marks::of(&status(ReportState::Accepted, Some(2)), true);
        counts.replace(Marks::default(), first);
        counts.replace(first, then);
        assert_eq!(Mark::ALL.map(|mark| counts.of(mark)), [1, 1, 0, 0, 1, 1]);
        counts.replace(then, Marks::default());
        assert_eq!(counts, Counts::default());
    }
}
