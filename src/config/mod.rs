//! The settings of the service: typed, every limit named once with its unit, unknown keys refused.

mod access;
mod check;
mod limits;
mod network;
mod oidc;
mod reminders;
mod shipping;
mod store;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use access::{Access, Tls};
pub use check::ConfigError;
pub use limits::{Limits, PAGE_RESOURCES_MAX, PAGE_ROWS_MAX};
pub use network::{Network, NetworkError};
pub use oidc::{Oidc, is_protected_address};
pub use reminders::{Reminders, SmtpAddress};
pub use shipping::{Journal, JournalFile, Syslog};
pub use store::StoreSettings;

/// All settings. Every key may be left out; `config.example.toml` shows them with their defaults.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address that clients call.
    pub listen: SocketAddr,
    /// Address of metrics and probes; none without one.
    pub admin_listen: Option<SocketAddr>,
    /// Folder of the store.
    pub data_directory: PathBuf,
    /// Names, proxies and the address for browsers.
    pub server: Server,
    /// How the store works; where it is, says [`Config::data_directory`].
    pub store: StoreSettings,
    /// Protection of the one port.
    pub tls: Tls,
    /// Who may call.
    pub access: Access,
    /// The most of everything that can grow.
    pub limits: Limits,
    /// For what is kept beside the store.
    pub memory: Memory,
    /// What the process writes of itself.
    pub log: Log,
    /// Copies of the journal for others.
    pub journal: Journal,
    /// Those that the service makes by itself.
    pub backup: Backup,
    /// What the dashboard shows of its own place.
    pub dashboard: Dashboard,
    /// How agencies are reminded of reports that are missing.
    pub reminders: Reminders,
}

/// What the dashboard shows of its own place.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dashboard {
    /// GeoJSON with the outlines of jurisdictions, for a map on the overview; empty for none.
    pub map: PathBuf,
}

/// What stands between callers and the service, and what it is called.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Names that the service answers for, beside those of its certificate, `localhost` and addresses; `*` stands for one
    /// label. Requests for others are refused.
    pub hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` says who calls; without any, none is believed.
    pub trusted_proxies: Vec<Network>,
    /// These proxies begin each connection with a header of the PROXY protocol, version 2.
    pub proxy_protocol: bool,
    /// Where browsers reach the service, such as `https://huizong.example:7411`; empty where that need not be known.
    pub public_url: String,
    /// Origins of other pages that may call with a token, such as `https://dashboard.example`; `*` for any.
    pub allowed_origins: Vec<String>,
}

/// Memory beside the page cache of the store and the running totals.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Memory {
    /// Columns with the figures of single agencies in MiB, from which sums by agency are answered; 0 for none.
    pub columns_mib: usize,
}

/// Backups that the service makes by itself.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Folder for them, on another disk than the store; empty for none.
    pub directory: PathBuf,
    /// Time from one to the next, in hours.
    pub every_hours: u64,
    /// How many stay; an older one goes when a newer one has been verified.
    pub keep: usize,
    /// Between two of them, what was stored since the last is backed up each so many minutes; 0 for never.
    pub changes_minutes: u64,
}

impl Backup {
    /// Whether backups are made.
    pub fn is_on(&self) -> bool {
        !self.directory.as_os_str().is_empty()
    }
}

impl Default for Backup {
    fn default() -> Self {
        Self { directory: PathBuf::new(), every_hours: 24, keep: 14, changes_minutes: 0 }
    }
}

/// How the log is written.
#[derive(Debug, Clone, Deserialize, Serialize)]
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
            server: Server::default(),
            store: StoreSettings::default(),
            tls: Tls::default(),
            access: Access::default(),
            limits: Limits::default(),
            memory: Memory::default(),
            log: Log::default(),
            journal: Journal::default(),
            backup: Backup::default(),
            dashboard: Dashboard::default(),
            reminders: Reminders::default(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self { columns_mib: 128 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), json: false }
    }
}

/// Settings that a running service takes on when it is told to read them again; all others hold from its next start.
pub const RELOADED: [&str; 5] = [
    "limits.call_seconds",
    "limits.calls",
    "limits.calls_per_second_per_address",
    "limits.calls_per_second_per_principal",
    "log.filter",
];

/// Values by their keys, such as `limits.calls`.
fn flat(prefix: &str, value: toml::Value, into: &mut BTreeMap<String, toml::Value>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                flat(&if prefix.is_empty() { key } else { format!("{prefix}.{key}") }, value, into);
            }
        }
        value => {
            into.insert(prefix.to_owned(), value);
        }
    }
}

impl Config {
    /// Whether a running service takes on a setting of this key.
    pub fn is_reloaded(key: &str) -> bool {
        RELOADED.contains(&key)
    }

    /// Every setting by its key, such as `limits.calls`, as TOML writes its value. None of them is a secret: those are in
    /// files of their own.
    pub fn settings(&self) -> BTreeMap<String, String> {
        self.values().into_iter().map(|(key, value)| (key, value.to_string())).collect()
    }

    fn values(&self) -> BTreeMap<String, toml::Value> {
        let mut values = BTreeMap::new();
        // Every setting is a value of TOML, for it was read from one.
        flat("", toml::Value::try_from(self).unwrap_or(toml::Value::Boolean(false)), &mut values);
        values
    }

    /// Keys of the settings in which another configuration differs, in their order.
    pub fn changed_keys(&self, other: &Self) -> Vec<String> {
        let [one, other] = [self, other].map(Self::values);
        let mut keys: Vec<_> = one.keys().chain(other.keys()).filter(|key| one.get(*key) != other.get(*key)).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter().cloned().collect()
    }

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
        assert_eq!((keys, sections), (98, 14), "a key is missing from the example, or from this count");
    }

    #[test]
    fn keys_that_differ_are_named_and_those_that_can_be_taken_on_are_there() {
        let other = "listen = \"127.0.0.1:1\"\n[limits]\ncalls = 5\n[tls]\nkey = \"k\"\n[log]\njson = true\n";
        let (config, other) = (Config::default(), toml::from_str::<Config>(other).unwrap());
        assert_eq!(config.changed_keys(&other), ["limits.calls", "listen", "log.json", "tls.key"]);
        assert_eq!(config.changed_keys(&config), Vec::<String>::new());
        let admin = Config { admin_listen: Some(DEFAULT_LISTEN), ..Config::default() };
        assert_eq!(config.changed_keys(&admin), ["admin_listen"], "also where one of both has none");
        let mut all = BTreeMap::new();
        flat("", toml::Value::try_from(&config).unwrap(), &mut all);
        for key in RELOADED {
            assert!(all.contains_key(key), "{key} is no setting");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<Config>("[limits]\nmesage_bytes = 1\n").unwrap_err().to_string();
        assert!(error.contains("mesage_bytes"), "{error}");
    }

    #[test]
    fn a_page_is_not_larger_where_the_caller_does_not_say() {
        let config: Config = toml::from_str("[limits]\npage_rows = 20\npage_rows_max = 10\n").unwrap();
        assert!(matches!(config.check(), Err(ConfigError::AboveMost("limits.page_rows", _))));
    }

    #[test]
    fn nobody_is_the_second_person_where_nobody_is_asked_who_they_are() {
        let config: Config = toml::from_str("[access]\ndual_control = true\n").unwrap();
        assert!(matches!(config.check(), Err(ConfigError::Incomplete("access.dual_control", _))));
        let config: Config = toml::from_str("[access]\nenrolment_hours = 721\n").unwrap();
        assert!(matches!(config.check(), Err(ConfigError::AboveMost("access.enrolment_hours", _))));
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let config: Config = toml::from_str("[store]\ngroup_transactions = 0\n").unwrap();
        assert!(matches!(config.check(), Err(ConfigError::Zero("store.group_transactions"))));
    }
}
