//! XML as it is written: elements in the order of the calls.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// A part of a package.
pub struct Xml(Writer<Vec<u8>>);

pub type Attributes<'a> = [(&'a str, &'a str)];

impl Xml {
    /// A part with this element around all that `content` writes.
    ///
    /// # Errors
    /// None of its own: memory takes all that is written.
    pub fn part(
        root: &str,
        names: &Attributes,
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<Vec<u8>> {
        let mut xml = Self(Writer::new(Vec::new()));
        xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), Some("yes"))))?;
        xml.element(root, names, content)?;
        Ok(xml.0.into_inner())
    }

    pub fn element(
        &mut self,
        name: &str,
        attributes: &Attributes,
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let start = quick_xml::events::BytesStart::new(name).with_attributes(attributes.iter().copied());
        let end = start.to_end().into_owned();
        self.0.write_event(Event::Start(start.borrow()))?;
        content(self)?;
        self.0.write_event(Event::End(end))
    }

    pub fn empty(&mut self, name: &str, attributes: &Attributes) -> io::Result<()> {
        self.0.create_element(name).with_attributes(attributes.iter().copied()).write_empty().map(|_| ())
    }

    /// An element that says one value, as most of WordprocessingML do.
    pub fn value(&mut self, name: &str, value: &str) -> io::Result<()> {
        self.empty(name, &[("w:val", value)])
    }

    /// Text; control characters have no place in XML and are left out.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        let printable: String =
            text.chars().filter(|c| !c.is_control() && !('\u{FFFE}'..='\u{FFFF}').contains(c)).collect();
        self.0.write_event(Event::Text(BytesText::new(&printable)))
    }
}
