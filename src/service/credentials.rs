//! Granting and withdrawing roles, and ending credentials: what security administrators do. How others get one is in
//! `enrolment`.

use jiff::{SignedDuration, Timestamp};

use crate::access::{
    AccessChange, Credential, CredentialId, Denied, Enrolment, KeyId, Power, PrincipalName, Proposal, ProposalId, Role,
    Token, TokenKey, call,
};
use crate::report::{Message, ReportOwner, whole_microseconds};
use crate::store::{Change, Decision, NewEntry, Transaction, check_length};

use super::caller::{Authority, Caller};
use super::page::Page;
use super::parts::{AccessTurn, Service};
use super::problem::{Problem, Reason};

/// How long a credential holds at most.
pub const CREDENTIAL_DAYS_MAX: i64 = 400;
const NOTE_MAX_CHARACTERS: usize = 200;

/// A principal with its roles, as they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalView {
    /// Under which it is known in the contract.
    pub name: PrincipalName,
    /// In their order; may be empty.
    pub roles: Vec<Role>,
    /// Credentials that are taken now.
    pub credentials: usize,
}

/// A credential, or one to be, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialView {
    /// Names it within its principal.
    pub id: CredentialId,
    /// Whose it is, or is to be.
    pub principal: PrincipalName,
    /// What it is for; may be empty.
    pub note: String,
    /// When the token was made; of one to be, when the code was.
    pub created: Timestamp,
    /// From then on the token is refused.
    pub expires: Timestamp,
    /// When it was revoked; none while it was not.
    pub revoked: Option<Timestamp>,
    /// Who made the code that it was, or is to be, exchanged for.
    pub enrolled_by: Option<String>,
    /// Until when the code may be exchanged; none where there is nothing to exchange.
    pub code_ends: Option<Timestamp>,
}

impl CredentialView {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("{}/credentials/{}", self.principal.name(), self.id)
    }

    pub(super) fn of_enrolment(enrolment: &Enrolment) -> Self {
        Self {
            id: enrolment.id,
            principal: enrolment.principal.clone(),
            note: enrolment.note.clone(),
            created: enrolment.created,
            expires: enrolment.expires,
            revoked: None,
            enrolled_by: Some(enrolment.asker().to_owned()),
            code_ends: Some(enrolment.ends),
        }
    }

    pub(super) fn of_credential(credential: &Credential, enrolled_by: Option<String>) -> Self {
        let Credential { id, principal, hash: _, key: _, note, created, expires, revoked } = credential.clone();
        Self { id, principal, note, created, expires, revoked, enrolled_by, code_ends: None }
    }
}

/// What becomes of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleChange {
    /// It is given; to a principal that is not known yet only where that is meant.
    Grant {
        /// Also to a principal that has no role and no credential.
        allow_missing: bool,
    },
    /// It is taken away.
    Withdraw,
}

/// A credential to be made.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// Who will hold it.
    pub principal: PrincipalName,
    /// What it is for.
    pub note: String,
    /// From then on it is refused; [`CREDENTIAL_DAYS_MAX`] days ahead at most.
    pub expires: Timestamp,
}

impl NewCredential {
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let latest = now.saturating_add(SignedDuration::from_hours(24 * CREDENTIAL_DAYS_MAX)).unwrap_or(now);
        if self.expires <= now || self.expires > latest {
            let description = Message::new(
                format!("须在将来，且不超过{CREDENTIAL_DAYS_MAX}天"),
                format!("must be in the future, and at most {CREDENTIAL_DAYS_MAX} days from now"),
            );
            return Err(Problem::field(Reason::FieldInvalid, "credential.expire_time", description));
        }
        if self.note.chars().count() > NOTE_MAX_CHARACTERS {
            let description = Message::new("过长", "is too long");
            return Err(Problem::field(Reason::FieldInvalid, "credential.note", description));
        }
        Ok(())
    }
}

impl Service {
    /// Who calls, and with which roles; no roles where everything is allowed.
    ///
    /// # Errors
    /// Where the credential no longer holds.
    pub fn caller_view(&self, caller: &Caller) -> Result<(String, Vec<Role>), Problem> {
        self.sight(caller, call::GET_CALLER)?;
        let roles = match &caller.authority {
            Authority::Principal { name, .. } => self.live.directory().roles(name).iter().cloned().collect(),
            Authority::Open | Authority::Nobody => Vec::new(),
        };
        Ok((caller.principal.clone(), roles))
    }

    /// Grants or withdraws a role; the same again changes nothing. Nobody changes their own roles. With dual control, what
    /// takes a second person is proposed only.
    ///
    /// # Errors
    /// TWO_POWERS, OWN_ROLES, ROLE_NOT_HELD, TOO_MANY; PRINCIPAL_NOT_FOUND; AGENCY_NOT_FOUND, JURISDICTION_NOT_FOUND for a
    /// scope to be granted that the registry does not have.
    pub async fn change_role(
        &self,
        principal: PrincipalName,
        role: Role,
        change: RoleChange,
        caller: &Caller,
    ) -> Result<(PrincipalView, Option<Proposal>), Problem> {
        if matches!(&caller.authority, Authority::Principal { name, .. } if *name == principal) {
            return Err(own_roles(&principal));
        }
        let detail = role.to_string();
        let (change, action) = match change {
            RoleChange::Grant { allow_missing } => {
                self.check_known(&principal, allow_missing)?;
                self.check_scope(&role)?;
                if let Some(by) = self.asks_alone(&principal, &role, caller) {
                    let proposal = self.propose(principal.clone(), role, by, caller).await?;
                    return Ok((self.principal_view(&principal), Some(proposal)));
                }
                (AccessChange::Grant { principal: principal.clone(), role }, "access.grant")
            }
            RoleChange::Withdraw => (AccessChange::Withdraw { principal: principal.clone(), role }, "access.withdraw"),
        };
        let turn = self.access_turn().await;
        self.change_access(vec![change], caller.accepted(action, principal.name(), detail), &turn).await?;
        Ok((self.principal_view(&principal), None))
    }

    /// A name that was mistyped would be somebody else's, whoever is called so later.
    pub(super) fn check_known(&self, principal: &PrincipalName, allow_missing: bool) -> Result<(), Problem> {
        let is_known = allow_missing || self.live.directory().principal(principal).is_some();
        if is_known { Ok(()) } else { Err(no_principal(principal)) }
    }

    /// A role over what is not there yet would come into force by itself with whoever is registered so later.
    fn check_scope(&self, role: &Role) -> Result<(), Problem> {
        match role {
            Role::Submitter(ReportOwner::Agency(id)) => self.agency(id).map(drop),
            Role::Submitter(ReportOwner::Jurisdiction(code)) | Role::Reviewer(code) | Role::Viewer(code) => {
                self.jurisdiction(code).map(drop)
            }
            Role::Power(_) => Ok(()),
        }
    }

    /// Makes a token for the caller itself; for anyone, where whoever runs the machine asks. It is in the answer, and
    /// nowhere else ever again.
    ///
    /// # Errors
    /// SECRET_OF_ANOTHER; FIELD_INVALID for an expiry that is past or too far; TOO_MANY.
    pub async fn create_credential(
        &self,
        new: NewCredential,
        caller: &Caller,
    ) -> Result<(CredentialView, Token), Problem> {
        let is_own = match &caller.authority {
            Authority::Principal { name, .. } => *name == new.principal,
            // The service itself, for whoever runs its machine; who calls from elsewhere has an address.
            Authority::Open => caller.address.is_empty(),
            Authority::Nobody => false,
        };
        if !is_own {
            return Err(secret_of_another(&new.principal));
        }
        let now = self.now();
        new.check(now)?;
        let key = self.token_key()?;
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
        let note = if credential.note.is_empty() { String::new() } else { format!("\nnote {}", credential.note) };
        let detail = format!("expires {}{note}", credential.expires);
        let change = AccessChange::CreateCredential(credential.clone());
        let entry = caller.accepted("credential.create", credential.name(), detail);
        let turn = self.access_turn().await;
        self.change_access(vec![change], entry, &turn).await?;
        Ok((CredentialView::of_credential(&credential, None), token))
    }

    /// Ends a credential, so that calls with it are refused from the answer on; or a code that was not exchanged.
    ///
    /// # Errors
    /// CREDENTIAL_NOT_FOUND.
    pub async fn revoke_credential(
        &self,
        principal: &PrincipalName,
        id: CredentialId,
        caller: &Caller,
    ) -> Result<CredentialView, Problem> {
        let turn = self.access_turn().await;
        let now = self.now();
        let known = self.credential_view(id).filter(|known| known.principal == *principal);
        let mut known = known.ok_or_else(|| denied(&Denied::NoCredential(id)))?;
        let change = AccessChange::RevokeCredential { id, at: now };
        let entry = caller.accepted("credential.revoke", known.name(), String::new());
        self.change_access(vec![change], entry, &turn).await?;
        known.revoked = known.revoked.or(Some(now));
        known.code_ends = None;
        Ok(known)
    }

    /// A credential, or one whose code may still be exchanged.
    fn credential_view(&self, id: CredentialId) -> Option<CredentialView> {
        let directory = self.live.directory();
        let enrolled = directory.enrolment(id);
        if let Some(credential) = directory.credential(id) {
            let by = enrolled.map(|enrolled| enrolled.enrolment.asker().to_owned());
            return Some(CredentialView::of_credential(credential, by));
        }
        let open = enrolled.filter(|enrolled| enrolled.is_open(self.now()));
        open.map(|enrolled| CredentialView::of_enrolment(&enrolled.enrolment))
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

    /// Credentials of a principal, or of all, and those to be whose code may be exchanged, after the id `token`: by id.
    ///
    /// # Errors
    /// PAGE_INVALID for a token that is none.
    pub fn credentials(
        &self,
        principal: Option<&PrincipalName>,
        size: usize,
        token: &str,
    ) -> Result<Page<CredentialView>, Problem> {
        let after: Option<CredentialId> =
            if token.is_empty() { None } else { Some(token.parse().map_err(|_| Problem::bad_page_token())?) };
        let mut ids: Vec<CredentialId> = {
            let directory = self.live.directory();
            let of = directory.principals().filter(|(name, _)| principal.is_none_or(|wanted| wanted == *name));
            of.flat_map(|(_, known)| known.credentials.iter().chain(&known.enrolments)).copied().collect()
        };
        ids.retain(|id| after.is_none_or(|after| *id > after));
        ids.sort_unstable();
        ids.dedup();
        let items = ids.into_iter().filter_map(|id| self.credential_view(id)).take(size.saturating_add(1)).collect();
        Ok(Page::cut(items, size, |known: &CredentialView| known.id.to_string()))
    }

    /// How many credentials that hold now were made with another key than the service has, or may have been, where it
    /// had none to begin with: their tokens are refused.
    pub fn tokens_of_another_key(&self, key_is_new: bool) -> usize {
        let (now, own) = (self.now(), self.token_key.as_ref().map(|key| key.id()));
        let other = |key: Option<KeyId>| key.map_or(key_is_new, |key| Some(key) != own);
        let directory = self.live.directory();
        directory.credentials().filter(|credential| credential.is_good(now) && other(credential.key)).count()
    }

    /// Whether anyone holds a power: a store without is to be given its first administrator.
    pub fn has_administrator(&self, power: Power) -> bool {
        self.live.directory().principals().any(|(_, principal)| principal.power() == Some(power))
    }

    pub(super) fn principal_view(&self, name: &PrincipalName) -> PrincipalView {
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

    /// The key that tokens and codes are hashed with.
    pub(super) fn token_key(&self) -> Result<&TokenKey, Problem> {
        self.token_key.as_ref().ok_or_else(|| Problem::internal("the service has no key to hash tokens with"))
    }

    /// Stores changes of the directory together; where they are in force already, nothing. One at a time, by turns: each is
    /// checked against the directory as it is.
    pub(super) async fn change_access(
        &self,
        changes: Vec<AccessChange>,
        entry: NewEntry,
        turn: &AccessTurn<'_>,
    ) -> Result<(), Problem> {
        let mut planned = self.live.directory().clone();
        let mut changed = false;
        for change in &changes {
            check_length(change)?;
            planned.admit(change).map_err(|error| denied(&error))?;
            changed |= planned.apply(change).map_err(|error| denied(&error))?;
        }
        if !changed {
            return Ok(());
        }
        let changes = changes.into_iter().map(Change::Access).collect();
        // Where several instances share the store another one may have changed it meanwhile.
        let transaction = Transaction { access: Some(turn.sequence), ..Transaction::of(changes, entry) };
        match self.store.commit(transaction).await? {
            Decision::Committed(_) => Ok(()),
            Decision::Stale => Err(changed_elsewhere()),
            other => Err(Problem::internal(&format!("the directory was not changed: {other:?}"))),
        }
    }
}
/// Another instance changed who may do what since this was looked at.
fn changed_elsewhere() -> Problem {
    let message = Message::new("账号与权限刚被他处更改", "who may do what was changed elsewhere at the same time");
    Problem::new(Reason::Contended, message, Message::new("请核对后重试", "look at it, and try again"))
}

fn denied(error: &Denied) -> Problem {
    let (reason, zh, en) = match error {
        Denied::TwoPowers { .. } | Denied::PowerWithReports { .. } => (
            Reason::TwoPowers,
            "请授予另一账号，或先收回原有权限",
            "grant it to another principal, or withdraw the other first",
        ),
        Denied::NotHeld { .. } => (Reason::RoleNotHeld, "请先核对该账号的角色", "look at the principal's roles first"),
        Denied::NoCredential(_) => (Reason::CredentialNotFound, "请核对凭据名称", "check the credential's name"),
        Denied::CredentialExists(_) | Denied::ProposalExists(_) => (Reason::Contended, "请重试", "try again"),
        Denied::NoEnrolment(_) => {
            (Reason::EnrolmentEnded, "请安全管理员重新发码", "have the security administrator make another code")
        }
        Denied::NoProposal(id) => return no_proposal(*id),
        Denied::TooMany { .. } => (Reason::TooMany, "请改用另一账号", "use another principal"),
    };
    Problem::new(reason, error.message(), Message::new(zh, en))
}

fn no_principal(principal: &PrincipalName) -> Problem {
    Problem::new(
        Reason::PrincipalNotFound,
        Message::new(format!("没有 {}", principal.name()), format!("there is no {}", principal.name())),
        Message::new(
            "请核对名称；确为新账号的，请注明允许新建（allow_missing，命令行为 --new）",
            "check the name; where it is to become known, say so (allow_missing, or --new on the command line)",
        ),
    )
    .with("name", principal.name())
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

fn secret_of_another(principal: &PrincipalName) -> Problem {
    Problem::new(
        Reason::SecretOfAnother,
        Message::new(
            format!("不能为 {principal} 直接签发令牌：令牌只应为本人所见"),
            format!("no token is made for {principal} by another: nobody but the holder is to see it"),
        ),
        Message::new(
            "请发一次性登记码，由本人兑换（huizong credential enrol）",
            "make a one-time code that the holder exchanges (huizong credential enrol)",
        ),
    )
}

pub(super) fn no_proposal(id: ProposalId) -> Problem {
    let message = Message::new(
        format!("没有待确认的申请 proposals/{id}，或其已过期"),
        format!("no proposals/{id} waits, or it has ended"),
    );
    let remedy = Message::new(
        "请查看待确认的申请（huizong credential proposals）；已过期的请重新提出",
        "look at what waits (huizong credential proposals); have what has ended asked for again",
    );
    Problem::new(Reason::ProposalNotFound, message, remedy)
}
