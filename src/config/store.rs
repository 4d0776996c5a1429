//! Settings of the store: one of its own in a folder, or one that is shared with other instances.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// Where the journal is that is shared with other instances, such as `postgres://huizong@db1,db2/huizong`; empty for a
    /// store of its own. Without a password.
    pub url: String,
    /// File with the password; empty for the environment (`HUIZONG_STORE_PASSWORD`), or none.
    pub password_file: PathBuf,
    /// Certificates in PEM that the server's is held to; empty for those of the system.
    pub ca: PathBuf,
    /// Certificate in PEM to show to the server; empty for none.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The PostgreSQL server has no standby that could take over: it is taken without `synchronous_standby_names`.
    pub without_standby: bool,
    /// Seconds without word of the shared journal after which an instance does not answer from its copy.
    pub stale_seconds: u64,
    /// Time between two looks at the shared journal, in milliseconds.
    pub poll_ms: u64,
    /// Have PostgreSQL tell of what others have stored at once, beside that (LISTEN, NOTIFY).
    pub wake_ups: bool,
    /// Seconds that a write to the shared journal may take before its outcome is looked for.
    pub patience_seconds: u64,
    /// Seconds that an instance has a job for which one of them does for all, such as backups; it asks for it anew three times
    /// within.
    pub lease_seconds: u64,
    /// Folder of the keys that all instances of one store have in common; empty for the folder of the store.
    pub keys_directory: PathBuf,
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

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            password_file: PathBuf::new(),
            ca: PathBuf::new(),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            without_standby: false,
            stale_seconds: 2,
            poll_ms: 50,
            wake_ups: true,
            patience_seconds: 10,
            lease_seconds: 30,
            keys_directory: PathBuf::new(),
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

impl StoreSettings {
    /// Whether the store is one that other instances use as well.
    pub fn is_shared(&self) -> bool {
        !self.url.is_empty()
    }
}
