//! Findings and texts.

use crate::form::catalogue;
use crate::pb;
use crate::report::{Finding, Message, Period, Severity, Term};

use super::cell::{cell_from_wire, cell_to_wire, number_from_wire, number_to_wire};

pub(crate) fn text_to_wire(message: &Message) -> pb::LocalizedText {
    pb::LocalizedText { zh: message.zh.clone(), en: message.en.clone() }
}

pub(crate) fn findings_to_wire(findings: &[Finding]) -> Vec<pb::Finding> {
    findings.iter().map(finding_to_wire).collect()
}

fn finding_to_wire(finding: &Finding) -> pb::Finding {
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
        difference: finding.difference.zip(kind).map(|(difference, kind)| number_to_wire(kind, difference)),
        message: Some(text_to_wire(&finding.message)),
        remedy: Some(text_to_wire(&finding.remedy)),
        zeros_omitted: 0,
    }
}

/// A finding from the wire; none where it names a cell that this version does not have.
pub(crate) fn finding_from_wire(wire: &pb::Finding) -> Option<Finding> {
    let text = |text: Option<&pb::LocalizedText>| {
        text.map_or_else(|| Message::new("", ""), |text| Message::new(text.zh.clone(), text.en.clone()))
    };
    let terms = |terms: &[pb::FindingTerm]| terms.iter().map(term_from_wire).collect::<Option<Vec<_>>>();
    let (left, right) = (terms(&wire.left)?, terms(&wire.right)?);
    let kind = left.iter().chain(&right).next().map(|term| catalogue().cell(term.cell).kind);
    let difference = wire.difference.as_ref().zip(kind);
    Some(Finding {
        rule: wire.rule.clone(),
        severity: if wire.severity() == pb::Severity::Warning { Severity::Warning } else { Severity::Error },
        left,
        right,
        difference: difference.and_then(|(value, kind)| number_from_wire(kind, value)),
        message: text(wire.message.as_ref()),
        remedy: text(wire.remedy.as_ref()),
    })
}

fn term_from_wire(wire: &pb::FindingTerm) -> Option<Term> {
    let cell = catalogue().cell_at(&wire.cell)?;
    let value = cell_from_wire(catalogue().cell(cell).kind, wire.value.as_ref())?;
    Some(Term {
        negative: wire.negative,
        period: if wire.previous_year { Period::Previous } else { Period::Current },
        cell,
        value,
        computed: wire.computed,
    })
}

fn term_to_wire(term: &Term) -> pb::FindingTerm {
    let info = catalogue().cell(term.cell);
    pb::FindingTerm {
        cell: info.path.clone(),
        label: Some(pb::LocalizedText { zh: info.label_zh.clone(), en: info.label_en.clone() }),
        value: cell_to_wire(term.cell, term.value),
        computed: term.computed,
        negative: term.negative,
        previous_year: term.period == Period::Previous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Cell;

    #[test]
    fn a_finding_comes_back_from_the_wire_as_it_was() {
        let cell = |path: &str| catalogue().cell_at(path).unwrap();
        let term = |path: &str, value, period| Term {
            negative: path.ends_with("repealed"),
            period,
            cell: cell(path),
            value,
            computed: false,
        };
        let finding = Finding {
            rule: "X-STOCK".to_owned(),
            severity: Severity::Warning,
            left: vec![term("proactive_disclosure.rules.in_force", Cell::Number(7), Period::Current)],
            right: vec![
                term("proactive_disclosure.rules.in_force", Cell::Blank, Period::Previous),
                term("proactive_disclosure.rules.repealed", Cell::NotApplicable, Period::Current),
            ],
            difference: Some(-7),
            message: Message::new("甲", "a"),
            remedy: Message::new("乙", "b"),
        };
        assert_eq!(finding_from_wire(&finding_to_wire(&finding)), Some(finding));
    }
}
