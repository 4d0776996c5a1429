//! The figures of one report, and their completion: blank totals computed, blank leaves counted as zero.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::form::{CellId, EDITIONS, Edition, LineId, Part, Presence, TableInfo, catalogue, edition_by_id};

use super::Cell;

/// The cells of one report as they were filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "NotBlank", into = "NotBlank")]
pub struct Figures {
    edition: &'static Edition,
    /// One per cell of the catalogue; cells that the edition does not have stay blank.
    cells: Box<[Cell]>,
}

/// Figures on their way between processes of this program: every cell that is not blank.
#[derive(Serialize, Deserialize)]
struct NotBlank {
    #[serde(with = "edition_by_id")]
    edition: &'static Edition,
    cells: Vec<(CellId, Cell)>,
}

impl From<Figures> for NotBlank {
    fn from(figures: Figures) -> Self {
        let cells = catalogue().cells.iter().map(|info| (info.id, figures.get(info.id)));
        let cells = cells.filter(|(_, cell)| *cell != Cell::Blank).collect();
        Self { edition: figures.edition, cells }
    }
}

impl From<NotBlank> for Figures {
    fn from(not_blank: NotBlank) -> Self {
        let mut figures = Self::blank(not_blank.edition);
        for (cell, value) in not_blank.cells {
            figures.set(cell, value);
        }
        figures
    }
}

/// The figures as they enter equations and sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// One per cell of the catalogue.
    pub values: Box<[i128]>,
    /// Totals that were blank and are computed from their parts.
    pub computed: Vec<CellId>,
    /// Cells that were not read, and blank totals that would be computed from such. Their value says nothing.
    unknown: Vec<CellId>,
    /// Lines that the edition accepts in place of prescribed ones, and in which a number stands.
    pub merged: Vec<LineId>,
}

impl Completed {
    /// The number that enters sums: 0 for a blank leaf and for 不适用, in the unit of the cell.
    pub fn value(&self, cell: CellId) -> i128 {
        self.values[cell.index()]
    }

    /// The totals that were blank, with what is computed of their parts.
    pub fn computed_values(&self) -> Vec<(CellId, i128)> {
        self.computed.iter().map(|cell| (*cell, self.value(*cell))).collect()
    }

    /// Whether the cell is a total that was blank.
    pub(crate) fn is_computed(&self, cell: CellId) -> bool {
        self.computed.contains(&cell)
    }

    /// Whether the cell's number is there in the document, or its parts are, and could not be read.
    pub fn is_unknown(&self, cell: CellId) -> bool {
        self.unknown.contains(&cell)
    }
}

impl Figures {
    /// A form with every cell blank.
    pub fn blank(edition: &'static Edition) -> Self {
        Self { edition, cells: vec![Cell::Blank; catalogue().cells.len()].into() }
    }

    /// A form of which nothing has been read: every cell that the edition prescribes is unread.
    pub fn unread(edition: &'static Edition) -> Self {
        let mut figures = Self::blank(edition);
        for info in &catalogue().cells {
            if catalogue().presence(edition, info.id) == Presence::Prescribed {
                figures.set(info.id, Cell::Unread);
            }
        }
        figures
    }

    /// The edition that decides which cells there are.
    pub fn edition(&self) -> &'static Edition {
        self.edition
    }

    /// As filled in; blank for a cell that the edition does not have.
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

    /// Cells with a number or 不适用, in the order of the form.
    pub fn filled(&self) -> impl Iterator<Item = (CellId, Cell)> {
        let cells = catalogue().cells.iter().map(|info| (info.id, self.get(info.id)));
        cells.filter(|(_, cell)| !matches!(cell, Cell::Blank | Cell::Unread))
    }

    /// Cells that could not be read, in the order of the form.
    pub fn unread_cells(&self) -> impl Iterator<Item = CellId> {
        let lines = catalogue().sheets(self.edition).flat_map(|(_, table)| table.lines());
        lines.flat_map(|line| catalogue().line(line).cells()).filter(|cell| self.get(*cell) == Cell::Unread)
    }

    /// Whether no cell of the table is filled in; one that was not read may be.
    pub fn is_table_blank(&self, table: &TableInfo) -> bool {
        let catalogue = catalogue();
        table.lines().flat_map(|line| catalogue.line(line).cells()).all(|cell| self.get(cell) == Cell::Blank)
    }

    /// Computes the blank totals of every table that is filled in at all, save those of cells that were not read.
    pub fn complete(&self) -> Completed {
        let mut completed = Completed {
            values: self.cells.iter().map(|cell| i128::from(cell.number().unwrap_or(0))).collect(),
            computed: Vec::new(),
            unknown: self.unread_cells().collect(),
            merged: Vec::new(),
        };
        for table in completion(self.edition) {
            let is_used = |cells: &[CellId]| cells.iter().any(|cell| self.get(*cell).number().is_some());
            completed.merged.extend(table.merged.iter().filter(|(_, cells)| is_used(cells)).map(|(line, _)| *line));
            if table.cells.iter().all(|cell| self.get(*cell) == Cell::Blank) {
                continue;
            }
            for total in &table.totals {
                let is_wanted = || total.always || total.parts.iter().any(|part| self.get(*part) != Cell::Blank);
                if self.get(total.cell) != Cell::Blank || !is_wanted() {
                    continue;
                }
                if total.parts.iter().any(|part| completed.is_unknown(*part)) {
                    completed.unknown.push(total.cell);
                } else {
                    let sum = total.parts.iter().map(|part| completed.value(*part)).sum();
                    completed.values[total.cell.index()] = sum;
                    completed.computed.push(total.cell);
                }
            }
        }
        completed
    }
}

/// A total of a table, and what it is the sum of.
struct Total {
    cell: CellId,
    parts: Vec<CellId>,
    /// Computed even where all its parts are blank.
    always: bool,
}

/// The totals of a table, in the order in which they are computed.
struct TableTotals {
    cells: Vec<CellId>,
    /// Lines that are accepted in place of prescribed ones, with their cells.
    merged: Vec<(LineId, Vec<CellId>)>,
    totals: Vec<Total>,
}

/// What is computed in each table of an edition; laid out once.
fn completion(edition: &'static Edition) -> &'static [TableTotals] {
    static COMPLETIONS: LazyLock<Vec<(&str, Vec<TableTotals>)>> = LazyLock::new(|| {
        let of = |edition: &'static Edition| {
            let tables = catalogue().sheets(edition).map(|(_, table)| table_totals(edition, table));
            (edition.id, tables.collect())
        };
        EDITIONS.iter().map(of).collect()
    });
    COMPLETIONS.iter().find(|(id, _)| *id == edition.id).map_or(&[], |(_, tables)| tables)
}

/// The total line first, column by column, then each line's total column.
fn table_totals(edition: &'static Edition, table: &TableInfo) -> TableTotals {
    let catalogue = catalogue();
    let lines = || table.lines().map(|id| catalogue.line(id));
    let mut totals = Vec::new();
    for total in lines().filter(|line| line.line.part == Part::Total) {
        let columns = total.cells().enumerate().filter(|(_, cell)| catalogue.cell(*cell).part == Part::Leaf);
        totals.extend(columns.map(|(position, cell)| {
            let outcomes = lines().filter(|line| line.line.part == Part::Outcome);
            Total { cell, parts: outcomes.filter_map(|line| line.cell(position)).collect(), always: true }
        }));
    }
    for line in lines() {
        let (of_line, parts): (Vec<_>, Vec<_>) =
            line.cells().partition(|cell| catalogue.cell(*cell).part == Part::Total);
        totals.extend(of_line.into_iter().map(|cell| {
            let always = catalogue.presence(edition, cell) == Presence::Prescribed;
            Total { cell, parts: parts.clone(), always }
        }));
    }
    let is_accepted = |cell: CellId| catalogue.presence(edition, cell) == Presence::Accepted;
    let merged = lines().filter(|line| line.cells().any(is_accepted)).map(|line| (line.id, line.cells().collect()));
    TableTotals { merged: merged.collect(), cells: lines().flat_map(|line| line.cells()).collect(), totals }
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
    fn a_blank_total_of_cells_that_were_not_read_is_not_computed() {
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        figures.set(cell("requests.received.natural_person"), Cell::Number(3));
        figures.set(cell("requests.received.other_organization"), Cell::Unread);
        figures.set(cell("requests.disclosed.natural_person"), Cell::Unread);
        let completed = figures.complete();
        for path in [
            "requests.received.other_organization",
            "requests.received.total",
            "requests.disclosed.total",
            "requests.outcomes_total.natural_person",
            "requests.outcomes_total.total",
        ] {
            assert!(completed.is_unknown(cell(path)) && !completed.is_computed(cell(path)), "{path}");
        }
        let other = cell("requests.outcomes_total.commercial_enterprise");
        assert!(completed.is_computed(other) && !completed.is_unknown(other));
    }

    #[test]
    fn a_form_of_which_nothing_is_read_has_no_blank_table() {
        for edition in EDITIONS {
            let figures = Figures::unread(edition);
            assert!(catalogue().sheets(edition).all(|(_, table)| !figures.is_table_blank(table)));
            let completed = figures.complete();
            assert!(completed.computed.is_empty());
            assert!(figures.unread_cells().all(|cell| completed.is_unknown(cell)));
        }
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
    fn a_merged_line_is_in_use_where_a_number_stands_in_it_nought_too() {
        let line = catalogue().line_at("requests.other.unspecified").unwrap().id;
        for (edition_id, cell_value, used) in [
            ("format_2021", Cell::Number(0), true),
            ("format_2021", Cell::Blank, false),
            ("format_2021", Cell::NotApplicable, false),
            // There it is a prescribed line like any other.
            ("trial_2019", Cell::Number(0), false),
        ] {
            let mut figures = Figures::blank(edition(edition_id).unwrap());
            figures.set(cell("requests.received.natural_person"), Cell::Number(1));
            figures.set(cell("requests.other.unspecified.total"), cell_value);
            assert_eq!(figures.complete().merged.contains(&line), used, "{edition_id} {cell_value:?}");
        }
    }

    #[test]
    fn a_cell_of_another_edition_is_not_taken() {
        let mut figures = Figures::blank(edition("trial_2019").unwrap());
        assert!(!figures.set(cell("proactive_disclosure.rules.issued"), Cell::Number(1)));
        assert_eq!(figures.filled().count(), 0);
    }
}
