//! `huizong.v1.RegistryService`.

use tonic::{Request, Response, Status};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::registry_service_server::RegistryService;
use crate::registry::{JurisdictionCode, RegistryChange};
use crate::report::{Message, ReportOwner, ReportYear};
use crate::service::{ChangeList, Confirmed, EntryFilter, Problem, Reason, Service, Target};
use crate::wire;

use super::collections;
use super::contacts;
use super::pages::Pages;
use super::unary::{Call, answer, answer_page};

pub(crate) struct Registries {
    service: Service,
    pages: Pages,
    changes_max: usize,
}

/// Entries that are others than those that they look like; `agencies/-` is all.
fn confirmed(names: Vec<String>) -> Confirmed {
    if names.iter().any(|name| name == "agencies/-") { Confirmed::All } else { Confirmed::These(names) }
}

impl Registries {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits), changes_max: limits.registry_changes }
    }

    async fn apply(
        &self,
        request: pb::ApplyRegistryChangesRequest,
        call: &Call<'_>,
    ) -> Result<pb::ApplyRegistryChangesResponse, Problem> {
        if request.changes.is_empty() {
            return Err(Problem::required("changes"));
        }
        if request.changes.len() > self.changes_max {
            let max = self.changes_max;
            let description = Message::new(format!("一次最多{max}项"), format!("at most {max} at a time"));
            return Err(Problem::field(Reason::TooMany, "changes", description));
        }
        let etags = request.changes.iter().enumerate().filter_map(|(at, change)| {
            let etag = wire::etag_of_change(change);
            (!etag.is_empty()).then(|| (at, etag.to_owned()))
        });
        let etags = etags.collect();
        let changes = request.changes.into_iter().enumerate();
        let changes = changes.map(|(at, change)| wire::change_from_wire(change, &format!("changes[{at}]")));
        let changes = changes.collect::<Result<_, _>>()?;
        let list = ChangeList {
            changes,
            etags,
            confirmed: confirmed(request.confirmed),
            validate_only: request.validate_only,
            request_id: wire::request_id_from_wire(&request.request_id)?,
        };
        let applied = self.service.change_registry_so(list, &call.caller).await?;
        Ok(pb::ApplyRegistryChangesResponse {
            suspects: applied.suspects.iter().map(wire::suspect_to_wire).collect(),
            sum_changes: applied.sum_changes.iter().map(wire::sum_change_to_wire).collect(),
            sum_changes_omitted: applied.sum_changes_omitted.try_into().unwrap_or(i32::MAX),
            applied: applied.applied.try_into().unwrap_or(i32::MAX),
            unchanged: applied.unchanged.try_into().unwrap_or(i32::MAX),
            as_of: applied.sequence.try_into().unwrap_or(i64::MAX),
            already_stored: applied.is_repeated,
        })
    }

    /// Creates one entry; the service's field path is the list's, so the caller's own is put back.
    async fn create(
        &self,
        change: RegistryChange,
        field: &str,
        (validate_only, is_confirmed): (bool, bool),
        call: &Call<'_>,
    ) -> Result<(), Problem> {
        let confirmed = if is_confirmed { vec![change.subject()] } else { Vec::new() };
        let confirmed = Confirmed::These(confirmed);
        let list = ChangeList { changes: vec![change], etags: Vec::new(), confirmed, validate_only, request_id: None };
        let applied = self.service.change_registry_so(list, &call.caller).await;
        applied.map(|_| ()).map_err(|mut problem| {
            for violation in &mut problem.violations {
                violation.field = violation.field.replace("changes[0]", field);
            }
            problem
        })
    }

    async fn jurisdictions(
        &self,
        request: pb::ListJurisdictionsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListJurisdictionsResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
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
        request: pb::ListAgenciesRequest,
        call: Call<'_>,
    ) -> Result<pb::ListAgenciesResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let filter = EntryFilter {
            parent: optional_code(&request.jurisdiction, "jurisdiction")?,
            below: request.below,
            query: request.query.clone(),
            year: optional_year(request.year)?,
        };
        let sight = call.sight()?;
        let page = self.service.agencies(filter, asked.size, asked.key(), sight).await?;
        Ok(pb::ListAgenciesResponse {
            agencies: page.items.iter().map(wire::known_agency_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn changes(
        &self,
        request: pb::ListRegistryChangesRequest,
        call: Call<'_>,
    ) -> Result<pb::ListRegistryChangesResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let listed = self.service.registry_changes(asked.size, asked.key())?;
        Ok(pb::ListRegistryChangesResponse {
            changes: listed.page.items.iter().filter_map(wire::change_to_wire).collect(),
            next_page_token: asked.token(listed.page.next.as_deref()),
            total_size: listed.total.try_into().unwrap_or(i32::MAX),
        })
    }

    async fn read_file(
        &self,
        request: pb::ReadRegistryFileRequest,
        call: Call<'_>,
    ) -> Result<pb::ReadRegistryFileResponse, Problem> {
        call.permit(Target::Service).await?;
        if request.content.is_empty() {
            return Err(Problem::required("content"));
        }
        Ok(wire::registry_file_to_wire(self.service.read_registry_file(request.content).await?))
    }

    async fn render(
        &self,
        request: pb::RenderRegistryRequest,
        call: Call<'_>,
    ) -> Result<pb::RenderRegistryResponse, Problem> {
        call.permit(Target::Service).await?;
        let format = wire::registry_format_from_wire(request.format, "format")?;
        let sight = if request.contacts {
            call.permit_as(call::LIST_AGENCY_CONTACTS, Target::Service).await?;
            Some(self.service.sight(&call.caller, call::LIST_AGENCY_CONTACTS)?)
        } else {
            None
        };
        Ok(wire::rendered_registry_to_wire(self.service.render_registry(format, sight.as_ref()).await?))
    }

    async fn suspects(
        &self,
        request: pb::ListRegistrySuspectsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListRegistrySuspectsResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let (page, total) = self.service.registry_suspects(asked.size, asked.key()).await?;
        Ok(pb::ListRegistrySuspectsResponse {
            suspects: page.items.iter().map(wire::suspect_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
            total_size: total.try_into().unwrap_or(i32::MAX),
        })
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
        answer(&self.service, call::GET_JURISDICTION, request, async |request, call| {
            call.permit(Target::Service).await?;
            let jurisdiction = self.service.jurisdiction(&wire::code_from_wire(&request.name, "name")?)?;
            let jurisdiction = Some(wire::known_jurisdiction_to_wire(&jurisdiction));
            Ok(pb::GetJurisdictionResponse { jurisdiction })
        })
        .await
    }

    async fn list_jurisdictions(
        &self,
        request: Request<pb::ListJurisdictionsRequest>,
    ) -> Result<Response<pb::ListJurisdictionsResponse>, Status> {
        answer_page(&self.service, call::LIST_JURISDICTIONS, request, |request, call| self.jurisdictions(request, call))
            .await
    }

    async fn create_jurisdiction(
        &self,
        request: Request<pb::CreateJurisdictionRequest>,
    ) -> Result<Response<pb::CreateJurisdictionResponse>, Status> {
        answer(&self.service, call::CREATE_JURISDICTION, request, async |request, call| {
            let name = request.jurisdiction.as_ref().map(|jurisdiction| jurisdiction.name.clone()).unwrap_or_default();
            let (dry, is_confirmed) = (request.validate_only, request.confirmed);
            let create = async {
                let wire = request.jurisdiction.ok_or_else(|| Problem::required("jurisdiction"))?;
                let new = wire::jurisdiction_from_wire(wire, "jurisdiction")?;
                let change = RegistryChange::CreateJurisdiction(new.clone());
                self.create(change, "jurisdiction", (dry, is_confirmed), &call).await?;
                // A dry run leaves nothing to be read back.
                let known = self.service.jurisdiction(&new.code).map(|known| wire::known_jurisdiction_to_wire(&known));
                Ok(known.unwrap_or_else(|_| wire::jurisdiction_to_wire(&new)))
            };
            let jurisdiction = Some(call.administer(name, dry, create).await?);
            Ok(pb::CreateJurisdictionResponse { jurisdiction })
        })
        .await
    }

    async fn get_agency(
        &self,
        request: Request<pb::GetAgencyRequest>,
    ) -> Result<Response<pb::GetAgencyResponse>, Status> {
        answer(&self.service, call::GET_AGENCY, request, async |request, call| {
            let id = wire::agency_id_from_wire(&request.name, "name")?;
            let owner = ReportOwner::Agency(id.clone());
            call.permit(Target::Owner(&owner, None)).await?;
            let agency = self.service.agency(&id)?;
            Ok(pb::GetAgencyResponse { agency: Some(wire::known_agency_to_wire(&agency)) })
        })
        .await
    }

    async fn list_agencies(
        &self,
        request: Request<pb::ListAgenciesRequest>,
    ) -> Result<Response<pb::ListAgenciesResponse>, Status> {
        answer_page(&self.service, call::LIST_AGENCIES, request, |request, call| self.agencies(request, call)).await
    }

    async fn create_agency(
        &self,
        request: Request<pb::CreateAgencyRequest>,
    ) -> Result<Response<pb::CreateAgencyResponse>, Status> {
        answer(&self.service, call::CREATE_AGENCY, request, async |request, call| {
            let name = request.agency.as_ref().map(|agency| agency.name.clone()).unwrap_or_default();
            let (dry, is_confirmed) = (request.validate_only, request.confirmed);
            let create = async {
                let wire = request.agency.ok_or_else(|| Problem::required("agency"))?;
                let mut new = wire::agency_from_wire(wire, "agency")?;
                let change = RegistryChange::CreateAgency(new.clone());
                self.create(change, "agency", (dry, is_confirmed), &call).await?;
                if let Some(upper) = new.id.in_upper_case().filter(|_| !is_confirmed) {
                    new.id = upper;
                }
                // A dry run leaves nothing to be read back.
                let known = self.service.agency(&new.id).map(|known| wire::known_agency_to_wire(&known));
                Ok(known.unwrap_or_else(|_| wire::agency_to_wire(&new)))
            };
            Ok(pb::CreateAgencyResponse { agency: Some(call.administer(name, dry, create).await?) })
        })
        .await
    }

    async fn apply_registry_changes(
        &self,
        request: Request<pb::ApplyRegistryChangesRequest>,
    ) -> Result<Response<pb::ApplyRegistryChangesResponse>, Status> {
        answer(&self.service, call::APPLY_REGISTRY_CHANGES, request, async |request, call| {
            let (subject, dry) = (format!("registry ({} changes)", request.changes.len()), request.validate_only);
            call.administer(subject, dry, self.apply(request, &call)).await
        })
        .await
    }

    async fn list_registry_changes(
        &self,
        request: Request<pb::ListRegistryChangesRequest>,
    ) -> Result<Response<pb::ListRegistryChangesResponse>, Status> {
        answer_page(&self.service, call::LIST_REGISTRY_CHANGES, request, |request, call| self.changes(request, call))
            .await
    }

    async fn read_registry_file(
        &self,
        request: Request<pb::ReadRegistryFileRequest>,
    ) -> Result<Response<pb::ReadRegistryFileResponse>, Status> {
        answer(&self.service, call::READ_REGISTRY_FILE, request, |request, call| self.read_file(request, call)).await
    }

    async fn render_registry(
        &self,
        request: Request<pb::RenderRegistryRequest>,
    ) -> Result<Response<pb::RenderRegistryResponse>, Status> {
        answer(&self.service, call::RENDER_REGISTRY, request, |request, call| self.render(request, call)).await
    }

    async fn list_registry_suspects(
        &self,
        request: Request<pb::ListRegistrySuspectsRequest>,
    ) -> Result<Response<pb::ListRegistrySuspectsResponse>, Status> {
        answer_page(&self.service, call::LIST_REGISTRY_SUSPECTS, request, |request, call| self.suspects(request, call))
            .await
    }

    async fn get_agency_contacts(
        &self,
        request: Request<pb::GetAgencyContactsRequest>,
    ) -> Result<Response<pb::GetAgencyContactsResponse>, Status> {
        answer(&self.service, call::GET_AGENCY_CONTACTS, request, async |request, call| {
            contacts::get(&self.service, request, &call).await
        })
        .await
    }

    async fn list_agency_contacts(
        &self,
        request: Request<pb::ListAgencyContactsRequest>,
    ) -> Result<Response<pb::ListAgencyContactsResponse>, Status> {
        answer_page(&self.service, call::LIST_AGENCY_CONTACTS, request, |request, call| {
            contacts::list(&self.service, &self.pages, request, call)
        })
        .await
    }

    async fn update_agency_contacts(
        &self,
        request: Request<pb::UpdateAgencyContactsRequest>,
    ) -> Result<Response<pb::UpdateAgencyContactsResponse>, Status> {
        answer(&self.service, call::UPDATE_AGENCY_CONTACTS, request, async |request, call| {
            contacts::update(&self.service, request, &call).await
        })
        .await
    }

    async fn get_collection(
        &self,
        request: Request<pb::GetCollectionRequest>,
    ) -> Result<Response<pb::GetCollectionResponse>, Status> {
        answer(&self.service, call::GET_COLLECTION, request, async |request, call| {
            call.permit(Target::Service).await?;
            let owner = wire::optional_owner(&request.owner, "owner")?;
            if let Some(owner) = &owner {
                call.permit_as(call::GET_AGENCY, Target::Owner(owner, None)).await?;
            }
            let year = wire::collection_year(&request.name, "name")?;
            let collection = self.service.collection(year)?;
            let deadlines = self.service.deadlines(year, owner, &call.caller)?;
            Ok(pb::GetCollectionResponse {
                collection: Some(collections::in_sight(&self.service, &collection, &call)),
                deadlines: deadlines.iter().map(wire::deadlines_to_wire).collect(),
            })
        })
        .await
    }

    async fn list_collections(
        &self,
        request: Request<pb::ListCollectionsRequest>,
    ) -> Result<Response<pb::ListCollectionsResponse>, Status> {
        answer_page(&self.service, call::LIST_COLLECTIONS, request, |request, call| {
            collections::list(&self.service, &self.pages, request, call)
        })
        .await
    }

    async fn create_collection(
        &self,
        request: Request<pb::CreateCollectionRequest>,
    ) -> Result<Response<pb::CreateCollectionResponse>, Status> {
        answer(&self.service, call::CREATE_COLLECTION, request, async |request, call| {
            let (subject, dry) = (collections::name(request.collection.as_ref()), request.validate_only);
            let collection = call.administer(subject, dry, collections::open(&self.service, request, &call)).await?;
            Ok(pb::CreateCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) })
        })
        .await
    }

    async fn update_collection(
        &self,
        request: Request<pb::UpdateCollectionRequest>,
    ) -> Result<Response<pb::UpdateCollectionResponse>, Status> {
        answer(&self.service, call::UPDATE_COLLECTION, request, async |request, call| {
            let (subject, dry) = (collections::name(request.collection.as_ref()), request.validate_only);
            let collection = call.administer(subject, dry, collections::update(&self.service, request, &call)).await?;
            Ok(pb::UpdateCollectionResponse { collection: Some(wire::collection_to_wire(&collection)) })
        })
        .await
    }

    async fn grant_collection_exception(
        &self,
        request: Request<pb::GrantCollectionExceptionRequest>,
    ) -> Result<Response<pb::GrantCollectionExceptionResponse>, Status> {
        answer(&self.service, call::GRANT_COLLECTION_EXCEPTION, request, async |request, call| {
            let (subject, dry) = (request.name.clone(), request.validate_only);
            let collection =
                call.conclude(collections::grant(&self.service, request, &call).await, || subject, dry).await?;
            let collection = Some(collections::in_sight(&self.service, &collection, &call));
            Ok(pb::GrantCollectionExceptionResponse { collection })
        })
        .await
    }

    async fn revoke_collection_exception(
        &self,
        request: Request<pb::RevokeCollectionExceptionRequest>,
    ) -> Result<Response<pb::RevokeCollectionExceptionResponse>, Status> {
        answer(&self.service, call::REVOKE_COLLECTION_EXCEPTION, request, async |request, call| {
            let pb::RevokeCollectionExceptionRequest { name, agency, validate_only } = request;
            let work = async {
                let year = wire::collection_year(&name, "name")?;
                let agency = wire::agency_id_from_wire(&agency, "agency")?;
                self.service.revoke_exception(year, &agency, validate_only, &call.caller).await
            };
            let collection = call.administer(name.clone(), validate_only, work).await?;
            Ok(pb::RevokeCollectionExceptionResponse { collection: Some(wire::collection_to_wire(&collection)) })
        })
        .await
    }
}
