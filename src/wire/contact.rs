//! Whom to ask at agencies.

use crate::pb;
use crate::registry::{Contact, Contacts};
use crate::report::{AgencyId, Message};
use crate::service::{KnownContacts, Problem};

use super::registry::agency_id;

const ENDING: &str = "/contacts";

/// The agency in `agencies/{id}/contacts`.
///
/// # Errors
/// NAME_INVALID, or FIELD_REQUIRED where it is empty.
pub(crate) fn contacts_name(name: &str, field: &str) -> Result<AgencyId, Problem> {
    if name.is_empty() {
        return Err(Problem::required(field));
    }
    let agency = name.strip_suffix(ENDING).ok_or_else(|| {
        let text = Message::new("须为 agencies/机构标识/contacts", "must be agencies/{id}/contacts");
        Problem::bad_name(field, text)
    })?;
    agency_id(agency, field)
}

pub(crate) fn contact_to_wire(person: &Contact) -> pb::Contact {
    let Contact { name, duty, telephone, email } = person.clone();
    pb::Contact { name, duty, telephone, email }
}

/// Contacts without an etag, as they are sent to be kept.
pub fn contacts_to_wire(contacts: &Contacts) -> pb::AgencyContacts {
    pb::AgencyContacts {
        name: format!("agencies/{}{ENDING}", contacts.agency),
        people: contacts.people.iter().map(contact_to_wire).collect(),
        etag: String::new(),
    }
}

pub(crate) fn known_contacts_to_wire(known: &KnownContacts) -> pb::AgencyContacts {
    pb::AgencyContacts { etag: known.etag.clone(), ..contacts_to_wire(&known.contacts) }
}

/// # Errors
/// What is malformed, by field; `field` is the path of the message.
pub(crate) fn contacts_from_wire(wire: pb::AgencyContacts, field: &str) -> Result<Contacts, Problem> {
    let agency = contacts_name(&wire.name, &format!("{field}.name"))?;
    let people = wire.people.into_iter().map(|person| {
        let pb::Contact { name, duty, telephone, email } = person;
        Contact { name, duty, telephone, email }
    });
    Ok(Contacts { agency, people: people.collect() })
}
