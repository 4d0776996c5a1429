//! The vectors in `conformance/vectors`: what the service says is what stands there, and the runner, which knows nothing but
//! the contract, finds a service that says otherwise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use huizong::form::{Kind, Presence, catalogue, edition_for_year};
use huizong::pb::registry_change::Change;
use huizong::pb::{self, Dimension};
use huizong::report::{Cell, DocumentSource, Figures, Narrative, ReportKey, canonical_content};
use huizong::rules::{Rule, all_rules};
use huizong::wire::{figures_to_wire, narrative_to_wire, source_to_wire, to_json};
use serde_json::{Value, json};

use crate::support::{AGENCIES, COUNTY, PROVINCE, Server, change, small_registry, value};

/// Agency of the vectors of rules; the others hand in what is added up.
const JUDGED: &str = AGENCIES[0];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

fn prescribed(year: u16) -> Vec<String> {
    let edition = edition_for_year(year).unwrap();
    let cells = catalogue().cells_of(edition);
    let cells = cells.filter(|cell| catalogue().presence(edition, cell.id) == Presence::Prescribed);
    cells.map(|cell| cell.path.clone()).collect()
}

fn zeros(year: u16) -> Figures {
    let mut figures = Figures::blank(edition_for_year(year).unwrap());
    for path in prescribed(year) {
        figures.set(catalogue().cell_at(&path).unwrap(), Cell::Number(0));
    }
    figures
}

/// A report of the vectors.
struct Case {
    what: String,
    agency: String,
    year: u16,
    figures: Figures,
    narrative: Option<Narrative>,
    answers: Vec<(String, &'static str)>,
    source: Option<DocumentSource>,
    /// The agency's report of the year before, which is handed in before anything is judged.
    earlier: Option<Box<Case>>,
    /// What the agency is called, where it matters.
    own_name: Option<&'static str>,
}

impl Case {
    fn submission(&self) -> pb::SubmitReportRequest {
        let answer = |(rule, reason): &(String, &str)| pb::Answer {
            rule: rule.clone(),
            reason: (*reason).to_owned(),
            ..Default::default()
        };
        pb::SubmitReportRequest {
            name: format!("{}/reports/{}", self.agency, self.year),
            form: Some(figures_to_wire(&self.figures).into()),
            narrative: self.narrative.as_ref().map(narrative_to_wire),
            answers: self.answers.iter().map(answer).collect(),
            source: self.source.as_ref().map(source_to_wire),
            ..Default::default()
        }
    }

    /// What is filled in otherwise than with zero where zero is prescribed.
    fn zero_but(&self) -> BTreeMap<String, Value> {
        let zeros = zeros(self.year);
        let cells = catalogue().cells_of(self.figures.edition());
        let differs = cells.filter(|cell| self.figures.get(cell.id) != zeros.get(cell.id));
        let form = figures_to_wire(&self.figures);
        let told = |path: &str| {
            let index = pb::FORM_CELL_PATHS.iter().position(|known| *known == path).unwrap();
            match pb::form_cell(&form, index) {
                Some(pb::FormCell::Count(count)) => json!(count),
                Some(pb::FormCell::Amount(amount)) => json!(amount),
                None if form.not_applicable.iter().any(|one| one == path) => json!("n/a"),
                None => Value::Null,
            }
        };
        differs.map(|cell| (cell.path.clone(), told(&cell.path))).collect()
    }

    /// What is handed in.
    fn report_json(&self) -> Value {
        let narrative = self.narrative.as_ref().map(|narrative| message_json(&narrative_to_wire(narrative)));
        json!({
            "report": format!("{}/reports/{}", self.agency, self.year),
            "zero_but": self.zero_but(),
            "narrative": narrative,
            "answers": self.answers.iter().map(|(rule, reason)| json!({ "rule": rule, "reason": reason })).collect::<Vec<_>>(),
            "source": self.source.as_ref().map(|source| message_json(&source_to_wire(source))),
        })
    }

    fn to_json(&self, verdict: &pb::CheckReportResponse) -> Value {
        let key: ReportKey = format!("{}/reports/{}", self.agency, self.year).parse().unwrap();
        let canonical = canonical_content(&key, &self.figures, self.narrative.as_ref());
        let term = |term: &pb::FindingTerm| {
            json!([term.cell, value(&term.value), term.negative, term.computed, term.previous_year])
        };
        let finding = |finding: &pb::Finding| {
            let message = finding.message.clone().unwrap_or_default();
            json!({
                "rule": finding.rule,
                "severity": finding.severity().as_str_name(),
                "left": finding.left.iter().map(term).collect::<Vec<_>>(),
                "right": finding.right.iter().map(term).collect::<Vec<_>>(),
                "difference": value(&finding.difference),
                "zh": message.zh,
                "en": message.en,
            })
        };
        let computed: BTreeMap<_, _> =
            verdict.computed.iter().map(|one| (one.cell.clone(), value(&one.value))).collect();
        let mut told = json!({
            "what": self.what,
            "earlier": self.earlier.as_ref().map(|earlier| earlier.report_json()),
            "canonical": canonical,
            "sha256": verdict.content_sha256,
            "verdict": {
                "passes": verdict.passes,
                "unanswered": verdict.unanswered_rules,
                "computed": computed,
                "findings": verdict.findings.iter().map(finding).collect::<Vec<_>>(),
            },
        });
        told.as_object_mut().unwrap().append(self.report_json().as_object_mut().unwrap());
        told
    }
}

fn message_json<M: prost::Message + prost::Name>(message: &M) -> Value {
    serde_json::from_str(&to_json(message).unwrap()).unwrap()
}

fn set(figures: &mut Figures, path: &str, number: i64) {
    figures.set(catalogue().cell_at(path).unwrap(), Cell::Number(number));
}

/// A report in order in which so many were received of natural persons, and all disclosed.
fn in_order(agency: &str, year: u16, requests: i64) -> Case {
    let mut figures = zeros(year);
    for line in ["received", "disclosed", "outcomes_total"] {
        for column in ["natural_person", "total"] {
            set(&mut figures, &format!("requests.{line}.{column}"), requests);
        }
    }
    Case {
        what: format!("{requests} requests, in order"),
        agency: agency.to_owned(),
        year,
        figures,
        narrative: None,
        answers: Vec::new(),
        source: None,
        earlier: None,
        own_name: None,
    }
}

/// The example of a rule, of an agency of its own.
fn example(rule: &Rule) -> Option<Case> {
    let shown = rule.demonstrate()?;
    let agency = format!("agencies/vector-{}", rule.id.to_lowercase());
    let of = |year: u16, figures: Option<Figures>, narrative: Option<Narrative>| Case {
        what: format!("{EXAMPLE}{}", rule.id),
        agency: agency.clone(),
        year,
        figures: figures.unwrap_or_else(|| zeros(year)),
        narrative,
        answers: Vec::new(),
        source: None,
        earlier: None,
        own_name: shown.own_name,
    };
    let year = shown.year.get();
    let has_earlier = shown.previous.is_some() || shown.previous_narrative.is_some();
    let earlier = has_earlier.then(|| Box::new(of(year - 1, shown.previous.clone(), shown.previous_narrative.clone())));
    Some(Case {
        source: shown.source.clone(),
        earlier,
        ..of(year, Some(shown.figures.clone()), shown.narrative.clone())
    })
}

/// The example of every rule; then what is about the form and its content.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = all_rules().filter(|rule| !OF_THE_DAY.contains(&rule.id)).filter_map(example).collect();
    let mut blank = in_order(JUDGED, 2022, 10);
    blank.what = "totals left blank, which are computed, and the warning answered".to_owned();
    for line in ["received", "outcomes_total"] {
        blank.figures.set(catalogue().cell_at(&format!("requests.{line}.total")).unwrap(), Cell::Blank);
    }
    blank.answers = vec![("TOTAL-BLANK".to_owned(), "由系统计算")];
    cases.push(blank);
    let mut amounts = in_order(JUDGED, 2022, 1);
    amounts.what = "an amount with decimals, a cell that does not apply, and a text with what is escaped".to_owned();
    set(&mut amounts.figures, "proactive_disclosure.administrative_fees", 592_372_449_000);
    let other = catalogue().cell_at("proactive_disclosure.administrative_compulsions").unwrap();
    amounts.figures.set(other, Cell::NotApplicable);
    amounts.narrative =
        Some(Narrative { overview: Some("第一行\n第二行\\反斜杠\t制表".to_owned()), ..Default::default() });
    cases.push(amounts);
    cases
}

/// Begins what the example of a rule is called.
const EXAMPLE: &str = "the example of ";

/// Rules that today's date breaks, or a year for which there is no form.
const OF_THE_DAY: [&str; 2] = ["YEAR-OPEN", "EDITION-YEAR"];

async fn reports() -> Value {
    let server = with_registry().await;
    let judge = async |case: &Case| {
        let check = pb::CheckReportRequest { submission: Some(case.submission()) };
        server.forms().check_report(check).await.unwrap().into_inner()
    };
    let mut cases = cases();
    for case in &mut cases {
        let Some(earlier) = &mut case.earlier else { continue };
        let unanswered = judge(earlier).await.unanswered_rules;
        earlier.answers = unanswered.into_iter().map(|rule| (rule, "示例")).collect();
        server.submit(earlier.submission()).await.unwrap();
    }
    let mut reports = Vec::new();
    for case in &cases {
        let verdict = judge(case).await;
        if let Some(rule) = case.what.strip_prefix(EXAMPLE) {
            assert!(verdict.findings.iter().any(|finding| finding.rule == rule), "{rule}: {:?}", verdict.findings);
        }
        reports.push(case.to_json(&verdict));
    }
    let editions = [2019, 2022].map(|year| {
        json!({ "edition": edition_for_year(year).unwrap().id, "first_year": edition_for_year(year).unwrap().first_year,
                "prescribed": prescribed(year) })
    });
    let amounts = catalogue().cells.iter().filter(|cell| cell.kind == Kind::Money).map(|cell| cell.path.as_str());
    json!({
        "format": "huizong-conformance/1",
        "registry": message_json(&registry()),
        "editions": editions,
        "amounts": amounts.collect::<Vec<_>>(),
        "reports": reports,
    })
}

/// The small registry, and the agencies of the examples.
fn registry_changes() -> Vec<pb::RegistryChange> {
    let of_example = |case: &Case| {
        let kind = if case.own_name.is_some() { pb::AgencyKind::Department } else { pb::AgencyKind::GovernmentOffice };
        change(Change::CreateAgency(pb::Agency {
            name: case.agency.clone(),
            jurisdiction: COUNTY.to_owned(),
            // The names of two examples may be one.
            display_name: case.own_name.map_or_else(|| case.agency.clone(), str::to_owned),
            kind: kind.into(),
            first_year: 2019,
            ..Default::default()
        }))
    };
    let cases = cases();
    let examples = cases.iter().filter(|case| case.what.starts_with(EXAMPLE)).map(of_example);
    small_registry().into_iter().chain(examples).collect()
}

fn registry() -> pb::ApplyRegistryChangesRequest {
    // Two of the examples are of one name.
    let confirmed = vec!["agencies/-".to_owned()];
    pb::ApplyRegistryChangesRequest { changes: registry_changes(), confirmed, ..Default::default() }
}

async fn with_registry() -> Server {
    let server = Server::start().await;
    server.registry().apply_registry_changes(registry()).await.unwrap();
    server
}

async fn sums() -> Value {
    let server = with_registry().await;
    let mut handed_in = Vec::new();
    for (at, agency) in AGENCIES.iter().enumerate() {
        for year in [2021, 2022] {
            let case = in_order(agency, year, 7 * (at as i64 + 1) + i64::from(year) % 10);
            server.submit(case.submission()).await.unwrap();
            let check = pb::CheckReportResponse { content_sha256: String::new(), ..Default::default() };
            let mut told = case.to_json(&check);
            for unneeded in ["verdict", "sha256", "canonical", "narrative", "earlier", "source"] {
                told.as_object_mut().unwrap().remove(unneeded);
            }
            handed_in.push(told);
        }
    }
    let mut questions = Vec::new();
    for (what, group_by, page_size) in [
        ("the whole", &[][..], 0),
        ("by agency, two rows a page", &[Dimension::Agency], 2),
        ("by place and year, three rows a page", &[Dimension::ChildJurisdiction, Dimension::Year], 3),
        ("by requester type", &[Dimension::RequesterType], 0),
        ("by outcome", &[Dimension::Outcome], 5),
    ] {
        let mut asked = pb::QueryRollupRequest {
            scope: crate::support::scope(PROVINCE),
            first_year: 2021,
            last_year: 2022,
            measures: vec!["requests.received".to_owned()],
            group_by: group_by.iter().map(|one| i32::from(*one)).collect(),
            page_size,
            ..Default::default()
        };
        if group_by.contains(&Dimension::Outcome) {
            asked.measures = vec!["requests".to_owned()];
        }
        let question: Value = serde_json::from_str(&to_json(&asked).unwrap()).unwrap();
        let mut pages = Vec::new();
        loop {
            let Ok(page) = server.rollups().query_rollup(asked.clone()).await else { break };
            let page = page.into_inner();
            let rows = page.rows.iter().map(|row| serde_json::from_str::<Value>(&to_json(row).unwrap()).unwrap());
            pages.push(rows.collect::<Vec<_>>());
            asked.page_token = page.next_page_token;
            if asked.page_token.is_empty() {
                break;
            }
        }
        if !pages.is_empty() {
            questions.push(json!({ "what": what, "question": question, "pages": pages }));
        }
    }
    json!({ "format": "huizong-conformance/1", "registry": message_json(&registry()), "handed_in": handed_in, "questions": questions })
}

fn compare(file: &str, served: &Value) {
    let path = folder().join("vectors").join(file);
    let served = serde_json::to_string_pretty(served).unwrap() + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &served).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == served, "{file}: run this test with INSTA_UPDATE=always, and look at what changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vectors_are_what_the_service_says() {
    compare("reports.json", &reports().await);
    compare("sums.json", &sums().await);
}

fn run(vectors: &Path, more: &[&str]) -> Output {
    Command::new("python3")
        .arg(folder().join("run.py"))
        .args(["--vectors", vectors.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runner_passes_the_service_and_finds_one_that_is_wrong() {
    let vectors = folder().join("vectors");
    let server = Server::start().await;
    let output = run(&vectors, &["--server", &server.url]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let offline = run(&vectors, &["--check", env!("CARGO_BIN_EXE_huizong")]);
    assert!(offline.status.success(), "{}", String::from_utf8_lossy(&offline.stdout));

    let doctored = tempfile::tempdir().unwrap();
    for file in ["reports.json", "sums.json"] {
        let text = std::fs::read_to_string(vectors.join(file)).unwrap();
        let text =
            text.replacen("\"T3-ROW-TOTAL\"", "\"T3-ROW-TOTAL-NOT\"", 1).replacen("\"count\": \"", "\"count\": \"9", 1);
        std::fs::write(doctored.path().join(file), text).unwrap();
    }
    let again = Server::start().await;
    let output = run(doctored.path(), &["--server", &again.url]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("T3-ROW-TOTAL"), "{said}");
}
