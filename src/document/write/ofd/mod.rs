//! OFD (GB/T 33190): A4, set here line by line, for the format knows no paragraphs and no tables. The same document gives the
//! same bytes: no time, no random name.
//!
//! Fonts are named and not embedded, as in DOCX. Characters are set by the widths of the Chinese fonts, in which a Chinese
//! character is as wide as high and a Latin one half of that.

mod page;
mod parts;
mod table;

use super::document::{Chapter, undivided_note};
use super::{Document, WriteError};
use page::{Align, Face, Pages};

/// Fonts by their numbers in the file.
const FONTS: [&str; 3] = ["宋体", "黑体", "仿宋"];

const TITLE: Face = Face { font: 0, size: 7_056, is_bold: true };
const HEADING: Face = Face { font: 1, size: 5_644, is_bold: false };
const BODY: Face = Face { font: 2, size: 5_644, is_bold: false };
const CELL: Face = Face { font: 0, size: 3_175, is_bold: false };
const NOTE: Face = Face { font: 2, size: 3_175, is_bold: false };
const FOOTER: Face = Face { font: 0, size: 2_646, is_bold: false };

/// Room above a heading that does not begin a page, in micrometres.
const ABOVE_HEADING: i64 = 4_000;
/// Room below title and headings.
const BELOW_HEADING: i64 = 2_000;

/// # Errors
/// Where the archive cannot be made.
pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let provenance = document.provenance.iter();
    let footer: Vec<String> = provenance.map(|said| format!("{}：{}", said.label, said.value)).collect();
    let mut pages = Pages::new(&footer, FOOTER);
    pages.paragraph(&document.title(), TITLE, Align::Centre, 0);
    pages.skip(ABOVE_HEADING);
    for chapter in document.chapters() {
        write_chapter(&mut pages, document, &chapter);
    }
    parts::pack(&document.title(), &pages.end())
}

fn write_chapter(pages: &mut Pages, document: &Document, chapter: &Chapter<'_>) {
    match chapter {
        Chapter::Narrative { heading, text } => {
            write_heading(pages, heading, BODY.line());
            for paragraph in text.iter().flat_map(|text| text.lines()) {
                pages.paragraph(paragraph, BODY, Align::Left, 2 * BODY.size);
            }
        }
        Chapter::Table { heading, grid } => {
            let table = table::Set::new(document, grid);
            write_heading(pages, heading, table.least_height());
            table.draw(pages);
            for line in &grid.undivided {
                pages.paragraph(&undivided_note(line), NOTE, Align::Left, 0);
            }
        }
    }
}

/// A heading is never the last thing on a page.
fn write_heading(pages: &mut Pages, heading: &str, below: i64) {
    pages.skip(ABOVE_HEADING);
    pages.keep(HEADING.line() + BELOW_HEADING + below);
    pages.paragraph(heading, HEADING, Align::Left, 0);
    pages.skip(BELOW_HEADING);
}
