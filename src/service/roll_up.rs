//! Sums, the computed form, and coverage.

use crate::document::write::{ComputedForm, Document};
use crate::form::{Edition, Presence, catalogue, edition_for_year};
use crate::registry::{Agency, AgencyIndex, Jurisdiction, JurisdictionCode, JurisdictionIndex};
use crate::report::{AgencyKind, Message, ReportKey, ReportYear};
use crate::rollup::{Bucket, ChildCoverage, Coverage, Dimension, Measure, Query, Row, Rows, Scope, Sums};
use crate::store::{Store, StoreError};

use super::live::State;
use super::registry::page_by_key;
use super::{Page, Problem, Reason, Service};

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
    /// Empty for all.
    pub kinds: Vec<AgencyKind>,
    /// Rows at most.
    pub page_size: usize,
    /// Empty for the first page.
    pub page_token: String,
}

/// Sums, and what they contain.
#[derive(Debug, Clone)]
pub struct RollupAnswer {
    pub rows: Vec<Row>,
    pub totals: Vec<Row>,
    /// One for each year.
    pub coverage: Vec<Coverage>,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    pub next: Option<String>,
}

/// The computed form.
#[derive(Debug, Clone)]
pub struct ConsolidatedForm {
    pub jurisdiction: Jurisdiction,
    pub edition: &'static Edition,
    pub sums: Sums,
    pub coverage: Coverage,
    pub sequence: u64,
}

/// Coverage of a scope and its parts.
#[derive(Debug, Clone)]
pub struct CoverageAnswer {
    pub coverage: Coverage,
    pub children: Vec<(Jurisdiction, ChildCoverage)>,
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

    /// The form as a document to print, which says what it contains.
    pub fn document(&self) -> Document {
        let coverage = &self.coverage;
        let computed = ComputedForm {
            scope: self.jurisdiction.code.name(),
            name: self.jurisdiction.display_name.clone(),
            year: coverage.year,
            edition: self.edition,
            expected: coverage.expected,
            received: coverage.received,
            sequence: self.sequence,
        };
        Document::of_computed_form(computed, |cell| self.shows(cell).then(|| self.sums.value(cell)))
    }
}

fn find(state: &State, code: &JurisdictionCode) -> Result<JurisdictionIndex, Problem> {
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
            kinds: self.kinds.clone(),
        };
        query.check().map_err(|error| Problem::grouping(&error))?;
        Ok(query)
    }

    /// Where the page begins, for an answer at `sequence`.
    fn offset(&self, sequence: u64) -> Result<usize, Problem> {
        if self.page_token.is_empty() {
            return Ok(0);
        }
        let parts = self.page_token.split_once('-');
        match parts.and_then(|(at, offset)| Some((at.parse::<u64>().ok()?, offset.parse().ok()?))) {
            Some((at, offset)) if at == sequence => Ok(offset),
            _ => Err(Problem::bad_page(
                "page_token",
                Message::new(
                    "分页标记无效，或其间数据已变化；请从第一页重新开始",
                    "is not valid, or the sums have changed since; begin with the first page",
                ),
            )),
        }
    }
}

impl Service {
    /// Sums by group, with their coverage.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, MEASURE_UNKNOWN, GROUPING_INVALID, YEARS_INVALID, PAGE_INVALID, TOO_MANY.
    pub async fn roll_up(&self, question: &RollupQuestion) -> Result<RollupAnswer, Problem> {
        let (query, mut answer, groups, total, offset) = {
            let state = self.live.read();
            let query = question.query(&state)?;
            let offset = question.offset(state.sequence)?;
            let scope = Scope::Subtree(query.jurisdiction);
            let mut total = Sums::default();
            for year in query.each_year() {
                for (_, sums) in state.totals.sums_by_kind(scope, year, &query.kinds) {
                    total.merge(sums);
                }
            }
            let coverage = query.each_year().map(|year| state.totals.coverage(scope, year, &query.kinds)).collect();
            let mut answer =
                RollupAnswer { rows: Vec::new(), totals: Vec::new(), coverage, sequence: state.sequence, next: None };
            if !query.needs_agencies() {
                let buckets = query.buckets(&state.registry, &state.totals);
                let Rows { rows, totals } = query.rows(&state.registry, &buckets, &total);
                answer.totals = totals;
                cut(&mut answer, rows, offset, question.page_size, 0);
                return Ok(answer);
            }
            let groups = agency_groups(&query, &state);
            (query, answer, groups, total, offset)
        };

        // Each group makes the same number of rows, so only the groups of this page are read.
        let rows_per_group = query.rows_per_group();
        let first = offset / rows_per_group;
        let last = offset.saturating_add(question.page_size) / rows_per_group;
        let last = last.saturating_add(2);
        let page: Vec<AgencyGroup> = groups.into_iter().take(last).skip(first).collect();
        let as_of = answer.sequence;
        let read = move |store: &dyn Store| page.into_iter().map(|group| agency_bucket(store, group, as_of)).collect();
        let buckets: Vec<Bucket> = self.blocking(read).await?;
        let state = self.live.read();
        let Rows { rows, totals } = query.rows(&state.registry, &buckets, &total);
        answer.totals = totals;
        cut(&mut answer, rows, offset, question.page_size, first * rows_per_group);
        Ok(answer)
    }

    /// The computed form of a jurisdiction and year.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; YEARS_INVALID where no edition exists for the year.
    pub fn consolidated_form(&self, code: &JurisdictionCode, year: ReportYear) -> Result<ConsolidatedForm, Problem> {
        let state = self.live.read();
        let jurisdiction = find(&state, code)?;
        let edition = edition_for_year(year.get()).ok_or_else(|| {
            let description = Message::new("该年度没有规定的报告格式", "no edition of the form exists for the year");
            Problem::field(Reason::YearsInvalid, "year", description)
        })?;
        let scope = Scope::Subtree(jurisdiction);
        Ok(ConsolidatedForm {
            jurisdiction: state.registry.jurisdiction(jurisdiction).clone(),
            edition,
            sums: state.totals.sums(scope, year, &[]),
            coverage: state.totals.coverage(scope, year, &[]),
            sequence: state.sequence,
        })
    }

    /// Expected and received reports, in all and by child.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn coverage(&self, code: &JurisdictionCode, year: ReportYear) -> Result<CoverageAnswer, Problem> {
        let state = self.live.read();
        let jurisdiction = find(&state, code)?;
        let children = state.totals.coverage_by_child(&state.registry, jurisdiction, year);
        let named = |child: ChildCoverage| (state.registry.jurisdiction(child.jurisdiction).clone(), child);
        Ok(CoverageAnswer {
            coverage: state.totals.coverage(Scope::Subtree(jurisdiction), year, &[]),
            children: children.into_iter().map(named).collect(),
            sequence: state.sequence,
        })
    }

    /// Agencies that have not reported, by id, and the journal sequence.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn missing_agencies(
        &self,
        code: &JurisdictionCode,
        year: ReportYear,
        size: usize,
        token: &str,
    ) -> Result<(Page<Agency>, u64), Problem> {
        let state = self.live.read();
        let jurisdiction = find(&state, code)?;
        let missing = state.totals.missing(&state.registry, jurisdiction, year);
        let entries = missing.into_iter().map(|agency| state.registry.agency(agency));
        Ok((page_by_key(entries, size, token, |entry| entry.id.as_str()), state.sequence))
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
        for agency in state.registry.agencies_below(query.jurisdiction, year) {
            let entry = state.registry.agency(agency);
            let wanted = query.kinds.is_empty() || query.kinds.contains(&entry.kind);
            if wanted && state.totals.has_received(agency, year) {
                reports.push((ReportKey { agency: entry.id.clone(), year }, agency));
            }
        }
    }
    reports.sort_unstable();
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
fn agency_bucket(store: &dyn Store, group: AgencyGroup, as_of: u64) -> Result<Bucket, StoreError> {
    let mut sums = Sums::default();
    for report in &group.reports {
        let mut before = None;
        // Newer revisions than the answer is true as of are few: they came within the last moments.
        while let Some(revision) = store.revisions(report, before, 1)?.into_iter().next() {
            if revision.sequence <= as_of {
                sums.add(&revision.figures.complete());
                break;
            }
            before = Some(revision.number);
        }
    }
    Ok(Bucket { year: group.year, scope: None, agency: Some(group.agency), kind: group.kind, sums })
}
