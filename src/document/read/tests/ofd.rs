//! OFD as its writers put it, and what is to be seen on its pages.

use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::super::{Format, Limits, ReadError, Reading, read_document};
use super::formats::{COLUMN_WIDTH, ROW, SIZE, placed};
use super::layout::Block;
use super::pdf_pages::{COLUMN, PERMITS, PERMITS_PATH, table};
use super::{cell, notes, unread};

/// Millimetres of an OFD for a unit of the layout that PDF has here in points.
const SCALE: f64 = 0.5;

/// Parts of an archive.
type Parts = Vec<(String, Vec<u8>)>;

/// Objects of a page, in the units of the layout, from above to below zero.
#[derive(Default, Clone)]
pub struct Objects(Vec<String>);

impl Objects {
    fn add(mut self, object: impl Into<String>) -> Self {
        self.0.push(object.into());
        self
    }

    fn line(self, x1: f64, y1: f64, x2: f64, y2: f64) -> Self {
        let [x1, y1, x2, y2] = [x1, -y1, x2, -y2].map(|number| number * SCALE);
        let (left, top) = (x1.min(x2), y1.min(y2));
        let (width, height) = ((x1 - x2).abs().max(0.25), (y1 - y2).abs().max(0.25));
        self.add(format!(
            "<ofd:PathObject ID=\"1\" Boundary=\"{left} {top} {width} {height}\" LineWidth=\"0.25\">\
             <ofd:AbbreviatedData>M {} {} L {} {}</ofd:AbbreviatedData></ofd:PathObject>",
            x1 - left,
            y1 - top,
            x2 - left,
            y2 - top
        ))
    }

    /// Text whose digits are as wide as 0.35 of its size.
    fn text(self, x: f64, y: f64, size: f64, text: &str) -> Self {
        self.set(x, y, size, text, "", "")
    }

    fn set(self, x: f64, y: f64, size: f64, text: &str, attributes: &str, within: &str) -> Self {
        let [x, y, size] = [x, -y, size].map(|number| number * SCALE);
        let step = |character: char| if character.is_ascii() { size * 0.35 } else { size };
        let steps: Vec<String> = text.chars().map(|character| step(character).to_string()).collect();
        let width: f64 = text.chars().map(step).sum();
        let steps = steps[..steps.len() - 1].join(" ");
        self.add(format!(
            "<ofd:TextObject ID=\"2\" Boundary=\"{x} {} {} {}\" Font=\"3\" Size=\"{size}\" {attributes}>{within}\
             <ofd:TextCode X=\"0\" Y=\"{size}\" DeltaX=\"{steps}\">{text}</ofd:TextCode></ofd:TextObject>",
            y - size,
            width + size,
            size * 1.25
        ))
    }

    /// A white area over the layout's.
    fn area(self, x: f64, y: f64, width: f64, height: f64) -> Self {
        let [x, y, width, height] = [x, -y - height, width, height].map(|number| number * SCALE);
        self.add(format!(
            "<ofd:PathObject ID=\"4\" Boundary=\"{x} {y} {width} {height}\" Stroke=\"false\" Fill=\"true\">\
             <ofd:FillColor Value=\"255 255 255\"/><ofd:AbbreviatedData>M 0 0 L {width} 0 L {width} {height} L 0 {height} C\
             </ofd:AbbreviatedData></ofd:PathObject>"
        ))
    }
}

/// The lines and the texts of a document, and how high it is.
fn drawn(blocks: &[Block]) -> (Objects, Objects, f64) {
    let (mut lines, mut texts) = (Objects::default(), Objects::default());
    let mut y = -20.0;
    for block in blocks {
        match block {
            Block::Paragraph(text) => {
                texts = if text.is_empty() { texts } else { texts.text(40.0, y, SIZE, text) };
                y -= ROW;
            }
            Block::Table(rows) => {
                for (row, column, cell) in placed(rows) {
                    let (left, top) = (40.0 + column as f64 * COLUMN_WIDTH, y - row as f64 * ROW);
                    let (right, bottom) = (left + cell.columns as f64 * COLUMN_WIDTH, top - cell.rows as f64 * ROW);
                    lines = lines.line(left, top, right, top).line(left, top, left, bottom);
                    lines = lines.line(right, top, right, bottom).line(left, bottom, right, bottom);
                    let per_line = if cell.text.is_ascii() { 99 } else { (cell.columns * 5).max(1) };
                    let characters: Vec<char> = cell.text.chars().collect();
                    for (at, piece) in characters.chunks(per_line).enumerate() {
                        let line: String = piece.iter().collect();
                        texts = texts.text(left + 1.0, top - 8.0 - at as f64 * 9.0, SIZE, &line);
                    }
                }
                y -= rows.len() as f64 * ROW + ROW;
            }
        }
    }
    (lines, texts, 20.0 - y)
}

fn root(element: &str, content: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:{element} xmlns:ofd=\"http://www.ofdspec.org/2016\">{content}</ofd:{element}>")
        .into_bytes()
}

fn page_of(objects: &[String]) -> Vec<u8> {
    root("Page", &format!("<ofd:Content><ofd:Layer ID=\"9\">{}</ofd:Layer></ofd:Content>", objects.concat()))
}

/// A document of a page so many units high, with more about the whole of it.
fn parts(page: Vec<u8>, height: f64, common: &str, more: &str) -> Parts {
    let document = format!(
        "<ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 {} {}</ofd:PhysicalBox></ofd:PageArea>{common}</ofd:CommonData>\
         <ofd:Pages><ofd:Page ID=\"1\" BaseLoc=\"Pages/Page_0/Content.xml\"/></ofd:Pages>{more}",
        1000.0 * SCALE,
        height * SCALE
    );
    let entry = "<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>";
    let part = |name: &str, content: Vec<u8>| (name.to_owned(), content);
    vec![
        part("OFD.xml", root("OFD", entry)),
        part("Doc_0/Document.xml", root("Document", &document)),
        part("Doc_0/Pages/Page_0/Content.xml", page),
    ]
}

fn packed(parts: &Parts) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        // Of one moment, so that a document that is kept is the same each time.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn replaced(parts: &Parts, from: &str, to: &str) -> Parts {
    let each = |(name, content): &(String, Vec<u8>)| {
        (name.clone(), String::from_utf8_lossy(content).replace(from, to).into_bytes())
    };
    parts.iter().map(each).collect()
}

/// One page as high as the document needs.
pub fn ofd(blocks: &[Block]) -> Vec<u8> {
    let (page, height) = ofd_page(blocks);
    ofd_of(page, height)
}

/// The page, and how high it is.
pub fn ofd_page(blocks: &[Block]) -> (Vec<u8>, f64) {
    let (lines, texts, height) = drawn(blocks);
    (page_of(&[lines.0, texts.0].concat()), height)
}

/// A document of one page.
pub fn ofd_of(page: Vec<u8>, height: f64) -> Vec<u8> {
    packed(&parts(page, height, "", ""))
}

fn read(bytes: &[u8]) -> Reading {
    read_document(bytes, "a", &Limits::default()).unwrap()
}

/// The table of chapter two with more drawn over it.
fn over(draw: impl FnOnce(Objects) -> Objects) -> Parts {
    let (lines, texts, height) = drawn(&table("12"));
    let objects = draw(Objects([lines.0, texts.0].concat()));
    parts(page_of(&objects.0), height, "", "")
}

fn permits(parts: &Parts) -> (String, bool) {
    let reading = read(&packed(parts));
    let is_unread = unread(&reading).contains(&PERMITS_PATH);
    (cell(&reading, PERMITS_PATH), is_unread)
}

#[test]
fn a_document_is_read_however_its_writer_puts_it() {
    let (lines, texts, height) = drawn(&table("12"));
    let all = [lines.0.clone(), texts.0.clone()].concat();
    let plain = parts(page_of(&all), height, "", "");
    let with = |page: Vec<u8>, common: &str, name: &str, content: Vec<u8>| {
        let mut parts = parts(page, height, common, "");
        parts.push((name.to_owned(), content));
        parts
    };
    let template = "<ofd:TemplatePage ID=\"5\" BaseLoc=\"/Doc_0/Tpls/Content.xml\" ZOrder=\"Background\"/>";
    let on_template = format!(
        "<ofd:Template TemplateID=\"5\"/><ofd:Content><ofd:Layer ID=\"9\">{}</ofd:Layer></ofd:Content>",
        texts.0.concat()
    );
    let composite = "<ofd:CompositeObject ID=\"8\" ResourceID=\"6\" Boundary=\"0 0 500 900\"/>";
    let drawing = format!(
        "<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID=\"6\" Width=\"500\" Height=\"900\"><ofd:Content>{}\
         </ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>",
        lines.0.concat()
    );
    let on_composite = page_of(&[vec![composite.to_owned()], texts.0.clone()].concat());
    let way = "<ofd:DrawParams><ofd:DrawParam ID=\"7\" LineWidth=\"0.3\"><ofd:FillColor Value=\"0 0 0\"/></ofd:DrawParam></ofd:DrawParams>";
    let by_way = page_of(&all);
    let by_way = String::from_utf8(by_way).unwrap().replace("Font=\"3\"", "Font=\"3\" DrawParam=\"7\"").into_bytes();
    let kinds: Vec<(&str, Parts)> = vec![
        ("plain", plain.clone()),
        ("another namespace", replaced(&plain, "http://www.ofdspec.org/2016", "http://www.ofdspec.org")),
        ("no prefix", replaced(&replaced(&plain, "ofd:", ""), "xmlns:", "xmlns")),
        ("from the root", replaced(&plain, "BaseLoc=\"Pages", "BaseLoc=\"/Doc_0/Pages")),
        ("from the root, not said", replaced(&plain, "BaseLoc=\"Pages", "BaseLoc=\"Doc_0/Pages")),
        ("small letters", replaced(&replaced(&plain, " Size=", " size="), "DeltaX", "deltax")),
        (
            "blocks in blocks",
            replaced(
                &replaced(&plain, "<ofd:Layer ID=\"9\">", "<ofd:Layer ID=\"9\"><ofd:PageBlock><ofd:PageBlock>"),
                "</ofd:Layer>",
                "</ofd:PageBlock></ofd:PageBlock></ofd:Layer>",
            ),
        ),
        (
            "lines of a template",
            with(root("Page", &on_template), template, "Doc_0/Tpls/Content.xml", page_of(&lines.0)),
        ),
        (
            "lines of a drawing",
            with(
                on_composite,
                "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>",
                "Doc_0/PublicRes.xml",
                root("Res", &drawing),
            ),
        ),
        (
            "a way of drawing",
            with(by_way, "<ofd:DocumentRes>Res.xml</ofd:DocumentRes>", "Doc_0/Res.xml", root("Res", way)),
        ),
        (
            "folders divided otherwise",
            plain.iter().map(|(name, content)| (name.replace('/', "\\"), content.clone())).collect(),
        ),
    ];
    for (kind, parts) in kinds {
        let reading = read(&packed(&parts));
        assert_eq!(reading.format, Format::Ofd, "{kind}");
        assert_eq!(cell(&reading, PERMITS_PATH), "12", "{kind}");
        assert_eq!(cell(&reading, "proactive_disclosure.rules.issued"), "12", "{kind}");
        assert_eq!(reading.year.map(|year| year.get()), Some(2023), "{kind}");
        let codes: Vec<_> = notes(&reading).into_iter().filter(|note| !note.contains("NOT-FOUND")).collect();
        assert_eq!(codes, Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn the_pages_of_all_documents_in_a_file_are_read() {
    let mut both = over(|objects| objects);
    let second = parts(
        page_of(
            &Objects::default()
                .text(40.0, -20.0, SIZE, "五、存在的主要问题及改进情况")
                .text(40.0, -60.0, SIZE, "公开质量有待提高。")
                .0,
        ),
        900.0,
        "",
        "",
    );
    both.extend(second.into_iter().skip(1).map(|(name, content)| (name.replace("Doc_0", "Doc_1"), content)));
    let body =
        |number: usize| format!("<ofd:DocBody><ofd:DocRoot>Doc_{number}/Document.xml</ofd:DocRoot></ofd:DocBody>");
    both[0].1 = root("OFD", &(body(0) + &body(1)));
    let reading = read(&packed(&both));
    assert_eq!(cell(&reading, PERMITS_PATH), "12");
    assert_eq!(reading.narrative.problems.as_deref(), Some("公开质量有待提高。"));
}

#[test]
fn what_is_set_otherwise_is_no_digit_of_the_number() {
    let end = COLUMN + 2.0 * 0.35 * SIZE;
    let picture = |objects: Objects| {
        let place = format!("{} {}", end * SCALE, (-PERMITS - SIZE) * SCALE);
        objects
            .text(end, PERMITS, SIZE, "7")
            .add(format!("<ofd:ImageObject ID=\"5\" ResourceID=\"6\" Boundary=\"{place} 3 6\" CTM=\"3 0 0 6 0 0\"/>"))
    };
    let clip = "<ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary=\"0 0 9 9\"><ofd:AbbreviatedData>M 50 50 L 60 50 L 60 60 C\
        </ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips>";
    let white = "<ofd:FillColor><ofd:Value>255 255 255</ofd:Value></ofd:FillColor>";
    let set = |attributes: &'static str, within: &'static str| {
        over(|objects| objects.set(end, PERMITS, SIZE, "7", attributes, within))
    };
    let mut covered = over(picture);
    let media = "<ofd:MultiMedias><ofd:MultiMedia ID=\"6\" Type=\"Image\"><ofd:MediaFile>a.JPG</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>";
    covered.push(("Doc_0/Res.xml".to_owned(), root("Res", media)));
    let covered = replaced(&covered, "</ofd:PageArea>", "</ofd:PageArea><ofd:PublicRes>Res.xml</ofd:PublicRes>");
    let kinds: Vec<(&str, Parts)> = vec![
        ("raised", over(|objects| objects.text(end, PERMITS + 3.5, 5.0, "7"))),
        ("lowered", over(|objects| objects.text(end, PERMITS - 2.0, 5.0, "7"))),
        (
            "struck out",
            over(|objects| {
                objects.text(end, PERMITS, SIZE, "7").line(end, PERMITS + 3.0, end + 0.35 * SIZE, PERMITS + 3.0)
            }),
        ),
        ("of the colour of paper", set("", white)),
        ("clear", set("Alpha=\"0\"", "")),
        ("not visible", set("Visible=\"false\"", "")),
        ("not filled", set("Fill=\"false\"", "")),
        ("cut off", set("", clip)),
        ("squeezed", set("HScale=\"0.01\"", "")),
        ("covered", over(|objects| objects.text(end, PERMITS, SIZE, "7").area(end, PERMITS - 2.0, 8.0, 12.0))),
        ("covered by a picture", covered),
        ("outside the page", over(|objects| objects.text(-90.0, PERMITS, SIZE, "7"))),
    ];
    for (kind, parts) in kinds {
        assert_eq!(permits(&parts), ("12".to_owned(), false), "{kind}");
    }
}

#[test]
fn where_it_is_not_known_what_counts_the_cell_is_unread() {
    let end = COLUMN + 2.0 * 0.35 * SIZE;
    let beside = |text: &str| format!("<ofd:TextCode X=\"0\" Y=\"0\">{text}</ofd:TextCode>");
    let at = format!("Boundary=\"{} {} 9 9\" Size=\"5\" CTM=\"1 0 0 1 0 5\"", end * SCALE, (-PERMITS - SIZE) * SCALE);
    let loose = format!("<ofd:TextObject {at}>{}</ofd:TextObject>", beside("34"));
    let beyond = loose.replace(" 9 9\"", " 0.1 0.1\"").replace("34", "3");
    let gradient = format!("<ofd:TextObject {at}>{}</ofd:TextObject>", beside("\u{e003}"));
    let kinds: Vec<(&str, Parts)> = vec![
        ("no steps", over(|objects| objects.add(loose))),
        ("outside its frame", over(|objects| objects.add(beyond))),
        ("of a font that alone knows it", over(|objects| objects.add(gradient))),
        ("smaller", over(|objects| objects.text(end, PERMITS, 5.0, "7"))),
        ("over each other", over(|objects| objects.text(COLUMN + 1.0, PERMITS, SIZE, "7"))),
        ("half covered", over(|objects| objects.text(end, PERMITS, SIZE, "7").area(end, PERMITS + 2.0, 8.0, 12.0))),
        ("crossed", over(|objects| objects.line(COLUMN, PERMITS - 1.0, end, PERMITS + 7.0))),
    ];
    for (kind, parts) in kinds {
        assert_eq!(permits(&parts), (String::new(), true), "{kind}");
    }
}

#[test]
fn what_is_laid_over_a_page_is_apart_from_it() {
    for (kind, code) in [("Watermark", "OVERLAY-NOT-READ"), ("Stamp", "CELL-REMARK")] {
        let mut parts = over(|objects| objects);
        let laid = Objects::default().text(COLUMN + 6.0, PERMITS, SIZE, "7");
        let annotation = format!(
            "<ofd:Annot ID=\"7\" Type=\"{kind}\"><ofd:Appearance Boundary=\"0 0 500 900\">{}</ofd:Appearance></ofd:Annot>",
            laid.0.concat()
        );
        parts.push((
            "Doc_0/Annots/All.xml".to_owned(),
            root("Annotations", "<ofd:Page PageID=\"1\"><ofd:FileLoc>One.xml</ofd:FileLoc></ofd:Page>"),
        ));
        parts.push(("Doc_0/Annots/One.xml".to_owned(), root("PageAnnot", &annotation)));
        let parts = replaced(&parts, "</ofd:Pages>", "</ofd:Pages><ofd:Annotations>Annots/All.xml</ofd:Annotations>");
        let reading = read(&packed(&parts));
        assert_eq!(cell(&reading, PERMITS_PATH), "12", "{kind}");
        assert!(notes(&reading).iter().any(|note| note.starts_with(code)), "{kind} {:?}", notes(&reading));
    }
}

#[test]
fn pages_that_are_pictures_or_of_fonts_that_alone_know_are_named() {
    let of = |objects: Objects| notes(&read(&packed(&parts(page_of(&objects.0), 500.0, "", ""))));
    let scanned = of(Objects::default().add("<ofd:ImageObject ID=\"5\" ResourceID=\"6\" Boundary=\"0 0 210 297\"/>"));
    assert!(scanned.iter().any(|note| note.starts_with("PAGE-SCANNED")), "{scanned:?}");
    let unknown = of(Objects::default().text(40.0, -20.0, SIZE, "\u{e001}\u{e002}\u{e003}"));
    assert!(unknown.iter().any(|note| note.starts_with("FONT-UNKNOWN")), "{unknown:?}");
}

/// A value of a tag in DER, shorter than 128 bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

#[test]
fn seals_are_told_and_not_verified() {
    let property = der(0x30, &[der(2, &[1]), der(0x0c, "示例市某局".as_bytes())].concat());
    let info = der(0x30, &[der(0x30, &der(0x16, b"ES")), der(0x16, b"1"), property].concat());
    let seal = der(0x30, &[info, der(0x30, &[])].concat());
    let signature = "<ofd:SignedInfo><ofd:Provider ProviderName=\"程序\"/><ofd:SignatureDateTime>2023-01-20</ofd:SignatureDateTime>\
        <ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>";
    for (seal, by) in [(seal, "示例市某局 2023-01-20"), (b"\x30\x84\xff\xff".to_vec(), "程序 2023-01-20")] {
        let mut parts = over(|objects| objects);
        parts.push((
            "Doc_0/Signs/All.xml".to_owned(),
            root("Signatures", "<ofd:Signature ID=\"1\" BaseLoc=\"S_0/Signature.xml\"/>"),
        ));
        parts.push(("Doc_0/Signs/S_0/Signature.xml".to_owned(), root("Signature", signature)));
        parts.push(("Doc_0/Signs/S_0/Seal.esl".to_owned(), seal));
        let parts = replaced(
            &parts[..1].to_vec(),
            "</ofd:DocBody>",
            "<ofd:Signatures>Doc_0/Signs/All.xml</ofd:Signatures></ofd:DocBody>",
        )
        .into_iter()
        .chain(parts.into_iter().skip(1))
        .collect();
        let reading = read(&packed(&parts));
        let told = notes(&reading).into_iter().find(|note| note.starts_with("SEAL-NOT-VERIFIED")).unwrap();
        assert!(told.ends_with(by), "{told}");
        assert_eq!(cell(&reading, PERMITS_PATH), "12");
    }
}

#[test]
fn what_is_locked_damaged_or_made_to_harm_is_refused() {
    let refused = |parts: &Parts| read_document(&packed(parts), "a", &Limits::default()).err();
    let mut locked = over(|objects| objects);
    locked.push(("Encryptions.xml".to_owned(), Vec::new()));
    assert_eq!(refused(&locked), Some(ReadError::Protected { format: "OFD" }));
    let whole = over(|objects| objects);
    assert!(matches!(refused(&whole[..2].to_vec()), Some(ReadError::Damaged { format: "OFD", .. })), "no page");
    assert!(matches!(refused(&whole[..1].to_vec()), Some(ReadError::Damaged { .. })), "no document");
    // Each drawing places the next ten times, the last itself.
    let places = |next: usize| format!("<ofd:CompositeObject ResourceID=\"{next}\" Boundary=\"0 0 9 9\"/>").repeat(10);
    let units: String = (0..12)
        .map(|number| {
            format!(
                "<ofd:CompositeGraphicUnit ID=\"{number}\"><ofd:Content>{}</ofd:Content></ofd:CompositeGraphicUnit>",
                places((number + 1).min(11))
            )
        })
        .collect();
    let mut harmful = over(|objects| objects.add(places(0)));
    harmful.push((
        "Doc_0/Res.xml".to_owned(),
        root("Res", &format!("<ofd:CompositeGraphicUnits>{units}</ofd:CompositeGraphicUnits>")),
    ));
    let harmful = replaced(&harmful, "</ofd:PageArea>", "</ofd:PageArea><ofd:PublicRes>Res.xml</ofd:PublicRes>");
    assert!(matches!(refused(&harmful), Some(ReadError::Damaged { .. })));
    let pages = "<ofd:Page ID=\"1\" BaseLoc=\"Pages/Page_0/Content.xml\"/>".repeat(201);
    let many = replaced(&whole, "<ofd:Page ID=\"1\" BaseLoc=\"Pages/Page_0/Content.xml\"/>", &pages);
    assert_eq!(refused(&many), Some(ReadError::TooManyPages { limit: 200 }));
}

/// Files of several writers, where a folder of them is at hand.
#[test]
fn files_of_several_writers_are_opened() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/ofd");
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let reading = read(&std::fs::read(file.path()).unwrap());
        assert_eq!(reading.format, Format::Ofd, "{:?}", file.path());
        assert_eq!(reading.cells, [], "no report");
    }
}
