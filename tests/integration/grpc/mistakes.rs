//! What programmers of clients are likeliest to get wrong: each is stopped, or told.

use huizong::pb;
use huizong::pb::rollup_key::Value as Key;
use tonic::{Code, Request, Status};

use crate::support::{
    AGENCIES, COUNTY, PROVINCE, Server, YEAR, problem, question, report, report_name, set, submission, value,
};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Status>, reason: pb::ErrorReason) -> pb::Problem {
    let problem = problem(&result.unwrap_err());
    assert_eq!(problem.reason(), reason, "{problem:?}");
    problem
}

fn by_the_office<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("huizong-principal", "office".parse().unwrap());
    request
}

/// A server whose collection is reviewed.
async fn reviewed() -> Server {
    let server = Server::with_registry().await;
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    server.registry().create_collection(request).await.unwrap();
    server
}

async fn accept(server: &Server, etag: &str, request_id: &str) -> Result<pb::ReviewOutcome, Status> {
    let (name, etag, request_id) = (report_name(AGENCIES[0]), etag.to_owned(), request_id.to_owned());
    let request = pb::AcceptReportRequest { name, etag, request_id, ..Default::default() };
    let answer = server.reports().accept_report(by_the_office(request)).await?;
    Ok(answer.into_inner().outcome.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_saw_a_report_wait_does_not_take_back_what_was_accepted_meanwhile() {
    let server = reviewed().await;
    let seen = server.store(report(AGENCIES[0], 10)).await.etag;
    let accepted = accept(&server, &seen, "").await.unwrap().receipt.unwrap();
    let withdraw = pb::WithdrawReportRequest {
        name: report_name(AGENCIES[0]),
        etag: seen,
        reason: "误报".to_owned(),
        ..Default::default()
    };
    let told = refused(server.reports().withdraw_report(withdraw).await, pb::ErrorReason::EtagMismatch);
    assert_eq!(told.metadata["etag"], accepted.etag);
    assert_eq!(server.get(&report_name(AGENCIES[0])).await.unwrap().etag, accepted.etag);
    assert_eq!(server.received().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_sent_again_has_its_first_answer_whatever_came_of_the_report() {
    let server = reviewed().await;
    let seen = server.store(report(AGENCIES[0], 10)).await.etag;
    let id = "3d0f1f6e-5d0f-4c1c-9a57-0d6f1c5b7a10";
    let first = accept(&server, &seen, id).await.unwrap();
    let withdraw = pb::WithdrawReportRequest {
        name: report_name(AGENCIES[0]),
        etag: first.receipt.clone().unwrap().etag,
        reason: "误报".to_owned(),
        ..Default::default()
    };
    server.reports().withdraw_report(withdraw).await.unwrap();
    assert_eq!(accept(&server, &seen, id).await.unwrap(), first);
    let server = server.restarted().await;
    assert_eq!(accept(&server, &seen, id).await.unwrap(), first);
    assert_eq!(server.received().await, 0, "it stays withdrawn");
    let again = pb::SubmitReportRequest { request_id: id.to_owned(), ..submission(report(AGENCIES[1], 3)) };
    refused(server.submit(again).await, pb::ErrorReason::RequestIdReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_frozen_once_and_only_as_it_was_looked_at() {
    let server = Server::with_registry().await;
    server.store(report(AGENCIES[0], 10)).await;
    let scope = crate::support::scope(PROVINCE);
    let look = pb::GetConsolidatedFormRequest { scope: scope.clone(), year: YEAR.into() };
    let looked_at = server.rollups().get_consolidated_form(look).await.unwrap().into_inner();
    let request = pb::FreezeFormRequest {
        scope,
        year: YEAR.into(),
        expected_content_sha256: looked_at.content_sha256,
        request_id: "7c9d6c8e-1d46-4d5f-8a8e-5b8f1a2b3c4d".to_owned(),
        ..Default::default()
    };
    let frozen = server.frozen_forms().freeze_form(request.clone()).await.unwrap().into_inner();
    server.store(report(AGENCIES[1], 5)).await;
    let again = server.frozen_forms().freeze_form(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, frozen, "the same call makes no second publication");
    let late = pb::FreezeFormRequest { request_id: String::new(), ..request };
    refused(server.frozen_forms().freeze_form(late).await, pb::ErrorReason::EtagMismatch);
    let list = pb::ListFrozenFormsRequest { parent: PROVINCE.to_owned(), ..Default::default() };
    assert_eq!(server.frozen_forms().list_frozen_forms(list).await.unwrap().into_inner().frozen_forms.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_is_not_in_the_sums_and_what_was_replaced_is_superseded() {
    let server = reviewed().await;
    let item = pb::SubmitReportsRequest { submission: Some(submission(report(AGENCIES[0], 10))) };
    let answers = server.reports().submit_reports(tokio_stream::iter([item])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    assert_eq!(answer.report, report_name(AGENCIES[0]));
    let Some(pb::submit_reports_response::Result::Stored(stored)) = answer.result else { panic!("{answer:?}") };
    assert_eq!((stored.state(), server.received().await), (pb::ReportState::Submitted, 0));
    let accepted = accept(&server, &stored.receipt.unwrap().etag, "").await.unwrap().receipt.unwrap();
    let correction =
        pb::Report { etag: accepted.etag, correction_reason: "漏计".to_owned(), ..report(AGENCIES[0], 11) };
    let second = server.store(correction).await;
    accept(&server, &second.etag, "").await.unwrap();
    let revisions = pb::ListReportRevisionsRequest { name: report_name(AGENCIES[0]), ..Default::default() };
    let revisions = server.reports().list_report_revisions(revisions).await.unwrap().into_inner().reports;
    let states: Vec<_> = revisions.iter().map(pb::Report::state).collect();
    assert_eq!(states, [pb::ReportState::Accepted, pb::ReportState::Superseded]);
    assert!(revisions.iter().all(|one| one.name == report_name(AGENCIES[0]) && one.revision.starts_with(&one.name)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_repeats_the_one_that_stands_is_refused_unless_it_was_taken_back() {
    let server = Server::with_registry().await;
    let first = server.store(report(AGENCIES[0], 10)).await;
    let again = |etag: String| {
        let correction_reason = "再次报送".to_owned();
        submission(pb::Report { etag, correction_reason, ..report(AGENCIES[0], 10) })
    };
    let told = refused(server.submit(again(first.etag.clone())).await, pb::ErrorReason::ContentUnchanged);
    assert_eq!(told.metadata["revision"], first.revision);
    let (name, etag, reason) = (report_name(AGENCIES[0]), first.etag, "误报".to_owned());
    let withdraw = pb::WithdrawReportRequest { name, etag, reason, ..Default::default() };
    let outcome = server.reports().withdraw_report(withdraw).await.unwrap().into_inner().outcome.unwrap();
    server.submit(again(outcome.receipt.unwrap().etag)).await.unwrap();
    assert_eq!(server.received().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_is_what_was_sent_or_nothing_is_stored() {
    let server = Server::with_registry().await;
    let sent = submission(report(AGENCIES[0], 10));
    let checked = pb::CheckReportRequest { submission: Some(sent.clone()) };
    let hash = server.forms().check_report(checked).await.unwrap().into_inner().content_sha256;
    let lost = pb::SubmitReportRequest { expected_content_sha256: hash.clone(), ..submission(report(AGENCIES[0], 11)) };
    let told = refused(server.submit(lost).await, pb::ErrorReason::FieldInvalid);
    assert_eq!(told.field_violations[0].field, "expected_content_sha256");
    let whole = pb::SubmitReportRequest { expected_content_sha256: hash.clone(), ..sent };
    assert_eq!(server.submit(whole).await.unwrap().receipt.unwrap().content_sha256, hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_answers_with_every_finding_however_many_and_stores_nothing() {
    let server = Server::with_registry().await;
    let mut wrong = report(AGENCIES[0], 10);
    let form = wrong.form.as_mut().unwrap();
    for line in ["received", "carried_over", "disclosed", "partially_disclosed", "outcomes_total", "carried_forward"] {
        for (at, column) in
            ["natural_person", "commercial_enterprise", "research_institution", "total"].iter().enumerate()
        {
            set(form, &format!("requests.{line}.{column}"), 1000 + at as i64 * 7);
        }
    }
    form.requests.as_mut().unwrap().refused = None;
    let check = pb::CheckReportRequest { submission: Some(submission(wrong.clone())) };
    let verdict = server.forms().check_report(check).await.unwrap().into_inner();
    assert!(!verdict.passes && verdict.findings.len() > 10, "{}", verdict.findings.len());
    let severities: Vec<_> = verdict.findings.iter().map(pb::Finding::severity).collect();
    assert!(severities.is_sorted(), "errors first");
    assert!(verdict.findings.iter().all(|finding| finding.message.is_some() && finding.remedy.is_some()));
    let told = refused(server.submit(submission(wrong)).await, pb::ErrorReason::ReportInvalid);
    assert_eq!(told.findings.len() + told.findings_omitted as usize, verdict.findings.len());
    assert_eq!(server.received().await, 0);

    // Blank totals are computed and told; the warning about them is named until it is answered.
    let mut blank = report(AGENCIES[0], 10);
    blank.form.as_mut().unwrap().requests.as_mut().unwrap().received.as_mut().unwrap().total = None;
    let check = async |report: &pb::Report| {
        let request = pb::CheckReportRequest { submission: Some(submission(report.clone())) };
        server.forms().check_report(request).await.unwrap().into_inner()
    };
    let verdict = check(&blank).await;
    assert_eq!((verdict.passes, verdict.unanswered_rules.as_slice()), (false, &["TOTAL-BLANK".to_owned()][..]));
    assert_eq!(value(&verdict.computed[0].value), "10");
    blank.answers =
        vec![pb::Answer { rule: "TOTAL-BLANK".to_owned(), reason: "由系统计算".to_owned(), ..Default::default() }];
    assert!(check(&blank).await.passes);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_told_apart_by_their_keys_and_nothing_is_asked_for_twice_or_by_half_a_name() {
    let server = Server::with_registry().await;
    server.store(report("agencies/city-bureau", 2)).await;
    server.store(report("agencies/county-bureau", 3)).await;
    let city = crate::support::CITY;
    let answer = server.roll_up(question(city, YEAR, "requests.received", &[pb::Dimension::ChildJurisdiction])).await;
    let keys: Vec<_> = answer.rows.iter().map(|row| row.keys[0].value.clone().unwrap()).collect();
    assert_eq!(keys, [Key::OwnAgenciesOf(city.to_owned()), Key::Jurisdiction(COUNTY.to_owned())]);
    for measures in [vec!["received"], vec!["requests.received", "requests.received"]] {
        let measures = measures.into_iter().map(str::to_owned).collect();
        let asked = pb::QueryRollupRequest { measures, ..question(city, YEAR, "requests.received", &[]) };
        refused(server.rollups().query_rollup(asked).await, pb::ErrorReason::MeasureUnknown);
    }
    let none = pb::QueryRollupRequest { measures: Vec::new(), ..question(city, YEAR, "requests.received", &[]) };
    refused(server.rollups().query_rollup(none).await, pb::ErrorReason::FieldRequired);
    let many = pb::QueryRollupRequest {
        measures: vec!["requests.received".to_owned(); 51],
        ..question(city, YEAR, "requests.received", &[])
    };
    let status = server.rollups().query_rollup(many).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_collection_leaves_alone_what_it_does_not_name() {
    let server = Server::with_registry().await;
    let exception = pb::CollectionException {
        agency: AGENCIES[0].to_owned(),
        due_time: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }),
        reason: "灾后恢复".to_owned(),
        ..Default::default()
    };
    let opened = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let name = opened.name.clone();
    let request = pb::CreateCollectionRequest { collection: Some(opened), validate_only: false };
    server.registry().create_collection(request).await.unwrap();
    let request = pb::GrantCollectionExceptionRequest { name, exception: Some(exception), validate_only: false };
    let opened = server.registry().grant_collection_exception(request).await.unwrap().into_inner().collection.unwrap();
    assert_eq!(opened.exceptions.len(), 1);
    let update = async |fields: &[&str]| {
        let lock_time = Some(prost_types::Timestamp { seconds: 4_100_000_000, nanos: 0 });
        let (name, etag) = (opened.name.clone(), opened.etag.clone());
        let collection = Some(pb::Collection { name, etag, lock_time, ..Default::default() });
        let update_mask =
            Some(prost_types::FieldMask { paths: fields.iter().map(|&field| field.to_owned()).collect() });
        let request = pb::UpdateCollectionRequest { collection, validate_only: false, update_mask };
        server.registry().update_collection(request).await
    };
    refused(update(&[]).await, pb::ErrorReason::FieldRequired);
    refused(update(&["lock_time", "locks"]).await, pb::ErrorReason::FieldInvalid);
    let changed = update(&["lock_time"]).await.unwrap().into_inner().collection.unwrap();
    assert_eq!(changed.lock_time.unwrap().seconds, 4_100_000_000);
    assert_eq!((changed.review_policy, &changed.exceptions), (opened.review_policy, &opened.exceptions));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_goes_in_by_the_path_of_a_cell_and_a_form_comes_back_by_its_paths() {
    let server = Server::with_registry().await;
    let stored = server.store(report(AGENCIES[0], 10)).await;
    let get = async |view: pb::ReportView| {
        let request = pb::GetReportRequest { name: report_name(AGENCIES[0]), view: view.into() };
        server.reports().get_report(request).await.unwrap().into_inner().report.unwrap()
    };
    let (typed, flat) = (get(pb::ReportView::Figures).await, get(pb::ReportView::Cells).await);
    assert!(flat.form.is_none() && typed.cells.is_empty());
    // The list alone is the same report.
    let again = pb::SubmitReportRequest {
        name: report_name(AGENCIES[1]),
        cells: flat.cells.clone(),
        expected_content_sha256: String::new(),
        ..Default::default()
    };
    server.reports().submit_report(again).await.unwrap();
    let other = server.get(&report_name(AGENCIES[1])).await.unwrap();
    assert_eq!(other.form, typed.form);
    // Beside a form, a cell takes the place of the form's own.
    let count = |cell: &str, count| {
        let value = Some(pb::CellValue { value: Some(pb::cell_value::Value::Count(count)) });
        pb::FilledCell { cell: cell.to_owned(), value }
    };
    let correct = |cells: Vec<pb::FilledCell>| pb::SubmitReportRequest {
        etag: stored.etag.clone(),
        correction_reason: "更正".to_owned(),
        cells,
        ..submission(typed.clone())
    };
    let path = "proactive_disclosure.administrative_permits";
    server.reports().submit_report(correct(vec![count(path, 7)])).await.unwrap();
    let corrected = get(pb::ReportView::Cells).await.cells;
    assert!(corrected.contains(&count(path, 7)));
    for (cells, at) in [
        (vec![count("requests.no_such", 1)], "cells[0]"),
        (vec![count(path, 1), count(path, 1)], "cells[1]"),
        (vec![count("proactive_disclosure.administrative_fees", 1)], "cells[0]"),
        (vec![pb::FilledCell { cell: path.to_owned(), value: Some(pb::CellValue::default()) }], "cells[0]"),
    ] {
        let problem = refused(server.reports().submit_report(correct(cells)).await, pb::ErrorReason::CellInvalid);
        assert_eq!(problem.field_violations[0].field, at);
    }
}
