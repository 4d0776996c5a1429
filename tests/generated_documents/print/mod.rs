//! Prints tables in the formats that are read, as other programs than ours would.

mod docx;
mod html;
mod pdf;
mod text;
mod xlsx;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::Made;
use super::asides::{Piece, figure, no_figure, plain};
use super::form::{Printed, Text, printed};
use super::layouts::CHANGES;

/// What a document is made for. Not every way of setting text apart comes through a print: what an office suite does
/// not know it prints as part of the figure, and so it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Read as it is.
    File,
    PrintedByBrowser,
    PrintedByOffice,
}

/// What a format can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// Cells with their columns, and how their text is set.
    Columns,
    /// Rows with their blank cells.
    Rows,
    /// Words one after the other.
    Sequence,
}

struct Format {
    name: &'static str,
    keeps: Keeps,
    /// Pieces of a cell's text can be set in ways of their own.
    is_rich: bool,
    print: fn(&Sheet, &mut ChaCha8Rng) -> Vec<u8>,
}

const fn format(
    name: &'static str,
    keeps: Keeps,
    is_rich: bool,
    print: fn(&Sheet, &mut ChaCha8Rng) -> Vec<u8>,
) -> Format {
    Format { name, keeps, is_rich, print }
}

const FORMATS: &[Format] = &[
    format("report.html", Keeps::Columns, true, html::print),
    format("report.docx", Keeps::Columns, true, docx::print),
    format("report.xlsx", Keeps::Columns, true, xlsx::print),
    format("report.pdf", Keeps::Columns, true, pdf::print),
    format("report.ofd", Keeps::Columns, true, pdf::print_as_ofd),
    format("report.md", Keeps::Rows, false, text::markdown),
    format("report.txt", Keeps::Rows, false, text::bars),
    format("report.txt", Keeps::Rows, false, text::tabs),
    format("report.txt", Keeps::Sequence, false, text::cell_a_line),
];

/// A cell to be printed.
pub struct Cell {
    pub row: usize,
    pub column: usize,
    pub rows: usize,
    pub columns: usize,
    pub pieces: Vec<Piece>,
    pub is_figure: bool,
}

/// A document to be printed: its title, then chapters with their tables, or with a text.
pub struct Sheet {
    pub medium: Medium,
    pub title: String,
    pub chapters: Vec<(String, Vec<Vec<Cell>>)>,
}

const NUMERALS: [&str; 7] = ["", "一", "二", "三", "四", "五", "六"];
const TITLES: [&str; 7] = [
    "",
    "总体情况",
    "主动公开政府信息情况",
    "收到和处理政府信息公开申请情况",
    "政府信息公开行政复议、行政诉讼情况",
    "存在的主要问题及改进情况",
    "其他需要报告的事项",
];

pub fn make(random: &mut ChaCha8Rng, medium: Medium) -> Made {
    let mut report = printed(random);
    let change = if random.random_bool(0.3) { &CHANGES[0] } else { CHANGES.choose(random).unwrap() };
    (change.apply)(&mut report, random);
    let format = FORMATS.choose(random).unwrap();
    let share = *[0.0, 0.1, 0.5].choose(random).unwrap();
    let (sheet, expected, has_doubt) = sheet(&report, random, format.is_rich, share, medium);
    let is_whole = match format.keeps {
        Keeps::Columns => change.whole_by_place,
        Keeps::Rows | Keeps::Sequence => change.whole_by_sequence,
    };
    let kind = if share > 0.0 { format!("{}, with asides", change.name) } else { change.name.to_owned() };
    Made {
        name: format.name.to_owned(),
        from: None,
        kind,
        bytes: (format.print)(&sheet, random),
        expected,
        is_whole: is_whole && !has_doubt,
    }
}

/// The document with what stands beside its figures, what is printed in it, and whether some of it cannot be told.
fn sheet(
    report: &Printed,
    random: &mut ChaCha8Rng,
    rich: bool,
    share: f64,
    medium: Medium,
) -> (Sheet, super::form::Expected, bool) {
    let mut expected = report.expected();
    let mut has_doubt = false;
    let mut chapters: Vec<(String, Vec<Vec<Cell>>)> =
        (1..7).map(|chapter| (format!("{}、{}", NUMERALS[chapter], TITLES[chapter]), Vec::new())).collect();
    for table in &report.tables {
        let mut cells = Vec::new();
        for tile in &table.tiles {
            let pieces = match &tile.text {
                Text::Words(words) => vec![plain(words)],
                Text::Other(text) => vec![plain(text)],
                Text::Figure(cell) if rich && share > 0.0 && random.random_ratio(1, 60) => {
                    expected.insert(*cell, huizong::report::Cell::Blank);
                    no_figure(random, medium)
                }
                Text::Figure(cell) => {
                    let pieces = figure(random, &report.text(*cell), rich, share);
                    has_doubt |= pieces.iter().any(|piece| piece.set == super::asides::Set::Small);
                    pieces
                }
            };
            cells.push(Cell {
                row: tile.row,
                column: tile.column,
                rows: tile.rows,
                columns: tile.columns,
                pieces,
                is_figure: !matches!(tile.text, Text::Words(_)),
            });
        }
        cells.sort_by_key(|cell| (cell.row, cell.column));
        chapters[usize::from(table.chapter) - 1].1.push(cells);
    }
    (Sheet { medium, title: report.title.clone(), chapters }, expected, has_doubt)
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Rows of a table with the cells that begin in each.
pub fn rows(table: &[Cell]) -> Vec<Vec<&Cell>> {
    let count = table.iter().map(|cell| cell.row + cell.rows).max().unwrap_or(0);
    (0..count).map(|row| table.iter().filter(|cell| cell.row == row).collect()).collect()
}

/// Files in a ZIP archive.
pub fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    use std::io::{Cursor, Write as _};
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
