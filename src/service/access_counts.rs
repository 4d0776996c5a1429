//! How often who may do what was changed since the start, for metrics: apart where that concerned an administrator.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::access::{AccessChange, Asked, Credential, CredentialId, Directory, PrincipalName, Proposal, Role};

use super::Service;

/// Every kind of change.
const KINDS: [&str; 9] =
    ["confirm", "create", "decline", "enrol", "exchange", "grant", "propose", "revoke", "withdraw"];

/// A kind of change, and whether it concerned one of the three powers or a holder of one.
type Kind = (&'static str, bool);

/// Changes by kind.
pub struct AccessCounts(Mutex<BTreeMap<Kind, u64>>);

impl Default for AccessCounts {
    fn default() -> Self {
        // Known from the first reading on, so that the first change is seen as one.
        Self(Mutex::new(KINDS.into_iter().flat_map(|kind| [((kind, false), 0), ((kind, true), 0)]).collect()))
    }
}

impl AccessCounts {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<Kind, u64>> {
        // Counts cannot be left half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a change that is about to be applied.
    pub fn add(&self, directory: &Directory, change: &AccessChange) {
        *self.counts().entry(kind(directory, change)).or_default() += 1;
    }
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

impl Service {
    /// Changes of who may do what since the start: kind, whether it concerned an administrator, how many.
    pub fn access_changes(&self) -> Vec<(&'static str, bool, u64)> {
        self.live.access_counts.counts().iter().map(|((kind, power), count)| (*kind, *power, *count)).collect()
    }
}
