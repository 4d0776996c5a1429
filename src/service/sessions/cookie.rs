//! What stands in the cookie of a session: whose it is, when it began and was used last, and a keyed hash of that. So every
//! instance that has the key knows the session, wherever it began. Nothing in it is secret but that it is whole.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use crate::access::{CredentialId, PrincipalName};
use crate::service::caller::SessionKey;

const SEPARATOR: char = '.';
const PROVIDER: &str = "p";
const TOKEN: &str = "t";

/// A session, as its cookie has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// 128 random bits in hexadecimal.
    pub id: String,
    pub begun: Timestamp,
    /// When somebody used it last, as far as the browser knows.
    pub used: Timestamp,
    /// The token that it began with; none where an identity provider named the principal.
    pub credential: Option<CredentialId>,
    pub principal: PrincipalName,
}

impl Cookie {
    pub(crate) fn key(&self) -> SessionKey {
        SessionKey::of(&self.id)
    }

    /// Its value.
    pub(crate) fn sealed(&self, key: &[u8; 32]) -> String {
        let Self { id, begun, used, credential, principal } = self;
        let (begun, used) = (begun.as_millisecond(), used.as_millisecond());
        let by = credential.map_or_else(|| PROVIDER.to_owned(), |credential| format!("{TOKEN}{credential}"));
        let said = format!("{id}.{begun}.{used}.{by}.{}", principal.as_str());
        let seal = hex::encode(keyed(key, &said).finalize().into_bytes());
        format!("{said}{SEPARATOR}{seal}")
    }

    /// The session of a cookie that was made with this key.
    pub(crate) fn read(value: &str, key: &[u8; 32]) -> Option<Self> {
        let (said, seal) = value.rsplit_once(SEPARATOR)?;
        keyed(key, said).verify_slice(&hex::decode(seal).ok()?).ok()?;
        // A name may have the separator in it, and is the last.
        let mut parts = said.splitn(5, SEPARATOR);
        let mut next = || parts.next();
        let time = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
        let (id, begun, used) = (next()?.to_owned(), time(next()?)?, time(next()?)?);
        let credential = match next()?.strip_prefix(TOKEN) {
            Some(credential) => Some(credential.parse().ok()?),
            None => None,
        };
        let principal = next()?.parse().ok()?;
        Some(Self { id, begun, used, credential, principal })
    }
}

fn keyed(key: &[u8; 32], said: &str) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    mac.update(said.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_taken_as_it_was_made_and_not_with_anything_changed() {
        let at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let credential = Some("0123456789abcdef".parse().unwrap());
        for (credential, principal) in [(credential, "viewer"), (None, "zhang.san")] {
            let id = "00112233445566778899aabbccddeeff".to_owned();
            let cookie = Cookie { id, begun: at, used: at, credential, principal: principal.parse().unwrap() };
            let value = cookie.sealed(&[7; 32]);
            assert_eq!(Cookie::read(&value, &[7; 32]), Some(cookie));
            assert_eq!(Cookie::read(&value, &[8; 32]), None, "another key");
            for at in 0..value.len() {
                let mut changed = value.clone().into_bytes();
                changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(Cookie::read(&changed, &[7; 32]), None, "{changed}");
                assert_eq!(Cookie::read(&value[..at], &[7; 32]), None);
            }
        }
    }
}
