//! What a hang-up changes: the settings are read again; what a running service can take on holds from then, and for all
//! else it is said that it needs a restart.

use std::sync::Arc;

use crate::config::{Config, ConfigError};
use crate::grpc::{DoorLayer, TlsFiles};
use crate::telemetry::log;

use super::life::Life;
use super::signals::HangUps;
use super::supervisor;

/// Reads the settings, as at the start: with what was said on the command line.
pub(crate) type Read = Box<dyn Fn() -> Result<Config, ConfigError> + Send>;

/// What can be changed while the service runs.
pub struct Reload {
    read: Read,
    /// The settings as they were read last.
    config: Config,
    log: log::Started,
}

impl Reload {
    /// Begins with the settings that the service was started with.
    pub fn new(read: Read, config: Config, log: log::Started) -> Self {
        Self { read, config, log }
    }

    /// Takes on what has changed, and says what cannot be: the settings as they were read. Where the file is no good
    /// everything stays as it is.
    fn again(&mut self, door: &DoorLayer, tls: Option<&TlsFiles>) -> Option<Config> {
        supervisor::reloading();
        let read = self.take_on(door, tls);
        supervisor::ready();
        read
    }

    fn take_on(&mut self, door: &DoorLayer, tls: Option<&TlsFiles>) -> Option<Config> {
        match tls.map(TlsFiles::reload) {
            None | Some(Ok(false)) => {}
            Some(Ok(true)) => tracing::info!("the certificates have changed; new connections use the new ones"),
            Some(Err(error)) => {
                tracing::error!(%error, "the changed certificates cannot be used; the last good ones stay");
            }
        }
        let config = match (self.read)() {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(%error, "the settings cannot be used; those of before stay");
                return None;
            }
        };
        if let Err(error) = self.log.set_filter(&config.log.filter) {
            tracing::error!(%error, "the settings cannot be used; those of before stay");
            return None;
        }
        door.adopt(&config.limits);
        let (now, later): (Vec<_>, Vec<_>) =
            self.config.changed_keys(&config).into_iter().partition(|key| Config::is_reloaded(key));
        tracing::info!(changed = now.join(" "), "the settings were read again");
        if !later.is_empty() {
            tracing::warn!(
                changed = later.join(" "),
                "these settings hold from the next start only: restart the service"
            );
        }
        // What needs a restart is told of again with the next hang-up.
        let limits = config.limits.clone();
        self.config.log.filter = config.log.filter.clone();
        self.config.limits.calls = limits.calls;
        self.config.limits.call_seconds = limits.call_seconds;
        self.config.limits.calls_per_second_per_principal = limits.calls_per_second_per_principal;
        self.config.limits.calls_per_second_per_address = limits.calls_per_second_per_address;
        Some(config)
    }
}

/// Reads the settings again whenever the service is told to.
pub(super) async fn again_and_again(
    mut reload: Reload,
    mut hang_ups: HangUps,
    door: DoorLayer,
    tls: Option<TlsFiles>,
    life: Arc<Life>,
) {
    loop {
        hang_ups.next().await;
        if let Some(config) = reload.again(&door, tls.as_ref()) {
            life.settings_were_read(&config).await;
        }
    }
}
