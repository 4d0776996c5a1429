//! A whole store as a stream of bytes, between any two stores: backups, and moves to another kind of store.
//!
//! The stream is true as of one journal sequence, in order of the records' keys, and knows no kind of record: it
//! carries keys with records as the store encodes them. Defined for outsiders in docs/backup.md.
//!
//! - `frame`: the bytes: numbered frames, each hashed together with the hash of the one before.
//! - `export`: out of a store.
//! - `kept`: a folder of backups, of which the newest stay.
//! - `import`: the same stream read again, with everything checked that can be.

mod export;
mod fault;
mod frame;
mod import;
mod kept;
mod messages;

pub use export::{Export, Part};
pub use fault::{DamagedStream, Fault};
pub use import::{Import, Summary, restore, verify};
pub use kept::{Draft, Kept, KeptBackup, KeptError};

/// Version of the stream that this program writes, and the highest that it reads.
pub const STREAM_VERSION: u32 = 1;
