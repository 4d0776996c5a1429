//! A page being drawn, and the document that it makes.

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};

/// Size of the writing.
pub const SIZE: f32 = 10.0;

/// What a character is wide, in parts of its size.
pub fn advance(character: char) -> f32 {
    if character.is_ascii() { 0.5 } else { 1.0 }
}

/// How wide a text of a size is.
pub fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|character| advance(character) * size).sum()
}

#[derive(Default)]
pub struct Page {
    pub operations: Vec<Operation>,
    pub characters: Vec<char>,
    pub annotations: Vec<Object>,
}

impl Page {
    pub fn add(&mut self, operator: &str, operands: Vec<Object>) {
        self.operations.push(Operation::new(operator, operands));
    }

    pub fn numbers<const N: usize>(&mut self, operator: &str, numbers: [f32; N]) {
        self.add(operator, numbers.map(Object::from).to_vec());
    }

    /// The colour of what follows.
    pub fn grey(&mut self, grey: f32) {
        self.numbers("g", [grey]);
    }

    pub fn line(&mut self, from: (f32, f32), to: (f32, f32)) {
        self.numbers("m", [from.0, from.1]);
        self.numbers("l", [to.0, to.1]);
        self.add("S", vec![]);
    }

    /// A line as wide as this.
    pub fn broad(&mut self, width: f32, from: (f32, f32), to: (f32, f32)) {
        self.add("q", vec![]);
        self.numbers("w", [width]);
        self.line(from, to);
        self.add("Q", vec![]);
    }

    pub fn rectangle(&mut self, [left, bottom, right, top]: [f32; 4]) {
        self.numbers("re", [left, bottom, right - left, top - bottom]);
    }

    pub fn area(&mut self, sides: [f32; 4]) {
        self.rectangle(sides);
        self.add("f", vec![]);
    }

    pub fn polygon(&mut self, corners: &[(f32, f32)]) {
        for (at, (x, y)) in corners.iter().enumerate() {
            self.numbers(if at == 0 { "m" } else { "l" }, [*x, *y]);
        }
        self.add("f", vec![]);
    }

    pub fn text(&mut self, (x, y): (f32, f32), size: f32, text: &str) {
        self.turned([1.0, 0.0, 0.0, 1.0, x, y], size, text);
    }

    pub fn turned(&mut self, matrix: [f32; 6], size: f32, text: &str) {
        self.add("BT", vec![]);
        self.add("Tf", vec!["F1".into(), size.into()]);
        self.numbers("Tm", matrix);
        for character in text.chars() {
            let known = self.characters.iter().position(|c| *c == character);
            let code = known.unwrap_or_else(|| {
                self.characters.push(character);
                self.characters.len() - 1
            });
            let bytes = u16::try_from(code + 1).unwrap().to_be_bytes().to_vec();
            self.add("Tj", vec![Object::String(bytes, lopdf::StringFormat::Hexadecimal)]);
        }
        self.add("ET", vec![]);
    }

    /// An annotation that brings no look of its own.
    pub fn annotation(&mut self, annotation: Dictionary) {
        self.annotations.push(Object::Dictionary(annotation));
    }

    pub fn finished(self, bottom: f32) -> Vec<u8> {
        let mut document = Document::with_version("1.5");
        let pages = document.new_object_id();
        let mut table = "1 begincodespacerange <0000> <FFFF> endcodespacerange\n".to_owned();
        for (at, character) in self.characters.iter().enumerate() {
            let units: String = character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("{unit:04X}")).collect();
            table += &format!("1 beginbfchar <{:04X}> <{units}> endbfchar\n", at + 1);
        }
        let table = document.add_object(Stream::new(dictionary! {}, table.into_bytes()));
        let widths: Vec<Object> = self.characters.iter().map(|c| Object::Real(advance(*c) * 1000.0)).collect();
        let descendant = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "DW" => 1000,
            "W" => vec![1.into(), Object::Array(widths)],
        });
        let font = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "Encoding" => "Identity-H",
            "ToUnicode" => table, "DescendantFonts" => vec![descendant.into()],
        });
        let picture = dictionary! {
            "Subtype" => "Image", "Width" => 1, "Height" => 1, "ColorSpace" => "DeviceGray", "BitsPerComponent" => 8,
        };
        let picture = document.add_object(Stream::new(picture, vec![255]));
        let states = dictionary! { "Clear" => dictionary! { "ca" => 0 }, "Pale" => dictionary! { "ca" => 0.05 } };
        let content = Content { operations: self.operations }.encode().unwrap();
        let content = document.add_object(Stream::new(dictionary! {}, content));
        let one = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => pages, "Contents" => content, "Annots" => self.annotations,
            "Resources" => dictionary! {
                "Font" => dictionary! { "F1" => font }, "XObject" => dictionary! { "White" => picture },
                "ExtGState" => states,
            },
            "MediaBox" => vec![0.into(), bottom.into(), 4000.into(), 0.into()],
        });
        let tree = dictionary! { "Type" => "Pages", "Kids" => vec![one.into()], "Count" => 1 };
        document.objects.insert(pages, Object::Dictionary(tree));
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        document.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        bytes
    }
}
