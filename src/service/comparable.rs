//! Sums over those agencies only that have a report in the sum in every year asked for: like is compared with like.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::form::CellId;
use crate::live::{Perspective, Present, State};
use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{Message, ReportYear};
use crate::rollup::{Dimension, Group, Mark, Query, RowOrder, Scope, Sums, Tree, class_of};

use super::by_agency::{AgencyPage, Reports};
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::roll_up::RollupAnswer;

/// The reports that are compared, and of how many agencies they are.
struct Like {
    /// By year, and by the part of the jurisdiction that the agency is in where that is asked for.
    reports: BTreeMap<(ReportYear, Option<Scope>), Reports>,
    agencies: usize,
}

impl Like {
    /// Agencies are followed through mergers: what several handed in is compared with what their successor did.
    fn find(query: &Query, state: &State) -> Self {
        let (registry, totals) = (&state.registry, &state.totals);
        let years: Vec<ReportYear> = query.each_year().collect();
        let hierarchy = match totals.tree() {
            Tree::AsReported => query.years.1,
            Tree::Of(hierarchy) => hierarchy,
        };
        let mut within = totals.within(registry, query.jurisdiction);
        let is_by_place = query.group_by.contains(&Dimension::ChildJurisdiction);
        let mut like = Self { reports: BTreeMap::new(), agencies: 0 };
        for agency in registry.agencies_for(&[query.jurisdiction], Vec::new(), Bound::Unbounded) {
            let mut of_agency: BTreeMap<ReportYear, Reports> = BTreeMap::new();
            for member in registry.counted_with(agency, hierarchy) {
                for year in &years {
                    let is_admitted = query.filter.admits(class_of(registry, member, *year));
                    if is_admitted && totals.marks(member, *year).has(Mark::Included) && within.counts(member, *year) {
                        of_agency.entry(*year).or_default().push((member, *year));
                    }
                }
            }
            if of_agency.len() == years.len() {
                like.agencies = like.agencies.saturating_add(1);
                let part = is_by_place.then(|| part_of(registry, query.jurisdiction, agency, hierarchy));
                for (year, reports) in of_agency {
                    like.reports.entry((year, part)).or_default().extend(reports);
                }
            }
        }
        like
    }

    /// The groups of a query by year and place; one where neither is asked for, whatever is in it.
    fn page(&self, query: &Query, registry: &Registry) -> AgencyPage {
        let by = |dimension| query.group_by.contains(&dimension);
        let mut groups = BTreeMap::new();
        if !by(Dimension::Year) && !by(Dimension::ChildJurisdiction) {
            groups.insert(Group::default().order(registry), (Group::default(), Reports::new()));
        }
        for ((year, part), reports) in &self.reports {
            let scope = part.filter(|_| by(Dimension::ChildJurisdiction));
            let group = Group { year: by(Dimension::Year).then_some(*year), scope, ..Group::default() };
            let known = groups.entry(group.order(registry)).or_insert_with(|| (group, Reports::new()));
            known.1.extend(reports);
        }
        AgencyPage::of(query, groups.into_values().collect())
    }
}

/// The part of a jurisdiction that an agency in it is in: its own agencies, or a jurisdiction directly below.
fn part_of(registry: &Registry, of: JurisdictionIndex, agency: AgencyIndex, hierarchy: ReportYear) -> Scope {
    let home = registry.place(agency, hierarchy).jurisdiction;
    let below = registry.path_placed(home, hierarchy).take_while(|above| *above != of).last();
    below.map_or(Scope::Own(of), Scope::Subtree)
}

impl Service {
    /// Puts the rows and totals of what is compared into an answer.
    ///
    /// # Errors
    /// GROUPING_INVALID for a grouping by place, agency or kind; where the store cannot be read.
    pub(super) async fn compare_like(
        &self,
        query: &Query,
        present: &Present,
        perspective: &Perspective,
        mut answer: RollupAnswer,
    ) -> Result<RollupAnswer, Problem> {
        if query.order != RowOrder::Key {
            let description = Message::new("可比口径不能按数值排序", "what is compared is not sorted by size");
            return Err(Problem::field(Reason::FieldInvalid, "order_by", description));
        }
        let apart = [Dimension::Agency, Dimension::AgencyKind];
        if query.group_by.iter().any(|dimension| apart.contains(dimension)) {
            let description = Message::new(
                "可比口径不能按单位或单位类别分组",
                "like is not compared with like by agency or by kind of agency",
            );
            return Err(Problem::field(Reason::GroupingInvalid, "comparable", description));
        }
        let state = &*present.state;
        let like = Like::find(query, state);
        answer.comparable_agencies = Some(like.agencies);
        let whole = Query { group_by: Vec::new(), ..query.clone() };
        let registry = &state.registry;
        let (page, page_of_all) = (like.page(query, registry), like.page(&whole, registry));
        if let (Some(rows), Some(totals)) =
            (page.rows_in_memory(query, present), page_of_all.rows_in_memory(&whole, present))
        {
            (answer.rows, answer.totals) = (rows, totals);
            return Ok(answer);
        }
        if *perspective == Perspective::default() {
            self.keep_columns(query, &page, state);
        }
        let names = page.names(&state.registry);
        let (as_of, states) = (answer.sequence, perspective.states());
        let sums = self.blocking(move |store| AgencyPage::read(&names, store, as_of, &states, |sums| sums)).await?;
        let value = |at: usize, cells: &[CellId]| sums[at].of_cells(cells);
        answer.rows = page.blank_rows(query, state).into_iter().map(|row| row.fill(value)).collect();
        let mut all = Sums::default();
        for of_group in &sums {
            all.merge(of_group);
        }
        answer.totals = whole.totals(&all);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use super::*;
    use crate::live::Live;
    use crate::registry::{Entry, RegistryChange};
    use crate::report::ReportKey;
    use crate::rollup::{AgencyFilter, KeyValue, Row};
    use crate::service::{Asker, Caller, RollupQuestion, Settings, Submission};
    use crate::simulation::{Parameters, Province};
    use crate::store::MemoryStore;

    fn year(year: u16) -> ReportYear {
        ReportYear::new(year).unwrap()
    }

    /// Two years of a province: in the second one agency has passed into another, and every seventh did not report.
    async fn service() -> Service {
        let parameters = Parameters {
            seed: 5,
            province: "230000".to_owned(),
            agencies: 160,
            first_year: year(2022),
            last_year: year(2023),
        };
        let province = Province::simulate(&parameters).unwrap();
        let live = Arc::<Live>::default();
        let settings = Settings { clock: || "2025-03-01T00:00:00Z".parse().unwrap(), ..Settings::default() };
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, settings).unwrap();
        let caller = Caller::internal("sample");
        service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
        let first: Vec<_> = province.reports(year(2022)).collect();
        let merge = RegistryChange::Merge {
            entries: vec![Entry::Agency(first[1].agency.clone())],
            into: Entry::Agency(first[0].agency.clone()),
            first_year: year(2023),
        };
        service.change_registry(vec![merge], false, &caller).await.unwrap();
        let second = province.reports(year(2023)).enumerate().filter(|(at, _)| *at != 1 && at % 7 != 6);
        let all = first.iter().cloned().map(|report| (2022, report)).chain(second.map(|(_, report)| (2023, report)));
        for (of, report) in all {
            let submission = Submission::first(ReportKey::of_agency(report.agency, year(of)), report.figures);
            service.submit(&submission, &caller).await.unwrap();
        }
        service
    }

    fn question(group_by: &[Dimension], is_comparable: bool, hierarchy_year: Option<ReportYear>) -> RollupQuestion {
        RollupQuestion {
            jurisdiction: "230000".parse().unwrap(),
            years: (year(2022), year(2023)),
            measures: vec!["requests.received".to_owned(), "requests.outcomes_total".to_owned()],
            group_by: group_by.to_vec(),
            order: RowOrder::Key,
            filter: AgencyFilter { kinds: Vec::new(), include_vertical: true },
            perspective: Perspective { hierarchy_year, ..Perspective::default() },
            is_comparable,
            page_size: 10_000,
            after: None,
        }
    }

    fn text(value: &KeyValue) -> String {
        format!("{value:?}")
    }

    /// Sums by year and measure of agencies with rows of both years, from the rows of each agency.
    fn naive(rows: &[Row]) -> (BTreeMap<(String, &'static str), i128>, usize) {
        let key = |row: &Row, of: Dimension| text(&row.keys.iter().find(|key| key.dimension == of).unwrap().value);
        let mut years: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            years.entry(key(row, Dimension::Agency)).or_default().insert(key(row, Dimension::Year));
        }
        years.retain(|_, years| years.len() == 2);
        let mut sums = BTreeMap::new();
        for row in rows.iter().filter(|row| years.contains_key(&key(row, Dimension::Agency))) {
            *sums.entry((key(row, Dimension::Year), row.measure)).or_default() += row.value;
        }
        (sums, years.len())
    }

    #[tokio::test]
    async fn like_is_compared_with_like_through_mergers_from_the_store_and_from_memory() {
        let service = service().await;
        let asker = Asker::internal(&Caller::internal("test"));
        let by_agency = question(&[Dimension::Agency, Dimension::Year], false, Some(year(2023)));
        let (sums, agencies) = naive(&service.roll_up(&by_agency, &asker).await.unwrap().rows);
        assert!((100..150).contains(&agencies), "{agencies}");
        for (hierarchy_year, in_memory) in [(None, false), (None, true), (Some(year(2023)), false)] {
            let question = question(&[Dimension::Year], true, hierarchy_year);
            if in_memory {
                let query = question.query(&service.live.present().state).unwrap();
                service.live.fill_columns(&[year(2022), year(2023)], &query.cells(), usize::MAX).unwrap();
            }
            let answer = service.roll_up(&question, &asker).await.unwrap();
            assert_eq!(answer.comparable_agencies, Some(agencies));
            let rows = answer.rows.iter().map(|row| ((text(&row.keys[0].value), row.measure), row.value));
            assert_eq!(rows.collect::<BTreeMap<_, _>>(), sums);
            for total in &answer.totals {
                let of_years = sums.iter().filter(|((_, measure), _)| *measure == total.measure);
                assert_eq!(total.value, of_years.map(|(_, sum)| sum).sum::<i128>());
            }
            // All reports together are more, in the first year at least.
            assert!(answer.coverage[0].of(Mark::Included) > agencies.try_into().unwrap());
        }
    }

    #[tokio::test]
    async fn what_is_compared_by_place_is_what_is_compared_in_each_place_alone() {
        let service = service().await;
        let asker = Asker::internal(&Caller::internal("test"));
        let by_place = question(&[Dimension::ChildJurisdiction, Dimension::Year], true, None);
        let answer = service.roll_up(&by_place, &asker).await.unwrap();
        let mut places = 0;
        let mut of_places: BTreeMap<_, i128> = BTreeMap::new();
        for row in &answer.rows {
            *of_places.entry((text(&row.keys[1].value), row.measure)).or_default() += row.value;
            let KeyValue::Jurisdiction(place) = &row.keys[0].value else { continue };
            let alone = RollupQuestion { jurisdiction: place.clone(), ..question(&[Dimension::Year], true, None) };
            let alone = service.roll_up(&alone, &asker).await.unwrap().rows;
            let same = alone.iter().find(|other| other.keys == row.keys[1..] && other.measure == row.measure).unwrap();
            assert_eq!(row.value, same.value, "{row:?}");
            places += 1;
        }
        assert!(places > 20, "{places}");
        let all = service.roll_up(&question(&[Dimension::Year], true, None), &asker).await.unwrap();
        assert_eq!(answer.comparable_agencies, all.comparable_agencies);
        let all = all.rows.iter().map(|row| ((text(&row.keys[0].value), row.measure), row.value));
        assert_eq!(of_places, all.collect());
    }

    #[tokio::test]
    async fn what_is_compared_is_not_divided_by_agency_or_kind_nor_sorted_by_size() {
        let service = service().await;
        let asker = Asker::internal(&Caller::internal("test"));
        for apart in [Dimension::Agency, Dimension::AgencyKind] {
            let refused = service.roll_up(&question(&[Dimension::Year, apart], true, None), &asker).await.unwrap_err();
            assert_eq!(refused.reason, Reason::GroupingInvalid);
        }
        let sorted = RollupQuestion { order: RowOrder::LargestFirst, ..question(&[Dimension::Year], true, None) };
        assert_eq!(service.roll_up(&sorted, &asker).await.unwrap_err().reason, Reason::FieldInvalid);
    }
}
