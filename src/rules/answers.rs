//! Which warnings an agency's reasons answer, and which answers answer nothing.

use crate::form::catalogue;
use crate::report::{Answer, Finding, Severity};

/// An answer that answers nothing, so that a caller can say so instead of storing it unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superfluous<'a> {
    /// As it was handed in.
    pub answer: &'a Answer,
    /// Why it answers nothing.
    pub why: WhySuperfluous,
}

/// Why nothing is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhySuperfluous {
    /// No rule has this id.
    UnknownRule,
    /// The rule's findings are errors: they are corrected, not answered.
    NotAWarning,
    /// The path names neither a cell nor a line.
    UnknownPlace,
    /// The rule has no finding there.
    NothingFound,
}

/// The warnings without a reason, in the order of `findings`.
pub fn unanswered<'a>(findings: &'a [Finding], answers: &[Answer]) -> Vec<&'a Finding> {
    let is_answered = |finding: &Finding| answers.iter().any(|a| !a.reason.trim().is_empty() && concerns(a, finding));
    findings.iter().filter(|finding| finding.severity == Severity::Warning && !is_answered(finding)).collect()
}

/// The answers that concern none of the warnings among `findings`, in the order of `answers`.
pub fn superfluous<'a>(findings: &[Finding], answers: &'a [Answer]) -> Vec<Superfluous<'a>> {
    let mut superfluous = Vec::new();
    for answer in answers {
        let why = match super::rule(answer.rule.trim()) {
            None => WhySuperfluous::UnknownRule,
            Some(rule) if rule.severity == Severity::Error => WhySuperfluous::NotAWarning,
            Some(_) if !is_place(&answer.cell) => WhySuperfluous::UnknownPlace,
            Some(_) if !findings.iter().any(|finding| concerns(answer, finding)) => WhySuperfluous::NothingFound,
            Some(_) => continue,
        };
        superfluous.push(Superfluous { answer, why });
    }
    superfluous
}

fn is_place(path: &str) -> bool {
    let path = path.trim();
    path.is_empty() || catalogue().cell_at(path).is_some() || catalogue().line_at(path).is_some()
}

/// Whether the answer is about the finding: the same rule, and one of its cells or its line; or no place at all.
fn concerns(answer: &Answer, finding: &Finding) -> bool {
    let place = answer.cell.trim();
    let names_place = |cell| {
        let info = catalogue().cell(cell);
        info.path == place || catalogue().line(info.line).path == place
    };
    finding.rule.eq_ignore_ascii_case(answer.rule.trim()) && (place.is_empty() || finding.cells().any(names_place))
}
