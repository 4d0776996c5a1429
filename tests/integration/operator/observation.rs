//! Metrics, probes and log of the running program.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use regex::Regex;
use tonic::Request;
use tonic::metadata::MetadataValue;

use super::program::Program;
use crate::support::{AGENCIES, PROVINCE, YEAR, problem, question, report, small_registry, submission};

/// A text that would stand out in any log.
pub const REASON: &str = "负责人张三丰因病推迟";
pub const TOKEN: &str = "huizong-secret-0123456789abcdef";

/// Registers agencies, hands in a report, and has another one refused.
pub async fn use_it(program: &Program) -> tonic::Status {
    let channel = program.channel().await;
    let request =
        pb::ApplyRegistryChangesRequest { changes: small_registry(), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
    let mut reports = ReportServiceClient::new(channel);
    let mut first = submission(report(AGENCIES[0], 3));
    first.correction_reason = REASON.to_owned();
    first.answers.push(pb::Answer {
        rule: "T3-CARRY-PREVIOUS".to_owned(),
        reason: REASON.to_owned(),
        ..Default::default()
    });
    let mut first = Request::new(first);
    first.metadata_mut().insert("authorization", MetadataValue::try_from(format!("Bearer {TOKEN}")).unwrap());
    first.metadata_mut().insert("huizong-principal", MetadataValue::from_static("zhang-san-feng"));
    // Whether the answer fits a rule or not, its text was sent.
    let _ = reports.submit_report(first).await;
    reports.submit_report(submission(report(AGENCIES[1], 3))).await.unwrap();
    let mut wrong = Request::new(submission(report("agencies/unknown-office", 3)));
    wrong.metadata_mut().insert("x-request-id", MetadataValue::from_static("trace-7"));
    reports.submit_report(wrong).await.unwrap_err()
}

/// Names of all metrics, with `_bucket`, `_sum` and `_count`, and names of all labels.
fn scraped(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let lines = || text.lines().filter(|line| !line.starts_with('#'));
    let names = lines().filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect();
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    let labels = lines().flat_map(|line| label.captures_iter(line).map(|found| found[1].to_owned())).collect();
    (names, labels)
}

/// An identity provider where nobody answers.
const PROVIDER: &str = "[server]\npublic_url = \"https://localhost\"\n[access]\nauthentication = true\n\
                        [access.oidc]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"huizong\"\n";

/// What is measured where there are certificates, a list of those that are revoked, and an identity provider.
fn metrics_with_all_settings() -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let key_pem = key.serialize_pem();
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2024, 1, 1),
        next_update: rcgen::date_time_ymd(2099, 1, 1),
        crl_number: rcgen::SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&rcgen::Issuer::new(params, key)).unwrap().pem().unwrap();
    let mut settings = format!("[log]\njson = true\n{PROVIDER}[tls]\n");
    for (setting, text) in
        [("certificate", &certificate), ("key", &key_pem), ("client_ca", &certificate), ("client_crl", &list)]
    {
        let path = folder.path().join(setting);
        std::fs::write(&path, text).unwrap();
        settings.push_str(&format!("{setting} = {path:?}\n"));
    }
    let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
    let began = Instant::now();
    loop {
        let text = program.get("/metrics").1;
        // 2100 and 2099, in seconds since 1970.
        let is_measured = text
            .contains("huizong_certificate_expiry_timestamp_seconds{file=\"tls.certificate\"} 4102444800")
            && text.contains("huizong_revocations_expiry_timestamp_seconds 4070908800")
            && text.contains("huizong_sign_ins_total{way=\"provider\",outcome=\"unreachable\"} 0");
        if is_measured {
            return text;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_the_dashboard_and_the_alert_rules_ask_for_is_there() {
    let program = Program::start("info", &[]);
    use_it(&program).await;
    let (code, text) = program.get("/metrics");
    assert_eq!(code, 200);
    let (names, labels) = scraped(&(text + &metrics_with_all_settings()));
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let word = Regex::new(r"\b(?:huizong|rpc|process)_[a-z0-9_]+").unwrap();
    let mut asked = 0;
    for file in ["prometheus/alerts.yml", "grafana/dashboards/huizong.json"] {
        let content = std::fs::read_to_string(deploy.join(file)).unwrap();
        for found in word.find_iter(&content).map(|found| found.as_str()) {
            assert!(names.contains(found) || labels.contains(found), "{file} asks for {found}; there are {names:#?}");
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_say_what_happened() {
    let program = Program::start("info", &[]);
    use_it(&program).await;
    assert_eq!(program.get_of_clients(&format!("/v1/coverage?jurisdiction={PROVINCE}&year={YEAR}")).0, 200);
    let (_, text) = program.get("/metrics");
    let value = |start: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start}:\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let year = format!("{{year=\"{YEAR}\"}}");
    assert_eq!(value(&format!("huizong_reports_expected{year}")), 6.0);
    assert!(value(&format!("huizong_reports_received{year}")) >= 1.0);
    assert_eq!(value("huizong_refusals_total{reason=\"AGENCY_NOT_FOUND\"}"), 1.0);
    assert!(value("huizong_journal_sequence") >= 3.0);
    assert!(value("huizong_journal_chain_prefix") > 0.0);
    assert_eq!(value("huizong_store_writable"), 1.0);
    assert!(value("huizong_store_size_bytes") > 0.0);
    assert!(value("huizong_disk_free_bytes") > 0.0);
    assert!(value("huizong_commit_transactions_count") >= 2.0);
    assert_eq!(value("huizong_commit_queue_transactions"), 0.0);
    assert_eq!(value("huizong_recount_differences"), 0.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    let submitted = "rpc_server_duration_seconds_count{rpc_system=\"grpc\",rpc_service=\"huizong.v1.ReportService\",\
                     rpc_method=\"SubmitReport\",rpc_grpc_status_code=\"5\"}";
    assert_eq!(value(submitted), 1.0);
    let of_http = "rpc_server_duration_seconds_count{rpc_system=\"grpc\",rpc_service=\"huizong.v1.RollupService\",\
                   rpc_method=\"GetCoverage\",rpc_grpc_status_code=\"0\"}";
    assert_eq!(value(of_http), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_in_words_what_the_service_rests_on_where_that_is_asked_for() {
    let program = Program::start("info", &[]);
    use_it(&program).await;
    let mut operations = OperationsServiceClient::new(program.channel().await);
    let mut ask = async |with_conditions| {
        operations.get_status(pb::GetStatusRequest { with_conditions }).await.unwrap().into_inner().conditions
    };
    assert_eq!(ask(false).await, []);
    let conditions = ask(true).await;
    let state = |check: &str| conditions.iter().find(|one| one.check == check).map(pb::Condition::state);
    for check in
        ["store_size", "memory", "disk_space", "file_system", "clock", "exposure", "privacy", "owner", "reports"]
    {
        assert!(state(check).is_some(), "{check}: {conditions:#?}");
    }
    assert_eq!(state("clock"), Some(pb::ConditionState::Good));
    // The service makes no backups by itself here, which is said.
    assert_eq!(state("backups"), Some(pb::ConditionState::Skipped));
    for pb::Condition { check, title, message, remedy, .. } in &conditions {
        let (title, message) = (title.as_ref().unwrap(), message.as_ref().unwrap());
        assert_ne!(&title.zh, check, "it has a name that people call it by");
        assert!(!message.zh.is_empty() && !message.en.is_empty(), "{check}");
        assert_eq!(remedy.is_some(), state(check) != Some(pb::ConditionState::Good), "{check}");
    }
    let reports = conditions.iter().find(|one| one.check == "reports").and_then(|one| one.message.clone()).unwrap();
    assert!(reports.zh.starts_with(&format!("{YEAR}年度：应报6份")), "{}", reports.zh);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_carries_the_id_of_its_call_and_so_do_the_lines_of_the_log() {
    let program = Program::start("info", &[]);
    let status = use_it(&program).await;
    assert_eq!(status.metadata().get("x-request-id").unwrap(), "trace-7");
    let problem = problem(&status);
    assert_eq!(problem.call_id, "trace-7");
    let help = tonic_types::StatusExt::get_details_help(&status).unwrap();
    let url = &help.links[0].url;
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/errors/AGENCY_NOT_FOUND"), "{url}");
    for message in ["problem", "refused"] {
        program.wait_for(|lines| {
            lines.iter().any(|line| line.contains(&format!("\"{message}\"")) && line.contains("trace-7")).then_some(())
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_at_the_door_is_measured_and_logged_with_the_id_that_the_caller_gets() {
    for (settings, reason, code, outcome) in [
        ("[access]\nauthentication = true", "CREDENTIALS_REQUIRED", "16", "refused"),
        ("[limits]\ncalls_per_second_per_address = 1", "RATE_EXCEEDED", "8", "refused"),
        ("[limits]\ncalls = 1", "OVERLOADED", "14", "failed"),
    ] {
        let settings = format!("{settings}\n[log]\njson = true\n");
        let program = Program::configured(tempfile::tempdir().unwrap(), &settings, "127.0.0.1:0", &[]);
        let channel = program.channel().await;
        // Takes the only place, where there is but one.
        let requests = tokio_stream::pending::<pb::SubmitReportsRequest>();
        let _held = ReportServiceClient::new(channel.clone()).submit_reports(requests).await;
        let mut operations = OperationsServiceClient::new(channel);
        let refused = loop {
            let mut request = Request::new(pb::GetStatusRequest::default());
            request.metadata_mut().insert("x-request-id", MetadataValue::from_static("trace-8"));
            if let Err(status) = operations.get_status(request).await {
                break status;
            }
        };
        assert_eq!(refused.metadata().get("x-request-id").unwrap(), "trace-8");
        let problem = problem(&refused);
        assert_eq!(problem.reason().as_str_name(), reason);
        assert_eq!(problem.call_id, "trace-8");
        for word in [reason, outcome] {
            let line = |line: &String| line.contains(&format!("\"{word}\"")) && line.contains("trace-8");
            program.wait_for(|lines| lines.iter().any(line).then_some(()));
        }
        let (_, text) = program.get("/metrics");
        let measured = format!("rpc_method=\"GetStatus\",rpc_grpc_status_code=\"{code}\"");
        assert!(text.contains(&measured), "{text}");
        assert!(text.contains(&format!("huizong_refusals_total{{reason=\"{reason}\"}}")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_over_http_has_an_id_too_also_where_it_is_refused_at_the_door() {
    let settings = "[limits]\ncalls_per_second_per_address = 1\n[log]\njson = true\n";
    let program = Program::configured(tempfile::tempdir().unwrap(), settings, "127.0.0.1:0", &[]);
    let path = "/v1/coverage?jurisdiction=jurisdictions/0&year=2022";
    let (head, body) = program.ask_of_clients(path, "trace-9");
    assert!(head.contains("x-request-id: trace-9") && body.contains("trace-9"), "{head}{body}");
    let refused = loop {
        let (head, _) = program.ask_of_clients(path, "trace-10");
        if head.starts_with("HTTP/1.0 429") {
            break head;
        }
    };
    assert!(refused.contains("x-request-id: trace-10"), "{refused}");
    let line = |line: &String| line.contains("\"RATE_EXCEEDED\"") && line.contains("trace-10");
    program.wait_for(|lines| lines.iter().any(line).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_too_long_is_measured_and_its_caller_told_by_which_id() {
    let settings = "[limits]\ncall_seconds = 1\n[log]\njson = true\n";
    let program = Program::configured(tempfile::tempdir().unwrap(), settings, "127.0.0.1:0", &[]);
    let mut client = tonic::client::Grpc::new(program.channel().await);
    client.ready().await.unwrap();
    // A message that never ends keeps the service waiting.
    let request = Request::new(tokio_stream::pending::<pb::GetStatusRequest>());
    let path = "/huizong.v1.OperationsService/GetStatus".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<_, pb::GetStatusResponse>::default();
    let refused = client.streaming(request, path, codec).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::DeadlineExceeded);
    let problem = problem(&refused);
    assert_eq!(problem.reason().as_str_name(), "DEADLINE_EXCEEDED");
    let id = refused.metadata().get("x-request-id").unwrap().to_str().unwrap();
    assert_eq!(problem.call_id, id);
    program.wait_for(|lines| {
        lines.iter().any(|line| line.contains("\"DEADLINE_EXCEEDED\"") && line.contains(id)).then_some(())
    });
    let (_, text) = program.get("/metrics");
    assert!(text.contains("rpc_method=\"GetStatus\",rpc_grpc_status_code=\"4\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_callers_send_is_logged_at_any_level() {
    let program = Program::start("trace", &[]);
    use_it(&program).await;
    let log = program.wait_for(|lines| {
        lines.iter().any(|line| line.contains("trace-7") && line.contains("refused")).then(|| lines.join("\n"))
    });
    assert!(log.contains("TRACE"), "the lowest level is on");
    for secret in [REASON, "张三丰", TOKEN, "zhang-san-feng"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_tell_alive_from_ready_and_an_end_in_sight_from_both() {
    let program = Program::start("info", &[]);
    use_it(&program).await;
    assert_eq!(program.get("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(program.get("/readyz"), (200, "ok\n".to_owned()));
    let (code, text) = program.get("/readyz?verbose");
    assert_eq!(code, 200);
    for check in ["running", "store", "writes", "totals"] {
        assert!(text.contains(&format!("[+] {check}: ok")), "{text}");
    }
    assert_eq!(program.get("/made-up").0, 404);
    // A call under way keeps the process.
    let requests = tokio_stream::pending::<pb::SubmitReportsRequest>();
    let _stream = ReportServiceClient::new(program.channel().await).submit_reports(requests).await.unwrap();
    program.terminate();
    program.wait_for(|lines| lines.iter().any(|line| line.contains("\"stopping\"")).then_some(()));
    let (code, text) = program.get("/readyz");
    assert_eq!((code, program.get("/livez").0), (503, 200));
    assert!(text.contains("[-] running: stopping"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_given_up_counts_as_cancelled() {
    let program = Program::start("info", &[]);
    use_it(&program).await;
    let request = crate::support::watched(question(PROVINCE, YEAR, "requests.received", &[]));
    let channel = program.channel().await;
    let mut updates = RollupServiceClient::new(channel).watch_rollup(request).await.unwrap().into_inner();
    updates.message().await.unwrap().unwrap();
    drop(updates);
    program.wait_for(|lines| lines.iter().any(|line| line.contains("\"cancelled\"")).then_some(()));
    let (_, text) = program.get("/metrics");
    assert!(text.contains("rpc_method=\"WatchRollup\",rpc_grpc_status_code=\"1\""), "{text}");
}
