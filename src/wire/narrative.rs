//! The chapters of text.

use crate::pb;
use crate::report::{Message, NARRATIVE_BYTES_MAX, Narrative};
use crate::service::{Problem, Reason};

/// None where no chapter is given: an empty message says as little as none.
///
/// # Errors
/// FIELD_INVALID where it is too long, or holds control characters other than line ends and tabs.
pub(crate) fn narrative_from_wire(wire: pb::Narrative, field: &str) -> Result<Option<Narrative>, Problem> {
    let pb::Narrative { overview, problems, other_matters } = wire;
    let narrative = Narrative { overview, problems, other_matters };
    let invalid = |field: String, description| Err(Problem::field(Reason::FieldInvalid, field, description));
    let bytes = narrative.bytes();
    if bytes > NARRATIVE_BYTES_MAX {
        let description = Message::new(
            format!("各部分文字共{bytes}字节，不得超过{NARRATIVE_BYTES_MAX}字节"),
            format!("its chapters have {bytes} bytes, more than {NARRATIVE_BYTES_MAX}"),
        );
        return invalid(field.to_owned(), description);
    }
    for chapter in narrative.chapters() {
        let odd = |character: char| character.is_control() && !"\n\r\t".contains(character);
        if chapter.text.is_some_and(|text| text.contains(odd)) {
            let description = Message::new("含有控制字符", "holds control characters");
            return invalid(format!("{field}.{}", chapter.field), description);
        }
    }
    Ok(Some(narrative).filter(|narrative| !narrative.is_empty()))
}

/// Chapters that are not known are not there on the wire either.
pub fn narrative_to_wire(narrative: &Narrative) -> pb::Narrative {
    let Narrative { overview, problems, other_matters } = narrative.clone();
    pb::Narrative { overview, problems, other_matters }
}
