//! Documents are read in processes of their own: whatever one does to its reader, it does to nobody else.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::process;
use futures::future::join_all;
use huizong::pb;
use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use zip::write::{SimpleFileOptions, ZipWriter};

/// Memory that all attacks together may take above that of the idle service.
const ABOVE_IDLE_KIB: u64 = 512 << 10;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents").join(name)).unwrap()
}

async fn read(channel: &Channel, name: &str, content: Vec<u8>) -> Result<pb::ReadDocumentResponse, Status> {
    let request = pb::ReadDocumentRequest { content, file_name: name.to_owned(), ..Default::default() };
    Ok(FormServiceClient::new(channel.clone()).read_document(request).await?.into_inner())
}

fn reason(status: &Status) -> String {
    crate::support::problem(status).reason().as_str_name().to_owned()
}

/// The processes that a process started, with their processor time in ticks.
fn children(parent: u32) -> BTreeMap<u32, u64> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let child = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?;
        (fields[1] == parent.to_string() && fields[0] != "Z").then_some((id, ticks))
    };
    processes.filter_map(child).collect()
}

/// Memory of a process in KiB, what it shares with others shared out.
fn memory(process: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
}

fn memory_of_all(server: u32) -> u64 {
    memory(server) + children(server).into_keys().map(memory).sum::<u64>()
}

fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A spreadsheet whose shared strings are these.
fn spreadsheet(strings: &str, cells: &str) -> Vec<u8> {
    let workbook = br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="huizong" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
    let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
    package(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// Small documents that once took all memory, or all time; and those at hand beside the project.
fn hostile() -> Vec<(String, Vec<u8>)> {
    let count = r#"<sst count="1" uniqueCount="9999999999999"><si><t>a</t></si></sst>"#;
    let long = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(4 << 20));
    let cells: String =
        (1..2000).map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#)).collect();
    let xref = b"%PDF-1.5\n1 0 obj\n<</Type/XRef/Size 2/W[1 1152921504606846976 1]/Root 1 0 R/Length 4>>stream\n\0\0\0\0\nendstream\nendobj\nstartxref\n9\n%%EOF\n";
    let bold = format!("<table>{}</table>", "<b><i><tr><p>1".repeat(8000));
    let deep = "<div><table><tr><td>".repeat(100_000);
    let mut files: Vec<(String, Vec<u8>)> = vec![
        ("count.xlsx".to_owned(), spreadsheet(count, "")),
        ("cloned.xlsx".to_owned(), spreadsheet(&long, &cells)),
        ("width.pdf".to_owned(), xref.to_vec()),
        ("bold.html".to_owned(), bold.into_bytes()),
        ("deep.html".to_owned(), deep.into_bytes()),
    ];
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/hostile");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(beside).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    files.extend(
        paths
            .into_iter()
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())),
    );
    files
}

/// How many of each hostile document are sent at once; more where one wants to know.
fn copies() -> usize {
    std::env::var("HUIZONG_HOSTILE_COPIES").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hostile_documents_are_refused_by_themselves_and_others_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (server, channel) = process::start(folder.path()).await;
    let server_id = server.id();
    read(&channel, "district.docx", fixture("district.docx")).await.unwrap();
    let idle = memory_of_all(server_id);
    let ended = AtomicBool::new(false);
    let attacks = async {
        for (name, content) in hostile() {
            let began = Instant::now();
            let sent = (0..copies()).map(|_| read(&channel, &name, content.clone()));
            for answer in join_all(sent).await {
                let Err(refused) = answer else { continue };
                let reason = reason(&refused);
                assert!(["DOCUMENT_UNREADABLE", "OVERLOADED"].contains(&reason.as_str()), "{name}: {refused:?}");
            }
            println!("{name}: {:?}", began.elapsed());
        }
        ended.store(true, Ordering::Relaxed);
    };
    let others = async {
        let mut answered = 0;
        while !ended.load(Ordering::Relaxed) {
            let mut client = OperationsServiceClient::new(channel.clone());
            client.get_status(pb::GetStatusRequest::default()).await.unwrap();
            answered += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        answered
    };
    let watched = async {
        let mut peak = 0;
        while !ended.load(Ordering::Relaxed) {
            peak = peak.max(memory_of_all(server_id));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        peak
    };
    let ((), answered, peak) = tokio::join!(attacks, others, watched);
    assert!(answered > 0);
    let above = peak.saturating_sub(idle);
    println!("idle {idle} KiB, at most {above} KiB above");
    assert!(above <= ABOVE_IDLE_KIB, "{above} KiB above idle");
    // Nobody waits for an answer any more, so nobody computes one.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = children(server_id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for (id, ticks) in children(server_id) {
        assert_eq!(before.get(&id), Some(&ticks), "a reader computes for nobody");
    }
    let read = read(&channel, "district.docx", fixture("district.docx")).await.unwrap();
    assert_eq!(read.year, 2023);
}

/// A service with settings of its own.
async fn with_settings(folder: &Path, settings: &str) -> (process::Server, Channel) {
    let file = folder.join("settings.toml");
    fs::write(&file, settings).unwrap();
    process::start_with(&folder.join("data"), &["--config", file.to_str().unwrap()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_needs_more_memory_than_it_may_is_unreadable_and_the_next_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (server, channel) =
        with_settings(folder.path(), "[limits]\ndocument_memory_mib = 40\ndocument_readers = 1\n").await;
    // Rows of a table that fit the limits on size and cells, and not the memory.
    let large = format!("<table>{}</table>", "<tr><td class='a'>1</td><td>2</td></tr>".repeat(100_000));
    for _ in 0..2 {
        let refused = read(&channel, "large.html", large.clone().into_bytes()).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "DOCUMENT_UNREADABLE"));
        let told = crate::support::problem(&refused).message.unwrap();
        assert!(told.zh.contains("40MiB") && told.en.contains("40 MiB"), "{refused:?}");
        read(&channel, "district.html", fixture("district.html")).await.unwrap();
    }
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_given_up_ends_the_process_that_reads_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, channel) = with_settings(folder.path(), "[limits]\ndocument_readers = 1\n").await;
    read(&channel, "district.md", fixture("district.md")).await.unwrap();
    let readers: Vec<u32> = children(server.id()).into_keys().collect();
    let [reader] = readers[..] else { panic!("one reader was to be ready: {readers:?}") };
    // It does not come to an end by itself.
    assert!(Command::new("kill").args(["-STOP", &reader.to_string()]).status().unwrap().success());
    let content = fixture("district.md");
    let mut request =
        Request::new(pb::ReadDocumentRequest { content, file_name: "a.md".to_owned(), ..Default::default() });
    request.set_timeout(Duration::from_millis(300));
    let given_up = FormServiceClient::new(channel.clone()).read_document(request).await.unwrap_err();
    assert!(matches!(given_up.code(), Code::Cancelled | Code::DeadlineExceeded), "{given_up:?}");
    let began = Instant::now();
    while children(server.id()).contains_key(&reader) {
        assert!(began.elapsed() < Duration::from_secs(10), "the reader lives on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    read(&channel, "district.md", fixture("district.md")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_died_while_it_was_idle_is_nobodys_fault() {
    let folder = tempfile::tempdir().unwrap();
    let (server, channel) = process::start(folder.path()).await;
    read(&channel, "district.md", fixture("district.md")).await.unwrap();
    let readers = children(server.id());
    assert_eq!(readers.len(), 3, "three are ready");
    for id in readers.keys() {
        assert!(Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap().success());
    }
    while !children(server.id()).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    read(&channel, "district.md", fixture("district.md")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_may_open_no_file_make_no_connection_and_knows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = process::command(folder.path(), &[]);
    let (server, channel) = process::launch(command.env("SOME_SECRET", "open sesame")).await.unwrap();
    read(&channel, "district.pdf", fixture("district.pdf")).await.unwrap();
    let readers = children(server.id());
    assert!(!readers.is_empty());
    for id in readers.keys() {
        let of = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).unwrap();
        // Those that have read nothing yet may still be beginning. 2: only what a filter lets through.
        let began = Instant::now();
        let seccomp = || of("status").lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]));
        while !seccomp() {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", of("status"));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let limits = of("limits");
        for (name, limit) in [
            ("Max data size", "134217728"),
            ("Max open files", "1"),
            ("Max file size", "0"),
            ("Max core file size", "0"),
        ] {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            assert_eq!(line[name.len()..].split_whitespace().next(), Some(limit), "{line}");
        }
        assert!(!of("environ").contains("SOME_SECRET"));
        assert!(of("status").lines().any(|line| line.split_whitespace().eq(["NoNewPrivs:", "1"])));
        assert_eq!(of("oom_score_adj").trim(), "1000", "the service outlives it where memory runs out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_end_with_the_service_however_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (server, channel) = process::start(folder.path()).await;
    read(&channel, "district.md", fixture("district.md")).await.unwrap();
    let readers: Vec<u32> = children(server.id()).into_keys().collect();
    // Dropped, it is killed.
    drop(server);
    let began = Instant::now();
    let lives = |id: &&u32| {
        fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|line| line.contains("document-reader"))
    };
    while readers.iter().any(|id| lives(&id)) {
        assert!(began.elapsed() < Duration::from_secs(10), "readers are left behind");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_damage_of_any_format_is_read_or_refused_and_nothing_else() {
    const DAMAGES: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let (_server, channel) = process::start(folder.path()).await;
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for name in [
        "district.html",
        "district-gbk.html",
        "district.md",
        "district.docx",
        "district.xlsx",
        "district.pdf",
        "district.ofd",
        "by-office/district.rtf",
        "by-office/district.doc",
        "by-office/district.xls",
    ] {
        let whole = fixture(name);
        for _ in 0..DAMAGES {
            let mut content = whole.clone();
            match random.random_range(0..3) {
                0 => content.truncate(random.random_range(1..content.len())),
                1 => {
                    let at = random.random_range(0..content.len());
                    let piece: Vec<u8> = content[at..(at + 64).min(content.len())].to_vec();
                    for _ in 0..random.random_range(1..200) {
                        content.splice(at..at, piece.iter().copied());
                    }
                }
                _ => {}
            }
            for _ in 0..random.random_range(0..20) {
                let at = random.random_range(0..content.len());
                content[at] = random.random();
            }
            if let Err(refused) = read(&channel, name, content).await {
                assert_eq!(reason(&refused), "DOCUMENT_UNREADABLE", "seed {seed}, {name}: {refused:?}");
            }
        }
        read(&channel, name, whole).await.unwrap();
    }
}

#[test]
fn documents_on_the_command_line_are_read_in_order_and_one_that_cannot_be_is_said_alone() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["1.docx", "2.xlsx", "3.html", "4.md"];
    for name in names {
        let ending = name.rsplit_once('.').unwrap().1;
        fs::write(folder.path().join(name), fixture(&format!("district.{ending}"))).unwrap();
    }
    let count = r#"<sst count="1" uniqueCount="9999999999999"><si><t>a</t></si></sst>"#;
    fs::write(folder.path().join("2a.xlsx"), spreadsheet(count, "")).unwrap();
    fs::write(folder.path().join(".hidden"), "no document").unwrap();
    let huizong = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).arg(folder.path()).output().unwrap()
    };
    let output = huizong(&["check", "--format", "json"]);
    let answers: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let formats: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["format"].as_str().unwrap()).collect();
    // The fifth is refused, or read as a sheet without anything in it.
    let formats: Vec<_> = formats.into_iter().filter(|format| *format != "DOCUMENT_FORMAT_XLSX").collect();
    assert_eq!(
        formats,
        ["DOCUMENT_FORMAT_DOCX", "DOCUMENT_FORMAT_HTML", "DOCUMENT_FORMAT_MARKDOWN"],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = huizong(&["check", "--format", "csv"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut files: Vec<_> =
        text.lines().skip(1).filter_map(|line| line.split(',').next()?.rsplit('/').next()).collect();
    files.dedup();
    files.retain(|file| *file != "2a.xlsx");
    assert_eq!(files, names, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("file,")).count(), 1, "the headings stand once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_sent_before_the_rest_is_there() {
    let server = crate::support::Server::with_registry().await;
    let folder = tempfile::tempdir().unwrap();
    let report = |agency: &str| crate::support::report(agency, 3);
    let line = |report: &pb::Report| huizong::wire::to_json(report).unwrap();
    fs::write(folder.path().join("1.jsonl"), line(&report(crate::support::AGENCIES[0])) + "\n").unwrap();
    // A file that gives a line, and then keeps everybody waiting.
    let pipe = folder.path().join("2.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut submit = Command::new(env!("CARGO_BIN_EXE_huizong"))
        .args(["submit", "--server", &server.url])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut slow =
        tokio::task::spawn_blocking(move || fs::OpenOptions::new().write(true).open(pipe).unwrap()).await.unwrap();
    writeln!(slow, "{}", line(&report(crate::support::AGENCIES[1]))).unwrap();
    writeln!(slow, "{{").unwrap();
    for agency in &crate::support::AGENCIES[..2] {
        let began = Instant::now();
        while server.get(&crate::support::report_name(agency)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is sent before everything is read");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(submit.try_wait().unwrap().is_none());
    writeln!(slow, "{}", line(&report(crate::support::AGENCIES[2]))).unwrap();
    drop(slow);
    let output = tokio::task::spawn_blocking(move || submit.wait_with_output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("3 stored, 0 stored before, 1 refused"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}
