//! Where running totals differ from a count, or single agencies from the totals, in words.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::form::catalogue;
use crate::live::{Columns, State};
use crate::report::{Message, ReportYear};
use crate::rollup::{AgencyFilter, Class, Scope, Sums, TotalsDifference};

/// Every agency.
static ALL: AgencyFilter = AgencyFilter { kinds: Vec::new(), include_vertical: true };

/// What a recount found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// Journal sequence that both were true as of.
    pub sequence: u64,
    /// When it ended.
    pub time: Timestamp,
    /// How many there are; 0 where the totals are right.
    pub differences_total: usize,
    /// The first differences, in words.
    pub differences: Vec<Message>,
}

/// Where a running state differs from one that was counted from the store, in words.
pub(super) fn differences(running: &State, counted: &State) -> Vec<Message> {
    let mut found = Vec::new();
    if let Some(fault) = &running.fault {
        found.push(Message::new(
            format!("累计已不可信：{fault}"),
            format!("the running sums are not to be trusted: {fault}"),
        ));
    }
    if running.registry != counted.registry {
        found.push(Message::new("名录中的地区或单位与数据库不一致", "the registry differs from the stored one"));
    }
    found.extend(
        running.totals.differences(&counted.totals).iter().map(|difference| words(difference, running, counted)),
    );
    found
}

/// Columns of single agencies that do not add up to the totals.
pub(super) fn column_differences(state: &State, columns: &Columns) -> Vec<Message> {
    let mut totals: HashMap<ReportYear, Sums> = HashMap::new();
    let mut found = Vec::new();
    for (year, cell, sum) in columns.sums() {
        let total = totals.entry(year).or_insert_with(|| root_sums(state, year)).value(cell);
        if sum != total {
            let path = &catalogue().cell(cell).path;
            found.push(Message::new(
                format!("{year}年度：{path} 各机构之和为{sum}，累计为{total}"),
                format!("{year}: {path} of single agencies adds up to {sum}, the running sum is {total}"),
            ));
        }
    }
    found
}

fn words(difference: &TotalsDifference, running: &State, counted: &State) -> Message {
    match difference {
        TotalsDifference::Part { scope, year, class } => {
            let (zh, en) = scope_words(*scope, running);
            let (class_zh, class_en) = class_words(*class);
            let [one, two] = [running, counted].map(|state| class_sums(state, *scope, *year, *class));
            let what = if one == two {
                Message::new(
                    "报送、审核情况的份数或违反规则的次数与重算不符",
                    "how many reports stand how, or break which rule, is not that of the recount",
                )
            } else {
                unlike(&one, &two)
            };
            Message::new(
                format!("{zh}，{year}年度，{class_zh}：{}", what.zh),
                format!("{en}, {year}, {class_en}: {}", what.en),
            )
        }
        TotalsDifference::Expected { scope, class } => {
            let (zh, en) = scope_words(*scope, running);
            let (class_zh, class_en) = class_words(*class);
            let text = ("应报送数与重算不符", "the number of reports expected is not that of the recount");
            Message::new(format!("{zh}，{class_zh}：{}", text.0), format!("{en}, {class_en}: {}", text.1))
        }
        TotalsDifference::Marks { year } => Message::new(
            format!("{year}年度：各机构的报送、审核情况与重算不符"),
            format!("{year}: how the reports of agencies stand is not what the recount says"),
        ),
    }
}

fn class_words(class: Class) -> (String, String) {
    let (zh, en) = if class.vertical { ("（垂直管理）", ", vertical") } else { ("", "") };
    (format!("{:?}{zh}", class.kind), format!("{:?}{en}", class.kind))
}

fn scope_words(scope: Scope, state: &State) -> (String, String) {
    let (index, zh, en) = match scope {
        Scope::Subtree(index) => (index, "及以下", " and below"),
        Scope::Own(index) => (index, "本级", ", own agencies"),
    };
    // Both registries are counted from the same records; where they differ that is said first.
    let code = state.registry.jurisdictions().get(index.index()).map_or_else(String::new, |entry| entry.code.name());
    (format!("{code}{zh}"), format!("{code}{en}"))
}

/// The sums of one class of agencies.
fn class_sums(state: &State, scope: Scope, year: ReportYear, class: Class) -> Sums {
    let mut by_class = state.totals.sums_by_class(scope, year, &ALL);
    by_class.find(|(of, _)| *of == class).map(|(_, sums)| sums.clone()).unwrap_or_default()
}

/// The first thing in which two sums differ.
pub(super) fn unlike(running: &Sums, counted: &Sums) -> Message {
    if running.reports != counted.reports {
        return Message::new(
            format!("累计{}份，重算{}份", running.reports, counted.reports),
            format!("{} reports in the running sum, {} in the recount", running.reports, counted.reports),
        );
    }
    let cell = catalogue().cells.iter().find(|cell| running.value(cell.id) != counted.value(cell.id));
    let Some(cell) = cell else { return Message::new("一致", "the same") };
    let (one, two) = (running.value(cell.id), counted.value(cell.id));
    Message::new(
        format!("{} 累计{one}，重算{two}", cell.path),
        format!("{} is {one} in the running sum, {two} in the recount", cell.path),
    )
}

/// The sums of everything below the roots of the year's tree.
pub(super) fn root_sums(state: &State, year: ReportYear) -> Sums {
    let mut sums = Sums::default();
    for index in state.registry.jurisdiction_indices() {
        if state.registry.path_up(index, year).nth(1).is_none() {
            sums.merge(&state.totals.sums(Scope::Subtree(index), year, &ALL));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition_for_year;
    use crate::registry::{Agency, Jurisdiction, RegistryChange};
    use crate::report::{AgencyKind, Cell, Figures, Level, ReportState, ReportStatus};
    use crate::rollup::{Contribution, Marks};

    fn year() -> ReportYear {
        ReportYear::new(2022).unwrap()
    }

    fn cell() -> &'static crate::form::CellInfo {
        catalogue().cells_of(edition_for_year(2022).unwrap()).next().unwrap()
    }

    fn state(value: i64) -> State {
        let mut state = State::default();
        let jurisdiction = RegistryChange::CreateJurisdiction(Jurisdiction {
            code: "230000".parse().unwrap(),
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: year(),
        });
        let agency = RegistryChange::CreateAgency(Agency {
            id: "agency".parse().unwrap(),
            jurisdiction: "230000".parse().unwrap(),
            display_name: "样例局".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            vertical: false,
            first_year: year(),
        });
        for change in [jurisdiction, agency] {
            state.registry.apply(&change).unwrap();
        }
        let mut figures = Figures::blank(edition_for_year(2022).unwrap());
        figures.set(cell().id, Cell::Number(value));
        let figures = figures.complete();
        let accepted = ReportState::Accepted;
        let status =
            ReportStatus { newest: 1, review: 0, state: accepted, accepted: Some(1), late: false, sequence: 3 };
        let agency = state.registry.agency_indices().next().unwrap();
        state.totals.expect(&state.registry, agency);
        let contribution = Contribution { marks: Marks::of(&status, true), figures: Some(&figures), rules: &[] };
        state.totals.replace(&state.registry, agency, year(), Contribution::default(), contribution);
        state
    }

    #[test]
    fn the_same_reports_make_no_difference() {
        assert_eq!(differences(&state(5), &state(5)), []);
    }

    #[test]
    fn one_unit_in_one_cell_is_named_with_its_place_and_both_values() {
        let found = differences(&state(5), &state(6));
        assert_eq!(found.len(), 2, "the subtree, and its own agencies: {found:?}");
        let path = &cell().path;
        for text in &found {
            assert!(text.en.contains("jurisdictions/230000") && text.en.contains(path.as_str()), "{text:?}");
            assert!(text.zh.contains("累计5，重算6"), "{text:?}");
        }
    }

    #[test]
    fn a_report_that_is_not_counted_is_named() {
        let mut without = state(5);
        without.totals = crate::rollup::Totals::default();
        let found = differences(&without, &state(5));
        assert!(
            found.iter().any(|text| text.en.contains("0 reports in the running sum, 1 in the recount")),
            "{found:?}"
        );
        assert!(found.iter().any(|text| text.en.contains("expected")), "{found:?}");
        assert!(found.iter().any(|text| text.en.contains("reports of agencies stand")), "{found:?}");
    }
}
