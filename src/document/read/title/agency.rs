//! Whose report a document is, as its title, its opening or a line above the form says.

use std::sync::LazyLock;

use regex::Regex;

use crate::report::before_range;

use super::super::placement::PrintedRow;
use super::year::{arabic, expression, without_mark};

/// Longest name of an agency, in characters.
const AGENCY_CHARACTERS: usize = 40;
/// What an agency's name ends with.
const AGENCIES: [&str; 32] = [
    "局",
    "委",
    "办",
    "厅",
    "府",
    "会",
    "中心",
    "院",
    "校",
    "大学",
    "学院",
    "所",
    "队",
    "处",
    "室",
    "部",
    "馆",
    "站",
    "行",
    "公司",
    "署",
    "团",
    "台",
    "镇",
    "乡",
    "街道",
    "县",
    "区",
    "市",
    "旗",
    "省",
    "办公厅",
];

/// Who reports, as a line or a row of a table above the form says: 填报单位：某局.
pub fn reported_by(row: &PrintedRow) -> Option<String> {
    static REPORTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        expression(r"^(?:填报|报送|填表|上报|编制|发布)(?:单位|机关|部门)(?:名称)?(?:[（(]?[盖公]章[）)]?)?[：:]?(.*)$")
    });
    let mut cells = row.cells.iter().map(|cell| arabic(&cell.raw));
    let beside = cells
        .by_ref()
        .find_map(|text| REPORTER.as_ref()?.captures(&text)?.get(1).map(|name| name.as_str().to_owned()))?;
    let name = if beside.is_empty() { cells.next()? } else { beside };
    let name = name.split(['，', '。', '；', '（', '(']).next().unwrap_or_default();
    let name = name.split("填报").next().unwrap_or_default().to_owned();
    (2..=AGENCY_CHARACTERS).contains(&name.chars().count()).then_some(name)
}

/// Who made the report, as the opening sentence says: 由…编制.
pub fn author(text: &str) -> Option<String> {
    static AUTHOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
        expression(
            r"由([^，。；：、由]{2,40}?)(?:根据|按照|依据|汇总|组织|负责|牵头|编制|编写|起草)|现(?:将|予以?)?(?:向社会)?(?:公布|发布|公开|印发)?《?([^，。；：、《》]{2,40}?)(?:关于)?20\d\d年(?:度)?(?:的)?政府信息公开",
        )
    });
    let found = AUTHOR.as_ref()?.captures(text)?;
    let name = found.get(1).or(found.get(2))?.as_str();
    // 由本机关编制 names nobody.
    (!name.contains(['本', '我', '各', '《'])).then(|| name.to_owned())
}

/// What is done with a report before it is named.
const VERBS: [&str; 8] = ["报送", "上报", "印发", "公布", "发布", "公开", "提交", "呈报"];

/// The agency that a title names: before the year, or between the year and 政府信息公开.
pub fn agency_in(title: &str) -> Option<String> {
    let plain = arabic(title).chars().filter(|c| !matches!(c, '《' | '》' | '“' | '”' | '"')).collect::<String>();
    let plain = without_mark(&plain);
    let year = plain.find('年').and_then(|mark| {
        let digits = plain.get(..mark)?.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (mark - digits == 4).then_some((digits, mark + '年'.len_utf8()))
    });
    let subject = plain.find("政府信息公开").or_else(|| plain.find("信息公开"))?;
    let before = plain.get(..year.map_or(subject, |(digits, _)| digits.min(subject)))?;
    let before = before_range(before).map_or(before, |(rest, _)| rest);
    let between = year.and_then(|(_, end)| plain.get(end..subject.max(end)));
    let name = |text: &str| {
        // 甲局关于报送…的函, 关于报送甲局…的函.
        let text = text.split_once("关于").filter(|(who, _)| !who.is_empty()).map_or(text, |(who, _)| who);
        let text = VERBS.iter().fold(text.trim_start_matches("关于"), |text, verb| text.trim_start_matches(verb));
        let text = text.trim_start_matches('度');
        let text = text.trim_end_matches("的").trim_end_matches("关于").trim_end_matches("年度").trim();
        let length = text.chars().count();
        // What is left of a heading without a name is no name.
        let is_name = (2..=AGENCY_CHARACTERS).contains(&length)
            && !["印发", "公布", "发布", "本机关", "我"].iter().any(|word| text.contains(word));
        is_name.then(|| text.to_owned())
    };
    name(before).or_else(|| between.and_then(name)).or_else(|| agency_in_brackets(&plain))
}

/// The agency that stands in brackets at the end of a text.
pub fn agency_in_brackets(text: &str) -> Option<String> {
    let inner = text.trim().strip_suffix(['）', ')'])?.rsplit_once(['（', '('])?.1.trim();
    let is_agency =
        (3..=AGENCY_CHARACTERS).contains(&inner.chars().count()) && AGENCIES.iter().any(|end| inner.ends_with(end));
    is_agency.then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_its_agency_before_or_behind_the_year() {
        for (title, agency) in [
            ("淮安市人民政府2024年政府信息公开工作年度报告", Some("淮安市人民政府")),
            ("示例市数据局 2022 年度 政府信息公开工作年度报告", Some("示例市数据局")),
            ("2022年示例市财政局政府信息公开工作年度报告", Some("示例市财政局")),
            ("2022年度示例市财政局政府信息公开工作年度报告", Some("示例市财政局")),
            ("示例市财政局政府信息公开工作年度报告（2022年度）", Some("示例市财政局")),
            ("示例市财政局关于2022年政府信息公开工作的年度报告", Some("示例市财政局")),
            ("示例县二〇二二年政府信息公开工作年度报告", Some("示例县")),
            ("《示例市财政局2022年政府信息公开工作年度报告》", Some("示例市财政局")),
            ("【年报】示例市财政局2022年政府信息公开工作年度报告", Some("示例市财政局")),
            ("2022年政府信息公开工作年度报告（示例市财政局）", Some("示例市财政局")),
            ("示例市财政局关于报送2022年政府信息公开工作年度报告的函", Some("示例市财政局")),
            ("关于报送示例市财政局2022年政府信息公开工作年度报告的函", Some("示例市财政局")),
            ("2022年政府信息公开工作年度报告（公开版）", None),
            ("2022年政府信息公开工作年度报告", None),
            ("政府信息公开工作年度报告", None),
            ("关于公布2022年政府信息公开工作年度报告的通知", None),
        ] {
            assert_eq!(agency_in(title).as_deref(), agency, "{title}");
        }
    }

    #[test]
    fn the_opening_says_who_made_the_report() {
        for (text, agency) in [
            ("根据《条例》规定，由四家镇办公室编制完成本报告。", Some("四家镇办公室")),
            ("本报告由两城镇人民政府党政办公室编制。", Some("两城镇人民政府党政办公室")),
            ("本报告由市政府办公室根据各县区报告汇总编制。", Some("市政府办公室")),
            ("现公布示例市财政局2023年政府信息公开工作年度报告。", Some("示例市财政局")),
            ("现将《示例市财政局2023年度政府信息公开工作年度报告》公布如下。", Some("示例市财政局")),
            ("现将2023年政府信息公开工作年度报告公布如下。", None),
            ("本报告由本机关编制。", None),
            ("数据由各部门提供。", None),
        ] {
            assert_eq!(author(text).as_deref(), agency, "{text}");
        }
    }
}
