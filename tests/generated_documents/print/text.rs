//! Plain text and Markdown, whose cells are told apart by bars, tabs or lines.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Cell, Sheet, rows};
use crate::asides::Set;

fn text(cell: &Cell) -> String {
    // What cannot be set otherwise is not there.
    cell.pieces.iter().filter(|piece| piece.set == Set::Plain).map(|piece| piece.text.as_str()).collect()
}

fn encoded(text: String, random: &mut ChaCha8Rng) -> Vec<u8> {
    match random.random_range(0..4) {
        0 => encoding_rs::GB18030.encode(&text).0.into_owned(),
        1 => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        2 => text.replace('\n', "\r\n").into_bytes(),
        _ => text.into_bytes(),
    }
}

fn lines(sheet: &Sheet, mut table: impl FnMut(&[Cell]) -> Vec<String>) -> String {
    let mut lines = vec![sheet.title.clone()];
    for (heading, tables) in &sheet.chapters {
        lines.push(heading.clone());
        if tables.is_empty() {
            lines.push("一是公开质量有待提高。".to_owned());
        }
        tables.iter().for_each(|one| lines.extend(table(one)));
    }
    lines.join("\n")
}

fn row_lines(table: &[Cell], separator: &str, blank: &str) -> Vec<String> {
    let one = |cell: &&Cell| {
        let text = text(cell);
        if text.is_empty() && cell.is_figure { blank.to_owned() } else { text }
    };
    rows(table).iter().map(|row| row.iter().map(one).collect::<Vec<_>>().join(separator)).collect()
}

pub fn bars(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    encoded(lines(sheet, |table| row_lines(table, " | ", "")), random)
}

pub fn tabs(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    // A blank cell at either end of a row is lost with its tab.
    encoded(lines(sheet, |table| row_lines(table, "\t", "-")), random)
}

pub fn cell_a_line(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let with_bars = random.random_bool(0.5);
    let cells = |table: &[Cell]| {
        let line = |cell: &Cell| match (text(cell), cell.is_figure, with_bars) {
            (text, _, true) => format!("{text} |"),
            (text, true, false) if text.is_empty() => "-".to_owned(),
            (text, _, false) => text,
        };
        table.iter().map(line).collect()
    };
    encoded(lines(sheet, cells), random)
}

pub fn markdown(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let rows = |table: &[Cell]| {
        let mut lines: Vec<String> = row_lines(table, " | ", "").into_iter().map(|row| format!("| {row} |")).collect();
        lines.insert(1, "|---|---|".to_owned());
        lines
    };
    encoded(lines(sheet, rows), random)
}
