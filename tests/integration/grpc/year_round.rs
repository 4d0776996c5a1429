//! What the year asks of people: deadlines told, many accepted at once, reports side by side, handing in again, and what is
//! published. Over gRPC, and by the command line.

use std::path::Path;

use huizong::pb;
use huizong::pb::accept_reports_result::Result as Judged;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::support::{
    AGENCIES, CITY, COUNTY, PROVINCE, Server, YEAR, freeze, refused, report, report_name, scope, submission, value,
};

/// A call that somebody makes.
fn as_reviewer<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("huizong-principal", "reviewer".parse().unwrap());
    request
}

async fn open(server: &Server, due: Option<i64>, review: pb::ReviewPolicy) {
    let due_times = due.map(|seconds| pb::DueTime {
        level: pb::Level::County.into(),
        due_time: Some(Timestamp { seconds, nanos: 0 }),
    });
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        due_times: due_times.into_iter().collect(),
        review_policy: review.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), ..Default::default() };
    server.registry().create_collection(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_is_told_until_when_it_has_time_and_what_was_granted() {
    let server = Server::with_registry().await;
    // The end of 31 January 2100 in Beijing.
    let due = 4_105_094_400;
    open(&server, Some(due), pb::ReviewPolicy::None).await;
    let deadline = async |owner: &str| {
        let request = pb::GetCollectionRequest { name: format!("collections/{YEAR}"), owner: owner.to_owned() };
        server.registry().get_collection(request).await.unwrap().into_inner().deadlines
    };
    let told = deadline(AGENCIES[2]).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].due_in_words.as_ref().unwrap().zh.contains("24时（北京时间）"), "{told:?}");
    assert!(told[0].days_left.unwrap() > 10_000 && !told[0].due_time_granted);
    assert_eq!(deadline(AGENCIES[0]).await[0].due_time, None, "no report of the city is ever late");
    let exception = pb::CollectionException {
        agency: AGENCIES[2].to_owned(),
        due_time: Some(Timestamp { seconds: due + 86_400, nanos: 0 }),
        reason: "机构改革".to_owned(),
        ..Default::default()
    };
    let name = format!("collections/{YEAR}");
    let grant = pb::GrantCollectionExceptionRequest { name, exception: Some(exception), ..Default::default() };
    server.registry().grant_collection_exception(grant).await.unwrap();
    let later = deadline(AGENCIES[2]).await;
    assert_eq!(later[0].days_left.unwrap(), told[0].days_left.unwrap() + 1);
    assert!(later[0].due_time_granted && later[0].exceptions.len() == 1);
    assert_eq!(deadline(AGENCIES[3]).await[0].due_time, told[0].due_time);

    let request = pb::ListMissingAgenciesRequest { scope: scope(COUNTY), year: YEAR.into(), ..Default::default() };
    let missing = server.rollups().list_missing_agencies(request).await.unwrap().into_inner();
    assert_eq!(missing.deadlines.len(), missing.agencies.len());
    let year = YEAR.to_string();
    let shown = server.run(&["collection", "show", &year, "--owner", AGENCIES[2]]);
    assert!(shown.contains("24时（北京时间）") && shown.contains("granted"), "{shown}");
    let listed = server.run(&["coverage", "230100", "--year", &year, "--format", "csv"]);
    assert!(listed.lines().next().unwrap().contains("days_left"), "{listed}");
}

async fn standing(server: &Server, agency: &str) -> pb::Report {
    server.get(&report_name(agency)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_are_accepted_at_once_each_is_judged_by_itself() {
    let server = Server::with_registry().await;
    open(&server, None, pb::ReviewPolicy::JurisdictionOffice).await;
    let mut requests = Vec::new();
    for (at, agency) in AGENCIES.iter().enumerate() {
        server.store(report(agency, at as i64)).await;
        let etag = standing(&server, agency).await.etag;
        requests.push(pb::AcceptReportRequest { name: report_name(agency), etag, ..Default::default() });
    }
    requests[1].etag = "stale".to_owned();
    requests.push(pb::AcceptReportRequest { name: "agencies/nobody/reports/2022".to_owned(), ..requests[0].clone() });
    let request = pb::AcceptReportsRequest { requests: requests.clone(), validate_only: true };
    let dry = server.reports().accept_reports(as_reviewer(request)).await.unwrap().into_inner();
    assert_eq!((dry.accepted, dry.refused, server.received().await), (5, 2, 0));
    let request = pb::AcceptReportsRequest { requests: requests.clone(), validate_only: false };
    let done = server.reports().accept_reports(as_reviewer(request)).await.unwrap().into_inner();
    assert_eq!((done.accepted, done.refused), (5, 2));
    let reasons: Vec<_> = done
        .results
        .iter()
        .filter_map(|one| match &one.result {
            Some(Judged::Problem(problem)) => Some(problem.reason().as_str_name()),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, ["ETAG_MISMATCH", "REPORT_NOT_FOUND"]);
    assert_eq!(server.received().await, 2 + 3 + 4 + 5);
    requests[2] = requests[0].clone();
    let twice = pb::AcceptReportsRequest { requests, validate_only: true };
    refused(server.reports().accept_reports(as_reviewer(twice)).await, Code::InvalidArgument, "FIELD_INVALID");

    // By the command line what waits is found, and accepted.
    let year = YEAR.to_string();
    let listed = server.run(&["report", "list", "--year", &year, "--state", "submitted", "--format", "csv"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    let done = server.run(&["report", "accept-many", "--year", &year, "--as", "reviewer"]);
    assert!(done.contains("1 accepted, 0 refused"), "{done}");
    assert_eq!(server.received().await, 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_several_years_are_listed_by_year_and_name_page_by_page() {
    let server = Server::with_registry().await;
    for year in [2021, 2022, 2023] {
        for agency in &AGENCIES[..2] {
            let report = pb::Report { name: format!("{agency}/reports/{year}"), ..report(agency, 0) };
            let mut submission = submission(report);
            submission.answers = vec![];
            // Zero everywhere is questioned of offices.
            if server.submit(submission.clone()).await.is_err() {
                submission.answers =
                    vec![pb::Answer { rule: "ALL-ZERO".to_owned(), reason: "属实".to_owned(), ..Default::default() }];
                server.submit(submission).await.unwrap();
            }
        }
    }
    let list = async |with_findings: bool, page_size: i32| {
        let (mut names, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListReportsRequest {
                parent: "agencies/-".to_owned(),
                year: 2021,
                last_year: 2023,
                page_size,
                page_token,
                with_findings,
                ..Default::default()
            };
            let page = server.reports().list_reports(request).await.unwrap().into_inner();
            names.extend(page.reports.into_iter().map(|report| report.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return names;
            }
        }
    };
    let all = list(false, 50).await;
    let expected: Vec<String> = [2021, 2022, 2023]
        .iter()
        .flat_map(|year| AGENCIES[..2].iter().map(move |agency| format!("{agency}/reports/{year}")))
        .collect();
    assert_eq!(all, expected);
    for page_size in 1..5 {
        assert_eq!(list(false, page_size).await, all, "{page_size} a page");
    }
    let questioned = list(true, 2).await;
    assert!(!questioned.is_empty() && questioned.len() < all.len(), "{questioned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_of_an_agency_stand_side_by_side() {
    let server = Server::with_registry().await;
    let with_text = |year: u16, requests: i64, text: &str| {
        let mut report = report(AGENCIES[0], requests);
        report.name = format!("{}/reports/{year}", AGENCIES[0]);
        report.narrative = Some(pb::Narrative {
            problems: Some(format!("一是公开内容有待充实。{text}")),
            ..Default::default()
        });
        submission(report)
    };
    for submission in [with_text(2021, 8, "二是人员不足。"), with_text(2022, 9, "二是平台有待整合。")] {
        server.submit(submission).await.unwrap();
    }
    let [earlier, later] = [2021, 2022].map(|year| format!("{}/reports/{year}", AGENCIES[0]));
    let request = pb::CompareReportsRequest { earlier: earlier.clone(), later: later.clone() };
    let told = server.reports().compare_reports(request).await.unwrap().into_inner();
    let received = told.cells.iter().find(|cell| cell.cell == "requests.received.total").unwrap();
    assert_eq!([&received.before, &received.after, &received.difference].map(value), ["8", "9", "1"]);
    assert_eq!(received.share_permille, Some(125));
    assert_eq!((told.chapters[0].added.len(), told.chapters[0].dropped.len(), told.chapters[0].kept), (1, 1, 1));
    let printed = server.run(&["report", "compare", &earlier, &later]);
    assert!(printed.contains("+12.5%") && printed.contains("+ 二是平台有待整合。"), "{printed}");
    let unknown = pb::CompareReportsRequest { earlier, later: report_name(AGENCIES[3]) };
    refused(server.reports().compare_reports(unknown).await, Code::NotFound, "REPORT_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_is_handed_in_again_when_its_owner_says_so_and_is_not_said_to_be_there() {
    let server = Server::with_registry().await;
    let id = "6a0f5d1c-6d0e-4c39-9d7b-0f6f0f1d2e3f".to_owned();
    let first = pb::SubmitReportRequest { request_id: id, ..submission(report(AGENCIES[0], 7)) };
    let stored = server.submit(first.clone()).await.unwrap();
    let withdraw = pb::WithdrawReportRequest {
        name: report_name(AGENCIES[0]),
        etag: stored.receipt.clone().unwrap().etag,
        reason: "有误".to_owned(),
        ..Default::default()
    };
    server.reports().withdraw_report(withdraw).await.unwrap();
    let again = server.submit(first.clone()).await.unwrap();
    assert!(again.already_stored);
    assert_eq!((again.state(), again.receipt), (pb::ReportState::Withdrawn, stored.receipt));
    assert_eq!(server.received().await, 0);
    let handed_in = pb::SubmitReportRequest {
        etag: standing(&server, AGENCIES[0]).await.etag,
        correction_reason: "原样再报".to_owned(),
        request_id: String::new(),
        ..first
    };
    let handed_in = server.submit(handed_in).await.unwrap();
    assert!(!handed_in.already_stored && handed_in.receipt.unwrap().revision.ends_with("/revisions/2"));
    assert_eq!(server.received().await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_hands_in_again_what_was_withdrawn_only_when_it_is_told_to() {
    let server = Server::with_registry().await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("report.jsonl");
    let file = file.to_str().unwrap();
    server.store(report(AGENCIES[0], 7)).await;
    std::fs::write(file, server.run(&["export", "230000", "--year", &YEAR.to_string(), "--format", "jsonl"])).unwrap();
    let other = Server::with_registry().await;
    other.run(&["submit", file]);
    let name = report_name(AGENCIES[0]);
    other.run(&["report", "withdraw", &name, "--reason", "有误"]);
    let again = other.program(&["submit", file]);
    assert_eq!(again.status.code(), Some(1));
    let told = String::from_utf8_lossy(&again.stdout).into_owned() + &String::from_utf8_lossy(&again.stderr);
    assert!(told.contains("was withdrawn since") && told.contains("--etag current"), "{told}");
    assert_eq!(other.received().await, 0);
    other.run(&["submit", file, "--etag", "current", "--correction", "原样再报"]);
    assert_eq!(other.received().await, 7);
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

async fn rendered(server: &Server, name: &str, format: pb::DocumentFormat) -> Result<Vec<u8>, Status> {
    let request = pb::RenderFrozenFormRequest { name: name.to_owned(), format: format.into() };
    server.frozen_forms().render_frozen_form(request).await.map(|answer| answer.into_inner().content)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_what_was_frozen_or_accepted_byte_for_byte_and_nothing_else() {
    let server = Server::with_registry().await;
    for (at, agency) in AGENCIES.iter().enumerate() {
        server.store(report(agency, 1 << at)).await;
    }
    let first = freeze(&server.channel, CITY, YEAR, "初稿").await.unwrap();
    let kept = rendered(&server, &first.name, pb::DocumentFormat::Docx).await.unwrap();
    // What comes in later is not in it.
    let present = standing(&server, AGENCIES[0]).await;
    let corrected = pb::SubmitReportRequest {
        etag: present.etag,
        correction_reason: "更正".to_owned(),
        ..submission(report(AGENCIES[0], 1000))
    };
    server.submit(corrected).await.unwrap();
    assert_eq!(rendered(&server, &first.name, pb::DocumentFormat::Docx).await.unwrap(), kept);
    let second = freeze(&server.channel, CITY, YEAR, "定稿").await.unwrap();
    let own = format!("{PROVINCE}/reports/{YEAR}");
    server.store(pb::Report { name: own.clone(), ..report(AGENCIES[0], 1059) }).await;
    refused(
        rendered(&server, &format!("{CITY}/frozenForms/{YEAR}-9"), pb::DocumentFormat::Csv).await,
        Code::NotFound,
        "FROZEN_FORM_NOT_FOUND",
    );

    let folder = tempfile::TempDir::new().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    let year = YEAR.to_string();
    for target in [&one, &two] {
        server.run(&["publish", target.to_str().unwrap(), "--year", &year]);
    }
    let published = files(&one);
    assert_eq!(published, files(&two), "it is the same byte for byte");
    let named = |name: &str| published.iter().find(|(known, _)| known == name).map(|(_, content)| content.clone());
    for (ending, format) in [
        ("html", pb::DocumentFormat::Html),
        ("docx", pb::DocumentFormat::Docx),
        ("xlsx", pb::DocumentFormat::Xlsx),
        ("csv", pb::DocumentFormat::Csv),
    ] {
        let frozen = rendered(&server, &second.name, format).await.unwrap();
        assert_eq!(named(&format!("forms/230100-{YEAR}-frozen.{ending}")), Some(frozen), "{ending}");
        assert!(named(&format!("forms/230000-{YEAR}-report.{ending}")).is_some());
    }
    assert!(!published.iter().any(|(name, _)| name.contains("230102")), "nothing of the county was frozen or accepted");
    let data = String::from_utf8(named("data.csv").unwrap()).unwrap();
    assert!(
        data.contains(&format!("230100,哈尔滨市,{YEAR},frozen,{},requests.received.total,1014", second.name)),
        "{data:.600}"
    );
    let index = String::from_utf8(named("index.html").unwrap()).unwrap();
    assert!(index.contains(&second.content_sha256) && !index.contains(&first.content_sha256));
    assert_eq!(server.program(&["publish", one.to_str().unwrap(), "--year", &year]).status.code(), Some(2));

    // Over HTTP and by the command line it is the same document.
    let file = folder.path().join("frozen.docx");
    server.run(&["frozen", "get", &second.name, "--output", file.to_str().unwrap()]);
    assert_eq!(Some(std::fs::read(file).unwrap()), named(&format!("forms/230100-{YEAR}-frozen.docx")));
}
