//! `huizong.v1.RollupService`.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::config::Limits;
use crate::pb;
use crate::pb::rollup_service_server::RollupService;
use crate::report::{JurisdictionCode, Message, ReportKey, ReportYear};
use crate::rollup::{AgencyFilter, FrozenFormName, FrozenFormNameError};
use crate::service::{Asker, Caller, Problem, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::{caller, to_status};

/// A stream of answers.
type Answers<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

pub struct Rollups {
    service: Service,
    pages: Pages,
}

impl Rollups {
    pub fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    /// Lets a caller see sums over a jurisdiction; `method` such as `QueryRollup`.
    async fn permit(
        &self,
        caller: &Caller,
        method: &str,
        jurisdiction: &JurisdictionCode,
        year: Option<ReportYear>,
    ) -> Result<(), Problem> {
        let subject = Target::Subtree(jurisdiction, year);
        self.service.permit(caller, &format!("RollupService/{method}"), subject).await
    }

    async fn query(
        &self,
        request: pb::QueryRollupRequest,
        caller: &Caller,
    ) -> Result<pb::QueryRollupResponse, Problem> {
        let asked = self.pages.rows.page(&request, self.service.newest_sequence())?;
        let question = wire::question_from_wire(request, asked.size, asked.after.clone())?;
        self.permit(caller, "QueryRollup", &question.jurisdiction, None).await?;
        let answer = self.service.roll_up(&question, &Asker::new(caller, "RollupService/QueryRollup")).await?;
        wire::answer_to_wire(&answer, asked.token_as_of(answer.last.as_deref(), answer.sequence))
    }

    async fn form(
        &self,
        request: &pb::GetConsolidatedFormRequest,
        caller: &Caller,
    ) -> Result<pb::GetConsolidatedFormResponse, Problem> {
        let question = wire::form_question_from_wire(request)?;
        self.permit(caller, "GetConsolidatedForm", &question.jurisdiction, Some(question.year)).await?;
        let asker = Asker::new(caller, "RollupService/GetConsolidatedForm");
        wire::form_to_wire(&self.service.consolidated_form(&question, &asker).await?)
    }

    /// Drawing a document takes some milliseconds of computing, so it runs beside the calls.
    async fn render(
        &self,
        request: pb::RenderConsolidatedFormRequest,
        caller: &Caller,
    ) -> Result<pb::RenderConsolidatedFormResponse, Problem> {
        let format = wire::document_format_from_wire(request.format, "format")?;
        let question = wire::form_question_from_wire(&pb::GetConsolidatedFormRequest {
            jurisdiction: request.jurisdiction,
            year: request.year,
            hierarchy_year: request.hierarchy_year,
            as_of: request.as_of,
            include_vertical: request.include_vertical,
            states: request.states,
        })?;
        self.permit(caller, "RenderConsolidatedForm", &question.jurisdiction, Some(question.year)).await?;
        let asker = Asker::new(caller, "RollupService/RenderConsolidatedForm");
        let rendered = self.service.render_consolidated_form(&question, format, &asker).await?;
        Ok(wire::rendered_to_wire(rendered))
    }

    async fn coverage(
        &self,
        request: &pb::GetCoverageRequest,
        caller: &Caller,
    ) -> Result<pb::GetCoverageResponse, Problem> {
        let question = wire::coverage_question_from_wire(request)?;
        self.permit(caller, "GetCoverage", &question.jurisdiction, Some(question.year)).await?;
        let asker = Asker::new(caller, "RollupService/GetCoverage");
        Ok(wire::coverage_answer_to_wire(&self.service.coverage(&question, &asker).await?))
    }

    async fn missing(
        &self,
        request: pb::ListMissingAgenciesRequest,
        caller: &Caller,
    ) -> Result<pb::ListMissingAgenciesResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let mut question = wire::coverage_question_from_wire(&pb::GetCoverageRequest {
            jurisdiction: request.jurisdiction,
            year: request.year,
            hierarchy_year: request.hierarchy_year,
            as_of: request.as_of,
            include_vertical: request.include_vertical,
            depth: 0,
        })?;
        self.permit(caller, "ListMissingAgencies", &question.jurisdiction, Some(question.year)).await?;
        let asker = Asker::new(caller, "RollupService/ListMissingAgencies");
        if let Some(after) = &asked.after {
            question.perspective.as_of = Some(after.sequence);
        }
        let (page, sequence) = self.service.missing_agencies(&question, asked.size, asked.key(), &asker).await?;
        Ok(pb::ListMissingAgenciesResponse {
            agencies: page.items.iter().map(wire::agency_to_wire).collect(),
            next_page_token: asked.token_as_of(page.next.as_deref(), sequence),
            sequence: sequence.try_into().unwrap_or(i64::MAX),
        })
    }

    async fn reconcile(
        &self,
        request: pb::ReconcileReportRequest,
        caller: &Caller,
    ) -> Result<pb::ReconcileReportResponse, Problem> {
        let report: ReportKey = wire::name_from_wire(&request.name, "name")?;
        self.service.permit(caller, "RollupService/ReconcileReport", Target::report(&report)).await?;
        let filter = AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical };
        let asker = Asker::new(caller, "RollupService/ReconcileReport");
        Ok(wire::reconciliation_to_wire(&self.service.reconcile(&report, filter, &asker).await?))
    }

    async fn freeze(&self, request: pb::FreezeFormRequest, caller: &Caller) -> Result<pb::FreezeFormResponse, Problem> {
        let (name, validate_only) = (request.jurisdiction.clone(), request.validate_only);
        let freeze = async {
            let request = wire::freeze_from_wire(request)?;
            self.permit(caller, "FreezeForm", &request.jurisdiction, Some(request.year)).await?;
            self.service.freeze_form(&request, &Asker::new(caller, "RollupService/FreezeForm")).await
        };
        let method = "RollupService/FreezeForm";
        let form = self.service.conclude(freeze.await, caller, method, || name.clone(), validate_only).await?;
        Ok(pb::FreezeFormResponse { frozen_form: Some(wire::frozen_form_to_wire(&form)) })
    }

    async fn frozen_forms(
        &self,
        request: pb::ListFrozenFormsRequest,
        caller: &Caller,
    ) -> Result<pb::ListFrozenFormsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let parent = wire::code_from_wire(&request.parent, "parent")?;
        let year = match request.year {
            0 => None,
            year => Some(wire::year_from_wire(year, "year")?),
        };
        self.permit(caller, "ListFrozenForms", &parent, year).await?;
        let asker = Asker::new(caller, "RollupService/ListFrozenForms");
        let page = self.service.frozen_forms(&parent, year, asked.size, asked.key(), &asker).await?;
        Ok(pb::ListFrozenFormsResponse {
            frozen_forms: page.items.iter().map(wire::frozen_form_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn frozen_revisions(
        &self,
        request: pb::ListFrozenFormRevisionsRequest,
        caller: &Caller,
    ) -> Result<pb::ListFrozenFormRevisionsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let name = self.frozen(&request.name, "ListFrozenFormRevisions", caller).await?;
        let asker = Asker::new(caller, "RollupService/ListFrozenFormRevisions");
        let page = self.service.frozen_revisions(&name, asked.size, asked.key(), &asker).await?;
        let revisions = page.items.into_iter().map(|(revision, hash)| pb::FrozenRevision {
            revision: revision.to_string(),
            content_sha256: hash.to_hex(),
        });
        Ok(pb::ListFrozenFormRevisionsResponse {
            revisions: revisions.collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }
}

impl Rollups {
    /// The name of a frozen form that the caller may see.
    async fn frozen(&self, name: &str, method: &str, caller: &Caller) -> Result<FrozenFormName, Problem> {
        let name = frozen_name(name)?;
        self.permit(caller, method, &name.jurisdiction, Some(name.year)).await?;
        Ok(name)
    }
}

fn frozen_name(name: &str) -> Result<FrozenFormName, Problem> {
    name.parse().map_err(|error: FrozenFormNameError| {
        let zh = "名称形如 jurisdictions/{code}/frozenForms/{year}-{number}";
        Problem::bad_name("name", Message::new(zh, error.to_string()))
    })
}

/// The updates of a watch for as long as its caller may see them: rights may end while it runs.
fn still_permitted<U: Send>(
    updates: impl Stream<Item = Result<U, Problem>> + Send,
    service: Service,
    caller: Caller,
    method: &'static str,
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
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.query(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_consolidated_form(
        &self,
        request: Request<pb::GetConsolidatedFormRequest>,
    ) -> Result<Response<pb::GetConsolidatedFormResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.form(&request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn render_consolidated_form(
        &self,
        request: Request<pb::RenderConsolidatedFormRequest>,
    ) -> Result<Response<pb::RenderConsolidatedFormResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.render(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_coverage(
        &self,
        request: Request<pb::GetCoverageRequest>,
    ) -> Result<Response<pb::GetCoverageResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.coverage(&request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_missing_agencies(
        &self,
        request: Request<pb::ListMissingAgenciesRequest>,
    ) -> Result<Response<pb::ListMissingAgenciesResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.missing(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    type WatchRollupStream = Answers<pb::WatchRollupResponse>;

    async fn watch_rollup(
        &self,
        request: Request<pb::WatchRollupRequest>,
    ) -> Result<Response<Self::WatchRollupStream>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let question = async {
            let query = request.query.ok_or_else(|| Problem::required("query"))?;
            // Later pages are asked for with QueryRollup, so the tokens are for that.
            let asked = self.pages.rows.page(&query, self.service.newest_sequence())?;
            let question = wire::question_from_wire(query, asked.size, asked.after.clone())?;
            self.permit(&caller, "WatchRollup", &question.jurisdiction, None).await?;
            let asker = Asker::new(&caller, "RollupService/WatchRollup");
            Ok((question.jurisdiction.clone(), asked, self.service.watch_rollup(question, &asker).await?))
        };
        let (scope, asked, updates) = question.await.map_err(|problem: Problem| to_status(&problem, &metadata))?;
        let updates = still_permitted(updates, self.service.clone(), caller, "RollupService/WatchRollup", scope);
        let answers = updates.map(move |update| {
            let answer = update.and_then(|update| {
                let token = asked.token_as_of(update.answer.last.as_deref(), update.answer.sequence);
                wire::watched_rollup_to_wire(&update, token)
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
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let question = async {
            let query = request.query.ok_or_else(|| Problem::required("query"))?;
            let question = wire::coverage_question_from_wire(&query)?;
            self.permit(&caller, "WatchCoverage", &question.jurisdiction, Some(question.year)).await?;
            Ok((
                question.jurisdiction.clone(),
                self.service.watch_coverage(question, &Asker::new(&caller, "RollupService/WatchCoverage")).await?,
            ))
        };
        let (scope, updates) = question.await.map_err(|problem: Problem| to_status(&problem, &metadata))?;
        let updates = still_permitted(updates, self.service.clone(), caller, "RollupService/WatchCoverage", scope);
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
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.reconcile(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn freeze_form(
        &self,
        request: Request<pb::FreezeFormRequest>,
    ) -> Result<Response<pb::FreezeFormResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.freeze(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_frozen_form(
        &self,
        request: Request<pb::GetFrozenFormRequest>,
    ) -> Result<Response<pb::GetFrozenFormResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let form = async {
            let name = self.frozen(&request.name, "GetFrozenForm", &caller).await?;
            self.service.frozen_form(&name, &Asker::new(&caller, "RollupService/GetFrozenForm")).await
        };
        let form = form.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetFrozenFormResponse { frozen_form: Some(wire::frozen_form_to_wire(&form)) }))
    }

    async fn list_frozen_forms(
        &self,
        request: Request<pb::ListFrozenFormsRequest>,
    ) -> Result<Response<pb::ListFrozenFormsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.frozen_forms(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_frozen_form_revisions(
        &self,
        request: Request<pb::ListFrozenFormRevisionsRequest>,
    ) -> Result<Response<pb::ListFrozenFormRevisionsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.frozen_revisions(request, &caller)
            .await
            .map(Response::new)
            .map_err(|problem| to_status(&problem, &metadata))
    }

    async fn compare_frozen_form(
        &self,
        request: Request<pb::CompareFrozenFormRequest>,
    ) -> Result<Response<pb::CompareFrozenFormResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let comparison = async {
            let name = self.frozen(&request.name, "CompareFrozenForm", &caller).await?;
            let asker = Asker::new(&caller, "RollupService/CompareFrozenForm");
            let (form, comparison) = self.service.compare_frozen_form(&name, &asker).await?;
            Ok(wire::comparison_to_wire(&form, &comparison))
        };
        comparison.await.map(Response::new).map_err(|problem: Problem| to_status(&problem, &metadata))
    }
}
