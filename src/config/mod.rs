//! The settings of the service: typed, every limit named once with its unit, unknown keys refused.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// All settings. Every key may be left out; `config.example.toml` shows them with their defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address that clients call.
    pub listen: SocketAddr,
    /// Address of metrics and probes; none without one.
    pub admin_listen: Option<SocketAddr>,
    /// Folder of the store.
    pub data_directory: PathBuf,
    pub store: StoreSettings,
    pub limits: Limits,
    pub log: Log,
}

/// Settings of the embedded store.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// Page cache in MiB; the process takes about twice as much.
    pub cache_mib: u64,
    /// Submissions that may wait for the disk before callers are held back.
    pub queue_transactions: usize,
    /// Submissions written and flushed together at most.
    pub group_transactions: usize,
    /// Free space on the store's disk, in bytes, under which writes are refused until there is more again; 0 for never.
    pub min_free_bytes: u64,
    /// Room set aside for when the disk is full, in bytes; 0 for none. It is taken twice: within the data file, and as a
    /// file that can be deleted.
    pub ballast_bytes: u64,
    /// Time between two recounts of the running totals, in seconds; 0 for none.
    pub recount_interval_seconds: u64,
}

/// What callers may ask of the service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest request message, in bytes.
    pub message_bytes: usize,
    /// Calls at a time on one connection.
    pub calls_per_connection: u32,
    /// Longest time for one unary call, or for a stream to begin to answer, in seconds.
    pub call_seconds: u64,
    /// Submissions that a stream takes ahead of its answers.
    pub stream_submissions_ahead: usize,
    /// Changes of the registry in one call.
    pub registry_changes: usize,
    /// Longest time that calls under way get to finish when the service is stopped, in seconds.
    pub shutdown_seconds: u64,
}

/// How the log is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What is logged, such as `info` or `huizong=debug,info`.
    pub filter: String,
    /// One JSON object per line instead of text.
    pub json: bool,
}

/// The address that clients call where nothing else is said.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7411);

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            admin_listen: None,
            data_directory: PathBuf::from("huizong-data"),
            store: StoreSettings::default(),
            limits: Limits::default(),
            log: Log::default(),
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            cache_mib: 128,
            queue_transactions: 1024,
            group_transactions: 256,
            min_free_bytes: 512 << 20,
            ballast_bytes: 64 << 20,
            recount_interval_seconds: 24 * 60 * 60,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 << 20,
            calls_per_connection: 1024,
            call_seconds: 60,
            stream_submissions_ahead: 128,
            registry_changes: 10_000,
            shutdown_seconds: 30,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), json: false }
    }
}

/// Why a configuration is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {error}", path = path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{path}: {error}", path = path.display())]
    Parse { path: PathBuf, error: Box<toml::de::Error> },
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] naming the file, the key and what is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let path = path.to_owned();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => return Err(ConfigError::Read { path, error }),
        };
        let config: Self =
            toml::from_str(&text).map_err(|error| ConfigError::Parse { path, error: Box::new(error) })?;
        config.check()
    }

    fn check(self) -> Result<Self, ConfigError> {
        let zero = [
            ("store.queue_transactions", self.store.queue_transactions),
            ("store.group_transactions", self.store.group_transactions),
            ("limits.message_bytes", self.limits.message_bytes),
            ("limits.call_seconds", usize::try_from(self.limits.call_seconds).unwrap_or(usize::MAX)),
            ("limits.stream_submissions_ahead", self.limits.stream_submissions_ahead),
            ("limits.registry_changes", self.limits.registry_changes),
        ]
        .into_iter()
        .find(|(_, value)| *value == 0);
        zero.map_or(Ok(self), |(name, _)| Err(ConfigError::Zero(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_means_the_defaults() {
        let config: Config = toml::from_str("").unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn the_example_shows_every_key_with_its_default() {
        let example = include_str!("../../deploy/config.example.toml");
        let config: Config = toml::from_str(example).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
        let keys = example.lines().filter(|line| !line.starts_with('#') && line.contains(" = ")).count();
        let sections = example.lines().filter(|line| line.starts_with('[')).count();
        assert_eq!((keys, sections), (16, 3), "a key is missing from the example, or from this count");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<Config>("[limits]\nmesage_bytes = 1\n").unwrap_err().to_string();
        assert!(error.contains("mesage_bytes"), "{error}");
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let config: Config = toml::from_str("[store]\ngroup_transactions = 0\n").unwrap();
        assert!(matches!(config.check(), Err(ConfigError::Zero("store.group_transactions"))));
    }
}
