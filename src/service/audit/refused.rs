//! Refusals: each is in the journal before it is returned, within the budget of whoever was refused.

use std::time::Duration;

use crate::access::{METHODS, Right};
use crate::report::{Hash, Message};
use crate::store::{NewEntry, StoreError, refusal_detail};

use crate::service::budget::Kind;
use crate::service::caller::Caller;
use crate::service::parts::Service;
use crate::service::problem::{Problem, Reason};

const SUBJECT_MAX_CHARACTERS: usize = 200;

/// How long one whose attempts are spent is told to wait.
const ATTEMPTS_WAIT: Duration = Duration::from_secs(60);

impl Service {
    /// Turns away unjudged, where too many attempts of this caller at what takes a power were refused already: each that
    /// is judged has an entry of its own, so that none hides among many.
    ///
    /// # Errors
    /// RATE_EXCEEDED, counted by principal and action.
    pub(in crate::service) fn check_attempts(&self, caller: &Caller, action: &'static str) -> Result<(), Problem> {
        let account = caller.account();
        if !takes_power(action) || !self.budgets.attempts_are_spent(&account) {
            return Ok(());
        }
        // Counted as what it would have been.
        self.budgets.admit(Kind::Attempt, &account, caller.is_known(), action, "");
        let message = Message::new(
            "该账号一分钟内被拒绝的管理操作过多，此次未予处理",
            "too many calls of this principal that take a power were refused within a minute; this one was not looked at",
        );
        let problem = Problem::overload(Reason::RateExceeded, message, ATTEMPTS_WAIT);
        Err(Problem { recorded: true, ..problem })
    }

    /// Records a refusal within the budget of whoever was refused; those left out are counted in a later entry.
    pub(in crate::service) async fn record_limited(
        &self,
        problem: Problem,
        action: &'static str,
        subject: String,
        caller: &Caller,
    ) -> Problem {
        let kind = if takes_power(action) { Kind::Attempt } else { Kind::Refusal };
        if problem.recorded || !self.budgets.admit(kind, &caller.account(), caller.is_known(), action, "") {
            return Problem { recorded: true, ..problem };
        }
        let asked = caller.asked.as_deref();
        let subject =
            if subject.is_empty() { asked.map_or_else(String::new, |asked| asked.subject()) } else { subject };
        // Longer names than the longest that is valid tell nothing.
        let subject = subject.chars().filter(|c| !c.is_control()).take(SUBJECT_MAX_CHARACTERS).collect();
        let arguments = asked.map_or_else(String::new, |asked| asked.arguments());
        self.record_refusal(problem, caller.refused(action, subject, arguments)).await
    }

    /// Records the refusal of a submission or a review within the budget of whoever made it; those left out are counted
    /// in a later entry.
    pub(in crate::service) async fn record_refused(
        &self,
        problem: Problem,
        action: &'static str,
        subject: String,
        content_hash: Hash,
        caller: &Caller,
    ) -> Problem {
        if self.budgets.admit(Kind::Submission, &caller.account(), caller.is_known(), action, "") {
            let entry = NewEntry { content_hash, ..caller.refused(action, subject, String::new()) };
            self.record_refusal(problem, entry).await
        } else {
            Problem { recorded: true, ..problem }
        }
    }

    /// Records a refusal, with the reason before what the entry says already; a refusal that cannot be recorded is itself
    /// a failure.
    async fn record_refusal(&self, problem: Problem, entry: NewEntry) -> Problem {
        if matches!(problem.reason, Reason::StoreReadOnly | Reason::StoreUnavailable | Reason::OutcomeUnknown) {
            return problem;
        }
        let mut rules: Vec<&str> = problem.findings.iter().map(|finding| finding.rule.as_str()).collect();
        rules.dedup();
        let detail = refusal_detail(problem.reason.as_str(), &rules, &entry.detail);
        let transaction = crate::store::Transaction::of(Vec::new(), NewEntry { detail, ..entry });
        match self.store.commit(transaction).await {
            Ok(_) => Problem { recorded: true, ..problem },
            // Where a write fails, some of what was there before cannot be read until the store is opened again. The
            // call itself has written nothing: that no write is taken is what the caller must know.
            Err(StoreError::Unknown(reason)) if problem.reason == Reason::StoreDamaged => {
                StoreError::Stopped(reason).into()
            }
            Err(error) => error.into(),
        }
    }
}

/// Whether a call of this action is for one of the powers alone, or for a credential.
fn takes_power(action: &str) -> bool {
    METHODS.iter().any(|method| {
        method.action == action && matches!(method.right, Right::Power(_) | Right::AnyPower | Right::Code)
    })
}
