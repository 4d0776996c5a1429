//! A form at hand against the computed sum, cell by cell, with the reports that explain each difference.

use crate::form::{CellId, Edition, Kind, Presence, catalogue};
use crate::registry::{AgencyIndex, JurisdictionIndex};
use crate::report::{Completed, Figures};

use super::{ShownSums, Sums};

/// Explanations of one cell that are told.
pub const EXPLANATIONS_MAX: usize = 20;

/// How something explains a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Explanation {
    /// A report came into the sum after the form at hand.
    ArrivedSince(AgencyIndex),
    /// A report in the sum was corrected, or moved, after the form at hand.
    CorrectedSince(AgencyIndex),
    /// A report left the sum after the form at hand.
    LeftSince(AgencyIndex),
    /// A child's own consolidated report differs from its computed sum.
    ChildDiffers(JurisdictionIndex),
}

impl Explanation {
    /// Whether it is part of what changed since the form at hand.
    fn is_change(self) -> bool {
        !matches!(self, Self::ChildDiffers(_))
    }
}

/// What something adds to the differences, cell by cell.
#[derive(Debug, Clone)]
pub struct Share {
    /// Which report, or which jurisdiction below.
    pub explanation: Explanation,
    values: Box<[i128]>,
}

impl Share {
    /// What a report adds that was `before` in the sum and is `after` in it now.
    pub fn of_report(agency: AgencyIndex, before: Option<&Completed>, after: Option<&Completed>) -> Option<Self> {
        let explanation = match (before, after) {
            (None, None) => return None,
            (None, Some(_)) => Explanation::ArrivedSince(agency),
            (Some(_), Some(_)) => Explanation::CorrectedSince(agency),
            (Some(_), None) => Explanation::LeftSince(agency),
        };
        let value = |figures: Option<&Completed>, cell| figures.map_or(0, |figures| figures.value(cell));
        let cells = catalogue().cells.iter();
        let values = cells.map(|cell| value(after, cell.id) - value(before, cell.id)).collect();
        Some(Self { explanation, values })
    }

    /// What a child adds whose own report says something else than its computed sum.
    pub fn of_child(child: JurisdictionIndex, given: &Completed, computed: &Sums) -> Self {
        let cells = catalogue().cells.iter();
        let values = cells.map(|cell| computed.value(cell.id) - given.value(cell.id)).collect();
        Self { explanation: Explanation::ChildDiffers(child), values }
    }
}

/// A form at hand.
#[derive(Debug, Clone)]
pub struct Given {
    edition: &'static Edition,
    /// One per cell of the catalogue, as it stands; none where it is blank.
    shown: Box<[Option<i128>]>,
    /// What it counts for: a blank total computed, any other blank for 0.
    counted: Box<[i128]>,
}

impl Given {
    /// A report.
    pub fn of_report(figures: &Figures) -> Self {
        let cells = catalogue().cells.iter();
        Self {
            edition: figures.edition(),
            shown: cells.map(|cell| figures.get(cell.id).number().map(i128::from)).collect(),
            counted: figures.complete().values,
        }
    }

    /// A computed form.
    pub fn of_sums(sums: &ShownSums) -> Self {
        let shown: Box<[Option<i128>]> = catalogue().cells.iter().map(|cell| sums.get(cell.id)).collect();
        let counted = shown.iter().map(|sum| sum.unwrap_or(0)).collect();
        Self { edition: sums.edition(), shown, counted }
    }
}

/// A cell in which the form at hand and the computed sum differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellDifference {
    /// Its place in the catalogue.
    pub cell: CellId,
    /// As it stands in the form at hand; none where it is blank.
    pub given: Option<i128>,
    /// The sum of the reports.
    pub computed: i128,
    /// Computed less given, a blank total computed and any other blank taken for 0.
    pub difference: i128,
    /// The largest first, with what each adds to the difference.
    pub explanations: Vec<(Explanation, i128)>,
    /// How many more explain something; 0 where all are told.
    pub explanations_omitted: usize,
    /// What is left once the changes since are taken off.
    pub unexplained: i128,
}

/// All differences, the largest first, counts before amounts; and the number of cells that are equal.
pub fn compare(given: &Given, computed: &Sums, shares: &[Share]) -> (Vec<CellDifference>, usize) {
    let mut equal = 0;
    let mut differences = Vec::new();
    for cell in cells(given.edition) {
        let (stands, sum) = (given.counted[cell.index()], computed.value(cell));
        if stands == sum {
            equal += 1;
            continue;
        }
        let adds = |share: &Share| share.values[cell.index()];
        let mut explanations: Vec<(Explanation, i128)> =
            shares.iter().map(|share| (share.explanation, adds(share))).filter(|(_, adds)| *adds != 0).collect();
        let changes = explanations.iter().filter(|(explanation, _)| explanation.is_change());
        let explained: i128 = changes.map(|(_, adds)| adds).sum();
        explanations.sort_by_key(|(explanation, adds)| (std::cmp::Reverse(adds.unsigned_abs()), *explanation));
        let explanations_omitted = explanations.len().saturating_sub(EXPLANATIONS_MAX);
        explanations.truncate(EXPLANATIONS_MAX);
        differences.push(CellDifference {
            cell,
            given: given.shown[cell.index()],
            computed: sum,
            difference: sum - stands,
            explanations,
            explanations_omitted,
            unexplained: sum - stands - explained,
        });
    }
    let is_amount = |cell: CellId| catalogue().cell(cell).kind == Kind::Money;
    differences.sort_by_key(|one| (is_amount(one.cell), std::cmp::Reverse(one.difference.unsigned_abs()), one.cell));
    (differences, equal)
}

/// The cells that an edition has in any way.
fn cells(edition: &'static Edition) -> impl Iterator<Item = CellId> {
    let cells = catalogue().cells.iter().map(|cell| cell.id);
    cells.filter(|cell| catalogue().presence(edition, *cell) != Presence::Absent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition;
    use crate::report::Cell;

    fn figures(values: &[(&str, i64)]) -> Figures {
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        for (path, value) in values {
            assert!(figures.set(catalogue().cell_at(path).unwrap(), Cell::Number(*value)));
        }
        figures
    }

    #[test]
    fn equal_forms_differ_nowhere() {
        let given = figures(&[("requests.received.natural_person", 3)]);
        let mut sums = Sums::default();
        sums.add(&given.complete());
        assert_eq!(compare(&Given::of_report(&given), &sums, &[]).0, []);
    }

    #[test]
    fn the_largest_difference_comes_first_and_changes_since_explain_it() {
        let given = figures(&[("requests.received.natural_person", 3), ("disputes.litigation_direct.upheld", 1)]);
        let late = figures(&[("requests.received.natural_person", 40)]).complete();
        let mut sums = Sums::default();
        sums.add(&figures(&[("requests.received.natural_person", 2)]).complete());
        sums.add(&late);
        let agency = AgencyIndex::default();
        let share = Share::of_report(agency, None, Some(&late)).unwrap();
        let (differences, _) = compare(&Given::of_report(&given), &sums, &[share]);
        let of = |path: &str| {
            let cell = catalogue().cell_at(path).unwrap();
            differences.iter().find(|difference| difference.cell == cell).unwrap()
        };
        let received = of("requests.received.natural_person");
        assert_eq!((received.difference, received.unexplained), (39, -1));
        assert_eq!(received.explanations, [(Explanation::ArrivedSince(agency), 40)]);
        assert_eq!(differences[0].difference.unsigned_abs(), 39);
        assert_eq!(of("disputes.litigation_direct.upheld").unexplained, -1);
    }
}
