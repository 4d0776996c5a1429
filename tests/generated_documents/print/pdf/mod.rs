//! PDF with lines around the cells, as several programs print it: an office suite with wide columns and drawn lines, a
//! browser with columns as narrow as their figures and a box for each cell, a spreadsheet with areas behind its cells.

mod ofd;
mod page;
mod piece;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Cell, Sheet, rows};
use crate::asides::Set;
use page::{Page, SIZE, width};

const LEFT: f32 = 40.0;
const LINE: f32 = 12.0;
/// Characters of a label on a line, at least so many that it has no more lines than this.
const LINES: usize = 8;

/// How a program lays out a table and draws it.
#[derive(Clone, Copy)]
pub struct Hand {
    /// Width of a column, and height of a row, where they do not follow what is in them.
    fixed: Option<(f32, f32)>,
    borders: fn(&mut Page, [f32; 4]),
    /// What is struck out or hidden touches the number.
    touches: bool,
}

const HANDS: [Hand; 4] = [
    // Wide enough for a number in full width with a remark behind it.
    Hand { fixed: Some((240.0, 100.0)), borders: lines, touches: false },
    Hand { fixed: None, borders: lines, touches: true },
    Hand { fixed: None, borders: boxes, touches: true },
    Hand { fixed: None, borders: areas, touches: true },
];

/// A line on each side of a cell: from the left, bottom, right and top.
fn lines(page: &mut Page, [left, bottom, right, top]: [f32; 4]) {
    page.line((left, top), (right, top));
    page.line((left, top), (left, bottom));
    page.line((right, top), (right, bottom));
    page.line((left, bottom), (right, bottom));
}

/// A box within a cell of four thin areas, two of which have slanting ends.
fn boxes(page: &mut Page, [left, bottom, right, top]: [f32; 4]) {
    let [left, bottom, right, top] = [left + 0.75, bottom + 0.75, right - 0.75, top - 0.75];
    page.area([left, top - 0.75, right, top]);
    page.area([left, bottom, right, bottom + 0.75]);
    for (outer, inner) in [(left, left + 0.75), (right, right - 0.75)] {
        page.polygon(&[(outer, top), (outer, bottom), (inner, bottom + 0.75), (inner, top - 0.75)]);
    }
}

/// A frame between two rectangles, on a tinted ground.
fn areas(page: &mut Page, [left, bottom, right, top]: [f32; 4]) {
    page.grey(0.95);
    page.area([left, bottom, right, top]);
    page.grey(0.0);
    page.rectangle([left - 0.25, bottom - 0.25, right + 0.25, top + 0.25]);
    page.rectangle([left + 0.25, bottom + 0.25, right - 0.25, top - 0.25]);
    page.add("f*", vec![]);
}

/// Where the columns and rows of a table begin and end, from its upper left corner.
fn edges(table: &[Cell], hand: &Hand) -> (Vec<f32>, Vec<f32>) {
    let columns = table.iter().map(|cell| cell.column + cell.columns).max().unwrap_or(0);
    let rows = rows(table).len();
    let mut widths = vec![hand.fixed.map_or(24.0, |(width, _)| width); columns];
    let mut heights = vec![hand.fixed.map_or(20.0, |(_, height)| height); rows];
    if hand.fixed.is_none() {
        for cell in table.iter().filter(|cell| cell.columns == 1) {
            let text = text_of(cell);
            let needed = if cell.is_figure { room(cell) } else { text.chars().count().div_ceil(LINES) as f32 * SIZE };
            widths[cell.column] = widths[cell.column].max(needed + 3.0);
        }
        for cell in table.iter().filter(|cell| cell.columns > 1 && cell.is_figure) {
            let (last, before) = (cell.column + cell.columns - 1, cell.column..cell.column + cell.columns - 1);
            let before: f32 = widths[before].iter().sum();
            widths[last] = widths[last].max(room(cell) + 3.0 - before);
        }
        for cell in table.iter().filter(|cell| cell.rows == 1) {
            let room: f32 = widths[cell.column..cell.column + cell.columns].iter().sum();
            let lines = if cell.is_figure { 1 } else { text_of(cell).chars().count().div_ceil(per_line(room)) };
            heights[cell.row] = heights[cell.row].max(lines as f32 * LINE + 6.0);
        }
    }
    let sums = |sizes: Vec<f32>| {
        let mut sum = 0.0;
        std::iter::once(0.0).chain(sizes.into_iter().map(move |size| {
            sum += size;
            sum
        }))
    };
    (sums(widths).collect(), sums(heights).collect())
}

fn text_of(cell: &Cell) -> String {
    cell.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// How much room the pieces of a figure take.
fn room(cell: &Cell) -> f32 {
    cell.pieces.iter().map(|piece| width(&piece.text, SIZE) + if piece.set == Set::Plain { 0.0 } else { 2.0 }).sum()
}

fn per_line(room: f32) -> usize {
    ((room - 2.0) / SIZE).max(1.0) as usize
}

fn draw(page: &mut Page, cell: &Cell, [left, bottom, right, top]: [f32; 4], hand: &Hand, random: &mut ChaCha8Rng) {
    (hand.borders)(page, [left, bottom, right, top]);
    let y = top - SIZE - 1.0;
    if cell.is_figure {
        piece::figure(page, &cell.pieces, (left + 1.6, y), hand.touches, random);
        return;
    }
    let characters: Vec<char> = text_of(cell).chars().collect();
    for (at, line) in characters.chunks(per_line(right - left)).enumerate() {
        page.text((left + 1.6, y - at as f32 * LINE), SIZE, &line.iter().collect::<String>());
    }
}

/// A watermark across the page.
fn watermark(page: &mut Page, bottom: f32, random: &mut ChaCha8Rng) {
    let text = ["草稿2025", "内部资料 2024", "12345678"].choose(random).unwrap();
    let (sine, cosine) = random.random_range(0.3f32..0.9).sin_cos();
    for _ in 0..random.random_range(1..12) {
        let (x, y) = (random.random_range(0.0..2000.0), random.random_range(bottom..-100.0));
        let size = random.random_range(8.0..60.0);
        page.grey(random.random_range(0.7f32..0.88));
        page.turned([cosine, sine, -sine, cosine, x, y], size, text);
        page.grey(0.0);
    }
}

/// One page as high as the document needs.
pub fn print(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let (page, bottom) = drawn(sheet, random);
    page.finished(bottom)
}

/// The same page as another format describes it.
pub fn print_as_ofd(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let (page, bottom) = drawn(sheet, random);
    ofd::document(&page, -bottom, random)
}

/// The page, and where it ends.
fn drawn(sheet: &Sheet, random: &mut ChaCha8Rng) -> (Page, f32) {
    let hand = HANDS.choose(random).unwrap();
    let mut page = Page::default();
    let mut y = -20.0;
    page.text((LEFT, y), SIZE, &sheet.title);
    for (heading, tables) in &sheet.chapters {
        y -= 40.0;
        page.text((LEFT, y), SIZE, heading);
        for table in tables {
            y -= 40.0;
            let (columns, rows) = edges(table, hand);
            for cell in table {
                let (left, right) = (columns[cell.column], columns[cell.column + cell.columns]);
                let (top, bottom) = (rows[cell.row], rows[cell.row + cell.rows]);
                draw(&mut page, cell, [LEFT + left, y - bottom, LEFT + right, y - top], hand, random);
            }
            y -= rows.last().copied().unwrap_or(0.0);
        }
    }
    if random.random_bool(0.3) {
        watermark(&mut page, y, random);
    }
    (page, y - 40.0)
}
