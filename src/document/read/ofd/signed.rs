//! Seals on a document: that there are some, and whose. Whether they hold is for a program that verifies them.

use der::asn1::Utf8StringRef;
use der::{Decode, Header, Reader, SliceReader, Tag};

use super::super::error::ReadError;
use super::super::note::{NoteCode, ReaderNote};
use super::element::Element;
use super::parts::Parts;

/// Most seals of a document that are told.
const MAX_SEALS: usize = 20;

/// A seal, or a signature without one.
pub struct Seal {
    /// The seal's name, else that of the program that signed.
    by: String,
    at: String,
}

/// The seals of a document in a body.
///
/// # Errors
/// As [`Parts::part`].
pub fn seals(parts: &mut Parts<'_>, root: &str, body: &Element) -> Result<Vec<Seal>, ReadError> {
    let Some((path, list)) = body.value("Signatures").map_or(Ok(None), |place| parts.part(root, place))? else {
        return Ok(Vec::new());
    };
    let mut seals = Vec::new();
    for signature in list.all("Signature").take(MAX_SEALS) {
        let place = signature.value("BaseLoc").unwrap_or_default();
        let Some((path, signature)) = parts.part(&path, place)? else { continue };
        let Some(info) = signature.child("SignedInfo") else { continue };
        let seal = info.child("Seal").and_then(|seal| seal.value("BaseLoc"));
        let seal = seal.map_or(Ok(None), |place| parts.bytes(&path, place))?;
        let provider = info.child("Provider").and_then(|provider| provider.value("ProviderName"));
        let by = seal.and_then(|seal| name_of(&seal)).or_else(|| provider.map(str::to_owned)).unwrap_or_default();
        seals.push(Seal { by, at: info.value("SignatureDateTime").unwrap_or_default().to_owned() });
    }
    Ok(seals)
}

/// The note on seals.
pub fn note(seals: &[Seal]) -> Option<ReaderNote> {
    if seals.is_empty() {
        return None;
    }
    let told = |comma: &str| {
        let seal = |Seal { by, at }: &Seal| format!("{by} {at}").trim().to_owned();
        seals.iter().map(seal).collect::<Vec<_>>().join(comma)
    };
    Some(ReaderNote::about_document(
        NoteCode::SealNotVerified,
        &told(", "),
        format!("文件有电子签章（{}）；这里不验证签章，请用签章软件验证", told("、")),
        format!("the document bears a seal ({}); it is not verified here, use a program for seals", told(", ")),
    ))
}

/// The name in the data of a seal (GB/T 38540, and GM/T 0031 before it): `seal.info.property.name`, of which each is
/// the sequence's first, first, third and second.
fn name_of(seal: &[u8]) -> Option<String> {
    let info = nth(content(seal, Tag::Sequence)?, 0)?;
    let property = nth(content(info, Tag::Sequence)?, 2)?;
    let name = nth(content(property, Tag::Sequence)?, 1)?;
    Some(Utf8StringRef::from_der(name).ok()?.as_str().to_owned())
}

/// What is within a value of a tag.
fn content(value: &[u8], tag: Tag) -> Option<&[u8]> {
    let mut reader = SliceReader::new(value).ok()?;
    let header = Header::decode(&mut reader).ok().filter(|header| header.tag == tag)?;
    reader.read_slice(header.length).ok()
}

/// One of several values.
fn nth(values: &[u8], at: usize) -> Option<&[u8]> {
    let mut reader = SliceReader::new(values).ok()?;
    (0..at).try_for_each(|_| reader.tlv_bytes().map(drop)).ok()?;
    reader.tlv_bytes().ok()
}
