//! `huizong.v1.FrozenFormService`.

use tonic::{Request, Response, Status};

use crate::access::call;
use crate::config::Limits;
use crate::pb;
use crate::pb::frozen_form_service_server::FrozenFormService;
use crate::report::Message;
use crate::rollup::{FrozenFormName, FrozenFormNameError};
use crate::service::{Problem, Service, Target};
use crate::wire;

use super::pages::Pages;
use super::unary::{Call, answer, answer_page};

pub(crate) struct FrozenForms {
    service: Service,
    pages: Pages,
}

impl FrozenForms {
    pub(crate) fn new(service: Service, limits: &Limits) -> Self {
        Self { service, pages: Pages::new(limits) }
    }

    async fn freeze(&self, request: pb::FreezeFormRequest, call: Call<'_>) -> Result<pb::FreezeFormResponse, Problem> {
        let name = request.scope.as_ref().map(|scope| scope.jurisdiction.clone()).unwrap_or_default();
        let validate_only = request.validate_only;
        let freeze = async {
            // Whose form it is comes first: what else is in the message is nobody's business before.
            let question = wire::form_question_from_wire(request.scope.clone(), request.year)?;
            call.permit(Target::Subtree(&question.jurisdiction, Some(question.year))).await?;
            let request = wire::freeze_from_wire(request)?;
            self.service.freeze_form(&request, &call.asker()).await
        };
        let form = call.conclude(freeze.await, || name.clone(), validate_only).await?;
        Ok(pb::FreezeFormResponse { frozen_form: Some(wire::frozen_form_to_wire(&form)) })
    }

    async fn frozen_forms(
        &self,
        request: pb::ListFrozenFormsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListFrozenFormsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let parent = wire::code_from_wire(&request.parent, "parent")?;
        let year = match request.year {
            0 => None,
            year => Some(wire::year_from_wire(year, "year")?),
        };
        call.permit(Target::Subtree(&parent, year)).await?;
        let page = self.service.frozen_forms(&parent, year, asked.size, asked.key(), &call.asker()).await?;
        Ok(pb::ListFrozenFormsResponse {
            frozen_forms: page.items.iter().map(wire::frozen_form_to_wire).collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }

    async fn frozen_revisions(
        &self,
        request: pb::ListFrozenFormRevisionsRequest,
        call: Call<'_>,
    ) -> Result<pb::ListFrozenFormRevisionsResponse, Problem> {
        let asked = self.pages.resources.page(&request, self.service.newest_sequence())?;
        let name = frozen(&request.name, &call).await?;
        let page = self.service.frozen_revisions(&name, asked.size, asked.key(), &call.asker()).await?;
        let revisions = page.items.into_iter().map(|(revision, hash)| pb::FrozenRevision {
            revision: revision.to_string(),
            content_sha256: hash.to_hex(),
        });
        Ok(pb::ListFrozenFormRevisionsResponse {
            revisions: revisions.collect(),
            next_page_token: asked.token(page.next.as_deref()),
        })
    }
}

/// The name of a frozen form that the caller may see.
async fn frozen(name: &str, call: &Call<'_>) -> Result<FrozenFormName, Problem> {
    let name = frozen_name(name)?;
    call.permit(Target::Subtree(&name.jurisdiction, Some(name.year))).await?;
    Ok(name)
}

fn frozen_name(name: &str) -> Result<FrozenFormName, Problem> {
    name.parse().map_err(|error: FrozenFormNameError| {
        let zh = "名称形如 jurisdictions/{code}/frozenForms/{year}-{number}";
        Problem::bad_name("name", Message::new(zh, error.to_string()))
    })
}

#[tonic::async_trait]
impl FrozenFormService for FrozenForms {
    async fn freeze_form(
        &self,
        request: Request<pb::FreezeFormRequest>,
    ) -> Result<Response<pb::FreezeFormResponse>, Status> {
        answer(&self.service, call::FREEZE_FORM, request, |request, call| self.freeze(request, call)).await
    }

    async fn get_frozen_form(
        &self,
        request: Request<pb::GetFrozenFormRequest>,
    ) -> Result<Response<pb::GetFrozenFormResponse>, Status> {
        answer(&self.service, call::GET_FROZEN_FORM, request, async |request, call| {
            let name = frozen(&request.name, &call).await?;
            let form = self.service.frozen_form(&name, &call.asker()).await?;
            Ok(pb::GetFrozenFormResponse { frozen_form: Some(wire::frozen_form_to_wire(&form)) })
        })
        .await
    }

    async fn render_frozen_form(
        &self,
        request: Request<pb::RenderFrozenFormRequest>,
    ) -> Result<Response<pb::RenderFrozenFormResponse>, Status> {
        answer(&self.service, call::RENDER_FROZEN_FORM, request, async |request, call| {
            let name = frozen(&request.name, &call).await?;
            let format = wire::document_format_from_wire(request.format, "format")?;
            let rendered = self.service.render_frozen_form(&name, format, &call.asker()).await?;
            Ok(wire::rendered_frozen_to_wire(rendered))
        })
        .await
    }

    async fn list_frozen_forms(
        &self,
        request: Request<pb::ListFrozenFormsRequest>,
    ) -> Result<Response<pb::ListFrozenFormsResponse>, Status> {
        answer_page(&self.service, call::LIST_FROZEN_FORMS, request, |request, call| self.frozen_forms(request, call))
            .await
    }

    async fn list_frozen_form_revisions(
        &self,
        request: Request<pb::ListFrozenFormRevisionsRequest>,
    ) -> Result<Response<pb::ListFrozenFormRevisionsResponse>, Status> {
        answer_page(&self.service, call::LIST_FROZEN_FORM_REVISIONS, request, |request, call| {
            self.frozen_revisions(request, call)
        })
        .await
    }

    async fn compare_frozen_form(
        &self,
        request: Request<pb::CompareFrozenFormRequest>,
    ) -> Result<Response<pb::CompareFrozenFormResponse>, Status> {
        answer(&self.service, call::COMPARE_FROZEN_FORM, request, async |request, call| {
            let name = frozen(&request.name, &call).await?;
            let (form, comparison) = self.service.compare_frozen_form(&name, &call.asker()).await?;
            wire::comparison_to_wire(&form, &comparison)
        })
        .await
    }
}
