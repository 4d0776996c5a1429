//! Who may do what, asked of a real server over TLS by clients with real tokens and certificates.

mod audit;
mod certificates;
mod doctor;
mod guarded;
mod identity;
mod isolation;
mod limits;
mod origin;
mod program;
#[path = "../support/raw.rs"]
mod raw;
mod reload;
mod session;
mod sight;
mod table;

// Each test program uses a part of it.
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
