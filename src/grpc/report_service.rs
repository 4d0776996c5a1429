//! `huizong.v1.ReportService`.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status, Streaming};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::report_service_server::ReportService;
use crate::report::{Message, Owners, ReportKey, ReportOwner, ReviewAction, RevisionName};
use crate::service::{Problem, Reason, ReportFilter, ReportView, ReportsWanted, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::status::{note, whole};
use super::to_status;
use super::unary::{Call, answer, answer_page};

/// A report by its newest revision, or one of its revisions.
enum Named {
    Report(ReportKey),
    Revision(RevisionName),
}

/// Reports that are accepted by one call at most.
const ACCEPTED_AT_ONCE: usize = 1000;

pub(crate) struct Reports {
    service: Service,
    pages: Pages,
    stream_ahead: usize,
}

impl Reports {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits), stream_ahead: limits.stream_submissions_ahead }
    }
}

async fn submit(request: pb::SubmitReportRequest, call: &Call<'_>) -> Result<pb::SubmitReportResponse, Problem> {
    let name = request.name.clone();
    let validate_only = request.validate_only;
    let submit = async {
        // Whose report it is comes first: what else is in the message is nobody's business before.
        let key: Option<ReportKey> = name.parse().ok();
        if let Some(key) = &key {
            call.permit(Target::report(key)).await?;
        }
        let submission = wire::submission_from_wire(request)?;
        if key.as_ref() != Some(&submission.report) {
            call.permit(Target::report(&submission.report)).await?;
        }
        let accepted = call.service.submit(&submission, &call.caller).await?;
        Ok(wire::accepted_to_wire(&accepted))
    };
    call.conclude(submit.await, || name.clone(), validate_only).await
}

/// Keeps submissions of one agency on a stream in their order, while those of others run beside them: a report is
/// judged against the agency's report of the year before, which may be on the same stream.
#[derive(Default)]
struct Turns {
    last: HashMap<String, oneshot::Receiver<()>>,
}

/// Finished turns are forgotten when there are more than this.
const TURNS_KEPT: usize = 1024;

impl Turns {
    /// What to wait for, and what to drop when done.
    fn take(&mut self, report: &str) -> (Option<oneshot::Receiver<()>>, oneshot::Sender<()>) {
        if self.last.len() > TURNS_KEPT {
            self.last.retain(|_, turn| matches!(turn.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let agency = report.split("/reports/").next().unwrap_or_default().to_owned();
        let (done, wait) = oneshot::channel();
        (self.last.insert(agency, wait), done)
    }
}

#[tonic::async_trait]
impl ReportService for Reports {
    async fn submit_report(
        &self,
        request: Request<pb::SubmitReportRequest>,
    ) -> Result<Response<pb::SubmitReportResponse>, Status> {
        answer(&self.service, call::SUBMIT_REPORT, request, async |request, call| submit(request, &call).await).await
    }

    type SubmitReportsStream = Pin<Box<dyn Stream<Item = Result<pb::SubmitReportsResponse, Status>> + Send>>;

    async fn submit_reports(
        &self,
        request: Request<Streaming<pb::SubmitReportsRequest>>,
    ) -> Result<Response<Self::SubmitReportsStream>, Status> {
        // What is handed in on a stream is handed in as by the other call.
        let caller = Call::new(&self.service, call::SUBMIT_REPORT, &request).caller;
        let service = self.service.clone();
        let mut turns = Turns::default();
        let (metadata, _, items) = request.into_parts();
        // Nothing more is taken once the service stops: what was taken is answered, and then it is said why no more is.
        let (cut_off, why) = oneshot::channel();
        let stopping = service.stopping();
        let items = items.take_until(async move { drop(cut_off.send(stopping.await)) });
        let answers = items.enumerate().map(move |(index, item)| {
            let (service, caller) = (service.clone(), caller.clone());
            let submission = item.as_ref().ok().and_then(|item| item.submission.as_ref());
            let (report, request_id, validate_only) = submission.map_or_else(Default::default, |submission| {
                (submission.name.clone(), submission.request_id.clone(), submission.validate_only)
            });
            let (before, done) = turns.take(&report);
            async move {
                let submission = item?.submission;
                if let Some(before) = before {
                    // It ends by being dropped, whatever became of it.
                    let _ = before.await;
                }
                let call = Call::of(&service, call::SUBMIT_REPORT, caller);
                let result = match submission {
                    Some(submission) => submit(submission, &call).await,
                    None => Err(Problem::required("submission")),
                };
                drop(done);
                let result = match result {
                    Ok(checked) if validate_only => pb::submit_reports_response::Result::Checked(checked),
                    Ok(stored) => pb::submit_reports_response::Result::Stored(stored),
                    Err(problem) => {
                        note(problem.reason.as_str());
                        pb::submit_reports_response::Result::Refused(whole(&problem))
                    }
                };
                Ok(pb::SubmitReportsResponse {
                    index: index.try_into().unwrap_or(i64::MAX),
                    request_id,
                    report,
                    result: Some(result),
                })
            }
        });
        let end = futures::stream::once(why).filter_map(move |why| {
            // A client that has come to its end has nothing to be told.
            std::future::ready(why.ok().map(|problem| Err(to_status(&problem, &metadata))))
        });
        Ok(Response::new(Box::pin(answers.buffered(self.stream_ahead).chain(end))))
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::GetReportResponse>, Status> {
        answer(&self.service, call::GET_REPORT, request, |request, call| self.report(request, call)).await
    }

    async fn list_reports(
        &self,
        request: Request<pb::ListReportsRequest>,
    ) -> Result<Response<pb::ListReportsResponse>, Status> {
        answer_page(&self.service, call::LIST_REPORTS, request, |request, call| self.reports(request, call)).await
    }

    async fn list_report_revisions(
        &self,
        request: Request<pb::ListReportRevisionsRequest>,
    ) -> Result<Response<pb::ListReportRevisionsResponse>, Status> {
        answer_page(&self.service, call::LIST_REPORT_REVISIONS, request, |request, call| self.revisions(request, call))
            .await
    }

    async fn compare_reports(
        &self,
        request: Request<pb::CompareReportsRequest>,
    ) -> Result<Response<pb::CompareReportsResponse>, Status> {
        answer(&self.service, call::COMPARE_REPORTS, request, async |request, call| {
            // Whether the caller may read both comes before either is looked for.
            let earlier = self.named(&request.earlier, "earlier", &call).await?;
            let later = self.named(&request.later, "later", &call).await?;
            Ok(wire::contrast_to_wire(&self.view(&earlier)?, &self.view(&later)?))
        })
        .await
    }

    async fn list_report_events(
        &self,
        request: Request<pb::ListReportEventsRequest>,
    ) -> Result<Response<pb::ListReportEventsResponse>, Status> {
        answer_page(&self.service, call::LIST_REPORT_EVENTS, request, |request, call| self.events(request, call)).await
    }

    async fn render_report(
        &self,
        request: Request<pb::RenderReportRequest>,
    ) -> Result<Response<pb::RenderReportResponse>, Status> {
        answer(&self.service, call::RENDER_REPORT, request, |request, call| self.render(request, call)).await
    }

    async fn accept_report(
        &self,
        request: Request<pb::AcceptReportRequest>,
    ) -> Result<Response<pb::AcceptReportResponse>, Status> {
        answer(&self.service, call::ACCEPT_REPORT, request, async |request, call| {
            let pb::AcceptReportRequest { name, etag, reason, validate_only, request_id } = request;
            let parts = wire::ReviewParts { name, etag, reason, comments: Vec::new(), request_id, validate_only };
            let outcome = self.review(ReviewAction::Accept, parts, call).await?;
            Ok(pb::AcceptReportResponse { outcome: Some(outcome) })
        })
        .await
    }

    async fn accept_reports(
        &self,
        request: Request<pb::AcceptReportsRequest>,
    ) -> Result<Response<pb::AcceptReportsResponse>, Status> {
        answer(&self.service, call::ACCEPT_REPORTS, request, |request, call| self.accept_many(request, call)).await
    }

    async fn return_report(
        &self,
        request: Request<pb::ReturnReportRequest>,
    ) -> Result<Response<pb::ReturnReportResponse>, Status> {
        answer(&self.service, call::RETURN_REPORT, request, async |request, call| {
            let pb::ReturnReportRequest { name, etag, reason, comments, validate_only, request_id } = request;
            let parts = wire::ReviewParts { name, etag, reason, comments, request_id, validate_only };
            let outcome = self.review(ReviewAction::Return, parts, call).await?;
            Ok(pb::ReturnReportResponse { outcome: Some(outcome) })
        })
        .await
    }

    async fn withdraw_report(
        &self,
        request: Request<pb::WithdrawReportRequest>,
    ) -> Result<Response<pb::WithdrawReportResponse>, Status> {
        answer(&self.service, call::WITHDRAW_REPORT, request, async |request, call| {
            let pb::WithdrawReportRequest { name, etag, reason, validate_only, request_id } = request;
            let parts = wire::ReviewParts { name, etag, reason, comments: Vec::new(), request_id, validate_only };
            let outcome = self.review(ReviewAction::Withdraw, parts, call).await?;
            Ok(pb::WithdrawReportResponse { outcome: Some(outcome) })
        })
        .await
    }
}

impl Reports {
    /// A report without the names of others in its findings.
    fn shown(&self, mut report: pb::Report, call: &Call<'_>) -> pb::Report {
        for message in report.findings.iter_mut().filter_map(|finding| finding.message.as_mut()) {
            self.service.hide_names(&call.caller, &mut message.zh, &mut message.en);
        }
        report
    }

    /// The report or revision that is called so, which the caller may read.
    async fn named(&self, name: &str, field: &str, call: &Call<'_>) -> Result<Named, Problem> {
        let named = if name.contains("/revisions/") {
            Named::Revision(wire::name_from_wire(name, field)?)
        } else {
            Named::Report(wire::name_from_wire(name, field)?)
        };
        let report = match &named {
            Named::Revision(revision) => &revision.report,
            Named::Report(report) => report,
        };
        call.permit(Target::report(report)).await?;
        Ok(named)
    }

    fn view(&self, named: &Named) -> Result<ReportView, Problem> {
        match named {
            Named::Revision(revision) => self.service.revision(revision),
            Named::Report(report) => self.service.report(report),
        }
    }

    async fn report(&self, request: pb::GetReportRequest, call: Call<'_>) -> Result<pb::GetReportResponse, Problem> {
        let asked = match wire::view_from_wire(request.view, "view")? {
            pb::ReportView::Unspecified => pb::ReportView::Full,
            view => view,
        };
        let named = self.named(&request.name, "name", &call).await?;
        let view = self.view(&named)?;
        let report = self.shown(wire::report_in_view(&view, asked), &call);
        Ok(pb::GetReportResponse { report: Some(report) })
    }

    async fn render(
        &self,
        request: pb::RenderReportRequest,
        call: Call<'_>,
    ) -> Result<pb::RenderReportResponse, Problem> {
        let format = wire::document_format_from_wire(request.format, "format")?;
        let view = self.view(&self.named(&request.name, "name", &call).await?)?;
        Ok(wire::rendered_report_to_wire(self.service.render_report(&view, format).await?))
    }

    async fn reports(
        &self,
        request: pb::ListReportsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListReportsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let year = match request.year {
            0 => None,
            year => Some(wire::year_from_wire(year, "year")?),
        };
        let years = match (year, request.last_year) {
            (Some(first), 0) => Some((first, first)),
            (Some(first), last) => {
                let last = wire::year_from_wire(last, "last_year")?;
                if last < first {
                    let description = Message::new("不得早于 year", "is before year");
                    return Err(Problem::field(Reason::YearsInvalid, "last_year", description));
                }
                Some((first, last))
            }
            (None, _) => None,
        };
        let place = match request.jurisdiction.as_str() {
            "" => None,
            name => Some(wire::code_from_wire(name, "jurisdiction")?),
        };
        let filter = match (request.parent.as_str(), year) {
            ("agencies/-" | "jurisdictions/-", _) => {
                let owners = if request.parent == "agencies/-" { Owners::Agencies } else { Owners::Jurisdictions };
                ReportFilter::Years(owners, years.ok_or_else(|| Problem::required("year"))?, place)
            }
            (parent, year) if parent.starts_with("jurisdictions/") => {
                ReportFilter::Owner(ReportOwner::Jurisdiction(wire::code_from_wire(parent, "parent")?), year)
            }
            (parent, year) => {
                ReportFilter::Owner(ReportOwner::Agency(wire::agency_id_from_wire(parent, "parent")?), year)
            }
        };
        if let ReportFilter::Owner(owner, _) = &filter {
            call.permit(Target::Owner(owner, year)).await?;
        }
        if let ReportFilter::Years(..) = &filter {
            call.permit(Target::Service).await?;
        }
        let changed_after = u64::try_from(request.changed_after).map_err(|_| {
            Problem::field(Reason::FieldInvalid, "changed_after", Message::new("不得为负", "is negative"))
        })?;
        let states = wire::states_from_wire(&request.states, "states")?;
        let wanted = ReportsWanted {
            states,
            late: request.late,
            changed_after,
            with_findings: request.with_findings,
            rule: request.rule.clone(),
        };
        let sight = call.sight()?;
        let page = self.service.reports(filter, wanted, asked.size, asked.key(), sight).await?;
        let view = wire::view_from_wire(request.view, "view")?;
        let reports = page.items.iter().map(|report| wire::report_in_view(report, view));
        let reports = reports.map(|report| self.shown(report, &call));
        Ok(pb::ListReportsResponse {
            reports: reports.collect(),
            next_page_token: asked.token(page.next.as_deref()),
            as_of: asked.sequence.try_into().unwrap_or(i64::MAX),
        })
    }

    async fn revisions(
        &self,
        request: pb::ListReportRevisionsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListReportRevisionsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let report = wire::name_from_wire(&request.name, "name")?;
        call.permit(Target::report(&report)).await?;
        let page = self.service.revisions(report, asked.size, asked.key()).await?;
        let reports = page.items.iter().map(|view| wire::report_in_view(view, pb::ReportView::Figures));
        let reports = reports.map(|report| self.shown(report, &call));
        Ok(pb::ListReportRevisionsResponse {
            reports: reports.collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn events(
        &self,
        request: pb::ListReportEventsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListReportEventsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let report = wire::name_from_wire(&request.name, "name")?;
        call.permit(Target::report(&report)).await?;
        let page = self.service.report_events(report, asked.size, asked.key()).await?;
        Ok(pb::ListReportEventsResponse {
            events: page.items.iter().map(wire::event_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    /// Accepts many, each as by a call of its own.
    async fn accept_many(
        &self,
        request: pb::AcceptReportsRequest,
        call: Call<'_>,
    ) -> Result<pb::AcceptReportsResponse, Problem> {
        call.permit(Target::Service).await?;
        if request.requests.is_empty() {
            return Err(Problem::required("requests"));
        }
        if request.requests.len() > ACCEPTED_AT_ONCE {
            let max = ACCEPTED_AT_ONCE;
            let description = Message::new(format!("一次最多{max}份"), format!("at most {max} at a time"));
            return Err(Problem::field(Reason::TooMany, "requests", description));
        }
        let mut names = HashSet::new();
        if let Some(twice) = request.requests.iter().position(|one| !names.insert(&one.name)) {
            let description = Message::new("同一报告出现两次", "names a report that stands there twice");
            return Err(Problem::field(Reason::FieldInvalid, format!("requests[{twice}].name"), description));
        }
        let dry = request.validate_only;
        let results = request.requests.into_iter().map(|one| {
            let call = Call::of(call.service, call::ACCEPT_REPORT, call.caller.clone());
            async move {
                let pb::AcceptReportRequest { name, etag, reason, validate_only, request_id } = one;
                let parts = wire::ReviewParts {
                    name: name.clone(),
                    etag,
                    reason,
                    comments: Vec::new(),
                    request_id,
                    validate_only: validate_only || dry,
                };
                let result = match self.review(ReviewAction::Accept, parts, call).await {
                    Ok(outcome) => pb::accept_reports_result::Result::Outcome(outcome),
                    Err(problem) => {
                        note(problem.reason.as_str());
                        pb::accept_reports_result::Result::Problem(whole(&problem))
                    }
                };
                pb::AcceptReportsResult { name, result: Some(result) }
            }
        });
        let results: Vec<pb::AcceptReportsResult> =
            futures::stream::iter(results).buffered(self.stream_ahead).collect().await;
        let is_accepted =
            |one: &&pb::AcceptReportsResult| matches!(one.result, Some(pb::accept_reports_result::Result::Outcome(_)));
        let accepted = results.iter().filter(is_accepted).count();
        let refused = results.len() - accepted;
        Ok(pb::AcceptReportsResponse {
            results,
            accepted: accepted.try_into().unwrap_or(i32::MAX),
            refused: refused.try_into().unwrap_or(i32::MAX),
        })
    }

    async fn review(
        &self,
        action: ReviewAction,
        parts: wire::ReviewParts,
        call: Call<'_>,
    ) -> Result<pb::ReviewOutcome, Problem> {
        let (name, validate_only) = (parts.name.clone(), parts.validate_only);
        let outcome = async {
            if let Ok(report) = name.parse::<ReportKey>() {
                call.permit(Target::report(&report)).await?;
            }
            let review = wire::review_from_wire(action, parts)?;
            let reviewed = self.service.review(&review, &call.caller).await?;
            Ok(wire::reviewed_to_wire(&reviewed, &review.report))
        };
        call.conclude(outcome.await, || name.clone(), validate_only).await
    }
}
