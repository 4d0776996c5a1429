//! What the contract promises to callers, asked of a real server over the network.

use huizong::pb;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{
    AGENCIES, COUNTY, PROVINCE, Server, YEAR, count, form, problem, question, refused, report, report_name, set,
    submission,
};

/// A form with one 其他处理 line in place of the three.
fn merged_form() -> pb::Form {
    let mut form = form(11);
    for column in ["natural_person", "total"] {
        set(&mut form, &format!("requests.disclosed.{column}"), 10);
    }
    let other = form.requests.as_mut().unwrap().other.as_mut().unwrap();
    let zero = other.correction_overdue.unwrap();
    *other = pb::OtherOutcomes {
        unspecified: Some(pb::RequesterCounts { natural_person: Some(1), total: Some(1), ..zero }),
        ..Default::default()
    };
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_report_gets_a_receipt_reads_back_equal_and_is_in_the_sums_at_once() {
    let server = Server::with_registry().await;
    assert_eq!(server.received().await, 0);
    let sent = report(AGENCIES[0], 10);
    let receipt = server.store(sent.clone()).await;
    assert_eq!(server.received().await, 10);
    assert_eq!(receipt.revision, format!("{}/revisions/1", sent.name));
    assert_eq!((receipt.content_sha256.len(), receipt.chain_sha256.len()), (64, 64));

    let read = server.get(&sent.name).await.unwrap();
    assert_eq!((&read.name, &read.form), (&sent.name, &sent.form));
    assert_eq!((&read.etag, &read.revision), (&receipt.etag, &receipt.revision));
    assert_eq!((&read.content_sha256, read.journal_sequence), (&receipt.content_sha256, receipt.journal_sequence));
    assert_eq!(read.state(), pb::ReportState::Accepted);
    assert_eq!(read.edition(), pb::Edition::Format2021);
    assert!(read.findings.is_empty() && read.computed.is_empty(), "{read:?}");
    assert_eq!(server.get(&receipt.revision).await.unwrap().form, sent.form);

    let entry = server.journal().await.pop().unwrap();
    assert_eq!((entry.sequence, &entry.chain_sha256), (receipt.journal_sequence, &receipt.chain_sha256));
    assert_eq!(entry.outcome(), pb::JournalOutcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_submission_is_in_the_first_answer_after_its_acknowledgement() {
    let server = Server::with_registry().await;
    let mut expected = 0;
    for (agency, requests) in AGENCIES.iter().zip(1..) {
        server.store(report(agency, requests)).await;
        expected += requests;
        assert_eq!(server.received().await, expected);
    }
    let mut correction = report(AGENCIES[0], 100);
    correction.etag = server.get(&correction.name).await.unwrap().etag;
    correction.correction_reason = "漏计".to_owned();
    server.store(correction).await;
    assert_eq!(server.received().await, expected - 1 + 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_requester_cell_is_refused_with_every_equation_that_it_breaks() {
    let server = Server::with_registry().await;
    let mut wrong = report(AGENCIES[0], 10);
    set(wrong.form.as_mut().unwrap(), "requests.disclosed.natural_person", 11);
    let problem = refused(server.submit(submission(wrong.clone())).await, Code::InvalidArgument, "REPORT_INVALID");
    for rule in ["T3-ROW-TOTAL", "T3-COL-OUTCOMES"] {
        let finding = problem.findings.iter().find(|finding| finding.rule == rule).expect(rule);
        assert_eq!(finding.severity(), pb::Severity::Error);
        assert!(finding.difference.is_some() && !finding.left.is_empty() && !finding.right.is_empty());
        for text in [&finding.message, &finding.remedy] {
            let text = text.as_ref().unwrap();
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{finding:?}");
        }
    }
    let [diagnosis] = &problem.diagnoses[..] else { panic!("{:?}", problem.diagnoses) };
    let suspect = &diagnosis.suggestions[0].suspects[0];
    assert_eq!(diagnosis.suggestions[0].suspects.len(), 1);
    assert_eq!(
        (suspect.cell.as_str(), crate::support::value(&suspect.needed).as_str()),
        ("requests.disclosed.natural_person", "10")
    );
    let message = problem.message.unwrap();
    let said = "，未予接收。疑似填错：自然人·予以公开 很可能是10，不是11";
    assert!(message.zh.starts_with("报告有") && message.zh.contains(said), "{}", message.zh);
    refused(server.get(&wrong.name).await, Code::NotFound, "REPORT_NOT_FOUND");
    assert_eq!(server.received().await, 0);
    let entry = server.journal().await.pop().unwrap();
    assert_eq!((entry.outcome(), &entry.subject), (pb::JournalOutcome::Refused, &wrong.name));
    assert!(entry.detail.contains("REPORT_INVALID") && entry.detail.contains("T3-ROW-TOTAL"), "{entry:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_blocks_until_it_is_answered() {
    let server = Server::with_registry().await;
    let mut merged = report(AGENCIES[0], 11);
    merged.form = Some(merged_form().into());
    let problem =
        refused(server.submit(submission(merged.clone())).await, Code::FailedPrecondition, "WARNINGS_UNANSWERED");
    let rules: Vec<_> = problem.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["ROW-OTHER-MERGED"]);
    assert_eq!(problem.findings[0].severity(), pb::Severity::Warning);
    assert_eq!(server.received().await, 0);

    let answer =
        pb::Answer { rule: "ROW-OTHER-MERGED".to_owned(), reason: "原报告如此".to_owned(), ..Default::default() };
    merged.answers = vec![answer];
    let response = server.submit(submission(merged.clone())).await.unwrap();
    assert_eq!(response.findings.len(), 1);
    let read = server.get(&merged.name).await.unwrap();
    assert_eq!((&read.answers, &read.form), (&merged.answers, &merged.form));
    assert_eq!(read.findings, response.findings);
    assert_eq!(server.received().await, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_with_its_request_id_is_stored_once() {
    let server = Server::with_registry().await;
    let request_id = "7d1c0a52-54a5-4b5e-9f0e-3f2f8f0b9c11".to_owned();
    let request = pb::SubmitReportRequest { request_id, ..submission(report(AGENCIES[0], 10)) };
    let first = server.submit(request.clone()).await.unwrap();
    let again = server.submit(request.clone()).await.unwrap();
    assert!(!first.already_stored && again.already_stored);
    assert_eq!(first.receipt, again.receipt);
    let list = pb::ListReportRevisionsRequest { name: report_name(AGENCIES[0]), ..Default::default() };
    assert_eq!(server.reports().list_report_revisions(list).await.unwrap().into_inner().reports.len(), 1);
    assert_eq!(server.received().await, 10);

    let other = pb::SubmitReportRequest { form: report(AGENCIES[0], 11).form, ..request };
    let problem = refused(server.submit(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
    assert_eq!(problem.metadata["revision"], first.receipt.unwrap().revision);
    assert_eq!(server.received().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_is_refused_naming_the_present_one() {
    let server = Server::with_registry().await;
    let first = server.store(report(AGENCIES[0], 10)).await;
    let correction = |requests, etag: &str| pb::Report {
        etag: etag.to_owned(),
        correction_reason: "更正".to_owned(),
        ..report(AGENCIES[0], requests)
    };
    let second = server.store(correction(11, &first.etag)).await;
    for stale in [first.etag.as_str(), ""] {
        let status = server.submit(submission(correction(12, stale))).await.unwrap_err();
        assert_eq!(status.get_details_error_info().unwrap().metadata["etag"], second.etag);
        refused(Err::<(), _>(status), Code::Aborted, "ETAG_MISMATCH");
    }
    let unneeded = pb::Report { etag: first.etag.clone(), ..report(AGENCIES[1], 1) };
    refused(server.submit(submission(unneeded)).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(server.received().await, 11);
    let old = server.get(&first.revision).await.unwrap();
    assert_eq!((old.form, old.etag), (Some(form(10).into()), first.etag));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_needs_a_reason() {
    let server = Server::with_registry().await;
    let first = server.store(report(AGENCIES[0], 10)).await;
    let mut correction = pb::Report { etag: first.etag, ..report(AGENCIES[0], 11) };
    let problem = refused(
        server.submit(submission(correction.clone())).await,
        Code::InvalidArgument,
        "CORRECTION_REASON_REQUIRED",
    );
    assert_eq!(problem.field_violations[0].field, "correction_reason");
    correction.correction_reason = "漏计一件".to_owned();
    server.store(correction).await;
    assert_eq!(server.get(&report_name(AGENCIES[0])).await.unwrap().correction_reason, "漏计一件");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_total_is_computed_and_named() {
    let server = Server::with_registry().await;
    let mut blank = report(AGENCIES[0], 10);
    blank.form.as_mut().unwrap().requests.as_mut().unwrap().received.as_mut().unwrap().total = None;
    refused(server.submit(submission(blank.clone())).await, Code::FailedPrecondition, "WARNINGS_UNANSWERED");
    blank.answers =
        vec![pb::Answer { rule: "TOTAL-BLANK".to_owned(), reason: "由系统计算".to_owned(), ..Default::default() }];
    let response = server.submit(submission(blank.clone())).await.unwrap();
    let [computed] = &response.computed[..] else { panic!("{:?}", response.computed) };
    assert_eq!(
        (computed.cell.as_str(), crate::support::value(&computed.value).as_str()),
        ("requests.received.total", "10")
    );
    let read = server.get(&blank.name).await.unwrap();
    assert_eq!((read.computed, read.form), (response.computed, blank.form));
    assert_eq!(server.received().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_not_found() {
    let server = Server::with_registry().await;
    let problem =
        refused(server.submit(submission(report("agencies/nobody", 1))).await, Code::NotFound, "AGENCY_NOT_FOUND");
    assert_eq!(problem.metadata["name"], "agencies/nobody");
    refused(server.get(&report_name(AGENCIES[0])).await, Code::NotFound, "REPORT_NOT_FOUND");
    let unknown = question("jurisdictions/110000", YEAR, "requests.received", &[]);
    refused(server.rollups().query_rollup(unknown).await, Code::NotFound, "JURISDICTION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_is_refused_with_a_reason_and_the_field() {
    let server = Server::with_registry().await;
    let named = |name: &str| pb::Report { name: name.to_owned(), ..report(AGENCIES[0], 1) };
    let with_form = |change: &dyn Fn(&mut pb::Form)| {
        let mut report = report(AGENCIES[0], 1);
        change(report.form.as_mut().unwrap());
        report
    };
    let fee = |text: &str| {
        let fee = Some(text.to_owned());
        with_form(&|form| form.proactive_disclosure.as_mut().unwrap().administrative_fees.clone_from(&fee))
    };
    let not_applicable = |path: &str| with_form(&|form| form.not_applicable = vec![path.to_owned()]);
    let trial = Some(pb::TrialItemCounts { decisions: Some(1), ..Default::default() });
    let fees = "form.proactive_disclosure.administrative_fees";
    let cases = [
        (named(""), "FIELD_REQUIRED", "name"),
        (named("agencies/city-bureau"), "NAME_INVALID", "name"),
        (named("agencies/A/reports/2022"), "NAME_INVALID", "name"),
        (named("agencies/city-bureau/reports/22"), "NAME_INVALID", "name"),
        (pb::Report { form: None, ..report(AGENCIES[0], 1) }, "FIELD_REQUIRED", "form"),
        (pb::Report { edition: 99, ..report(AGENCIES[0], 1) }, "FIELD_INVALID", "edition"),
        (fee("12,5"), "CELL_INVALID", fees),
        (fee("1.2345678"), "CELL_INVALID", fees),
        (fee(""), "CELL_INVALID", fees),
        (fee("99999999999999999999999999"), "CELL_INVALID", fees),
        (not_applicable("requests.no_such_line.total"), "CELL_INVALID", "form.not_applicable"),
        (not_applicable("requests.received.total"), "CELL_INVALID", "form.not_applicable"),
        (
            with_form(&|form| {
                form.proactive_disclosure_trial_2019 =
                    Some(pb::ProactiveDisclosureTrial2019 { administrative_permits: trial, ..Default::default() });
            }),
            "CELL_INVALID",
            "form.proactive_disclosure_trial_2019.administrative_permits.decisions",
        ),
        (
            pb::Report {
                answers: vec![pb::Answer { rule: "NO-RULE".to_owned(), reason: "x".to_owned(), ..Default::default() }],
                ..report(AGENCIES[0], 1)
            },
            "ANSWER_INVALID",
            "answers[0].rule",
        ),
        (
            pb::Report { correction_reason: "长".repeat(2001), ..report(AGENCIES[0], 1) },
            "FIELD_INVALID",
            "correction_reason",
        ),
    ];
    for (report, reason, field) in cases {
        let problem = refused(server.submit(submission(report)).await, Code::InvalidArgument, reason);
        let fields: Vec<_> = problem.field_violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, [field], "{problem:?}");
    }
    let id = pb::SubmitReportRequest { request_id: "no-uuid".to_owned(), ..submission(report(AGENCIES[0], 1)) };
    refused(server.submit(id).await, Code::InvalidArgument, "FIELD_INVALID");
    refused(server.submit(pb::SubmitReportRequest::default()).await, Code::InvalidArgument, "FIELD_REQUIRED");
    for year in [-1, 0, 22, 70_000] {
        let request = pb::GetCoverageRequest {
            scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
            year,
            ..Default::default()
        };
        refused(server.rollups().get_coverage(request).await, Code::InvalidArgument, "YEAR_INVALID");
    }
    let backwards = pb::QueryRollupRequest { last_year: 2021, ..question(PROVINCE, YEAR, "requests.received", &[]) };
    refused(server.rollups().query_rollup(backwards).await, Code::InvalidArgument, "YEARS_INVALID");
    let unknown = question(PROVINCE, YEAR, "requests.no_such_line", &[]);
    refused(server.rollups().query_rollup(unknown).await, Code::InvalidArgument, "MEASURE_UNKNOWN");
    let twice = question(PROVINCE, YEAR, "requests.received", &[pb::Dimension::Year, pb::Dimension::Year]);
    refused(server.rollups().query_rollup(twice).await, Code::InvalidArgument, "GROUPING_INVALID");
    assert_eq!(server.received().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_that_is_none_is_refused() {
    let server = Server::with_registry().await;
    let sequence = server.sequence().await;
    for token in ["x".to_owned(), format!("{sequence}-0"), "00".repeat(24), "00".repeat(40)] {
        let request =
            pb::QueryRollupRequest { page_token: token, ..question(PROVINCE, YEAR, "requests.received", &[]) };
        refused(server.rollups().query_rollup(request).await, Code::InvalidArgument, "PAGE_INVALID");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_answered_in_order_with_its_refusals() {
    let server = Server::with_registry().await;
    let mut wrong = report(AGENCIES[1], 2);
    set(wrong.form.as_mut().unwrap(), "requests.received.total", 3);
    let items = vec![
        Some(submission(report(AGENCIES[0], 1))),
        Some(submission(wrong)),
        None,
        Some(submission(report("agencies/nobody", 1))),
        Some(submission(report(AGENCIES[0], 5))),
        Some(submission(report(AGENCIES[1], 2))),
    ];
    let requests = items.into_iter().map(|submission| pb::SubmitReportsRequest { submission });
    let mut answers = server.reports().submit_reports(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let mut results = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        assert_eq!(usize::try_from(answer.index).unwrap(), results.len());
        results.push(match answer.result.unwrap() {
            pb::submit_reports_response::Result::Stored(accepted) => accepted.receipt.unwrap().revision,
            pb::submit_reports_response::Result::Refused(problem) => problem.reason().as_str_name().to_owned(),
            pb::submit_reports_response::Result::Checked(_) => panic!("a check was not asked for"),
        });
    }
    let stored = |agency: &str| format!("{}/revisions/1", report_name(agency));
    let expected = [
        stored(AGENCIES[0]),
        "REPORT_INVALID".to_owned(),
        "FIELD_REQUIRED".to_owned(),
        "AGENCY_NOT_FOUND".to_owned(),
        "ETAG_MISMATCH".to_owned(),
        stored(AGENCIES[1]),
    ];
    assert_eq!(results, expected);
    assert_eq!(server.received().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_put_together_are_the_whole_list_in_order() {
    let server = Server::with_registry().await;
    for agency in &AGENCIES[..5] {
        server.store(report(agency, 1)).await;
    }
    for number in 2..=5 {
        let etag = server.get(&report_name(AGENCIES[0])).await.unwrap().etag;
        let correction_reason = "更正".to_owned();
        server.store(pb::Report { etag, correction_reason, ..report(AGENCIES[0], number) }).await;
    }
    let mut token = String::new();
    let mut pages = Vec::new();
    loop {
        let parent = "agencies/-".to_owned();
        let request =
            pb::ListReportsRequest { parent, year: YEAR.into(), page_size: 2, page_token: token, ..Default::default() };
        let page = server.reports().list_reports(request).await.unwrap().into_inner();
        pages.push(page.reports.into_iter().map(|report| report.name).collect::<Vec<_>>());
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(pages.concat(), AGENCIES[..5].iter().map(|agency| report_name(agency)).collect::<Vec<_>>());
    let parent = "agencies/-".to_owned();
    let request = pb::ListReportsRequest {
        parent,
        year: YEAR.into(),
        view: pb::ReportView::Standing.into(),
        ..Default::default()
    };
    let standings = server.reports().list_reports(request).await.unwrap().into_inner().reports;
    assert_eq!(standings.len(), 5);
    assert!(standings.iter().all(|report| report.form.is_none() && report.state() == pb::ReportState::Accepted));

    let name = report_name(AGENCIES[0]);
    let mut revisions = Vec::new();
    loop {
        let request = pb::ListReportRevisionsRequest { name: name.clone(), page_size: 2, page_token: token };
        let page = server.reports().list_report_revisions(request).await.unwrap().into_inner();
        assert!(page.reports.len() <= 2);
        revisions.extend(page.reports.into_iter().map(|report| report.revision));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = (1..=5).rev().map(|number| format!("{name}/revisions/{number}")).collect();
    assert_eq!(revisions, expected);

    let mut missing = Vec::new();
    loop {
        let jurisdiction = PROVINCE.to_owned();
        let year = i32::from(YEAR) - 1;
        let request = pb::ListMissingAgenciesRequest {
            scope: Some(pb::Scope { jurisdiction, ..Default::default() }),
            year,
            page_size: 4,
            page_token: token,
        };
        let page = server.rollups().list_missing_agencies(request).await.unwrap().into_inner();
        assert!(page.agencies.len() <= 4);
        missing.extend(page.agencies.into_iter().map(|agency| agency.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(missing, AGENCIES);
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_tells_expected_received_and_missing_by_child() {
    let server = Server::with_registry().await;
    server.store(report("agencies/county-office", 1)).await;
    server.store(report("agencies/province-office", 1)).await;
    let coverage = |expected, received| {
        let year = i32::from(YEAR);
        Some(pb::Coverage {
            year,
            hierarchy_year: year,
            expected,
            received,
            missing: expected - received,
            included: received,
            accepted: received,
            ..Default::default()
        })
    };
    let request = pb::GetCoverageRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        year: YEAR.into(),
        ..Default::default()
    };
    let answer = server.rollups().get_coverage(request).await.unwrap().into_inner();
    assert_eq!(answer.coverage, coverage(6, 2));
    assert_eq!(answer.as_of, server.sequence().await);
    let children = answer.children.into_iter();
    let children: Vec<_> =
        children.map(|child| (child.jurisdiction.unwrap().name, child.own_agencies, child.coverage)).collect();
    let expected =
        [(PROVINCE.to_owned(), true, coverage(2, 1)), (crate::support::CITY.to_owned(), false, coverage(4, 1))];
    assert_eq!(children, expected);
    let request = pb::ListMissingAgenciesRequest {
        scope: Some(pb::Scope { jurisdiction: COUNTY.to_owned(), ..Default::default() }),
        year: YEAR.into(),
        ..Default::default()
    };
    let missing = server.rollups().list_missing_agencies(request).await.unwrap().into_inner().agencies;
    assert_eq!(missing.into_iter().map(|agency| agency.name).collect::<Vec<_>>(), ["agencies/county-bureau"]);
    let answer = server.roll_up(question(PROVINCE, YEAR, "requests.received", &[])).await;
    assert_eq!(answer.coverage.first().copied(), coverage(6, 2));
    assert_eq!(count(&answer.rows[0]), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_serving_for_every_service() {
    use tonic_health::pb::health_check_response::ServingStatus;
    let server = Server::start().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(server.channel.clone());
    for service in ["", "huizong.v1.ReportService", "huizong.v1.RollupService", "huizong.v1.RegistryService"] {
        let request = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(request).await.unwrap().into_inner().status(), ServingStatus::Serving, "{service}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_arrives_however_long_a_value_it_is_about() {
    let server = Server::with_registry().await;
    for value in ["九".repeat(100_000), "nine".repeat(100_000)] {
        let answer = pb::Answer { rule: value.clone(), reason: "is so".to_owned(), ..Default::default() };
        let answers = vec![answer];
        let refused = server.submit(submission(pb::Report { answers, ..report(AGENCIES[0], 1) })).await.unwrap_err();
        let told = problem(&refused);
        assert_eq!((refused.code(), told.reason().as_str_name()), (Code::InvalidArgument, "ANSWER_INVALID"));
        assert!(value.starts_with(told.message.unwrap().en.rsplit(' ').next().unwrap().trim_end_matches('…')));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_lists_the_services_and_knows_the_error_details() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
    let server = Server::start().await;
    let details =
        ["google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.LocalizedMessage", "huizong.v1.Problem"];
    let symbols = details.map(|name| MessageRequest::FileContainingSymbol(name.to_owned()));
    let asked = std::iter::once(MessageRequest::ListServices(String::new())).chain(symbols);
    let asked: Vec<_> =
        asked.map(|request| ServerReflectionRequest { message_request: Some(request), ..Default::default() }).collect();
    let mut client = ServerReflectionClient::new(server.channel.clone());
    let mut answers = client.server_reflection_info(tokio_stream::iter(asked)).await.unwrap().into_inner();
    let Some(ServerReflectionResponse { message_response: Some(MessageResponse::ListServicesResponse(list)), .. }) =
        answers.message().await.unwrap()
    else {
        panic!("no list of services")
    };
    let services: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["ReportService", "RollupService", "RegistryService", "OperationsService"] {
        assert!(services.contains(&format!("huizong.v1.{name}")), "{services:?}");
    }
    for name in details {
        let answer = answers.message().await.unwrap().unwrap().message_response;
        let Some(MessageResponse::FileDescriptorResponse(files)) = answer else { panic!("{name}: {answer:?}") };
        assert!(!files.file_descriptor_proto.is_empty());
    }
}
