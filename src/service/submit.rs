//! Handing in a report: the one write path for reports.

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::SUBMIT;
use crate::form::CellId;
use crate::live::State;
use crate::report::{
    AgencyKind, Completed, Diagnosis, Finding, Hash, Narrative, Receipt, ReportKey, ReportOwner, ReportState, Reporter,
    ReporterNames, Revision, Severity, content_hash,
};
use crate::rules;
use crate::store::{
    Change, Commit, Decision, Effect, JournalEntry, NEWEST, NewEntry, Requested, SigningKey, Standing, StoredRequest,
    Transaction,
};

use super::admission::Admission;
use super::caller::Caller;
use super::objections::{check_answers, check_content, check_etag, check_findings, check_read};
use super::parts::Service;
use super::problem::Problem;
use super::submission::Submission;

/// How often a submission is judged anew because another one came between.
const ATTEMPTS: usize = 8;

/// What became of a submission that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// None if only checked.
    pub receipt: Option<Receipt>,
    /// The warnings, all answered.
    pub findings: Vec<Finding>,
    /// Blank totals, with what was computed of their parts.
    pub computed: Vec<(CellId, i128)>,
    /// The request id was known: the answer of the first time.
    pub already_stored: bool,
    /// Where the report stands now, or would.
    pub state: ReportState,
    /// The report came in after its due time.
    pub late: bool,
}

/// What is found in a report, whether it could be stored or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// There is no error, every warning is answered, and every cell was read.
    pub passes: bool,
    /// Errors first.
    pub findings: Vec<Finding>,
    /// What may explain the sums that do not add up.
    pub diagnoses: Vec<Diagnosis>,
    /// Blank totals, with what was computed of their parts.
    pub computed: Vec<(CellId, i128)>,
    /// Rules whose warnings are not answered, each once.
    pub unanswered: Vec<String>,
    /// Cells that could not be read; empty for a report that was filled in by hand.
    pub unread: Vec<CellId>,
    /// SHA-256 of the canonical content, for [`Submission::expected_content`].
    pub content: Hash,
}

/// A report with its totals completed, and what the rules find in it.
struct Judged {
    completed: Completed,
    findings: Vec<Finding>,
}

fn diagnose(submission: &Submission, completed: &Completed) -> Vec<Diagnosis> {
    let year = submission.report.year;
    rules::diagnose(rules::rule_set(year), year, &submission.figures, completed)
}

/// A refusal, or word that the report changed under our hands.
pub(super) enum Setback {
    Refused(Box<Problem>),
    Stale,
}

impl From<Problem> for Setback {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
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
        // What is stored names every report; what is answered, those that the caller sees.
        let outcome = self.submit_for(submission, caller).await;
        match outcome {
            Ok(mut accepted) => {
                self.hide_others(caller, &mut accepted.findings);
                Ok(accepted)
            }
            Err(mut problem) => {
                self.hide_others(caller, &mut problem.findings);
                Err(problem)
            }
        }
    }

    async fn submit_for(&self, submission: &Submission, caller: &Caller) -> Result<Accepted, Problem> {
        let content = content_hash(&submission.report, &submission.figures, submission.narrative.as_ref());
        for _ in 0..ATTEMPTS {
            match self.try_submit(submission, content, caller).await {
                Ok(accepted) => return Ok(accepted),
                Err(Setback::Stale) => {}
                Err(Setback::Refused(problem)) => return Err(self.refuse(*problem, submission, content, caller).await),
            }
        }
        Err(self.refuse(Problem::contended(), submission, content, caller).await)
    }

    async fn refuse(&self, problem: Problem, submission: &Submission, content: Hash, caller: &Caller) -> Problem {
        if submission.validate_only {
            return problem;
        }
        self.record_refused(problem, SUBMIT, submission.report.to_string(), content, caller).await
    }

    async fn try_submit(&self, submission: &Submission, content: Hash, caller: &Caller) -> Result<Accepted, Setback> {
        let report = &submission.report;
        let before = self.store.standing(report, NEWEST).map_err(Problem::from)?;
        let previous_key = report.year.previous().map(|year| ReportKey { year, ..report.clone() });
        let previous = match &previous_key {
            Some(key) => self.store.standing(key, NEWEST).map_err(Problem::from)?,
            None => None,
        };
        let fingerprint = submission.fingerprint(content);
        // Read after the head: a retry whose first call was stored in between is recognised rather than refused. And before
        // anything is judged: it has its first answer, whatever became of the agency and the year since.
        if let Some(id) = submission.request_id
            && let Some(known) = self.store.request(id).map_err(Problem::from)?
        {
            return Ok(self.repeat(&known, fingerprint, id, report)?);
        }
        let now = self.now();
        let (reporter, names, admission, registry_sequence) = {
            let state = self.present()?;
            let reporter = reporter(&state, report)?;
            let names = submission.source.is_some().then(|| state.registry.names_of(report));
            (reporter, names, Admission::of(&state.registry, report, reporter.level, now), state.registry_sequence)
        };
        check_etag(submission, before.as_ref())?;
        check_content(submission, content, before.as_ref())?;
        admission.check_lock(report)?;
        check_answers(&submission.answers)?;

        let Judged { completed, findings } =
            self.judge(submission, previous.as_ref().and_then(last_report), reporter, names.as_ref()).await?;
        if let Err(problem) =
            check_read(&submission.figures, &findings).and_then(|()| check_findings(&findings, &submission.answers))
        {
            return Err(problem.with_diagnoses(diagnose(submission, &completed)).into());
        }
        let computed = completed.computed_values();
        let late = admission.is_late(before.as_ref().map(|before| &before.status));
        if submission.validate_only {
            return Ok(Accepted {
                receipt: None,
                findings,
                computed,
                already_stored: false,
                state: admission.state,
                late,
            });
        }

        let revision = Revision {
            report: report.clone(),
            number: 0,
            state: admission.state,
            accepted_before: before.as_ref().and_then(|before| before.status.accepted),
            late,
            figures: submission.figures.clone(),
            narrative: submission.narrative.clone(),
            content_hash: content,
            rule_set: rules::rule_set(report.year).reference(),
            findings,
            answers: submission.answers.clone(),
            actor: caller.principal.clone(),
            reason: submission.reason.clone(),
            time: Timestamp::UNIX_EPOCH,
            sequence: 0,
        };
        let entry = NewEntry {
            content_hash: content,
            ..caller.accepted(SUBMIT, report.to_string(), submission.reason.clone())
        };
        let change = Change::Revision { before, revision: Box::new(revision) };
        let transaction = Transaction {
            expected: previous_key
                .map(|key| (key, previous.map(|standing| standing.status.version())))
                .into_iter()
                .collect(),
            registry: Some(registry_sequence),
            request: submission.request_id.map(|id| (id, fingerprint)),
            ..Transaction::of(vec![change], entry)
        };
        match self.store.commit(transaction).await.map_err(Problem::from)? {
            Decision::Committed(commit) => Ok(self.accepted(&commit, &computed).ok_or_else(lost_revision)?),
            Decision::Repeated(known) | Decision::RequestIdReused(known) => {
                Ok(self.repeat(&known, fingerprint, submission.request_id.unwrap_or_default(), report)?)
            }
            Decision::Stale => Err(Setback::Stale),
        }
    }

    /// What the rules say of a report; `last` is that of the year before, `names` whose report it may be by its document.
    async fn judge(
        &self,
        submission: &Submission,
        last: Option<&Revision>,
        reporter: Reporter,
        names: Option<&ReporterNames>,
    ) -> Result<Judged, Problem> {
        let report = &submission.report;
        let completed = submission.figures.complete();
        self.know_texts(report.year).await?;
        let same = self.figures_alike(report, &submission.figures)?;
        let others_figures: Vec<_> =
            last.into_iter().chain(same.iter().map(|other| &**other)).map(|one| (&one.report, &one.figures)).collect();
        let alike = self.narratives_alike(submission, last)?;
        let others: Vec<(&ReportKey, &Narrative)> = alike.iter().map(|(key, narrative)| (key, narrative)).collect();
        let findings = rules::judge(
            rules::rule_set(report.year),
            &rules::Case {
                year: report.year,
                figures: &submission.figures,
                completed: &completed,
                previous: last.map(|revision| &revision.figures),
                reporter: Some(reporter),
                narrative: submission.narrative.as_ref(),
                others: &others,
                others_figures: &others_figures,
                document: submission.source.as_ref().map(|source| rules::Document {
                    source,
                    names,
                    agency: agency_id(&report.owner),
                }),
                today: self.today(),
            },
        );
        Ok(Judged { completed, findings })
    }

    /// Judges a report as a submission is judged, and stores nothing.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND, JURISDICTION_NOT_FOUND, AGENCY_NOT_DUE, ANSWER_INVALID.
    pub async fn check_report(&self, submission: &Submission, caller: &Caller) -> Result<Verdict, Problem> {
        let report = &submission.report;
        let previous = match report.year.previous() {
            Some(year) => self.store.standing(&ReportKey { year, ..report.clone() }, NEWEST)?,
            None => None,
        };
        let (reporter, names) = {
            let state = self.present()?;
            let names = submission.source.is_some().then(|| state.registry.names_of(report));
            (reporter(&state, report)?, names)
        };
        check_answers(&submission.answers)?;
        let last = previous.as_ref().and_then(last_report);
        let Judged { completed, mut findings } = self.judge(submission, last, reporter, names.as_ref()).await?;
        let diagnoses = diagnose(submission, &completed);
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        findings.sort_by_key(|finding| !is_error(finding));
        let open = rules::unanswered(&findings, &submission.answers).into_iter();
        let mut unanswered: Vec<String> = open.map(|finding| finding.rule.clone()).collect();
        unanswered.dedup();
        let unread: Vec<CellId> = submission.figures.unread_cells().collect();
        let passes = !findings.iter().any(is_error) && unanswered.is_empty() && unread.is_empty();
        self.hide_others(caller, &mut findings);
        Ok(Verdict {
            passes,
            findings,
            diagnoses,
            computed: completed.computed_values(),
            unanswered,
            unread,
            content: content_hash(report, &submission.figures, submission.narrative.as_ref()),
        })
    }

    /// The answer to a request id that is known.
    fn repeat(
        &self,
        known: &StoredRequest,
        fingerprint: Hash,
        id: Uuid,
        report: &ReportKey,
    ) -> Result<Accepted, Problem> {
        let Requested::Revision(name) = known.answered(fingerprint, id, Some(&report.owner))? else {
            return Err(Problem::internal("a request id of a submission stands for something else"));
        };
        let revision = self.store.revision(name)?.ok_or_else(lost_revision)?;
        let entry = self.entry_of(known)?;
        let computed = revision.figures.complete().computed_values();
        // As it stands now: what was returned or withdrawn meanwhile is not in the sums because it was stored once.
        let state = self.revision(name)?.state;
        Ok(Accepted {
            receipt: Some(self.receipt(&revision, 0, &entry)),
            state,
            late: revision.late,
            findings: revision.findings,
            computed,
            already_stored: true,
        })
    }
}

/// What rules need to know about the owner of a report, who must owe one for the year.
pub(super) fn reporter(state: &State, report: &ReportKey) -> Result<Reporter, Problem> {
    let registry = &state.registry;
    let name = report.owner.to_string();
    match &report.owner {
        ReportOwner::Agency(id) => {
            let agency = registry.find_agency(id).ok_or_else(|| Problem::no_agency(&name))?;
            let timeline = registry.agency_timeline(agency);
            if registry.home(agency, report.year).is_none() {
                return Err(Problem::not_due(
                    &name,
                    report.year,
                    timeline.first_year(),
                    timeline.end.as_ref().map(|end| end.year),
                ));
            }
            Ok(registry.reporter(agency, report.year))
        }
        ReportOwner::Jurisdiction(code) => {
            let jurisdiction = registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&name))?;
            let timeline = registry.jurisdiction_timeline(jurisdiction);
            if !timeline.exists_in(report.year) {
                return Err(Problem::not_due(
                    &name,
                    report.year,
                    timeline.first_year(),
                    timeline.end.as_ref().map(|end| end.year),
                ));
            }
            let level = registry.jurisdiction(jurisdiction).level;
            // A consolidated report speaks for the whole government.
            Ok(Reporter { level, kind: AgencyKind::GovernmentOffice, large: true })
        }
    }
}

/// The id of an agency that owns a report.
pub(super) fn agency_id(owner: &ReportOwner) -> Option<&str> {
    match owner {
        ReportOwner::Agency(id) => Some(id.as_str()),
        ReportOwner::Jurisdiction(_) => None,
    }
}

/// The report of a year that the next year's is compared with: the accepted revision, else one that waits for review.
pub(super) fn last_report(standing: &Standing) -> Option<&Revision> {
    let waiting = (standing.status.state == ReportState::Submitted).then_some(&standing.newest);
    standing.accepted.as_ref().or(waiting).map(|revision| &**revision)
}

/// A revision that was acknowledged is not there: a defect or damage, never a caller's fault.
pub(super) fn lost_revision() -> Problem {
    Problem::internal("a stored revision or its journal entry cannot be found")
}

impl Service {
    /// The receipt of a submission, or of the review with this journal sequence.
    pub(super) fn receipt(&self, revision: &Revision, review: u64, entry: &JournalEntry) -> Receipt {
        Receipt {
            revision: revision.name(),
            etag: revision.etag(review),
            content_hash: revision.content_hash,
            sequence: entry.sequence,
            chain_hash: entry.chain,
            time: entry.time,
            signing_key: self.signing_key.as_ref().map(SigningKey::public).unwrap_or_default(),
        }
    }

    fn accepted(&self, commit: &Commit, computed: &[(CellId, i128)]) -> Option<Accepted> {
        commit.effects.iter().find_map(|effect| match effect {
            Effect::Revision { after, .. } => Some(Accepted {
                receipt: Some(self.receipt(&after.newest, 0, &commit.entry)),
                findings: after.newest.findings.clone(),
                computed: computed.to_vec(),
                already_stored: false,
                state: after.newest.state,
                late: after.newest.late,
            }),
            Effect::Review { .. } | Effect::Registry(_) | Effect::Frozen(_) | Effect::Access(_) | Effect::Struck(_) => {
                None
            }
        })
    }
}
