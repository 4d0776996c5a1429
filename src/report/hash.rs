//! A SHA-256 digest that prints as hexadecimal.

use std::fmt;

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest from 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Lower-case hexadecimal, 64 characters.
    pub fn to_hex(self) -> String {
        self.with_hex(str::to_owned)
    }

    /// Shows the hexadecimal digits: `hex::encode`, which makes them one `char` after another, takes several times as
    /// long, and every submission writes many.
    fn with_hex<T>(self, show: impl FnOnce(&str) -> T) -> T {
        let mut digits = [0; 64];
        // The length is right, and the digits are ASCII.
        let _ = hex::encode_to_slice(self.0, &mut digits);
        show(str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_hex(|digits| f.write_str(digits))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
