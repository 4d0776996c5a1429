//! Sessions of browsers, and addresses that try to sign in too often.
//!
//! A session is in its cookie (`cookie`), which nobody makes without the key: that of this process, so that sessions end with it,
//! or one that several instances have in common. In memory is when it was used last, as far as this instance knows, and, in
//! `live`, which sessions have ended before their time. One that began with a token rests on it: where that is revoked or expires,
//! the session ends too. With the session end the streams that were begun in it.

mod cookie;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::access::{CredentialId, PrincipalName, random_bytes};

use super::caller::{Authority, SessionKey};
use super::settings::SignInLimits;

use cookie::Cookie;

/// Sessions of which it is known here when they were used; beyond, the one that was idle longest is forgotten, and goes by its
/// cookie.
const KNOWN_MAX: usize = 10_000;
/// Addresses whose failures are kept; beyond, those are forgotten first that failed longest ago.
const ADDRESSES_MAX: usize = 10_000;

/// A cookie is made anew when it is as old, and when a part of the idle time has passed, whichever is earlier.
const RENEWED_AFTER: Duration = Duration::from_secs(60);
const RENEWED_IN_IDLE: u32 = 16;

/// What is known here of a session beside its cookie.
struct Known {
    begun: Timestamp,
    used: Timestamp,
    origin: Origin,
}

/// What a session began with.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    /// A token, on which the session rests.
    Token,
    /// An identity provider, and where to sign out there, if it offers that. The address names the person.
    Provider {
        /// Address of the provider; none where it offers no signing out, or where this instance does not know it: the session
        /// began at another.
        sign_out: Option<String>,
    },
}

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It goes on.
    Alive,
    /// As far as is known here nobody has used it for too long.
    Idle,
    /// It has ended.
    Ended,
}

/// A session that goes on.
pub(crate) struct Session {
    pub key: SessionKey,
    pub begun: Timestamp,
    pub principal: PrincipalName,
    credential: Option<CredentialId>,
    /// Its cookie anew, where that is due and somebody uses it.
    pub renewed: Option<String>,
}

impl Session {
    /// By what its calls may do things.
    pub(crate) fn authority(&self) -> Authority {
        Authority::Principal { name: self.principal.clone(), credential: self.credential, session: Some(self.key) }
    }
}

struct Failures {
    count: u32,
    last: Instant,
}

/// Sessions, and failures by address.
pub(crate) struct Sessions {
    limits: SignInLimits,
    key: [u8; 32],
    known: Mutex<HashMap<SessionKey, Known>>,
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
    /// Sessions under a key.
    pub(crate) fn new(limits: SignInLimits, key: [u8; 32]) -> Self {
        let (known, failures, counts) = (Mutex::default(), Mutex::default(), SignInCounts::default());
        Self { limits, key, known, failures, counts }
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
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub(crate) fn begin(
        &self,
        principal: PrincipalName,
        credential: Option<CredentialId>,
        origin: Origin,
        now: Timestamp,
    ) -> std::io::Result<String> {
        let id = hex::encode(random_bytes::<16>()?);
        let cookie = Cookie { id, begun: now, used: now, credential, principal };
        self.know(&cookie, now, || origin);
        Ok(cookie.sealed(&self.key))
    }

    /// Notes when a session was used, and tells what is known of that.
    fn know(&self, cookie: &Cookie, used: Timestamp, origin: impl FnOnce() -> Origin) -> Timestamp {
        let mut known = locked(&self.known);
        let key = cookie.key();
        if known.len() >= KNOWN_MAX && !known.contains_key(&key) {
            let idlest = known.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| *key);
            idlest.map(|key| known.remove(&key));
        }
        let session = known.entry(key).or_insert_with(|| Known { begun: cookie.begun, used, origin: origin() });
        session.used = session.used.max(used);
        session.used
    }

    fn standing_of(&self, begun: Timestamp, used: Timestamp, now: Timestamp) -> Standing {
        let over = |since: Timestamp, limit: Duration| {
            now.duration_since(since) >= jiff::SignedDuration::try_from(limit).unwrap_or(jiff::SignedDuration::MAX)
        };
        if over(begun, self.limits.longest) {
            Standing::Ended
        } else if over(used, self.limits.idle) {
            Standing::Idle
        } else {
            Standing::Alive
        }
    }

    /// How a session stands by when it began and was used, as far as is known here; and when it began.
    pub(crate) fn standing(&self, key: SessionKey, now: Timestamp) -> (Standing, Option<Timestamp>) {
        match locked(&self.known).get(&key) {
            Some(known) => (self.standing_of(known.begun, known.used, now), Some(known.begun)),
            None => (Standing::Idle, None),
        }
    }

    /// The session of a cookie, where that is one and has not ended by itself; with `attended` somebody uses it.
    pub(crate) fn find(&self, value: &str, attended: bool, now: Timestamp) -> Option<Session> {
        let cookie = Cookie::read(value, &self.key)?;
        let origin = || match cookie.credential {
            Some(_) => Origin::Token,
            None => Origin::Provider { sign_out: None },
        };
        let used = self.know(&cookie, cookie.used, origin);
        if self.standing_of(cookie.begun, used, now) != Standing::Alive {
            return None;
        }
        let mut renewed = None;
        if attended {
            self.know(&cookie, now, origin);
            let after = RENEWED_AFTER.min(self.limits.idle / RENEWED_IN_IDLE);
            if now.duration_since(cookie.used).unsigned_abs() >= after {
                renewed = Some(Cookie { used: now, ..cookie.clone() }.sealed(&self.key));
            }
        }
        let (key, begun) = (cookie.key(), cookie.begun);
        Some(Session { key, begun, principal: cookie.principal, credential: cookie.credential, renewed })
    }

    /// What a session began with that has ended.
    pub(crate) fn forget(&self, key: SessionKey) -> Option<Origin> {
        locked(&self.known).remove(&key).map(|known| known.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(limits: SignInLimits) -> Sessions {
        Sessions::new(limits, [1; 32])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn begin(sessions: &Sessions) -> String {
        let credential = Some("0123456789abcdef".parse().unwrap());
        sessions.begin("viewer".parse().unwrap(), credential, Origin::Token, at(0)).unwrap()
    }

    const LIMITS: SignInLimits = SignInLimits {
        idle: Duration::from_secs(160),
        longest: Duration::from_secs(1000),
        failures: 1,
        lock_out: Duration::ZERO,
    };

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_wherever_it_began() {
        let (one, two) = (sessions(LIMITS), sessions(LIMITS));
        let mut cookie = begin(&one);
        assert!(Sessions::new(LIMITS, [2; 32]).find(&cookie, true, at(0)).is_none(), "another key");
        let first = cookie.clone();
        // Whichever instance it is used at gives it anew, and the other goes by that.
        for second in (0..1000).step_by(100) {
            let at_which = if second % 200 == 0 { &one } else { &two };
            let found = at_which.find(&cookie, true, at(second)).unwrap();
            assert_eq!((found.principal.as_str(), found.begun), ("viewer", at(0)));
            assert_eq!(found.renewed.is_some(), second > 0);
            cookie = found.renewed.unwrap_or(cookie);
        }
        assert!(one.find(&cookie, true, at(1000)).is_none(), "old");
        assert!(sessions(LIMITS).find(&first, false, at(159)).is_some());
        assert!(sessions(LIMITS).find(&first, false, at(160)).is_none(), "idle");
    }

    #[test]
    fn only_who_uses_a_session_keeps_it_from_being_idle() {
        let sessions = sessions(LIMITS);
        let cookie = begin(&sessions);
        let unattended = sessions.find(&cookie, false, at(159)).unwrap();
        assert!(unattended.renewed.is_none());
        assert_eq!(sessions.standing(unattended.key, at(159)), (Standing::Alive, Some(at(0))));
        assert_eq!(sessions.standing(unattended.key, at(160)).0, Standing::Idle);
        assert!(sessions.find(&cookie, true, at(100)).is_some());
        // Known here, although the browser brings the old one.
        assert!(sessions.find(&cookie, false, at(259)).is_some());
        assert_eq!(sessions.standing(unattended.key, at(1000)).0, Standing::Ended);
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
