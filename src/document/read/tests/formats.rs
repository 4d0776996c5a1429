//! The same document in every format, made by hand, so that reading is not tested by what wrote it.

use std::io::{Cursor, Write};

use encoding_rs::GB18030;
use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, Stream, dictionary};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::layout::{Block, Printed};
use super::ofd::ofd;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub fn html(blocks: &[Block]) -> String {
    let mut page = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><style>p{}</style></head><body>".to_owned();
    for block in blocks {
        match block {
            Block::Paragraph(text) => page += &format!("<p>&nbsp;<span>{}</span></p>\n", escaped(text)),
            Block::Table(rows) => {
                page += "<table border=1><tbody>";
                for row in rows {
                    page += "<tr>\n";
                    for Printed { text, columns, rows } in row {
                        let text = escaped(text);
                        page += &format!("<td colspan=\"{columns}\" rowspan='{rows}'><p>{text}</p></td>\n");
                    }
                    page += "</tr>\n";
                }
                page += "</tbody></table>";
            }
        }
    }
    page + "</body></html>"
}

/// As older sites of governments have it.
pub fn html_gbk(blocks: &[Block]) -> Vec<u8> {
    GB18030.encode(&html(blocks).replace("utf-8", "gb2312")).0.into_owned()
}

pub fn markdown(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        match block {
            Block::Paragraph(line) => text += &format!("## {line}\n\n"),
            Block::Table(rows) => {
                for (at, row) in rows.iter().enumerate() {
                    let cells: Vec<_> = row.iter().map(|cell| cell.text.as_str()).collect();
                    text += &format!("| {} |\n", cells.join(" | "));
                    text += if at == 0 { "|---|---:|\n" } else { "" };
                }
                text += "\n";
            }
        }
    }
    text
}

pub fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn docx_of(body: &str) -> Vec<u8> {
    package(&[("[Content_Types].xml", "<Types/>"), ("word/document.xml", body)])
}

pub fn docx_body(blocks: &[Block]) -> String {
    let paragraph = |text: &str| {
        format!(
            "<w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>",
            escaped(text)
        )
    };
    let mut body = "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>\n".to_owned();
    for block in blocks {
        match block {
            Block::Paragraph(text) => body += &paragraph(text),
            Block::Table(rows) => {
                body += "<w:tbl><w:tblPr/><w:tblGrid/>";
                for row in full_rows(rows) {
                    body += "<w:tr>";
                    for (text, columns, merge) in row {
                        let merge = match merge {
                            Merge::None => "",
                            Merge::Begins => "<w:vMerge w:val=\"restart\"/>",
                            Merge::Continues => "<w:vMerge/>",
                        };
                        body += &format!("<w:tc><w:tcPr><w:gridSpan w:val=\"{columns}\"/>{merge}</w:tcPr>");
                        body += &paragraph(&text);
                        body += "</w:tc>";
                    }
                    body += "</w:tr>";
                }
                body += "</w:tbl>";
            }
        }
    }
    body + "</w:body></w:document>"
}

pub fn docx(blocks: &[Block]) -> Vec<u8> {
    docx_of(&docx_body(blocks))
}

#[derive(Clone, Copy)]
enum Merge {
    None,
    Begins,
    Continues,
}

/// Text, columns, and whether it is merged downwards.
type FullCell = (String, usize, Merge);

/// Rows in which a cell that covers several stands in each of them.
fn full_rows(rows: &[Vec<Printed>]) -> Vec<Vec<FullCell>> {
    let placed = placed(rows);
    let mut full: Vec<Vec<(usize, FullCell)>> = vec![Vec::new(); rows.len()];
    for (row, column, cell) in placed {
        for (at, line) in full.iter_mut().enumerate().skip(row).take(cell.rows) {
            let (text, merge) = match (cell.rows, at == row) {
                (1, _) => (cell.text.clone(), Merge::None),
                (_, true) => (cell.text.clone(), Merge::Begins),
                (_, false) => (String::new(), Merge::Continues),
            };
            line.push((column, (text, cell.columns, merge)));
        }
    }
    for line in &mut full {
        line.sort_by_key(|(column, _)| *column);
    }
    full.into_iter().map(|line| line.into_iter().map(|(_, cell)| cell).collect()).collect()
}

/// Each cell with its row and column.
pub fn placed(rows: &[Vec<Printed>]) -> Vec<(usize, usize, Printed)> {
    let mut taken = std::collections::HashSet::new();
    let mut placed = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        let mut column = 0;
        for cell in cells {
            while taken.contains(&(row, column)) {
                column += 1;
            }
            for r in row..row + cell.rows {
                taken.extend((column..column + cell.columns).map(|c| (r, c)));
            }
            placed.push((row, column, cell.clone()));
        }
    }
    placed
}

const RELATIONS: &str = "<Relationships><Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
const WORKBOOK: &str = "<workbook><sheets><sheet name=\"年报\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";

pub fn xlsx_of(sheet: &str, strings: &str) -> Vec<u8> {
    package(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn reference(row: usize, column: usize) -> String {
    format!("{}{}", char::from(b'A' + u8::try_from(column).unwrap()), row + 1)
}

/// The document on one sheet, its tables below each other from the second column on; numbers are numbers.
pub fn xlsx_parts(blocks: &[Block]) -> (String, String) {
    let (mut data, mut merged, mut strings) = (String::new(), String::new(), Vec::new());
    let mut top = 0;
    for block in blocks {
        let rows = match block {
            Block::Paragraph(text) => vec![vec![Printed { text: text.clone(), columns: 1, rows: 1 }]],
            Block::Table(rows) => rows.clone(),
        };
        let height = rows.len();
        let placed = placed(&rows);
        for row in 0..height {
            data += &format!("<row r=\"{}\">", top + row + 1);
            for (_, column, cell) in placed.iter().filter(|(at, ..)| *at == row) {
                let place = reference(top + row, column + 1);
                if cell.text.parse::<f64>().is_ok() {
                    data += &format!("<c r=\"{place}\" s=\"1\"><v>{}</v></c>", cell.text);
                } else if !cell.text.is_empty() {
                    data += &format!("<c r=\"{place}\" t=\"s\"><v>{}</v></c>", strings.len());
                    strings.push(format!("<si><r><t>{}</t></r></si>", escaped(&cell.text)));
                }
                if cell.columns > 1 || cell.rows > 1 {
                    let last = reference(top + row + cell.rows - 1, column + cell.columns);
                    merged += &format!("<mergeCell ref=\"{place}:{last}\"/>");
                }
            }
            data += "</row>";
        }
        top += height + 1;
    }
    let sheet = format!(
        "<worksheet><sheetFormatPr defaultColWidth=\"24\"/><sheetData>{data}</sheetData><mergeCells>{merged}</mergeCells></worksheet>"
    );
    (sheet, format!("<sst>{}</sst>", strings.concat()))
}

pub fn xlsx(blocks: &[Block]) -> Vec<u8> {
    let (sheet, strings) = xlsx_parts(blocks);
    xlsx_of(&sheet, &strings)
}

pub const COLUMN_WIDTH: f64 = 60.0;
pub const ROW: f64 = 100.0;
pub const SIZE: f64 = 10.0;

/// Draws with lines around cells, long labels broken over lines, and the characters by a table of the font's own.
#[derive(Default)]
struct Page {
    operations: Vec<Operation>,
    characters: Vec<char>,
}

impl Page {
    fn add(&mut self, operator: &str, operands: Vec<Object>) {
        self.operations.push(Operation::new(operator, operands));
    }

    fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        self.add("m", vec![real(x1), real(y1)]);
        self.add("l", vec![real(x2), real(y2)]);
        self.add("S", vec![]);
    }

    fn text(&mut self, x: f64, y: f64, text: &str) {
        self.add("BT", vec![]);
        self.add("Tf", vec!["F1".into(), real(SIZE)]);
        self.add("Td", vec![real(x), real(y)]);
        for character in text.chars() {
            if !self.characters.contains(&character) {
                self.characters.push(character);
            }
            let code = self.characters.iter().position(|c| *c == character).unwrap() + 1;
            let bytes = u16::try_from(code).unwrap().to_be_bytes().to_vec();
            self.add("Tj", vec![Object::String(bytes, lopdf::StringFormat::Hexadecimal)]);
        }
        self.add("ET", vec![]);
    }
}

fn real(number: f64) -> Object {
    #[expect(clippy::cast_possible_truncation, reason = "page coordinates")]
    Object::Real(number as f32)
}

/// One page as high as the document needs.
pub fn pdf(blocks: &[Block]) -> Vec<u8> {
    let mut page = Page::default();
    let mut y = -20.0;
    for block in blocks {
        match block {
            Block::Paragraph(text) => {
                page.text(40.0, y, text);
                y -= ROW;
            }
            Block::Table(rows) => {
                for (row, column, cell) in placed(rows) {
                    let (left, top) = (40.0 + column as f64 * COLUMN_WIDTH, y - row as f64 * ROW);
                    let (right, bottom) = (left + cell.columns as f64 * COLUMN_WIDTH, top - cell.rows as f64 * ROW);
                    page.line(left, top, right, top);
                    page.line(left, top, left, bottom);
                    page.line(right, top, right, bottom);
                    page.line(left, bottom, right, bottom);
                    // Numbers stay whole: they are as wide as half their size a digit, and drawn narrow.
                    let per_line = if cell.text.is_ascii() { 99 } else { (cell.columns * 5).max(1) };
                    let characters: Vec<char> = cell.text.chars().collect();
                    for (at, piece) in characters.chunks(per_line).enumerate() {
                        let line: String = piece.iter().collect();
                        page.text(left + 1.0, top - 8.0 - at as f64 * 9.0, &line);
                    }
                }
                y -= rows.len() as f64 * ROW + ROW;
            }
        }
    }
    finish(page, y - 20.0)
}

fn finish(page: Page, bottom: f64) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let mut table = "1 begincodespacerange <0000> <FFFF> endcodespacerange\n".to_owned();
    for (at, character) in page.characters.iter().enumerate() {
        let units: String = character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("{unit:04X}")).collect();
        table += &format!("1 beginbfchar <{:04X}> <{units}> endbfchar\n", at + 1);
    }
    let table = document.add_object(Stream::new(dictionary! {}, table.into_bytes()));
    // Narrow digits, so that twelve of them stay within a cell.
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
        "MediaBox" => vec![0.into(), real(bottom), 1000.into(), 0.into()],
    });
    let tree = dictionary! { "Type" => "Pages", "Kids" => vec![one.into()], "Count" => 1 };
    document.objects.insert(pages, Object::Dictionary(tree));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// The document in every format that keeps tables, with a file name.
pub fn all(blocks: &[Block]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("report.html", html(blocks).into_bytes()),
        ("gbk.html", html_gbk(blocks)),
        ("report.md", markdown(blocks).into_bytes()),
        ("report.docx", docx(blocks)),
        ("report.xlsx", xlsx(blocks)),
        ("report.pdf", pdf(blocks)),
        ("report.ofd", ofd(blocks)),
    ]
}
