//! `huizong.v1.OperationsService`.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::access::{Method, call};
use crate::config::Limits;
use crate::pb;
use crate::pb::operations_service_server::OperationsService;
use crate::service::{Problem, Service, Target, VerifyProgress};
use crate::wire;

use super::door::most_bytes;
use super::pages::PAGE_BYTES;
use super::to_status;
use super::unary::{Call, answer};

pub(crate) struct Operations {
    service: Service,
    limits: pb::ServiceLimits,
}

impl Operations {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, limits: limits_in_words(limits) }
    }

    async fn status(&self, request: pb::GetStatusRequest, call: Call<'_>) -> Result<pb::GetStatusResponse, Problem> {
        call.permit(Target::Service).await?;
        let mut status = wire::status_to_wire(self.service.status());
        // The words name sums of any jurisdiction, and folders of the machine.
        if self.service.sees(&call.caller, call::VERIFY_STORE, Target::Service) {
            if request.with_conditions {
                status.conditions = self.service.conditions().await?.iter().map(wire::condition_to_wire).collect();
            }
        } else if let Some(recount) = &mut status.recount {
            recount.differences.clear();
        }
        Ok(status)
    }
}

/// The limits that clients go by.
fn limits_in_words(limits: &Limits) -> pb::ServiceLimits {
    let number = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
    let longest = |method: &Method| number(most_bytes(method.path, limits.message_bytes));
    pb::ServiceLimits {
        document_bytes: longest(call::READ_DOCUMENT),
        message_bytes: longest(call::APPLY_REGISTRY_CHANGES),
        request_bytes: longest(call::SUBMIT_REPORT),
        page_bytes: number(PAGE_BYTES),
        page_size_default: number(limits.page_resources),
        page_size_max: number(limits.page_resources_max),
        row_page_size_default: number(limits.page_rows),
        row_page_size_max: number(limits.page_rows_max),
        stream_submissions_ahead: number(limits.stream_submissions_ahead),
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn get_service_info(
        &self,
        request: Request<pb::GetServiceInfoRequest>,
    ) -> Result<Response<pb::GetServiceInfoResponse>, Status> {
        // For whoever can connect: nothing is asked of who it is.
        answer(&self.service, call::GET_SERVICE_INFO, request, async |_, _| {
            Ok(wire::service_info_to_wire(self.service.asks_who_calls(), self.limits))
        })
        .await
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        answer(&self.service, call::GET_STATUS, request, |request, call| self.status(request, call)).await
    }

    type CreateBackupStream = BoxStream<'static, Result<pb::CreateBackupResponse, Status>>;

    async fn create_backup(
        &self,
        request: Request<pb::CreateBackupRequest>,
    ) -> Result<Response<Self::CreateBackupStream>, Status> {
        let call = Call::new(&self.service, call::CREATE_BACKUP, &request);
        let since = wire::since(request.get_ref());
        let backup = async { self.service.backup(&call.caller, since?).await };
        let parts = call.administer(String::new(), false, backup).await;
        let (metadata, ..) = request.into_parts();
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
        let call = Call::new(&self.service, call::VERIFY_STORE, &request);
        let begin = async { self.service.verify_store(&call.caller) };
        let progress = call.administer(String::new(), false, begin).await;
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
}
