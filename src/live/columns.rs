//! Figures of single agencies, one number an agency, for the cells and years that were asked for last.
//!
//! The running totals do not keep single reports, and reading them from the store takes longer the more there are. A
//! column holds one cell in the reports of one year; like the totals it changes with each commit.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use imbl::Vector;

use crate::form::{CellId, catalogue};
use crate::registry::AgencyIndex;
use crate::report::{Completed, Owners, ReportYear};
use crate::store::StoreError;

use super::Live;
use super::filling::Filling;
use super::state::{ACCEPTED, revision_in_sums};

/// Memory that one figure takes, in bytes.
const FIGURE_BYTES: usize = size_of::<i128>();

/// Which figures a column holds.
type Of = (ReportYear, CellId);

/// The columns in memory. A copy shares what neither of the two changes.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    kept: BTreeMap<Of, Arc<Column>>,
    /// Counts questions, to tell which column was not asked for the longest.
    questions: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Default)]
struct Column {
    /// By agency; 0, or nothing at the end, where no report is in the sums.
    figures: Vector<i128>,
    /// Until the column is filled.
    filling: Option<Filling<AgencyIndex>>,
    /// Number of the last question that needed it.
    asked: Arc<AtomicU64>,
}

/// Columns of one year as they are read, report by report.
#[derive(Debug)]
pub(super) struct ReadColumns {
    columns: Vec<(CellId, Vector<i128>)>,
}

impl ReadColumns {
    /// Nothing yet of these cells.
    pub(crate) fn of(cells: &[CellId]) -> Self {
        Self { columns: cells.iter().map(|cell| (*cell, Vector::new())).collect() }
    }

    /// Adds the report of an agency.
    pub(crate) fn add(&mut self, agency: AgencyIndex, figures: &Completed) {
        for (cell, column) in &mut self.columns {
            set(column, agency, figures.value(*cell));
        }
    }
}

fn set(figures: &mut Vector<i128>, agency: AgencyIndex, figure: i128) {
    while figures.len() <= agency.index() {
        figures.push_back(0);
    }
    figures[agency.index()] = figure;
}

/// Columns that are to be filled, by year, with what was there at a journal sequence.
#[derive(Debug)]
pub(crate) struct Begun {
    columns: Vec<(ReportYear, Vec<CellId>)>,
    as_of: u64,
}

/// Columns to answer one question from.
pub struct Table<'a> {
    first_year: ReportYear,
    /// By year from the first and by cell; empty where not asked for.
    by_year: Vec<Vec<Option<&'a Vector<i128>>>>,
}

impl Table<'_> {
    /// What some reports add to the sum of some cells.
    pub fn value(&self, reports: &[(AgencyIndex, ReportYear)], cells: &[CellId]) -> i128 {
        let mut sum = 0;
        for (agency, year) in reports {
            let of_year =
                year.get().checked_sub(self.first_year.get()).and_then(|at| self.by_year.get(usize::from(at)));
            for cell in cells {
                let column = of_year.and_then(|columns| *columns.get(cell.index())?);
                sum += column.and_then(|column| column.get(agency.index())).unwrap_or(&0);
            }
        }
        sum
    }
}

impl Column {
    fn set(&mut self, agency: AgencyIndex, figure: i128) {
        set(&mut self.figures, agency, figure);
    }
}

impl Columns {
    /// The columns of these cells in these years, which are in order; none unless all are filled.
    pub fn table(&self, years: &[ReportYear], cells: &[CellId]) -> Option<Table<'_>> {
        let question = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        let first_year = *years.first()?;
        let mut by_year = Vec::new();
        for year in years {
            by_year.resize(usize::from(year.get() - first_year.get()), Vec::new());
            let mut of_year = vec![None; catalogue().cells.len()];
            for cell in cells {
                let column = self.kept.get(&(*year, *cell)).filter(|column| column.filling.is_none())?;
                column.asked.store(question, Ordering::Relaxed);
                of_year[cell.index()] = Some(&column.figures);
            }
            by_year.push(of_year);
        }
        Some(Table { first_year, by_year })
    }

    /// Makes room for what is not there yet, and says what is to be filled: cells by year. Nothing where all of it, for
    /// so many agencies, would take more than `bytes_max`; else what was not asked for the longest goes.
    pub(super) fn begin(
        &mut self,
        years: &[ReportYear],
        cells: &[CellId],
        agencies: usize,
        bytes_max: usize,
    ) -> Vec<(ReportYear, Vec<CellId>)> {
        let wanted: HashSet<Of> = years.iter().flat_map(|year| cells.iter().map(|cell| (*year, *cell))).collect();
        let column_bytes = agencies.saturating_mul(FIGURE_BYTES);
        let columns_max = bytes_max.checked_div(column_bytes).unwrap_or(usize::MAX);
        if wanted.len() > columns_max {
            return Vec::new();
        }
        let mut others: Vec<(u64, Of)> = self
            .kept
            .iter()
            .filter(|(of, column)| !wanted.contains(of) && column.filling.is_none())
            .map(|(of, column)| (column.asked.load(Ordering::Relaxed), *of))
            .collect();
        others.sort_unstable();
        let others_max = columns_max - wanted.len();
        for (_, of) in others.iter().take(others.len().saturating_sub(others_max)) {
            self.kept.remove(of);
        }
        let question = self.questions.load(Ordering::Relaxed);
        let mut to_fill = Vec::new();
        for year in years {
            let missing: Vec<CellId> =
                cells.iter().copied().filter(|cell| !self.kept.contains_key(&(*year, *cell))).collect();
            for cell in &missing {
                self.kept.insert(
                    (*year, *cell),
                    Arc::new(Column {
                        filling: Some(Filling::default()),
                        asked: Arc::new(question.into()),
                        ..Column::default()
                    }),
                );
            }
            if !missing.is_empty() {
                to_fill.push((*year, missing));
            }
        }
        to_fill
    }

    /// Fills columns of a year with what agencies had when [`Columns::begin`] named them. Takes as long as what changed
    /// since, however much was read.
    pub(super) fn fill(&mut self, year: ReportYear, read: ReadColumns) {
        for (cell, mut figures) in read.columns {
            let Some(column) = self.kept.get_mut(&(year, cell)).map(Arc::make_mut) else { continue };
            let Some(filling) = column.filling.take() else { continue };
            std::mem::swap(&mut column.figures, &mut figures);
            for agency in filling.changed() {
                column.set(agency, figures.get(agency.index()).copied().unwrap_or(0));
            }
        }
    }

    /// Forgets columns that could not be filled.
    pub(super) fn abandon(&mut self, year: ReportYear, cells: &[CellId]) {
        for cell in cells {
            self.kept.remove(&(year, *cell));
        }
    }

    /// Puts an agency's figures of a year in place of those before; none where nothing of it is in the sums any more.
    pub fn replace(&mut self, agency: AgencyIndex, year: ReportYear, figures: Option<&Completed>) {
        let of_year = (year, catalogue().cells[0].id)..;
        for ((_, cell), column) in self.kept.range_mut(of_year).take_while(|((of, _), _)| *of == year) {
            let column = Arc::make_mut(column);
            column.set(agency, figures.map_or(0, |figures| figures.value(*cell)));
            if let Some(filling) = &mut column.filling {
                filling.change(agency);
            }
        }
    }

    /// The sum of each filled column.
    pub fn sums(&self) -> impl Iterator<Item = (ReportYear, CellId, i128)> {
        let filled = self.kept.iter().filter(|(_, column)| column.filling.is_none());
        filled.map(|((year, cell), column)| (*year, *cell, column.figures.iter().sum()))
    }
}

impl Live {
    /// Reads columns of these cells in these years, which are in order, unless they would take more than `bytes_max` of
    /// memory.
    ///
    /// # Errors
    /// Where the store cannot be read; they can be asked for again then.
    pub fn fill_columns(&self, years: &[ReportYear], cells: &[CellId], bytes_max: usize) -> Result<(), StoreError> {
        self.finish_columns(self.begin_columns(years, cells, bytes_max))
    }

    /// Makes room, and says what is to be filled.
    pub(crate) fn begin_columns(&self, years: &[ReportYear], cells: &[CellId], bytes_max: usize) -> Begun {
        self.present.change(|state, columns| {
            let agencies = state.registry.agencies().len();
            Begun { columns: columns.begin(years, cells, agencies, bytes_max), as_of: state.sequence }
        })
    }

    /// Fills what was begun.
    pub(crate) fn finish_columns(&self, Begun { columns, as_of }: Begun) -> Result<(), StoreError> {
        for (year, cells) in columns {
            let read = self.read_columns(as_of, year, &cells);
            self.present.change(|_, columns| match read {
                Ok(Some(read)) => {
                    columns.fill(year, read);
                    Ok(())
                }
                Ok(None) => {
                    columns.abandon(year, &cells);
                    Ok(())
                }
                Err(error) => {
                    columns.abandon(year, &cells);
                    Err(error)
                }
            })?;
        }
        Ok(())
    }

    /// What each agency's report of the year adds to each of the cells at journal sequence `as_of`; none where the
    /// service ends meanwhile.
    fn read_columns(&self, as_of: u64, year: ReportYear, cells: &[CellId]) -> Result<Option<ReadColumns>, StoreError> {
        let mut read = ReadColumns::of(cells);
        let whole = self.each_report((Owners::Agencies, year), as_of, |page| {
            let state = self.read();
            for standing in page {
                let agency = standing.newest.report.agency().and_then(|id| state.registry.find_agency(id));
                let Some(agency) = agency else { continue };
                if let Some(revision) = revision_in_sums(standing, ACCEPTED) {
                    read.add(agency, &revision.figures.complete());
                }
            }
        })?;
        Ok(whole.then_some(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Agency, Jurisdiction, Registry, RegistryChange};
    use crate::report::{AgencyKind, Level};

    const AGENCIES: usize = 3;
    /// Memory for so many columns.
    const BYTES_MAX: usize = 4 * AGENCIES * FIGURE_BYTES;

    fn year(year: u16) -> ReportYear {
        ReportYear::new(year).unwrap()
    }

    fn cells(positions: &[usize]) -> Vec<CellId> {
        positions.iter().map(|position| catalogue().cells[*position].id).collect()
    }

    fn agencies() -> Vec<AgencyIndex> {
        let mut registry = Registry::default();
        let jurisdiction = Jurisdiction {
            code: "230000".parse().unwrap(),
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: year(2021),
        };
        registry.apply(&RegistryChange::CreateJurisdiction(jurisdiction)).unwrap();
        for number in 0..AGENCIES {
            let agency = Agency {
                id: format!("agency-{number}").parse().unwrap(),
                jurisdiction: "230000".parse().unwrap(),
                display_name: number.to_string(),
                kind: AgencyKind::Department,
                large: false,
                vertical: false,
                first_year: year(2021),
            };
            registry.apply(&RegistryChange::CreateAgency(agency)).unwrap();
        }
        registry.agency_indices().collect()
    }

    /// Begins and fills columns in which each agency has the position of the cell plus one.
    fn keep(columns: &mut Columns, years: &[ReportYear], positions: &[usize]) {
        for (year, of) in columns.begin(years, &cells(positions), AGENCIES, BYTES_MAX) {
            let mut read = ReadColumns::of(&of);
            for agency in agencies() {
                read.columns.iter_mut().for_each(|(cell, column)| set(column, agency, cell.index() as i128 + 1));
            }
            columns.fill(year, read);
        }
    }

    #[test]
    fn a_value_is_the_sum_over_years_and_cells() {
        let mut columns = Columns::default();
        let years = [year(2021), year(2023)];
        keep(&mut columns, &years, &[4, 6]);
        let table = columns.table(&years, &cells(&[4, 6])).unwrap();
        let reports = |years: &[ReportYear]| years.iter().map(|year| (agencies()[1], *year)).collect::<Vec<_>>();
        assert_eq!(table.value(&reports(&years), &cells(&[4, 6])), 2 * (5 + 7));
        assert_eq!(table.value(&reports(&years[1..]), &cells(&[6])), 7);
        let between = reports(&[year(2022)]);
        assert_eq!(table.value(&between, &cells(&[6])), 0, "a year between that was not asked for");
    }

    #[test]
    fn a_column_that_is_not_filled_answers_nothing() {
        let mut columns = Columns::default();
        assert!(columns.table(&[year(2021)], &cells(&[1])).is_none());
        let to_fill = columns.begin(&[year(2021)], &cells(&[1]), AGENCIES, BYTES_MAX);
        assert_eq!(to_fill, [(year(2021), cells(&[1]))]);
        assert!(columns.table(&[year(2021)], &cells(&[1])).is_none());
        assert_eq!(columns.begin(&[year(2021)], &cells(&[1]), AGENCIES, BYTES_MAX), [], "nobody fills it twice");
        columns.abandon(year(2021), &cells(&[1]));
        assert_eq!(columns.begin(&[year(2021)], &cells(&[1]), AGENCIES, BYTES_MAX).len(), 1, "it can be tried again");
    }

    #[test]
    fn what_was_not_asked_for_the_longest_goes_first() {
        let mut columns = Columns::default();
        let years = [year(2021)];
        for position in 0..4 {
            keep(&mut columns, &years, &[position]);
        }
        assert!(columns.table(&years, &cells(&[0])).is_some());
        keep(&mut columns, &years, &[4]);
        let is_kept = |position: usize| columns.table(&years, &cells(&[position])).is_some();
        assert_eq!([0, 1, 2, 3, 4].map(is_kept), [true, false, true, true, true]);
    }

    #[test]
    fn more_than_the_memory_allows_is_not_begun() {
        let mut columns = Columns::default();
        keep(&mut columns, &[year(2021)], &[0]);
        assert_eq!(columns.begin(&[year(2021)], &cells(&[1, 2, 3, 4, 5]), AGENCIES, BYTES_MAX), []);
        assert!(columns.table(&[year(2021)], &cells(&[0])).is_some(), "what was there stays");
    }
}
