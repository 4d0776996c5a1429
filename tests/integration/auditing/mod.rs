//! What auditors do with the journal: search it, have it stamped, export what is new of it, and have it sent to where
//! others watch.

mod exports;
mod program;
mod search;
mod shipping;
mod stamps;
mod strikes;
