//! The rules whose breach one sheet of paper proves: a report that breaks one is refused.
//!
//! The order is that of application: a cell that CELL-RANGE rejects is not held against the sums it enters.

use jiff::civil::date;

use crate::form::Text;
use crate::report::{Cell, Severity};

use super::model::{Blank, Check, Context, Equations, Example, Relation, Rule, Years, plus};

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

const fn number(path: &'static str, number: i64) -> (&'static str, Cell) {
    (path, Cell::Number(number))
}

/// An all-zero report for 2024, submitted in time.
const EXAMPLE: Example = Example {
    year: 2024,
    form_of: 2024,
    cells: &[],
    previous: None,
    reporter: None,
    narrative: None,
    previous_narrative: None,
    document: None,
    today: date(2025, 1, 20),
};

pub(super) static ERRORS: &[Rule] = &[
    Rule {
        id: "EDITION-YEAR",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("报告格式与年度相符", "the form belongs to the year"),
        text: text(
            "报告使用的表格格式应当是该报告年度规定的格式。",
            "The report uses the edition of the form that is prescribed for its year.",
        ),
        basis: text(
            "国办公开办函〔2019〕60号规定2019、2020年度的试行格式，国办公开办函〔2021〕30号规定2021年度起的格式。",
            "Notices 国办公开办函〔2019〕60号 (trial format, 2019 and 2020) and 国办公开办函〔2021〕30号 (from 2021 on).",
        ),
        remedy: text(
            "请改用该年度规定的格式填报，或者更正报告年度。",
            "Fill in the form prescribed for the year, or correct the report year.",
        ),
        check: Check::Context(Context::EditionOfYear),
        explains: false,
        example: Example { form_of: 2020, ..EXAMPLE },
    },
    Rule {
        id: "YEAR-OPEN",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("报告年度已经结束", "the report year has ended"),
        text: text(
            "年度报告在该年度结束后填报，最早为次年1月1日（北京时间）。",
            "A report is made after its year has ended: from 1 January of the next year on, Beijing time.",
        ),
        basis: text(
            "《政府信息公开条例》第四十九条：每年1月31日前提交并公布上一年度的报告。",
            "条例 article 49: the report of the previous year is published by 31 January.",
        ),
        remedy: text("请核对报告年度；年度结束后再填报。", "Check the report year; submit after the year has ended."),
        check: Check::Context(Context::YearEnded),
        explains: false,
        example: Example { today: date(2024, 12, 20), ..EXAMPLE },
    },
    Rule {
        id: "TABLE-MISSING",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("三张表格齐全", "no table is missing"),
        text: text(
            "第二、三、四部分的每张表格都应当填报；完全空白的表格视为缺失。该表的其他问题不再另行提示。",
            "Each of the tables of parts 2, 3 and 4 is filled in; one left wholly blank counts as missing. \
             Nothing else is reported about a missing table.",
        ),
        basis: text("格式通知规定的表格；空白不等于零。", "The notices prescribe the tables; blank is not zero."),
        remedy: text(
            "请补填该表；没有发生的事项填“0”，不适用的填“不适用”。",
            "Fill in the table: 0 where nothing happened, not applicable where a cell does not apply.",
        ),
        check: Check::Blank(Blank::Table),
        explains: false,
        example: Example { cells: &[("disputes", Cell::Blank)], ..EXAMPLE },
    },
    Rule {
        id: "CELL-RANGE",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("数值在允许范围内", "numbers are within their range"),
        text: text(
            "件数应为非负整数，金额不小于0，都不超过一万亿（件或者万元）；只有试行格式的“本年增/减”可以为负。\
             超出范围的数字不再参与其他审核。",
            "Counts are integers from 0 and amounts are from 0, neither above 10^12 (items, or 10,000 yuan); only the \
             trial format's 本年增/减 may be negative. A number out of range is not held against other rules.",
        ),
        basis: text(
            "表中各项均为件数或者金额；上限防止误填。",
            "All cells are counts or amounts; the upper limit stops slips of the keyboard.",
        ),
        remedy: text("请更正该数字。", "Correct the number."),
        check: Check::Range,
        explains: true,
        example: Example { cells: &[number("proactive_disclosure.administrative_permits", -3)], ..EXAMPLE },
    },
    Rule {
        id: "T3-ROW-TOTAL",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("申请情况表各行之和等于总计", "part 3: each line adds up"),
        text: text(
            "第三部分表格每一行，自然人与五类法人或其他组织之和等于总计。",
            "In every line of part 3 the six requester columns sum to the total.",
        ),
        basis: text("表中“总计”一列的含义。", "The meaning of the form's total column."),
        remedy: text(
            "请核对该行各类申请人的数字和总计。若某一列的差额与该行相同，该行该列相交的单元格很可能填错。",
            "Check the line's figures and its total. Where a column is off by the same difference, the cell that both \
             share is the likely slip.",
        ),
        check: Check::Equations {
            shape: Equations::LineTotals { table: "requests" },
            left: text("各类申请人之和", "the sum of the requester columns"),
            right: text("总计", "the total"),
        },
        explains: false,
        example: Example {
            cells: &[
                number("requests.disclosed.natural_person", 41),
                number("requests.disclosed.commercial_enterprise", 2),
                number("requests.disclosed.legal_service_institution", 1),
                number("requests.disclosed.total", 45),
            ],
            ..EXAMPLE
        },
    },
    Rule {
        id: "T3-COL-OUTCOMES",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("办理结果各项之和等于（七）总计", "part 3: the outcomes add up"),
        text: text(
            "第三部分表格每一列（含总计列），（一）至（六）各项办理结果之和等于（七）总计；只填一行“其他处理”的，与其分项一并计算。\
             各行均平衡时，总计列的差额只是各列差额之和，不另行提示。",
            "In every column of part 3, the total included, the outcome lines sum to the line of all outcomes; a \
             single 其他处理 line is summed with its three siblings. Where all lines add up, the total column only repeats \
             the difference of the others and is not reported again.",
        ),
        basis: text("表中“（七）总计”一行的含义。", "The meaning of the form's line （七）总计."),
        remedy: text(
            "请核对该列各项办理结果和（七）总计。",
            "Check the outcomes in the column and the line of all outcomes.",
        ),
        check: Check::Equations {
            shape: Equations::OutcomeTotals { table: "requests" },
            left: text("各项办理结果之和", "the sum of the outcomes"),
            right: text("（七）总计", "the line of all outcomes"),
        },
        explains: false,
        example: Example {
            cells: &[
                number("requests.received.natural_person", 9),
                number("requests.received.total", 9),
                number("requests.disclosed.natural_person", 5),
                number("requests.disclosed.total", 5),
                number("requests.unavailable.not_held.natural_person", 3),
                number("requests.unavailable.not_held.total", 3),
                number("requests.outcomes_total.natural_person", 9),
                number("requests.outcomes_total.total", 9),
            ],
            ..EXAMPLE
        },
    },
    Rule {
        id: "T3-COL-BALANCE",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("新收加结转等于办结加结转下年", "part 3: requests in equal requests out"),
        text: text(
            "第三部分表格每一列（含总计列），本年新收与上年结转之和，等于办理结果总计与结转下年度之和。\
             各行均平衡时，总计列的差额只是各列差额之和，不另行提示。",
            "In every column of part 3, the total included, requests received and carried over equal all outcomes \
             and requests carried forward. Where all lines add up, the total column only repeats the difference of the \
             others and is not reported again.",
        ),
        basis: text(
            "表头印明：“本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和”。",
            "Printed on the form: the first item plus the second equals the third plus the fourth.",
        ),
        remedy: text(
            "请逐列核对。若两列差额互为相反数，多为同一件申请计入了不同的申请人类别。",
            "Check the column. Where two columns are off by opposite differences, a request was probably counted under \
             two requester types.",
        ),
        check: Check::Equations {
            shape: Equations::Relations(&[Relation {
                left: &[plus("requests.received"), plus("requests.carried_over")],
                right: &[plus("requests.outcomes_total"), plus("requests.carried_forward")],
            }]),
            left: text("新收加上年结转的合计", "the sum of requests received and carried over"),
            right: text("办理结果加结转下年度的合计", "the sum of all outcomes and requests carried forward"),
        },
        explains: false,
        example: Example {
            cells: &[
                number("requests.received.natural_person", 1),
                number("requests.received.commercial_enterprise", 1),
                number("requests.received.total", 2),
                number("requests.carried_forward.natural_person", 2),
                number("requests.carried_forward.total", 2),
            ],
            ..EXAMPLE
        },
    },
    Rule {
        id: "T4-BLOCK-TOTAL",
        severity: Severity::Error,
        years: Years::ALL,
        title: text("复议诉讼表各栏之和等于总计", "part 4: each block adds up"),
        text: text(
            "第四部分表格每一栏（行政复议、未经复议直接起诉、复议后起诉），四项结果之和等于总计。",
            "In each block of part 4 the four results sum to the total.",
        ),
        basis: text("表中“总计”的含义。", "The meaning of the form's total column."),
        remedy: text("请核对该栏各项结果和总计。", "Check the block's results and its total."),
        check: Check::Equations {
            shape: Equations::LineTotals { table: "disputes" },
            left: text("各项结果之和", "the sum of the results"),
            right: text("总计", "the total"),
        },
        explains: false,
        example: Example {
            cells: &[
                number("disputes.reconsideration.upheld", 10),
                number("disputes.reconsideration.corrected", 1),
                number("disputes.reconsideration.total", 0),
            ],
            ..EXAMPLE
        },
    },
];
