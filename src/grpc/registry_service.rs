//! `huizong.v1.RegistryService`.

use tonic::{Request, Response, Status};

use crate::config::Limits;
use crate::pb;
use crate::pb::registry_service_server::RegistryService;
use crate::registry::{Collection, JurisdictionCode, RegistryChange};
use crate::report::{Message, ReportYear};
use crate::service::{Applied, Caller, EntryFilter, Problem, Reason, Service};
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
        let filter = EntryFilter {
            parent: optional_code(&request.parent, "parent")?,
            query: request.query.clone(),
            year: optional_year(request.year)?,
        };
        let page = self.service.jurisdictions(&filter, size, &request.page_token)?;
        Ok(pb::ListJurisdictionsResponse {
            jurisdictions: page.items.iter().map(wire::known_jurisdiction_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    fn agencies(&self, request: &pb::ListAgenciesRequest) -> Result<pb::ListAgenciesResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let filter = EntryFilter {
            parent: optional_code(&request.jurisdiction, "jurisdiction")?,
            query: request.query.clone(),
            year: optional_year(request.year)?,
        };
        let page = self.service.agencies(&filter, size, &request.page_token)?;
        Ok(pb::ListAgenciesResponse {
            agencies: page.items.iter().map(wire::known_agency_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    fn changes(&self, request: &pb::ListRegistryChangesRequest) -> Result<pb::ListRegistryChangesResponse, Problem> {
        let listed = self.service.registry_changes(RESOURCES.of(request.page_size)?, &request.page_token)?;
        Ok(pb::ListRegistryChangesResponse {
            changes: listed.page.items.iter().filter_map(wire::change_to_wire).collect(),
            next_page_token: listed.page.next.unwrap_or_default(),
            total_size: listed.total.try_into().unwrap_or(i32::MAX),
        })
    }

    fn collections(&self, request: &pb::ListCollectionsRequest) -> Result<pb::ListCollectionsResponse, Problem> {
        let page = self.service.collections(RESOURCES.of(request.page_size)?, &request.page_token);
        Ok(pb::ListCollectionsResponse {
            collections: page.items.iter().map(wire::collection_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }

    async fn open(&self, request: pb::CreateCollectionRequest, caller: &Caller) -> Result<Collection, Problem> {
        let wire = request.collection.ok_or_else(|| Problem::required("collection"))?;
        let collection = wire::collection_from_wire(wire, &caller.principal, "collection")?;
        self.service.open_collection(collection, request.validate_only, caller).await
    }

    async fn update(&self, request: pb::UpdateCollectionRequest, caller: &Caller) -> Result<Collection, Problem> {
        let wire = request.collection.ok_or_else(|| Problem::required("collection"))?;
        let etag = wire.etag.clone();
        if etag.is_empty() {
            return Err(Problem::required("collection.etag"));
        }
        let collection = wire::collection_from_wire(wire, &caller.principal, "collection")?;
        self.service.replace_collection(collection, &etag, request.validate_only, caller).await
    }

    async fn grant(
        &self,
        request: pb::GrantCollectionExceptionRequest,
        caller: &Caller,
    ) -> Result<Collection, Problem> {
        let year = wire::collection_year(&request.name, "name")?;
        let wire = request.exception.ok_or_else(|| Problem::required("exception"))?;
        let exception = wire::exception_from_wire(wire, &caller.principal, "exception")?;
        self.service.grant_exception(year, exception, request.validate_only, caller).await
    }
}

fn optional_year(year: i32) -> Result<Option<ReportYear>, Problem> {
    if year == 0 { Ok(None) } else { wire::year_from_wire(year, "year").map(Some) }
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
        let jurisdiction = Some(wire::known_jurisdiction_to_wire(&jurisdiction));
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
        let create = async {
            let wire = request.jurisdiction.ok_or_else(|| Problem::required("jurisdiction"))?;
            let new = wire::jurisdiction_from_wire(wire, "jurisdiction")?;
            let change = RegistryChange::CreateJurisdiction(new.clone());
            self.create(change, "jurisdiction", request.validate_only, &caller).await?;
            // A dry run leaves nothing to be read back.
            let known = self.service.jurisdiction(&new.code).map(|known| wire::known_jurisdiction_to_wire(&known));
            Ok(known.unwrap_or_else(|_| wire::jurisdiction_to_wire(&new)))
        };
        let jurisdiction = create.await.map_err(|problem: Problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateJurisdictionResponse { jurisdiction: Some(jurisdiction) }))
    }

    async fn get_agency(
        &self,
        request: Request<pb::GetAgencyRequest>,
    ) -> Result<Response<pb::GetAgencyResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let id = wire::agency_id_from_wire(&request.name, "name");
        let agency = id.and_then(|id| self.service.agency(&id));
        let agency = agency.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetAgencyResponse { agency: Some(wire::known_agency_to_wire(&agency)) }))
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
        let create = async {
            let wire = request.agency.ok_or_else(|| Problem::required("agency"))?;
            let new = wire::agency_from_wire(wire, "agency")?;
            self.create(RegistryChange::CreateAgency(new.clone()), "agency", request.validate_only, &caller).await?;
            // A dry run leaves nothing to be read back.
            let known = self.service.agency(&new.id).map(|known| wire::known_agency_to_wire(&known));
            Ok(known.unwrap_or_else(|_| wire::agency_to_wire(&new)))
        };
        let agency = create.await.map_err(|problem: Problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateAgencyResponse { agency: Some(agency) }))
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

    async fn list_registry_changes(
        &self,
        request: Request<pb::ListRegistryChangesRequest>,
    ) -> Result<Response<pb::ListRegistryChangesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.changes(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_collection(
        &self,
        request: Request<pb::GetCollectionRequest>,
    ) -> Result<Response<pb::GetCollectionResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let collection = wire::collection_year(&request.name, "name").and_then(|year| self.service.collection(year));
        let collection = collection.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) }))
    }

    async fn list_collections(
        &self,
        request: Request<pb::ListCollectionsRequest>,
    ) -> Result<Response<pb::ListCollectionsResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.collections(&request).map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn create_collection(
        &self,
        request: Request<pb::CreateCollectionRequest>,
    ) -> Result<Response<pb::CreateCollectionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let collection = self.open(request, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) }))
    }

    async fn update_collection(
        &self,
        request: Request<pb::UpdateCollectionRequest>,
    ) -> Result<Response<pb::UpdateCollectionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let collection = self.update(request, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::UpdateCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) }))
    }

    async fn grant_collection_exception(
        &self,
        request: Request<pb::GrantCollectionExceptionRequest>,
    ) -> Result<Response<pb::GrantCollectionExceptionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let collection = self.grant(request, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        let collection = Some(wire::collection_to_wire(&collection));
        Ok(Response::new(pb::GrantCollectionExceptionResponse { collection }))
    }
}
