//! Registry files.

use crate::pb;
use crate::registry::RegistryChange;
use crate::registry::exchange::RegistryFile;
use crate::report::Message;
use crate::service::{Problem, Reason, RegistryFormat, RenderedFile};

use super::contact::contacts_to_wire;
use super::finding::text_to_wire;
use super::registry_change::change_to_wire;

/// What is in a file, or what is wrong with it.
pub(crate) fn registry_file_to_wire(read: Result<RegistryFile, Vec<Message>>) -> pb::ReadRegistryFileResponse {
    let mut answer = pb::ReadRegistryFileResponse::default();
    match read {
        Err(faults) => answer.faults = faults.iter().map(text_to_wire).collect(),
        Ok(file) => {
            for (change, place) in file.changes.iter().zip(file.places) {
                let place = text_to_wire(&place.message());
                if let RegistryChange::PutContacts(contacts) = change {
                    answer.contacts.push(contacts_to_wire(contacts));
                    answer.contact_places.push(place);
                } else if let Some(change) = change_to_wire(change) {
                    answer.changes.push(change);
                    answer.places.push(place);
                }
            }
        }
    }
    answer
}

/// # Errors
/// FIELD_REQUIRED, FIELD_INVALID.
pub(crate) fn registry_format_from_wire(wire: i32, field: &str) -> Result<RegistryFormat, Problem> {
    match pb::RegistryFileFormat::try_from(wire) {
        Ok(pb::RegistryFileFormat::Csv) => Ok(RegistryFormat::Csv),
        Ok(pb::RegistryFileFormat::Xlsx) => Ok(RegistryFormat::Xlsx),
        Ok(pb::RegistryFileFormat::Json) => Ok(RegistryFormat::Json),
        Ok(pb::RegistryFileFormat::Unspecified) => Err(Problem::required(field)),
        Err(_) => {
            let text = Message::new("没有这种格式", "there is no such format");
            Err(Problem::field(Reason::FieldInvalid, field, text))
        }
    }
}

pub(crate) fn rendered_registry_to_wire(file: RenderedFile) -> pb::RenderRegistryResponse {
    pb::RenderRegistryResponse {
        content: file.content,
        content_type: file.content_type.to_owned(),
        file_name: file.name,
    }
}
