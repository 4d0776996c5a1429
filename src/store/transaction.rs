//! What is asked of a store, and what it answers.

use std::sync::Arc;

use uuid::Uuid;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::{Hash, ReportKey, ReportState, ReportStatus, Review, Revision, RevisionName};
use crate::rollup::{FrozenForm, FrozenFormName};

use super::evidence::Salt;
use super::journal::{JournalEntry, NewEntry};
use super::strike::Struck;

/// A caller's id of a request, for safe retries.
pub type RequestId = Uuid;

/// A report's version, see [`ReportStatus::version`].
pub type Version = (u32, u64);

/// What is kept of a request that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRequest {
    /// Digest of what was asked; the same id with another digest is refused.
    pub fingerprint: Hash,
    /// Names what a repetition is answered with.
    pub stored: Requested,
    /// Sequence number of the journal entry.
    pub sequence: u64,
}

/// What was stored for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// A revision of a report, stored by the request.
    Revision(RevisionName),
    /// A review of this revision, by the entry of the request.
    Review(RevisionName),
    /// A form that the request froze.
    FrozenForm(FrozenFormName),
    /// So many changes of the registry, by the entry of the request.
    Registry(u32),
}

/// A report as it stands: its status, its newest revision, and the one in the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How it stands, by its newest revision.
    pub status: ReportStatus,
    /// With the highest number, whatever became of it.
    pub newest: Arc<Revision>,
    /// Often the newest one itself.
    pub accepted: Option<Arc<Revision>>,
}

impl Standing {
    /// Names the newest revision and how it stands: another one whenever either changes.
    pub fn etag(&self) -> String {
        self.newest.etag(self.status.review)
    }

    /// A report after a revision was added to it.
    pub fn after_revision(before: Option<&Self>, newest: Arc<Revision>) -> Self {
        let accepted = match newest.state {
            ReportState::Accepted => Some(newest.clone()),
            _ => before.and_then(|before| before.accepted.clone()),
        };
        Self { status: newest.status(), newest, accepted }
    }

    /// A report after its newest revision was reviewed.
    pub fn after_review(&self, review: &Review) -> Self {
        let accepted = review.status.accepted.and_then(|number| {
            let known = [Some(&self.newest), self.accepted.as_ref()];
            known.into_iter().flatten().find(|revision| revision.number == number).cloned()
        });
        Self { status: review.status, newest: self.newest.clone(), accepted }
    }
}

/// Something to be stored.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new revision of a report that stands as in `before`; its number, sequence and time, and which revision was
    /// accepted before it, are given by the store.
    Revision {
        /// As the caller saw it; none for the first revision.
        before: Option<Standing>,
        /// With everything that the store does not give.
        revision: Box<Revision>,
    },
    /// A review of the newest revision of a report that stands as in `before`; its time and the status that follows
    /// are given by the store.
    Review {
        /// As the caller saw it.
        before: Box<Standing>,
        /// With everything that the store does not give.
        review: Box<Review>,
    },
    /// An entry of the registry, or a collection.
    Registry(RegistryChange),
    /// A frozen form under a name that none has yet; its time and sequence are given by the store.
    Freeze(Box<FrozenForm>),
    /// A change of the directory of principals.
    Access(AccessChange),
    /// People's words go out of this entry, and of what was stored with it.
    Strike(u64),
}

/// Changes to be stored together with one journal entry. Without changes it records a refusal.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Version that each of these reports must have, besides those that are changed; none for no revision.
    pub expected: Vec<(ReportKey, Option<Version>)>,
    /// Journal sequence of the newest change of the registry, where it matters that there is none since; 0 for none.
    pub registry: Option<u64>,
    /// The same of the newest change of who may do what.
    pub access: Option<u64>,
    /// A request id, with the digest of what is asked. It is kept with the revision, review, frozen form or changes of the
    /// registry that are stored for it (the last of several); without one, as for a refusal, it is not kept, and the request
    /// can be made again.
    pub request: Option<(RequestId, Hash)>,
    /// In order; all of them take effect, or none.
    pub changes: Vec<Change>,
    /// The one entry that tells of them.
    pub entry: NewEntry,
    /// For people's words in what the journal hashes.
    pub salt: Salt,
}

impl Transaction {
    /// Changes without further conditions.
    pub fn of(changes: Vec<Change>, entry: NewEntry) -> Self {
        Self { expected: Vec::new(), registry: None, access: None, request: None, changes, entry, salt: Salt::random() }
    }
}

/// What a store did with a transaction.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Everything is durable.
    Committed(Arc<Commit>),
    /// The request id is known, with the same digest: nothing was stored now.
    Repeated(StoredRequest),
    /// The request id is known with another digest: nothing was stored.
    RequestIdReused(StoredRequest),
    /// A report, the registry or who may do what stands otherwise than expected, a form of that name is frozen already, one report was to
    /// be changed twice, or words that are to be struck out are not there: nothing was stored.
    Stale,
}

/// A transaction that is durable.
#[derive(Debug, Clone)]
pub struct Commit {
    /// With its place in the chain.
    pub entry: JournalEntry,
    /// In the order of the transaction's changes.
    pub effects: Vec<Effect>,
}

impl Commit {
    /// What it did to the registry.
    pub fn registry_changes(&self) -> impl Iterator<Item = &RegistryChange> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Registry(change) => Some(change),
            _ => None,
        })
    }

    /// Whether an entry or a collection was changed.
    pub(crate) fn changes_registry(&self) -> bool {
        self.registry_changes().next().is_some()
    }

    /// Whether it was changed who may do what.
    pub(crate) fn changes_access(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Access(_)))
    }
}

/// One change that took effect.
#[derive(Debug, Clone)]
pub enum Effect {
    /// A new revision.
    Revision {
        /// How the report stood; none before the first revision.
        before: Option<Standing>,
        /// How it stands with the revision, which is the newest one.
        after: Standing,
    },
    /// A review.
    Review {
        /// How the report stood.
        before: Box<Standing>,
        /// As it is stored.
        review: Arc<Review>,
        /// How the report stands now.
        after: Box<Standing>,
    },
    /// A change of an entry or a collection.
    Registry(RegistryChange),
    /// A frozen form, as it is stored.
    Frozen(Arc<FrozenForm>),
    /// A change of the directory of principals.
    Access(AccessChange),
    /// Words that went, and out of what.
    Struck(Arc<Struck>),
}

impl Effect {
    /// What words were struck out of.
    pub fn struck(&self) -> Option<&Struck> {
        match self {
            Self::Struck(struck) => Some(struck),
            _ => None,
        }
    }

    /// How a report stood and stands; none for a change of something else.
    pub fn report(&self) -> Option<(Option<&Standing>, &Standing)> {
        match self {
            Self::Revision { before, after } => Some((before.as_ref(), after)),
            Self::Review { before, after, .. } => Some((Some(before), after)),
            Self::Registry(_) | Self::Frozen(_) | Self::Access(_) | Self::Struck(_) => None,
        }
    }
}

/// Told of durable transactions in their order, before they are acknowledged.
///
/// Runs on the store's writing thread: it must be quick. It may read the store, which shows at least what it is told
/// of; it must not call the store's `commit`.
pub trait Observer: Send + Sync + 'static {
    /// In the order of the journal; several where they became durable together.
    fn committed(&self, commits: &[Arc<Commit>]);

    /// Whether it has read what was there before, and follows from there. Until it has, nothing of other instances is taken in.
    fn is_ready(&self) -> bool {
        true
    }
}
