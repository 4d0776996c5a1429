//! Who calls, and how that stands in the journal.

use std::sync::Arc;

use crate::access::{CredentialId, PrincipalName};
use crate::report::Hash;
use crate::store::{NewEntry, Outcome};

/// Who calls, for the journal.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is, such as `anonymous`.
    pub principal: String,
    /// Where the call came from, such as `127.0.0.1`; empty for the service itself.
    pub address: String,
    /// By what it may do things.
    pub authority: Authority,
    /// What it showed: `credentials/ID`, `sessions/ID` or `certificates/SHA256`, after `claimed:` where that did not hold;
    /// empty for nothing.
    pub by: String,
    /// What it asks, where that is known.
    pub asked: Option<Arc<dyn Asked>>,
}

/// By what a caller may do things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The service does not ask who calls: everything is allowed. Where it does ask, nothing is.
    Open,
    /// The caller showed who it is, by a token or by a certificate; or did so when the session began.
    Principal {
        /// Who it is.
        name: PrincipalName,
        /// The token that was shown; none for a certificate and for a provider's word.
        credential: Option<CredentialId>,
        /// None where each call shows who calls.
        session: Option<SessionKey>,
    },
    /// The caller showed nothing.
    Nobody,
}

/// What a session is known by inside: the hash of its id, which its cookie has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey(Hash);

impl SessionKey {
    pub(super) fn of(id: &str) -> Self {
        Self(Hash::of(id.as_bytes()))
    }

    /// The digits that the journal has of it.
    fn digits(self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0.0;
        [a, b, c, d, e, f, g, h]
    }

    /// The same as a number.
    pub(super) fn number(self) -> u64 {
        u64::from_be_bytes(self.digits())
    }

    /// As the journal names it: enough to tell sessions apart, and nothing to make a cookie of.
    pub(super) fn name(self) -> String {
        format!("sessions/{}", hex::encode(self.digits()))
    }
}

/// What a call asks, put in words only where the journal needs them.
pub trait Asked: Send + Sync + std::fmt::Debug {
    /// The resource that it names; empty where it names none.
    fn subject(&self) -> String;
    /// All that it says, without secrets, on one line of limited length; empty where nothing is known.
    fn arguments(&self) -> String;
}

impl Caller {
    /// Whoever showed nothing, and says to be `principal`.
    pub fn unproved(principal: String, address: String, authority: Authority) -> Self {
        Self { principal, address, authority, by: String::new(), asked: None }
    }

    /// The service's own work, such as filling a demonstration.
    pub fn internal(principal: &str) -> Self {
        Self::unproved(principal.to_owned(), String::new(), Authority::Open)
    }

    /// Among whom places are shared out: whom it showed to be, wherever it calls from; else, as anybody may claim any
    /// name, where it calls from.
    pub(super) fn owner(&self) -> &str {
        match self.authority {
            Authority::Principal { .. } => &self.principal,
            Authority::Open | Authority::Nobody => &self.address,
        }
    }

    /// Whose budget of entries it has: that of the principal, else that of the address; the service's own work has one,
    /// too.
    pub(super) fn account(&self) -> String {
        match &self.authority {
            Authority::Principal { name, .. } => name.name(),
            Authority::Open | Authority::Nobody if self.address.is_empty() => self.principal.clone(),
            Authority::Open | Authority::Nobody => self.address.clone(),
        }
    }

    /// Whether it showed who it is.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.authority, Authority::Principal { .. })
    }

    /// As it stands in the journal, such as `anonymous 127.0.0.1`.
    pub fn actor(&self) -> String {
        format!("{} {}", self.principal, self.address).trim_end().to_owned()
    }

    /// An entry of what it did.
    pub fn accepted(&self, action: &'static str, subject: String, detail: String) -> NewEntry {
        self.entry(action, subject, Outcome::Accepted, detail)
    }

    /// An entry of what it was refused.
    pub(super) fn refused(&self, action: &'static str, subject: String, detail: String) -> NewEntry {
        self.entry(action, subject, Outcome::Refused, detail)
    }

    fn entry(&self, action: &'static str, subject: String, outcome: Outcome, detail: String) -> NewEntry {
        let (actor, by) = (self.actor(), self.by.clone());
        NewEntry { actor, by, action, subject, outcome, detail, content_hash: Hash::default() }
    }
}
