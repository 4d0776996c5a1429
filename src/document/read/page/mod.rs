//! Pages on which characters stand where they are drawn, whatever format draws them: which of these are to be seen, tables by
//! the lines drawn around their cells, the rest line by line.

pub mod brush;
pub mod drawing;
pub mod geometry;
pub mod ink;
pub mod part;
pub mod path;
mod running;
pub mod shape;
mod sight;
mod strike;
mod table;
mod unruled;
mod writing;

use std::collections::HashMap;

use super::error::ReadError;
use super::grid::Grid;
use super::inscription::{self, Aside, BOX, Look, Settled};
use super::note::{NoteCode, Place, ReaderNote, Spot, shortened};
use super::placement::PrintedRow;
use super::text::is_page_number;
use super::{Limits, Printed};
use crate::report::Message;
use drawing::{Drawing, Mark, Sight};
use running::{Lines, remove_running};
use table::{Table, find_tables};
use writing::Line;

/// Characters that a document may have for each cell that it may have.
const CHARACTERS_PER_CELL: usize = 50;
/// What stands for a character that its font alone knows: it makes a number unreadable rather than shorter.
pub const UNKNOWN: &str = "\u{fffd}";
/// Of so many characters one may be unknown before it is said: bullets are.
const MOST_KNOWN: usize = 8;
/// Characters of a watermark that are told.
const OVERLAY_CHARACTERS: usize = 20;

/// Characters that a document may have.
pub fn max_characters(limits: &Limits) -> usize {
    limits.max_cells.saturating_mul(CHARACTERS_PER_CELL)
}

/// The pages of a document, in their order.
#[derive(Default)]
pub struct Pages {
    pages: Vec<Page>,
    lines: Vec<Lines>,
}

impl Pages {
    /// Adds the page that is drawn so.
    pub fn add(&mut self, drawing: Drawing) {
        let (page, outside) = Page::of(drawing);
        self.pages.push(page);
        self.lines.push(outside);
    }

    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// What is printed on them, row by row.
    ///
    /// # Errors
    /// [`ReadError::TooManyCells`].
    pub fn printed(mut self, limits: &Limits) -> Result<Printed, ReadError> {
        remove_running(&mut self.lines);
        let mut rows = Rows { rows: Vec::new(), cells: 0, limit: limits.max_cells };
        for (at, (page, lines)) in self.pages.iter().zip(self.lines).enumerate() {
            rows.page(at + 1, page, unruled::with_wrapped(lines.lines))?;
        }
        let notes = [scanned_note(&self.pages), overlay_note(&self.pages), unknown_note(&self.pages)];
        let notes = notes.into_iter().flatten().collect();
        Ok(Printed { rows: rows.rows, notes, is_lines: true })
    }
}

/// The note on pages that are pictures.
fn scanned_note(pages: &[Page]) -> Option<ReaderNote> {
    note(
        pages,
        |page| page.is_scanned,
        NoteCode::PageScanned,
        "",
        "页是图片（扫描件），没有可读取的文字；请核对这些页上的数据并手工填写，或改用原始电子文档",
        " is a picture (scanned) without text; check the figures there and fill them in, or send the original document",
    )
}

/// The note on what lies over or behind the text.
fn overlay_note(pages: &[Page]) -> Option<ReaderNote> {
    let raw = pages.iter().map(|page| page.overlay.as_str()).find(|overlay| !overlay.is_empty())?;
    note(
        pages,
        |page| !page.overlay.is_empty(),
        NoteCode::OverlayNotRead,
        raw,
        "页的文字上叠有水印一类的文字，没有读取；请核对这些页上的数据",
        " has a watermark or the like over its text, which is not read; check the figures there",
    )
}

/// The note on fonts that alone know what characters are.
fn unknown_note(pages: &[Page]) -> Option<ReaderNote> {
    note(
        pages,
        |page| page.is_unknown,
        NoteCode::FontUnknown,
        "",
        "页的文字使用了没有编码对照的字体，无法读取；请核对这些页上的数据并手工填写，或改用原始电子文档",
        " has text in a font that does not say which characters it draws; check the figures there and fill them in, or send the original document",
    )
}

/// One note on all the pages of a kind.
fn note(
    pages: &[Page],
    is_such: impl Fn(&Page) -> bool,
    code: NoteCode,
    raw: &str,
    zh: &str,
    en: &str,
) -> Option<ReaderNote> {
    let such: Vec<usize> = (1..).zip(pages).filter(|(_, page)| is_such(page)).map(|(number, _)| number).collect();
    let place = Place { order: 0, spot: Spot::Page { page: *such.first()?, line: 1 }, cell: 1 };
    let numbers = |comma: &str| such.iter().map(ToString::to_string).collect::<Vec<_>>().join(comma);
    let message = Message::new(format!("第{}{zh}", numbers("、")), format!("page {}{en}", numbers(", ")));
    Some(ReaderNote { code, place, raw: shortened(raw), cells: Vec::new(), message })
}

/// A table with what stands in each of its cells.
struct Filled {
    table: Table,
    marks: HashMap<usize, Vec<Mark>>,
    /// Pictures and small areas of colour.
    drawn: HashMap<usize, Vec<geometry::Area>>,
}

/// A drawing in a cell that is smaller than this, in points, or covers more than this of the cell, is no figure.
const LEAST_DRAWN: f64 = 3.0;
const MOST_DRAWN: f64 = 0.6;
/// How far from the sides of a cell a line begins and ends that is drawn in it, in points.
const INSET: f64 = 1.5;

impl Filled {
    /// The text of a cell. One without text in which something is drawn is no blank cell.
    fn text(&self, cell: usize, area: table::Area) -> Settled {
        let sides = self.table.sides_of(area);
        let mut settled = writing::cell(self.marks.get(&cell).cloned().unwrap_or_default(), sides.width());
        let is_figure = |drawn: &geometry::Area| {
            let least = drawn.width().max(drawn.height());
            least >= LEAST_DRAWN && drawn.width() * drawn.height() <= MOST_DRAWN * sides.width() * sides.height()
        };
        let digits: Vec<geometry::Area> =
            self.marks.get(&cell).into_iter().flatten().filter(|mark| is_digit(mark)).map(Mark::body).collect();
        let figures = || self.drawn.get(&cell).into_iter().flatten().filter(|drawn| is_figure(drawn));
        let is_drawn = if settled.text.is_empty() {
            figures().next().is_some()
        } else {
            inscription::is_figure(&settled.text) && figures().any(|figure| is_beside(figure, &digits))
        };
        if is_drawn {
            settled.asides.push(Aside { look: Look::Picture, text: BOX.to_owned() });
            settled.is_doubtful = true;
        }
        settled
    }
}

fn is_digit(mark: &Mark) -> bool {
    mark.sight == Sight::Seen && mark.text.chars().any(char::is_numeric)
}

/// Whether a drawing stands where more digits would: before or behind these, on their line, no higher than two of them and no
/// wider than four lines are high.
fn is_beside(drawn: &geometry::Area, digits: &[geometry::Area]) -> bool {
    let height = digits.iter().map(|digit| digit.height()).fold(0.0, f64::max);
    let is_apart = |digit: &geometry::Area| drawn.right <= digit.left || drawn.left >= digit.right;
    let is_near = |digit: &geometry::Area| drawn.left - digit.right <= height && digit.left - drawn.right <= height;
    let is_level = |digit: &geometry::Area| drawn.bottom < digit.top && digit.bottom < drawn.top;
    drawn.height() <= 2.0 * height
        && drawn.width() <= 4.0 * height
        && digits.iter().all(is_apart)
        && digits.iter().any(|digit| is_near(digit) && is_level(digit))
}

/// The tables of a page.
struct Page {
    tables: Vec<Filled>,
    /// There are pictures and no text to be seen.
    is_scanned: bool,
    /// The beginning of what lies over or behind the text.
    overlay: String,
    /// Of much of its text it is not known which characters it is.
    is_unknown: bool,
}

impl Page {
    /// What a page draws, and the lines outside its tables.
    fn of(mut drawing: Drawing) -> (Self, Lines) {
        let is_scanned = drawing.pictures > 0 && drawing.marks.iter().all(|mark| mark.sight == Sight::Hidden);
        if is_scanned {
            // What another program guessed of the picture.
            drawing.marks.clear();
        }
        let unknown = drawing.marks.iter().filter(|mark| mark.text == UNKNOWN).count();
        let is_unknown = unknown > 0 && unknown * MOST_KNOWN >= drawing.marks.len();
        sight::without_doubles(&mut drawing.marks);
        sight::turn(&mut drawing);
        strike::strike(&mut drawing);
        strike::encircle(&mut drawing);
        if drawing.is_beyond_limits {
            drawing.marks.iter_mut().for_each(|mark| mark.is_doubtful = true);
        }
        let found = find_tables(&drawing.strokes);
        sight::part_overlays(&mut drawing.marks, &found);
        sight::tear(&mut drawing.marks, &found, drawing.edge);
        let over = drawing.marks.iter().filter(|mark| mark.sight == Sight::Overlay).take(OVERLAY_CHARACTERS);
        let overlay = over.map(|mark| mark.text.as_str()).collect();
        let heights = found.iter().map(|table| (table.bottom(), table.top()));
        let heights = heights.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let filled = |table| Filled { table, marks: HashMap::new(), drawn: HashMap::new() };
        let mut tables: Vec<Filled> = found.into_iter().map(filled).collect();
        let mut outside = Vec::new();
        for mark in drawing.marks {
            let place = tables.iter_mut().find_map(|filled| Some((filled.table.cell_at(mark.middle())?, filled)));
            match place {
                Some((cell, filled)) => filled.marks.entry(cell).or_default().push(mark),
                None => outside.push(mark),
            }
        }
        // Lines that end away from the sides of their cell are none of its.
        let lines = drawing.strokes.iter().filter(|stroke| stroke.is_seen);
        let lines =
            lines.filter_map(|stroke| geometry::Area::around(&[stroke.from, stroke.to])).map(|area| (area, INSET));
        for (area, inset) in drawing.drawn.into_iter().chain(drawing.rounds).map(|area| (area, 0.0)).chain(lines) {
            let corners = [(area.left - inset, area.bottom - inset), (area.right + inset, area.top + inset)];
            let corners = corners.map(|(x, y)| geometry::Point { x, y });
            for filled in &mut tables {
                let [one, other] = corners.map(|corner| filled.table.cell_at(corner));
                if let Some(cell) = one.filter(|cell| other == Some(*cell)) {
                    filled.drawn.entry(cell).or_default().push(area);
                }
            }
        }
        (Self { tables, is_scanned, overlay, is_unknown }, Lines { lines: writing::lines(outside), tables: heights })
    }
}

struct Rows {
    rows: Vec<PrintedRow>,
    cells: usize,
    limit: usize,
}

impl Rows {
    /// The lines and tables of a page from top to bottom.
    fn page(&mut self, page: usize, read: &Page, lines: Vec<Line>) -> Result<(), ReadError> {
        let mut tables: Vec<_> = read.tables.iter().collect();
        tables.sort_by(|one, other| other.table.top().total_cmp(&one.table.top()));
        let mut tables = tables.into_iter().peekable();
        let mut above = 0;
        for line in lines {
            while let Some(filled) = tables.next_if(|filled| filled.table.top() > line.y) {
                self.table(filled, page, above)?;
                above += filled.table.row_count();
            }
            above += 1;
            self.line(line, Spot::Page { page, line: above })?;
        }
        for filled in tables {
            self.table(filled, page, above)?;
            above += filled.table.row_count();
        }
        Ok(())
    }

    fn line(&mut self, line: Line, spot: Spot) -> Result<(), ReadError> {
        if is_page_number(&line.text()) {
            return Ok(());
        }
        let order = self.rows.len() + 1;
        let row = unruled::row(line, self.limit, |cell| Place { order, spot, cell });
        self.count(row.cells.len())?;
        self.rows.push(row);
        Ok(())
    }

    fn table(&mut self, filled: &Filled, page: usize, above: usize) -> Result<(), ReadError> {
        let areas = filled.table.areas();
        self.count(areas.len())?;
        let mut grid = Grid::default();
        let mut areas = areas.into_iter().peekable();
        for row in 0..filled.table.row_count() {
            grid.begin_row();
            while let Some((cell, area)) = areas.next_if(|(_, area)| area.row == row) {
                grid.cell_at(area.column, area.columns, area.rows, filled.text(cell, area));
            }
        }
        let before = self.rows.len();
        let place = |row: usize, column: usize| {
            let spot = Spot::Page { page, line: above + row + 1 };
            Place { order: before + row + 1, spot, cell: column + 1 }
        };
        self.rows.extend(grid.printed_rows(place));
        Ok(())
    }

    fn count(&mut self, cells: usize) -> Result<(), ReadError> {
        self.cells += cells;
        if self.cells > self.limit { Err(ReadError::TooManyCells { limit: self.limit }) } else { Ok(()) }
    }
}
