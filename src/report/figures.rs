//! The figures of one report, and their completion: blank totals computed, blank leaves counted as zero.

use crate::form::{CellId, Edition, Part, Presence, TableInfo, catalogue};

use super::Cell;

/// The cells of one report as they were filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    edition: &'static Edition,
    /// One per cell of the catalogue; cells that the edition does not have stay blank.
    cells: Box<[Cell]>,
}

/// The figures as they enter equations and sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// One per cell of the catalogue.
    pub values: Box<[i128]>,
    /// Totals that were blank and are computed from their parts.
    pub computed: Vec<CellId>,
}

impl Completed {
    pub fn value(&self, cell: CellId) -> i128 {
        self.values[cell.index()]
    }

    pub fn is_computed(&self, cell: CellId) -> bool {
        self.computed.contains(&cell)
    }
}

impl Figures {
    /// A form with every cell blank.
    pub fn blank(edition: &'static Edition) -> Self {
        Self { edition, cells: vec![Cell::Blank; catalogue().cells.len()].into() }
    }

    pub fn edition(&self) -> &'static Edition {
        self.edition
    }

    pub fn get(&self, cell: CellId) -> Cell {
        self.cells[cell.index()]
    }

    /// Fills in a cell; says whether the edition has it (if not, nothing changes).
    pub fn set(&mut self, cell: CellId, value: Cell) -> bool {
        let present = catalogue().presence(self.edition, cell) != Presence::Absent;
        if present {
            self.cells[cell.index()] = value;
        }
        present
    }

    /// Cells that are not blank, in the order of the form.
    pub fn filled(&self) -> impl Iterator<Item = (CellId, Cell)> {
        catalogue().cells.iter().map(|info| (info.id, self.get(info.id))).filter(|(_, cell)| *cell != Cell::Blank)
    }

    /// Whether no cell of the table is filled in.
    pub fn is_table_blank(&self, table: &TableInfo) -> bool {
        let catalogue = catalogue();
        table.lines().flat_map(|line| catalogue.line(line).cells()).all(|cell| self.get(cell) == Cell::Blank)
    }

    /// Computes the blank totals of every table that is filled in at all.
    pub fn complete(&self) -> Completed {
        let mut completed = Completed {
            values: self.cells.iter().map(|cell| i128::from(cell.number().unwrap_or(0))).collect(),
            computed: Vec::new(),
        };
        for (_, table) in catalogue().sheets(self.edition) {
            if !self.is_table_blank(table) {
                self.complete_table(table, &mut completed);
            }
        }
        completed
    }

    /// The total line first, column by column, then each line's total column.
    fn complete_table(&self, table: &TableInfo, completed: &mut Completed) {
        let catalogue = catalogue();
        let lines = || table.lines().map(|id| catalogue.line(id));
        for total in lines().filter(|line| line.line.part == Part::Total) {
            for (position, cell) in total.cells().enumerate() {
                if catalogue.cell(cell).part == Part::Leaf && self.get(cell) == Cell::Blank {
                    let outcomes = lines().filter(|line| line.line.part == Part::Outcome);
                    let sum = outcomes.filter_map(|line| line.cell(position)).map(|c| completed.value(c)).sum();
                    completed.values[cell.index()] = sum;
                    completed.computed.push(cell);
                }
            }
        }
        for line in lines() {
            let (totals, leaves): (Vec<_>, Vec<_>) =
                line.cells().partition(|cell| catalogue.cell(*cell).part == Part::Total);
            for total in totals {
                let present = catalogue.presence(self.edition, total) == Presence::Prescribed
                    || leaves.iter().any(|leaf| self.get(*leaf) != Cell::Blank);
                if present && self.get(total) == Cell::Blank {
                    completed.values[total.index()] = leaves.iter().map(|leaf| completed.value(*leaf)).sum();
                    completed.computed.push(total);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition;

    fn cell(path: &str) -> CellId {
        catalogue().cell_at(path).unwrap()
    }

    #[test]
    fn a_blank_total_is_computed_and_marked() {
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        figures.set(cell("requests.received.natural_person"), Cell::Number(3));
        figures.set(cell("requests.received.other_organization"), Cell::Number(4));
        figures.set(cell("requests.disclosed.natural_person"), Cell::Number(2));
        figures.set(cell("requests.refused.state_secret.natural_person"), Cell::Number(1));
        let completed = figures.complete();
        for (path, value) in [
            ("requests.received.total", 7),
            ("requests.outcomes_total.natural_person", 3),
            ("requests.outcomes_total.total", 3),
        ] {
            assert_eq!(completed.value(cell(path)), value, "{path}");
            assert!(completed.is_computed(cell(path)), "{path}");
        }
        assert!(!completed.is_computed(cell("disputes.reconsideration.total")), "an absent table is not computed");
    }

    #[test]
    fn a_filled_total_is_left_as_it_is() {
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        figures.set(cell("disputes.reconsideration.upheld"), Cell::Number(10));
        figures.set(cell("disputes.reconsideration.total"), Cell::Number(0));
        let completed = figures.complete();
        assert_eq!(completed.value(cell("disputes.reconsideration.total")), 0);
        assert!(!completed.is_computed(cell("disputes.reconsideration.total")));
    }

    #[test]
    fn a_cell_of_another_edition_is_not_taken() {
        let mut figures = Figures::blank(edition("trial_2019").unwrap());
        assert!(!figures.set(cell("proactive_disclosure.rules.issued"), Cell::Number(1)));
        assert_eq!(figures.filled().count(), 0);
    }
}
