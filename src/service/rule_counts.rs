//! How often rules fail: in the newest revisions of reports, and in submissions that were refused.

use std::collections::BTreeMap;

use crate::live::Perspective;
use crate::registry::JurisdictionIndex;
use crate::report::{JurisdictionCode, Message, ReportYear};
use crate::rollup::{AgencyFilter, Failed, Scope};

use super::parts::Service;
use super::problem::{Problem, Reason};
use super::sight::{Asker, Extent};
use super::view::find;

/// Years that may be counted at once.
const YEARS_MAX: usize = 20;

/// How often a rule failed in one year and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// Its id, such as `T3-ROW-TOTAL`.
    pub rule: String,
    /// Report year.
    pub year: ReportYear,
    /// Directly below the scope; the scope itself for its own agencies.
    pub jurisdiction: JurisdictionCode,
    /// Name of the jurisdiction in the year.
    pub display_name: String,
    /// Agencies whose newest revision has a finding of the rule; withdrawn reports are left out.
    pub reports: u64,
    /// Refused submissions with a finding of the rule.
    pub refusals: u64,
}

impl Service {
    /// How often each rule failed in and below a jurisdiction, by year and child, as of a journal sequence (none for the present), and that
    /// sequence.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, YEARS_INVALID, AS_OF_INVALID, BEYOND_SIGHT.
    pub async fn rule_counts(
        &self,
        jurisdiction: &JurisdictionCode,
        (first, last): (ReportYear, ReportYear),
        as_of: Option<u64>,
        asker: &Asker,
    ) -> Result<(Vec<RuleCount>, u64), Problem> {
        let years: Vec<ReportYear> =
            (first.get()..=last.get()).take(YEARS_MAX + 1).filter_map(|year| ReportYear::new(year).ok()).collect();
        if years.is_empty() || years.len() > YEARS_MAX {
            let zh = format!("应为1到{YEARS_MAX}个年度，由早到晚");
            let en = format!("takes 1 to {YEARS_MAX} years, the earliest first");
            return Err(Problem::field(Reason::YearsInvalid, "last_year", Message::new(zh, en)));
        }
        let filter = AgencyFilter { kinds: Vec::new(), include_vertical: true };
        let extent = Extent { jurisdiction, years: (first, last), filter: &filter };
        let state = self.view(asker, &extent, &Perspective { as_of, ..Perspective::default() }).await?.state;
        let scope = find(&state, jurisdiction)?;
        let mut counts: BTreeMap<(String, ReportYear, JurisdictionIndex), Failed> = BTreeMap::new();
        for year in years {
            let below = state.totals.children(&state.registry, scope, year).into_iter();
            let parts = below.map(|child| (child, Scope::Subtree(child))).chain([(scope, Scope::Own(scope))]);
            for (place, part) in parts {
                for (rule, failed) in state.totals.failures(part, year).iter() {
                    counts.insert((rule.to_owned(), year, place), failed);
                }
            }
        }
        let counts = counts.into_iter().map(|((rule, year, place), Failed { reports, refusals })| {
            let jurisdiction = state.registry.jurisdiction_in(place, year);
            let display_name = jurisdiction.display_name;
            RuleCount { rule, year, jurisdiction: jurisdiction.code, display_name, reports, refusals }
        });
        Ok((counts.collect(), state.sequence))
    }
}
