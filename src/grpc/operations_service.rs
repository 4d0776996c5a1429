//! `huizong.v1.OperationsService`.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::config::Limits;
use crate::pb;
use crate::pb::operations_service_server::OperationsService;
use crate::report::Message;
use crate::service::{Authority, Caller, Order, Problem, Service, Target, VerifyProgress};
use crate::wire;

use super::pages::Pages;
use super::{caller, to_status};

pub struct Operations {
    service: Service,
    pages: Pages,
}

impl Operations {
    pub fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    /// Lets a caller do something to the service; `method` such as `ListJournal`.
    async fn permit(&self, caller: &Caller, method: &str) -> Result<(), Problem> {
        self.service.permit(caller, &format!("OperationsService/{method}"), Target::Service).await
    }

    /// Changes principals, credentials or the words of the journal, and sees to it that a refusal is in the journal.
    async fn administer<T>(
        &self,
        caller: &Caller,
        method: &str,
        subject: String,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let outcome = async {
            self.permit(caller, method).await?;
            work.await
        };
        let method = format!("OperationsService/{method}");
        self.service.conclude(outcome.await, caller, &method, || subject, false).await
    }

    async fn change_role(
        &self,
        principal: String,
        role: Option<pb::Role>,
        granted: bool,
        caller: &Caller,
    ) -> Result<(pb::Principal, Option<pb::Proposal>), Problem> {
        let method = if granted { "GrantRole" } else { "RevokeRole" };
        let work = async {
            let name = wire::principal_from_wire(&principal, "principal")?;
            let role = wire::role_from_wire(role.as_ref(), "role")?;
            self.service.change_role(name, role, granted, caller).await
        };
        let (principal, proposal) = self.administer(caller, method, principal.clone(), work).await?;
        Ok((wire::principal_to_wire(&principal), proposal.as_ref().map(wire::proposal_to_wire)))
    }

    async fn enrol(
        &self,
        request: pb::CreateEnrolmentRequest,
        caller: &Caller,
    ) -> Result<pb::CreateEnrolmentResponse, Problem> {
        let pb::CreateEnrolmentRequest { parent, credential } = request;
        let work = async { self.service.enrol(wire::new_credential_from_wire(&parent, credential)?, caller).await };
        let (credential, code, proposal) = self.administer(caller, "CreateEnrolment", parent.clone(), work).await?;
        Ok(pb::CreateEnrolmentResponse {
            credential: Some(wire::credential_to_wire(&credential)),
            code: code.reveal(),
            proposal: proposal.as_ref().map(wire::proposal_to_wire),
        })
    }

    async fn proposals(
        &self,
        request: pb::ListProposalsRequest,
        caller: &Caller,
    ) -> Result<pb::ListProposalsResponse, Problem> {
        self.permit(caller, "ListProposals").await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let page = self.service.proposals(asked.size, asked.key())?;
        Ok(pb::ListProposalsResponse {
            proposals: page.items.iter().map(wire::proposal_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn confirm(&self, name: &str, caller: &Caller) -> Result<pb::Principal, Problem> {
        let work = async {
            let id = wire::proposal_name_from_wire(name, "name")?;
            self.service.confirm(id, caller).await
        };
        let principal = self.administer(caller, "ConfirmProposal", name.to_owned(), work).await?;
        Ok(wire::principal_to_wire(&principal))
    }

    async fn decline(&self, name: &str, caller: &Caller) -> Result<pb::Proposal, Problem> {
        let work = async {
            let id = wire::proposal_name_from_wire(name, "name")?;
            self.service.decline(id, caller).await
        };
        let proposal = self.administer(caller, "DeclineProposal", name.to_owned(), work).await?;
        Ok(wire::proposal_to_wire(&proposal))
    }

    async fn principals(
        &self,
        request: pb::ListPrincipalsRequest,
        caller: &Caller,
    ) -> Result<pb::ListPrincipalsResponse, Problem> {
        self.permit(caller, "ListPrincipals").await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let page = self.service.principals(asked.size, asked.key());
        Ok(pb::ListPrincipalsResponse {
            principals: page.items.iter().map(wire::principal_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn create(
        &self,
        request: pb::CreateCredentialRequest,
        caller: &Caller,
    ) -> Result<pb::CreateCredentialResponse, Problem> {
        let pb::CreateCredentialRequest { parent, credential } = request;
        let work = async {
            self.service.create_credential(wire::new_credential_from_wire(&parent, credential)?, caller).await
        };
        let (credential, token) = self.administer(caller, "CreateCredential", parent.clone(), work).await?;
        let credential = Some(wire::credential_to_wire(&credential));
        Ok(pb::CreateCredentialResponse { credential, token: token.reveal() })
    }

    async fn credentials(
        &self,
        request: pb::ListCredentialsRequest,
        caller: &Caller,
    ) -> Result<pb::ListCredentialsResponse, Problem> {
        self.permit(caller, "ListCredentials").await?;
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
        caller: &Caller,
    ) -> Result<pb::RevokeCredentialResponse, Problem> {
        let work = async {
            let (principal, id) = wire::credential_name_from_wire(&request.name, "name")?;
            self.service.revoke_credential(&principal, id, caller).await
        };
        let credential = self.administer(caller, "RevokeCredential", request.name.clone(), work).await?;
        Ok(pb::RevokeCredentialResponse { credential: Some(wire::credential_to_wire(&credential)) })
    }

    async fn journal(
        &self,
        request: pb::ListJournalRequest,
        caller: &Caller,
    ) -> Result<pb::ListJournalResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let negative = |_| Problem::bad_page("after_sequence", Message::new("不得为负", "is negative"));
        let after = u64::try_from(request.after_sequence).map_err(negative)?;
        let beyond = match asked.key() {
            "" => None,
            key => Some(key.parse().map_err(|_| Problem::bad_page_token())?),
        };
        let filter = wire::journal_filter_from_wire(&request)?;
        self.permit(caller, "ListJournal").await?;
        let order = if request.newest_first { Order::NewestFirst } else { Order::OldestFirst };
        let page = self.service.journal_in(order, after, beyond, asked.size, filter).await?;
        Ok(pb::ListJournalResponse {
            entries: page
                .items
                .iter()
                .map(|entry| wire::named_entry_to_wire(entry, self.service.names_in(entry)))
                .collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn list_journal(
        &self,
        request: Request<pb::ListJournalRequest>,
    ) -> Result<Response<pb::ListJournalResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.journal(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn strike_journal_words(
        &self,
        request: Request<pb::StrikeJournalWordsRequest>,
    ) -> Result<Response<pb::StrikeJournalWordsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, pb::StrikeJournalWordsRequest { sequence, reason }) = request.into_parts();
        let work = async {
            let sequence = u64::try_from(sequence).unwrap_or_default();
            self.service.strike(sequence, &reason, &caller).await
        };
        let entry = self.administer(&caller, "StrikeJournalWords", format!("journal/{sequence}"), work).await;
        let entry = entry.map_err(|problem| to_status(&problem, &metadata))?;
        let names = self.service.names_in(&entry);
        Ok(Response::new(pb::StrikeJournalWordsResponse { entry: Some(wire::named_entry_to_wire(&entry, names)) }))
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let caller = caller(&request);
        let permitted = self.permit(&caller, "GetStatus").await;
        permitted.map_err(|problem| to_status(&problem, request.metadata()))?;
        let mut status = wire::status_to_wire(self.service.status());
        // The words name sums of any jurisdiction.
        if !self.service.sees(&caller, "OperationsService/VerifyStore", Target::Service)
            && let Some(recount) = &mut status.recount
        {
            recount.differences.clear();
        }
        Ok(Response::new(status))
    }

    type CreateBackupStream = BoxStream<'static, Result<pb::CreateBackupResponse, Status>>;

    async fn create_backup(
        &self,
        request: Request<pb::CreateBackupRequest>,
    ) -> Result<Response<Self::CreateBackupStream>, Status> {
        let caller = caller(&request);
        let (metadata, ..) = request.into_parts();
        let begin = async {
            self.permit(&caller, "CreateBackup").await?;
            self.service.backup(&caller).await
        };
        let method = "OperationsService/CreateBackup";
        let parts = self.service.conclude(begin.await, &caller, method, String::new, false).await;
        let parts = parts.map_err(|problem| to_status(&problem, &metadata))?;
        let parts = ReceiverStream::new(parts).map(move |part| match part {
            Ok(part) => Ok(wire::part_to_wire(part)),
            Err(problem) => Err(to_status(&problem, &metadata)),
        });
        Ok(Response::new(parts.boxed()))
    }

    type VerifyStoreStream = BoxStream<'static, Result<pb::VerifyStoreResponse, Status>>;

    async fn verify_store(
        &self,
        request: Request<pb::VerifyStoreRequest>,
    ) -> Result<Response<Self::VerifyStoreStream>, Status> {
        let caller = caller(&request);
        let begin = async {
            self.permit(&caller, "VerifyStore").await?;
            self.service.verify_store(&caller)
        };
        let method = "OperationsService/VerifyStore";
        let progress = self.service.conclude(begin.await, &caller, method, String::new, false).await;
        let progress = progress.map_err(|problem| to_status(&problem, request.metadata()))?;
        let answers = ReceiverStream::new(progress).map(|progress| {
            Ok(match progress {
                VerifyProgress::Records(records) => {
                    pb::VerifyStoreResponse { records: records.try_into().unwrap_or(i64::MAX), result: None }
                }
                VerifyProgress::Done(found) => {
                    let result = wire::verification_to_wire(&found);
                    pb::VerifyStoreResponse { records: result.records, result: Some(result) }
                }
            })
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn get_caller(
        &self,
        request: Request<pb::GetCallerRequest>,
    ) -> Result<Response<pb::GetCallerResponse>, Status> {
        let caller = caller(&request);
        let known = self.service.caller_view(&caller);
        let (principal, roles) = known.map_err(|problem| to_status(&problem, request.metadata()))?;
        let roles = roles.iter().map(wire::role_to_wire).collect();
        let unrestricted = caller.authority == Authority::Open;
        let replacement = self.service.replacement(&caller).as_ref().map(wire::replacement_to_wire);
        Ok(Response::new(pb::GetCallerResponse { principal, roles, unrestricted, replacement }))
    }

    async fn grant_role(
        &self,
        request: Request<pb::GrantRoleRequest>,
    ) -> Result<Response<pb::GrantRoleResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, pb::GrantRoleRequest { principal, role }) = request.into_parts();
        let granted = self.change_role(principal, role, true, &caller).await;
        let (principal, proposal) = granted.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::GrantRoleResponse { principal: Some(principal), proposal }))
    }

    async fn revoke_role(
        &self,
        request: Request<pb::RevokeRoleRequest>,
    ) -> Result<Response<pb::RevokeRoleResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, pb::RevokeRoleRequest { principal, role }) = request.into_parts();
        let principal = self.change_role(principal, role, false, &caller).await;
        let (principal, _) = principal.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::RevokeRoleResponse { principal: Some(principal) }))
    }

    async fn list_principals(
        &self,
        request: Request<pb::ListPrincipalsRequest>,
    ) -> Result<Response<pb::ListPrincipalsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.principals(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_proposals(
        &self,
        request: Request<pb::ListProposalsRequest>,
    ) -> Result<Response<pb::ListProposalsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.proposals(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn confirm_proposal(
        &self,
        request: Request<pb::ConfirmProposalRequest>,
    ) -> Result<Response<pb::ConfirmProposalResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, pb::ConfirmProposalRequest { name }) = request.into_parts();
        let principal = self.confirm(&name, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::ConfirmProposalResponse { principal: Some(principal) }))
    }

    async fn decline_proposal(
        &self,
        request: Request<pb::DeclineProposalRequest>,
    ) -> Result<Response<pb::DeclineProposalResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, pb::DeclineProposalRequest { name }) = request.into_parts();
        let proposal = self.decline(&name, &caller).await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(pb::DeclineProposalResponse { proposal: Some(proposal) }))
    }

    async fn create_enrolment(
        &self,
        request: Request<pb::CreateEnrolmentRequest>,
    ) -> Result<Response<pb::CreateEnrolmentResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.enrol(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn exchange_enrolment(
        &self,
        request: Request<pb::ExchangeEnrolmentRequest>,
    ) -> Result<Response<pb::ExchangeEnrolmentResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, pb::ExchangeEnrolmentRequest { code, request_id }) = request.into_parts();
        let exchanged = async {
            let request_id = wire::request_id_from_wire(&request_id)?;
            self.service.exchange(&code, request_id, &caller).await
        };
        // The code is what the caller shows: nothing is asked of who it is.
        let exchanged = exchanged.await.map_err(|problem| to_status(&problem, &metadata))?;
        Ok(Response::new(wire::exchanged_to_wire(&exchanged)))
    }

    async fn create_credential(
        &self,
        request: Request<pb::CreateCredentialRequest>,
    ) -> Result<Response<pb::CreateCredentialResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.create(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn list_credentials(
        &self,
        request: Request<pb::ListCredentialsRequest>,
    ) -> Result<Response<pb::ListCredentialsResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.credentials(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn revoke_credential(
        &self,
        request: Request<pb::RevokeCredentialRequest>,
    ) -> Result<Response<pb::RevokeCredentialResponse>, Status> {
        let caller = caller(&request);
        let (metadata, _, request) = request.into_parts();
        self.revoke(request, &caller).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }
}
