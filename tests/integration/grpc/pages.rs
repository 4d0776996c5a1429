//! Answers that are whole and stay the same: pages with writes and restarts between them, tokens that hold for their
//! question, lists that go on as of their first page.

use axum::body::{Body, to_bytes};
use huizong::pb;
use huizong::pb::registry_change::Change;
use prost::Message as _;
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;

use crate::support::{
    AGENCIES, CITY, COUNTY, PROVINCE, Server, YEAR, change, count, form, problem, question, report, submission,
};

const BY_CHILD: &[pb::Dimension] =
    &[pb::Dimension::ChildJurisdiction, pb::Dimension::Line, pb::Dimension::RequesterType];

fn report_of(agency: &str, year: u16, requests: i64) -> pb::Report {
    let name = format!("{agency}/reports/{year}");
    pb::Report { name, form: Some(form(requests).into()), ..Default::default() }
}

fn invalid<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let status = answer.unwrap_err();
    assert_eq!((status.code(), problem(&status).reason().as_str_name()), (Code::InvalidArgument, "PAGE_INVALID"));
}

fn moved(entry: &str, parent: &str) -> pb::RegistryChange {
    let change_of_place =
        pb::registry_change::Move { entry: entry.to_owned(), parent: parent.to_owned(), first_year: YEAR.into() };
    change(Change::Move(change_of_place))
}

async fn withdraw(server: &Server, agency: &str) {
    let name = crate::support::report_name(agency);
    let etag = server.get(&name).await.unwrap().etag;
    let request = pb::WithdrawReportRequest { name, etag, reason: "撤回".to_owned(), ..Default::default() };
    server.reports().withdraw_report(request).await.unwrap();
}

/// Every agency has reported; then all agencies of the county moved to the city, which leaves an empty place.
async fn with_an_emptied_place() -> Server {
    let server = Server::with_registry().await;
    for (at, agency) in AGENCIES.iter().enumerate() {
        server.store(report(agency, at as i64 + 1)).await;
    }
    server.apply(AGENCIES[2..4].iter().map(|agency| moved(agency, CITY)).collect()).await;
    server
}

fn by_child() -> pb::QueryRollupRequest {
    let measures = vec!["requests.received".to_owned(), "requests.refused".to_owned()];
    pb::QueryRollupRequest { measures, ..question(CITY, YEAR, "requests.received", BY_CHILD) }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_the_answer_as_of_the_first_whatever_is_written_between_them() {
    let mut server = with_an_emptied_place().await;
    let (mut rows, mut token, mut first, mut pages) = (Vec::new(), String::new(), None, 0);
    loop {
        let page = server.roll_up(pb::QueryRollupRequest { page_size: 7, page_token: token, ..by_child() }).await;
        assert_eq!(page.as_of, *first.get_or_insert(page.as_of));
        rows.extend(page.rows);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        match pages {
            0 => _ = server.store(report_of(AGENCIES[0], YEAR - 1, 50)).await,
            1 => server = server.restarted().await,
            2 => _ = server.apply(vec![moved(AGENCIES[0], COUNTY)]).await,
            _ => {}
        }
        pages += 1;
    }
    assert!(pages > 3, "{pages} pages");
    let whole = crate::support::in_scope(by_child(), |scope| scope.as_of = first.unwrap());
    assert_eq!(rows, server.roll_up(whole).await.rows);
    assert_eq!(rows.iter().map(count).sum::<i64>(), 1 + 2 + 3 + 4, "the city's own, and those that came to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_over_http_is_whole_whatever_is_written_between_its_pages() {
    let server = with_an_emptied_place().await;
    let whole = server.roll_up(by_child()).await;
    let address = format!(
        "/v1/rollup?jurisdiction={CITY}&first_year={YEAR}&measures=requests.received&measures=requests.refused\
         &group_by=child-jurisdiction&group_by=line&group_by=requester-type&page_size=4&format=csv"
    );
    let request = http::Request::get(address).body(Body::empty()).unwrap();
    let response = server.routes.clone().oneshot(request).await.unwrap();
    // Pages are asked for as the table is read.
    server.store(report_of(AGENCIES[0], YEAR - 1, 50)).await;
    let body = to_bytes(Body::new(response.into_body()), 1 << 20).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&body).lines().count(), 1 + whole.rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_as_of_the_same_sequence_has_the_same_rows_for_ever() {
    let server = with_an_emptied_place().await;
    withdraw(&server, AGENCIES[4]).await;
    let at_once = server.roll_up(by_child()).await;
    let places: Vec<_> = at_once.rows.iter().map(|row| huizong::wire::key_in_words(&row.keys[0])).collect();
    let own = format!("{CITY}/ownAgencies");
    assert!(places.iter().all(|place| *place == own), "the emptied place has no rows: {places:?}");
    let kinds = question(PROVINCE, YEAR, "requests.received", &[pb::Dimension::AgencyKind]);
    let of_kinds = server.roll_up(kinds.clone()).await;
    let as_of = at_once.as_of;
    server.store(report_of(AGENCIES[0], YEAR - 1, 50)).await;
    let later = server
        .roll_up(crate::support::in_scope(by_child(), |scope| {
            scope.as_of = as_of;
        }))
        .await;
    assert_eq!(later.rows, at_once.rows);
    let server = server.restarted().await;
    assert_eq!(
        server
            .roll_up(crate::support::in_scope(by_child(), |scope| {
                scope.as_of = as_of;
            }))
            .await
            .rows,
        at_once.rows
    );
    assert_eq!(server.roll_up(by_child()).await.rows, at_once.rows);
    assert_eq!(
        server
            .roll_up(crate::support::in_scope(kinds, |scope| {
                scope.as_of = as_of;
            }))
            .await
            .rows,
        of_kinds.rows
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_another_question_is_refused_in_every_list() {
    let server = with_an_emptied_place().await;
    let of_agencies = pb::ListAgenciesRequest { page_size: 2, ..Default::default() };
    let token = server.registry().list_agencies(of_agencies.clone()).await.unwrap().into_inner().next_page_token;
    assert!(!token.is_empty());
    // For its own question it holds, with another size of pages too.
    let next = pb::ListAgenciesRequest { page_size: 3, page_token: token.clone(), ..of_agencies };
    assert_eq!(server.registry().list_agencies(next).await.unwrap().into_inner().agencies.len(), 3);
    let page_token = || token.clone();
    let parent = || PROVINCE.to_owned();
    let name = || crate::support::report_name(AGENCIES[0]);
    let (mut registry, mut reports) = (server.registry(), server.reports());
    let (mut rollups, mut frozen_forms) = (server.rollups(), server.frozen_forms());
    let (mut access, mut journals) = (server.access(), server.journals());
    let agencies = pb::ListAgenciesRequest { page_token: page_token(), year: YEAR.into(), ..Default::default() };
    invalid(registry.list_agencies(agencies).await);
    let jurisdictions = pb::ListJurisdictionsRequest { page_token: page_token(), ..Default::default() };
    invalid(registry.list_jurisdictions(jurisdictions).await);
    let changes = pb::ListRegistryChangesRequest { page_token: page_token(), ..Default::default() };
    invalid(registry.list_registry_changes(changes).await);
    let suspects = pb::ListRegistrySuspectsRequest { page_token: page_token(), ..Default::default() };
    invalid(registry.list_registry_suspects(suspects).await);
    let anomalies = pb::ListAnomaliesRequest {
        jurisdiction: parent(),
        year: YEAR.into(),
        page_token: page_token(),
        ..Default::default()
    };
    invalid(rollups.list_anomalies(anomalies).await);
    let collections = pb::ListCollectionsRequest { page_token: page_token(), ..Default::default() };
    invalid(registry.list_collections(collections).await);
    let of_year = pb::ListReportsRequest { parent: "agencies/-".to_owned(), year: YEAR.into(), ..Default::default() };
    invalid(reports.list_reports(pb::ListReportsRequest { page_token: page_token(), ..of_year }).await);
    let revisions = pb::ListReportRevisionsRequest { name: name(), page_token: page_token(), ..Default::default() };
    invalid(reports.list_report_revisions(revisions).await);
    let events = pb::ListReportEventsRequest { name: name(), page_token: page_token(), ..Default::default() };
    invalid(reports.list_report_events(events).await);
    let sums = pb::QueryRollupRequest { page_token: page_token(), ..by_child() };
    invalid(rollups.query_rollup(sums).await);
    let missing = pb::ListMissingAgenciesRequest {
        scope: Some(pb::Scope { jurisdiction: parent(), ..Default::default() }),
        year: YEAR.into(),
        ..Default::default()
    };
    let missing = pb::ListMissingAgenciesRequest { page_token: page_token(), ..missing };
    invalid(rollups.list_missing_agencies(missing).await);
    let forms = pb::ListFrozenFormsRequest { parent: parent(), page_token: page_token(), ..Default::default() };
    invalid(frozen_forms.list_frozen_forms(forms).await);
    let frozen = crate::support::freeze(&server.channel, &parent(), YEAR, "").await.unwrap().name;
    let frozen = pb::ListFrozenFormRevisionsRequest { name: frozen, page_token: page_token(), ..Default::default() };
    invalid(frozen_forms.list_frozen_form_revisions(frozen).await);
    let principals = pb::ListPrincipalsRequest { page_token: page_token(), ..Default::default() };
    invalid(access.list_principals(principals).await);
    let credentials = pb::ListCredentialsRequest { parent: "principals/-".to_owned(), ..Default::default() };
    let credentials = pb::ListCredentialsRequest { page_token: page_token(), ..credentials };
    invalid(access.list_credentials(credentials).await);
    let proposals = pb::ListProposalsRequest { page_token: page_token(), ..Default::default() };
    invalid(access.list_proposals(proposals).await);
    let journal = pb::ListJournalRequest { page_token: page_token(), ..Default::default() };
    invalid(journals.list_journal(journal).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_holds_every_row_and_takes_the_present_alone() {
    let server = with_an_emptied_place().await;
    let mut watch = server.rollups().watch_rollup(crate::support::watched(by_child())).await.unwrap().into_inner();
    let told = watch.message().await.unwrap().unwrap().answer.unwrap();
    assert_eq!((told.rows, told.next_page_token.as_str()), (server.roll_up(by_child()).await.rows, ""));
    let past = crate::support::in_scope(by_child(), |scope| scope.as_of = told.as_of);
    let refused = server.rollups().watch_rollup(crate::support::watched(past)).await.map(|_| ()).unwrap_err();
    assert_eq!(problem(&refused).field_violations[0].field, "scope.as_of");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_as_of_their_first_page() {
    let server = with_an_emptied_place().await;
    let missing = pb::ListMissingAgenciesRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        year: i32::from(YEAR) - 1,
        page_size: 3,
        ..Default::default()
    };
    let changes = pb::ListRegistryChangesRequest { page_size: 5, ..Default::default() };
    let first_missing = server.rollups().list_missing_agencies(missing.clone()).await.unwrap().into_inner();
    let first_changes = server.registry().list_registry_changes(changes).await.unwrap().into_inner();
    // The last by name hands in for the year before; a place is registered.
    server.store(report_of(AGENCIES[5], YEAR - 1, 4)).await;
    let place = pb::Jurisdiction {
        name: "jurisdictions/230103".to_owned(),
        parent: CITY.to_owned(),
        display_name: "南岗区".to_owned(),
        level: pb::Level::County.into(),
        first_year: 2020,
        ..Default::default()
    };
    server.apply(vec![change(Change::CreateJurisdiction(place))]).await;
    let rest = pb::ListMissingAgenciesRequest { page_token: first_missing.next_page_token, ..missing };
    let rest = server.rollups().list_missing_agencies(rest).await.unwrap().into_inner();
    assert_eq!((rest.agencies.len(), rest.as_of), (3, first_missing.as_of));
    let (mut listed, mut page_token) = (first_changes.changes, first_changes.next_page_token);
    while !page_token.is_empty() {
        let next = pb::ListRegistryChangesRequest { page_size: 5, page_token };
        let next = server.registry().list_registry_changes(next).await.unwrap().into_inner();
        assert_eq!(next.total_size, first_changes.total_size);
        listed.extend(next.changes);
        page_token = next.next_page_token;
    }
    let moves = AGENCIES[2..4].iter().map(|agency| moved(agency, CITY));
    assert_eq!(listed.len(), crate::support::small_registry().len() + moves.len());
    assert_eq!(listed[listed.len() - 2..], moves.collect::<Vec<_>>());
    assert_eq!(listed.len(), first_changes.total_size as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_a_watch_names_the_answer_that_was_sent_before() {
    let server = Server::with_registry().await;
    let request = crate::support::watched(question(COUNTY, YEAR, "requests.received", &[]));
    let mut watch = server.rollups().watch_rollup(request).await.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap();
    // Not in its scope: nothing is sent, however long that is waited for.
    server.store(report(AGENCIES[4], 3)).await;
    let silent = tokio::time::timeout(std::time::Duration::from_millis(1500), watch.message()).await;
    assert!(silent.is_err(), "{silent:?}");
    server.store(report(AGENCIES[2], 4)).await;
    let next = watch.message().await.unwrap().unwrap();
    assert_eq!(next.previous_as_of, first.answer.unwrap().as_of);
    assert_eq!((next.resync, next.changed_reports), (false, vec![crate::support::report_name(AGENCIES[2])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_report_is_told_page_by_page_in_order() {
    let server = Server::with_registry().await;
    let review = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let open = pb::CreateCollectionRequest { collection: Some(review), validate_only: false };
    server.registry().create_collection(open).await.unwrap();
    let name = crate::support::report_name(AGENCIES[0]);
    let (mut given_back, mut expected) = (String::new(), Vec::new());
    for round in 0..4 {
        let correction_reason = if round == 0 { "" } else { "更正" }.to_owned();
        let next = pb::Report { etag: given_back, correction_reason, ..report(AGENCIES[0], 3 + round) };
        let receipt = server.submit(submission(next)).await.unwrap().receipt.unwrap();
        expected.push((receipt.journal_sequence, pb::ReportAction::Submit));
        let (name, etag, reason) = (name.clone(), receipt.etag, "退回".to_owned());
        let mut request = Request::new(pb::ReturnReportRequest { name, etag, reason, ..Default::default() });
        request.metadata_mut().insert("huizong-principal", "office".parse().unwrap());
        let outcome = server.reports().return_report(request).await.unwrap().into_inner().outcome.unwrap();
        let receipt = outcome.receipt.unwrap();
        expected.push((receipt.journal_sequence, pb::ReportAction::Return));
        given_back = receipt.etag;
    }
    for page_size in [1, 3, 100] {
        let (mut told, mut changes, mut page_token) = (Vec::new(), 0, String::new());
        loop {
            let request = pb::ListReportEventsRequest { name: name.clone(), page_size, page_token };
            let page = server.reports().list_report_events(request).await.unwrap().into_inner();
            told.extend(page.events.iter().map(|event| (event.journal_sequence, event.action())));
            changes += page.events.iter().filter(|event| !event.changes.is_empty()).count();
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((&told, changes), (&expected, 3), "{page_size} a page: each correction with what it changed");
    }
}

/// Agencies with a chapter of text each that together are longer than an answer may be.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_holds_fewer_things_than_asked_for_where_more_would_be_too_long_and_all_pages_hold_all() {
    let server = Server::with_registry().await;
    let changes = (0..60).map(|number| {
        change(Change::CreateAgency(pb::Agency {
            name: format!("agencies/long-{number:02}"),
            jurisdiction: COUNTY.to_owned(),
            display_name: format!("机构{number}"),
            kind: pb::AgencyKind::Department.into(),
            first_year: 2019,
            ..Default::default()
        }))
    });
    server.apply(changes.collect()).await;
    let owners: Vec<String> = (0..60).map(|number| format!("agencies/long-{number:02}")).collect();
    for (number, owner) in owners.iter().enumerate() {
        // Told apart, for a text that repeats another's is asked about.
        let text: String =
            (0..).map(|at| format!("{:04x}", (number + 1) * 7919 * (at + 1) % 65521)).take(11_000).collect();
        let mut report = report(owner, i64::try_from(number).unwrap() + 1);
        report.narrative = Some(pb::Narrative { overview: Some(text), ..Default::default() });
        let answer = pb::Answer { rule: "TEXT-THIN".to_owned(), reason: "测试".to_owned(), ..Default::default() };
        server.submit(pb::SubmitReportRequest { answers: vec![answer], ..submission(report) }).await.unwrap();
    }
    let mut request = pb::ListReportsRequest {
        parent: "agencies/-".to_owned(),
        year: YEAR.into(),
        page_size: 1000,
        view: pb::ReportView::Full.into(),
        ..Default::default()
    };
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        // As stock clients are, which take 4 MiB.
        let page = server.reports().list_reports(request.clone()).await.unwrap().into_inner();
        assert!(page.encoded_len() <= 2 << 20, "{} bytes", page.encoded_len());
        found.extend(page.reports.into_iter().map(|report| report.owner));
        pages += 1;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!((found, pages), (owners, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_a_list_was_had_is_listed_alone() {
    let server = Server::with_registry().await;
    server.store(report(AGENCIES[0], 1)).await;
    let request = pb::ListReportsRequest { parent: "agencies/-".to_owned(), year: YEAR.into(), ..Default::default() };
    let list = async |changed_after: i64| {
        let request = pb::ListReportsRequest { changed_after, ..request.clone() };
        let page = server.reports().list_reports(request).await.unwrap().into_inner();
        (page.reports.into_iter().map(|report| report.owner).collect::<Vec<_>>(), page.as_of)
    };
    let (all, as_of) = list(0).await;
    assert_eq!((all, as_of), (vec![AGENCIES[0].to_owned()], server.sequence().await));
    assert!(list(as_of).await.0.is_empty());
    server.store(report(AGENCIES[1], 2)).await;
    assert_eq!(list(as_of).await.0, [AGENCIES[1]]);
    let (_, as_of) = list(0).await;
    withdraw(&server, AGENCIES[0]).await;
    assert_eq!(list(as_of).await.0, [AGENCIES[0]], "a review is a change, too");
    let late = pb::ListReportsRequest { late: true, ..request.clone() };
    assert!(server.reports().list_reports(late).await.unwrap().into_inner().reports.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_from_the_answer_that_its_caller_has_and_says_when_nothing_has_changed() {
    let server = Server::with_registry().await;
    let asked = |resume_after, heartbeat_seconds| pb::WatchRollupRequest {
        resume_after,
        heartbeat_seconds,
        ..crate::support::watched(question(PROVINCE, YEAR, "requests.received", &[]))
    };
    let watch = async |request| server.rollups().watch_rollup(request).await.map(tonic::Response::into_inner);
    let first = watch(asked(0, 0)).await.unwrap().message().await.unwrap().unwrap();
    assert_eq!((first.as_of, first.answer.as_ref().map(|answer| answer.as_of)), (first.as_of, Some(first.as_of)));

    // Nothing has changed since: silence, and a heartbeat.
    let mut quiet = watch(asked(first.as_of, 5)).await.unwrap();
    let heartbeat = quiet.message().await.unwrap().unwrap();
    assert_eq!((heartbeat.answer, heartbeat.as_of, heartbeat.previous_as_of), (None, first.as_of, first.as_of));
    server.store(report(AGENCIES[0], 7)).await;
    let told = quiet.message().await.unwrap().unwrap();
    assert_eq!(count(&told.answer.unwrap().totals[0]), 7);
    assert_eq!(told.previous_as_of, first.as_of);

    // Something has: the first answer says what.
    let resumed = watch(asked(first.as_of, 0)).await.unwrap().message().await.unwrap().unwrap();
    assert_eq!((resumed.previous_as_of, resumed.as_of), (first.as_of, told.as_of));
    assert_eq!(resumed.changed_reports, [crate::support::report_name(AGENCIES[0])]);

    let beyond = watch(asked(told.as_of + 1, 0)).await.map(|_| ()).unwrap_err();
    assert_eq!(problem(&beyond).reason().as_str_name(), "AS_OF_INVALID");
    let hasty = watch(asked(0, 1)).await.map(|_| ()).unwrap_err();
    assert_eq!(problem(&hasty).reason().as_str_name(), "FIELD_INVALID");
}
