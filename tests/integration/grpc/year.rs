//! A province's year, scripted over gRPC: a merger, a split and a move between two years; a collection with a review;
//! late, missing, returned and corrected reports; a city's own report that differs; a frozen form; time travel.

use huizong::pb;
use huizong::pb::registry_change::Change;
use prost_types::Timestamp;
use tonic::{Code, Request, Status};

use crate::support::{
    CITY, COUNTY, PROVINCE, Server, YEAR, change, count, form, question, refused, replacing, set, submission, value,
};

const BEFORE: u16 = YEAR - 1;
const PAST: i64 = 1_600_000_000;
const FUTURE: i64 = 4_000_000_000;

fn time(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn as_person<T>(message: T, person: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("huizong-principal", person.parse().unwrap());
    request
}

fn agency(name: &str, jurisdiction: &str, first_year: u16) -> pb::RegistryChange {
    change(Change::CreateAgency(pb::Agency {
        name: name.to_owned(),
        jurisdiction: jurisdiction.to_owned(),
        display_name: name.trim_start_matches("agencies/").to_owned(),
        kind: pb::AgencyKind::Department.into(),
        first_year: first_year.into(),
        ..Default::default()
    }))
}

fn name_of(owner: &str, year: u16) -> String {
    format!("{owner}/reports/{year}")
}

fn report_of(owner: &str, year: u16, requests: i64) -> pb::Report {
    pb::Report { name: name_of(owner, year), form: Some(form(requests).into()), ..Default::default() }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a province's officials do.
trait Office {
    async fn hand_in(&self, report: pb::Report) -> pb::SubmitReportResponse;
    async fn etag(&self, owner: &str) -> String;
    async fn accept(&self, owner: &str, by: &str) -> Result<pb::ReviewOutcome, Status>;
    async fn give_back(&self, owner: &str, comments: Vec<pb::CellComment>) -> Result<pb::ReviewOutcome, Status>;
    async fn correct(&self, owner: &str, form: pb::Form) -> pb::SubmitReportResponse;
    async fn province(&self) -> pb::QueryRollupResponse;
    async fn coverage(&self) -> pb::Coverage;
}

impl Office for Server {
    async fn hand_in(&self, report: pb::Report) -> pb::SubmitReportResponse {
        self.submit(submission(report)).await.unwrap()
    }

    async fn etag(&self, owner: &str) -> String {
        self.get(&name_of(owner, YEAR)).await.unwrap().etag
    }

    async fn accept(&self, owner: &str, by: &str) -> Result<pb::ReviewOutcome, Status> {
        let etag = self.etag(owner).await;
        let request = pb::AcceptReportRequest { name: name_of(owner, YEAR), etag, ..Default::default() };
        let answer = self.reports().accept_report(as_person(request, by)).await?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    async fn give_back(&self, owner: &str, comments: Vec<pb::CellComment>) -> Result<pb::ReviewOutcome, Status> {
        let request = pb::ReturnReportRequest {
            name: name_of(owner, YEAR),
            etag: self.etag(owner).await,
            reason: "请核对".to_owned(),
            comments,
            ..Default::default()
        };
        let answer = self.reports().return_report(as_person(request, "office")).await?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    async fn correct(&self, owner: &str, form: pb::Form) -> pb::SubmitReportResponse {
        let etag = self.etag(owner).await;
        let name = name_of(owner, YEAR);
        let report = pb::Report {
            name,
            etag,
            correction_reason: "更正".to_owned(),
            form: Some(form.into()),
            ..Default::default()
        };
        self.hand_in(report).await
    }

    async fn province(&self) -> pb::QueryRollupResponse {
        self.roll_up(question(PROVINCE, YEAR, "requests.received", &[])).await
    }

    async fn coverage(&self) -> pb::Coverage {
        let request = pb::GetCoverageRequest {
            scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
            year: YEAR.into(),
            ..Default::default()
        };
        self.rollups().get_coverage(request).await.unwrap().into_inner().coverage.unwrap()
    }
}

/// The registry of both years, and the reports of the first.
async fn two_years() -> Server {
    let server = Server::with_registry().await;
    server
        .apply(vec![
            agency("agencies/city-north", CITY, 2019),
            agency("agencies/city-south", CITY, 2019),
            agency("agencies/county-culture-sport", COUNTY, 2019),
            agency("agencies/county-culture", COUNTY, YEAR),
            agency("agencies/county-sport", COUNTY, YEAR),
        ])
        .await;
    for (owner, requests) in [
        ("agencies/city-north", 3),
        ("agencies/city-south", 4),
        ("agencies/city-bureau", 2),
        ("agencies/county-culture-sport", 5),
        ("agencies/county-office", 8),
    ] {
        assert_eq!(server.hand_in(report_of(owner, BEFORE, requests)).await.state(), pb::ReportState::Accepted);
    }
    let first_year = i32::from(YEAR);
    server
        .apply(vec![
            change(Change::Merge(pb::registry_change::Merge {
                entries: names(&["agencies/city-north", "agencies/city-south"]),
                into: "agencies/city-bureau".to_owned(),
                first_year,
            })),
            change(Change::Split(pb::registry_change::Split {
                entry: "agencies/county-culture-sport".to_owned(),
                into: names(&["agencies/county-culture", "agencies/county-sport"]),
                first_year,
            })),
            change(Change::Move(pb::registry_change::Move {
                entry: "agencies/county-office".to_owned(),
                parent: CITY.to_owned(),
                first_year,
            })),
        ])
        .await;
    server
}

async fn open_collection(server: &Server) -> pb::Collection {
    let level = |level: pb::Level| pb::DueTime { level: level.into(), due_time: time(FUTURE) };
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        due_times: [pb::Level::Province, pb::Level::City, pb::Level::County].map(level).to_vec(),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    server.registry().create_collection(request).await.unwrap().into_inner().collection.unwrap()
}

async fn update(server: &Server, collection: pb::Collection) -> pb::Collection {
    let request = replacing(collection);
    server.registry().update_collection(request).await.unwrap().into_inner().collection.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_follow_moves_and_mergers_only_where_another_years_tree_is_asked_for() {
    let server = two_years().await;
    let rows = |answer: pb::QueryRollupResponse| -> Vec<(String, i64)> {
        answer.rows.iter().map(|row| (row.keys[0].label.clone().unwrap().zh, count(row))).collect()
    };
    let by_child = question(CITY, BEFORE, "requests.received", &[pb::Dimension::ChildJurisdiction]);
    let as_reported = server.roll_up(by_child.clone()).await;
    assert_eq!(as_reported.coverage[0].hierarchy_year, i32::from(BEFORE));
    assert_eq!(rows(as_reported), [("哈尔滨市（本级部门）".to_owned(), 9), ("道里区".to_owned(), 13)]);
    let later = crate::support::in_scope(by_child, |scope| scope.hierarchy_year = YEAR.into());
    let later = server.roll_up(later).await;
    assert_eq!(later.coverage[0].hierarchy_year, i32::from(YEAR));
    assert_eq!(rows(later), [("哈尔滨市（本级部门）".to_owned(), 17), ("道里区".to_owned(), 5)]);
    let by_agency =
        crate::support::in_scope(question(CITY, BEFORE, "requests.received", &[pb::Dimension::Agency]), |scope| {
            scope.hierarchy_year = YEAR.into();
        });
    assert_eq!(
        rows(server.roll_up(by_agency).await),
        [
            // Its own 2, and those of the two that were merged into it.
            ("agencies/city-bureau".to_owned(), 2 + 3 + 4),
            ("county-culture-sport（已撤销或分设）".to_owned(), 5),
            ("agencies/county-office".to_owned(), 8),
        ]
    );
    // Either way the years of an agency are a series: its own, or those of what it has become.
    server.hand_in(report_of("agencies/city-bureau", YEAR, 20)).await;
    let series = pb::QueryRollupRequest {
        last_year: YEAR.into(),
        ..question(CITY, BEFORE, "requests.received", &[pb::Dimension::Agency, pb::Dimension::Year])
    };
    let of = |answer: pb::QueryRollupResponse, name: &str| -> Vec<i64> {
        answer.rows.iter().filter(|row| huizong::wire::key_in_words(&row.keys[0]) == name).map(count).collect()
    };
    let as_reported = server.roll_up(series.clone()).await;
    assert_eq!(of(as_reported.clone(), "agencies/city-bureau"), [2, 20]);
    assert_eq!(of(as_reported, "agencies/city-north"), [3]);
    let later = server
        .roll_up(crate::support::in_scope(series, |scope| {
            scope.hierarchy_year = YEAR.into();
        }))
        .await;
    assert_eq!(of(later.clone(), "agencies/city-bureau"), [9, 20]);
    assert_eq!(of(later, "agencies/city-north"), [0; 0]);
    let ended = server.submit(submission(report_of("agencies/city-north", YEAR, 1))).await;
    refused(ended, Code::FailedPrecondition, "AGENCY_NOT_DUE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_cannot_end_in_a_year_for_which_it_has_reported() {
    let server = two_years().await;
    server.hand_in(report_of("agencies/county-sport", YEAR, 1)).await;
    let abolish = pb::ApplyRegistryChangesRequest {
        changes: vec![change(Change::Abolish(pb::registry_change::Abolish {
            entry: "agencies/county-sport".to_owned(),
            first_year: i32::from(YEAR),
        }))],
        ..Default::default()
    };
    // It begins in that year, so the registry alone would refuse; a year later it is the report that stands in the way.
    refused(
        server.registry().apply_registry_changes(abolish.clone()).await,
        Code::FailedPrecondition,
        "REGISTRY_INVALID",
    );
    assert_eq!(server.received().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_from_the_first_report_to_the_published_form() {
    let server = two_years().await;
    let mut watch = {
        let request = crate::support::watched(question(PROVINCE, YEAR, "requests.received", &[]));
        server.rollups().watch_rollup(request).await.unwrap().into_inner()
    };
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!((first.previous_as_of, first.resync), (0, false));
    let collection = open_collection(&server).await;

    // Handed in: nothing counts before it is accepted.
    for (owner, requests) in [
        ("agencies/province-office", 10),
        ("agencies/city-bureau", 9),
        ("agencies/county-culture", 2),
        ("agencies/county-bureau", 7),
    ] {
        let answer = server.hand_in(report_of(owner, YEAR, requests)).await;
        assert_eq!((answer.state(), answer.late), (pb::ReportState::Submitted, false));
    }
    assert_eq!(server.received().await, 0);
    let coverage = server.coverage().await;
    assert_eq!((coverage.expected, coverage.received, coverage.submitted, coverage.included), (8, 4, 4, 0));

    // Reviewed: accepted by somebody else, or given back with a comment.
    let own = server.accept("agencies/province-office", "").await;
    refused(own, Code::PermissionDenied, "OWN_SUBMISSION");
    for owner in ["agencies/province-office", "agencies/city-bureau", "agencies/county-culture"] {
        assert_eq!(server.accept(owner, "office").await.unwrap().state(), pb::ReportState::Accepted);
    }
    let again = server.accept("agencies/city-bureau", "office").await;
    let conflict = refused(again, Code::FailedPrecondition, "STATE_CONFLICT");
    assert!(conflict.remedy.unwrap().en.contains("withdraw"), "says what is possible now");
    let cell = "requests.received.natural_person".to_owned();
    let comment = pb::CellComment { cell: cell.clone(), text: "与台账不符".to_owned() };
    let nowhere = pb::CellComment { cell: "requests.nowhere".to_owned(), ..comment.clone() };
    let bad = server.give_back("agencies/county-bureau", vec![nowhere]).await;
    refused(bad, Code::InvalidArgument, "REVIEW_INVALID");
    let returned = server.give_back("agencies/county-bureau", vec![comment.clone()]).await.unwrap();
    assert_eq!((returned.state(), returned.accepted_revision.as_str()), (pb::ReportState::Returned, ""));
    let seen = server.get(&name_of("agencies/county-bureau", YEAR)).await.unwrap();
    assert_eq!(seen.review.unwrap().comments, [comment]);
    assert_eq!(server.received().await, 21);
    let before_resubmission = server.province().await;

    // Corrected: a returned report comes back; an accepted one stays in the sum until its correction is accepted.
    server.correct("agencies/county-bureau", form(6)).await;
    server.accept("agencies/county-bureau", "office").await.unwrap();
    assert_eq!(server.received().await, 27);
    server.correct("agencies/province-office", form(12)).await;
    assert_eq!(server.received().await, 27);
    let coverage = server.coverage().await;
    assert_eq!((coverage.included, coverage.submitted, coverage.returned), (4, 1, 0));
    server.accept("agencies/province-office", "office").await.unwrap();
    assert_eq!(server.received().await, 29);

    // Late: taken, and marked.
    let mut overdue = collection.clone();
    overdue.due_times.iter_mut().for_each(|due| due.due_time = time(PAST));
    let collection = update(&server, overdue).await;
    assert!(server.hand_in(report_of("agencies/city-office", YEAR, 1)).await.late);
    server.accept("agencies/city-office", "office").await.unwrap();
    let coverage = server.coverage().await;
    assert_eq!((server.received().await, coverage.late, coverage.missing), (30, 1, 3));
    let request = pb::ListMissingAgenciesRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        year: YEAR.into(),
        ..Default::default()
    };
    let missing = server.rollups().list_missing_agencies(request).await.unwrap().into_inner().agencies;
    let missing: Vec<_> = missing.into_iter().map(|agency| agency.name).collect();
    assert_eq!(missing, ["agencies/county-office", "agencies/county-sport", "agencies/province-bureau"]);

    // The life of one report.
    let request = pb::ListReportEventsRequest { name: name_of("agencies/county-bureau", YEAR), ..Default::default() };
    let events = server.reports().list_report_events(request).await.unwrap().into_inner().events;
    let actions: Vec<_> = events.iter().map(pb::ReportEvent::action).collect();
    use pb::ReportAction::{Accept, Return, Submit};
    assert_eq!(actions, [Submit, Return, Submit, Accept]);
    let change = events[2].changes.iter().find(|change| change.cell == cell).unwrap();
    assert_eq!((value(&change.before), value(&change.after)), ("7".to_owned(), "6".to_owned()));

    // The city's own report differs from the sum in three cells, and is never added to it.
    let request = pb::GetConsolidatedFormRequest {
        scope: Some(pb::Scope { jurisdiction: CITY.to_owned(), ..Default::default() }),
        year: YEAR.into(),
    };
    let mut own = server.rollups().get_consolidated_form(request).await.unwrap().into_inner().form.unwrap();
    for (path, number) in [("permits", 5), ("penalties", 2), ("compulsions", 1)] {
        set(&mut own, &format!("proactive_disclosure.administrative_{path}"), number);
    }
    let of_city = pb::Report { name: name_of(CITY, YEAR), form: Some(own.into()), ..Default::default() };
    assert_eq!(server.hand_in(of_city).await.state(), pb::ReportState::Submitted);
    assert_eq!(server.received().await, 30);
    let mut corrected = form(6);
    set(&mut corrected, "proactive_disclosure.administrative_permits", 3);
    server.correct("agencies/county-bureau", corrected).await;
    server.accept("agencies/county-bureau", "office").await.unwrap();
    let request = pb::ReconcileReportRequest { name: name_of(CITY, YEAR), ..Default::default() };
    let answer = server.rollups().reconcile_report(request).await.unwrap().into_inner();
    let differences: Vec<_> = answer
        .differences
        .iter()
        .map(|one| (one.cell.rsplit('_').next().unwrap(), value(&one.difference), value(&one.unexplained)))
        .collect();
    let expected = [("permits", "-2", "-5"), ("penalties", "-2", "-2"), ("compulsions", "-1", "-1")];
    assert_eq!(differences, expected.map(|(cell, by, rest)| (cell, by.to_owned(), rest.to_owned())));
    let explanation = &answer.differences[0].explanations[0];
    assert_eq!(explanation.kind(), pb::ExplanationKind::CorrectedSince);
    assert_eq!((explanation.name.as_str(), value(&explanation.contribution).as_str()), ("agencies/county-bureau", "3"));
    let missing: Vec<_> =
        answer.missing.iter().map(|part| (part.own_agencies, part.coverage.unwrap().missing)).collect();
    assert_eq!(missing, [(true, 1), (false, 1)]);

    // Frozen for publication; the present drifts away from it.
    let frozen = crate::support::freeze(&server.channel, PROVINCE, YEAR, "").await.unwrap();
    assert_eq!(frozen.coverage.unwrap().included, 5);
    server.correct("agencies/city-office", form(4)).await;
    server.accept("agencies/city-office", "office").await.unwrap();
    let request = pb::CompareFrozenFormRequest { name: frozen.name.clone() };
    let drift = server.frozen_forms().compare_frozen_form(request).await.unwrap().into_inner();
    assert_eq!(drift.frozen_form.as_ref(), Some(&frozen), "it never changes");
    let received = drift.differences.iter().find(|one| one.cell == cell).unwrap();
    assert_eq!((value(&received.difference), value(&received.unexplained)), ("3".to_owned(), "0".to_owned()));
    let request = pb::ListFrozenFormRevisionsRequest { name: frozen.name.clone(), ..Default::default() };
    let revisions = server.frozen_forms().list_frozen_form_revisions(request).await.unwrap().into_inner().revisions;
    assert_eq!(revisions.len(), 5);
    assert!(revisions.iter().any(|one| one.revision == "agencies/county-bureau/reports/2022/revisions/3"));

    // Withdrawn: out of the sum, and missing.
    let request = pb::WithdrawReportRequest {
        name: name_of("agencies/county-culture", YEAR),
        etag: server.etag("agencies/county-culture").await,
        reason: "误报".to_owned(),
        ..Default::default()
    };
    let outcome = server.reports().withdraw_report(request).await.unwrap().into_inner().outcome.unwrap();
    assert_eq!((outcome.state(), outcome.accepted_revision.as_str()), (pb::ReportState::Withdrawn, ""));
    assert_eq!((server.received().await, server.coverage().await.missing), (31, 4));

    // Locked: refused, saying since when and who can change it; an exception lets one agency in.
    let locked = update(&server, pb::Collection { lock_time: time(PAST), ..collection }).await;
    let late = server.submit(submission(report_of("agencies/county-sport", YEAR, 1))).await;
    let problem = refused(late, Code::FailedPrecondition, "COLLECTION_LOCKED");
    assert!(problem.metadata["lock_time"].starts_with("2020"), "{problem:?}");
    let exception = pb::CollectionException {
        agency: "agencies/county-sport".to_owned(),
        lock_time: time(FUTURE),
        reason: "机构新设".to_owned(),
        ..Default::default()
    };
    let request =
        pb::GrantCollectionExceptionRequest { name: locked.name, exception: Some(exception), ..Default::default() };
    server.registry().grant_collection_exception(request).await.unwrap();
    assert!(server.hand_in(report_of("agencies/county-sport", YEAR, 1)).await.late);

    // What was answered then is answered still, and the watch has come to where a fresh question is.
    let then = crate::support::in_scope(question(PROVINCE, YEAR, "requests.received", &[]), |scope| {
        scope.as_of = before_resubmission.as_of;
    });
    assert_eq!(server.roll_up(then).await, before_resubmission);
    let now = server.province().await;
    let mut last = first;
    while last.answer.as_ref().unwrap().as_of < now.as_of {
        let next = watch.message().await.unwrap().unwrap();
        assert!(next.previous_as_of >= last.answer.as_ref().unwrap().as_of, "in order");
        last = next;
    }
    assert_eq!(last.answer, Some(now));
    drop(watch);
    let server = server.restarted().await;
    assert_eq!(count(&server.province().await.totals[0]), 31);
    assert_eq!(
        server.roll_up(question(PROVINCE, YEAR, "requests.received", &[])).await.coverage[0],
        server.coverage().await
    );
}
