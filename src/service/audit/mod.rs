//! What goes into the journal beside changes: refusals, and what happened and changed no record. Everything of that kind is
//! written from here.

mod changes;
mod refused;

use std::ops::ControlFlow;

use crate::access::{ENTRIES_LEFT_OUT, Method, REFUSALS_LEFT_OUT, Told};
use crate::store::{Decision, JournalEntry, NewEntry, Outcome, Transaction};

use super::budget::Kind;
use super::caller::Caller;
use super::parts::Service;
use super::problem::Problem;

pub(super) use changes::changes_in_words;

/// Entries that are read at a time, from the end.
const LOOKED_AT_TOGETHER: u64 = 256;

/// As whom the service itself stands in the journal.
pub(super) const SERVICE: &str = "huizong";

impl Service {
    /// Puts something that happened into the journal, durably; its sequence number.
    ///
    /// # Errors
    /// The store's where it takes no entry: what must not happen unrecorded does not happen then.
    pub(super) async fn record(&self, entry: NewEntry) -> Result<u64, Problem> {
        match self.store.commit(Transaction::of(Vec::new(), entry)).await? {
            Decision::Committed(commit) => Ok(commit.entry.sequence),
            other => Err(Problem::internal(&format!("an entry was not stored: {other:?}"))),
        }
    }

    /// Puts something that happened into the journal, within the budget of whoever did it. It happens whether it can be
    /// told or not: what has no entry is counted, and told later.
    pub(super) async fn note(&self, caller: &Caller, entry: NewEntry) {
        let (account, action) = (caller.account(), entry.action);
        let what = format!("{}\n{}", entry.subject, entry.detail);
        if self.budgets.admit(Kind::Event, &account, caller.is_known(), action, &what)
            && let Err(problem) = self.record(entry).await
        {
            tracing::error!(action, problem = problem.message.en, "what happened is not in the journal yet");
            self.budgets.put_back((Kind::Event, account), [(action, 1)].into());
        }
    }

    /// Puts a call that was let in and changes nothing into the journal, where its method says so. Where the service does not
    /// ask who calls there is nobody to tell of.
    pub(super) async fn note_read(&self, caller: &Caller, method: &Method, subject: String) {
        if method.told == Told::Never || !caller.is_known() {
            return;
        }
        if method.told == Told::InBulk {
            self.budgets.admit(Kind::Glance, &caller.account(), true, method.action, "");
            return;
        }
        let asked = caller.asked.as_deref();
        let subject =
            if subject.is_empty() { asked.map_or_else(String::new, |asked| asked.subject()) } else { subject };
        let arguments = asked.map_or_else(String::new, |asked| asked.arguments());
        self.note(caller, caller.accepted(method.action, subject, arguments)).await;
    }

    /// The same of what the service itself does, or what becomes of it.
    pub async fn note_own(&self, action: &'static str, detail: String) {
        let service = Caller::internal(SERVICE);
        self.note(&service, service.accepted(action, String::new(), detail)).await;
    }

    /// The newest entries of the journal, newest first, as far as `wanted` says; at most `most`.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn newest_entries(
        &self,
        most: u64,
        mut wanted: impl FnMut(&JournalEntry) -> ControlFlow<()>,
    ) -> Result<(), Problem> {
        let newest = self.store.position().sequence;
        let oldest = newest.saturating_sub(most);
        let mut end = newest;
        while end > oldest {
            let before = end.saturating_sub(LOOKED_AT_TOGETHER).max(oldest);
            let count = usize::try_from(end - before).unwrap_or(usize::MAX);
            for entry in self.store.journal(before, count)?.iter().rev() {
                if wanted(entry).is_break() {
                    return Ok(());
                }
            }
            end = before;
        }
        Ok(())
    }

    /// Records how much was left out of the journal, one entry for each principal and each address that names every action.
    /// To be called every minute or so, and at the end.
    ///
    /// # Errors
    /// Where the store takes no writes.
    pub async fn record_left_out(&self) -> Result<(), Problem> {
        let mut left_out = self.budgets.take_left_out().into_iter();
        let mut failed = None;
        for ((kind, account), counts) in &mut left_out {
            let (action, outcome) = match kind {
                Kind::Event | Kind::Glance => (ENTRIES_LEFT_OUT, Outcome::Accepted),
                Kind::Refusal | Kind::Submission | Kind::Attempt => (REFUSALS_LEFT_OUT, Outcome::Refused),
            };
            let lines: Vec<String> = counts.iter().map(|(action, count)| format!("{action} {count}")).collect();
            let service = Caller::internal(SERVICE);
            let entry = NewEntry { outcome, ..service.accepted(action, account.clone(), lines.join("\n")) };
            if let Err(problem) = self.record(entry).await {
                self.budgets.put_back((kind, account), counts);
                failed = Some(problem);
                break;
            }
        }
        // The others are as little to be told now.
        left_out.for_each(|(key, counts)| self.budgets.put_back(key, counts));
        failed.map_or(Ok(()), Err)
    }
}
