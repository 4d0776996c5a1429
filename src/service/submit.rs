//! Handing in a report: the one write path for reports.

use uuid::Uuid;

use crate::form::CellId;
use crate::report::{
    Answer, Completed, Figures, Finding, Hash, Message, Narrative, Receipt, ReportKey, ReportState, Revision, Severity,
    content_hash,
};
use crate::rules;
use crate::store::{Change, Commit, Decision, NewEntry, Outcome, StoredRequest, Transaction};

use super::{Caller, Problem, Reason, Service};

/// How often a submission is judged anew because another one came between.
const ATTEMPTS: usize = 8;

const ACTION: &str = "report.submit";

/// A report on its way in.
#[derive(Debug, Clone)]
pub struct Submission {
    pub report: ReportKey,
    pub figures: Figures,
    /// The chapters of text, where they are handed in.
    pub narrative: Option<Narrative>,
    pub answers: Vec<Answer>,
    /// Why it replaces an earlier revision.
    pub reason: String,
    /// Etag of the revision that it replaces; none for the first.
    pub etag: Option<String>,
    pub request_id: Option<Uuid>,
    /// Check only.
    pub validate_only: bool,
}

/// What became of a submission that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// None if only checked.
    pub receipt: Option<Receipt>,
    /// The warnings, all answered.
    pub findings: Vec<Finding>,
    /// Blank totals that were computed.
    pub computed: Vec<CellId>,
    /// The request id was known: the answer of the first time.
    pub already_stored: bool,
}

/// A refusal, or word that the report changed under our hands.
enum Setback {
    Refused(Box<Problem>),
    Stale,
}

impl From<Problem> for Setback {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl Submission {
    /// A report's first revision, to be stored, without answers and without a request id.
    pub fn first(report: ReportKey, figures: Figures) -> Self {
        Self {
            report,
            figures,
            narrative: None,
            answers: Vec::new(),
            reason: String::new(),
            etag: None,
            request_id: None,
            validate_only: false,
        }
    }

    /// Digest of everything that is asked for, so that a request id stands for one content.
    fn fingerprint(&self, content: Hash) -> Hash {
        let mut text = format!("{content}\netag={}\nreason={}\n", self.etag.as_deref().unwrap_or(""), self.reason);
        for answer in &self.answers {
            // Lengths keep texts apart that contain the separators.
            text.push_str(&format!("{}:{}:{}:{}\n", answer.rule, answer.cell, answer.reason.len(), answer.reason));
        }
        Hash::of(text.as_bytes())
    }
}

impl Service {
    /// Checks a report and, unless only a check is asked for, stores it durably as a new revision.
    ///
    /// A refusal of a real call is in the journal before it is returned.
    ///
    /// # Errors
    /// A [`Problem`] that says what is wrong, where, and what to do; nothing of the report is stored then.
    pub async fn submit(&self, submission: &Submission, caller: &Caller) -> Result<Accepted, Problem> {
        let content = content_hash(&submission.report, &submission.figures, submission.narrative.as_ref());
        for _ in 0..ATTEMPTS {
            match self.try_submit(submission, content, caller).await {
                Ok(accepted) => return Ok(accepted),
                Err(Setback::Stale) => {}
                Err(Setback::Refused(problem)) => return Err(self.refuse(*problem, submission, content, caller).await),
            }
        }
        let problem = Problem::new(
            Reason::Contended,
            Message::new("该报告正被他人反复修改", "others keep changing this report"),
            Message::new("请稍后重试", "try again later"),
        );
        Err(self.refuse(problem, submission, content, caller).await)
    }

    /// Records a refusal; a refusal that cannot be recorded is itself a failure.
    async fn refuse(&self, problem: Problem, submission: &Submission, content: Hash, caller: &Caller) -> Problem {
        let storage = matches!(problem.reason, Reason::StoreReadOnly | Reason::OutcomeUnknown | Reason::StoreDamaged);
        if submission.validate_only || storage {
            return problem;
        }
        let mut detail = problem.reason.as_str().to_owned();
        let mut rules: Vec<&str> = problem.findings.iter().map(|finding| finding.rule.as_str()).collect();
        rules.dedup();
        if !rules.is_empty() {
            detail = format!("{detail}: {}", rules.join(", "));
        }
        let entry = NewEntry {
            actor: caller.actor.clone(),
            action: ACTION,
            subject: submission.report.to_string(),
            outcome: Outcome::Refused,
            detail,
            content_hash: content,
        };
        let transaction = Transaction { expected_heads: Vec::new(), request: None, changes: Vec::new(), entry };
        match self.store.commit(transaction).await {
            Ok(_) => problem,
            Err(error) => error.into(),
        }
    }

    async fn try_submit(&self, submission: &Submission, content: Hash, caller: &Caller) -> Result<Accepted, Setback> {
        let report = &submission.report;
        let reporter = self.reporter(report)?;
        let head = self.store.head(report).map_err(Problem::from)?;
        let previous_key = report.year.previous().map(|year| ReportKey { year, ..report.clone() });
        let previous = match &previous_key {
            Some(key) => self.store.head(key).map_err(Problem::from)?,
            None => None,
        };
        let fingerprint = submission.fingerprint(content);
        // Read after the head: a retry whose first call was stored in between is recognised rather than refused.
        if let Some(id) = submission.request_id
            && let Some(known) = self.store.request(id).map_err(Problem::from)?
        {
            return Ok(self.repeat(&known, fingerprint, id)?);
        }
        check_etag(submission, head.as_ref())?;
        check_answers(&submission.answers)?;

        let completed = submission.figures.complete();
        let alike = self.narratives_alike(submission, previous.as_ref())?;
        let others: Vec<(&ReportKey, &Narrative)> = alike.iter().map(|(key, narrative)| (key, narrative)).collect();
        let rule_set = rules::rule_set(report.year);
        let findings = rules::judge(
            rule_set,
            &rules::Case {
                year: report.year,
                figures: &submission.figures,
                completed: &completed,
                previous: previous.as_ref().map(|revision| &revision.figures),
                reporter: Some(reporter),
                narrative: submission.narrative.as_ref(),
                others: &others,
                today: self.today(),
            },
        );
        if let Err(problem) = check_findings(&findings, &submission.answers) {
            let diagnoses = rules::diagnose(rule_set, report.year, &submission.figures, &completed);
            return Err(problem.with_diagnoses(diagnoses).into());
        }
        let Completed { computed, .. } = completed;
        if submission.validate_only {
            return Ok(Accepted { receipt: None, findings, computed, already_stored: false });
        }

        let mut expected_heads = vec![(report.clone(), head.map(|head| head.number))];
        expected_heads.extend(previous_key.map(|key| (key, previous.map(|revision| revision.number))));
        let revision = Revision {
            report: report.clone(),
            number: 0,
            state: ReportState::Accepted,
            figures: submission.figures.clone(),
            narrative: submission.narrative.clone(),
            content_hash: content,
            rule_set: rule_set.reference(),
            findings,
            answers: submission.answers.clone(),
            actor: caller.actor.clone(),
            reason: submission.reason.clone(),
            time: jiff::Timestamp::UNIX_EPOCH,
            sequence: 0,
        };
        let entry = NewEntry {
            actor: caller.actor.clone(),
            action: ACTION,
            subject: report.to_string(),
            outcome: Outcome::Accepted,
            detail: submission.reason.clone(),
            content_hash: content,
        };
        let transaction = Transaction {
            expected_heads,
            request: submission.request_id.map(|id| (id, fingerprint)),
            changes: vec![Change::Revision(Box::new(revision))],
            entry,
        };
        match self.store.commit(transaction).await.map_err(Problem::from)? {
            Decision::Committed(commit) => Ok(accepted(&commit, computed).ok_or_else(lost_revision)?),
            Decision::Repeated(known) | Decision::RequestIdReused(known) => {
                Ok(self.repeat(&known, fingerprint, submission.request_id.unwrap_or_default())?)
            }
            Decision::Stale => Err(Setback::Stale),
        }
    }

    /// Texts that the submission's text may repeat: that of the agency's last report, and like ones of the year.
    fn narratives_alike(
        &self,
        submission: &Submission,
        previous: Option<&Revision>,
    ) -> Result<Vec<(ReportKey, Narrative)>, Problem> {
        let Some(narrative) = &submission.narrative else { return Ok(Vec::new()) };
        let mut alike: Vec<_> =
            previous.and_then(|last| Some((last.report.clone(), last.narrative.clone()?))).into_iter().collect();
        let proposed = self.live.read().likeness.like(&submission.report, narrative);
        for report in proposed {
            let head = self.store.head(&report)?;
            alike.extend(head.and_then(|head| Some((report, head.narrative?))));
        }
        Ok(alike)
    }

    /// What rules need to know about the agency, which must owe a report for the year.
    fn reporter(&self, report: &ReportKey) -> Result<crate::report::Reporter, Problem> {
        let state = self.live.read();
        let name = format!("agencies/{}", report.agency);
        let Some(agency) = state.registry.find_agency(&report.agency) else { return Err(Problem::no_agency(&name)) };
        if state.registry.home(agency, report.year).is_none() {
            let first_year = state.registry.agency(agency).first_year;
            return Err(Problem::new(
                Reason::AgencyNotDue,
                Message::new(
                    format!("{name} 自 {first_year} 年度起报送，{} 年度无须报送", report.year),
                    format!("{name} reports from {first_year} on and owes no report for {}", report.year),
                ),
                Message::new("请核对年度，或请上级更正登记", "check the year, or have the registry corrected"),
            )
            .with("first_year", first_year));
        }
        Ok(state.registry.reporter(agency))
    }

    /// The answer to a request id that is known.
    fn repeat(&self, known: &StoredRequest, fingerprint: Hash, id: Uuid) -> Result<Accepted, Problem> {
        if known.fingerprint != fingerprint {
            return Err(Problem::new(
                Reason::RequestIdReused,
                Message::new(
                    format!("request_id {id} 已用于 {}，内容不同", known.revision),
                    format!("request_id {id} was used for {} with other content", known.revision),
                ),
                Message::new("内容变化时请使用新的 request_id", "use a new request_id for new content"),
            )
            .with("request_id", id)
            .with("revision", &known.revision));
        }
        let revision = self.store.revision(&known.revision)?.ok_or_else(lost_revision)?;
        let entries = self.store.journal(known.sequence.saturating_sub(1), 1)?;
        let entry = entries.first().ok_or_else(lost_revision)?;
        let computed = revision.figures.complete().computed;
        Ok(Accepted {
            receipt: Some(receipt(&revision, entry)),
            findings: revision.findings,
            computed,
            already_stored: true,
        })
    }
}

/// A revision that was acknowledged is not there: a defect or damage, never a caller's fault.
fn lost_revision() -> Problem {
    Problem::internal("a stored revision or its journal entry cannot be found")
}

fn receipt(revision: &Revision, entry: &crate::store::JournalEntry) -> Receipt {
    Receipt {
        revision: revision.name(),
        etag: revision.etag(),
        content_hash: revision.content_hash,
        sequence: entry.sequence,
        chain_hash: entry.chain,
        time: entry.time,
    }
}

fn accepted(commit: &Commit, computed: Vec<CellId>) -> Option<Accepted> {
    commit.effects.iter().find_map(|effect| match effect {
        crate::store::Effect::Revision { new, .. } => Some(Accepted {
            receipt: Some(receipt(new, &commit.entry)),
            findings: new.findings.clone(),
            computed: computed.clone(),
            already_stored: false,
        }),
        crate::store::Effect::Registry(_) => None,
    })
}

/// Replacing needs the etag of what is replaced, and a reason; a first revision needs neither.
fn check_etag(submission: &Submission, head: Option<&Revision>) -> Result<(), Problem> {
    let present = head.map(Revision::etag);
    if submission.etag != present {
        let name = &submission.report;
        let (zh, en) = match &present {
            Some(etag) => (
                format!("{name} 的当前版本为 {etag}，与所给不符"),
                format!("the present revision of {name} has the etag {etag}"),
            ),
            None => (format!("{name} 尚无版本，不应给出 etag"), format!("{name} has no revision yet, so no etag")),
        };
        let remedy = Message::new(
            "请先取回当前版本核对，再以其 etag 提交更正",
            "read the present revision, then submit the correction with its etag",
        );
        return Err(Problem::new(Reason::EtagMismatch, Message::new(zh, en), remedy)
            .with("etag", present.unwrap_or_default())
            .with("name", name));
    }
    if head.is_some() && submission.reason.trim().is_empty() {
        let description = Message::new("更正已有报告须说明原因", "a correction needs a reason");
        return Err(Problem::field(Reason::CorrectionReasonRequired, "report.reason", description));
    }
    Ok(())
}

fn check_answers(answers: &[Answer]) -> Result<(), Problem> {
    for (position, answer) in answers.iter().enumerate() {
        let field = |name: &str| format!("report.answers[{position}].{name}");
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

/// Errors block; warnings need an answer each.
fn check_findings(findings: &[Finding], answers: &[Answer]) -> Result<(), Problem> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if errors > 0 {
        return Err(Problem::new(
            Reason::ReportInvalid,
            Message::new(
                format!("报告有 {errors} 处错误，未予接收"),
                format!("the report has {errors} error(s) and was not taken"),
            ),
            Message::new("请按每处提示改正后重新提交", "correct each place as told, then submit again"),
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
                format!("有 {} 处提示须说明理由：{}", unanswered.len(), ids.join("、")),
                format!("{} warning(s) need a reason: {}", unanswered.len(), ids.join(", ")),
            ),
            Message::new(
                "请核对；数字无误的，对每条提示写明理由后重新提交",
                "check them; where the figures are right, give a reason for each and submit again",
            ),
        )
        .with("rules", ids.join(","))
        .with_findings(unanswered.into_iter().cloned().collect()));
    }
    Ok(())
}
