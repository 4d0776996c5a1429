//! `huizong.v1.ReportService`.

use std::collections::HashMap;
use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status, Streaming};

use crate::config::Limits;
use crate::pb;
use crate::pb::report_service_server::ReportService;
use crate::report::{Message, Owners, ReportKey, ReportOwner, ReviewAction, RevisionName};
use crate::rules;
use crate::service::{Caller, Problem, Reason, ReportFilter, ReportView, ReviewRequest, Service};
use crate::wire;

use super::pages::RESOURCES;
use super::status::note;
use super::{caller, to_status};

pub struct Reports {
    service: Service,
    stream_ahead: usize,
}

impl Reports {
    pub fn new(service: Service, limits: &Limits) -> Self {
        Self { service, stream_ahead: limits.stream_submissions_ahead }
    }
}

async fn submit(
    service: &Service,
    request: pb::SubmitReportRequest,
    caller: &Caller,
) -> Result<pb::SubmitReportResponse, Problem> {
    let submission = wire::submission_from_wire(request)?;
    let accepted = service.submit(&submission, caller).await?;
    Ok(wire::accepted_to_wire(&accepted))
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
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let response = submit(&self.service, request, &caller).await;
        response.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    type SubmitReportsStream = Pin<Box<dyn Stream<Item = Result<pb::SubmitReportsResponse, Status>> + Send>>;

    async fn submit_reports(
        &self,
        request: Request<Streaming<pb::SubmitReportsRequest>>,
    ) -> Result<Response<Self::SubmitReportsStream>, Status> {
        let caller = caller(&request);
        let service = self.service.clone();
        let mut turns = Turns::default();
        let answers = request.into_inner().enumerate().map(move |(index, item)| {
            let (service, caller) = (service.clone(), caller.clone());
            let turn = item.as_ref().ok().and_then(|item| item.submission.as_ref()?.report.as_ref());
            let (before, done) = turns.take(turn.map_or("", |report| report.name.as_str()));
            async move {
                let submission = item?.submission;
                if let Some(before) = before {
                    // It ends by being dropped, whatever became of it.
                    let _ = before.await;
                }
                let result = match submission {
                    Some(submission) => submit(&service, submission, &caller).await,
                    None => Err(Problem::required("submission")),
                };
                drop(done);
                let result = match result {
                    Ok(accepted) => pb::submit_reports_response::Result::Accepted(accepted),
                    Err(problem) => {
                        note(problem.reason);
                        pb::submit_reports_response::Result::Refused(wire::problem_to_wire(&problem))
                    }
                };
                Ok(pb::SubmitReportsResponse { index: index.try_into().unwrap_or(i64::MAX), result: Some(result) })
            }
        });
        Ok(Response::new(Box::pin(answers.buffered(self.stream_ahead))))
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::GetReportResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let report = self.report(&request.name).map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetReportResponse { report: Some(report) }))
    }

    async fn list_reports(
        &self,
        request: Request<pb::ListReportsRequest>,
    ) -> Result<Response<pb::ListReportsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let page = self.reports(request).await;
        page.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_report_revisions(
        &self,
        request: Request<pb::ListReportRevisionsRequest>,
    ) -> Result<Response<pb::ListReportRevisionsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let page = self.revisions(request).await;
        page.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_report_events(
        &self,
        request: Request<pb::ListReportEventsRequest>,
    ) -> Result<Response<pb::ListReportEventsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let page = self.events(request).await;
        page.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn accept_report(
        &self,
        request: Request<pb::AcceptReportRequest>,
    ) -> Result<Response<pb::AcceptReportResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let pb::AcceptReportRequest { name, etag, reason, validate_only } = request;
        let review = wire::review_from_wire(ReviewAction::Accept, &name, etag, reason, Vec::new(), validate_only);
        let outcome = self.review(review, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::AcceptReportResponse { outcome: Some(outcome) }))
    }

    async fn return_report(
        &self,
        request: Request<pb::ReturnReportRequest>,
    ) -> Result<Response<pb::ReturnReportResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let pb::ReturnReportRequest { name, etag, reason, comments, validate_only } = request;
        let review = wire::review_from_wire(ReviewAction::Return, &name, etag, reason, comments, validate_only);
        let outcome = self.review(review, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::ReturnReportResponse { outcome: Some(outcome) }))
    }

    async fn withdraw_report(
        &self,
        request: Request<pb::WithdrawReportRequest>,
    ) -> Result<Response<pb::WithdrawReportResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let pb::WithdrawReportRequest { name, etag, reason, validate_only } = request;
        let review = wire::review_from_wire(ReviewAction::Withdraw, &name, etag, reason, Vec::new(), validate_only);
        let outcome = self.review(review, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::WithdrawReportResponse { outcome: Some(outcome) }))
    }

    async fn read_document(
        &self,
        request: Request<pb::ReadDocumentRequest>,
    ) -> Result<Response<pb::ReadDocumentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let reading = self.read(request).await;
        reading.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_form_layout(
        &self,
        request: Request<pb::GetFormLayoutRequest>,
    ) -> Result<Response<pb::GetFormLayoutResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        layout(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_rules(
        &self,
        request: Request<pb::ListRulesRequest>,
    ) -> Result<Response<pb::ListRulesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.rules(&request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }
}

fn layout(request: &pb::GetFormLayoutRequest) -> Result<pb::GetFormLayoutResponse, Problem> {
    let year = wire::year_from_wire(request.year, "year")?;
    let edition = wire::edition_from_wire(request.edition, year.get(), "edition")?;
    Ok(wire::layout_to_wire(edition, &request.filled))
}

/// A report in a list: without its text unless that is asked for, or a page of long ones would be larger than clients
/// take.
fn listed(view: &ReportView, name: String, include_narrative: bool) -> pb::Report {
    let report = wire::report_to_wire(view, name);
    if include_narrative { report } else { pb::Report { narrative: None, ..report } }
}

impl Reports {
    fn report(&self, name: &str) -> Result<pb::Report, Problem> {
        let bad_name = |error| Problem::bad_name("name", &error);
        let revision = if name.contains("/revisions/") {
            self.service.revision(&name.parse::<RevisionName>().map_err(bad_name)?)?
        } else {
            self.service.report(&name.parse::<ReportKey>().map_err(bad_name)?)?
        };
        Ok(wire::report_to_wire(&revision, name.to_owned()))
    }

    async fn reports(&self, request: pb::ListReportsRequest) -> Result<pb::ListReportsResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let year = match request.year {
            0 => None,
            year => Some(wire::year_from_wire(year, "year")?),
        };
        let filter = match (request.parent.as_str(), year) {
            ("agencies/-", Some(year)) => ReportFilter::Year(Owners::Agencies, year),
            ("jurisdictions/-", Some(year)) => ReportFilter::Year(Owners::Jurisdictions, year),
            ("agencies/-" | "jurisdictions/-", None) => return Err(Problem::required("year")),
            (parent, year) if parent.starts_with("jurisdictions/") => {
                ReportFilter::Owner(ReportOwner::Jurisdiction(wire::code_from_wire(parent, "parent")?), year)
            }
            (parent, year) => {
                ReportFilter::Owner(ReportOwner::Agency(wire::agency_id_from_wire(parent, "parent")?), year)
            }
        };
        let states = wire::states_from_wire(&request.states, "states")?;
        let page = self.service.reports(filter, states, size, &request.page_token).await?;
        let reports =
            page.items.iter().map(|view| listed(view, view.revision.report.to_string(), request.include_narrative));
        Ok(pb::ListReportsResponse { reports: reports.collect(), next_page_token: page.next.unwrap_or_default() })
    }

    async fn revisions(
        &self,
        request: pb::ListReportRevisionsRequest,
    ) -> Result<pb::ListReportRevisionsResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let report = request.name.parse().map_err(|error| Problem::bad_name("name", &error))?;
        let page = self.service.revisions(report, size, &request.page_token).await?;
        let reports = page.items.iter().map(|view| listed(view, view.revision.name().to_string(), false));
        Ok(pb::ListReportRevisionsResponse {
            reports: reports.collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    async fn events(&self, request: pb::ListReportEventsRequest) -> Result<pb::ListReportEventsResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let report = request.name.parse().map_err(|error| Problem::bad_name("name", &error))?;
        let page = self.service.report_events(report, size, &request.page_token).await?;
        Ok(pb::ListReportEventsResponse {
            events: page.items.iter().map(wire::event_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    async fn review(
        &self,
        review: Result<ReviewRequest, Problem>,
        caller: &Caller,
    ) -> Result<pb::ReviewOutcome, Problem> {
        let review = review?;
        let reviewed = self.service.review(&review, caller).await?;
        Ok(wire::reviewed_to_wire(&reviewed, &review.report))
    }

    async fn rules(&self, request: &pb::ListRulesRequest) -> Result<pb::ListRulesResponse, Problem> {
        let rules = rules::all_rules().map(wire::rule_to_wire).collect();
        if request.jurisdiction.is_empty() {
            return Ok(pb::ListRulesResponse { rules, ..Default::default() });
        }
        let jurisdiction = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        let first = wire::year_from_wire(request.first_year, "first_year")?;
        let last = match request.last_year {
            0 => first,
            year => wire::year_from_wire(year, "last_year")?,
        };
        let (counts, sequence) = self.service.rule_counts(&jurisdiction, (first, last)).await?;
        let counts = counts.iter().map(wire::rule_count_to_wire).collect();
        Ok(pb::ListRulesResponse { rules, counts, sequence: sequence.try_into().unwrap_or(i64::MAX) })
    }

    async fn read(&self, request: pb::ReadDocumentRequest) -> Result<pb::ReadDocumentResponse, Problem> {
        if request.content.is_empty() {
            let description = Message::new("没有内容", "is empty");
            return Err(Problem::field(Reason::FieldRequired, "content", description));
        }
        let agency = match request.agency.as_str() {
            "" => None,
            name => Some(wire::agency_id_from_wire(name, "agency")?),
        };
        let year = match request.year {
            0 => None,
            year => Some(wire::year_from_wire(year, "year")?),
        };
        let reading = self.service.read_document(request.content, request.file_name, agency, year).await?;
        Ok(wire::reading_to_wire(&reading))
    }
}
