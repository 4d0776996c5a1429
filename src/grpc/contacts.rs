//! The calls of `huizong.v1.RegistryService` about whom to ask at agencies.

use crate::pb;
use crate::report::{AgencyId, ReportOwner};
use crate::service::{Problem, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::unary::Call;

/// The agency that a name is about, once the caller may know its contacts.
async fn permitted(name: &str, field: &str, call: &Call<'_>) -> Result<AgencyId, Problem> {
    let agency = wire::contacts_name(name, field)?;
    call.permit(Target::Owner(&ReportOwner::Agency(agency.clone()), None)).await?;
    Ok(agency)
}

pub(super) async fn get(
    service: &Service,
    request: pb::GetAgencyContactsRequest,
    call: &Call<'_>,
) -> Result<pb::GetAgencyContactsResponse, Problem> {
    let agency = permitted(&request.name, "name", call).await?;
    let contacts = service.contacts(&agency)?;
    Ok(pb::GetAgencyContactsResponse { contacts: Some(wire::known_contacts_to_wire(&contacts)) })
}

pub(super) async fn list(
    service: &Service,
    pages: &Pages,
    request: pb::ListAgencyContactsRequest,
    call: Call<'_>,
) -> Result<pb::ListAgencyContactsResponse, Problem> {
    call.permit(Target::Service).await?;
    let asked = pages.resources.page(&request, service.newest_sequence())?;
    let below = match request.jurisdiction.as_str() {
        "" => None,
        name => Some(wire::code_from_wire(name, "jurisdiction")?),
    };
    let page = service.all_contacts(below.as_ref(), asked.size, asked.key(), &call.sight()?)?;
    Ok(pb::ListAgencyContactsResponse {
        contacts: page.items.iter().map(wire::known_contacts_to_wire).collect(),
        next_page_token: asked.token(page.next.as_deref()),
    })
}

pub(super) async fn update(
    service: &Service,
    request: pb::UpdateAgencyContactsRequest,
    call: &Call<'_>,
) -> Result<pb::UpdateAgencyContactsResponse, Problem> {
    let name = request.contacts.as_ref().map(|contacts| contacts.name.clone()).unwrap_or_default();
    let validate_only = request.validate_only;
    let update = async {
        let wire = request.contacts.ok_or_else(|| Problem::required("contacts"))?;
        // Whose they are comes first: what else is in the message is nobody's business before.
        permitted(&wire.name, "contacts.name", call).await?;
        let etag = wire.etag.clone();
        let contacts = wire::contacts_from_wire(wire, "contacts")?;
        service.put_contacts(contacts, &etag, validate_only, &call.caller).await
    };
    let known = call.conclude(update.await, || name, validate_only).await?;
    Ok(pb::UpdateAgencyContactsResponse { contacts: Some(wire::known_contacts_to_wire(&known)) })
}
