//! Any figures of any edition, as far as the form can print them.

use proptest::prelude::*;

use crate::form::{EDITIONS, Edition, Kind, Presence, catalogue};
use crate::report::{Cell, Figures};

fn cell_value(kind: Kind) -> BoxedStrategy<Cell> {
    let number = match kind {
        Kind::Count => prop_oneof![0i64..20, 0i64..1_000_000_000_000].boxed(),
        Kind::SignedCount => (-1000i64..1000).boxed(),
        Kind::Money => prop_oneof![0i64..100, 0i64..1_000_000_000_000_000_000].boxed(),
    };
    prop_oneof![6 => number.prop_map(Cell::Number), 1 => Just(Cell::Blank), 1 => Just(Cell::NotApplicable)].boxed()
}

/// Figures of any edition; some with the accepted lines instead of those that they stand for.
pub fn figures() -> impl Strategy<Value = Figures> {
    (prop::sample::select(EDITIONS.iter().collect::<Vec<_>>()), any::<bool>())
        .prop_flat_map(|(edition, merged)| figures_of(edition, merged))
}

/// Figures of an edition; with `merged`, with the accepted lines instead of those that they stand for.
pub fn figures_of(edition: &'static Edition, merged: bool) -> impl Strategy<Value = Figures> {
    let is_wanted = |cell: &&crate::form::CellInfo| {
        let field = catalogue().line(cell.line).line.field;
        let mut lines = edition.sheets.iter().flat_map(|sheet| sheet.merged);
        match catalogue().presence(edition, cell.id) {
            Presence::Accepted => merged,
            _ => !(merged && lines.any(|line| line.stands_for.contains(&field))),
        }
    };
    let wanted: Vec<_> = catalogue().cells_of(edition).filter(is_wanted).collect();
    let values: Vec<_> = wanted.iter().map(|cell| cell_value(cell.kind)).collect();
    values.prop_map(move |values| {
        let mut figures = Figures::blank(edition);
        for (cell, value) in wanted.iter().zip(values) {
            assert!(figures.set(cell.id, value));
        }
        figures
    })
}
