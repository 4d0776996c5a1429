//! `huizong.v1.JournalService`.

use tonic::{Request, Response, Status};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::journal_service_server::JournalService;
use crate::report::Message;
use crate::service::{Order, Problem, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::unary::{Call, answer, answer_page};

pub(crate) struct Journal {
    service: Service,
    pages: Pages,
}

impl Journal {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    async fn journal(
        &self,
        mut request: pb::ListJournalRequest,
        call: Call<'_>,
    ) -> Result<pb::ListJournalResponse, Problem> {
        // Whether they are wanted makes no other question of later pages.
        let with_actions = std::mem::take(&mut request.with_actions);
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let negative = |_| Problem::bad_page("after_sequence", Message::new("不得为负", "is negative"));
        let after = u64::try_from(request.after_sequence).map_err(negative)?;
        let beyond = match asked.key() {
            "" => None,
            key => Some(key.parse().map_err(|_| Problem::bad_page_token())?),
        };
        let filter = wire::journal_filter_from_wire(&request)?;
        call.permit(Target::Service).await?;
        let order = if request.newest_first { Order::NewestFirst } else { Order::OldestFirst };
        let page = self.service.journal_in(order, after, beyond, asked.size, filter).await?;
        Ok(pb::ListJournalResponse {
            entries: page
                .items
                .iter()
                .map(|entry| wire::named_entry_to_wire(entry, self.service.names_in(entry)))
                .collect(),
            next_page_token: asked.token(page.next.as_deref()),
            actions: if with_actions { wire::journal_actions_to_wire() } else { Vec::new() },
        })
    }

    async fn strike(
        &self,
        request: pb::StrikeJournalWordsRequest,
        call: Call<'_>,
    ) -> Result<pb::StrikeJournalWordsResponse, Problem> {
        let pb::StrikeJournalWordsRequest { sequence, reason } = request;
        let work = async {
            let sequence = u64::try_from(sequence).unwrap_or_default();
            self.service.strike(sequence, &reason, &call.caller).await
        };
        let entry = call.administer(format!("journal/{sequence}"), false, work).await?;
        let names = self.service.names_in(&entry);
        Ok(pb::StrikeJournalWordsResponse { entry: Some(wire::named_entry_to_wire(&entry, names)) })
    }
}

#[tonic::async_trait]
impl JournalService for Journal {
    async fn list_journal(
        &self,
        request: Request<pb::ListJournalRequest>,
    ) -> Result<Response<pb::ListJournalResponse>, Status> {
        answer_page(&self.service, call::LIST_JOURNAL, request, |request, call| self.journal(request, call)).await
    }

    async fn find_moment(
        &self,
        request: Request<pb::FindMomentRequest>,
    ) -> Result<Response<pb::FindMomentResponse>, Status> {
        let find = async |request: pb::FindMomentRequest, call: Call<'_>| {
            call.permit(Target::Service).await?;
            let found = self.service.find_moment(wire::moment_from_wire(&request)?).await?;
            Ok(wire::moment_to_wire(found))
        };
        answer(&self.service, call::FIND_MOMENT, request, find).await
    }

    async fn strike_journal_words(
        &self,
        request: Request<pb::StrikeJournalWordsRequest>,
    ) -> Result<Response<pb::StrikeJournalWordsResponse>, Status> {
        answer(&self.service, call::STRIKE_JOURNAL_WORDS, request, |request, call| self.strike(request, call)).await
    }
}
