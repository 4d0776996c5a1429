//! Dual control: what one administrator asked for and a second person has yet to agree to.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::change::{CredentialId, CredentialIdError};
use super::principal::PrincipalName;
use super::role::Role;

/// Names a proposal; random, and no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProposalId(pub [u8; 8]);

impl fmt::Display for ProposalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for ProposalId {
    type Err = CredentialIdError;

    fn from_str(text: &str) -> Result<Self, CredentialIdError> {
        text.parse().map(|CredentialId(bytes)| Self(bytes))
    }
}

/// What waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// That the principal is given a role.
    Grant(Role),
    /// That the code of this enrolment of the principal may be exchanged.
    Enrolment(CredentialId),
}

/// Something that one person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Names it in the contract and in the journal.
    pub id: ProposalId,
    /// Whom it is about.
    pub principal: PrincipalName,
    /// What would be done.
    pub asked: Asked,
    /// Who asked for it.
    pub by: PrincipalName,
    /// When it was asked for.
    pub created: Timestamp,
    /// From then on nobody can agree to it.
    pub ends: Timestamp,
}

impl Proposal {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("proposals/{}", self.id)
    }

    /// What was asked for, and by whom, for the journal.
    pub fn words(&self) -> String {
        match &self.asked {
            Asked::Grant(role) => format!("{role}, asked for by {}", self.by),
            Asked::Enrolment(id) => format!("credential {id}, asked for by {}", self.by),
        }
    }
}

/// Why somebody is not the second person that a proposal waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSecond {
    /// Asked for it.
    Asker,
    /// Would get it.
    Subject,
    /// Holds no power, or the same as who asked.
    SamePower,
    /// One of the two enrolled the other alone, and so may be the same person.
    SamePerson,
    /// Who asked for it no longer may.
    AskerGone,
}
