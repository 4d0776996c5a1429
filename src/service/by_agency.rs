//! Sums of single agencies, page by page: from columns in memory where the same was asked before, else from the store.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::form::CellId;
use crate::live::{Perspective, Present, State, revision_in_sums};
use crate::registry::{AgencyIndex, Registry};
use crate::report::{AgencyKind, ReportKey, ReportState, ReportYear};
use crate::rollup::{BlankRow, Dimension, Group, Mark, Query, Row, RowKey, Slice, Sums, Tree, class_of};
use crate::store::{Store, StoreError};

use super::parts::Service;
use super::problem::Problem;

/// A page of fewer reports than this is read from the store each time.
const REPORTS_MIN: usize = 256;

/// The reports that make one group.
pub(super) type Reports = Vec<(AgencyIndex, ReportYear)>;

/// The groups that make one page, in their order.
pub(super) struct AgencyPage {
    groups: Vec<Group>,
    /// One for each group.
    reports: Vec<Reports>,
    slice: Slice,
    /// Groups on all pages together, where they are known.
    groups_in_all: Option<usize>,
}

impl AgencyPage {
    /// All rows of groups whose reports are known.
    pub(super) fn of(query: &Query, groups: Vec<(Group, Reports)>) -> Self {
        let (groups, reports): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        let rows_per_group = query.rows_per_group();
        Self { slice: Slice { skip: 0, size: usize::MAX, rows_per_group }, groups, reports, groups_in_all: None }
    }

    /// The groups after the row `after` that a page of `size` rows needs, and one more where there is one.
    ///
    /// Over the tree of another year a merged agency counts with its successor, in whose groups its reports are; kind and
    /// 垂直管理 are those of the agency that handed in the report.
    pub(crate) fn find(query: &Query, state: &State, after: Option<&RowKey>, size: usize) -> Self {
        let (registry, totals) = (&state.registry, &state.totals);
        let rows_per_group = query.rows_per_group();
        let slice = Slice { skip: 0, size, rows_per_group };
        let mut page = Self { groups: Vec::new(), reports: Vec::new(), slice, groups_in_all: None };
        let years = years(query, state);
        let mut within = totals.within(registry, query.jurisdiction);
        let first = after.and_then(|after| after.group.agency).map(|agency| &registry.agency(agency).id);
        let from = first.map_or(Bound::Unbounded, Bound::Included);
        for agency in registry.agencies_for(&[query.jurisdiction], Vec::new(), from) {
            let members = match totals.tree() {
                Tree::AsReported => vec![agency],
                Tree::Of(hierarchy) => registry.counted_with(agency, hierarchy),
            };
            let mut groups: BTreeMap<(Option<ReportYear>, Option<AgencyKind>), Reports> = BTreeMap::new();
            for member in members {
                for year in &years {
                    let class = class_of(registry, member, *year);
                    if query.filter.admits(class)
                        && totals.marks(member, *year).has(Mark::Included)
                        && within.counts(member, *year)
                    {
                        let by = |dimension| query.group_by.contains(&dimension);
                        let group =
                            (by(Dimension::Year).then_some(*year), by(Dimension::AgencyKind).then_some(class.kind));
                        groups.entry(group).or_default().push((member, *year));
                    }
                }
            }
            for ((year, kind), reports) in groups {
                let group = Group { year, scope: None, agency: Some(agency), kind };
                match after {
                    Some(after) if group.order(registry) < after.group.order(registry) => continue,
                    Some(after) if group == after.group => page.slice.skip = after.row.saturating_add(1),
                    _ => {}
                }
                page.groups.push(group);
                page.reports.push(reports);
            }
            if page.groups.len() >= page.slice.groups_max() {
                break;
            }
        }
        page
    }

    /// What one sorts the groups by, where all columns that it needs are in memory.
    pub(super) fn sizes_in_memory(&self, query: &Query, present: &Present) -> Option<Vec<i128>> {
        let columns = present.columns.table(&years(query, &present.state), &query.cells())?;
        let sorted_by = query.sorted_by();
        Some(self.reports.iter().map(|reports| columns.value(reports, &sorted_by)).collect())
    }

    /// A page of all groups of this one in the order of the query; `sizes` is what they are sorted by.
    ///
    /// # Errors
    /// PAGE_INVALID where there is no row `after` which the page would come.
    pub(super) fn ranked(
        self,
        query: &Query,
        sizes: Vec<i128>,
        after: Option<&RowKey>,
        size: usize,
    ) -> Result<Self, Problem> {
        let mut groups: Vec<_> = sizes.into_iter().zip(self.groups.into_iter().zip(self.reports)).collect();
        query.order.sort(&mut groups, |(size, _)| *size);
        let groups_in_all = Some(groups.len());
        let mut slice = Slice { skip: 0, size, ..self.slice };
        let mut first = 0;
        if let Some(after) = after {
            let is_after = |(_, (group, _)): &(i128, (Group, Reports))| *group == after.group;
            first = groups.iter().position(is_after).ok_or_else(Problem::bad_page_token)?;
            slice.skip = after.row.saturating_add(1);
        }
        let of_page = groups.into_iter().skip(first).take(slice.groups_max());
        let (groups, reports) = of_page.map(|(_, group)| group).unzip();
        Ok(Self { groups, reports, slice, groups_in_all })
    }

    /// Rows on all pages together, where groups come by size.
    pub(super) fn total_size(&self) -> Option<usize> {
        self.groups_in_all.map(|groups| groups.saturating_mul(self.slice.rows_per_group))
    }

    /// The last row of the page; none where no page follows.
    pub(crate) fn last(&self) -> Option<RowKey> {
        self.slice.last(&self.groups)
    }

    /// The rows without their sums.
    pub(crate) fn blank_rows(&self, query: &Query, state: &State) -> Vec<BlankRow> {
        self.slice.of(query.blank_rows(&state.registry, state.totals.tree(), &self.groups))
    }

    /// The rows, where all columns that they need are in memory.
    pub(crate) fn rows_in_memory(&self, query: &Query, present: &Present) -> Option<Vec<Row>> {
        let Present { state, columns } = present;
        let columns = columns.table(&years(query, state), &query.cells())?;
        let value = |at: usize, cells: &[CellId]| columns.value(&self.reports[at], cells);
        Some(self.blank_rows(query, state).into_iter().map(|row| row.fill(value)).collect())
    }

    /// What `take` makes of the sums of each group as they were at journal sequence `as_of`, of reports by name.
    pub(crate) fn read<T>(
        reports: &[Vec<ReportKey>],
        store: &dyn Store,
        as_of: u64,
        states: &[ReportState],
        take: impl Fn(Sums) -> T,
    ) -> Result<Vec<T>, StoreError> {
        let of_group = |reports: &Vec<ReportKey>| {
            let mut sums = Sums::default();
            for report in reports {
                let standing = store.standing(report, as_of)?;
                if let Some(revision) = standing.as_ref().and_then(|standing| revision_in_sums(standing, states)) {
                    sums.add(&revision.figures.complete());
                }
            }
            Ok(take(sums))
        };
        reports.iter().map(of_group).collect()
    }

    /// The names of each group's reports.
    pub(crate) fn names(&self, registry: &Registry) -> Vec<Vec<ReportKey>> {
        let name = |(agency, year): &(AgencyIndex, ReportYear)| {
            ReportKey::of_agency(registry.agency(*agency).id.clone(), *year)
        };
        self.reports.iter().map(|reports| reports.iter().map(name).collect()).collect()
    }
}

/// The years of the query in which anything was handed in.
fn years(query: &Query, state: &State) -> Vec<ReportYear> {
    state.totals.reported_years().filter(|year| (query.years.0..=query.years.1).contains(year)).collect()
}

impl Service {
    /// A page of the groups by size, which needs the sizes of all.
    ///
    /// # Errors
    /// PAGE_INVALID; where the store cannot be read.
    pub(super) async fn rank(
        &self,
        query: &Query,
        present: &Present,
        perspective: &Perspective,
        after: Option<&RowKey>,
        size: usize,
    ) -> Result<AgencyPage, Problem> {
        let state = &*present.state;
        let all = AgencyPage::find(query, state, None, usize::MAX);
        if let Some(sizes) = all.sizes_in_memory(query, present) {
            return all.ranked(query, sizes, after, size);
        }
        if *perspective == Perspective::default() {
            self.keep_columns(query, &all, state);
        }
        let (names, sorted_by) = (all.names(&state.registry), query.sorted_by());
        let (as_of, states) = (state.sequence, perspective.states());
        let read =
            move |store: &dyn Store| AgencyPage::read(&names, store, as_of, &states, |sums| sums.of_cells(&sorted_by));
        let sizes = self.blocking(read).await?;
        all.ranked(query, sizes, after, size)
    }

    /// Reads what a page took from the store into columns, beside the calls, so that the next question need not.
    pub(super) fn keep_columns(&self, query: &Query, page: &AgencyPage, state: &State) {
        let reports: usize = page.reports.iter().map(Vec::len).sum();
        if reports < REPORTS_MIN {
            return;
        }
        // One at a time; who comes meanwhile reads from the store, and asks again later.
        let Ok(turn) = self.column_turn.clone().try_acquire_owned() else { return };
        let (live, bytes_max) = (self.live.clone(), self.columns_bytes);
        let (years, cells) = (years(query, state), query.cells());
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            if let Err(error) = live.fill_columns(&years, &cells, bytes_max) {
                tracing::warn!(%error, "columns of single agencies cannot be read; questions go on from the store");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::live::{Columns, Live};
    use crate::report::{Cell, ReviewAction};
    use crate::rollup::{AgencyFilter, Measure, RowOrder};
    use crate::service::{Asker, Caller, PageEnd, ReviewRequest, RollupQuestion, Settings, Submission};
    use crate::simulation::{Parameters, Province};
    use crate::store::{MemoryStore, NEWEST};

    const YEARS: [u16; 3] = [2021, 2022, 2023];

    fn year(year: u16) -> ReportYear {
        ReportYear::new(year).unwrap()
    }

    fn now() -> jiff::Timestamp {
        "2025-03-01T00:00:00Z".parse().unwrap()
    }

    /// A service over a simulated province whose reports are all in, and the province.
    async fn filled() -> (Service, Province) {
        let parameters = Parameters {
            seed: 3,
            province: "230000".to_owned(),
            agencies: 160,
            first_year: year(YEARS[0]),
            last_year: year(YEARS[2]),
        };
        let province = Province::simulate(&parameters).unwrap();
        let live = Arc::<Live>::default();
        let service = Service::start(
            Arc::new(MemoryStore::new(live.clone())),
            live,
            Settings { clock: now, ..Settings::default() },
        )
        .unwrap();
        service.change_registry(province.changes.clone(), false, &caller()).await.unwrap();
        for year in YEARS.map(year) {
            for report in province.reports(year) {
                let submission = Submission::first(ReportKey::of_agency(report.agency, year), report.figures);
                service.submit(&submission, &caller()).await.unwrap();
            }
        }
        (service, province)
    }

    fn caller() -> Caller {
        Caller::internal("sample")
    }

    /// What no equation is about, so that any other figure is a correction.
    const PENALTIES: &str = "proactive_disclosure.administrative_penalties";

    fn question(group_by: &[Dimension]) -> RollupQuestion {
        let split = group_by.contains(&Dimension::RequesterType);
        let measures =
            if split { ["requests.received", "requests.outcomes_total"] } else { ["requests.received", PENALTIES] };
        RollupQuestion {
            jurisdiction: "230000".parse().unwrap(),
            years: (year(2020), year(2024)),
            measures: measures.map(str::to_owned).to_vec(),
            group_by: group_by.to_vec(),
            order: RowOrder::Key,
            filter: AgencyFilter { kinds: Vec::new(), include_vertical: true },
            perspective: Perspective::default(),
            is_comparable: false,
            page_size: 10_000,
            after: None,
        }
    }

    fn asker() -> Asker {
        Asker::internal(&Caller::internal("test"))
    }

    const GROUPINGS: [&[Dimension]; 3] = [
        &[Dimension::Agency],
        &[Dimension::Agency, Dimension::Year, Dimension::AgencyKind],
        &[Dimension::Year, Dimension::Agency, Dimension::RequesterType],
    ];

    fn fill(service: &Service, question: &RollupQuestion) {
        let state = service.live.read();
        let query = question.query(&state).unwrap();
        service.live.fill_columns(&years(&query, &state), &query.cells(), usize::MAX).unwrap();
    }

    /// The rows from memory, which must be there, are those from the store.
    async fn check(service: &Service) {
        for group_by in GROUPINGS {
            let question = question(group_by);
            let in_memory = {
                let present = service.live.present();
                let query = question.query(&present.state).unwrap();
                let page = AgencyPage::find(&query, &present.state, None, question.page_size);
                page.rows_in_memory(&query, &present).expect("the columns are filled")
            };
            let columns = service.live.change(|_, columns| std::mem::take(columns));
            let stored = service.roll_up(&question, &asker()).await.unwrap().rows;
            service.live.change(|_, kept| *kept = columns);
            assert!(stored.len() > 2 * 150 && stored.iter().any(|row| row.value > 0));
            assert_eq!(in_memory, stored, "{group_by:?}");
        }
    }

    /// Corrects every fifth report, and takes every seventh back.
    async fn change(service: &Service, province: &Province, of: ReportYear) {
        let reports: Vec<_> = province.reports(of).collect();
        for (at, report) in reports.iter().enumerate() {
            let key = ReportKey::of_agency(report.agency.clone(), of);
            let present = service.store.standing(&key, NEWEST).unwrap().unwrap();
            if at % 5 == 0 {
                let cell = Measure::find(PENALTIES).unwrap().cells()[0];
                let mut figures = report.figures.clone();
                figures.set(cell, Cell::Number(figures.get(cell).number().unwrap_or(0) + 1));
                let correction = Submission {
                    etag: Some(present.etag()),
                    reason: "更正".to_owned(),
                    ..Submission::first(key, figures)
                };
                service.submit(&correction, &caller()).await.unwrap();
            } else if at % 7 == 0 {
                let request = ReviewRequest {
                    report: key,
                    etag: present.etag(),
                    action: ReviewAction::Withdraw,
                    reason: "撤回".to_owned(),
                    comments: Vec::new(),
                    request_id: None,
                    validate_only: false,
                };
                service.review(&request, &caller()).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn rows_from_memory_are_the_rows_from_the_store_after_every_change() {
        let (service, province) = filled().await;
        for group_by in GROUPINGS {
            fill(&service, &question(group_by));
        }
        check(&service).await;
        change(&service, &province, year(2022)).await;
        check(&service).await;
        let recount = service.recount().await.unwrap();
        assert_eq!(recount.differences, []);
    }

    #[tokio::test]
    async fn what_changes_while_columns_are_filled_is_in_them() {
        let (service, province) = filled().await;
        for (group_by, changed) in GROUPINGS.into_iter().zip(YEARS) {
            let begun = {
                let state = service.live.read();
                let query = question(group_by).query(&state).unwrap();
                service.live.begin_columns(&years(&query, &state), &query.cells(), usize::MAX)
            };
            change(&service, &province, year(changed)).await;
            service.live.finish_columns(begun).unwrap();
        }
        check(&service).await;
    }

    #[tokio::test]
    async fn a_recount_names_a_column_that_does_not_add_up() {
        let (service, _) = filled().await;
        fill(&service, &question(GROUPINGS[0]));
        let agency = service.live.read().registry.agency_indices().next().unwrap();
        service.live.change(|_, columns| columns.replace(agency, year(2022), None));
        let recount = service.recount().await.unwrap();
        let words = &recount.differences[0].en;
        assert!(words.contains("2022") && words.contains("single agencies"), "{words}");
    }

    #[tokio::test]
    async fn pages_together_are_the_whole_answer_wherever_it_comes_from() {
        let (service, _) = filled().await;
        for is_in_memory in [false, true] {
            for group_by in GROUPINGS {
                let whole = question(group_by);
                if is_in_memory {
                    fill(&service, &whole);
                } else {
                    service.live.change(|_, columns| *columns = Columns::default());
                }
                let expected = service.roll_up(&whole, &asker()).await.unwrap().rows;
                assert_eq!(in_pages(&service, &whole).await, expected);
            }
        }
    }

    /// The rows of all pages.
    async fn in_pages(service: &Service, whole: &RollupQuestion) -> Vec<Row> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            // No multiple of the rows of a group, and more than those of some agencies.
            let page = RollupQuestion { page_size: 31, after, ..whole.clone() };
            let answer = service.roll_up(&page, &asker()).await.unwrap();
            assert!(answer.rows.len() <= 31);
            rows.extend(answer.rows);
            let Some(key) = answer.last else {
                assert_eq!(answer.total_size, (whole.order != RowOrder::Key).then_some(rows.len()));
                return rows;
            };
            after = Some(PageEnd { sequence: answer.sequence, key });
        }
    }

    #[tokio::test]
    async fn groups_come_by_size_both_ways_on_all_pages_together_wherever_they_come_from() {
        let (service, _) = filled().await;
        let by_place: &[_] = &[Dimension::ChildJurisdiction, Dimension::Year];
        for group_by in GROUPINGS.into_iter().chain([by_place]) {
            let by_key = question(group_by);
            let rows_per_group = by_key.query(&service.live.read()).unwrap().rows_per_group();
            let rows = service.roll_up(&by_key, &asker()).await.unwrap().rows;
            for order in [RowOrder::LargestFirst, RowOrder::SmallestFirst] {
                // The first measure over all rows of the group.
                let size = |group: &&[Row]| {
                    let of_first = group.iter().filter(|row| row.measure == by_key.measures[0]);
                    of_first.map(|row| row.value).sum::<i128>()
                };
                let mut groups: Vec<&[Row]> = rows.chunks(rows_per_group).collect();
                match order {
                    RowOrder::LargestFirst => groups.sort_by_key(|group| -size(group)),
                    _ => groups.sort_by_key(size),
                }
                let sorted = RollupQuestion { order, ..by_key.clone() };
                for is_in_memory in [false, true] {
                    service.live.change(|_, columns| *columns = Columns::default());
                    if is_in_memory {
                        fill(&service, &sorted);
                    }
                    assert_eq!(in_pages(&service, &sorted).await, groups.concat(), "{group_by:?} {order:?}");
                }
            }
        }
    }
}
