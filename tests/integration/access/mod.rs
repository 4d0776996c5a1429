//! Who may do what, asked of a real server over TLS by clients with real tokens and certificates.

mod acts;
mod audit;
mod certificates;
mod contacts;
mod doctor;
mod dual_control;
mod enrolment;
pub(crate) mod guarded;
mod identity;
mod isolation;
mod limits;
mod origin;
mod program;
mod recorded;
mod reload;
pub(crate) mod session;
mod sight;
pub mod table;
