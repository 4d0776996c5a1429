//! Rules in words, and how often they fail.

use std::sync::LazyLock;

use crate::pb;
use crate::report::Severity;
use crate::rules::{Rule, all_rules};
use crate::service::RuleCount;

use super::findings_to_wire;
use super::layout::text;
use super::report::count_to_wire;

/// Every rule in words. They are judged for their examples once: the page of rules is opened often.
pub(crate) fn rules_to_wire() -> &'static [pb::RuleDescription] {
    static RULES: LazyLock<Vec<pb::RuleDescription>> = LazyLock::new(|| all_rules().map(rule_to_wire).collect());
    &RULES
}

/// A rule in words, with what it finds in its example.
fn rule_to_wire(rule: &Rule) -> pb::RuleDescription {
    let severity = match rule.severity {
        Severity::Error => pb::Severity::Error,
        Severity::Warning => pb::Severity::Warning,
    };
    pb::RuleDescription {
        id: rule.id.to_owned(),
        severity: severity.into(),
        title: Some(text(rule.title)),
        text: Some(text(rule.text)),
        basis: Some(text(rule.basis)),
        remedy: Some(text(rule.remedy)),
        first_year: rule.years.first.into(),
        last_year: rule.years.last.unwrap_or_default().into(),
        example: rule.demonstrate().map(|shown| findings_to_wire(&shown.findings)).unwrap_or_default(),
    }
}

pub(crate) fn rule_count_to_wire(count: &RuleCount) -> pb::RuleCount {
    pb::RuleCount {
        rule: count.rule.clone(),
        year: count.year.get().into(),
        jurisdiction: count.jurisdiction.name(),
        display_name: count.display_name.clone(),
        reports: count_to_wire(count.reports),
        refusals: count_to_wire(count.refusals),
    }
}
