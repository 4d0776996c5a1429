//! A real server on a free port over a store in a folder of its own, and what tests send to it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use huizong::config::{Config, StoreSettings};
use huizong::document::process::{Readers, Settings as Reading};
use huizong::form::{Presence, catalogue, edition_for_year};
use huizong::live::Perspective;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::frozen_form_service_client::FrozenFormServiceClient;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_change::Change;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::pb::{self, FORM_CELL_PATHS, FormCell, set_form_cell};
use huizong::report::{Cell, Figures};
use huizong::rollup::AgencyFilter;
use huizong::server::{Doors, open_store};
use huizong::service::{Asker, FormQuestion, FreezeRequest, Service, Settings};
use huizong::wire;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

pub mod below;
pub mod postgres;
pub mod process;
pub mod raw;

pub const PROVINCE: &str = "jurisdictions/230000";
pub const CITY: &str = "jurisdictions/230100";
pub const COUNTY: &str = "jurisdictions/230102";
/// The agencies of the small registry, by name.
pub const AGENCIES: [&str; 6] = [
    "agencies/city-bureau",
    "agencies/city-office",
    "agencies/county-bureau",
    "agencies/county-office",
    "agencies/province-bureau",
    "agencies/province-office",
];
pub const YEAR: u16 = 2022;

/// A running server; it ends when dropped.
pub struct Server {
    pub channel: Channel,
    /// As `--server` takes it.
    // Not every test runs the program.
    #[allow(dead_code)]
    pub url: String,
    /// gRPC, gRPC-Web and HTTP, to be asked without a connection.
    // Not every test asks over HTTP.
    #[allow(dead_code)]
    pub routes: Routes,
    task: JoinHandle<()>,
    directory: Arc<TempDir>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server without any registry.
    pub async fn start() -> Self {
        Self::over(Arc::new(TempDir::new().unwrap())).await
    }

    /// The same store, opened anew.
    pub async fn restarted(self) -> Self {
        let directory = self.directory.clone();
        drop(self);
        Self::over(directory).await
    }

    async fn over(directory: Arc<TempDir>) -> Self {
        // The program of this test reads no documents.
        let program = env!("CARGO_BIN_EXE_huizong").into();
        let readers = Readers::new(Reading { program, ..Reading::default() });
        let service = start(directory.path(), Settings { readers, ..Settings::default() }).await;
        let (doors, listener) = doors(&service).await;
        let (address, routes) = (listener.local_addr().unwrap(), doors.routes.clone());
        let task = tokio::spawn(async move { doors.serve(listener).await.unwrap() });
        let url = format!("http://{address}");
        let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
        Self { channel, url, routes, task, directory }
    }

    /// A server with a province, a city and a county, and two agencies in each.
    pub async fn with_registry() -> Self {
        let server = Self::start().await;
        server.apply(small_registry()).await;
        server
    }

    /// What the program says that calls this server.
    // Not every test calls it.
    #[allow(dead_code)]
    pub fn program(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
        tokio::task::block_in_place(|| command.args(["--server", &self.url]).args(arguments).output().unwrap())
    }

    /// What the program prints that calls this server, which succeeds.
    #[allow(dead_code)]
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.program(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    pub async fn apply(&self, changes: Vec<pb::RegistryChange>) -> pb::ApplyRegistryChangesResponse {
        let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() };
        self.registry().apply_registry_changes(request).await.unwrap().into_inner()
    }

    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone())
    }

    pub fn forms(&self) -> FormServiceClient<Channel> {
        FormServiceClient::new(self.channel.clone())
    }

    pub fn rollups(&self) -> RollupServiceClient<Channel> {
        RollupServiceClient::new(self.channel.clone())
    }

    pub fn frozen_forms(&self) -> FrozenFormServiceClient<Channel> {
        FrozenFormServiceClient::new(self.channel.clone())
    }

    pub fn registry(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel.clone())
    }

    pub fn access(&self) -> AccessServiceClient<Channel> {
        AccessServiceClient::new(self.channel.clone())
    }

    pub fn journals(&self) -> JournalServiceClient<Channel> {
        JournalServiceClient::new(self.channel.clone())
    }

    pub fn operations(&self) -> OperationsServiceClient<Channel> {
        OperationsServiceClient::new(self.channel.clone())
    }

    pub async fn submit(&self, request: pb::SubmitReportRequest) -> Result<pb::SubmitReportResponse, Status> {
        self.reports().submit_report(request).await.map(tonic::Response::into_inner)
    }

    /// Hands in a report that is in order.
    pub async fn store(&self, report: pb::Report) -> pb::Receipt {
        self.submit(submission(report)).await.unwrap().receipt.unwrap()
    }

    pub async fn get(&self, name: &str) -> Result<pb::Report, Status> {
        let response =
            self.reports().get_report(pb::GetReportRequest { name: name.to_owned(), ..Default::default() }).await?;
        Ok(response.into_inner().report.unwrap())
    }

    /// Number of the newest journal entry.
    pub async fn sequence(&self) -> i64 {
        self.operations().get_status(pb::GetStatusRequest::default()).await.unwrap().into_inner().as_of
    }

    pub async fn journal(&self) -> Vec<pb::JournalEntry> {
        let request = pb::ListJournalRequest { page_size: 1000, ..Default::default() };
        self.journals().list_journal(request).await.unwrap().into_inner().entries
    }

    pub async fn roll_up(&self, request: pb::QueryRollupRequest) -> pb::QueryRollupResponse {
        self.rollups().query_rollup(request).await.unwrap().into_inner()
    }

    /// Requests received in the province in [`YEAR`].
    pub async fn received(&self) -> i64 {
        let answer = self.roll_up(question(PROVINCE, YEAR, "requests.received", &[])).await;
        count(&answer.totals[0])
    }
}

/// A service over the store in a folder; the one before may still be closing.
pub async fn start(folder: &Path, settings: Settings) -> Service {
    let mut attempts = 0;
    let opened = loop {
        match open_store(folder, &unhindered()) {
            Ok(opened) => break opened,
            Err(error) => assert!(attempts < 200, "{error}"),
        }
        attempts += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    Service::start(opened.store, opened.live, settings).unwrap()
}

/// A store for tests: on whatever disk, with nothing set aside for when that is full.
pub fn unhindered() -> StoreSettings {
    StoreSettings { min_free_bytes: 0, ballast_bytes: 0, ..StoreSettings::default() }
}

/// The doors of a service with the limits of an installation, and a port for them.
pub async fn doors(service: &Service) -> (Doors, TcpListener) {
    let doors = Doors::new(service, &Config::default(), None).await.unwrap();
    (doors, TcpListener::bind("127.0.0.1:0").await.unwrap())
}

pub fn change(change: Change) -> pb::RegistryChange {
    pb::RegistryChange { change: Some(change) }
}

/// Asks for every field of a collection to be replaced.
pub fn replacing(collection: pb::Collection) -> pb::UpdateCollectionRequest {
    let fields = ["edition", "due_times", "lock_time", "review_policy"];
    let update_mask = Some(prost_types::FieldMask { paths: fields.map(str::to_owned).to_vec() });
    pb::UpdateCollectionRequest { collection: Some(collection), validate_only: false, update_mask }
}

pub fn small_registry() -> Vec<pb::RegistryChange> {
    let places = [
        (PROVINCE, "", "黑龙江省", pb::Level::Province),
        (CITY, PROVINCE, "哈尔滨市", pb::Level::City),
        (COUNTY, CITY, "道里区", pb::Level::County),
    ];
    let mut changes: Vec<_> = places
        .into_iter()
        .map(|(name, parent, display_name, level)| {
            change(Change::CreateJurisdiction(pb::Jurisdiction {
                name: name.to_owned(),
                parent: parent.to_owned(),
                display_name: display_name.to_owned(),
                level: level.into(),
                first_year: 2019,
                ..Default::default()
            }))
        })
        .collect();
    changes.extend(AGENCIES.iter().map(|name| {
        let jurisdiction = match name {
            name if name.contains("province") => PROVINCE,
            name if name.contains("city") => CITY,
            _ => COUNTY,
        };
        let kind = if name.contains("office") { pb::AgencyKind::GovernmentOffice } else { pb::AgencyKind::Department };
        change(Change::CreateAgency(pb::Agency {
            name: (*name).to_owned(),
            jurisdiction: jurisdiction.to_owned(),
            display_name: (*name).to_owned(),
            kind: kind.into(),
            first_year: 2019,
            ..Default::default()
        }))
    }));
    changes
}

/// Writes a count into a cell.
pub fn set(form: &mut pb::Form, path: &str, count: i64) {
    let index = FORM_CELL_PATHS.iter().position(|known| *known == path).unwrap();
    set_form_cell(form, index, FormCell::Count(count));
}

/// A form in order: `requests` received from natural persons, all of them disclosed, and zero elsewhere.
pub fn form(requests: i64) -> pb::Form {
    let edition = edition_for_year(YEAR).unwrap();
    let mut figures = Figures::blank(edition);
    for cell in catalogue().cells_of(edition) {
        if catalogue().presence(edition, cell.id) == Presence::Prescribed {
            figures.set(cell.id, Cell::Number(0));
        }
    }
    let mut form = wire::figures_to_wire(&figures);
    for line in ["received", "disclosed", "outcomes_total"] {
        for column in ["natural_person", "total"] {
            set(&mut form, &format!("requests.{line}.{column}"), requests);
        }
    }
    form
}

/// The name of an agency's report of [`YEAR`].
pub fn report_name(agency: &str) -> String {
    format!("{agency}/reports/{YEAR}")
}

/// A report in order.
pub fn report(agency: &str, requests: i64) -> pb::Report {
    pb::Report { name: report_name(agency), form: Some(form(requests).into()), ..Default::default() }
}

/// What hands a report in; `etag` and reason are those of a correction.
pub fn submission(report: pb::Report) -> pb::SubmitReportRequest {
    let etag = report.etag.clone();
    pb::SubmitReportRequest { etag, ..wire::submission_of(report) }
}

/// A place to ask about, as it is now.
pub fn scope(jurisdiction: &str) -> Option<pb::Scope> {
    Some(pb::Scope { jurisdiction: jurisdiction.to_owned(), ..Default::default() })
}

/// A question with another scope.
pub fn in_scope(question: pb::QueryRollupRequest, change: impl FnOnce(&mut pb::Scope)) -> pb::QueryRollupRequest {
    let mut scope = question.scope.clone().unwrap_or_default();
    change(&mut scope);
    pb::QueryRollupRequest { scope: Some(scope), ..question }
}

/// Freezes the form of a place as it is now.
///
/// # Errors
/// What the service answers instead.
pub async fn freeze(channel: &Channel, jurisdiction: &str, year: u16, note: &str) -> Result<pb::FrozenForm, Status> {
    let present = pb::GetConsolidatedFormRequest { scope: scope(jurisdiction), year: year.into() };
    let present = RollupServiceClient::new(channel.clone()).get_consolidated_form(present).await?.into_inner();
    let request = pb::FreezeFormRequest {
        scope: scope(jurisdiction),
        year: year.into(),
        expected_content_sha256: present.content_sha256,
        note: note.to_owned(),
        ..Default::default()
    };
    Ok(FrozenFormServiceClient::new(channel.clone()).freeze_form(request).await?.into_inner().frozen_form.unwrap())
}

/// What freezes a form as it is now; one that nobody can look at is asked for all the same.
pub async fn looked_at(service: &Service, request: FreezeRequest, asker: &Asker) -> FreezeRequest {
    let question = FormQuestion {
        jurisdiction: request.jurisdiction.clone(),
        year: request.year,
        filter: AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical },
        perspective: Perspective { hierarchy_year: request.hierarchy_year, ..Perspective::default() },
    };
    let form = service.consolidated_form(&question, asker).await;
    FreezeRequest { expected_content: form.map(|form| form.content_hash()).unwrap_or_default(), ..request }
}

/// A question to be watched.
pub fn watched(question: pb::QueryRollupRequest) -> pb::WatchRollupRequest {
    let pb::QueryRollupRequest { scope, first_year, last_year, measures, group_by, .. } = question;
    pb::WatchRollupRequest { scope, first_year, last_year, measures, group_by, ..Default::default() }
}

pub fn question(jurisdiction: &str, year: u16, measure: &str, group_by: &[pb::Dimension]) -> pb::QueryRollupRequest {
    pb::QueryRollupRequest {
        scope: scope(jurisdiction),
        first_year: year.into(),
        measures: vec![measure.to_owned()],
        group_by: group_by.iter().map(|dimension| i32::from(*dimension)).collect(),
        ..Default::default()
    }
}

pub fn count(row: &pb::RollupRow) -> i64 {
    match row.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(pb::cell_value::Value::Count(count)) => *count,
        other => panic!("{other:?} is no count"),
    }
}

/// The value of a cell in words: a number, `n/a`, `unread`, or nothing for blank.
pub fn value(value: &Option<pb::CellValue>) -> String {
    wire::value_in_words(value.as_ref())
}

/// The problem in a status, which says the same as the standard details beside it, in both languages.
pub fn problem(status: &Status) -> pb::Problem {
    let problem = huizong::grpc::problem_of_status(status).expect("a problem in the details");
    let info = status.get_details_error_info().expect("ErrorInfo in the details");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), (problem.reason().as_str_name(), "huizong.dev"));
    let mut metadata: std::collections::HashMap<_, _> = problem.metadata.clone().into_iter().collect();
    metadata.extend((!problem.call_id.is_empty()).then(|| ("call_id".to_owned(), problem.call_id.clone())));
    assert_eq!(info.metadata, metadata);
    assert_eq!(problem.code, i32::from(status.code()));
    for text in [&problem.message, &problem.remedy] {
        let text = text.as_ref().unwrap();
        assert!(!text.zh.is_empty() && !text.en.is_empty(), "{problem:?}");
    }
    assert!(status.get_details_localized_message().is_some());
    problem
}

/// A call that must have been refused with this code and for this reason; the problem.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, reason: &str) -> pb::Problem {
    let status = result.unwrap_err();
    let problem = problem(&status);
    assert_eq!((status.code(), problem.reason().as_str_name()), (code, reason), "{status:?}");
    problem
}
