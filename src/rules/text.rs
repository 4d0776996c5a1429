//! Puts findings into words, in Chinese and English: the place, both sides with their values, the difference.

use jiff::civil::Date;

use crate::form::{CellId, Edition, Kind, Layout, LineInfo, Part, Table, Text, catalogue, edition_for_year};
use crate::report::{Message, Period, ReportYear, Term, format_number};

use super::plan::{PlannedLine, Subject};

/// With more terms than this, a sum is told without them.
const TERMS_SHOWN_MAX: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Chinese,
    English,
}
use Language::{Chinese, English};

impl Language {
    fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Chinese => zh,
            English => en,
        }
    }
}

/// Two sums that differ.
pub(super) fn equation(
    [left_name, right_name]: [Text; 2],
    subject: Subject,
    left: &[Term],
    right: &[Term],
    difference: i128,
) -> Message {
    let kind = left.first().map_or(Kind::Count, |term| kind_of(term.cell));
    let off = if difference < 0 { "少" } else { "多" };
    let by = format_number(kind, difference.saturating_abs());
    let difference = format_number(kind, difference);
    let side = |terms, language| sum(terms, subject, language);
    Message {
        zh: format!(
            "{}{}为{}，与{}{}不符，{off}{by}。",
            subject_name(subject, Chinese),
            left_name.zh,
            side(left, Chinese),
            right_name.zh,
            side(right, Chinese),
        ),
        en: format!(
            "{}: {} is {}, but {} is {}; difference {difference}.",
            subject_name(subject, English),
            left_name.en,
            side(left, English),
            right_name.en,
            side(right, English),
        ),
    }
}

/// The value of one side, and what it is made of where that is short enough to help.
fn sum(terms: &[Term], subject: Subject, language: Language) -> String {
    let signed = |term: &Term| if term.negative { -number_of(term) } else { number_of(term) };
    let kind = terms.first().map_or(Kind::Count, |term| kind_of(term.cell));
    let total = format_number(kind, terms.iter().map(signed).sum());
    if let [term] = terms {
        let computed = language.pick("（空白，按各项之和计算）", " (blank, computed from its parts)");
        return if term.computed { format!("{total}{computed}") } else { total };
    }
    let parts: Vec<&Term> = terms.iter().filter(|term| number_of(term) != 0).collect();
    if parts.is_empty() || parts.len() > TERMS_SHOWN_MAX {
        return total;
    }
    let mut list = String::new();
    for (position, term) in parts.into_iter().enumerate() {
        let sign = match (position, term.negative) {
            (0, false) => "",
            (0, true) => language.pick("－", "- "),
            (_, false) => language.pick("＋", " + "),
            (_, true) => language.pick("－", " - "),
        };
        let (name, gap) = (term_name(term, subject, language), language.pick("", " "));
        list.push_str(&format!("{sign}{name}{gap}{}", format_number(kind_of(term.cell), number_of(term))));
        if term.computed {
            list.push_str(language.pick("〔计算值〕", " [computed]"));
        }
    }
    match language {
        Chinese => format!("{total}（{list}）"),
        English => format!("{total} ({list})"),
    }
}

/// The term by what tells it from its neighbours: its column within a line, its line within a column.
fn term_name(term: &Term, subject: Subject, language: Language) -> String {
    let info = catalogue().cell(term.cell);
    let line = catalogue().line(info.line);
    let name = match (subject, line.line.columns.get(info.column)) {
        (Subject::Line(_), Some(column)) => language.pick(column.label.zh, column.label.en),
        _ => short(language.pick(&line.label_zh, &line.label_en)),
    };
    match term.period {
        Period::Current => name.to_owned(),
        Period::Previous => format!("{}{name}", language.pick("上年报告", "last year's report, ")),
    }
}

/// A label without the explanations that the form prints within it.
fn short(label: &str) -> &str {
    label.split(['（', '、']).next().filter(|head| !head.is_empty()).unwrap_or(label)
}

fn subject_name(subject: Subject, language: Language) -> String {
    match subject {
        Subject::Line(id) => line_name(catalogue().line(id), language),
        Subject::Column(cell) => {
            let info = catalogue().cell(cell);
            let line = catalogue().line(info.line);
            let chapter = catalogue().tables.get(line.table).map_or(0, |table| table.table.chapter);
            let label = line.line.columns.get(info.column).map_or("", |c| language.pick(c.label.zh, c.label.en));
            match language {
                Chinese => format!("第{}部分“{label}”一列", chinese_numeral(chapter)),
                English => format!("Part {chapter}, column “{label}”"),
            }
        }
    }
}

/// The line as people would point at it.
fn line_name(line: &LineInfo, language: Language) -> String {
    let layout = catalogue().tables.get(line.table).map(|table| table.table.layout);
    // Only its ordinal tells the line of all outcomes from the total column.
    let ordinal = if line.line.part == Part::Total { line.line.ordinal } else { "" };
    match (language, layout) {
        (Chinese, _) if line.line.columns.len() == 1 => format!("“{}”", line.label_zh),
        (Chinese, Some(Layout::Blocks)) => format!("“{}”一栏", line.label_zh),
        (Chinese, _) => format!("“{ordinal}{}”一行", line.label_zh),
        (English, Some(Layout::Blocks)) => format!("Block “{}”", line.label_en),
        (English, _) => format!("Line “{}”", line.label_en),
    }
}

/// A form that does not belong to its year.
pub(super) fn edition(year: ReportYear, used: &Edition) -> Message {
    let (right_zh, right_en) = match edition_for_year(year.get()) {
        Some(right) => (
            format!("{year}年度应当使用{}（{}）", right.title.zh, right.notice),
            format!("{year} uses the {} ({})", right.title.en, right.notice),
        ),
        None => (format!("{year}年度没有规定的表格格式"), format!("no edition of the form is prescribed for {year}")),
    };
    Message {
        zh: format!("报告使用了{}（{}），而{right_zh}。", used.title.zh, used.notice),
        en: format!("The report uses the {} ({}), but {right_en}.", used.title.en, used.notice),
    }
}

pub(super) fn year_open(year: ReportYear, today: Date) -> Message {
    Message {
        zh: format!("报告年度为{year}年，截至{today}该年度尚未结束。"),
        en: format!("The report is about {year}, which has not ended on {today}."),
    }
}

pub(super) fn table_missing(table: &Table) -> Message {
    Message {
        zh: format!("第{}部分“{}”的表格没有填报任何内容。", chinese_numeral(table.chapter), table.title.zh),
        en: format!("The table of part {}, “{}”, is not filled in at all.", table.chapter, table.title.en),
    }
}

pub(super) fn out_of_range(term: &Term, limit: i64) -> Message {
    let info = catalogue().cell(term.cell);
    let above = number_of(term) > i128::from(limit);
    let [(value_zh, value_en), (limit_zh, limit_en)] =
        [number_of(term), limit.into()].map(|number| quantity(info.kind, number));
    let (relation_zh, relation_en) = if above { ("大于上限", "above the limit of") } else { ("小于", "below") };
    Message {
        zh: format!("“{}”为{value_zh}，{relation_zh}{limit_zh}。", info.label_zh),
        en: format!("“{}” is {value_en}, {relation_en} {limit_en}.", info.label_en),
    }
}

pub(super) fn blank_cells(line: &PlannedLine, blank: &[Term]) -> Message {
    let (zh, en) = (line_name(line.info, Chinese), line_name(line.info, English));
    if line.info.line.columns.len() == 1 {
        return Message::new(format!("{zh}空白，按0计入合计。"), format!("{en} is blank and counts as 0."));
    }
    if blank.len() == line.leaves.len() {
        return Message::new(
            format!("{zh}各项全部空白，按0计入合计。"),
            format!("{en}: all its cells are blank and count as 0."),
        );
    }
    let names = |language, separator| {
        let names = blank.iter().map(|term| term_name(term, Subject::Line(line.info.id), language));
        names.collect::<Vec<_>>().join(separator)
    };
    Message {
        zh: format!("{zh}有{}个单元格空白（{}），按0计入合计。", blank.len(), names(Chinese, "、")),
        en: format!("{en}: {} of its cells are blank ({}) and count as 0.", blank.len(), names(English, ", ")),
    }
}

pub(super) fn blank_totals(line: &PlannedLine, computed: &[Term]) -> Message {
    let values = |language, separator| {
        let value = |term: &Term| {
            let name = term_name(term, Subject::Line(line.info.id), language);
            format!("{name} {}", format_number(kind_of(term.cell), number_of(term)))
        };
        computed.iter().map(value).collect::<Vec<_>>().join(separator)
    };
    Message {
        zh: format!("{}合计数空白，已按各项之和计算：{}。", line_name(line.info, Chinese), values(Chinese, "，")),
        en: format!(
            "{}: its sums are blank and were computed from their parts: {}.",
            line_name(line.info, English),
            values(English, ", ")
        ),
    }
}

pub(super) fn merged(merged: &PlannedLine, lines: &[PlannedLine]) -> Message {
    let stood_for = || lines.iter().filter(|line| line.merged_into == Some(merged.info.id)).map(|line| line.info.line);
    let zh: Vec<_> = stood_for().map(|line| format!("“{}”", short(line.label.zh))).collect();
    let en: Vec<_> = stood_for().map(|line| format!("“{}”", line.label.en)).collect();
    Message {
        zh: format!("填报了合并的{}，未按规定分列{}。", line_name(merged.info, Chinese), zh.join("")),
        en: format!("{} is filled in, which does not tell {} apart.", line_name(merged.info, English), en.join(", ")),
    }
}

pub(super) fn jump(cell: CellId, now: i128, before: i128, factor: i64) -> Message {
    let info = catalogue().cell(cell);
    let [(now_zh, now_en), (before_zh, before_en)] = [now, before].map(|number| quantity(info.kind, number));
    let (change_zh, change_en) = if now > before {
        (format!("增至{factor}倍以上"), "grown")
    } else {
        (format!("减至 1/{factor}以下"), "shrunk")
    };
    Message {
        zh: format!("“{}”本年为{now_zh}，上年为{before_zh}，{change_zh}。", info.label_zh),
        en: format!(
            "“{}” is {now_en}, last year {before_en}: {change_en} by a factor of {factor} or more.",
            info.label_en
        ),
    }
}

pub(super) fn unit_against_last_year(cell: CellId, now: i128, before: i128, units: i64) -> Message {
    let info = catalogue().cell(cell);
    let [(now_zh, now_en), (before_zh, before_en)] = [now, before].map(|number| quantity(info.kind, number));
    let (hint_zh, hint_en) = converted(info.kind, now, units);
    let times = now.checked_div(before).unwrap_or(0);
    Message {
        zh: format!("“{}”为{now_zh}，是上年{before_zh}的约{times}倍，疑似以元填报{hint_zh}。", info.label_zh),
        en: format!(
            "“{}” is {now_en}, about {times} times last year's {before_en}: it looks as if entered in yuan{hint_en}.",
            info.label_en
        ),
    }
}

pub(super) fn unit_above_ceiling(cell: CellId, now: i128, ceiling: i128, units: i64) -> Message {
    let info = catalogue().cell(cell);
    let [(now_zh, now_en), (ceiling_zh, ceiling_en)] = [now, ceiling].map(|number| quantity(info.kind, number));
    let (hint_zh, hint_en) = converted(info.kind, now, units);
    Message {
        zh: format!("“{}”为{now_zh}，超过县级及以下机关的{ceiling_zh}，疑似以元填报{hint_zh}。", info.label_zh),
        en: format!(
            "“{}” is {now_en}, above {ceiling_en} for an agency of a county or below: it looks as if entered in \
             yuan{hint_en}.",
            info.label_en
        ),
    }
}

/// What the amount would be in the right unit, where that is exact.
fn converted(kind: Kind, number: i128, units: i64) -> (String, String) {
    let units = i128::from(units);
    match (number.checked_rem(units), number.checked_div(units)) {
        (Some(0), Some(right)) => {
            let (zh, en) = quantity(kind, right);
            (format!("（如是，应为{zh}）"), format!(" (if so, it should be {en})"))
        }
        _ => (String::new(), String::new()),
    }
}

pub(super) fn no_authority(terms: &[Term]) -> Message {
    let line = terms.first().map(|term| catalogue().line(catalogue().cell(term.cell).line));
    let values = |language, separator| {
        let value = |term: &Term| {
            let column = line.map_or(String::new(), |line| term_name(term, Subject::Line(line.id), language));
            format!("{column} {}", format_number(kind_of(term.cell), number_of(term)))
        };
        terms.iter().map(value).collect::<Vec<_>>().join(separator)
    };
    let name = |language| line.map_or(String::new(), |line| line_name(line, language));
    Message {
        zh: format!("{}填报了{}，而县级及以下的机关没有规章制定权。", name(Chinese), values(Chinese, "、")),
        en: format!(
            "{} says {}, but an agency below city level makes no administrative rules.",
            name(English),
            values(English, ", ")
        ),
    }
}

pub(super) fn all_zero() -> Message {
    Message::new("报告所填的数字全部为0。", "Every number in the report is 0.")
}

fn kind_of(cell: CellId) -> Kind {
    catalogue().cell(cell).kind
}

/// As it enters a sum: what is no number counts as 0.
fn number_of(term: &Term) -> i128 {
    term.value.number().map_or(0, i128::from)
}

/// The number with its unit, in both languages.
fn quantity(kind: Kind, number: i128) -> (String, String) {
    let number = format_number(kind, number);
    match kind {
        Kind::Count | Kind::SignedCount => (number.clone(), number),
        Kind::Money => (format!("{number}万元"), format!("{number} × 10,000 yuan")),
    }
}

/// Chapters of the form are numbered 一 to 六.
pub(super) fn chinese_numeral(number: u8) -> String {
    let numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let numeral = usize::from(number).checked_sub(1).and_then(|at| numerals.get(at));
    numeral.map_or_else(|| number.to_string(), |numeral| (*numeral).to_owned())
}
