//! Documents of our own in the shapes of published ones, for what a reader must find, and must not make up.

use super::super::{
    Certainty, Format, Limits, NoteCode, Password, ReadError, Reading, Spot, read_document, read_on_this_thread,
};
use super::formats::{all, docx_of, html, pdf, xlsx_of};
use super::layout::{Block, Printed, document};
use super::{cell, line, notes};
use crate::form::{EDITIONS, catalogue};
use crate::report::{Cell, Figures};

pub(super) fn read(bytes: &[u8], name: &str) -> Reading {
    read_document(bytes, name, &Limits::default()).unwrap()
}

/// Every cell a number of its own, so that none can be taken for another.
fn numbered(edition: usize) -> Figures {
    let edition = &EDITIONS[edition];
    let mut figures = Figures::blank(edition);
    for (at, cell) in catalogue().cells_of(edition).enumerate() {
        let is_merged = catalogue().line(cell.line).line.field == "other.unspecified" && edition.id == "format_2021";
        if !is_merged {
            assert!(figures.set(cell.id, Cell::Number(i64::try_from(at).unwrap() + 100)));
        }
    }
    figures
}

pub(super) fn chapter_two(rows: &str) -> String {
    format!(
        "<html><p>示例市某局2023年政府信息公开工作年度报告</p><p>二、主动公开政府信息情况</p><table>\
         <tr><td colspan=4>第二十条第（一）项</td></tr>\
         <tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr>{rows}</table></html>"
    )
}

pub(super) fn row(texts: &[&str]) -> String {
    format!("<tr>{}</tr>", texts.iter().map(|text| format!("<td>{text}</td>")).collect::<String>())
}

#[test]
fn every_format_says_what_it_is_and_where_each_figure_stands() {
    let figures = numbered(1);
    for (name, bytes) in all(&document(&figures)) {
        let reading = read(&bytes, "without-an-ending");
        let expected = if name.ends_with(".md") { "markdown" } else { name.rsplit_once('.').unwrap().1 };
        assert_eq!(reading.format.id(), expected);
        assert_eq!(reading.figures, figures, "{name}");
        assert_eq!(reading.cells.len(), figures.filled().count(), "{name}");
        let permits = catalogue().cell_at("proactive_disclosure.administrative_permits").unwrap();
        let place = reading.cells.iter().find(|read| read.cell == permits).unwrap().place;
        let expected = match reading.format {
            Format::Html | Format::Docx => "第1个表格第7行第2列",
            Format::Xlsx => "第1个工作表C15",
            Format::Pdf | Format::Ofd => "第1页第11行第2格",
            Format::Markdown => "第16行第2格",
            _ => unreachable!("none of the formats that are made here"),
        };
        assert_eq!(place.message().zh, expected, "{name}");
    }
}

#[test]
fn figures_of_a_pdf_are_read_by_the_lines_around_cells_however_labels_are_broken() {
    let figures = numbered(1);
    let reading = read(&pdf(&document(&figures)), "a.pdf");
    assert_eq!(reading.figures, figures);
    assert!(reading.cells.iter().all(|read| read.certainty == Certainty::Exact));
    assert!(reading.cells.iter().all(|read| matches!(read.place.spot, Spot::Page { page: 1, .. })));
}

#[test]
fn a_number_merged_over_several_rows_belongs_to_none() {
    let rows = "<tr><td>规章</td><td rowspan=2>7</td><td>1</td><td>2</td></tr><tr><td>行政规范性文件</td><td>3</td><td>4</td></tr>";
    let reading = read(chapter_two(rows).as_bytes(), "a.html");
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "1", "2"]);
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["", "", ""]);
    let codes: Vec<_> = reading.notes.iter().map(|note| note.code).collect();
    assert!(codes.contains(&NoteCode::CellMerged) && codes.contains(&NoteCode::CellUnplaced), "{codes:?}");
}

#[test]
fn a_unit_is_that_of_all_figures_beside_or_below_where_it_is_stated() {
    let rows = row(&["规章", "1", "2", "3"]) + &row(&["行政规范性文件", "4", "5", "6"]);
    let page = chapter_two(&rows);
    let of = |stated: &str| {
        let reading = read(stated.as_bytes(), "a.html");
        let lines = ["proactive_disclosure.rules", "proactive_disclosure.normative_documents"];
        (lines.map(|path| line(&reading, path)), reading.notes.iter().any(|note| note.code == NoteCode::UnitInCell))
    };
    let (all, none) = (["1", "2", "3"].map(str::to_owned), ["", "", ""].map(str::to_owned));
    let other = ["4", "5", "6"].map(str::to_owned);
    for own in ["（单位：件）", "（件）", "（单位：件、万元）"] {
        let stated = page.replace("情况</p>", &format!("情况{own}</p>"));
        assert_eq!(of(&stated), ([all.to_vec(), other.to_vec()], false), "{own}");
    }
    let beside = page.replace("规章<", "规章（单位：百件）<");
    assert_eq!(of(&beside), ([none.to_vec(), other.to_vec()], true));
    let above = page.replace("制发件数", "制发件数（万件）");
    assert_eq!(of(&above).0, [["", "2", "3"], ["", "5", "6"]].map(|line| line.map(str::to_owned).to_vec()));
    for stated in [
        page.replace("情况</p>", "情况（单位：百件）</p>"),
        page.replace("情况</p>", "情况</p><p>单位：百件</p>"),
        page.replace("<p>二、", "<p>单位：万件</p><p>二、"),
        page.replace("<table>", "<table><caption>计量单位：千件</caption>"),
        page.replace("（一）项", "（一）项（单位：百件）"),
    ] {
        assert_eq!(of(&stated), ([none.to_vec(), none.to_vec()], true), "{stated}");
    }
}

#[test]
fn values_that_do_not_stand_below_the_labels_of_their_columns_are_not_read() {
    let rows = row(&["规章", "1", "2", "3"]);
    let page = chapter_two(&rows);
    for moved in [
        page.replace("<td>本年废止件数</td>", ""),
        page.replace("<td>本年废止件数</td>", "<td>媒体报道数</td><td>本年废止件数</td>"),
        page.replace("<td>本年废止件数</td>", "<td>本年制发件数</td>"),
        page.replace("<td>本年废止件数</td>", "<td colspan=2>本年废止件数</td>"),
        page.replace("<td>2</td>", "<td colspan=2>2</td>"),
    ] {
        let reading = read(moved.as_bytes(), "a.html");
        assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "", ""], "{moved}");
        let codes: Vec<_> = reading.notes.iter().map(|note| note.code).collect();
        assert!(codes.contains(&NoteCode::HeaderMismatch), "{moved} {codes:?}");
    }
    let blank = page.replace("<td>本年废止件数</td>", "<td></td>");
    assert_eq!(line(&read(blank.as_bytes(), "a.html"), "proactive_disclosure.rules"), ["1", "2", "3"]);
}

#[test]
fn blank_cells_beside_the_table_are_no_cells_of_it() {
    let rows = row(&["规章", "", "2", ""]) + &row(&["行政规范性文件", "3", "", "4"]);
    let wide = chapter_two(&rows).replace("<td>信息内容</td>", "<td>信息内容</td><td></td>");
    let wide = wide.replace("<td>规章</td>", "<td>规章</td><td></td>").replace("文件</td>", "文件</td><td></td>");
    for page in [chapter_two(&rows), wide.replace("</tr>", "<td></td></tr>") + &row(&["", "", "", "", "", "注"])] {
        let reading = read(page.as_bytes(), "a.html");
        assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "2", ""], "{page}");
        assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["3", "", "4"], "{page}");
    }
}

#[test]
fn a_table_within_a_page_laid_out_by_tables_is_read() {
    let inner = chapter_two(&row(&["规章", "1", "2", "3"]));
    let inner = inner.trim_start_matches("<html>").trim_end_matches("</html>");
    let page = format!("<table><tr><td>导航 1</td><td><table><tr><td>{inner}</td></tr></table></td></tr></table>");
    assert_eq!(line(&read(page.as_bytes(), "a.html"), "proactive_disclosure.rules"), ["1", "2", "3"]);
}

#[test]
fn the_title_of_a_web_page_is_found_behind_its_navigation() {
    let navigation: String = (0..100).map(|at| format!("<li>栏目{at}</li>")).collect();
    let head = "<head><meta name=\"ArticleTitle\" content=\"示例市某局2023年政府信息公开工作年度报告\"></head>";
    let page = format!("<html>{head}<ul>{navigation}</ul><p>正文</p>");
    let reading = read(page.as_bytes(), "a.html");
    assert_eq!(reading.year.map(|year| year.get()), Some(2023));
}

#[test]
fn what_was_deleted_or_is_code_in_a_docx_is_not_printed() {
    let text = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let cell = |content: &str| format!("<w:tc><w:tcPr/><w:p>{content}</w:p></w:tc>");
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let header = ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"].map(|label| cell(&text(label)));
    let changed = format!("<w:del>{}</w:del><w:ins>{}</w:ins>", text("9"), text("1"));
    let field = format!("<w:r><w:instrText>SUM(9)</w:instrText></w:r>{}", text("2"));
    let values = [cell(&text("规章")), cell(&changed), cell(&field), cell(&(text("1") + &text("3")))];
    let body = format!(
        "<w:document><w:body><w:p>{}</w:p><w:tbl>{}{}</w:tbl></w:body></w:document>",
        text("二、主动公开政府信息情况"),
        row(&header),
        row(&values)
    );
    assert_eq!(line(&read(&docx_of(&body), "a.docx"), "proactive_disclosure.rules"), ["1", "2", "13"]);
}

#[test]
fn a_formula_counts_by_its_kept_value_and_without_one_is_blank_and_reported() {
    let text = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let header: String = ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]
        .iter()
        .zip(["A1", "B1", "C1", "D1"])
        .map(|(label, place)| text(place, label))
        .collect();
    let sheet = format!(
        "<worksheet><sheetData><row r=\"1\">{header}</row><row r=\"2\">{}<c r=\"B2\"><f>1+2</f><v>3</v></c>\
         <c r=\"C2\"><f>C1+1</f></c><c r=\"D2\"><v>5</v></c></row></sheetData></worksheet>",
        text("A2", "规章")
    );
    let reading = read(&xlsx_of(&sheet, "<sst/>"), "a.xlsx");
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["3", "", "5"]);
    let note = reading.notes.iter().find(|note| note.code == NoteCode::FormulaUncomputed).unwrap();
    assert!(note.message.zh.starts_with("第1个工作表C2"), "{}", note.message.zh);
}

#[test]
fn units_and_blank_totals_are_found_in_a_table_of_a_page() {
    let mut blocks = document(&numbered(0));
    for block in &mut blocks {
        let Block::Table(rows) = block else { continue };
        for cells in rows.iter_mut() {
            match cells.first().map(|cell| cell.text.clone()).as_deref() {
                Some("政府集中采购") => cells.last_mut().unwrap().text = "251000元".to_owned(),
                Some("一、本年新收政府信息公开申请数量") => {
                    cells.last_mut().unwrap().text = "\u{a0}".to_owned()
                }
                _ => {}
            }
        }
    }
    let reading = read(html(&blocks).as_bytes(), "a.html");
    assert_eq!(cell(&reading, "requests.received.total"), "");
    assert_eq!(cell(&reading, "proactive_disclosure_trial_2019.government_procurement.amount"), "");
    let [note] = &notes(&reading)[..] else { panic!("{:?}", notes(&reading)) };
    assert!(note.starts_with("UNIT-IN-CELL") && note.ends_with("251000元"), "{note}");
}

#[test]
fn a_document_beyond_a_limit_is_refused_by_that_limit() {
    let nested = "<table><tr><td>".repeat(100);
    let wide: String = (0..30_000).map(|at| format!("<p>{at}</p>")).collect();
    let body =
        format!("<w:document><w:body>{}</w:body></w:document>", "<w:p><w:r><w:t>规章</w:t></w:r></w:p>".repeat(30_000));
    let deep = format!("<w:document>{}</w:document>", "<w:a>".repeat(1000));
    let far = "<worksheet><sheetData><row r=\"1\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData></worksheet>";
    let sparse: String =
        (1..9_000).map(|at| format!("<c r=\"{}{at}\"><v>1</v></c>", ["A", "Z", "AZ"][at % 3])).collect();
    let diagonal = format!("<worksheet><sheetData>{sparse}</sheetData></worksheet>");
    let bomb = docx_of(&" ".repeat(40_000_000));
    let cases: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        ("a.html", nested.into_bytes(), Some("nested")),
        ("a.html", wide.into_bytes(), Some("20000 cells")),
        ("a.docx", docx_of(&body), Some("20000 cells")),
        ("a.docx", docx_of(&deep), Some("nested")),
        ("a.docx", bomb, Some("unpacked")),
        ("a.xlsx", xlsx_of(far, "<sst uniqueCount=\"99999999999999\"/>"), None),
        ("a.xlsx", xlsx_of(&diagonal, "<sst/>"), None),
    ];
    for (name, bytes, expected) in cases {
        match (read_document(&bytes, name, &Limits::default()), expected) {
            (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{error}"),
            (Ok(_), None) => {}
            (result, expected) => panic!("{name}: {:?} for {expected:?}", result.map(|reading| reading.notes)),
        }
    }
    let pages = Limits { max_pages: 0, ..Limits::default() };
    let error = read_document(
        &pdf(&[Block::Table(vec![vec![Printed { text: "1".to_owned(), columns: 1, rows: 1 }]])]),
        "a",
        &pages,
    );
    assert_eq!(error.unwrap_err(), ReadError::TooManyPages { limit: 0 });
}

/// A district with the slips of published ones: totals of chapter four left at 0, and one row of other outcomes.
fn district() -> Figures {
    let mut figures = Figures::blank(&EDITIONS[1]);
    for cell in catalogue().cells_of(&EDITIONS[1]) {
        let field = catalogue().line(cell.line).line.field;
        let is_replaced = field.starts_with("other.") && field != "other.unspecified";
        if !is_replaced {
            assert!(figures.set(cell.id, Cell::Number(0)));
        }
    }
    for (path, number) in [
        ("proactive_disclosure.normative_documents.in_force", 12),
        ("proactive_disclosure.administrative_permits", 4119),
        ("proactive_disclosure.administrative_fees", 18_871_000),
        ("requests.received.natural_person", 21),
        ("requests.received.total", 21),
        ("requests.disclosed.natural_person", 18),
        ("requests.disclosed.total", 18),
        ("requests.other.unspecified.natural_person", 2),
        ("requests.other.unspecified.total", 2),
        ("requests.outcomes_total.natural_person", 20),
        ("requests.outcomes_total.total", 20),
        ("requests.carried_forward.natural_person", 1),
        ("requests.carried_forward.total", 1),
        ("disputes.reconsideration.upheld", 10),
        ("disputes.reconsideration.corrected", 1),
        ("disputes.litigation_after_reconsideration.upheld", 5),
    ] {
        let cell = catalogue().cell_at(path).unwrap_or_else(|| panic!("no cell {path}"));
        assert!(figures.set(cell, Cell::Number(number)));
    }
    figures
}

/// The documents under `tests/fixtures` are made here; with HUIZONG_WRITE_FIXTURES they are made anew.
#[test]
fn the_kept_documents_are_read_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    let figures = district();
    for (name, bytes) in all(&document(&figures)) {
        let path = folder.join(name.replace("report", "district").replace("gbk", "district-gbk"));
        if std::env::var_os("HUIZONG_WRITE_FIXTURES").is_some() {
            std::fs::write(&path, bytes).unwrap();
        }
        let reading = read(&std::fs::read(&path).unwrap(), name);
        assert_eq!(reading.figures, figures, "{name}");
        assert_eq!(notes(&reading), Vec::<String>::new(), "{name}");
    }
}

/// Made of `district.html` by LibreOffice, and by Python's xlwt.
#[test]
fn what_an_office_suite_wrote_in_older_formats_is_read_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents/by-office");
    let figures = district();
    for (name, format) in [
        ("district.rtf", Format::Rtf),
        ("district.doc", Format::Doc),
        ("district.xls", Format::Xls),
        ("../by-xlwt/district.xls", Format::Xls),
    ] {
        let reading = read(&std::fs::read(folder.join(name)).unwrap(), "a");
        assert_eq!(reading.format, format);
        assert_eq!(reading.figures, figures, "{name} {:?}", notes(&reading));
        assert_eq!(notes(&reading), Vec::<String>::new(), "{name}");
    }
}

/// Locked with the password "secret": with msoffcrypto-tool as Word and Excel of today and Word 2007 do, the older formats by LibreOffice.
#[test]
fn a_password_opens_documents_of_word_and_excel_that_need_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents/locked");
    let with = |bytes: &[u8], password: Option<&str>| {
        let password = Password::new(password.map(str::to_owned));
        read_on_this_thread(bytes, "a", &password, &Limits::default())
    };
    let figures = district();
    let format = "DOCX/XLSX";
    for (name, found) in
        [("district.docx", Format::Docx), ("district-2007.docx", Format::Docx), ("district.xlsx", Format::Xlsx)]
    {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let reading = with(&bytes, Some("secret")).unwrap();
        assert_eq!((reading.format, &reading.figures), (found, &figures), "{name} {:?}", notes(&reading));
        assert_eq!(with(&bytes, None).err(), Some(ReadError::Locked { format }), "{name}");
        assert_eq!(with(&bytes, Some("Secret")).err(), Some(ReadError::WrongPassword { format }), "{name}");
    }
    // Older ones are to be saved without their passwords.
    for (name, format) in [("district.doc", "DOC/WPS"), ("district.xls", "XLS/ET")] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(with(&bytes, Some("secret")).err(), Some(ReadError::Protected { format }), "{name}");
    }
    let open = std::fs::read(folder.join("../district.docx")).unwrap();
    assert_eq!(with(&open, Some("secret")).unwrap().figures, figures, "none is needed");
}
