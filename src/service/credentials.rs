//! Granting roles, and issuing and revoking credentials: what security administrators do.

use jiff::{SignedDuration, Timestamp};

use crate::access::{AccessChange, Credential, CredentialId, Denied, KeyId, PrincipalName, Role, Token};
use crate::report::{Hash, Message, whole_microseconds};
use crate::store::{Change, Decision, NewEntry, Outcome, Transaction, check_length};

use super::access::Authority;
use super::{Caller, Page, Problem, Reason, Service};

/// How long a credential holds at most.
pub const CREDENTIAL_DAYS_MAX: i64 = 400;
const NOTE_MAX_CHARACTERS: usize = 200;

/// A principal with its roles, as they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalView {
    pub name: PrincipalName,
    pub roles: Vec<Role>,
    /// Credentials that are taken now.
    pub credentials: usize,
}

/// A credential to be made.
#[derive(Debug, Clone)]
pub struct NewCredential {
    pub principal: PrincipalName,
    /// What it is for.
    pub note: String,
    pub expires: Timestamp,
}

impl Service {
    /// Who calls, and with which roles; no roles where everything is allowed.
    ///
    /// # Errors
    /// Where the credential no longer holds.
    pub fn caller_view(&self, caller: &Caller) -> Result<(String, Vec<Role>), Problem> {
        self.sight(caller, "OperationsService/GetCaller")?;
        let roles = match &caller.authority {
            Authority::Principal { name, .. } => self.live.directory().roles(name).iter().cloned().collect(),
            Authority::Open | Authority::Nobody => Vec::new(),
        };
        Ok((caller.principal.clone(), roles))
    }

    /// Grants or withdraws a role; the same again changes nothing. Nobody changes their own roles.
    ///
    /// # Errors
    /// TWO_POWERS, OWN_ROLES, ROLE_NOT_HELD, TOO_MANY.
    pub async fn change_role(
        &self,
        principal: PrincipalName,
        role: Role,
        granted: bool,
        caller: &Caller,
    ) -> Result<PrincipalView, Problem> {
        if matches!(&caller.authority, Authority::Principal { name, .. } if *name == principal) {
            return Err(own_roles(&principal));
        }
        let detail = role.to_string();
        let (change, action) = if granted {
            (AccessChange::Grant { principal: principal.clone(), role }, "access.grant")
        } else {
            (AccessChange::Withdraw { principal: principal.clone(), role }, "access.withdraw")
        };
        self.change_access(change, action, principal.name(), detail, caller).await?;
        Ok(self.principal_view(&principal))
    }

    /// Makes a token for a principal. It is in the answer, and nowhere else ever again.
    ///
    /// # Errors
    /// FIELD_INVALID for an expiry that is past or too far; TOO_MANY.
    pub async fn create_credential(&self, new: NewCredential, caller: &Caller) -> Result<(Credential, Token), Problem> {
        let now = self.now();
        let latest = now.saturating_add(SignedDuration::from_hours(24 * CREDENTIAL_DAYS_MAX)).unwrap_or(now);
        if new.expires <= now || new.expires > latest {
            let description = Message::new(
                format!("须在将来，且不超过 {CREDENTIAL_DAYS_MAX} 天"),
                format!("must be in the future, and at most {CREDENTIAL_DAYS_MAX} days from now"),
            );
            return Err(Problem::field(Reason::FieldInvalid, "credential.expire_time", description));
        }
        if new.note.chars().count() > NOTE_MAX_CHARACTERS {
            let description = Message::new("过长", "is too long");
            return Err(Problem::field(Reason::FieldInvalid, "credential.note", description));
        }
        let Some(key) = self.token_key.as_deref() else {
            return Err(Problem::internal("the service has no key to hash tokens with"));
        };
        let token = Token::generate().map_err(|error| Problem::internal(&error.to_string()))?;
        let credential = Credential {
            id: token.credential,
            principal: new.principal,
            hash: key.hash(&token),
            key: Some(key.id()),
            note: new.note,
            created: now,
            expires: whole_microseconds(new.expires),
            revoked: None,
        };
        let detail = format!("expires {}", credential.expires);
        let change = AccessChange::CreateCredential(credential.clone());
        self.change_access(change, "credential.create", credential.name(), detail, caller).await?;
        Ok((credential, token))
    }

    /// Ends a credential; calls with it are refused from the answer on.
    ///
    /// # Errors
    /// CREDENTIAL_NOT_FOUND.
    pub async fn revoke_credential(
        &self,
        principal: &PrincipalName,
        id: CredentialId,
        caller: &Caller,
    ) -> Result<Credential, Problem> {
        let find = || {
            let known = self.live.directory().credential(id).cloned();
            known.filter(|known| known.principal == *principal).ok_or_else(|| denied(&Denied::NoCredential(id)))
        };
        let change = AccessChange::RevokeCredential { id, at: self.now() };
        let name = find()?.name();
        self.change_access(change, "credential.revoke", name, String::new(), caller).await?;
        find()
    }

    /// Principals after the name `token`, by name.
    pub fn principals(&self, size: usize, token: &str) -> Page<PrincipalView> {
        let names: Vec<PrincipalName> = {
            let directory = self.live.directory();
            let rest = directory.principals().map(|(name, _)| name).filter(|name| name.as_str() > token);
            rest.take(size.saturating_add(1)).cloned().collect()
        };
        Page::cut(names, size, |name| name.to_string()).map(|name| self.principal_view(&name))
    }

    /// Credentials of a principal, or of all, after the id `token`: by id.
    ///
    /// # Errors
    /// PAGE_INVALID for a token that is none.
    pub fn credentials(
        &self,
        principal: Option<&PrincipalName>,
        size: usize,
        token: &str,
    ) -> Result<Page<Credential>, Problem> {
        let after: Option<CredentialId> =
            if token.is_empty() { None } else { Some(token.parse().map_err(|_| Problem::bad_page_token())?) };
        let directory = self.live.directory();
        let of = directory.principals().filter(|(name, _)| principal.is_none_or(|wanted| wanted == *name));
        let mut ids: Vec<CredentialId> = of.flat_map(|(_, known)| known.credentials.iter().copied()).collect();
        ids.retain(|id| after.is_none_or(|after| *id > after));
        ids.sort_unstable();
        let items = ids.into_iter().take(size.saturating_add(1));
        let items = items.filter_map(|id| directory.credential(id).cloned()).collect();
        Ok(Page::cut(items, size, |credential: &Credential| credential.id.to_string()))
    }

    /// How many credentials that hold now were made with another key than the service has, or may have been, where it
    /// had none to begin with: their tokens are refused.
    pub fn tokens_of_another_key(&self, key_is_new: bool) -> usize {
        let (now, own) = (self.now(), self.token_key.as_ref().map(|key| key.id()));
        let other = |key: Option<KeyId>| key.map_or(key_is_new, |key| Some(key) != own);
        let directory = self.live.directory();
        directory.credentials().filter(|credential| credential.is_good(now) && other(credential.key)).count()
    }

    /// Whether anyone may grant roles: a store without is to be given its first administrator.
    pub fn has_security_administrator(&self) -> bool {
        let security = Role::Power(crate::access::Power::Security);
        self.live.directory().principals().any(|(_, principal)| principal.roles.contains(&security))
    }

    fn principal_view(&self, name: &PrincipalName) -> PrincipalView {
        let now = self.now();
        let directory = self.live.directory();
        let known = directory.principal(name).cloned().unwrap_or_default();
        let good = |id: &&CredentialId| directory.credential(**id).is_some_and(|known| known.is_good(now));
        PrincipalView {
            name: name.clone(),
            credentials: known.credentials.iter().filter(good).count(),
            roles: known.roles.iter().cloned().collect(),
        }
    }

    /// Stores one change of the directory; one that is in force already is not stored again.
    async fn change_access(
        &self,
        change: AccessChange,
        action: &'static str,
        subject: String,
        detail: String,
        caller: &Caller,
    ) -> Result<(), Problem> {
        // One at a time: each is checked against the directory as it is.
        let _turn = self.access_gate.lock().await;
        check_length(&change)?;
        let mut planned = self.live.directory().clone();
        planned.admit(&change).map_err(|error| denied(&error))?;
        if !planned.apply(&change).map_err(|error| denied(&error))? {
            return Ok(());
        }
        let entry = NewEntry {
            actor: caller.actor(),
            action,
            subject,
            outcome: Outcome::Accepted,
            detail,
            content_hash: Hash::default(),
        };
        match self.store.commit(Transaction::of(vec![Change::Access(change)], entry)).await? {
            Decision::Committed(_) => Ok(()),
            other => Err(Problem::internal(&format!("the directory was not changed: {other:?}"))),
        }
    }
}

fn denied(error: &Denied) -> Problem {
    let (reason, zh, en) = match error {
        Denied::TwoPowers { .. } | Denied::PowerWithReports { .. } => (
            Reason::TwoPowers,
            "请授予另一主体，或先收回原有权限",
            "grant it to another principal, or withdraw the other first",
        ),
        Denied::NotHeld { .. } => (Reason::RoleNotHeld, "请先核对该主体的角色", "look at the principal's roles first"),
        Denied::NoCredential(_) => (Reason::CredentialNotFound, "请核对凭据名称", "check the credential's name"),
        Denied::CredentialExists(_) => (Reason::Contended, "请重试", "try again"),
        Denied::TooMany { .. } => (Reason::TooMany, "请改用另一主体", "use another principal"),
    };
    Problem::new(reason, error.message(), Message::new(zh, en))
}

fn own_roles(principal: &PrincipalName) -> Problem {
    Problem::new(
        Reason::OwnRoles,
        Message::new(
            format!("{principal} 不能更改自己的角色"),
            format!("{principal} cannot change the roles that it holds itself"),
        ),
        Message::new("请由另一位安全管理员办理", "have another security administrator do it"),
    )
}
