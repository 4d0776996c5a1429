//! API tokens: 256 random bits that are shown once and kept only as a keyed hash, and the key of that hash.

use std::fmt;
use std::io;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::report::Hash;

use super::change::CredentialId;
use super::enrolment::EnrolmentCode;
use super::key_file::KeyFile;

/// Every token begins with it, so that scanners for leaked secrets find one.
pub const TOKEN_PREFIX: &str = "huizong_";

const SECRET_BYTES: usize = 32;

/// Random bytes of the operating system.
///
/// # Errors
/// Where it has none to give.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A token as its holder has it: `huizong_` credential id (16 hexadecimal digits) `_` secret (64). Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Of the credential; no secret.
    pub credential: CredentialId,
    secret: [u8; SECRET_BYTES],
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.credential)
    }
}

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn generate() -> io::Result<Self> {
        Ok(Self { credential: CredentialId(random_bytes()?), secret: random_bytes()? })
    }

    /// The text to give to its holder, once.
    pub fn reveal(&self) -> String {
        format!("{TOKEN_PREFIX}{}_{}", self.credential, hex::encode(self.secret))
    }

    /// A token from its text; none where it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        let (credential, secret) = text.trim().strip_prefix(TOKEN_PREFIX)?.split_once('_')?;
        let mut bytes = [0; SECRET_BYTES];
        hex::decode_to_slice(secret, &mut bytes).ok()?;
        Some(Self { credential: credential.parse().ok()?, secret: bytes })
    }
}

/// Tells one key from another, and nothing else of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

const KEY_ID_BYTES: usize = 8;

/// What is hashed under a key to name it; no token has this length.
const KEY_ID_TEXT: &[u8] = b"huizong/token-key";
/// Begin what is hashed of codes, which is of another length than what is hashed of tokens.
const CODE_TEXT: &[u8] = b"huizong/enrolment-code";
const EXCHANGE_TEXT: &[u8] = b"huizong/enrolment-exchange";
const PURPOSE_TEXT: &[u8] = b"huizong/key-for/";

/// The key under which tokens are hashed. Whoever copies the store without it cannot even test a guess.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

impl TokenKey {
    /// Its file in the folder of the store.
    pub const FILE: &'static str = "token-key";

    /// A key that is gone at the end, for stores that are.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn ephemeral() -> io::Result<Self> {
        random_bytes().map(Self)
    }

    /// Reads the key of the store in `directory`; a store that has none gets one.
    ///
    /// # Errors
    /// As [`KeyFile::open`].
    pub fn open(directory: &Path) -> io::Result<Self> {
        let file = KeyFile { name: Self::FILE, if_seen: "then revoke every token and make new ones" };
        let make = || Self::ephemeral().map(|key| (Self(key.0), key.0.to_vec()));
        let of = |written: &[u8]| written.try_into().map(Self).map_err(|_| "it is not 64 hexadecimal digits");
        file.open(directory, make, of)
    }

    /// What names this key.
    pub fn id(&self) -> KeyId {
        let hash = self.keyed_hash(&[KEY_ID_TEXT]).0;
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&hash[..KEY_ID_BYTES]);
        KeyId(id)
    }

    /// What is kept of a token: HMAC-SHA-256 of its id and secret.
    pub fn hash(&self, token: &Token) -> Hash {
        self.keyed_hash(&[&token.credential.0, &token.secret])
    }

    /// What is kept of a code.
    pub fn hash_code(&self, code: &EnrolmentCode) -> Hash {
        self.keyed_hash(&[CODE_TEXT, &code.credential.0, &code.secret])
    }

    /// Whether this is the code that the hash was kept of, in a time that does not depend on the answer.
    pub fn matches_code(&self, code: &EnrolmentCode, kept: &Hash) -> bool {
        self.hash_code(code).0.ct_eq(&kept.0).into()
    }

    /// The token that a code is exchanged for by a request of this id. It is not kept, and made again where the answer to
    /// the first request was lost; whoever has seen the code cannot make it, without the key and the id.
    pub fn exchange(&self, code: &EnrolmentCode, request: [u8; 16]) -> Token {
        let secret = self.keyed_hash(&[EXCHANGE_TEXT, &code.credential.0, &code.secret, &request]).0;
        Token { credential: code.credential, secret }
    }

    /// A key for something else, named by a short word: whoever has it finds neither this one nor another.
    pub fn for_purpose(&self, purpose: &str) -> [u8; 32] {
        self.keyed_hash(&[PURPOSE_TEXT, purpose.as_bytes()]).0
    }

    fn keyed_hash(&self, parts: &[&[u8]]) -> Hash {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!());
        parts.iter().for_each(|part| mac.update(part));
        Hash(mac.finalize().into_bytes().into())
    }

    /// Whether this is the token that the hash was kept of, in a time that does not depend on the answer.
    pub fn matches(&self, token: &Token, kept: &Hash) -> bool {
        self.hash(token).0.ct_eq(&kept.0).into()
    }
}
