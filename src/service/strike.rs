//! Striking people's words out of the journal.

use crate::access::SUBMIT;
use crate::report::Message;
use crate::store::{Change, Decision, JournalEntry, NewEntry, Outcome, STRIKE, Transaction, entry_name};

use super::caller::Caller;
use super::parts::{SCANS_MAX, Service};
use super::problem::{Problem, Reason};

/// Longest reason, in characters.
const REASON_MAX_CHARACTERS: usize = 500;

fn field(name: &str, zh: &str, en: &str) -> Problem {
    Problem::field(Reason::FieldInvalid, name, Message::new(zh, en))
}

impl Service {
    /// Strikes people's words out of an entry, and out of what was stored with it; their digests stay. The entry as it is
    /// afterwards; where they were struck out before, nothing more is done.
    ///
    /// # Errors
    /// FIELD_INVALID for an entry that has none; FIELD_REQUIRED without a reason; TOO_MANY while the store is scanned as a
    /// whole, for a backup is of one moment.
    pub async fn strike(&self, sequence: u64, reason: &str, caller: &Caller) -> Result<JournalEntry, Problem> {
        if reason.trim().is_empty() {
            let text = Message::new("须说明依据与理由", "must say on what grounds, and why");
            return Err(Problem::field(Reason::FieldRequired, "reason", text));
        }
        if reason.chars().count() > REASON_MAX_CHARACTERS {
            return Err(field("reason", "过长", "is too long"));
        }
        let entry = self.entry(sequence).await?;
        if entry.is_struck() {
            return Ok(entry);
        }
        if entry.covers.is_none() {
            let (zh, en) = (
                "是旧版本的记录，其文字直接计入日志校验值",
                "is an entry of version 1, whose words are hashed as they stand",
            );
            return Err(field("sequence", zh, en));
        }
        if entry.action == STRIKE || (entry.outcome == Outcome::Refused && entry.action == SUBMIT) {
            let (zh, en) = ("所记不是他人自由书写的文字", "holds no words that people wrote freely");
            return Err(field("sequence", zh, en));
        }
        let every_scan = u32::try_from(SCANS_MAX).unwrap_or(u32::MAX);
        // Nobody reads the whole store while a part of it changes.
        let _scans = self.scans.clone().try_acquire_many_owned(every_scan).map_err(|_| {
            Problem::new(
                Reason::TooMany,
                Message::new("正在备份或校验", "a backup or a verification is under way"),
                Message::new("请待其完成后重试", "try again when it has ended"),
            )
        })?;
        let told = caller.accepted(STRIKE, entry_name(sequence), reason.to_owned());
        let told = NewEntry { content_hash: entry.chain, ..told };
        match self.store.commit(Transaction::of(vec![Change::Strike(sequence)], told)).await? {
            // Somebody else did so a moment before.
            Decision::Committed(_) | Decision::Stale => self.entry(sequence).await,
            other => Err(Problem::internal(&format!("the words were not struck out: {other:?}"))),
        }
    }

    async fn entry(&self, sequence: u64) -> Result<JournalEntry, Problem> {
        let missing = || field("sequence", "没有这一条日志", "is no entry of the journal");
        let before = sequence.checked_sub(1).ok_or_else(missing)?;
        let entries = self.blocking(move |store| store.journal(before, 1)).await?;
        entries.into_iter().find(|entry| entry.sequence == sequence).ok_or_else(missing)
    }
}
