//! What stands in a file is what the report says: figure for figure, and blank, zero and 不适用 apart.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use proptest::prelude::*;

use super::super::document::chapter_heading;
use super::super::layout::{Content, Grid};
use super::super::sheet::place;
use super::super::{ComputedForm, Document, Figure, Format, file_name, write_document};
use super::files::{docx_tables, html_figures, part};
use crate::document::tests::figures::figures;
use crate::form::{CellId, CellInfo, Kind, Presence, catalogue, edition};
use crate::report::{Cell, Figures, ReportKey, format_number};

fn document(figures: &Figures) -> Document {
    let report: ReportKey = "agencies/example/reports/2022".parse().unwrap();
    Document::of_report("示例市数据局".to_owned(), &report, figures, None, &format!("{report}/revisions/1"), 1)
}

/// The figure as a person reads it; written apart from the code that is tested.
fn expected(figures: &Figures, cell: CellId) -> String {
    match figures.get(cell) {
        Cell::Blank => String::new(),
        Cell::NotApplicable => "不适用".to_owned(),
        Cell::Unread => "未读取".to_owned(),
        Cell::Number(number) => format_number(catalogue().cell(cell).kind, number.into()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn docx_prints_the_figures_in_the_merged_tables(figures in figures()) {
        let document = document(&figures);
        let tables = docx_tables(&write_document(&document, Format::Docx).unwrap());
        let grids = document.grids();
        prop_assert_eq!(tables.len(), grids.len());
        for (grid, table) in grids.iter().zip(tables) {
            prop_assert_eq!(table.len(), grid.tiles.len());
            for tile in &grid.tiles {
                let text = match &tile.content {
                    Content::Figure(cell) => expected(&figures, *cell),
                    heading => heading.heading().unwrap_or_default().to_owned(),
                };
                prop_assert_eq!(table.get(&(tile.row, tile.column)), Some(&text));
            }
        }
    }

    #[test]
    fn html_prints_the_figures_and_says_what_kind_each_is(figures in figures()) {
        let html = String::from_utf8(write_document(&document(&figures), Format::Html).unwrap()).unwrap();
        let printed = html_figures(&html);
        for (path, (class, text)) in &printed {
            let cell = catalogue().cell_at(path).unwrap();
            let expected_class = match figures.get(cell) {
                Cell::Blank => "blank",
                Cell::NotApplicable => "not-applicable",
                Cell::Unread => "unread",
                Cell::Number(_) => "number",
            };
            prop_assert_eq!((class.as_str(), text), (expected_class, &expected(&figures, cell)));
        }
        prop_assert!(figures.filled().all(|(cell, _)| printed.contains_key(&catalogue().cell(cell).path)));
    }

    #[test]
    fn xlsx_holds_the_figures_exactly(figures in figures()) {
        let document = document(&figures);
        let bytes = write_document(&document, Format::Xlsx).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let mut seen = 0;
        for grid in document.grids() {
            let name = chapter_heading(grid.table.chapter, &grid.table.title);
            let range = book.worksheet_range(&name).unwrap();
            for (tile, cell) in grid.figures() {
                let (row, column) = place(tile, 0).unwrap();
                let printed = match range.get_value((row, column.into())) {
                    None | Some(Data::Empty) => String::new(),
                    Some(Data::Float(number)) => number.to_string(),
                    Some(other) => other.to_string(),
                };
                prop_assert_eq!(printed, expected(&figures, cell), "{}", catalogue().cell(cell).path);
                seen += usize::from(figures.get(cell) != Cell::Blank);
            }
        }
        prop_assert_eq!(seen, figures.filled().count());
    }

    #[test]
    fn csv_holds_the_figures_by_path(figures in figures()) {
        let bytes = write_document(&document(&figures), Format::Csv).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows = reader.records().map(Result::unwrap);
        let printed: BTreeMap<String, String> = rows.map(|row| (row[0].to_owned(), row[3].to_owned())).collect();
        for (path, text) in &printed {
            prop_assert_eq!(text, &expected(&figures, catalogue().cell_at(path).unwrap()));
        }
        prop_assert!(figures.filled().all(|(cell, _)| printed.contains_key(&catalogue().cell(cell).path)));
    }

    #[test]
    fn the_same_document_gives_the_same_bytes(figures in figures()) {
        let document = document(&figures);
        for format in Format::ALL {
            let again = write_document(&document.clone(), format).unwrap();
            prop_assert!(write_document(&document, format).unwrap() == again, "{:?}", format);
        }
    }

    #[test]
    fn no_name_and_no_chapter_breaks_a_file(name in "(?s).{0,40}", text in "(?s).{0,200}") {
        let mut document = document(&Figures::blank(edition("format_2021").unwrap()));
        document.name = name;
        document.narratives = vec![(1, text)];
        for format in Format::ALL {
            let bytes = write_document(&document, format).unwrap();
            match format {
                Format::Docx => prop_assert_eq!(docx_tables(&bytes).len(), 3),
                Format::Xlsx => prop_assert!(Xlsx::new(Cursor::new(bytes)).is_ok_and(|book| book.sheet_names().len() == 4)),
                Format::Html => prop_assert_eq!(html_figures(&String::from_utf8(bytes).unwrap()).len(), 200),
                Format::Ofd => {
                    let page = part(&bytes, "Doc_0/Pages/Page_0/Content.xml");
                    prop_assert!(roxmltree::Document::parse(&page).is_ok());
                }
                Format::Csv | Format::Text => prop_assert!(String::from_utf8(bytes).is_ok()),
            }
            prop_assert!(!file_name(&document, format).contains(['/', '\\']));
        }
    }
}

#[test]
fn a_docx_is_compressed_in_all_its_parts_and_the_same_every_time() {
    let document = document(&Figures::blank(edition("format_2021").unwrap()));
    let docx = write_document(&document, Format::Docx).unwrap();
    assert_eq!(docx, write_document(&document, Format::Docx).unwrap());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&docx)).unwrap();
    let mut unpacked = 0;
    for at in 0..archive.len() {
        let part = archive.by_index(at).unwrap();
        assert_eq!(part.compression(), zip::CompressionMethod::Deflated, "{:?}", part.name());
        unpacked += part.size();
    }
    assert!(docx.len() as u64 * 5 < unpacked, "{} of {unpacked} bytes", docx.len());
}

#[test]
fn text_from_outside_is_never_markup() {
    let mut document = document(&Figures::blank(edition("format_2021").unwrap()));
    document.name = "<script>&\"'".to_owned();
    let html = String::from_utf8(write_document(&document, Format::Html).unwrap()).unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;&amp;"));
    assert_eq!(docx_tables(&write_document(&document, Format::Docx).unwrap()).len(), 3);
}

/// Chapters in their order, the hash and the coverage: what a published document must carry.
#[test]
fn a_computed_form_says_what_it_contains_on_every_page() {
    let computed = ComputedForm {
        scope: "jurisdictions/230000".to_owned(),
        name: "示例省".to_owned(),
        year: "2022".parse().unwrap(),
        edition: edition("format_2021").unwrap(),
        expected: 12,
        included: 9,
        missing: 3,
        late: 0,
        hierarchy_year: "2022".parse().unwrap(),
        sequence: 4711,
    };
    let mut document = Document::of_computed_form(computed, |_| Some(3));
    document.narratives = vec![(5, "公开时效有待提高。".to_owned())];
    let hash = document.provenance.last().unwrap().value.clone();
    assert_eq!(hash.len(), 64);
    let docx = write_document(&document, Format::Docx).unwrap();
    let (body, footer) = (part(&docx, "word/document.xml"), part(&docx, "word/footer.xml"));
    for format in [Format::Html, Format::Text] {
        let text = String::from_utf8(write_document(&document, format).unwrap()).unwrap();
        assert!([&hash, "应报12份，计入9份，未报3份", "4711"].iter().all(|part| text.contains(*part)), "{format:?}");
    }
    assert!([&hash, "应报12份，计入9份，未报3份", "4711"].iter().all(|part| footer.contains(*part)));
    let headings = ["年政府信息公开工作年度报告", "一、", "二、", "三、", "四、政府", "五、", "公开时效", "六、"];
    let places: Vec<_> = headings.iter().map(|heading| body.find(heading).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(body.contains(r#"w:w="11906" w:h="16838""#), "A4");
    assert!(body.contains("宋体"));
}

#[test]
fn a_number_that_a_spreadsheet_would_round_is_written_as_text() {
    let path = "proactive_disclosure.administrative_permits";
    for (number, is_number) in [(999_999_999_999_999, true), (9_007_199_254_740_993, false), (1 << 80, false)] {
        let cell = catalogue().cell_at(path).unwrap();
        let figure = |id| if id == cell { Figure::Number(number) } else { Figure::Blank };
        let document = Document::new("甲".to_owned(), "2022".parse().unwrap(), edition("format_2021").unwrap(), figure);
        let bytes = write_document(&document, Format::Xlsx).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("二、主动公开政府信息情况").unwrap();
        let found = range.used_cells().find(|(_, _, data)| data.to_string() == format_number(Kind::Count, number));
        let found = found.map(|(_, _, data)| matches!(data, Data::Float(_)));
        assert_eq!(found, Some(is_number), "{number}");
    }
}

/// The file is opened by a reader that is not ours too (`scripts/check-ofd`). `HUIZONG_WRITE_FIXTURES=1` writes it anew.
#[test]
fn an_ofd_is_the_one_that_another_reader_is_tried_on() {
    let edition = edition("format_2021").unwrap();
    let mut figures = Figures::blank(edition);
    let prescribed = |cell: &&CellInfo| catalogue().presence(edition, cell.id) == Presence::Prescribed;
    for (cell, number) in catalogue().cells_of(edition).filter(prescribed).zip(1_000_001..) {
        figures.set(cell.id, Cell::Number(number));
    }
    let mut document = document(&figures);
    document.narratives = vec![(1, "全年主动公开信息1284条。".repeat(40)), (6, "无。".to_owned())];
    let written = write_document(&document, Format::Ofd).unwrap();
    let cells: Vec<String> =
        document.grids().iter().flat_map(Grid::figures).map(|(_, cell)| document.text(cell)).collect();
    assert_eq!(cells.len(), 200);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents/written/form.ofd");
    let cells_path = path.with_extension("ofd.cells");
    if std::env::var_os("HUIZONG_WRITE_FIXTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &written).unwrap();
        std::fs::write(&cells_path, cells.join("\n") + "\n").unwrap();
    }
    let kept = std::fs::read(&path).unwrap();
    let names = ["OFD.xml", "Doc_0/Document.xml", "Doc_0/PublicRes.xml", "Doc_0/Pages/Page_0/Content.xml"];
    for name in names {
        assert_eq!(part(&written, name), part(&kept, name), "{name}");
    }
    assert_eq!(std::fs::read_to_string(cells_path).unwrap().lines().collect::<Vec<_>>(), cells);
    let reading = crate::document::read::read_document(&written, "form.ofd", &Default::default()).unwrap();
    assert_eq!(reading.figures, figures);
    // What stands at the foot of each page is none of the text.
    let chapters: Vec<&str> = reading.narrative.chapters().iter().filter_map(|chapter| chapter.text).collect();
    assert_eq!(chapters, document.narratives.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>());
}
