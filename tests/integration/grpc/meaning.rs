//! What an answer means where that was open: withdrawn figures, late, a retry, noughts in a merged line, places without
//! agencies, sums wider than 64 bits, and which revision of a child is compared.

use huizong::pb;
use huizong::pb::registry_change::Change;
use tonic::Code;
use tonic::codec::CompressionEncoding;

use crate::support::{
    AGENCIES, CITY, COUNTY, PROVINCE, Server, YEAR, change, count, form, problem, question, refused, replacing, report,
    submission,
};

async fn withdraw(server: &Server, agency: &str) {
    let name = crate::support::report_name(agency);
    let etag = server.get(&name).await.unwrap().etag;
    let request = pb::WithdrawReportRequest { name, etag, reason: "撤回".to_owned(), ..Default::default() };
    server.reports().withdraw_report(request).await.unwrap();
}

async fn abolish(server: &Server, agency: &str) {
    let abolish = pb::registry_change::Abolish { entry: agency.to_owned(), first_year: YEAR.into() };
    server.apply(vec![change(Change::Abolish(abolish))]).await;
}

fn withdrawn(by: &[pb::Dimension]) -> pb::QueryRollupRequest {
    let states = vec![pb::ReportState::Withdrawn.into()];
    crate::support::in_scope(question(PROVINCE, YEAR, "requests.received", by), |scope| {
        scope.states = states;
    })
}

async fn computed(server: &Server) -> pb::Form {
    let (jurisdiction, year) = (PROVINCE.to_owned(), i32::from(YEAR));
    let request =
        pb::GetConsolidatedFormRequest { scope: Some(pb::Scope { jurisdiction, ..Default::default() }), year };
    server.rollups().get_consolidated_form(request).await.unwrap().into_inner().form.unwrap()
}

fn answers(rule: &str) -> Vec<pb::Answer> {
    vec![pb::Answer { rule: rule.to_owned(), reason: "属实".to_owned(), ..Default::default() }]
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawn_figures_that_are_asked_for_are_included_and_not_received_whatever_rows_are_of() {
    let server = Server::with_registry().await;
    server.store(report(AGENCIES[2], 7)).await;
    withdraw(&server, AGENCIES[2]).await;
    for by in [&[][..], &[pb::Dimension::Agency], &[pb::Dimension::ChildJurisdiction], &[pb::Dimension::AgencyKind]] {
        let answer = server.roll_up(withdrawn(by)).await;
        let rows: Vec<_> = answer.rows.iter().map(count).collect();
        assert_eq!((count(&answer.totals[0]), rows), (7, vec![7]), "{by:?}");
        let coverage = &answer.coverage[0];
        assert_eq!((coverage.included, coverage.received, coverage.missing), (1, 0, 6));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_report_of_a_year_in_which_its_agency_has_ended_is_in_no_sum_and_is_still_there() {
    let server = Server::with_registry().await;
    server.store(report(AGENCIES[2], 7)).await;
    withdraw(&server, AGENCIES[2]).await;
    abolish(&server, AGENCIES[2]).await;
    for by in [&[][..], &[pb::Dimension::Agency], &[pb::Dimension::ChildJurisdiction]] {
        let answer = server.roll_up(withdrawn(by)).await;
        assert_eq!(count(&answer.totals[0]), 0);
        assert_eq!((answer.coverage[0].included, answer.coverage[0].expected), (0, 5));
        assert_eq!(answer.rows.iter().map(count).sum::<i64>(), 0);
    }
    let listed = pb::ListReportsRequest {
        parent: "agencies/-".to_owned(),
        year: YEAR.into(),
        states: vec![pb::ReportState::Withdrawn.into()],
        ..Default::default()
    };
    let listed = server.reports().list_reports(listed).await.unwrap().into_inner().reports;
    assert_eq!(
        listed.iter().map(|report| report.name.clone()).collect::<Vec<_>>(),
        [crate::support::report_name(AGENCIES[2])]
    );
    assert_eq!(
        server.get(&crate::support::report_name(AGENCIES[2])).await.unwrap().state(),
        pb::ReportState::Withdrawn
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_has_its_first_answer_although_the_agency_has_ended_since() {
    let server = Server::with_registry().await;
    let request_id = "0b9f2a52-6c5b-4c58-9f6f-3c1f4f8f2a11".to_owned();
    let request = pb::SubmitReportRequest { request_id, ..submission(report(AGENCIES[2], 7)) };
    let first = server.submit(request.clone()).await.unwrap();
    withdraw(&server, AGENCIES[2]).await;
    abolish(&server, AGENCIES[2]).await;
    let again = server.submit(request).await.unwrap();
    // But for how it stands now.
    let state = pb::ReportState::Withdrawn.into();
    assert_eq!(again, pb::SubmitReportResponse { already_stored: true, state, ..first });
    let new = server.submit(submission(report(AGENCIES[2], 7))).await.unwrap_err();
    assert_eq!(problem(&new).reason().as_str_name(), "AGENCY_NOT_DUE");
}

fn due(seconds: i64) -> Vec<pb::DueTime> {
    let due_time = Some(prost_types::Timestamp { seconds, nanos: 0 });
    vec![pb::DueTime { level: pb::Level::County.into(), due_time }]
}

const PAST: i64 = 1_600_000_000;
const FUTURE: i64 = 4_000_000_000;

async fn update(server: &Server, collection: pb::Collection) -> pb::Collection {
    let request = replacing(collection);
    server.registry().update_collection(request).await.unwrap().into_inner().collection.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn late_is_decided_when_a_report_first_comes_in_and_never_again() {
    let server = Server::with_registry().await;
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        due_times: due(PAST),
        review_policy: pb::ReviewPolicy::None.into(),
        ..Default::default()
    };
    let open = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    let collection = server.registry().create_collection(open).await.unwrap().into_inner().collection.unwrap();
    let anew = async |agency: &str| {
        withdraw(&server, agency).await;
        let etag = server.get(&crate::support::report_name(agency)).await.unwrap().etag;
        let again = pb::Report { etag, correction_reason: "重报".to_owned(), ..report(agency, 3) };
        server.submit(submission(again)).await.unwrap().late
    };
    assert!(server.submit(submission(report(AGENCIES[2], 3))).await.unwrap().late);
    let collection = update(&server, pb::Collection { due_times: due(FUTURE), ..collection }).await;
    assert!(anew(AGENCIES[2]).await, "it first came in late, whatever time is given afterwards");
    assert!(!server.submit(submission(report(AGENCIES[3], 3))).await.unwrap().late);
    update(&server, pb::Collection { due_times: due(PAST), ..collection }).await;
    assert!(!anew(AGENCIES[3]).await, "it first came in in time");
    let answer = server.roll_up(question(COUNTY, YEAR, "requests.received", &[])).await;
    assert_eq!((answer.coverage[0].received, answer.coverage[0].late), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_line_of_noughts_is_shown_where_a_report_uses_it() {
    let server = Server::with_registry().await;
    let unspecified = |form: pb::Form| form.requests.unwrap().other.unwrap().unspecified;
    assert_eq!(unspecified(computed(&server).await), None);
    let mut used = form(3);
    let other = used.requests.as_mut().unwrap().other.as_mut().unwrap();
    let noughts = other.correction_overdue.unwrap();
    *other = pb::OtherOutcomes { unspecified: Some(noughts), ..Default::default() };
    let answers = answers("ROW-OTHER-MERGED");
    server.store(pb::Report { form: Some(used.into()), answers, ..report(AGENCIES[0], 3) }).await;
    assert_eq!(unspecified(computed(&server).await), Some(noughts), "noughts, all seven of them");
    let frozen = crate::support::freeze(&server.channel, PROVINCE, YEAR, "").await.unwrap();
    assert_eq!(unspecified(frozen.form.unwrap()), Some(noughts));
    withdraw(&server, AGENCIES[0]).await;
    assert_eq!(unspecified(computed(&server).await), None, "nobody uses it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_lists_places_without_agencies_and_with_vertical_ones_only() {
    let server = Server::with_registry().await;
    let place = |code: &str| {
        change(Change::CreateJurisdiction(pb::Jurisdiction {
            name: format!("jurisdictions/{code}"),
            parent: CITY.to_owned(),
            display_name: code.to_owned(),
            level: pb::Level::County.into(),
            first_year: 2020,
            ..Default::default()
        }))
    };
    let tax = change(Change::CreateAgency(pb::Agency {
        name: "agencies/county-tax".to_owned(),
        jurisdiction: "jurisdictions/230104".to_owned(),
        display_name: "税务局".to_owned(),
        kind: pb::AgencyKind::Department.into(),
        vertical: true,
        first_year: 2020,
        ..Default::default()
    }));
    server.apply(vec![place("230103"), place("230104"), tax]).await;
    let request = pb::GetCoverageRequest {
        scope: Some(pb::Scope { jurisdiction: CITY.to_owned(), ..Default::default() }),
        year: YEAR.into(),
        depth: 2,
        ..Default::default()
    };
    let answer = server.rollups().get_coverage(request).await.unwrap().into_inner();
    let part = |part: &pb::ChildCoverage| {
        let coverage = part.coverage.as_ref().unwrap();
        let place = part.jurisdiction.as_ref().unwrap().name.trim_start_matches("jurisdictions/").to_owned();
        (place, part.own_agencies, part.depth, coverage.expected, coverage.vertical_excluded)
    };
    let parts: Vec<_> = answer.children.iter().map(part).collect();
    let part = |place: &str, own, depth, expected, vertical| (place.to_owned(), own, depth, expected, vertical);
    let expected = [
        part("230100", true, 1, 2, 0),
        part("230102", false, 1, 2, 0),
        part("230102", true, 2, 2, 0),
        part("230103", false, 1, 0, 0),
        part("230104", false, 1, 0, 1),
        part("230104", true, 2, 0, 1),
    ];
    assert_eq!(parts, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_frozen_with_sums_wider_than_64_bits() {
    let server = Server::with_registry().await;
    let more = ["agencies/more-0", "agencies/more-1", "agencies/more-2", "agencies/more-3"];
    let new = |name: &&str| {
        change(Change::CreateAgency(pb::Agency {
            name: (*name).to_owned(),
            jurisdiction: PROVINCE.to_owned(),
            display_name: (*name).to_owned(),
            kind: pb::AgencyKind::Department.into(),
            first_year: 2019,
            ..Default::default()
        }))
    };
    server.apply(more.iter().map(new).collect()).await;
    for agency in AGENCIES.iter().chain(&more) {
        let mut large = form(3);
        let fees = "999999999999.999999".to_owned();
        large.proactive_disclosure.as_mut().unwrap().administrative_fees = Some(fees);
        let answers = answers("FEE-UNIT");
        server.store(pb::Report { form: Some(large.into()), answers, ..report(agency, 3) }).await;
    }
    let shown = computed(&server).await;
    let fees = shown.proactive_disclosure.as_ref().unwrap().administrative_fees.as_deref();
    assert_eq!(fees, Some("9999999999999.99999"));
    let name = crate::support::freeze(&server.channel, PROVINCE, YEAR, "").await.unwrap().name;
    let server = server.restarted().await;
    let kept = server.frozen_forms().get_frozen_form(pb::GetFrozenFormRequest { name: name.clone() }).await.unwrap();
    assert_eq!(kept.into_inner().frozen_form.unwrap().form.unwrap(), shown);
    let compared = server.frozen_forms().compare_frozen_form(pb::CompareFrozenFormRequest { name }).await.unwrap();
    assert_eq!(compared.into_inner().differences, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_province_and_its_city_are_reconciled_by_the_same_revision_of_the_citys_report() {
    let server = Server::with_registry().await;
    server.store(report(AGENCIES[0], 5)).await;
    let of = |place: &str, requests| pb::Report { name: format!("{place}/reports/{YEAR}"), ..report(place, requests) };
    let of_city = server.store(of(CITY, 6)).await;
    server.store(of(PROVINCE, 6)).await;
    let reviewed = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let open = pb::CreateCollectionRequest { collection: Some(reviewed), validate_only: false };
    server.registry().create_collection(open).await.unwrap();
    // A correction that nobody has accepted yet.
    let correction = pb::Report { etag: of_city.etag, correction_reason: "更正".to_owned(), ..of(CITY, 9) };
    let correction = server.submit(submission(correction)).await.unwrap().receipt.unwrap().revision;
    let reconcile = async |place: &str| {
        let name = format!("{place}/reports/{YEAR}");
        let request = pb::ReconcileReportRequest { name, include_vertical: false };
        server.rollups().reconcile_report(request).await.unwrap().into_inner()
    };
    let (city, province) = (reconcile(CITY).await, reconcile(PROVINCE).await);
    assert_eq!(city.revision, correction);
    let received = province.differences.iter().find(|one| one.cell == "requests.received.total").unwrap();
    let by_city = received.explanations.iter().find(|one| one.name == CITY).unwrap();
    assert_eq!((by_city.kind(), &by_city.revision), (pb::ExplanationKind::ChildDiffers, &correction));
    let of_city = city.differences.iter().find(|one| one.cell == received.cell).unwrap();
    assert_eq!(by_city.contribution, of_city.difference, "the same figures, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_that_is_not_known_becomes_known_only_where_that_is_meant() {
    let server = Server::with_registry().await;
    let role = Some(pb::Role { kind: pb::RoleKind::Viewer.into(), scope: PROVINCE.to_owned() });
    let grant = |principal: &str, allow_missing| pb::GrantRoleRequest {
        principal: principal.to_owned(),
        role: role.clone(),
        allow_missing,
    };
    let mistyped = server.access().grant_role(grant("principals/annna", false)).await;
    refused(mistyped, Code::NotFound, "PRINCIPAL_NOT_FOUND");
    let expire_time = Some(prost_types::Timestamp { seconds: jiff::Timestamp::now().as_second() + 3600, nanos: 0 });
    let enrol = |allow_missing| pb::CreateEnrolmentRequest {
        parent: "principals/annna".to_owned(),
        credential: Some(pb::Credential { expire_time, ..Default::default() }),
        allow_missing,
    };
    refused(server.access().create_enrolment(enrol(false)).await, Code::NotFound, "PRINCIPAL_NOT_FOUND");
    assert!(
        server
            .access()
            .list_principals(pb::ListPrincipalsRequest::default())
            .await
            .unwrap()
            .into_inner()
            .principals
            .is_empty()
    );
    server.access().grant_role(grant("principals/anna", true)).await.unwrap();
    let again = server.access().grant_role(grant("principals/anna", false)).await.unwrap().into_inner();
    assert_eq!(again.principal.unwrap().roles.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_learns_editions_and_limits_and_the_limits_are_those_that_hold() {
    let server = Server::with_registry().await;
    let info = server.operations().get_service_info(pb::GetServiceInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(
        info.editions.iter().map(|one| (one.first_year, one.last_year)).collect::<Vec<_>>(),
        [(2019, 2020), (2021, 0)]
    );
    assert!(!info.credentials_required && info.contract_version.starts_with("0."), "{info:?}");
    let limits = info.limits.unwrap();
    let long = pb::ListReportsRequest {
        parent: "a".repeat(usize::try_from(limits.request_bytes).unwrap()),
        ..Default::default()
    };
    assert_eq!(server.reports().list_reports(long).await.unwrap_err().code(), Code::OutOfRange);
    let page = pb::ListAgenciesRequest { page_size: 2, ..Default::default() };
    assert_eq!(server.registry().list_agencies(page).await.unwrap().into_inner().agencies.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_submission_is_taken_and_one_that_unpacks_beyond_the_limit_is_not() {
    let server = Server::with_registry().await;
    let mut reports =
        server.reports().send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
    reports.submit_report(submission(report(AGENCIES[0], 7))).await.unwrap();
    assert_eq!(server.received().await, 7);
    let bomb = pb::SubmitReportRequest { name: " ".repeat(64 << 20), ..Default::default() };
    let refusal = reports.submit_report(bomb).await.unwrap_err();
    assert!(matches!(refusal.code(), Code::ResourceExhausted | Code::OutOfRange), "{refusal:?}");
}
