//! What stands against taking a submission: what it replaces, what it answers, and what was found in it.

use crate::form::{CellInfo, catalogue};
use crate::report::{Answer, Figures, Finding, Hash, Message, ReportState, Severity};
use crate::rules;
use crate::store::Standing;

use super::problem::{Problem, Reason, Violation};
use super::submission::Submission;

/// Replacing needs the etag of what is replaced, and a reason; a first revision needs neither.
pub(super) fn check_etag(submission: &Submission, head: Option<&Standing>) -> Result<(), Problem> {
    let present = head.map(Standing::etag);
    if submission.etag != present {
        return Err(Problem::etag_mismatch(&submission.report.to_string(), present.as_deref()));
    }
    if head.is_some() && submission.reason.trim().is_empty() {
        let description = Message::new("更正已有报告须说明原因", "a correction needs a reason");
        return Err(Problem::field(Reason::CorrectionReasonRequired, "correction_reason", description));
    }
    Ok(())
}

/// What arrives is what was sent, and changes something: a report that stands is not replaced by itself. One that was
/// returned or withdrawn may be handed in again as it was.
pub(super) fn check_content(submission: &Submission, content: Hash, head: Option<&Standing>) -> Result<(), Problem> {
    if submission.expected_content.is_some_and(|expected| expected != content) {
        let description = Message::new(
            format!("收到的内容 SHA-256 为 {content}，与所给不符"),
            format!("what arrived has the SHA-256 {content}"),
        );
        return Err(Problem::field(Reason::FieldInvalid, "expected_content_sha256", description));
    }
    let Some(head) = head else { return Ok(()) };
    let stands = matches!(head.status.state, ReportState::Submitted | ReportState::Accepted);
    let repeats = head.newest.content_hash == content && head.newest.answers == submission.answers;
    if stands && repeats && !submission.allow_unchanged {
        let name = head.newest.name();
        return Err(Problem::new(
            Reason::ContentUnchanged,
            Message::new(
                format!("未予接收：内容与现有版本 {name} 完全相同"),
                format!("the report was rejected: its content is that of {name}"),
            ),
            Message::new(
                "无须再次报送；确需留存一个相同版本的，请注明（allow_unchanged）",
                "there is nothing to hand in; to keep another revision all the same, set allow_unchanged",
            ),
        )
        .with("revision", &name));
    }
    Ok(())
}

pub(super) fn check_answers(answers: &[Answer]) -> Result<(), Problem> {
    for (position, answer) in answers.iter().enumerate() {
        let field = |name: &str| format!("answers[{position}].{name}");
        if rules::rule(&answer.rule).is_none() {
            let description =
                Message::new(format!("没有规则 {}", answer.rule), format!("there is no rule {}", answer.rule));
            return Err(Problem::field(Reason::AnswerInvalid, field("rule"), description));
        }
        if answer.reason.trim().is_empty() {
            return Err(Problem::field(
                Reason::AnswerInvalid,
                field("reason"),
                Message::new("须写明理由", "needs a reason"),
            ));
        }
    }
    Ok(())
}

/// Figures that could not be read are not there to be handed in. What was found in the others is told besides.
pub(super) fn check_read(figures: &Figures, findings: &[Finding]) -> Result<(), Problem> {
    let unread: Vec<_> = figures.unread_cells().map(|cell| catalogue().cell(cell)).collect();
    if unread.is_empty() {
        return Ok(());
    }
    let count = unread.len();
    let listed = |label: fn(&CellInfo) -> &String, separator: &str| {
        unread.iter().map(|info| label(info).as_str()).collect::<Vec<_>>().join(separator)
    };
    let description = Message::new(
        format!("未读取：{}", listed(|info| &info.label_zh, "、")),
        format!("not read: {}", listed(|info| &info.label_en, "; ")),
    );
    Err(Problem::new(
        Reason::CellsUnread,
        Message::new(
            format!("有{count}个单元格未能从文件中读取，未予接收"),
            format!("{} could not be read in the document; the report was rejected", counted(count, "cell")),
        ),
        Message::new(
            "请对照原文逐一补填；原文确为空白的，注明空白后再报送",
            "fill each of them in from the document, or say that it is blank there, then submit again",
        ),
    )
    .with("cells", count)
    .with_findings(findings.to_vec())
    .with_violations(vec![Violation { field: "form.unread".to_owned(), description }]))
}

/// `1 error`, `2 errors`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Errors block; warnings need an answer each.
pub(super) fn check_findings(findings: &[Finding], answers: &[Answer]) -> Result<(), Problem> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if errors > 0 {
        return Err(Problem::new(
            Reason::ReportInvalid,
            Message::new(
                format!("报告有{errors}处错误，未予接收"),
                format!("the report has {} and was rejected", counted(errors, "error")),
            ),
            Message::new("请逐项改正后重新报送", "correct each of them, then submit again"),
        )
        .with("errors", errors)
        .with_findings(findings.to_vec()));
    }
    let unanswered = rules::unanswered(findings, answers);
    if !unanswered.is_empty() {
        let mut ids: Vec<&str> = unanswered.iter().map(|finding| finding.rule.as_str()).collect();
        ids.dedup();
        return Err(Problem::new(
            Reason::WarningsUnanswered,
            Message::new(
                format!("有{}项警告须填写核实说明：{}", unanswered.len(), ids.join("、")),
                format!("{} to be explained: {}", counted(unanswered.len(), "warning"), ids.join(", ")),
            ),
            Message::new(
                "请核对；数字无误的，对每项警告填写核实说明后重新报送",
                "check them; where the figures are right, explain each and submit again",
            ),
        )
        .with("rules", ids.join(","))
        .with_findings(unanswered.into_iter().cloned().collect()));
    }
    Ok(())
}
