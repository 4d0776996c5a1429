//! How often rules fail: in the newest revisions of reports, and in submissions that were refused.

use std::collections::{BTreeMap, HashMap};

use crate::registry::JurisdictionIndex;
use crate::report::{AgencyId, JurisdictionCode, Message, Owners, ReportKey, ReportYear};
use crate::store::{NEWEST, Outcome, Store, StoreError};

use super::roll_up::find;
use super::submit::ACTION;
use super::{Problem, Reason, Service};

/// Years that may be counted at once.
const YEARS_MAX: usize = 20;

/// Reports or journal entries read from the store at a time.
const PAGE: usize = 1000;

/// How often a rule failed in one year and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    pub rule: String,
    pub year: ReportYear,
    /// Directly below the scope; the scope itself for its own agencies.
    pub jurisdiction: JurisdictionCode,
    /// Name of the jurisdiction in the year.
    pub display_name: String,
    /// Agencies whose newest revision has a finding of the rule.
    pub reports: u64,
    /// Refused submissions with a finding of the rule.
    pub refusals: u64,
}

/// Where an agency counts in a year, for every agency in scope.
type Places = HashMap<(AgencyId, ReportYear), JurisdictionIndex>;

/// Reports and refusals by rule, year and place.
type Tally = BTreeMap<(String, ReportYear, JurisdictionIndex), (u64, u64)>;

impl Service {
    /// How often each rule failed in and below a jurisdiction, by year and child, and the journal sequence.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, YEARS_INVALID.
    pub async fn rule_counts(
        &self,
        jurisdiction: &JurisdictionCode,
        (first, last): (ReportYear, ReportYear),
    ) -> Result<(Vec<RuleCount>, u64), Problem> {
        let years: Vec<ReportYear> =
            (first.get()..=last.get()).take(YEARS_MAX + 1).filter_map(|year| ReportYear::new(year).ok()).collect();
        if years.is_empty() || years.len() > YEARS_MAX {
            let zh = format!("应为 1 到 {YEARS_MAX} 个年度，由早到晚");
            let en = format!("takes 1 to {YEARS_MAX} years, the earliest first");
            return Err(Problem::field(Reason::YearsInvalid, "last_year", Message::new(zh, en)));
        }
        let (places, sequence) = {
            let state = self.present()?;
            let scope = find(&state, jurisdiction)?;
            let mut places = Places::new();
            for year in &years {
                for agency in state.registry.agencies_below(scope, *year) {
                    let Some(home) = state.registry.home(agency, *year) else { continue };
                    let below = state.registry.path_up(home, *year).take_while(|at| *at != scope).last();
                    places.insert((state.registry.agency(agency).id.clone(), *year), below.unwrap_or(scope));
                }
            }
            (places, state.sequence)
        };
        let tally = self.blocking(move |store| count(store, &years, &places)).await?;
        let state = self.present()?;
        let counts = tally.into_iter().map(|((rule, year, place), (reports, refusals))| {
            let jurisdiction = state.registry.jurisdiction_in(place, year);
            let display_name = jurisdiction.display_name;
            RuleCount { rule, year, jurisdiction: jurisdiction.code, display_name, reports, refusals }
        });
        Ok((counts.collect(), sequence))
    }
}

fn count(store: &dyn Store, years: &[ReportYear], places: &Places) -> Result<Tally, StoreError> {
    let mut tally = Tally::new();
    for year in years {
        let mut after = None;
        loop {
            let page = store.reports(Owners::Agencies, *year, after.as_ref(), PAGE, NEWEST)?;
            for revision in page.iter().map(|standing| &standing.newest) {
                let place = revision.report.agency().and_then(|agency| places.get(&(agency.clone(), *year)));
                let mut rules: Vec<&str> = revision.findings.iter().map(|finding| finding.rule.as_str()).collect();
                rules.sort_unstable();
                rules.dedup();
                for (rule, place) in rules.into_iter().zip(std::iter::repeat(place)).filter_map(|(r, p)| Some((r, p?)))
                {
                    tally.entry((rule.to_owned(), *year, *place)).or_default().0 += 1;
                }
            }
            if page.len() < PAGE {
                break;
            }
            after = page.into_iter().next_back().map(|standing| standing.newest.report.owner.clone());
        }
    }
    let mut after = 0;
    loop {
        let page = store.journal(after, PAGE)?;
        for entry in page.iter().filter(|entry| entry.action == ACTION && entry.outcome == Outcome::Refused) {
            // As written where a refusal is recorded: the reason, then the rules.
            let Some((_, rules)) = entry.detail.split_once(": ") else { continue };
            let Ok(report) = entry.subject.parse::<ReportKey>() else { continue };
            let place = report.agency().and_then(|agency| places.get(&(agency.clone(), report.year)));
            let Some(place) = place else { continue };
            let mut rules: Vec<&str> = rules.split(", ").collect();
            rules.sort_unstable();
            rules.dedup();
            for rule in rules {
                tally.entry((rule.to_owned(), report.year, *place)).or_default().1 += 1;
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.sequence,
            _ => return Ok(tally),
        }
    }
}
