//! A whole store as a stream of bytes, between any two stores: backups, and moves to another kind of store.
//!
//! The stream is true as of one journal sequence, and knows no kind of record: it carries keys with records as the store encodes
//! them, all of them in order of their keys, or transaction by transaction since some moment. Defined for outsiders in
//! docs/backup.md.
//!
//! - `frame`: the bytes: numbered frames, each hashed together with the hash of the one before.
//! - `export`: out of a store, all records in order of their keys. `changes`: its transactions since some moment.
//! - `kept`: a folder of backups, of which the newest stay.
//! - `import`: the same stream read again, with everything checked that can be.

mod changes;
mod export;
mod fault;
mod frame;
mod import;
mod kept;
mod messages;

pub use changes::{export_changes, place};
pub use export::{Export, Part};
pub use fault::{DamagedStream, Fault};
pub use import::{Import, Summary, ends_at, records_of, restore, restore_until, verify};
pub use kept::{Draft, Kept, KeptBackup, KeptError};

/// Version of a stream of transactions, and the highest that this program reads.
pub const STREAM_VERSION: u32 = 2;

/// Version of a stream of records.
pub(crate) const RECORDS_VERSION: u32 = 1;
