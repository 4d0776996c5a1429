//! What a change of the registry does to sums: told before it is made, so that whoever puts the past right sees what else
//! becomes another.

use std::collections::BTreeSet;

use crate::form::{CellId, catalogue};
use crate::live::State;
use crate::registry::JurisdictionIndex;
use crate::report::{JurisdictionCode, ReportYear};
use crate::rollup::{AgencyFilter, Class, Mark, Scope, Sums};

/// Sums that are told of at most.
pub const SUM_CHANGES_MAX: usize = 1000;

/// The cell that stands for the others where only one figure is shown.
const SHOWN: &str = "requests.received.total";

/// What is told of a sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SumOf {
    /// Agencies that owe a report.
    pub expected: u64,
    /// Reports in the sum.
    pub included: u64,
    /// New requests in the sum.
    pub requests_received: i128,
}

/// The sum over a jurisdiction and year before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumChange {
    /// With all below it.
    pub jurisdiction: JurisdictionCode,
    /// Report year.
    pub year: ReportYear,
    /// As the sum is.
    pub before: SumOf,
    /// As it would be.
    pub after: SumOf,
    /// Cells whose sum is another one.
    pub changed_cells: usize,
    /// The sums of single kinds, or with 垂直管理, differ.
    pub by_kind: bool,
}

/// The sums that differ between two states, by jurisdiction and year, and how many are beyond those told.
pub(super) fn sum_changes(before: &State, after: &State) -> (Vec<SumChange>, usize) {
    let mut years: BTreeSet<ReportYear> = before.totals.reported_years().collect();
    years.extend(before.registry.collections().map(|collection| collection.year));
    let (mut found, mut omitted) = (Vec::new(), 0);
    let places = before.registry.jurisdictions_after(None);
    for place in places {
        for year in &years {
            let Some(change) = change_of(before, after, place, *year) else { continue };
            if found.len() < SUM_CHANGES_MAX {
                found.push(change);
            } else {
                omitted += 1;
            }
        }
    }
    (found, omitted)
}

fn change_of(before: &State, after: &State, place: JurisdictionIndex, year: ReportYear) -> Option<SumChange> {
    let (scope, local) = (Scope::Subtree(place), AgencyFilter::default());
    let told = |state: &State| {
        let coverage = state.totals.coverage(scope, year, &local);
        let sums = state.totals.sums(scope, year, &local);
        let shown = catalogue().cell_at(SHOWN).map_or(0, |cell| sums.value(cell));
        let told =
            SumOf { expected: coverage.expected, included: coverage.of(Mark::Included), requests_received: shown };
        (told, sums)
    };
    let ((before_told, before_sums), (after_told, after_sums)) = (told(before), told(after));
    let differs = |cell: &CellId| before_sums.value(*cell) != after_sums.value(*cell);
    let changed_cells = catalogue().cells.iter().map(|info| info.id).filter(|cell| differs(cell)).count();
    let by_kind = by_class(before, scope, year) != by_class(after, scope, year);
    (before_told != after_told || changed_cells > 0 || by_kind).then(|| SumChange {
        jurisdiction: before.registry.jurisdiction(place).code.clone(),
        year,
        before: before_told,
        after: after_told,
        changed_cells,
        by_kind,
    })
}

fn by_class(state: &State, scope: Scope, year: ReportYear) -> Vec<(Class, Sums)> {
    let everybody = AgencyFilter { include_vertical: true, ..AgencyFilter::default() };
    let parts = state.totals.sums_by_class(scope, year, &everybody);
    parts.map(|(class, sums)| (class, sums.clone())).collect()
}
