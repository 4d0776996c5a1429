//! The chapters of a report by their headings, which vary: numbers are lost or begin anew, words come and go.

use std::sync::LazyLock;

use crate::form::catalogue;

use super::placement::{edits_within, tolerated_edits, wording};

/// A chapter of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// 一、总体情况
    Overview,
    /// 五、存在的主要问题及改进情况
    Problems,
    /// 六、其他需要报告的事项
    OtherMatters,
    /// One of the chapters that are tables; position in the catalogue.
    Table(usize),
}

/// Headings of the chapters of text.
const TEXTS: &[(&str, Chapter)] = &[
    ("总体情况", Chapter::Overview),
    ("存在的主要问题及改进情况", Chapter::Problems),
    ("其他需要报告的事项", Chapter::OtherMatters),
];

/// Longest heading, in characters.
const HEADING_CHARACTERS: usize = 40;

/// The chapter that a line is the heading of; a heading that differs from the form's must be numbered as chapters are.
pub fn chapter(line: &str) -> Option<Chapter> {
    static HEADINGS: LazyLock<Vec<(Vec<char>, Chapter)>> = LazyLock::new(|| {
        let tables = catalogue().tables.iter().enumerate();
        let tables = tables.map(|(at, table)| (table.table.title.zh, Chapter::Table(at)));
        let headings = TEXTS.iter().copied().chain(tables);
        headings.map(|(heading, chapter)| (wording(heading).full.chars().collect(), chapter)).collect()
    });
    // （一） and 1. number what stands within a chapter.
    let is_inner = line.starts_with(['（', '(', '〔', '【']) || line.starts_with(|c: char| c.is_ascii_digit());
    if is_inner || line.chars().nth(HEADING_CHARACTERS).is_some() {
        return None;
    }
    let words = wording(line);
    let characters: Vec<char> = words.full.chars().collect();
    let is_like = |heading: &[char]| {
        characters.ends_with(heading) || edits_within(&characters, heading, tolerated_edits(heading.len())).is_some()
    };
    let exact = HEADINGS.iter().find(|(heading, _)| *heading == characters);
    let found = exact.or_else(|| HEADINGS.iter().find(|(heading, _)| words.numbered && is_like(heading)));
    found.map(|(_, chapter)| *chapter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_recognised_as_they_vary() {
        for (line, expected) in [
            ("一、总体情况", Some(Chapter::Overview)),
            ("总体情况", Some(Chapter::Overview)),
            ("五、存在问题及改进情况", Some(Chapter::Problems)),
            ("五、政府信息公开工作存在的主要问题及改进情况", Some(Chapter::Problems)),
            ("六、其他需要报告的事项", Some(Chapter::OtherMatters)),
            ("、主动公开政府信息情况", Some(Chapter::Table(0))),
            ("（一）总体情况", None),
            ("1.总体情况", None),
            ("总体情况良好。", None),
            ("一、本年新收政府信息公开申请数量", None),
        ] {
            assert_eq!(chapter(line), expected, "{line}");
        }
    }
}
