//! The life of a report: every submission and review, with the cells that each revision changed.

use jiff::Timestamp;

use crate::form::{CellId, catalogue};
use crate::report::{Cell, CellComment, Figures, ReportKey, ReportState, Review, ReviewAction, Revision, RevisionName};
use crate::store::Store;

use super::{Page, Problem, Service};

/// What was done to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportAction {
    Submit,
    Review(ReviewAction),
}

/// A submission or a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportEvent {
    pub sequence: u64,
    pub time: Timestamp,
    pub actor: String,
    pub action: ReportAction,
    pub revision: RevisionName,
    /// How the report stands since, by its newest revision.
    pub state: ReportState,
    /// The revision in the sums since.
    pub accepted: Option<u32>,
    pub reason: String,
    pub comments: Vec<CellComment>,
    /// Of a correction: the cells that differ from the revision before, with both values.
    pub changes: Vec<(CellId, Cell, Cell)>,
}

/// Revisions of one report that are read for its history.
const REVISIONS_MAX: usize = 1000;

impl Service {
    /// Everything that happened to a report, oldest first.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub async fn report_events(
        &self,
        report: ReportKey,
        size: usize,
        token: &str,
    ) -> Result<Page<ReportEvent>, Problem> {
        let after: u64 = if token.is_empty() { 0 } else { token.parse().map_err(|_| super::read_back::bad_token())? };
        let name = report.to_string();
        let read = move |store: &dyn Store| {
            Ok((store.revisions(&report, None, REVISIONS_MAX)?, store.reviews(&report, REVISIONS_MAX)?))
        };
        let (mut revisions, reviews) = self.blocking(read).await?;
        if revisions.is_empty() {
            return Err(Problem::no_report(&name));
        }
        revisions.reverse();
        let mut events: Vec<ReportEvent> = reviews.into_iter().map(of_review).collect();
        let mut before: Option<&Revision> = None;
        for revision in &revisions {
            events.push(of_submission(revision, before));
            before = Some(revision);
        }
        events.sort_by_key(|event| event.sequence);
        events.retain(|event| event.sequence > after);
        Ok(Page::cut(events, size, |event| event.sequence.to_string()))
    }
}

fn of_submission(revision: &Revision, before: Option<&Revision>) -> ReportEvent {
    let status = revision.status();
    ReportEvent {
        sequence: revision.sequence,
        time: revision.time,
        actor: revision.actor.clone(),
        action: ReportAction::Submit,
        revision: revision.name(),
        state: status.state,
        accepted: status.accepted,
        reason: revision.reason.clone(),
        comments: Vec::new(),
        changes: before.map_or_else(Vec::new, |before| differing(&before.figures, &revision.figures)),
    }
}

fn of_review(review: Review) -> ReportEvent {
    ReportEvent {
        sequence: review.status.sequence,
        time: review.time,
        actor: review.actor,
        action: ReportAction::Review(review.action),
        revision: review.revision,
        state: review.status.state,
        accepted: review.status.accepted,
        reason: review.reason,
        comments: review.comments,
        changes: Vec::new(),
    }
}

fn differing(before: &Figures, after: &Figures) -> Vec<(CellId, Cell, Cell)> {
    let cells = catalogue().cells.iter().map(|cell| (cell.id, before.get(cell.id), after.get(cell.id)));
    cells.filter(|(_, before, after)| before != after).collect()
}
