//! Backups that the service makes by itself, files that are checked before they are needed, and what can be saved of a
//! store that is damaged.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use huizong::live::Live;
use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::store::{SledOptions, SledStore, Store as _};
use tempfile::TempDir;

use super::program::Program;
use crate::support::{AGENCIES, report, small_registry, submission};

fn huizong(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn fill(program: &Program) {
    let channel = program.channel().await;
    let request =
        pb::ApplyRegistryChangesRequest { changes: small_registry(), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
    let mut reports = ReportServiceClient::new(channel);
    for agency in AGENCIES {
        reports.submit_report(submission(report(agency, 3))).await.unwrap();
    }
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "backup"));
    found.sort();
    found
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_makes_a_backup_that_is_verified_measured_and_can_be_restored_from() {
    let (folder, kept) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let directory = kept.path().join("backups");
    std::fs::create_dir(&directory).unwrap();
    // Made long ago, and one of them cut off by a stop: the newest takes their places.
    for name in ["huizong-20200101T000000Z.backup", "huizong-20200102T000000Z.backup"] {
        std::fs::write(directory.join(name), "old").unwrap();
    }
    std::fs::write(directory.join("huizong-20200103T000000Z.backup.partial"), "unfinished").unwrap();
    let settings = format!("[log]\njson = true\n[backup]\ndirectory = {directory:?}\nkeep = 2\n");
    let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
    program.wait_for(|lines| lines.iter().any(|line| line.contains("a backup was made and verified")).then_some(()));
    let found = backups(&directory);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(text(&found[0]).contains("20200102"), "the oldest went: {found:?}");
    assert_eq!(directory.read_dir().unwrap().count(), 2, "what was unfinished is gone");
    let metrics = program.get("/metrics").1;
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    assert!((now - value("huizong_backup_timestamp_seconds")).abs() < 120.0);
    assert_eq!(value("huizong_backup_interval_seconds"), 86400.0);
    assert_eq!(value("huizong_backup_failures_total"), 0.0);
    let checked = huizong(&["restore", "--check", text(&found[1])]);
    assert!(checked.status.success(), "{}", said(&checked));
    fill(&program).await;
    let folder = program.stop();
    // Not again after each start: the one that is there is young.
    let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(backups(&directory), found);
    // The command does the same for whoever runs it by a timer.
    let server = format!("http://127.0.0.1:{}", program.port());
    let by_timer = kept.path().join("timer");
    for _ in 0..3 {
        let made = huizong(&["--server", &server, "backup", "--directory", text(&by_timer), "--keep", "1"]);
        assert!(made.status.success(), "{}", said(&made));
        std::thread::sleep(Duration::from_millis(1100));
    }
    let found = backups(&by_timer);
    assert_eq!(found.len(), 1, "{found:?}");
    let restored = kept.path().join("restored");
    let restore = ["restore", text(&found[0]), "--data", text(&restored), "--accept-older-access"];
    assert!(huizong(&restore).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_a_backup_is_backed_up_alone_and_restored_with_it() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let program = Program::start("info", &[]);
    fill(&program).await;
    let server = format!("http://127.0.0.1:{}", program.port());
    let take = |arguments: &[&str]| {
        let taken = huizong(&[&["--server", &server, "--format", "json", "backup"], arguments].concat());
        assert!(taken.status.success(), "{}", said(&taken));
        serde_json::from_slice::<serde_json::Value>(&taken.stdout).unwrap()
    };
    let whole = take(&["--output", &file("whole")]);
    assert_eq!(whole["since"], 0);
    let mut reports = ReportServiceClient::new(program.channel().await);
    let corrected = pb::SubmitReportRequest {
        correction_reason: "more came in".to_owned(),
        etag: reports
            .get_report(pb::GetReportRequest { name: report(AGENCIES[0], 3).name, ..Default::default() })
            .await
            .unwrap()
            .into_inner()
            .report
            .unwrap()
            .etag,
        ..submission(report(AGENCIES[0], 4))
    };
    reports.submit_report(corrected).await.unwrap();
    let next = take(&["--output", &file("next"), "--since", &file("whole")]);
    assert_eq!(
        (next["since"].as_i64(), next["sequence"].as_i64()),
        (whole["sequence"].as_i64(), whole["sequence"].as_i64().map(|last| last + 2))
    );
    assert!(next["bytes"].as_i64() < whole["bytes"].as_i64());
    // In a folder, the newest is found by itself.
    let kept = file("kept");
    take(&["--directory", &kept]);
    let changes = take(&["--directory", &kept, "--changes"]);
    assert_eq!(changes["since"].as_i64().map(|since| since + 1), changes["sequence"].as_i64());
    drop(program);
    let restore = |arguments: &[&str]| huizong(&[&["--format", "json", "restore"], arguments].concat());
    let together = [file("whole"), file("next")];
    let [whole_file, next_file] = &together;
    let alone = restore(&[next_file, "--data", &file("alone"), "--accept-older-access"]);
    assert!(!alone.status.success() && said(&alone).contains("goes on after entry"), "{}", said(&alone));
    let restored = restore(&[whole_file, next_file, "--data", &file("all"), "--accept-older-access"]);
    assert!(restored.status.success(), "{}", said(&restored));
    let to = (whole["sequence"].as_i64().unwrap() + 1).to_string();
    let earlier = restore(&[whole_file, next_file, "--data", &file("earlier"), "--to", &to, "--accept-older-access"]);
    assert!(earlier.status.success(), "{}", said(&earlier));
    let beyond = restore(&[whole_file, "--data", &file("beyond"), "--to", "4711", "--accept-older-access"]);
    assert!(!beyond.status.success(), "{}", said(&beyond));
    // Of a store that is whole there is nothing to put back.
    let into = restore(&[whole_file, "--into", &file("all")]);
    assert!(into.status.success() && said(&into).contains("0 journal entries were put back"), "{}", said(&into));
}

/// Names all backups in a folder as if they had been begun so many seconds earlier, in their order.
fn age(directory: &Path, seconds: i64) {
    let mut paths: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (time, ending) = name.trim_start_matches("huizong-").split_once('.').unwrap();
        let made = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).unwrap();
        let earlier = made - jiff::SignedDuration::from_secs(seconds);
        let name = format!("huizong-{}.{ending}", earlier.strftime("%Y%m%dT%H%M%SZ"));
        std::fs::rename(&path, directory.join(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_machine_is_restored_to_any_entry_from_a_backup_and_those_of_each_minute() {
    let (mut folder, kept) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let directory = kept.path().join("backups");
    let settings = format!("[log]\njson = true\n[backup]\ndirectory = {directory:?}\nchanges_minutes = 1\n");
    let changes = || {
        let mut found: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "changes"));
        found.sort();
        found
    };
    let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
    program.wait_for(|lines| lines.iter().any(|line| line.contains("a backup was made and verified")).then_some(()));
    fill(&program).await;
    folder = program.stop();
    for round in 1..=3 {
        // Two minutes pass; a restart meanwhile puts nothing off.
        age(&directory, 120);
        let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
        wait_until("what changed is backed up", || changes().len() == round);
        let mut reports = ReportServiceClient::new(program.channel().await);
        for agency in &AGENCIES[..2] {
            let name = report(agency, 3).name;
            let report_before = pb::GetReportRequest { name, ..Default::default() };
            let etag = reports.get_report(report_before).await.unwrap().into_inner().report.unwrap().etag;
            let corrected = pb::SubmitReportRequest {
                correction_reason: "more came in".to_owned(),
                etag,
                ..submission(report(agency, 3 + round as i64))
            };
            reports.submit_report(corrected).await.unwrap();
        }
        folder = program.stop();
    }
    age(&directory, 120);
    // It is not stopped in order this time, and then nothing of it is there but the backups.
    let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
    wait_until("what changed is backed up", || changes().len() == 4);
    let whole = backups(&directory);
    assert_eq!(whole.len(), 1);
    let server = format!("http://127.0.0.1:{}", program.port());
    let export = kept.path().join("journal.jsonl");
    assert!(huizong(&["--server", &server, "journal", "export", "--output", text(&export)]).status.success());
    drop(program);
    let chains: Vec<(u64, String)> = std::fs::read_to_string(&export)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line.get("action")?;
            Some((line["sequence"].as_u64()?, line["chain"].as_str()?.to_owned()))
        })
        .collect();
    let parts: Vec<_> = whole.into_iter().chain(changes()).collect();
    let restore = |parts: &[&Path], data: &Path, more: &[&str]| {
        let parts = parts.iter().map(|path| text(path));
        let arguments: Vec<_> = ["--format", "json", "restore"].into_iter().chain(parts).collect();
        huizong(&[&arguments[..], &["--data", text(data), "--accept-older-access"], more].concat())
    };
    let all: Vec<&Path> = parts.iter().map(PathBuf::as_path).collect();
    let ends = kept.path().join("all");
    let restored = restore(&all, &ends, &[]);
    assert!(restored.status.success(), "{}", said(&restored));
    let last = SledStore::open(&SledOptions::new(&ends), Arc::new(Live::default())).unwrap().position().sequence - 1;
    assert!(last >= 25, "{last} entries");
    for to in (1..=last).step_by(4).chain([last]) {
        let data = kept.path().join(format!("to-{to}"));
        let restored = restore(&all, &data, &["--to", &to.to_string()]);
        assert!(restored.status.success(), "to {to}: {}", said(&restored));
        let store = SledStore::open(&SledOptions::new(&data), Arc::new(Live::default())).unwrap();
        let entries = store.journal(to - 1, 10).unwrap();
        let expected = &chains.iter().find(|(sequence, _)| *sequence == to).unwrap().1;
        assert_eq!((entries.len(), &entries[0].chain.to_hex()), (2, expected), "to {to}");
        assert_eq!(entries[1].action, "store.restore", "to {to}");
    }
    // Without one of them it ends, and says so.
    let gap = [&all[..2], &all[3..]].concat();
    let refused = restore(&gap, &kept.path().join("gap"), &[]);
    assert!(!refused.status.success() && said(&refused).contains("goes on after entry"), "{}", said(&refused));
}

#[test]
fn a_backup_that_fails_is_told_of_and_takes_no_other_ones_place() {
    let (folder, kept) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let directory = kept.path().join("backups");
    std::fs::write(&directory, "a file where the folder should be").unwrap();
    let settings = format!("[log]\njson = true\n[backup]\ndirectory = {directory:?}\n");
    let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
    program.wait_for(|lines| lines.iter().any(|line| line.contains("no backup could be made")).then_some(()));
    wait_until("the failure is counted", || program.get("/metrics").1.contains("huizong_backup_failures_total 1"));
    assert_eq!(program.get("/readyz").0, 200, "it serves on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_without_a_folder_for_it_and_a_damaged_one_is_refused() {
    let program = Program::start("info", &[]);
    fill(&program).await;
    let file = program.folder().join("a.backup");
    let server = format!("http://127.0.0.1:{}", program.port());
    assert!(huizong(&["--server", &server, "backup", "--output", text(&file)]).status.success());
    let good = huizong(&["restore", "--check", text(&file)]);
    assert!(good.status.success() && said(&good).contains("The store is whole"), "{}", said(&good));
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let damaged = huizong(&["restore", "--check", text(&file)]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(said(&damaged).contains("take another backup"), "{}", said(&damaged));
    assert_eq!(huizong(&["restore", text(&file)]).status.code(), Some(2), "without a folder it is only checked");
}

/// Lines of a kind.
fn of_kind<'a>(lines: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_of_a_damaged_store_is_saved_and_what_cannot_is_listed() {
    let program = Program::start("info", &[]);
    fill(&program).await;
    let folder = program.stop();
    let data = folder.path().join("store");
    let salvage = |name: &str| {
        let output = folder.path().join(name);
        let ended = huizong(&["salvage", "--data", text(&data), "--output", text(&output)]);
        let lines = std::fs::read_to_string(&output).unwrap();
        let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (ended, lines)
    };
    let (ended, whole) = salvage("whole.jsonl");
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert_eq!(of_kind(&whole, "report").len(), AGENCIES.len());
    assert_eq!(of_kind(&whole, "loss").len(), 0);
    assert!(of_kind(&whole, "registry_change").len() >= AGENCIES.len() + 3);

    // A byte of the first report changes in the copy: the log has all of it.
    let name = AGENCIES[0].trim_start_matches("agencies/").as_bytes();
    let record = of_kind(&whole, "report")
        .into_iter()
        .find(|line| line["message"]["name"].as_str().unwrap().contains(AGENCIES[0]));
    let record = hex::decode(record.unwrap()["record"].as_str().unwrap()).unwrap();
    assert!(record.windows(name.len()).any(|part| part == name));
    let damage = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(record.len()).position(|part| part == record) {
            at += found;
            bytes[at + record.len() / 2] ^= 1;
        }
        assert!(at > 0, "the report is in the file");
        std::fs::write(path, &bytes).unwrap();
        bytes
    };
    let bytes = damage(&data.join("db"));
    let (ended, from_log) = salvage("from-log.jsonl");
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert_eq!(from_log, whole);
    // In the log as well, it is lost, and it alone.
    let log = data.join("log").read_dir().unwrap().next().unwrap().unwrap().path();
    damage(&log);
    let (ended, saved) = salvage("saved.jsonl");
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    assert_eq!(of_kind(&saved, "report").len(), AGENCIES.len() - 1, "every other one is there");
    let figures = |lines: &[serde_json::Value]| -> Vec<String> {
        let reports = of_kind(lines, "report").into_iter();
        reports
            .filter(|line| !line["message"]["name"].as_str().unwrap().contains(AGENCIES[0]))
            .map(|line| line["record"].to_string())
            .collect()
    };
    assert_eq!(figures(&saved), figures(&whole), "byte for byte");
    let losses = of_kind(&saved, "loss");
    let lost = format!("{}/reports/2022/revisions/1", AGENCIES[0]);
    assert!(losses.iter().any(|loss| loss["place"].as_str() == Some(&lost)), "{losses:?}");
    assert_eq!(std::fs::read(data.join("db")).unwrap(), bytes, "the store stays as it is");
    assert_eq!(
        huizong(&["salvage", "--data", text(&data), "--output", text(&folder.path().join("saved.jsonl"))])
            .status
            .code(),
        Some(1),
        "nothing is written over"
    );
}
