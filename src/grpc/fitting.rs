//! How much of a problem fits into the trailers of a call. Common clients take 8 KiB of headers, counted after base64, and
//! nginx as it comes takes 4: what does not arrive helps nobody, so the least is left out first, and counted.

use std::mem;

use prost::Message as _;
use prost_reflect::Kind;

use crate::pb;
use crate::pb::cell_value::Value;
use crate::wire::descriptor;

/// Longest text of an error, in bytes, where nothing is to be left out: more is of the caller's own making.
pub(crate) const TEXT_MAX_BYTES: usize = 600;

/// Lengths that texts are cut to, until they leave a third of the room.
const SHORTER_BYTES: [usize; 4] = [TEXT_MAX_BYTES, 300, 150, 75];

/// Decimal places of an amount in the unit that it is stored in.
const AMOUNT_PLACES: usize = 6;

/// Leaves out what does not fit into so many bytes, `beside` being what else is in the details of the problem as it is now:
/// first labels and zeros, then long ends of texts, all suggestions but the likeliest, words of later findings, then all of them but their place.
pub(crate) fn fit(wire: &mut pb::Problem, most_bytes: usize, beside: impl Fn(&pb::Problem) -> usize) {
    without_labels(wire);
    wire.findings.iter_mut().for_each(without_zeros);
    let findings = mem::take(&mut wire.findings);
    let diagnoses = mem::take(&mut wire.diagnoses);
    let violations = mem::take(&mut wire.field_violations);
    let room = |wire: &pb::Problem| most_bytes.saturating_sub(wire.encoded_len() + beside(wire));
    // Texts are cut for the sake of what else is to be told, and only then.
    let nothing_else = findings.is_empty() && diagnoses.is_empty() && violations.is_empty();
    let wanted = if nothing_else { 0 } else { most_bytes / 3 };
    for length in SHORTER_BYTES {
        cut(wire, length);
        if room(wire) > wanted {
            break;
        }
    }
    take_violations(wire, violations, &room);
    // Reserved for those that nothing else has room for.
    wire.brief_findings = brief(&findings);
    wire.findings_omitted = count(&findings);
    while room(wire) == 0
        && let Some(last) = wire.brief_findings.pop()
    {
        wire.brief_findings_omitted += count(&last.cells);
    }
    if wire.brief_findings_omitted > 0 {
        wire.diagnoses_omitted = count(&diagnoses);
        return;
    }
    // The likeliest explanation and the words of the first finding, for people; then what programs need, of as many findings
    // as there is room for; then words again.
    let mut diagnoses = diagnoses.into_iter();
    take_diagnoses(wire, &mut diagnoses, 1, 0, &room);
    let told = take_findings(wire, &findings, 0, 1, true, &room);
    let reserved = room(wire) * 2 / 3;
    take_diagnoses(wire, &mut diagnoses, usize::MAX, reserved, &room);
    wire.diagnoses_omitted = wire.diagnoses_omitted.saturating_add(i32::try_from(diagnoses.len()).unwrap_or(i32::MAX));
    take_findings(wire, &findings, told, findings.len(), false, &room);
    add_words(wire, &findings, &room);
    let wordless = wire.findings.iter().filter(|finding| finding.message.is_none());
    wire.messages_omitted = i32::try_from(wordless.count()).unwrap_or(i32::MAX);
}

fn count<T>(items: &[T]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}

/// Labels repeat what paths say; they are the first to go.
fn without_labels(wire: &mut pb::Problem) {
    for term in wire.findings.iter_mut().flat_map(|finding| finding.left.iter_mut().chain(&mut finding.right)) {
        term.label = None;
    }
    for suggestion in wire.diagnoses.iter_mut().flat_map(|diagnosis| &mut diagnosis.suggestions) {
        suggestion.suspects.iter_mut().for_each(|suspect| suspect.label = None);
    }
}

/// Zeros of long sums say little. The first cell of each side stays: a finding is known by it.
fn without_zeros(finding: &mut pb::Finding) {
    let says_nothing = |term: &pb::FindingTerm| match term.value.as_ref().and_then(|value| value.value.as_ref()) {
        None | Some(Value::Count(0)) => !term.computed,
        Some(Value::AmountWanYuan(amount)) => amount == "0" && !term.computed,
        _ => false,
    };
    let before = finding.left.len() + finding.right.len();
    for side in [&mut finding.left, &mut finding.right] {
        let mut at = 0;
        side.retain(|term| {
            at += 1;
            at == 1 || !says_nothing(term)
        });
    }
    finding.zeros_omitted = i32::try_from(before - finding.left.len() - finding.right.len()).unwrap_or(i32::MAX);
}

/// Cuts what may repeat a value that the caller sent, however long that was.
pub(crate) fn cut(wire: &mut pb::Problem, most_bytes: usize) {
    let described = wire.field_violations.iter_mut();
    let (fields, descriptions): (Vec<_>, Vec<_>) =
        described.map(|violation| (&mut violation.field, &mut violation.description)).unzip();
    let texts = descriptions.into_iter().chain([&mut wire.message, &mut wire.remedy]).flatten();
    let texts = texts.flat_map(|text| [&mut text.zh, &mut text.en]);
    for text in texts.chain(fields).chain(wire.metadata.values_mut()) {
        cut_text(text, most_bytes);
    }
}

/// Cuts a text at a character.
pub(crate) fn cut_text(text: &mut String, most_bytes: usize) {
    if text.len() > most_bytes {
        text.truncate(text.floor_char_boundary(most_bytes));
        text.push('…');
    }
}

/// As many of the fields at fault as half of the room is enough for; one at least.
fn take_violations(wire: &mut pb::Problem, violations: Vec<pb::FieldViolation>, room: &impl Fn(&pb::Problem) -> usize) {
    let reserved = room(wire) / 2;
    let all = count(&violations);
    for violation in violations {
        wire.field_violations.push(violation);
        cut(wire, SHORTER_BYTES[2]);
        if room(wire) < reserved {
            if wire.field_violations.len() > 1 {
                wire.field_violations.pop();
            }
            break;
        }
    }
    wire.field_violations_omitted = all - count(&wire.field_violations);
}

/// The likeliest suggestion of each diagnosis, of so many at most as leave what is reserved.
fn take_diagnoses(
    wire: &mut pb::Problem,
    diagnoses: &mut impl Iterator<Item = pb::Diagnosis>,
    most: usize,
    reserved: usize,
    room: &impl Fn(&pb::Problem) -> usize,
) {
    for mut diagnosis in diagnoses.take(most) {
        let omitted = diagnosis.suggestions.len().saturating_sub(1);
        diagnosis.suggestions.truncate(1);
        // It is the one that the diagnosis itself is worded by.
        diagnosis.suggestions.iter_mut().for_each(|likeliest| likeliest.message = None);
        wire.diagnoses.push(diagnosis);
        if room(wire) <= reserved {
            wire.diagnoses.pop();
            wire.diagnoses_omitted += 1;
            break;
        }
        wire.suggestions_omitted += i32::try_from(omitted).unwrap_or(i32::MAX);
    }
}

/// Takes findings from one number on, instead of briefly, while there is room; says how many there are now.
fn take_findings(
    wire: &mut pb::Problem,
    findings: &[pb::Finding],
    from: usize,
    until: usize,
    in_words: bool,
    room: &impl Fn(&pb::Problem) -> usize,
) -> usize {
    let mut told = from;
    while told < until.min(findings.len()) {
        let mut finding = findings[told].clone();
        if !in_words {
            (finding.message, finding.remedy) = (None, None);
        }
        wire.findings.push(finding);
        let before = mem::replace(&mut wire.brief_findings, brief(&findings[told + 1..]));
        wire.findings_omitted = count(&findings[told + 1..]);
        wire.messages_omitted = count(&wire.findings);
        if room(wire) == 0 {
            wire.findings.pop();
            wire.brief_findings = before;
            wire.findings_omitted = count(&findings[told..]);
            break;
        }
        told += 1;
    }
    told
}

/// Gives findings their words, from the first on, while there is room.
fn add_words(wire: &mut pb::Problem, findings: &[pb::Finding], room: &impl Fn(&pb::Problem) -> usize) {
    for (at, finding) in findings.iter().enumerate().take(wire.findings.len()) {
        let wordless = mem::replace(&mut wire.findings[at], finding.clone());
        if room(wire) == 0 {
            wire.findings[at] = wordless;
            break;
        }
    }
}

/// Findings by their rules, in order of the first of each.
fn brief(findings: &[pb::Finding]) -> Vec<pb::BriefFindings> {
    let mut brief: Vec<pb::BriefFindings> = Vec::new();
    for finding in findings {
        let at = brief.iter().position(|of| of.rule == finding.rule && of.severity == finding.severity);
        let at = at.unwrap_or_else(|| {
            let (rule, severity) = (finding.rule.clone(), finding.severity);
            brief.push(pb::BriefFindings { rule, severity, ..Default::default() });
            brief.len() - 1
        });
        let first = finding.left.iter().chain(&finding.right).next();
        brief[at].cells.push(first.and_then(|term| fields_to(&term.cell)).unwrap_or_default());
        brief[at].differences.push(finding.difference.as_ref().map_or(0, difference));
    }
    brief
}

/// Numbers of the fields that lead from `Form` to a cell; none where there is no such cell.
fn fields_to(path: &str) -> Option<Vec<u8>> {
    let mut message = descriptor::<pb::Form>().ok()?;
    let mut numbers = Vec::new();
    for name in path.split('.') {
        let field = message.get_field_by_name(name)?;
        numbers.push(u8::try_from(field.number()).ok()?);
        if let Kind::Message(inner) = field.kind() {
            message = inner;
        }
    }
    Some(numbers)
}

/// A difference as a number of the smallest unit; 0 where it is none that can be told.
fn difference(value: &pb::CellValue) -> i64 {
    match &value.value {
        Some(Value::Count(count)) => *count,
        Some(Value::AmountWanYuan(amount)) => {
            let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
            format!("{whole}{part:0<AMOUNT_PLACES$}").parse().unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_form_is_named_by_the_numbers_of_its_fields() {
        let mut named = std::collections::HashSet::new();
        for path in pb::FORM_CELL_PATHS {
            assert!(named.insert(fields_to(path).unwrap()), "{path}");
        }
    }

    #[test]
    fn a_difference_is_told_in_the_smallest_unit() {
        let amount = |text: &str| difference(&pb::CellValue { value: Some(Value::AmountWanYuan(text.to_owned())) });
        assert_eq!([amount("1.5"), amount("-0.000001"), amount("20")], [1_500_000, -1, 20_000_000]);
    }
}
