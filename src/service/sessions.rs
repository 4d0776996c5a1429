//! Sessions of browsers, and addresses that try to sign in too often.
//!
//! A session is 256 random bits in a cookie; in memory only, so that it ends with the process. One that began with a token
//! rests on it: where that is revoked or expires, the session ends too. With the session end the streams that were begun in
//! it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::access::random_bytes;

use super::caller::{Authority, SessionKey};
use super::settings::SignInLimits;

/// Sessions at a time; beyond, the one that was idle longest ends.
const SESSIONS_MAX: usize = 10_000;
/// Addresses whose failures are kept; beyond, those are forgotten first that failed longest ago.
const ADDRESSES_MAX: usize = 10_000;

struct Session {
    authority: Authority,
    begun: Instant,
    used: Instant,
    origin: Origin,
}

/// What a session began with.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    /// A token, on which the session rests.
    Token,
    /// An identity provider, and where to sign out there, if it offers that. The address names the person.
    Provider {
        /// Address of the provider; none where it offers no signing out.
        sign_out: Option<String>,
    },
}

struct Failures {
    count: u32,
    last: Instant,
}

/// Sessions by their key, and failures by address.
pub(crate) struct Sessions {
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
    pub(crate) fn new(limits: SignInLimits) -> Self {
        Self { limits, sessions: Mutex::default(), failures: Mutex::default(), counts: SignInCounts::default() }
    }

    /// Failures since the start, and how often an address was told to wait for that.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.counts.failures.load(Ordering::Relaxed), self.counts.lock_outs.load(Ordering::Relaxed))
    }

    /// Counts a failure of an address; how long it is to wait where there were too many.
    pub(crate) fn failed(&self, address: &str) -> Option<Duration> {
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

    /// Begins a session; the value of its cookie.
    pub(crate) fn begin(&self, authority: Authority, origin: Origin) -> std::io::Result<String> {
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
    pub(crate) fn is_alive(&self, key: SessionKey) -> bool {
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
    pub(crate) fn authority(&self, cookie: &str) -> Option<Authority> {
        self.with(cookie, |session| session.authority.clone())
    }

    /// The same, where somebody uses it.
    pub(crate) fn used_by(&self, cookie: &str) -> Option<Authority> {
        self.with(cookie, |session| {
            session.used = Instant::now();
            session.authority.clone()
        })
    }

    /// Ends a session; what it began with.
    pub(crate) fn end(&self, cookie: &str) -> Option<Origin> {
        locked(&self.sessions).remove(&SessionKey::of(cookie)).map(|session| session.origin)
    }
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
