//! The service is told to stop: health turns first, what was taken is answered, streams end at once and say when to come
//! back, and nobody is kept out by a client that goes on.

use std::process::Command;
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::support::process::start_with;

/// Far more than a stop takes; without an end of its streams the service would take all of it.
const LIMIT: Duration = Duration::from_secs(25);

fn healthcheck(url: &str) -> Option<i32> {
    let ended = Command::new(env!("CARGO_BIN_EXE_huizong")).args(["--server", url, "healthcheck"]).output().unwrap();
    ended.status.code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_turns_first_and_streams_are_told_at_once_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, format!("[limits]\nshutdown_seconds = {}\n", LIMIT.as_secs())).unwrap();
    let arguments = ["--config", settings.to_str().unwrap()];
    let (mut server, channel) = start_with(&folder.path().join("data"), &arguments).await;
    assert_eq!(healthcheck(&server.url), Some(0));

    let request = HealthCheckRequest { service: "huizong.v1.ReportService".to_owned() };
    let mut health = HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner();
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let (requests, sent) = tokio::sync::mpsc::channel(1);
    let answers = ReportServiceClient::new(channel.clone());
    let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
    let answers = tokio::spawn(async move { answers.clone().submit_reports(sent).await.unwrap().into_inner() });
    requests.send(pb::SubmitReportsRequest { submission: None }).await.unwrap();
    let mut answers = answers.await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().index, 0);

    let began = Instant::now();
    server.terminate();
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    told_when_to_come_back(&health.message().await.unwrap_err());
    // The client would go on for ever: what was taken is answered, and then it is told.
    let _ = requests.send(pb::SubmitReportsRequest { submission: None }).await;
    let status = loop {
        match answers.message().await {
            Ok(answer) => assert!(answer.is_some(), "it ended as if it were done"),
            Err(status) => break status,
        }
    };
    told_when_to_come_back(&status);
    let ended = tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
    assert_eq!(ended, Some(0));
    let took = began.elapsed();
    assert!(took < LIMIT, "it took {took:?}");
}

/// A stream that was under way may be made again, and it is said when.
fn told_when_to_come_back(status: &Status) {
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let problem = huizong::grpc::problem_of_status(status).unwrap();
    assert_eq!(problem.reason().as_str_name(), "STOPPING");
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_service_stops_at_once_and_is_then_not_reached() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, channel) = start_with(folder.path(), &[]).await;
    drop(channel);
    let (url, began) = (server.url.clone(), Instant::now());
    server.terminate();
    assert_eq!(tokio::task::spawn_blocking(move || server.wait()).await.unwrap(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    assert_eq!(healthcheck(&url), Some(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_watched_stops_without_waiting_for_its_watchers() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, channel) = start_with(folder.path(), &[]).await;
    let jurisdiction = pb::Jurisdiction {
        name: "jurisdictions/230000".to_owned(),
        display_name: "黑龙江省".to_owned(),
        level: pb::Level::Province.into(),
        first_year: 2019,
        ..Default::default()
    };
    let request =
        pb::CreateJurisdictionRequest { jurisdiction: Some(jurisdiction), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).create_jurisdiction(request).await.unwrap();
    let query = pb::QueryRollupRequest {
        scope: crate::support::scope("jurisdictions/230000"),
        first_year: 2022,
        measures: vec!["requests.received".to_owned()],
        ..Default::default()
    };
    let request = crate::support::watched(query);
    let mut answers = RollupServiceClient::new(channel).watch_rollup(request).await.unwrap().into_inner();
    answers.message().await.unwrap().unwrap();
    server.terminate();
    told_when_to_come_back(&answers.message().await.unwrap_err());
    assert_eq!(tokio::task::spawn_blocking(move || server.wait()).await.unwrap(), Some(0));
}

/// A connection that the service has not read from when it is told to stop: on a busy machine that may be any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_let_in_before_the_stop_and_speaks_after_it_is_told_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, _) = start_with(folder.path(), &[]).await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut silent = Some(tokio::net::TcpStream::connect(address).await.unwrap());
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.terminate();
    // Later than nobody would be waited for.
    tokio::time::sleep(Duration::from_millis(750)).await;
    let connector = tower::service_fn(move |_| {
        let stream = silent.take().map(hyper_util::rt::TokioIo::new);
        async move { stream.ok_or_else(|| std::io::Error::other("there is but one connection")) }
    });
    let endpoint = tonic::transport::Endpoint::from_shared(server.url.clone()).unwrap();
    let channel = endpoint.connect_with_connector(connector).await.unwrap();
    let status = OperationsServiceClient::new(channel).get_status(pb::GetStatusRequest::default()).await.unwrap_err();
    told_when_to_come_back(&status);
    let ended = tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
    assert_eq!(ended, Some(0));
}
