//! Enrolment: a security administrator hands over a one-time code, and its holder exchanges it for a token that nobody else
//! has seen.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::{
    AccessChange, Asked, CredentialId, Enrolled, Enrolment, EnrolmentCode, EnrolmentState, PrincipalName, Proposal,
    Token,
};
use crate::report::{Message, whole_microseconds};

use super::caller::{Authority, Caller};
use super::credentials::{CredentialView, NewCredential};
use super::guesses::GUESSES_MAX;
use super::parts::{AccessTurn, Service};
use super::problem::{Problem, Reason};

/// For so long the same request gives the same token, where its answer was lost.
const RETRY: SignedDuration = SignedDuration::from_mins(10);
/// For so long a holder is shown that a credential was put in the place of others.
const SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);
const ACTION: &str = "credential.exchange";

/// A credential that was put in the place of those that its principal had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// When the code was exchanged.
    pub at: Timestamp,
    /// Who made the code.
    pub by: String,
    /// The second person who agreed, where one did.
    pub confirmed_by: Option<PrincipalName>,
    /// Credentials that it ended.
    pub credentials: usize,
}

impl Replacement {
    fn of(enrolled: &Enrolled) -> Option<Self> {
        let EnrolmentState::Exchanged { at, replaced } = enrolled.state else { return None };
        let (by, confirmed_by) = (enrolled.enrolment.asker().to_owned(), enrolled.confirmed_by.clone());
        Some(Self { at, by, confirmed_by, credentials: replaced })
    }
}

/// A token for a code.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// The credential that was made.
    pub credential: CredentialView,
    /// To be shown to its holder, once.
    pub token: Token,
    /// What it took the place of.
    pub replacement: Option<Replacement>,
}

impl Service {
    /// Makes a one-time code for a principal. It is in the answer, and nowhere else ever again. With dual control, the code
    /// of an administrator waits for a second person.
    ///
    /// # Errors
    /// FIELD_INVALID for an expiry that is past or too far; TOO_MANY.
    pub async fn enrol(
        &self,
        new: NewCredential,
        allow_missing: bool,
        caller: &Caller,
    ) -> Result<(CredentialView, EnrolmentCode, Option<Proposal>), Problem> {
        self.check_known(&new.principal, allow_missing)?;
        let now = self.now();
        new.check(now)?;
        let key = self.token_key()?;
        let code = EnrolmentCode::generate().map_err(|error| Problem::internal(&error.to_string()))?;
        let by = match &caller.authority {
            Authority::Principal { name, .. } => Some(name.clone()),
            Authority::Open | Authority::Nobody => None,
        };
        let expires = whole_microseconds(new.expires);
        let ends = whole_microseconds(now.saturating_add(self.policy.code_life).unwrap_or(now));
        let enrolment = Enrolment {
            id: code.credential,
            principal: new.principal,
            code: key.hash_code(&code),
            key: key.id(),
            note: new.note,
            created: now,
            // A token that has expired already would be a bad exchange.
            ends: ends.min(expires),
            expires,
            by: by.clone(),
        };
        let mut detail = format!("code ends {}, credential expires {}", enrolment.ends, enrolment.expires);
        let mut changes = vec![AccessChange::Enrol(enrolment.clone())];
        let turn = self.access_turn().await;
        let is_administrator = self.live.directory().power(&enrolment.principal).is_some();
        let proposal = match by.filter(|_| self.policy.dual_control && is_administrator) {
            Some(by) => Some(self.new_proposal(enrolment.principal.clone(), Asked::Enrolment(enrolment.id), by)?),
            None => None,
        };
        if let Some(proposal) = &proposal {
            detail = format!("{detail}; waits as {}", proposal.name());
            changes.push(AccessChange::Propose(proposal.clone()));
        }
        let entry = caller.accepted("credential.enrol", enrolment.name(), detail);
        self.change_access(changes, entry, &turn).await?;
        Ok((CredentialView::of_enrolment(&enrolment), code, proposal))
    }

    /// Exchanges a code for a token, once: whatever credentials the principal had end. The same request gives the same token
    /// for a while. A refusal is in the journal.
    ///
    /// # Errors
    /// ENROLMENT_INVALID, or RATE_EXCEEDED after too many; ENROLMENT_USED, ENROLMENT_ENDED and ENROLMENT_UNCONFIRMED, which
    /// only those learn who have the code; PERMISSION_DENIED for who shows to be somebody else.
    pub async fn exchange(&self, code: &str, request: Option<Uuid>, caller: &Caller) -> Result<Exchanged, Problem> {
        let outcome = match self.known_code(code) {
            Ok(code) => {
                let turn = self.access_turn().await;
                self.exchange_in_turn(&code, request, caller, &turn).await
            }
            Err(aimed_at) => Err(self.wrong_code(aimed_at, caller).await),
        };
        match outcome {
            Err(problem) if !problem.recorded => Err(self.record_limited(problem, ACTION, String::new(), caller).await),
            outcome => outcome,
        }
    }

    /// A code that an enrolment was made with; of a wrong one, the enrolment that was aimed at.
    fn known_code(&self, code: &str) -> Result<EnrolmentCode, Option<CredentialId>> {
        let code = EnrolmentCode::parse(code).ok_or(None)?;
        let directory = self.live.directory();
        let known = directory.enrolment(code.credential).ok_or(None)?;
        let key = self.token_key.as_ref().ok_or(None)?;
        if key.matches_code(&code, &known.enrolment.code) { Ok(code) } else { Err(Some(code.credential)) }
    }

    async fn exchange_in_turn(
        &self,
        code: &EnrolmentCode,
        request: Option<Uuid>,
        caller: &Caller,
        turn: &AccessTurn<'_>,
    ) -> Result<Exchanged, Problem> {
        let (now, key) = (self.now(), self.token_key()?);
        let enrolled = self.live.directory().enrolment(code.credential).cloned().ok_or_else(ended)?;
        let enrolment = &enrolled.enrolment;
        if let Authority::Principal { name, .. } = &caller.authority
            && *name != enrolment.principal
        {
            return Err(somebody_else(name));
        }
        let token = |request: Uuid| key.exchange(code, request.into_bytes());
        match enrolled.state {
            EnrolmentState::Exchanged { at, .. } => {
                let known = self.live.directory().credential(enrolment.id).cloned();
                let again = request.filter(|_| now < at.saturating_add(RETRY).unwrap_or(at)).map(token);
                let same = known.zip(again).filter(|(known, token)| key.matches(token, &known.hash));
                let (credential, token) =
                    same.filter(|(known, _)| known.is_good(now)).ok_or_else(|| used(&enrolled, at))?;
                let credential = CredentialView::of_credential(&credential, Some(enrolment.asker().to_owned()));
                return Ok(Exchanged { credential, token, replacement: Replacement::of(&enrolled) });
            }
            _ if !enrolled.is_open(now) => return Err(ended()),
            _ => {}
        }
        let is_administrator = self.live.directory().power(&enrolment.principal).is_some();
        let is_checked = enrolment.by.is_none() || enrolled.confirmed_by.is_some();
        if self.policy.dual_control && is_administrator && !is_checked {
            return Err(unconfirmed());
        }
        let token = token(request.unwrap_or_else(Uuid::new_v4));
        let change = AccessChange::Exchange { id: enrolment.id, hash: key.hash(&token), key: key.id(), at: now };
        let by = format!("codes/{}", enrolment.id);
        let holder = Caller { principal: enrolment.principal.to_string(), by, ..caller.clone() };
        let confirmed = enrolled.confirmed_by.as_ref().map(|by| format!(", confirmed by {by}")).unwrap_or_default();
        let detail = format!("enrolled by {}{confirmed}", enrolment.asker());
        let entry = holder.accepted(ACTION, enrolment.name(), detail);
        self.change_access(vec![change], entry, turn).await?;
        self.guesses.forget(enrolment.id);
        let directory = self.live.directory();
        let made = directory.credential(enrolment.id);
        let made = made.ok_or_else(|| Problem::internal("an exchanged credential is not there"))?;
        let credential = CredentialView::of_credential(made, Some(enrolment.asker().to_owned()));
        let replacement = directory.enrolment(enrolment.id).and_then(Replacement::of);
        Ok(Exchanged { credential, token, replacement })
    }

    /// What is told of a wrong code. Too many that aim at one enrolment end it.
    async fn wrong_code(&self, aimed_at: Option<CredentialId>, caller: &Caller) -> Problem {
        if let Some(id) = aimed_at
            && let Some(name) = self.open_enrolment(id)
            && self.guesses.add(id)
        {
            let turn = self.access_turn().await;
            let change = AccessChange::RevokeCredential { id, at: self.now() };
            let detail = format!("{GUESSES_MAX} wrong secrets were tried for its code");
            let entry = caller.accepted("credential.revoke", name, detail);
            // Its holder may have exchanged it since: a credential is not ended by guesses.
            if self.open_enrolment(id).is_some()
                && let Err(problem) = self.change_access(vec![change], entry, &turn).await
            {
                return problem;
            }
        }
        let message = Message::new("登记码无效", "the code is not valid");
        let remedy = Message::new(
            "请核对登记码；仍无效的，请安全管理员重新发码",
            "check the code; if it is right, have the security administrator make another",
        );
        self.failed(Problem::new(Reason::EnrolmentInvalid, message, remedy), &caller.address)
    }

    /// The name of a credential to be whose code may be exchanged.
    fn open_enrolment(&self, id: CredentialId) -> Option<String> {
        let directory = self.live.directory();
        directory.enrolment(id).filter(|known| known.is_open(self.now())).map(|known| known.enrolment.name())
    }

    /// What a holder is to be shown: that a credential was put in the place of others, or stands beside the one that was
    /// shown now.
    pub fn replacement(&self, caller: &Caller) -> Option<Replacement> {
        let Authority::Principal { name, credential, .. } = &caller.authority else { return None };
        let directory = self.live.directory();
        let (enrolled, replacement) =
            directory.enrolments_of(name).find_map(|known| Some((known, Replacement::of(known)?)))?;
        let is_recent = self.now() < replacement.at.saturating_add(SHOWN).unwrap_or(replacement.at);
        let is_other = *credential != Some(enrolled.enrolment.id);
        (is_recent && (is_other || replacement.credentials > 0)).then_some(replacement)
    }
}

fn somebody_else(name: &PrincipalName) -> Problem {
    let message = Message::new(
        format!("您以 {name} 的身份登录，而该登记码不是给 {name} 的"),
        format!("you have signed in as {name}, and the code is not {name}'s"),
    );
    let remedy = Message::new(
        "登记码只由本人兑换：请将其交给本人；是您本人的，请先退出登录",
        "a code is exchanged by its holder alone: hand it over; if you are the holder, sign out first",
    );
    Problem::new(Reason::PermissionDenied, message, remedy)
}

fn used(enrolled: &Enrolled, at: Timestamp) -> Problem {
    let message = Message::new(
        format!("登记码已于 {at} 兑换，每个登记码只能兑换一次"),
        format!("the code was exchanged at {at}, and is good for once"),
    );
    let remedy = Message::new(
        "如非您本人兑换，请立即告知安全管理员吊销该凭据并告知审计员；未收到令牌的，请安全管理员重新发码",
        "if that was not you, have the security administrator revoke the credential at once, and tell the auditor; if you \
         did not get the token, ask for another code",
    );
    Problem::new(Reason::EnrolmentUsed, message, remedy).with("credential", enrolled.enrolment.name())
}

fn ended() -> Problem {
    let message = Message::new(
        "登记码已失效：已过期、已被新码取代，或已取消",
        "the code has ended: it is past its time, another took its place, or it was called off",
    );
    Problem::new(
        Reason::EnrolmentEnded,
        message,
        Message::new("请安全管理员重新发码", "have the security administrator make another"),
    )
}

fn unconfirmed() -> Problem {
    let message = Message::new(
        "该登记码属于管理员，须经第二人确认后方可兑换",
        "the code is an administrator's, and waits for a second person",
    );
    let remedy = Message::new(
        "请持有另一项权限的管理员确认（huizong credential proposals）；登记时尚非管理员的，请重新发码",
        "have a holder of another power confirm it (huizong credential proposals); where the principal was no administrator \
         when the code was made, ask for another code",
    );
    Problem::new(Reason::EnrolmentUnconfirmed, message, remedy)
}
