//! `huizong publish`: a folder of pages that any web server can serve, of what was frozen or accepted, and of nothing else.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::document::write::site::{Published, PublishedForm, SITE_FORMATS, site};
use crate::document::write::write_document;
use crate::pb;
use crate::pb::frozen_form_service_client::FrozenFormServiceClient;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::pb::report_service_client::ReportServiceClient;
use crate::report::{Level, ReportYear};
use crate::wire::document_format_to_wire;

use super::client::{ANSWER_MAX_BYTES, Connection, Server, connect, refused};
use super::language::{beside, told};
use super::output::{print_line, resource};
use super::pages;
use super::report::document;
use super::{Failure, Outcome};

#[derive(Args)]
pub(crate) struct Publish {
    /// A folder that is not there yet, or empty.
    directory: PathBuf,
    /// The report year.
    #[arg(long, value_name = "Y")]
    year: ReportYear,
    /// Only this jurisdiction and those below it: jurisdictions/{code}, or the code alone; left out, all.
    #[arg(long, value_name = "CODE")]
    jurisdiction: Option<String>,
    /// What stands above the list; left out, a title with the year.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

struct Clients {
    registry: RegistryServiceClient<Connection>,
    frozen: FrozenFormServiceClient<Connection>,
    reports: ReportServiceClient<Connection>,
}

impl Publish {
    pub(crate) async fn run(&self, server: &Server) -> Outcome {
        check_empty(&self.directory)?;
        let channel = connect(server).await?;
        let mut clients = Clients {
            registry: RegistryServiceClient::new(channel.clone()),
            frozen: FrozenFormServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_MAX_BYTES),
            reports: ReportServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES),
        };
        let mut forms = Vec::new();
        for place in self.places(&mut clients).await? {
            forms.extend(self.frozen(&mut clients, &place).await?);
            forms.extend(self.accepted(server, &mut clients, &place).await?);
        }
        if forms.is_empty() {
            return Err(Failure::Failed(format!(
                "{}年度没有已定稿的汇总表，也没有已通过的政府年度报告；未生成任何文件\n  nothing was frozen or accepted for {}; nothing was written",
                self.year, self.year
            )));
        }
        let published = forms.len();
        let title = self.title.clone();
        let title = title.unwrap_or_else(|| format!("{}年政府信息公开工作年度报告汇总", self.year));
        let files = site(&title, self.year, forms).map_err(|error| Failure::of(&error))?;
        for file in &files {
            let path = self.directory.join(&file.path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, &file.content)?;
        }
        let (count, folder) = (files.len(), self.directory.display());
        print_line(&beside(
            format!("{published}项，{count}个文件已写入 {folder}"),
            format!("{published} forms in {count} files in {folder}"),
        ))
    }

    /// The jurisdictions of the year whose forms are published.
    async fn places(&self, clients: &mut Clients) -> Result<Vec<pb::Jurisdiction>, Failure> {
        let parent = self.jurisdiction.as_deref().map(|code| resource("jurisdictions", code)).unwrap_or_default();
        let request = pb::ListJurisdictionsRequest {
            parent: parent.clone(),
            below: !parent.is_empty(),
            year: self.year.get().into(),
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let client = &mut clients.registry;
        let ask = async |page_token| {
            client.list_jurisdictions(pb::ListJurisdictionsRequest { page_token, ..request.clone() }).await
        };
        let mut places = pages::all(ask, |page| page.jurisdictions).await?;
        if !parent.is_empty() {
            let request = pb::GetJurisdictionRequest { name: parent };
            let own = clients.registry.get_jurisdiction(request).await.map_err(|status| refused(&status))?;
            places.extend(own.into_inner().jurisdiction);
        }
        places.sort_by(|one, other| one.name.cmp(&other.name));
        places.dedup_by(|one, other| one.name == other.name);
        Ok(places)
    }

    /// The last form of the year that was frozen.
    async fn frozen(&self, clients: &mut Clients, place: &pb::Jurisdiction) -> Result<Option<PublishedForm>, Failure> {
        let request = pb::ListFrozenFormsRequest {
            parent: place.name.clone(),
            year: self.year.get().into(),
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let client = &mut clients.frozen;
        let ask = async |page_token| {
            client.list_frozen_forms(pb::ListFrozenFormsRequest { page_token, ..request.clone() }).await
        };
        let forms = pages::all(ask, |page| page.frozen_forms).await?;
        let Some(form) = forms.into_iter().last() else { return Ok(None) };
        let mut documents = Vec::new();
        for format in SITE_FORMATS {
            let request =
                pb::RenderFrozenFormRequest { name: form.name.clone(), format: document_format_to_wire(format) };
            let answer = clients.frozen.render_frozen_form(request).await.map_err(|status| refused(&status))?;
            documents.push((format, answer.into_inner().content));
        }
        Ok(Some(PublishedForm {
            what: Published::Frozen,
            code: code_of(place),
            name: form.display_name.clone(),
            level: level_of(place)?,
            source: form.name.clone(),
            content_sha256: form.content_sha256.clone(),
            as_of: form.as_of.try_into().unwrap_or_default(),
            documents,
        }))
    }

    /// The government's own report of the year, where one of its revisions is accepted.
    async fn accepted(
        &self,
        server: &Server,
        clients: &mut Clients,
        place: &pb::Jurisdiction,
    ) -> Result<Option<PublishedForm>, Failure> {
        let ask = |name: String| pb::GetReportRequest { name, ..Default::default() };
        let name = format!("{}/reports/{}", place.name, self.year);
        let standing = match clients.reports.get_report(ask(name)).await {
            Ok(answer) => answer.into_inner().report.unwrap_or_default(),
            Err(status) if status.code() == tonic::Code::NotFound => return Ok(None),
            Err(status) => return Err(refused(&status)),
        };
        if standing.accepted_revision.is_empty() {
            return Ok(None);
        }
        let answer = clients.reports.get_report(ask(standing.accepted_revision)).await;
        let report = answer.map_err(|status| refused(&status))?.into_inner().report.unwrap_or_default();
        let (source, content_sha256) = (report.revision.clone(), report.content_sha256.clone());
        let as_of = report.journal_sequence.try_into().unwrap_or_default();
        let document = document(server, report).await?;
        let mut documents = Vec::new();
        for format in SITE_FORMATS {
            let written = write_document(&document, format);
            documents.push((format, written.map_err(|error| Failure::of(&error))?));
        }
        Ok(Some(PublishedForm {
            what: Published::Report,
            code: code_of(place),
            name: place.display_name.clone(),
            level: level_of(place)?,
            source,
            content_sha256,
            as_of,
            documents,
        }))
    }
}

fn code_of(place: &pb::Jurisdiction) -> String {
    place.name.trim_start_matches("jurisdictions/").to_owned()
}

fn level_of(place: &pb::Jurisdiction) -> Result<Level, Failure> {
    match place.level() {
        pb::Level::Province => Ok(Level::Province),
        pb::Level::City => Ok(Level::City),
        pb::Level::County => Ok(Level::County),
        pb::Level::FunctionalZone => Ok(Level::FunctionalZone),
        pb::Level::Township => Ok(Level::Township),
        pb::Level::Unspecified => Err(Failure::Failed(told(
            &format!("{}：级别未知", place.name),
            &format!("{}: the level is not known", place.name),
            "\n  ",
        ))),
    }
}

/// What is published is all of a folder, so that nothing of before stays in it.
fn check_empty(directory: &Path) -> Result<(), Failure> {
    let is_empty = match std::fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
    };
    if is_empty {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{}：文件夹不为空；请另选空文件夹\n  the folder is not empty; choose another one",
        directory.display()
    )))
}
