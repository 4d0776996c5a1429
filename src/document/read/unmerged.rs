//! Tables in which the text of a merged cell stands once more in each place that it covers, as programs without merged
//! cells write them: there it is taken away, and the place is blank as elsewhere.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::form::catalogue;

use super::placement::{Extent, PrintedRow, is_value, wording};

/// The labels of columns: one that stands twice beside itself is a slip in the header, and no merged cell.
static COLUMNS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let columns = catalogue().lines.iter().flat_map(|line| line.line.columns);
    columns.map(|column| wording(column.label.zh).full.to_string()).collect()
});

/// Takes away labels that repeat the one to the left or above, of rows that know no columns and have as many cells each.
pub fn without_repeats(rows: &mut [PrintedRow]) {
    let is_grid =
        |row: &PrintedRow| row.extent == Extent::Complete && row.cells.iter().all(|cell| cell.columns.is_none());
    for table in rows.chunk_by_mut(|one, other| is_grid(one) && is_grid(other) && one.cells.len() == other.cells.len())
    {
        let texts: Vec<Vec<String>> =
            table.iter().map(|row| row.cells.iter().map(|cell| cell.raw.clone()).collect()).collect();
        let at = |row: usize, column: usize| texts.get(row).and_then(|row| row.get(column));
        for (row, printed) in table.iter_mut().enumerate() {
            for (column, cell) in printed.cells.iter_mut().enumerate() {
                let left = column.checked_sub(1).and_then(|left| at(row, left));
                let above = row.checked_sub(1).and_then(|above| at(above, column));
                let beside = left.filter(|left| !COLUMNS.contains(&wording(left).full));
                let is_repeat = beside == Some(&cell.raw) || above == Some(&cell.raw);
                if is_repeat && !cell.raw.is_empty() && !is_value(&cell.raw) {
                    cell.raw.clear();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::note::Place;
    use super::super::placement::PrintedCell;
    use super::*;

    #[test]
    fn what_a_merged_cell_says_again_is_blank_and_figures_stay() {
        let row = |cells: &[&str]| {
            let cells = cells.iter().map(|cell| PrintedCell::alone(*cell, Place::in_text(1, 1)));
            PrintedRow { cells: cells.collect(), extent: Extent::Complete }
        };
        let labels = ["本年制发件数", "本年制发件数", "自然人", "5"];
        let mut rows = vec![row(&["三", "三", "甲", "5"]), row(&["三", "乙", "不适用", "5"]), row(&labels)];
        without_repeats(&mut rows);
        let texts: Vec<Vec<_>> =
            rows.iter().map(|row| row.cells.iter().map(|cell| cell.raw.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["三", "", "甲", "5"], vec!["", "乙", "不适用", "5"], labels.to_vec()]);
    }
}
