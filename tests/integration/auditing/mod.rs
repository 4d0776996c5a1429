//! What auditors do with the journal: search it, have it stamped, export what is new of it, and have it sent to where
//! others watch.

mod contacts;
mod exports;
pub mod program;
mod search;
mod shipping;
mod stamps;
mod strikes;
