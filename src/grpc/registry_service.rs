//! `huizong.v1.RegistryService`.

use tonic::{Request, Response, Status};

use crate::config::Limits;
use crate::pb;
use crate::pb::registry_service_server::RegistryService;
use crate::registry::{Collection, JurisdictionCode, RegistryChange};
use crate::report::{Message, ReportOwner, ReportYear};
use crate::service::{Applied, Caller, EntryFilter, Problem, Reason, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::{caller, to_status};

pub struct Registries {
    service: Service,
    pages: Pages,
    changes_max: usize,
}

impl Registries {
    pub fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits), changes_max: limits.registry_changes }
    }

    /// Lets a caller change the registry or a collection, and sees to it that a refusal is in the journal.
    async fn change<T>(
        &self,
        caller: &Caller,
        method: &str,
        subject: String,
        validate_only: bool,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let outcome = async {
            self.service.permit(caller, method, Target::Service).await?;
            work.await
        };
        self.service.conclude(outcome.await, caller, method, || subject, validate_only).await
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

    /// Lets a caller do what is about no entry in particular; `method` such as `ListAgencies`.
    async fn permit(&self, caller: &Caller, method: &str) -> Result<(), Problem> {
        self.service.permit(caller, &format!("RegistryService/{method}"), Target::Service).await
    }

    async fn jurisdictions(
        &self,
        request: &pb::ListJurisdictionsRequest,
        caller: &Caller,
    ) -> Result<pb::ListJurisdictionsResponse, Problem> {
        self.permit(caller, "ListJurisdictions").await?;
        let asked = self.pages.resources.page(request, self.service.newest_sequence())?;
        let filter = EntryFilter {
            parent: optional_code(&request.parent, "parent")?,
            below: request.below,
            query: request.query.clone(),
            year: optional_year(request.year)?,
        };
        let page = self.service.jurisdictions(&filter, asked.size, asked.key())?;
        Ok(pb::ListJurisdictionsResponse {
            jurisdictions: page.items.iter().map(wire::known_jurisdiction_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn agencies(
        &self,
        request: &pb::ListAgenciesRequest,
        caller: &Caller,
    ) -> Result<pb::ListAgenciesResponse, Problem> {
        self.permit(caller, "ListAgencies").await?;
        let asked = self.pages.resources.page(request, self.service.newest_sequence())?;
        let filter = EntryFilter {
            parent: optional_code(&request.jurisdiction, "jurisdiction")?,
            below: request.below,
            query: request.query.clone(),
            year: optional_year(request.year)?,
        };
        let sight = self.service.sight(caller, "RegistryService/ListAgencies")?;
        let page = self.service.agencies(filter, asked.size, asked.key(), sight).await?;
        Ok(pb::ListAgenciesResponse {
            agencies: page.items.iter().map(wire::known_agency_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn changes(
        &self,
        request: &pb::ListRegistryChangesRequest,
        caller: &Caller,
    ) -> Result<pb::ListRegistryChangesResponse, Problem> {
        self.permit(caller, "ListRegistryChanges").await?;
        let asked = self.pages.resources.page(request, self.service.newest_sequence())?;
        let listed = self.service.registry_changes(asked.size, asked.key())?;
        Ok(pb::ListRegistryChangesResponse {
            changes: listed.page.items.iter().filter_map(wire::change_to_wire).collect(),
            next_page_token: asked.token(listed.page.next.as_deref()),
            total_size: listed.total.try_into().unwrap_or(i32::MAX),
        })
    }

    /// A collection without the exceptions of agencies that the caller does not see.
    fn collection_in_sight(&self, collection: &Collection, caller: &Caller) -> pb::Collection {
        let mut wire = wire::collection_to_wire(collection);
        let sees = |name: &str| {
            let owner = wire::agency_id_from_wire(name, "agency").map(ReportOwner::Agency);
            owner.is_ok_and(|owner| self.service.sees(caller, "RegistryService/GetAgency", Target::Owner(&owner, None)))
        };
        wire.exceptions.retain(|exception| sees(&exception.agency));
        wire
    }

    async fn collections(
        &self,
        request: &pb::ListCollectionsRequest,
        caller: &Caller,
    ) -> Result<pb::ListCollectionsResponse, Problem> {
        self.permit(caller, "ListCollections").await?;
        let asked = self.pages.resources.page(request, self.service.newest_sequence())?;
        let page = self.service.collections(asked.size, asked.key());
        Ok(pb::ListCollectionsResponse {
            collections: page.items.iter().map(|item| self.collection_in_sight(item, caller)).collect(),
            next_page_token: asked.token(page.next.as_deref()),
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

fn collection_name(collection: Option<&pb::Collection>) -> String {
    collection.map(|collection| collection.name.clone()).unwrap_or_default()
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
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let jurisdiction = async {
            self.permit(&caller, "GetJurisdiction").await?;
            self.service.jurisdiction(&wire::code_from_wire(&request.name, "name")?)
        };
        let jurisdiction = jurisdiction.await.map_err(|problem| to_status(&problem, &metadata))?;
        let jurisdiction = Some(wire::known_jurisdiction_to_wire(&jurisdiction));
        Ok(Response::new(pb::GetJurisdictionResponse { jurisdiction }))
    }

    async fn list_jurisdictions(
        &self,
        request: Request<pb::ListJurisdictionsRequest>,
    ) -> Result<Response<pb::ListJurisdictionsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.jurisdictions(&request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn create_jurisdiction(
        &self,
        request: Request<pb::CreateJurisdictionRequest>,
    ) -> Result<Response<pb::CreateJurisdictionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let name = request.jurisdiction.as_ref().map(|jurisdiction| jurisdiction.name.clone()).unwrap_or_default();
        let create = async {
            let wire = request.jurisdiction.ok_or_else(|| Problem::required("jurisdiction"))?;
            let new = wire::jurisdiction_from_wire(wire, "jurisdiction")?;
            let change = RegistryChange::CreateJurisdiction(new.clone());
            self.create(change, "jurisdiction", request.validate_only, &caller).await?;
            // A dry run leaves nothing to be read back.
            let known = self.service.jurisdiction(&new.code).map(|known| wire::known_jurisdiction_to_wire(&known));
            Ok(known.unwrap_or_else(|_| wire::jurisdiction_to_wire(&new)))
        };
        let create = self.change(&caller, "RegistryService/CreateJurisdiction", name, request.validate_only, create);
        let jurisdiction = create.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateJurisdictionResponse { jurisdiction: Some(jurisdiction) }))
    }

    async fn get_agency(
        &self,
        request: Request<pb::GetAgencyRequest>,
    ) -> Result<Response<pb::GetAgencyResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let agency = async {
            let id = wire::agency_id_from_wire(&request.name, "name")?;
            let owner = ReportOwner::Agency(id.clone());
            self.service.permit(&caller, "RegistryService/GetAgency", Target::Owner(&owner, None)).await?;
            self.service.agency(&id)
        };
        let agency = agency.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GetAgencyResponse { agency: Some(wire::known_agency_to_wire(&agency)) }))
    }

    async fn list_agencies(
        &self,
        request: Request<pb::ListAgenciesRequest>,
    ) -> Result<Response<pb::ListAgenciesResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.agencies(&request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn create_agency(
        &self,
        request: Request<pb::CreateAgencyRequest>,
    ) -> Result<Response<pb::CreateAgencyResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let name = request.agency.as_ref().map(|agency| agency.name.clone()).unwrap_or_default();
        let create = async {
            let wire = request.agency.ok_or_else(|| Problem::required("agency"))?;
            let new = wire::agency_from_wire(wire, "agency")?;
            self.create(RegistryChange::CreateAgency(new.clone()), "agency", request.validate_only, &caller).await?;
            // A dry run leaves nothing to be read back.
            let known = self.service.agency(&new.id).map(|known| wire::known_agency_to_wire(&known));
            Ok(known.unwrap_or_else(|_| wire::agency_to_wire(&new)))
        };
        let create = self.change(&caller, "RegistryService/CreateAgency", name, request.validate_only, create);
        let agency = create.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateAgencyResponse { agency: Some(agency) }))
    }

    async fn apply_registry_changes(
        &self,
        request: Request<pb::ApplyRegistryChangesRequest>,
    ) -> Result<Response<pb::ApplyRegistryChangesResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let (subject, dry) = (format!("registry ({} changes)", request.changes.len()), request.validate_only);
        let apply = self.apply(request, &caller);
        let apply = self.change(&caller, "RegistryService/ApplyRegistryChanges", subject, dry, apply);
        let applied = apply.await.map_err(|problem| to_status(&problem, &metadata))?;
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
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.changes(&request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_collection(
        &self,
        request: Request<pb::GetCollectionRequest>,
    ) -> Result<Response<pb::GetCollectionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let collection = async {
            self.permit(&caller, "GetCollection").await?;
            self.service.collection(wire::collection_year(&request.name, "name")?)
        };
        let collection = collection.await.map_err(|problem| to_status(&problem, &metadata))?;
        let collection = Some(self.collection_in_sight(&collection, &caller));
        Ok(Response::new(pb::GetCollectionResponse { collection }))
    }

    async fn list_collections(
        &self,
        request: Request<pb::ListCollectionsRequest>,
    ) -> Result<Response<pb::ListCollectionsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.collections(&request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn create_collection(
        &self,
        request: Request<pb::CreateCollectionRequest>,
    ) -> Result<Response<pb::CreateCollectionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let (subject, dry) = (collection_name(request.collection.as_ref()), request.validate_only);
        let open = self.open(request, &caller);
        let open = self.change(&caller, "RegistryService/CreateCollection", subject, dry, open);
        let collection = open.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::CreateCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) }))
    }

    async fn update_collection(
        &self,
        request: Request<pb::UpdateCollectionRequest>,
    ) -> Result<Response<pb::UpdateCollectionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let (subject, dry) = (collection_name(request.collection.as_ref()), request.validate_only);
        let update = self.update(request, &caller);
        let update = self.change(&caller, "RegistryService/UpdateCollection", subject, dry, update);
        let collection = update.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::UpdateCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) }))
    }

    async fn grant_collection_exception(
        &self,
        request: Request<pb::GrantCollectionExceptionRequest>,
    ) -> Result<Response<pb::GrantCollectionExceptionResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        let (subject, dry) = (request.name.clone(), request.validate_only);
        let grant = self.grant(request, &caller);
        let grant = self.change(&caller, "RegistryService/GrantCollectionException", subject, dry, grant);
        let collection = grant.await.map_err(|problem| to_status(&problem, &metadata))?;
        let collection = Some(wire::collection_to_wire(&collection));
        Ok(Response::new(pb::GrantCollectionExceptionResponse { collection }))
    }
}
