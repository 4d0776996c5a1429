//! DOCX as word processors write it: properties of runs, styles, tracked changes, text boxes.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Cell, Sheet, archive, escaped, rows};
use crate::asides::{Piece, Set};

const STYLES: &str = "<w:styles xmlns:w=\"w\"><w:style w:type=\"character\" w:styleId=\"a1\"><w:rPr><w:vertAlign w:val=\"superscript\"/></w:rPr></w:style>\
    <w:style w:type=\"character\" w:styleId=\"a2\"><w:basedOn w:val=\"a1\"/></w:style>\
    <w:style w:type=\"character\" w:styleId=\"a3\"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>";

fn run(properties: &str, text: &str) -> String {
    format!("<w:r><w:rPr>{properties}</w:rPr><w:t xml:space=\"preserve\">{}</w:t></w:r>", escaped(text))
}

fn piece(piece: &Piece, random: &mut ChaCha8Rng) -> String {
    let properties: &[&str] = match piece.set {
        Set::Plain => &["", "<w:b/>", "<w:strike w:val=\"0\"/>", "<w:sz w:val=\"21\"/>"],
        Set::Raised => &[
            "<w:vertAlign w:val=\"superscript\"/>",
            "<w:position w:val=\"8\"/>",
            "<w:rStyle w:val=\"a1\"/>",
            "<w:rStyle w:val=\"a2\"/>",
        ],
        Set::Lowered => &["<w:vertAlign w:val=\"subscript\"/>", "<w:position w:val=\"-6\"/>"],
        Set::Struck => &["<w:strike/>", "<w:dstrike w:val=\"true\"/>", "del"],
        Set::Hidden => {
            &["<w:vanish/>", "<w:rStyle w:val=\"a3\"/>", "<w:color w:val=\"FFFFFF\"/>", "<w:sz w:val=\"2\"/>"]
        }
        Set::Small => &["<w:sz w:val=\"10\"/>"],
        Set::Ruby => &["ruby"],
        Set::Over => &["box"],
    };
    let text = &piece.text;
    match *properties.choose(random).unwrap() {
        "del" => format!("<w:del><w:r><w:delText>{}</w:delText></w:r></w:del>", escaped(text)),
        "ruby" => format!("<w:r><w:ruby><w:rt>{}</w:rt><w:rubyBase/></w:ruby></w:r>", run("", text)),
        "box" => format!("<w:r><w:pict><w:txbxContent><w:p>{}</w:p></w:txbxContent></w:pict></w:r>", run("", text)),
        properties => run(properties, text),
    }
}

fn cell(cell: &Cell, is_start: bool, random: &mut ChaCha8Rng) -> String {
    let mut properties = String::new();
    if cell.columns > 1 {
        properties += &format!("<w:gridSpan w:val=\"{}\"/>", cell.columns);
    }
    if cell.rows > 1 {
        properties += if is_start { "<w:vMerge w:val=\"restart\"/>" } else { "<w:vMerge/>" };
    }
    let text: String =
        if is_start { cell.pieces.iter().map(|one| piece(one, random)).collect() } else { String::new() };
    format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{text}</w:p></w:tc>")
}

pub fn print(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let paragraph = |text: &str| format!("<w:p>{}</w:p>", run("", text));
    let mut body = paragraph(&sheet.title);
    for (heading, tables) in &sheet.chapters {
        body += &paragraph(heading);
        if tables.is_empty() {
            body += &paragraph("一是公开质量有待提高。");
        }
        for table in tables {
            body += "<w:tbl>";
            for row in 0..rows(table).len() {
                body += "<w:tr>";
                let mut covering: Vec<&Cell> =
                    table.iter().filter(|one| one.row <= row && row < one.row + one.rows).collect();
                covering.sort_by_key(|one| one.column);
                body += &covering.into_iter().map(|one| cell(one, one.row == row, random)).collect::<String>();
                body += "</w:tr>";
            }
            body += "</w:tbl>";
            if random.random_bool(0.5) {
                body += "<w:p/>";
            }
        }
    }
    let document = format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    archive(&[("word/document.xml", &document), ("word/styles.xml", STYLES)])
}
