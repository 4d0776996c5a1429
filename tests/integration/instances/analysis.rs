//! The figures as plain tables: what analysts add up by SQL is what the service adds up, and they can do nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use huizong::form::catalogue;
use huizong::grpc::PRINCIPAL_HEADER;
use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::Request;
use tonic::transport::Channel;

use super::program::{Instance, Shared, program, register, said};
use crate::store_contract::samples::new_folder;
use crate::support::postgres::Postgres;
use crate::support::{AGENCIES, PROVINCE, YEAR, in_scope, question, report, submission, value};

const PATIENCE: Duration = Duration::from_secs(30);

/// A shared store whose instances and analysts have roles of their own, in a database of its own.
struct Analysed {
    shared: Shared,
    server: &'static Postgres,
    database: String,
    /// As whom instances come, and analysts.
    roles: [String; 2],
}

impl Analysed {
    fn new() -> Option<Self> {
        let server = Postgres::common()?;
        let (url, database) = server.database();
        let roles = ["instance", "analyst"].map(|role| format!("{role}_{database}"));
        for role in &roles {
            server.sql(&format!("CREATE ROLE {role} LOGIN;"));
        }
        let keys = new_folder();
        let [instance, analyst] = &roles;
        let arguments = ["--role", instance, "--analyst", analyst, "--keys", keys.path().to_str().unwrap()];
        let made = program(&[&["store", "init", &url], &arguments[..]].concat());
        assert!(made.status.success(), "{}", said(&made));
        let url = url.replace("huizong@", &format!("{instance}@"));
        Some(Self { shared: Shared { url, keys }, server, database, roles })
    }

    /// What an analyst is answered; none where it is refused.
    fn ask(&self, text: &str) -> Option<String> {
        self.server.answer(&self.database, &self.roles[1], text)
    }

    fn all_rows(&self) -> String {
        let text = "SELECT * FROM huizong_analysis.report ORDER BY owner, year; \
                    SELECT * FROM huizong_analysis.report_figure ORDER BY owner, year, revision, cell;";
        self.ask(text).expect("analysts may read the views")
    }

    fn as_of(&self) -> i64 {
        self.ask("SELECT journal_sequence FROM huizong_analysis.as_of").unwrap().parse().unwrap()
    }

    async fn wait_until_as_of(&self, sequence: i64) {
        let began = Instant::now();
        while self.as_of() < sequence {
            assert!(began.elapsed() < PATIENCE, "the tables stay at {}, and not at {sequence}", self.as_of());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// As somebody: nobody reviews what they handed in themselves.
fn by<T>(principal: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(PRINCIPAL_HEADER, principal.parse().unwrap());
    request
}

/// Does something to a report, as its present state allows; the journal's sequence number where it was done.
async fn act(channel: &Channel, chance: &mut ChaCha8Rng) -> Option<i64> {
    let mut reports = ReportServiceClient::new(channel.clone());
    let name = format!("{}/reports/{YEAR}", AGENCIES.choose(chance).unwrap());
    let request = pb::GetReportRequest { name: name.clone(), ..Default::default() };
    let found = reports.get_report(request).await.ok().and_then(|found| found.into_inner().report);
    let etag = found.map(|report| report.etag).unwrap_or_default();
    let reason = "因故".to_owned();
    let receipt = match chance.random_range(0..6) {
        0..3 => {
            let agency = name.split("/reports").next().unwrap();
            let mut report = report(agency, chance.random_range(100..900));
            if chance.random_ratio(1, 3) {
                // A blank total is computed, and counts.
                let received = report.form.as_mut().unwrap().requests.as_mut().unwrap().received.as_mut().unwrap();
                received.total = None;
                let (rule, reason) = ("TOTAL-BLANK".to_owned(), "同意".to_owned());
                report.answers = vec![pb::Answer { rule, reason, ..Default::default() }];
            }
            report.etag = etag;
            let request = pb::SubmitReportRequest { correction_reason: reason, ..submission(report) };
            reports.submit_report(by("clerk", request)).await.map(|done| done.into_inner().receipt)
        }
        3..5 => {
            let request = pb::AcceptReportRequest { name, etag, ..Default::default() };
            let done = reports.accept_report(by("reviewer", request)).await;
            done.map(|done| done.into_inner().outcome.and_then(|outcome| outcome.receipt))
        }
        5 if chance.random() => {
            let request = pb::ReturnReportRequest { name, etag, reason, ..Default::default() };
            let done = reports.return_report(by("reviewer", request)).await;
            done.map(|done| done.into_inner().outcome.and_then(|outcome| outcome.receipt))
        }
        _ => {
            let request = pb::WithdrawReportRequest { name, etag, reason, ..Default::default() };
            let done = reports.withdraw_report(by("reviewer", request)).await;
            done.map(|done| done.into_inner().outcome.and_then(|outcome| outcome.receipt))
        }
    };
    receipt.ok().flatten().map(|receipt| receipt.journal_sequence)
}

async fn review_all(instance: &Instance) {
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    RegistryServiceClient::new(instance.channel.clone()).create_collection(request).await.unwrap();
}

/// Every cell of the form added up by the service over the province, as of a sequence number; and how many reports are in it.
async fn added_up(channel: &Channel, as_of: i64) -> (BTreeMap<String, String>, i64) {
    let (mut sums, mut included) = (BTreeMap::new(), 0);
    let paths: Vec<_> = catalogue().cells.iter().map(|info| info.path.clone()).collect();
    for paths in paths.chunks(20) {
        let mut asked = in_scope(question(PROVINCE, YEAR, "", &[]), |scope| scope.as_of = as_of);
        asked.measures = paths.to_vec();
        let answer = RollupServiceClient::new(channel.clone()).query_rollup(asked).await.unwrap().into_inner();
        included = answer.coverage[0].included;
        for row in &answer.totals {
            let sum = value(&row.value);
            if sum != "0" && !sum.is_empty() {
                sums.insert(row.measure.clone(), sum);
            }
        }
    }
    (sums, i64::from(included))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_over_the_analysts_view_are_those_of_the_service_as_of_the_same_entry() {
    let Some(all) = Analysed::new() else { return };
    let folders = [new_folder(), new_folder()];
    let one = all.shared.serve_with(folders[0].path(), "lease_seconds = 3\n").await.unwrap();
    let two = all.shared.serve_with(folders[1].path(), "lease_seconds = 3\n").await.unwrap();
    register(&one).await;
    review_all(&one).await;
    let mut chance = ChaCha8Rng::seed_from_u64(7);
    let (mut done, mut counted, mut states) = (0, 0, BTreeSet::new());
    for round in 0..8 {
        let mut last = 0;
        for action in 0..12 {
            let at = if action % 2 == 0 { &one } else { &two };
            if let Some(sequence) = act(&at.channel, &mut chance).await {
                (done, last) = (done + 1, sequence);
            }
        }
        all.wait_until_as_of(last).await;
        // Sums, count and place of one moment.
        let text = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT journal_sequence FROM huizong_analysis.as_of; \
             SELECT count(*) FROM huizong_analysis.report WHERE accepted_revision IS NOT NULL AND year = {YEAR}; \
             SELECT cell, SUM(value) FROM huizong_analysis.report_figure WHERE counts AND year = {YEAR} \
             GROUP BY cell HAVING SUM(value) <> 0; COMMIT;"
        );
        let answer = all.ask(&text).unwrap();
        let mut lines = answer.lines();
        let as_of: i64 = lines.next().unwrap().parse().unwrap();
        let included: i64 = lines.next().unwrap().parse().unwrap();
        let by_sql: BTreeMap<_, _> = lines
            .map(|line| line.split_once('|').unwrap())
            .map(|(cell, sum)| {
                let sum = if sum.contains('.') { sum.trim_end_matches('0').trim_end_matches('.') } else { sum };
                (cell.to_owned(), sum.to_owned())
            })
            .collect();
        one.received("newest").await.unwrap();
        assert_eq!((by_sql.clone(), included), added_up(&one.channel, as_of).await, "round {round}, as of {as_of}");
        counted += by_sql.len();
        let present = all.ask("SELECT DISTINCT state FROM huizong_analysis.report").unwrap();
        states.extend(present.lines().map(str::to_owned));
    }
    assert!(done > 40 && counted > 20, "{done} done, {counted} sums compared");
    assert!(states.len() >= 3, "{states:?}");
    let kinds = all.ask("SELECT DISTINCT kind FROM huizong_analysis.report_figure ORDER BY kind").unwrap();
    assert_eq!(kinds, "computed\nvalue");

    // Whoever follows, however often and at once, it comes to the same; and so does what is damaged or of another journal.
    tokio::time::sleep(Duration::from_secs(1)).await;
    one.signal("STOP");
    two.signal("STOP");
    let rows = all.all_rows();
    let anew = || program(&["store", "figures", &all.shared.url, "--anew", "--without-standby", "--format", "json"]);
    std::thread::scope(|scope| {
        let tries: Vec<_> = (0..3).map(|_| scope.spawn(anew)).collect();
        for tried in tries {
            let tried = tried.join().unwrap();
            assert!(tried.status.success() && said(&tried).contains("\"sequence\":"), "{}", said(&tried));
        }
    });
    assert_eq!(all.all_rows(), rows);
    let (database, owner) = (&all.database, "huizong");
    for damage in [
        "UPDATE huizong_analysis.place SET chain = '\\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'",
        "UPDATE huizong_analysis.place SET layout = 0; DELETE FROM huizong_analysis.kept",
    ] {
        all.server.answer(database, owner, damage).expect("its owner may");
        let followed = program(&["store", "figures", &all.shared.url, "--without-standby"]);
        assert!(followed.status.success(), "{}", said(&followed));
        assert_eq!(all.all_rows(), rows, "{damage}");
    }
    let other = "UPDATE huizong_analysis.place SET epoch = 'another'";
    all.server.answer(database, owner, other).unwrap();
    let refused = program(&["store", "figures", &all.shared.url, "--without-standby"]);
    assert!(!refused.status.success() && said(&refused).contains("of another store"), "{}", said(&refused));
}

#[test]
fn an_analyst_can_read_the_views_and_do_nothing_else() {
    let Some(all) = Analysed::new() else { return };
    for view in ["as_of", "report", "report_figure"] {
        assert!(all.ask(&format!("SELECT * FROM huizong_analysis.{view}")).is_some(), "{view}");
        for change in [
            format!("DELETE FROM huizong_analysis.{view}"),
            format!("DROP VIEW huizong_analysis.{view}"),
            format!("GRANT SELECT ON huizong_analysis.{view} TO PUBLIC; SELECT 1/(SELECT count(*) FROM huizong_head)"),
        ] {
            assert_eq!(all.ask(&change), None, "{change}");
        }
    }
    let tables = [
        "huizong_head",
        "huizong_journal",
        "huizong_lease",
        "huizong_analysis.place",
        "huizong_analysis.cell",
        "huizong_analysis.standing",
        "huizong_analysis.kept",
        "huizong_analysis.figure",
    ];
    for table in tables {
        for text in ["SELECT * FROM", "INSERT INTO", "DELETE FROM", "TRUNCATE"] {
            let text = format!("{text} {table}{}", if text == "INSERT INTO" { " DEFAULT VALUES" } else { "" });
            assert_eq!(all.ask(&text), None, "{text}");
        }
    }
    for text in [
        "UPDATE huizong_analysis.standing SET state = 'accepted'",
        "UPDATE huizong_head SET sequence = 1",
        "SELECT sequence FROM huizong_head WHERE one FOR UPDATE",
        "CREATE TABLE public.mine (one bool)",
        "CREATE TABLE huizong_analysis.mine (one bool)",
        "CREATE SCHEMA mine",
    ] {
        assert_eq!(all.ask(text), None, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_before_is_given_what_it_lacks_while_instances_go_on() {
    let Some(server) = Postgres::common() else { return };
    let ((url, database), keys, folder) = (server.database(), new_folder(), new_folder());
    let made = program(&["store", "init", &url, "--keys", keys.path().to_str().unwrap()]);
    assert!(made.status.success(), "{}", said(&made));
    server.answer(&database, "huizong", "DROP TABLE huizong_lease").unwrap();
    let shared = Shared { url: url.clone(), keys };
    let one = shared.serve(folder.path()).await.unwrap();
    assert_eq!(one.process.logged("huizong store upgrade").len(), 1, "it says what to do");
    register(&one).await;
    one.submit(AGENCIES[0], 3).await.unwrap();
    let analyst = format!("analyst_{database}");
    server.sql(&format!("CREATE ROLE {analyst} LOGIN;"));
    let status = program(&["store", "status", &url, "--without-standby", "--format", "json"]);
    let lacks = ["\"sharesJobs\":false", "\"hasFigures\":false"];
    assert!(lacks.iter().all(|part| said(&status).contains(part)), "{}", said(&status));
    let none = program(&["store", "figures", &url, "--without-standby"]);
    assert!(!none.status.success() && said(&none).contains("huizong store upgrade"), "{}", said(&none));
    for words in ["the table by which instances share jobs and the tables that analysts read", "nothing was missing"] {
        let upgraded = program(&["store", "upgrade", &url, "--analyst", &analyst]);
        assert!(upgraded.status.success() && said(&upgraded).contains(words), "{}", said(&upgraded));
    }
    let status = program(&["store", "status", &url, "--without-standby", "--format", "json"]);
    assert!(said(&status).contains("\"sharesJobs\":true") && said(&status).contains("\"hasFigures\":true"));
    one.submit(AGENCIES[1], 4).await.unwrap();
    let followed = program(&["store", "figures", &url, "--without-standby"]);
    assert!(followed.status.success(), "{}", said(&followed));
    let sum = "SELECT SUM(value) FROM huizong_analysis.report_figure WHERE counts AND cell = 'requests.received.total'";
    assert_eq!(server.answer(&database, &analyst, sum).as_deref(), Some("7"));
    let (nothing, _) = server.database();
    let none = program(&["store", "upgrade", &nothing]);
    assert!(!none.status.success() && said(&none).contains("huizong store init"), "{}", said(&none));
}
