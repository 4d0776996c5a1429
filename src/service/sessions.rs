//! Signing in from a browser, with a token or by an identity provider, and addresses that try too often.
//!
//! A session is 256 random bits in a cookie; in memory only, so that it ends with the process. One that began with a token
//! rests on it: where that is revoked or expires, the session ends too. With the session end the streams that were begun in
//! it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::access::{SIGN_IN, SIGN_OUT, random_bytes};
use crate::report::{Hash, Message};

use super::access::{Authority, unauthenticated};
use super::{Caller, Problem, Reason, Service};

/// Sessions at a time; beyond, the one that was idle longest ends.
const SESSIONS_MAX: usize = 10_000;
/// Addresses whose failures are kept; beyond, those are forgotten first that failed longest ago.
const ADDRESSES_MAX: usize = 10_000;

/// The action of signing in, in the journal.
/// What is shown by whoever an identity provider has named.
const PROVIDER: &str = "provider";
/// Longest name of a person that a refusal repeats, in characters.
const NAME_MAX_CHARACTERS: usize = 100;

/// How sessions and failures to authenticate are limited.
#[derive(Debug, Clone, Copy)]
pub struct SignInLimits {
    /// A session that nobody uses for so long ends.
    pub idle: Duration,
    /// A session ends after so long in any case.
    pub longest: Duration,
    /// Failures of one address before it is told to wait.
    pub failures: u32,
    /// For how long it is told to wait since the last failure.
    pub lock_out: Duration,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(30 * 60),
            longest: Duration::from_secs(12 * 60 * 60),
            failures: 10,
            lock_out: Duration::from_secs(15 * 60),
        }
    }
}

/// What a session is known by inside: the hash of its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey(Hash);

impl SessionKey {
    fn of(cookie: &str) -> Self {
        Self(Hash::of(cookie.as_bytes()))
    }

    /// As the journal names it: enough to tell sessions apart, and nothing to make a cookie of.
    fn name(self) -> String {
        format!("sessions/{}", hex::encode(&self.0.0[..8]))
    }
}

struct Session {
    authority: Authority,
    begun: Instant,
    used: Instant,
    origin: Origin,
}

/// What a session began with.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    Token,
    /// An identity provider, and where to sign out there, if it offers that. The address names the person.
    Provider {
        sign_out: Option<String>,
    },
}

struct Failures {
    count: u32,
    last: Instant,
}

/// Sessions by their key, and failures by address.
pub struct Sessions {
    limits: SignInLimits,
    sessions: Mutex<HashMap<SessionKey, Session>>,
    failures: Mutex<HashMap<String, Failures>>,
    counts: SignInCounts,
}

/// Since the start, for metrics.
#[derive(Default)]
struct SignInCounts {
    failures: AtomicU64,
    lock_outs: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Entries are inserted and removed whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    pub fn new(limits: SignInLimits) -> Self {
        Self { limits, sessions: Mutex::default(), failures: Mutex::default(), counts: SignInCounts::default() }
    }

    /// Counts a failure of an address; how long it is to wait where there were too many.
    fn failed(&self, address: &str) -> Option<Duration> {
        let mut failures = locked(&self.failures);
        if failures.len() >= ADDRESSES_MAX && !failures.contains_key(address) {
            failures.retain(|_, failed| failed.last.elapsed() < self.limits.lock_out);
            let oldest = failures.iter().min_by_key(|(_, failed)| failed.last).map(|(address, _)| address.clone());
            if let Some(oldest) = oldest.filter(|_| failures.len() >= ADDRESSES_MAX) {
                failures.remove(&oldest);
            }
        }
        let fresh = Failures { count: 0, last: Instant::now() };
        let failed = failures.entry(address.to_owned()).or_insert(fresh);
        if failed.last.elapsed() >= self.limits.lock_out {
            failed.count = 0;
        }
        failed.count = failed.count.saturating_add(1);
        failed.last = Instant::now();
        self.counts.failures.fetch_add(1, Ordering::Relaxed);
        if failed.count == self.limits.failures.saturating_add(1) {
            self.counts.lock_outs.fetch_add(1, Ordering::Relaxed);
        }
        (failed.count > self.limits.failures).then_some(self.limits.lock_out)
    }

    fn begin(&self, authority: Authority, origin: Origin) -> std::io::Result<String> {
        let cookie = hex::encode(random_bytes::<32>()?);
        let now = Instant::now();
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, session| self.goes_on(session));
        if sessions.len() >= SESSIONS_MAX {
            let idlest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| *key);
            idlest.map(|key| sessions.remove(&key));
        }
        let key = SessionKey::of(&cookie);
        let authority = match authority {
            Authority::Principal { name, credential, .. } => {
                Authority::Principal { name, credential, session: Some(key) }
            }
            other => other,
        };
        sessions.insert(key, Session { authority, begun: now, used: now, origin });
        Ok(cookie)
    }

    fn goes_on(&self, session: &Session) -> bool {
        session.used.elapsed() < self.limits.idle && session.begun.elapsed() < self.limits.longest
    }

    /// Whether a session has not ended.
    pub fn is_alive(&self, key: SessionKey) -> bool {
        locked(&self.sessions).get(&key).is_some_and(|session| self.goes_on(session))
    }

    /// Does something with a session that has not ended.
    fn with<T>(&self, cookie: &str, act: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let mut sessions = locked(&self.sessions);
        let key = SessionKey::of(cookie);
        let session = sessions.get_mut(&key)?;
        if self.goes_on(session) {
            Some(act(session))
        } else {
            sessions.remove(&key);
            None
        }
    }

    /// Whom a session belongs to.
    fn authority(&self, cookie: &str) -> Option<Authority> {
        self.with(cookie, |session| session.authority.clone())
    }

    /// The same, where somebody uses it.
    fn used_by(&self, cookie: &str) -> Option<Authority> {
        self.with(cookie, |session| {
            session.used = Instant::now();
            session.authority.clone()
        })
    }

    fn end(&self, cookie: &str) -> Option<Origin> {
        locked(&self.sessions).remove(&SessionKey::of(cookie)).map(|session| session.origin)
    }
}

impl Service {
    /// Tokens and codes that were not valid since the start, and how often an address was told to wait for that.
    pub fn sign_in_counts(&self) -> (u64, u64) {
        let counts = &self.sessions.counts;
        (counts.failures.load(Ordering::Relaxed), counts.lock_outs.load(Ordering::Relaxed))
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
        let begun = self.authenticate_from(token, &caller.address).and_then(|authority| {
            self.sessions.begin(authority, Origin::Token).map_err(|error| Problem::internal(&error.to_string()))
        });
        let shown = Caller { by: self.shown_by_token(token), ..caller.clone() };
        match begun {
            Ok(cookie) => {
                self.note_session(SIGN_IN, self.sessions.authority(&cookie), &shown).await;
                Ok(cookie)
            }
            Err(problem) => Err(self.refuse_sign_in(problem, &shown).await),
        }
    }

    /// Puts the beginning or the end of a session into the journal: whose it is, and by what it was begun or ended.
    async fn note_session(&self, action: &'static str, session: Option<Authority>, shown: &Caller) {
        let Some(Authority::Principal { name, session: Some(key), .. }) = &session else { return };
        let subject = format!("{}/{}", name.name(), key.name());
        let principal = name.to_string();
        let caller = Caller { principal, authority: session.unwrap_or(Authority::Nobody), ..shown.clone() };
        self.note(&caller, caller.accepted(action, subject, String::new())).await;
    }

    /// What a cookie shows, for the journal; after `claimed:` where there is no such session.
    pub fn shown_by_cookie(&self, cookie: &str) -> String {
        let claimed = if self.sessions.authority(cookie).is_some() { "" } else { "claimed:" };
        format!("{claimed}{}", SessionKey::of(cookie).name())
    }

    /// Whom a session belongs to, where nobody is there: it ends as early as without the call.
    ///
    /// # Errors
    /// CREDENTIALS_REQUIRED where there is no such session, or it has ended.
    pub fn session(&self, cookie: &str) -> Result<Authority, Problem> {
        self.sessions.authority(cookie).ok_or_else(|| unauthenticated(Reason::CredentialsRequired))
    }

    /// Whom a session belongs to that somebody uses, and which is idle from now on only.
    ///
    /// # Errors
    /// As [`Service::session`].
    pub fn use_session(&self, cookie: &str) -> Result<Authority, Problem> {
        self.sessions.used_by(cookie).ok_or_else(|| unauthenticated(Reason::CredentialsRequired))
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
        let begun = known.ok_or_else(|| no_principal(name, contact)).and_then(|name| {
            let authority = Authority::Principal { name, credential: None, session: None };
            let begun = self.sessions.begin(authority, Origin::Provider { sign_out });
            begun.map_err(|error| Problem::internal(&error.to_string()))
        });
        let shown = Caller { by: PROVIDER.to_owned(), ..caller.clone() };
        match begun {
            Ok(cookie) => {
                self.note_session(SIGN_IN, self.sessions.authority(&cookie), &shown).await;
                Ok(cookie)
            }
            Err(problem) => Err(self.record_limited(problem, SIGN_IN, format!("principals/{name}"), &shown).await),
        }
    }

    /// Puts into the journal that nobody was signed in.
    pub async fn refuse_sign_in(&self, problem: Problem, caller: &Caller) -> Problem {
        self.record_limited(problem, SIGN_IN, String::new(), caller).await
    }

    /// Ends a session, and tells what it began with; one that is not there is ended already.
    pub async fn sign_out(&self, cookie: &str, caller: &Caller) -> Option<Origin> {
        let shown = Caller { by: self.shown_by_cookie(cookie), ..caller.clone() };
        let authority = self.sessions.authority(cookie);
        let ended = self.sessions.end(cookie);
        self.note_session(SIGN_OUT, authority, &shown).await;
        ended
    }
}

fn no_principal(name: &str, contact: &Message) -> Problem {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_MAX_CHARACTERS).collect();
    let message = Message::new(
        format!("身份认证平台确认您是“{name}”，但本服务没有此主体，或其没有任何角色"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(limits: SignInLimits) -> Sessions {
        Sessions::new(limits)
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_signed_out() {
        let lasting = sessions(SignInLimits::default());
        let cookie = lasting.begin(Authority::Nobody, Origin::Token).unwrap();
        assert_eq!(cookie.len(), 64);
        assert_eq!(lasting.authority(&cookie), Some(Authority::Nobody));
        assert_eq!(lasting.authority("another"), None);
        lasting.end(&cookie);
        assert_eq!(lasting.authority(&cookie), None);
        let idle = sessions(SignInLimits { idle: Duration::ZERO, ..SignInLimits::default() });
        assert_eq!(idle.authority(&idle.begin(Authority::Nobody, Origin::Token).unwrap()), None);
        let old = sessions(SignInLimits { longest: Duration::ZERO, ..SignInLimits::default() });
        assert_eq!(old.authority(&old.begin(Authority::Nobody, Origin::Token).unwrap()), None);
    }

    #[test]
    fn only_who_uses_a_session_keeps_it_from_being_idle() {
        let sessions = sessions(SignInLimits::default());
        let cookie = sessions.begin(Authority::Nobody, Origin::Token).unwrap();
        let idle_since = || sessions.with(&cookie, |session| session.used).unwrap();
        let begun = idle_since();
        while begun.elapsed().is_zero() {}
        assert!(sessions.authority(&cookie).is_some() && sessions.is_alive(SessionKey::of(&cookie)));
        assert_eq!(idle_since(), begun);
        assert!(sessions.used_by(&cookie).is_some());
        assert!(idle_since() > begun);
    }

    #[test]
    fn an_address_that_fails_too_often_is_told_to_wait_and_no_other() {
        let sessions = sessions(SignInLimits { failures: 2, ..SignInLimits::default() });
        assert_eq!([(); 2].map(|()| sessions.failed("192.0.2.1")), [None; 2]);
        assert!(sessions.failed("192.0.2.1").is_some());
        assert_eq!(sessions.failed("192.0.2.2"), None);
    }

    #[test]
    fn failures_are_forgotten_after_a_while() {
        let sessions = sessions(SignInLimits { failures: 1, lock_out: Duration::ZERO, ..SignInLimits::default() });
        assert_eq!([(); 3].map(|()| sessions.failed("192.0.2.1")), [None; 3]);
    }
}
