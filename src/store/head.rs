//! How far a journal had come, signed by the service's key: an anchor that is kept elsewhere. Defined in docs/journal.md.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::access::KeyFile;
use crate::report::Hash;

use super::journal::Position;

const FORMAT: &str = "huizong-journal-head/1";

/// The key with which the service signs how far its journal has come.
#[derive(Clone)]
pub struct SigningKey(Arc<Ed25519KeyPair>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Its file in the folder of the store.
    pub const FILE: &'static str = "signing-key";

    /// Reads the key of the store in `directory`; a store that has none gets one.
    ///
    /// # Errors
    /// As [`KeyFile::open`].
    pub fn open(directory: &Path) -> io::Result<Self> {
        let file = KeyFile { name: Self::FILE, if_seen: "and trust no signature made with it since" };
        file.open(directory, Self::make, Self::of)
    }

    /// A key that is gone at the end, for stores that are.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn ephemeral() -> io::Result<Self> {
        Self::make().map(|(key, _)| key)
    }

    fn make() -> io::Result<(Self, Vec<u8>)> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let document = document.map_err(|_| io::Error::other("the operating system gives no random bytes"))?;
        let key = Self::of(document.as_ref()).map_err(io::Error::other)?;
        Ok((key, document.as_ref().to_vec()))
    }

    fn of(document: &[u8]) -> Result<Self, &'static str> {
        Ed25519KeyPair::from_pkcs8(document).map(|pair| Self(Arc::new(pair))).map_err(|_| "it is no Ed25519 key")
    }

    /// The public part, 64 hexadecimal digits.
    pub fn public(&self) -> String {
        hex::encode(self.0.public_key().as_ref())
    }

    /// Signs how far the journal has come, at the time `now`.
    pub fn sign(&self, position: &Position, now: Timestamp) -> SignedHead {
        let mut head = SignedHead {
            format: FORMAT.to_owned(),
            sequence: position.sequence,
            chain: position.chain.to_hex(),
            time: now.to_string(),
            key: self.public(),
            signature: String::new(),
            timestamp: String::new(),
        };
        head.signature = hex::encode(self.0.sign(head.lines().as_bytes()).as_ref());
        head
    }
}

/// How far a journal had come, with the signature of the service that kept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    format: String,
    /// Sequence number of the newest journal entry when it was signed; 0 for an empty journal.
    pub sequence: u64,
    /// Chain hash of that entry, 64 hexadecimal digits.
    pub chain: String,
    /// When it was signed, by the clock of the service.
    pub time: String,
    /// Public key, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 signature over the lines, 128 hexadecimal digits.
    pub signature: String,
    /// Token of a time-stamping authority (RFC 3161) over the SHA-256 of the lines, in hexadecimal digits; empty without.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
}

impl SignedHead {
    /// One that a service sent in parts.
    pub fn of_parts(sequence: u64, chain: String, time: Timestamp, key: String, signature: String) -> Self {
        let (format, time, timestamp) = (FORMAT.to_owned(), time.to_string(), String::new());
        Self { format, sequence, chain, time, key, signature, timestamp }
    }

    /// What is signed.
    fn lines(&self) -> String {
        let Self { format, sequence, chain, time, key, signature: _, timestamp: _ } = self;
        format!("{format}\nsequence={sequence}\nchain={chain}\ntime={time}\nkey={key}\n")
    }

    /// SHA-256 of what is signed, for a time stamp of an authority.
    pub fn digest(&self) -> Hash {
        Hash::of(self.lines().as_bytes())
    }

    /// Whether the key that it names signed it.
    pub fn holds(&self) -> bool {
        let (Ok(key), Ok(signature)) = (hex::decode(&self.key), hex::decode(&self.signature)) else { return false };
        self.format == FORMAT
            && UnparsedPublicKey::new(&ED25519, key).verify(self.lines().as_bytes(), &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn signed() -> SignedHead {
        let position = Position { sequence: 7, chain: Hash::of(b"chain"), time: Timestamp::UNIX_EPOCH };
        SigningKey::ephemeral().unwrap().sign(&position, "2026-01-31T16:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_change_of_any_part_breaks_the_signature() {
        assert!(signed().holds());
        let changes: [fn(&mut SignedHead); 6] = [
            |head| head.format = "huizong-journal-head/2".to_owned(),
            |head| head.sequence += 1,
            |head| head.chain = Hash::of(b"other").to_hex(),
            |head| head.time = "2026-01-31T15:00:00Z".to_owned(),
            |head| head.key = SigningKey::ephemeral().unwrap().public(),
            |head| head.signature.replace_range(..2, "00"),
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut head = signed();
            // One in 256 signatures begins with these digits already.
            while at == 5 && head.signature.starts_with("00") {
                head = signed();
            }
            change(&mut head);
            assert!(!head.holds(), "change {at}");
        }
    }

    #[test]
    fn the_key_of_a_store_is_made_once_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::open(folder.path()).unwrap();
        assert_eq!(SigningKey::open(folder.path()).unwrap().public(), key.public());
        let file = folder.path().join(SigningKey::FILE);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(SigningKey::open(folder.path()).is_err(), "others may read it");
    }
}
