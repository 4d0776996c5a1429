//! The printed tables of the form, for screens.

use crate::document::write::{Content, Grid, Tile, addends, grids, is_total};
use crate::form::{CellId, Edition, Kind, Text, catalogue, heading_in_english};
use crate::pb;

/// The tables of an edition as they are printed where the cells named in `filled` are not blank.
pub(crate) fn layout_to_wire(edition: &'static Edition, filled: &[String]) -> pb::GetFormLayoutResponse {
    let filled: Vec<CellId> = filled.iter().filter_map(|path| catalogue().cell_at(path)).collect();
    pb::GetFormLayoutResponse {
        edition: super::edition_to_wire(edition),
        title: Some(text(edition.title)),
        notice: edition.notice.to_owned(),
        tables: grids(edition, |cell| filled.contains(&cell)).iter().map(table_to_wire).collect(),
    }
}

/// A fixed text in both languages.
pub(super) fn text(text: Text) -> pb::LocalizedText {
    pb::LocalizedText { zh: text.zh.to_owned(), en: text.en.to_owned() }
}

/// A place in a printed table, which has a few dozen rows and columns.
fn place(number: usize) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn table_to_wire(grid: &Grid) -> pb::FormTable {
    pb::FormTable {
        chapter: grid.table.chapter.into(),
        title: Some(text(grid.table.title)),
        rows: place(grid.rows),
        heading_rows: place(grid.heading_rows),
        widths: grid.widths.iter().map(|width| place(*width)).collect(),
        tiles: grid.tiles.iter().map(|tile| tile_to_wire(grid, tile)).collect(),
    }
}

fn tile_to_wire(grid: &Grid, tile: &Tile) -> pb::FormTile {
    let kind = match tile.content {
        Content::ColumnHeading(_) => pb::FormTileKind::ColumnHeading,
        Content::Band(_) => pb::FormTileKind::Band,
        Content::RowHeading(_) => pb::FormTileKind::RowHeading,
        Content::Figure(_) => pb::FormTileKind::Cell,
    };
    let mut wire = pb::FormTile {
        row: place(tile.row),
        column: place(tile.column),
        rows: place(tile.rows),
        columns: place(tile.columns),
        kind: kind.into(),
        text: tile.content.heading().unwrap_or_default().to_owned(),
        ..Default::default()
    };
    if let Some(zh) = tile.content.heading().filter(|heading| !heading.is_empty()) {
        let en = heading_in_english(grid.table, zh).unwrap_or_default();
        wire.heading = Some(pb::LocalizedText { zh: zh.to_owned(), en });
    }
    if let Content::Figure(cell) = tile.content {
        let info = catalogue().cell(cell);
        wire.cell = info.path.clone();
        wire.label = Some(pb::LocalizedText { zh: info.label_zh.clone(), en: info.label_en.clone() });
        wire.set_cell_kind(match info.kind {
            Kind::Count => pb::CellKind::Count,
            Kind::SignedCount => pb::CellKind::SignedCount,
            Kind::Money => pb::CellKind::Amount,
        });
        if is_total(cell) {
            wire.addends = addends(grid, cell).into_iter().map(|cell| catalogue().cell(cell).path.clone()).collect();
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{EDITIONS, Presence};

    #[test]
    fn every_prescribed_cell_has_one_place_and_totals_name_their_parts() {
        for edition in EDITIONS {
            let layout = layout_to_wire(edition, &[]);
            let mut shown: Vec<String> =
                layout.tables.iter().flat_map(|table| &table.tiles).map(|tile| tile.cell.clone()).collect();
            shown.retain(|cell| !cell.is_empty());
            shown.sort();
            let prescribed = catalogue().cells_of(edition);
            let prescribed = prescribed.filter(|cell| catalogue().presence(edition, cell.id) == Presence::Prescribed);
            let mut prescribed: Vec<String> = prescribed.map(|cell| cell.path.clone()).collect();
            prescribed.sort();
            assert_eq!(shown, prescribed);
            for tile in layout.tables.iter().flat_map(|table| &table.tiles) {
                assert_eq!(tile.cell.contains("total") && !tile.cell.ends_with("disclosed"), !tile.addends.is_empty());
            }
        }
    }

    #[test]
    fn every_heading_is_there_in_english() {
        for edition in EDITIONS {
            // A line in place of others, too.
            let layout = layout_to_wire(edition, &["requests.other.unspecified.total".to_owned()]);
            let headings: Vec<_> =
                layout.tables.iter().flat_map(|table| &table.tiles).filter_map(|tile| tile.heading.clone()).collect();
            assert!(headings.len() > 30);
            for heading in headings {
                assert!(!heading.en.is_empty() && heading.en.is_ascii(), "{heading:?}");
            }
        }
    }

    #[test]
    fn a_line_in_place_of_others_is_printed_where_it_is_filled_in() {
        let has_line = |filled: &[String]| {
            let layout = layout_to_wire(crate::form::edition_for_year(2022).unwrap(), filled);
            layout
                .tables
                .iter()
                .flat_map(|table| &table.tiles)
                .any(|tile| tile.cell.starts_with("requests.other.unspecified"))
        };
        assert!(!has_line(&[]));
        assert!(has_line(&["requests.other.unspecified.total".to_owned()]));
    }
}
