//! Who belongs to whom: jurisdictions as a tree, agencies in them, with everything that changes from a report year on;
//! and the collection of each year.
//!
//! Values in, values out.

mod admit;
mod apply;
mod begin;
mod below;
mod change;
mod collection;
mod contacts;
mod correct;
mod earlier;
mod error;
pub mod exchange;
mod initials;
mod join_places;
mod life;
mod names;
mod placement;
mod reminders;
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
pub use contacts::{
    CONTACTS_MAX, Contact, ContactFault, Contacts, DUTY_MAX_CHARACTERS, EMAIL_MAX_CHARACTERS, TELEPHONE_MAX_CHARACTERS,
};
pub use error::RegistryError;
pub use life::{EndingKind, Life, LifeEnd};
pub use placement::{InTree, Place};
pub use reminders::{REMINDERS_MAX, Reminded, Reminders};
pub use suspects::{Alike, Suspect};
pub use timeline::{AgencyTimeline, Dated, End, Ending, Joined, JurisdictionTimeline, Timeline};
pub use tree::{AgencyIndex, Extent, JurisdictionIndex, Registry};

#[cfg(test)]
mod tests;
