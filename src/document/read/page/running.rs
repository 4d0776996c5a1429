//! What a program prints at the head and foot of each page: the moment and address of a browser's print, numbers of
//! pages, a heading that comes again. It is neither title nor text.

use super::super::text::is_page_number;
use super::writing::Line;

/// Most lines at an end of a page that are looked at: a foot may say where the figures are from.
const END_LINES: usize = 6;
/// Shortest heading that comes again, in characters without digits.
const HEADING_CHARACTERS: usize = 4;
/// How far apart on two pages a line stands that is the same, in points.
const SAME_PLACE: f64 = 2.0;

/// An end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Head,
    Foot,
}

/// The lines of a page from top to bottom, and between which heights its tables stand.
#[derive(Debug, Default)]
pub struct Lines {
    pub lines: Vec<Line>,
    pub tables: Option<(f64, f64)>,
}

impl Lines {
    /// The line that is the outermost of the page at an end.
    fn outermost(&self, end: End) -> Option<&Line> {
        let line = match end {
            End::Head => self.lines.first(),
            End::Foot => self.lines.last(),
        };
        line.filter(|line| match (self.tables, end) {
            (Some((_, top)), End::Head) => line.y > top,
            (Some((bottom, _)), End::Foot) => line.y < bottom,
            (None, _) => true,
        })
    }

    fn remove(&mut self, end: End) {
        match end {
            End::Head if !self.lines.is_empty() => drop(self.lines.remove(0)),
            End::Head => {}
            End::Foot => drop(self.lines.pop()),
        }
    }
}

/// Takes the running lines from all pages.
pub fn remove_running(pages: &mut [Lines]) {
    for end in [End::Head, End::Foot] {
        for _ in 0..END_LINES {
            let (count, outermost) =
                (pages.len(), pages.iter().map(|page| page.outermost(end).cloned()).collect::<Vec<_>>());
            let is_running = |at: usize, line: &Line| {
                let text = line.text();
                is_of_a_browser(&text)
                    || is_page_number(&text)
                    || is_number_of(&text, at + 1, count)
                    || counts_pages(&outermost, at)
                    || others(&outermost, end, at).any(|other| comes_again(other, line))
            };
            let found: Vec<bool> = outermost
                .iter()
                .enumerate()
                .map(|(at, line)| line.as_ref().is_some_and(|line| is_running(at, line)))
                .collect();
            for (page, _) in pages.iter_mut().zip(found).filter(|(_, is_running)| *is_running) {
                page.remove(end);
            }
        }
    }
}

/// `2024/1/30 16:52  Title`, or an address.
fn is_of_a_browser(text: &str) -> bool {
    let words: Vec<&str> = text.split([' ', ',', '，', '\u{a0}', '\u{202f}']).filter(|word| !word.is_empty()).collect();
    let moment = |words: &[&str]| words.iter().any(|word| is_date(word)) && words.iter().any(|word| is_time(word));
    let (head, tail) = (words.get(..words.len().min(4)), words.get(words.len().saturating_sub(4)..));
    words.iter().any(|word| word.contains("://") || *word == "about:blank")
        || [head, tail].into_iter().flatten().any(moment)
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.trim_end_matches('日').split(['/', '-', '.', '年', '月']).collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_time(word: &str) -> bool {
    let parts: Vec<&str> = word.trim_start_matches(['上', '下', '午']).split(':').collect();
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

/// The number of this page, of how many.
fn is_number_of(text: &str, page: usize, pages: usize) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let written = [
        format!("{page}/{pages}"),
        format!("第{page}页共{pages}页"),
        format!("第{page}页，共{pages}页"),
        format!("第{page}页/共{pages}页"),
        format!("Page{page}of{pages}"),
        format!("{page}of{pages}"),
    ];
    written.contains(&text)
}

/// A number alone that goes up by one from page to page.
fn counts_pages(lines: &[Option<Line>], at: usize) -> bool {
    let offset = |at: usize| {
        let number: i64 = lines.get(at)?.as_ref()?.text().trim().parse().ok()?;
        Some(number - i64::try_from(at).ok()?)
    };
    offset(at).is_some_and(|this| (0..lines.len()).any(|other| other != at && offset(other) == Some(this)))
}

/// What a heading or a foot may be another time: the first heading may be a title, the first foot is one like the others.
fn others(lines: &[Option<Line>], end: End, at: usize) -> impl Iterator<Item = &Line> {
    let (earlier, later) = lines.split_at(at);
    let later = if end == End::Foot { later.get(1..).unwrap_or_default() } else { &[] };
    earlier.iter().chain(later).flatten()
}

fn comes_again(earlier: &Line, line: &Line) -> bool {
    let words =
        |line: &Line| -> String { line.text().chars().filter(|c| !c.is_whitespace() && !c.is_numeric()).collect() };
    let (one, other) = (words(earlier), words(line));
    one == other && one.chars().count() >= HEADING_CHARACTERS && (earlier.y - line.y).abs() <= SAME_PLACE
}

#[cfg(test)]
mod tests {
    use super::super::writing::Word;
    use super::*;

    fn page(texts: &[&str]) -> Lines {
        let word = |text: &&str| Word { settled: (*text).into(), left: 0.0, right: 0.0 };
        let line = |(at, text): (usize, &&str)| Line { y: -(at as f64) * 20.0, size: 10.0, words: vec![word(text)] };
        Lines { lines: texts.iter().enumerate().map(line).collect(), tables: None }
    }

    fn left(pages: &[&[&str]]) -> Vec<Vec<String>> {
        let mut pages: Vec<Lines> = pages.iter().map(|texts| page(texts)).collect();
        remove_running(&mut pages);
        pages.iter().map(|page| page.lines.iter().map(Line::text).collect()).collect()
    }

    #[test]
    fn the_head_and_foot_of_a_browsers_print_are_taken_away() {
        let pages = left(&[
            &["2024/1/30 16:52 某局年报-某市政府", "正文", "https://example.invalid/a.html 1/2"],
            &["1/30/24, 4:52 PM 某局年报", "正文 2024年", "2/2"],
        ]);
        assert_eq!(pages, [["正文"], ["正文 2024年"]]);
    }

    #[test]
    fn numbers_of_pages_and_headings_that_come_again_are_taken_away() {
        let pages = left(&[&["某局年度报告", "一", "5"], &["某局年度报告", "二", "6"], &["三", "第 3 页 共 3 页"]]);
        assert_eq!(pages, [vec!["某局年度报告", "一"], vec!["二"], vec!["三"]]);
    }

    #[test]
    fn a_foot_of_several_lines_is_taken_away_on_the_first_page_too() {
        let foot = ["内容 SHA-256：0a1b", "依据日志序号 5"];
        let pages =
            left(&[&["年度报告", "一", foot[0], foot[1], "— 1 —"], &["年度报告", "二", foot[0], foot[1], "— 2 —"]]);
        assert_eq!(pages, [vec!["年度报告", "一"], vec!["二"]]);
    }

    #[test]
    fn what_is_printed_once_is_text() {
        let pages = left(&[&["2024年1月30日", "全年收到申请", "34"], &["无。", "12"]]);
        assert_eq!(pages, [vec!["2024年1月30日", "全年收到申请", "34"], vec!["无。", "12"]]);
    }
}
