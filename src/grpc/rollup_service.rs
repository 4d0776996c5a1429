//! `huizong.v1.RollupService`.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::pb;
use crate::pb::rollup_service_server::RollupService;
use crate::report::Message;
use crate::rollup::{AgencyFilter, FrozenFormName, FrozenFormNameError};
use crate::service::{Caller, Problem, Reason, Service};
use crate::wire;

use super::pages::{RESOURCES, ROWS};
use super::{caller, to_status};

/// A stream of answers.
type Answers<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

pub struct Rollups {
    service: Service,
}

impl Rollups {
    pub fn new(service: Service) -> Self {
        Self { service }
    }

    async fn query(&self, request: pb::QueryRollupRequest) -> Result<pb::QueryRollupResponse, Problem> {
        let size = ROWS.of(request.page_size)?;
        let question = wire::question_from_wire(request, size)?;
        wire::answer_to_wire(&self.service.roll_up(&question).await?)
    }

    async fn form(&self, request: &pb::GetConsolidatedFormRequest) -> Result<pb::GetConsolidatedFormResponse, Problem> {
        let question = wire::form_question_from_wire(request)?;
        wire::form_to_wire(&self.service.consolidated_form(&question).await?)
    }

    /// Drawing a document takes some milliseconds of computing, so it runs beside the calls.
    async fn render(
        &self,
        request: pb::RenderConsolidatedFormRequest,
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
        let rendered = self.service.render_consolidated_form(&question, format).await?;
        Ok(wire::rendered_to_wire(rendered))
    }

    async fn coverage(&self, request: &pb::GetCoverageRequest) -> Result<pb::GetCoverageResponse, Problem> {
        let question = wire::coverage_question_from_wire(request)?;
        Ok(wire::coverage_answer_to_wire(&self.service.coverage(&question).await?))
    }

    async fn missing(
        &self,
        request: pb::ListMissingAgenciesRequest,
    ) -> Result<pb::ListMissingAgenciesResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let question = wire::coverage_question_from_wire(&pb::GetCoverageRequest {
            jurisdiction: request.jurisdiction,
            year: request.year,
            hierarchy_year: request.hierarchy_year,
            as_of: request.as_of,
            include_vertical: request.include_vertical,
            depth: 0,
        })?;
        let (page, sequence) = self.service.missing_agencies(&question, size, &request.page_token).await?;
        Ok(pb::ListMissingAgenciesResponse {
            agencies: page.items.iter().map(wire::agency_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
            sequence: sequence.try_into().unwrap_or(i64::MAX),
        })
    }

    async fn reconcile(&self, request: pb::ReconcileReportRequest) -> Result<pb::ReconcileReportResponse, Problem> {
        let report = request.name.parse().map_err(|error| Problem::bad_name("name", &error))?;
        let filter = AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical };
        Ok(wire::reconciliation_to_wire(&self.service.reconcile(&report, filter).await?))
    }

    async fn freeze(&self, request: pb::FreezeFormRequest, caller: &Caller) -> Result<pb::FreezeFormResponse, Problem> {
        let form = self.service.freeze_form(&wire::freeze_from_wire(request)?, caller).await?;
        Ok(pb::FreezeFormResponse { frozen_form: Some(wire::frozen_form_to_wire(&form)) })
    }

    fn frozen_forms(&self, request: pb::ListFrozenFormsRequest) -> Result<pb::ListFrozenFormsResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let parent = wire::code_from_wire(&request.parent, "parent")?;
        let year = match request.year {
            0 => None,
            year => Some(wire::year_from_wire(year, "year")?),
        };
        let page = self.service.frozen_forms(&parent, year, size, &request.page_token)?;
        Ok(pb::ListFrozenFormsResponse {
            frozen_forms: page.items.iter().map(wire::frozen_form_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    async fn frozen_revisions(
        &self,
        request: pb::ListFrozenFormRevisionsRequest,
    ) -> Result<pb::ListFrozenFormRevisionsResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let page = self.service.frozen_revisions(&frozen_name(&request.name)?, size, &request.page_token).await?;
        let revisions = page.items.into_iter().map(|(revision, hash)| pb::FrozenRevision {
            revision: revision.to_string(),
            content_sha256: hash.to_hex(),
        });
        Ok(pb::ListFrozenFormRevisionsResponse {
            revisions: revisions.collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }
}

fn frozen_name(name: &str) -> Result<FrozenFormName, Problem> {
    name.parse().map_err(|error: FrozenFormNameError| {
        let zh = "名称形如 jurisdictions/{code}/frozenForms/{year}-{number}";
        Problem::field(Reason::NameInvalid, "name", Message::new(zh, error.to_string()))
    })
}

#[tonic::async_trait]
impl RollupService for Rollups {
    async fn query_rollup(
        &self,
        request: Request<pb::QueryRollupRequest>,
    ) -> Result<Response<pb::QueryRollupResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.query(request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_consolidated_form(
        &self,
        request: Request<pb::GetConsolidatedFormRequest>,
    ) -> Result<Response<pb::GetConsolidatedFormResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.form(&request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn render_consolidated_form(
        &self,
        request: Request<pb::RenderConsolidatedFormRequest>,
    ) -> Result<Response<pb::RenderConsolidatedFormResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.render(request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_coverage(
        &self,
        request: Request<pb::GetCoverageRequest>,
    ) -> Result<Response<pb::GetCoverageResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.coverage(&request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_missing_agencies(
        &self,
        request: Request<pb::ListMissingAgenciesRequest>,
    ) -> Result<Response<pb::ListMissingAgenciesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.missing(request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    type WatchRollupStream = Answers<pb::WatchRollupResponse>;

    async fn watch_rollup(
        &self,
        request: Request<pb::WatchRollupRequest>,
    ) -> Result<Response<Self::WatchRollupStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let question = async {
            let query = request.query.ok_or_else(|| Problem::required("query"))?;
            let size = ROWS.of(query.page_size)?;
            self.service.watch_rollup(wire::question_from_wire(query, size)?).await
        };
        let updates = question.await.map_err(|problem| to_status(&problem, &metadata))?;
        let answers = updates.map(move |update| {
            let answer = update.and_then(|update| wire::watched_rollup_to_wire(&update));
            answer.map_err(|problem| to_status(&problem, &metadata))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    type WatchCoverageStream = Answers<pb::WatchCoverageResponse>;

    async fn watch_coverage(
        &self,
        request: Request<pb::WatchCoverageRequest>,
    ) -> Result<Response<Self::WatchCoverageStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let question = async {
            let query = request.query.ok_or_else(|| Problem::required("query"))?;
            self.service.watch_coverage(wire::coverage_question_from_wire(&query)?).await
        };
        let updates = question.await.map_err(|problem| to_status(&problem, &metadata))?;
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
        let (metadata, _, request) = request.into_parts();
        self.reconcile(request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
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
        let (metadata, _, request) = request.into_parts();
        let form = frozen_name(&request.name).and_then(|name| self.service.frozen_form(&name));
        let form = form.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetFrozenFormResponse { frozen_form: Some(wire::frozen_form_to_wire(&form)) }))
    }

    async fn list_frozen_forms(
        &self,
        request: Request<pb::ListFrozenFormsRequest>,
    ) -> Result<Response<pb::ListFrozenFormsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.frozen_forms(request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_frozen_form_revisions(
        &self,
        request: Request<pb::ListFrozenFormRevisionsRequest>,
    ) -> Result<Response<pb::ListFrozenFormRevisionsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.frozen_revisions(request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn compare_frozen_form(
        &self,
        request: Request<pb::CompareFrozenFormRequest>,
    ) -> Result<Response<pb::CompareFrozenFormResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let comparison = async {
            let name = frozen_name(&request.name)?;
            let (form, comparison) = self.service.compare_frozen_form(&name).await?;
            Ok(wire::comparison_to_wire(&form, &comparison))
        };
        comparison.await.map(Response::new).map_err(|problem: Problem| to_status(&problem, &metadata))
    }
}
