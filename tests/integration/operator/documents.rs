//! Pages for people against what they speak of: tests, reasons, alert rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use huizong::service::Reason;
use huizong::wire::code_number;
use regex::Regex;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// UPPER_SNAKE_CASE name of a status code.
fn code_name(reason: Reason) -> String {
    let name = format!("{:?}", tonic::Code::from(code_number(reason.code())));
    let breaks = Regex::new("([a-z])([A-Z])").unwrap();
    breaks.replace_all(&name, "${1}_$2").to_uppercase()
}

#[test]
fn every_reason_of_an_error_has_a_page_in_both_languages() {
    let index = read("docs/errors/README.md");
    for reason in Reason::ALL {
        let name = reason.as_str();
        let page = read(&format!("docs/errors/{name}.md"));
        for part in [
            format!("# {name}\n"),
            format!("Status code: `{}`\n", code_name(*reason)),
            "## 中文\n\n**原因** ".to_owned(),
            "\n**处理** ".to_owned(),
            "## English\n\n**Cause** ".to_owned(),
            "\n**Remedy** ".to_owned(),
        ] {
            assert!(page.contains(&part), "docs/errors/{name}.md has no {part:?}");
        }
        assert!(index.contains(&format!("[{name}]({name}.md)")), "docs/errors/README.md leaves out {name}");
    }
}

/// The shell blocks of a page.
pub fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default())
}

#[test]
fn every_alert_names_a_section_of_the_handbook() {
    let handbook = read("docs/operations.md");
    let anchor = |heading: &str| heading.trim().to_lowercase().replace(' ', "-");
    let headings: BTreeSet<String> =
        handbook.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').map(anchor)).collect();
    let rules = read("deploy/prometheus/alerts.yml");
    let (alerts, runbooks) = (rules.matches("- alert: ").count(), rules.matches("runbook: ").count());
    assert!(alerts > 5 && alerts == runbooks, "{alerts} alerts, {runbooks} runbooks");
    for named in rules.split("runbook: docs/operations.md#").skip(1).filter_map(|rest| rest.lines().next()) {
        assert!(headings.contains(named), "no section {named} among {headings:?}");
    }
}

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_a_guarantee_names_exists() {
    let mut code = String::new();
    for folder in ["src", "tests"] {
        sources(&root().join(folder), &mut code);
    }
    let page = read("docs/guarantees.md") + &read("SECURITY.md");
    let name = Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){2,})`").unwrap();
    let mut named = 0;
    for test in name.captures_iter(&page).map(|found| found[1].to_owned()) {
        let there = [format!("fn {test}("), format!("\"{test}\"")].iter().any(|form| code.contains(form));
        assert!(there, "no test {test}");
        named += 1;
    }
    let file = Regex::new("`((?:src|tests)/[a-z_/]+(?:\\.rs)?)`").unwrap();
    for path in file.captures_iter(&page).map(|found| found[1].to_owned()) {
        assert!(root().join(&path).exists(), "no {path}");
    }
    assert!(named > 40, "{named}");
}
