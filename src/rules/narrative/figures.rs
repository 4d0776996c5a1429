//! Figures in the text against the tables.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::form::{CellId, Part, catalogue};
use crate::report::{Message, Narrative};

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
fn contradiction(compiled: &Compiled, sentence: &str, case: &Case<'_>) -> Option<(i128, Vec<Meaning>)> {
    let Statement { context, meanings, .. } = compiled.statement;
    if !context.is_empty() && !context.iter().any(|word| sentence.contains(word)) {
        return None;
    }
    let stated = clauses(sentence).find_map(|(before, clause)| {
        let found = compiled.pattern.captures(clause)?;
        let whole = found.get(0)?;
        let said = [before, clause.get(..whole.end())?].concat();
        let after = clause.get(whole.end()..)?;
        let number = match found.get(1) {
            Some(number) => number.as_str().parse().ok()?,
            None => 0,
        };
        let otherwise = OTHERWISE.iter().any(|word| said.contains(word) || after.contains(word));
        (!otherwise && speaks_of_no_other_year(&said, case.year.get())).then_some(number)
    })?;
    // What was not read may be the number that the sentence means.
    if meanings.iter().any(|paths| totals(paths).any(|cell| case.completed.is_unknown(cell))) {
        return None;
    }
    let mut meanings: Vec<Meaning> = meanings.iter().filter_map(|paths| meaning(paths, case)).collect();
    meanings.dedup_by_key(|(_, sum)| *sum);
    let contradicted = !meanings.is_empty() && meanings.iter().all(|(_, sum)| *sum != stated);
    contradicted.then_some((stated, meanings))
}

fn speaks_of_no_other_year(text: &str, year: u16) -> bool {
    static YEAR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(20\d\d)年").ok());
    let own = year.to_string();
    YEAR.as_ref()
        .is_some_and(|pattern| pattern.captures_iter(text).all(|found| found.get(1).is_some_and(|y| y.as_str() == own)))
}

/// The total cells of the lines or groups of lines.
fn totals<'a>(paths: &'a [&'a str]) -> impl Iterator<Item = CellId> + 'a {
    let within =
        |path: &str, place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let lines = catalogue().lines.iter().filter(move |line| paths.iter().any(|place| within(&line.path, place)));
    lines.flat_map(|line| line.cells()).filter(|cell| catalogue().cell(*cell).part == Part::Total)
}

/// The total cells of the lines, and their sum. None where the edition lacks the lines or their table is blank.
fn meaning(paths: &[&str], case: &Case<'_>) -> Option<Meaning> {
    let cells: BTreeSet<CellId> = totals(paths)
        .filter(|cell| case.figures.get(*cell).number().is_some() || case.completed.is_computed(*cell))
        .collect();
    let sum = cells.iter().map(|cell| case.completed.value(*cell)).sum();
    (!cells.is_empty()).then(|| (cells.into_iter().collect(), sum))
}

fn remark(chapter: u8, sentence: &str, stated: i128, meanings: &[Meaning]) -> Remark {
    let name = |cells: &[CellId], chinese: bool| {
        let mut labels: Vec<&str> = cells
            .iter()
            .map(|cell| {
                let line = catalogue().line(catalogue().cell(*cell).line);
                // Of a group of lines, the group is named.
                let label = if chinese { &line.label_zh } else { &line.label_en };
                if cells.len() > 2 { label.split(['·', ':']).next().unwrap_or(label) } else { label.as_str() }
            })
            .map(|label| label.split('（').next().unwrap_or(label))
            .collect();
        let separator = if chinese { "加" } else { " plus " };
        labels.dedup();
        labels.join(separator)
    };
    let values = |chinese: bool, separator: &str| {
        let value = |(cells, sum): &Meaning| match chinese {
            true => format!("「{}」为 {sum}", name(cells, chinese)),
            false => format!("“{}” is {sum}", name(cells, chinese)),
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
            zh: format!("第{numeral}章写明 {stated}（“{sentence}”），而表格中{}。", values(true, "，")),
            en: format!("Chapter {chapter} says {stated} (“{sentence}”), but in the tables {}.", values(false, ", ")),
        },
    }
}
