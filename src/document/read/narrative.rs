//! The chapters of text: what stands between their headings, paragraph by paragraph.

use std::collections::BTreeMap;

use crate::report::Narrative;

use super::chapters::{Chapter, chapter};
use super::note::{NoteCode, Place, ReaderNote};
use super::placement::{PrintedRow, wording};
use super::text::is_page_number;

/// Reads the chapters of text, of each at most `max_characters`. In a text of lines, a line that ends amid a sentence
/// is carried on by the next.
pub fn read_narrative(rows: &[PrintedRow], is_lines: bool, max_characters: usize) -> (Narrative, Vec<ReaderNote>) {
    let (mut narrative, mut notes) = (Narrative::default(), Vec::new());
    let headings = headings(rows);
    for (at, (row, chapter)) in headings.iter().enumerate() {
        let field = match chapter {
            Chapter::Overview => &mut narrative.overview,
            Chapter::Problems => &mut narrative.problems,
            Chapter::OtherMatters => &mut narrative.other_matters,
            Chapter::Table(_) => continue,
        };
        let end = headings.get(at + 1).map_or(rows.len(), |(next, _)| *next);
        let inside = rows.get(row + 1..end).unwrap_or_default();
        let mut text = paragraphs(inside, is_lines);
        if let Some((cut, _)) = text.char_indices().nth(max_characters) {
            text.truncate(cut);
            let place = rows.get(*row).and_then(|row| row.cells.first()).map_or(Place::START, |cell| cell.place);
            let zh = format!("本章文字超过{max_characters}字，只保留开头部分；请精简");
            let en =
                format!("the text of this chapter has more than {max_characters} characters; its beginning is kept");
            notes.push(ReaderNote::at(NoteCode::TextCut, place, "", Vec::new(), &zh, &en));
        }
        *field = Some(text).filter(|text| !text.is_empty());
    }
    (narrative, notes)
}

/// The headings of chapters in order, each where it stands last: before that it is in a list of contents, or a
/// heading within the text.
fn headings(rows: &[PrintedRow]) -> Vec<(usize, Chapter)> {
    let mut last: BTreeMap<Chapter, usize> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let mut texts = row.cells.iter().map(|cell| cell.raw.as_str()).filter(|raw| !raw.is_empty());
        if let (Some(line), None) = (texts.next(), texts.next())
            && let Some(chapter) = chapter(line)
        {
            last.insert(chapter, at);
        }
    }
    let mut headings: Vec<_> = last.into_iter().map(|(chapter, at)| (at, chapter)).collect();
    headings.sort_unstable();
    headings
}

fn paragraphs(rows: &[PrintedRow], is_lines: bool) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.cells.iter().map(|cell| cell.raw.trim()).filter(|raw| !raw.is_empty()).collect();
        let line = cells.join(" ");
        if line.is_empty() || is_page_number(&line) {
            continue;
        }
        let is_complete = text.ends_with(['。', '！', '？', '；', '：', '.', '!', '?', ';', ':']);
        if !text.is_empty() && (!is_lines || is_complete || begins_anew(&line)) {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

/// A line that is numbered begins a paragraph.
fn begins_anew(line: &str) -> bool {
    wording(line).numbered && !line.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::text::read_text;
    use super::*;

    fn read(text: &str, max_characters: usize) -> (Narrative, usize) {
        let (narrative, notes) = read_narrative(&read_text(text, 1000).unwrap(), true, max_characters);
        (narrative, notes.len())
    }

    const REPORT: &str = "一、总体情况\n二、主动公开政府信息情况\n\n一、总体情况\n（一）主动公开政府信息情况\n全年收到申请 34\n件。\n\
        另有1件。\n二、主动公开政府信息情况\n规章 1 2 3\n五、存在的主要问题和改进情况\n公开不够及时。\n- 3 -\n六、其他需要报告的事项\n无。\n";

    #[test]
    fn a_chapter_is_what_stands_between_its_heading_and_the_next() {
        let (narrative, notes) = read(REPORT, 1000);
        let overview = "（一）主动公开政府信息情况全年收到申请 34件。\n另有1件。";
        assert_eq!(narrative.overview.as_deref(), Some(overview));
        assert_eq!(narrative.problems.as_deref(), Some("公开不够及时。"));
        assert_eq!(narrative.other_matters.as_deref(), Some("无。"));
        assert_eq!(notes, 0);
    }

    #[test]
    fn a_long_chapter_is_cut_and_that_is_said() {
        let (narrative, notes) = read(REPORT, 5);
        assert_eq!(narrative.problems.as_deref(), Some("公开不够及"));
        assert_eq!(notes, 2);
    }

    #[test]
    fn a_chapter_that_is_not_there_is_not_made_up() {
        assert_eq!(read("规章\n1\n总体情况良好。\n", 100).0, Narrative::default());
    }
}
