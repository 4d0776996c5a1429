//! The project's own documents: each holds what hurt a reader in published ones.

use super::super::{Certainty, EditionEvidence, NoteCode, Reading};
use super::{cell, line, notes, read};
use crate::form::catalogue;

macro_rules! fixture {
    ($name:literal) => {
        read(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/documents/", $name, ".txt")))
    };
}

const BLANK: [&str; 7] = [""; 7];

fn codes(reading: &Reading) -> Vec<&'static str> {
    reading.notes.iter().map(|note| note.code.id()).collect()
}

fn certainty(reading: &Reading, path: &str) -> Option<Certainty> {
    let cell = catalogue().cell_at(path).unwrap();
    reading.cells.iter().find(|read| read.cell == cell).map(|read| read.certainty)
}

#[test]
fn one_cell_per_line_with_tabs_is_read_whole() {
    let reading = fixture!("cells-by-line-with-tabs");
    assert_eq!(reading.title.as_deref(), Some("示例市数据局2022年度政府信息公开工作年度报告"));
    assert_eq!(reading.year.map(|year| year.get()), Some(2022));
    assert_eq!(reading.edition.id, "format_2021");
    assert!(matches!(&reading.edition_evidence, EditionEvidence::Headers(labels) if labels.len() == 5));
    for (path, expected) in [
        ("proactive_disclosure.normative_documents", &["3", "1", "12"][..]),
        ("proactive_disclosure.administrative_permits", &["403"]),
        ("proactive_disclosure.administrative_penalties", &["12"]),
        ("proactive_disclosure.administrative_fees", &["18.871"]),
        ("requests.received", &["20", "2", "0", "0", "0", "0", "22"]),
        ("requests.refused.state_secret", &["0", "1", "0", "0", "0", "0", "1"]),
        ("requests.other.unspecified", &["1", "0", "0", "0", "0", "0", "1"]),
        ("requests.outcomes_total", &["18", "2", "0", "0", "0", "0", "20"]),
        ("requests.carried_forward", &["4", "0", "0", "0", "0", "0", "4"]),
        ("disputes.reconsideration", &["2", "0", "0", "1", "3"]),
        ("disputes.litigation_direct", &["0", "0", "1", "0", "1"]),
    ] {
        assert_eq!(line(&reading, path), expected, "{path}");
    }
    assert_eq!(line(&reading, "requests.other.miscellaneous"), BLANK, "其他处理 is one row here");
    assert_eq!(notes(&reading), Vec::<String>::new());
    assert_eq!(reading.cells.len(), 10 + 23 * 7 + 15);
    let penalties = catalogue().cell_at("proactive_disclosure.administrative_penalties").unwrap();
    let read = reading.cells.iter().find(|read| read.cell == penalties).unwrap();
    assert_eq!((read.raw.as_str(), read.certainty), ("１２", Certainty::Exact));
}

#[test]
fn blank_cells_that_are_lost_are_not_guessed() {
    let reading = fixture!("blank-cells-lost");
    for path in ["requests.received", "requests.carried_over", "requests.carried_forward"] {
        assert_eq!(line(&reading, path), BLANK, "{path}");
    }
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["", "", ""]);
    assert_eq!(line(&reading, "requests.other.miscellaneous"), ["0"; 7]);
    let unplaced: Vec<_> = notes(&reading).into_iter().filter(|note| note.starts_with("CELL-UNPLACED")).collect();
    assert_eq!(
        unplaced,
        [
            "CELL-UNPLACED 21 行政规范性文件 0 5",
            "CELL-UNPLACED 63 一、本年新收政府信息公开申请数量 103 3 1 107",
            "CELL-UNPLACED 73 二、上年结转政府信息公开申请数量 8 0 0 8",
            "CELL-UNPLACED 439 四、结转下年度继续办理 7 7",
        ]
    );
}

#[test]
fn a_row_with_lost_blanks_is_placed_where_the_equations_leave_one_way() {
    let reading = fixture!("blank-cells-lost");
    assert_eq!(line(&reading, "requests.disclosed"), ["41", "2", "", "1", "", "", "44"]);
    assert_eq!(certainty(&reading, "requests.disclosed.total"), Some(Certainty::Proven));
    assert!(codes(&reading).contains(&"PLACEMENT-PROVEN"));
}

#[test]
fn damaged_labels_are_recognised_where_they_can_be_only_one() {
    let reading = fixture!("damaged-labels");
    assert_eq!(reading.year.map(|year| year.get()), Some(2023));
    for (path, expected) in [
        ("proactive_disclosure.normative_documents", &["1", "2", "3"][..]),
        ("requests.received", &["4", "1", "0", "0", "0", "0", "5"]),
        ("requests.disclosed", &["2", "0", "0", "0", "0", "0", "2"]),
        ("requests.partially_disclosed", &["1", "0", "0", "0", "0", "0", "1"]),
        ("requests.refused.prohibited_by_law", &["0", "1", "0", "0", "0", "0", "1"]),
        ("requests.refused.third_party_rights", &["0"; 7]),
        ("requests.refused.deliberative_process", &["0"; 7]),
        ("requests.other.correction_overdue", &["0"; 7]),
        ("requests.other.miscellaneous", &["1", "0", "0", "0", "0", "0", "1"]),
        ("requests.outcomes_total", &["4", "1", "0", "0", "0", "0", "5"]),
    ] {
        assert_eq!(line(&reading, path), expected, "{path}");
    }
    assert_eq!(line(&reading, "requests.other.unspecified"), BLANK, "其他处理 is a heading here");
    let inexact: Vec<_> = reading.notes.iter().filter(|note| note.code == NoteCode::LabelInexact).collect();
    let raw: Vec<_> = inexact.iter().map(|note| note.raw.as_str()).collect();
    assert_eq!(raw, ["现行有效件", "1、其他法律行政止公开", "6．属于四类过程性信", "1、申请人无正当理由逾期不补正"]);
}

#[test]
fn the_trial_edition_is_known_by_its_headers() {
    let reading = fixture!("trial-2019-with-bars");
    assert_eq!(reading.edition.id, "trial_2019");
    for (path, expected) in [
        ("proactive_disclosure_trial_2019.normative_documents", &["2", "2", "19"][..]),
        ("proactive_disclosure_trial_2019.administrative_permits", &["8", "-5", "1093"]),
        ("proactive_disclosure_trial_2019.other_public_services", &["117", "0", "165"]),
        ("proactive_disclosure_trial_2019.administrative_compulsions", &["4", "4", ""]),
        ("proactive_disclosure_trial_2019.administrative_fees", &["", ""]),
        ("proactive_disclosure_trial_2019.government_procurement", &["6", ""]),
        ("requests.received", &["821", "35", "", "", "2", "1", "859"]),
        ("requests.other.unspecified", &["1", "0", "0", "0", "0", "0", "1"]),
    ] {
        assert_eq!(line(&reading, path), expected, "{path}");
    }
}

#[test]
fn a_row_that_the_form_does_not_have_is_reported() {
    let reading = fixture!("trial-2019-with-bars");
    let unknown = reading.notes.iter().find(|note| note.code == NoteCode::RowUnknown).unwrap();
    assert_eq!((unknown.place.line(), unknown.raw.contains("186 86 255")), (6, true), "{}", unknown.raw);
}

#[test]
fn units_and_remarks_are_never_taken_for_the_number() {
    let reading = fixture!("units-and-remarks");
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["n/a", "", ""]);
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["22", "", "1234"]);
    for (path, expected, certainty_expected) in [
        ("proactive_disclosure.normative_documents.issued", "22", Certainty::Annotated),
        ("proactive_disclosure.normative_documents.repealed", "", Certainty::Unread),
        ("proactive_disclosure.administrative_permits", "12", Certainty::Annotated),
        ("proactive_disclosure.administrative_penalties", "", Certainty::Unread),
        ("proactive_disclosure.administrative_compulsions", "", Certainty::Unread),
        ("proactive_disclosure.administrative_fees", "", Certainty::Unread),
    ] {
        assert_eq!(cell(&reading, path), expected, "{path}");
        assert_eq!(certainty(&reading, path), Some(certainty_expected), "{path}");
    }
    let repealed = catalogue().cell_at("proactive_disclosure.rules.repealed").unwrap();
    assert!(reading.cells.iter().any(|read| read.cell == repealed && read.raw == "/"), "the mark for none is kept");
}

#[test]
fn text_of_a_page_is_read_row_by_row() {
    let reading = fixture!("page-text");
    for (path, expected) in [
        ("proactive_disclosure.normative_documents", &["8", "26", "66"][..]),
        ("requests.received", &["3001", "53", "0", "0", "61", "4", "3119"]),
        ("requests.partially_disclosed", &["447", "7", "0", "0", "0", "0", "454"]),
        ("requests.refused.prohibited_by_law", &["0"; 7]),
        ("requests.refused.third_party_rights", &["6", "0", "0", "0", "0", "0", "6"]),
        ("requests.outcomes_total", &["2932", "53", "0", "0", "61", "4", "3050"]),
        ("disputes.litigation_after_reconsideration", &["12", "1", "1", "6", "20"]),
    ] {
        assert_eq!(line(&reading, path), expected, "{path}");
    }
    assert_eq!(line(&reading, "requests.refused.state_secret"), BLANK, "its values stand above its label");
    assert!(notes(&reading).contains(&"CELL-UNPLACED 22 1 0 0 0 0 0 1".to_owned()));
}

#[test]
fn every_note_says_where_what_and_what_to_do_in_both_languages() {
    let documents = [
        ("blank-cells-lost", fixture!("blank-cells-lost")),
        ("damaged-labels", fixture!("damaged-labels")),
        ("trial-2019-with-bars", fixture!("trial-2019-with-bars")),
        ("units-and-remarks", fixture!("units-and-remarks")),
        ("page-text", fixture!("page-text")),
    ];
    let mut listing = String::new();
    for (name, reading) in documents {
        listing += &format!("# {name}\n");
        for note in &reading.notes {
            listing += &format!("{} [{}]\n  {}\n  {}\n", note.code, note.cells.len(), note.message.zh, note.message.en);
        }
    }
    insta::assert_snapshot!(listing);
}

const HEADER: &str =
    "二、主动公开政府信息情况\n第二十条第（一）项\n信息内容\n本年制发件数\n本年废止件数\n现行有效件数\n";
const REQUESTS_HEADER: &str = "申请人情况\n自然人\n商业企业\n科研机构\n社会公益组织\n法律服务机构\n其他\n总计\n";

#[test]
fn sentences_and_headings_of_the_text_are_no_cells() {
    let text = "一、总体情况\n（一）行政许可\n全年办理行政许可403件。\n规章\n2022\n行政处罚\n全年作出行政处罚26件。";
    let reading = read(text);
    assert_eq!(line(&reading, "proactive_disclosure.administrative_permits"), [""]);
    assert_eq!(line(&reading, "proactive_disclosure.administrative_penalties"), [""]);
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "", ""]);
}

#[test]
fn more_values_than_columns_are_not_taken() {
    let reading = read(&format!("{HEADER}规章\n1\n2\n3\n4\n行政规范性文件\n5\n6\n7\n"));
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "", ""]);
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["5", "6", "7"]);
    assert!(notes(&reading).contains(&"VALUES-TOO-MANY 7 规章 1 2 3 4".to_owned()));
}

#[test]
fn a_row_printed_twice_is_read_only_where_both_agree() {
    let reading =
        read(&format!("{HEADER}规章\n1\n2\n3\n行政规范性文件\n5\n6\n7\n规章\n1\n2\n4\n规范性文件\n5\n6\n7\n"));
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "", ""]);
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["5", "6", "7"]);
    assert_eq!(codes(&reading).iter().filter(|code| **code == "ROW-REPEATED").count(), 2);
}

#[test]
fn columns_in_another_order_are_read_by_label_and_those_of_another_edition_not_at_all() {
    for (header, rules, is_foreign) in [
        ("现行有效件数\n本年制发件数\n本年废止件数\n", ["2", "3", "1"], false),
        ("本年新制作数量\n本年新公开数量\n对外公开总数量\n", ["", "", ""], true),
    ] {
        let text = format!(
            "第二十条第（五）项\n信息内容\n本年处理决定数量\n行政许可\n5\n本年收费金额\n行政事业性收费\n1\n\
             本年制发件数\n本年废止件数\n现行有效件数\n行政规范性文件\n4\n5\n6\n{header}规章\n1\n2\n3\n"
        );
        let reading = read(&text);
        assert_eq!(reading.edition.id, "format_2021");
        assert_eq!(line(&reading, "proactive_disclosure.rules"), rules, "{header}");
        assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["4", "5", "6"]);
        assert_eq!(codes(&reading).contains(&"HEADER-MISMATCH"), is_foreign);
    }
}

#[test]
fn a_heading_with_values_is_reported_as_no_row() {
    let values = "1\n0\n0\n0\n0\n0\n1\n";
    let reading = read(&format!("{HEADER}{REQUESTS_HEADER}（三）不予公开\n{values}1.属于国家秘密\n{values}"));
    assert_eq!(line(&reading, "requests.refused.state_secret"), ["1", "0", "0", "0", "0", "0", "1"]);
    assert!(
        notes(&reading).contains(&"ROW-UNKNOWN 15 （三）不予公开 1 0 0 0 0 0 1".to_owned()),
        "{:?}",
        notes(&reading)
    );
}

#[test]
fn other_is_told_apart_by_where_it_stands() {
    let values = "1\n0\n0\n0\n0\n0\n1\n";
    let under_another_group = format!("{HEADER}{REQUESTS_HEADER}（三）不予公开\n9.其他\n{values}");
    let reading = read(&under_another_group);
    assert_eq!(line(&reading, "requests.other.miscellaneous"), BLANK);
    assert!(notes(&reading).contains(&"ROW-UNKNOWN 16 9.其他 1 0 0 0 0 0 1".to_owned()), "{:?}", notes(&reading));
    let reading = read(&format!("{HEADER}{REQUESTS_HEADER}（六）其他处理\n3.其他\n{values}"));
    assert_eq!(line(&reading, "requests.other.miscellaneous"), ["1", "0", "0", "0", "0", "0", "1"]);
}

#[test]
fn values_right_behind_the_header_are_not_those_of_the_total_line() {
    let reading = read(&format!("{HEADER}{REQUESTS_HEADER}1\n0\n0\n0\n0\n0\n1\n（七）总计\n2\n0\n0\n0\n0\n0\n2\n"));
    assert_eq!(line(&reading, "requests.outcomes_total"), ["2", "0", "0", "0", "0", "0", "2"]);
    assert!(notes(&reading).contains(&"ROW-UNKNOWN 14 总计 1 0 0 0 0 0 1".to_owned()), "{:?}", notes(&reading));
}

#[test]
fn values_beside_a_heading_whose_rows_are_printed_are_not_a_merged_row() {
    let values = "1\n0\n0\n0\n0\n0\n1\n";
    let reading = read(&format!("{HEADER}{REQUESTS_HEADER}（六）其他处理\n{values}3.其他\n{values}"));
    assert_eq!(line(&reading, "requests.other.unspecified"), BLANK);
    assert_eq!(line(&reading, "requests.other.miscellaneous"), ["1", "0", "0", "0", "0", "0", "1"]);
    assert!(notes(&reading).contains(&"CELL-UNPLACED 15 （六）其他处理 1 0 0 0 0 0 1".to_owned()));
}

#[test]
fn figures_of_chapter_four_need_their_header_and_their_number() {
    let block = "结果维持\n结果纠正\n其他结果\n尚未审结\n总计\n";
    let title = "四、政府信息公开行政复议、行政诉讼情况\n";
    let header = format!("{title}行政复议\n行政诉讼\n{block}未经复议直接起诉\n{block}复议后起诉\n{block}");
    let fifteen = "1\n0\n0\n0\n1\n".repeat(3);
    assert_eq!(line(&read(&format!("{header}{fifteen}")), "disputes.litigation_direct"), ["1", "0", "0", "0", "1"]);
    for wanting in [
        format!("{title}{fifteen}"),
        format!("{header}1\n{fifteen}"),
        format!("{title}行政复议\n{block}{fifteen}"),
        format!("{}{fifteen}", header.replace("结果维持\n结果纠正", "结果纠正\n结果维持\n维持")),
    ] {
        let reading = read(&wanting);
        assert_eq!(line(&reading, "disputes.litigation_direct"), [""; 5], "{wanting}");
        let is_told = |code: &&str| ["CELL-UNPLACED", "HEADER-MISMATCH"].contains(code);
        assert_eq!(codes(&reading).into_iter().filter(is_told).count(), 1, "{:?}", notes(&reading));
        assert_eq!(certainty(&reading, "disputes.litigation_direct.total"), Some(Certainty::Unread));
    }
}

#[test]
fn without_headers_the_edition_of_the_year_is_assumed_and_said() {
    let row = "| 规章 | 1 | 2 | 3 |";
    for (year, edition) in [(2020, "trial_2019"), (2025, "format_2021")] {
        let reading = read(&format!("示例市{year}年政府信息公开工作年度报告\n{row}"));
        assert_eq!(reading.edition.id, edition);
        assert!(matches!(reading.edition_evidence, EditionEvidence::Year(_)));
        assert!(codes(&reading).contains(&"EDITION-UNCERTAIN"));
    }
    assert_eq!(read(row).edition_evidence, EditionEvidence::Assumed);
}

#[test]
fn a_document_without_tables_says_so_once() {
    let reading = read("关于召开会议的通知\n定于5月召开会议。\n");
    assert_eq!(codes(&reading), ["EDITION-UNCERTAIN", "NO-TABLES"]);
    assert_eq!(reading.figures.filled().count(), 0);
}
