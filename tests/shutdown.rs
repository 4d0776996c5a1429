//! The service is told to stop: health turns first, calls under way finish, and those that do not are cut off in time.

use std::process::Command;
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use process::start_with;

#[path = "support/process.rs"]
mod process;

const LIMIT: Duration = Duration::from_secs(3);

fn healthcheck(url: &str) -> Option<i32> {
    let ended = Command::new(env!("CARGO_BIN_EXE_huizong")).args(["--server", url, "healthcheck"]).output().unwrap();
    ended.status.code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_turns_first_calls_under_way_finish_and_the_rest_is_cut_off_in_time() {
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
    // The stream is under way: what it still sends is answered.
    requests.send(pb::SubmitReportsRequest { submission: None }).await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().index, 1);
    // It never ends; the service does.
    let ended = tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
    assert_eq!(ended, Some(0));
    let took = began.elapsed();
    assert!(took >= LIMIT && took < LIMIT * 5, "it took {took:?}");
    assert!(answers.message().await.is_err(), "it was cut off");
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
