//! `huizong.v1.FormService`.

use tonic::{Request, Response, Status};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::form_service_server::FormService;
use crate::report::{Message, ReportKey};
use crate::service::{Problem, Reason, Service, Target};
use crate::wire;

use super::pages::{Pages, after_key};
use super::unary::{Call, answer, answer_page};

pub(crate) struct Forms {
    service: Service,
    pages: Pages,
}

impl Forms {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    async fn rules(&self, request: pb::ListRulesRequest, call: Call<'_>) -> Result<pb::ListRulesResponse, Problem> {
        call.permit(Target::Service).await?;
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let applies = |rule: &pb::RuleDescription| {
            let last = if rule.last_year == 0 { i32::MAX } else { rule.last_year };
            request.year == 0 || (rule.first_year..=last).contains(&request.year)
        };
        let rules = wire::rules_to_wire().iter().filter(|rule| applies(rule)).cloned();
        let page = after_key(rules, asked.key(), asked.size, |rule| rule.id.clone());
        Ok(pb::ListRulesResponse { rules: page.items, next_page_token: asked.token(page.next.as_deref()) })
    }

    async fn read(
        &self,
        request: pb::ReadDocumentRequest,
        call: Call<'_>,
    ) -> Result<pb::ReadDocumentResponse, Problem> {
        let meant = wire::meant_from_wire(&request.report, &request.agency, request.year);
        let owner = meant.as_ref().ok().and_then(|meant| meant.owner.as_ref());
        call.permit(owner.map_or(Target::Service, |owner| Target::Owner(owner, None))).await?;
        if request.content.is_empty() {
            let description = Message::new("没有内容", "is empty");
            return Err(Problem::field(Reason::FieldRequired, "content", description));
        }
        let reading = self.service.read_document(request.content, &request.file_name, meant?, &call.caller).await?;
        Ok(wire::reading_to_wire(&reading))
    }
}

fn layout(request: &pb::GetFormLayoutRequest) -> Result<pb::GetFormLayoutResponse, Problem> {
    let year = wire::year_from_wire(request.year, "year")?;
    let edition = wire::edition_from_wire(request.edition, year.get(), "edition")?;
    Ok(wire::layout_to_wire(edition, &request.filled))
}

#[tonic::async_trait]
impl FormService for Forms {
    async fn get_form_layout(
        &self,
        request: Request<pb::GetFormLayoutRequest>,
    ) -> Result<Response<pb::GetFormLayoutResponse>, Status> {
        answer(&self.service, call::GET_FORM_LAYOUT, request, async |request, call| {
            call.permit(Target::Service).await?;
            layout(&request)
        })
        .await
    }

    async fn list_rules(
        &self,
        request: Request<pb::ListRulesRequest>,
    ) -> Result<Response<pb::ListRulesResponse>, Status> {
        answer_page(&self.service, call::LIST_RULES, request, |request, call| self.rules(request, call)).await
    }

    async fn check_report(
        &self,
        request: Request<pb::CheckReportRequest>,
    ) -> Result<Response<pb::CheckReportResponse>, Status> {
        answer(&self.service, call::CHECK_REPORT, request, async |request, call| {
            let submission = request.submission.ok_or_else(|| Problem::required("submission"))?;
            // Whose report it is comes first: what else is in the message is nobody's business before.
            let report: ReportKey = wire::name_from_wire(&submission.name, "submission.name")?;
            call.permit(Target::report(&report)).await?;
            let submission = wire::submission_from_wire(submission)?;
            Ok(wire::verdict_to_wire(&self.service.check_report(&submission, &call.caller).await?))
        })
        .await
    }

    async fn read_document(
        &self,
        request: Request<pb::ReadDocumentRequest>,
    ) -> Result<Response<pb::ReadDocumentResponse>, Status> {
        answer(&self.service, call::READ_DOCUMENT, request, |request, call| self.read(request, call)).await
    }

    async fn render_template(
        &self,
        request: Request<pb::RenderTemplateRequest>,
    ) -> Result<Response<pb::RenderTemplateResponse>, Status> {
        let make = async |request: pb::RenderTemplateRequest, call: Call<'_>| {
            let report: ReportKey = wire::name_from_wire(&request.report, "report")?;
            call.permit(Target::report(&report)).await?;
            let Some(filled) = request.filled else {
                return Ok(wire::template_to_wire(self.service.template(&report).await?));
            };
            if filled.name != request.report {
                let text = Message::new("与 report 不是同一份报告", "is of another report than `report`");
                return Err(Problem::field(Reason::FieldInvalid, "filled.name", text));
            }
            let filled = wire::submission_from_wire(filled)?;
            Ok(wire::template_to_wire(self.service.marked_workbook(filled, &call.caller).await?))
        };
        answer(&self.service, call::RENDER_TEMPLATE, request, make).await
    }
}
