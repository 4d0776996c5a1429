//! The service is killed while submissions stream in: whatever it acknowledged is there afterwards, the totals equal
//! the naive sum, and a second run of the same submissions is recognised.

use std::collections::BTreeMap;

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::report::ReportYear;
use huizong::simulation::{Parameters, Province};
use huizong::wire::{change_to_wire, figures_to_wire};
use uuid::Uuid;

use process::start;

#[path = "support/process.rs"]
mod process;

const ROUNDS: usize = 50;
const YEAR: u16 = 2023;

fn submission(agency: &str, form: &pb::Form) -> pb::SubmitReportRequest {
    let report = pb::Report {
        name: format!("agencies/{agency}/reports/{YEAR}"),
        form: Some(form.clone()),
        ..Default::default()
    };
    let request_id = Uuid::new_v8({
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&agency.as_bytes()[..16]);
        bytes
    });
    pb::SubmitReportRequest { report: Some(report), request_id: request_id.to_string(), validate_only: false }
}

fn received(form: &pb::Form) -> i64 {
    form.requests.as_ref().and_then(|requests| requests.received?.total).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let year = ReportYear::new(YEAR).unwrap();
    let parameters =
        Parameters { seed: 7, province: "230000".to_owned(), agencies: 1500, first_year: year, last_year: year };
    let province = Province::simulate(&parameters).unwrap();
    let reports: Vec<(String, pb::Form)> =
        province.reports(year).map(|report| (report.agency.to_string(), figures_to_wire(&report.figures))).collect();
    let per_round = reports.len() / ROUNDS;

    let folder = tempfile::tempdir().unwrap();
    let (mut server, mut channel) = start(folder.path()).await;
    let changes = province.changes.iter().filter_map(change_to_wire).collect();
    let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();

    let mut acknowledged: BTreeMap<String, i64> = BTreeMap::new();
    for (round, part) in reports.chunks(per_round).take(ROUNDS).enumerate() {
        // Killed after a different number of answers in each round, with the rest of the stream under way.
        let answers_before_the_end = round * 7 % per_round;
        let requests: Vec<_> = part
            .iter()
            .map(|(agency, form)| pb::SubmitReportsRequest { submission: Some(submission(agency, form)) })
            .collect();
        let mut client = ReportServiceClient::new(channel.clone());
        let mut answers = client.submit_reports(tokio_stream::iter(requests)).await.unwrap().into_inner();
        for (agency, form) in part.iter().take(answers_before_the_end) {
            let answer = answers.message().await.unwrap().unwrap();
            assert!(matches!(answer.result, Some(pb::submit_reports_response::Result::Accepted(_))), "{answer:?}");
            acknowledged.insert(agency.clone(), received(form));
        }
        drop(server);
        (server, channel) = start(folder.path()).await;
        let mut client = ReportServiceClient::new(channel.clone()).max_decoding_message_size(64 << 20);
        let request = pb::ListReportsRequest {
            parent: "agencies/-".to_owned(),
            year: YEAR.into(),
            page_size: 1000,
            ..Default::default()
        };
        let mut stored: BTreeMap<String, i64> = BTreeMap::new();
        let mut token = String::new();
        loop {
            let request = pb::ListReportsRequest { page_token: token, ..request.clone() };
            let page = client.list_reports(request).await.unwrap().into_inner();
            for report in page.reports {
                assert!(report.revision.ends_with("/revisions/1"), "stored twice: {}", report.revision);
                let agency = report.name.split('/').nth(1).unwrap().to_owned();
                stored.insert(agency, received(report.form.as_ref().unwrap()));
            }
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        for (agency, count) in &acknowledged {
            assert_eq!(stored.get(agency), Some(count), "round {round}: an acknowledged report of {agency}");
        }
        let request = pb::QueryRollupRequest {
            jurisdiction: "jurisdictions/230000".to_owned(),
            first_year: YEAR.into(),
            ..Default::default()
        };
        let answer = RollupServiceClient::new(channel.clone()).query_rollup(request).await.unwrap().into_inner();
        let naive: i64 = stored.values().sum();
        assert_eq!(answer.totals[0].value, Some(pb::rollup_row::Value::Count(naive)), "round {round}");
        // The whole part again: what was stored is recognised, the rest goes on.
        for (agency, form) in part {
            let answer = client.submit_report(submission(agency, form)).await.unwrap().into_inner();
            assert_eq!(answer.already_stored, stored.contains_key(agency), "round {round}: {agency}");
            acknowledged.insert(agency.clone(), received(form));
        }
    }
}
