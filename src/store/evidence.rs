//! What a record says, as lines that anyone can write and hash: the journal's chain holds the hash of every record.
//! Defined for outsiders in docs/journal.md.
//!
//! Every record is taken apart field by field, so that a new field is an error of the compiler and not a gap in the
//! evidence. The words are part of what is hashed: they never change.

mod lines;
mod registry;

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::report::{Hash, digest_of_struck};

use super::item::Item;

const RECORD_HEADER: &str = "huizong-record/1";
const RECORDS_HEADER: &str = "huizong-records/1";

/// Hashed before people's words, so that words that were struck out cannot be found by guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// What stands in the place of a salt that was struck out with the words; none that is drawn is this one.
    pub const STRUCK: Self = Self([0; 16]);

    /// A new one, drawn at random.
    pub fn random() -> Self {
        Self(*Uuid::new_v4().as_bytes())
    }

    /// What stands for a person's words in what is hashed: for words that were struck out, the digest that they left.
    pub fn commit(self, words: &str) -> Hash {
        if let Some(digest) = digest_of_struck(words) {
            return digest;
        }
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(words.as_bytes());
        Hash(digest.finalize().into())
    }

    /// From 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// 32 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// What stands behind a key; in JSON a string, or an object with the member `words` or `struck`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Hashed as it stands.
    Plain(String),
    /// A person's free words: what is hashed is their salted digest.
    Words {
        /// As they were written.
        words: String,
    },
    /// The digest that words left which were struck out, 64 hexadecimal digits.
    Struck {
        /// That digest.
        struck: String,
    },
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Such as `revision`.
    pub kind: Cow<'static, str>,
    /// In the order in which they are hashed.
    pub lines: Vec<(String, Value)>,
}

/// Appends a value without a line's end in it.
pub(crate) fn push_escaped(lines: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '\n', '\r']) {
        lines.push_str(&rest[..at]);
        lines.push_str(match rest.as_bytes()[at] {
            b'\n' => "\\n",
            b'\r' => "\\r",
            _ => "\\\\",
        });
        rest = &rest[at + 1..];
    }
    lines.push_str(rest);
}

/// Appends `key=value` and a line's end.
pub(crate) fn push_line(lines: &mut String, key: &str, value: &str) {
    lines.push_str(key);
    lines.push('=');
    push_escaped(lines, value);
    lines.push('\n');
}

/// The hash that an entry holds of all records that were stored with it, whatever their order; zeros where there are
/// none.
pub fn records_hash(mut hashes: Vec<Hash>) -> Hash {
    if hashes.is_empty() {
        return Hash::default();
    }
    hashes.sort_unstable();
    let mut lines = format!("{RECORDS_HEADER}\n");
    for hash in hashes {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{hash}");
    }
    Hash::of(lines.as_bytes())
}

impl Evidence {
    /// What a record says; none for an entry of the journal, which is hashed by itself.
    pub fn of(item: &Item) -> Option<Self> {
        let mut evidence = Self { kind: Cow::Borrowed(""), lines: Vec::new() };
        match item {
            Item::Entry(_) => return None,
            Item::Registry { sequence, position, change } => {
                evidence.plain("sequence", sequence).plain("position", position);
                evidence.kind = evidence.registry(change).into();
            }
            Item::Access { sequence, position, change } => {
                evidence.plain("sequence", sequence).plain("position", position);
                evidence.kind = evidence.access(change).into();
            }
            Item::Revision(revision) => evidence.revision(revision),
            Item::Review(review) => evidence.review(review),
            Item::Frozen(form) => evidence.frozen(form),
            Item::Request { id, request } => evidence.request(*id, request),
        }
        Some(evidence)
    }

    /// The hash of the record, with people's words behind the salt of its entry.
    pub fn hash(&self, salt: Salt) -> Hash {
        let mut lines = format!("{RECORD_HEADER}\nkind={}\n", self.kind);
        for (key, value) in &self.lines {
            match value {
                Value::Plain(value) => push_line(&mut lines, key, value),
                Value::Words { words } => push_line(&mut lines, key, &salt.commit(words).to_hex()),
                Value::Struck { struck } => push_line(&mut lines, key, struck),
            }
        }
        Hash::of(lines.as_bytes())
    }

    /// Whether the salt matters.
    pub fn has_words(&self) -> bool {
        self.lines.iter().any(|(_, value)| matches!(value, Value::Words { .. }))
    }

    fn plain(&mut self, key: impl Into<String>, value: impl Display) -> &mut Self {
        self.lines.push((key.into(), Value::Plain(value.to_string())));
        self
    }

    fn optional(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.plain(key, value);
        }
        self
    }

    fn words(&mut self, key: impl Into<String>, words: &str) -> &mut Self {
        let value = match digest_of_struck(words) {
            Some(digest) => Value::Struck { struck: digest.to_hex() },
            None => Value::Words { words: words.to_owned() },
        };
        self.lines.push((key.into(), value));
        self
    }

    fn list(&mut self, key: &str, values: impl IntoIterator<Item = impl Display>) -> &mut Self {
        for (at, value) in values.into_iter().enumerate() {
            self.plain(format!("{key}.{}", at + 1), value);
        }
        self
    }
}
