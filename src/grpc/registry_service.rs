//! `huizong.v1.RegistryService`.

use tonic::{Request, Response, Status};

use crate::config::Limits;
use crate::pb;
use crate::pb::registry_service_server::RegistryService;
use crate::registry::{JurisdictionCode, RegistryChange};
use crate::report::Message;
use crate::service::{Applied, Caller, Problem, Reason, Service};
use crate::wire;

use super::pages::RESOURCES;
use super::{caller, to_status};

pub struct Registries {
    service: Service,
    changes_max: usize,
}

impl Registries {
    pub fn new(service: Service, limits: &Limits) -> Self {
        Self { service, changes_max: limits.registry_changes }
    }

    async fn apply(&self, request: pb::ApplyRegistryChangesRequest, caller: &Caller) -> Result<Applied, Problem> {
        if request.changes.is_empty() {
            return Err(Problem::required("changes"));
        }
        if request.changes.len() > self.changes_max {
            let max = self.changes_max;
            let description = Message::new(format!("一次最多 {max} 项"), format!("at most {max} at a time"));
            return Err(Problem::field(Reason::TooMany, "changes", description));
        }
        let changes = request.changes.into_iter().enumerate();
        let changes = changes.map(|(at, change)| wire::change_from_wire(change, &format!("changes[{at}]")));
        self.service.change_registry(changes.collect::<Result<_, _>>()?, request.validate_only, caller).await
    }

    /// Creates one entry; the service's field path is the list's, so the caller's own is put back.
    async fn create(
        &self,
        change: RegistryChange,
        field: &str,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<(), Problem> {
        let applied = self.service.change_registry(vec![change], validate_only, caller).await;
        applied.map(|_| ()).map_err(|mut problem| {
            for violation in &mut problem.violations {
                violation.field = violation.field.replace("changes[0]", field);
            }
            problem
        })
    }

    fn jurisdictions(&self, request: &pb::ListJurisdictionsRequest) -> Result<pb::ListJurisdictionsResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let parent = optional_code(&request.parent, "parent")?;
        let page = self.service.jurisdictions(parent.as_ref(), size, &request.page_token)?;
        Ok(pb::ListJurisdictionsResponse {
            jurisdictions: page.items.iter().map(wire::jurisdiction_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    fn agencies(&self, request: &pb::ListAgenciesRequest) -> Result<pb::ListAgenciesResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let jurisdiction = optional_code(&request.jurisdiction, "jurisdiction")?;
        let page = self.service.agencies(jurisdiction.as_ref(), size, &request.page_token)?;
        Ok(pb::ListAgenciesResponse {
            agencies: page.items.iter().map(wire::agency_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }
}

fn optional_code(name: &str, field: &str) -> Result<Option<JurisdictionCode>, Problem> {
    if name.is_empty() { Ok(None) } else { wire::code_from_wire(name, field).map(Some) }
}

#[tonic::async_trait]
impl RegistryService for Registries {
    async fn get_jurisdiction(
        &self,
        request: Request<pb::GetJurisdictionRequest>,
    ) -> Result<Response<pb::GetJurisdictionResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let code = wire::code_from_wire(&request.name, "name");
        let jurisdiction = code.and_then(|code| self.service.jurisdiction(&code));
        let jurisdiction = jurisdiction.map_err(|problem| to_status(&problem, &metadata))?;
        let jurisdiction = Some(wire::jurisdiction_to_wire(&jurisdiction));
        Ok(Response::new(pb::GetJurisdictionResponse { jurisdiction }))
    }

    async fn list_jurisdictions(
        &self,
        request: Request<pb::ListJurisdictionsRequest>,
    ) -> Result<Response<pb::ListJurisdictionsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.jurisdictions(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn create_jurisdiction(
        &self,
        request: Request<pb::CreateJurisdictionRequest>,
    ) -> Result<Response<pb::CreateJurisdictionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let jurisdiction = request.jurisdiction.clone();
        let create = async {
            let wire = request.jurisdiction.ok_or_else(|| Problem::required("jurisdiction"))?;
            let change = wire::jurisdiction_from_wire(wire, "jurisdiction")?;
            self.create(change, "jurisdiction", request.validate_only, &caller).await
        };
        create.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateJurisdictionResponse { jurisdiction }))
    }

    async fn get_agency(
        &self,
        request: Request<pb::GetAgencyRequest>,
    ) -> Result<Response<pb::GetAgencyResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let id = wire::agency_id_from_wire(&request.name, "name");
        let agency = id.and_then(|id| self.service.agency(&id));
        let agency = agency.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetAgencyResponse { agency: Some(wire::agency_to_wire(&agency)) }))
    }

    async fn list_agencies(
        &self,
        request: Request<pb::ListAgenciesRequest>,
    ) -> Result<Response<pb::ListAgenciesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.agencies(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn create_agency(
        &self,
        request: Request<pb::CreateAgencyRequest>,
    ) -> Result<Response<pb::CreateAgencyResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let agency = request.agency.clone();
        let create = async {
            let wire = request.agency.ok_or_else(|| Problem::required("agency"))?;
            let change = wire::agency_from_wire(wire, "agency")?;
            self.create(change, "agency", request.validate_only, &caller).await
        };
        create.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateAgencyResponse { agency }))
    }

    async fn apply_registry_changes(
        &self,
        request: Request<pb::ApplyRegistryChangesRequest>,
    ) -> Result<Response<pb::ApplyRegistryChangesResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let applied = self.apply(request, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::ApplyRegistryChangesResponse {
            applied: applied.applied.try_into().unwrap_or(i32::MAX),
            unchanged: applied.unchanged.try_into().unwrap_or(i32::MAX),
            sequence: applied.sequence.try_into().unwrap_or(i64::MAX),
        }))
    }
}
