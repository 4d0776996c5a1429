//! The HTTP API: the same answers and refusals as over gRPC, as JSON and CSV, as its description says.

// Not every helper is needed here.
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use huizong::pb::{self, Dimension};
use huizong::wire::to_json;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::{AGENCIES, CITY, PROVINCE, Server, YEAR, form, question, report, set, submission};

const BODY_MAX_BYTES: usize = 16 << 20;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn lines(&self) -> Vec<&str> {
        self.body.lines().collect()
    }
}

async fn get(server: &Server, address: &str) -> Answer {
    get_in(server, address, None).await
}

/// As [`get`], for who reads these languages.
async fn get_in(server: &Server, address: &str, languages: Option<&str>) -> Answer {
    let mut request = Request::get(address).body(Body::empty()).unwrap();
    if let Some(languages) = languages {
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, languages.parse().unwrap());
    }
    let response = server.routes.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(Body::new(body), BODY_MAX_BYTES).await.unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Three agencies have reported: one of each level.
async fn province() -> Server {
    let server = Server::with_registry().await;
    for (agency, requests) in [(AGENCIES[0], 3), (AGENCIES[2], 5), (AGENCIES[4], 7)] {
        server.store(report(agency, requests)).await;
    }
    server
}

#[tokio::test]
async fn json_is_the_message_that_grpc_answers_with() {
    let server = province().await;
    let address = format!(
        "/v1/rollup?jurisdiction={PROVINCE}&first_year={YEAR}&measures=requests.received&group_by=child-jurisdiction"
    );
    let answer = get(&server, &address).await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    let asked = question(PROVINCE, YEAR, "requests.received", &[Dimension::ChildJurisdiction]);
    assert_eq!(answer.body, to_json(&server.roll_up(asked).await).unwrap());

    let name = format!("{}/reports/{YEAR}", AGENCIES[0]);
    let answer = get(&server, &format!("/v1/{name}")).await;
    let expected =
        server.reports().get_report(pb::GetReportRequest { name, ..Default::default() }).await.unwrap().into_inner();
    assert_eq!(answer.body, to_json(&expected).unwrap());
}

#[tokio::test]
async fn labels_in_csv_are_in_the_readers_language_under_the_same_headings() {
    let server = province().await;
    let rules = "/v1/rules?format=csv".to_owned();
    let rollup = format!("/v1/rollup?jurisdiction={CITY}&first_year={YEAR}&measures=requests.received&format=csv");
    for languages in [Some("en"), Some("en-GB, zh;q=0.5"), Some("zh-CN, en;q=0.8"), Some("fr"), None] {
        let english = languages.is_some_and(|languages| languages.starts_with("en"));
        let chinese = get(&server, &rollup).await;
        let answer = get_in(&server, &rollup, languages).await;
        assert_eq!(answer.lines()[0], "measure,measure_label,value");
        assert_eq!(answer.body == chinese.body, !english, "{languages:?}: {}", answer.body);
        assert_eq!(answer.body.contains("本年新收政府信息公开申请数量"), !english, "{languages:?}: {}", answer.body);
        assert_eq!(get_in(&server, &rules, languages).await.lines()[0], get(&server, &rules).await.lines()[0]);
    }
}

#[tokio::test]
async fn csv_has_every_page_under_one_heading() {
    let server = province().await;
    let address = format!(
        "/v1/rollup?jurisdiction={PROVINCE}&first_year={YEAR}&measures=requests.received&group_by=agency&format=csv"
    );
    let whole = get(&server, &address).await;
    assert_eq!(whole.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert_eq!(
        whole.lines(),
        [
            "agency,agency_label,measure,measure_label,value",
            "agencies/city-bureau,agencies/city-bureau,requests.received,本年新收政府信息公开申请数量,3",
            "agencies/county-bureau,agencies/county-bureau,requests.received,本年新收政府信息公开申请数量,5",
            "agencies/province-bureau,agencies/province-bureau,requests.received,本年新收政府信息公开申请数量,7",
        ]
    );
    assert_eq!(get(&server, &format!("{address}&page_size=1")).await.body, whole.body);
    let missing = get(&server, &format!("/v1/missing?jurisdiction={CITY}&year={YEAR}&page_size=1&format=csv")).await;
    assert_eq!(missing.lines().len(), 1 + 2);
    let reports = get(&server, &format!("/v1/reports?parent=agencies/-&year={YEAR}&page_size=2&format=csv")).await;
    assert_eq!(reports.lines().len(), 1 + 3);
    let column = reports.lines()[0].split(',').position(|name| name == "requests.received.total").unwrap();
    let received: Vec<_> = reports.lines()[1..].iter().map(|line| line.split(',').nth(column).unwrap()).collect();
    assert_eq!(received, ["3", "5", "7"]);
    let coverage = get(&server, &format!("/v1/coverage?jurisdiction={PROVINCE}&year={YEAR}&format=csv")).await;
    assert!(coverage.lines()[0].ends_with(",missing,due_time,days_left"), "{}", coverage.body);
    assert!(coverage.lines()[1].ends_with(",2,1,1,0,0,0,1,,"), "{}", coverage.body);
    // Once there is a due time for a level, it stands beside its places with the days left.
    let due = jiff::Timestamp::from_second(4_102_416_000).unwrap();
    let due_times =
        vec![pb::DueTime { level: pb::Level::City.into(), due_time: Some(huizong::wire::timestamp_to_wire(due)) }];
    let collection = pb::Collection {
        name: format!("collections/{YEAR}"),
        review_policy: pb::ReviewPolicy::None.into(),
        due_times,
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    server.registry().create_collection(request).await.unwrap();
    let coverage = get(&server, &format!("/v1/coverage?jurisdiction={PROVINCE}&year={YEAR}&format=csv")).await;
    let of_city = coverage.lines().into_iter().find(|line| line.starts_with(CITY)).unwrap().to_owned();
    let days = of_city.rsplit(',').next().unwrap();
    assert!(
        of_city.contains(",2099-12-31T16:00:00Z,") && days.parse::<u32>().is_ok_and(|days| days > 20_000),
        "{of_city}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_prints_the_very_table_that_http_answers_with() {
    let server = province().await;
    let program = |arguments: &str| {
        let arguments: Vec<_> = "--format csv --utc".split(' ').chain(arguments.split(' ')).collect();
        server.run(&arguments)
    };
    let rollup = |year: u16| {
        (
            format!("rollup {PROVINCE} --year {year} --measure received --by child --by line"),
            format!("rollup?first_year={year}&measures=requests.received&group_by=child-jurisdiction&group_by=line"),
        )
    };
    let mut tables = vec![rollup(YEAR), rollup(YEAR + 1)];
    for (command, address) in [("coverage", "coverage"), ("coverage --missing", "missing")] {
        tables.push((format!("{command} {PROVINCE} --year {YEAR}"), format!("{address}?year={YEAR}")));
    }
    for (command, address) in tables {
        let answer = get(&server, &format!("/v1/{address}&jurisdiction={PROVINCE}&format=csv")).await;
        assert_eq!(program(&command), answer.body, "{command}");
    }
}

#[tokio::test]
async fn a_table_without_rows_has_the_headings_of_one_with_rows() {
    let server = province().await;
    let headings = async |year: u16| {
        let asked = format!("jurisdiction={PROVINCE}&first_year={year}&measures=requests.received");
        let answer = get(&server, &format!("/v1/rollup?{asked}&group_by=agency&group_by=year&format=csv")).await;
        (answer.lines()[0].to_owned(), answer.lines().len())
    };
    let (some, none) = (headings(YEAR).await, headings(YEAR + 1).await);
    assert_eq!(some.0, "agency,agency_label,year,year_label,measure,measure_label,value");
    assert_eq!((none, some.1), ((some.0.clone(), 1), 1 + 3));
}

#[tokio::test]
async fn a_table_that_a_browser_opens_says_that_it_is_utf_8() {
    let server = province().await;
    let address = format!("/v1/missing?jurisdiction={CITY}&year={YEAR}&format=csv");
    for (name, value) in [("accept", "text/html,*/*"), ("user-agent", "Microsoft Office Excel/16.0")] {
        let request = Request::get(&address).header(name, value).body(Body::empty()).unwrap();
        let response = server.routes.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"ListMissingAgencies.csv\"");
        let body = to_bytes(Body::new(response.into_body()), BODY_MAX_BYTES).await.unwrap();
        assert!(body.starts_with("\u{feff}agency".as_bytes()), "{body:?}");
    }
    assert!(get(&server, &address).await.body.starts_with("agency"), "a program reads the first heading as it is");
}

#[tokio::test]
async fn the_form_is_there_in_every_format_with_the_hash_of_the_answer() {
    let server = province().await;
    let address = format!("/v1/form?jurisdiction={PROVINCE}&year={YEAR}");
    let hash = get(&server, &address).await.json()["contentSha256"].as_str().unwrap().to_owned();
    assert_eq!(hash.len(), 64);
    assert!(get(&server, &format!("{address}&format=html")).await.body.contains(&hash));
    let csv = get(&server, &format!("{address}&format=csv")).await;
    assert!(csv.lines().iter().any(|line| line.starts_with("requests.received.total,") && line.ends_with(",15")));
    let docx = get(&server, &format!("{address}&format=docx")).await;
    assert!(docx.body.starts_with("PK"));
    let disposition = docx.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"form.docx\"; filename*=UTF-8''"), "{disposition}");
}

#[tokio::test]
async fn refusals_carry_the_reason_and_words_of_grpc() {
    let server = province().await;
    let cases = [
        (
            "/v1/rollup?jurisdiction=jurisdictions/999999&first_year=2022",
            StatusCode::NOT_FOUND,
            "JURISDICTION_NOT_FOUND",
        ),
        ("/v1/rollup?first_year=2022&colour=red", StatusCode::BAD_REQUEST, "FIELD_INVALID"),
        (
            "/v1/coverage?jurisdiction=jurisdictions/230000&year=2022&format=pdf",
            StatusCode::BAD_REQUEST,
            "FIELD_INVALID",
        ),
        ("/v1/agencies/city-office/reports/2022?format=csv", StatusCode::NOT_FOUND, "REPORT_NOT_FOUND"),
        (
            "/v1/rollup?jurisdiction=jurisdictions/230000&first_year=2022&measures=x",
            StatusCode::BAD_REQUEST,
            "MEASURE_UNKNOWN",
        ),
    ];
    for (address, status, reason) in cases {
        let answer = get(&server, address).await;
        assert_eq!(answer.status, status, "{address}");
        let problem = answer.json();
        assert_eq!(problem["reason"], reason, "{address}");
        for language in ["zh", "en"] {
            assert!(!problem["message"][language].as_str().unwrap().is_empty());
        }
    }
    assert_eq!(get(&server, "/nothing").await.status, StatusCode::NOT_FOUND);
}

/// Whether a value is as the schema says; what is wrong with it otherwise.
fn check(value: &Value, schema: &Value, all: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return check(value, &all[reference.rsplit('/').next().unwrap()], all, place);
    }
    match (schema["type"].as_str().unwrap(), value) {
        ("object", Value::Object(fields)) => {
            for (name, field) in fields {
                let schema = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                assert!(schema.is_object(), "{place}.{name} is not described");
                check(field, schema, all, &format!("{place}.{name}"));
            }
        }
        ("array", Value::Array(items)) => items.iter().for_each(|item| check(item, &schema["items"], all, place)),
        ("string", Value::String(text)) => {
            let values = schema["enum"].as_array();
            assert!(values.is_none_or(|values| values.contains(value)), "{place}: {text}");
            assert!(schema["format"] != "int64" || text.parse::<i64>().is_ok(), "{place}: {text}");
        }
        ("integer", Value::Number(_)) | ("boolean", Value::Bool(_)) => {}
        (kind, value) => panic!("{place} is no {kind}: {value}"),
    }
}

#[tokio::test]
async fn every_resource_answers_as_its_description_says() {
    let server = province().await;
    let described = get(&server, "/v1/openapi.json").await.json();
    let schemas = &described["components"]["schemas"];
    let (read, posted): (Vec<_>, Vec<_>) =
        described["paths"].as_object().unwrap().iter().partition(|(_, operations)| operations["get"].is_object());
    assert_eq!(read.len(), 15);
    // What is posted is tried by its own test, call by call.
    for (path, operations) in posted {
        let content = &operations["post"]["requestBody"]["content"]["application/json"];
        assert!(content["schema"]["$ref"].is_string() && path.starts_with("/huizong.v1."), "{path}");
    }
    for (path, operations) in read {
        let operation = &operations["get"];
        assert!(!operation["description"].as_str().unwrap().is_empty(), "{path}");
        let owner = AGENCIES[0].trim_start_matches("agencies/");
        let mut address = path
            .replace("{agency}", owner)
            .replace("{year}", &YEAR.to_string())
            .replace("{revision}", "1")
            .replace("{frozen_form}", "2022-1");
        // No government has handed in a report of its own, and nothing was frozen.
        let missing = if path.contains("frozenForms") { "FROZEN_FORM_NOT_FOUND" } else { "REPORT_NOT_FOUND" };
        let is_there = !address.contains("{jurisdiction}");
        address = address.replace("{jurisdiction}", "230100");
        address.push('?');
        for parameter in operation["parameters"].as_array().unwrap() {
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{path} {}", parameter["name"]);
            if parameter["in"] == "query" {
                let value = match parameter["name"].as_str().unwrap() {
                    "jurisdiction" => PROVINCE.to_owned(),
                    "first_year" | "year" => YEAR.to_string(),
                    "parent" => "agencies/-".to_owned(),
                    "measures" => "requests.received".to_owned(),
                    _ => continue,
                };
                address.push_str(&format!("{}={value}&", parameter["name"].as_str().unwrap()));
            }
        }
        let answer = get(&server, &address).await;
        if !is_there {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}: {}", answer.body);
            assert_eq!(answer.json()["reason"], missing, "{address}");
            continue;
        }
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.body);
        check(&answer.json(), &operation["responses"]["200"]["content"]["application/json"]["schema"], schemas, path);
        let format = operation["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "format").unwrap();
        for format in format["schema"]["enum"].as_array().unwrap() {
            let answer = get(&server, &format!("{address}format={}", format.as_str().unwrap())).await;
            assert_eq!(answer.status, StatusCode::OK, "{address} {format}");
        }
        let refused = get(&server, &format!("{address}nonsense=1")).await.json();
        check(&refused, &operation["responses"]["default"]["content"]["application/json"]["schema"], schemas, path);
    }
}

#[tokio::test]
async fn browsers_are_told_to_run_nothing_but_files_of_this_service() {
    let server = Server::start().await;
    for address in ["/", "/v1/openapi.json", "/nothing"] {
        let answer = get(&server, address).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    assert_eq!(get(&server, "/assets/..%2fCargo.toml").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rules_are_counted_where_they_failed() {
    let server = province().await;
    let mut wrong = form(4);
    set(&mut wrong, "requests.received.total", 5);
    let refused = submission(pb::Report { form: Some(wrong.into()), ..report(AGENCIES[3], 4) });
    server.submit(refused).await.unwrap_err();
    let mut merged = form(4);
    for (cell, count) in [("disclosed", 3), ("other.unspecified", 1)] {
        for column in ["natural_person", "total"] {
            set(&mut merged, &format!("requests.{cell}.{column}"), count);
        }
    }
    let answers =
        vec![pb::Answer { rule: "ROW-OTHER-MERGED".to_owned(), reason: "x".to_owned(), ..Default::default() }];
    server.store(pb::Report { form: Some(merged.into()), answers, ..report(AGENCIES[5], 4) }).await;

    let every_rule = pb::ListRulesRequest { page_size: 1000, ..Default::default() };
    let rules = server.forms().list_rules(every_rule.clone()).await.unwrap().into_inner().rules;
    assert!(rules.len() > 10 && rules.iter().all(|rule| !rule.example.is_empty() && rule.text.is_some()));
    let (mut in_pages, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = pb::ListRulesRequest { page_size: 7, page_token, ..every_rule.clone() };
        let page = server.forms().list_rules(page).await.unwrap().into_inner();
        in_pages.extend(page.rules);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(in_pages, rules);
    let jurisdiction = PROVINCE.to_owned();
    let request = pb::ListRuleFailuresRequest { jurisdiction, first_year: YEAR.into(), ..Default::default() };
    let answer = server.rollups().list_rule_failures(request.clone()).await.unwrap().into_inner();
    let first = pb::ListRuleFailuresRequest { page_size: 1, ..request.clone() };
    let first = server.rollups().list_rule_failures(first).await.unwrap().into_inner();
    let page_token = first.next_page_token;
    let rest = pb::ListRuleFailuresRequest { page_token, ..request.clone() };
    let rest = server.rollups().list_rule_failures(rest).await.unwrap().into_inner().failures;
    assert_eq!([first.failures, rest].concat(), answer.failures);
    let counts = |rule: &str| -> Vec<_> {
        let of_rule = answer.failures.iter().filter(|count| count.rule == rule);
        of_rule.map(|count| (count.jurisdiction.as_str(), count.reports, count.refusals)).collect()
    };
    assert_eq!(counts("T3-ROW-TOTAL"), [(CITY, 0, 1)]);
    assert_eq!(counts("ROW-OTHER-MERGED"), [(PROVINCE, 1, 0)]);
    let too_many = pb::ListRuleFailuresRequest { first_year: 2008, last_year: 2028, ..request };
    let refused = server.rollups().list_rule_failures(too_many).await.unwrap_err();
    assert_eq!(crate::support::problem(&refused).reason().as_str_name(), "YEARS_INVALID");
}

/// What was frozen as a document, byte for byte.
async fn frozen_bytes(server: &Server, name: &str, format: &str) -> Vec<u8> {
    let request = Request::get(format!("/v1/{name}?format={format}")).body(Body::empty()).unwrap();
    let response = server.routes.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{format}");
    to_bytes(Body::new(response.into_body()), BODY_MAX_BYTES).await.unwrap().to_vec()
}

#[tokio::test]
async fn a_frozen_form_is_the_document_of_exactly_what_was_frozen_whatever_happens_later() {
    let server = province().await;
    let frozen = crate::support::freeze(&server.channel, PROVINCE, YEAR, "公布").await.unwrap();
    let formats = [
        ("docx", pb::DocumentFormat::Docx),
        ("xlsx", pb::DocumentFormat::Xlsx),
        ("html", pb::DocumentFormat::Html),
        ("csv", pb::DocumentFormat::Csv),
        ("text", pb::DocumentFormat::Text),
    ];
    let mut before = Vec::new();
    for (format, number) in formats {
        let bytes = frozen_bytes(&server, &frozen.name, format).await;
        let request = pb::RenderFrozenFormRequest { name: frozen.name.clone(), format: number.into() };
        let rendered = server.frozen_forms().render_frozen_form(request).await.unwrap().into_inner();
        assert!(rendered.content == bytes, "{format}: over HTTP and gRPC the same");
        before.push(bytes);
    }
    // Each figure of it is the one that was frozen.
    let csv = String::from_utf8(before[3].clone()).unwrap();
    let form = frozen.form.as_ref().unwrap();
    let mut figures = 0;
    for (at, path) in pb::FORM_CELL_PATHS.iter().enumerate() {
        let value = match pb::form_cell(form, at) {
            Some(pb::FormCell::Count(count)) => count.to_string(),
            Some(pb::FormCell::Amount(amount)) => amount.to_owned(),
            None => continue,
        };
        let line = csv.lines().find(|line| line.split(',').any(|cell| cell == *path));
        let line = line.unwrap_or_else(|| panic!("{path} is missing"));
        assert!(line.split(',').any(|cell| cell == value), "{path}={value}: {line}");
        figures += 1;
    }
    assert!(figures > 100, "{figures}");
    // A report more, one corrected, another name and another place: what was frozen stays, byte for byte.
    server.store(report(AGENCIES[1], 100)).await;
    let stored = server.get(&crate::support::report_name(AGENCIES[0])).await.unwrap();
    let mut correction = submission(report(AGENCIES[0], 50));
    (correction.etag, correction.correction_reason) = (stored.etag, "更正".to_owned());
    server.submit(correction).await.unwrap();
    let change = crate::support::change;
    use pb::registry_change::{Change, Move, Rename};
    server
        .apply(vec![
            change(Change::Rename(Rename {
                entry: PROVINCE.to_owned(),
                display_name: "改名省".to_owned(),
                first_year: 2019,
            })),
            change(Change::Move(Move { entry: AGENCIES[2].to_owned(), parent: CITY.to_owned(), first_year: 2019 })),
        ])
        .await;
    let server = server.restarted().await;
    for ((format, _), before) in formats.iter().zip(&before) {
        let now = frozen_bytes(&server, &frozen.name, format).await;
        assert!(now == *before, "{format}: {} bytes then, {} now", before.len(), now.len());
    }
    let again = crate::support::freeze(&server.channel, PROVINCE, YEAR, "再次").await.unwrap();
    assert_ne!(again.content_sha256, frozen.content_sha256, "there was something to be seen");
}
