//! Plain text: one cell per line, cells divided by `|` or tabs, or rows of label and numbers divided by blanks.
//!
//! Which of these a document is, is seen line by line; what the cells mean is left to placement.

use super::error::ReadError;
use super::inscription::Settled;
use super::note::Place;
use super::placement::{Extent, PrintedCell, PrintedRow, is_value};

/// Most lines of a run of tab-led lines that are one row; longer runs are cells of unknown rows.
const ROW_LINES: usize = 24;

/// Most blank-separated pieces of a line that can be a row; longer lines are text.
const ROW_PIECES: usize = 64;

/// What divides cells, as keyboards and drawings of tables have it.
const BARS: [char; 5] = ['|', '｜', '│', '┃', '║'];

/// Reads the lines of a text into printed rows.
///
/// # Errors
/// [`ReadError::TooManyCells`] beyond `max_cells`.
pub fn read_text(text: &str, max_cells: usize) -> Result<Vec<PrintedRow>, ReadError> {
    read_lines(text, max_cells, |cell| cell.into())
}

/// Reads the lines of a text, of whose cells `settle` tells what is plain text.
///
/// # Errors
/// As [`read_text`].
pub fn read_lines(text: &str, max_cells: usize, settle: fn(&str) -> Settled) -> Result<Vec<PrintedRow>, ReadError> {
    let mut rows = Rows { rows: Vec::new(), tabbed: Vec::new(), cells: 0, max_cells, settle };
    // Lines of old programs end with CR alone.
    let ends_otherwise = text.contains('\r') && !text.contains('\n');
    for (position, line) in text.split(if ends_otherwise { '\r' } else { '\n' }).enumerate() {
        rows.line(line.trim_end_matches('\r'), position + 1)?;
    }
    rows.end_tabbed();
    Ok(rows.rows)
}

struct Rows {
    rows: Vec<PrintedRow>,
    /// Cells of the run of tab-led lines being read.
    tabbed: Vec<PrintedCell>,
    cells: usize,
    max_cells: usize,
    settle: fn(&str) -> Settled,
}

impl Rows {
    fn line(&mut self, line: &str, number: usize) -> Result<(), ReadError> {
        // A tab before a single cell: a dump of a table, in which an empty line ends the row.
        if let Some(cell) = line.strip_prefix('\t').filter(|cell| !cell.contains('\t') && !cell.contains(BARS)) {
            self.count(1)?;
            self.tabbed.push(PrintedCell::alone((self.settle)(cell.trim()), Place::in_text(number, 1)));
            return Ok(());
        }
        self.end_tabbed();
        if is_blank(line) || is_rule(line) || is_page_number(line) {
            return Ok(());
        }
        let (texts, extent) = cells_of(line, self.max_cells);
        self.count(texts.len())?;
        let cells = texts.into_iter().enumerate();
        let settle = self.settle;
        let cells = cells.map(|(at, raw)| PrintedCell::alone(settle(raw), Place::in_text(number, at + 1)));
        self.rows.push(PrintedRow { cells: cells.collect(), extent });
        Ok(())
    }

    fn end_tabbed(&mut self) {
        let cells = std::mem::take(&mut self.tabbed);
        if cells.is_empty() {
        } else if cells.len() <= ROW_LINES {
            self.rows.push(PrintedRow { cells, extent: Extent::Complete });
        } else {
            let lone = cells.into_iter().filter(|cell| !cell.raw.is_empty());
            self.rows.extend(lone.map(|cell| PrintedRow { cells: vec![cell], extent: Extent::Unknown }));
        }
    }

    fn count(&mut self, cells: usize) -> Result<(), ReadError> {
        self.cells += cells;
        if self.cells > self.max_cells { Err(ReadError::TooManyCells { limit: self.max_cells }) } else { Ok(()) }
    }
}

fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

/// A line that is drawn between rows: `+----+----+`, `├──┼──┤`.
fn is_rule(line: &str) -> bool {
    let is_drawn = |c: char| matches!(c, '\u{2500}'..='\u{257f}' | '+' | '-' | '=' | '|') || c.is_whitespace();
    let is_across = |c: char| matches!(c, '-' | '=' | '─' | '━' | '═' | '┄' | '┅' | '┈' | '┉' | '╌' | '╍');
    let joins = |c: char| c == '+' || (matches!(c, '\u{2500}'..='\u{257f}') && !is_across(c) && !BARS.contains(&c));
    line.chars().all(is_drawn) && line.contains(is_across) && line.contains(joins)
}

/// `- 2 -`, or 第2页.
pub fn is_page_number(line: &str) -> bool {
    let text: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    let dashes = ['-', '—', '–', '－'];
    let dashed = text.strip_prefix(dashes).and_then(|rest| rest.strip_suffix(dashes));
    let worded = text.strip_prefix('第').and_then(|rest| rest.strip_suffix('页'));
    dashed.or(worded).is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

/// The cells of one line, of which no more than one beyond `max_cells` are looked at.
pub fn cells_of(line: &str, max_cells: usize) -> (Vec<&str>, Extent) {
    let trimmed = line.trim();
    if is_barred(trimmed) {
        let inner = trimmed.strip_prefix(BARS).unwrap_or(trimmed);
        let inner = inner.strip_suffix(BARS).unwrap_or(inner);
        let cells: Vec<_> = inner.split(BARS).take(max_cells + 1).map(str::trim).collect();
        // One cell on a line, whose end the bar marks, is no row.
        let extent = if cells.len() == 1 { Extent::Unknown } else { Extent::Complete };
        return (cells, extent);
    }
    if trimmed.contains('\t') {
        return (trimmed.split('\t').take(max_cells + 1).map(str::trim).collect(), Extent::Complete);
    }
    let pieces = pieces_of(trimmed);
    if pieces.len() > ROW_PIECES {
        return (vec![trimmed], Extent::Unknown);
    }
    let values = pieces.iter().rev().take_while(|(_, piece)| is_value(piece)).count();
    let labels = pieces.len() - values;
    match (pieces.get(labels), labels) {
        (Some(_), 0) if values == 1 => (vec![trimmed], Extent::Unknown),
        (Some((start, _)), _) => {
            let label = trimmed.get(..*start).map(str::trim).filter(|label| !label.is_empty());
            (label.into_iter().chain(pieces.iter().skip(labels).map(|(_, piece)| *piece)).collect(), Extent::Filled)
        }
        (None, _) => (vec![trimmed], Extent::Unknown),
    }
}

/// Whether bars divide a line into cells; those of Chinese text may also stand in a sentence.
fn is_barred(line: &str) -> bool {
    let ends_in_value = || line.rsplit(BARS).next().is_some_and(|last| is_value(last.trim()));
    line.contains('|')
        || line.starts_with(BARS)
        || line.matches(BARS).count() > 1
        || (line.contains(BARS) && ends_in_value())
}

/// The pieces between blanks, each with its position in bytes.
fn pieces_of(line: &str) -> Vec<(usize, &str)> {
    let base = line.as_ptr() as usize;
    line.split_whitespace().take(ROW_PIECES + 1).map(|piece| (piece.as_ptr() as usize - base, piece)).collect()
}

/// Settles whether numbers stand behind their labels on the same line, or each on its own.
///
/// Where they do, a number alone is a row whose label stands elsewhere, not a value of the label above.
pub fn settle_lone_values(rows: &mut [PrintedRow]) {
    if !is_row_per_line(rows) {
        return;
    }
    for row in rows.iter_mut().filter(|row| row.extent == Extent::Unknown) {
        if row.cells.first().is_some_and(|cell| is_value(&cell.raw)) {
            row.extent = Extent::Filled;
        }
    }
}

fn is_row_per_line(rows: &[PrintedRow]) -> bool {
    let is_number = |cell: Option<&PrintedCell>| cell.is_some_and(|cell| is_value(&cell.raw));
    let whole = rows.iter().filter(|row| row.extent != Extent::Unknown && is_number(row.cells.last())).count();
    let lone = rows.iter().filter(|row| row.extent == Extent::Unknown && is_number(row.cells.first())).count();
    whole > lone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(Vec<String>, Extent)> {
        let mut rows = read_text(text, 100).unwrap();
        settle_lone_values(&mut rows);
        rows.into_iter().map(|row| (row.cells.into_iter().map(|cell| cell.raw).collect(), row.extent)).collect()
    }

    fn row(cells: &[&str], extent: Extent) -> (Vec<String>, Extent) {
        (cells.iter().map(|cell| (*cell).to_owned()).collect(), extent)
    }

    #[test]
    fn a_cell_per_line_is_a_cell_of_an_unknown_row() {
        assert_eq!(rows("规章\n\n0\n"), [row(&["规章"], Extent::Unknown), row(&["0"], Extent::Unknown)]);
    }

    #[test]
    fn tab_led_lines_are_a_row_with_its_blank_cells() {
        let expected = [row(&["", "规章", "1", "", "2"], Extent::Complete), row(&["行政许可", "0"], Extent::Complete)];
        assert_eq!(rows("\t\n\t规章\n\t1\n\t\n\t2\n\n\t行政许可\n\t0\n"), expected);
    }

    #[test]
    fn bars_and_tabs_keep_blank_cells_and_blanks_do_not() {
        assert_eq!(rows("| 规章 | 1 | | 2 |"), [row(&["规章", "1", "", "2"], Extent::Complete)]);
        assert_eq!(rows("规章\t1\t\t2"), [row(&["规章", "1", "", "2"], Extent::Complete)]);
        let whole = row(&["三 2.其他 法律", "0", "12"], Extent::Filled);
        let expected = [whole, row(&["规章", "1", "2"], Extent::Filled), row(&["7"], Extent::Filled)];
        assert_eq!(rows("三 2.其他 法律 0 12\n规章 1 2\n7\n- 3 -"), expected);
    }

    #[test]
    fn a_table_that_is_drawn_with_characters_is_read_as_one_with_bars() {
        let drawn = "┌────┬──┬──┐\n│规章│1 │  │\n├────┼──┼──┤\n│行政许可｜5│7│\n└────┴──┴──┘";
        let expected = [row(&["规章", "1", ""], Extent::Complete), row(&["行政许可", "5", "7"], Extent::Complete)];
        assert_eq!(rows(drawn), expected);
        assert_eq!(rows("+--+--+\n| 规章 | 1 |\n+==+==+"), [row(&["规章", "1"], Extent::Complete)]);
        assert_eq!(rows("规章 ｜ 1"), [row(&["规章", "1"], Extent::Complete)]);
        let sentence = "电话一｜电话二";
        assert_eq!(rows(sentence), [row(&[sentence], Extent::Unknown)]);
        assert_eq!(rows("-"), [row(&["-"], Extent::Unknown)], "nothing, in words");
    }

    #[test]
    fn more_cells_than_allowed_are_refused() {
        assert!(matches!(read_text(&"1\n".repeat(101), 100), Err(ReadError::TooManyCells { limit: 100 })));
    }
}
