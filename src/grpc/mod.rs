//! gRPC in and out: one file per service, and the way from a problem to a status.
//!
//! Health, reflection (with the error details, so that grpcurl prints them) and gRPC-Web stand on the same port.

mod access_service;
mod collections;
mod contacts;
mod door;
mod entrance;
mod fitting;
mod form_service;
mod frozen_form_service;
mod journal_service;
mod methods;
mod operations_service;
mod over_http;
mod pages;
mod posted;
mod registry_service;
mod reminder_service;
mod report_service;
mod rollup_service;
mod server;
mod status;
mod unary;

use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::config::Limits;
use crate::pb;
use crate::pb::access_service_server::AccessServiceServer;
use crate::pb::form_service_server::FormServiceServer;
use crate::pb::frozen_form_service_server::FrozenFormServiceServer;
use crate::pb::journal_service_server::JournalServiceServer;
use crate::pb::operations_service_server::OperationsServiceServer;
use crate::pb::registry_service_server::RegistryServiceServer;
use crate::pb::reminder_service_server::ReminderServiceServer;
use crate::pb::report_service_server::ReportServiceServer;
use crate::pb::rollup_service_server::RollupServiceServer;
use crate::service::{Authority, Caller, Service};
use crate::telemetry::call::CallLayer;
use crate::wire;

pub(crate) use door::UNATTENDED_HEADER;
pub use door::{
    Connection, DoorLayer, Hosts, Newcomers, Peer, Proxies, RevocationList, SESSION_COOKIE, SESSION_HEADER, TlsError,
    TlsFiles, Validity, connections, cookie_of, revocations, session_cookie, validities,
};
pub use over_http::{refusal, refusal_of};
pub use server::{Layered, server};
pub(crate) use status::{DETAILS_HEADER, WHOLE, prefers_chinese};
pub use status::{note, problem_of_status, problem_of_transport, to_status, whole};

/// Names of the services whose health is reported.
const SERVICES: [&str; 9] = [
    "huizong.v1.ReportService",
    "huizong.v1.FormService",
    "huizong.v1.RollupService",
    "huizong.v1.FrozenFormService",
    "huizong.v1.RegistryService",
    "huizong.v1.ReminderService",
    "huizong.v1.AccessService",
    "huizong.v1.JournalService",
    "huizong.v1.OperationsService",
];

/// All services over `service`, and the reporter that says how they are.
///
/// # Errors
/// Where the compiled contract cannot be read, which would be a defect of the build.
pub async fn routes(service: Service, limits: &Limits) -> anyhow::Result<(Routes, HealthReporter)> {
    let (health, health_service) = tonic_health::server::health_reporter();
    set_health(&health, true).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let size = limits.message_bytes;
    let mut routes = Routes::builder();
    routes.add_service(health_service).add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    macro_rules! serve {
        ($($server:ident: $handlers:expr;)*) => {
            // What is compressed may not be longer either, once it is not.
            $(routes.add_service(
                $server::new($handlers)
                    .max_decoding_message_size(size)
                    .accept_compressed(CompressionEncoding::Gzip),
            );)*
        };
    }
    serve! {
        ReportServiceServer: report_service::Reports::new(service.clone(), limits);
        FormServiceServer: form_service::Forms::new(service.clone(), limits);
        RollupServiceServer: rollup_service::Rollups::new(service.clone(), limits);
        FrozenFormServiceServer: frozen_form_service::FrozenForms::new(service.clone(), limits);
        RegistryServiceServer: registry_service::Registries::new(service.clone(), limits);
        ReminderServiceServer: reminder_service::Reminders::new(service.clone(), limits);
        AccessServiceServer: access_service::Access::new(service.clone(), limits);
        JournalServiceServer: journal_service::Journal::new(service.clone(), limits);
        OperationsServiceServer: operations_service::Operations::new(service, limits);
    }
    Ok((routes.routes(), health))
}

/// The same services with each call observed, for calls that do not come in by the entrance.
pub fn observed(routes: Routes) -> Routes {
    Routes::from(routes.into_axum_router().layer(CallLayer::new(methods::methods())))
}

/// Makes what the first caller would wait for, and with it all others.
pub fn prepare() {
    wire::rules_to_wire();
}

/// Reports every service as serving or not.
pub async fn set_health(health: &HealthReporter, serving: bool) {
    let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
    for name in SERVICES.into_iter().chain([""]) {
        health.set_service_status(name, status).await;
    }
}

/// Metadata in which callers say who they are, percent-encoded, where the service does not ask for credentials.
pub const PRINCIPAL_HEADER: &str = "huizong-principal";

/// A name as [`PRINCIPAL_HEADER`] carries it.
pub fn encode_principal(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// Longest name that a caller may give, in characters.
const PRINCIPAL_MAX_CHARACTERS: usize = 100;

/// Who calls: as the door has found out; without a door, who the caller says to be.
fn caller<T>(request: &tonic::Request<T>) -> Caller {
    if let Some(caller) = request.extensions().get::<Caller>() {
        return caller.clone();
    }
    let address = request.remote_addr().map_or_else(|| "unknown".to_owned(), |address| address.ip().to_string());
    Caller::unproved(claimed_principal(request.metadata().as_ref()), address, Authority::Open)
}

/// Who the caller says to be, marked as such.
fn claimed_principal(headers: &HeaderMap) -> String {
    let claimed = headers.get(PRINCIPAL_HEADER).and_then(|value| value.to_str().ok());
    let claimed = claimed.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
    let claimed: Option<String> =
        claimed.map(|name| name.chars().filter(|c| !c.is_control()).take(PRINCIPAL_MAX_CHARACTERS).collect());
    match claimed.as_deref().map(str::trim) {
        None | Some("") => "anonymous".to_owned(),
        Some(name) => format!("claimed:{name}"),
    }
}
