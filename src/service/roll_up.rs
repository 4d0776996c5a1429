//! Sums by group, and the computed form.

use crate::document::write::{ComputedForm, Document};
use crate::form::{Edition, Presence, catalogue, edition_for_year};
use crate::registry::{AgencyIndex, Jurisdiction, JurisdictionIndex};
use crate::report::{
    AgencyKind, Hash, JurisdictionCode, Message, ReportKey, ReportState, ReportYear, computed_form_hash,
};
use crate::rollup::{
    AgencyFilter, Bucket, Coverage, Dimension, Mark, Measure, Query, Row, Rows, Scope, Sums, Tree, class_of,
};
use crate::store::{Store, StoreError};

use super::perspective::{Perspective, View};
use super::state::{State, revision_in_sums};
use super::{Problem, Reason, Service};

/// Measures that may be asked for at once.
const MEASURES_MAX: usize = 50;

/// What is asked.
#[derive(Debug, Clone)]
pub struct RollupQuestion {
    pub jurisdiction: JurisdictionCode,
    /// First and last report year.
    pub years: (ReportYear, ReportYear),
    /// Paths of measures; empty means requests.received.
    pub measures: Vec<String>,
    pub group_by: Vec<Dimension>,
    pub filter: AgencyFilter,
    pub perspective: Perspective,
    /// Rows at most.
    pub page_size: usize,
    /// Empty for the first page.
    pub page_token: String,
}

/// Sums, and what they contain.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupAnswer {
    pub rows: Vec<Row>,
    pub totals: Vec<Row>,
    /// One for each year.
    pub coverage: Vec<Coverage>,
    /// Whose tree was used.
    pub tree: Tree,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    pub next: Option<String>,
}

/// Which computed form is asked for.
#[derive(Debug, Clone)]
pub struct FormQuestion {
    pub jurisdiction: JurisdictionCode,
    pub year: ReportYear,
    pub filter: AgencyFilter,
    pub perspective: Perspective,
}

/// The computed form.
#[derive(Debug, Clone)]
pub struct ConsolidatedForm {
    pub jurisdiction: Jurisdiction,
    pub edition: &'static Edition,
    pub sums: Sums,
    pub coverage: Coverage,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    pub sequence: u64,
}

/// Which agency in which years make one group.
struct AgencyGroup {
    agency: AgencyIndex,
    reports: Vec<ReportKey>,
    year: Option<ReportYear>,
    kind: Option<AgencyKind>,
}

impl ConsolidatedForm {
    /// Whether the form shows a cell: every prescribed one, and merged lines where a report uses them.
    pub fn shows(&self, cell: crate::form::CellId) -> bool {
        match catalogue().presence(self.edition, cell) {
            Presence::Prescribed => true,
            Presence::Accepted => self.sums.value(cell) != 0,
            Presence::Absent => false,
        }
    }

    /// SHA-256 of the canonical content, which documents of the form carry too.
    pub fn content_hash(&self) -> Hash {
        let name = format!("{}/reports/{}", self.jurisdiction.code.name(), self.coverage.year);
        computed_form_hash(&name, self.edition, |cell| self.shows(cell).then(|| self.sums.value(cell)))
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
        Document::of_computed_form(computed, |cell| self.shows(cell).then(|| self.sums.value(cell)))
    }
}

/// A jurisdiction by its code.
pub(super) fn find(state: &State, code: &JurisdictionCode) -> Result<JurisdictionIndex, Problem> {
    state.registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&code.name()))
}

impl RollupQuestion {
    fn query(&self, state: &State) -> Result<Query, Problem> {
        let jurisdiction = find(state, &self.jurisdiction)?;
        if self.years.0 > self.years.1 {
            let description = Message::new("起始年度晚于截止年度", "the first year is after the last");
            return Err(Problem::field(Reason::YearsInvalid, "last_year", description));
        }
        if self.measures.len() > MEASURES_MAX {
            let description =
                Message::new(format!("最多 {MEASURES_MAX} 项"), format!("at most {MEASURES_MAX} measures"));
            return Err(Problem::field(Reason::TooMany, "measures", description));
        }
        let default = ["requests.received".to_owned()];
        let asked = if self.measures.is_empty() { &default[..] } else { &self.measures };
        let measures =
            asked.iter().enumerate().map(|(at, path)| Measure::find(path).map_err(|e| Problem::measure(at, &e)));
        let query = Query {
            jurisdiction,
            years: self.years,
            measures: measures.collect::<Result<_, _>>()?,
            group_by: self.group_by.clone(),
            filter: self.filter.clone(),
        };
        query.check().map_err(|error| Problem::grouping(&error))?;
        Ok(query)
    }

    /// From when to answer, and where the page begins: a later page is as of the journal sequence of the first.
    fn page(&self, newest: u64) -> Result<(Perspective, usize), Problem> {
        if self.page_token.is_empty() {
            return Ok((self.perspective.clone(), 0));
        }
        let parts = self.page_token.split_once('-');
        match parts.and_then(|(at, offset)| Some((at.parse().ok()?, offset.parse().ok()?))) {
            Some((as_of, offset)) if as_of <= newest => {
                Ok((Perspective { as_of: Some(as_of), ..self.perspective.clone() }, offset))
            }
            _ => Err(Problem::bad_page(
                "page_token",
                Message::new("分页标记无效，请从第一页重新开始", "is not valid; begin with the first page"),
            )),
        }
    }
}

impl Service {
    /// Sums by group, with their coverage.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, MEASURE_UNKNOWN, GROUPING_INVALID, YEARS_INVALID, PAGE_INVALID, TOO_MANY, AS_OF_INVALID.
    pub async fn roll_up(&self, question: &RollupQuestion) -> Result<RollupAnswer, Problem> {
        let (perspective, offset) = question.page(self.present()?.sequence)?;
        let states: Vec<ReportState> = perspective.states();
        let (query, mut answer, groups, total, past) = {
            let view = self.view(&perspective, question.years).await?;
            let state = &*view;
            let query = question.query(state)?;
            let scope = Scope::Subtree(query.jurisdiction);
            let mut total = Sums::default();
            for year in query.each_year() {
                for (_, sums) in state.totals.sums_by_class(scope, year, &query.filter) {
                    total.merge(sums);
                }
            }
            let coverage = query.each_year().map(|year| state.totals.coverage(scope, year, &query.filter)).collect();
            let mut answer = RollupAnswer {
                rows: Vec::new(),
                totals: Vec::new(),
                coverage,
                tree: state.totals.tree(),
                sequence: state.sequence,
                next: None,
            };
            if !query.needs_agencies() {
                let buckets = query.buckets(&state.registry, &state.totals);
                let Rows { rows, totals } = query.rows(&state.registry, state.totals.tree(), &buckets, &total);
                answer.totals = totals;
                cut(&mut answer, rows, offset, question.page_size, 0);
                return Ok(answer);
            }
            let groups = agency_groups(&query, state);
            let past = match &view {
                View::Present(_) => None,
                View::Past(state) => Some(state.clone()),
            };
            (query, answer, groups, total, past)
        };

        // Each group makes the same number of rows, so only the groups of this page are read.
        let rows_per_group = query.rows_per_group();
        let first = offset / rows_per_group;
        let last = offset.saturating_add(question.page_size) / rows_per_group;
        let last = last.saturating_add(2);
        let page: Vec<AgencyGroup> = groups.into_iter().take(last).skip(first).collect();
        let as_of = answer.sequence;
        let read = move |store: &dyn Store| {
            page.into_iter().map(|group| agency_bucket(store, group, as_of, &states)).collect()
        };
        let buckets: Vec<Bucket> = self.blocking(read).await?;
        // Entries of the registry keep their places, so a later state names them as well.
        let view = match past {
            Some(state) => View::Past(state),
            None => View::Present(self.present()?),
        };
        let Rows { rows, totals } = query.rows(&view.registry, view.totals.tree(), &buckets, &total);
        answer.totals = totals;
        cut(&mut answer, rows, offset, question.page_size, first * rows_per_group);
        Ok(answer)
    }

    /// The computed form of a jurisdiction and year.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; YEARS_INVALID where no edition exists for the year; AS_OF_INVALID.
    pub async fn consolidated_form(&self, question: &FormQuestion) -> Result<ConsolidatedForm, Problem> {
        let FormQuestion { jurisdiction: code, year, filter, perspective } = question;
        let edition = edition_for_year(year.get()).ok_or_else(|| {
            let description = Message::new("该年度没有规定的报告格式", "no edition of the form exists for the year");
            Problem::field(Reason::YearsInvalid, "year", description)
        })?;
        let state = self.view(perspective, (*year, *year)).await?;
        let jurisdiction = find(&state, code)?;
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
}

/// Cuts a page out of rows of which the first is number `begin` of all.
fn cut(answer: &mut RollupAnswer, rows: Vec<Row>, offset: usize, size: usize, begin: usize) {
    let end = offset.saturating_add(size);
    if begin + rows.len() > end {
        answer.next = Some(format!("{}-{end}", answer.sequence));
    }
    answer.rows = rows.into_iter().skip(offset - begin).take(size).collect();
}

/// The agencies whose reports are in the sums, by id, with the years that make each group.
fn agency_groups(query: &Query, state: &State) -> Vec<AgencyGroup> {
    let by_year = query.group_by.contains(&Dimension::Year);
    let by_kind = query.group_by.contains(&Dimension::AgencyKind);
    let mut reports: Vec<(ReportKey, AgencyIndex)> = Vec::new();
    for year in query.each_year() {
        for agency in state.totals.agencies_below(&state.registry, query.jurisdiction, year) {
            let wanted = query.filter.admits(class_of(&state.registry, agency));
            if wanted && state.totals.marks(agency, year).has(Mark::Included) {
                let id = state.registry.agency(agency).id.clone();
                reports.push((ReportKey::of_agency(id, year), agency));
            }
        }
    }
    reports.sort_unstable_by(|(one, _), (other, _)| (&one.owner, one.year).cmp(&(&other.owner, other.year)));
    let mut groups: Vec<AgencyGroup> = Vec::new();
    for (report, agency) in reports {
        let year = by_year.then_some(report.year);
        match groups.last_mut() {
            Some(group) if group.agency == agency && group.year == year => group.reports.push(report),
            _ => {
                let kind = by_kind.then(|| state.registry.agency(agency).kind);
                groups.push(AgencyGroup { agency, reports: vec![report], year, kind });
            }
        }
    }
    groups
}

/// The sums of one agency as they were at journal sequence `as_of`.
fn agency_bucket(
    store: &dyn Store,
    group: AgencyGroup,
    as_of: u64,
    states: &[ReportState],
) -> Result<Bucket, StoreError> {
    let mut sums = Sums::default();
    for report in &group.reports {
        let standing = store.standing(report, as_of)?;
        if let Some(revision) = standing.as_ref().and_then(|standing| revision_in_sums(standing, states)) {
            sums.add(&revision.figures.complete());
        }
    }
    Ok(Bucket { year: group.year, scope: None, agency: Some(group.agency), kind: group.kind, sums })
}
