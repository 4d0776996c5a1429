//! Figures in the text against the tables.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::form::{CellId, Kind, Part, catalogue};
use crate::report::{MONEY_SCALE, Message, Narrative, format_number, parse_number};

use super::super::engine::Case;
use super::super::model::{Check, Statement, TextCheck};
use super::Remark;
use super::sentence::{clauses, plain, quoted, sentences};

/// Words that make a figure one of something else: of several bodies, of one way or kind of request, of part of a
/// year, of other years, or of a comparison. Where one stands in the sentence up to the figure, it is left alone.
const OTHERWISE: &[&str] = &[
    "全市",
    "全省",
    "全县",
    "全区",
    "全国",
    "全州",
    "全旗",
    "全镇",
    "全系统",
    "各县",
    "各区",
    "各部门",
    "各单位",
    "各级",
    "各镇",
    "各乡",
    "各地",
    "下级",
    "下属",
    "所属",
    "直属",
    "辖区",
    "市直",
    "县直",
    "区直",
    "行政机关共",
    "其中",
    "通过",
    "网上",
    "网络",
    "网站",
    "平台",
    "信函",
    "邮寄",
    "邮件",
    "信件",
    "当面",
    "当场",
    "现场",
    "传真",
    "电子",
    "线上",
    "线下",
    "在线",
    "窗口",
    "自然人",
    "法人",
    "企业",
    "组织",
    "公民",
    "个人",
    "机构",
    "律师",
    "同比",
    "相比",
    "比上",
    "比去",
    "较",
    "增加",
    "减少",
    "增长",
    "下降",
    "去年",
    "往年",
    "历年",
    "近年",
    "季度",
    "半年",
    "截至",
    "截止",
    "累计",
    "以来",
    "平均",
    "关于",
    "涉及",
    "已办结",
    "按期",
    "按时",
    "重复",
    "撤回",
    "超过",
    "不足",
    "以上",
    "左右",
    "约",
    "余",
];

/// A statement with its expression compiled.
struct Compiled {
    statement: &'static Statement,
    pattern: Regex,
}

/// All statements of the rules; an expression that does not compile is a defect that tests rule out.
fn compiled(statements: &'static [Statement]) -> impl Iterator<Item = &'static Compiled> {
    static ALL: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
        let statements = super::super::all_rules().filter_map(|rule| match rule.check {
            Check::Text(TextCheck::Figures(statements)) => Some(statements),
            _ => None,
        });
        let compile = |statement| Some(Compiled { statement, pattern: Regex::new(statement.pattern).ok()? });
        statements.flatten().filter_map(compile).collect()
    });
    ALL.iter().filter(move |compiled| statements.iter().any(|own| std::ptr::eq(own, compiled.statement)))
}

/// Every sentence that plainly gives a figure of the tables another value; each figure once a sentence.
pub(super) fn contradictions(statements: &'static [Statement], narrative: &Narrative, case: &Case<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for chapter in narrative.chapters() {
        let text = chapter.text.unwrap_or_default();
        for original in sentences(text) {
            let sentence = plain(original);
            for compiled in compiled(statements) {
                let found = contradiction(compiled, &sentence, case);
                remarks.extend(found.map(|(stated, meanings)| remark(chapter.number, original, stated, &meanings)));
            }
        }
    }
    remarks
}

/// What a number may mean: its cells, and their sum.
type Meaning = (Vec<CellId>, i128);

/// The number stated, and what it might mean in the tables, where it is none of that.
fn contradiction(compiled: &Compiled, sentence: &str, case: &Case<'_>) -> Option<(Stated, Vec<Meaning>)> {
    let Statement { context, silent, meanings, .. } = compiled.statement;
    if !context.is_empty() && !context.iter().any(|word| sentence.contains(word)) {
        return None;
    }
    let stated = clauses(sentence).find_map(|(before, clause)| {
        let found = compiled.pattern.captures(clause)?;
        let whole = found.get(0)?;
        let said = [before, clause.get(..whole.end())?].concat();
        let after = clause.get(whole.end()..)?;
        let stated = Stated::of(found.get(1).map(|number| number.as_str()), found.get(2).map(|unit| unit.as_str()))?;
        let otherwise = OTHERWISE.iter().any(|word| said.contains(word) || after.contains(word))
            || silent.iter().any(|word| clause.contains(word))
            || names_an_office(&said);
        (!otherwise && speaks_of_no_other_year(&said, case.year.get())).then_some(stated)
    })?;
    // What was not read may be the number that the sentence means.
    if meanings.iter().any(|paths| totals(paths).any(|cell| case.completed.is_unknown(cell))) {
        return None;
    }
    let mut meanings: Vec<Meaning> = meanings.iter().filter_map(|paths| meaning(paths, case)).collect();
    meanings.dedup_by_key(|(_, sum)| *sum);
    let contradicted = !meanings.is_empty() && meanings.iter().all(|(_, sum)| !stated.is_said_of(*sum));
    contradicted.then_some((stated, meanings))
}

/// A number as a text gives it.
#[derive(Debug, Clone, Copy)]
struct Stated {
    kind: Kind,
    /// As a cell of the kind holds it.
    number: i128,
    /// What the last digit given stands for.
    step: i128,
}

impl Stated {
    /// A count, none where no number is given; with a unit, an amount in 元 or 万元.
    fn of(number: Option<&str>, unit: Option<&str>) -> Option<Self> {
        let digits = number.unwrap_or("0");
        let Some(unit) = unit else {
            return Some(Self { kind: Kind::Count, number: digits.parse().ok()?, step: 1 });
        };
        let per = if unit == "元" { 10_000 } else { 1 };
        let number = i128::from(parse_number(Kind::Money, digits).ok()?) / per;
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let step = i128::from(MONEY_SCALE) / 10_i128.checked_pow(u32::try_from(decimals).ok()?)? / per;
        Some(Self { kind: Kind::Money, number, step: step.max(1) })
    }

    /// Whether the text may mean `value`, rounded or cut as it is given.
    fn is_said_of(self, value: i128) -> bool {
        (self.number - value).abs() < self.step
    }
}

/// Whether a text names an office, which is a part of who reports, or another one.
fn names_an_office(text: &str) -> bool {
    static OFFICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"[^我本该市县区州省旗盟](?:局|厅)|办公室|办公厅|委员会|分局|支队|大队|总队|街道|中心|窗口|大厅")
            .ok()
    });
    OFFICE.as_ref().is_some_and(|office| office.is_match(text))
}

fn speaks_of_no_other_year(text: &str, year: u16) -> bool {
    static YEAR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(20\d\d)年").ok());
    let own = year.to_string();
    YEAR.as_ref()
        .is_some_and(|pattern| pattern.captures_iter(text).all(|found| found.get(1).is_some_and(|y| y.as_str() == own)))
}

/// The cells, and the total cells of the lines or groups of lines.
fn totals<'a>(paths: &'a [&'a str]) -> impl Iterator<Item = CellId> + 'a {
    let within =
        |path: &str, place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let lines = catalogue().lines.iter().filter(move |line| paths.iter().any(|place| within(&line.path, place)));
    let totals = lines.flat_map(|line| line.cells()).filter(|cell| catalogue().cell(*cell).part == Part::Total);
    totals.chain(paths.iter().filter_map(|path| catalogue().cell_at(path)))
}

/// The cells that are meant, and their sum. None where the edition lacks the lines or their table is blank.
fn meaning(paths: &[&str], case: &Case<'_>) -> Option<Meaning> {
    let cells: BTreeSet<CellId> = totals(paths)
        .filter(|cell| case.figures.get(*cell).number().is_some() || case.completed.is_computed(*cell))
        .collect();
    let sum = cells.iter().map(|cell| case.completed.value(*cell)).sum();
    (!cells.is_empty()).then(|| (cells.into_iter().collect(), sum))
}

fn remark(chapter: u8, sentence: &str, stated: Stated, meanings: &[Meaning]) -> Remark {
    let name = |cells: &[CellId], chinese: bool| {
        let mut labels: Vec<&str> = cells
            .iter()
            .map(|cell| {
                let info = catalogue().cell(*cell);
                let line = catalogue().line(info.line);
                // Of a group of lines, the group is named; what is no total, as the cell it is.
                let label = match (info.part, chinese) {
                    (Part::Total, true) => &line.label_zh,
                    (Part::Total, false) => &line.label_en,
                    (_, true) => &info.label_zh,
                    (_, false) => &info.label_en,
                };
                if cells.len() > 2 { label.split(['·', ':']).next().unwrap_or(label) } else { label.as_str() }
            })
            .map(|label| label.split('（').next().unwrap_or(label))
            .collect();
        let separator = if chinese { "加" } else { " plus " };
        labels.dedup();
        labels.join(separator)
    };
    let amount = |number: i128, chinese: bool| {
        let unit = match stated.kind {
            Kind::Money if chinese => "万元",
            Kind::Money => " (10,000 yuan)",
            _ => "",
        };
        format!("{}{unit}", format_number(stated.kind, number))
    };
    let values = |chinese: bool, separator: &str| {
        let value = |(cells, sum): &Meaning| match chinese {
            true => format!("“{}”为{}", name(cells, chinese), amount(*sum, chinese)),
            false => format!("“{}” is {}", name(cells, chinese), amount(*sum, chinese)),
        };
        meanings.iter().map(value).collect::<Vec<_>>().join(separator)
    };
    let sentence = quoted(sentence);
    let numeral = super::super::text::chinese_numeral(chapter);
    Remark {
        chapter,
        cells: meanings
            .iter()
            .flat_map(|(cells, _)| cells.iter().copied())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        message: Message {
            zh: format!(
                "第{numeral}部分写明{}（“{sentence}”），而表格中{}。",
                amount(stated.number, true),
                values(true, "，")
            ),
            en: format!(
                "Part {chapter} says {} (“{sentence}”), but in the tables {}.",
                amount(stated.number, false),
                values(false, ", ")
            ),
        },
    }
}
