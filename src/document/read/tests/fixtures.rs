//! Small documents of our own, each with one difficulty seen in published reports.

use super::{cell, line, notes, read};

/// A document of one table in the layout of `format_2021`, one printed cell per line.
fn chapter_two(rows: &str) -> String {
    format!(
        "示例市某局2022年政府信息公开工作年度报告\n二、主动公开政府信息情况\n第二十条第（一）项\n信息内容\n本年制发件数\n本年废止件数\n现行有效件数\n{rows}\n"
    )
}

fn chapter_three(rows: &str) -> String {
    format!(
        "示例市某局2022年政府信息公开工作年度报告\n二、主动公开政府信息情况\n信息内容\n本年制发件数\n本年废止件数\n现行有效件数\n规章\n0\n0\n0\n\
         三、收到和处理政府信息公开申请情况\n申请人情况\n自然人\n法人或其他组织\n总计\n商业企业\n科研机构\n社会公益组织\n法律服务机构\n其他\n{rows}\n"
    )
}

fn noted(notes: &[String], code: &str) -> bool {
    notes.iter().any(|note| note.starts_with(code))
}

#[test]
fn a_row_is_found_by_an_older_name_and_full_width_digits_are_digits() {
    let reading = read(&chapter_two("规章\n０\n0\n1,234\n规范性文件\n3\n1\n１２"));
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["0", "0", "1234"]);
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["3", "1", "12"]);
    assert_eq!(reading.year.map(|year| year.get()), Some(2022));
}

#[test]
fn an_unknown_row_is_reported_with_its_values() {
    let reading = read(&chapter_two("规章\n0\n0\n0\n其他主动公开文件\n186\n86\n255\n行政规范性文件\n2\n2\n19"));
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["2", "2", "19"]);
    assert!(noted(&notes(&reading), "ROW-UNKNOWN"), "{:?}", notes(&reading));
}

#[test]
fn an_amount_in_another_unit_is_not_taken() {
    let reading = read(&chapter_two(
        "规章\n0\n0\n0\n第二十条第（八）项\n信息内容\n本年收费金额（单位：万元）\n行政事业性收费\n251000元",
    ));
    assert_eq!(cell(&reading, "proactive_disclosure.administrative_fees"), "");
    assert!(noted(&notes(&reading), "UNIT-IN-CELL"), "{:?}", notes(&reading));
}

#[test]
fn one_row_of_other_outcomes_is_never_given_to_one_of_its_siblings() {
    let reading = read(&chapter_three(
        "一、本年新收政府信息公开申请数量\n1\n0\n0\n0\n0\n0\n1\n（六）其他处理\n1\n0\n0\n0\n0\n0\n1",
    ));
    assert_eq!(line(&reading, "requests.other.unspecified"), ["1", "0", "0", "0", "0", "0", "1"]);
    assert_eq!(line(&reading, "requests.other.miscellaneous"), [""; 7]);
}

#[test]
fn values_whose_columns_are_lost_stay_blank_and_are_reported() {
    let reading = read(&chapter_three(
        "一、本年新收政府信息公开申请数量\n103\n3\n1\n107\n二、上年结转政府信息公开申请数量\n8\n0\n0\n0\n0\n0\n8",
    ));
    assert!(line(&reading, "requests.received").iter().any(String::is_empty));
    assert!(noted(&notes(&reading), "CELL-UNPLACED"), "{:?}", notes(&reading));
    assert_eq!(line(&reading, "requests.carried_over"), ["8", "0", "0", "0", "0", "0", "8"]);
}
