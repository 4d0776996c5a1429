//! What stands in the README can be pasted: every command of its walk is run in order, on a fresh demonstration at another
//! port, with the one id that it prints; and both languages have the same commands.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const ENGLISH: &str = include_str!("../../README.md");
const CHINESE: &str = include_str!("../../README.zh-CN.md");

/// What a command that ends without success says beside it.
const REFUSED: &str = "is refused";

/// The commands in a text, with what stands beside them.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut in_shell = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            in_shell = language == "sh";
        } else if in_shell {
            let (command, beside) = line.split_once(" # ").unwrap_or((line, ""));
            found.push((command.trim_end().to_owned(), beside.trim().to_owned()));
        }
    }
    found
}

/// The part under a heading.
fn part<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).unwrap();
    rest.split_once("\n## ").map_or(rest, |(part, _)| part)
}

#[test]
fn both_languages_have_the_same_commands() {
    let plain = |text| commands(text).into_iter().map(|(command, _)| command).collect::<Vec<_>>();
    for (english, chinese) in [
        ("## Try it", "## 试一试"),
        ("## For the systems of agencies", "## 机关业务系统"),
        ("## For dashboards of your own", "## 自建看板"),
        ("## For operators", "## 运维"),
    ] {
        assert_eq!(plain(part(ENGLISH, english)), plain(part(CHINESE, chinese)));
    }
}

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A demonstration, its address, and the agency that is left free in it.
fn demonstration() -> (Demo, String, String) {
    let program = env!("CARGO_BIN_EXE_huizong");
    let arguments = ["demo", "--agencies", "300", "--years", "2022..2023", "--listen", "127.0.0.1:0"];
    let child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut demo = Demo(child);
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut after = |words: &str| {
        let line = lines.find(|line| line.contains(words)).unwrap_or_else(|| panic!("no {words}"));
        line.split(words).nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    };
    let (server, id) = (after("Address: "), after("--agency "));
    // What the demonstration prints are commands that work there.
    let hint = lines.find(|line| line.contains("huizong submit")).unwrap();
    assert!(hint.contains(&format!("--server {server}")), "{hint}");
    (demo, server, id)
}

/// A shell in a folder, in which the program is found and speaks to the service.
fn shell(command: &str, folder: &Path, server: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_huizong")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env("PATH", path).env("HUIZONG_SERVER", server);
    shell.output().unwrap()
}

#[test]
fn every_command_of_the_walk_is_as_it_says() {
    let (_demo, server, id) = demonstration();
    let folder = tempfile::tempdir().unwrap();
    let walk = commands(part(ENGLISH, "## Try it"));
    let walk: Vec<_> = walk.into_iter().filter(|(command, _)| command.starts_with("huizong")).collect();
    assert!(walk.len() > 8, "{walk:?}");
    for (command, beside) in walk {
        let command = command.replace("ID", &id);
        let output = shell(&command, folder.path(), &server);
        let expected = if beside == REFUSED { Some(1) } else { Some(0) };
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), expected, "{command}: {said}");
        assert!(beside != REFUSED || said.contains("T3-ROW-TOTAL"), "{said}");
    }
}

/// What must be there before a command of the operators' part: files that it names, a report in the state that it asks for.
const BEFORE: [(&str, &str); 4] = [
    ("huizong registry import", "huizong registry export registry.csv"),
    (
        "huizong report list",
        "huizong sample --agency ID --year 2022 --output a.docx && huizong submit a.docx --agency ID --year 2022",
    ),
    ("huizong report accept", "huizong submit a.docx --agency ID --year 2022 --etag current --correction 已核对"),
    ("huizong salvage", "rm -f FILE"),
];

/// Commands that other tests run, for they need what no demonstration has: a government's own report, settings and keys of an
/// installation, people to whom a code is handed, a tool of others.
const ELSEWHERE: [&str; 7] = [
    "huizong submit REPORT.docx",
    "huizong serve --config",
    "huizong doctor --config",
    "huizong restore FILE --data DIR --access-from OLD",
    "huizong credential",
    "grpcurl",
    "pip",
];

#[test]
fn every_other_command_runs_too() {
    let (_demo, server, id) = demonstration();
    let folder = tempfile::tempdir().unwrap();
    let address = server.strip_prefix("http://").unwrap();
    let parts = ["## For the systems of agencies", "## For dashboards of your own", "## For operators"];
    let all = parts.iter().flat_map(|heading| commands(part(ENGLISH, heading)));
    let here = |command: &str| !ELSEWHERE.iter().any(|elsewhere| command.starts_with(elsewhere));
    let all: Vec<String> = all.map(|(command, _)| command).filter(|command| !command.starts_with(' ')).collect();
    let mut ran = 0;
    for command in all.iter().filter(|command| here(command)) {
        let placed = |text: &str| {
            let text = text.replace("AGENCY", "ID").replace("ID", &id).replace("127.0.0.1:7411", address);
            // A year that has ended, in the demonstration, and times that are still to come.
            text.replace("2026", "2022").replace("2027", "2199")
        };
        if let Some((_, before)) = BEFORE.iter().find(|(begins, _)| command.starts_with(begins)) {
            let output = shell(&placed(before), folder.path(), &server);
            assert!(output.status.success(), "{before}: {output:?}");
        }
        let output = shell(&placed(command), folder.path(), &server);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    assert!(ran > 20, "{ran} of {all:?}");
}
