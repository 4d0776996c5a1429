//! What readers and the committer share: the tree, how far it is durable, and how a report stands by its records.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use sled::IVec;

use crate::report::{ReportKey, Review, Revision};
use crate::rollup::FrozenFormName;
use crate::store::journal::Position;
use crate::store::ledger::Stored;
use crate::store::record::{Record, decode, revision_sequence};
use crate::store::transaction::{RequestId, Standing, StoredRequest, Version};
use crate::store::{NEWEST, StoreError, keys};

use super::moment;
use super::recent::Recent;
use super::space::Space;

/// What the committer shares with readers.
pub(crate) struct Shared {
    pub(super) tree: sled::Db,
    /// The newest durable journal entry; no read shows anything after it.
    pub(super) durable: RwLock<Position>,
    /// Journal sequence of the newest durable change of the registry; 0 for none. The committer alone sets it.
    pub(super) registry_sequence: AtomicU64,
    pub(super) recent: Recent,
    /// Why writes are stopped.
    pub(super) stopped: RwLock<Option<String>>,
    /// The room on the disk.
    pub(super) space: Space,
}

pub(crate) fn read_error(error: &sled::Error) -> StoreError {
    match error {
        // sled keeps checksums of its own around each page and its configuration.
        sled::Error::Corruption { .. } => StoreError::Damaged("a checksum of the database is wrong".to_owned()),
        error => StoreError::Read(error.to_string()),
    }
}

impl Shared {
    pub(super) fn durable(&self) -> Position {
        *self.durable.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_durable(&self, position: Position) {
        *self.durable.write().unwrap_or_else(PoisonError::into_inner) = position;
    }

    pub(super) fn stopped(&self) -> Option<String> {
        self.stopped.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes no write from now on.
    pub(super) fn stop(&self, reason: String) {
        *self.stopped.write().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// The bound of a read: what is asked for, and never beyond what is durable.
    pub(super) fn bound(&self, as_of: u64) -> u64 {
        self.durable().sequence.min(as_of)
    }

    pub(super) fn get<R: Record>(&self, key: impl AsRef<[u8]>) -> Result<Option<R>, StoreError> {
        let value = self.tree.get(key).map_err(|error| read_error(&error))?;
        value.map(|value| decode(&value)).transpose()
    }

    pub(super) fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        let durable = self.durable().sequence;
        if as_of >= durable
            && let Some(known) = self.recent.get(report)
        {
            return Ok(known);
        }
        // The first revision is never gone, and asking for one key takes less than looking for the last of many.
        let is_there = self.tree.contains_key(keys::revision(report, 1)).map_err(|error| read_error(&error))?;
        let standing = if is_there {
            let end = if as_of < durable { self.first_later(report, as_of)? } else { u32::MAX };
            self.standing_of(self.tree.range(keys::below(report, end)).rev(), durable.min(as_of))?
        } else {
            None
        };
        if as_of >= durable {
            self.recent.note_read(report, standing.as_ref(), || self.durable().sequence == durable);
        }
        Ok(standing)
    }

    /// The number from which on a report's revisions are later than `moment`.
    fn first_later(&self, report: &ReportKey, moment: u64) -> Result<u32, StoreError> {
        let Some(last) = self.tree.range(keys::below(report, u32::MAX)).next_back() else { return Ok(0) };
        let (key, _) = last.map_err(|error| read_error(&error))?;
        moment::first_later(keys::revision_number(&key), moment, |number| {
            let value = self.tree.get(keys::revision(report, number)).map_err(|error| read_error(&error))?;
            value.map(|value| revision_sequence(&value)).transpose()
        })
    }

    /// A report from its records from the last one backwards, as it stood at `bound`; reads no more than it needs.
    pub(super) fn standing_of(
        &self,
        backwards: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
        bound: u64,
    ) -> Result<Option<Standing>, StoreError> {
        let mut reviewed = None;
        for entry in backwards {
            let (key, value) = entry.map_err(|error| read_error(&error))?;
            if keys::is_review(&key) {
                // The reviews of a revision lie right after it, the newest last.
                let review = decode::<Review>(&value)?;
                if reviewed.is_none() && review.status.sequence <= bound {
                    reviewed = Some(review.status);
                }
                continue;
            }
            let newest = Arc::new(decode::<Revision>(&value)?);
            if newest.sequence > bound {
                reviewed = None;
                continue;
            }
            let status = reviewed.unwrap_or_else(|| newest.status());
            let accepted = match status.accepted {
                None => None,
                Some(number) if number == newest.number => Some(newest.clone()),
                Some(number) => {
                    let missing = || StoreError::Damaged(format!("the accepted revision of {}", newest.report));
                    let found = self.get::<Revision>(keys::revision(&newest.report, number))?;
                    Some(Arc::new(found.ok_or_else(missing)?))
                }
            };
            return Ok(Some(Standing { status, newest, accepted }));
        }
        Ok(None)
    }

    /// Revisions among these records that are durable.
    pub(super) fn durable_revisions(
        &self,
        records: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
    ) -> impl Iterator<Item = Result<Revision, StoreError>> {
        let durable = self.durable().sequence;
        let revisions = records.filter(|entry| entry.as_ref().map_or(true, |(key, _)| !keys::is_review(key)));
        revisions
            .map(|entry| decode::<Revision>(&entry.map_err(|error| read_error(&error))?.1))
            .filter(move |revision| revision.as_ref().map_or(true, |revision| revision.sequence <= durable))
    }
}

impl Stored for Shared {
    /// The committer alone writes, and asks between its writes: what is there is durable.
    fn version(&self, report: &ReportKey) -> Result<Option<Version>, StoreError> {
        Ok(self.standing(report, NEWEST)?.map(|standing| standing.status.version()))
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        let request = self.get::<StoredRequest>(keys::request(id))?;
        Ok(request.filter(|request| request.sequence <= self.durable().sequence))
    }

    fn registry_sequence(&self) -> Result<u64, StoreError> {
        Ok(self.registry_sequence.load(Ordering::Acquire))
    }

    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError> {
        let key = keys::frozen(&name.jurisdiction, name.year, name.number);
        self.tree.contains_key(key).map_err(|error| read_error(&error))
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tree.get(key).map_err(|error| read_error(&error))?.map(|value| value.to_vec()))
    }
}
