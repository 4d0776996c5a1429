//! The promises, each against any store.
//!
//! - `transactions`: whole or nothing, in one order, each once.
//! - `conditions`: what a transaction expects, and who wins where several expect the same.
//! - `life`: reviews, consolidated reports, frozen forms.
//! - `reading`: pages, orders, the past.
//! - `observing`: the observer, and many callers at once.

mod conditions;
mod life;
mod observing;
mod reading;
mod transactions;

pub use crate::store_contract::transfer::promises::*;
pub use conditions::*;
pub use life::*;
pub use observing::*;
pub use reading::*;
pub use transactions::*;
