//! The workbook is tested by filling it in, as a spreadsheet program would, and reading it back.

use std::io::{Cursor, Read as _, Write as _};

use calamine::{Data, Reader as _, Xlsx};
use proptest::prelude::*;

use super::fill_in::{FillIn, template_grids};
use super::{
    FINDINGS_SHEET, Mark, Returned, Template, TemplateError, is_template, read_template, write_template,
    write_with_marks,
};
use crate::document::read::{Limits, read_document};
use crate::document::tests::figures::figures_of;
use crate::document::write::sheet::place;
use crate::form::{CellId, EDITIONS, catalogue, edition};
use crate::report::{Cell, Figures, Finding, Message, Period, Severity, Term};

fn template(edition_id: &str, previous: Option<Figures>) -> Template {
    let edition = edition(edition_id).unwrap();
    Template {
        agency: "example-bureau".parse().unwrap(),
        agency_name: "示例市某局".to_owned(),
        year: edition.first_year.to_string().parse().unwrap(),
        edition,
        previous,
    }
}

/// The workbook of `template` with figures in it.
fn filled(template: &Template, figures: &Figures) -> Vec<u8> {
    let fill_in = FillIn { template, raw: &[], figures, colour: &|_, _| None };
    fill_in.workbook().unwrap().save_to_buffer().unwrap()
}

fn cell(path: &str) -> CellId {
    catalogue().cell_at(path).unwrap()
}

/// The XML of a worksheet by its position, from 1; the guide is the first.
fn sheet_xml(bytes: &[u8], position: usize) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(&format!("xl/worksheets/sheet{position}.xml")).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The workbook with `change` made in one of its parts.
fn with_part(bytes: &[u8], part: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        if name == part {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
        }
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Figures of the first or second edition without merged lines, which a workbook does not have.
fn figures() -> impl Strategy<Value = Figures> {
    prop::sample::select(EDITIONS.iter().collect::<Vec<_>>()).prop_flat_map(|edition| figures_of(edition, false))
}

fn finding(rule: &str, left: &[(&str, i64, Period)], difference: Option<i128>, severity: Severity) -> Finding {
    let term = |(path, value, period): &(&str, i64, Period)| Term {
        negative: false,
        period: *period,
        cell: cell(path),
        value: Cell::Number(*value),
        computed: false,
    };
    let (left, right) = left.split_at(left.len() - 1);
    Finding {
        rule: rule.to_owned(),
        severity,
        left: left.iter().map(term).collect(),
        right: right.iter().map(term).collect(),
        difference,
        message: Message::new("各类申请人之和与总计不符", "the sum is not the total"),
        remedy: Message::new("请核对", "check"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_filled_workbook_is_read_back_as_it_was(figures in figures(), previous in any::<bool>()) {
        let previous = previous.then(|| figures.clone());
        let template = Template { previous, ..template(figures.edition().id, None) };
        let bytes = filled(&template, &figures);
        prop_assert!(is_template(&bytes));
        let returned = read_template(&bytes).unwrap();
        prop_assert_eq!(&returned.faults, &Vec::new());
        prop_assert_eq!(&returned.template, &template);
        // Last year's figures beside them are not this year's, whatever reads it.
        let reading = read_document(&bytes, "report.xlsx", &Limits::default()).unwrap();
        prop_assert!(reading.figures == returned.figures);
        prop_assert_eq!((reading.year, reading.notes.len()), (Some(template.year), 0));
        for (_, grid) in template_grids(&template) {
            for (_, id) in grid.figures() {
                let (was, is) = (figures.get(id), returned.figures.get(id));
                // A total that is left to its formula comes back with its result.
                let is_computed = was == Cell::Blank && crate::document::write::layout::is_total(id);
                prop_assert!(was == is || is_computed, "{} {:?} {:?}", catalogue().cell(id).path, was, is);
            }
        }
    }
}

#[test]
fn an_empty_workbook_has_no_figure_but_totals_of_nothing() {
    for edition in EDITIONS {
        let returned = read_template(&write_template(&template(edition.id, None)).unwrap()).unwrap();
        assert_eq!(returned.template.previous, None);
        for (id, value) in returned.figures.filled() {
            assert!(crate::document::write::layout::is_total(id) && value == Cell::Number(0));
        }
    }
}

#[test]
fn totals_are_locked_formulas_and_leaves_are_open_and_checked() {
    let bytes = write_template(&template("format_2021", None)).unwrap();
    for position in 2..=4 {
        let xml = sheet_xml(&bytes, position);
        assert!(xml.contains("<sheetProtection"), "sheet {position}");
        assert!(xml.contains("<dataValidation "), "sheet {position}");
    }
    let three = sheet_xml(&bytes, 3);
    // 25 lines of seven columns: 25 totals of lines and six of the columns' outcomes; the rest is filled in.
    assert_eq!(three.matches("<f>SUM(").count(), 25 + 6);
    assert_eq!(three.matches("<dataValidation ").count(), 25 * 7 - 31);
    assert_eq!(three.matches("</f><v>0</v>").count(), 31, "each formula has a result");
    assert_eq!(sheet_xml(&bytes, 4).matches("<f>SUM(").count(), 3);
}

#[test]
fn a_total_without_a_result_is_computed_by_its_own_formula() {
    let mut figures = Figures::blank(edition("format_2021").unwrap());
    figures.set(cell("disputes.reconsideration.upheld"), Cell::Number(4));
    figures.set(cell("disputes.reconsideration.pending"), Cell::Number(3));
    let bytes = filled(&template("format_2021", None), &figures);
    let without_results = with_part(&bytes, "xl/worksheets/sheet4.xml", |xml| {
        assert!(xml.contains("</f><v>7</v>"));
        xml.replace("</f><v>7</v>", "</f>")
    });
    let returned = read_template(&without_results).unwrap();
    assert_eq!(returned.figures.get(cell("disputes.reconsideration.total")), Cell::Number(7));
}

#[test]
fn a_cell_that_is_no_figure_is_a_fault_and_comes_back_as_it_was_typed() {
    let template = template("format_2021", None);
    let figures = Figures::blank(template.edition);
    let raw: Vec<_> = [
        ("proactive_disclosure.administrative_fees", "251000元"),
        ("proactive_disclosure.rules.issued", "1.5"),
        ("requests.received.natural_person", "约十件"),
    ]
    .map(|(path, raw)| (cell(path), raw.to_owned()))
    .into();
    let fill_in = FillIn { template: &template, raw: &raw, figures: &figures, colour: &|_, _| None };
    let returned = read_template(&fill_in.workbook().unwrap().save_to_buffer().unwrap()).unwrap();
    let mut found: Vec<_> = returned.faults.iter().map(|fault| (fault.cell, fault.raw.clone())).collect();
    found.sort_unstable();
    let mut expected = raw;
    expected.sort_unstable();
    assert_eq!(found, expected);
    let marks: Vec<_> = returned.faults.iter().map(Mark::from).collect();
    assert_eq!(read_template(&write_with_marks(&returned, &marks).unwrap()).unwrap().faults, returned.faults);
}

/// A workbook with two findings, and what was handed in.
fn marked() -> (Returned, Vec<u8>) {
    let mut figures = Figures::blank(edition("format_2021").unwrap());
    for (path, value) in [
        ("requests.received.natural_person", 145),
        ("requests.received.commercial_enterprise", 3),
        ("requests.received.total", 150),
    ] {
        figures.set(cell(path), Cell::Number(value));
    }
    let template = template("format_2021", Some(figures.clone()));
    let returned = read_template(&filled(&template, &figures)).unwrap();
    let (now, then) = (Period::Current, Period::Previous);
    let findings = [
        finding(
            "T3-ROW-TOTAL",
            &[
                ("requests.received.natural_person", 145, now),
                ("requests.received.commercial_enterprise", 3, now),
                ("requests.received.total", 150, now),
            ],
            Some(-2),
            Severity::Error,
        ),
        finding(
            "X-CARRY",
            &[("requests.carried_over.natural_person", 1, now), ("requests.carried_forward.natural_person", 2, then)],
            Some(-1),
            Severity::Warning,
        ),
    ];
    let marks: Vec<_> = findings.iter().map(Mark::from).collect();
    let bytes = write_with_marks(&returned, &marks).unwrap();
    (returned, bytes)
}

#[test]
fn a_marked_workbook_keeps_its_figures_and_names_rule_sides_and_difference_on_each_cell() {
    let (returned, bytes) = marked();
    let again = read_template(&bytes).unwrap();
    assert_eq!((&again.figures, &again.template), (&returned.figures, &returned.template));
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let mut notes = String::new();
    archive.by_name("xl/comments1.xml").unwrap().read_to_string(&mut notes).unwrap();
    let grid = template_grids(&returned.template).into_iter().find(|(_, grid)| grid.table.chapter == 3).unwrap().1;
    for (path, is_previous) in [
        ("requests.received.natural_person", false),
        ("requests.received.total", false),
        ("requests.carried_over.natural_person", false),
        ("requests.carried_forward.natural_person", true),
    ] {
        let (tile, _) = grid.figures().find(|(_, id)| *id == cell(path)).unwrap();
        let left = if is_previous { grid.columns() + 1 } else { 0 };
        let (row, column) = place(tile, left).unwrap();
        let reference = rust_xlsxwriter::utility::row_col_to_cell(row, column);
        assert!(notes.contains(&format!("ref=\"{reference}\"")), "{path} at {reference}");
    }
    assert_eq!(notes.matches("<comment ").count(), 5);
    for text in ["T3-ROW-TOTAL", "145 + 3 = 148", "150", "difference: -2", "X-CARRY"] {
        assert!(notes.contains(text), "{text}");
    }
}

#[test]
fn all_findings_stand_on_a_sheet_and_reasons_filled_in_there_come_back() {
    let (returned, bytes) = marked();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(&bytes)).unwrap();
    let range = book.worksheet_range(FINDINGS_SHEET).unwrap();
    let column = |row: u32, column: u32| range.get_value((row, column)).map(Data::to_string).unwrap_or_default();
    assert_eq!((column(1, 0).as_str(), column(2, 0).as_str()), ("T3-ROW-TOTAL", "X-CARRY"));
    assert_eq!([column(1, 5), column(1, 6), column(1, 7)], ["145 + 3 = 148", "150", "-2"]);
    assert!(returned.answers.is_empty());
    let mut answered = returned;
    answered.answers = vec![crate::report::Answer {
        rule: "X-CARRY".to_owned(),
        cell: "requests.carried_over.natural_person".to_owned(),
        reason: "机构合并".to_owned(),
    }];
    let mark = finding(
        "X-CARRY",
        &[
            ("requests.carried_over.natural_person", 1, Period::Current),
            ("requests.carried_forward.natural_person", 2, Period::Previous),
        ],
        Some(-1),
        Severity::Warning,
    );
    let again = write_with_marks(&answered, &[Mark::from(&mark)]).unwrap();
    assert_eq!(read_template(&again).unwrap().answers, answered.answers);
}

#[test]
fn what_is_no_filled_template_is_refused_in_both_languages() {
    assert!(!is_template(b"PK\x03\x04") && !is_template(b"text"));
    let plain = rust_xlsxwriter::Workbook::new().save_to_buffer();
    for bytes in [b"PK\x03\x04".to_vec(), plain.unwrap_or_default()] {
        let error = read_template(&bytes).unwrap_err();
        assert!(matches!(error, TemplateError::NotATemplate(_)), "{error}");
        assert!(error.message().zh.contains("huizong template"));
    }
}

#[test]
fn a_workbook_that_unpacks_to_very_much_is_refused_before_it_is_read() {
    let bytes = write_template(&template("format_2021", None)).unwrap();
    let swollen = with_part(&bytes, "xl/worksheets/sheet2.xml", |xml| xml + &" ".repeat(65 * 1024 * 1024));
    assert!(swollen.len() < 1024 * 1024);
    assert_eq!(read_template(&swollen).unwrap_err(), TemplateError::TooLarge);
}

#[test]
fn a_damaged_workbook_never_makes_the_reader_panic() {
    let bytes = write_template(&template("trial_2019", None)).unwrap();
    for at in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        let _ = read_template(&damaged);
        let _ = read_template(&bytes[..at]);
    }
}

#[test]
fn a_cell_in_the_farthest_corner_takes_no_memory_for_all_before_it() {
    let bytes = write_template(&template("format_2021", None)).unwrap();
    let far = r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#;
    let mut crafted = bytes;
    // Every sheet, whichever it is that holds the metadata: a range over all between would be some hundreds of GiB.
    for position in 1..=5 {
        crafted =
            with_part(&crafted, &format!("xl/worksheets/sheet{position}.xml"), |xml| xml.replace("</sheetData>", far));
    }
    assert!(is_template(&crafted));
    assert!(read_document(&crafted, "report.xlsx", &Limits::default()).is_ok());
}
