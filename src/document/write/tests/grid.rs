//! The grid is the form as the notices print it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::layout::{Content, Grid, addends, grids, is_total};
use crate::document::tests::figures::figures;
use crate::form::{EDITIONS, Presence, catalogue, edition};
use crate::report::Cell;

fn grid(edition_id: &str, chapter: u8) -> Grid {
    let grids = grids(edition(edition_id).unwrap(), |_| false);
    grids.into_iter().find(|grid| grid.table.chapter == chapter).unwrap()
}

/// Row, column, rows and columns of the heading that says `text`.
fn heading(grid: &Grid, text: &str) -> (usize, usize, usize, usize) {
    let tile = grid.tiles.iter().find(|tile| tile.content.heading() == Some(text));
    tile.map(|t| (t.row, t.column, t.rows, t.columns)).unwrap_or_else(|| panic!("no heading {text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn tiles_cover_the_grid_without_overlap_and_every_filled_cell_is_printed_once(figures in figures()) {
        let mut printed = BTreeSet::new();
        for grid in grids(figures.edition(), |cell| figures.get(cell) != Cell::Blank) {
            let mut covered = BTreeSet::new();
            for tile in &grid.tiles {
                for row in tile.row..tile.row + tile.rows {
                    for column in tile.column..tile.column + tile.columns {
                        prop_assert!(covered.insert((row, column)), "{tile:?}");
                    }
                }
            }
            prop_assert_eq!(covered.len(), grid.rows * grid.columns());
            prop_assert_eq!(covered.last(), Some(&(grid.rows - 1, grid.columns() - 1)));
            for (_, cell) in grid.figures() {
                prop_assert!(printed.insert(cell));
            }
        }
        prop_assert!(figures.filled().all(|(cell, _)| printed.contains(&cell)));
    }
}

#[test]
fn an_empty_form_prints_exactly_the_prescribed_cells() {
    for edition in EDITIONS {
        let grids = grids(edition, |_| false);
        let printed: BTreeSet<_> = grids.iter().flat_map(|grid| grid.figures().map(|(_, cell)| cell)).collect();
        let is_prescribed = |id| catalogue().presence(edition, id) == Presence::Prescribed;
        let prescribed = catalogue().cells.iter().map(|cell| cell.id).filter(|id| is_prescribed(*id)).collect();
        assert_eq!(printed, prescribed, "{}", edition.id);
    }
}

/// As published reports print it: see the notices and any report of a city.
#[test]
fn chapter_three_is_merged_as_the_notices_print_it() {
    for (id, outcomes, others) in [("format_2021", 22, 3), ("trial_2019", 20, 1)] {
        let grid = grid(id, 3);
        assert_eq!((grid.columns(), grid.heading_rows), (10, 3));
        assert_eq!(
            heading(&grid, "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"),
            (0, 0, 3, 3)
        );
        assert_eq!(heading(&grid, "申请人情况"), (0, 3, 1, 7));
        assert_eq!(heading(&grid, "自然人"), (1, 3, 2, 1));
        assert_eq!(heading(&grid, "法人或其他组织"), (1, 4, 1, 5));
        assert_eq!(heading(&grid, "商业企业"), (2, 4, 1, 1));
        assert_eq!(heading(&grid, "三、本年度办理结果"), (5, 0, outcomes, 1));
        assert_eq!(heading(&grid, "（一）予以公开"), (5, 1, 1, 2));
        assert_eq!(heading(&grid, "（三）不予公开"), (7, 1, 8, 1));
        let (_, _, rows, columns) = heading(&grid, "（六）其他处理");
        assert_eq!((rows, columns), if others == 3 { (3, 1) } else { (1, 2) });
        assert_eq!(heading(&grid, "四、结转下年度继续办理").3, 3);
    }
}

#[test]
fn chapter_four_is_merged_as_the_notices_print_it() {
    for edition in EDITIONS {
        let grid = grid(edition.id, 4);
        assert_eq!((grid.columns(), grid.rows), (15, 4));
        assert_eq!(heading(&grid, "行政复议"), (0, 0, 1, 5));
        assert_eq!(heading(&grid, "结果维持"), (1, 0, 2, 1));
        assert_eq!(heading(&grid, "行政诉讼"), (0, 5, 1, 10));
        assert_eq!(heading(&grid, "复议后起诉"), (1, 10, 1, 5));
    }
}

#[test]
fn chapter_two_has_a_band_for_each_clause_and_figures_fill_its_width() {
    let grid = grid("format_2021", 2);
    assert_eq!(heading(&grid, "第二十条第（一）项"), (0, 0, 1, 4));
    assert_eq!(heading(&grid, "本年收费金额（单位：万元）").3, 3);
    let trial = super::grid::grid("trial_2019", 2);
    assert_eq!(heading(&trial, "采购总金额（单位：万元）").3 * 2, trial.columns() - 1);
    assert_eq!(trial.tiles.iter().filter(|tile| matches!(tile.content, Content::Band(_))).count(), 5);
}

#[test]
fn totals_are_the_sums_that_the_rules_compute() {
    let path = |cell| catalogue().cell(cell).path.as_str();
    let cell = |path: &str| catalogue().cell_at(path).unwrap();
    let three = grid("format_2021", 3);
    let of_line: Vec<_> = addends(&three, cell("requests.received.total")).into_iter().map(path).collect();
    assert_eq!(of_line.len(), 6);
    let of_column = addends(&three, cell("requests.outcomes_total.natural_person"));
    assert_eq!(of_column.len(), 21);
    assert!(of_column.iter().all(|cell| path(*cell).ends_with("natural_person") && !is_total(*cell)));
    assert_eq!(addends(&grid("format_2021", 4), cell("disputes.litigation_direct.total")).len(), 4);
}

#[test]
fn a_line_that_others_are_printed_beside_is_noted() {
    let used = ["requests.other.unspecified.total", "requests.other.fee_unpaid.total"];
    for (count, noted) in [(1, false), (2, true)] {
        let filled: Vec<_> = used[..count].iter().map(|path| catalogue().cell_at(path).unwrap()).collect();
        let grids = grids(edition("format_2021").unwrap(), |cell| filled.contains(&cell));
        let three = grids.iter().find(|grid| grid.table.chapter == 3).unwrap();
        assert_eq!(!three.undivided.is_empty(), noted);
        assert!(filled.iter().all(|cell| three.figures().any(|(_, printed)| printed == *cell)));
    }
}
