//! Any reports, with everything that is handed in with them.

use proptest::prelude::*;

use super::figures::figures;
use crate::document::exchange::ReportEntry;
use crate::form::{CellId, Presence, catalogue};
use crate::report::{Answer, Cell, Narrative};

/// Up to three reports of different agencies and years, some with cells that were not read.
pub fn entries() -> impl Strategy<Value = Vec<ReportEntry>> {
    let answer = ("[A-Z-]{1,12}", "[a-z_.]{0,30}", "(?s).{1,40}");
    let answer = answer.prop_map(|(rule, cell, reason)| Answer { rule, cell, reason });
    let narrative = prop::option::of(("(?s).{0,40}", "(?s).{0,40}"));
    let unread = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let figures = (figures(), unread).prop_map(|(mut figures, unread)| {
        let cells: Vec<_> = catalogue().cells_of(figures.edition()).map(|info| info.id).collect();
        let prescribed = |cell: &CellId| catalogue().presence(figures.edition(), *cell) == Presence::Prescribed;
        let cells: Vec<_> = cells.into_iter().filter(prescribed).collect();
        unread.iter().for_each(|at| _ = figures.set(cells[at.index(cells.len())], Cell::Unread));
        figures
    });
    let entry = (figures, prop::collection::vec(answer, 0..4), narrative, "(?s).{0,40}");
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        let named = entries.into_iter().enumerate().map(|(at, (figures, answers, narrative, reason))| ReportEntry {
            report: format!("agencies/agency-{at}/reports/{}", 2019 + at).parse().unwrap(),
            figures,
            answers,
            narrative: narrative.map(|(overview, problems)| Narrative {
                overview: Some(overview.replace(char::is_control, "\n")),
                problems: Some(problems.replace(char::is_control, "\n")),
                other_matters: None,
            }),
            reason,
        });
        named.collect()
    })
}
