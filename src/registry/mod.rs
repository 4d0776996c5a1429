//! Who belongs to whom: jurisdictions as a tree, agencies in them, with everything that changes from a report year on;
//! and the collection of each year.
//!
//! Values in, values out.

mod admit;
mod apply;
mod below;
mod change;
mod collection;
mod correct;
mod earlier;
mod error;
pub mod exchange;
mod initials;
mod life;
mod names;
mod placement;
mod suspects;
mod timeline;
mod tree;

pub use crate::report::{JurisdictionCode, JurisdictionCodeError};
pub use admit::EntryIndex;
pub use apply::Plan;
pub use change::{
    Agency, CHANGE_REASON_MAX_CHARACTERS, Entry, EntryNameError, Jurisdiction, NAME_MAX_CHARACTERS, Nature, NewValues,
    RegistryChange, is_display_name,
};
pub use collection::{
    Collection, CollectionError, Deadline, EXCEPTION_REASON_MAX_CHARACTERS, Exception, GRANTED_BY_MAX_CHARACTERS,
    ReviewPolicy, SetBy,
};
pub use error::RegistryError;
pub use life::{EndingKind, Life, LifeEnd};
pub use placement::{InTree, Place};
pub use suspects::{Alike, Suspect};
pub use timeline::{AgencyTimeline, Dated, End, Ending, Joined, JurisdictionTimeline, Timeline};
pub use tree::{AgencyIndex, Extent, JurisdictionIndex, Registry};

#[cfg(test)]
mod tests;
