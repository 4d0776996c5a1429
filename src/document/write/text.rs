//! Plain text: chapters, and tables with one printed row on each line, divided by `|`. A blank cell is `-`.

use super::Document;
use super::document::{Chapter, undivided_note};
use super::layout::Grid;

/// How a blank cell is printed where an empty one would be lost.
const BLANK: &str = "-";

pub fn write(document: &Document) -> String {
    let mut lines = vec![document.title()];
    for chapter in document.chapters() {
        match chapter {
            Chapter::Narrative { heading, text } => {
                lines.push(heading);
                lines.extend(text.map(str::to_owned));
            }
            Chapter::Table { heading, grid } => {
                lines.push(heading);
                lines.extend((0..grid.rows).map(|row| row_text(document, &grid, row)));
                lines.extend(grid.undivided.iter().map(|line| undivided_note(line)));
            }
        }
    }
    lines.extend(document.provenance.iter().map(|p| format!("{}：{}", p.label, p.value)));
    lines.push(String::new());
    lines.join("\n")
}

fn row_text(document: &Document, grid: &Grid, row: usize) -> String {
    let texts = grid.row(row).map(|tile| match &tile.content {
        super::layout::Content::Figure(cell) => {
            Some(document.text(*cell)).filter(|text| !text.is_empty()).unwrap_or_else(|| BLANK.to_owned())
        }
        heading => heading.heading().unwrap_or_default().to_owned(),
    });
    texts.collect::<Vec<_>>().join(" | ")
}
