//! The service of some settings: its store opened, its keys read, what is in memory loaded.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::SignedDuration;

use crate::access::TokenKey;
use crate::config::{Access, Config, Limits};
use crate::document::process::{self, Confinement, Readers};
use crate::service::{AccessPolicy, EntryLimits, Service, Settings, SignInLimits, WatchLimits};
use crate::store::disk::{FileSystem, file_system};
use crate::store::{CheckpointFile, SigningKey, will_be_new};
use crate::telemetry::metrics;

use super::store::open_store;

/// The service of these settings, loaded.
///
/// # Errors
/// Where the store cannot be opened or read, or a key cannot be used.
pub async fn open(config: &Config) -> anyhow::Result<Service> {
    let folder = &config.data_directory;
    let is_shared = config.store.is_shared();
    let will_be_new = !is_shared && will_be_new(folder, config.store.must_exist)?;
    let keys = match config.store.keys_directory.as_os_str().is_empty() {
        true => folder.clone(),
        false => config.store.keys_directory.clone(),
    };
    let had_key = keys.join(TokenKey::FILE).exists();
    if is_shared && !(had_key && keys.join(SigningKey::FILE).exists()) {
        // One that it made for itself would be no other instance's.
        anyhow::bail!(
            "{} lacks the keys that all instances have in common: make them once with huizong store init --keys, and give \
             each instance the same",
            keys.display()
        );
    }
    let reminding = crate::remind::reminding(&config.reminders)?;
    let settings = Settings { reminding, ..settings(config) };
    let (config, to_open) = (config.clone(), folder.clone());
    let open = move || -> anyhow::Result<(Service, bool)> {
        let opened = open_store(&to_open, &config.store)?;
        let is_new_store = will_be_new || (is_shared && opened.store.position().sequence == 0);
        // After the store: a folder that is none gets no keys.
        let token_key = TokenKey::open(&keys).context("the key of the tokens cannot be used")?;
        let signing_key = SigningKey::open(&keys).context("the key that signs the journal cannot be used")?;
        let (token_key, signing_key) = (Some(token_key), Some(signing_key));
        let settings = Settings { is_new_store, token_key, signing_key, ..settings };
        Ok((Service::start(opened.store, opened.live, settings)?, is_new_store))
    };
    let (service, is_new_store) = tokio::task::spawn_blocking(open).await??;
    if is_new_store {
        let folder = folder.display();
        tracing::warn!(%folder, "a new store was made: there was none; if there should be one, stop the service and look for it");
    }
    warn_of_token_key(&service, had_key);
    // Some of them start now: a document does not wait for that.
    if let Err(error) = service.readers().warm() {
        tracing::error!(%error, "no process to read documents can be started");
    }
    Ok(service)
}

/// What the service is started with, but for its keys.
fn settings(config: &Config) -> Settings {
    let (access, limits) = (&config.access, &config.limits);
    let hours = |hours: u64| SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::MAX));
    Settings {
        kept: Some(CheckpointFile::new(&config.data_directory)),
        authentication: access.authentication,
        policy: AccessPolicy {
            dual_control: access.dual_control,
            code_life: hours(access.enrolment_hours),
            proposal_life: hours(access.proposal_hours),
        },
        entries: EntryLimits {
            refusals: access.refusals_per_minute,
            submissions: access.refused_submissions_per_minute,
            ..EntryLimits::default()
        },
        sign_in: sign_in_limits(access),
        watches: WatchLimits {
            watchers: limits.watches,
            watchers_per_principal: limits.watches_per_principal,
            interval: Duration::from_millis(limits.watch_interval_ms),
        },
        columns_bytes: config.memory.columns_mib << 20,
        readers: readers(limits),
        documents: limits.documents,
        ..Settings::default()
    }
}

fn sign_in_limits(access: &Access) -> SignInLimits {
    SignInLimits {
        idle: Duration::from_secs(access.session_idle_seconds),
        longest: Duration::from_secs(access.session_seconds),
        failures: access.failures,
        lock_out: Duration::from_secs(access.lock_out_seconds),
    }
}

/// Says so where tokens are refused because their key was lost or exchanged.
fn warn_of_token_key(service: &Service, has_key: bool) {
    let tokens = service.tokens_of_another_key(!has_key);
    metrics::tokens_of_another_key(tokens);
    if tokens > 0 {
        let lost = !has_key;
        tracing::error!(
            tokens,
            lost,
            "tokens that were made with another token-key are refused: stop the service and put back the token-key that \
             is kept with the backups, or make these tokens anew (huizong credential bootstrap --again)"
        );
    }
}

/// The processes that read documents.
fn readers(limits: &Limits) -> Readers {
    Readers::new(process::Settings {
        processes: limits.document_readers,
        // One is left for somebody else.
        processes_each: limits.document_readers.saturating_sub(1).max(1),
        confinement: Confinement {
            memory_bytes: limits.document_memory_mib << 20,
            processor_time: Duration::from_secs(limits.document_seconds),
        },
        ..process::Settings::default()
    })
}

/// Says so where the store lies on a file system that does not keep what the store promises.
pub fn warn_of_file_system(folder: &Path) {
    let folder_name = folder.display();
    match file_system(folder) {
        Ok(FileSystem::Local) => {}
        Ok(kind) => tracing::warn!(%folder_name, ?kind, "the store is not on a local disk; see huizong doctor"),
        Err(error) => tracing::warn!(%folder_name, %error, "the file system of the store cannot be told"),
    }
}
