//! Documents are read in processes of their own: this program once more, with limits on memory, processor time, files
//! and without a network (`confine.rs`). Whatever a document does to its reader, it does to nobody else.
//!
//! [`Readers`] keeps a few such processes ready, limited in number, and hands documents to them; [`run`] is what they
//! run. What comes back is taken apart as carefully as anything from outside.

mod child;
mod confine;
mod fair;
mod frame;
mod inside;
mod readers;

#[cfg(test)]
mod tests;

pub use confine::Confinement;
pub use fair::{Fair, Place};
pub use frame::{Read, Wanted};
pub use inside::{confine_then_run, run};
pub use readers::{Readers, Settings, Unread};

/// The hidden command of the program that reads documents.
pub const COMMAND: &str = "document-reader";
