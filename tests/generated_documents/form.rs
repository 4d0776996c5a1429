//! Figures at random, and the form as a document prints it: tables of tiles with their places.

use std::collections::HashMap;

use huizong::document::write::{Content, Document, Figure, NOT_APPLICABLE};
use huizong::form::{CellId, EDITIONS, Edition, Kind, catalogue};
use huizong::report::{Cell, format_number};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// What is printed in each cell; what is not there is not printed.
pub type Expected = HashMap<CellId, Cell>;

/// What stands in a tile.
#[derive(Debug, Clone, PartialEq)]
pub enum Text {
    Words(String),
    Figure(CellId),
    /// A figure that is none of the report's: another year's.
    Other(String),
}

/// A printed cell with its place, which covers `rows` × `columns` places.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    pub row: usize,
    pub column: usize,
    pub rows: usize,
    pub columns: usize,
    pub text: Text,
}

/// A table with the chapter that it is of.
#[derive(Debug, Clone)]
pub struct Table {
    pub chapter: u8,
    pub tiles: Vec<Tile>,
    /// Rows at the top that hold headings only.
    pub heading_rows: usize,
}

impl Table {
    pub fn rows(&self) -> usize {
        self.tiles.iter().map(|tile| tile.row + tile.rows).max().unwrap_or(0)
    }

    /// The tiles that begin in a row, from left to right.
    pub fn row(&self, row: usize) -> Vec<&Tile> {
        let mut tiles: Vec<&Tile> = self.tiles.iter().filter(|tile| tile.row == row).collect();
        tiles.sort_by_key(|tile| tile.column);
        tiles
    }
}

/// A report to be printed.
#[derive(Debug, Clone)]
pub struct Printed {
    pub title: String,
    pub edition: &'static Edition,
    pub figures: HashMap<CellId, Cell>,
    pub tables: Vec<Table>,
    pub document: Document,
}

fn value(random: &mut ChaCha8Rng, kind: Kind) -> Cell {
    let one_in = |random: &mut ChaCha8Rng, of: u32| random.random_ratio(1, of);
    if one_in(random, 40) {
        return if one_in(random, 3) { Cell::NotApplicable } else { Cell::Blank };
    }
    let count = match random.random_range(0..10) {
        0..4 => 0,
        4..7 => random.random_range(1..100),
        7..9 => random.random_range(100..100_000),
        _ => random.random_range(100_000..100_000_000),
    };
    Cell::Number(match kind {
        Kind::Count => count,
        Kind::SignedCount => {
            if one_in(random, 3) {
                -count
            } else {
                count
            }
        }
        // Amounts of 0.01 yuan.
        Kind::Money => {
            if one_in(random, 2) {
                count * 1_000_000
            } else {
                count * 100 + random.random_range(0..100)
            }
        }
    })
}

/// A report of any edition with any figures.
pub fn printed(random: &mut ChaCha8Rng) -> Printed {
    let edition = &EDITIONS[random.random_range(0..EDITIONS.len())];
    let merged = random.random_ratio(1, 5);
    let mut figures = HashMap::new();
    for info in catalogue().cells_of(edition) {
        let field = catalogue().line(info.line).line.field;
        let mut all_merged = edition.sheets.iter().flat_map(|sheet| sheet.merged);
        let stands_for_others = edition.sheets.iter().flat_map(|sheet| sheet.merged).any(|one| one.line == field);
        let is_replaced = all_merged.any(|one| one.stands_for.contains(&field));
        if !(stands_for_others && !merged || is_replaced && merged) {
            figures.insert(info.id, value(random, info.kind));
        }
    }
    let year = edition.first_year + random.random_range(0..2);
    let figure = |cell| figures.get(&cell).map_or(Figure::Blank, |cell: &Cell| Figure::from(*cell));
    let document = Document::new("示例市数据局".to_owned(), year.to_string().parse().unwrap(), edition, figure);
    let tables = document.grids().into_iter().map(|grid| Table {
        chapter: grid.table.chapter,
        heading_rows: grid.heading_rows,
        tiles: grid
            .tiles
            .into_iter()
            .map(|tile| Tile {
                row: tile.row,
                column: tile.column,
                rows: tile.rows,
                columns: tile.columns,
                text: match &tile.content {
                    Content::Figure(cell) => Text::Figure(*cell),
                    heading => Text::Words(heading.heading().unwrap_or_default().to_owned()),
                },
            })
            .collect(),
    });
    Printed { title: document.title(), edition, tables: tables.collect(), figures, document }
}

impl Printed {
    /// A figure as it is printed: nothing for blank.
    pub fn text(&self, cell: CellId) -> String {
        match self.figures.get(&cell).copied().unwrap_or_default() {
            Cell::Blank | Cell::Unread => String::new(),
            Cell::NotApplicable => NOT_APPLICABLE.to_owned(),
            Cell::Number(number) => format_number(catalogue().cell(cell).kind, number.into()),
        }
    }

    /// The figures that some table still prints.
    pub fn expected(&self) -> Expected {
        let printed = self.tables.iter().flat_map(|table| &table.tiles).filter_map(|tile| match tile.text {
            Text::Figure(cell) => Some((cell, self.figures.get(&cell).copied().unwrap_or_default())),
            _ => None,
        });
        printed.collect()
    }
}
