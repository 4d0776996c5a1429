//! `huizong.v1.ReminderService`.

use tonic::{Request, Response, Status};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::reminder_service_server::ReminderService;
use crate::report::{JurisdictionCode, ReportYear};
use crate::service::{Problem, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::unary::{Call, answer, answer_page};

pub(crate) struct Reminders {
    service: Service,
    pages: Pages,
}

/// The place and year that are asked about, once the caller may.
async fn permitted(jurisdiction: &str, year: i32, call: &Call<'_>) -> Result<(JurisdictionCode, ReportYear), Problem> {
    let place = wire::code_from_wire(jurisdiction, "jurisdiction")?;
    let year = wire::year_from_wire(year, "year")?;
    call.permit(Target::Subtree(&place, Some(year))).await?;
    Ok((place, year))
}

impl Reminders {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    async fn list(
        &self,
        request: pb::ListRemindersRequest,
        call: Call<'_>,
    ) -> Result<pb::ListRemindersResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let (place, year) = permitted(&request.jurisdiction, request.year, &call).await?;
        let (page, total) = self.service.reminders(&place, year, asked.size, asked.key(), &call.caller)?;
        Ok(pb::ListRemindersResponse {
            reminders: page.items.iter().map(wire::reminder_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
            total_size: total.try_into().unwrap_or(i32::MAX),
        })
    }

    async fn send(
        &self,
        request: pb::SendRemindersRequest,
        call: Call<'_>,
    ) -> Result<pb::SendRemindersResponse, Problem> {
        let (name, validate_only) = (request.jurisdiction.clone(), request.validate_only);
        let send = async {
            permitted(&request.jurisdiction, request.year, &call).await?;
            let request = wire::remind_from_wire(request)?;
            self.service.remind(request, &call.caller).await
        };
        let sent = call.conclude(send.await, || name, validate_only).await?;
        Ok(wire::sent_reminders_to_wire(&sent))
    }
}

#[tonic::async_trait]
impl ReminderService for Reminders {
    async fn list_reminders(
        &self,
        request: Request<pb::ListRemindersRequest>,
    ) -> Result<Response<pb::ListRemindersResponse>, Status> {
        answer_page(&self.service, call::LIST_REMINDERS, request, |request, call| self.list(request, call)).await
    }

    async fn render_reminders(
        &self,
        request: Request<pb::RenderRemindersRequest>,
    ) -> Result<Response<pb::RenderRemindersResponse>, Status> {
        answer(&self.service, call::RENDER_REMINDERS, request, async |request, call| {
            let (place, year) = permitted(&request.jurisdiction, request.year, &call).await?;
            let format = wire::document_format_from_wire(request.format, "format")?;
            let file = self.service.render_reminders(&place, year, format, &call.caller).await?;
            Ok(wire::rendered_reminders_to_wire(file))
        })
        .await
    }

    async fn send_reminders(
        &self,
        request: Request<pb::SendRemindersRequest>,
    ) -> Result<Response<pb::SendRemindersResponse>, Status> {
        answer(&self.service, call::SEND_REMINDERS, request, |request, call| self.send(request, call)).await
    }
}
