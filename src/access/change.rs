//! Changes of the directory of principals: what is stored, in order, and makes the directory when replayed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::report::{Hash, Message};

use super::enrolment::Enrolment;
use super::principal::PrincipalName;
use super::proposal::{Proposal, ProposalId};
use super::role::Role;
use super::token::KeyId;

/// Names a credential of a principal; random, and no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(pub [u8; 8]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a credential is known by 16 hexadecimal digits")]
pub struct CredentialIdError;

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for CredentialId {
    type Err = CredentialIdError;

    fn from_str(text: &str) -> Result<Self, CredentialIdError> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| CredentialIdError)?;
        // One name for one credential.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Err(CredentialIdError) } else { Ok(Self(bytes)) }
    }
}

/// An API token of a principal, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub principal: PrincipalName,
    /// Keyed hash of the token.
    pub hash: Hash,
    /// The key of that hash; none where that was not kept yet.
    pub key: Option<KeyId>,
    /// What it is for; may be empty.
    pub note: String,
    pub created: Timestamp,
    /// From then on it is refused.
    pub expires: Timestamp,
    /// Since when it is revoked.
    pub revoked: Option<Timestamp>,
}

impl Credential {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("{}/credentials/{}", self.principal.name(), self.id)
    }

    /// Whether it is taken at this time.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.expires
    }
}

/// One change of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    Grant {
        principal: PrincipalName,
        role: Role,
    },
    Withdraw {
        principal: PrincipalName,
        role: Role,
    },
    CreateCredential(Credential),
    /// Also ends the code of an enrolment that was not exchanged.
    RevokeCredential {
        id: CredentialId,
        at: Timestamp,
    },
    /// Gives out a code, in place of the one that the principal may have had.
    Enrol(Enrolment),
    /// Makes a credential of an enrolment, in place of all that the principal had.
    Exchange {
        id: CredentialId,
        hash: Hash,
        key: KeyId,
        at: Timestamp,
    },
    Propose(Proposal),
    /// A second person agrees, and what was proposed is done.
    Confirm {
        id: ProposalId,
        by: PrincipalName,
        at: Timestamp,
    },
    Decline {
        id: ProposalId,
        by: PrincipalName,
        at: Timestamp,
    },
}

/// Why a change of the directory is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("{principal} is {held} and cannot also be {asked}: no principal holds two of the three powers")]
    TwoPowers { principal: PrincipalName, held: &'static str, asked: &'static str },
    #[error(
        "{principal} holds {held} and cannot also be {asked}: none of the three powers is joined with a role over reports"
    )]
    PowerWithReports { principal: PrincipalName, held: String, asked: String },
    #[error("{principal} does not hold the role {role}")]
    NotHeld { principal: PrincipalName, role: String },
    #[error("there is no credential {0}")]
    NoCredential(CredentialId),
    #[error("there is a credential {0} already")]
    CredentialExists(CredentialId),
    #[error("there is no enrolment {0} whose code may be exchanged")]
    NoEnrolment(CredentialId),
    #[error("there is no proposal {0} that waits")]
    NoProposal(ProposalId),
    #[error("there is a proposal {0} already")]
    ProposalExists(ProposalId),
    #[error("{principal} holds {limit} {what}, which is the most")]
    TooMany { principal: PrincipalName, what: &'static str, limit: usize },
}

impl Denied {
    /// In both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::TwoPowers { principal, held, asked } => {
                format!("{principal} 已是 {held}，不能再授予 {asked}：系统管理、安全管理、审计管理三员分设，不得兼任")
            }
            Self::PowerWithReports { principal, held, asked } => {
                format!(
                    "{principal} 已有 {held}，不能再授予 {asked}：系统、安全、审计管理员不得兼有报送、审核、查看报告的角色"
                )
            }
            Self::NotHeld { principal, role } => format!("{principal} 没有角色 {role}"),
            Self::NoCredential(id) => format!("没有凭据 {id}"),
            Self::CredentialExists(id) => format!("凭据 {id} 已存在"),
            Self::NoEnrolment(id) => format!("没有可兑换的登记 {id}"),
            Self::NoProposal(id) => format!("没有待确认的申请 {id}"),
            Self::ProposalExists(id) => format!("申请 {id} 已存在"),
            Self::TooMany { principal, what, limit } => format!("{principal} 的 {what} 已达上限 {limit}"),
        };
        Message::new(zh, self.to_string())
    }
}
