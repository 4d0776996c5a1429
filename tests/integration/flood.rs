//! More of something than is good: the sender is held back, or counted, and nobody else notices.

use std::fs;

use crate::support::{AGENCIES, Server, problem, process, report_name, small_registry, submission};
use futures::{StreamExt as _, future::join_all, stream};
use huizong::pb;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::submit_reports_response::Result as Answered;
use tonic::Code;
use tonic::transport::Channel;

/// A report that is refused by its rules, in few bytes.
fn refused(agency: &str) -> pb::Report {
    pb::Report { name: report_name(agency), form: Some(pb::Form::default().into()), ..Default::default() }
}

/// Sends many small submissions on one stream, each in a frame of its own as common clients send them; how many of them
/// were answered.
async fn flood(channel: Channel, count: usize) -> Result<usize, tonic::Status> {
    let requests = stream::iter(0..count).then(|number| async move {
        // Else the client would put several into one frame.
        tokio::task::yield_now().await;
        pb::SubmitReportsRequest { submission: Some(submission(refused(AGENCIES[number % AGENCIES.len()]))) }
    });
    let mut answers = ReportServiceClient::new(channel).submit_reports(requests).await?.into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.message().await? {
        assert!(matches!(answer.result, Some(Answered::Refused(_))));
        answered += 1;
    }
    Ok(answered)
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_small_submissions_are_held_back_and_answered_to_their_end() {
    const COUNT: usize = 4_000;
    let server = Server::with_registry().await;
    assert_eq!(flood(server.channel.clone(), COUNT).await.unwrap(), COUNT);
    // Several on one connection.
    let floods = (0..4).map(|_| flood(server.channel.clone(), COUNT / 4));
    for answered in join_all(floods).await {
        assert_eq!(answered.unwrap(), COUNT / 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_submissions_beyond_the_budget_are_counted_in_one_entry() {
    const COUNT: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    fs::write(&settings, "[access]\nrefused_submissions_per_minute = 5\n").unwrap();
    let arguments = ["--config", settings.to_str().unwrap()];
    let data = folder.path().join("data");
    let start = || process::start_with(&data, &arguments);
    let (mut server, channel) = start().await;
    let changes =
        pb::ApplyRegistryChangesRequest { changes: small_registry(), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(changes).await.unwrap();
    assert_eq!(flood(channel.clone(), COUNT).await.unwrap(), COUNT, "each is refused with its reasons all the same");
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let (_server, channel) = start().await;
    let request = pb::ListJournalRequest { page_size: 1000, ..Default::default() };
    let entries = JournalServiceClient::new(channel).list_journal(request).await.unwrap().into_inner().entries;
    let recorded = entries.iter().filter(|entry| entry.action == "report.submit").count();
    // Where the minute ends meanwhile, there is another budget.
    assert!((5..=15).contains(&recorded), "{recorded} are in the journal");
    let counted: Vec<_> = entries.iter().filter(|entry| entry.action == "refusals.left_out").collect();
    let count =
        |entry: &pb::JournalEntry| entry.detail.strip_prefix("report.submit ").unwrap().parse::<usize>().unwrap();
    let left_out: usize = counted.iter().map(|entry| count(entry)).sum();
    assert_eq!(recorded + left_out, COUNT, "{counted:?}");
    assert!(counted.len() <= 3, "{counted:?}");
    assert_eq!(counted[0].subject, "127.0.0.1");
}

#[tokio::test]
async fn a_long_message_of_empty_ones_is_refused_before_it_is_made() {
    let server = Server::with_registry().await;
    let changes = vec![pb::RegistryChange::default(); 8 << 20 >> 1];
    let request = pb::ApplyRegistryChangesRequest { changes, validate_only: true, ..Default::default() };
    let refused = server.registry().apply_registry_changes(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}");
    // A call that asks for little takes little.
    let request = pb::GetReportRequest { name: "a".repeat(2 << 20), ..Default::default() };
    let refused = server.reports().get_report(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}");
    let status = server.get("agencies/none/reports/2022").await.unwrap_err();
    problem(&status);
}
