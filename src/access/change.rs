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

/// The text is no id of a credential or a proposal: 16 hexadecimal digits, in lower case.
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
    /// Names it in the contract and in the journal; also part of the token.
    pub id: CredentialId,
    /// Whose it is: calls with the token are this principal's.
    pub principal: PrincipalName,
    /// Keyed hash of the token.
    pub hash: Hash,
    /// The key of that hash; none where that was not kept yet.
    pub key: Option<KeyId>,
    /// What it is for; may be empty.
    pub note: String,
    /// When the token was made, or exchanged for a code.
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
    /// Gives a role, where the principal does not have it yet.
    Grant {
        /// Who gets it; is known from then on.
        principal: PrincipalName,
        /// With the part of the tree that it holds for.
        role: Role,
    },
    /// Takes a role away; without the last one, the principal's codes end, too.
    Withdraw {
        /// Who had it.
        principal: PrincipalName,
        /// The very role: word and scope.
        role: Role,
    },
    /// Adds an API token, beside those that the principal has.
    CreateCredential(Credential),
    /// Also ends the code of an enrolment that was not exchanged.
    RevokeCredential {
        /// Of the credential, or of the one that the code would have been exchanged for.
        id: CredentialId,
        /// From then on it is refused.
        at: Timestamp,
    },
    /// Gives out a code, in place of the one that the principal may have had.
    Enrol(Enrolment),
    /// Makes a credential of an enrolment, in place of all that the principal had.
    Exchange {
        /// Of the enrolment; the credential takes it over.
        id: CredentialId,
        /// Keyed hash of the token that was made.
        hash: Hash,
        /// The key of that hash.
        key: KeyId,
        /// When it was exchanged: the credential begins, and those it replaces end.
        at: Timestamp,
    },
    /// Has something wait for a second person.
    Propose(Proposal),
    /// A second person agrees, and what was proposed is done.
    Confirm {
        /// Of the proposal, which waits no longer.
        id: ProposalId,
        /// The second person.
        by: PrincipalName,
        /// When they agreed.
        at: Timestamp,
    },
    /// Turns down what was proposed; the code that waited for it ends.
    Decline {
        /// Of the proposal, which waits no longer.
        id: ProposalId,
        /// Who declined: a second person, or who asked for it.
        by: PrincipalName,
        /// When they declined.
        at: Timestamp,
    },
}

/// Why a change of the directory is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A second one of the three powers was asked for.
    #[error("{principal} is {held} and cannot also be {asked}: no principal holds two of the three powers")]
    TwoPowers {
        /// Who would have had both.
        principal: PrincipalName,
        /// Word of the power that it has, such as `auditor`.
        held: &'static str,
        /// Word of the other power.
        asked: &'static str,
    },
    /// A power would be joined with a role over reports.
    #[error(
        "{principal} holds {held} and cannot also be {asked}: none of the three powers is joined with a role over reports"
    )]
    PowerWithReports {
        /// Who would have had both.
        principal: PrincipalName,
        /// The role that it has, with its scope, such as `viewer jurisdictions/370000`.
        held: String,
        /// The role that was asked for, in the same form.
        asked: String,
    },
    /// A role is to be withdrawn that the principal does not have.
    #[error("{principal} does not hold the role {role}")]
    NotHeld {
        /// Whose role was to be withdrawn.
        principal: PrincipalName,
        /// Word and scope of the role.
        role: String,
    },
    /// No credential has this id, and no code waits under it.
    #[error("there is no credential {0}")]
    NoCredential(CredentialId),
    /// The id is taken, by a credential or by an enrolment.
    #[error("there is a credential {0} already")]
    CredentialExists(CredentialId),
    /// There is no such enrolment, or its code was exchanged or has ended.
    #[error("there is no enrolment {0} whose code may be exchanged")]
    NoEnrolment(CredentialId),
    /// There is no such proposal, or it was decided already.
    #[error("there is no proposal {0} that waits")]
    NoProposal(ProposalId),
    /// The id of the new proposal is taken.
    #[error("there is a proposal {0} already")]
    ProposalExists(ProposalId),
    /// A limit of the directory was reached.
    #[error("{principal} holds {limit} {what}, which is the most")]
    TooMany {
        /// Whom the change was about.
        principal: PrincipalName,
        /// `roles`, `credentials` or `proposals`.
        what: &'static str,
        /// The most: of roles and credentials for each principal, of proposals in all.
        limit: usize,
    },
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
            Self::TooMany { principal, what, limit } => format!("{principal} 的 {what} 已达上限{limit}"),
        };
        Message::new(zh, self.to_string())
    }
}
