//! The XML of a part, as a tree: writers order elements as they like, and some write as elements what others write as
//! attributes.

use quick_xml::events::{BytesStart, Event};

use super::super::Format;
use super::super::error::ReadError;
use super::super::package::{MAX_DEPTH, referred, xml};

/// Most elements of a part.
const MAX_ELEMENTS: usize = 200_000;

/// An element; names are without their prefixes, and the same whatever their case.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The root of a part.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where it is no XML, [`ReadError::TooDeep`].
    pub fn parse(part: &str) -> Result<Self, ReadError> {
        let damaged = |detail: &str| ReadError::damaged(Format::Ofd.name(), detail);
        let mut reader = xml(part.trim_start_matches('\u{feff}'));
        // The first holds the root; the last is open.
        let mut open = vec![Self::default()];
        let mut count = 0;
        loop {
            let event = reader.read_event().map_err(|error| ReadError::damaged(Format::Ofd.name(), error))?;
            let is_empty = matches!(event, Event::Empty(_));
            match event {
                Event::Eof => break,
                Event::Start(element) | Event::Empty(element) => {
                    count += 1;
                    if count > MAX_ELEMENTS {
                        return Err(damaged("a part has too many elements"));
                    }
                    if open.len() > MAX_DEPTH {
                        return Err(ReadError::TooDeep { limit: MAX_DEPTH });
                    }
                    open.push(Self::of(&element));
                    if is_empty {
                        close(&mut open);
                    }
                }
                Event::End(_) => close(&mut open),
                Event::Text(text) => add_text(&mut open, &text.xml10_content()),
                Event::CData(text) => add_text(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => add_text(&mut open, &referred(&reference)),
                _ => {}
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop().and_then(|mut all| all.children.pop()).ok_or_else(|| damaged("a part is empty"))
    }

    fn of(element: &BytesStart<'_>) -> Self {
        let mut attributes = Vec::new();
        for attribute in element.attributes().with_checks(false).flatten() {
            if let Ok(value) = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0) {
                attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
            }
        }
        Self { name: element.local_name().as_ref().to_owned(), attributes, ..Self::default() }
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The elements of a name directly within this one.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.is(name))
    }

    pub fn child<'e>(&'e self, name: &'e str) -> Option<&'e Self> {
        self.all(name).next()
    }

    /// The value of an attribute, or the text of the element of its name.
    pub fn value<'e>(&'e self, name: &'e str) -> Option<&'e str> {
        let attribute = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = attribute.map(|(_, value)| value.as_str()).or_else(|| Some(self.child(name)?.text.as_str()));
        value.map(str::trim)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        number(self.value(name)?)
    }

    /// A number of numbers.
    pub fn numbers<const N: usize>(&self, name: &str) -> Option<[f64; N]> {
        numbers(self.value(name)?)?.try_into().ok()
    }

    /// What is said to be so or not.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }
}

fn close(open: &mut Vec<Element>) {
    // The root of all is never closed by an end without a beginning.
    if open.len() < 2 {
        return;
    }
    let Some(closed) = open.pop() else { return };
    if let Some(around) = open.last_mut() {
        around.children.push(closed);
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// A number that is one.
pub fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Numbers divided by blanks or commas.
pub fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split([' ', ',', '\t', '\n', '\r']).filter(|number| !number.is_empty()).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_and_elements_say_the_same_whatever_their_prefix_and_case() {
        let part =
            "\u{feff}<?xml version=\"1.0\"?><ofd:A xmlns:ofd=\"x\" ofd:size=\"3\"><B><Value> 1 2 </Value></B></ofd:A>";
        let element = Element::parse(part).unwrap();
        assert_eq!((element.name.as_str(), element.number("Size")), ("A", Some(3.0)));
        assert_eq!(element.child("b").and_then(|b| b.numbers::<2>("value")), Some([1.0, 2.0]));
        assert_eq!(element.numbers::<4>("size"), None);
    }

    #[test]
    fn what_is_cut_off_or_deep_or_no_xml_does_no_harm() {
        assert_eq!(Element::parse("<A><B>1").unwrap().child("B").unwrap().text, "1");
        assert!(Element::parse("</A></A>").is_err());
        assert!(matches!(Element::parse(&"<A>".repeat(1000)), Err(ReadError::TooDeep { .. })));
        assert!(Element::parse(&"<A/>".repeat(MAX_ELEMENTS + 1)).is_err());
    }
}
