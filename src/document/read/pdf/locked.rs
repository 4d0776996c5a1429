//! A document that is encrypted and whose trailer holds the encryption itself rather than a reference to it, as the
//! specification allows (ISO 32000-1, table 15): the library looks for a reference only.

use lopdf::content::{Content, Operation};
use lopdf::{Document, Object};

/// The document with its encryption as an object of its own, appended as an update; none where it needs none.
pub fn with_reference(bytes: &[u8], document: &Document) -> Option<Vec<u8>> {
    let encryption = document.trailer.get(b"Encrypt").ok().filter(|encryption| encryption.as_dict().is_ok())?;
    let number = document.max_id.checked_add(1)?;
    // Places in a file count from its header.
    let start = bytes.windows(5).position(|window| window == b"%PDF-").unwrap_or(0);
    let mut updated = bytes.get(start..)?.to_vec();
    updated.push(b'\n');
    let place = updated.len();
    let written = |operator: &str, operand: Object| {
        Content { operations: vec![Operation::new(operator, vec![operand])] }.encode().ok()
    };
    updated.extend(format!("{number} 0 obj\n").into_bytes());
    updated.extend(written("endobj", encryption.clone())?);
    let table = updated.len() + 1;
    updated.extend(format!("\nxref\n{number} 1\n{place:010} 00000 n \ntrailer\n").into_bytes());
    let mut trailer = lopdf::Dictionary::new();
    for key in [&b"Root"[..], b"ID"] {
        if let Ok(value) = document.trailer.get(key) {
            trailer.set(key, value.clone());
        }
    }
    trailer.set("Size", i64::from(number) + 1);
    trailer.set("Prev", i64::try_from(document.xref_start).ok()?);
    trailer.set("Encrypt", Object::Reference((number, 0)));
    updated.extend(written("startxref", trailer.into())?);
    updated.extend(format!("\n{table}\n%%EOF\n").into_bytes());
    Some(updated)
}
