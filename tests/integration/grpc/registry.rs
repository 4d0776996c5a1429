//! What the contract promises about the dated registry and about collections, asked of a real server, and the command
//! line over it.

use std::path::Path;

use huizong::pb;
use huizong::pb::registry_change::Change;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::support::{AGENCIES, CITY, COUNTY, PROVINCE, Server, change, refused, replacing};

const OTHER_CITY: &str = "jurisdictions/230200";
const OTHER_COUNTY: &str = "jurisdictions/230202";

fn place(name: &str, parent: &str, level: pb::Level) -> pb::RegistryChange {
    change(Change::CreateJurisdiction(pb::Jurisdiction {
        name: name.to_owned(),
        parent: parent.to_owned(),
        display_name: name.to_owned(),
        level: level.into(),
        first_year: 2019,
        ..Default::default()
    }))
}

fn rename(entry: &str, display_name: &str, first_year: i32) -> pb::RegistryChange {
    let (entry, display_name) = (entry.to_owned(), display_name.to_owned());
    change(Change::Rename(pb::registry_change::Rename { entry, display_name, first_year }))
}

fn moved(entry: &str, parent: &str, first_year: i32) -> pb::RegistryChange {
    change(Change::Move(pb::registry_change::Move { entry: entry.to_owned(), parent: parent.to_owned(), first_year }))
}

fn merge(entries: &[&str], into: &str, first_year: i32) -> pb::RegistryChange {
    let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
    change(Change::Merge(pb::registry_change::Merge { entries, into: into.to_owned(), first_year }))
}

fn split(entry: &str, into: &[&str], first_year: i32) -> pb::RegistryChange {
    let into = into.iter().map(|entry| (*entry).to_owned()).collect();
    change(Change::Split(pb::registry_change::Split { entry: entry.to_owned(), into, first_year }))
}

fn abolish(entry: &str, first_year: i32) -> pb::RegistryChange {
    change(Change::Abolish(pb::registry_change::Abolish { entry: entry.to_owned(), first_year }))
}

/// A second city with a county; every kind of dated change.
fn history() -> Vec<pb::RegistryChange> {
    vec![
        place(OTHER_CITY, PROVINCE, pb::Level::City),
        place(OTHER_COUNTY, OTHER_CITY, pb::Level::County),
        rename("agencies/city-bureau", "哈尔滨市数据局", 2021),
        moved("agencies/province-bureau", OTHER_CITY, 2022),
        merge(&[COUNTY], OTHER_COUNTY, 2023),
        split("agencies/city-bureau", &["agencies/city-office", "agencies/county-bureau"], 2024),
        abolish("agencies/county-office", 2024),
    ]
}

async fn with_history() -> Server {
    let server = Server::with_registry().await;
    let answer = server.apply(history()).await;
    assert_eq!((answer.applied, answer.unchanged), (7, 0));
    server
}

async fn agencies(server: &Server, request: pb::ListAgenciesRequest) -> Vec<String> {
    let answer = server.registry().list_agencies(request).await.unwrap().into_inner();
    answer.agencies.into_iter().map(|agency| agency.name).collect()
}

async fn agency(server: &Server, name: &str) -> pb::Agency {
    let request = pb::GetAgencyRequest { name: name.to_owned() };
    server.registry().get_agency(request).await.unwrap().into_inner().agency.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_reads_back_year_by_year_and_by_former_name() {
    let server = with_history().await;
    let of = |jurisdiction: &str, year| pb::ListAgenciesRequest {
        jurisdiction: jurisdiction.to_owned(),
        year,
        ..Default::default()
    };
    assert_eq!(agencies(&server, of(COUNTY, 2022)).await, ["agencies/county-bureau", "agencies/county-office"]);
    assert!(agencies(&server, of(COUNTY, 2023)).await.is_empty());
    assert_eq!(agencies(&server, of(OTHER_COUNTY, 2023)).await, ["agencies/county-bureau", "agencies/county-office"]);
    assert_eq!(agencies(&server, of(OTHER_COUNTY, 2024)).await, ["agencies/county-bureau"]);
    assert_eq!(agencies(&server, of("", 2018)).await.len(), 0);
    // Without a year, what has ended is listed too, with its end.
    assert_eq!(agencies(&server, of("", 0)).await, AGENCIES);

    let bureau = agency(&server, "agencies/city-bureau").await;
    assert_eq!((bureau.end_year, bureau.ending()), (2024, pb::Ending::Split));
    assert_eq!(bureau.successors, ["agencies/city-office", "agencies/county-bureau"]);
    let names: Vec<_> = bureau.names.iter().map(|name| (name.first_year, name.display_name.as_str())).collect();
    assert_eq!(names, [(2019, "agencies/city-bureau"), (2021, "哈尔滨市数据局")]);
    let parents = agency(&server, "agencies/county-bureau").await.parents;
    let parents: Vec<_> = parents.iter().map(|at| (at.first_year, at.parent.as_str())).collect();
    assert_eq!(parents, [(2019, COUNTY), (2023, OTHER_COUNTY)]);
    let county = pb::GetJurisdictionRequest { name: COUNTY.to_owned() };
    let county = server.registry().get_jurisdiction(county).await.unwrap().into_inner().jurisdiction.unwrap();
    assert_eq!(
        (county.end_year, county.ending(), county.successors),
        (2023, pb::Ending::Merged, vec![OTHER_COUNTY.to_owned()])
    );

    for query in ["数据局", "CITY-bureau"] {
        let request = pb::ListAgenciesRequest { query: query.to_owned(), ..Default::default() };
        assert_eq!(agencies(&server, request).await, ["agencies/city-bureau"], "{query}");
    }
    let request = pb::ListAgenciesRequest { query: "数据局".to_owned(), year: 2019, ..Default::default() };
    let found = server.registry().list_agencies(request).await.unwrap().into_inner().agencies;
    assert_eq!(found[0].display_name, "agencies/city-bureau", "the name of the year asked for");
    let request = pb::ListJurisdictionsRequest { parent: CITY.to_owned(), year: 2022, ..Default::default() };
    let below = server.registry().list_jurisdictions(request).await.unwrap().into_inner().jurisdictions;
    assert_eq!(below.iter().map(|at| at.name.as_str()).collect::<Vec<_>>(), [COUNTY]);
    let request = pb::ListAgenciesRequest { year: 1, ..Default::default() };
    refused(server.registry().list_agencies(request).await, Code::InvalidArgument, "YEAR_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_changes_is_all_or_nothing_and_can_be_sent_again() {
    let server = with_history().await;
    let again = server.apply(history()).await;
    assert_eq!((again.applied, again.unchanged), (0, 7));
    let sequence = server.sequence().await;
    let changes = vec![rename(CITY, "冰城", 2024), abolish(OTHER_COUNTY, 2025)];
    for validate_only in [true, false] {
        let request = pb::ApplyRegistryChangesRequest { changes: changes.clone(), validate_only, ..Default::default() };
        let refusal = server.registry().apply_registry_changes(request).await;
        let problem = refused(refusal, Code::FailedPrecondition, "REGISTRY_INVALID");
        assert_eq!(problem.field_violations[0].field, "changes[1]");
        let message = problem.message.unwrap();
        assert!(message.en.contains("agencies/county-bureau") && message.en.contains(OTHER_COUNTY), "{message:?}");
    }
    assert_eq!(server.sequence().await, sequence + 1, "the refusal of the real call, and nothing else");
    let malformed = [
        (
            change(Change::Rename(pb::registry_change::Rename { first_year: 2024, ..Default::default() })),
            "FIELD_REQUIRED",
            "rename.entry",
        ),
        (rename("reports/1", "名", 2024), "NAME_INVALID", "rename.entry"),
        (rename(CITY, "", 2024), "FIELD_INVALID", "rename.display_name"),
        (moved(CITY, PROVINCE, 24), "YEAR_INVALID", "move.first_year"),
        (merge(&[], CITY, 2024), "FIELD_REQUIRED", "merge.entries"),
        (split(CITY, &["agencies/I"], 2024), "NAME_INVALID", "split.into[0]"),
    ];
    for (bad, reason, field) in malformed {
        let request =
            pb::ApplyRegistryChangesRequest { changes: vec![bad], validate_only: false, ..Default::default() };
        let problem = refused(server.registry().apply_registry_changes(request).await, Code::InvalidArgument, reason);
        assert_eq!(problem.field_violations[0].field, format!("changes[0].{field}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_changes_make_the_same_registry_elsewhere_page_by_page() {
    let server = with_history().await;
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListRegistryChangesRequest { page_size: 4, page_token: token };
        let page = server.registry().list_registry_changes(request).await.unwrap().into_inner();
        assert_eq!(page.total_size, 16);
        all.extend(page.changes);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let other = Server::start().await;
    assert_eq!(other.apply(all.clone()).await.applied, 16);
    let request = pb::ListRegistryChangesRequest { page_size: 1000, page_token: String::new() };
    let copied = other.registry().list_registry_changes(request).await.unwrap().into_inner();
    assert_eq!(copied.changes, all);
    let request = pb::ListRegistryChangesRequest { page_token: "x".to_owned(), ..Default::default() };
    refused(server.registry().list_registry_changes(request).await, Code::InvalidArgument, "PAGE_INVALID");
}

async fn read(server: &Server, content: Vec<u8>) -> pb::ReadRegistryFileResponse {
    server.registry().read_registry_file(pb::ReadRegistryFileRequest { content }).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_as_a_file_in_any_format_is_read_back_as_what_it_is() {
    let server = with_history().await;
    let person = pb::Contact { name: "张三丰".to_owned(), telephone: "0451-1".to_owned(), ..Default::default() };
    let contacts =
        pb::AgencyContacts { name: format!("{}/contacts", AGENCIES[0]), people: vec![person], ..Default::default() };
    let request = pb::UpdateAgencyContactsRequest { contacts: Some(contacts.clone()), validate_only: false };
    server.registry().update_agency_contacts(request).await.unwrap();
    let request = pb::ListRegistryChangesRequest { page_size: 1000, page_token: String::new() };
    let all = server.registry().list_registry_changes(request).await.unwrap().into_inner().changes;
    for format in [pb::RegistryFileFormat::Csv, pb::RegistryFileFormat::Xlsx, pb::RegistryFileFormat::Json] {
        for with_contacts in [false, true] {
            let request = pb::RenderRegistryRequest { format: format.into(), contacts: with_contacts };
            let file = server.registry().render_registry(request).await.unwrap().into_inner();
            let ending = format.as_str_name().trim_start_matches("REGISTRY_FILE_FORMAT_").to_lowercase();
            assert_eq!(file.file_name, format!("单位名录.{ending}"));
            let held = read(&server, file.content).await;
            assert_eq!((&held.faults, held.places.len()), (&Vec::new(), all.len()), "{ending}");
            assert_eq!(server.apply(held.changes.clone()).await.applied, 0, "{ending}");
            let other = Server::start().await;
            assert_eq!(usize::try_from(other.apply(held.changes).await.applied).unwrap(), all.len());
            let expected = if with_contacts { vec![contacts.clone()] } else { Vec::new() };
            assert_eq!((&held.contacts, held.contact_places.len()), (&expected, expected.len()), "{ending}");
        }
    }
    let request = pb::RenderRegistryRequest::default();
    refused(server.registry().render_registry(request).await, Code::InvalidArgument, "FIELD_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_file_tells_where_each_change_stands_or_each_fault_in_both_languages() {
    let server = Server::start().await;
    let text = "类型,代码,上级,名称,级别,类别,起始年度\n机构,office-1,230100,办公室,,部门,2020\n地区,230100,,哈尔滨市,市级,,2019\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
    let held = read(&server, gb18030.into_owned()).await;
    let places: Vec<&str> = held.places.iter().map(|place| place.zh.as_str()).collect();
    assert_eq!(places, ["第3行", "第2行"], "{held:?}");
    assert_eq!(server.apply(held.changes).await.applied, 2);
    let faulty = text.replace("2020", "").replace("市级", "市集");
    let faults = read(&server, faulty.into_bytes()).await.faults;
    let told: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.zh.as_str(), fault.en.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], ("第2行“起始年度”：为空；请填写", "line 2, first_year: is blank; fill it in"));
    assert!(told[1].0.starts_with("第3行“级别”：“市集”无法识别"), "{told:?}");
    assert_eq!(read(&server, b"PK\x03\x04".to_vec()).await.faults.len(), 1);
    refused(
        server.registry().read_registry_file(pb::ReadRegistryFileRequest::default()).await,
        Code::InvalidArgument,
        "FIELD_REQUIRED",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_and_its_collections_are_the_same_after_a_restart() {
    let server = with_history().await;
    create(&server, collection()).await.unwrap();
    let exception = pb::CollectionException {
        agency: AGENCIES[0].to_owned(),
        due_time: Some(Timestamp { seconds: DUE + 1, nanos: 123_456_789 }),
        reason: "机构改革".to_owned(),
        ..Default::default()
    };
    let granted = grant(&server, exception).await.unwrap();
    assert_eq!(granted.exceptions[0].due_time.unwrap().nanos, 123_456_000, "whole microseconds, as they are stored");
    let request = pb::ListRegistryChangesRequest { page_size: 1000, page_token: String::new() };
    let before = server.registry().list_registry_changes(request.clone()).await.unwrap().into_inner();
    let server = server.restarted().await;
    assert_eq!(server.registry().list_registry_changes(request).await.unwrap().into_inner(), before);
    assert_eq!(get(&server).await.unwrap(), granted);
    assert_eq!(server.apply(history()).await.unchanged, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_a_history_that_imports_to_the_letter() {
    let server = with_history().await;
    let folder = tempfile::TempDir::new().unwrap();
    for name in ["registry.csv", "registry.json"] {
        let (file, copy) = (folder.path().join(name), folder.path().join(format!("copy-{name}")));
        let path = |file: &Path| file.to_str().unwrap().to_owned();
        server.run(&["registry", "export", &path(&file)]);
        let other = Server::start().await;
        assert!(other.run(&["registry", "import", &path(&file)]).contains("16 applied, 0 unchanged"));
        assert!(other.run(&["registry", "import", &path(&file)]).contains("0 applied, 16 unchanged"));
        // As a Chinese spreadsheet program saves it.
        let text = std::fs::read_to_string(&file).unwrap();
        let saved = folder.path().join(format!("gb18030-{name}"));
        std::fs::write(&saved, encoding_rs::GB18030.encode(&text).0).unwrap();
        assert!(other.run(&["registry", "import", &path(&saved)]).contains("0 applied, 16 unchanged"));
        other.run(&["registry", "export", &path(&copy)]);
        assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&file).unwrap());
    }
    let shown = server.run(&["registry", "show", "--query", "数据局", "--format", "csv"]);
    let expected = "agencies/city-bureau,哈尔滨市数据局,department,2019,2024,agencies/city-office agencies/county-bureau,agencies/city-bureau (2019)";
    assert_eq!(shown.lines().nth(1), Some(expected));
    let shown = server.run(&["registry", "show", "230202", "--year", "2023", "--format", "csv"]);
    assert_eq!(shown.lines().count(), 3, "{shown}");
}

fn time(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// 2025-01-31, 2025-02-28 and 2099-01-01, each at midnight UTC.
const DUE: i64 = 1_738_281_600;
const LOCK: i64 = 1_740_700_800;
const FAR: i64 = 4_070_908_800;

fn collection() -> pb::Collection {
    pb::Collection {
        name: "collections/2024".to_owned(),
        due_times: vec![pb::DueTime { level: pb::Level::County.into(), due_time: time(DUE) }],
        lock_time: time(LOCK),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    }
}

async fn create(server: &Server, collection: pb::Collection) -> Result<pb::Collection, Status> {
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    Ok(server.registry().create_collection(request).await?.into_inner().collection.unwrap())
}

async fn update(server: &Server, collection: pb::Collection) -> Result<pb::Collection, Status> {
    let request = replacing(collection);
    Ok(server.registry().update_collection(request).await?.into_inner().collection.unwrap())
}

async fn grant(server: &Server, exception: pb::CollectionException) -> Result<pb::Collection, Status> {
    let request = pb::GrantCollectionExceptionRequest {
        name: "collections/2024".to_owned(),
        exception: Some(exception),
        validate_only: false,
    };
    Ok(server.registry().grant_collection_exception(request).await?.into_inner().collection.unwrap())
}

async fn get(server: &Server) -> Result<pb::Collection, Status> {
    let request = pb::GetCollectionRequest { name: "collections/2024".to_owned(), ..Default::default() };
    Ok(server.registry().get_collection(request).await?.into_inner().collection.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_opened_once_and_replaced_only_by_who_has_seen_it() {
    let server = Server::with_registry().await;
    refused(get(&server).await, Code::NotFound, "COLLECTION_NOT_FOUND");
    let dry = pb::CreateCollectionRequest { collection: Some(collection()), validate_only: true };
    server.registry().create_collection(dry).await.unwrap();
    refused(get(&server).await, Code::NotFound, "COLLECTION_NOT_FOUND");

    let opened = create(&server, collection()).await.unwrap();
    assert_eq!(opened.edition(), pb::Edition::Format2021, "the edition of the year");
    assert_eq!(pb::Collection { edition: 0, etag: String::new(), ..opened.clone() }, collection());
    assert_eq!(get(&server).await.unwrap(), opened);
    let sequence = server.sequence().await;
    assert_eq!(create(&server, collection()).await.unwrap(), opened);
    assert_eq!(server.sequence().await, sequence, "the same again is not stored again");
    let other = pb::Collection { lock_time: None, ..collection() };
    refused(create(&server, other).await, Code::AlreadyExists, "COLLECTION_EXISTS");

    let later = pb::Collection { lock_time: time(LOCK + 3600), ..opened.clone() };
    refused(
        update(&server, pb::Collection { etag: String::new(), ..later.clone() }).await,
        Code::InvalidArgument,
        "FIELD_REQUIRED",
    );
    let replaced = update(&server, later.clone()).await.unwrap();
    assert_ne!(replaced.etag, opened.etag);
    let problem = refused(update(&server, later).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(problem.metadata["etag"], replaced.etag);
    let entry = server.journal().await.pop().unwrap();
    assert_eq!((entry.action.as_str(), entry.subject.as_str()), ("collection.update", "collections/2024"));

    let listed = server.registry().list_collections(pb::ListCollectionsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.collections, [replaced]);
    let applied = server.apply(vec![rename(CITY, "冰城", 2024)]).await;
    assert_eq!(applied.applied, 1, "collections do not stand in the way of other changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_that_make_no_sense_are_refused_by_field() {
    let server = Server::with_registry().await;
    let due = |level: pb::Level, due_time| pb::DueTime { level: level.into(), due_time };
    let cases = [
        (pb::Collection { name: String::new(), ..collection() }, "FIELD_REQUIRED", "collection.name"),
        (pb::Collection { name: "collections/24".to_owned(), ..collection() }, "NAME_INVALID", "collection.name"),
        (
            pb::Collection { exceptions: vec![pb::CollectionException::default()], ..collection() },
            "FIELD_INVALID",
            "collection.exceptions",
        ),
        (pb::Collection { review_policy: 0, ..collection() }, "FIELD_INVALID", "collection.review_policy"),
        (pb::Collection { edition: pb::Edition::Trial2019.into(), ..collection() }, "COLLECTION_INVALID", "collection"),
        (pb::Collection { lock_time: time(DUE - 1), ..collection() }, "COLLECTION_INVALID", "collection"),
        (
            pb::Collection { due_times: vec![due(pb::Level::City, None)], ..collection() },
            "FIELD_REQUIRED",
            "collection.due_times[0].due_time",
        ),
        (
            pb::Collection { due_times: vec![due(pb::Level::City, time(1)); 2], ..collection() },
            "FIELD_INVALID",
            "collection.due_times[1].level",
        ),
        (
            pb::Collection { lock_time: Some(Timestamp { seconds: i64::MAX, nanos: 0 }), ..collection() },
            "FIELD_INVALID",
            "collection.lock_time",
        ),
    ];
    for (bad, reason, field) in cases {
        let problem = refused(create(&server, bad).await, Code::InvalidArgument, reason);
        assert_eq!(problem.field_violations[0].field, field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exceptions_are_appended_each_once_and_say_who_and_why() {
    let server = Server::with_registry().await;
    let exception = pb::CollectionException {
        agency: AGENCIES[2].to_owned(),
        lock_time: time(FAR),
        reason: "机构改革".to_owned(),
        expire_time: time(FAR + 1),
        ..Default::default()
    };
    refused(grant(&server, exception.clone()).await, Code::NotFound, "COLLECTION_NOT_FOUND");
    create(&server, collection()).await.unwrap();
    let granted = grant(&server, exception.clone()).await.unwrap();
    assert_eq!(granted.exceptions.len(), 1);
    assert!(granted.exceptions[0].decided_by == "anonymous", "{granted:?}");
    assert_eq!(grant(&server, exception.clone()).await.unwrap(), granted);
    let second = pb::CollectionException { decided_by: "省政府办公厅".to_owned(), ..exception.clone() };
    assert_eq!(grant(&server, second).await.unwrap().exceptions.len(), 2);
    let bad = [
        (pb::CollectionException { reason: " ".to_owned(), ..exception.clone() }, "COLLECTION_INVALID"),
        (pb::CollectionException { reason: "长".repeat(1001), ..exception.clone() }, "FIELD_INVALID"),
        (pb::CollectionException { lock_time: None, ..exception.clone() }, "COLLECTION_INVALID"),
        (pb::CollectionException { expire_time: time(DUE), ..exception.clone() }, "FIELD_INVALID"),
    ];
    for (exception, reason) in bad {
        refused(grant(&server, exception).await, Code::InvalidArgument, reason);
    }
    let unknown = pb::CollectionException { agency: "agencies/nobody".to_owned(), ..exception };
    refused(grant(&server, unknown).await, Code::NotFound, "AGENCY_NOT_FOUND");
    assert_eq!(get(&server).await.unwrap().exceptions.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_that_an_agency_was_given_is_taken_back_and_changing_the_collection_does_not_touch_it() {
    let server = Server::with_registry().await;
    create(&server, collection()).await.unwrap();
    let exception = |agency: &str| pb::CollectionException {
        agency: agency.to_owned(),
        lock_time: time(FAR),
        reason: "机构改革".to_owned(),
        ..Default::default()
    };
    grant(&server, exception(AGENCIES[2])).await.unwrap();
    let granted = grant(&server, exception(AGENCIES[3])).await.unwrap();
    // Who knows nothing of exceptions changes the policy, and opens the same collection again.
    let unaware = pb::Collection { exceptions: Vec::new(), ..granted.clone() };
    let changed = server.registry().update_collection(replacing(unaware)).await.unwrap().into_inner();
    assert_eq!(changed.collection.unwrap().exceptions, granted.exceptions);
    assert_eq!(create(&server, collection()).await.unwrap().exceptions, granted.exceptions);
    let listed = pb::Collection { exceptions: granted.exceptions.clone(), ..granted.clone() };
    let refusal = server.registry().update_collection(replacing(listed)).await;
    assert_eq!(refusal.unwrap().into_inner().collection.unwrap().exceptions, granted.exceptions);

    let revoke = |agency: &str, validate_only| {
        let request = pb::RevokeCollectionExceptionRequest {
            name: granted.name.clone(),
            agency: agency.to_owned(),
            validate_only,
        };
        let mut registry = server.registry();
        async move {
            registry.revoke_collection_exception(request).await.map(|answer| answer.into_inner().collection.unwrap())
        }
    };
    assert_eq!(revoke(AGENCIES[2], true).await.unwrap().exceptions, granted.exceptions[1..]);
    assert_eq!(get(&server).await.unwrap().exceptions, granted.exceptions);
    assert_eq!(revoke(AGENCIES[2], false).await.unwrap().exceptions, granted.exceptions[1..]);
    assert_eq!(get(&server).await.unwrap().exceptions, granted.exceptions[1..]);
    refused(revoke(AGENCIES[2], false).await, Code::NotFound, "EXCEPTION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_opens_grants_and_locks() {
    let server = Server::with_registry().await;
    let due = ["--due", "county=2025-01-31", "--due", "city=2025-02-28"];
    let open = [&["--utc", "collection", "open", "2024"][..], &due, &["--review", "jurisdiction-office"]].concat();
    let opened = server.run(&open);
    assert!(opened.contains("city=2025-02-28T16:00:00Z county=2025-01-31T16:00:00Z"), "{opened}");
    let grant = [
        "--utc",
        "collection",
        "grant",
        "2024",
        "county-office",
        "--reason",
        "机构改革",
        "--due",
        "2025-02-10",
        "--by",
        "省办",
    ];
    let granted = server.run(&grant);
    assert!(granted.contains("机构改革") && granted.contains("2025-02-10T16:00:00Z"), "{granted}");
    server.run(&["collection", "lock", "2024", "--at", "2025-03-31T18:00:00+08:00"]);
    let collection = get(&server).await.unwrap();
    assert_eq!((collection.lock_time.unwrap().seconds, collection.exceptions.len()), (1_743_415_200, 1));
    let shown = server.run(&["collection", "show", "--format", "csv"]);
    assert!(shown.lines().nth(1).unwrap().starts_with("collections/2024,"), "{shown}");
    let refused = server.program(&["collection", "lock", "2024", "--at", "2025-01-01"]);
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("COLLECTION_INVALID") && words.contains("停止接收时间"), "{words}");
}
