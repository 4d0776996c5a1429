//! Tables whose rows say where the sides of their cells stand, as RTF and Word 97 have them: what is written in them is
//! kept until a table ends, for only then is it known which columns it has.

use super::error::ReadError;
use super::flow::{CellSpan, Flow};
use super::inscription::{Inscription, Setting};

/// Sides that are no further apart than this, in twentieths of a point, are one.
const SAME: i32 = 40;
/// Width of a cell of which a row says nothing, in twentieths of a point.
const USUAL_WIDTH: i32 = 1_000;
/// Deepest nesting of tables, one more than a document may have.
const MAX_DEPTH: usize = 33;

/// What a cell is of those that are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    #[default]
    None,
    First,
    /// Continues the one before it, or above it.
    Next,
}

/// A cell as its row describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// Where its right side stands.
    pub right: i32,
    pub across: Merge,
    pub down: Merge,
}

/// What stands in a cell.
#[derive(Debug)]
enum Piece {
    Text(Inscription),
    Table(Vec<Row>),
}

#[derive(Debug)]
struct Cell {
    side: Side,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Row {
    left: i32,
    cells: Vec<Cell>,
}

/// A table that is being read.
#[derive(Debug, Default)]
struct Level {
    rows: Vec<Row>,
    /// The cells of the row that ended already, and the one that is being read.
    cells: Vec<Vec<Piece>>,
    cell: Vec<Piece>,
}

/// A document whose paragraphs say how deep in tables they stand; 0 is outside of all.
pub struct Sided {
    flow: Flow,
    levels: Vec<Level>,
}

impl Sided {
    pub fn new(flow: Flow) -> Self {
        Self { flow, levels: Vec::new() }
    }

    /// Text of a paragraph at a depth.
    ///
    /// # Errors
    /// The errors of limits.
    pub fn text(&mut self, depth: usize, text: &str, setting: impl Into<Setting>) -> Result<(), ReadError> {
        self.go(depth)?;
        match self.levels.last_mut() {
            None => self.flow.text(text, setting),
            Some(level) => match level.cell.last_mut() {
                Some(Piece::Text(inscription)) => inscription.push(text, setting),
                _ => {
                    let mut inscription = Inscription::default();
                    inscription.push(text, setting);
                    level.cell.push(Piece::Text(inscription));
                }
            },
        }
        Ok(())
    }

    /// The end of a paragraph, or a break within one in a cell.
    ///
    /// # Errors
    /// The errors of limits.
    pub fn end_paragraph(&mut self, depth: usize) -> Result<(), ReadError> {
        self.go(depth)?;
        match self.levels.last_mut() {
            None => self.flow.end_paragraph(),
            Some(level) => {
                if let Some(Piece::Text(inscription)) = level.cell.last_mut() {
                    inscription.blank();
                }
                Ok(())
            }
        }
    }

    /// How many cells of its row ended before the one that is being read at a depth.
    pub fn cells_before(&self, depth: usize) -> usize {
        depth.checked_sub(1).and_then(|at| self.levels.get(at)).map_or(0, |level| level.cells.len())
    }

    /// # Errors
    /// The errors of limits.
    pub fn end_cell(&mut self, depth: usize) -> Result<(), ReadError> {
        self.go(depth)?;
        if let Some(level) = self.levels.last_mut() {
            let cell = std::mem::take(&mut level.cell);
            level.cells.push(cell);
        }
        Ok(())
    }

    /// The end of a row that begins at `left` and has these cells.
    ///
    /// # Errors
    /// The errors of limits.
    pub fn end_row(&mut self, depth: usize, left: i32, sides: &[Side]) -> Result<(), ReadError> {
        self.go(depth)?;
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let mut cells: Vec<Cell> = Vec::new();
        for (at, pieces) in std::mem::take(&mut level.cells).into_iter().enumerate() {
            let before = cells.last().map_or(left, |cell| cell.side.right);
            let side = sides.get(at).copied();
            let side = side.unwrap_or(Side { right: before.saturating_add(USUAL_WIDTH), ..Side::default() });
            match cells.last_mut().filter(|_| side.across == Merge::Next) {
                Some(first) => {
                    first.side.right = side.right;
                    first.pieces.extend(pieces);
                }
                None => cells.push(Cell { side, pieces }),
            }
        }
        level.rows.push(Row { left, cells });
        Ok(())
    }

    /// # Errors
    /// The errors of limits.
    pub fn finish(mut self) -> Result<Flow, ReadError> {
        self.go(0)?;
        Ok(self.flow)
    }

    /// Comes to a depth: deeper tables end.
    fn go(&mut self, depth: usize) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        while self.levels.len() > depth {
            let Some(mut level) = self.levels.pop() else { break };
            // What no row ended is a row all the same.
            if !level.cell.is_empty() {
                level.cells.push(std::mem::take(&mut level.cell));
            }
            let (mut rows, loose) = (level.rows, level.cells);
            if !loose.is_empty() {
                let cells = loose.into_iter().zip(1..).map(|(pieces, at)| {
                    let side = Side { right: USUAL_WIDTH.saturating_mul(at), ..Side::default() };
                    Cell { side, pieces }
                });
                rows.push(Row { left: 0, cells: cells.collect() });
            }
            match self.levels.last_mut() {
                Some(outer) => outer.cell.push(Piece::Table(rows)),
                None => print(&mut self.flow, rows)?,
            }
        }
        while self.levels.len() < depth {
            self.levels.push(Level::default());
        }
        Ok(())
    }
}

/// Hands on a table that has ended, with those within it.
fn print(flow: &mut Flow, rows: Vec<Row>) -> Result<(), ReadError> {
    let edges = edges(&rows);
    let column = |at: i32| edges.partition_point(|edge| *edge <= at.saturating_add(SAME / 2)).saturating_sub(1);
    flow.begin_table()?;
    for row in rows {
        flow.begin_row()?;
        let mut from = column(row.left);
        flow.skip(from);
        for Cell { side, pieces } in row.cells {
            let to = column(side.right).max(from + 1);
            flow.begin_cell(CellSpan { columns: to - from, rows: 1, continued: side.down == Merge::Next })?;
            for piece in pieces {
                match piece {
                    Piece::Text(text) => flow.append(text),
                    Piece::Table(rows) => print(flow, rows)?,
                }
            }
            flow.end_cell()?;
            from = to;
        }
    }
    flow.end_table()
}

/// The sides of all cells, each once.
fn edges(rows: &[Row]) -> Vec<i32> {
    let sides = |row: &Row| {
        let rights: Vec<i32> = row.cells.iter().map(|cell| cell.side.right).collect();
        std::iter::once(row.left).chain(rights)
    };
    let mut edges: Vec<i32> = rows.iter().flat_map(sides).collect();
    edges.sort_unstable();
    edges.dedup_by(|next, kept| next.saturating_sub(*kept) <= SAME);
    edges
}

#[cfg(test)]
mod tests {
    use super::super::inscription::Look;
    use super::super::placement::PrintedRow;
    use super::*;

    fn side(right: i32, down: Merge) -> Side {
        Side { right, down, ..Side::default() }
    }

    fn row(sided: &mut Sided, texts: &[&str], sides: &[Side]) {
        for text in texts {
            sided.text(1, text, Look::Plain).unwrap();
            sided.end_cell(1).unwrap();
        }
        sided.end_row(1, 0, sides).unwrap();
    }

    fn printed(rows: Vec<PrintedRow>) -> Vec<Vec<(String, usize, usize, usize)>> {
        let cell = |cell: super::super::placement::PrintedCell| {
            let columns = cell.columns.unwrap();
            (cell.raw, columns.first, columns.last, cell.rows)
        };
        rows.into_iter().map(|row| row.cells.into_iter().map(cell).collect()).collect()
    }

    #[test]
    fn columns_are_told_by_the_sides_of_all_rows() {
        let mut sided = Sided::new(Flow::new(100));
        row(&mut sided, &["a", "b"], &[side(1_000, Merge::First), side(3_000, Merge::None)]);
        row(
            &mut sided,
            &["", "c", "d"],
            &[side(1_010, Merge::Next), side(2_000, Merge::None), side(2_990, Merge::None)],
        );
        let rows = printed(sided.finish().unwrap().finish().unwrap());
        let cell = |text: &str, first, last, rows| (text.to_owned(), first, last, rows);
        assert_eq!(rows, [vec![cell("a", 0, 0, 2), cell("b", 1, 2, 1)], vec![cell("c", 1, 1, 1), cell("d", 2, 2, 1)],]);
    }

    #[test]
    fn cells_merged_across_are_one_and_a_table_within_makes_its_own() {
        let mut sided = Sided::new(Flow::new(100));
        sided.text(2, "x", Look::Plain).unwrap();
        sided.end_cell(2).unwrap();
        sided.end_row(2, 0, &[side(500, Merge::None)]).unwrap();
        sided.text(1, "y", Look::Plain).unwrap();
        sided.end_cell(1).unwrap();
        sided.end_row(1, 0, &[side(900, Merge::None)]).unwrap();
        sided.text(0, "z", Look::Plain).unwrap();
        let across = |right, across| Side { right, across, down: Merge::None };
        let merged = [across(500, Merge::First), across(900, Merge::Next)];
        row(&mut sided, &["1", "2"], &merged);
        let rows = sided.finish().unwrap().finish().unwrap();
        let texts: Vec<Vec<_>> =
            rows.iter().map(|row| row.cells.iter().map(|cell| cell.raw.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["x"], vec!["y"], vec!["z"], vec!["12"]]);
    }
}
