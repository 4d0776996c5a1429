//! The program asks for lists to their end: a service that gives small pages shows no less, and what is left out is said.

use std::process::{Command, Output};

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use serde_json::Value;

use crate::support::{AGENCIES, YEAR, process, report, report_name, small_registry, submission};

const REVISIONS: usize = 5;

fn huizong(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    let output =
        command.args(["--server", url, "--format", "json"]).args(arguments).env("NO_COLOR", "1").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn length(output: &Output, field: &str) -> usize {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer[field].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_whole_whatever_the_service_gives_at_once_and_a_limit_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    std::fs::write(
        &settings,
        "[limits]\npage_resources = 2\npage_resources_max = 2\npage_rows = 2\npage_rows_max = 2\n",
    )
    .unwrap();
    let data = folder.path().join("data");
    let (server, channel) = process::start_with(&data, &["--config", settings.to_str().unwrap()]).await;
    let request = pb::ApplyRegistryChangesRequest { changes: small_registry(), ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
    let mut reports = ReportServiceClient::new(channel);
    let mut etag = String::new();
    for requests in 1..=REVISIONS as i64 {
        let corrected = pb::Report { etag, correction_reason: "更正".to_owned(), ..report(AGENCIES[0], requests) };
        let answer = reports.submit_report(submission(corrected)).await.unwrap().into_inner();
        etag = answer.receipt.unwrap().etag;
    }
    for agency in &AGENCIES[1..] {
        reports.submit_report(submission(report(agency, 7))).await.unwrap();
    }
    let (name, year) = (report_name(AGENCIES[0]), YEAR.to_string());
    let whole: [(&[&str], &str, usize); 5] = [
        (&["report", "revisions", &name], "reports", REVISIONS),
        (&["report", "history", &name], "events", REVISIONS),
        (&["report", "list", "--year", &year], "reports", AGENCIES.len()),
        (&["coverage", "230000", "--year", "2021", "--missing"], "agencies", AGENCIES.len()),
        (&["rollup", "230000", "--year", &year, "--measure", "received", "--by", "agency"], "rows", AGENCIES.len()),
    ];
    for (arguments, field, expected) in whole {
        let output = huizong(&server.url, arguments);
        assert_eq!(length(&output, field), expected, "{arguments:?}");
    }
    let cut = huizong(&server.url, &["report", "list", "--year", &year, "--limit", "3"]);
    assert_eq!(length(&cut, "reports"), 3);
    assert!(String::from_utf8_lossy(&cut.stderr).contains("--limit"), "{cut:?}");
    let all = huizong(&server.url, &["report", "list", "--year", &year, "--limit", "6"]);
    assert_eq!((length(&all, "reports"), all.stderr.len()), (6, 0));
}
