//! What is set once, when the service starts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::access::TokenKey;
use crate::document::process::Readers;
use crate::store::{CheckpointFile, SigningKey};

use super::messages::Reminding;

/// Everything that a service is started with beside its store. The default is for tests and demonstrations: it lets
/// everyone do everything, and keeps nothing but what the store keeps.
pub struct Settings {
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// Where totals are kept to start from; none to read every report at the start.
    pub kept: Option<CheckpointFile>,
    /// This start made the store.
    pub is_new_store: bool,
    /// Callers are asked who they are; else everyone may do everything.
    pub authentication: bool,
    /// How roles and secrets are given.
    pub policy: AccessPolicy,
    /// Hashes tokens; none where credentials are not in use.
    pub token_key: Option<TokenKey>,
    /// Signs how far the journal has come; none to leave it unsigned.
    pub signing_key: Option<SigningKey>,
    /// How many entries of one kind go into the journal.
    pub entries: EntryLimits,
    /// How sessions and failures are limited.
    pub sign_in: SignInLimits,
    /// How many watch at a time, and how often they are told.
    pub watches: WatchLimits,
    /// Memory for figures of single agencies, in bytes; 0 for none.
    pub columns_bytes: usize,
    /// The processes that documents are read in.
    pub readers: Readers,
    /// Documents that are received or read at a time.
    pub documents: usize,
    /// What reminders are sent by and made of.
    pub reminding: Reminding,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Timestamp::now,
            kept: None,
            is_new_store: false,
            authentication: false,
            policy: AccessPolicy::default(),
            token_key: None,
            signing_key: None,
            entries: EntryLimits::default(),
            sign_in: SignInLimits::default(),
            watches: WatchLimits::default(),
            columns_bytes: 128 << 20,
            readers: Readers::default(),
            documents: 8,
            reminding: Reminding::default(),
        }
    }
}

/// How roles and secrets are given.
#[derive(Debug, Clone, Copy)]
pub struct AccessPolicy {
    /// A second person agrees to powers, and to what their holders are given.
    pub dual_control: bool,
    /// For how long a code may be exchanged.
    pub code_life: SignedDuration,
    /// For how long a proposal waits.
    pub proposal_life: SignedDuration,
}

impl Default for AccessPolicy {
    fn default() -> Self {
        let hours = SignedDuration::from_hours;
        Self { dual_control: false, code_life: hours(48), proposal_life: hours(72) }
    }
}

/// Entries of each kind in a minute.
#[derive(Debug, Clone, Copy)]
pub struct EntryLimits {
    /// Refused calls; of one who showed nothing also attempts.
    pub refusals: u32,
    /// Refused submissions and reviews.
    pub submissions: u32,
    /// Attempts of a principal. Beyond, its calls of that kind are turned away unjudged.
    pub attempts: u32,
    /// Events.
    pub events: u32,
    /// As many glances in a minute are told of.
    pub glances: u64,
}

impl Default for EntryLimits {
    fn default() -> Self {
        Self { refusals: 60, submissions: 600, attempts: 600, events: 60, glances: 100 }
    }
}

/// How sessions and failures to authenticate are limited.
#[derive(Debug, Clone, Copy)]
pub struct SignInLimits {
    /// A session that nobody uses for so long ends.
    pub idle: Duration,
    /// A session ends after so long in any case.
    pub longest: Duration,
    /// Failures of one address before it is told to wait.
    pub failures: u32,
    /// For how long it is told to wait since the last failure.
    pub lock_out: Duration,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(30 * 60),
            longest: Duration::from_secs(12 * 60 * 60),
            failures: 10,
            lock_out: Duration::from_secs(15 * 60),
        }
    }
}

/// How watches are limited.
#[derive(Debug, Clone, Copy)]
pub struct WatchLimits {
    /// Watches at the same time.
    pub watchers: usize,
    /// Of these, watches of one principal.
    pub watchers_per_principal: usize,
    /// Least time between two updates of one watch; the first change after a quiet time is told at once.
    pub interval: Duration,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self { watchers: 1000, watchers_per_principal: 100, interval: Duration::from_secs(1) }
    }
}
