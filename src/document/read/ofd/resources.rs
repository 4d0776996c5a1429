//! What pages refer to by number: ways of drawing, drawings, pictures.

use std::collections::{HashMap, HashSet};

use super::super::error::ReadError;
use super::super::inscription::draws_pictures;
use super::element::Element;
use super::parts::Parts;

/// Formats of pictures that let nothing through.
const OPAQUE: &[&str] = &["jpg", "jpeg", "bmp"];
/// How far ways of drawing are followed that build on others.
const MAX_RELATIVES: usize = 16;

#[derive(Default)]
pub struct Resources {
    ways: HashMap<String, Element>,
    drawings: HashMap<String, Element>,
    opaque: HashSet<String>,
    /// Fonts that draw pictures.
    pictured: HashSet<String>,
}

impl Resources {
    /// Adds what a part of resources holds; one that is missing is left out, as programs that show the page do.
    ///
    /// # Errors
    /// As [`Parts::part`].
    pub fn add(&mut self, parts: &mut Parts<'_>, from: &str, place: &str) -> Result<(), ReadError> {
        let Some((_, list)) = parts.part(from, place)? else { return Ok(()) };
        for each in list.children.into_iter().flat_map(|group| group.children) {
            let Some(id) = each.value("ID").map(str::to_owned) else { continue };
            if each.is("DrawParam") {
                self.ways.insert(id, each);
            } else if each.is("CompositeGraphicUnit") || each.is("CompositeGraphUnit") {
                self.drawings.insert(id, each);
            } else if each.is("MultiMedia") && is_opaque(&each) {
                self.opaque.insert(id);
            } else if each.is("Font") && is_of_pictures(&each) {
                self.pictured.insert(id);
            }
        }
        Ok(())
    }

    /// A drawing that pages place, taken out while it is drawn: one that places itself ends there.
    pub fn take(&mut self, id: &str) -> Option<Element> {
        self.drawings.remove(id)
    }

    pub fn give_back(&mut self, id: String, drawing: Element) {
        self.drawings.insert(id, drawing);
    }

    /// Whether a picture lets nothing through.
    pub fn is_opaque(&self, id: &str) -> bool {
        self.opaque.contains(id)
    }

    /// Whether the characters of a font are pictures.
    pub fn is_of_pictures(&self, id: &str) -> bool {
        self.pictured.contains(id)
    }

    /// What an element says, else its way of drawing, else those that this builds on.
    pub fn said<'e, T>(&'e self, element: &'e Element, say: impl Fn(&'e Element) -> Option<T>) -> Option<T> {
        let mut element = element;
        let mut next = "DrawParam";
        for _ in 0..MAX_RELATIVES {
            if let Some(said) = say(element) {
                return Some(said);
            }
            element = self.ways.get(element.value(next)?)?;
            next = "Relative";
        }
        None
    }
}

fn is_of_pictures(font: &Element) -> bool {
    font.value("Charset").is_some_and(|set| set.eq_ignore_ascii_case("symbol"))
        || ["FontName", "FamilyName"].iter().any(|name| font.value(name).is_some_and(draws_pictures))
}

fn is_opaque(picture: &Element) -> bool {
    let file = picture.value("MediaFile").unwrap_or_default();
    let ending = file.rsplit('.').next().unwrap_or_default();
    let format = picture.value("Format").unwrap_or(ending);
    OPAQUE.iter().any(|opaque| opaque.eq_ignore_ascii_case(format))
}
