//! The directory of principals in memory: made by its changes, in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::change::{AccessChange, Credential, CredentialId, Denied};
use super::enrolment::{Enrolled, Enrolment, EnrolmentState};
use super::principal::PrincipalName;
use super::proposal::{Asked, NotSecond, Proposal, ProposalId};
use super::role::{Power, Role};

/// Roles that one principal may hold.
const ROLES_MAX: usize = 256;
/// Credentials that one principal may have had, revoked ones included; and enrolments.
const CREDENTIALS_MAX: usize = 1000;
/// Proposals that may wait at a time.
const PROPOSALS_MAX: usize = 1000;

/// What is known of one principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// In their order; shared with the calls that are being served.
    pub roles: Arc<BTreeSet<Role>>,
    /// Revoked ones included, the newest last.
    pub credentials: Vec<CredentialId>,
    /// Whatever became of them, the newest last.
    pub enrolments: Vec<CredentialId>,
}

impl Principal {
    /// The one of the three powers that it holds, if any.
    pub fn power(&self) -> Option<Power> {
        self.roles.iter().find_map(|role| if let Role::Power(power) = role { Some(*power) } else { None })
    }
}

/// All principals and credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    principals: BTreeMap<PrincipalName, Principal>,
    credentials: BTreeMap<CredentialId, Credential>,
    enrolments: BTreeMap<CredentialId, Enrolled>,
    /// Those that wait, and those that waited too long since the last one was made.
    proposals: BTreeMap<ProposalId, Proposal>,
}

impl Directory {
    /// A principal that was ever given a role, a credential or a code; none for others.
    pub fn principal(&self, name: &PrincipalName) -> Option<&Principal> {
        self.principals.get(name)
    }

    /// All principals by name.
    pub fn principals(&self) -> impl Iterator<Item = (&PrincipalName, &Principal)> {
        self.principals.iter()
    }

    /// A credential, whether it is good or not.
    pub fn credential(&self, id: CredentialId) -> Option<&Credential> {
        self.credentials.get(&id)
    }

    /// All credentials by their ids.
    pub fn credentials(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.values()
    }

    /// An enrolment, whatever became of it.
    pub fn enrolment(&self, id: CredentialId) -> Option<&Enrolled> {
        self.enrolments.get(&id)
    }

    /// Enrolments of a principal, whatever became of them, the newest first.
    pub fn enrolments_of(&self, name: &PrincipalName) -> impl Iterator<Item = &Enrolled> {
        let ids = self.principal(name).into_iter().flat_map(|known| known.enrolments.iter().rev());
        ids.filter_map(|id| self.enrolments.get(id))
    }

    /// The enrolment that put another credential in the place of this one, where one did.
    pub fn replacement_of(&self, replaced: &Credential) -> Option<&Enrolled> {
        let revoked = replaced.revoked?;
        let replaces =
            |enrolled: &&Enrolled| matches!(enrolled.state, EnrolmentState::Exchanged { at, .. } if at == revoked);
        self.enrolments_of(&replaced.principal).find(replaces)
    }

    /// Proposals that wait at this time, by their ids.
    pub fn proposals(&self, now: Timestamp) -> impl Iterator<Item = &Proposal> {
        self.proposals.values().filter(move |proposal| now < proposal.ends)
    }

    /// A proposal, also one that waited too long.
    pub fn any_proposal(&self, id: ProposalId) -> Option<&Proposal> {
        self.proposals.get(&id)
    }

    /// A proposal that waits at this time.
    pub fn proposal(&self, id: ProposalId, now: Timestamp) -> Option<&Proposal> {
        self.any_proposal(id).filter(|proposal| now < proposal.ends)
    }

    /// What ends whatever waits: codes that were not exchanged, and proposals.
    pub fn ending_all_that_waits(&self, at: Timestamp) -> Vec<AccessChange> {
        let open = self.enrolments.values().filter(|enrolled| enrolled.state == EnrolmentState::Open);
        let codes = open.map(|enrolled| AccessChange::RevokeCredential { id: enrolled.enrolment.id, at });
        // Those about codes end with them.
        let grants = self.proposals.values().filter(|waiting| matches!(waiting.asked, Asked::Grant(_)));
        let grants = grants.map(|waiting| AccessChange::Decline { id: waiting.id, by: waiting.by.clone(), at });
        codes.chain(grants).collect()
    }

    /// The power that a principal holds, if any.
    pub fn power(&self, name: &PrincipalName) -> Option<Power> {
        self.principal(name).and_then(Principal::power)
    }

    /// Whether somebody, who calls by this credential (or by a certificate), is the second person that a proposal waits
    /// for.
    ///
    /// # Errors
    /// [`NotSecond`] says why not. That two principals are one person can only be told where one of them enrolled the other
    /// alone, for then it has seen the code.
    pub fn check_second(
        &self,
        proposal: &Proposal,
        name: &PrincipalName,
        credential: Option<CredentialId>,
        now: Timestamp,
    ) -> Result<(), NotSecond> {
        if *name == proposal.by {
            return Err(NotSecond::Asker);
        }
        if *name == proposal.principal {
            return Err(NotSecond::Subject);
        }
        if self.power(&proposal.by) != Some(Power::Security) {
            return Err(NotSecond::AskerGone);
        }
        if !matches!(self.power(name), Some(Power::System | Power::Audit)) {
            return Err(NotSecond::SamePower);
        }
        let by_alone = |id: &CredentialId, person: &PrincipalName| {
            self.enrolment(*id).is_some_and(|known| known.is_by_alone(person))
        };
        let of_asker = self.principal(&proposal.by).into_iter().flat_map(|known| &known.credentials);
        let mut of_asker = of_asker.filter(|id| self.credential(**id).is_some_and(|known| known.is_good(now)));
        if credential.is_some_and(|id| by_alone(&id, &proposal.by)) || of_asker.any(|id| by_alone(id, name)) {
            return Err(NotSecond::SamePerson);
        }
        Ok(())
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
        let (principal, role) = match change {
            AccessChange::Grant { principal, role } => (principal, role),
            AccessChange::Propose(Proposal { principal, asked: Asked::Grant(role), .. }) => (principal, role),
            AccessChange::Confirm { id, .. } => match self.proposals.get(id) {
                Some(Proposal { principal, asked: Asked::Grant(role), .. }) => (principal, role),
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
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
                let roles = Arc::make_mut(&mut held.ok_or_else(denied)?.roles);
                roles.remove(role);
                // Who has no role left has gone, and is not to come back by a code from before.
                if roles.is_empty() {
                    self.end_codes(principal);
                }
                Ok(true)
            }
            AccessChange::CreateCredential(new) => {
                self.check_new(new.id)?;
                let principal = self.principals.entry(new.principal.clone()).or_default();
                if principal.credentials.len() >= CREDENTIALS_MAX {
                    return Err(too_many(&new.principal, "credentials", CREDENTIALS_MAX));
                }
                principal.credentials.push(new.id);
                self.credentials.insert(new.id, new.clone());
                Ok(true)
            }
            AccessChange::RevokeCredential { id, at } => {
                if let Some(Enrolled { state: state @ EnrolmentState::Open, .. }) = self.enrolments.get_mut(id) {
                    *state = EnrolmentState::Ended;
                    self.proposals.retain(|_, waiting| waiting.asked != Asked::Enrolment(*id));
                    return Ok(true);
                }
                let credential = self.credentials.get_mut(id).ok_or(Denied::NoCredential(*id))?;
                if credential.revoked.is_some() {
                    return Ok(false);
                }
                credential.revoked = Some(*at);
                Ok(true)
            }
            AccessChange::Enrol(enrolment) => self.enrol(enrolment),
            AccessChange::Exchange { id, hash, key, at } => {
                let Some(Enrolled { enrolment, state: state @ EnrolmentState::Open, .. }) = self.enrolments.get_mut(id)
                else {
                    return Err(Denied::NoEnrolment(*id));
                };
                let known = self.principals.entry(enrolment.principal.clone()).or_default();
                let mut replaced = 0;
                for old in &known.credentials {
                    if let Some(old) = self.credentials.get_mut(old).filter(|old| old.revoked.is_none()) {
                        old.revoked = Some(*at);
                        replaced += 1;
                    }
                }
                *state = EnrolmentState::Exchanged { at: *at, replaced };
                known.credentials.push(*id);
                let credential = Credential {
                    id: *id,
                    principal: enrolment.principal.clone(),
                    hash: *hash,
                    key: Some(*key),
                    note: enrolment.note.clone(),
                    created: *at,
                    expires: enrolment.expires,
                    revoked: None,
                };
                self.credentials.insert(*id, credential);
                Ok(true)
            }
            AccessChange::Propose(proposal) => {
                if self.proposals.contains_key(&proposal.id) {
                    return Err(Denied::ProposalExists(proposal.id));
                }
                self.proposals.retain(|_, waiting| proposal.created < waiting.ends);
                if self.proposals.len() >= PROPOSALS_MAX {
                    return Err(too_many(&proposal.principal, "proposals", PROPOSALS_MAX));
                }
                self.proposals.insert(proposal.id, proposal.clone());
                Ok(true)
            }
            AccessChange::Confirm { id, by, .. } => {
                let Proposal { principal, asked, .. } =
                    self.proposals.get(id).cloned().ok_or(Denied::NoProposal(*id))?;
                match asked {
                    Asked::Grant(role) => {
                        self.grant(&principal, &role)?;
                    }
                    Asked::Enrolment(credential) => {
                        let enrolled = self.enrolments.get_mut(&credential);
                        let enrolled = enrolled.filter(|enrolled| enrolled.state == EnrolmentState::Open);
                        enrolled.ok_or(Denied::NoEnrolment(credential))?.confirmed_by = Some(by.clone());
                    }
                }
                self.proposals.remove(id);
                Ok(true)
            }
            AccessChange::Decline { id, .. } => {
                let proposal = self.proposals.remove(id).ok_or(Denied::NoProposal(*id))?;
                if let Asked::Enrolment(credential) = proposal.asked
                    && let Some(enrolled) = self.enrolments.get_mut(&credential)
                {
                    enrolled.end();
                }
                Ok(true)
            }
        }
    }

    /// Gives out a code; the one before it ends.
    fn enrol(&mut self, enrolment: &Enrolment) -> Result<bool, Denied> {
        self.check_new(enrolment.id)?;
        let known = self.principals.entry(enrolment.principal.clone()).or_default();
        if known.enrolments.len() >= CREDENTIALS_MAX || known.credentials.len() >= CREDENTIALS_MAX {
            return Err(too_many(&enrolment.principal, "credentials", CREDENTIALS_MAX));
        }
        known.enrolments.push(enrolment.id);
        self.end_codes(&enrolment.principal);
        let enrolled = Enrolled { enrolment: enrolment.clone(), state: EnrolmentState::Open, confirmed_by: None };
        self.enrolments.insert(enrolment.id, enrolled);
        Ok(true)
    }

    /// Ends the codes of a principal that were not exchanged, and what waits for them.
    fn end_codes(&mut self, name: &PrincipalName) {
        for id in self.principals.get(name).into_iter().flat_map(|known| &known.enrolments) {
            if let Some(enrolled) = self.enrolments.get_mut(id) {
                enrolled.end();
            }
        }
        let is_of_code = |waiting: &Proposal| matches!(waiting.asked, Asked::Enrolment(_));
        self.proposals.retain(|_, waiting| waiting.principal != *name || !is_of_code(waiting));
    }

    /// One id for one credential, or what becomes one.
    fn check_new(&self, id: CredentialId) -> Result<(), Denied> {
        let known = self.credentials.contains_key(&id) || self.enrolments.contains_key(&id);
        if known { Err(Denied::CredentialExists(id)) } else { Ok(()) }
    }

    /// Takes on the note of a credential, or of one to be, whose words were struck out.
    pub fn exchange_note(&mut self, id: CredentialId, note: &str) {
        if let Some(known) = self.credentials.get_mut(&id) {
            note.clone_into(&mut known.note);
        }
        if let Some(known) = self.enrolments.get_mut(&id) {
            note.clone_into(&mut known.enrolment.note);
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
