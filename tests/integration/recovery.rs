//! Backup, restore and verification by the real program: a backup taken while reports stream in restores to a store
//! that is whole, and whose sums are those of the source at that journal sequence.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::report::ReportYear;
use huizong::simulation::{Parameters, Province};
use huizong::wire::{change_to_wire, figures_to_wire};
use serde_json::Value;
use tonic::transport::Channel;

use crate::support::process::{start, start_with};

const YEAR: u16 = 2023;

/// Runs the program.
async fn huizong(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    command.args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(output: &Output) -> Value {
    let printed = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}{}", complaints(output)))
}

fn complaints(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn received(form: &pb::Form) -> i64 {
    form.requests.as_ref().and_then(|requests| requests.received?.total).unwrap_or(0)
}

/// Requests received in the province.
async fn sum(channel: &Channel) -> i64 {
    let request = pb::QueryRollupRequest {
        scope: Some(pb::Scope { jurisdiction: "jurisdictions/230000".to_owned(), ..Default::default() }),
        first_year: YEAR.into(),
        measures: vec!["requests.received".to_owned()],
        ..Default::default()
    };
    let answer = RollupServiceClient::new(channel.clone()).query_rollup(request).await.unwrap().into_inner();
    crate::support::count(&answer.totals[0])
}

fn province(agencies: usize) -> Province {
    let year = ReportYear::new(YEAR).unwrap();
    let parameters =
        Parameters { seed: 11, province: "230000".to_owned(), agencies, first_year: year, last_year: year };
    Province::simulate(&parameters).unwrap()
}

async fn register(channel: &Channel, province: &Province) {
    let changes = province.changes.iter().map(change_to_wire).collect::<Option<_>>().unwrap();
    let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
}

fn submissions(province: &Province) -> Vec<pb::SubmitReportRequest> {
    let reports = province.reports(ReportYear::new(YEAR).unwrap());
    reports
        .map(|report| pb::SubmitReportRequest {
            name: format!("agencies/{}/reports/{YEAR}", report.agency),
            form: Some(figures_to_wire(&report.figures).into()),
            request_id: uuid::Uuid::new_v4().to_string(),
            ..Default::default()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_restores_to_a_whole_store_with_the_sums_of_its_sequence() {
    let folder = tempfile::tempdir().unwrap();
    let (source, file, target) = (folder.path().join("source"), folder.path().join("file"), folder.path().join("new"));
    let (server, channel) = start(&source).await;
    let province = province(4000);
    register(&channel, &province).await;
    let mut all = submissions(&province);
    let first: Vec<_> = all.drain(..all.len() / 4).collect();

    // Requests received by the sequence of their journal entries, as acknowledged.
    let acknowledged: Arc<Mutex<BTreeMap<i64, i64>>> = Arc::default();
    let submit = |request: pb::SubmitReportRequest| {
        let (mut client, acknowledged) = (ReportServiceClient::new(channel.clone()), acknowledged.clone());
        async move {
            let count = received(request.form.as_ref().unwrap());
            let receipt = client.submit_report(request).await.unwrap().into_inner().receipt.unwrap();
            acknowledged.lock().unwrap().insert(receipt.journal_sequence, count);
        }
    };
    for request in first {
        submit(request).await;
    }
    // The rest streams in until the backup is there.
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let part: Vec<_> = all.iter().skip(writer).step_by(4).cloned().collect();
            let work: Vec<_> = part.into_iter().map(&submit).collect();
            let done = done.clone();
            tokio::spawn(async move {
                for one in work {
                    if done.load(Ordering::Relaxed) {
                        return;
                    }
                    one.await;
                    // So that the reports last until the backup is there, however slow the machine.
                    tokio::time::sleep(Duration::from_millis(4)).await;
                }
            })
        })
        .collect();
    let backup = huizong(&["--server", &server.url, "--format", "json", "backup", "--output", text(&file)]).await;
    assert!(backup.status.success(), "{}", complaints(&backup));
    let summary = json(&backup);
    let sequence = summary["sequence"].as_i64().unwrap();
    let before_the_end = *acknowledged.lock().unwrap().keys().last().unwrap();
    done.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(before_the_end > sequence, "nothing was written while the backup was taken");

    let online = huizong(&["--server", &server.url, "--format", "json", "verify"]).await;
    assert!(online.status.success(), "{}", complaints(&online));
    let entry = pb::ListJournalRequest { after_sequence: sequence - 1, page_size: 1, ..Default::default() };
    let entry = JournalServiceClient::new(channel.clone()).list_journal(entry).await.unwrap().into_inner();
    assert_eq!(summary["chainSha256"], entry.entries[0].chain_sha256);
    drop((server, channel));

    let restore = ["--format", "json", "restore", text(&file), "--data", text(&target)];
    let asked = huizong(&restore).await;
    assert_eq!(asked.status.code(), Some(2), "nobody said that older roles are to hold again");
    assert!(complaints(&asked).contains("--access-from") && !target.exists(), "{}", complaints(&asked));
    let restored = huizong(&[&restore[..], &["--accept-older-access"]].concat()).await;
    assert!(restored.status.success(), "{}", complaints(&restored));
    let verified = huizong(&["--format", "json", "verify", "--data", text(&target)]).await;
    assert!(verified.status.success(), "{}{}", complaints(&verified), String::from_utf8_lossy(&verified.stdout));
    // That it was restored is the one entry more.
    assert_eq!(json(&verified)["asOf"], (sequence + 1).to_string());

    // The sums of the source at that sequence, from what it acknowledged.
    let (_server, channel) = start(&target).await;
    let after = pb::ListJournalRequest { after_sequence: sequence - 1, page_size: 2, ..Default::default() };
    let entries = JournalServiceClient::new(channel.clone()).list_journal(after).await.unwrap().into_inner().entries;
    assert_eq!(entries[0].chain_sha256, summary["chainSha256"]);
    assert_eq!(
        (entries[1].action.as_str(), entries[1].content_sha256.as_str()),
        ("store.restore", summary["sha256"].as_str().unwrap())
    );
    assert!(entries[1].detail.contains(&format!("\nsequence {sequence}\n")), "{}", entries[1].detail);
    let contained: Vec<_> = acknowledged.lock().unwrap().range(..=sequence).map(|(_, count)| *count).collect();
    assert_eq!(reports(&channel).await, contained.len());
    assert_eq!(sum(&channel).await, contained.iter().sum::<i64>());
}

/// How many reports the service has.
async fn reports(channel: &Channel) -> usize {
    let request = pb::GetCoverageRequest {
        scope: Some(pb::Scope { jurisdiction: "jurisdictions/230000".to_owned(), ..Default::default() }),
        year: YEAR.into(),
        ..Default::default()
    };
    let answer = RollupServiceClient::new(channel.clone()).get_coverage(request).await.unwrap().into_inner();
    answer.coverage.unwrap().received.try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_backup_is_given_away_where_the_journal_cannot_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    // No disk has so much room, so no write is taken.
    std::fs::write(&config, "[store]\nmin_free_bytes = 9000000000000000000\nballast_bytes = 0\n").unwrap();
    let (_server, channel) = start_with(&folder.path().join("store"), &["--config", text(&config)]).await;
    let mut operations = OperationsServiceClient::new(channel);
    let refused = operations.create_backup(pb::CreateBackupRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert_eq!(huizong::grpc::problem_of_status(&refused).unwrap().reason().as_str_name(), "STORE_READ_ONLY");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_restored_is_refused_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (source, file) = (folder.path().join("source"), folder.path().join("file"));
    let (server, channel) = start(&source).await;
    register(&channel, &province(200)).await;
    let backup = ["--server", &server.url, "backup", "--output", text(&file)];
    assert!(huizong(&backup).await.status.success());
    let again = huizong(&backup).await;
    assert_eq!(again.status.code(), Some(2), "an existing file is not written over");

    let in_use = huizong(&["verify", "--data", text(&source)]).await;
    assert_eq!(in_use.status.code(), Some(1));
    assert!(complaints(&in_use).contains("another process has it open"), "{}", complaints(&in_use));

    let occupied = huizong(&["restore", text(&file), "--data", text(&source), "--accept-older-access"]).await;
    assert_eq!(occupied.status.code(), Some(1));
    assert!(complaints(&occupied).contains("not empty"), "{}", complaints(&occupied));

    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 4;
    std::fs::write(&file, bytes).unwrap();
    let target = folder.path().join("new");
    let damaged = huizong(&["restore", text(&file), "--data", text(&target), "--accept-older-access"]).await;
    assert_eq!(damaged.status.code(), Some(1));
    for expected in ["帧", "frame ", "from byte "] {
        assert!(complaints(&damaged).contains(expected), "{}", complaints(&damaged));
    }
    assert!(!target.exists());
}

/// State and remedy of each check.
fn checks(output: &Output) -> BTreeMap<String, (String, String)> {
    let all = json(output)["checks"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter()
        .map(|check| {
            for part in ["message", "remedy"] {
                assert!(!text(&check[part]["zh"]).is_empty() && !text(&check[part]["en"]).is_empty(), "{check}");
            }
            (text(&check["check"]), (text(&check["state"]), text(&check["remedy"]["en"])))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_wrong_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (server, channel) = start(&data).await;
    register(&channel, &province(200)).await;
    let examine = ["--format", "json", "doctor", "--data", text(&data)];
    let running = huizong(&examine).await;
    assert_eq!(checks(&running)["store"].0, "skipped");
    drop((server, channel));

    let healthy = huizong(&examine).await;
    assert!(healthy.status.success(), "{}", String::from_utf8_lossy(&healthy.stdout));
    for check in ["configuration", "store", "records_and_totals", "clock"] {
        assert_eq!(checks(&healthy)[check].0, "ok", "{check}");
    }

    // A snapshot whose content never reached the disk: a start makes the copy anew from the log.
    let snapshot = data.join("snap.00000000FFFFFFF0");
    std::fs::write(&snapshot, b"").unwrap();
    let empty = huizong(&examine).await;
    assert!(empty.status.success(), "{}", String::from_utf8_lossy(&empty.stdout));
    assert!(snapshot.exists(), "the original is left as it is");
    std::fs::remove_file(&snapshot).unwrap();

    // Without its copy, the log has all of it, until it is damaged: said, and not rewritten.
    for name in ["db", "conf"] {
        std::fs::remove_file(data.join(name)).unwrap();
    }
    let without = huizong(&examine).await;
    assert!(without.status.success(), "{}", String::from_utf8_lossy(&without.stdout));
    let file = data.join("log/00000000000000000001.log");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.iter().rposition(|byte| *byte != 0).unwrap() / 2;
    bytes[at] ^= 0x10;
    std::fs::write(&file, &bytes).unwrap();
    let damaged = huizong(&examine).await;
    assert_eq!(damaged.status.code(), Some(1), "{}", String::from_utf8_lossy(&damaged.stdout));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);

    // What else the service does not start without.
    let key = data.join("token-key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, "no key").unwrap();
    let token_key = &checks(&huizong(&examine).await)["token_key"];
    assert!(token_key.0 == "fault" && token_key.1.contains("put the token-key"), "{token_key:?}");
    std::fs::write(&key, kept).unwrap();
    std::fs::rename(data.join("log"), folder.path().join("log")).unwrap();
    let store = &checks(&huizong(&examine).await)["folder"];
    assert!(store.0 == "fault" && store.1.contains("restore a backup"), "{store:?}");
    std::fs::rename(folder.path().join("log"), data.join("log")).unwrap();

    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, "[store]\nmin_free_bytes = 9223372036854775807\n").unwrap();
    let full = huizong(&[&examine[..], &["--config", text(&settings)]].concat()).await;
    assert_eq!(checks(&full)["disk_space"].0, "fault");
    std::fs::write(&settings, "[store]\nmin_free = 1\n").unwrap();
    let unknown = huizong(&[&examine[..], &["--config", text(&settings)]].concat()).await;
    assert_eq!(checks(&unknown)["configuration"].0, "fault");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_exported_verified_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("journal.jsonl"));
    let (server, channel) = start(&data).await;
    let province = province(200);
    register(&channel, &province).await;
    let mut reports = ReportServiceClient::new(channel.clone());
    let mut subjects = Vec::new();
    for (number, mut request) in submissions(&province).into_iter().take(120).enumerate() {
        let form = request.form.as_mut().unwrap();
        if number % 5 == 0 {
            form.requests.as_mut().unwrap().received.as_mut().unwrap().total = Some(i64::from(u32::MAX));
        }
        subjects.push(request.name.clone());
        assert_eq!(reports.submit_report(request).await.is_ok(), number % 5 != 0);
    }
    let journal = |arguments: &[&str]| {
        let all = [&["--server", &server.url, "--format", "json", "journal"], arguments].concat();
        let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
        async move {
            let listed = huizong(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
            assert!(listed.status.success(), "{}", complaints(&listed));
            json(&listed)["entries"].as_array().cloned().unwrap_or_default()
        }
    };
    // With the start of the service, and its settings.
    assert_eq!(journal(&["--limit", "1000"]).await.len(), 123);
    assert_eq!(journal(&["--limit", "1000", "--outcome", "refused"]).await.len(), 24);
    assert_eq!(journal(&["--limit", "10", "--outcome", "refused"]).await.len(), 10);
    assert_eq!(journal(&["--action", "registry.apply"]).await.len(), 1);
    let agency = subjects[7].rsplit_once("/reports").unwrap().0;
    let about = journal(&["--subject", agency]).await;
    assert_eq!(about.len(), 1, "{about:?}");
    assert_eq!(about[0]["subject"], format!("{}/revisions/1", subjects[7]));
    // From the time of one entry on, and up to it.
    let middle = about[0]["time"].as_str().unwrap();
    let (since, until) = (
        journal(&["--limit", "1000", "--since", middle]).await,
        journal(&["--until", middle, "--limit", "1000"]).await,
    );
    assert_eq!(since[0]["sequence"], about[0]["sequence"]);
    assert_eq!(since.len() + until.len(), 123);
    assert!(journal(&["--since", "2999-01-01"]).await.is_empty());

    let exported = huizong(&["--server", &server.url, "journal", "export", "--output", text(&file)]).await;
    assert!(exported.status.success(), "{}", complaints(&exported));
    drop((server, channel, reports));
    for arguments in [["journal", "verify", text(&file)].as_slice(), &["journal", "verify", "--data", text(&data)]] {
        let verified = huizong(arguments).await;
        assert!(verified.status.success(), "{arguments:?}: {}", complaints(&verified));
    }
    let mut lines: Vec<String> = std::fs::read_to_string(&file).unwrap().lines().map(|l| format!("{l}\n")).collect();
    lines.swap(30, 31);
    std::fs::write(&file, lines.concat()).unwrap();
    let moved = huizong(&["journal", "verify", text(&file)]).await;
    assert_eq!(moved.status.code(), Some(1));
    assert!(complaints(&moved).contains("line 31:") && complaints(&moved).contains("第31行"), "{}", complaints(&moved));
}

/// What was kept elsewhere tells the journal that it was kept of from one that was written anew, and from one that goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_is_held_to_receipts_older_exports_and_signed_heads() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let province = province(200);
    let all = submissions(&province);
    let (server, channel) = start(&file("one")).await;
    register(&channel, &province).await;
    let mut client = ReportServiceClient::new(channel.clone());
    let answer = client.submit_report(all[0].clone()).await.unwrap().into_inner();
    std::fs::write(file("receipt.json"), huizong::wire::to_json(&answer).unwrap()).unwrap();
    for (command, output) in [("head", "head.json"), ("export", "old.jsonl")] {
        let done = huizong(&["--server", &server.url, "journal", command, "--output", text(&file(output))]).await;
        assert!(done.status.success(), "{}", complaints(&done));
    }
    client.submit_report(all[1].clone()).await.unwrap();
    let exported = huizong(&["--server", &server.url, "journal", "export", "--output", text(&file("new.jsonl"))]).await;
    assert!(exported.status.success(), "{}", complaints(&exported));

    // Another store that was told the same, as whoever rewrites a journal would have it.
    let (other, channel) = start(&file("other")).await;
    register(&channel, &province).await;
    for submission in &all[..2] {
        ReportServiceClient::new(channel.clone()).submit_report(submission.clone()).await.unwrap();
    }
    let exported =
        huizong(&["--server", &other.url, "journal", "export", "--output", text(&file("forged.jsonl"))]).await;
    assert!(exported.status.success(), "{}", complaints(&exported));

    let (receipt, old, head) = (file("receipt.json"), file("old.jsonl"), file("head.json"));
    let kept = [("--receipt", &receipt), ("--extends", &old), ("--head", &head)];
    for (option, anchor) in kept {
        let verify = async |export: &str| {
            let printed = huizong(&["journal", "verify", text(&file(export)), option, text(anchor)]).await;
            (printed.status.code(), String::from_utf8(printed.stdout).unwrap())
        };
        let (code, said) = verify("new.jsonl").await;
        assert_eq!(code, Some(0), "{option}: {said}");
        assert!(said.contains("agrees"), "{option}: {said}");
        let (code, said) = verify("forged.jsonl").await;
        assert_eq!(code, Some(1), "{option}: {said}");
        assert!(said.contains("the journal was rewritten since"), "{option}: {said}");
    }
    let alone = huizong(&["journal", "verify", text(&file("forged.jsonl"))]).await;
    let said = String::from_utf8(alone.stdout).unwrap();
    assert!(said.contains("consistent with itself") && said.contains("Nothing kept elsewhere"), "{said}");

    // A head that somebody else signed, or that was changed, is not taken for the service's.
    let changed = std::fs::read_to_string(&head).unwrap().replace("\"sequence\":", "\"sequence\":1");
    std::fs::write(file("changed.json"), changed).unwrap();
    let foreign = huizong(&["--server", &other.url, "journal", "head", "--output", text(&file("foreign.json"))]).await;
    assert!(foreign.status.success(), "{}", complaints(&foreign));
    for (name, complaint) in [("changed.json", "does not hold"), ("foreign.json", "signed by another key")] {
        let arguments = ["--receipt", text(&receipt), "--head", text(&file(name))].map(str::to_owned);
        let mut all = vec!["journal".to_owned(), "verify".to_owned(), text(&file("new.jsonl")).to_owned()];
        all.extend(arguments);
        let refused = huizong(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(refused.status.code(), Some(1), "{name}");
        assert!(complaints(&refused).contains(complaint), "{name}: {}", complaints(&refused));
    }
}

/// What an operator restores is the store of before, but for what waited in it: a code may have been exchanged since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_and_proposals_of_a_backup_end_with_its_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (source, file, target) = (folder.path().join("source"), folder.path().join("file"), folder.path().join("new"));
    let (server, channel) = start(&source).await;
    let mut access = AccessServiceClient::new(channel.clone());
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let credential =
        Some(pb::Credential { expire_time: Some(huizong::wire::timestamp_to_wire(expires)), ..Default::default() });
    let enrol = pb::CreateEnrolmentRequest { parent: "principals/reader".to_owned(), credential, allow_missing: true };
    let code = access.create_enrolment(enrol).await.unwrap().into_inner().code;
    let backed_up = huizong(&["backup", "--server", &server.url, "--output", text(&file)]).await;
    assert!(backed_up.status.success(), "{}", complaints(&backed_up));
    let exchange = pb::ExchangeEnrolmentRequest { code, ..Default::default() };
    access.exchange_enrolment(exchange.clone()).await.unwrap();
    drop(server);

    let restore = ["--format", "json", "restore", text(&file), "--data", text(&target), "--accept-older-access"];
    let restored = huizong(&restore).await;
    assert!(restored.status.success(), "{}", complaints(&restored));
    assert!(complaints(&restored).contains("1 one-time code(s) and proposal(s)"), "{}", complaints(&restored));
    assert_eq!(json(&restored)["faultsTotal"].as_u64().unwrap_or(0), 0);
    std::fs::copy(source.join("token-key"), target.join("token-key")).unwrap();
    let (_server, channel) = start(&target).await;
    let again = AccessServiceClient::new(channel).exchange_enrolment(exchange).await.unwrap_err();
    let problem = huizong::grpc::problem_of_status(&again).unwrap();
    assert_eq!(problem.reason().as_str_name(), "ENROLMENT_ENDED", "{again:?}");
}
