//! The title of a document, and what it says of which report it is: the year and the agency, wherever they are printed.
//!
//! The year stands in the title (after a breadcrumb, in a cell of a table), in the opening sentences (现将2022年度…公布),
//! and in the period of the figures (自2022年1月1日起至12月31日止). A date of publication is none of these.

mod agency;
mod year;

use crate::report::ReportYear;

use super::note::{NoteCode, ReaderNote};
use super::placement::{Period, PrintedRow, wording};
use agency::{agency_in, agency_in_brackets, author, reported_by};
pub use year::{arabic, expression};
use year::{years_of_title, years_said};

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
    titled.agency = titled.agency.or_else(|| rows.iter().take(OPENING_ROWS).find_map(reported_by));
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
}
