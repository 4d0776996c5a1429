//! The title of a document and the year in it.

use crate::report::ReportYear;

use super::placement::{PrintedRow, wording};

/// What the head of a document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Titled {
    pub title: Option<String>,
    pub year: Option<ReportYear>,
}

/// Rows among which the title is looked for.
const HEAD_ROWS: usize = 40;
/// Longest title, in characters.
const TITLE_CHARACTERS: usize = 60;

/// Finds the title: the first short line on 政府信息公开 that names a year, or calls itself 年度报告.
pub fn find_title(rows: &[PrintedRow]) -> Titled {
    let head = || rows.iter().take(HEAD_ROWS).filter_map(first_text);
    let mut before: Option<&str> = None;
    for line in head() {
        let words = wording(line);
        let is_title = words.full.contains("政府信息公开") && !words.sentence && words.length() <= TITLE_CHARACTERS;
        let year = year_in(line);
        if is_title && (year.is_some() || words.full.contains("年度报告")) {
            // The agency's name often stands on a line of its own above.
            let begins_with_year = year.is_some() && line.trim_start().starts_with(['2', '２', '二']);
            let name = before.filter(|name| begins_with_year && wording(name).length() <= TITLE_CHARACTERS);
            let title = name.map_or_else(|| line.to_owned(), |name| format!("{name}{line}"));
            return Titled { title: Some(title), year };
        }
        before = Some(line).filter(|_| !words.sentence);
    }
    Titled::default()
}

fn first_text(row: &PrintedRow) -> Option<&str> {
    row.cells.iter().map(|cell| cell.raw.as_str()).find(|raw| !raw.is_empty())
}

/// The first year before 年, in Arabic or Chinese digits.
fn year_in(text: &str) -> Option<ReportYear> {
    let mut digits = String::new();
    for character in text.chars().filter(|c| !c.is_whitespace()) {
        match digit(character) {
            Some(digit) => digits.push(digit),
            None => {
                if character == '年'
                    && let Ok(year) = digits.parse()
                {
                    return Some(year);
                }
                digits.clear();
            }
        }
    }
    None
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
    fn the_year_stands_before_its_character() {
        for text in ["2022年度", "2022 年度", "２０２２年", "二〇二二年", "示例市2022年政府信息公开"]
        {
            assert_eq!(year_in(text).map(ReportYear::get), Some(2022), "{text}");
        }
        for text in ["22年", "12022年", "2022-12-31", "年"] {
            assert_eq!(year_in(text), None, "{text}");
        }
    }
}
