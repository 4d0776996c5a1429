//! `huizong check` over documents of every format: the slips in them are found, and none is made up.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn check(file: &Path) -> (Option<i32>, Value) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_huizong")).args(["check", "--format", "json"]).arg(file).output().unwrap();
    let answer = serde_json::from_slice(&stdout);
    (status.code(), answer.unwrap_or_else(|_| panic!("{}: {}", file.display(), String::from_utf8_lossy(&stderr))))
}

/// Rule ids of the findings, or codes of the notes.
fn names<'a>(answer: &'a Value, list: &str, name: &str) -> Vec<&'a str> {
    answer[list]
        .as_array()
        .map(|items| items.iter().filter_map(|item| item[name].as_str()).collect())
        .unwrap_or_default()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents")
}

/// Published reports, where a folder of them is at hand.
fn published(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os("HUIZONG_SAMPLES").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples"));
    Some(folder.join(name)).filter(|file| file.is_file())
}

#[test]
fn wrong_totals_and_a_merged_row_are_found_in_every_format() {
    for ending in ["html", "md", "docx", "xlsx", "pdf", "ofd", "rtf", "doc", "xls"] {
        // Older formats are as an office suite wrote them.
        let folder = if matches!(ending, "rtf" | "doc" | "xls") { fixtures().join("by-office") } else { fixtures() };
        let (code, answer) = check(&folder.join(format!("district.{ending}")));
        assert_eq!(code, Some(1), "{ending}");
        let format = if ending == "md" { "MARKDOWN".to_owned() } else { ending.to_uppercase() };
        assert_eq!(answer["format"], format!("DOCUMENT_FORMAT_{format}"));
        // Not every format holds the chapters of text, of which the fifth is a short one.
        let mut rules = names(&answer, "findings", "rule");
        rules.retain(|rule| *rule != "TEXT-THIN");
        assert_eq!(rules, ["T4-BLOCK-TOTAL", "T4-BLOCK-TOTAL", "ROW-OTHER-MERGED"], "{ending}");
        assert_eq!(names(&answer, "notes", "code"), Vec::<&str>::new(), "{ending}");
        let place = &answer["cells"][0]["place"]["zh"];
        assert!(place.as_str().is_some_and(|place| place.starts_with('第')), "{ending}: {place}");
    }
}

#[test]
fn an_archive_is_gone_through_as_a_folder_is_and_a_fault_in_it_is_contained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.zip");
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let page = std::fs::read(fixtures().join("district.html")).unwrap();
    let contents: [(&str, &[u8]); 4] = [
        ("XXXXXXXX.html", &page),
        ("b.docx", b"PK\x03\x04word/document"),
        (".hidden", b"x"),
        ("c.md", b"# 1\n|---|---|\n"),
    ];
    for (name, content) in contents {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, content).unwrap();
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    // A name as Chinese programs write it: in GBK, and not saying so.
    let (gbk, _, _) = encoding_rs::GBK.encode("甲乙丙丁");
    while let Some(at) = bytes.windows(8).position(|part| part == b"XXXXXXXX") {
        bytes[at..at + 8].copy_from_slice(&gbk);
    }
    std::fs::write(&path, bytes).unwrap();
    let check = |format: &str| {
        Command::new(env!("CARGO_BIN_EXE_huizong")).args(["check", "--format", format]).arg(&path).output().unwrap()
    };
    let output = check("json");
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    let formats: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["format"].as_str().unwrap()).collect();
    assert_eq!(formats, ["DOCUMENT_FORMAT_HTML", "DOCUMENT_FORMAT_MARKDOWN"]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("many.zip/b.docx"), "{complaint}");
    let table = String::from_utf8(check("table").stdout).unwrap();
    assert!(table.contains("many.zip/甲乙丙丁.html"), "{table}");
}

/// The district's report, locked with this password.
fn locked(password: &str) -> Vec<u8> {
    use lopdf::encryption::crypt_filters::{Aes256CryptFilter, CryptFilter};
    use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};
    let mut document = Document::load_mem(&std::fs::read(fixtures().join("district.pdf")).unwrap()).unwrap();
    let id = || Object::String(vec![7; 16], StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id(), id()]);
    let filter: std::sync::Arc<dyn CryptFilter> = std::sync::Arc::new(Aes256CryptFilter);
    let version = EncryptionVersion::V5 {
        encrypt_metadata: true,
        crypt_filters: [(b"StdCF".to_vec(), filter)].into(),
        file_encryption_key: &[9; 32],
        stream_filter: b"StdCF".to_vec(),
        string_filter: b"StdCF".to_vec(),
        owner_password: "owner",
        user_password: password,
        permissions: Permissions::all(),
    };
    document.encrypt(&EncryptionState::try_from(version).unwrap()).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_locked_document_is_read_with_its_password_and_else_said_to_need_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("locked.pdf");
    std::fs::write(&path, locked("secret2023")).unwrap();
    let read = |password: Option<&str>, by: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
        command.arg("read").arg(&path).args(["--format", "json"]).args(by);
        command.envs(password.map(|password| ("HUIZONG_DOCUMENT_PASSWORD", password)));
        command.output().unwrap()
    };
    for (password, by) in [(None, &["--password", "secret2023"][..]), (Some("secret2023"), &[])] {
        let output = read(password, by);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), answer["year"].as_i64()), (Some(0), Some(2023)));
    }
    for (by, said) in [(&[][..], "--password"), (&["--password", "x"], "打不开")] {
        let output = read(None, by);
        assert_eq!(output.status.code(), Some(1));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn the_slips_of_published_reports_are_found() {
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("hongze-district-2023.pdf", &["T4-BLOCK-TOTAL", "T4-BLOCK-TOTAL", "ROW-OTHER-MERGED"], &["LABEL-INEXACT"]),
        ("huaian-city-2024.pdf", &[], &[]),
        // Its fifth chapter has a heading and nothing below it.
        ("large-city-2025.html", &["TEXT-THIN"], &[]),
        ("mudanjiang-industry-2022.txt", &["ROW-OTHER-MERGED"], &[]),
        ("shanghai-general-office-2019.html", &["TOTAL-BLANK", "CELL-BLANK"], &["UNIT-IN-CELL"]),
    ];
    for (name, rules, notes) in cases {
        let Some(file) = published(name) else { continue };
        let (code, answer) = check(&file);
        let found = names(&answer, "findings", "rule");
        if name.starts_with("shanghai") {
            assert!(rules.iter().all(|rule| found.contains(rule)), "{name}: {found:?}");
        } else {
            assert_eq!(found, rules, "{name}");
        }
        assert_eq!(code, Some(i32::from(!found.is_empty() || !notes.is_empty())), "{name}");
        assert!(notes.iter().all(|note| names(&answer, "notes", "code").contains(note)), "{name}");
    }
}
