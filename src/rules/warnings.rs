//! The rules that need another document or judgement: an agency answers a breach with a reason.
//!
//! The order is that of application: a fee that FEE-UNIT reports is not also reported as a jump.

use jiff::civil::date;

use crate::form::Text;
use crate::report::{AgencyKind, Cell, Level, MONEY_SCALE, Reporter, Severity};

use super::model::{Blank, Check, Equations, Example, Ratio, Relation, Rule, Years, Zero, last_year, minus, plus};

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

const fn number(path: &'static str, number: i64) -> (&'static str, Cell) {
    (path, Cell::Number(number))
}

const COUNTY_DEPARTMENT: Reporter = Reporter { level: Level::County, kind: AgencyKind::Department, large: false };

/// An all-zero report of a county department for 2024, with an all-zero report for 2023 before it.
const EXAMPLE: Example = Example {
    year: 2024,
    form_of: 2024,
    cells: &[],
    previous: Some(&[]),
    reporter: Some(COUNTY_DEPARTMENT),
    narrative: None,
    previous_narrative: None,
    document: None,
    today: date(2025, 1, 20),
};

pub(super) static WARNINGS: &[Rule] = &[
    Rule {
        id: "CELL-BLANK",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("没有空白单元格", "no cell is blank"),
        text: text(
            "格式规定的每个单元格都应当填写；空白按0计入合计，但空白不等于零。每行提示一次。\
             已由合并的“其他处理”一行代替的分项不在此列。",
            "Every prescribed cell is filled in; a blank one counts as 0 in sums, but blank is not zero. One finding per \
             line. Lines for which a merged 其他处理 line stands are left out.",
        ),
        basis: text("格式通知规定的单元格。", "The notices prescribe the cells."),
        remedy: text(
            "没有发生的填“0”，不适用的填“不适用”；确需空白的请填写核实说明。",
            "Fill in 0 where nothing happened, not applicable where a cell does not apply; else give the reason.",
        ),
        check: Check::Blank(Blank::Leaf),
        explains: false,
        example: Example {
            cells: &[
                ("requests.disclosed.natural_person", Cell::Blank),
                ("requests.disclosed.research_institution", Cell::Blank),
            ],
            ..EXAMPLE
        },
    },
    Rule {
        id: "TOTAL-BLANK",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("总计已填写", "no total is blank"),
        text: text(
            "总计应当填写；空白的总计由系统按各项计算，并标明为计算所得。每行提示一次。",
            "Totals are filled in; a blank one is computed from its parts and marked as computed. One finding per line.",
        ),
        basis: text("格式通知规定的单元格。", "The notices prescribe the cells."),
        remedy: text(
            "请核对计算所得的总计并填入表中；同意按计算结果采用的请说明。",
            "Check the computed total and fill it in, or say that the computed one is right.",
        ),
        check: Check::Blank(Blank::Total),
        explains: false,
        example: Example {
            cells: &[
                number("requests.received.natural_person", 3),
                number("requests.received.commercial_enterprise", 1),
                ("requests.received.total", Cell::Blank),
            ],
            ..EXAMPLE
        },
    },
    Rule {
        id: "ROW-OTHER-MERGED",
        severity: Severity::Warning,
        years: Years::from(2021),
        title: text("其他处理分三项填报", "outcomes handled otherwise are told apart"),
        text: text(
            "2021年起的格式将（六）其他处理分为三项。只填一行合计的，予以接收并一并汇总，系统不作拆分。",
            "From 2021 on the form tells three outcomes under 其他处理 apart. A single line is accepted and summed with the \
             three, but never split or relabelled.",
        ),
        basis: text("国办公开办函〔2021〕30号。", "Notice 国办公开办函〔2021〕30号."),
        remedy: text(
            "能够区分的，请分三项填报；不能区分的请填写核实说明。",
            "Tell the three apart, or say why it cannot be done.",
        ),
        check: Check::Blank(Blank::Merged),
        explains: false,
        example: Example {
            cells: &[
                ("requests.other.correction_overdue", Cell::Blank),
                ("requests.other.fee_unpaid", Cell::Blank),
                ("requests.other.miscellaneous", Cell::Blank),
                number("requests.other.unspecified", 0),
            ],
            ..EXAMPLE
        },
    },
    Rule {
        id: "RULES-AUTHORITY",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("规章由有权机关制定", "only those with the authority make administrative rules"),
        text: text(
            "县级及以下（含功能区、乡镇）的机关没有规章制定权，“规章”各项应当为0。",
            "Agencies below city level (county, functional zone, township) make no 规章: these cells are 0.",
        ),
        basis: text(
            "《立法法》：规章由国务院部门、省级人民政府以及设区的市、自治州人民政府制定。",
            "立法法: 规章 are made by departments of the State Council, provinces, and cities with districts.",
        ),
        remedy: text(
            "如为行政规范性文件，请改填“行政规范性文件”一行；确为规章的请说明制定依据。",
            "Move normative documents to their own line; if these are 规章, name the authority they were made under.",
        ),
        check: Check::Zero(Zero::BelowCity {
            cells: &[
                "proactive_disclosure.rules.issued",
                "proactive_disclosure.rules.repealed",
                "proactive_disclosure.rules.in_force",
                // The trial format also counts disclosure of rules that others made; making is what needs authority.
                "proactive_disclosure_trial_2019.rules.produced",
            ],
        }),
        explains: false,
        example: Example {
            cells: &[number("proactive_disclosure.rules.issued", 2), number("proactive_disclosure.rules.in_force", 2)],
            ..EXAMPLE
        },
    },
    Rule {
        id: "ALL-ZERO",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("并非全部为零", "not everything is zero"),
        text: text(
            "政府办公厅（室）和业务量大的部门，所填数字不应当全部为0。",
            "A government office or a large department does not report zero in every cell.",
        ),
        basis: text("汇总实践：全零报告多为漏填。", "Practice: an all-zero report is mostly an unfilled one."),
        remedy: text(
            "请核对是否漏填；确为全零的请填写核实说明。",
            "Check that nothing was left out; else give the reason.",
        ),
        check: Check::Zero(Zero::Everything),
        explains: false,
        example: Example {
            reporter: Some(Reporter { level: Level::City, kind: AgencyKind::GovernmentOffice, large: false }),
            ..EXAMPLE
        },
    },
    Rule {
        id: "FEE-UNIT",
        severity: Severity::Warning,
        years: Years::from(2021),
        title: text("收费以万元为单位", "the fee is in units of 10,000 yuan"),
        text: text(
            "行政事业性收费以万元为单位。为上年的5000至20000倍，或者县级及以下机关超过100万万元（100亿元）的，疑似以元填报；\
             此时不再提示同比变化过大。",
            "The fee is in units of 10,000 yuan. One that is 5,000 to 20,000 times last year's, or above 1,000,000 (10 \
             billion yuan) for an agency of a county or below, looks as if entered in yuan; it is then not also reported \
             as a jump.",
        ),
        basis: text(
            "表中印明“单位：万元”；公开的报告中确有误填为元的。倍数放宽，是因为收费额本身逐年变化。",
            "The form prints the unit, and published reports did mistake it. The ratio has room because fees change from \
             year to year.",
        ),
        remedy: text(
            "如以元填报，请除以10000；金额无误的请填写核实说明。",
            "Divide by 10,000 if the amount is in yuan; else give the reason.",
        ),
        check: Check::Ratio(Ratio::Unit {
            cell: "proactive_disclosure.administrative_fees",
            units: 10_000,
            suspect: (5_000, 20_000),
            ceiling_below_city: 1_000_000,
        }),
        explains: true,
        example: Example {
            cells: &[number("proactive_disclosure.administrative_fees", 251_000 * MONEY_SCALE)],
            previous: Some(&[number("proactive_disclosure.administrative_fees", 24 * MONEY_SCALE)]),
            ..EXAMPLE
        },
    },
    Rule {
        id: "X-JUMP",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("与上年相比没有异常变化", "no jump against last year"),
        text: text(
            "许可、处罚、强制、收费和新收申请总数，与上年相比不应当增至10倍以上或者减至十分之一以下；\
             两年中较大的数不足100（件或者万元）的不比较。",
            "Permits, penalties, compulsory measures, fees and requests received do not grow or shrink by a factor of 10 \
             or more in a year; pairs whose larger number is below 100 (items, or 10,000 yuan) are not compared.",
        ),
        basis: text(
            "汇总实践：变化悬殊多为多填或者少填一位数字，小数目的波动则属正常。",
            "Practice: such a change is mostly a digit too many or too few, while small numbers vary by nature.",
        ),
        remedy: text("请核对数字；确有变化的请填写核实说明。", "Check the number; if it is right, give the reason."),
        check: Check::Ratio(Ratio::Jump {
            factor: 10,
            floor: 100,
            // Only like is compared with like: chapter two of the two editions forms no series.
            cells: &[
                "proactive_disclosure.administrative_permits",
                "proactive_disclosure.administrative_penalties",
                "proactive_disclosure.administrative_compulsions",
                "proactive_disclosure.administrative_fees",
                "proactive_disclosure_trial_2019.administrative_permits.decisions",
                "proactive_disclosure_trial_2019.administrative_penalties.decisions",
                "proactive_disclosure_trial_2019.administrative_compulsions.decisions",
                "requests.received.total",
            ],
        }),
        explains: false,
        example: Example {
            cells: &[number("proactive_disclosure.administrative_permits", 12_000)],
            previous: Some(&[number("proactive_disclosure.administrative_permits", 1_150)]),
            ..EXAMPLE
        },
    },
    Rule {
        id: "X-CARRY",
        severity: Severity::Warning,
        years: Years::ALL,
        title: text("上年结转与上年报告衔接", "requests carried over agree with last year's report"),
        text: text(
            "每一列，本年报告的“上年结转”等于上年报告的“结转下年度继续办理”；任何一方空白的不比较。\
             两行均平衡时，总计列的差额只是各列差额之和，不另行提示。",
            "In every column, requests carried over equal those that last year's report carried forward; not compared \
             where either is blank. Where both lines add up, the total column only repeats the difference of the others \
             and is not reported again.",
        ),
        basis: text(
            "两项为同一批申请；机构合并、分立、撤销或者事后更正时可以不一致。",
            "Both are the same requests; a merger, split, abolition or late correction may set them apart.",
        ),
        remedy: text(
            "请核对两年的报告；因机构调整或者上年数据更正造成的请说明。",
            "Compare the two reports; say so if a reorganisation or a correction of last year's figures is the reason.",
        ),
        check: Check::Equations {
            shape: Equations::Relations(&[Relation {
                left: &[plus("requests.carried_over")],
                right: &[last_year("requests.carried_forward")],
            }]),
            left: text("上年结转数", "the number carried over"),
            right: text("上年报告的结转下年度数", "the number carried forward by last year's report"),
        },
        explains: false,
        example: Example {
            cells: &[
                number("requests.carried_over.natural_person", 5),
                number("requests.carried_over.total", 5),
                number("requests.disclosed.natural_person", 5),
                number("requests.disclosed.total", 5),
                number("requests.outcomes_total.natural_person", 5),
                number("requests.outcomes_total.total", 5),
            ],
            previous: Some(&[
                number("requests.received.natural_person", 4),
                number("requests.received.total", 4),
                number("requests.carried_forward.natural_person", 4),
                number("requests.carried_forward.total", 4),
            ]),
            ..EXAMPLE
        },
    },
    Rule {
        id: "X-STOCK",
        severity: Severity::Warning,
        // The first year whose predecessor also counts documents in force.
        years: Years::from(2022),
        title: text("现行有效件数与上年衔接", "documents in force agree with last year's report"),
        text: text(
            "规章、行政规范性文件：现行有效件数等于上年现行有效件数加本年制发件数、减本年废止件数；任何一项空白的不比较。",
            "For rules and for normative documents: in force equals last year's in force plus issued less repealed; not \
             compared where one of them is blank.",
        ),
        basis: text(
            "三项的含义；经文件清理调整台账的可以不一致，请填写核实说明。",
            "The meaning of the three columns; a ledger that was cleared up may set them apart.",
        ),
        remedy: text(
            "请核对文件台账；因清理等原因造成的请说明。",
            "Check the ledger of documents; say so if it was cleared up or re-based.",
        ),
        check: Check::Equations {
            shape: Equations::Relations(&[
                Relation {
                    left: &[plus("proactive_disclosure.rules.in_force")],
                    right: &[
                        last_year("proactive_disclosure.rules.in_force"),
                        plus("proactive_disclosure.rules.issued"),
                        minus("proactive_disclosure.rules.repealed"),
                    ],
                },
                Relation {
                    left: &[plus("proactive_disclosure.normative_documents.in_force")],
                    right: &[
                        last_year("proactive_disclosure.normative_documents.in_force"),
                        plus("proactive_disclosure.normative_documents.issued"),
                        minus("proactive_disclosure.normative_documents.repealed"),
                    ],
                },
            ]),
            left: text("现行有效件数", "the number in force"),
            right: text("上年现行有效加本年制发减本年废止的结果", "last year's number plus issued less repealed"),
        },
        explains: false,
        example: Example {
            cells: &[
                number("proactive_disclosure.normative_documents.issued", 2),
                number("proactive_disclosure.normative_documents.repealed", 1),
                number("proactive_disclosure.normative_documents.in_force", 14),
            ],
            previous: Some(&[number("proactive_disclosure.normative_documents.in_force", 12)]),
            ..EXAMPLE
        },
    },
];
