//! Reports that hold to every rule of the single sheet, for tests.

use proptest::prelude::*;

use crate::form::{CellId, Edition, Kind, Part, Presence, catalogue};
use crate::report::{Cell, Figures};

/// Fills the edition's prescribed cells: leaves as drawn, totals summed, requests received as the balance demands.
///
/// `draw` gives numbers from 0 to 10^9; it is called once per leaf cell, in the order of the form.
pub(crate) fn valid_figures(edition: &'static Edition, mut draw: impl FnMut() -> i64) -> Figures {
    let catalogue = catalogue();
    let mut figures = Figures::blank(edition);
    for cell in catalogue.cells_of(edition) {
        let drawn = draw();
        let number = if cell.kind == Kind::SignedCount && drawn % 2 == 1 { -drawn } else { drawn };
        let is_total = cell.part == Part::Total || catalogue.line(cell.line).line.part == Part::Total;
        if !is_total && catalogue.presence(edition, cell.id) == Presence::Prescribed {
            figures.set(cell.id, Cell::Number(number));
        }
    }
    fill_totals(&mut figures);
    balance_requests(&mut figures);
    figures
}

/// Any valid report on the edition's form.
pub(crate) fn valid_report(edition: &'static Edition) -> impl Strategy<Value = Figures> {
    let numbers = prop::collection::vec(prop_oneof![3 => Just(0i64), 3 => 0i64..60, 1 => 0i64..1_000_000], 250);
    numbers.prop_map(move |numbers| {
        let mut numbers = numbers.into_iter();
        valid_figures(edition, || numbers.next().unwrap_or(0))
    })
}

fn fill_totals(figures: &mut Figures) {
    let completed = figures.complete();
    for &total in &completed.computed {
        figures.set(total, Cell::Number(i64::try_from(completed.value(total)).unwrap()));
    }
}

/// Carries over no more requests than were dealt with or carried forward, and lets the rest be received this year.
fn balance_requests(figures: &mut Figures) {
    let line = |path: &str| -> Vec<CellId> { catalogue().line_at(path).unwrap().cells().collect() };
    let [received, carried_over, outcomes, carried_forward] =
        ["received", "carried_over", "outcomes_total", "carried_forward"]
            .map(|field| line(&format!("requests.{field}")));
    let number = |figures: &Figures, cell: CellId| figures.get(cell).number().unwrap();
    let mut sums = [0, 0];
    for column in 0..received.len() - 1 {
        let out = number(figures, outcomes[column]) + number(figures, carried_forward[column]);
        let over = number(figures, carried_over[column]).min(out);
        for (sum, (cell, value)) in sums.iter_mut().zip([(received[column], out - over), (carried_over[column], over)])
        {
            figures.set(cell, Cell::Number(value));
            *sum += value;
        }
    }
    figures.set(*received.last().unwrap(), Cell::Number(sums[0]));
    figures.set(*carried_over.last().unwrap(), Cell::Number(sums[1]));
}
