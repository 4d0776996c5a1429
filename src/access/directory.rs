//! The directory of principals in memory: made by its changes, in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{AccessChange, Credential, CredentialId, Denied};
use super::principal::PrincipalName;
use super::role::Role;

/// Roles that one principal may hold.
const ROLES_MAX: usize = 256;
/// Credentials that one principal may have had, revoked ones included.
const CREDENTIALS_MAX: usize = 1000;

/// What is known of one principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// In their order; shared with the calls that are being served.
    pub roles: Arc<BTreeSet<Role>>,
    pub credentials: Vec<CredentialId>,
}

/// All principals and credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    principals: BTreeMap<PrincipalName, Principal>,
    credentials: BTreeMap<CredentialId, Credential>,
}

impl Directory {
    pub fn principal(&self, name: &PrincipalName) -> Option<&Principal> {
        self.principals.get(name)
    }

    /// All principals by name.
    pub fn principals(&self) -> impl Iterator<Item = (&PrincipalName, &Principal)> {
        self.principals.iter()
    }

    pub fn credential(&self, id: CredentialId) -> Option<&Credential> {
        self.credentials.get(&id)
    }

    /// All credentials by their ids.
    pub fn credentials(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.values()
    }

    /// The roles of a principal; none for one that is not known.
    pub fn roles(&self, name: &PrincipalName) -> Arc<BTreeSet<Role>> {
        self.principal(name).map(|principal| principal.roles.clone()).unwrap_or_default()
    }

    /// Whether a change may be made now. Stricter than what is applied: what was admitted once is still applied.
    ///
    /// # Errors
    /// [`Denied::PowerWithReports`] where a power would be joined with a role over reports.
    pub fn admit(&self, change: &AccessChange) -> Result<(), Denied> {
        let AccessChange::Grant { principal, role } = change else { return Ok(()) };
        let is_power = |role: &Role| matches!(role, Role::Power(_));
        let held = self.roles(principal);
        match held.iter().find(|held| is_power(held) != is_power(role)) {
            Some(other) if !held.contains(role) => Err(Denied::PowerWithReports {
                principal: principal.clone(),
                held: other.to_string(),
                asked: role.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Applies a change; whether anything is different now.
    ///
    /// # Errors
    /// [`Denied`] where it is not admitted; nothing changes then.
    pub fn apply(&mut self, change: &AccessChange) -> Result<bool, Denied> {
        match change {
            AccessChange::Grant { principal, role } => self.grant(principal, role),
            AccessChange::Withdraw { principal, role } => {
                let held = self.principals.get_mut(principal).filter(|known| known.roles.contains(role));
                let denied = || Denied::NotHeld { principal: principal.clone(), role: role.to_string() };
                Arc::make_mut(&mut held.ok_or_else(denied)?.roles).remove(role);
                Ok(true)
            }
            AccessChange::CreateCredential(new) => {
                if self.credentials.contains_key(&new.id) {
                    return Err(Denied::CredentialExists(new.id));
                }
                let principal = self.principals.entry(new.principal.clone()).or_default();
                if principal.credentials.len() >= CREDENTIALS_MAX {
                    return Err(too_many(&new.principal, "credentials", CREDENTIALS_MAX));
                }
                principal.credentials.push(new.id);
                self.credentials.insert(new.id, new.clone());
                Ok(true)
            }
            AccessChange::RevokeCredential { id, at } => {
                let credential = self.credentials.get_mut(id).ok_or(Denied::NoCredential(*id))?;
                if credential.revoked.is_some() {
                    return Ok(false);
                }
                credential.revoked = Some(*at);
                Ok(true)
            }
        }
    }

    fn grant(&mut self, name: &PrincipalName, role: &Role) -> Result<bool, Denied> {
        let held = self.roles(name);
        if held.contains(role) {
            return Ok(false);
        }
        if let Role::Power(_) = role
            && let Some(other) = held.iter().find(|held| matches!(held, Role::Power(_)))
        {
            return Err(Denied::TwoPowers { principal: name.clone(), held: other.word(), asked: role.word() });
        }
        if held.len() >= ROLES_MAX {
            return Err(too_many(name, "roles", ROLES_MAX));
        }
        let principal = self.principals.entry(name.clone()).or_default();
        Arc::make_mut(&mut principal.roles).insert(role.clone());
        Ok(true)
    }
}

fn too_many(principal: &PrincipalName, what: &'static str, limit: usize) -> Denied {
    Denied::TooMany { principal: principal.clone(), what, limit }
}
