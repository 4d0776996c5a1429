//! The message inside the record of a change of the directory of principals, and its conversion. Tags are never reused.

use prost::{Message, Oneof};

use crate::access::{AccessChange, Credential, CredentialId, KeyId, Role};

use super::messages::{hash, parse, timestamp};

#[derive(Clone, PartialEq, Message)]
pub struct StoredAccess {
    #[prost(oneof = "StoredAccessKind", tags = "1, 2, 3, 4")]
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

impl StoredAccess {
    pub fn from_change(change: &AccessChange) -> Self {
        let role = |principal: &crate::access::PrincipalName, role: &Role| StoredRole {
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
        })
    }
}

fn key_id(bytes: Vec<u8>) -> Result<Option<KeyId>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    bytes.try_into().map(|bytes| Some(KeyId(bytes))).map_err(|_| "the id of a key of another length".to_owned())
}
