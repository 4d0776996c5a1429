//! Who belongs to whom: jurisdictions as a tree, agencies in them, each from a first report year on.
//!
//! Values in, values out. Dated moves, mergers and splits are not part of it yet.

mod change;
mod code;
pub mod exchange;
mod tree;

pub use change::{Agency, Jurisdiction, RegistryChange, RegistryError};
pub use code::{JURISDICTION_CODE_MAX_BYTES, JurisdictionCode, JurisdictionCodeError};
pub use tree::{AgencyIndex, JurisdictionIndex, Plan, Registry};
