//! Settings do what they say.

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use tonic::transport::Channel;

use super::program::Program;
use crate::support::{AGENCIES, PROVINCE, YEAR, problem, question, report, small_registry, submission};

const SETTINGS: &str = "[limits]\npage_resources = 2\npage_resources_max = 4\npage_rows = 1\npage_rows_max = 3\n\
                        watches = 1\n[memory]\ncolumns_mib = 0\n[log]\njson = true\n";

/// A service with these settings and a report of every agency.
async fn program() -> (Program, Channel) {
    let program = Program::configured(tempfile::tempdir().unwrap(), SETTINGS, "127.0.0.1:0", &[]);
    let channel = program.channel().await;
    let request =
        pb::ApplyRegistryChangesRequest { changes: small_registry(), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
    let mut reports = ReportServiceClient::new(channel.clone());
    for agency in AGENCIES {
        reports.submit_report(submission(report(agency, 3))).await.unwrap();
    }
    (program, channel)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_as_large_as_is_set_and_lead_to_all_there_is() {
    let (_program, channel) = program().await;
    let mut registry = RegistryServiceClient::new(channel.clone());
    let mut rollups = RollupServiceClient::new(channel);
    for (asked, resources, rows) in [(0, 2, 1), (3, 3, 3), (1000, 4, 3)] {
        let request = pb::ListAgenciesRequest { page_size: asked, ..Default::default() };
        assert_eq!(registry.list_agencies(request).await.unwrap().into_inner().agencies.len(), resources);
        let mut request = question(PROVINCE, YEAR, "requests.received", &[pb::Dimension::Agency]);
        request.page_size = asked;
        let mut found = Vec::new();
        loop {
            let page = rollups.query_rollup(request.clone()).await.unwrap().into_inner();
            assert!(page.rows.len() <= rows, "{page:?}");
            found.extend(page.rows.into_iter().map(|row| huizong::wire::key_in_words(&row.keys[0])));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(found, AGENCIES);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_watches_than_are_set_are_refused() {
    let (_program, channel) = program().await;
    let mut rollups = RollupServiceClient::new(channel);
    let request = crate::support::watched(question(PROVINCE, YEAR, "requests.received", &[]));
    let mut first = rollups.watch_rollup(request.clone()).await.unwrap().into_inner();
    first.message().await.unwrap().unwrap();
    let refused = rollups.watch_rollup(request).await.unwrap_err();
    assert_eq!(problem(&refused).reason().as_str_name(), "TOO_MANY");
}
