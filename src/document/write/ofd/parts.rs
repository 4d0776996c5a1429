//! The package of an OFD (GB/T 33190—2016, chapter 7) and the parts in it. Lengths are in micrometres, and written in
//! millimetres.

use std::io;

use super::super::xml::Xml;
use super::super::{WriteError, package};
use super::FONTS;
use super::page::{Area, Face, Object, PAGE, ascent};
use crate::report::Hash;

const NAMESPACE: &[(&str, &str)] = &[("xmlns:ofd", "http://www.ofdspec.org/2016")];

/// Width of the lines of a table, in micrometres.
const STROKE: i64 = 180;

/// Numbers of the parts' elements, each used once in the file: fonts, then pages, then what is drawn.
struct Ids(usize);

impl Ids {
    fn next(&mut self) -> String {
        self.0 += 1;
        self.0.to_string()
    }
}

/// # Errors
/// As [`package::pack`].
pub fn pack(title: &str, pages: &[Vec<Object>]) -> Result<Vec<u8>, WriteError> {
    let mut ids = Ids(FONTS.len());
    let numbers: Vec<String> = pages.iter().map(|_| ids.next()).collect();
    let contents: Vec<(String, Vec<u8>)> = pages
        .iter()
        .enumerate()
        .map(|(at, page)| Ok((format!("Doc_0/{}", place(at)), content(page, &mut ids)?)))
        .collect::<io::Result<_>>()
        .map_err(WriteError::new)?;
    let digest = Hash::of(&contents.iter().flat_map(|(_, bytes)| bytes).copied().collect::<Vec<u8>>());
    let entry = entry(title, digest).map_err(WriteError::new)?;
    let document = document(&numbers, ids.0).map_err(WriteError::new)?;
    let resources = resources().map_err(WriteError::new)?;
    let mut files: Vec<(&str, &[u8])> =
        vec![("OFD.xml", &entry), ("Doc_0/Document.xml", &document), ("Doc_0/PublicRes.xml", &resources)];
    files.extend(contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    package::pack(&files)
}

/// Where the content of a page lies in the document's folder.
fn place(page: usize) -> String {
    format!("Pages/Page_{page}/Content.xml")
}

/// What the package holds. Its number follows from its contents.
fn entry(title: &str, digest: Hash) -> io::Result<Vec<u8>> {
    let attributes = [NAMESPACE, &[("DocType", "OFD"), ("Version", "1.1")]].concat();
    Xml::part("ofd:OFD", &attributes, |xml| {
        xml.element("ofd:DocBody", &[], |xml| {
            xml.element("ofd:DocInfo", &[], |xml| {
                // A UUID's 32 digits.
                let id: String = digest.to_hex().chars().take(32).collect();
                xml.element("ofd:DocID", &[], |xml| xml.text(&id))?;
                xml.element("ofd:Title", &[], |xml| xml.text(title))?;
                xml.element("ofd:Creator", &[], |xml| xml.text("Huizong"))
            })?;
            xml.element("ofd:DocRoot", &[], |xml| xml.text("Doc_0/Document.xml"))
        })
    })
}

fn document(pages: &[String], last_id: usize) -> io::Result<Vec<u8>> {
    Xml::part("ofd:Document", NAMESPACE, |xml| {
        xml.element("ofd:CommonData", &[], |xml| {
            xml.element("ofd:MaxUnitID", &[], |xml| xml.text(&last_id.to_string()))?;
            xml.element("ofd:PageArea", &[], |xml| {
                let paper = boundary(Area { x: 0, y: 0, width: PAGE.0, height: PAGE.1 });
                xml.element("ofd:PhysicalBox", &[], |xml| xml.text(&paper))
            })?;
            xml.element("ofd:PublicRes", &[], |xml| xml.text("PublicRes.xml"))
        })?;
        xml.element("ofd:Pages", &[], |xml| {
            pages
                .iter()
                .enumerate()
                .try_for_each(|(at, id)| xml.empty("ofd:Page", &[("ID", id), ("BaseLoc", &place(at))]))
        })
    })
}

fn resources() -> io::Result<Vec<u8>> {
    let attributes = [NAMESPACE, &[("BaseLoc", "Res")]].concat();
    Xml::part("ofd:Res", &attributes, |xml| {
        xml.element("ofd:Fonts", &[], |xml| {
            FONTS.iter().enumerate().try_for_each(|(at, name)| {
                xml.empty("ofd:Font", &[("ID", &font_id(at)), ("FontName", name), ("FamilyName", name)])
            })
        })
    })
}

fn font_id(font: usize) -> String {
    (font + 1).to_string()
}

fn content(objects: &[Object], ids: &mut Ids) -> io::Result<Vec<u8>> {
    Xml::part("ofd:Page", NAMESPACE, |xml| {
        xml.element("ofd:Content", &[], |xml| {
            xml.element("ofd:Layer", &[("ID", &ids.next()), ("Type", "Body")], |xml| {
                objects.iter().try_for_each(|object| match object {
                    Object::Text { text, .. } if text.is_empty() => Ok(()),
                    Object::Text { area, face, text } => write_text(xml, &ids.next(), *area, *face, text),
                    Object::Frame(area) => write_frame(xml, &ids.next(), *area),
                })
            })
        })
    })
}

fn write_text(xml: &mut Xml, id: &str, area: Area, face: Face, text: &str) -> io::Result<()> {
    let (boundary, font, size) = (boundary(area), font_id(face.font), millimetres(face.size));
    let mut attributes = vec![("ID", id), ("Boundary", &boundary), ("Font", &font), ("Size", &size)];
    if face.is_bold {
        attributes.push(("Weight", "700"));
    }
    xml.element("ofd:TextObject", &attributes, |xml| {
        let foot = millimetres(ascent(face));
        let mut places = vec![("X", "0"), ("Y", foot.as_str())];
        // From each character to the next.
        let widths: Vec<String> = text.chars().map(|character| millimetres(face.width(character))).collect();
        let distances = widths.split_last().map(|(_, before)| before.join(" ")).unwrap_or_default();
        if !distances.is_empty() {
            places.push(("DeltaX", &distances));
        }
        xml.element("ofd:TextCode", &places, |xml| xml.text(text))
    })
}

fn write_frame(xml: &mut Xml, id: &str, area: Area) -> io::Result<()> {
    let (boundary, stroke) = (boundary(area), millimetres(STROKE));
    let (width, height) = (millimetres(area.width), millimetres(area.height));
    xml.element("ofd:PathObject", &[("ID", id), ("Boundary", &boundary), ("LineWidth", &stroke)], |xml| {
        let path = format!("M 0 0 L {width} 0 L {width} {height} L 0 {height} C");
        xml.element("ofd:AbbreviatedData", &[], |xml| xml.text(&path))
    })
}

fn boundary(area: Area) -> String {
    [area.x, area.y, area.width, area.height].map(millimetres).join(" ")
}

/// `12.5`
fn millimetres(micrometres: i64) -> String {
    let (whole, rest) = (micrometres / 1_000, micrometres % 1_000);
    match format!("{whole}.{rest:03}").trim_end_matches('0').trim_end_matches('.') {
        "" => "0".to_owned(),
        text => text.to_owned(),
    }
}
