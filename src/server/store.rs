//! Opening a store: the only place that makes one of its settings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::StoreSettings;
use crate::live::Live;
use crate::store::{Engine, EngineOptions, SledOptions, SledStore, Store, StoreError};

/// A store, and what will follow it in memory once a service is started over both.
pub struct Opened {
    /// The store, open; its commits go to `live`.
    pub store: Arc<dyn Store>,
    /// Empty until a service is started.
    pub live: Arc<Live>,
}

/// Opens the store in a folder as settings say, or makes a new one where they allow it.
///
/// # Errors
/// As [`SledStore::open`].
pub fn open_store(folder: &Path, settings: &StoreSettings) -> Result<Opened, StoreError> {
    let options = SledOptions {
        must_exist: settings.must_exist,
        cache_bytes: settings.cache_mib << 20,
        queue_transactions: settings.queue_transactions,
        group_transactions: settings.group_transactions,
        min_free_bytes: settings.min_free_bytes,
        ballast_bytes: settings.ballast_bytes,
        engine: engine(settings).map_err(StoreError::Open)?,
        ..SledOptions::new(folder)
    };
    let live = Arc::<Live>::default();
    let store = Arc::new(SledStore::open(&options, live.clone())?);
    Ok(Opened { store, live })
}

/// The log that settings share with other instances, where they do.
///
/// # Errors
/// Says what is wrong with its address, or with a file that it needs.
pub fn engine(settings: &StoreSettings) -> Result<Option<Engine>, String> {
    if !settings.is_shared() {
        return Ok(None);
    }
    let StoreSettings { url, password_file, ca, certificate, key, .. } = settings.clone();
    let options = EngineOptions {
        url,
        password_file,
        ca,
        certificate,
        key,
        without_standby: settings.without_standby,
        poll: Duration::from_millis(settings.poll_ms),
        wake_ups: settings.wake_ups,
        stale: Duration::from_secs(settings.stale_seconds),
        patience: Duration::from_secs(settings.patience_seconds),
    };
    Engine::new(options).map(Some)
}

/// Opens the store in a folder that nobody is served from, to look at it or to fill it: no room is set aside for a full disk.
///
/// # Errors
/// As [`SledStore::open`].
pub fn open_unserved(folder: &Path) -> Result<Arc<dyn Store>, StoreError> {
    let settings = StoreSettings { min_free_bytes: 0, ballast_bytes: 0, ..StoreSettings::default() };
    Ok(open_store(folder, &settings)?.store)
}
