//! Takes written files apart into the cells that they print.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// One file in a ZIP container.
pub fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Texts of the cells of each table of a DOCX file, by row and grid column of their first place.
pub fn docx_tables(bytes: &[u8]) -> Vec<BTreeMap<(usize, usize), String>> {
    let text = part(bytes, "word/document.xml");
    let xml = roxmltree::Document::parse(&text).unwrap();
    let tables = xml.descendants().filter(|node| node.tag_name().name() == "tbl");
    tables.map(docx_table).collect()
}

fn docx_table(table: roxmltree::Node<'_, '_>) -> BTreeMap<(usize, usize), String> {
    let named = |node: roxmltree::Node<'_, '_>, name: &str| -> Vec<_> {
        node.descendants().filter(|node| node.tag_name().name() == name).map(|node| node.id()).collect()
    };
    let document = table.document();
    let value = |node: roxmltree::Node<'_, '_>| {
        node.attributes().find(|attribute| attribute.name() == "val").map(|attribute| attribute.value().to_owned())
    };
    let mut cells = BTreeMap::new();
    for (row, id) in named(table, "tr").into_iter().enumerate() {
        let mut column = 0;
        for cell in named(document.get_node(id).unwrap(), "tc") {
            let cell = document.get_node(cell).unwrap();
            let first = |name: &str| named(cell, name).first().and_then(|id| document.get_node(*id));
            let continues = first("vMerge").is_some_and(|merge| value(merge).as_deref() != Some("restart"));
            let text: String = cell.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
            if continues {
                assert_eq!(text, "");
            } else {
                cells.insert((row, column), text);
            }
            column += first("gridSpan").and_then(value).map_or(1, |span| span.parse().unwrap());
        }
    }
    cells
}

/// Class and text of each figure of an HTML file, by path.
pub fn html_figures(html: &str) -> BTreeMap<String, (String, String)> {
    let cell = |piece: &str| {
        let class = piece.split("class=\"").nth(1).unwrap().split('"').next().unwrap();
        let path = piece.split("data-cell=\"").nth(1).unwrap().split('"').next().unwrap();
        let text = piece.split('>').nth(1).unwrap().split('<').next().unwrap();
        (path.to_owned(), (class.to_owned(), text.to_owned()))
    };
    html.split("<td ").skip(1).map(cell).collect()
}
