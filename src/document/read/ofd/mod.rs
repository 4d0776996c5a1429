//! OFD (GB/T 33190), the state's format for official documents: pages on which everything stands where it is drawn, as in
//! PDF, described in XML.

mod colour;
mod element;
mod outline;
mod painter;
mod parts;
mod resources;
mod setting;
mod signed;
mod text;

use super::error::ReadError;
use super::page::{Pages, max_characters};
use super::{Format, Limits, Printed};
use element::Element;
use painter::Painter;
use parts::Parts;
use resources::Resources;

/// Most documents in a file.
const MAX_DOCUMENTS: usize = 100;
/// Most objects that are drawn of a file.
const MAX_OBJECTS: usize = 500_000;

/// How much of a file may still be drawn.
struct Left {
    objects: usize,
    characters: usize,
    max_characters: usize,
}

impl Left {
    fn object(&mut self) -> Result<(), ReadError> {
        let too_many = || ReadError::damaged(Format::Ofd.name(), "too many drawn objects");
        self.objects = self.objects.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }

    fn character(&mut self) -> Result<(), ReadError> {
        let too_many = || ReadError::TooManyCells { limit: self.max_characters };
        self.characters = self.characters.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }
}

/// Reads an OFD into printed rows: the pages of all documents in it, one after the other.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::Protected`] and the errors of limits.
pub fn read_ofd(bytes: &[u8], limits: &Limits) -> Result<Printed, ReadError> {
    let mut parts = Parts::open(bytes, limits.max_unpacked_bytes)?;
    let (root, entry) = parts.required("/", "OFD.xml")?;
    let max_characters = max_characters(limits);
    let mut left = Left { objects: MAX_OBJECTS, characters: max_characters, max_characters };
    let mut pages = Pages::default();
    let mut seals = Vec::new();
    for body in entry.all("DocBody").take(MAX_DOCUMENTS) {
        let (path, document) = newest(&mut parts, &root, body)?;
        draw(&mut parts, &path, &document, limits, &mut left, &mut pages)?;
        seals.extend(signed::seals(&mut parts, &root, body)?);
    }
    if pages.count() == 0 {
        return Err(ReadError::damaged(Format::Ofd.name(), "no page is in it"));
    }
    let mut printed = pages.printed(limits)?;
    printed.notes.extend(signed::note(&seals));
    Ok(printed)
}

/// The document of a body: of several versions the present one.
fn newest(parts: &mut Parts<'_>, root: &str, body: &Element) -> Result<(String, Element), ReadError> {
    let versions = body.child("Versions").map(|versions| versions.children.as_slice()).unwrap_or_default();
    let present = versions.iter().find(|version| version.flag("Current") == Some(true));
    if let Some((path, version)) =
        present.and_then(|version| version.value("BaseLoc")).map_or(Ok(None), |place| parts.part(root, place))?
        && let Some(place) = version.value("DocRoot")
    {
        return parts.required(&path, place);
    }
    parts.required(root, body.value("DocRoot").unwrap_or("Doc_0/Document.xml"))
}

/// Draws the pages of a document.
fn draw(
    parts: &mut Parts<'_>,
    path: &str,
    document: &Element,
    limits: &Limits,
    left: &mut Left,
    pages: &mut Pages,
) -> Result<(), ReadError> {
    let common = document.child("CommonData");
    let mut resources = Resources::default();
    for kind in ["PublicRes", "DocumentRes"] {
        for place in common.into_iter().flat_map(|common| common.all(kind)) {
            resources.add(parts, path, place.text.trim())?;
        }
    }
    let area = common.and_then(|common| common.child("PageArea"));
    let templates = common.into_iter().flat_map(|common| common.all("TemplatePage"));
    let annotations = annotations(parts, path, document)?;
    let mut painter = Painter::new(templates, area, resources, left);
    for page in document.child("Pages").into_iter().flat_map(|pages| pages.all("Page")) {
        if pages.count() >= limits.max_pages {
            return Err(ReadError::TooManyPages { limit: limits.max_pages });
        }
        let id = page.value("ID").unwrap_or_default();
        let (place, content) = parts.required(path, page.value("BaseLoc").unwrap_or_default())?;
        let laid = annotations.iter().filter(|(page, _)| page == id).map(|(_, laid)| laid);
        pages.add(painter.page(parts, (path, &place), &content, laid)?);
    }
    Ok(())
}

/// What is laid over pages, each with the id of its page.
fn annotations(parts: &mut Parts<'_>, path: &str, document: &Element) -> Result<Vec<(String, Element)>, ReadError> {
    let Some(place) = document.value("Annotations") else { return Ok(Vec::new()) };
    let Some((path, list)) = parts.part(path, place)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for page in list.all("Page") {
        let part = page.value("FileLoc").map_or(Ok(None), |place| parts.part(&path, place))?;
        found.extend(part.map(|(_, laid)| (page.value("PageID").unwrap_or_default().to_owned(), laid)));
    }
    Ok(found)
}
