//! A table whose cells may be merged, and its rows as placement wants them: each cell once, where it begins.

use super::inscription::Settled;
use super::note::Place;
use super::placement::{Columns, Extent, PrintedCell, PrintedRow};

/// Most columns of a table; what stands further right is taken together in the last.
const MAX_COLUMNS: usize = 256;
/// Most rows that a merged cell is followed through.
const MAX_SPAN: usize = 10_000;

/// One cell with the places that it covers.
#[derive(Debug, Clone)]
struct GridCell {
    column: usize,
    columns: usize,
    rows: usize,
    text: Settled,
}

impl GridCell {
    fn is_blank(&self) -> bool {
        self.text.text.is_empty() && self.text.asides.is_empty()
    }
}

/// A table being read, row by row.
#[derive(Debug, Default)]
pub struct Grid {
    rows: Vec<Vec<GridCell>>,
    /// Rows below the current one that a cell above still covers, by column.
    covered: Vec<usize>,
    /// Row and position in it of the cell that began last in a column, for cells that say they continue it.
    above: Vec<Option<(usize, usize)>>,
    next_column: usize,
}

impl Grid {
    pub fn begin_row(&mut self) {
        if !self.rows.is_empty() {
            self.covered.iter_mut().for_each(|rows| *rows = rows.saturating_sub(1));
        }
        self.rows.push(Vec::new());
        self.next_column = 0;
    }

    /// Leaves places of the current row empty.
    pub fn skip(&mut self, columns: usize) {
        self.next_column = (self.next_column + columns.min(MAX_COLUMNS)).min(MAX_COLUMNS);
    }

    /// A cell at the next free place, covering `columns` × `rows` places.
    pub fn cell(&mut self, columns: usize, rows: usize, text: impl Into<Settled>) {
        while self.covered.get(self.next_column).is_some_and(|rows| *rows > 0) && self.next_column < MAX_COLUMNS {
            self.next_column += 1;
        }
        self.cell_at(self.next_column, columns, rows, text);
    }

    /// A cell at a place of the current row.
    pub fn cell_at(&mut self, column: usize, columns: usize, rows: usize, text: impl Into<Settled>) {
        let column = column.min(MAX_COLUMNS - 1);
        let columns = columns.clamp(1, MAX_COLUMNS - column);
        let rows = rows.clamp(1, MAX_SPAN);
        if self.rows.is_empty() {
            self.begin_row();
        }
        let row = self.rows.len() - 1;
        let end = column + columns;
        if self.covered.len() < end {
            self.covered.resize(end, 0);
            self.above.resize(end, None);
        }
        let Some(cells) = self.rows.last_mut() else { return };
        let place = (row, cells.len());
        cells.push(GridCell { column, columns, rows, text: text.into() });
        // A row counts itself, and is counted down when the next begins.
        self.covered.iter_mut().take(end).skip(column).for_each(|covered| *covered = (*covered).max(rows));
        self.above.iter_mut().take(end).skip(column).for_each(|above| *above = Some(place));
        self.next_column = end;
    }

    /// A place that the cell above covers.
    pub fn continued(&mut self, columns: usize) {
        let column = self.next_column;
        let row = self.rows.len().saturating_sub(1);
        let above = self.above.get(column).copied().flatten();
        let origin = above.and_then(|(from, at)| Some((from, self.rows.get_mut(from)?.get_mut(at)?)));
        match origin {
            Some((from, cell)) if cell.column == column && from < row => cell.rows = (row - from + 1).min(MAX_SPAN),
            // Nothing is above: a cell of its own.
            _ => return self.cell_at(column, columns, 1, String::new()),
        }
        self.skip(columns);
    }

    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The rows as printed. A column in which nothing is printed in any row is no column; so is an empty row.
    pub fn printed_rows(self, mut place: impl FnMut(usize, usize) -> Place) -> Vec<PrintedRow> {
        let mut is_used = vec![false; MAX_COLUMNS];
        for cell in self.rows.iter().flatten().filter(|cell| !cell.is_blank()) {
            if let Some(used) = is_used.get_mut(cell.column) {
                *used = true;
            }
        }
        let is_printed = |cells: &Vec<GridCell>| cells.iter().any(|cell| !cell.is_blank());
        // Printed rows before each row, so that a cell's rows count only those in which something is printed.
        let before = self.rows.iter().scan(0, |before, cells| {
            let this = *before;
            *before += usize::from(is_printed(cells));
            Some(this)
        });
        let before: Vec<usize> = before.collect();
        let total = self.rows.iter().filter(|cells| is_printed(cells)).count();
        let count = |row: usize| before.get(row).copied().unwrap_or(total);
        let mut printed = Vec::new();
        for (row, cells) in self.rows.into_iter().enumerate() {
            if !is_printed(&cells) {
                continue;
            }
            let used = cells.into_iter().filter(|cell| is_used.get(cell.column).copied().unwrap_or(false));
            let cells = used.map(|cell| {
                let columns = Columns { first: cell.column, last: cell.column + cell.columns - 1 };
                let rows = count(row + cell.rows) - count(row);
                PrintedCell::new(cell.text, place(row, cell.column), Some(columns), rows)
            });
            printed.push(PrintedRow { cells: cells.collect(), extent: Extent::Complete });
        }
        printed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(grid: Grid) -> Vec<Vec<(String, usize, usize, usize)>> {
        let rows = grid.printed_rows(|_, _| Place::START);
        let cell = |cell: PrintedCell| {
            let columns = cell.columns.unwrap();
            (cell.raw, columns.first, columns.last, cell.rows)
        };
        rows.into_iter().map(|row| row.cells.into_iter().map(cell).collect()).collect()
    }

    fn cell(text: &str, first: usize, last: usize, rows: usize) -> (String, usize, usize, usize) {
        (text.to_owned(), first, last, rows)
    }

    #[test]
    fn a_merged_cell_stands_once_and_moves_those_beside_it() {
        let mut grid = Grid::default();
        grid.begin_row();
        grid.cell(1, 2, "A".to_owned());
        grid.cell(2, 1, "B".to_owned());
        grid.begin_row();
        grid.cell(1, 1, "C".to_owned());
        grid.cell(1, 9, "D".to_owned());
        let expected = [vec![cell("A", 0, 0, 2), cell("B", 1, 2, 1)], vec![cell("C", 1, 1, 1), cell("D", 2, 2, 1)]];
        assert_eq!(printed(grid), expected);
    }

    #[test]
    fn a_cell_that_is_continued_grows() {
        let mut grid = Grid::default();
        grid.begin_row();
        grid.cell_at(0, 1, 1, "A".to_owned());
        grid.cell_at(1, 1, 1, "B".to_owned());
        for text in ["C", "D"] {
            grid.begin_row();
            grid.continued(1);
            grid.cell_at(1, 1, 1, text.to_owned());
        }
        let expected =
            [vec![cell("A", 0, 0, 3), cell("B", 1, 1, 1)], vec![cell("C", 1, 1, 1)], vec![cell("D", 1, 1, 1)]];
        assert_eq!(printed(grid), expected);
    }

    #[test]
    fn columns_and_rows_in_which_nothing_is_printed_are_none() {
        let mut grid = Grid::default();
        for texts in [["A", "", "1", ""], ["", "", "", ""], ["B", "", "", ""]] {
            grid.begin_row();
            texts.iter().for_each(|text| grid.cell(1, 1, (*text).to_owned()));
        }
        let expected = [vec![cell("A", 0, 0, 1), cell("1", 2, 2, 1)], vec![cell("B", 0, 0, 1), cell("", 2, 2, 1)]];
        assert_eq!(printed(grid), expected);
    }

    #[test]
    fn spans_without_measure_are_bounded() {
        let mut grid = Grid::default();
        grid.begin_row();
        for _ in 0..1000 {
            grid.cell(usize::MAX, usize::MAX, "A".to_owned());
        }
        grid.skip(usize::MAX);
        grid.continued(usize::MAX);
        assert!(printed(grid).iter().flatten().all(|(_, _, last, _)| *last < MAX_COLUMNS));
    }
}
