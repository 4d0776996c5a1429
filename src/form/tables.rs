//! The tables of the form, line by line and column by column, as the notices print them.

use super::model::Kind::{Count, Money, SignedCount};
use super::model::Part::{Leaf, Outcome, Total};
use super::model::{Chapter, Column, ColumnGroup, Group, Headings, Kind, Layout, Line, Part, Table, Text};

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

const fn column(field: &'static str, zh: &'static str, en: &'static str, kind: Kind, part: Part) -> Column {
    Column { field, label: text(zh, en), kind, part }
}

const ARTICLE_20_1: &str = "第二十条第（一）项";
const ARTICLE_20_5: &str = "第二十条第（五）项";
const ARTICLE_20_6: &str = "第二十条第（六）项";
const ARTICLE_20_8: &str = "第二十条第（八）项";
const ARTICLE_20_9: &str = "第二十条第（九）项";
const OUTCOMES: &str = "三、本年度办理结果";

const RULES_LABEL: Text = text("规章", "administrative rules (guizhang)");
const NORMATIVE_LABEL: Text = text("行政规范性文件", "administrative normative documents");
const PERMITS_LABEL: Text = text("行政许可", "administrative permits");
const PENALTIES_LABEL: Text = text("行政处罚", "administrative penalties");
const COMPULSIONS_LABEL: Text = text("行政强制", "administrative compulsory measures");
const FEES_LABEL: Text = text("行政事业性收费", "administrative fees");

const DOCUMENT_COLUMNS: &[Column] = &[
    column("issued", "本年制发件数", "issued this year", Count, Leaf),
    column("repealed", "本年废止件数", "repealed this year", Count, Leaf),
    column("in_force", "现行有效件数", "in force", Count, Leaf),
];
const DECISIONS: &[Column] = &[column("", "本年处理决定数量", "decisions this year", Count, Leaf)];
const FEES: &[Column] = &[column("", "本年收费金额（单位：万元）", "fees this year (10,000 yuan)", Money, Leaf)];

/// The chapters of running text, the same in every edition so far.
pub static NARRATIVE_CHAPTERS: &[Chapter] = &[
    Chapter { number: 1, title: text("总体情况", "overview") },
    Chapter { number: 5, title: text("存在的主要问题及改进情况", "main problems and improvements") },
    Chapter { number: 6, title: text("其他需要报告的事项", "other matters to report") },
];

const CONTENT_HEADINGS: Headings =
    Headings { corner: Some(text("信息内容", "content of information")), columns: None, groups: &[] };

/// A line outside any group, with one wording only.
const fn plain(
    field: &'static str,
    label: Text,
    aliases: &'static [&'static str],
    section: &'static str,
    columns: &'static [Column],
) -> Line {
    Line { field, ordinal: "", label, aliases, section, columns, part: Leaf }
}

/// Chapter two, `format_2021`: 10 cells.
pub(crate) static PROACTIVE_DISCLOSURE: Table = Table {
    field: "proactive_disclosure",
    first_code: 2000,
    chapter: 2,
    title: text("主动公开政府信息情况", "proactive disclosure of government information"),
    layout: Layout::Rows,
    headings: CONTENT_HEADINGS,
    groups: &[],
    lines: &[
        plain("rules", RULES_LABEL, &[], ARTICLE_20_1, DOCUMENT_COLUMNS),
        plain("normative_documents", NORMATIVE_LABEL, &["规范性文件"], ARTICLE_20_1, DOCUMENT_COLUMNS),
        plain("administrative_permits", PERMITS_LABEL, &[], ARTICLE_20_5, DECISIONS),
        plain("administrative_penalties", PENALTIES_LABEL, &[], ARTICLE_20_6, DECISIONS),
        plain("administrative_compulsions", COMPULSIONS_LABEL, &[], ARTICLE_20_6, DECISIONS),
        plain("administrative_fees", FEES_LABEL, &[], ARTICLE_20_8, FEES),
    ],
};

const TRIAL_DOCUMENT_COLUMNS: &[Column] = &[
    column("produced", "本年新制作数量", "newly produced this year", Count, Leaf),
    column("disclosed", "本年新公开数量", "newly disclosed this year", Count, Leaf),
    column("total_disclosed", "对外公开总数量", "disclosed in all", Count, Leaf),
];
const TRIAL_ITEM_COLUMNS: &[Column] = &[
    column("items_last_year", "上一年项目数量", "items last year", Count, Leaf),
    column("change", "本年增/减", "change this year", SignedCount, Leaf),
    column("decisions", "处理决定数量", "decisions", Count, Leaf),
];
const TRIAL_FEE_COLUMNS: &[Column] = &[
    column("items_last_year", "上一年项目数量", "items last year", Count, Leaf),
    column("change", "本年增/减", "change this year", SignedCount, Leaf),
];
const TRIAL_PROCUREMENT_COLUMNS: &[Column] = &[
    column("projects", "采购项目数量", "procurement projects", Count, Leaf),
    column("amount", "采购总金额（单位：万元）", "procurement amount (10,000 yuan)", Money, Leaf),
];

/// Chapter two, `trial_2019`: 22 cells, of which 本年增/减 are the only signed ones of any edition.
pub(crate) static PROACTIVE_DISCLOSURE_TRIAL_2019: Table = Table {
    field: "proactive_disclosure_trial_2019",
    first_code: 1000,
    chapter: 2,
    title: text("主动公开政府信息情况", "proactive disclosure of government information"),
    layout: Layout::Rows,
    headings: CONTENT_HEADINGS,
    groups: &[],
    lines: &[
        plain("rules", RULES_LABEL, &[], ARTICLE_20_1, TRIAL_DOCUMENT_COLUMNS),
        plain(
            "normative_documents",
            text("规范性文件", "normative documents"),
            &["行政规范性文件"],
            ARTICLE_20_1,
            TRIAL_DOCUMENT_COLUMNS,
        ),
        plain("administrative_permits", PERMITS_LABEL, &[], ARTICLE_20_5, TRIAL_ITEM_COLUMNS),
        plain(
            "other_public_services",
            text("其他对外管理服务事项", "other external administrative services"),
            &[],
            ARTICLE_20_5,
            TRIAL_ITEM_COLUMNS,
        ),
        plain("administrative_penalties", PENALTIES_LABEL, &[], ARTICLE_20_6, TRIAL_ITEM_COLUMNS),
        plain("administrative_compulsions", COMPULSIONS_LABEL, &[], ARTICLE_20_6, TRIAL_ITEM_COLUMNS),
        plain("administrative_fees", FEES_LABEL, &[], ARTICLE_20_8, TRIAL_FEE_COLUMNS),
        plain(
            "government_procurement",
            text("政府集中采购", "centralised government procurement"),
            &[],
            ARTICLE_20_9,
            TRIAL_PROCUREMENT_COLUMNS,
        ),
    ],
};

/// The seven requester columns; the five between the first and the last stand under 法人或其他组织.
const REQUESTER_COLUMNS: &[Column] = &[
    column("natural_person", "自然人", "natural persons", Count, Leaf),
    column("commercial_enterprise", "商业企业", "commercial enterprises", Count, Leaf),
    column("research_institution", "科研机构", "research institutions", Count, Leaf),
    column("public_welfare_organization", "社会公益组织", "public welfare organisations", Count, Leaf),
    column("legal_service_institution", "法律服务机构", "legal service institutions", Count, Leaf),
    column("other_organization", "其他", "other organisations", Count, Leaf),
    column("total", "总计", "total", Count, Total),
];

const REQUEST_HEADINGS: Headings = Headings {
    corner: Some(text(
        "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）",
        "(within each column: the first item plus the second equals the third plus the fourth)",
    )),
    columns: Some(text("申请人情况", "requesters")),
    groups: &[ColumnGroup {
        label: text("法人或其他组织", "legal persons and other organisations"),
        columns: &[
            "commercial_enterprise",
            "research_institution",
            "public_welfare_organization",
            "legal_service_institution",
            "other_organization",
        ],
    }],
};

const fn request(field: &'static str, ordinal: &'static str, label: Text, section: &'static str, part: Part) -> Line {
    Line { field, ordinal, label, aliases: &[], section, columns: REQUESTER_COLUMNS, part }
}

const fn outcome(field: &'static str, ordinal: &'static str, zh: &'static str, en: &'static str) -> Line {
    request(field, ordinal, text(zh, en), OUTCOMES, Outcome)
}

/// Chapter three: 25 lines of seven requester columns, and the merged 其他处理 line that older reports print.
pub(crate) static REQUESTS: Table = Table {
    field: "requests",
    first_code: 3000,
    chapter: 3,
    title: text("收到和处理政府信息公开申请情况", "disclosure requests received and handled"),
    layout: Layout::Rows,
    headings: REQUEST_HEADINGS,
    groups: &[
        Group { field: "refused", ordinal: "（三）", label: text("不予公开", "refused") },
        Group { field: "unavailable", ordinal: "（四）", label: text("无法提供", "unavailable") },
        Group { field: "not_processed", ordinal: "（五）", label: text("不予处理", "not processed") },
        Group { field: "other", ordinal: "（六）", label: text("其他处理", "handled otherwise") },
    ],
    lines: &[
        request("received", "一、", text("本年新收政府信息公开申请数量", "requests received this year"), "", Leaf),
        request(
            "carried_over",
            "二、",
            text("上年结转政府信息公开申请数量", "requests carried over from last year"),
            "",
            Leaf,
        ),
        outcome("disclosed", "（一）", "予以公开", "disclosed"),
        outcome(
            "partially_disclosed",
            "（二）",
            "部分公开（区分处理的，只计这一情形，不计其他情形）",
            "partially disclosed",
        ),
        outcome("refused.state_secret", "1.", "属于国家秘密", "state secrets"),
        outcome("refused.prohibited_by_law", "2.", "其他法律行政法规禁止公开", "disclosure prohibited by law"),
        outcome("refused.security_or_stability", "3.", "危及“三安全一稳定”", "endangers security or stability"),
        outcome("refused.third_party_rights", "4.", "保护第三方合法权益", "protection of third-party rights"),
        outcome("refused.internal_affairs", "5.", "属于三类内部事务信息", "internal affairs"),
        outcome("refused.deliberative_process", "6.", "属于四类过程性信息", "deliberative process"),
        outcome("refused.enforcement_case_file", "7.", "属于行政执法案卷", "enforcement case files"),
        outcome("refused.administrative_query", "8.", "属于行政查询事项", "administrative queries"),
        outcome("unavailable.not_held", "1.", "本机关不掌握相关政府信息", "information not held"),
        outcome("unavailable.needs_creation", "2.", "没有现成信息需要另行制作", "would have to be created"),
        outcome("unavailable.still_unclear", "3.", "补正后申请内容仍不明确", "still unclear after correction"),
        outcome("not_processed.petition_or_complaint", "1.", "信访举报投诉类申请", "petitions, reports or complaints"),
        outcome("not_processed.duplicate", "2.", "重复申请", "duplicate requests"),
        outcome("not_processed.published_material", "3.", "要求提供公开出版物", "asks for published material"),
        outcome(
            "not_processed.excessive_repetition",
            "4.",
            "无正当理由大量反复申请",
            "excessive repetition without reason",
        ),
        outcome(
            "not_processed.reconfirmation",
            "5.",
            "要求行政机关确认或重新出具已获取信息",
            "asks to confirm or reissue information already obtained",
        ),
        outcome(
            "other.correction_overdue",
            "1.",
            "申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
            "correction overdue without reason",
        ),
        outcome(
            "other.fee_unpaid",
            "2.",
            "申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
            "fee not paid in time",
        ),
        outcome("other.miscellaneous", "3.", "其他", "miscellaneous"),
        outcome("other.unspecified", "（六）", "其他处理", "handled otherwise, not specified"),
        request("outcomes_total", "（七）", text("总计", "all outcomes"), OUTCOMES, Total),
        request("carried_forward", "四、", text("结转下年度继续办理", "carried forward to next year"), "", Leaf),
    ],
};

const DISPUTE_COLUMNS: &[Column] = &[
    column("upheld", "结果维持", "upheld", Count, Leaf),
    column("corrected", "结果纠正", "corrected", Count, Leaf),
    column("other_result", "其他结果", "other result", Count, Leaf),
    column("pending", "尚未审结", "pending", Count, Leaf),
    column("total", "总计", "total", Count, Total),
];

/// Chapter four: three blocks of five cells.
pub(crate) static DISPUTES: Table = Table {
    field: "disputes",
    first_code: 4000,
    chapter: 4,
    title: text("政府信息公开行政复议、行政诉讼情况", "administrative reconsideration and litigation"),
    layout: Layout::Blocks,
    headings: Headings { corner: None, columns: None, groups: &[] },
    groups: &[],
    lines: &[
        plain("reconsideration", text("行政复议", "administrative reconsideration"), &[], "", DISPUTE_COLUMNS),
        plain(
            "litigation_direct",
            text("未经复议直接起诉", "litigation without reconsideration"),
            &[],
            "行政诉讼",
            DISPUTE_COLUMNS,
        ),
        plain(
            "litigation_after_reconsideration",
            text("复议后起诉", "litigation after reconsideration"),
            &[],
            "行政诉讼",
            DISPUTE_COLUMNS,
        ),
    ],
};
