//! An agency's year, filled into the form of the year's edition.

use crate::form::{CellId, Edition, Part, Presence, catalogue};
use crate::report::{Cell, Figures, MONEY_SCALE};

use super::activity::{Activity, Disclosure};

/// Units of an amount per yuan.
const UNITS_PER_YUAN: u64 = MONEY_SCALE.unsigned_abs() / 10_000;

type Value = fn(&Disclosure) -> i64;

/// Cells of chapter two, of every edition, and where their values come from.
const DISCLOSURE: &[(&str, Value)] = &[
    ("proactive_disclosure.rules.issued", |year| number(year.rules.issued)),
    ("proactive_disclosure.rules.repealed", |year| number(year.rules.repealed)),
    ("proactive_disclosure.rules.in_force", |year| number(year.rules.in_force)),
    ("proactive_disclosure.normative_documents.issued", |year| number(year.documents.issued)),
    ("proactive_disclosure.normative_documents.repealed", |year| number(year.documents.repealed)),
    ("proactive_disclosure.normative_documents.in_force", |year| number(year.documents.in_force)),
    ("proactive_disclosure.administrative_permits", |year| number(year.permits)),
    ("proactive_disclosure.administrative_penalties", |year| number(year.penalties)),
    ("proactive_disclosure.administrative_compulsions", |year| number(year.compulsions)),
    ("proactive_disclosure.administrative_fees", |year| amount(year.fees_yuan)),
    ("proactive_disclosure_trial_2019.rules.produced", |year| number(year.rules.issued)),
    ("proactive_disclosure_trial_2019.rules.disclosed", |year| number(year.rules.issued)),
    ("proactive_disclosure_trial_2019.rules.total_disclosed", |year| number(year.rules.in_force)),
    ("proactive_disclosure_trial_2019.normative_documents.produced", |year| number(year.documents.issued)),
    ("proactive_disclosure_trial_2019.normative_documents.disclosed", |year| number(year.documents.issued)),
    ("proactive_disclosure_trial_2019.normative_documents.total_disclosed", |year| number(year.documents.in_force)),
    ("proactive_disclosure_trial_2019.administrative_permits.items_last_year", |year| number(year.items_before[0])),
    ("proactive_disclosure_trial_2019.administrative_permits.change", |year| change(year, 0)),
    ("proactive_disclosure_trial_2019.administrative_permits.decisions", |year| number(year.permits)),
    ("proactive_disclosure_trial_2019.other_public_services.items_last_year", |year| number(year.items_before[1])),
    ("proactive_disclosure_trial_2019.other_public_services.change", |year| change(year, 1)),
    ("proactive_disclosure_trial_2019.other_public_services.decisions", |year| number(year.services)),
    ("proactive_disclosure_trial_2019.administrative_penalties.items_last_year", |year| number(year.items_before[2])),
    ("proactive_disclosure_trial_2019.administrative_penalties.change", |year| change(year, 2)),
    ("proactive_disclosure_trial_2019.administrative_penalties.decisions", |year| number(year.penalties)),
    ("proactive_disclosure_trial_2019.administrative_compulsions.items_last_year", |year| number(year.items_before[3])),
    ("proactive_disclosure_trial_2019.administrative_compulsions.change", |year| change(year, 3)),
    ("proactive_disclosure_trial_2019.administrative_compulsions.decisions", |year| number(year.compulsions)),
    ("proactive_disclosure_trial_2019.administrative_fees.items_last_year", |year| number(year.items_before[4])),
    ("proactive_disclosure_trial_2019.administrative_fees.change", |year| change(year, 4)),
    ("proactive_disclosure_trial_2019.government_procurement.projects", |year| number(year.procurement_projects)),
    ("proactive_disclosure_trial_2019.government_procurement.amount", |year| amount(year.procurement_yuan)),
];

/// How requests end, out of 10,000 of published reports of 2023 to 2025. 其他处理 stands in editions that do not
/// divide it.
const OUTCOMES: &[(&str, u64)] = &[
    ("requests.disclosed", 3_994),
    ("requests.partially_disclosed", 1_433),
    ("requests.refused.state_secret", 7),
    ("requests.refused.prohibited_by_law", 37),
    ("requests.refused.security_or_stability", 11),
    ("requests.refused.third_party_rights", 47),
    ("requests.refused.internal_affairs", 64),
    ("requests.refused.deliberative_process", 49),
    ("requests.refused.enforcement_case_file", 142),
    ("requests.refused.administrative_query", 121),
    ("requests.unavailable.not_held", 2_487),
    ("requests.unavailable.needs_creation", 107),
    ("requests.unavailable.still_unclear", 13),
    ("requests.not_processed.petition_or_complaint", 275),
    ("requests.not_processed.duplicate", 100),
    ("requests.not_processed.published_material", 1),
    ("requests.not_processed.excessive_repetition", 68),
    ("requests.not_processed.reconfirmation", 4),
    ("requests.other.correction_overdue", 212),
    ("requests.other.fee_unpaid", 108),
    ("requests.other.miscellaneous", 721),
    ("requests.other.unspecified", 1_041),
];

const RECEIVED: &str = "requests.received";
const CARRIED_OVER: &str = "requests.carried_over";
const OUTCOMES_TOTAL: &str = "requests.outcomes_total";
const CARRIED_FORWARD: &str = "requests.carried_forward";
const DISPUTES: [&str; 3] =
    ["disputes.reconsideration", "disputes.litigation_direct", "disputes.litigation_after_reconsideration"];

/// Where the cells of an edition are; resolved once, since looking up paths costs more than filling in.
#[derive(Debug)]
pub(super) struct Sheet {
    pub edition: &'static Edition,
    /// The form with zero in every prescribed cell.
    zeros: Figures,
    disclosure: Vec<(CellId, Value)>,
    outcomes: Vec<Row>,
    /// Of [`Self::outcomes`], in their order.
    pub outcome_weights: Vec<u64>,
    received: Row,
    carried_over: Row,
    outcomes_total: Row,
    carried_forward: Row,
    disputes: [Row; 3],
}

/// The cells of a line. Empty where the edition has no such line.
#[derive(Debug, Default)]
struct Row {
    leaves: Vec<CellId>,
    totals: Vec<CellId>,
}

impl Sheet {
    pub(crate) fn new(edition: &'static Edition) -> Self {
        let catalogue = catalogue();
        let prescribed = |cell: &CellId| catalogue.presence(edition, *cell) == Presence::Prescribed;
        let mut zeros = Figures::blank(edition);
        for cell in catalogue.cells_of(edition).map(|info| info.id).filter(prescribed) {
            zeros.set(cell, Cell::Number(0));
        }
        let cells = DISCLOSURE.iter().filter_map(|(path, value)| catalogue.cell_at(path).zip(Some(*value)));
        let row = |path: &str| {
            let cells = catalogue.line_at(path).into_iter().flat_map(|line| line.cells()).filter(prescribed);
            let (totals, leaves) = cells.partition(|cell| catalogue.cell(*cell).part == Part::Total);
            Row { leaves, totals }
        };
        let outcomes = OUTCOMES.iter().map(|(path, weight)| (row(path), *weight));
        let (outcomes, outcome_weights) = outcomes.filter(|(row, _)| !row.leaves.is_empty()).unzip();
        Self {
            edition,
            zeros,
            disclosure: cells.filter(|(cell, _)| prescribed(cell)).collect(),
            outcomes,
            outcome_weights,
            received: row(RECEIVED),
            carried_over: row(CARRIED_OVER),
            outcomes_total: row(OUTCOMES_TOTAL),
            carried_forward: row(CARRIED_FORWARD),
            disputes: DISPUTES.map(row),
        }
    }

    /// The filled-in form.
    pub(crate) fn fill(&self, activity: &Activity) -> Figures {
        let mut figures = self.zeros.clone();
        for (cell, value) in &self.disclosure {
            set(&mut figures, *cell, value(&activity.disclosure));
        }
        self.received.fill(&mut figures, activity.received);
        self.carried_over.fill(&mut figures, activity.carried_over);
        self.carried_forward.fill(&mut figures, activity.carried_forward);
        for (position, row) in self.outcomes.iter().enumerate() {
            row.fill(&mut figures, activity.outcomes.iter().map(|column| column.get(position).copied().unwrap_or(0)));
        }
        self.outcomes_total.fill(&mut figures, activity.outcomes.iter().map(|column| column.iter().sum()));
        for (row, results) in self.disputes.iter().zip(&activity.disputes) {
            row.fill(&mut figures, results.iter().copied());
        }
        figures
    }
}

impl Row {
    /// Fills in the leaves, and their sum as the total.
    fn fill(&self, figures: &mut Figures, values: impl IntoIterator<Item = u64>) {
        let mut sum = 0;
        for (leaf, value) in self.leaves.iter().zip(values) {
            set(figures, *leaf, number(value));
            sum += value;
        }
        for total in &self.totals {
            set(figures, *total, number(sum));
        }
    }
}

/// Most cells are zero, as they stand already.
fn set(figures: &mut Figures, cell: CellId, value: i64) {
    if value != 0 {
        figures.set(cell, Cell::Number(value));
    }
}

/// Simulated numbers are far below the limit of a signed integer.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn amount(yuan: u64) -> i64 {
    number(yuan.saturating_mul(UNITS_PER_YUAN))
}

fn change(year: &Disclosure, list: usize) -> i64 {
    let [before, now] = [&year.items_before, &year.items].map(|items| items.get(list).copied().unwrap_or(0));
    number(now) - number(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::EDITIONS;

    #[test]
    fn every_path_exists_and_every_outcome_has_a_weight() {
        for (path, _) in DISCLOSURE {
            assert!(catalogue().cell_at(path).is_some(), "{path}");
        }
        let lines = [RECEIVED, CARRIED_OVER, OUTCOMES_TOTAL, CARRIED_FORWARD].into_iter().chain(DISPUTES);
        for path in lines.chain(OUTCOMES.iter().map(|(path, _)| *path)) {
            assert!(catalogue().line_at(path).is_some(), "{path}");
        }
        let outcomes = catalogue().lines.iter().filter(|line| line.line.part == Part::Outcome);
        assert_eq!(outcomes.count(), OUTCOMES.len());
    }

    #[test]
    fn a_new_edition_cannot_leave_cells_of_chapter_two_behind() {
        for edition in EDITIONS {
            let cells = catalogue().cells_of(edition);
            let chapter_two =
                cells.filter(|cell| catalogue().tables[catalogue().line(cell.line).table].table.chapter == 2);
            assert_eq!(chapter_two.count(), Sheet::new(edition).disclosure.len(), "{}", edition.id);
        }
    }
}
