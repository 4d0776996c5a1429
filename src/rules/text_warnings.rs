//! The rules about the chapters of text. They judge nothing where no text was handed in.

use jiff::civil::date;

use crate::form::Text;
use crate::report::{Cell, Severity};

use super::model::{Check, Example, Rule, TextCheck, Years};
use super::statements::STATEMENTS;

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

/// An all-zero report for 2024 with short chapters of text.
const EXAMPLE: Example = Example {
    year: 2024,
    form_of: 2024,
    cells: &[],
    previous: Some(&[]),
    reporter: None,
    narrative: Some(["2024年，未收到政府信息公开申请。", "主动公开的内容有待丰富，将继续改进。", "无。"]),
    previous_narrative: None,
    document: None,
    today: date(2025, 1, 20),
};

pub(super) static TEXT_WARNINGS: &[Rule] = &[
    Rule {
        id: "TEXT-FIGURE",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("文字中的数字与表格一致", "figures in the text are those of the tables"),
        text: text(
            "第一、五、六部分写明的申请、办理结果、复议诉讼、行政规范性文件、行政许可、行政处罚、行政强制的件数和行政事业性收费的金额，\
             与表格一致；“收到”“受理”“新收”可以指本年新收，也可以指新收加上年结转。只核对说得明白的句子：涉及其他单位、其中一部分、\
             其他时段或者比较的不核对。",
            "The numbers of requests, outcomes, disputes, normative documents, permits, penalties and compulsory measures, and \
             the amount of fees, that chapters one, five and six give are those of the tables; 收到, 受理 and 新收 may mean \
             requests received, or received and carried over. Only plain sentences are compared: not those about other \
             bodies, parts, other periods, or comparisons.",
        ),
        basis: text("同一份报告的文字与表格说的是同一件事。", "Text and tables of one report tell the same facts."),
        remedy: text(
            "请核对文字与表格，更正其一；口径不同的请填写核实说明。",
            "Compare text and table and correct one of them; where they count differently, give the reason.",
        ),
        check: Check::Text(TextCheck::Figures(STATEMENTS)),
        explains: false,
        example: Example {
            cells: &[
                ("requests.received.natural_person", Cell::Number(12)),
                ("requests.received.total", Cell::Number(12)),
                ("requests.carried_forward.natural_person", Cell::Number(12)),
                ("requests.carried_forward.total", Cell::Number(12)),
            ],
            narrative: Some([
                "2024年，共收到政府信息公开申请21件，均按规定办理。",
                "主动公开的内容有待丰富，将继续改进。",
                "无。",
            ]),
            ..EXAMPLE
        },
    },
    Rule {
        id: "TEXT-YEAR",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("文字写的是报告年度", "the text speaks of the report year"),
        text: text(
            "写明报告年度、统计期限的句子和第一部分的开头，所写年份是报告年度。与上年比较、下一年打算等不在此列。",
            "The sentences that say the report's year or period, and the opening of part 1, name the report year. \
             Comparisons with last year and plans for the next are not meant.",
        ),
        basis: text(
            "《政府信息公开条例》第四十九条：公布上一年度的报告；沿用旧稿容易漏改年份。",
            "条例 article 49: the report is about the year that has ended. Old text is easily reused with its year.",
        ),
        remedy: text("请更正年份；无误的请填写核实说明。", "Correct the year, or give the reason."),
        check: Check::Text(TextCheck::Year),
        explains: false,
        example: Example {
            narrative: Some([
                "现将2023年度政府信息公开工作情况报告如下。",
                "主动公开的内容有待丰富，将继续改进。",
                "无。",
            ]),
            ..EXAMPLE
        },
    },
    Rule {
        id: "TEXT-THIN",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("第五部分内容完整", "part 5 is filled in"),
        text: text(
            "提交了各部分文字的，第五部分“存在的主要问题及改进情况”不少于10字（不计标点）。",
            "Where the chapters of text are handed in, part 5, “main problems and improvements”, has 10 characters or \
             more, punctuation aside.",
        ),
        basis: text(
            "《政府信息公开条例》第五十条：年度报告包括存在的主要问题及改进情况。",
            "条例 article 50: the report contains the main problems and how they are dealt with.",
        ),
        remedy: text("请补充第五部分。", "Complete part 5."),
        check: Check::Text(TextCheck::Thin { characters_min: 10 }),
        explains: false,
        example: Example { narrative: Some(["2024年，工作平稳。", "无。", "无。"]), ..EXAMPLE },
    },
    Rule {
        id: "TEXT-REUSED",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("文字无大段雷同", "the narrative is not copied"),
        text: text(
            "各部分文字与本机关上一年度的报告、与其他机关同年度的报告，相同的不超过一半。比较时不计空格和标点，\
             连续8字以上相同才算；不足100字的文字不比较。",
            "No more than half of the text also stands in the agency's last report, or in another agency's report of the \
             year. Spaces and punctuation aside, passages from 8 characters on count; texts under 100 characters are not \
             compared.",
        ),
        basis: text(
            "年度报告应当反映本机关本年度的情况。",
            "An annual report tells what this agency did in this year.",
        ),
        remedy: text(
            "请按本年度的实际情况改写；确属相同的请填写核实说明。",
            "Write what happened this year; where it is indeed the same, give the reason.",
        ),
        check: Check::Text(TextCheck::Reused { percent_max: 50, passage: 8, characters_min: 100 }),
        explains: false,
        example: Example {
            narrative: Some([COPIED, "主动公开的内容有待丰富，将继续改进。", "无。"]),
            previous_narrative: Some([COPIED, "工作人员的业务能力需要加强。", "无。"]),
            ..EXAMPLE
        },
    },
];

const COPIED: &str = "本机关认真贯彻落实《中华人民共和国政府信息公开条例》，坚持以公开为常态、不公开为例外，围绕群众关心的\
    重点领域主动公开政策文件和办事指南，规范办理依申请公开，健全保密审查和发布审核制度，加强门户网站和政务新媒体建设，\
    自觉接受社会监督。";
