//! Markdown: a text whose rows are tables by their bars, freed of the marks that only a renderer reads.
//!
//! Read line by line rather than with a Markdown library: these drop the cells of a row beyond its header's, and
//! take numbered labels for lists.

use super::detect::is_delimiter_row;
use super::error::ReadError;
use super::placement::PrintedRow;
use super::text::read_text;

/// Reads a Markdown document into printed rows.
///
/// # Errors
/// [`ReadError::TooManyCells`] beyond `max_cells`.
pub fn read_markdown(text: &str, max_cells: usize) -> Result<Vec<PrintedRow>, ReadError> {
    // A line for a line, so that places stay true.
    let plain: Vec<String> = text.lines().map(plain).collect();
    read_text(&plain.join("\n"), max_cells)
}

/// A line as it would be rendered.
fn plain(line: &str) -> String {
    if is_delimiter_row(line) {
        return String::new();
    }
    let trimmed = line.trim_start().trim_start_matches(['#', '>']);
    let text = trimmed.replace("**", "").replace("__", "").replace("<br>", " ").replace("<br/>", " ");
    let text = text.replace("&nbsp;", " ").replace(['`'], "");
    // A bar within a cell, which is no bar between cells.
    text.replace("\\|", "｜").replace('\\', "").trim().to_owned()
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
}
