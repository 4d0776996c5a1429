//! Wrong secrets for one-time codes: after a few of them a code ends.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::access::CredentialId;

/// Wrong secrets for one code before it ends.
pub(crate) const GUESSES_MAX: u32 = 10;

/// Wrong secrets for codes that are there.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<HashMap<CredentialId, u32>>);

impl Guesses {
    /// Counts one more; whether that was one too many.
    pub(crate) fn add(&self, id: CredentialId) -> bool {
        // Counts cannot be left half-changed.
        let mut guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = guesses.entry(id).or_default();
        *count += 1;
        let too_many = *count >= GUESSES_MAX;
        if too_many {
            guesses.remove(&id);
        }
        too_many
    }

    pub(crate) fn forget(&self, id: CredentialId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
