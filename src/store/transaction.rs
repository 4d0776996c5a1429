//! What is asked of a store, and what it answers.

use std::sync::Arc;

use uuid::Uuid;

use crate::registry::RegistryChange;
use crate::report::{Hash, ReportKey, Revision, RevisionName};

use super::journal::{JournalEntry, NewEntry};

/// A caller's id of a request, for safe retries.
pub type RequestId = Uuid;

/// What is kept of a request that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRequest {
    /// Digest of what was asked; the same id with another digest is refused.
    pub fingerprint: Hash,
    pub revision: RevisionName,
    /// Sequence number of the journal entry.
    pub sequence: u64,
}

/// Something to be stored.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new revision; its number and sequence are given by the store.
    Revision(Box<Revision>),
    Registry(RegistryChange),
}

/// Changes to be stored together with one journal entry. Without changes it records a refusal.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Number of the newest revision that each of these reports must have; none for no revision.
    pub expected_heads: Vec<(ReportKey, Option<u32>)>,
    /// A request id, with the digest of what is asked. It is kept with the revision that is stored for it (the last
    /// of several); without a revision, as for a refusal, it is not kept, and the request can be made again.
    pub request: Option<(RequestId, Hash)>,
    pub changes: Vec<Change>,
    pub entry: NewEntry,
}

/// What a store did with a transaction.
#[derive(Debug, Clone)]
pub enum Decision {
    Committed(Arc<Commit>),
    /// The request id is known, with the same digest: nothing was stored now.
    Repeated(StoredRequest),
    /// The request id is known with another digest: nothing was stored.
    RequestIdReused(StoredRequest),
    /// A report has another newest revision than expected: nothing was stored.
    Stale,
}

/// A transaction that is durable.
#[derive(Debug, Clone)]
pub struct Commit {
    pub entry: JournalEntry,
    pub effects: Vec<Effect>,
}

/// One change that took effect.
#[derive(Debug, Clone)]
pub enum Effect {
    Revision {
        new: Arc<Revision>,
        /// The newest revision until now.
        replaced: Option<Arc<Revision>>,
    },
    Registry(RegistryChange),
}

/// Told of durable transactions in their order, before they are acknowledged.
///
/// Runs on the store's writing thread: it must be quick. It may read the store, which shows at least what it is told
/// of; it must not call the store's `commit`.
pub trait Observer: Send + Sync + 'static {
    fn committed(&self, commits: &[Arc<Commit>]);
}
