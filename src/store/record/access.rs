//! The message inside the record of a change of the directory of principals, and its conversion. Tags are never reused.

use prost::{Message, Oneof};

use crate::access::{AccessChange, Asked, Credential, CredentialId, Enrolment, KeyId, PrincipalName, Proposal, Role};

use super::messages::{hash, parse, timestamp};

#[derive(Clone, PartialEq, Message)]
pub struct StoredAccess {
    #[prost(oneof = "StoredAccessKind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9")]
    change: Option<StoredAccessKind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum StoredAccessKind {
    #[prost(message, tag = "1")]
    Grant(StoredRole),
    #[prost(message, tag = "2")]
    Withdraw(StoredRole),
    #[prost(message, tag = "3")]
    CreateCredential(StoredCredential),
    #[prost(message, tag = "4")]
    RevokeCredential(StoredRevocation),
    #[prost(message, tag = "5")]
    Enrol(StoredEnrolment),
    #[prost(message, tag = "6")]
    Exchange(StoredExchange),
    #[prost(message, tag = "7")]
    Propose(StoredProposal),
    #[prost(message, tag = "8")]
    Confirm(StoredAnswer),
    #[prost(message, tag = "9")]
    Decline(StoredAnswer),
}

#[derive(Clone, PartialEq, Message)]
struct StoredRole {
    #[prost(string, tag = "1")]
    principal: String,
    #[prost(string, tag = "2")]
    word: String,
    #[prost(string, tag = "3")]
    scope: String,
}

#[derive(Clone, PartialEq, Message)]
struct StoredCredential {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    principal: String,
    #[prost(bytes = "vec", tag = "3")]
    hash: Vec<u8>,
    #[prost(string, tag = "4")]
    note: String,
    #[prost(int64, tag = "5")]
    created_microseconds: i64,
    #[prost(int64, tag = "6")]
    expires_microseconds: i64,
    /// Empty where it was not kept yet.
    #[prost(bytes = "vec", tag = "7")]
    key: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredRevocation {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(int64, tag = "2")]
    at_microseconds: i64,
}

#[derive(Clone, PartialEq, Message)]
struct StoredEnrolment {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    principal: String,
    #[prost(bytes = "vec", tag = "3")]
    code: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    key: Vec<u8>,
    #[prost(string, tag = "5")]
    note: String,
    #[prost(int64, tag = "6")]
    created_microseconds: i64,
    #[prost(int64, tag = "7")]
    ends_microseconds: i64,
    #[prost(int64, tag = "8")]
    expires_microseconds: i64,
    /// Empty where nobody did who has a name.
    #[prost(string, tag = "9")]
    by: String,
}

#[derive(Clone, PartialEq, Message)]
struct StoredExchange {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(bytes = "vec", tag = "2")]
    hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
    #[prost(int64, tag = "4")]
    at_microseconds: i64,
}

#[derive(Clone, PartialEq, Message)]
struct StoredProposal {
    #[prost(string, tag = "1")]
    id: String,
    /// The role's word is empty where an enrolment is proposed.
    #[prost(message, optional, tag = "2")]
    role: Option<StoredRole>,
    /// Empty where a role is proposed.
    #[prost(string, tag = "3")]
    credential: String,
    #[prost(string, tag = "4")]
    by: String,
    #[prost(int64, tag = "5")]
    created_microseconds: i64,
    #[prost(int64, tag = "6")]
    ends_microseconds: i64,
}

#[derive(Clone, PartialEq, Message)]
struct StoredAnswer {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    by: String,
    #[prost(int64, tag = "3")]
    at_microseconds: i64,
}

impl StoredEnrolment {
    fn from_enrolment(enrolment: &Enrolment) -> Self {
        let Enrolment { id, principal, code, key, note, created, ends, expires, by } = enrolment;
        Self {
            id: id.to_string(),
            principal: principal.to_string(),
            code: code.0.to_vec(),
            key: key.0.to_vec(),
            note: note.clone(),
            created_microseconds: created.as_microsecond(),
            ends_microseconds: ends.as_microsecond(),
            expires_microseconds: expires.as_microsecond(),
            by: by.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    fn into_enrolment(self) -> Result<Enrolment, String> {
        Ok(Enrolment {
            id: parse(&self.id)?,
            principal: parse(&self.principal)?,
            code: hash(self.code)?,
            key: key_id(self.key)?.ok_or("an enrolment without the id of its key")?,
            note: self.note,
            created: timestamp(self.created_microseconds)?,
            ends: timestamp(self.ends_microseconds)?,
            expires: timestamp(self.expires_microseconds)?,
            by: if self.by.is_empty() { None } else { Some(parse(&self.by)?) },
        })
    }
}

impl StoredProposal {
    fn from_proposal(proposal: &Proposal) -> Self {
        let Proposal { id, principal, asked, by, created, ends } = proposal;
        let (word, scope, credential) = match asked {
            Asked::Grant(role) => (role.word().to_owned(), role.scope(), String::new()),
            Asked::Enrolment(id) => (String::new(), String::new(), id.to_string()),
        };
        Self {
            id: id.to_string(),
            role: Some(StoredRole { principal: principal.to_string(), word, scope }),
            credential,
            by: by.to_string(),
            created_microseconds: created.as_microsecond(),
            ends_microseconds: ends.as_microsecond(),
        }
    }

    fn into_proposal(self) -> Result<Proposal, String> {
        let StoredRole { principal, word, scope } = self.role.ok_or("a proposal about nobody")?;
        let asked = if self.credential.is_empty() {
            Asked::Grant(Role::parse(&word, &scope).map_err(|error| error.to_string())?)
        } else if word.is_empty() && scope.is_empty() {
            Asked::Enrolment(parse(&self.credential)?)
        } else {
            return Err("a proposal of two things".to_owned());
        };
        Ok(Proposal {
            id: parse(&self.id)?,
            principal: parse(&principal)?,
            asked,
            by: parse(&self.by)?,
            created: timestamp(self.created_microseconds)?,
            ends: timestamp(self.ends_microseconds)?,
        })
    }
}

impl StoredAccess {
    pub fn from_change(change: &AccessChange) -> Self {
        let answer = |id: &crate::access::ProposalId, by: &PrincipalName, at: &jiff::Timestamp| StoredAnswer {
            id: id.to_string(),
            by: by.to_string(),
            at_microseconds: at.as_microsecond(),
        };
        let role = |principal: &PrincipalName, role: &Role| StoredRole {
            principal: principal.to_string(),
            word: role.word().to_owned(),
            scope: role.scope(),
        };
        Self {
            change: Some(match change {
                AccessChange::Grant { principal, role: granted } => StoredAccessKind::Grant(role(principal, granted)),
                AccessChange::Withdraw { principal, role: held } => StoredAccessKind::Withdraw(role(principal, held)),
                AccessChange::CreateCredential(credential) => StoredAccessKind::CreateCredential(StoredCredential {
                    id: credential.id.to_string(),
                    principal: credential.principal.to_string(),
                    hash: credential.hash.0.to_vec(),
                    note: credential.note.clone(),
                    created_microseconds: credential.created.as_microsecond(),
                    expires_microseconds: credential.expires.as_microsecond(),
                    key: credential.key.map(|key| key.0.to_vec()).unwrap_or_default(),
                }),
                AccessChange::RevokeCredential { id, at } => StoredAccessKind::RevokeCredential(StoredRevocation {
                    id: id.to_string(),
                    at_microseconds: at.as_microsecond(),
                }),
                AccessChange::Enrol(enrolment) => StoredAccessKind::Enrol(StoredEnrolment::from_enrolment(enrolment)),
                AccessChange::Exchange { id, hash, key, at } => StoredAccessKind::Exchange(StoredExchange {
                    id: id.to_string(),
                    hash: hash.0.to_vec(),
                    key: key.0.to_vec(),
                    at_microseconds: at.as_microsecond(),
                }),
                AccessChange::Propose(proposal) => StoredAccessKind::Propose(StoredProposal::from_proposal(proposal)),
                AccessChange::Confirm { id, by, at } => StoredAccessKind::Confirm(answer(id, by, at)),
                AccessChange::Decline { id, by, at } => StoredAccessKind::Decline(answer(id, by, at)),
            }),
        }
    }

    pub fn into_change(self) -> Result<AccessChange, String> {
        let role = |stored: &StoredRole| Role::parse(&stored.word, &stored.scope).map_err(|error| error.to_string());
        Ok(match self.change.ok_or("no change")? {
            StoredAccessKind::Grant(stored) => {
                AccessChange::Grant { principal: parse(&stored.principal)?, role: role(&stored)? }
            }
            StoredAccessKind::Withdraw(stored) => {
                AccessChange::Withdraw { principal: parse(&stored.principal)?, role: role(&stored)? }
            }
            StoredAccessKind::CreateCredential(stored) => AccessChange::CreateCredential(Credential {
                id: parse::<CredentialId>(&stored.id)?,
                principal: parse(&stored.principal)?,
                hash: hash(stored.hash)?,
                note: stored.note,
                created: timestamp(stored.created_microseconds)?,
                expires: timestamp(stored.expires_microseconds)?,
                key: key_id(stored.key)?,
                revoked: None,
            }),
            StoredAccessKind::RevokeCredential(stored) => AccessChange::RevokeCredential {
                id: parse::<CredentialId>(&stored.id)?,
                at: timestamp(stored.at_microseconds)?,
            },
            StoredAccessKind::Enrol(stored) => AccessChange::Enrol(stored.into_enrolment()?),
            StoredAccessKind::Exchange(stored) => AccessChange::Exchange {
                id: parse(&stored.id)?,
                hash: hash(stored.hash)?,
                key: key_id(stored.key)?.ok_or("an exchange without the id of its key")?,
                at: timestamp(stored.at_microseconds)?,
            },
            StoredAccessKind::Propose(stored) => AccessChange::Propose(stored.into_proposal()?),
            StoredAccessKind::Confirm(StoredAnswer { id, by, at_microseconds }) => {
                AccessChange::Confirm { id: parse(&id)?, by: parse(&by)?, at: timestamp(at_microseconds)? }
            }
            StoredAccessKind::Decline(StoredAnswer { id, by, at_microseconds }) => {
                AccessChange::Decline { id: parse(&id)?, by: parse(&by)?, at: timestamp(at_microseconds)? }
            }
        })
    }
}

fn key_id(bytes: Vec<u8>) -> Result<Option<KeyId>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    bytes.try_into().map(|bytes| Some(KeyId(bytes))).map_err(|_| "the id of a key of another length".to_owned())
}
