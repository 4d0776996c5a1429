//! Other years where the report year is meant: in the sentences that say what the report is about.

use std::sync::LazyLock;

use regex::Regex;

use crate::report::{Message, Narrative, ReportYear};

use super::super::text::chinese_numeral;
use super::Remark;
use super::sentence::{plain, quoted, sentences};

/// Sentences that name the year of the report itself.
const ABOUT_THE_REPORT: &[&str] = &[
    // 本报告所列数据的统计期限自2023年1月1日起，至2023年12月31日止
    r"(?:统计|数据|报告)(?:的)?(?:期限|期间|时限|时间|周期)[^0-9]{0,8}(20\d\d)年1月1日",
    // 现将2023年度政府信息公开工作情况报告如下；现公布某局2023年政府信息公开工作年度报告
    r"现(?:将|公布|予以公布|向社会公布)[^0-9]{0,30}(20\d\d)年(?:度)?(?:的)?(?:政府信息公开|政务公开|信息公开)",
    r"^本报告[^0-9]{0,40}(20\d\d)年(?:度)?(?:的)?(?:政府信息公开|政务公开|信息公开)",
];

/// The opening of a chapter that tells the year's work: 2023年，我局……
const OPENING: &str = r"^(20\d\d)年(?:度)?(?:，|,|我|本|全)";

/// Each sentence that names another year where the report's own is meant.
pub(super) fn other_years(narrative: &Narrative, year: ReportYear) -> Vec<Remark> {
    static PATTERNS: LazyLock<Vec<Regex>> =
        LazyLock::new(|| ABOUT_THE_REPORT.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());
    static BEGINS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(OPENING).ok());
    let own = year.to_string();
    let mut remarks = Vec::new();
    for chapter in narrative.chapters() {
        let text = plain(chapter.text.unwrap_or_default());
        // A chapter that names the report year elsewhere may well open with what came before.
        let opens = (chapter.number == 1 && !text.contains(&own)).then_some(&*BEGINS).and_then(Option::as_ref);
        for (position, original) in sentences(&text).enumerate() {
            let opening = opens.filter(|_| position == 0);
            let named = PATTERNS.iter().chain(opening).find_map(|pattern| pattern.captures(original)?.get(1));
            // The report year beside the other one: a period over two years, or a comparison.
            let Some(named) = named.map(|named| named.as_str()).filter(|named| *named != own) else { continue };
            if original.contains(&own) {
                continue;
            }
            let sentence = quoted(original);
            remarks.push(Remark {
                chapter: chapter.number,
                cells: Vec::new(),
                message: Message {
                    zh: format!(
                        "第{}部分写的是{named}年，而报告年度为{own}年：“{sentence}”。",
                        chinese_numeral(chapter.number)
                    ),
                    en: format!(
                        "Chapter {} speaks of {named}, but the report is about {own}: “{sentence}”.",
                        chapter.number
                    ),
                },
            });
        }
    }
    remarks
}
