//! The settings of the service: typed, every limit named once with its unit, unknown keys refused.

mod network;
mod oidc;
mod shipping;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use network::{Network, NetworkError};
pub use oidc::{Oidc, is_protected_address};
pub use shipping::{Journal, JournalFile, Syslog};

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
    pub server: Server,
    pub store: StoreSettings,
    pub tls: Tls,
    pub access: Access,
    pub limits: Limits,
    pub memory: Memory,
    pub log: Log,
    pub journal: Journal,
    pub backup: Backup,
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
}

/// Settings of the embedded store.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// Refuse a folder that holds no store, rather than make a new one: a volume that is not mounted is an empty folder.
    pub must_exist: bool,
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

/// TLS on the one port; off where no certificate is named. Files are PEM, and are followed when they change.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate, with the chain up to an authority that clients know; empty for none.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities whose client certificates are taken; empty for none.
    pub client_ca: PathBuf,
    /// Client certificates that are revoked; empty for none.
    pub client_crl: PathBuf,
    /// How often the files are looked at, in seconds.
    pub reload_seconds: u64,
}

/// Who may call.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Callers show who they are, by a token or a client certificate, and do what their roles allow. Without it
    /// whoever reaches the port may do everything.
    pub authentication: bool,
    /// A power, and a role or a code for whoever holds one, waits for a second person who holds another power.
    pub dual_control: bool,
    /// For how long such a proposal waits, in hours; a month at most.
    pub proposal_hours: u64,
    /// For how long a one-time code may be exchanged for a token, in hours; a month at most.
    pub enrolment_hours: u64,
    /// A session of the dashboard that nobody uses for so long ends, in seconds; what a page asks by itself is no use.
    pub session_idle_seconds: u64,
    /// A session ends after so long in any case, in seconds.
    pub session_seconds: u64,
    /// Tokens of one address that are not valid before it is told to wait; one that is valid is taken at any time.
    pub failures: u32,
    /// For how long it is told to wait since the last failure, in seconds.
    pub lock_out_seconds: u64,
    /// Refused calls of one principal, or of one address where nobody showed who they are, that go into the journal in a
    /// minute; more are counted in one entry.
    pub refusals_per_minute: u32,
    /// Refused submissions and reviews of one principal that do so; more are counted in one entry.
    pub refused_submissions_per_minute: u32,
    pub oidc: Oidc,
}

/// What callers may ask of the service.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest request message, in bytes.
    pub message_bytes: usize,
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// A connection takes no more calls after so long, and is made anew by clients, in seconds; calls under way finish,
    /// and a stream of answers ends after as long and five minutes more.
    pub connection_seconds: u64,
    /// Calls at a time in all, streams included; more are refused at once.
    pub calls: usize,
    /// Calls a second of one principal; twice as many may come at once.
    pub calls_per_second_per_principal: u32,
    /// Calls a second from one address (of IPv6: one /64); twice as many may come at once.
    pub calls_per_second_per_address: u32,
    /// Calls at a time on one connection.
    pub calls_per_connection: u32,
    /// Longest time for one unary call, or for a stream to begin to answer, in seconds.
    pub call_seconds: u64,
    /// Submissions that a stream takes ahead of its answers.
    pub stream_submissions_ahead: usize,
    /// Documents that are received or read at a time; half of them at most are of one caller.
    pub documents: usize,
    /// Processes that read documents; one is always left for another caller, where there are two or more.
    pub document_readers: usize,
    /// Memory of each of these processes, in MiB.
    pub document_memory_mib: u64,
    /// Processor time for one document, in seconds.
    pub document_seconds: u64,
    /// Changes of the registry in one call.
    pub registry_changes: usize,
    /// Resources on a page where the caller does not say.
    pub page_resources: usize,
    /// Resources on a page at most.
    pub page_resources_max: usize,
    /// Rows of sums on a page where the caller does not say.
    pub page_rows: usize,
    /// Rows of sums on a page at most.
    pub page_rows_max: usize,
    /// Watches at a time in all; more are refused.
    pub watches: usize,
    /// Of these, watches of one principal.
    pub watches_per_principal: usize,
    /// Least time between two answers of one watch, in milliseconds.
    pub watch_interval_ms: u64,
    /// Longest time that calls under way get to finish when the service is stopped, in seconds.
    pub shutdown_seconds: u64,
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
}

impl Backup {
    /// Whether backups are made.
    pub fn is_on(&self) -> bool {
        !self.directory.as_os_str().is_empty()
    }
}

impl Default for Backup {
    fn default() -> Self {
        Self { directory: PathBuf::new(), every_hours: 24, keep: 14 }
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

/// Longest time that a code or a proposal waits.
const MONTH_HOURS: u64 = 30 * 24;

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
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            must_exist: false,
            cache_mib: 128,
            queue_transactions: 1024,
            group_transactions: 256,
            min_free_bytes: 512 << 20,
            ballast_bytes: 64 << 20,
            recount_interval_seconds: 24 * 60 * 60,
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        let none = PathBuf::new;
        Self { certificate: none(), key: none(), client_ca: none(), client_crl: none(), reload_seconds: 10 }
    }
}

impl Tls {
    /// Whether connections are protected.
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

impl Default for Access {
    fn default() -> Self {
        Self {
            authentication: false,
            dual_control: false,
            proposal_hours: 72,
            enrolment_hours: 48,
            session_idle_seconds: 30 * 60,
            session_seconds: 12 * 60 * 60,
            failures: 10,
            lock_out_seconds: 15 * 60,
            refusals_per_minute: 60,
            refused_submissions_per_minute: 600,
            oidc: Oidc::default(),
        }
    }
}

/// Resources on a page at most, where the settings say nothing else; our own clients ask for as many at a time.
pub const PAGE_RESOURCES_MAX: usize = 1000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 << 20,
            connections: 4096,
            connection_seconds: 3600,
            calls: 8192,
            calls_per_second_per_principal: 2000,
            calls_per_second_per_address: 4000,
            calls_per_connection: 1024,
            call_seconds: 60,
            stream_submissions_ahead: 128,
            documents: 8,
            document_readers: 3,
            document_memory_mib: 128,
            document_seconds: 10,
            registry_changes: 10_000,
            page_resources: 50,
            page_resources_max: PAGE_RESOURCES_MAX,
            page_rows: 1000,
            page_rows_max: 10_000,
            watches: 1000,
            watches_per_principal: 100,
            watch_interval_ms: 1000,
            shutdown_seconds: 30,
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

/// Why a configuration is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {error}", path = path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{path}: {error}", path = path.display())]
    Parse { path: PathBuf, error: Box<toml::de::Error> },
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    #[error("{0} must be at most {1}")]
    AboveMost(&'static str, &'static str),
    #[error("{0} must not be within {1}: what is lost with the one would be lost with the other")]
    Within(&'static str, &'static str),
    #[error("{0} goes together with {1}")]
    Incomplete(&'static str, &'static str),
    #[error("{0} must be {1}")]
    Address(&'static str, &'static str),
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

    fn check(self) -> Result<Self, ConfigError> {
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let zero = [
            ("store.queue_transactions", self.store.queue_transactions),
            ("store.group_transactions", self.store.group_transactions),
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
        assert_eq!((keys, sections), (74, 12), "a key is missing from the example, or from this count");
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
