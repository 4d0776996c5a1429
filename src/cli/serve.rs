//! `huizong serve`: the service over its store.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::access::Power;
use crate::config::{Config, ConfigError, Log};
use crate::http;
use crate::server::{self, Exposed, Reload, exposed};
use crate::telemetry::log;

use super::failure::words;
use super::{Failure, Outcome, both};

#[derive(Args)]
pub(crate) struct Serve {
    /// Settings; see config.example.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the journal is that is shared with other instances, instead of the configured one; the folder holds a copy then.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Folder of the keys that the instances have in common, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Address that clients call, instead of the configured one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address of metrics and probes, instead of the configured one.
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<SocketAddr>,
    /// Serve an address that others can reach without TLS: whoever is on the way reads and alters everything.
    #[arg(long)]
    insecure_without_tls: bool,
    /// Serve an address that others can reach without authentication: whoever reaches it may do everything.
    #[arg(long)]
    insecure_without_authentication: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Outcome {
        let Self { config: file, data, store, keys, listen, admin_listen, .. } = &self;
        let (file, data, store, keys) = (file.clone(), data.clone(), store.clone(), keys.clone());
        let (listen, admin_listen) = (*listen, *admin_listen);
        let read = move || -> Result<Config, ConfigError> {
            let mut config = file.as_deref().map(Config::read).transpose()?.unwrap_or_default();
            config.listen = listen.unwrap_or(config.listen);
            config.admin_listen = admin_listen.or(config.admin_listen);
            config.data_directory = data.clone().unwrap_or(config.data_directory);
            config.store.url = store.clone().unwrap_or(config.store.url);
            config.store.keys_directory = keys.clone().unwrap_or(config.store.keys_directory);
            Ok(config)
        };
        let config = read().map_err(|error| Failure::Usage(both(&words(&error))))?;
        self.check_exposure(&config)?;
        let log = start_log(&config.log)?;
        let reload = Reload::new(Box::new(read), config.clone(), log);
        server::warn_of_exposure(&config);
        let admin = server::open_admin(&config).await?;
        let service = server::open(&config).await?;
        if config.access.authentication && !service.has_administrator(Power::Security) {
            tracing::warn!("nobody may grant roles yet; stop the service and run: huizong credential bootstrap NAME");
        }
        server::warn_of_file_system(&config.data_directory);
        let ready = |address| tracing::info!(dashboard = http::has_dashboard(), %address, "serving");
        Ok(server::serve(service, &config, admin, Some(reload), ready).await?)
    }
}

impl Serve {
    /// Refuses to serve others without protection unless that is said on the command line.
    fn check_exposure(&self, config: &Config) -> Outcome {
        let taken = |exposed: &Exposed| match exposed {
            Exposed::WithoutTls => self.insecure_without_tls,
            Exposed::WithoutAuthentication => self.insecure_without_authentication,
        };
        let Some(missing) = exposed(config).into_iter().find(|missing| !taken(missing)) else { return Ok(()) };
        let (listen, what) = (config.listen, missing.message());
        let flag = match missing {
            Exposed::WithoutTls => "--insecure-without-tls",
            Exposed::WithoutAuthentication => "--insecure-without-authentication",
        };
        Err(Failure::Usage(format!(
            "{listen} 可被其他机器访问，而{zh}；请配置（见 config.example.toml），或以 {flag} 明示承担风险\n  {listen} can be reached from other machines, and {en}; configure it (see config.example.toml), or say {flag} to take the risk",
            zh = what.zh,
            en = what.en,
        )))
    }
}

/// Writes the log to stderr, for as long as what is returned is held.
pub(crate) fn start_log(log: &Log) -> Result<log::Started, Failure> {
    log::start(&log.filter, log.json).map_err(|error| match error {
        log::LogError::Filter(_) => Failure::Usage(error.to_string()),
        log::LogError::Start(_) => Failure::Failed(error.to_string()),
    })
}
