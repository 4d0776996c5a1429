//! The real program, run with arguments.

use std::path::Path;
use std::process::{Command, Output};

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use tonic::transport::Channel;

use crate::support::{report, small_registry, submission};

/// Runs the program.
pub async fn huizong(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    command.args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Runs the program, which must succeed; what it printed.
pub async fn succeed(arguments: &[&str]) -> String {
    let output = huizong(arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", complaints(&output));
    String::from_utf8(output.stdout).unwrap()
}

pub fn complaints(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub async fn register(channel: &Channel) {
    let request =
        pb::ApplyRegistryChangesRequest { changes: small_registry(), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
}

pub async fn hand_in(channel: &Channel, agency: &str) -> pb::SubmitReportResponse {
    let request = submission(report(agency, 3));
    ReportServiceClient::new(channel.clone()).submit_report(request).await.unwrap().into_inner()
}

/// How far the journal has come.
pub async fn newest(channel: &Channel) -> i64 {
    let status = OperationsServiceClient::new(channel.clone()).get_status(pb::GetStatusRequest::default()).await;
    status.unwrap().into_inner().as_of
}
