//! What a person at a terminal is promised: quiet ends, their own language, errors to act on, folders of documents.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use huizong::pb;
use serde_json::Value;

use crate::support::{AGENCIES, Server, YEAR, replacing, report_name};

fn huizong(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    command.args(arguments).env("NO_COLOR", "1").env_remove("LANG").env_remove("LC_ALL");
    command
}

fn run(arguments: &[&str]) -> Output {
    huizong(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_pipe_that_is_closed_ends_a_command_quietly() {
    for arguments in [&["explain"][..], &["--help"], &["completions", "bash"]] {
        let mut child = huizong(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut begun = [0; 8];
        child.stdout.take().unwrap().read_exact(&mut begun).unwrap();
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() && complaint.is_empty(), "{arguments:?}: {status} {complaint}");
    }
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[test]
fn people_are_told_in_their_language() {
    let asks = ["coverage", "230000", "--year", "2022", "--server", "http://127.0.0.1:1"];
    let told = |lang: &[&str], locale: Option<&str>| {
        let mut command = huizong(&[&asks[..], lang].concat());
        command.envs(locale.map(|locale| ("LC_ALL", locale)));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        said(&output)
    };
    for english in [told(&["--lang", "en"], Some("zh_CN.UTF-8")), told(&[], Some("en_US.UTF-8")), told(&[], Some("C"))]
    {
        assert!(!has_chinese(&english) && english.contains("cannot be reached"), "{english}");
    }
    for chinese in [told(&["--lang", "zh"], None), told(&[], Some("zh_CN.UTF-8"))] {
        assert!(has_chinese(&chinese) && !chinese.contains("cannot be reached"), "{chinese}");
    }
    let both = told(&[], None);
    assert!(has_chinese(&both) && both.contains("cannot be reached"), "{both}");
}

#[test]
fn what_a_command_prints_is_in_one_language_too() {
    for command in [&["explain"][..], &["explain", "T3-ROW-TOTAL"]] {
        let printed = |lang: &str| {
            let output = run(&[command, &["--lang", lang]].concat());
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        };
        let (zh, en, both) = (printed("zh"), printed("en"), printed("both"));
        assert!(!has_chinese(&en), "{en}");
        assert!(has_chinese(&zh) && zh.lines().filter(|line| line.contains(" the ")).count() == 0, "{zh}");
        assert!(both.len() > zh.len() && both.len() > en.len(), "{both}");
    }
}

#[test]
fn shells_and_manuals_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = said(&run(&["completions", shell]));
        assert!(script.contains("collection") && script.contains("fail-fast"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&["manual", "--output", folder.path().to_str().unwrap()]).status.success());
    for page in ["huizong.1", "huizong-submit.1", "huizong-collection-lock.1"] {
        assert!(fs::read_to_string(folder.path().join(page)).unwrap().contains(".TH"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_wrong_says_what_it_is() {
    let server = Server::start().await;
    let address = server.url.trim_start_matches("http://");
    let asked = |url: &str| run(&["healthcheck", "--server", url]);
    assert!(asked(address).status.success(), "a scheme is supplied on this machine");
    let told = |url: &str, code: i32, words: &str| {
        let output = asked(url);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    };
    told(&format!("ftp://{address}"), 2, "https://");
    told(&format!("https://{address}"), 3, "use http://");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
        }
    });
    told(&other, 3, "check the port");
}

fn sample(agency: &str, to: &Path, more: &[&str]) {
    let (agency, year) = (agency.trim_start_matches("agencies/"), YEAR.to_string());
    let arguments = ["sample", "--agency", agency, "--year", &year, "--output", to.to_str().unwrap()];
    let output = run(&[&arguments[..], more].concat());
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_taken_and_one_with_a_mistake_is_refused() {
    let server = Server::with_registry().await;
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.docx"), folder.path().join("bad.xlsx"));
    sample(AGENCIES[0], &good, &[]);
    sample(AGENCIES[0], &bad, &["--mistake"]);
    let submit = |file: &Path| {
        let (year, agency) = (YEAR.to_string(), AGENCIES[0].trim_start_matches("agencies/"));
        let file = file.to_str().unwrap();
        run(&["submit", file, "--agency", agency, "--year", &year, "--server", &server.url])
    };
    assert!(run(&["check", good.to_str().unwrap()]).status.success());
    let refused = submit(&bad);
    assert!(refused.status.code() == Some(1) && said(&refused).contains("T3-ROW-TOTAL"), "{}", said(&refused));
    let stored = submit(&good);
    assert!(stored.status.success(), "{}", said(&stored));
    // Now it is taken back, and the same again is no success.
    let etag = server.get(&report_name(AGENCIES[0])).await.unwrap().etag;
    let (name, reason) = (report_name(AGENCIES[0]), "误报".to_owned());
    let withdraw = pb::WithdrawReportRequest { name, etag, reason, ..Default::default() };
    server.reports().withdraw_report(withdraw).await.unwrap();
    let again = submit(&good);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(said(&again).contains("was withdrawn since") && said(&again).contains("--correction"), "{}", said(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_handed_in_by_the_names_of_its_files_without_what_nobody_put_there() {
    let server = Server::with_registry().await;
    let folder = tempfile::tempdir().unwrap();
    let id = |agency: &str| agency.trim_start_matches("agencies/").to_owned();
    let inner = folder.path().join("区县");
    fs::create_dir(&inner).unwrap();
    sample(AGENCIES[0], &folder.path().join(format!("{}-{YEAR}年报.docx", id(AGENCIES[0]))), &[]);
    sample(AGENCIES[2], &inner.join(format!("{}-{YEAR}.xlsx", id(AGENCIES[2]))), &[]);
    for left in [".DS_Store", "Thumbs.db", "~$city-2022.docx", "desktop.ini"] {
        fs::write(folder.path().join(left), "x").unwrap();
    }
    std::os::unix::fs::symlink(folder.path(), inner.join("wieder")).unwrap();
    let path = folder.path().to_str().unwrap();
    let output = run(&["submit", path, "--server", &server.url, "--format", "json"]);
    assert!(output.status.success(), "{}", said(&output));
    let lines: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for (line, agency) in lines.iter().zip([AGENCIES[0], AGENCIES[2]]) {
        assert!(line["file"].as_str().unwrap().contains(&id(agency)), "{line}");
        assert_eq!(line["report"], report_name(agency));
    }
    let receipts = run(&["submit", path, "--server", &server.url, "--format", "csv"]);
    let table = String::from_utf8_lossy(&receipts.stdout).into_owned();
    assert_eq!(table.lines().count(), 1 + 2, "{table}");
    assert!(
        table.lines().skip(1).all(|line| line.contains(",known,accepted,") && line.contains("/revisions/1")),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_a_submission_ends_with_the_first_that_is_refused() {
    let server = Server::with_registry().await;
    let folder = tempfile::tempdir().unwrap();
    for (at, agency) in AGENCIES.iter().enumerate() {
        let name = format!("{at}.jsonl");
        let report =
            pb::Report { name: report_name(agency), form: Some(crate::support::form(3).into()), ..Default::default() };
        let mut line = huizong::wire::to_json(&report).unwrap();
        if at == 0 {
            line = line.replacen("\"3\"", "\"4\"", 1);
        }
        fs::write(folder.path().join(name), line).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    let all = run(&["submit", path, "--server", &server.url, "--format", "csv", "--dry-run"]);
    assert_eq!(String::from_utf8_lossy(&all.stdout).lines().count(), 1 + AGENCIES.len(), "{}", said(&all));
    let first = run(&["submit", path, "--server", &server.url, "--format", "csv", "--dry-run", "--fail-fast"]);
    assert_eq!(first.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&first.stdout).lines().count(), 1 + 1, "{}", said(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_keeps_the_hours_that_were_typed() {
    let server = Server::with_registry().await;
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::None.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    let opened = server.registry().create_collection(request).await.unwrap().into_inner().collection.unwrap();
    let year = YEAR.to_string();
    let lock = |at: &str| run(&["collection", "lock", &year, "--at", at, "--server", &server.url, "--utc"]);
    assert!(said(&lock("2027-02-10 12:00")).contains("2027-02-10T04:00:00Z"));
    assert!(said(&lock("2027-02-10")).contains("2027-02-10T16:00:00Z"));
    // Not taken back by what this test read before.
    let stale = server.registry().update_collection(replacing(opened)).await;
    assert!(stale.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_open_in_a_spreadsheet() {
    let server = Server::with_registry().await;
    server.store(crate::support::report(AGENCIES[0], 12)).await;
    let year = YEAR.to_string();
    let asks = ["rollup", "230000", "--year", &year, "--by", "agency", "--server", &server.url, "--format"];
    let workbook = run(&[&asks[..], &["xlsx"]].concat()).stdout;
    assert!(workbook.starts_with(b"PK"), "{workbook:?}");
    let marked = run(&[&asks[..], &["csv", "--bom"]].concat()).stdout;
    assert!(marked.starts_with("\u{feff}agency,".as_bytes()), "{}", String::from_utf8_lossy(&marked));
    assert!(run(&[&asks[..], &["csv"]].concat()).stdout.starts_with(b"agency,"));
    assert_eq!(
        run(&["registry", "show", "230100", "--server", &server.url, "--format", "xlsx"]).status.code(),
        Some(2)
    );
}
