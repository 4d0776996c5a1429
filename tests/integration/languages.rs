//! One language at a time: whatever a command prints, a refusal included, is Chinese alone or English alone where that is asked
//! for. What people wrote and names of things are data; in this store they are in neither language.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use regex::Regex;
use tempfile::TempDir;

use crate::support::{YEAR, process, report, report_name};

const CITY: &str = "230100";
const BUREAU: &str = "agencies/city-bureau";
const OFFICE: &str = "agencies/city-office";

/// The registry, with names that are words of no language.
const REGISTRY: &str = "\
type,code,parent,name,level,kind,large,first_year,vertical
jurisdiction,230000,,P230000,province,,,2019,
jurisdiction,230100,230000,P230100,city,,,2019,
jurisdiction,230102,230100,P230102,county,,,2019,
agency,city-bureau,230100,A-bureau,,department,false,2019,false
agency,city-office,230100,A-office,,government_office,false,2019,false
agency,city-third,230100,A-third,,dispatched_office,false,2019,false
";

/// Data: what a document that the program makes is titled, and what a setting says by default.
const DATA: [&str; 2] = ["2022年政府信息公开工作年度报告", "统一身份认证"];

/// The service in a process of its own, with a registry, a collection that is reviewed, and two reports.
struct Served {
    process: process::Server,
    _folder: TempDir,
}

async fn lived_in() -> Served {
    let folder = TempDir::new().unwrap();
    let (process, _) = process::start(&folder.path().join("store")).await;
    let (file, lines) = (folder.path().join("registry.csv"), folder.path().join("reports.jsonl"));
    fs::write(&file, REGISTRY).unwrap();
    let reports = [report(BUREAU, 12), report(OFFICE, 7)].map(|report| huizong::wire::to_json(&report).unwrap());
    fs::write(&lines, reports.join("\n")).unwrap();
    let served = Served { process, _folder: folder };
    for arguments in [
        &["registry", "import", file.to_str().unwrap(), "--confirm", "-"][..],
        &["collection", "open", &YEAR.to_string(), "--review", "jurisdiction-office"],
        &["submit", lines.to_str().unwrap()],
    ] {
        let output = run(&served, "both", arguments);
        assert!(output.status.success(), "{}", told(&output));
    }
    served
}

fn run(served: &Served, lang: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    command.env("NO_COLOR", "1").env_remove("LANG").env_remove("LC_ALL").env_remove("HUIZONG_LANG");
    command.args(arguments).args(["--lang", lang]);
    if !arguments.contains(&"--server") {
        command.args(["--server", &served.process.url]);
    }
    tokio::task::block_in_place(|| command.output().unwrap())
}

/// The first Chinese sign in a text: a character, or a comma or bracket of Chinese text.
fn chinese(text: &str) -> Option<char> {
    text.chars().find(|letter| matches!(letter, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
}

/// The first English in a text: three plain words after one another that are no command, or a word that only sentences have.
fn english(text: &str) -> Option<String> {
    let run = Regex::new(r"(?:huizong )?\b[a-z]{2,}(?: [a-z]{2,}){2,}\b").unwrap();
    let run = run.find_iter(text).find(|found| !found.as_str().starts_with("huizong ")).map(|found| found.as_str());
    const OF_SENTENCES: [&str; 16] = [
        "the", "is", "are", "was", "were", "of", "not", "and", "cannot", "has", "have", "with", "it", "there",
        "nothing", "invalid",
    ];
    let part_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || "_-./=".contains(letter);
    let words = || text.split(|letter| !part_of_a_name(letter)).map(|word| word.trim_matches('.'));
    run.or_else(|| words().find(|word| OF_SENTENCES.contains(&word.to_lowercase().as_str()))).map(str::to_owned)
}

fn told(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned());
    DATA.iter().fold(both.concat(), |text, data| text.replace(data, "D"))
}

/// Runs a command in both languages: it ends with this code and says something, and in that language alone.
fn speaks_one_language(server: &Served, code: i32, arguments: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for lang in ["en", "zh"] {
        let output = run(server, lang, arguments);
        let text = told(&output);
        let other = if lang == "en" { chinese(&text).map(String::from) } else { english(&text) };
        if let Some(other) = other {
            wrong.push(format!("--lang {lang} {arguments:?}: {other:?} in\n{text}"));
        }
        if output.status.code() != Some(code) || text.trim().is_empty() || text.contains("panicked") {
            wrong.push(format!("--lang {lang} {arguments:?}: {}\n{text}", output.status));
        }
    }
    wrong
}

fn all_speak_one_language(server: &Served, commands: &[(i32, &[&str])]) {
    let wrong: Vec<_> =
        commands.iter().flat_map(|(code, arguments)| speaks_one_language(server, *code, arguments)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), commands.len(), wrong.join("\n---\n"));
}

#[test]
fn each_language_is_told_from_the_other() {
    assert_eq!(chinese("a.csv: 3 lines"), None);
    assert_eq!(chinese("3 lines（3"), Some('（'));
    assert_eq!(english("请运行 huizong credential bootstrap 姓名，见 store.must_exist"), None);
    assert_eq!(english("无法读取：No such file or directory"), Some("such file or directory".to_owned()));
    assert_eq!(english("数据完好 The store"), Some("The".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_running_service_answers_is_told_in_one_language() {
    let server = lived_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (document, mistaken, template) = (path("city-third-2022.docx"), path("mistaken.docx"), path("template.xlsx"));
    let year = YEAR.to_string();
    let (report, office) = (report_name(BUREAU), report_name(OFFICE));
    let third = ["--agency", "city-third", "--year", year.as_str()];
    all_speak_one_language(
        &server,
        &[
            (0, &[&["sample", "--output", &document][..], &third].concat()),
            (0, &[&["sample", "--output", &mistaken, "--mistake"][..], &third].concat()),
            (0, &["submit", &document, "--dry-run"]),
            (0, &["submit", &document]),
            (0, &["submit", &document, &document]),
            (1, &[&["submit", &mistaken][..], &third].concat()),
            (1, &[&["submit", &mistaken, &document][..], &third].concat()),
            (0, &["template", "city-third", "--year", &year, "--output", &template]),
            (0, &["report", "list", "--year", &year]),
            (0, &["report", "revisions", &report]),
            (0, &["report", "accept", &report, "--dry-run", "--as", "R1"]),
            (0, &["report", "return", &office, "--reason", "R1", "--dry-run", "--as", "R1"]),
            (1, &["report", "accept-many", "--year", &year, "--dry-run"]),
            (0, &["report", "accept-many", "--year", &year, "--dry-run", "--as", "R1"]),
            (0, &["report", "history", &report]),
            (0, &["report", "compare", &report, &office]),
            (1, &["report", "accept", &report, "--etag", "other"]),
            (0, &["rollup", CITY, "--year", &year, "--by", "agency", "--by", "requester-type"]),
            (0, &["rollup", CITY, "--year", &year, "--by", "year", "--by", "agency-kind", "--measure", "refused"]),
            (2, &["rollup", CITY, "--year", &year, "--measure", "foo"]),
            (0, &["form", CITY, "--year", &year]),
            (0, &["coverage", "230000", "--year", &year, "--depth", "2"]),
            (0, &["coverage", CITY, "--year", &year, "--missing"]),
            (0, &["anomalies", CITY, "--year", &year]),
            (1, &["reconcile", CITY, "--year", &year]),
            (0, &["frozen", "freeze", CITY, "--year", &year, "--note", "N1"]),
            (0, &["frozen", "list", CITY]),
            (0, &["frozen", "compare", &format!("jurisdictions/{CITY}/frozenForms/{year}-1")]),
            (0, &["registry", "show"]),
            (0, &["registry", "show", CITY]),
            (
                0,
                &[
                    "registry",
                    "correct",
                    "city-third",
                    "--from",
                    "2021",
                    "--name",
                    "A-new",
                    "--reason",
                    "R1",
                    "--dry-run",
                ],
            ),
            (0, &["registry", "export", &path("registry.csv")]),
            (0, &["registry", "import", &path("registry.csv"), "--dry-run"]),
            (0, &["registry", "import", &path("registry.csv")]),
            (0, &["contacts", "set", "city-third", "--person", "N1;D1;1234567;n@d.cn"]),
            (0, &["contacts", "list"]),
            (0, &["collection", "show"]),
            (0, &["collection", "show", &year]),
            (0, &["collection", "show", &year, "--owner", "city-third"]),
            (0, &["collection", "grant", &year, "city-third", "--reason", "R1", "--lock", "2030-01-31"]),
            (0, &["remind", "list", CITY, "--year", &year]),
            (0, &["credential", "enrol", "p1", "--new"]),
            (0, &["credential", "grant", "p2", "viewer", "jurisdictions/230100", "--new"]),
            (0, &["credential", "principals"]),
            (0, &["credential", "list"]),
            (1, &["credential", "exchange", "AAAA"]),
            (2, &["credential", "grant", "p2", "king"]),
            (2, &["credential", "grant", "p2", "viewer"]),
            (0, &["journal"]),
            (1, &["journal", "strike", "999999", "--reason", "R1"]),
            (0, &["verify"]),
            (1, &["report", "get", "agencies/nobody-here/reports/2022"]),
            (1, &["rollup", "999999", "--year", &year]),
            (0, &["explain"]),
            (0, &["explain", "T3-ROW-TOTAL"]),
            (2, &["explain", "NO-SUCH-RULE"]),
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_store_and_its_backups_is_told_in_one_language() {
    let server = lived_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let text = |name: &str, content: &str| {
        fs::write(path(name), content).unwrap();
        path(name)
    };
    let config = text("config.toml", "listen = \"127.0.0.1:0\"\n");
    let broken = text("broken.toml", "[limits]\nmessage_bytes = \"many\"\n");
    let zero = text("zero.toml", "[limits]\nmessage_bytes = 0\n");
    let (backup, store) = (path("one.backup"), path("store"));
    for (name, arguments) in [
        (&backup, &["backup", "--output", &backup][..]),
        (&store, &["restore", &backup, "--data", &store, "--accept-older-access"]),
    ] {
        let output = run(&server, "both", arguments);
        assert!(output.status.success() && Path::new(name).exists(), "{}", told(&output));
    }
    // Each language has its own.
    for lang in ["en", "zh"] {
        for (arguments, file) in [
            (&["backup", "--output"][..], "backup"),
            (&["journal", "export", "--output"], "journal"),
            (&["journal", "head", "--output"], "head"),
            (&["salvage", "--data", &store, "--output"], "salvaged"),
            (&["restore", &backup, "--accept-older-access", "--data"], "restored"),
            (&["init", "--data"], "new"),
        ] {
            let output = run(&server, lang, &[arguments, &[&path(&format!("{file}.{lang}"))]].concat());
            let text = told(&output);
            let other = if lang == "en" { chinese(&text).map(String::from) } else { english(&text) };
            assert!(output.status.success() && other.is_none(), "--lang {lang} {arguments:?}: {other:?} in\n{text}");
        }
    }
    let (journal, head) = (path("journal.en"), path("head.en"));
    all_speak_one_language(
        &server,
        &[
            (0, &["verify", "--data", &store]),
            (1, &["verify", "--data", &path("nowhere")]),
            (0, &["restore", &backup, "--check"]),
            (1, &["restore", &config, "--check"]),
            (1, &["restore", &path("nowhere.backup"), "--check"]),
            (2, &["restore", &backup, "--data", &path("other")]),
            (1, &["restore", &backup, "--data", &store, "--accept-older-access"]),
            (2, &["backup", "--output", &backup]),
            (1, &["backup", "--output", &path("no/folder/at/all.backup")]),
            (0, &["journal", "verify", &journal]),
            (0, &["journal", "verify", &journal, "--head", &head]),
            (1, &["journal", "verify", &journal, "--receipt", &config]),
            (1, &["journal", "verify", &path("nowhere.jsonl")]),
            (0, &["journal", "verify", "--data", &store]),
            (1, &["salvage", "--data", &path("nowhere"), "--output", &path("nothing")]),
            (0, &["init", "--data", &store]),
            (0, &["doctor", "--data", &store, "--config", &config]),
            (1, &["doctor", "--data", &store, "--config", &broken]),
            (1, &["doctor", "--data", &path("nowhere"), "--config", &zero]),
            (2, &["serve", "--config", &path("nowhere.toml")]),
            (2, &["serve", "--config", &broken]),
            (2, &["serve", "--config", &zero]),
            (2, &["init", "--config", &broken]),
            (2, &["store", "status", "sqlite://x"]),
            (2, &["store", "move", "a", "b"]),
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_files_and_arguments_is_told_in_one_language() {
    let server = lived_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = |name: &str, content: &[u8]| {
        fs::write(path(name), content).unwrap();
        path(name)
    };
    let sample = path("report.docx");
    let year = YEAR.to_string();
    assert!(
        run(&server, "en", &["sample", "--agency", "city-third", "--year", &year, "--output", &sample])
            .status
            .success()
    );
    let header = "type,code,parent,name,level,kind,first_year\n";
    let csv = |name: &str, rows: &str| file(&format!("{name}.csv"), format!("{header}{rows}").as_bytes());
    let document = fs::read(&sample).unwrap();
    // What is wrong with it, and what has to be said in both languages.
    let registries = [
        (file("document.xlsx", &document), "DOCX", "DOCX"),
        (file("document.csv", &document), "DOCX", "DOCX"),
        (file("old.xlsx", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more"), "OLE", "OLE"),
        (
            csv(
                "quote",
                "agency,one-agency,230100,\"A,,department,2019\nagency,two-agency,230100,B,,department,2019\n",
            ),
            "line 2",
            "第2行",
        ),
        (
            csv(
                "two-quotes",
                "agency,one-agency,230100,\"A,,department,2019\nagency,two-agency,230100,\"B\",,department,2019\n",
            ),
            "line 2",
            "第2行",
        ),
        (csv("zero", "agency,one-agency,230100,A\0,,department,2019\n"), "line 2", "第2行"),
        (file("semicolons.csv", header.replace(',', ";").as_bytes()), "semicolons", "分号"),
        (file("tabs.csv", header.replace(',', "\t").as_bytes()), "tabs", "制表符"),
        (file("wide.csv", header.replace(',', "，").as_bytes()), "Chinese commas", "中文逗号"),
        (file("list.json", b"[1, 2]"), "lists", "列表"),
        (file("text.json", b"\"registry\""), "lists", "列表"),
        (file("object.json", b"{\"agencies\": {}}"), "line 1", "第1行"),
        (file("cut.json", b"{\"agencies\": ["), "line 1", "第1行"),
        (file("empty.csv", b""), "empty", "为空"),
        (csv("unknown", "ward,1,,A,,,20x2\n"), "line 2", "第2行"),
        (path("nowhere.csv"), "nowhere.csv", "nowhere.csv"),
        // Refused by the service, by the line of the file and, where that is told, the column.
        (
            csv(
                "orphan",
                "agency,one-agency,230100,A-one,,department,2019\n\nagency,two-agency,999999,A-two,,department,2019\n",
            ),
            "line 4",
            "第4行",
        ),
    ];
    let mut wrong = Vec::new();
    for (file, en, zh) in &registries {
        wrong.extend(speaks_one_language(&server, 1, &["registry", "import", file, "--dry-run"]));
        for (lang, words) in [("en", en), ("zh", zh)] {
            let text = told(&run(&server, lang, &["registry", "import", file, "--dry-run"]));
            if !text.contains(words) {
                wrong.push(format!("--lang {lang} {file}: no {words:?} in\n{text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n---\n"));
    let other_csv = file("other.csv", b"a,b\n1,2\n");
    let lines = file("lines.jsonl", b"{\"name\": 3}\n{\"nome\": \"x\"}\n{\"name\": \"x\"\n");
    let unknown = file("picture.docx", b"\x89PNG\r\n\x1a\n and more");
    let third = ["--agency", "city-third", "--year", year.as_str()];
    all_speak_one_language(
        &server,
        &[
            (0, &["check", &sample]),
            (0, &["read", &sample]),
            (1, &["check", &other_csv]),
            (1, &["check", &unknown]),
            (1, &["check", &path("nowhere.docx")]),
            (1, &["submit", &lines]),
            (1, &["submit", &path("nowhere.docx")]),
            (1, &["submit", &unknown]),
            (1, &["submit", &sample]),
            (1, &[&["submit", &path("nowhere.jsonl")][..], &third].concat()),
            (2, &["registry", "import", &path("registry.txt")]),
            (2, &["coverage", CITY, "--year", "20x2"]),
            (2, &["submit", &sample, "--year", "20x2"]),
            (2, &["submit", &sample, "--agency", "Ä", "--year", &year]),
            (2, &["submit", &sample, "--jurisdiction", "12"]),
            (2, &["submit", &sample, "--reason", "x"]),
            (2, &["submit", &sample, "--set", "x=1"]),
            (2, &["rollup", CITY, "--year", "2022..x"]),
            (2, &["report", "list", "--year", "soon"]),
            (2, &["report", "return", "x", "--comment", "x"]),
            (2, &["collection", "open", &year, "--due", "town=2026-01-31"]),
            (2, &["collection", "open", &year, "--due", "city=soon"]),
            (2, &["collection", "lock", &year, "--at", "soon"]),
            (2, &["collection", "show", "--time-zone", "Mars/Olympus"]),
            (2, &["credential", "bootstrap", "Ä"]),
            (2, &["contacts", "set", "city-third", "--person", "a;b;c;d;e"]),
            (2, &["template", "city-third", "--year", &year, "--output", "x.docx"]),
            (2, &["remind", "list", CITY, "--year", &year, "--to", "x.docx"]),
            (2, &["export", "all", "--year", &year, "--output", "x.docx"]),
            (2, &["form", CITY, "--year", &year, "--output", "x.exe"]),
            (2, &["form", CITY, "--year", &year, "--format", "xlsx"]),
            (1, &["form", CITY, "--year", &year, "--output", &path("no/folder/form.docx")]),
            (2, &["verify", "--server", "ftp://127.0.0.1:1"]),
            (3, &["verify", "--server", "http://127.0.0.1:1"]),
            (2, &["verify", "--token-file", &path("nowhere")]),
            (2, &["verify", "--server", "http://example.com", "--token", "x"]),
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_for_programs_is_the_same_in_every_language() {
    let server = lived_in().await;
    let year = YEAR.to_string();
    for arguments in [
        &["report", "list", "--year", &year][..],
        &["registry", "show", CITY],
        &["collection", "show"],
        &["coverage", CITY, "--year", &year],
    ] {
        let printed = |lang: &str| run(&server, lang, &[arguments, &["--format", "csv"]].concat()).stdout;
        let (zh, en) = (printed("zh"), printed("en"));
        assert!(!zh.is_empty() && zh == en, "{arguments:?}: {}", String::from_utf8_lossy(&zh));
    }
}
