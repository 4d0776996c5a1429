//! Documents out and figures back in, by the command line against a real server.

use std::path::Path;
use std::process::{Command, Output};

use huizong::document::template::{Returned, is_template, read_template, write_with_marks};
use huizong::document::write::Format;
use huizong::form::catalogue;
use huizong::pb::{self, DocumentFormat};
use huizong::report::Cell;
use tempfile::TempDir;
use tonic::Code;

use crate::support::{AGENCIES, CITY, PROVINCE, Server, YEAR, problem, report, report_name};

fn huizong(server: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).args(["--server", server]).output().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

async fn server_with_reports() -> Server {
    let server = Server::with_registry().await;
    for (agency, requests) in AGENCIES.iter().zip([3, 5, 7, 11]) {
        server.store(report(agency, requests)).await;
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_the_same_file_from_the_command_line_and_over_grpc() {
    let server = server_with_reports().await;
    let folder = TempDir::new().unwrap();
    for format in Format::ALL {
        let file = path(&folder, &format!("form.{}", format.ending()));
        succeeds(&huizong(&server.url, &["form", PROVINCE, "--year", &YEAR.to_string(), "--output", &file]));
        let request = pb::RenderConsolidatedFormRequest {
            scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
            year: YEAR.into(),
            format: on_the_wire(format).into(),
        };
        let answer = server.rollups().render_consolidated_form(request).await.unwrap().into_inner();
        assert!(answer.content == std::fs::read(&file).unwrap(), "{format:?}");
        assert_eq!(answer.content_type, format.content_type());
        assert_eq!(answer.file_name, format!("黑龙江省{YEAR}年政府信息公开工作年度报告.{}", format.ending()));
        assert_eq!(answer.coverage.map(|coverage| (coverage.expected, coverage.received)), Some((6, 4)));
        assert_eq!(answer.as_of, server.sequence().await);
    }
    let html = std::fs::read_to_string(folder.path().join("form.html")).unwrap();
    assert!(html.contains(r#"data-cell="requests.received.total">26</td>"#));
    let refused = huizong(&server.url, &["form", PROVINCE, "--year", "2022", "--output", &path(&folder, "form.pdf")]);
    assert_eq!(refused.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_printed_with_the_hash_of_its_receipt() {
    let server = Server::with_registry().await;
    let receipt = server.store(report(AGENCIES[0], 4)).await;
    let folder = TempDir::new().unwrap();
    for name in [report_name(AGENCIES[0]), receipt.revision.clone()] {
        let file = path(&folder, "report.html");
        succeeds(&huizong(&server.url, &["report", "get", &name, "--output", &file]));
        let html = std::fs::read_to_string(&file).unwrap();
        for text in [&receipt.content_sha256, &receipt.revision, "city-bureau2022年政府信息公开工作年度报告"]
        {
            assert!(html.contains(text), "{text}");
        }
        assert!(html.contains(r#"data-cell="requests.received.total">4</td>"#));
        for format in Format::ALL {
            let file = path(&folder, &format!("same.{}", format.ending()));
            succeeds(&huizong(&server.url, &["report", "get", &name, "--output", &file]));
            let request = pb::RenderReportRequest { name: name.clone(), format: on_the_wire(format).into() };
            let answer = server.reports().render_report(request).await.unwrap().into_inner();
            assert!(answer.content == std::fs::read(&file).unwrap(), "{format:?}");
            assert_eq!(answer.content_type, format.content_type());
            assert_eq!(
                answer.file_name,
                format!("agencies_city-bureau2022年政府信息公开工作年度报告.{}", format.ending())
            );
        }
    }
}

fn on_the_wire(format: Format) -> DocumentFormat {
    match format {
        Format::Docx => DocumentFormat::Docx,
        Format::Ofd => DocumentFormat::Ofd,
        Format::Html => DocumentFormat::Html,
        Format::Xlsx => DocumentFormat::Xlsx,
        Format::Csv => DocumentFormat::Csv,
        Format::Text => DocumentFormat::Text,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_that_is_not_said_is_refused() {
    let server = Server::with_registry().await;
    for format in [0, 99] {
        let request = pb::RenderConsolidatedFormRequest {
            scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
            year: YEAR.into(),
            format,
        };
        let status = server.rollups().render_consolidated_form(request).await.unwrap_err();
        assert_eq!((status.code(), problem(&status).reason().as_str_name()), (Code::InvalidArgument, "FIELD_INVALID"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_exported_and_handed_in_elsewhere_are_the_same_reports() {
    let server = server_with_reports().await;
    let folder = TempDir::new().unwrap();
    let year = YEAR.to_string();
    for name in ["all.jsonl", "all.csv"] {
        let file = path(&folder, name);
        succeeds(&huizong(&server.url, &["export", "all", "--year", &year, "--output", &file]));
        // As a spreadsheet or an editor saves it again.
        let text = std::fs::read_to_string(&file).unwrap();
        let marked = ["\u{feff}".as_bytes(), text.as_bytes()].concat();
        let wide = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        std::fs::write(&file, if name.ends_with("jsonl") { marked } else { wide }).unwrap();
        let other = Server::with_registry().await;
        succeeds(&huizong(&other.url, &["submit", &file]));
        for agency in &AGENCIES[..4] {
            let (ours, theirs) = (server.get(&report_name(agency)).await, other.get(&report_name(agency)).await);
            let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
            assert_eq!((&ours.content_sha256, &ours.form), (&theirs.content_sha256, &theirs.form), "{name} {agency}");
        }
        assert_eq!(other.received().await, server.received().await);
    }
    let output = huizong(&server.url, &["export", CITY, "--year", &year, "--format", "jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 4, "the city's two agencies and its county's");
    assert!(text.lines().all(|line| line.starts_with(r#"{"name":"agencies/"#)));
}

/// Puts counts into a workbook, as a person does.
fn fill(file: &str, counts: &[(&str, i64)]) {
    let mut returned = read_template(&std::fs::read(file).unwrap()).unwrap();
    for cell in &catalogue().cells {
        returned.figures.set(cell.id, Cell::Number(0));
        if cell.path.starts_with("requests.other.unspecified") {
            returned.figures.set(cell.id, Cell::Blank);
        }
    }
    for (path, count) in counts {
        returned.figures.set(catalogue().cell_at(path).unwrap(), Cell::Number(*count));
    }
    let Returned { answers, .. } = &returned;
    assert!(answers.is_empty());
    std::fs::write(file, write_with_marks(&returned, &[]).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_workbook_comes_back_with_its_errors_marked_and_is_taken_once_they_are_put_right() {
    let server = Server::with_registry().await;
    let folder = TempDir::new().unwrap();
    let agency = AGENCIES[0];
    let (file, marked) = (path(&folder, "filled.xlsx"), path(&folder, "filled.findings.xlsx"));
    let template = ["template", agency, "--year", &YEAR.to_string(), "--output", &file];
    succeeds(&huizong(&server.url, &template));
    let empty = read_template(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((empty.template.agency_name.as_str(), empty.template.year.get()), (agency, YEAR));
    assert_eq!(empty.template.previous, None);

    let line = |line: &str, column: &str| format!("requests.{line}.{column}");
    let paths: Vec<String> = ["received", "disclosed", "outcomes_total"]
        .iter()
        .flat_map(|l| [line(l, "natural_person"), line(l, "total")])
        .collect();
    let right: Vec<_> = paths.iter().map(|path| (path.as_str(), 4)).collect();
    let mut wrong = right.clone();
    wrong[0].1 = 5;
    fill(&file, &wrong);
    let refused = huizong(&server.url, &["submit", &file]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("T3-ROW-TOTAL") && said.contains("filled.findings.xlsx"), "{said}");
    let bytes = std::fs::read(&marked).unwrap();
    assert!(is_template(&bytes));
    assert_eq!(read_template(&bytes).unwrap().figures, read_template(&std::fs::read(&file).unwrap()).unwrap().figures);

    fill(&marked, &right);
    succeeds(&huizong(&server.url, &["submit", &marked]));
    assert_eq!(server.received().await, 4);

    let next = path(&folder, "next.xlsx");
    succeeds(&huizong(&server.url, &["template", agency, "--year", &(YEAR + 1).to_string(), "--output", &next]));
    let previous = read_template(&std::fs::read(&next).unwrap()).unwrap().template.previous.unwrap();
    let received = catalogue().cell_at("requests.received.natural_person").unwrap();
    assert_eq!(previous.get(received), Cell::Number(4), "last year's figures stand beside");
}

#[test]
fn a_template_is_written_without_the_service_too_and_says_what_it_lacks() {
    let folder = TempDir::new().unwrap();
    let file = path(&folder, "t.xlsx");
    // Port 9 is for discarding; nothing listens there.
    let output = huizong("http://127.0.0.1:9", &["template", "some-bureau", "--year", "2020", "--output", &file]);
    succeeds(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("上年数字"));
    let returned = read_template(&std::fs::read(Path::new(&file)).unwrap()).unwrap();
    assert_eq!(returned.template.edition.id, "trial_2019");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_any_format_reads_over_grpc_to_the_same_form_and_the_same_findings() {
    let server = Server::with_registry().await;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    let read = async |name: &str, content: Vec<u8>| {
        let request = pb::ReadDocumentRequest { content, file_name: name.to_owned(), ..Default::default() };
        server.forms().read_document(request).await.map(tonic::Response::into_inner)
    };
    let mut forms = Vec::new();
    for (name, format) in [
        ("district.html", pb::DocumentFormat::Html),
        ("district-gbk.html", pb::DocumentFormat::Html),
        ("district.md", pb::DocumentFormat::Markdown),
        ("district.docx", pb::DocumentFormat::Docx),
        ("district.xlsx", pb::DocumentFormat::Xlsx),
        ("district.pdf", pb::DocumentFormat::Pdf),
        ("district.ofd", pb::DocumentFormat::Ofd),
    ] {
        let answer = read(name, std::fs::read(fixtures.join(name)).unwrap()).await.unwrap();
        assert_eq!((answer.format(), answer.year), (format, 2023), "{name}");
        assert!(
            answer.cells.iter().all(|cell| cell.place.as_ref().is_some_and(|place| !place.zh.is_empty())),
            "{name}"
        );
        // Not every format holds the chapters of text.
        let mut rules: Vec<_> = answer.findings.iter().map(|finding| finding.rule.as_str()).collect();
        rules.retain(|rule| !rule.starts_with("TEXT-"));
        assert_eq!(rules, ["T4-BLOCK-TOTAL", "T4-BLOCK-TOTAL", "ROW-OTHER-MERGED"], "{name}");
        assert!(!answer.diagnoses.is_empty(), "{name}");
        forms.push((name, answer.form.unwrap()));
    }
    for (name, form) in &forms {
        assert!(*form == forms[0].1, "{name} differs from {}", forms[0].0);
    }
    let refused = read("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()).await.unwrap_err();
    assert_eq!(
        (refused.code(), problem(&refused).reason().as_str_name()),
        (Code::InvalidArgument, "DOCUMENT_UNREADABLE")
    );
    assert_eq!(server.sequence().await, 1, "reading leaves nothing behind");
}

/// A report whose form names cells that were not read, which a client may send as `ReadDocument` answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_cells_that_were_not_read_is_refused_whatever_the_door_and_stored_once_they_are_filled_in() {
    let server = Server::with_registry().await;
    let name = "requests.received.natural_person";
    let mut unread = report(AGENCIES[0], 10);
    let form = unread.form.as_mut().unwrap();
    form.requests.as_mut().unwrap().received.as_mut().unwrap().natural_person = None;
    form.unread = vec![name.to_owned()];
    for validate_only in [true, false] {
        let request = pb::SubmitReportRequest { validate_only, ..crate::support::submission(unread.clone()) };
        let status = server.submit(request).await.unwrap_err();
        let problem = problem(&status);
        assert_eq!((status.code(), problem.reason().as_str_name()), (Code::InvalidArgument, "CELLS_UNREAD"));
        assert_eq!(problem.metadata["cells"], "1");
        assert_eq!(problem.field_violations[0].field, "form.unread");
        let words = problem.field_violations[0].description.clone().unwrap().zh;
        assert!(words.contains("自然人") && words.contains("本年新收"), "{words}");
        // Neither a table nor a sum is found fault with for it.
        assert_eq!(problem.findings, []);
    }
    assert_eq!(server.get(&unread.name).await.unwrap_err().code(), Code::NotFound);
    let mut filled = unread.clone();
    let form = filled.form.as_mut().unwrap();
    form.unread.clear();
    form.requests.as_mut().unwrap().received.as_mut().unwrap().natural_person = Some(10);
    server.store(filled).await;
    assert_eq!(server.received().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_every_cell_of_the_form_arrives() {
    let server = Server::with_registry().await;
    let mut unread = report(AGENCIES[0], 10);
    let cells = catalogue().cells.iter().map(|cell| cell.path.clone());
    let cells: Vec<_> = cells.filter(|path| !path.contains("trial_2019") && !path.contains("unspecified")).collect();
    unread.form = Some(Box::new(pb::Form { unread: cells.clone(), ..Default::default() }));
    let status = server.submit(crate::support::submission(unread.clone())).await.unwrap_err();
    assert_eq!(problem(&status).metadata["cells"], cells.len().to_string());
    // A path that is none, or a cell that is read and unread at once, is at fault itself.
    let form = unread.form.as_mut().unwrap();
    form.unread = vec!["requests.no_such_line.total".to_owned()];
    let status = server.submit(crate::support::submission(unread.clone())).await.unwrap_err();
    assert_eq!(problem(&status).reason().as_str_name(), "CELL_INVALID");
    let mut both = report(AGENCIES[0], 10);
    both.form.as_mut().unwrap().unread = vec!["requests.received.total".to_owned()];
    let status = server.submit(crate::support::submission(both)).await.unwrap_err();
    assert_eq!(problem(&status).reason().as_str_name(), "CELL_INVALID");
}

const BUREAU: &str = "agencies/data-bureau";

/// A server with a bureau that has a name, and the document that the service itself prints of its report.
async fn server_with_a_document(folder: &TempDir) -> (Server, String) {
    let server = Server::with_registry().await;
    let agency = pb::Agency {
        name: BUREAU.to_owned(),
        jurisdiction: CITY.to_owned(),
        display_name: "哈尔滨市数据局".to_owned(),
        kind: pb::AgencyKind::Department.into(),
        first_year: 2019,
        ..Default::default()
    };
    server.apply(vec![crate::support::change(pb::registry_change::Change::CreateAgency(agency))]).await;
    let mut written = report(BUREAU, 10);
    written.narrative = Some(pb::Narrative {
        overview: Some("本年度工作平稳开展。".to_owned()),
        problems: Some("主动公开的内容有待丰富，将继续改进。\n人员培训需要加强。".to_owned()),
        other_matters: None,
    });
    server.store(written).await;
    let file = path(folder, "printed.txt");
    succeeds(&huizong(&server.url, &["report", "get", &report_name(BUREAU), "--output", &file]));
    (server, std::fs::read_to_string(file).unwrap())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_cells_that_cannot_be_read_is_listed_refused_and_taken_once_a_person_supplies_them() {
    const CELL: &str = "requests.received.natural_person";
    let folder = TempDir::new().unwrap();
    let (server, printed) = server_with_a_document(&folder).await;
    let garbled: String = printed
        .replace("2022", "2021")
        .split_inclusive('\n')
        .map(|line| {
            if line.starts_with("一、本年新收") {
                line.replacen(" 10 ", " 约10余 ", 1)
            } else {
                line.to_owned()
            }
        })
        .collect();
    assert!(garbled.contains("约10余"), "{garbled}");
    let file = path(&folder, "garbled.txt");
    std::fs::write(&file, garbled).unwrap();
    let meant = ["--agency", "data-bureau", "--year", "2021"];
    let submit = |more: &[&str]| {
        let arguments: Vec<&str> = ["submit", &file].into_iter().chain(meant).chain(more.iter().copied()).collect();
        huizong(&server.url, &arguments)
    };

    let checked = huizong(&server.url, &["check", &file]);
    let words = said(&checked);
    assert_eq!(checked.status.code(), Some(1));
    assert!(words.contains("not judged: 1 cells were not read") && words.contains(CELL), "{words}");
    assert!(!words.contains("T3-") && !words.contains("☞"), "nothing is judged by it: {words}");

    let refused = submit(&[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains(CELL) && said(&refused).contains("--set"), "{}", said(&refused));
    assert_eq!(server.get(&format!("{BUREAU}/reports/2021")).await.unwrap_err().code(), Code::NotFound);

    for typed in ["=1 2", "=3,4", "=12\t34", "="] {
        assert_eq!(submit(&["--set", &format!("{CELL}{typed}")]).status.code(), Some(2), "{typed:?}");
    }
    let read_already = submit(&["--set", "requests.received.total=11", "--set", &format!("{CELL}=10")]);
    assert!(!read_already.status.success() && said(&read_already).contains("requests.received.total"));

    // The same in a workbook: the cell holds what is printed there, and is no figure until somebody says.
    let workbook = path(&folder, "marked.xlsx");
    let from = huizong(&server.url, &["template", BUREAU, "--year", "2021", "--from", &file, "--output", &workbook]);
    succeeds(&from);
    let returned = read_template(&std::fs::read(&workbook).unwrap()).unwrap();
    let cell = catalogue().cell_at(CELL).unwrap();
    assert_eq!(returned.figures.get(cell), Cell::Unread);
    assert_eq!(
        returned.faults.iter().map(|fault| (fault.cell, fault.raw.as_str())).collect::<Vec<_>>(),
        [(cell, "约10余")]
    );
    let problems = returned.narrative.as_ref().and_then(|narrative| narrative.problems.as_deref());
    assert_eq!(problems, Some("主动公开的内容有待丰富，将继续改进。\n人员培训需要加强。"));
    assert_eq!(huizong(&server.url, &["submit", &workbook]).status.code(), Some(1));

    let answered = ["--reason", "TEXT-REUSED=沿用", "--reason", "X-CARRY=无", "--set"];
    let answered: Vec<&str> = answered.into_iter().chain(["requests.received.natural_person=１0件"]).collect();
    let taken = submit(&answered);
    assert!(taken.status.success(), "{}", said(&taken));
    let stored = server.get(&format!("{BUREAU}/reports/2021")).await.unwrap();
    let received = stored.form.unwrap().requests.unwrap().received.unwrap();
    assert_eq!(received.natural_person, Some(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_another_year_or_agency_is_taken_only_with_a_reason_that_stays() {
    let folder = TempDir::new().unwrap();
    let (server, printed) = server_with_a_document(&folder).await;
    let file = path(&folder, "printed.txt");
    let read = |report: &str| {
        let request = pb::ReadDocumentRequest {
            content: printed.clone().into_bytes(),
            file_name: "printed.txt".to_owned(),
            report: report.to_owned(),
            ..Default::default()
        };
        let mut reports = server.forms();
        async move { reports.read_document(request).await.map(tonic::Response::into_inner) }
    };
    let rules = |findings: &[pb::Finding]| -> Vec<String> {
        let about = findings.iter().map(|finding| finding.rule.clone());
        about.filter(|rule| rule.starts_with("DOCUMENT-")).collect()
    };
    // Its own year and agency, by its name and by a government's that it is not.
    assert_eq!(rules(&read(&report_name(BUREAU)).await.unwrap().findings), [""; 0]);
    let other = read("agencies/city-bureau/reports/2021").await.unwrap();
    assert_eq!(rules(&other.findings), ["DOCUMENT-YEAR", "DOCUMENT-AGENCY"]);
    assert_eq!((other.year, other.source.clone().unwrap().agency.as_str()), (2022, "哈尔滨市数据局"));
    assert_eq!(rules(&read("jurisdictions/230100/reports/2022").await.unwrap().findings), ["DOCUMENT-AGENCY"]);

    let checked = said(&huizong(&server.url, &["check", &file, "--year", "2021", "--agency", "哈尔滨市财政局"]));
    assert!(checked.contains("DOCUMENT-YEAR") && checked.contains("DOCUMENT-AGENCY"), "{checked}");
    let same = said(&huizong(&server.url, &["check", &file, "--year", "2022", "--agency", "哈尔滨市数据局"]));
    assert!(!same.contains("DOCUMENT-"), "{same}");

    let submit = |reasons: &[&str]| {
        let mut arguments = vec!["submit", &file, "--agency", "city-bureau", "--year", "2021"];
        reasons.iter().for_each(|reason| arguments.extend(["--reason", reason]));
        huizong(&server.url, &arguments)
    };
    let refused = said(&submit(&[]));
    assert!(refused.contains("WARNINGS_UNANSWERED") && refused.contains("DOCUMENT-YEAR"), "{refused}");
    assert!(refused.contains("哈尔滨市数据局2022年"), "what the document says is told: {refused}");
    let name = "agencies/city-bureau/reports/2021";
    assert_eq!(server.get(name).await.unwrap_err().code(), Code::NotFound);
    let taken = submit(&["DOCUMENT-YEAR=标题误写", "DOCUMENT-AGENCY=原名", "TEXT-REUSED=沿用", "TEXT-YEAR=误写"]);
    assert!(taken.status.success(), "{}", said(&taken));
    let stored = server.get(name).await.unwrap();
    assert_eq!(rules(&stored.findings), ["DOCUMENT-YEAR", "DOCUMENT-AGENCY"]);
    assert!(stored.answers.iter().any(|answer| answer.reason == "标题误写"));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_that_are_all_those_of_another_report_are_taken_only_with_a_reason() {
    let server = Server::with_registry().await;
    let with_permits = |agency: &str, permits: i64| {
        let mut report = report(agency, 10);
        let form = report.form.as_mut().unwrap();
        for (path, count) in [
            ("proactive_disclosure.administrative_permits", permits),
            ("proactive_disclosure.administrative_penalties", 7),
            ("proactive_disclosure.administrative_compulsions", 3),
        ] {
            crate::support::set(form, path, count);
        }
        report
    };
    server.store(with_permits(AGENCIES[0], 1_284)).await;
    server.store(with_permits(AGENCIES[1], 1_285)).await;
    let status = server.submit(crate::support::submission(with_permits(AGENCIES[2], 1_284))).await.unwrap_err();
    let found = problem(&status);
    assert_eq!(found.reason().as_str_name(), "WARNINGS_UNANSWERED");
    let rules: Vec<_> = found.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["FIGURES-REUSED"]);
    let words = found.findings[0].message.clone().unwrap().zh;
    assert!(words.contains(&report_name(AGENCIES[0])), "{words}");
    let mut answered = with_permits(AGENCIES[2], 1_284);
    let (rule, reason) = ("FIGURES-REUSED".to_owned(), "两单位合署办公".to_owned());
    answered.answers = vec![pb::Answer { rule, cell: String::new(), reason }];
    server.store(answered).await;
    // Last year's, of the same agency.
    let mut last = with_permits(AGENCIES[1], 1_285);
    last.name = format!("{}/reports/2023", AGENCIES[1]);
    let status = server.submit(crate::support::submission(last)).await.unwrap_err();
    let found = problem(&status);
    assert!(found.findings.iter().any(|finding| finding.rule == "FIGURES-REUSED"), "{found:?}");
}
