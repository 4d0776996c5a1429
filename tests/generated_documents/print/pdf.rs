//! PDF with lines around the cells and the characters by a table of the font's own, as office suites print it; marks
//! smaller and raised, lines through numbers, text that is not to be seen, and watermarks.

use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, Stream, dictionary};
use rand::Rng;
use rand::seq::IndexedRandom;
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
        self.turned([1.0, 0.0, 0.0, 1.0, x, y], SIZE, text);
    }

    fn turned(&mut self, matrix: [f32; 6], size: f32, text: &str) {
        self.add("BT", vec![]);
        self.add("Tf", vec!["F1".into(), size.into()]);
        self.add("Tm", matrix.map(Object::from).to_vec());
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

    /// Writes a piece of a figure, and gives where the next begins.
    fn piece(&mut self, (x, y): (f32, f32), text: &str, set: Set, random: &mut ChaCha8Rng) -> f32 {
        let (size, up) = match set {
            Set::Raised | Set::Ruby => (6.0, 4.0),
            Set::Lowered => (6.0, -2.0),
            Set::Small => (6.0, 0.0),
            _ => (SIZE, 0.0),
        };
        let end = x + text.chars().map(|c| if c.is_ascii() { 0.35 } else { 1.0 } * size).sum::<f32>();
        let at = [1.0, 0.0, 0.0, 1.0, x, y + up];
        match set {
            Set::Over => {
                let (sine, cosine) = random.random_range(0.2f32..1.2).sin_cos();
                self.add("g", vec![0.8.into()]);
                self.turned([cosine, sine, -sine, cosine, x - 5.0, y - 5.0], SIZE, text);
                self.add("g", vec![0.into()]);
                return x;
            }
            Set::Hidden => match random.random_range(0..3) {
                0 => {
                    self.add("g", vec![1.into()]);
                    self.turned(at, size, text);
                    self.add("g", vec![0.into()]);
                }
                1 => {
                    self.add("Tr", vec![3.into()]);
                    self.turned(at, size, text);
                    self.add("Tr", vec![0.into()]);
                }
                _ => {
                    self.turned(at, size, text);
                    self.add("g", vec![1.into()]);
                    self.add("re", [x - 1.0, y - 3.0, end - x + 2.0, 12.0].map(Object::from).to_vec());
                    self.add("f", vec![]);
                    self.add("g", vec![0.into()]);
                }
            },
            Set::Struck => {
                self.turned(at, size, text);
                self.line((x - 0.5, y + 3.0), (end + 0.5, y + 3.0));
            }
            _ => self.turned(at, size, text),
        }
        // What is struck out or covered stands beside the number, not upon it.
        if matches!(set, Set::Struck | Set::Hidden) { end + 4.0 } else { end }
    }

    /// A watermark across the page.
    fn watermark(&mut self, bottom: f32, random: &mut ChaCha8Rng) {
        let text = ["草稿2025", "内部资料 2024", "12345678"].choose(random).unwrap();
        let (sine, cosine) = random.random_range(0.3f32..0.9).sin_cos();
        for _ in 0..random.random_range(1..12) {
            let (x, y) = (random.random_range(0.0..2000.0), random.random_range(bottom..-100.0));
            let size = random.random_range(8.0..60.0);
            self.add("g", vec![random.random_range(0.7f32..0.88).into()]);
            self.turned([cosine, sine, -sine, cosine, x, y], size, text);
            self.add("g", vec![0.into()]);
        }
    }

    fn cell(&mut self, cell: &Cell, top: f32, random: &mut ChaCha8Rng) {
        let (left, upper) = (LEFT + cell.column as f32 * COLUMN, top - cell.row as f32 * ROW);
        let (right, lower) = (left + cell.columns as f32 * COLUMN, upper - cell.rows as f32 * ROW);
        self.line((left, upper), (right, upper));
        self.line((left, upper), (left, lower));
        self.line((right, upper), (right, lower));
        self.line((left, lower), (right, lower));
        if cell.pieces.iter().any(|piece| piece.set != Set::Plain) {
            let is_alone = cell.pieces.iter().all(|piece| piece.set != Set::Plain);
            let mut x = left + 1.0;
            for piece in &cell.pieces {
                // Nothing tells that a number is raised where nothing stands beside it.
                let set = if is_alone && piece.set == Set::Raised { Set::Struck } else { piece.set };
                x = self.piece((x, upper - 8.0), &piece.text, set, random);
            }
            return;
        }
        let text: String = cell.pieces.iter().map(|piece| piece.text.as_str()).collect();
        // Digits are narrow, so that a number stays on one line; labels are broken.
        let per_line = if cell.is_figure { usize::MAX } else { (cell.columns * 20).max(1) };
        let characters: Vec<char> = text.chars().collect();
        for (at, piece) in characters.chunks(per_line.min(characters.len().max(1))).enumerate() {
            self.text((left + 1.0, upper - 8.0 - at as f32 * 9.0), &piece.iter().collect::<String>());
        }
    }
}

/// One page as high as the document needs.
pub fn print(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut page = Page::default();
    let mut y = -20.0;
    page.text((LEFT, y), &sheet.title);
    for (heading, tables) in &sheet.chapters {
        y -= 40.0;
        page.text((LEFT, y), heading);
        for table in tables {
            y -= 40.0;
            table.iter().for_each(|cell| page.cell(cell, y, random));
            y -= super::rows(table).len() as f32 * ROW;
        }
    }
    if random.random_bool(0.3) {
        page.watermark(y, random);
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
