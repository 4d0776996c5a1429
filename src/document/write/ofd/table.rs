//! A table of the form, set: how high its rows are, and what of it stands on which page.

use super::super::Document;
use super::super::layout::{Content, Grid, Tile};
use super::CELL;
use super::page::{Align, Area, Face, MARGIN, Object, Pages, WIDTH, lines};

/// Between the text of a cell and its lines, in micrometres.
const PADDING: i64 = 700;
/// Lowest row, in micrometres.
const ROW: i64 = 6_500;

/// A grid with its measures.
pub struct Set<'d> {
    document: &'d Document,
    grid: &'d Grid,
    /// Left edges of the columns and the right one of the last, from the left of the table.
    columns: Vec<i64>,
    /// Heights of the rows.
    rows: Vec<i64>,
}

/// The text of a tile in lines, and what these are set in.
struct Lines {
    face: Face,
    align: Align,
    lines: Vec<String>,
}

impl<'d> Set<'d> {
    pub fn new(document: &'d Document, grid: &'d Grid) -> Self {
        let total = grid.widths.iter().sum::<usize>().max(1);
        let edge = |columns: usize| {
            let before: usize = grid.widths.iter().take(columns).sum();
            i64::try_from(before * usize::try_from(WIDTH).unwrap_or_default() / total).unwrap_or_default()
        };
        let columns = (0..=grid.columns()).map(edge).collect();
        let mut set = Self { document, grid, columns, rows: vec![ROW; grid.rows] };
        set.stretch();
        set
    }

    /// Makes rows as high as what stands in them, those of one row first.
    fn stretch(&mut self) {
        let mut tiles: Vec<&Tile> = self.grid.tiles.iter().collect();
        tiles.sort_by_key(|tile| tile.rows);
        for tile in tiles {
            let text = self.lines(tile);
            let needed = text.height() + 2 * PADDING;
            let rows = tile.row..tile.row + tile.rows;
            let missing = needed - self.height_of(rows.clone());
            if let Some(last) = rows.last().and_then(|last| self.rows.get_mut(last)).filter(|_| missing > 0) {
                *last += missing;
            }
        }
    }

    fn height_of(&self, rows: std::ops::Range<usize>) -> i64 {
        self.rows.get(rows).unwrap_or_default().iter().sum()
    }

    fn edge(&self, column: usize) -> i64 {
        self.columns.get(column).copied().unwrap_or(WIDTH)
    }

    fn lines(&self, tile: &Tile) -> Lines {
        let width = self.edge(tile.column + tile.columns) - self.edge(tile.column) - 2 * PADDING;
        match &tile.content {
            // A number stands on one line, however long it is.
            Content::Figure(cell) => {
                let text = self.document.text(*cell);
                let size = match CELL.width_of(&text) {
                    needed if needed > width => CELL.size * width / needed,
                    _ => CELL.size,
                };
                Lines { face: Face { size, ..CELL }, align: Align::Centre, lines: vec![text] }
            }
            Content::RowHeading(text) => Lines { face: CELL, align: Align::Left, lines: lines(text, CELL, width, 0) },
            Content::ColumnHeading(text) | Content::Band(text) => {
                Lines { face: CELL, align: Align::Centre, lines: even_lines(text, width) }
            }
        }
    }

    /// Height of what is to stand below its heading on the same page: all of the table, where one page takes it.
    pub fn least_height(&self) -> i64 {
        self.height_of(0..self.grid.rows)
    }

    /// Draws the table, over pages where it takes them: then with its headings on each.
    pub fn draw(&self, pages: &mut Pages) {
        let headings = 0..self.grid.heading_rows;
        let mut next = 0;
        while next < self.grid.rows {
            let is_continued = next >= headings.end && next > 0;
            let above = if is_continued { self.height_of(headings.clone()) } else { 0 };
            let mut end = next + 1;
            while end < self.grid.rows && above + self.height_of(next..end + 1) <= pages.left() {
                end += 1;
            }
            if is_continued {
                self.part(pages, headings.clone());
            }
            self.part(pages, next..end);
            next = end;
            if next < self.grid.rows {
                pages.begin_page();
            }
        }
    }

    /// Some rows, with what is merged over their ends drawn as far as it is in them.
    fn part(&self, pages: &mut Pages, rows: std::ops::Range<usize>) {
        for tile in self.grid.tiles.iter().filter(|tile| tile.row < rows.end && rows.start < tile.row + tile.rows) {
            let (first, end) = (tile.row.max(rows.start), (tile.row + tile.rows).min(rows.end));
            let left = self.edge(tile.column);
            let width = self.edge(tile.column + tile.columns) - left;
            let area = Area {
                x: MARGIN + left,
                y: self.height_of(rows.start..first),
                width,
                height: self.height_of(first..end),
            };
            pages.draw(Object::Frame(area));
            let text = self.lines(tile);
            let inner = Area {
                x: area.x + PADDING,
                y: area.y + (area.height - text.height()) / 2,
                width: width - 2 * PADDING,
                height: text.height(),
            };
            pages.text(&text.lines, text.face, text.align, inner);
        }
        pages.advance(self.height_of(rows));
    }
}

impl Lines {
    fn height(&self) -> i64 {
        i64::try_from(self.lines.len()).unwrap_or_default() * self.face.line()
    }
}

/// A heading in lines of one length: 结果/维持 rather than 结果维/持.
fn even_lines(text: &str, width: i64) -> Vec<String> {
    let count = i64::try_from(lines(text, CELL, width, 0).len()).unwrap_or(1).max(1);
    let even = (CELL.width_of(text) + count - 1) / count;
    let even = (even + CELL.size - 1) / CELL.size * CELL.size;
    lines(text, CELL, even.clamp(CELL.size, width.max(CELL.size)), 0)
}
