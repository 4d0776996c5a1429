//! Markdown: a text whose rows are tables by their bars, freed of the marks that only a renderer reads.
//!
//! Read line by line rather than with a Markdown library: these drop the cells of a row beyond its header's, and
//! take numbered labels for lists.

use super::error::ReadError;
use super::html::read_html;
use super::inscription::Settled;
use super::placement::PrintedRow;
use super::text::read_lines;
use super::told::is_delimiter_row;

/// Reads a Markdown document into printed rows.
///
/// # Errors
/// [`ReadError::TooManyCells`] beyond `max_cells`.
pub fn read_markdown(text: &str, max_cells: usize) -> Result<Vec<PrintedRow>, ReadError> {
    // A line for a line, so that places stay true.
    let plain: Vec<String> = text.lines().map(plain).collect();
    read_lines(&plain.join("\n"), max_cells, settled)
}

/// A line without the marks of headings, quotations and emphasis.
fn plain(line: &str) -> String {
    if is_delimiter_row(line) {
        return String::new();
    }
    let trimmed = line.trim_start().trim_start_matches(['#', '>']);
    let text = trimmed.replace("**", "").replace("__", "").replace("<br>", " ").replace("<br/>", " ");
    let text = text.replace("&nbsp;", " ").replace(['`'], "");
    // A bar within a cell, which is no bar between cells.
    without_escapes(&text.replace("\\|", "｜")).trim().to_owned()
}

/// A text without the strokes before marks that are to be printed; before anything else a stroke is printed itself.
fn without_escapes(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        if character != '\\' || !characters.peek().is_some_and(char::is_ascii_punctuation) {
            plain.push(character);
        } else {
            plain.extend(characters.next());
        }
    }
    plain
}

/// The pairs of marks around what is set otherwise, the longer first, and the element of HTML that each stands for.
const PAIRS: &[(&str, &str, &str)] = &[("~~", "~~", "s"), ("[^", "]", "sup"), ("^", "^", "sup"), ("~", "~", "sub")];

/// The text of a cell without what is struck out, raised, lowered or hidden in it.
fn settled(cell: &str) -> Settled {
    if !cell.contains(['<', '~', '^', '&']) {
        return cell.into();
    }
    let mut page = String::from("<table><tr><td>");
    let mut rest = cell;
    while let Some(at) = rest.find(['~', '^', '[', '<']) {
        let (before, from) = rest.split_at(at);
        page.push_str(before);
        let inside = PAIRS.iter().find_map(|(open, close, name)| {
            let (inside, after) = from.strip_prefix(open)?.split_once(close)?;
            (!inside.is_empty() && !inside.contains(char::is_whitespace)).then_some((inside, after, name))
        });
        if let Some((inside, after, name)) = inside {
            page.push_str(&format!("<{name}>{inside}</{name}>"));
            rest = after;
            continue;
        }
        let mut characters = from.chars();
        match (characters.next(), characters.clone().next()) {
            (Some('<'), Some(next)) if !(next.is_ascii_alphabetic() || matches!(next, '/' | '!')) => {
                page.push_str("&lt;")
            }
            // An address in these marks is printed.
            (Some('<'), _) if from.split('>').next().is_some_and(|inside| inside.contains("://")) => {
                page.push_str("&lt;")
            }
            (first, _) => page.extend(first),
        }
        rest = characters.as_str();
    }
    page.push_str(rest);
    page.push_str("</td></tr></table>");
    let mut cells = read_html(&page, 2).unwrap_or_default().into_iter().flat_map(|row| row.cells);
    match (cells.next(), cells.next()) {
        (Some(only), None) => Settled { text: only.raw, asides: only.asides, is_doubtful: only.is_doubtful },
        // Nothing but marks and blanks, or no single cell.
        (None, _) => Settled::default(),
        (Some(_), Some(_)) => cell.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_markdown_are_no_part_of_the_cells() {
        let text = "## 二、主动公开政府信息情况\n| 信息内容 | **本年制发件数** |\n|:---|---:|\n| 规章 | 1\\. |\n";
        let rows = read_markdown(text, 100).unwrap();
        let cells: Vec<Vec<_>> =
            rows.iter().map(|row| row.cells.iter().map(|cell| cell.raw.as_str()).collect()).collect();
        let expected = [vec!["二、主动公开政府信息情况"], vec!["信息内容", "本年制发件数"], vec!["规章", "1."]];
        assert_eq!(cells, expected);
        assert_eq!(rows[2].cells[0].place.line(), 4);
    }

    #[test]
    fn what_is_struck_raised_or_hidden_is_no_part_of_the_number() {
        for (text, plain, aside) in [
            ("~~39~~447228", "447228", "39"),
            ("169^1^", "169", "1"),
            ("169[^2]", "169", "2"),
            ("169<sup>1</sup>", "169", "1"),
            ("<del>3</del>169", "169", "3"),
            ("<span style=\"display:none\">5</span>169", "169", "5"),
        ] {
            let settled = settled(text);
            assert_eq!(settled.text, plain, "{text}");
            assert_eq!(settled.asides.first().map(|aside| aside.text.as_str()), Some(aside), "{text}");
        }
        for (text, plain) in [("1 < 2", "1 < 2"), ("1~3", "1~3"), ("169<!-- 5 -->", "169"), ("[注]", "[注]")] {
            assert_eq!(settled(text).text, plain, "{text}");
        }
        assert_eq!((plain("| \\169 | 1\\. |").as_str(), plain("\\|").as_str()), ("| \\169 | 1. |", "｜"));
        assert!(settled("<http://x/7>169").text.contains('<'));
    }
}
