//! PDF with lines around the cells and the characters by a table of the font's own, as office suites print it.

use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, Stream, dictionary};
use rand_chacha::ChaCha8Rng;

use super::{Cell, Sheet};
use crate::asides::Set;

/// Wide enough for a number in full width with a remark behind it.
const COLUMN: f32 = 240.0;
const ROW: f32 = 100.0;
const SIZE: f32 = 10.0;
const LEFT: f32 = 40.0;

#[derive(Default)]
struct Page {
    operations: Vec<Operation>,
    characters: Vec<char>,
}

impl Page {
    fn add(&mut self, operator: &str, operands: Vec<Object>) {
        self.operations.push(Operation::new(operator, operands));
    }

    fn line(&mut self, from: (f32, f32), to: (f32, f32)) {
        self.add("m", vec![from.0.into(), from.1.into()]);
        self.add("l", vec![to.0.into(), to.1.into()]);
        self.add("S", vec![]);
    }

    fn text(&mut self, (x, y): (f32, f32), text: &str) {
        self.add("BT", vec![]);
        self.add("Tf", vec!["F1".into(), SIZE.into()]);
        self.add("Td", vec![x.into(), y.into()]);
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

    fn cell(&mut self, cell: &Cell, top: f32) {
        let (left, upper) = (LEFT + cell.column as f32 * COLUMN, top - cell.row as f32 * ROW);
        let (right, lower) = (left + cell.columns as f32 * COLUMN, upper - cell.rows as f32 * ROW);
        self.line((left, upper), (right, upper));
        self.line((left, upper), (left, lower));
        self.line((right, upper), (right, lower));
        self.line((left, lower), (right, lower));
        let text: String =
            cell.pieces.iter().filter(|piece| piece.set == Set::Plain).map(|piece| piece.text.as_str()).collect();
        // Digits are narrow, so that a number stays on one line; labels are broken.
        let per_line = if cell.is_figure { usize::MAX } else { (cell.columns * 20).max(1) };
        let characters: Vec<char> = text.chars().collect();
        for (at, piece) in characters.chunks(per_line.min(characters.len().max(1))).enumerate() {
            self.text((left + 1.0, upper - 8.0 - at as f32 * 9.0), &piece.iter().collect::<String>());
        }
    }
}

/// One page as high as the document needs.
pub fn print(sheet: &Sheet, _random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut page = Page::default();
    let mut y = -20.0;
    page.text((LEFT, y), &sheet.title);
    for (heading, tables) in &sheet.chapters {
        y -= 40.0;
        page.text((LEFT, y), heading);
        for table in tables {
            y -= 40.0;
            table.iter().for_each(|cell| page.cell(cell, y));
            y -= super::rows(table).len() as f32 * ROW;
        }
    }
    finished(page, y - 40.0)
}

fn finished(page: Page, bottom: f32) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let mut table = "1 begincodespacerange <0000> <FFFF> endcodespacerange\n".to_owned();
    for (at, character) in page.characters.iter().enumerate() {
        let units: String = character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("{unit:04X}")).collect();
        table += &format!("1 beginbfchar <{:04X}> <{units}> endbfchar\n", at + 1);
    }
    let table = document.add_object(Stream::new(dictionary! {}, table.into_bytes()));
    let widths: Vec<Object> =
        page.characters.iter().map(|c| if c.is_ascii() { 350.into() } else { 1000.into() }).collect();
    let descendant = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType2", "DW" => 1000,
        "W" => vec![1.into(), Object::Array(widths)],
    });
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "Encoding" => "Identity-H",
        "ToUnicode" => table, "DescendantFonts" => vec![descendant.into()],
    });
    let content = Content { operations: page.operations }.encode().unwrap();
    let content = document.add_object(Stream::new(dictionary! {}, content));
    let one = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
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
