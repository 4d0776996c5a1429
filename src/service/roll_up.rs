//! Sums by group, and the computed form.

use crate::document::write::{ComputedForm, Document};
use crate::form::{CellId, Edition, Presence, catalogue, edition_for_year};
use crate::live::{Perspective, Present, State};
use crate::registry::Jurisdiction;
use crate::report::{Hash, JurisdictionCode, Message, ReportYear, computed_form_hash};
use crate::rollup::{
    AgencyFilter, Coverage, Dimension, Mark, Measure, Query, Row, RowKey, RowOrder, Scope, Slice, Sums, Tree,
};

use super::by_agency::AgencyPage;
use super::page::PageEnd;
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::sight::{Asker, Extent};
use super::view::find;

/// Measures that may be asked for at once.
const MEASURES_MAX: usize = 50;

/// What is asked.
#[derive(Debug, Clone)]
pub struct RollupQuestion {
    /// The top of the scope.
    pub jurisdiction: JurisdictionCode,
    /// First and last report year.
    pub years: (ReportYear, ReportYear),
    /// Whole paths of measures, each once; at least one.
    pub measures: Vec<String>,
    /// By what rows are told apart; empty for one row a measure.
    pub group_by: Vec<Dimension>,
    /// In which order groups come.
    pub order: RowOrder,
    /// Which agencies count.
    pub filter: AgencyFilter,
    /// From when, over which tree, and with which reports in the sums.
    pub perspective: Perspective,
    /// Count only agencies that have a report in the sum in every year.
    pub is_comparable: bool,
    /// Rows at most.
    pub page_size: usize,
    /// The last row of the page before, which the answer goes on from as of the same journal sequence; none for the
    /// first page.
    pub after: Option<PageEnd>,
}

/// Sums, and what they contain.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupAnswer {
    /// The page's rows, in order.
    pub rows: Vec<Row>,
    /// Each measure over everything in scope, whatever page it is.
    pub totals: Vec<Row>,
    /// One for each year.
    pub coverage: Vec<Coverage>,
    /// Whose tree was used.
    pub tree: Tree,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    /// Key of the last row; none where no page follows.
    pub last: Option<String>,
    /// Agencies that are compared, where that was asked for.
    pub comparable_agencies: Option<usize>,
    /// Rows on all pages together, where groups come by size.
    pub total_size: Option<usize>,
}

/// Which computed form is asked for.
#[derive(Debug, Clone)]
pub struct FormQuestion {
    /// Whose sums, with all below it.
    pub jurisdiction: JurisdictionCode,
    /// Report year.
    pub year: ReportYear,
    /// Which agencies count.
    pub filter: AgencyFilter,
    /// From when, over which tree, and with which reports in the sums.
    pub perspective: Perspective,
}

impl FormQuestion {
    pub(super) fn extent(&self) -> Extent<'_> {
        Extent { jurisdiction: &self.jurisdiction, years: (self.year, self.year), filter: &self.filter }
    }
}

/// The computed form.
#[derive(Debug, Clone)]
pub struct ConsolidatedForm {
    /// As it was in the year whose tree was used.
    pub jurisdiction: Jurisdiction,
    /// The edition of the report year.
    pub edition: &'static Edition,
    /// Over all cells; [`ConsolidatedForm::shown`] says which are shown.
    pub sums: Sums,
    /// How much of what was expected is in the sums.
    pub coverage: Coverage,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
}

impl ConsolidatedForm {
    /// Whether the form shows a cell: every prescribed one, and merged lines, noughts too, where a report uses them.
    pub fn shows(&self, cell: CellId) -> bool {
        match catalogue().presence(self.edition, cell) {
            Presence::Prescribed => true,
            Presence::Accepted => self.sums.uses(catalogue().cell(cell).line),
            Presence::Absent => false,
        }
    }

    /// The sum in a cell; none where the form does not show it.
    pub fn shown(&self, cell: CellId) -> Option<i128> {
        self.shows(cell).then(|| self.sums.value(cell))
    }

    /// SHA-256 of the canonical content, which documents of the form carry too.
    pub fn content_hash(&self) -> Hash {
        let name = format!("{}/reports/{}", self.jurisdiction.code.name(), self.coverage.year);
        computed_form_hash(&name, self.edition, |cell| self.shown(cell))
    }

    /// The form as a document to print, which says what it contains.
    pub fn document(&self) -> Document {
        let coverage = &self.coverage;
        let computed = ComputedForm {
            scope: self.jurisdiction.code.name(),
            name: self.jurisdiction.display_name.clone(),
            year: coverage.year,
            edition: self.edition,
            expected: coverage.expected,
            included: coverage.of(Mark::Included),
            missing: coverage.missing(),
            late: coverage.of(Mark::Late),
            hierarchy_year: self.hierarchy_year,
            sequence: self.sequence,
        };
        Document::of_computed_form(computed, |cell| self.shown(cell))
    }
}

impl RollupQuestion {
    pub(super) fn query(&self, state: &State) -> Result<Query, Problem> {
        let jurisdiction = find(state, &self.jurisdiction)?;
        if self.years.0 > self.years.1 {
            let description = Message::new("起始年度晚于截止年度", "the first year is after the last");
            return Err(Problem::field(Reason::YearsInvalid, "last_year", description));
        }
        if self.measures.len() > MEASURES_MAX {
            let description = Message::new(format!("最多{MEASURES_MAX}项"), format!("at most {MEASURES_MAX} measures"));
            return Err(Problem::field(Reason::FieldInvalid, "measures", description));
        }
        if self.measures.is_empty() {
            return Err(Problem::required("measures"));
        }
        let measures = Measure::find_all(&self.measures).map_err(|(at, error)| Problem::measure(at, &error))?;
        let query = Query {
            jurisdiction,
            years: self.years,
            measures,
            group_by: self.group_by.clone(),
            order: self.order,
            filter: self.filter.clone(),
        };
        query.check().map_err(|error| Problem::grouping(&error))?;
        Ok(query)
    }

    /// From when to answer: a later page is as of the journal sequence of the first.
    fn page_perspective(&self) -> Perspective {
        let as_of = self.after.as_ref().map_or(self.perspective.as_of, |after| Some(after.sequence));
        Perspective { as_of, ..self.perspective.clone() }
    }

    /// The row that the page comes after, in the registry as it was for the first page.
    fn row_before(&self, state: &State) -> Result<Option<RowKey>, Problem> {
        let row = |after: &PageEnd| RowKey::parse(&after.key, &state.registry).ok_or_else(Problem::bad_page_token);
        self.after.as_ref().map(row).transpose()
    }
}

impl Service {
    /// Sums by group, with their coverage.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, MEASURE_UNKNOWN, GROUPING_INVALID, YEARS_INVALID, PAGE_INVALID, TOO_MANY, AS_OF_INVALID,
    /// BEYOND_SIGHT.
    pub async fn roll_up(&self, question: &RollupQuestion, asker: &Asker) -> Result<RollupAnswer, Problem> {
        let perspective = question.page_perspective();
        let RollupQuestion { jurisdiction, years, filter, .. } = question;
        let present = self.view(asker, &Extent { jurisdiction, years: *years, filter }, &perspective).await?;
        let state = &*present.state;
        let query = question.query(state)?;
        let after = question.row_before(state)?;
        let mut answer = answer(&query, state);
        if question.is_comparable {
            return self.compare_like(&query, &present, &perspective, answer).await;
        }
        if !query.needs_agencies() {
            put_rows_of_totals(&mut answer, &query, state, after.as_ref(), question.page_size)?;
            self.note_page(&present, &answer);
            return Ok(answer);
        }
        let page = match query.order {
            RowOrder::Key => AgencyPage::find(&query, state, after.as_ref(), question.page_size),
            RowOrder::LargestFirst | RowOrder::SmallestFirst => {
                self.rank(&query, &present, &perspective, after.as_ref(), question.page_size).await?
            }
        };
        answer.last = page.last().map(|last| last.to_text(&state.registry));
        answer.total_size = page.total_size();
        self.note_page(&present, &answer);
        if let Some(rows) = page.rows_in_memory(&query, &present) {
            answer.rows = rows;
            return Ok(answer);
        }
        if perspective == Perspective::default() {
            self.keep_columns(&query, &page, state);
        }
        let names = page.names(&state.registry);
        let (as_of, states) = (answer.sequence, perspective.states());
        let sums = self.blocking(move |store| AgencyPage::read(&names, store, as_of, &states, |sums| sums)).await?;
        let value = |at: usize, cells: &[CellId]| sums[at].of_cells(cells);
        let blank = page.blank_rows(&query, state);
        answer.rows = blank.into_iter().map(|row| row.fill(value)).collect();
        Ok(answer)
    }

    /// Keeps the state that an answer comes from where there are more pages, which are of the same moment.
    fn note_page(&self, present: &Present, answer: &RollupAnswer) {
        if answer.last.is_some() && present.state.is_of_everything() {
            self.live.note_seen(present);
        }
    }

    /// The computed form of a jurisdiction and year.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; YEARS_INVALID where no edition exists for the year; AS_OF_INVALID; BEYOND_SIGHT.
    pub async fn consolidated_form(&self, question: &FormQuestion, asker: &Asker) -> Result<ConsolidatedForm, Problem> {
        let present = self.view(asker, &question.extent(), &question.perspective).await?;
        form_of(&present.state, question)
    }
}

/// The computed form that a state gives.
///
/// # Errors
/// YEARS_INVALID where no edition exists for the year; JURISDICTION_NOT_FOUND.
pub(super) fn form_of(state: &State, question: &FormQuestion) -> Result<ConsolidatedForm, Problem> {
    let FormQuestion { jurisdiction: code, year, filter, .. } = question;
    let edition = edition_for_year(year.get()).ok_or_else(|| {
        let description = Message::new("该年度没有规定的报告格式", "no edition of the form exists for the year");
        Problem::field(Reason::YearsInvalid, "year", description)
    })?;
    let jurisdiction = find(state, code)?;
    let scope = Scope::Subtree(jurisdiction);
    Ok(ConsolidatedForm {
        jurisdiction: state.registry.jurisdiction_in(jurisdiction, state.totals.tree().year(*year)),
        edition,
        sums: state.totals.sums(scope, *year, filter),
        coverage: state.totals.coverage(scope, *year, filter),
        hierarchy_year: state.totals.tree().year(*year),
        sequence: state.sequence,
    })
}

/// What every answer to the query says, without rows.
fn answer(query: &Query, state: &State) -> RollupAnswer {
    let scope = Scope::Subtree(query.jurisdiction);
    let mut total = Sums::default();
    for year in query.each_year() {
        for (_, sums) in state.totals.sums_by_class(scope, year, &query.filter) {
            total.merge(sums);
        }
    }
    RollupAnswer {
        rows: Vec::new(),
        totals: query.totals(&total),
        coverage: query.each_year().map(|year| state.totals.coverage(scope, year, &query.filter)).collect(),
        tree: state.totals.tree(),
        sequence: state.sequence,
        last: None,
        comparable_agencies: None,
        total_size: None,
    }
}

/// Puts in a page of the rows of a query that needs no single agencies.
///
/// # Errors
/// PAGE_INVALID where there is no row `after` which the page would come.
fn put_rows_of_totals(
    answer: &mut RollupAnswer,
    query: &Query,
    state: &State,
    after: Option<&RowKey>,
    size: usize,
) -> Result<(), Problem> {
    let registry = &state.registry;
    let mut groups = query.groups(registry, &state.totals);
    let sorted_by = query.sorted_by();
    query.order.sort(&mut groups, |(_, sums)| sums.of_cells(&sorted_by));
    let (mut groups, mut sums): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
    let mut slice = Slice { skip: 0, size, rows_per_group: query.rows_per_group() };
    answer.total_size = (query.order != RowOrder::Key).then(|| groups.len().saturating_mul(slice.rows_per_group));
    if let Some(after) = after {
        let first = groups.iter().position(|group| *group == after.group).ok_or_else(Problem::bad_page_token)?;
        groups.drain(..first);
        sums.drain(..first);
        slice.skip = after.row.saturating_add(1);
    }
    answer.last = slice.last(&groups).map(|last| last.to_text(registry));
    groups.truncate(slice.groups_max());
    let blank = slice.of(query.blank_rows(registry, state.totals.tree(), &groups));
    let value = |at: usize, cells: &[CellId]| sums[at].of_cells(cells);
    answer.rows = blank.into_iter().map(|row| row.fill(value)).collect();
    Ok(())
}
