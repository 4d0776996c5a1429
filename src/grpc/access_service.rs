//! `huizong.v1.AccessService`.

use tonic::{Request, Response, Status};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::access_service_server::AccessService;
use crate::service::{Authority, Problem, RoleChange, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::unary::{Call, answer, answer_page};

pub(crate) struct Access {
    service: Service,
    pages: Pages,
}

impl Access {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    async fn change_role(
        &self,
        principal: String,
        role: Option<pb::Role>,
        change: RoleChange,
        call: Call<'_>,
    ) -> Result<(pb::Principal, Option<pb::Proposal>), Problem> {
        let work = async {
            let name = wire::principal_from_wire(&principal, "principal")?;
            let role = wire::role_from_wire(role.as_ref(), "role")?;
            self.service.change_role(name, role, change, &call.caller).await
        };
        let (principal, proposal) = call.administer(principal.clone(), false, work).await?;
        Ok((wire::principal_to_wire(&principal), proposal.as_ref().map(wire::proposal_to_wire)))
    }

    async fn principals(
        &self,
        request: pb::ListPrincipalsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListPrincipalsResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let page = self.service.principals(asked.size, asked.key());
        Ok(pb::ListPrincipalsResponse {
            principals: page.items.iter().map(wire::principal_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn proposals(
        &self,
        request: pb::ListProposalsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListProposalsResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let page = self.service.proposals(asked.size, asked.key())?;
        Ok(pb::ListProposalsResponse {
            proposals: page.items.iter().map(wire::proposal_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn confirm(
        &self,
        request: pb::ConfirmProposalRequest,
        call: Call<'_>,
    ) -> Result<pb::ConfirmProposalResponse, Problem> {
        let work = async {
            let id = wire::proposal_name_from_wire(&request.name, "name")?;
            self.service.confirm(id, &call.caller).await
        };
        let principal = call.administer(request.name.clone(), false, work).await?;
        Ok(pb::ConfirmProposalResponse { principal: Some(wire::principal_to_wire(&principal)) })
    }

    async fn decline(
        &self,
        request: pb::DeclineProposalRequest,
        call: Call<'_>,
    ) -> Result<pb::DeclineProposalResponse, Problem> {
        let work = async {
            let id = wire::proposal_name_from_wire(&request.name, "name")?;
            self.service.decline(id, &call.caller).await
        };
        let proposal = call.administer(request.name.clone(), false, work).await?;
        Ok(pb::DeclineProposalResponse { proposal: Some(wire::proposal_to_wire(&proposal)) })
    }

    async fn enrol(
        &self,
        request: pb::CreateEnrolmentRequest,
        call: Call<'_>,
    ) -> Result<pb::CreateEnrolmentResponse, Problem> {
        let pb::CreateEnrolmentRequest { parent, credential, allow_missing } = request;
        let work = async {
            let new = wire::new_credential_from_wire(&parent, credential)?;
            self.service.enrol(new, allow_missing, &call.caller).await
        };
        let (credential, code, proposal) = call.administer(parent.clone(), false, work).await?;
        Ok(pb::CreateEnrolmentResponse {
            credential: Some(wire::credential_to_wire(&credential)),
            code: code.reveal(),
            proposal: proposal.as_ref().map(wire::proposal_to_wire),
        })
    }

    async fn create(
        &self,
        request: pb::CreateCredentialRequest,
        call: Call<'_>,
    ) -> Result<pb::CreateCredentialResponse, Problem> {
        let pb::CreateCredentialRequest { parent, credential } = request;
        let work = async {
            self.service.create_credential(wire::new_credential_from_wire(&parent, credential)?, &call.caller).await
        };
        let (credential, token) = call.administer(parent.clone(), false, work).await?;
        let credential = Some(wire::credential_to_wire(&credential));
        Ok(pb::CreateCredentialResponse { credential, token: token.reveal() })
    }

    async fn credentials(
        &self,
        request: pb::ListCredentialsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListCredentialsResponse, Problem> {
        call.permit(Target::Service).await?;
        let principal = match request.parent.as_str() {
            "principals/-" => None,
            name => Some(wire::principal_from_wire(name, "parent")?),
        };
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let page = self.service.credentials(principal.as_ref(), asked.size, asked.key())?;
        Ok(pb::ListCredentialsResponse {
            credentials: page.items.iter().map(wire::credential_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn revoke(
        &self,
        request: pb::RevokeCredentialRequest,
        call: Call<'_>,
    ) -> Result<pb::RevokeCredentialResponse, Problem> {
        let work = async {
            let (principal, id) = wire::credential_name_from_wire(&request.name, "name")?;
            self.service.revoke_credential(&principal, id, &call.caller).await
        };
        let credential = call.administer(request.name.clone(), false, work).await?;
        Ok(pb::RevokeCredentialResponse { credential: Some(wire::credential_to_wire(&credential)) })
    }

    fn caller(&self, call: &Call<'_>) -> Result<pb::GetCallerResponse, Problem> {
        let (principal, roles) = self.service.caller_view(&call.caller)?;
        let roles = roles.iter().map(wire::role_to_wire).collect();
        let unrestricted = call.caller.authority == Authority::Open;
        let replacement = self.service.replacement(&call.caller).as_ref().map(wire::replacement_to_wire);
        Ok(pb::GetCallerResponse { principal, roles, unrestricted, replacement })
    }
}

#[tonic::async_trait]
impl AccessService for Access {
    async fn get_caller(
        &self,
        request: Request<pb::GetCallerRequest>,
    ) -> Result<Response<pb::GetCallerResponse>, Status> {
        answer(&self.service, call::GET_CALLER, request, async |_, call| self.caller(&call)).await
    }

    async fn grant_role(
        &self,
        request: Request<pb::GrantRoleRequest>,
    ) -> Result<Response<pb::GrantRoleResponse>, Status> {
        answer(&self.service, call::GRANT_ROLE, request, async |request, call| {
            let change = RoleChange::Grant { allow_missing: request.allow_missing };
            let (principal, proposal) = self.change_role(request.principal, request.role, change, call).await?;
            Ok(pb::GrantRoleResponse { principal: Some(principal), proposal })
        })
        .await
    }

    async fn revoke_role(
        &self,
        request: Request<pb::RevokeRoleRequest>,
    ) -> Result<Response<pb::RevokeRoleResponse>, Status> {
        answer(&self.service, call::REVOKE_ROLE, request, async |request, call| {
            let (principal, _) = self.change_role(request.principal, request.role, RoleChange::Withdraw, call).await?;
            Ok(pb::RevokeRoleResponse { principal: Some(principal) })
        })
        .await
    }

    async fn list_principals(
        &self,
        request: Request<pb::ListPrincipalsRequest>,
    ) -> Result<Response<pb::ListPrincipalsResponse>, Status> {
        answer_page(&self.service, call::LIST_PRINCIPALS, request, |request, call| self.principals(request, call)).await
    }

    async fn list_proposals(
        &self,
        request: Request<pb::ListProposalsRequest>,
    ) -> Result<Response<pb::ListProposalsResponse>, Status> {
        answer_page(&self.service, call::LIST_PROPOSALS, request, |request, call| self.proposals(request, call)).await
    }

    async fn confirm_proposal(
        &self,
        request: Request<pb::ConfirmProposalRequest>,
    ) -> Result<Response<pb::ConfirmProposalResponse>, Status> {
        answer(&self.service, call::CONFIRM_PROPOSAL, request, |request, call| self.confirm(request, call)).await
    }

    async fn decline_proposal(
        &self,
        request: Request<pb::DeclineProposalRequest>,
    ) -> Result<Response<pb::DeclineProposalResponse>, Status> {
        answer(&self.service, call::DECLINE_PROPOSAL, request, |request, call| self.decline(request, call)).await
    }

    async fn create_enrolment(
        &self,
        request: Request<pb::CreateEnrolmentRequest>,
    ) -> Result<Response<pb::CreateEnrolmentResponse>, Status> {
        answer(&self.service, call::CREATE_ENROLMENT, request, |request, call| self.enrol(request, call)).await
    }

    async fn exchange_enrolment(
        &self,
        request: Request<pb::ExchangeEnrolmentRequest>,
    ) -> Result<Response<pb::ExchangeEnrolmentResponse>, Status> {
        // The code is what the caller shows: nothing is asked of who it is.
        answer(&self.service, call::EXCHANGE_ENROLMENT, request, async |request, call| {
            let request_id = wire::request_id_from_wire(&request.request_id)?;
            let exchanged = self.service.exchange(&request.code, request_id, &call.caller).await?;
            Ok(wire::exchanged_to_wire(&exchanged))
        })
        .await
    }

    async fn create_credential(
        &self,
        request: Request<pb::CreateCredentialRequest>,
    ) -> Result<Response<pb::CreateCredentialResponse>, Status> {
        answer(&self.service, call::CREATE_CREDENTIAL, request, |request, call| self.create(request, call)).await
    }

    async fn list_credentials(
        &self,
        request: Request<pb::ListCredentialsRequest>,
    ) -> Result<Response<pb::ListCredentialsResponse>, Status> {
        answer_page(&self.service, call::LIST_CREDENTIALS, request, |request, call| self.credentials(request, call))
            .await
    }

    async fn revoke_credential(
        &self,
        request: Request<pb::RevokeCredentialRequest>,
    ) -> Result<Response<pb::RevokeCredentialResponse>, Status> {
        answer(&self.service, call::REVOKE_CREDENTIAL, request, |request, call| self.revoke(request, call)).await
    }
}
