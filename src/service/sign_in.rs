//! Signing in from a browser, with a token or by an identity provider, and signing out.

use std::time::Duration;

use crate::access::{CredentialId, PrincipalName, SIGN_IN, SIGN_OUT};
use crate::report::Message;

use super::access::unauthenticated;
use super::caller::{Authority, Caller, SessionKey};
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::sessions::{Origin, Session, Standing};

/// What is shown by whoever an identity provider has named.
const PROVIDER: &str = "provider";
/// Longest name of a person that a refusal repeats, in characters.
const NAME_MAX_CHARACTERS: usize = 100;

impl Service {
    /// Tokens and codes that were not valid since the start, and how often an address was told to wait for that.
    pub fn sign_in_counts(&self) -> (u64, u64) {
        self.sessions.counts()
    }

    /// Whom a token from this address belongs to. Nobody guesses 256 bits, and an office may share an address with who
    /// tries: so a valid token is let in whatever went before, and only failures are counted and told to wait.
    ///
    /// # Errors
    /// RATE_EXCEEDED in place of CREDENTIAL_INVALID after too many failures; else as [`Service::authenticate`].
    pub fn authenticate_from(&self, token: &str, address: &str) -> Result<Authority, Problem> {
        self.authenticate(token).map_err(|problem| match problem.reason {
            Reason::CredentialInvalid => self.failed(problem, address),
            _ => problem,
        })
    }

    /// Counts a token or a code that is not valid; what is told of it: to wait, where an address has shown too many.
    pub(super) fn failed(&self, problem: Problem, address: &str) -> Problem {
        let Some(wait) = self.sessions.failed(address) else { return problem };
        let message = Message::new(
            "凭据无效，且该地址无效次数过多；有效的凭据不受影响",
            "the credential is not valid, and too many from this address were not; a valid one is taken at any time",
        );
        Problem::overload(Reason::RateExceeded, message, wait)
    }

    /// Begins a session with a token: the value of its cookie. A refusal is in the journal.
    ///
    /// # Errors
    /// As [`Service::authenticate_from`].
    pub async fn sign_in(&self, token: &str, caller: &Caller) -> Result<String, Problem> {
        let begun = self.authenticate_from(token, &caller.address).and_then(|authority| match authority {
            Authority::Principal { name, credential, .. } => self.begin_session(name, credential, Origin::Token),
            Authority::Open | Authority::Nobody => Err(unauthenticated(Reason::CredentialsRequired)),
        });
        let shown = Caller { by: self.shown_by_token(token), ..caller.clone() };
        match begun {
            Ok(cookie) => {
                self.note_sign_in(&cookie, &shown).await;
                Ok(cookie)
            }
            Err(problem) => Err(self.refuse_sign_in(problem, &shown).await),
        }
    }

    fn begin_session(
        &self,
        principal: PrincipalName,
        credential: Option<CredentialId>,
        origin: Origin,
    ) -> Result<String, Problem> {
        let begun = self.sessions.begin(principal, credential, origin, self.now());
        begun.map_err(|error| Problem::internal(&error.to_string()))
    }

    /// Puts the beginning of a session into the journal: whose it is, and by what it was begun.
    async fn note_sign_in(&self, cookie: &str, shown: &Caller) {
        if let Some(session) = self.find_session(cookie, false) {
            let (caller, subject) = whose(&session, shown);
            self.note(&caller, caller.accepted(SIGN_IN, subject, String::new())).await;
        }
    }

    /// The session of a cookie, where it has not ended.
    fn find_session(&self, cookie: &str, attended: bool) -> Option<Session> {
        let session = self.sessions.find(cookie, attended, self.now())?;
        let ended = self.live.ended_sessions().has(session.key.number(), session.begun);
        (!ended).then_some(session)
    }

    /// Whether a session goes on, of a call that was begun in it.
    pub(super) fn check_session(&self, key: SessionKey) -> Result<(), Problem> {
        let (standing, begun) = self.sessions.standing(key, self.now());
        let is_ended = begun.is_some_and(|begun| self.live.ended_sessions().has(key.number(), begun));
        match standing {
            Standing::Alive if !is_ended => Ok(()),
            // It may be in use at another instance: whoever has its cookie knows.
            Standing::Idle if !is_ended && self.store.freshness().is_some() => {
                let message = Message::new(
                    "本实例不知此会话是否仍在使用",
                    "whether somebody still uses the session is not known at this instance",
                );
                Err(Problem::overload(Reason::Stopping, message, Duration::from_secs(1)))
            }
            _ => Err(unauthenticated(Reason::CredentialsRequired)),
        }
    }

    /// What a cookie shows, for the journal; after `claimed:` where there is no such session.
    pub fn shown_by_cookie(&self, cookie: &str) -> String {
        match self.find_session(cookie, false) {
            Some(session) => session.key.name(),
            None => format!("claimed:{}", SessionKey::of(cookie).name()),
        }
    }

    /// Whom a session belongs to, where nobody is there: it ends as early as without the call.
    ///
    /// # Errors
    /// CREDENTIALS_REQUIRED where there is no such session, or it has ended.
    pub fn session(&self, cookie: &str) -> Result<Authority, Problem> {
        let session = self.find_session(cookie, false);
        session.map(|session| session.authority()).ok_or_else(|| unauthenticated(Reason::CredentialsRequired))
    }

    /// Whom a session belongs to that somebody uses, and which is idle from now on only.
    ///
    /// # Errors
    /// As [`Service::session`].
    pub fn use_session(&self, cookie: &str) -> Result<Authority, Problem> {
        let session = self.find_session(cookie, true);
        session.map(|session| session.authority()).ok_or_else(|| unauthenticated(Reason::CredentialsRequired))
    }

    /// The cookie of a session that somebody uses, anew, where that is due: it says since when nobody has used it.
    pub fn renewed_session(&self, cookie: &str) -> Option<String> {
        self.find_session(cookie, true)?.renewed
    }

    /// Begins a session of the principal that the identity provider has named: the value of its cookie. A refusal is in
    /// the journal, and tells to ask `contact`.
    ///
    /// # Errors
    /// PRINCIPAL_UNKNOWN where there is none of that name, or it has no role.
    pub async fn sign_in_as(
        &self,
        name: &str,
        sign_out: Option<String>,
        contact: &Message,
        caller: &Caller,
    ) -> Result<String, Problem> {
        let known = name.parse().ok().filter(|name| !self.live.directory().roles(name).is_empty());
        let begun = known
            .ok_or_else(|| no_principal(name, contact))
            .and_then(|name| self.begin_session(name, None, Origin::Provider { sign_out }));
        let shown = Caller { by: PROVIDER.to_owned(), ..caller.clone() };
        match begun {
            Ok(cookie) => {
                self.note_sign_in(&cookie, &shown).await;
                Ok(cookie)
            }
            Err(problem) => Err(self.record_limited(problem, SIGN_IN, format!("principals/{name}"), &shown).await),
        }
    }

    /// Puts into the journal that nobody was signed in.
    pub async fn refuse_sign_in(&self, problem: Problem, caller: &Caller) -> Problem {
        self.record_limited(problem, SIGN_IN, String::new(), caller).await
    }

    /// Ends a session, and tells what it began with; one that is not there is ended already. With several instances it ends at
    /// the others by the entry that the journal has of it.
    ///
    /// # Errors
    /// Where others could not be told: it goes on.
    pub async fn sign_out(&self, cookie: &str, caller: &Caller) -> Result<Option<Origin>, Problem> {
        let shown = Caller { by: self.shown_by_cookie(cookie), ..caller.clone() };
        let Some(session) = self.find_session(cookie, false) else { return Ok(None) };
        let (caller, subject) = whose(&session, &shown);
        let recorded = self.record(caller.accepted(SIGN_OUT, subject, String::new())).await;
        if let Err(problem) = recorded {
            if self.store.freshness().is_some() {
                return Err(problem);
            }
            tracing::error!(problem = problem.message.en, "the end of a session is not in the journal");
        }
        self.live.ended_sessions().end(session.key.number(), self.now());
        Ok(self.sessions.forget(session.key))
    }
}

/// Whose a session is, as a caller, and what the journal calls it.
fn whose(session: &Session, shown: &Caller) -> (Caller, String) {
    let subject = format!("{}/{}", session.principal.name(), session.key.name());
    (Caller { principal: session.principal.to_string(), authority: session.authority(), ..shown.clone() }, subject)
}

fn no_principal(name: &str, contact: &Message) -> Problem {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_MAX_CHARACTERS).collect();
    let message = Message::new(
        format!("身份认证平台确认您是“{name}”，但本系统没有此账号，或该账号没有任何角色"),
        format!(
            "the identity provider says that you are \"{name}\"; there is no such principal here, or it has no role"
        ),
    );
    let remedy = Message::new(
        format!("请联系{}，说明此名称与需要的角色；若这不是您，请先在身份认证平台退出，再以自己的账号登录", contact.zh),
        format!(
            "tell {} this name and the role that you need; if it is not yours, sign out at the identity provider first, and \
             sign in with your own account",
            contact.en
        ),
    );
    Problem::new(Reason::PrincipalUnknown, message, remedy)
}
