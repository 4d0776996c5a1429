//! Figures of another period, of another unit or of something else than the form's are none of the report's.

use super::super::{NoteCode, Reading};
use super::kinds::{PERMITS, certainty, docx, html};
use super::shapes::{chapter_two, read, row};
use super::{cell, line};
use crate::document::read::Certainty;

const RULES: &str = "proactive_disclosure.rules";

fn page(page: &str) -> Reading {
    read(page.as_bytes(), "a.html")
}

#[track_caller]
fn is_unread(reading: &Reading, name: &str) {
    assert_eq!(line(reading, RULES), ["", "", ""], "{name}");
    let rules = catalogue_cells();
    assert!(rules.iter().all(|path| certainty(reading, path) == Some(Certainty::Unread)), "{name} is not blank");
}

fn catalogue_cells() -> [String; 3] {
    ["issued", "repealed", "in_force"].map(|column| format!("{RULES}.{column}"))
}

/// A chapter of a report of 2023.
fn of_2023() -> String {
    chapter_two(&row(&["规章", "1", "2", "3"]))
}

#[test]
fn a_table_that_says_another_year_or_a_part_of_one_is_not_read() {
    let of = of_2023();
    for other in [
        of.replace("<table>", "<p>（2022年度）</p><table>"),
        of.replace("<table>", "<table><caption>2022年主动公开情况</caption>"),
        of.replace("<table>", "<table><tr><td colspan=4>2022年1月1日至2022年12月31日</td></tr>"),
        of.replace("<table>", "<table><tr><td colspan=4>2023年1月1日至2023年6月30日</td></tr>"),
        of.replace("公开政府信息情况<", "公开政府信息情况（2022年）<"),
        of.replace("制发件数", "制发件数（2022年）"),
        of.replace("（一）项", "（一）项（2022年）"),
        of.replace("规章", "规章（2022年）"),
    ] {
        is_unread(&page(&other), &other);
    }
    for own in [
        of.replace("<table>", "<p>（2023年度）</p><table>"),
        of.replace("<table>", "<table><tr><td colspan=4>2023年1月1日至2023年12月31日</td></tr>"),
        of.replace("<p>二、", "<p>2022年工作打算</p><p>正文在此。</p><p>二、"),
    ] {
        assert_eq!(line(&page(&own), RULES), ["1", "2", "3"], "{own}");
    }
}

#[test]
fn a_document_of_a_part_of_a_year_is_not_read_as_the_years() {
    let of = of_2023();
    let title = "2023年政府信息公开工作年度报告";
    assert!(of.contains(title));
    for other in
        ["2023年上半年政府信息公开工作报告", "2023年第一季度政府信息公开工作报告", "2023年1—6月政府信息公开工作报告"]
    {
        let other = of.replace(title, other);
        is_unread(&page(&other), &other);
        is_unread(&page(&other.replace("<p>二、", "<p>一、总体情况</p><p>2023年工作总体平稳。</p><p>二、")), &other);
    }
    let period = "<p>一、总体情况</p><p>本报告统计期限自2023年1月1日起，至2023年6月30日止。</p><p>二、";
    is_unread(&page(&of.replace("<p>二、", period)), period);
    let whole = period.replace("6月30日", "12月31日") + "";
    assert_eq!(line(&page(&of.replace("<p>二、", &whole)), RULES), ["1", "2", "3"]);
}

#[test]
fn of_a_row_for_each_year_the_one_that_is_meant_is_read_or_none() {
    let of = |rows: &str| chapter_two(rows).replace("<td>信息内容</td>", "<td>信息内容</td><td></td>");
    for marker in ["2022年", "（2022年）", "1-6月", "第1季度"] {
        let one = format!("<tr><td rowspan=2>规章</td><td>{marker}</td><td>7</td><td>7</td><td>7</td></tr>");
        is_unread(&page(&of(&(one + &row(&["2023年", "1", "2", "3"])))), marker);
    }
    let each = row(&["规章", "2022年", "7", "7", "7"]) + &row(&["规章", "2023年", "1", "2", "3"]);
    assert_eq!(line(&page(&of(&each)), RULES), ["1", "2", "3"]);
}

#[test]
fn last_years_form_below_fills_nothing_in() {
    let last = chapter_two(&row(&["规章", "7", "8", "9"])).replace("2023年", "2022年");
    let last = last.trim_start_matches("<html>");
    let blank = chapter_two(&row(&["规章", "", "", ""]));
    let reading = page(&blank.replace("</html>", last));
    assert_eq!(line(&reading, RULES), ["", "", ""]);
    assert!(catalogue_cells().iter().all(|path| certainty(&reading, path).is_none()), "it is blank, as printed");
    let missing = chapter_two(&row(&["行政规范性文件", "1", "2", "3"]));
    is_unread(&page(&missing.replace("</html>", last)), "a row that this year does not have");
    // Which year the second is of is not said.
    let again = last.replace("2022年", "");
    is_unread(&page(&blank.replace("</html>", &again)), "blank here, and a number there");
}

#[test]
fn words_in_brackets_that_change_a_number_leave_it_open() {
    for value in ["12（应为15）", "12（上年）", "12（2022年）", "12（约）", "12（百件）", "12(单位：百件)", "12（%）"]
    {
        let reading = html("", value);
        assert_eq!(cell(&reading, PERMITS), "", "{value}");
        assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread), "{value}");
    }
    assert_eq!(cell(&html("", "12（其中网上3件）"), PERMITS), "12");
    for label in ["规章（万元）", "规章（人次）", "规章（累计）", "规章（更正前）"] {
        is_unread(&page(&of_2023().replace("规章", label)), label);
    }
}

#[test]
fn a_column_of_something_else_is_not_taken_for_the_forms() {
    let header = "<td>本年处理决定数量</td>";
    for other in ["上年处理决定数量", "本年罚款金额（万元）", "涉及人数", "2022年处理决定数量"]
    {
        let text = format!(
            "<html><p>某局2023年政府信息公开工作年度报告</p><h2>二、主动公开政府信息情况</h2><table>{}{}</table></html>",
            format_args!("<tr><td>信息内容</td>{header}</tr>").to_string().replace("本年处理决定数量", other),
            row(&["行政许可", "12"])
        );
        let reading = page(&text);
        assert_eq!(cell(&reading, PERMITS), "", "{other}");
        assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread), "{other}");
    }
}

#[test]
fn units_that_a_sentence_states_count_for_all_figures_of_their_kind() {
    for said in ["注：以上单位均为百件。", "本报告表格所列数据的单位均为万件。", "表中数字以百件为单位。"]
    {
        let reading = page(&of_2023().replace("</html>", &format!("<p>{said}</p></html>")));
        is_unread(&reading, said);
        assert!(reading.notes.iter().any(|note| note.code == NoteCode::UnitInCell), "{said}");
    }
    let own = of_2023().replace("</html>", "<p>以上单位均为件，收费金额单位为万元。</p></html>");
    assert_eq!(line(&page(&own), RULES), ["1", "2", "3"]);
}

#[test]
fn the_end_of_a_number_on_the_next_line_of_a_text_leaves_its_row_open() {
    let text = "某局2023年政府信息公开工作年度报告\n二、主动公开政府信息情况\n信息内容 本年制发件数 本年废止件数 现行有效件数\n规章 1 2 66\n15\n";
    is_unread(&read(text.as_bytes(), "a.txt"), text);
}

#[test]
fn what_a_field_of_a_word_processor_chooses_is_no_blank() {
    for code in ["FORMDROPDOWN", "MACROBUTTON NoMacro 12", "=3+4"] {
        let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>");
        let field = format!("{}<w:r><w:instrText>{code}</w:instrText></w:r>{}", mark("begin"), mark("end"));
        for before in ["", "<w:r><w:t>1</w:t></w:r>"] {
            let reading = docx("", &format!("{before}{field}"));
            assert_eq!(cell(&reading, PERMITS), "", "{code}");
            assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread), "{code}");
        }
    }
}
