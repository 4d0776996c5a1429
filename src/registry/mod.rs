//! Who belongs to whom: jurisdictions as a tree, agencies in them, each from a first report year on.
//!
//! Values in, values out. Dated moves, mergers and splits are not part of it yet.

mod change;
pub mod exchange;
mod tree;

pub use crate::report::{JurisdictionCode, JurisdictionCodeError};
pub use change::{Agency, Jurisdiction, RegistryChange, RegistryError};
pub use tree::{AgencyIndex, JurisdictionIndex, Plan, Registry};
