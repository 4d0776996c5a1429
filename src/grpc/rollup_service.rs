//! `huizong.v1.RollupService`.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::access::{Method, call};
use crate::config::Limits;
use crate::pb;
use crate::pb::rollup_service_server::RollupService;
use crate::report::{JurisdictionCode, Message, ReportKey};
use crate::rollup::AgencyFilter;
use crate::service::{Caller, Problem, Reason, RuleCount, Service, Target};
use crate::wire;

use super::pages::{Pages, after_key};
use super::to_status;
use super::unary::{Call, answer, answer_page};

/// A stream of answers.
type Answers<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

pub(crate) struct Rollups {
    service: Service,
    pages: Pages,
}

impl Rollups {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    async fn query(&self, request: pb::QueryRollupRequest, call: Call<'_>) -> Result<pb::QueryRollupResponse, Problem> {
        let asked = self.pages.rows.page(&request, self.service.newest_sequence())?;
        let question = wire::question_from_wire(request, asked.size, asked.after.clone())?;
        call.permit(Target::Subtree(&question.jurisdiction, None)).await?;
        let answer = self.service.roll_up(&question, &call.asker()).await?;
        wire::answer_to_wire(&answer, asked.token_as_of(answer.last.as_deref(), answer.sequence))
    }

    async fn form(
        &self,
        request: pb::GetConsolidatedFormRequest,
        call: Call<'_>,
    ) -> Result<pb::GetConsolidatedFormResponse, Problem> {
        let question = wire::form_question_from_wire(request.scope, request.year)?;
        call.permit(Target::Subtree(&question.jurisdiction, Some(question.year))).await?;
        wire::form_to_wire(&self.service.consolidated_form(&question, &call.asker()).await?)
    }

    /// Drawing a document takes some milliseconds of computing, so it runs beside the calls.
    async fn render(
        &self,
        request: pb::RenderConsolidatedFormRequest,
        call: Call<'_>,
    ) -> Result<pb::RenderConsolidatedFormResponse, Problem> {
        let format = wire::document_format_from_wire(request.format, "format")?;
        let question = wire::form_question_from_wire(request.scope, request.year)?;
        call.permit(Target::Subtree(&question.jurisdiction, Some(question.year))).await?;
        let rendered = self.service.render_consolidated_form(&question, format, &call.asker()).await?;
        Ok(wire::rendered_to_wire(rendered))
    }

    async fn coverage(
        &self,
        request: pb::GetCoverageRequest,
        call: Call<'_>,
    ) -> Result<pb::GetCoverageResponse, Problem> {
        let asked = self.pages.rows.page(&request, self.service.newest_sequence())?;
        let mut question = wire::coverage_question_from_wire(request.scope, request.year, request.depth)?;
        call.permit(Target::Subtree(&question.jurisdiction, Some(question.year))).await?;
        let mut skip = 0;
        if let Some(after) = &asked.after {
            question.perspective.as_of = Some(after.sequence);
            // The parts of a scope over one tree as of one moment have one order, so that a number names one.
            skip = after.key.parse().map_err(|_| Problem::bad_page_token())?;
        }
        let answer = self.service.coverage(&question, &call.asker()).await?;
        let page = wire::CoveragePage { skip, size: asked.size };
        let (mut response, shown) = wire::coverage_answer_to_wire(&answer, &page);
        let shown = shown.map(|shown| shown.to_string());
        response.next_page_token = asked.token_as_of(shown.as_deref(), answer.sequence);
        Ok(response)
    }

    async fn missing(
        &self,
        request: pb::ListMissingAgenciesRequest,
        call: Call<'_>,
    ) -> Result<pb::ListMissingAgenciesResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let mut question = wire::coverage_question_from_wire(request.scope, request.year, 0)?;
        call.permit(Target::Subtree(&question.jurisdiction, Some(question.year))).await?;
        if let Some(after) = &asked.after {
            question.perspective.as_of = Some(after.sequence);
        }
        let (page, sequence) = self.service.missing_agencies(&question, asked.size, asked.key(), &call.asker()).await?;
        let deadlines = self.service.deadlines_of(question.year, page.items.iter().map(|agency| agency.id.clone()));
        Ok(pb::ListMissingAgenciesResponse {
            agencies: page.items.iter().map(wire::agency_to_wire).collect(),
            deadlines: deadlines.iter().map(wire::deadlines_to_wire).collect(),
            next_page_token: asked.token_as_of(page.next.as_deref(), sequence),
            as_of: sequence.try_into().unwrap_or(i64::MAX),
        })
    }

    async fn reconcile(
        &self,
        request: pb::ReconcileReportRequest,
        call: Call<'_>,
    ) -> Result<pb::ReconcileReportResponse, Problem> {
        let report: ReportKey = wire::name_from_wire(&request.name, "name")?;
        call.permit(Target::report(&report)).await?;
        let filter = AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical };
        wire::reconciliation_to_wire(&self.service.reconcile(&report, filter, &call.asker()).await?)
    }

    async fn anomalies(
        &self,
        request: pb::ListAnomaliesRequest,
        call: Call<'_>,
    ) -> Result<pb::ListAnomaliesResponse, Problem> {
        let asked = self.pages.rows.page(&request, self.service.newest_sequence())?;
        let jurisdiction = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        let year = wire::year_from_wire(request.year, "year")?;
        call.permit(Target::Subtree(&jurisdiction, Some(year))).await?;
        let as_of = asked.after.as_ref().map(|after| after.sequence);
        let (found, sequence) = self.service.anomalies(&jurisdiction, year, as_of, &call.asker()).await?;
        // Of one moment they have one order, so that a number names one.
        let skip: usize = match asked.key() {
            "" => 0,
            key => key.parse().map_err(|_| Problem::bad_page_token())?,
        };
        let until = skip.saturating_add(asked.size).min(found.len());
        let next = (until < found.len()).then(|| until.to_string());
        Ok(pb::ListAnomaliesResponse {
            anomalies: found.get(skip..until).unwrap_or_default().iter().map(wire::anomaly_to_wire).collect(),
            next_page_token: asked.token_as_of(next.as_deref(), sequence),
            as_of: sequence.try_into().unwrap_or(i64::MAX),
        })
    }

    async fn rule_failures(
        &self,
        request: pb::ListRuleFailuresRequest,
        call: Call<'_>,
    ) -> Result<pb::ListRuleFailuresResponse, Problem> {
        let asked = self.pages.rows.page(&request, self.service.newest_sequence())?;
        let jurisdiction = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        // How often rules fail is a sum over the jurisdiction's reports, like any other.
        call.permit(Target::Subtree(&jurisdiction, None)).await?;
        let first = wire::year_from_wire(request.first_year, "first_year")?;
        let last = match request.last_year {
            0 => first,
            year => wire::year_from_wire(year, "last_year")?,
        };
        let as_of = asked.after.as_ref().map(|after| after.sequence);
        let (counts, sequence) = self.service.rule_counts(&jurisdiction, (first, last), as_of, &call.asker()).await?;
        let key = |count: &RuleCount| format!("{}/{}/{}", count.rule, count.year, count.jurisdiction);
        let page = after_key(counts.into_iter(), asked.key(), asked.size, key);
        Ok(pb::ListRuleFailuresResponse {
            failures: page.items.iter().map(wire::rule_count_to_wire).collect(),
            next_page_token: asked.token_as_of(page.next.as_deref(), sequence),
            as_of: sequence.try_into().unwrap_or(i64::MAX),
        })
    }
}

fn too_many_rows() -> Problem {
    Problem::new(
        Reason::TooMany,
        Message::new("结果行数超过一次推送所能容纳", "the watch would have more rows than an answer holds"),
        Message::new("请减少分组维度或指标", "group by less, or ask for fewer measures"),
    )
}

/// The updates of a watch for as long as its caller may see them: rights may end while it runs.
fn still_permitted<U: Send>(
    updates: impl Stream<Item = Result<U, Problem>> + Send,
    service: Service,
    caller: Caller,
    method: &'static Method,
    scope: JurisdictionCode,
) -> impl Stream<Item = Result<U, Problem>> + Send {
    let ended = false;
    updates
        .then(move |update| {
            let (service, caller, scope) = (service.clone(), caller.clone(), scope.clone());
            async move {
                service.permit(&caller, method, Target::Subtree(&scope, None)).await?;
                update
            }
        })
        .scan(ended, |ended, update| {
            // A refusal is the last thing that is said.
            let next = if *ended { None } else { Some(update) };
            *ended = matches!(next, Some(Err(_)));
            std::future::ready(next)
        })
}

#[tonic::async_trait]
impl RollupService for Rollups {
    async fn query_rollup(
        &self,
        request: Request<pb::QueryRollupRequest>,
    ) -> Result<Response<pb::QueryRollupResponse>, Status> {
        answer_page(&self.service, call::QUERY_ROLLUP, request, |request, call| self.query(request, call)).await
    }

    async fn get_consolidated_form(
        &self,
        request: Request<pb::GetConsolidatedFormRequest>,
    ) -> Result<Response<pb::GetConsolidatedFormResponse>, Status> {
        answer(&self.service, call::GET_CONSOLIDATED_FORM, request, |request, call| self.form(request, call)).await
    }

    async fn render_consolidated_form(
        &self,
        request: Request<pb::RenderConsolidatedFormRequest>,
    ) -> Result<Response<pb::RenderConsolidatedFormResponse>, Status> {
        answer(&self.service, call::RENDER_CONSOLIDATED_FORM, request, |request, call| self.render(request, call)).await
    }

    async fn get_coverage(
        &self,
        request: Request<pb::GetCoverageRequest>,
    ) -> Result<Response<pb::GetCoverageResponse>, Status> {
        answer_page(&self.service, call::GET_COVERAGE, request, |request, call| self.coverage(request, call)).await
    }

    async fn list_anomalies(
        &self,
        request: Request<pb::ListAnomaliesRequest>,
    ) -> Result<Response<pb::ListAnomaliesResponse>, Status> {
        answer_page(&self.service, call::LIST_ANOMALIES, request, |request, call| self.anomalies(request, call)).await
    }

    async fn list_missing_agencies(
        &self,
        request: Request<pb::ListMissingAgenciesRequest>,
    ) -> Result<Response<pb::ListMissingAgenciesResponse>, Status> {
        answer_page(&self.service, call::LIST_MISSING_AGENCIES, request, |request, call| self.missing(request, call))
            .await
    }

    type WatchRollupStream = Answers<pb::WatchRollupResponse>;

    async fn watch_rollup(
        &self,
        request: Request<pb::WatchRollupRequest>,
    ) -> Result<Response<Self::WatchRollupStream>, Status> {
        let call = Call::new(&self.service, call::WATCH_ROLLUP, &request);
        let (metadata, _, request) = request.into_parts();
        let question = async {
            let following = wire::following_from_wire(request.resume_after, request.heartbeat_seconds)?;
            let question = wire::watched_rollup_from_wire(request, self.pages.rows.max())?;
            call.permit(Target::Subtree(&question.jurisdiction, None)).await?;
            let scope = question.jurisdiction.clone();
            Ok((scope, self.service.watch_rollup(question, following, &call.asker()).await?))
        };
        let (scope, updates) = question.await.map_err(|problem: Problem| to_status(&problem, &metadata))?;
        let updates = still_permitted(updates, self.service.clone(), call.caller, call.method, scope);
        let answers = updates.map(move |update| {
            let answer =
                update.and_then(|update| match update.answer.as_ref().and_then(|answer| answer.last.as_ref()) {
                    None => wire::watched_rollup_to_wire(&update),
                    // More rows than an answer holds: a watch that left some out would tell sums that do not add up.
                    Some(_) => Err(too_many_rows()),
                });
            answer.map_err(|problem| to_status(&problem, &metadata))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    type WatchCoverageStream = Answers<pb::WatchCoverageResponse>;

    async fn watch_coverage(
        &self,
        request: Request<pb::WatchCoverageRequest>,
    ) -> Result<Response<Self::WatchCoverageStream>, Status> {
        let call = Call::new(&self.service, call::WATCH_COVERAGE, &request);
        let (metadata, _, request) = request.into_parts();
        let question = async {
            let following = wire::following_from_wire(request.resume_after, request.heartbeat_seconds)?;
            let question = wire::watched_coverage_from_wire(request)?;
            call.permit(Target::Subtree(&question.jurisdiction, Some(question.year))).await?;
            let scope = question.jurisdiction.clone();
            Ok((scope, self.service.watch_coverage(question, following, &call.asker()).await?))
        };
        let (scope, updates) = question.await.map_err(|problem: Problem| to_status(&problem, &metadata))?;
        let updates = still_permitted(updates, self.service.clone(), call.caller, call.method, scope);
        let answers = updates.map(move |update| match update {
            Ok(update) => Ok(wire::watched_coverage_to_wire(&update)),
            Err(problem) => Err(to_status(&problem, &metadata)),
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn reconcile_report(
        &self,
        request: Request<pb::ReconcileReportRequest>,
    ) -> Result<Response<pb::ReconcileReportResponse>, Status> {
        answer(&self.service, call::RECONCILE_REPORT, request, |request, call| self.reconcile(request, call)).await
    }

    async fn list_rule_failures(
        &self,
        request: Request<pb::ListRuleFailuresRequest>,
    ) -> Result<Response<pb::ListRuleFailuresResponse>, Status> {
        answer_page(&self.service, call::LIST_RULE_FAILURES, request, |request, call| self.rule_failures(request, call))
            .await
    }
}
