//! What ties the provider's answer to the browser that asked for it.
//!
//! The browser keeps a cookie with a secret; state, nonce and the verifier of PKCE are made of it with a key that lives as
//! long as the process, or that several instances have in common. So nothing is kept here of who began, however many begin; only what was answered is, for as long as
//! it could be answered once more.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::access::random_bytes;

use super::refusal::{Cause, Refusal};

/// How long a sign-in may take, in seconds.
pub const ATTEMPT_SECONDS: u64 = 600;

/// Answers that are remembered; beyond, the oldest is forgotten.
const ANSWERED_MAX: usize = 10_000;

/// Longest place to go back to, in bytes: browsers keep cookies of some 4,000, and three stand for one in it.
const BACK_MAX_BYTES: usize = 1000;

/// One attempt to sign in.
pub(crate) struct Attempt {
    /// What the browser keeps; secret.
    pub cookie: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    /// Where the browser goes when it is over: a path of this service.
    pub back: String,
}

pub(crate) struct Attempts {
    key: [u8; 32],
    /// States that were answered, and when, in seconds since 1970. At several instances one could be answered at each; the
    /// provider exchanges its code once.
    answered: Mutex<HashMap<String, u64>>,
}

impl Attempts {
    /// Under a key that instances have in common, else one of its own.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub(crate) fn new(common: Option<[u8; 32]>) -> io::Result<Self> {
        Ok(Self { key: common.map_or_else(random_bytes, Ok)?, answered: Mutex::default() })
    }

    /// Begins an attempt that leads back to `back`, or to the first page where that is no path of ours.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub(crate) fn begin(&self, back: &str) -> io::Result<Attempt> {
        let secret = hex::encode(random_bytes::<32>()?);
        let begun = Self::seconds();
        let back = utf8_percent_encode(own_path(back), NON_ALPHANUMERIC);
        Ok(self.of(format!("{begun}.{secret}.{back}")))
    }

    /// Since 1970, by the clock of the machine.
    fn seconds() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    fn of(&self, cookie: String) -> Attempt {
        let made = |label: &str| hex::encode(self.keyed(label, &cookie));
        let back = cookie.splitn(3, '.').nth(2).unwrap_or_default();
        let back = percent_decode_str(back).decode_utf8_lossy().into_owned();
        Attempt { state: made("state"), nonce: made("nonce"), verifier: made("verifier"), back, cookie }
    }

    fn keyed(&self, label: &str, cookie: &str) -> [u8; 32] {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| unreachable!());
        mac.update(label.as_bytes());
        mac.update(b"\0");
        mac.update(cookie.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The attempt that an answer with this state belongs to, by the cookie of the browser that brings it. Once only.
    ///
    /// # Errors
    /// Where it was not begun in this browser, too long ago, or answered before.
    pub(crate) fn answer(&self, cookie: Option<&str>, state: &str) -> Result<Attempt, Refusal> {
        self.answer_at(Self::seconds(), cookie, state)
    }

    fn answer_at(&self, now: u64, cookie: Option<&str>, state: &str) -> Result<Attempt, Refusal> {
        let attempt = cookie.map(|cookie| self.of(cookie.to_owned())).ok_or(Cause::NotBegunHere)?;
        if !bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes())) {
            return Err(Cause::NotBegunHere.into());
        }
        // The state is right, so the cookie is one that was made here.
        let begun = attempt.cookie.split('.').next().and_then(|begun| begun.parse().ok()).unwrap_or_default();
        let is_old = |since: u64| now.saturating_sub(since) > ATTEMPT_SECONDS;
        if is_old(begun) {
            return Err(Cause::NotBegunHere.into());
        }
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.contains_key(&attempt.state) {
            return Err(Cause::AnsweredBefore.into());
        }
        if answered.len() >= ANSWERED_MAX {
            answered.retain(|_, at| !is_old(*at));
            let oldest = answered.iter().min_by_key(|(_, at)| **at).map(|(state, _)| state.clone());
            oldest.filter(|_| answered.len() >= ANSWERED_MAX).map(|oldest| answered.remove(&oldest));
        }
        answered.insert(attempt.state.clone(), now);
        Ok(attempt)
    }
}

/// A path of this service, with what follows it; the first page in the place of anything else.
pub fn own_path(back: &str) -> &str {
    let is_path = back.starts_with('/') && !back[1..].starts_with(['/', '\\']);
    // Browsers leave out white space within an address, and so make another of it; other letters they have encoded.
    let is_plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain && back.len() <= BACK_MAX_BYTES { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_and_only_from_the_browser_that_asked() {
        let attempts = Attempts::new(None).unwrap();
        let (one, other) = (attempts.begin("/").unwrap(), attempts.begin("/").unwrap());
        let refused = |cookie: Option<&str>, state: &str| attempts.answer(cookie, state).err().unwrap().cause;
        assert_eq!(refused(None, &one.state), Cause::NotBegunHere);
        assert_eq!(refused(Some(&other.cookie), &one.state), Cause::NotBegunHere);
        assert_eq!(refused(Some(&one.cookie), ""), Cause::NotBegunHere);
        let elsewhere = Attempts::new(None).unwrap();
        assert!(elsewhere.answer(Some(&one.cookie), &one.state).is_err(), "another process has another key");
        let taken = attempts.answer(Some(&one.cookie), &one.state).unwrap();
        assert_eq!((taken.nonce, taken.verifier), (one.nonce, one.verifier));
        assert_eq!(refused(Some(&one.cookie), &one.state), Cause::AnsweredBefore);
        let [begun, answered] = [(); 2].map(|()| Attempts::new(Some([7; 32])).unwrap());
        let begun = begun.begin("/").unwrap();
        assert!(answered.answer(Some(&begun.cookie), &begun.state).is_ok(), "instances have one key");
    }

    #[test]
    fn an_attempt_is_too_old_in_the_end() {
        let attempts = Attempts::new(None).unwrap();
        let attempt = attempts.begin("/").unwrap();
        let answer = |seconds| attempts.answer_at(seconds, Some(&attempt.cookie), &attempt.state);
        let end = Attempts::seconds() + ATTEMPT_SECONDS;
        assert_eq!(answer(end + 1).err().unwrap().cause, Cause::NotBegunHere);
        assert!(answer(end - 1).is_ok());
    }

    #[test]
    fn nobody_is_led_to_another_site() {
        let attempts = Attempts::new(None).unwrap();
        for own in ["/", "/#/form?year=2023&scope=jurisdictions/230000", "/?a=b.c"] {
            assert_eq!(attempts.begin(own).unwrap().back, own);
        }
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/%0a\n",
            "evil",
            "/ /",
        ] {
            assert_eq!(attempts.begin(foreign).unwrap().back, "/", "{foreign:?}");
        }
    }
}
