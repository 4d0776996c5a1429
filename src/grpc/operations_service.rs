//! `huizong.v1.OperationsService`.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::pb;
use crate::pb::operations_service_server::OperationsService;
use crate::report::Message;
use crate::service::{Problem, Service, VerifyProgress};
use crate::wire;

use super::pages::RESOURCES;
use super::to_status;

pub struct Operations {
    service: Service,
}

impl Operations {
    pub fn new(service: Service) -> Self {
        Self { service }
    }

    async fn journal(&self, request: pb::ListJournalRequest) -> Result<pb::ListJournalResponse, Problem> {
        let size = RESOURCES.of(request.page_size)?;
        let bad_page = |field, zh, en| Problem::bad_page(field, Message::new(zh, en));
        let after = match request.page_token.as_str() {
            "" => u64::try_from(request.after_sequence)
                .map_err(|_| bad_page("after_sequence", "不得为负", "is negative"))?,
            token => token.parse().map_err(|_| {
                bad_page("page_token", "分页标记无效，请从第一页重新开始", "is not valid; begin with the first page")
            })?,
        };
        let filter = wire::journal_filter_from_wire(&request)?;
        let page = self.service.journal(after, size, filter).await?;
        Ok(pb::ListJournalResponse {
            entries: page.items.iter().map(wire::entry_to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn list_journal(
        &self,
        request: Request<pb::ListJournalRequest>,
    ) -> Result<Response<pb::ListJournalResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.journal(request).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
    }

    async fn get_status(&self, _: Request<pb::GetStatusRequest>) -> Result<Response<pb::GetStatusResponse>, Status> {
        Ok(Response::new(wire::status_to_wire(self.service.status())))
    }

    type CreateBackupStream = BoxStream<'static, Result<pb::CreateBackupResponse, Status>>;

    async fn create_backup(
        &self,
        request: Request<pb::CreateBackupRequest>,
    ) -> Result<Response<Self::CreateBackupStream>, Status> {
        let metadata = request.metadata().clone();
        let parts = self.service.backup().map_err(|problem| to_status(&problem, &metadata))?;
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
        let progress = self.service.verify_store().map_err(|problem| to_status(&problem, request.metadata()))?;
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
