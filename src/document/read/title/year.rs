//! The report years that a text says: in a title, in a sentence, in Arabic and in Chinese digits.

use std::sync::LazyLock;

use regex::Regex;

use crate::report::{ReportYear, joins_years, years_in};

/// A pattern of our own.
pub fn expression(pattern: &'static str) -> Option<Regex> {
    // One that does not compile is a defect that the tests of its file rule out.
    Regex::new(pattern).ok()
}

/// The years that a title names, but for one that a mark before it says that it was published in.
pub fn years_of_title(line: &str) -> Vec<ReportYear> {
    static YEAR_ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| expression(r"[（(〔\[](20\d\d)[）)〕\]]$"));
    let plain = arabic(line);
    let years = years_in(&without_mark(&plain), |_| false);
    let alone = || Some(vec![YEAR_ALONE.as_ref()?.captures(&plain)?.get(1)?.as_str().parse().ok()?]);
    if years.is_empty() { alone().unwrap_or_default() } else { years }
}

/// A title without what stands in black brackets before it: 【年报】.
pub fn without_mark(title: &str) -> String {
    let rest = title.trim_start().strip_prefix(['【', '[', '〔']).and_then(|rest| rest.split_once(['】', ']', '〕']));
    rest.map(|(_, rest)| rest).filter(|rest| !rest.is_empty()).unwrap_or(title).to_owned()
}

/// Words before and behind the name of a report that this one is not.
const OTHER_BEFORE: [&str; 10] = ["与", "和", "同", "较", "比", "对照", "针对", "上年度", "参照", "对"];
const OTHER_BEHIND: [&str; 12] =
    ["的基础", "基础上", "相比", "比较", "中", "所列", "指出", "提出", "反映", "存在", "发布后", "公布后"];

/// The report years that a text plainly says, in Arabic digits and without blanks.
pub fn years_said(text: &str) -> Vec<ReportYear> {
    static SAID: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
        [
            // The period of the figures.
            r"(20\d\d)年1月1日(?:起)?，?(?:至|到|—|－|-|~|～)+(?:(20\d\d)年|同年|当年)?12月31日",
            // The report by its name: 2022年度政府信息公开工作情况报告.
            r"(?:(20\d\d)(?:年(?:度)?)?(?:至|到|、|和|—|－|-|~|～)+)?(20\d\d)年(?:度)?[^，。；：、0-9]{0,24}?政府信息公开(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:年度)?报告",
            r"(?:截至|截止到?|截止时间为)(20\d\d)年12月31日",
            r"(20\d\d)[.\-/]0?1[.\-/]0?1(?:起)?(?:至|到|—|－|-|~|～)+(20\d\d)[.\-/]12[.\-/]31",
            r"政府信息公开(?:工作)?(20\d\d)年(?:度)?报告",
            // 2023年，我局…, at the beginning of all.
            r"^(20\d\d)年(?:度)?(?:以来)?，(?:我|本|全)",
        ]
        .map(expression)
        .into()
    });
    let found = SAID.iter().flatten().flat_map(|pattern| pattern.captures_iter(text));
    // The year of the regulation by which the report is made is none of its own.
    // Nor is the one in which it was made.
    let others = ["修订", "修正", "编制的", "发布的", "公布的"];
    let found = found.filter(move |found| !others.iter().any(|word| found[0].contains(word)));
    // Nor is the report of the year before, that this one is compared with.
    let found = found.filter(|found| {
        let (before, behind) = found.get(0).map_or(("", ""), |whole| {
            (text.get(..whole.start()).unwrap_or_default(), text.get(whole.end()..).unwrap_or_default())
        });
        !OTHER_BEFORE.iter().any(|word| before.ends_with(word))
            && !OTHER_BEHIND.iter().any(|word| behind.starts_with(word))
    });
    let mut years: Vec<ReportYear> = found
        .flat_map(|found| [1, 2].map(|group| found.get(group).and_then(|year| year.as_str().parse().ok())))
        .flatten()
        .collect();
    years.dedup();
    years
}

/// The text without blanks, full-width digits and the four digits of a year in Chinese as Arabic ones.
pub fn arabic(text: &str) -> String {
    let mut plain = String::new();
    let mut run = String::new();
    for character in text.chars().filter(|c| !c.is_whitespace()) {
        if digit(character).is_some() {
            run.push(character);
            continue;
        }
        flush(&mut run, &mut plain, character == '年' || joins_years(character));
        plain.push(character);
    }
    flush(&mut run, &mut plain, false);
    plain
}

/// Ends a run of digits: those before 年, or before a year of which they are the first of a range, are a year's; others
/// are changed only where they are full-width.
fn flush(run: &mut String, plain: &mut String, is_year: bool) {
    let is_year = is_year && run.chars().count() == 4 && run.starts_with(['2', '２', '二']);
    let arabic = |character: char| {
        if is_year || character.is_ascii_digit() || ('０'..='９').contains(&character) {
            digit(character)
        } else {
            None
        }
    };
    plain.extend(run.drain(..).map(|character| arabic(character).unwrap_or(character)));
}

fn digit(character: char) -> Option<char> {
    let chinese = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let value = match character {
        '0'..='9' => return Some(character),
        '０'..='９' => u32::from(character) - u32::from('０'),
        '○' | '零' | 'О' | 'O' => 0,
        _ => u32::try_from(chinese.iter().position(|c| *c == character)?).ok()?,
    };
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_the_year_of_the_report_and_a_date_of_publication_does_not() {
        for (text, years) in [
            ("本报告所列数据统计期限自2020年1月1日起至12月31日止。", &[2020][..]),
            ("统计期限为2020年1月1日至2020年12月31日。", &[2020]),
            ("统计期限为２０２０年 1 月 1 日—12 月 31 日。", &[2020]),
            ("现将2022年度政府信息公开工作情况报告如下。", &[2022]),
            ("现公布示例市财政局二〇二二年政府信息公开工作年度报告。", &[2022]),
            ("现将《示例市2022年政府信息公开工作年度报告》予以公布。", &[2022]),
            ("统计期限为2021年1月1日至2022年12月31日。", &[2021, 2022]),
            ("现将2021—2022年度政府信息公开工作情况报告如下。", &[2021, 2022]),
            ("统计期限：2023.1.1-2023.12.31", &[2023]),
            ("2023年，我局认真贯彻落实《条例》。", &[2023]),
            ("在2022年政府信息公开工作年度报告的基础上，完善了公开目录。", &[]),
            ("与2022年度政府信息公开工作年度报告相比，公开数量有所增长。", &[]),
            ("本报告于2023年1月15日公布，电子版可在网站下载。", &[]),
            ("根据2019年修订的《条例》，编制本报告。", &[]),
            ("与2021年相比，公开数量有所增长，政府信息公开工作报告及时。", &[]),
        ] {
            let said: Vec<u16> = years_said(&arabic(text)).into_iter().map(ReportYear::get).collect();
            assert_eq!(said, years, "{text}");
        }
    }
}
