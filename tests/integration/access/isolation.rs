//! A submitter learns nothing of any agency but its own: not from lists, not from pages, not from errors.

use huizong::pb;
use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::registry::Exception;
use huizong::service::{Caller, RoleChange, Submission};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::guarded::{Guarded, reason};
use crate::support::{self, AGENCIES, CITY, YEAR};

const OWN: &str = "agencies/city-bureau";

/// A server in which every agency has reported.
async fn with_reports() -> Guarded {
    let server = Guarded::start().await;
    for (agency, requests) in AGENCIES.iter().zip(1..) {
        submit(&server, agency, requests, None).await;
    }
    server
}

async fn submit(server: &Guarded, agency: &str, requests: i64, request_id: Option<Uuid>) {
    let figures = huizong::wire::figures_from_wire(
        &support::form(requests),
        huizong::form::edition_for_year(YEAR).unwrap(),
        "form",
    );
    let report = support::report_name(agency).parse().unwrap();
    let submission = Submission { request_id, ..Submission::first(report, figures.unwrap()) };
    server.service.submit(&submission, &Caller::internal("test")).await.unwrap();
}

#[tokio::test]
async fn lists_and_their_pages_show_a_submitter_its_own_agency_alone() {
    let server = with_reports().await;
    let client = server.client_of("submitter").await;
    let request = pb::ListReportsRequest {
        parent: "agencies/-".to_owned(),
        year: YEAR.into(),
        page_size: 1,
        ..Default::default()
    };
    let page = ReportServiceClient::new(client.clone()).list_reports(request).await.unwrap().into_inner();
    let names: Vec<_> = page.reports.iter().map(|report| report.name.as_str()).collect();
    assert_eq!((names, page.next_page_token.as_str()), (vec![support::report_name(OWN).as_str()], ""));

    let request = pb::ListAgenciesRequest { page_size: 1, ..Default::default() };
    let page = RegistryServiceClient::new(client).list_agencies(request).await.unwrap().into_inner();
    let names: Vec<_> = page.agencies.iter().map(|agency| agency.name.as_str()).collect();
    assert_eq!((names, page.next_page_token.as_str()), (vec![OWN], ""));
}

#[tokio::test]
async fn lists_show_a_viewer_its_subtree_page_by_page() {
    let server = with_reports().await;
    let mut reports = ReportServiceClient::new(server.client_of("viewer").await);
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListReportsRequest {
            parent: "agencies/-".to_owned(),
            year: YEAR.into(),
            page_size: 1,
            page_token,
            ..Default::default()
        };
        let page = reports.list_reports(request).await.unwrap().into_inner();
        assert!(!page.next_page_token.contains("province"), "{}", page.next_page_token);
        seen.extend(page.reports.into_iter().map(|report| report.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> =
        AGENCIES.iter().filter(|name| !name.contains("province")).map(|name| support::report_name(name)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn revisions_of_others_are_refused_by_every_name() {
    let server = with_reports().await;
    let mut reports = ReportServiceClient::new(server.client_of("submitter").await);
    let mut get = async |name: String| reports.get_report(pb::GetReportRequest { name, ..Default::default() }).await;
    get(format!("{OWN}/reports/{YEAR}/revisions/1")).await.unwrap();
    for name in ["agencies/county-bureau/reports/2022/revisions/1", "agencies/county-bureau/reports/2022/revisions/9"] {
        assert_eq!(reason(&get(name.to_owned()).await.unwrap_err()), "PERMISSION_DENIED", "{name}");
    }
}

#[tokio::test]
async fn a_request_id_of_another_agency_tells_nothing_of_it() {
    let server = Guarded::start().await;
    let id = Uuid::from_u128(7);
    submit(&server, "agencies/county-bureau", 1, Some(id)).await;
    let mut reports = ReportServiceClient::new(server.client_of("submitter").await);
    let mut request = support::submission(support::report(OWN, 1));
    request.request_id = id.to_string();
    let refused = reports.submit_report(request).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    assert!(!format!("{:?}", support::problem(&refused)).contains("county-bureau"));
}

#[tokio::test]
async fn exceptions_for_others_are_left_out_of_a_collection() {
    let server = Guarded::start().await;
    let mut registry = RegistryServiceClient::new(server.client_of("system").await);
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        edition: pb::Edition::Format2021.into(),
        review_policy: pb::ReviewPolicy::None.into(),
        ..Default::default()
    };
    let create = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    registry.create_collection(create).await.unwrap();
    for agency in ["city-bureau", "county-bureau", "province-bureau"] {
        let exception = Exception {
            agency: agency.parse().unwrap(),
            due: Some(Timestamp::now() + SignedDuration::from_hours(1)),
            lock: None,
            granted_by: "test".to_owned(),
            reason: "机构改革".to_owned(),
            until: None,
        };
        let year = huizong::report::ReportYear::new(YEAR).unwrap();
        server.service.grant_exception(year, exception, false, &Caller::internal("test")).await.unwrap();
    }
    let seen = async |principal: &str| {
        let mut registry = RegistryServiceClient::new(server.client_of(principal).await);
        let request = pb::GetCollectionRequest { name: format!("collections/{YEAR}"), ..Default::default() };
        let collection = registry.get_collection(request).await.unwrap().into_inner().collection.unwrap();
        collection.exceptions.into_iter().map(|exception| exception.agency).collect::<Vec<_>>()
    };
    assert_eq!(seen("submitter").await, [OWN]);
    assert_eq!(seen("viewer").await, [OWN, "agencies/county-bureau"]);
    assert_eq!(seen("auditor").await, Vec::<String>::new());
    assert_eq!(seen("system").await.len(), 3);
}

#[tokio::test]
async fn a_text_like_that_of_another_agency_does_not_name_it() {
    let server = Guarded::start().await;
    let text = "本年度共主动公开信息一百余条，依申请公开办理及时规范，监督保障机制不断健全，政务新媒体运行平稳，解读回应更加主动，\
                平台建设稳步推进，教育培训覆盖全体干部，考核评议结果良好，未发生责任追究情形，各项工作取得了新的进展。";
    let narrative = || pb::Narrative { overview: Some(text.repeat(4)), ..Default::default() };
    let with_text = |agency: &str| {
        let report = pb::Report { narrative: Some(narrative()), ..support::report(agency, 1) };
        support::submission(report)
    };
    // Every warning is answered, so that it is stored.
    let internal = Caller::internal("test");
    let mut first = huizong::wire::submission_from_wire(with_text("agencies/county-bureau")).unwrap();
    if let Err(problem) = server.service.submit(&first, &internal).await {
        let answer = |finding: &huizong::report::Finding| huizong::report::Answer {
            rule: finding.rule.clone(),
            cell: String::new(),
            reason: "已核对".to_owned(),
        };
        first.answers = problem.findings.iter().map(answer).collect();
        server.service.submit(&first, &internal).await.unwrap();
    }
    let mut reports = ReportServiceClient::new(server.client_of("submitter").await);
    let refused = reports.submit_report(with_text(OWN)).await.unwrap_err();
    let problem = support::problem(&refused);
    let likeness = problem.findings.iter().any(|finding| finding.message.as_ref().unwrap().zh.contains("相同"));
    assert!(likeness, "the likeness is found: {problem:?}");
    assert!(!format!("{problem:?}").contains("county-bureau"), "{problem:?}");
}

#[tokio::test]
async fn watching_ends_with_the_right_to_watch() {
    let server = with_reports().await;
    let mut rollups = pb::rollup_service_client::RollupServiceClient::new(server.client_of("viewer").await);
    let query = support::question(CITY, YEAR, "requests.received", &[]);
    let watch = rollups.watch_rollup(crate::support::watched(query)).await.unwrap();
    let mut watch = watch.into_inner();
    watch.message().await.unwrap().unwrap();
    let role = huizong::access::Role::parse("viewer", CITY).unwrap();
    server
        .service
        .change_role("viewer".parse().unwrap(), role, RoleChange::Withdraw, &Caller::internal("test"))
        .await
        .unwrap();
    // The next change in scope is what would have been told.
    let mut again = huizong::wire::submission_from_wire(support::submission(support::report(OWN, 50))).unwrap();
    let present = server.service.report(&again.report).unwrap();
    (again.etag, again.reason) = (Some(present.etag()), "更正".to_owned());
    server.service.submit(&again, &Caller::internal("test")).await.unwrap();
    assert_eq!(reason(&watch.message().await.unwrap_err()), "PERMISSION_DENIED");
    assert!(watch.message().await.unwrap().is_none());
}

#[tokio::test]
async fn how_often_rules_fail_is_a_sum_that_a_submitter_does_not_see() {
    let server = with_reports().await;
    let list = async |principal: &str, jurisdiction: &str| {
        let mut rollups = RollupServiceClient::new(server.client_of(principal).await);
        let (jurisdiction, first_year) = (jurisdiction.to_owned(), YEAR.into());
        let request = pb::ListRuleFailuresRequest { jurisdiction, first_year, ..Default::default() };
        rollups.list_rule_failures(request).await.map(|_| ()).map_err(|status| reason(&status))
    };
    let mut forms = FormServiceClient::new(server.client_of("submitter").await);
    assert!(forms.list_rules(pb::ListRulesRequest::default()).await.is_ok(), "the rules themselves are everybody's");
    assert_eq!(list("submitter", CITY).await, Err("PERMISSION_DENIED".to_owned()));
    assert_eq!(list("viewer", CITY).await, Ok(()));
    assert_eq!(list("viewer", support::PROVINCE).await, Err("PERMISSION_DENIED".to_owned()));
}

#[tokio::test]
async fn an_account_of_the_agency_that_stays_reaches_what_came_in_under_the_joined_one() {
    let server = Guarded::start().await;
    let internal = Caller::internal("test");
    let first_year = huizong::report::ReportYear::new(2019).unwrap();
    let twice = huizong::registry::RegistryChange::CreateAgency(huizong::registry::Agency {
        id: "city-bureau-again".parse().unwrap(),
        jurisdiction: CITY["jurisdictions/".len()..].parse().unwrap(),
        display_name: "重复登记的局".to_owned(),
        kind: huizong::report::AgencyKind::Department,
        large: false,
        vertical: false,
        first_year,
    });
    server.service.change_registry(vec![twice], false, &internal).await.unwrap();
    let other = "agencies/city-bureau-again";
    submit(&server, other, 5, None).await;
    let mut reports = ReportServiceClient::new(server.client_of("submitter").await);
    let get = || pb::GetReportRequest { name: support::report_name(other), ..Default::default() };
    assert_eq!(reason(&reports.get_report(get()).await.unwrap_err()), "PERMISSION_DENIED");
    let join = huizong::registry::RegistryChange::Join {
        agency: "city-bureau-again".parse().unwrap(),
        into: "city-bureau".parse().unwrap(),
        years: Vec::new(),
        reason: "重复登记".to_owned(),
    };
    server.service.change_registry(vec![join], false, &internal).await.unwrap();
    let seen = reports.get_report(get()).await.unwrap().into_inner().report.unwrap();
    let listed = pb::ListReportsRequest { parent: "agencies/-".to_owned(), year: YEAR.into(), ..Default::default() };
    let listed = reports.list_reports(listed).await.unwrap().into_inner().reports;
    assert_eq!(listed.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [support::report_name(other)]);
    // It is corrected under its own name; those of others stay out of reach.
    let mut correction = support::submission(support::report(other, 6));
    (correction.etag, correction.correction_reason) = (seen.etag, "更正".to_owned());
    reports.submit_report(correction).await.unwrap();
    let office = pb::GetReportRequest { name: support::report_name("agencies/city-office"), ..Default::default() };
    assert_eq!(reason(&reports.get_report(office).await.unwrap_err()), "PERMISSION_DENIED");
}
