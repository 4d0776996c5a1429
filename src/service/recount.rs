//! The running totals against a count from the store: the same sums, the same registry, or it is said where not.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;

use crate::form::catalogue;
use crate::report::{Message, ReportYear};
use crate::rollup::{Scope, Sums, TotalsDifference};
use crate::store::{Store, StoreError};

use super::live::State;
use super::{Problem, Service};

/// Differences that are kept in words; the others are counted.
const DIFFERENCES_MAX: usize = 20;

/// A pause after each page of reports, so that calls go before.
const PAUSE: Duration = Duration::from_millis(10);

/// What a recount found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// Journal sequence that both were true as of.
    pub sequence: u64,
    /// When it ended.
    pub time: Timestamp,
    pub differences_total: usize,
    /// The first differences, in words.
    pub differences: Vec<Message>,
}

impl Service {
    /// Counts the totals anew, compares, and keeps what was found for the status. Takes its time.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn recount(&self) -> Result<Recount, Problem> {
        let live = self.live.clone();
        let found = self
            .blocking(move |store| {
                let running = live.read().clone();
                compare(store, &running, PAUSE)
            })
            .await?;
        let recount = Recount {
            sequence: found.0,
            time: (self.clock)(),
            differences_total: found.1.len(),
            differences: found.1.into_iter().take(DIFFERENCES_MAX).collect(),
        };
        for difference in &recount.differences {
            tracing::error!(
                sequence = recount.sequence,
                total = recount.differences_total,
                difference = difference.en,
                "the running totals differ from a recount"
            );
        }
        *self.recounted.write().unwrap_or_else(PoisonError::into_inner) = Some(recount.clone());
        Ok(recount)
    }
}

fn compare(store: &dyn Store, running: &State, pause: Duration) -> Result<(u64, Vec<Message>), StoreError> {
    let counted = State::read(store, running.sequence, pause)?;
    Ok((running.sequence, differences(running, &counted)))
}

/// Where a running state differs from one that was counted from the store, in words.
pub(super) fn differences(running: &State, counted: &State) -> Vec<Message> {
    let mut found = Vec::new();
    if running.registry.jurisdictions() != counted.registry.jurisdictions()
        || running.registry.agencies() != counted.registry.agencies()
    {
        found.push(Message::new("登记的地区或机构与存储不一致", "the registry differs from the stored one"));
    }
    found.extend(
        running.totals.differences(&counted.totals).iter().map(|difference| words(difference, running, counted)),
    );
    found
}

fn words(difference: &TotalsDifference, running: &State, counted: &State) -> Message {
    match difference {
        TotalsDifference::Sums { scope, year, kind } => {
            let (zh, en) = scope_words(*scope, running);
            let [one, two] = [running, counted].map(|state| state.totals.sums(*scope, *year, &[*kind]));
            let what = unlike(&one, &two);
            Message::new(
                format!("{zh}，{year} 年度，{kind:?}：{}", what.zh),
                format!("{en}, {year}, {kind:?}: {}", what.en),
            )
        }
        TotalsDifference::Expected { scope, kind } => {
            let (zh, en) = scope_words(*scope, running);
            let text = ("应报送数与重算不符", "the number of reports expected is not that of the recount");
            Message::new(format!("{zh}，{kind:?}：{}", text.0), format!("{en}, {kind:?}: {}", text.1))
        }
        TotalsDifference::Received { year } => Message::new(
            format!("{year} 年度：已报送机构与重算不符"),
            format!("{year}: the agencies that have reported are not those of the recount"),
        ),
    }
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

/// The first thing in which two sums differ.
pub(super) fn unlike(running: &Sums, counted: &Sums) -> Message {
    if running.reports != counted.reports {
        return Message::new(
            format!("累计 {} 份，重算 {} 份", running.reports, counted.reports),
            format!("{} reports in the running sum, {} in the recount", running.reports, counted.reports),
        );
    }
    let cell = catalogue().cells.iter().find(|cell| running.value(cell.id) != counted.value(cell.id));
    let Some(cell) = cell else { return Message::new("一致", "the same") };
    let (one, two) = (running.value(cell.id), counted.value(cell.id));
    Message::new(
        format!("{} 累计 {one}，重算 {two}", cell.path),
        format!("{} is {one} in the running sum, {two} in the recount", cell.path),
    )
}

/// The sums of everything below the roots of the registry.
pub(super) fn root_sums(state: &State, year: ReportYear) -> Sums {
    let mut sums = Sums::default();
    for root in state.registry.jurisdictions().iter().filter(|entry| entry.parent.is_none()) {
        if let Some(index) = state.registry.find_jurisdiction(&root.code) {
            sums.merge(&state.totals.sums(Scope::Subtree(index), year, &[]));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition_for_year;
    use crate::registry::{Agency, Jurisdiction, RegistryChange};
    use crate::report::{AgencyKind, Cell, Figures, Level, ReportKey};

    fn year() -> ReportYear {
        ReportYear::new(2022).unwrap()
    }

    fn cell() -> &'static crate::form::CellInfo {
        catalogue().cells_of(edition_for_year(2022).unwrap()).next().unwrap()
    }

    fn state(value: i64) -> State {
        let mut state = State::default();
        state.change_registry(&RegistryChange::CreateJurisdiction(Jurisdiction {
            code: "230000".parse().unwrap(),
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: year(),
        }));
        state.change_registry(&RegistryChange::CreateAgency(Agency {
            id: "agency".parse().unwrap(),
            jurisdiction: "230000".parse().unwrap(),
            display_name: "样例局".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            first_year: year(),
        }));
        let mut figures = Figures::blank(edition_for_year(2022).unwrap());
        figures.set(cell().id, Cell::Number(value));
        let report = ReportKey { agency: "agency".parse().unwrap(), year: year() };
        state.replace_report(&report, None, &figures);
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
            assert!(text.zh.contains("累计 5，重算 6"), "{text:?}");
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
        assert!(found.iter().any(|text| text.en.contains("have reported")), "{found:?}");
    }
}
