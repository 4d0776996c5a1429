//! Who may do what, as the commits have it, and how often that was changed since the start: apart where it concerned an
//! administrator.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use crate::access::{AccessChange, Asked, Credential, CredentialId, Directory, PrincipalName, Proposal, Role};
use crate::store::StoreError;

/// Every kind of change.
const KINDS: [&str; 9] =
    ["confirm", "create", "decline", "enrol", "exchange", "grant", "propose", "revoke", "withdraw"];

/// A kind of change, and whether it concerned one of the three powers or a holder of one.
type Kind = (&'static str, bool);

/// The directory of principals, and how many changes of it there were by kind.
pub(crate) struct LiveDirectory {
    directory: RwLock<Directory>,
    /// Journal sequence of the newest change that is in it; 0 for none.
    sequence: AtomicU64,
    counts: Mutex<BTreeMap<Kind, u64>>,
}

impl Default for LiveDirectory {
    fn default() -> Self {
        // Known from the first reading on, so that the first change is seen as one.
        let counts = KINDS.into_iter().flat_map(|kind| [((kind, false), 0), ((kind, true), 0)]).collect();
        Self { directory: RwLock::default(), sequence: AtomicU64::new(0), counts: Mutex::new(counts) }
    }
}

impl LiveDirectory {
    /// The directory. Hold it briefly: commits wait for it.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Kind, u64>> {
        // Counts cannot be left half-changed.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with what was stored before.
    pub(crate) fn begin(&self, stored: Directory, sequence: u64) {
        self.sequence.store(sequence, Ordering::Release);
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = stored;
    }

    /// Takes a change that was committed.
    pub(crate) fn follow(&self, change: &AccessChange) {
        let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        *self.counts().entry(kind(&directory, change)).or_default() += 1;
        if let Err(error) = directory.apply(change) {
            tracing::error!(%error, "a stored change of the directory does not apply");
        }
    }

    /// All changes up to the one of this journal sequence are in it.
    pub(crate) fn came_to(&self, sequence: u64) {
        self.sequence.store(sequence, Ordering::Release);
    }

    /// Journal sequence of the newest change that is in it for sure; 0 for none.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// Takes the words of a change that were struck out; `change` is without them.
    pub(crate) fn strike(&self, change: &AccessChange) {
        let (id, note) = match change {
            AccessChange::CreateCredential(credential) => (credential.id, &credential.note),
            AccessChange::Enrol(enrolment) => (enrolment.id, &enrolment.note),
            _ => return,
        };
        self.directory.write().unwrap_or_else(PoisonError::into_inner).exchange_note(id, note);
    }

    /// Changes since the start: kind, whether it concerned an administrator, how many.
    pub(crate) fn changes(&self) -> Vec<(&'static str, bool, u64)> {
        self.counts().iter().map(|((kind, power), count)| (*kind, *power, *count)).collect()
    }
}

/// The directory that stored changes make.
///
/// # Errors
/// [`StoreError::Damaged`] where one does not apply: it was admitted when it was stored.
pub(crate) fn replayed(changes: Vec<(u64, AccessChange)>) -> Result<Directory, StoreError> {
    let mut directory = Directory::default();
    for (_, change) in changes {
        directory.apply(&change).map_err(|error| StoreError::Damaged(error.to_string()))?;
    }
    Ok(directory)
}

fn kind(directory: &Directory, change: &AccessChange) -> Kind {
    let of = |principal: &PrincipalName| directory.power(principal).is_some();
    let of_role = |principal: &PrincipalName, role: &Role| matches!(role, Role::Power(_)) || of(principal);
    let of_credential = |id: &CredentialId| {
        let credential = directory.credential(*id).map(|known: &Credential| &known.principal);
        let principal = credential.or_else(|| directory.enrolment(*id).map(|known| &known.enrolment.principal));
        principal.is_some_and(of)
    };
    match change {
        AccessChange::Grant { principal, role } => ("grant", of_role(principal, role)),
        AccessChange::Withdraw { principal, role } => ("withdraw", of_role(principal, role)),
        AccessChange::CreateCredential(new) => ("create", of(&new.principal)),
        AccessChange::RevokeCredential { id, .. } => ("revoke", of_credential(id)),
        AccessChange::Enrol(enrolment) => ("enrol", of(&enrolment.principal)),
        AccessChange::Exchange { id, .. } => ("exchange", of_credential(id)),
        AccessChange::Propose(_) => ("propose", true),
        AccessChange::Decline { .. } => ("decline", true),
        // What was proposed is done: a role is granted.
        AccessChange::Confirm { id, .. } => match directory.any_proposal(*id) {
            Some(Proposal { asked: Asked::Grant(_), .. }) => ("grant", true),
            _ => ("confirm", true),
        },
    }
}
