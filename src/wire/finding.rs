//! Findings and texts.

use crate::form::catalogue;
use crate::pb;
use crate::report::{Cell, Finding, Message, Period, Severity, Term, format_number};

pub fn text_to_wire(message: &Message) -> pb::LocalizedText {
    pb::LocalizedText { zh: message.zh.clone(), en: message.en.clone() }
}

pub fn findings_to_wire(findings: &[Finding]) -> Vec<pb::Finding> {
    findings.iter().map(finding_to_wire).collect()
}

pub fn finding_to_wire(finding: &Finding) -> pb::Finding {
    let kind = finding.cells().next().map(|cell| catalogue().cell(cell).kind);
    pb::Finding {
        rule: finding.rule.clone(),
        severity: match finding.severity {
            Severity::Error => pb::Severity::Error,
            Severity::Warning => pb::Severity::Warning,
        }
        .into(),
        left: finding.left.iter().map(term_to_wire).collect(),
        right: finding.right.iter().map(term_to_wire).collect(),
        difference: finding.difference.zip(kind).map(|(difference, kind)| format_number(kind, difference)),
        message: Some(text_to_wire(&finding.message)),
        remedy: Some(text_to_wire(&finding.remedy)),
    }
}

fn term_to_wire(term: &Term) -> pb::FindingTerm {
    let info = catalogue().cell(term.cell);
    pb::FindingTerm {
        cell: info.path.clone(),
        label: Some(pb::LocalizedText { zh: info.label_zh.clone(), en: info.label_en.clone() }),
        value: term.value.number().map(|number| format_number(info.kind, number.into())),
        not_applicable: term.value == Cell::NotApplicable,
        computed: term.computed,
        negative: term.negative,
        previous_year: term.period == Period::Previous,
    }
}
