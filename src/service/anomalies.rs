//! Figures of a year that deserve a look, of the agencies of a place.

use std::collections::BTreeMap;

use crate::form::{CellId, catalogue, edition_for_year};
use crate::live::{ACCEPTED, Perspective, State, revision_in_sums};
use crate::registry::{AgencyIndex, JurisdictionIndex};
use crate::report::{AgencyId, JurisdictionCode, ReportKey, ReportYear};
use crate::rollup::{AgencyFilter, Anomaly, Like, Mark, Series, anomalies};
use crate::store::{Store, StoreError};

use super::parts::Service;
use super::problem::Problem;
use super::sight::{Asker, Extent};
use super::view::find;

/// Years before that tell what is usual for an agency.
const PAST_YEARS: u16 = 5;

/// Robust standard deviations from which on a figure is told.
const LEAST: f64 = 2.0;

/// The cells that are looked at: those that an agency's work shows in, and not the parts that they are made of.
const CELLS: [&str; 14] = [
    "proactive_disclosure.rules.issued",
    "proactive_disclosure.normative_documents.issued",
    "proactive_disclosure.normative_documents.in_force",
    "proactive_disclosure.administrative_permits",
    "proactive_disclosure.administrative_penalties",
    "proactive_disclosure.administrative_compulsions",
    "proactive_disclosure.administrative_fees",
    "requests.received.total",
    "requests.disclosed.total",
    "requests.partially_disclosed.total",
    "requests.outcomes_total.total",
    "requests.carried_forward.total",
    "disputes.reconsideration.total",
    "disputes.litigation_direct.total",
];

/// A figure that deserves a look, with whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedAnomaly {
    /// Whose figure it is.
    pub agency: AgencyId,
    /// In the year that is looked at.
    pub display_name: String,
    /// The jurisdiction that it belongs to in that year.
    pub jurisdiction: JurisdictionCode,
    /// The figure, and how far it is from usual.
    pub anomaly: Anomaly,
}

impl Service {
    /// The figures of a place and year that deserve a look, the farthest from usual first, and the journal sequence.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, AS_OF_INVALID, BEYOND_SIGHT.
    pub async fn anomalies(
        &self,
        jurisdiction: &JurisdictionCode,
        year: ReportYear,
        as_of: Option<u64>,
        asker: &Asker,
    ) -> Result<(Vec<NamedAnomaly>, u64), Problem> {
        let filter = AgencyFilter { kinds: Vec::new(), include_vertical: true };
        let first = ReportYear::new(year.get().saturating_sub(PAST_YEARS)).unwrap_or(ReportYear::FIRST);
        let extent = Extent { jurisdiction, years: (first, year), filter: &filter };
        let state = self.view(asker, &extent, &Perspective { as_of, ..Perspective::default() }).await?.state;
        let scope = find(&state, jurisdiction)?;
        // Reads every report of these years.
        let found = self.in_turn(move |store| {
            let series = series(&state, store, scope, (first, year))?;
            let named = anomalies(&series, LEAST).into_iter().map(|anomaly| {
                let agency = state.registry.agency_in(anomaly.agency, year);
                NamedAnomaly {
                    agency: agency.id,
                    display_name: agency.display_name,
                    jurisdiction: agency.jurisdiction,
                    anomaly,
                }
            });
            Ok((named.collect(), state.sequence))
        });
        found.await
    }
}

/// Each figure of each agency of the place that has reported for the last year.
fn series(
    state: &State,
    store: &dyn Store,
    scope: JurisdictionIndex,
    (first, last): (ReportYear, ReportYear),
) -> Result<Vec<Series>, StoreError> {
    let registry = &state.registry;
    // Chapter two of another edition counts other things under other paths, and so has no past here.
    let edition = edition_for_year(last.get());
    let has = |cell: &CellId| {
        edition.is_some_and(|edition| catalogue().presence(edition, *cell) != crate::form::Presence::Absent)
    };
    let cells: Vec<CellId> = CELLS.iter().filter_map(|path| catalogue().cell_at(path)).filter(has).collect();
    let mut found = Vec::new();
    for agency in state.totals.agencies_below(registry, scope, last) {
        let reporter = registry.reporter(agency, last);
        let like = Like { kind: reporter.kind, level: reporter.level };
        let mut by_cell: BTreeMap<CellId, Vec<i128>> = BTreeMap::new();
        let mut is_there = false;
        for year in first.through(last) {
            let Some(values) = values(state, store, agency, year, &cells)? else { continue };
            is_there = year == last;
            for (cell, value) in values {
                by_cell.entry(cell).or_default().push(value);
            }
        }
        if !is_there {
            continue;
        }
        found.extend(by_cell.into_iter().filter_map(|(cell, mut past)| {
            let value = past.pop()?;
            Some(Series { agency, like, cell, value, past })
        }));
    }
    Ok(found)
}

/// The figures of one report that is in the sums; none where there is none.
fn values(
    state: &State,
    store: &dyn Store,
    agency: AgencyIndex,
    year: ReportYear,
    cells: &[CellId],
) -> Result<Option<Vec<(CellId, i128)>>, StoreError> {
    if !state.totals.marks(agency, year).has(Mark::Included) {
        return Ok(None);
    }
    let report = ReportKey::of_agency(state.registry.agency(agency).id.clone(), year);
    let Some(standing) = store.standing(&report, state.sequence)? else { return Ok(None) };
    let Some(revision) = revision_in_sums(&standing, ACCEPTED) else { return Ok(None) };
    let edition = revision.figures.edition();
    let completed = revision.figures.complete();
    let has = |cell: &&CellId| catalogue().presence(edition, **cell) != crate::form::Presence::Absent;
    Ok(Some(cells.iter().filter(has).map(|cell| (*cell, completed.value(*cell))).collect()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::live::Live;
    use crate::report::Cell;
    use crate::service::{Caller, Settings, Submission};
    use crate::simulation::{Parameters, Province};
    use crate::store::MemoryStore;

    /// What happens to a figure on its way into a form: a digit too many or too few, the decimal point, another line, another
    /// year's campaign counted in.
    fn planted(value: i64, kind: usize) -> i64 {
        match kind % 5 {
            0 => value * 10,
            1 => value / 10,
            2 => value * 3,
            3 => value / 4,
            _ => value * 10 + 7,
        }
    }

    const FAULTS: usize = 100;

    #[test]
    fn every_cell_that_is_looked_at_is_one_of_the_form() {
        for path in CELLS {
            assert!(catalogue().cell_at(path).is_some(), "{path}");
        }
    }

    #[tokio::test]
    async fn most_of_a_hundred_planted_faults_are_among_the_first_two_hundred() {
        let year = |year| ReportYear::new(year).unwrap();
        let parameters = Parameters {
            seed: 11,
            province: "230000".to_owned(),
            agencies: 900,
            first_year: year(2021),
            last_year: year(2025),
        };
        let province = Province::simulate(&parameters).unwrap();
        let live = Arc::<Live>::default();
        let settings = Settings { clock: || "2026-03-01T00:00:00Z".parse().unwrap(), ..Settings::default() };
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, settings).unwrap();
        let caller = Caller::internal("sample");
        service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
        // Figures that no equation is about, so that the rules let them pass.
        let cells = ["administrative_permits", "administrative_penalties", "administrative_compulsions"];
        let cells = cells.map(|name| catalogue().cell_at(&format!("proactive_disclosure.{name}")).unwrap());
        let mut faults: Vec<(AgencyId, CellId)> = Vec::new();
        for of in 2021..=2025 {
            for (at, report) in province.unquestioned_reports(year(of)).enumerate() {
                let mut figures = report.figures;
                let cell = cells[at % cells.len()];
                // One in three of those with enough to be told from chance.
                if let Cell::Number(value) = figures.get(cell)
                    && of == 2025
                    && at % 3 == 1
                    && value >= 20
                    && faults.len() < FAULTS
                {
                    figures.set(cell, Cell::Number(planted(value, faults.len())));
                    faults.push((report.agency.clone(), cell));
                }
                let mut submission = Submission::first(ReportKey::of_agency(report.agency, year(of)), figures);
                submission.answers = answers();
                service.submit(&submission, &caller).await.unwrap();
            }
        }
        let asker = Asker::internal(&caller);
        let (found, _) = service.anomalies(&"230000".parse().unwrap(), year(2025), None, &asker).await.unwrap();
        let first: Vec<(&AgencyId, CellId)> =
            found.iter().take(200).map(|one| (&one.agency, one.anomaly.cell)).collect();
        let caught = faults.iter().filter(|(agency, cell)| first.contains(&(agency, *cell))).count();
        println!("{caught} of {} planted faults are among the first 200 of {}", faults.len(), found.len());
        assert_eq!(faults.len(), FAULTS, "too few agencies have enough to be told from chance");
        assert!(caught * 10 >= FAULTS * 8, "{caught} of {FAULTS}");
    }

    /// What was planted is questioned by rules about the year before, too.
    fn answers() -> Vec<crate::report::Answer> {
        ["X-JUMP", "ALL-ZERO", "X-STOCK", "X-CARRY"]
            .map(|rule| crate::report::Answer {
                rule: rule.to_owned(), cell: String::new(), reason: "属实".to_owned()
            })
            .to_vec()
    }
}
