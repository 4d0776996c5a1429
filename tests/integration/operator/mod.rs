//! What an operator relies on: metrics, probes and log of the running program, and that the files and pages made for
//! operators say what is true of it.

mod backups;
mod deployment;
mod documents;
mod handbook;
mod machine;
mod observation;
pub mod program;
mod settings;
mod signals;
mod stores;
#[cfg(feature = "otel")]
mod traces;
