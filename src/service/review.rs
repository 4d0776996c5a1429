//! Reviewing a report: accepting it, returning it with comments, withdrawing it. The one path for all three.

use uuid::Uuid;

use crate::form::catalogue;
use crate::report::{CellComment, Hash, Message, Receipt, ReportKey, ReportState, ReportStatus, Review, ReviewAction};
use crate::store::{Change, Decision, Effect, NEWEST, NewEntry, Requested, Standing, StoredRequest, Transaction};

use super::admission::Admission;
use super::caller::Caller;
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::submit::lost_revision;

/// How often a review is decided anew because something came between.
const ATTEMPTS: usize = 8;

/// A review on its way in.
#[derive(Debug, Clone)]
pub struct ReviewRequest {
    /// Whose newest revision is reviewed.
    pub report: ReportKey,
    /// What is done to it.
    pub action: ReviewAction,
    /// Etag of the report as it was looked at.
    pub etag: String,
    /// Needed for a return and a withdrawal.
    pub reason: String,
    /// Of a return: remarks on single cells; empty for none.
    pub comments: Vec<CellComment>,
    /// Makes it safe to ask again; none where it is not asked again.
    pub request_id: Option<Uuid>,
    /// Check only.
    pub validate_only: bool,
}

/// What a review did.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviewed {
    /// None if only checked.
    pub receipt: Option<Receipt>,
    /// Where the report stands now, or would.
    pub status: ReportStatus,
}

impl ReviewRequest {
    /// Digest of everything that is asked for, so that a request id stands for one content.
    fn fingerprint(&self) -> Hash {
        let mut text = format!("{}\n{}\netag={}\n", journal_action(self.action), self.report, self.etag);
        // Lengths keep texts apart that contain the separators.
        text.push_str(&format!("{}:{}\n", self.reason.len(), self.reason));
        for comment in &self.comments {
            text.push_str(&format!("{}:{}:{}\n", comment.cell, comment.text.len(), comment.text));
        }
        Hash::of(text.as_bytes())
    }
}

/// The journal's word for an action.
fn journal_action(action: ReviewAction) -> &'static str {
    match action {
        ReviewAction::Accept => "report.accept",
        ReviewAction::Return => "report.return",
        ReviewAction::Withdraw => "report.withdraw",
    }
}

impl Service {
    /// Reviews the newest revision of a report. A refusal of a real call is in the journal before it is returned.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND; ETAG_MISMATCH where another revision is the newest; STATE_CONFLICT where the action does not
    /// follow from the state, saying what does; OWN_SUBMISSION for a reviewer's own report; REVIEW_INVALID for a
    /// missing reason or an unknown cell; COLLECTION_LOCKED for a withdrawal after the lock time.
    pub async fn review(&self, request: &ReviewRequest, caller: &Caller) -> Result<Reviewed, Problem> {
        let mut outcome = Ok(None);
        for _ in 0..ATTEMPTS {
            outcome = self.try_review(request, caller).await;
            match &outcome {
                Ok(Some(_)) | Err(_) => break,
                // Something came between.
                Ok(None) => {}
            }
        }
        let problem = match outcome {
            Ok(Some(reviewed)) => return Ok(reviewed),
            Ok(None) => Problem::contended(),
            Err(problem) => problem,
        };
        if request.validate_only {
            return Err(problem);
        }
        let subject = request.report.to_string();
        Err(self.record_refused(problem, journal_action(request.action), subject, Hash::default(), caller).await)
    }

    async fn try_review(&self, request: &ReviewRequest, caller: &Caller) -> Result<Option<Reviewed>, Problem> {
        let name = request.report.to_string();
        let before = self.store.standing(&request.report, NEWEST)?.ok_or_else(|| Problem::no_report(&name))?;
        check_request(request)?;
        let fingerprint = request.fingerprint();
        // Read after the head, and before anything is judged: a retry has its first answer, whatever became of the report.
        if let Some(id) = request.request_id
            && let Some(known) = self.store.request(id)?
        {
            return self.repeat_review(&known, fingerprint, id, &request.report).map(Some);
        }
        let etag = before.etag();
        if request.etag != etag {
            return Err(Problem::etag_mismatch(&name, Some(&etag)));
        }
        check_state(request.action, &before)?;
        if request.action != ReviewAction::Withdraw && before.newest.actor == caller.principal {
            return Err(own_submission(&name, &caller.principal));
        }
        if request.action == ReviewAction::Withdraw {
            self.check_not_locked(&request.report)?;
        }
        let status = request.action.apply(&before.status);
        if request.validate_only {
            return Ok(Some(Reviewed { receipt: None, status }));
        }
        let entry = NewEntry {
            content_hash: before.newest.content_hash,
            ..caller.accepted(journal_action(request.action), name, request.reason.clone())
        };
        let review = Review {
            revision: before.newest.name(),
            action: request.action,
            reason: request.reason.clone(),
            comments: request.comments.clone(),
            actor: caller.principal.clone(),
            time: jiff::Timestamp::UNIX_EPOCH,
            status,
        };
        let change = Change::Review { before: Box::new(before), review: Box::new(review) };
        let transaction = Transaction {
            request: request.request_id.map(|id| (id, fingerprint)),
            ..Transaction::of(vec![change], entry)
        };
        match self.store.commit(transaction).await? {
            Decision::Committed(commit) => {
                let after = commit.effects.iter().find_map(Effect::report).map(|(_, after)| after);
                let after = after.ok_or_else(|| Problem::internal("a review without an effect"))?;
                let receipt = self.receipt(&after.newest, after.status.review, &commit.entry);
                Ok(Some(Reviewed { receipt: Some(receipt), status: after.status }))
            }
            Decision::Stale => Ok(None),
            Decision::Repeated(known) | Decision::RequestIdReused(known) => {
                let id = request.request_id.unwrap_or_default();
                self.repeat_review(&known, fingerprint, id, &request.report).map(Some)
            }
        }
    }

    /// The answer to a request id that is known.
    fn repeat_review(
        &self,
        known: &StoredRequest,
        fingerprint: Hash,
        id: Uuid,
        report: &ReportKey,
    ) -> Result<Reviewed, Problem> {
        let Requested::Review(name) = known.answered(fingerprint, id, Some(&report.owner))? else {
            return Err(Problem::internal("a request id of a review stands for something else"));
        };
        let revision = self.store.revision(name)?.ok_or_else(lost_revision)?;
        let reviews = self.store.reviews(&name.report, name.number..=name.number)?;
        let review = reviews.into_iter().find(|review| review.status.sequence == known.sequence);
        let status = review.ok_or_else(lost_revision)?.status;
        let receipt = self.receipt(&revision, status.review, &self.entry_of(known)?);
        Ok(Reviewed { receipt: Some(receipt), status })
    }

    fn check_not_locked(&self, report: &ReportKey) -> Result<(), Problem> {
        let state = self.present()?;
        let level = super::submit::reporter(&state, report)?.level;
        Admission::of(&state.registry, report, level, self.now()).check_lock(report)
    }
}

fn check_request(request: &ReviewRequest) -> Result<(), Problem> {
    if request.action != ReviewAction::Accept && request.reason.trim().is_empty() {
        let description = Message::new("退回、撤回须填写原因", "a return and a withdrawal need a reason");
        return Err(Problem::field(Reason::ReviewInvalid, "reason", description));
    }
    for (position, comment) in request.comments.iter().enumerate() {
        let field = |name: &str| format!("comments[{position}].{name}");
        if !catalogue().has_path(&comment.cell) {
            let description = Message::new(
                format!("表中没有“{}”", comment.cell),
                format!("{:?} is no cell or line of the form", comment.cell),
            );
            return Err(Problem::field(Reason::ReviewInvalid, field("cell"), description));
        }
        if comment.text.trim().is_empty() {
            let description = Message::new("须写明意见", "needs a text");
            return Err(Problem::field(Reason::ReviewInvalid, field("text"), description));
        }
    }
    Ok(())
}

fn check_state(action: ReviewAction, before: &Standing) -> Result<(), Problem> {
    let state = before.status.state;
    if action.follows().contains(&state) {
        return Ok(());
    }
    let (action_zh, action_en) = action_words(action);
    let (state_zh, state_en) = state_words(state);
    let name = before.newest.name();
    let mut zh: Vec<&str> = Vec::new();
    let mut en: Vec<&str> = Vec::new();
    for possible in ReviewAction::ALL.into_iter().filter(|possible| possible.follows().contains(&state)) {
        let words = action_words(possible);
        zh.push(words.0);
        en.push(words.1);
    }
    zh.push("报送新版本（以当前 etag）");
    en.push("submit a new revision with the present etag");
    Err(Problem::new(
        Reason::StateConflict,
        Message::new(
            format!("{name} {state_zh}，不能{action_zh}"),
            format!("{name} is {state_en}: it is not possible to {action_en} it"),
        ),
        Message::new(format!("现在可以：{}", zh.join("、")), format!("possible now: {}", en.join(", "))),
    )
    .with("revision", &name)
    .with("state", state_en))
}

fn action_words(action: ReviewAction) -> (&'static str, &'static str) {
    match action {
        ReviewAction::Accept => ("通过", "accept"),
        ReviewAction::Return => ("退回", "return"),
        ReviewAction::Withdraw => ("撤回", "withdraw"),
    }
}

fn state_words(state: ReportState) -> (&'static str, &'static str) {
    match state {
        ReportState::Submitted => ("待审核", "submitted"),
        ReportState::Accepted => ("已通过", "accepted"),
        ReportState::Returned => ("已退回", "returned"),
        ReportState::Withdrawn => ("已撤回", "withdrawn"),
    }
}

fn own_submission(name: &str, principal: &str) -> Problem {
    Problem::new(
        Reason::OwnSubmission,
        Message::new(
            format!("{name} 由 {principal} 提交，不能由同一人审核"),
            format!("{name} was submitted by {principal}, who cannot review it"),
        ),
        Message::new("请由另一位工作人员审核", "have another person review it"),
    )
    .with("name", name)
}
