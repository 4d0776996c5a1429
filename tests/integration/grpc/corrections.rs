//! The registry is put right: what becomes another sum is told before, what was frozen or answered stays, and nothing is
//! registered twice unseen. Over gRPC, and by the command line.

use huizong::pb;
use huizong::pb::registry_change::{
    Change, CorrectAgency, JoinAgency, JoinJurisdiction, ReclassifyAgency, RestoreEntry, VoidEntry,
};
use tonic::{Code, Status};

use crate::support::{
    AGENCIES, CITY, COUNTY, PROVINCE, Server, YEAR, change, count, freeze, in_scope, question, refused, report, scope,
    submission,
};

const LATER: i32 = 2023;

async fn apply(
    server: &Server,
    change: pb::RegistryChange,
    validate_only: bool,
) -> Result<pb::ApplyRegistryChangesResponse, Status> {
    let request = pb::ApplyRegistryChangesRequest { changes: vec![change], validate_only, ..Default::default() };
    server.registry().apply_registry_changes(request).await.map(tonic::Response::into_inner)
}

fn correct(agency: &str, set: impl FnOnce(&mut CorrectAgency)) -> pb::RegistryChange {
    let mut correction = CorrectAgency {
        agency: agency.to_owned(),
        first_year: YEAR.into(),
        reason: "登记有误".to_owned(),
        ..Default::default()
    };
    set(&mut correction);
    change(Change::CorrectAgency(correction))
}

fn join(agency: &str, into: &str) -> pb::RegistryChange {
    change(Change::JoinAgency(JoinAgency {
        agency: agency.to_owned(),
        into: into.to_owned(),
        reason: "重复登记".to_owned(),
        ..Default::default()
    }))
}

fn void(entry: &str) -> pb::RegistryChange {
    change(Change::VoidEntry(VoidEntry { entry: entry.to_owned(), reason: "误登".to_owned(), ..Default::default() }))
}

fn new_agency(id: &str, place: &str, name: &str) -> pb::RegistryChange {
    change(Change::CreateAgency(pb::Agency {
        name: format!("agencies/{id}"),
        jurisdiction: place.to_owned(),
        display_name: name.to_owned(),
        kind: pb::AgencyKind::Department.into(),
        first_year: YEAR.into(),
        ..Default::default()
    }))
}

async fn requests_of(server: &Server, place: &str, as_of: i64) -> i64 {
    let asked = in_scope(question(place, YEAR, "requests.received", &[]), |scope| scope.as_of = as_of);
    count(&server.roll_up(asked).await.totals[0])
}

async fn coverage(server: &Server, place: &str) -> (i32, i32, i32) {
    let request = pb::GetCoverageRequest { scope: scope(place), year: YEAR.into(), ..Default::default() };
    let answer = server.rollups().get_coverage(request).await.unwrap().into_inner().coverage.unwrap();
    (answer.expected, answer.received, answer.missing)
}

/// Every agency has reported: 1, 2, 4, 8, 16 and 32 requests, so that each sum tells whose it is.
async fn all_reported() -> Server {
    let server = Server::with_registry().await;
    for (at, agency) in AGENCIES.iter().enumerate() {
        server.store(report(agency, 1 << at)).await;
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_says_which_sums_change_and_leaves_what_was_frozen_and_answered() {
    let server = all_reported().await;
    let frozen = freeze(&server.channel, COUNTY, YEAR, "公布").await.unwrap();
    let before = server.sequence().await;
    let (city, county) = (requests_of(&server, CITY, 0).await, requests_of(&server, COUNTY, 0).await);
    let mover = AGENCIES[2];
    let own = 1 << 2;
    let correction = correct(mover, |one| {
        one.jurisdiction = PROVINCE.to_owned();
        one.display_name = "正名".to_owned();
    });

    // What it would do, to the letter: and nothing is done.
    let told = apply(&server, correction.clone(), true).await.unwrap();
    assert_eq!((told.applied, server.sequence().await), (1, before));
    let changes: Vec<_> = told
        .sum_changes
        .iter()
        .map(|sum| (sum.jurisdiction.as_str(), sum.requests_received_before, sum.requests_received_after))
        .collect();
    assert_eq!(changes, [(CITY, city, city - own), (COUNTY, county, county - own)]);
    assert!(told.sum_changes.iter().all(|sum| sum.year == i32::from(YEAR) && sum.changed_cells > 0));

    let done = apply(&server, correction.clone(), false).await.unwrap();
    assert_eq!(done.sum_changes, told.sum_changes);
    assert_eq!(requests_of(&server, CITY, 0).await, city - own);
    assert_eq!(requests_of(&server, COUNTY, 0).await, county - own);
    assert_eq!(requests_of(&server, PROVINCE, 0).await, 63, "the province has them all, as before");
    // The past.
    assert_eq!(requests_of(&server, CITY, before).await, city);
    let name = pb::GetFrozenFormRequest { name: frozen.name.clone() };
    let kept = server.frozen_forms().get_frozen_form(name).await.unwrap().into_inner().frozen_form.unwrap();
    assert_eq!(kept, frozen);
    // Again it changes nothing; why it was made is in the journal.
    assert_eq!(apply(&server, correction, false).await.unwrap().unchanged, 1);
    let journal = server.journal().await;
    assert!(journal.iter().any(|entry| entry.detail.contains("registry.correct") && entry.detail.contains("登记有误")));
    let server = server.restarted().await;
    assert_eq!(requests_of(&server, COUNTY, 0).await, county - own, "as it is counted anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_of_what_has_changed_since_is_refused_and_so_is_one_without_a_reason() {
    let server = Server::with_registry().await;
    let agency = async || {
        let request = pb::GetAgencyRequest { name: AGENCIES[0].to_owned() };
        server.registry().get_agency(request).await.unwrap().into_inner().agency.unwrap()
    };
    let looked_at = agency().await.etag;
    let rename = |name: &str, etag: &str| {
        correct(AGENCIES[0], |one| {
            one.display_name = name.to_owned();
            one.etag = etag.to_owned();
        })
    };
    apply(&server, rename("正名", &looked_at), false).await.unwrap();
    refused(apply(&server, rename("又名", &looked_at), false).await, Code::Aborted, "ETAG_MISMATCH");
    let unexplained = correct(AGENCIES[0], |one| {
        one.display_name = "又名".to_owned();
        one.reason = String::new();
    });
    refused(apply(&server, unexplained, false).await, Code::InvalidArgument, "FIELD_REQUIRED");
    let nothing = correct(AGENCIES[0], |_| {});
    refused(apply(&server, nothing, false).await, Code::FailedPrecondition, "REGISTRY_INVALID");
    assert_eq!(agency().await.display_name, "正名");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_put_right_for_its_years_and_only_the_sums_by_kind_follow() {
    let server = all_reported().await;
    let by_kind = async |server: &Server| {
        let asked = question(COUNTY, YEAR, "requests.received", &[pb::Dimension::AgencyKind]);
        let answer = server.roll_up(asked).await;
        let rows = answer.rows.iter().map(|row| (huizong::wire::key_in_words(&row.keys[0]), count(row)));
        rows.collect::<Vec<_>>()
    };
    let whole = requests_of(&server, COUNTY, 0).await;
    let told = apply(&server, correct(AGENCIES[3], |one| one.kind = pb::AgencyKind::DispatchedOffice.into()), false);
    let told = told.await.unwrap();
    assert!(told.sum_changes.iter().all(|sum| sum.by_kind && sum.changed_cells == 0), "{told:?}");
    assert_eq!(requests_of(&server, COUNTY, 0).await, whole);
    let rows = by_kind(&server).await;
    assert!(rows.iter().any(|(kind, sum)| kind.contains("dispatched") && *sum == 8), "{rows:?}");
    // 垂直管理 from a later year on leaves this one as it is.
    let later = change(Change::ReclassifyAgency(ReclassifyAgency {
        agency: AGENCIES[3].to_owned(),
        vertical: Some(true),
        first_year: LATER,
        ..Default::default()
    }));
    apply(&server, later, false).await.unwrap();
    assert_eq!(requests_of(&server, COUNTY, 0).await, whole);
    let request = pb::GetAgencyRequest { name: AGENCIES[3].to_owned() };
    let natures = server.registry().get_agency(request).await.unwrap().into_inner().agency.unwrap().natures;
    assert_eq!(natures.last().map(|one| (one.first_year, one.vertical)), Some((LATER, true)));
    // For all of its years it takes the figures out of the local sum.
    apply(&server, correct(AGENCIES[3], |one| one.vertical = Some(true)), false).await.unwrap();
    assert_eq!(requests_of(&server, COUNTY, 0).await, whole - 8);
    let server = server.restarted().await;
    assert_eq!(requests_of(&server, COUNTY, 0).await, whole - 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_registered_by_mistake_is_voided_unless_it_has_reported() {
    let server = all_reported().await;
    server.apply(vec![new_agency("mistake", COUNTY, "误登局")]).await;
    assert_eq!(coverage(&server, COUNTY).await, (3, 2, 1));
    let refusal = refused(apply(&server, void(AGENCIES[3]), false).await, Code::FailedPrecondition, "REGISTRY_INVALID");
    assert!(refusal.metadata["report"].contains(AGENCIES[3]));
    let told = apply(&server, void("agencies/mistake"), true).await.unwrap();
    assert!(told.sum_changes.iter().all(|sum| sum.expected_before == sum.expected_after + 1), "{told:?}");
    apply(&server, void("agencies/mistake"), false).await.unwrap();
    assert_eq!(coverage(&server, COUNTY).await, (2, 2, 0));
    refused(server.submit(submission(report("agencies/mistake", 1))).await, Code::FailedPrecondition, "AGENCY_NOT_DUE");
    refused(apply(&server, void(COUNTY), false).await, Code::FailedPrecondition, "REGISTRY_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_was_registered_twice_is_joined_and_counts_once_with_nothing_lost() {
    let server = Server::with_registry().await;
    let (stays, twice) = (AGENCIES[3], "agencies/county-again");
    server.apply(vec![new_agency("county-again", COUNTY, "另一个名称")]).await;
    server.store(report(twice, 32)).await;
    server.store(report(AGENCIES[2], 16)).await;
    assert_eq!(coverage(&server, COUNTY).await, (3, 2, 1));
    let before = server.sequence().await;

    let told = apply(&server, join(twice, stays), true).await.unwrap();
    let of_county = told.sum_changes.iter().find(|sum| sum.jurisdiction == COUNTY).unwrap();
    assert_eq!((of_county.expected_before, of_county.expected_after, of_county.changed_cells), (3, 2, 0));
    apply(&server, join(twice, stays), false).await.unwrap();
    assert_eq!(coverage(&server, COUNTY).await, (2, 2, 0), "it has reported, under its other name");
    assert_eq!(requests_of(&server, COUNTY, 0).await, 48);
    // The report of that year is corrected where it is, and no other is taken for it.
    refused(server.submit(submission(report(stays, 1))).await, Code::FailedPrecondition, "AGENCY_NOT_DUE");
    let present = server.get(&format!("{twice}/reports/{YEAR}")).await.unwrap();
    let corrected = pb::SubmitReportRequest {
        etag: present.etag,
        correction_reason: "更正".to_owned(),
        ..submission(report(twice, 33))
    };
    server.submit(corrected).await.unwrap();
    assert_eq!(requests_of(&server, COUNTY, 0).await, 49);
    assert_eq!(requests_of(&server, COUNTY, before).await, 48);
    let server = server.restarted().await;
    assert_eq!((requests_of(&server, COUNTY, 0).await, coverage(&server, COUNTY).await), (49, (2, 2, 0)));
    // Over the tree of another year it counts with the one that stays.
    let asked = in_scope(question(COUNTY, YEAR, "requests.received", &[pb::Dimension::Agency]), |scope| {
        scope.hierarchy_year = LATER;
    });
    let rows = server.roll_up(asked).await.rows;
    assert!(rows.iter().any(|row| huizong::wire::key_in_words(&row.keys[0]) == stays && count(row) == 33), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_reports_of_one_year_keep_entries_from_being_joined() {
    let server = all_reported().await;
    let refusal = apply(&server, join(AGENCIES[2], AGENCIES[3]), true).await;
    let refusal = refused(refusal, Code::FailedPrecondition, "REGISTRY_INVALID");
    assert!(refusal.message.unwrap().en.contains(&YEAR.to_string()));
}

#[tokio::test]
async fn changes_that_come_again_with_their_request_id_have_their_first_answer() {
    let server = Server::with_registry().await;
    let request_id = "8b1c7e52-6f0e-4d0e-9e53-5f8a3f4a1d11".to_owned();
    let list = |name: &str| pb::ApplyRegistryChangesRequest {
        changes: vec![new_agency("new-one", COUNTY, name), new_agency("new-two", COUNTY, "另一新局")],
        request_id: request_id.clone(),
        ..Default::default()
    };
    let ask = async |request| server.registry().apply_registry_changes(request).await.map(tonic::Response::into_inner);
    let first = ask(list("新设局")).await.unwrap();
    assert_eq!((first.applied, first.unchanged, first.already_stored), (2, 0, false));
    apply(&server, void("agencies/new-one"), false).await.unwrap();
    let after = server.sequence().await;
    let again = ask(list("新设局")).await.unwrap();
    assert_eq!(again, pb::ApplyRegistryChangesResponse { already_stored: true, ..first.clone() });
    refused(ask(list("他局")).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
    let id_of_a_report = pb::SubmitReportRequest { request_id, ..submission(report(AGENCIES[0], 1)) };
    refused(server.submit(id_of_a_report).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
    // A refusal may be journalled; nothing was changed.
    let changed = server.journal().await.into_iter().filter(|entry| entry.action == "registry.apply");
    assert!(changed.filter(|entry| entry.sequence > after).all(|entry| entry.outcome() == pb::JournalOutcome::Refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_in_small_letters_is_the_same_code_and_a_name_that_is_there_must_be_confirmed() {
    let server = Server::with_registry().await;
    let create = async |name: &str, display_name: &str, confirmed: bool| {
        let Some(Change::CreateAgency(agency)) = new_agency(name, COUNTY, display_name).change else { panic!() };
        let request = pb::CreateAgencyRequest { agency: Some(agency), confirmed, ..Default::default() };
        server.registry().create_agency(request).await.map(|answer| answer.into_inner().agency.unwrap())
    };
    let created = create("11341702486344515h", "某局", false).await.unwrap();
    assert_eq!(created.name, "agencies/11341702486344515H");
    assert_eq!(create("11341702486344515H", "某局", false).await.unwrap().name, created.name, "it is there already");
    let small = submission(report("agencies/11341702486344515h", 1));
    let refusal = refused(server.submit(small).await, Code::NotFound, "AGENCY_NOT_FOUND");
    assert!(refusal.remedy.unwrap().en.contains("11341702486344515H"));

    let refusal = refused(create("other", "某 局", false).await, Code::FailedPrecondition, "REGISTRY_SUSPECT");
    assert_eq!(refusal.metadata["entries"], "agencies/other");
    assert_eq!(refusal.field_violations[0].field, "agency");
    create("other", "某 局", true).await.unwrap();
    let request = pb::ListRegistrySuspectsRequest::default();
    let suspects = server.registry().list_registry_suspects(request).await.unwrap().into_inner().suspects;
    assert_eq!(suspects.len(), 1);
    assert_eq!((suspects[0].entry.as_str(), suspects[0].alike()), ("agencies/other", pb::Alike::Name));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_puts_the_registry_right_and_its_files_carry_that() {
    let server = all_reported().await;
    let year = YEAR.to_string();
    server.run(&["registry", "check"]);
    let told = server.run(&[
        "registry",
        "correct",
        AGENCIES[2],
        "--from",
        &year,
        "--parent",
        "230000",
        "--reason",
        "登记有误",
        "--dry-run",
    ]);
    assert!(told.contains(COUNTY) && told.contains("→"), "{told}");
    server.run(&["registry", "correct", AGENCIES[2], "--from", &year, "--parent", "230000", "--reason", "登记有误"]);
    server.run(&["registry", "reclassify", AGENCIES[2], "--from", "2024", "--vertical", "true"]);
    server.apply(vec![new_agency("mistake", COUNTY, "误登局"), new_agency("again", COUNTY, "又登局")]).await;
    server.run(&["registry", "void", "mistake", "--reason", "误登"]);
    server.run(&["registry", "join", "again", "--into", AGENCIES[3], "--reason", "重复登记"]);

    let folder = tempfile::TempDir::new().unwrap();
    for name in ["registry.csv", "registry.json", "registry.xlsx"] {
        let [file, copy] = ["", "copy-"].map(|mark| folder.path().join(format!("{mark}{name}")));
        let [file, copy] = [file.to_str().unwrap(), copy.to_str().unwrap()];
        server.run(&["registry", "export", file]);
        let other = Server::start().await;
        let told = other.run(&["registry", "import", file]);
        assert!(told.contains("15 applied, 0 unchanged"), "{told}");
        assert!(other.run(&["registry", "import", file]).contains("0 applied, 15 unchanged"));
        other.run(&["registry", "export", copy]);
        assert_eq!(std::fs::read(copy).unwrap(), std::fs::read(file).unwrap(), "{name}");
    }
    // What may be there twice is listed, and ends with 1.
    server.apply(vec![new_agency("twin", COUNTY, "双胞局")]).await;
    let twice = folder.path().join("twice.csv");
    std::fs::write(
        &twice,
        format!(
            "type,code,parent,name,level,kind,first_year\nagency,twin-b,{},双胞局,,department,{YEAR}\n",
            COUNTY.trim_start_matches("jurisdictions/"),
        ),
    )
    .unwrap();
    let refused = server.program(&["registry", "import", twice.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("agencies/twin-b"));
    server.run(&["registry", "import", twice.to_str().unwrap(), "--confirm", "agencies/twin-b"]);
    let listed = server.program(&["registry", "check", "--format", "csv"]);
    assert_eq!(listed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&listed.stdout).contains("agencies/twin-b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_owes_its_reports_from_the_year_that_is_said_and_none_that_it_has_handed_in_is_lost() {
    let server = all_reported().await;
    let before = server.sequence().await;
    let begins = |year: i32| {
        correct(AGENCIES[0], |one| {
            one.begin_year = year;
            one.first_year = year;
        })
    };
    // It has reported for a year before it would begin.
    let problem = refused(apply(&server, begins(LATER), false).await, Code::FailedPrecondition, "REGISTRY_INVALID");
    assert_eq!(problem.metadata["report"], format!("{}/reports/{YEAR}", AGENCIES[0]));
    let (expected, ..) = coverage(&server, CITY).await;
    apply(&server, change(new_agency_of(2022)), false).await.unwrap();
    assert_eq!(coverage(&server, CITY).await.0, expected + 1);
    let later = correct("agencies/begun", |one| {
        one.begin_year = LATER;
        one.first_year = LATER;
    });
    let told = apply(&server, later.clone(), true).await.unwrap();
    let of_city: Vec<_> = told.sum_changes.iter().filter(|sum| sum.jurisdiction == CITY).collect();
    assert_eq!((of_city[0].expected_before, of_city[0].expected_after), (i64::from(expected) + 1, i64::from(expected)));
    apply(&server, later, false).await.unwrap();
    assert_eq!(coverage(&server, CITY).await.0, expected);
    assert_eq!(requests_of(&server, PROVINCE, before).await, 63);
    let server = server.restarted().await;
    assert_eq!(coverage(&server, CITY).await.0, expected, "as it is counted anew");
}

fn new_agency_of(first_year: i32) -> Change {
    let pb::RegistryChange { change: Some(Change::CreateAgency(agency)) } = new_agency("begun", CITY, "新设的局")
    else {
        unreachable!()
    };
    Change::CreateAgency(pb::Agency { first_year, ..agency })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_voided_by_mistake_is_owed_again() {
    let server = Server::with_registry().await;
    let (expected, ..) = coverage(&server, CITY).await;
    apply(&server, void(AGENCIES[0]), false).await.unwrap();
    assert_eq!(coverage(&server, CITY).await.0, expected - 1);
    let restore = change(Change::RestoreEntry(RestoreEntry {
        entry: AGENCIES[0].to_owned(),
        reason: "误作废".to_owned(),
        ..Default::default()
    }));
    let told = apply(&server, restore.clone(), true).await.unwrap();
    assert_eq!((told.applied, coverage(&server, CITY).await.0), (1, expected - 1));
    apply(&server, restore.clone(), false).await.unwrap();
    assert_eq!(coverage(&server, CITY).await.0, expected);
    assert_eq!(apply(&server, restore, false).await.unwrap().unchanged, 1);
    server.store(report(AGENCIES[0], 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jurisdiction_that_was_registered_twice_is_joined_with_nothing_lost_or_counted_twice() {
    let server = all_reported().await;
    let before = server.sequence().await;
    let twice = "jurisdictions/230103";
    let place = change(Change::CreateJurisdiction(pb::Jurisdiction {
        name: twice.to_owned(),
        parent: CITY.to_owned(),
        display_name: "道里区（重复）".to_owned(),
        level: pb::Level::County.into(),
        first_year: 2019,
        ..Default::default()
    }));
    apply(&server, place, false).await.unwrap();
    let to = |agency: &str| correct(agency, |one| one.jurisdiction = twice.to_owned());
    apply(&server, to(AGENCIES[3]), false).await.unwrap();
    assert_eq!((requests_of(&server, COUNTY, 0).await, requests_of(&server, twice, 0).await), (1 << 2, 1 << 3));
    let (city, province) = (requests_of(&server, CITY, 0).await, requests_of(&server, PROVINCE, 0).await);
    let join = change(Change::JoinJurisdiction(JoinJurisdiction {
        jurisdiction: twice.to_owned(),
        into: COUNTY.to_owned(),
        reason: "重复登记".to_owned(),
        ..Default::default()
    }));
    let told = apply(&server, join.clone(), true).await.unwrap();
    assert!(told.sum_changes.iter().any(|sum| sum.jurisdiction == COUNTY), "{told:?}");
    assert!(told.sum_changes.iter().all(|sum| sum.jurisdiction != CITY && sum.jurisdiction != PROVINCE), "{told:?}");
    apply(&server, join.clone(), false).await.unwrap();
    assert_eq!(requests_of(&server, COUNTY, 0).await, (1 << 2) + (1 << 3));
    assert_eq!((requests_of(&server, CITY, 0).await, requests_of(&server, PROVINCE, 0).await), (city, province));
    assert_eq!(requests_of(&server, PROVINCE, before).await, 63, "the past stays");
    assert_eq!(apply(&server, join, false).await.unwrap().unchanged, 1);
    // Of another level it cannot be the same.
    let unlike = change(Change::JoinJurisdiction(JoinJurisdiction {
        jurisdiction: COUNTY.to_owned(),
        into: CITY.to_owned(),
        reason: "重复登记".to_owned(),
        ..Default::default()
    }));
    refused(apply(&server, unlike, true).await, Code::FailedPrecondition, "REGISTRY_INVALID");
    let server = server.restarted().await;
    assert_eq!(requests_of(&server, COUNTY, 0).await, (1 << 2) + (1 << 3), "as it is counted anew");
}
