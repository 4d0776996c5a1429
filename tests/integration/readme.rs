//! What stands in the README can be pasted: every command of its walk is run in order, on a fresh demonstration at another
//! port, with the one id that it prints; and both languages have the same commands.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

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
    for (english, chinese) in [("## Try it", "## 试一试"), ("## For the systems of agencies", "## 机关业务系统")]
    {
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

#[test]
fn every_command_of_the_walk_is_as_it_says() {
    let program = env!("CARGO_BIN_EXE_huizong");
    let arguments = ["demo", "--agencies", "300", "--years", "2022..2023", "--listen", "127.0.0.1:0"];
    let child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut demo = Demo(child);
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut after = |words: &str| {
        let line = lines.find(|line| line.contains(words)).unwrap_or_else(|| panic!("no {words}"));
        line.split(words).nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    };
    let server = after("Address: ");
    let id = after("--agency ");
    // What the demonstration prints are commands that work there.
    let hint = lines.find(|line| line.contains("huizong submit")).unwrap();
    assert!(hint.contains(&format!("--server {server}")), "{hint}");

    let folder = tempfile::tempdir().unwrap();
    let programs = std::path::Path::new(program).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let walk = commands(part(ENGLISH, "## Try it"));
    let walk: Vec<_> = walk.into_iter().filter(|(command, _)| command.starts_with("huizong")).collect();
    assert!(walk.len() > 8, "{walk:?}");
    for (command, beside) in walk {
        let command = command.replace("ID", &id);
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("HUIZONG_SERVER", &server)
            .output()
            .unwrap();
        let expected = if beside == REFUSED { Some(1) } else { Some(0) };
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), expected, "{command}: {said}");
        assert!(beside != REFUSED || said.contains("T3-ROW-TOTAL"), "{said}");
    }
}
