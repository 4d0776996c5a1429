//! PDF with a text layer: tables by the lines drawn around their cells, the rest line by line.
//!
//! Characters and lines are taken from the page's instructions on top of lopdf. Text extractors lose what tells
//! cells apart, and the tables that font and page bring along can make them panic or never end.

mod cmap;
mod font;
mod geometry;
mod locked;
mod page;
mod table;
mod unpack;

use super::Limits;
use super::error::ReadError;
use super::grid::Grid;
use super::note::{Place, Spot};
use super::placement::{PrintedCell, PrintedRow};
use super::text::{cells_of, is_page_number};
use geometry::Point;
use page::{Drawing, Mark, Painter};
use table::{Table, find_tables};

/// Characters that a document may have for each cell that it may have.
const CHARACTERS_PER_CELL: usize = 50;
/// Gap between characters that is a blank, in parts of their size.
const BLANK: f64 = 0.25;
/// Distance of lines of writing, in parts of the size.
const LINE: f64 = 0.5;
/// How near a character printed twice to look bold stands to itself, in parts of the size.
const TWICE: f64 = 0.15;
/// Height of a character's middle above the line of writing, in parts of the size.
const MIDDLE: f64 = 0.3;

/// Reads a PDF into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::Protected`] and the errors of limits.
pub fn read_pdf(bytes: &[u8], limits: &Limits) -> Result<Vec<PrintedRow>, ReadError> {
    let document = unpack::load(bytes)?;
    let pages: Vec<_> = document.page_iter().take(limits.max_pages + 1).collect();
    if pages.len() > limits.max_pages {
        return Err(ReadError::TooManyPages { limit: limits.max_pages });
    }
    let max_characters = limits.max_cells.saturating_mul(CHARACTERS_PER_CELL);
    let mut painter = Painter::new(&document, max_characters, limits.max_unpacked_bytes);
    let mut rows = Rows { rows: Vec::new(), cells: 0, limit: limits.max_cells };
    for (at, page) in pages.into_iter().enumerate() {
        rows.page(at + 1, painter.page(page)?)?;
    }
    Ok(rows.rows)
}

struct Rows {
    rows: Vec<PrintedRow>,
    cells: usize,
    limit: usize,
}

/// A part of a page from top to bottom.
enum Part {
    Table(Table, Vec<Mark>),
    Line(String),
}

impl Rows {
    fn page(&mut self, page: usize, drawing: Drawing) -> Result<(), ReadError> {
        let mut marks = drawing.marks;
        without_doubles(&mut marks);
        let tables = find_tables(&drawing.strokes);
        let mut inside: Vec<Vec<Mark>> = tables.iter().map(|_| Vec::new()).collect();
        let mut outside = Vec::new();
        for mark in marks {
            let table = tables.iter().position(|table| table.cell_at(middle(&mark)).is_some());
            match table.and_then(|table| inside.get_mut(table)) {
                Some(marks) => marks.push(mark),
                None => outside.push(mark),
            }
        }
        let mut parts: Vec<(f64, Part)> = lines(outside).into_iter().map(|(y, line)| (y, Part::Line(line))).collect();
        let tables = tables.into_iter().zip(inside);
        parts.extend(tables.map(|(table, marks)| (table.top(), Part::Table(table, marks))));
        parts.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut line = 0;
        for (_, part) in parts {
            match part {
                Part::Line(text) => {
                    line += 1;
                    self.line(&text, Spot::Page { page, line })?;
                }
                Part::Table(table, marks) => {
                    self.table(&table, marks, page, line)?;
                    line += table.row_count();
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, text: &str, spot: Spot) -> Result<(), ReadError> {
        if is_page_number(text) {
            return Ok(());
        }
        let (texts, extent) = cells_of(text, self.limit);
        self.count(texts.len())?;
        let order = self.rows.len() + 1;
        let cells = texts.into_iter().enumerate();
        let cells = cells.map(|(at, raw)| PrintedCell::alone(raw.to_owned(), Place { order, spot, cell: at + 1 }));
        self.rows.push(PrintedRow { cells: cells.collect(), extent });
        Ok(())
    }

    fn table(&mut self, table: &Table, marks: Vec<Mark>, page: usize, above: usize) -> Result<(), ReadError> {
        let mut inside: std::collections::HashMap<usize, Vec<Mark>> = std::collections::HashMap::new();
        for mark in marks {
            if let Some(cell) = table.cell_at(middle(&mark)) {
                inside.entry(cell).or_default().push(mark);
            }
        }
        let areas = table.areas();
        self.count(areas.len())?;
        let mut grid = Grid::default();
        let mut areas = areas.into_iter().peekable();
        for row in 0..table.row_count() {
            grid.begin_row();
            while let Some((cell, area)) = areas.next_if(|(_, area)| area.row == row) {
                let texts = lines(inside.remove(&cell).unwrap_or_default()).into_iter().map(|(_, line)| line);
                grid.cell_at(area.column, area.columns, area.rows, texts.collect::<Vec<_>>().join(" "));
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

fn middle(mark: &Mark) -> Point {
    Point { x: (mark.start.x + mark.end_x) / 2.0, y: mark.start.y + mark.size * MIDDLE }
}

/// Removes characters printed once more upon themselves.
fn without_doubles(marks: &mut Vec<Mark>) {
    let mut seen: std::collections::HashMap<(i64, i64), Vec<Mark>> = std::collections::HashMap::new();
    marks.retain(|mark| {
        // Points to a cell of the raster; a double stands in the same or in one beside it.
        let (x, y) = ((mark.start.x / 4.0) as i64, (mark.start.y / 4.0) as i64);
        let near = (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y)));
        let is_double = near.filter_map(|at| seen.get(&at)).flatten().any(|other| {
            let distance = (other.start.x - mark.start.x).abs().max((other.start.y - mark.start.y).abs());
            other.text == mark.text && distance < TWICE * mark.size
        });
        if !is_double {
            seen.entry((x, y)).or_default().push(mark.clone());
        }
        !is_double
    });
}

/// The lines of writing from top to bottom, each with its height.
fn lines(mut marks: Vec<Mark>) -> Vec<(f64, String)> {
    marks.sort_by(|one, other| other.start.y.total_cmp(&one.start.y));
    let mut lines: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        let is_same = |line: &&mut Vec<Mark>| {
            line.first().is_some_and(|first| first.start.y - mark.start.y <= LINE * first.size.max(mark.size))
        };
        match lines.last_mut().filter(is_same) {
            Some(line) => line.push(mark),
            None => lines.push(vec![mark]),
        }
    }
    lines.into_iter().filter_map(|line| Some((line.first()?.start.y, text_of(line)))).collect()
}

/// The text of one line, with blanks where there are gaps.
fn text_of(mut marks: Vec<Mark>) -> String {
    marks.sort_by(|one, other| one.start.x.total_cmp(&other.start.x));
    let mut text = String::new();
    let mut end: Option<f64> = None;
    for mark in marks {
        if end.is_some_and(|end| mark.start.x - end > BLANK * mark.size) {
            text.push(' ');
        }
        text.push_str(&mark.text);
        end = Some(mark.end_x);
    }
    text
}
