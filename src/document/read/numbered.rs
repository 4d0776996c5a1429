//! Columns that only number the rows of a table, 序号 or 行次: no figures stand in them.

use super::placement::{Columns, Extent, PrintedCell, PrintedRow};

/// What such a column is headed by.
const HEADS: [&str; 5] = ["序号", "行次", "行号", "编号", "栏次"];

/// Takes such columns away, where what stands below their heads counts up by one.
pub fn without_numbers(rows: &mut [PrintedRow]) {
    let mut from = 0;
    while let Some((head, place)) = (from..rows.len()).find_map(|at| Some((at, rows.get(at).and_then(head_of)?))) {
        let ends = |at: &usize| rows.get(*at).is_none_or(|row| head_of(row).is_some() || place.is_outside(row));
        let end = (head + 1..rows.len()).find(ends).unwrap_or(rows.len());
        let numbers: Vec<Option<usize>> =
            rows.get(head + 1..end).unwrap_or_default().iter().map(|row| place.in_row(row)).collect();
        let count = counted(rows.get(head + 1..end).unwrap_or_default(), &numbers);
        if count > 1 {
            let below = rows.get_mut(head..end).unwrap_or_default().iter_mut();
            for (row, at) in below.zip(std::iter::once(place.in_row_of_head).chain(numbers)) {
                if let Some(at) = at.filter(|at| row.cells.get(*at).is_some_and(is_number_or_head)) {
                    row.cells.remove(at);
                }
            }
        }
        from = end;
    }
}

/// Where the column stands: over which columns of the page, or, where there are none, as which cell of a row.
struct Place {
    columns: Option<Columns>,
    in_row_of_head: Option<usize>,
}

impl Place {
    fn in_row(&self, row: &PrintedRow) -> Option<usize> {
        match self.columns {
            Some(own) => row.cells.iter().position(|cell| cell.columns == Some(own)),
            None => self.in_row_of_head.filter(|at| *at < row.cells.len()),
        }
    }

    /// Whether a row is none of the table's.
    fn is_outside(&self, row: &PrintedRow) -> bool {
        match self.columns {
            Some(_) => row.cells.iter().all(|cell| cell.columns.is_none()),
            None => row.extent == Extent::Unknown,
        }
    }
}

fn head_of(row: &PrintedRow) -> Option<Place> {
    let at = row.cells.iter().position(|cell| HEADS.contains(&cell.raw.replace(char::is_whitespace, "").as_str()))?;
    Some(Place { columns: row.cells.get(at)?.columns, in_row_of_head: Some(at) })
}

fn is_number_or_head(cell: &PrintedCell) -> bool {
    number(cell).is_some() || HEADS.contains(&cell.raw.replace(char::is_whitespace, "").as_str())
}

fn number(cell: &PrintedCell) -> Option<usize> {
    cell.raw.trim().parse().ok()
}

/// How many numbers stand in these places, each one more than that before; none where one does not.
fn counted(rows: &[PrintedRow], places: &[Option<usize>]) -> usize {
    let (mut count, mut last) = (0, 0);
    for cell in rows.iter().zip(places).filter_map(|(row, at)| row.cells.get((*at)?)) {
        match number(cell) {
            Some(next) if next == last + 1 => (count, last) = (count + 1, next),
            Some(_) => return 0,
            None => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::note::Place as At;
    use super::*;

    fn read(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |cells: &&[&str]| {
            let cells = cells.iter().map(|cell| PrintedCell::alone(*cell, At::in_text(1, 1)));
            PrintedRow { cells: cells.collect(), extent: Extent::Complete }
        };
        let mut rows: Vec<PrintedRow> = rows.iter().map(row).collect();
        without_numbers(&mut rows);
        rows.into_iter().map(|row| row.cells.into_iter().map(|cell| cell.raw).collect()).collect()
    }

    #[test]
    fn a_column_that_counts_the_rows_is_taken_away_and_one_of_figures_is_not() {
        let numbered: [&[&str]; 3] = [&["序号", "信息内容", "数量"], &["1", "规章", "5"], &["2", "行政许可", "7"]];
        assert_eq!(read(&numbered), [["信息内容", "数量"], ["规章", "5"], ["行政许可", "7"]]);
        let figures: [&[&str]; 3] = [&["序号", "信息内容"], &["1", "规章"], &["7", "行政许可"]];
        assert_eq!(read(&figures), figures);
    }
}
