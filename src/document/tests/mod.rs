//! What readers and writers share in their tests: any figures of any edition, and the way out and back.

pub mod figures;
mod round_trips;
