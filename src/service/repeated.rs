//! Requests that come again: an id stands for one content, and is answered as it was the first time.

use uuid::Uuid;

use crate::report::{Hash, Message, ReportOwner};
use crate::store::{JournalEntry, Requested, StoredRequest};

use super::parts::Service;
use super::problem::{Problem, Reason};

impl StoredRequest {
    /// What was stored for the request, for whoever asks for the same again.
    ///
    /// # Errors
    /// REQUEST_ID_REUSED where something else was asked for. What that was is told to `owner` alone, where it was theirs.
    pub(super) fn answered(
        &self,
        fingerprint: Hash,
        id: Uuid,
        owner: Option<&ReportOwner>,
    ) -> Result<&Requested, Problem> {
        if self.fingerprint == fingerprint {
            return Ok(&self.stored);
        }
        let used = match &self.stored {
            Requested::Revision(name) | Requested::Review(name) if owner == Some(&name.report.owner) => {
                name.to_string()
            }
            Requested::FrozenForm(name) if owner == Some(&ReportOwner::Jurisdiction(name.jurisdiction.clone())) => {
                name.to_string()
            }
            _ => String::new(),
        };
        let (used_zh, used_en) = match used.as_str() {
            "" => ("其他请求".to_owned(), "something else".to_owned()),
            used => (used.to_owned(), used.to_owned()),
        };
        Err(Problem::new(
            Reason::RequestIdReused,
            Message::new(
                format!("request_id {id} 已用于 {used_zh}，内容不同"),
                format!("request_id {id} was used for {used_en} with other content"),
            ),
            Message::new("内容变化时请使用新的 request_id", "use a new request_id for new content"),
        )
        .with("request_id", id)
        .with("revision", used))
    }
}

impl Service {
    /// The journal entry by which a request was answered the first time.
    ///
    /// # Errors
    /// INTERNAL where it is gone.
    pub(super) fn entry_of(&self, known: &StoredRequest) -> Result<JournalEntry, Problem> {
        let mut entries = self.store.journal(known.sequence.saturating_sub(1), 1)?;
        entries.pop().ok_or_else(|| Problem::internal("the journal entry of a stored request cannot be found"))
    }
}
