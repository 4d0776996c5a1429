//! Any reports, with everything that is handed in with them.

use proptest::prelude::*;

use super::figures::figures;
use crate::document::exchange::ReportEntry;
use crate::report::{Answer, Narrative};

/// Up to three reports of different agencies and years.
pub fn entries() -> impl Strategy<Value = Vec<ReportEntry>> {
    let answer = ("[A-Z-]{1,12}", "[a-z_.]{0,30}", "(?s).{1,40}");
    let answer = answer.prop_map(|(rule, cell, reason)| Answer { rule, cell, reason });
    let narrative = prop::option::of(("(?s).{0,40}", "(?s).{0,40}"));
    let entry = (figures(), prop::collection::vec(answer, 0..4), narrative, "(?s).{0,40}");
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        let named = entries.into_iter().enumerate().map(|(at, (figures, answers, narrative, reason))| ReportEntry {
            report: format!("agencies/agency-{at}/reports/{}", 2019 + at).parse().unwrap(),
            figures,
            answers,
            narrative: narrative.map(|(overview, problems)| Narrative {
                overview: Some(overview.replace(char::is_control, "\n")),
                problems: Some(problems.replace(char::is_control, "\n")),
                other_matters: None,
            }),
            reason,
        });
        named.collect()
    })
}
