//! `huizong.v1.RollupService`.

use tonic::{Request, Response, Status};

use crate::pb;
use crate::pb::rollup_service_server::RollupService;
use crate::service::{Problem, Service};
use crate::wire;

use super::pages::{RESOURCES, ROWS};
use super::to_status;

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

    fn form(&self, request: &pb::GetConsolidatedFormRequest) -> Result<pb::GetConsolidatedFormResponse, Problem> {
        let code = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        let year = wire::year_from_wire(request.year, "year")?;
        wire::form_to_wire(&self.service.consolidated_form(&code, year)?)
    }

    /// Drawing a document takes some milliseconds of computing, so it runs beside the calls.
    async fn render(
        &self,
        request: pb::RenderConsolidatedFormRequest,
    ) -> Result<pb::RenderConsolidatedFormResponse, Problem> {
        let code = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        let year = wire::year_from_wire(request.year, "year")?;
        let format = wire::document_format_from_wire(request.format, "format")?;
        let rendered = self.service.render_consolidated_form(&code, year, format).await?;
        Ok(wire::rendered_to_wire(rendered))
    }

    fn coverage(&self, request: &pb::GetCoverageRequest) -> Result<pb::GetCoverageResponse, Problem> {
        let code = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        let year = wire::year_from_wire(request.year, "year")?;
        Ok(wire::coverage_answer_to_wire(&self.service.coverage(&code, year)?))
    }

    fn missing(&self, request: &pb::ListMissingAgenciesRequest) -> Result<pb::ListMissingAgenciesResponse, Problem> {
        let code = wire::code_from_wire(&request.jurisdiction, "jurisdiction")?;
        let year = wire::year_from_wire(request.year, "year")?;
        let size = RESOURCES.of(request.page_size)?;
        let (page, sequence) = self.service.missing_agencies(&code, year, size, &request.page_token)?;
        Ok(pb::ListMissingAgenciesResponse {
            agencies: page.items.iter().map(wire::agency_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
            sequence: sequence.try_into().unwrap_or(i64::MAX),
        })
    }
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
        self.form(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
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
        self.coverage(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_missing_agencies(
        &self,
        request: Request<pb::ListMissingAgenciesRequest>,
    ) -> Result<Response<pb::ListMissingAgenciesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.missing(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }
}
