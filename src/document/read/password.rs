//! What opens a document that is locked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password, or none; it is not printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password(Option<String>);

impl Password {
    /// None for a document that is not locked.
    pub fn new(password: Option<String>) -> Self {
        Self(password)
    }

    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Password" } else { "no password" })
    }
}
