//! The rules about where a report comes from: the document is the one that is meant, and the figures are its own.

use jiff::civil::date;

use crate::form::Text;
use crate::report::{Cell, Severity};

use super::model::{Check, Context, Example, ExampleDocument, Rule, Years};

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

const fn number(path: &'static str, number: i64) -> (&'static str, Cell) {
    (path, Cell::Number(number))
}

/// An all-zero report for 2024.
const EXAMPLE: Example = Example {
    year: 2024,
    form_of: 2024,
    cells: &[],
    previous: Some(&[]),
    reporter: None,
    narrative: None,
    previous_narrative: None,
    document: None,
    today: date(2025, 1, 20),
};

/// Fewer figures other than zero are the same by chance.
pub const REPEATED_FIGURES_MIN: usize = 8;

/// Figures that no two reports have by chance.
const REPEATED: &[(&str, Cell)] = &[
    number("proactive_disclosure.administrative_permits", 1_284),
    number("proactive_disclosure.administrative_penalties", 37),
    number("proactive_disclosure.normative_documents.issued", 3),
    number("proactive_disclosure.normative_documents.in_force", 41),
    number("requests.received.natural_person", 12),
    number("requests.received.total", 12),
    number("requests.disclosed.natural_person", 12),
    number("requests.disclosed.total", 12),
    number("requests.outcomes_total.natural_person", 12),
    number("requests.outcomes_total.total", 12),
];

pub(super) static PROVENANCE_WARNINGS: &[Rule] = &[
    Rule {
        id: "DOCUMENT-YEAR",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("文件是本年度的报告", "the document is this year's report"),
        text: text(
            "从文件读取的报告，文件标题、首段、统计期限和文件名所写的年度，都是报送的年度。",
            "Of a report that was read from a document, the year in the title, the opening, the period of the figures and the \
             file's name is the year that it is handed in for.",
        ),
        basis: text(
            "《政府信息公开条例》第四十九条：公布上一年度的报告；误选上年文件时，数字本身看不出来。",
            "条例 article 49: the report is about the year that has ended. Figures do not show that the wrong year's file was \
             chosen.",
        ),
        remedy: text(
            "请核对是否选错文件或年度；文件年份有误的请更正文件，确属本年度的请说明理由。",
            "See whether the wrong file or year was chosen; correct the document where its year is wrong, or give the reason.",
        ),
        check: Check::Context(Context::DocumentYear),
        explains: false,
        example: Example {
            document: Some(ExampleDocument {
                title: "示例市财政局2023年政府信息公开工作年度报告",
                year: 2023,
                agency: "示例市财政局",
                own_name: "示例市财政局",
            }),
            ..EXAMPLE
        },
    },
    Rule {
        id: "DOCUMENT-AGENCY",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("文件是本单位的报告", "the document is this agency's report"),
        text: text(
            "从文件读取的报告，文件标题、首段所写的单位和文件名所写的代码，是报送单位的现名、曾用名或其简称，可带所属地区的名称。",
            "Of a report that was read from a document, the agency in the title or the opening, and the code in the file's name, \
             is the one that it is handed in for: by a present or former name, in full or in short, with or without the places \
             that it belongs to.",
        ),
        basis: text(
            "《政府信息公开条例》第四十九条：各单位公布本单位的报告；误选其他单位的文件时，数字本身看不出来。",
            "条例 article 49: each agency publishes its own report. Figures do not show that another agency's file was chosen.",
        ),
        remedy: text(
            "请核对是否选错文件或单位；名称不同而确属本单位的请说明理由。",
            "See whether the wrong file or agency was chosen; where it is this agency's under another name, give the reason.",
        ),
        check: Check::Context(Context::DocumentAgency),
        explains: false,
        example: Example {
            document: Some(ExampleDocument {
                title: "另一市人民政府2024年政府信息公开工作年度报告",
                year: 2024,
                agency: "另一市人民政府",
                own_name: "示例市财政局",
            }),
            ..EXAMPLE
        },
    },
    Rule {
        id: "FIGURES-REUSED",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("数字是本单位本年度的", "the figures are this agency's and this year's"),
        text: text(
            "不为零的数字有8个以上的，不与本单位上一年度的报告、其他单位同年度的报告全部相同；空白的总计按计算值比较。",
            "Where 8 figures or more are other than zero, they are not all those of the agency's last report, or of another \
             agency's report of the year. Blank totals are compared as computed.",
        ),
        basis: text(
            "年度报告应当反映本单位本年度的情况；数字全部相同多为误用了上年的或其他单位的文件。",
            "An annual report tells what this agency did in this year; where all figures are the same, mostly the wrong file was \
             used.",
        ),
        remedy: text(
            "请核对是否误用了其他年度或其他单位的数字；确属相同的请说明理由。",
            "See whether another year's or another agency's figures were used; where they are indeed the same, give the reason.",
        ),
        check: Check::Repeated { figures_min: REPEATED_FIGURES_MIN },
        explains: false,
        example: Example { cells: REPEATED, previous: Some(REPEATED), ..EXAMPLE },
    },
];
