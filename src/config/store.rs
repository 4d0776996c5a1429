//! Settings of the embedded store.

use serde::{Deserialize, Serialize};

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
