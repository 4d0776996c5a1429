//! What tests of documents share: any figures of any edition, and reports of them; and the way out and back.

pub mod entries;
pub mod figures;
mod round_trips;
