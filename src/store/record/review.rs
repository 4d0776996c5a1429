//! The message inside the record of a review, and its conversion. Tags are never reused.

use prost::{Enumeration, Message};

use crate::report::{CellComment, ReportStatus, Review, ReviewAction, RevisionName};

use super::messages::{STATES, StoredState, parse, stored_of, timestamp, value_of};

#[derive(Clone, PartialEq, Message)]
pub struct StoredReview {
    #[prost(string, tag = "1")]
    revision: String,
    #[prost(enumeration = "StoredAction", tag = "2")]
    action: i32,
    #[prost(string, tag = "3")]
    reason: String,
    #[prost(message, repeated, tag = "4")]
    comments: Vec<StoredComment>,
    #[prost(string, tag = "5")]
    actor: String,
    #[prost(int64, tag = "6")]
    time_microseconds: i64,
    #[prost(message, required, tag = "7")]
    status: StoredStatus,
}

#[derive(Clone, PartialEq, Message)]
struct StoredComment {
    #[prost(string, tag = "1")]
    cell: String,
    #[prost(string, tag = "2")]
    text: String,
}

#[derive(Clone, PartialEq, Message)]
struct StoredStatus {
    #[prost(uint32, tag = "1")]
    newest: u32,
    #[prost(uint64, tag = "2")]
    review: u64,
    #[prost(enumeration = "StoredState", tag = "3")]
    state: i32,
    #[prost(uint32, optional, tag = "4")]
    accepted: Option<u32>,
    #[prost(bool, tag = "5")]
    late: bool,
    #[prost(uint64, tag = "6")]
    sequence: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumeration)]
enum StoredAction {
    Unknown = 0,
    Accept = 1,
    Return = 2,
    Withdraw = 3,
}

const ACTIONS: [(ReviewAction, StoredAction); 3] = [
    (ReviewAction::Accept, StoredAction::Accept),
    (ReviewAction::Return, StoredAction::Return),
    (ReviewAction::Withdraw, StoredAction::Withdraw),
];

impl StoredReview {
    pub fn from_review(review: &Review) -> Self {
        let status = &review.status;
        let comment = |comment: &CellComment| StoredComment { cell: comment.cell.clone(), text: comment.text.clone() };
        Self {
            revision: review.revision.to_string(),
            action: stored_of(&ACTIONS, &review.action),
            reason: review.reason.clone(),
            comments: review.comments.iter().map(comment).collect(),
            actor: review.actor.clone(),
            time_microseconds: review.time.as_microsecond(),
            status: StoredStatus {
                newest: status.newest,
                review: status.review,
                state: stored_of(&STATES, &status.state),
                accepted: status.accepted,
                late: status.late,
                sequence: status.sequence,
            },
        }
    }

    pub fn into_review(self) -> Result<Review, String> {
        let comment = |comment: StoredComment| CellComment { cell: comment.cell, text: comment.text };
        Ok(Review {
            revision: parse::<RevisionName>(&self.revision)?,
            action: value_of(&ACTIONS, self.action, "review")?,
            reason: self.reason,
            comments: self.comments.into_iter().map(comment).collect(),
            actor: self.actor,
            time: timestamp(self.time_microseconds)?,
            status: ReportStatus {
                newest: self.status.newest,
                review: self.status.review,
                state: value_of(&STATES, self.status.state, "state")?,
                accepted: self.status.accepted,
                late: self.status.late,
                sequence: self.status.sequence,
            },
        })
    }
}
