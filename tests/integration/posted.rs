//! Every call with one answer by POST of JSON, as the Connect protocol defines it, and pages elsewhere that make such calls.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use huizong::config::{Limits, Server as Settings};
use huizong::pb;
use huizong::service::SignInLimits;
use huizong::wire::to_json;
use prost::Message as _;
use prost::bytes::Bytes;
use prost_reflect::DescriptorPool;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use crate::access::guarded::Guarded;
use crate::access::session::ask;
use crate::support::{AGENCIES, PROVINCE, Server, YEAR, question, report, report_name, submission};

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

async fn send(channel: &Channel, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::new(http_body_util::Full::new(body.into()))).unwrap();
    let mut channel = channel.clone();
    let response = channel.ready().await.unwrap().call(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
}

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(server: &Server, method: &str, message: &Value) -> Answer {
    let headers = [JSON, ("connect-protocol-version", "1")];
    send(&server.channel, &format!("/huizong.v1.{method}"), &headers, message.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_as_json_is_answered_as_over_grpc() {
    let server = Server::with_registry().await;
    let sent = serde_json::from_str::<Value>(&to_json(&submission(report(AGENCIES[0], 3))).unwrap()).unwrap();
    let stored = post(&server, "ReportService/SubmitReport", &sent).await;
    assert_eq!(
        (stored.status, &stored.headers["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    assert!(stored.headers.contains_key("x-request-id") && !stored.headers.contains_key("grpc-status"));
    assert!(stored.json()["receipt"]["revision"].as_str().unwrap().ends_with("/revisions/1"));
    let asked = question(PROVINCE, YEAR, "requests.received", &[pb::Dimension::ChildJurisdiction]);
    let question = serde_json::from_str(&to_json(&asked).unwrap()).unwrap();
    let answer = post(&server, "RollupService/QueryRollup", &question).await;
    assert_eq!(answer.body, to_json(&server.roll_up(asked).await).unwrap());
    // As `curl -d` writes it, with the names of the proto and nothing else.
    let info = send(&server.channel, "/huizong.v1.OperationsService/GetServiceInfo", &[JSON], "").await;
    assert_eq!(info.status, StatusCode::OK, "{:?}", info.body);
    let health = send(&server.channel, "/grpc.health.v1.Health/Check", &[JSON], "{}").await;
    assert_eq!(health.json(), json!({ "status": "SERVING" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_in_the_body_with_all_of_its_details() {
    let server = Server::with_registry().await;
    let mut wrong = report(AGENCIES[0], 10);
    wrong.form.as_mut().unwrap().requests.as_mut().unwrap().received.as_mut().unwrap().total = Some(11);
    let sent = serde_json::from_str::<Value>(&to_json(&submission(wrong)).unwrap()).unwrap();
    let refused = post(&server, "ReportService/SubmitReport", &sent).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let told = refused.json();
    assert_eq!(told["code"], "invalid_argument");
    assert!(told["message"].as_str().unwrap().is_ascii());
    let details = told["details"].as_array().unwrap();
    let detail = |name: &str| details.iter().find(|detail| detail["type"] == name).unwrap();
    let value = STANDARD_NO_PAD.decode(detail("huizong.v1.Problem")["value"].as_str().unwrap()).unwrap();
    let problem = pb::Problem::decode(value.as_slice()).unwrap();
    assert_eq!(problem.reason(), pb::ErrorReason::ReportInvalid);
    assert!(problem.findings.iter().all(|finding| finding.message.is_some() && finding.left[0].label.is_some()));
    assert_eq!(detail("huizong.v1.Problem")["debug"]["reason"], "REPORT_INVALID");
    detail("google.rpc.ErrorInfo");

    for (method, message, status, code, reason) in [
        ("ReportService/GetReport", json!({ "name": report_name(AGENCIES[1]) }), 404, "not_found", "REPORT_NOT_FOUND"),
        ("ReportService/GetReport", json!({ "nmae": "x" }), 400, "invalid_argument", "MESSAGE_INVALID"),
        ("ReportService/GetReport", json!([1]), 400, "invalid_argument", "MESSAGE_INVALID"),
        ("ReportService/NoSuch", json!({}), 404, "unimplemented", "METHOD_UNKNOWN"),
        ("RollupService/QueryRollup", json!({ "first_year": "soon" }), 400, "invalid_argument", "MESSAGE_INVALID"),
    ] {
        let refused = post(&server, method, &message).await;
        let told = refused.json();
        assert_eq!((refused.status.as_u16(), told["code"].as_str().unwrap()), (status, code), "{told}");
        let details = told["details"].as_array().unwrap();
        let problem = details.iter().find(|detail| detail["type"] == "huizong.v1.Problem").unwrap();
        assert_eq!(problem["debug"]["reason"], reason, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_with_one_answer_is_posted_and_no_other() {
    let server = Server::with_registry().await;
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let answer = send(&server.channel, &path, &[JSON], "{}").await;
        if method.is_server_streaming() || method.is_client_streaming() {
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
            continue;
        }
        let told = answer.json();
        let reason = &told["details"][0];
        assert!(answer.status == StatusCode::OK || reason["type"] == "google.rpc.ErrorInfo", "{path}: {told}");
        assert_ne!(answer.status, StatusCode::NOT_IMPLEMENTED, "{path}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = send(&server.channel, "/huizong.v1.OperationsService/GetServiceInfo", &form, "a=b").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_compression_are_taken_and_nothing_that_would_take_much_memory() {
    let server = Server::with_registry().await;
    let path = "/huizong.v1.RegistryService/ListAgencies";
    let proto = [("content-type", "application/proto")];
    let message = pb::ListAgenciesRequest { page_size: 2, ..Default::default() }.encode_to_vec();
    let answer = send(&server.channel, path, &proto, message).await;
    assert_eq!(answer.headers["content-type"], "application/proto");
    assert_eq!(pb::ListAgenciesResponse::decode(answer.body).unwrap().agencies.len(), 2);

    let pack = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let packed = [JSON, ("content-encoding", "gzip"), ("accept-encoding", "gzip")];
    let answer = send(&server.channel, path, &packed, pack(b"{}")).await;
    assert_eq!(answer.headers["content-encoding"], "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&answer.body[..]), &mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["agencies"].as_array().unwrap().len(), AGENCIES.len());

    let items = format!("{{\"answers\":[{}{{}}]}}", "{},".repeat(400_000));
    for (headers, body) in [
        (&packed[..], pack(&vec![b' '; 64 << 20])),
        (&[JSON][..], vec![b' '; 8 << 20]),
        (&[JSON][..], items.into_bytes()),
    ] {
        let answer = send(&server.channel, "/huizong.v1.ReportService/SubmitReport", headers, body).await;
        assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::BAD_REQUEST, &json!("out_of_range")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_over_http_1_is_answered() {
    let server = Server::with_registry().await;
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let message = "{\"name\": \"agencies/city-bureau\"}";
    let request = format!(
        "POST /huizong.v1.RegistryService/GetAgency HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{}",
        message.len(),
        message,
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"jurisdictions/230100\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_origin_that_is_named_calls_with_a_token_and_no_other_page_does() {
    let allowed_origins = vec!["https://dashboard.example".to_owned()];
    let settings =
        Settings { allowed_origins, public_url: "https://huizong.example".to_owned(), ..Settings::default() };
    let server = Guarded::at(settings, Limits::default(), 100, SignInLimits::default()).await;
    let path = "/huizong.v1.AccessService/GetCaller";
    let asked = |origin| {
        let headers = "authorization,content-type,connect-protocol-version";
        [("origin", origin), ("access-control-request-method", "POST"), ("access-control-request-headers", headers)]
    };
    let allowed = ask(&server, "OPTIONS", path, &asked("https://dashboard.example"), Vec::new()).await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://dashboard.example");
    assert!(allowed.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"), "a session is this service's own");
    let foreign = ask(&server, "OPTIONS", path, &asked("https://evil.example"), Vec::new()).await;
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));

    let headers = [JSON, ("origin", "https://dashboard.example")];
    let refused = ask(&server, "POST", path, &headers, b"{}".to_vec()).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "asked who calls, like anybody");
    assert_eq!(refused.headers()["access-control-allow-origin"], "https://dashboard.example");
    let exposed = refused.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("grpc-status-details-bin"), "{exposed}");
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    let told: Value = serde_json::from_slice(&body).unwrap();
    let details = told["details"].as_array().unwrap();
    let help = details.iter().find(|detail| detail["type"] == "google.rpc.Help").unwrap();
    let help = STANDARD_NO_PAD.decode(help["value"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&help).contains("https://huizong.example/errors/CREDENTIALS_REQUIRED"));
    let table = ask(&server, "GET", "/v1/rules", &headers, Vec::new()).await;
    assert_eq!(table.headers()["access-control-allow-origin"], "https://dashboard.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_served_as_it_was_compiled() {
    let server = Server::start().await;
    let request = Request::get("/v1/proto.zip").body(Body::empty()).unwrap();
    let mut channel = server.channel.clone();
    let response = channel.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/zip");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("proto/huizong/v1/report.proto").unwrap(), &mut text).unwrap();
    assert!(text.contains("service ReportService"));
    let mut set = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("huizong.binpb").unwrap(), &mut set).unwrap();
    assert_eq!(set, pb::FILE_DESCRIPTOR_SET);
    for name in ["proto/google/api/annotations.proto", "openapi.json"] {
        assert!(archive.by_name(name).is_ok(), "{name}");
    }
}
