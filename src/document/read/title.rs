//! The title of a document, and what it says of which report it is: the year and the agency, wherever they are printed.
//!
//! The year stands in the title (after a breadcrumb, in a cell of a table), in the opening sentences (现将2022年度…公布),
//! and in the period of the figures (自2022年1月1日起至12月31日止). A date of publication is none of these.

use std::sync::LazyLock;

use regex::Regex;

use crate::report::{ReportYear, before_range, joins_years, years_in};

use super::note::{NoteCode, ReaderNote};
use super::placement::{Period, PrintedRow, wording};

/// What the head of a document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Titled {
    pub title: Option<String>,
    /// The title's year; else the one that is printed elsewhere, where that is one.
    pub year: Option<ReportYear>,
    /// Every report year that is printed, each once.
    pub years: Vec<ReportYear>,
    /// Whose report it is.
    pub agency: Option<String>,
    /// What says that the figures are of a part of a year.
    pub part: Option<String>,
    /// That two years are printed.
    pub note: Option<ReaderNote>,
}

/// Rows among which the title is looked for.
const HEAD_ROWS: usize = 40;
/// Longest title, in characters.
const TITLE_CHARACTERS: usize = 60;
/// What a link to the page before or after begins with.
const OTHER_PAGES: [&str; 8] = ["上一", "下一", "前一", "后一", "相关", "上篇", "下篇", "附件"];
/// Words of a sentence on the period of the figures.
const PERIODS: [&str; 4] = ["统计期限", "统计时间", "统计区间", "数据统计"];
/// Words of a heading over the form.
const HEADINGS: [&str; 4] = ["年度报告", "年报", "统计表", "情况表"];
/// Longest line that is a year alone, in characters.
const YEAR_CHARACTERS: usize = 6;
/// Rows whose sentences may say the report's year or agency; longest of them, in characters.
const OPENING_ROWS: usize = 80;
const SENTENCE_CHARACTERS: usize = 4_000;
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

/// Finds the title, and what it and the opening say of year and agency.
pub fn find_title(rows: &[PrintedRow]) -> Titled {
    // What is called an annex is the report itself where nothing else is.
    let mut titled = title(rows, false);
    if titled.title.is_none() {
        titled = title(rows, true);
    }
    let title = titled.title.clone().unwrap_or_default();
    let mut found: Vec<(ReportYear, String)> = titled.years.iter().map(|year| (*year, title.clone())).collect();
    let heading = heading(rows, titled.years.is_empty());
    found.extend(heading.filter(|(year, _)| !titled.years.contains(year)));
    titled.agency = titled.agency.or_else(|| reporter(rows));
    titled.part = titled.title.clone().filter(|title| Period::of(title).is_part());
    for text in opening(rows) {
        let plain = arabic(text);
        let says_period = PERIODS.iter().any(|word| plain.contains(word)) && Period::of(text).is_part();
        titled.part = titled.part.or_else(|| says_period.then(|| text.to_owned()));
        for year in years_said(&plain) {
            if !found.iter().any(|(known, _)| *known == year) {
                found.push((year, text.to_owned()));
            }
        }
        if titled.agency.is_none() {
            titled.agency = author(&plain);
        }
    }
    // A range of years in the title is none of them.
    titled.year = match (&titled.years[..], &found[..]) {
        ([year], _) => Some(*year),
        ([], [(year, _)]) => Some(*year),
        _ => None,
    };
    titled.years = found.iter().map(|(year, _)| *year).collect();
    if let [(one, first), (other, second), ..] = &found[..] {
        let (first, second) = (super::note::shortened(first), super::note::shortened(second));
        titled.note = Some(ReaderNote::about_document(
            NoteCode::YearUncertain,
            &format!("{first} {second}"),
            format!("文中写有两个报告年度：{one}年（“{first}”）和{other}年（“{second}”）；请核对并更正文件"),
            format!(
                "two report years are printed: {one} (“{first}”) and {other} (“{second}”); check, and correct the document"
            ),
        ));
    }
    titled
}

/// The first short line on 政府信息公开 that names a year, or calls itself 年度报告.
fn title(rows: &[PrintedRow], is_annex: bool) -> Titled {
    let mut before: Option<&str> = None;
    let cells = || rows.iter().take(HEAD_ROWS).flat_map(|row| row.cells.iter().filter(|cell| !cell.raw.is_empty()));
    for (at, cell) in cells().enumerate() {
        // What stands before the last mark of a breadcrumb is where the page is, not what it is called.
        let line = cell.raw.rsplit(['>', '›', '»', '＞']).next().unwrap_or_default().trim();
        let line = line
            .split_once(['：', ':'])
            .map_or(line, |(head, rest)| if is_annex && head.starts_with("附件") { rest.trim() } else { line });
        let words = wording(line);
        let is_title = words.full.contains("政府信息公开")
            && !words.sentence
            && words.length() <= TITLE_CHARACTERS
            && !OTHER_PAGES.iter().any(|link| line.starts_with(link));
        let years = years_of_title(line);
        if is_title && (!years.is_empty() || words.full.contains("年度报告")) {
            // The agency's name often stands on a line of its own above.
            let begins_with_year = !years.is_empty() && line.starts_with(['2', '２', '二']);
            let name = before.filter(|name| begins_with_year && wording(name).length() <= TITLE_CHARACTERS);
            let title = name.map_or_else(|| line.to_owned(), |name| format!("{name}{line}"));
            // Below it in brackets, where it stands neither in it nor above.
            let below = || cells().nth(at + 1).and_then(|cell| agency_in_brackets(&cell.raw));
            return Titled { agency: agency_in(&title).or_else(below), title: Some(title), years, ..Titled::default() };
        }
        before = Some(line).filter(|_| !words.sentence);
    }
    Titled::default()
}

/// The years that a title names, but for one that a mark before it says that it was published in.
fn years_of_title(line: &str) -> Vec<ReportYear> {
    static YEAR_ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| expression(r"[（(〔\[](20\d\d)[）)〕\]]$"));
    let plain = arabic(line);
    let years = years_in(&without_mark(&plain), |_| false);
    let alone = || Some(vec![YEAR_ALONE.as_ref()?.captures(&plain)?.get(1)?.as_str().parse().ok()?]);
    if years.is_empty() { alone().unwrap_or_default() } else { years }
}

/// A title without what stands in black brackets before it: 【年报】.
fn without_mark(title: &str) -> String {
    let rest = title.trim_start().strip_prefix(['【', '[', '〔']).and_then(|rest| rest.split_once(['】', ']', '〕']));
    rest.map(|(_, rest)| rest).filter(|rest| !rest.is_empty()).unwrap_or(title).to_owned()
}

/// The agency that stands in brackets at the end of a text.
fn agency_in_brackets(text: &str) -> Option<String> {
    let inner = text.trim().strip_suffix(['）', ')'])?.rsplit_once(['（', '('])?.1.trim();
    let is_agency =
        (3..=AGENCY_CHARACTERS).contains(&inner.chars().count()) && AGENCIES.iter().any(|end| inner.ends_with(end));
    is_agency.then(|| inner.to_owned())
}

/// What the last heading before the tables says of the year: a page may be called otherwise than what is printed on it.
/// Where the title says no year, a line does that is one alone; else such lines may lead to the reports of other years.
fn heading(rows: &[PrintedRow], is_only: bool) -> Option<(ReportYear, String)> {
    let lines = before_tables(rows).filter_map(|line| {
        let words = wording(line);
        let heads = HEADINGS.iter().any(|word| words.full.contains(word));
        // （2023年度）, on a line of its own below the title.
        let is_alone = is_only && words.length() <= YEAR_CHARACTERS && arabic(line).contains("年");
        let is_heading = (heads || is_alone) && !words.sentence && words.length() <= TITLE_CHARACTERS;
        let is_link = OTHER_PAGES.iter().any(|link| line.trim_start().starts_with(link));
        match years_of_title(line)[..] {
            [year] if is_heading && !is_link => Some((year, line.to_owned())),
            _ => None,
        }
    });
    lines.last()
}

/// What stands before the first table of the form.
fn before_tables(rows: &[PrintedRow]) -> impl Iterator<Item = &str> {
    let cells = rows.iter().take(OPENING_ROWS).flat_map(|row| &row.cells).map(|cell| cell.raw.as_str());
    cells.take_while(|text| !wording(text).full.contains("主动公开政府信息情况") || wording(text).sentence)
}

/// The sentences before the tables, and those of the notice that the report is published with; lines that end with a year
/// too, which may say the period.
fn opening(rows: &[PrintedRow]) -> impl Iterator<Item = &str> {
    let ends_year = |text: &str| text.contains("12") && text.contains("31");
    before_tables(rows)
        .filter(move |text| (wording(text).sentence || ends_year(text)) && text.len() <= SENTENCE_CHARACTERS * 3)
}

/// A pattern of our own.
pub fn expression(pattern: &'static str) -> Option<Regex> {
    // One that does not compile is a defect that the tests of its file rule out.
    Regex::new(pattern).ok()
}

/// Words before and behind the name of a report that this one is not.
const OTHER_BEFORE: [&str; 10] = ["与", "和", "同", "较", "比", "对照", "针对", "上年度", "参照", "对"];
const OTHER_BEHIND: [&str; 12] =
    ["的基础", "基础上", "相比", "比较", "中", "所列", "指出", "提出", "反映", "存在", "发布后", "公布后"];

/// The report years that a text plainly says, in Arabic digits and without blanks.
fn years_said(text: &str) -> Vec<ReportYear> {
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

/// Who reports, as a line or a row of a table above the form says: 填报单位：某局.
fn reporter(rows: &[PrintedRow]) -> Option<String> {
    static REPORTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        expression(r"^(?:填报|报送|填表|上报|编制|发布)(?:单位|机关|部门)(?:名称)?(?:[（(]?[盖公]章[）)]?)?[：:]?(.*)$")
    });
    let said = |row: &PrintedRow| {
        let mut cells = row.cells.iter().map(|cell| arabic(&cell.raw));
        let beside = cells
            .by_ref()
            .find_map(|text| REPORTER.as_ref()?.captures(&text)?.get(1).map(|name| name.as_str().to_owned()))?;
        let name = if beside.is_empty() { cells.next()? } else { beside };
        let name = name.split(['，', '。', '；', '（', '(']).next().unwrap_or_default();
        let name = name.split("填报").next().unwrap_or_default().to_owned();
        (2..=AGENCY_CHARACTERS).contains(&name.chars().count()).then_some(name)
    };
    rows.iter().take(OPENING_ROWS).find_map(said)
}

/// Who made the report, as the opening sentence says: 由…编制.
fn author(text: &str) -> Option<String> {
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
fn agency_in(title: &str) -> Option<String> {
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
    use super::super::note::Place;
    use super::super::placement::{Extent, PrintedCell};
    use super::*;

    fn titled(line: &str) -> Titled {
        let cell = PrintedCell::alone(line, Place::in_text(1, 1));
        find_title(&[PrintedRow { cells: vec![cell], extent: Extent::Unknown }])
    }

    #[test]
    fn a_heading_over_the_form_may_say_another_year_than_the_page_is_called_by() {
        let title = "示例市某局2023年政府信息公开工作年度报告";
        let years = |lines: &[&str]| {
            let cells = lines.iter().enumerate().map(|(at, line)| PrintedCell::alone(*line, Place::in_text(at + 1, 1)));
            let rows: Vec<_> = cells.map(|cell| PrintedRow { cells: vec![cell], extent: Extent::Unknown }).collect();
            let titled = find_title(&rows);
            (titled.year.map(ReportYear::get), titled.years.iter().map(|year| year.get()).collect::<Vec<_>>())
        };
        let chapter = "二、主动公开政府信息情况";
        for heading in ["示例市某局2022年政府信息公开工作年度报告", "2022年度报告", "附：2022年度统计表"]
        {
            assert_eq!(years(&[title, "一、总体情况", heading, chapter]), (Some(2023), vec![2023, 2022]), "{heading}");
        }
        for other in ["上一篇：2022年政府信息公开工作年度报告", "附件：2022年度统计表", "2022年印发的文件", title]
        {
            assert_eq!(years(&[title, other, chapter]), (Some(2023), vec![2023]), "{other}");
        }
        // A list of all years' reports stands before the report's own title.
        let list = ["2021年政府信息公开工作年度报告", title, chapter, "2020年政府信息公开工作年度报告"];
        assert_eq!(years(&[&[title], &list[..]].concat()), (Some(2023), vec![2023]));
    }

    #[test]
    fn the_year_of_a_title_stands_before_its_character() {
        for text in ["2022年度", "2022 年度", "２０２２年", "二〇二二年", "二○二二年"] {
            let titled = titled(&format!("示例市某局{text}政府信息公开工作年度报告"));
            assert_eq!(titled.year.map(ReportYear::get), Some(2022), "{text}");
        }
        let alone = titled("示例市某局政府信息公开工作年度报告（2023）");
        assert_eq!(alone.year.map(ReportYear::get), Some(2023));
        let marked = titled("【2024年发布】示例市某局2023年政府信息公开工作年度报告");
        assert_eq!((marked.year.map(ReportYear::get), marked.note), (Some(2023), None));
        assert_eq!(marked.agency.as_deref(), Some("示例市某局"));
        let annex = titled("附件1：示例市某局2023年政府信息公开工作年度报告");
        assert_eq!((annex.year.map(ReportYear::get), annex.agency.as_deref()), (Some(2023), Some("示例市某局")));
        for text in ["22年", "12022年", "2022-12-31", "年"] {
            assert_eq!(titled(&format!("示例市某局{text}政府信息公开工作年度报告")).year, None, "{text}");
        }
    }

    #[test]
    fn a_range_of_years_in_a_title_is_no_year_and_both_are_told() {
        for text in ["2022—2023年", "2022年至2023年", "2022-2023年度", "二〇二二、二〇二三年", "2022年度和2023年度"]
        {
            let titled = titled(&format!("示例市某局{text}政府信息公开工作年度报告"));
            assert_eq!(titled.year, None, "{text}");
            assert_eq!(titled.years.iter().map(|year| year.get()).collect::<Vec<_>>(), [2022, 2023], "{text}");
            assert_eq!(titled.note.map(|note| note.code), Some(NoteCode::YearUncertain), "{text}");
            assert_eq!(titled.agency.as_deref(), Some("示例市某局"), "{text}");
        }
    }

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

    #[test]
    fn a_line_above_the_form_says_who_reports() {
        let row = |cells: &[&str]| {
            let cells = cells.iter().map(|cell| PrintedCell::alone(*cell, Place::in_text(1, 1)));
            PrintedRow { cells: cells.collect(), extent: Extent::Unknown }
        };
        for (cells, agency) in [
            (&["填报单位：示例市教育局"][..], Some("示例市教育局")),
            (&["报送单位（盖章）：示例市教育局（公章）"], Some("示例市教育局")),
            (&["填报单位", "示例市教育局", "填报日期"], Some("示例市教育局")),
            (&["填报单位：示例市教育局 填报日期：2024年1月5日"], Some("示例市教育局")),
            (&["单位：件"], None),
            (&["填报单位"], None),
        ] {
            assert_eq!(find_title(&[row(cells)]).agency.as_deref(), agency, "{cells:?}");
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
