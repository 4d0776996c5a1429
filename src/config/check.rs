//! Whether settings make sense together.

use std::path::PathBuf;

use super::Config;

/// Longest time that a code or a proposal waits.
const MONTH_HOURS: u64 = 30 * 24;

/// Why a configuration is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}", path = path.display())]
    Read {
        /// The file of settings.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file is no TOML, or has an unknown key or a value of another type.
    #[error("{path}: {error}", path = path.display())]
    Parse {
        /// The file of settings.
        path: PathBuf,
        /// Says where in the file.
        error: Box<toml::de::Error>,
    },
    /// A limit of this key is 0.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// The setting of the first key is above the second: another key, or a number.
    #[error("{0} must be at most {1}")]
    AboveMost(&'static str, &'static str),
    /// The folder of the first key lies within that of the second.
    #[error("{0} must not be within {1}: what is lost with the one would be lost with the other")]
    Within(&'static str, &'static str),
    /// The setting of the first key is of no use without the second, or one of both without the other.
    #[error("{0} goes together with {1}")]
    Incomplete(&'static str, &'static str),
    /// The setting of the first key has not the form that the second describes.
    #[error("{0} must be {1}")]
    Address(&'static str, &'static str),
}

impl Config {
    /// The settings, where they make sense.
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let zero = [
            ("store.queue_transactions", self.store.queue_transactions),
            ("store.group_transactions", self.store.group_transactions),
            ("store.stale_seconds", whole(self.store.stale_seconds)),
            ("store.poll_ms", whole(self.store.poll_ms)),
            ("store.patience_seconds", whole(self.store.patience_seconds)),
            ("store.lease_seconds", whole(self.store.lease_seconds)),
            ("limits.message_bytes", self.limits.message_bytes),
            ("limits.connections", self.limits.connections),
            ("limits.calls", self.limits.calls),
            ("limits.call_seconds", whole(self.limits.call_seconds)),
            ("limits.stream_submissions_ahead", self.limits.stream_submissions_ahead),
            ("limits.documents", self.limits.documents),
            ("limits.document_readers", self.limits.document_readers),
            ("limits.document_memory_mib", whole(self.limits.document_memory_mib)),
            ("limits.document_seconds", whole(self.limits.document_seconds)),
            ("limits.registry_changes", self.limits.registry_changes),
            ("limits.page_resources", self.limits.page_resources),
            ("limits.page_rows", self.limits.page_rows),
            ("limits.watches", self.limits.watches),
            ("limits.watches_per_principal", self.limits.watches_per_principal),
            ("limits.watch_interval_ms", whole(self.limits.watch_interval_ms)),
            ("limits.connection_seconds", whole(self.limits.connection_seconds)),
            ("limits.calls_per_second_per_principal", self.limits.calls_per_second_per_principal as usize),
            ("limits.calls_per_second_per_address", self.limits.calls_per_second_per_address as usize),
            ("access.proposal_hours", whole(self.access.proposal_hours)),
            ("access.enrolment_hours", whole(self.access.enrolment_hours)),
            ("access.failures", self.access.failures as usize),
            ("access.refusals_per_minute", self.access.refusals_per_minute as usize),
            ("access.refused_submissions_per_minute", self.access.refused_submissions_per_minute as usize),
            ("tls.reload_seconds", whole(self.tls.reload_seconds)),
            ("backup.every_hours", whole(self.backup.every_hours)),
            ("backup.keep", self.backup.keep),
        ]
        .into_iter()
        .find(|(_, value)| *value == 0);
        if self.limits.page_resources > self.limits.page_resources_max {
            return Err(ConfigError::AboveMost("limits.page_resources", "limits.page_resources_max"));
        }
        if self.limits.page_rows > self.limits.page_rows_max {
            return Err(ConfigError::AboveMost("limits.page_rows", "limits.page_rows_max"));
        }
        if self.access.dual_control && !self.access.authentication {
            return Err(ConfigError::Incomplete("access.dual_control", "access.authentication"));
        }
        for (name, hours) in [
            ("access.proposal_hours", self.access.proposal_hours),
            ("access.enrolment_hours", self.access.enrolment_hours),
        ] {
            if hours > MONTH_HOURS {
                return Err(ConfigError::AboveMost(name, "720, a month"));
            }
        }
        if self.store.certificate.as_os_str().is_empty() != self.store.key.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("store.certificate", "store.key"));
        }
        if self.store.is_shared() && self.store.keys_directory.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("store.url", "store.keys_directory"));
        }
        if self.store.poll_ms > self.store.stale_seconds.saturating_mul(500) {
            return Err(ConfigError::AboveMost("store.poll_ms", "half of store.stale_seconds"));
        }
        if self.tls.is_on() == self.tls.key.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("tls.certificate", "tls.key"));
        }
        if !self.tls.is_on() && !self.tls.client_ca.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("tls.client_ca", "tls.certificate"));
        }
        self.access.oidc.check(&self.server.public_url, self.access.authentication)?;
        if self.backup.is_on() && self.backup.directory.starts_with(&self.data_directory) {
            return Err(ConfigError::Within("backup.directory", "data_directory"));
        }
        self.reminders.check()?;
        let syslog = &self.journal.syslog;
        if !syslog.address.is_empty() && syslog.target().is_none() {
            return Err(ConfigError::Address("journal.syslog.address", "host:port"));
        }
        if syslog.certificate.as_os_str().is_empty() != syslog.key.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("journal.syslog.certificate", "journal.syslog.key"));
        }
        zero.map_or(Ok(self), |(name, _)| Err(ConfigError::Zero(name)))
    }
}
