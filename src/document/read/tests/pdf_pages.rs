//! What is to be seen on a page of a PDF, drawn by hand in a table of chapter two: the number's own characters make
//! the number, whatever else is drawn.

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::super::{Limits, Reading, read_document};
use super::formats::pdf;
use super::layout::{Block, Printed, TITLE};
use super::{cell, notes};

/// Where the second column begins, and the lines of writing of the rows of rules, documents and permits.
pub const COLUMN: f64 = 101.0;
pub const RULES: f64 = -328.0;
pub const DOCUMENTS: f64 = -428.0;
pub const PERMITS: f64 = -728.0;
pub const PERMITS_PATH: &str = "proactive_disclosure.administrative_permits";
pub const RULES_PATH: &str = "proactive_disclosure.rules.issued";
pub const DOCUMENTS_PATH: &str = "proactive_disclosure.normative_documents.issued";

pub fn table(permits: &str) -> Vec<Block> {
    let row = |cells: &[(&str, usize)]| {
        cells.iter().map(|(text, columns)| Printed { text: (*text).to_owned(), columns: *columns, rows: 1 }).collect()
    };
    let one = |texts: [&'static str; 4]| row(&texts.map(|text| (text, 1)));
    vec![
        Block::Paragraph(TITLE.to_owned()),
        Block::Table(vec![
            row(&[("第二十条第（一）项", 4)]),
            one(["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]),
            one(["规章", "12", "0", "11"]),
            one(["行政规范性文件", "8", "26", "66"]),
            row(&[("第二十条第（五）项", 4)]),
            row(&[("信息内容", 1), ("本年处理决定数量", 3)]),
            row(&[("行政许可", 1), (permits, 3)]),
        ]),
    ]
}

/// A page being drawn over.
pub struct Sheet {
    document: Document,
    page: ObjectId,
    operations: Vec<Operation>,
    resources: Dictionary,
}

impl Sheet {
    pub fn new(blocks: &[Block]) -> Self {
        let document = Document::load_mem(&pdf(blocks)).unwrap();
        let page = document.page_iter().next().unwrap();
        let content = Content::decode(&document.get_page_content(page)).unwrap();
        let dictionary = document.get_dictionary(page).unwrap();
        let mut resources = dictionary.get_deref(b"Resources", &document).unwrap().as_dict().unwrap().clone();
        let helvetica = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding", "FirstChar" => 32, "Widths" => vec![Object::Integer(556); 95] };
        let mut fonts = resources.get_deref(b"Font", &document).unwrap().as_dict().unwrap().clone();
        fonts.set("F2", helvetica);
        resources.set("Font", fonts);
        Self { document, page, operations: content.operations, resources }
    }

    pub fn add(mut self, operator: &str, operands: &[Object]) -> Self {
        self.operations.push(Operation::new(operator, operands.to_vec()));
        self
    }

    pub fn numbers(self, operator: &str, numbers: &[f64]) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "page coordinates")]
        let numbers: Vec<Object> = numbers.iter().map(|number| Object::Real(*number as f32)).collect();
        self.add(operator, &numbers)
    }

    /// Text of one size, half of it a character in width.
    pub fn text(self, x: f64, y: f64, size: f64, text: &str) -> Self {
        self.turned([1.0, 0.0, 0.0, 1.0, x, y], size, text)
    }

    #[expect(clippy::cast_possible_truncation, reason = "page coordinates")]
    pub fn turned(self, matrix: [f64; 6], size: f64, text: &str) -> Self {
        self.add("BT", &[])
            .add("Tf", &["F2".into(), Object::Real(size as f32)])
            .numbers("Tm", &matrix)
            .add("Tj", &[Object::string_literal(text)])
            .add("ET", &[])
    }

    pub fn line(self, y: f64, from: f64, to: f64) -> Self {
        self.numbers("m", &[from, y]).numbers("l", &[to, y]).add("S", &[])
    }

    pub fn area(self, grey: f64, x: f64, y: f64, width: f64, height: f64) -> Self {
        self.numbers("g", &[grey]).numbers("re", &[x, y, width, height]).add("f", &[]).numbers("g", &[0.0])
    }

    pub fn resource(mut self, kind: &str, name: &str, object: impl Into<Object>) -> Self {
        self.resources.set(kind, dictionary! { name => object.into() });
        self
    }

    /// A resource that is a stream, and so stands by itself.
    pub fn object(mut self, kind: &str, name: &str, stream: Stream) -> Self {
        let id = self.document.add_object(stream);
        self.resource(kind, name, id)
    }

    /// The page's fonts, and states of their own.
    pub fn resources_with(&self, states: Dictionary) -> Dictionary {
        let mut resources = self.resources.clone();
        resources.set("ExtGState", states);
        resources
    }

    pub fn annotated(mut self, annotation: Dictionary) -> Self {
        self.document.get_dictionary_mut(self.page).unwrap().set("Annots", vec![Object::Dictionary(annotation)]);
        self
    }

    fn annotation(self, subtype: &str, text: &str, x: f64, y: f64) -> Self {
        let content = format!("BT /F2 10 Tf 1 2 Td ({text}) Tj ET");
        let look = dictionary! { "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 50.into(), 12.into()],
        "Resources" => self.resources.clone() };
        let mut sheet = self;
        let look = sheet.document.add_object(Stream::new(look, content.into_bytes()));
        let place = [x, y - 2.0, x + 50.0, y + 10.0].map(|number| Object::Integer(number as i64)).to_vec();
        let annotation = dictionary! { "Subtype" => subtype, "Rect" => place, "AP" => dictionary! { "N" => look } };
        sheet.annotated(annotation)
    }

    fn bytes(mut self) -> Vec<u8> {
        let content = Content { operations: self.operations }.encode().unwrap();
        let content = self.document.add_object(Stream::new(dictionary! {}, content));
        let page = self.document.get_dictionary_mut(self.page).unwrap();
        page.set("Contents", content);
        page.set("Resources", self.resources);
        let mut bytes = Vec::new();
        self.document.save_to(&mut bytes).unwrap();
        bytes
    }

    pub fn read(self) -> Reading {
        read_document(&self.bytes(), "report.pdf", &Limits::default()).unwrap()
    }
}

pub fn sheet() -> Sheet {
    Sheet::new(&table("447228"))
}

/// Whether a note is only because this is no whole report.
fn is_of_a_part(note: &str) -> bool {
    note.starts_with("TABLE-NOT-FOUND") || note.starts_with("ROW-NOT-FOUND")
}

/// The rest of the table is read as ever.
pub fn check(name: &str, reading: &Reading, path: &str, expected: &str, note: Option<&str>) {
    assert_eq!(cell(reading, path), expected, "{name}: {:?}", notes(reading));
    assert_eq!(cell(reading, "proactive_disclosure.rules.in_force"), "11", "{name}");
    assert_eq!(cell(reading, "proactive_disclosure.normative_documents.repealed"), "26", "{name}");
    match note {
        Some(code) => assert!(notes(reading).iter().any(|note| note.starts_with(code)), "{name}: {:?}", notes(reading)),
        None => {
            let mut unexpected = notes(reading);
            unexpected.retain(|note| !is_of_a_part(note));
            assert_eq!(unexpected, Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn marks_beside_a_number_are_not_its_digits() {
    let after = COLUMN + 7.2;
    check("plain", &sheet().read(), RULES_PATH, "12", None);
    check("raised", &sheet().text(after, RULES + 4.0, 6.0, "1").read(), RULES_PATH, "12", Some("CELL-REMARK"));
    check("lowered", &sheet().text(after, RULES - 2.0, 6.0, "1").read(), RULES_PATH, "12", Some("CELL-REMARK"));
    check("small", &sheet().text(after, RULES, 6.0, "1").read(), RULES_PATH, "", Some("CELL"));
    let rise = sheet().numbers("Ts", &[4.0]).text(after, RULES, 6.0, "1").numbers("Ts", &[0.0]);
    check("text rise", &rise.read(), RULES_PATH, "12", Some("CELL-REMARK"));
    check("over it", &sheet().text(COLUMN + 3.0, RULES, 10.0, "7").read(), RULES_PATH, "", Some("CELL"));
}

#[test]
fn a_number_that_is_struck_out_is_not_read() {
    let struck = || sheet().line(DOCUMENTS + 3.0, COLUMN - 0.5, COLUMN + 4.0);
    check("struck", &struck().read(), DOCUMENTS_PATH, "", Some("CELL"));
    check("replaced", &struck().text(120.0, DOCUMENTS, 10.0, "9").read(), DOCUMENTS_PATH, "9", Some("CELL-REMARK"));
    let thin = sheet().area(0.0, COLUMN - 0.5, DOCUMENTS + 2.7, 5.0, 0.6).text(120.0, DOCUMENTS, 10.0, "9");
    check("by an area", &thin.read(), DOCUMENTS_PATH, "9", Some("CELL-REMARK"));
    check("underlined", &sheet().line(DOCUMENTS - 1.5, COLUMN, COLUMN + 4.0).read(), DOCUMENTS_PATH, "8", None);
}

#[test]
fn what_is_not_to_be_seen_is_no_part_of_a_number() {
    let beside = |sheet: Sheet| sheet.text(COLUMN + 7.2, RULES, 10.0, "3");
    let hidden = [
        ("white", beside(sheet().numbers("g", &[1.0]))),
        ("white in another space", beside(sheet().add("cs", &["DeviceRGB".into()]).numbers("sc", &[1.0; 3]))),
        ("invisible", beside(sheet().add("Tr", &[3.into()]))),
        ("without size", sheet().text(COLUMN + 7.2, RULES, 0.4, "3")),
        ("cut off", beside(sheet().numbers("re", &[0.0, 0.0, 9.0, 9.0]).add("W", &[]).add("n", &[]))),
        ("beside the page", sheet().text(2000.0, RULES, 10.0, "3")),
        (
            "transparent",
            beside(sheet().resource("ExtGState", "G1", dictionary! { "ca" => 0 }).add("gs", &["G1".into()])),
        ),
        ("covered", {
            let covered = sheet().text(COLUMN + 7.2, RULES, 10.0, "3");
            covered.area(1.0, COLUMN + 7.2, RULES - 3.0, 8.0, 12.0)
        }),
    ];
    for (name, sheet) in hidden {
        let reading = sheet.read();
        assert_eq!(cell(&reading, RULES_PATH), "12", "{name}: {:?}", notes(&reading));
        assert_eq!(cell(&reading, "proactive_disclosure.rules.in_force"), "11", "{name}");
    }
    let replaced = sheet().area(1.0, COLUMN - 0.5, RULES - 3.0, 9.0, 12.0).text(COLUMN, RULES, 10.0, "57");
    assert_eq!(cell(&replaced.read(), RULES_PATH), "57", "a number drawn over another");
    let light = sheet().area(0.2, 100.5, -730.0, 60.0, 18.0).numbers("g", &[1.0]).text(110.0, PERMITS, 10.0, "3985");
    assert_eq!(cell(&light.read(), PERMITS_PATH), "3985", "white on a dark ground is seen, what it covers is not");
    let only_hidden = Sheet::new(&table("")).numbers("g", &[1.0]).text(110.0, PERMITS, 10.0, "3985").read();
    check("hidden alone", &only_hidden, PERMITS_PATH, "", Some("CELL"));
}

#[test]
fn what_is_drawn_beside_a_number_or_in_its_place_leaves_it_open() {
    let over = sheet().annotated(dictionary! {
        "Subtype" => "FreeText", "Contents" => Object::string_literal("7"),
        "Rect" => [COLUMN - 1.0, RULES - 2.0, COLUMN + 20.0, RULES + 10.0].map(|n| Object::Integer(n as i64)).to_vec()
    });
    check("a text laid over it", &over.read(), RULES_PATH, "", Some("CELL"));
    let strokes = |x: f64| sheet().line(RULES + 5.0, x, x + 4.0).line(RULES + 1.0, x, x + 4.0);
    check("drawn beside it", &strokes(COLUMN + 9.0).read(), RULES_PATH, "", Some("CELL"));
    check("further away", &strokes(COLUMN + 30.0).read(), RULES_PATH, "12", None);
    let alone = Sheet::new(&table("")).line(PERMITS + 4.0, 110.0, 116.0);
    check("in its place", &alone.read(), PERMITS_PATH, "", Some("CELL"));
}

#[test]
fn a_layer_that_is_switched_off_is_not_read() {
    let mut off = sheet();
    let layer = off.document.add_object(dictionary! { "Type" => "OCG", "Name" => Object::string_literal("draft") });
    let shown = dictionary! { "OFF" => vec![layer.into()] };
    let root = off.document.catalog_mut().unwrap();
    root.set("OCProperties", dictionary! { "OCGs" => vec![layer.into()], "D" => shown });
    let marked = off.resource("Properties", "P1", layer).add("BDC", &["OC".into(), "P1".into()]);
    let reading = marked.text(COLUMN + 7.2, RULES, 10.0, "3").add("EMC", &[]).read();
    assert_eq!(cell(&reading, RULES_PATH), "12", "{:?}", notes(&reading));
}

#[test]
fn a_watermark_is_told_once_and_read_nowhere() {
    let (sine, cosine) = 30f64.to_radians().sin_cos();
    let askew = [cosine, sine, -sine, cosine, COLUMN, DOCUMENTS - 20.0];
    let grey = |sheet: Sheet| sheet.numbers("g", &[0.8]);
    let artifact = [Object::from("Artifact"), dictionary! { "Subtype" => "Watermark" }.into()];
    for (name, sheet) in [
        ("askew", grey(sheet()).turned(askew, 40.0, "2025 2025")),
        ("dark and askew", sheet().turned(askew, 20.0, "2025 2025")),
        ("large", grey(sheet()).text(COLUMN - 20.0, DOCUMENTS - 20.0, 80.0, "2025")),
        ("faint", grey(sheet()).text(COLUMN - 30.0, DOCUMENTS, 10.0, "2025202520252025")),
        ("marked as such", sheet().add("BDC", &artifact).text(COLUMN + 3.0, DOCUMENTS, 10.0, "25").add("EMC", &[])),
        ("up the page", grey(sheet()).turned([0.0, 1.0, -1.0, 0.0, COLUMN + 4.0, DOCUMENTS - 50.0], 30.0, "20252025")),
    ] {
        let reading = sheet.read();
        check(name, &reading, DOCUMENTS_PATH, "8", Some("OVERLAY-NOT-READ"));
        assert_eq!(cell(&reading, RULES_PATH), "12", "{name}");
        let told: Vec<_> = notes(&reading).into_iter().filter(|note| !is_of_a_part(note)).collect();
        assert_eq!(told.len(), 1, "{name}: {told:?}");
    }
    let pale = Sheet::new(&table("")).numbers("g", &[0.7]).text(110.0, PERMITS, 10.0, "3985");
    check("pale", &pale.read(), PERMITS_PATH, "3985", None);
}

#[test]
fn digits_over_two_lines_of_a_full_cell_are_one_number() {
    let cell_of = |first: &str, second: &str| {
        Sheet::new(&table("")).text(103.0, PERMITS, 10.0, first).text(103.0, PERMITS - 12.0, 10.0, second).read()
    };
    let full = "3".repeat(11);
    let narrow = |first: &str, second: &str| {
        let mut blocks = table("1");
        if let Some(Block::Table(rows)) = blocks.get_mut(1) {
            rows[3][1].text.clear();
        }
        Sheet::new(&blocks).text(102.0, DOCUMENTS, 10.0, first).text(102.0, DOCUMENTS - 12.0, 10.0, second).read()
    };
    check("full", &narrow(&full[..9], "45"), DOCUMENTS_PATH, &format!("{}45", &full[..9]), None);
    check("not full", &narrow("311", "9"), DOCUMENTS_PATH, "", Some("CELL"));
    check("wide", &cell_of("311", "9"), PERMITS_PATH, "", Some("CELL"));
}

#[test]
fn a_number_that_goes_from_one_cell_into_the_next_is_in_neither() {
    let reading = sheet().text(COLUMN + 40.0, DOCUMENTS, 10.0, "1234567").read();
    for field in ["issued", "repealed"] {
        assert_eq!(cell(&reading, &format!("proactive_disclosure.normative_documents.{field}")), "", "{field}");
    }
    assert_eq!(cell(&reading, "proactive_disclosure.normative_documents.in_force"), "66");
}

#[test]
fn a_field_is_filled_in_and_a_note_laid_over_a_blank_cell_is_not() {
    let blank = || Sheet::new(&table(""));
    check("field", &blank().annotation("Widget", "3985", 110.0, PERMITS).read(), PERMITS_PATH, "3985", None);
    check("note", &blank().annotation("FreeText", "3985", 110.0, PERMITS).read(), PERMITS_PATH, "", Some("CELL"));
    let beside = sheet().annotation("Stamp", "3985", 160.0, PERMITS).read();
    check("stamp", &beside, PERMITS_PATH, "447228", Some("CELL-REMARK"));
}

#[test]
fn a_small_number_on_the_line_below_a_blank_cell_is_not_its_figure() {
    // The line that the cell stands on, where a mark of what is printed below it may reach.
    let blank = Sheet::new(&table("")).text(110.0, -820.0, 5.0, "1").read();
    check("a mark of what is below", &blank, PERMITS_PATH, "", Some("CELL"));
}

#[test]
fn a_page_that_is_drawn_sideways_is_read() {
    let mut sideways = sheet();
    let inner = std::mem::take(&mut sideways.operations);
    sideways = sideways.numbers("cm", &[0.0, 1.0, -1.0, 0.0, -900.0, -990.0]);
    sideways.operations.extend(inner);
    let page = sideways.document.get_dictionary_mut(sideways.page).unwrap();
    page.set("MediaBox", vec![(-1000).into(), (-1000).into(), 1000.into(), 1000.into()]);
    check("sideways", &sideways.read(), PERMITS_PATH, "447228", None);
}

#[test]
fn tables_whose_cells_have_borders_of_their_own_are_found() {
    // As Chromium draws border=1 and a spacing of two pixels: each cell a box of four thin areas with slanting ends.
    let mut boxed = sheet();
    boxed.operations.retain(|operation| !matches!(operation.operator.as_str(), "m" | "l" | "S"));
    let rows = [(1, 4), (4, 1), (4, 1), (4, 1), (1, 4), (1, 1), (1, 1)];
    for (row, (cells, columns)) in rows.into_iter().enumerate() {
        let mut edges: Vec<(usize, usize)> = (0..cells).map(|at| (at * columns, (at + 1) * columns)).collect();
        if row >= 5 {
            edges = vec![(0, 1), (1, 4)];
        }
        for (from, to) in edges {
            let (left, right) = (41.0 + from as f64 * 60.0, 39.0 + to as f64 * 60.0);
            let (top, bottom) = (-121.0 - row as f64 * 100.0, -219.0 - row as f64 * 100.0);
            boxed = boxed
                .numbers("re", &[left, top - 0.75, right - left, 0.75])
                .add("f", &[])
                .numbers("re", &[left, bottom, right - left, 0.75])
                .add("f", &[]);
            for (outer, inner) in [(left, left + 0.75), (right, right - 0.75)] {
                boxed = boxed
                    .numbers("m", &[outer, top])
                    .numbers("l", &[outer, bottom])
                    .numbers("l", &[inner, bottom + 0.75])
                    .numbers("l", &[inner, top - 0.75])
                    .add("f", &[]);
            }
        }
    }
    let reading = boxed.read();
    check("boxes", &reading, PERMITS_PATH, "447228", None);
    assert_eq!(cell(&reading, RULES_PATH), "12");
}

#[test]
fn a_page_that_is_a_picture_is_named() {
    let mut scanned = sheet();
    let image = scanned.document.add_object(Stream::new(dictionary! { "Subtype" => "Image" }, vec![0]));
    let content = b"BT 3 Tr /F2 10 Tf 40 700 Td (999) Tj ET q 500 0 0 800 0 0 cm /I1 Do Q".to_vec();
    let content = scanned.document.add_object(Stream::new(dictionary! {}, content));
    let mut resources = scanned.resources.clone();
    resources.set("XObject", dictionary! { "I1" => image });
    let parent = scanned.document.get_dictionary(scanned.page).unwrap().get(b"Parent").unwrap().as_reference().unwrap();
    let picture = scanned.document.add_object(dictionary! { "Type" => "Page", "Parent" => parent,
    "Contents" => content, "Resources" => resources,
    "MediaBox" => vec![0.into(), 0.into(), 600.into(), 850.into()] });
    let page = scanned.page;
    scanned.document.get_dictionary_mut(parent).unwrap().set("Kids", vec![page.into(), picture.into()]);
    let reading = scanned.read();
    check("scanned", &reading, PERMITS_PATH, "447228", Some("PAGE-SCANNED"));
    let note = reading.notes.iter().find(|note| note.code.id() == "PAGE-SCANNED").unwrap();
    assert!(note.message.zh.starts_with("第2页是图片"), "{}", note.message.zh);
    assert!(note.message.en.starts_with("page 2 is a picture"), "{}", note.message.en);
}

#[test]
fn digits_over_two_lines_of_a_table_without_lines_are_not_read() {
    let unruled = |rest: &[(f64, &str)]| {
        let mut sheet = sheet();
        sheet.operations.retain(|operation| !matches!(operation.operator.as_str(), "m" | "l" | "S"));
        for (x, text) in rest {
            sheet = sheet.text(*x, DOCUMENTS - 12.0, 10.0, text);
        }
        sheet.read()
    };
    let path = |field: &str| format!("proactive_disclosure.normative_documents.{field}");
    let whole = unruled(&[]);
    let of = |reading: &Reading| ["issued", "repealed", "in_force"].map(|field| cell(reading, &path(field)));
    // The label is broken over two lines, which a table without lines cannot show; what is read is not wrong.
    for (read, printed) in of(&whole).iter().zip(["8", "26", "66"]) {
        assert!(read.is_empty() || read == printed, "{read} {printed}: {:?}", notes(&whole));
    }
    let wrapped = unruled(&[(COLUMN + 60.0, "9")]);
    assert_eq!(cell(&wrapped, &path("repealed")), "", "{:?}", notes(&wrapped));
}
