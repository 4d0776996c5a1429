//! Collections of `huizong.v1.RegistryService`.

use crate::access::call;
use crate::pb;
use crate::registry::Collection;
use crate::report::ReportOwner;
use crate::service::{Problem, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::unary::Call;

/// A collection without the exceptions of agencies that the caller does not see.
pub(super) fn in_sight(service: &Service, collection: &Collection, call: &Call<'_>) -> pb::Collection {
    let mut wire = wire::collection_to_wire(collection);
    let sees = |name: &str| {
        let owner = wire::agency_id_from_wire(name, "agency").map(ReportOwner::Agency);
        let sees = |owner: &ReportOwner| service.sees(&call.caller, call::GET_AGENCY, Target::Owner(owner, None));
        owner.is_ok_and(|owner| sees(&owner))
    };
    wire.exceptions.retain(|exception| sees(&exception.agency));
    wire
}

pub(super) async fn list(
    service: &Service,
    pages: &Pages,
    request: pb::ListCollectionsRequest,
    call: Call<'_>,
) -> Result<pb::ListCollectionsResponse, Problem> {
    call.permit(Target::Service).await?;
    let asked = pages.resources.page(&request, service.newest_sequence())?;
    let page = service.collections(asked.size, asked.key());
    Ok(pb::ListCollectionsResponse {
        collections: page.items.iter().map(|item| in_sight(service, item, &call)).collect(),
        next_page_token: asked.token(page.next.as_deref()),
    })
}

pub(super) async fn open(
    service: &Service,
    request: pb::CreateCollectionRequest,
    call: &Call<'_>,
) -> Result<Collection, Problem> {
    let wire = request.collection.ok_or_else(|| Problem::required("collection"))?;
    let collection = wire::collection_from_wire(wire, "collection")?;
    service.open_collection(collection, request.validate_only, &call.caller).await
}

pub(super) async fn update(
    service: &Service,
    request: pb::UpdateCollectionRequest,
    call: &Call<'_>,
) -> Result<Collection, Problem> {
    let wire = request.collection.ok_or_else(|| Problem::required("collection"))?;
    let etag = wire.etag.clone();
    if etag.is_empty() {
        return Err(Problem::required("collection.etag"));
    }
    let mask = request.update_mask.unwrap_or_default();
    let year = wire::collection_year(&wire.name, "collection.name")?;
    // Whoever changes it between this and the replacing has changed its etag.
    let mut present = service.collection(year)?;
    let exceptions = std::mem::take(&mut present.exceptions);
    let wanted = wire::collection_merged(wire::collection_to_wire(&present), wire, &mask.paths)?;
    let collection = Collection { exceptions, ..wire::collection_from_wire(wanted, "collection")? };
    service.replace_collection(collection, &etag, request.validate_only, &call.caller).await
}

pub(super) async fn grant(
    service: &Service,
    request: pb::GrantCollectionExceptionRequest,
    call: &Call<'_>,
) -> Result<Collection, Problem> {
    call.permit(Target::Service).await?;
    let year = wire::collection_year(&request.name, "name")?;
    let wire = request.exception.ok_or_else(|| Problem::required("exception"))?;
    let agency = ReportOwner::Agency(wire::agency_id_from_wire(&wire.agency, "exception.agency")?);
    call.permit(Target::Owner(&agency, Some(year))).await?;
    let exception = wire::exception_from_wire(wire, &call.caller.principal, "exception")?;
    service.grant_exception(year, exception, request.validate_only, &call.caller).await
}

/// The name of what is to be created or changed, as far as it is stated.
pub(super) fn name(collection: Option<&pb::Collection>) -> String {
    collection.map(|collection| collection.name.clone()).unwrap_or_default()
}
