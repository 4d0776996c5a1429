//! Every refusal arrives at a client whose limit of headers is that of nginx as it comes, and lacks nothing that it does
//! not say that it lacks.

use std::collections::HashSet;

use huizong::form::{Kind, catalogue};
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::{self, FORM_CELL_PATHS, FormCell, set_form_cell};
use prost_reflect::DescriptorPool;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::support::{AGENCIES, Server, problem, refused, report, report_name, submission};

/// As much as nginx takes of a header of an answer, and counted as HTTP/2 counts: 32 bytes more for each.
const NARROW_BYTES: u32 = 4096;

async fn narrow(server: &Server) -> ReportServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(server.url.clone()).unwrap().http2_max_header_list_size(NARROW_BYTES);
    ReportServiceClient::new(endpoint.connect().await.unwrap())
}

/// A report in which nothing adds up.
fn hopeless() -> pb::SubmitReportRequest {
    let mut wrong = report(AGENCIES[0], 10);
    let form = wrong.form.as_mut().unwrap();
    for (index, path) in FORM_CELL_PATHS.iter().enumerate() {
        let number = 1_000_003 * (index as i64 + 1) % 999_983;
        let amount = format!("{number}.{:06}", number % 999_999);
        let kind = catalogue().cell(catalogue().cell_at(path).unwrap()).kind;
        let is_there = pb::form_cell(form, index).is_some();
        match kind {
            _ if !is_there => {}
            Kind::Money => set_form_cell(form, index, FormCell::Amount(&amount)),
            _ => set_form_cell(form, index, FormCell::Count(number)),
        }
    }
    submission(wrong)
}

/// The path of the cell that the numbers of fields lead to.
fn cell(numbers: &[u8]) -> String {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let mut message = pool.get_message_by_name("huizong.v1.Form").unwrap();
    let mut path = Vec::new();
    for number in numbers {
        let field = message.get_field(u32::from(*number)).unwrap();
        path.push(field.name().to_owned());
        if let prost_reflect::Kind::Message(inner) = field.kind() {
            message = inner;
        }
    }
    path.join(".")
}

/// Rules with the first cell of each finding.
fn places(problem: &pb::Problem) -> Vec<(String, String)> {
    let first = |finding: &pb::Finding| {
        finding.left.iter().chain(&finding.right).next().map(|term| term.cell.clone()).unwrap_or_default()
    };
    let told = problem.findings.iter().map(|finding| (finding.rule.clone(), first(finding)));
    let brief = problem.brief_findings.iter();
    let brief = brief.flat_map(|of| of.cells.iter().map(|numbers| (of.rule.clone(), cell(numbers))));
    let mut all: Vec<_> = told.chain(brief).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_which_nothing_adds_up_is_refused_with_every_error_under_4_kib() {
    let server = Server::with_registry().await;
    let check = pb::CheckReportRequest { submission: Some(hopeless()) };
    let verdict = server.forms().check_report(check).await.unwrap().into_inner();
    let all = pb::Problem { findings: verdict.findings.clone(), ..Default::default() };
    assert!(verdict.findings.len() > 40, "{}", verdict.findings.len());

    let told = refused(narrow(&server).await.submit_report(hopeless()).await, Code::InvalidArgument, "REPORT_INVALID");
    assert_eq!(told.brief_findings_omitted, 0);
    assert_eq!(places(&told), places(&all));
    let first = told.findings.first().unwrap();
    assert!(first.left.iter().all(|term| term.value.is_some()), "{first:?}");
    assert!(first.message.is_some() || told.diagnoses[0].message.is_some(), "words for people, of one or the other");
    assert_eq!(told.findings.len() + told.findings_omitted as usize, verdict.findings.len());
    let wordless = told.findings.iter().filter(|finding| finding.message.is_none()).count();
    assert_eq!(told.messages_omitted as usize, wordless);
    assert_eq!(told.diagnoses.len() + told.diagnoses_omitted as usize, verdict.diagnoses.len());
    let brief = told.brief_findings.iter().find(|brief| !brief.differences.is_empty()).unwrap();
    let of_it = verdict.findings.iter().rfind(|finding| finding.rule == brief.rule).unwrap();
    if let Some(pb::CellValue { value: Some(pb::cell_value::Value::Count(difference)) }) = of_it.difference {
        assert_eq!(brief.differences.last(), Some(&difference));
    }

    // Who takes trailers of any length is told all of it.
    let mut request = Request::new(hopeless());
    request.metadata_mut().insert("huizong-details", "whole".parse().unwrap());
    let endpoint = Endpoint::from_shared(server.url.clone()).unwrap().http2_max_header_list_size(1 << 20);
    let mut wide = ReportServiceClient::new(endpoint.connect().await.unwrap());
    let whole = refused(wide.submit_report(request).await, Code::InvalidArgument, "REPORT_INVALID");
    assert_eq!((whole.findings.len(), whole.findings_omitted), (verdict.findings.len(), 0));
    assert_eq!(whole.findings, verdict.findings);
}

/// One line of plain English: what a client shows that knows no details.
fn is_a_line(status: &Status) -> bool {
    let message = status.message();
    !message.is_empty() && message.len() <= 300 && !message.contains('\n') && message.is_ascii()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_make_long_arrives_short() {
    let server = Server::with_registry().await;
    let many: Vec<String> = (0..5_000).map(|number| format!("requests.no_such_line_{number}.total")).collect();
    let mut wrong = report(AGENCIES[0], 10);
    wrong.form.as_mut().unwrap().not_applicable = many;
    let status = narrow(&server).await.submit_report(submission(wrong)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(is_a_line(&status), "{status:?}");
    problem(&status);

    let long = pb::SubmitReportRequest { name: "机构/".repeat(20_000), ..submission(report(AGENCIES[0], 1)) };
    let status = narrow(&server).await.submit_report(long).await.unwrap_err();
    assert_eq!(problem(&status).reason(), pb::ErrorReason::NameInvalid);

    let answers = (0..300).map(|number| pb::Answer {
        rule: format!("没有的规则{number}").repeat(20),
        reason: "说明".to_owned(),
        ..Default::default()
    });
    let unknown = pb::SubmitReportRequest { answers: answers.collect(), ..submission(report(AGENCIES[0], 1)) };
    let status = narrow(&server).await.submit_report(unknown).await.unwrap_err();
    problem(&status);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_to_the_service_and_reasons_are_those_of_its_domain() {
    let server = Server::with_registry().await;
    let get = pb::GetReportRequest { name: report_name(AGENCIES[0]), ..Default::default() };
    let status = server.reports().get_report(get).await.unwrap_err();
    let help = status.get_details_help().unwrap();
    assert_eq!(help.links[0].url, format!("{}/errors/REPORT_NOT_FOUND", server.url));
    assert_eq!(status.get_details_error_info().unwrap().domain, "huizong.dev");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_transport_refuses_has_a_reason_too() {
    let server = Server::with_registry().await;
    let mut client = tonic::client::Grpc::new(server.channel.clone());
    let mut reasons = HashSet::new();
    for (path, message, reason) in [
        ("/huizong.v1.ReportService/NoSuchMethod", vec![], "METHOD_UNKNOWN"),
        ("/huizong.v1.NoSuchService/GetReport", vec![], "METHOD_UNKNOWN"),
        ("/huizong.v1.ReportService/GetReport", vec![0xff; 9], "MESSAGE_INVALID"),
        ("/huizong.v1.ReportService/SubmitReport", vec![0; 2 << 20], "MESSAGE_TOO_LARGE"),
    ] {
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static(path);
        let status = client.unary(Request::new(message), path, crate::support::raw::Raw).await.unwrap_err();
        let told = problem(&status);
        assert_eq!(told.reason().as_str_name(), reason, "{status:?}");
        reasons.insert(told.reason());
    }
    assert_eq!(reasons.len(), 3);
}
