//! Signing in from a browser: a cookie instead of the token, and nothing for pages of other sites.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use huizong::config::Limits;
use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::service::SignInLimits;
use huizong::store::Outcome;
use jiff::SignedDuration;
use prost::Message as _;
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _};

use crate::access::guarded::Guarded;
use crate::support::{self, CITY};

pub const HEADER: (&str, &str) = ("x-huizong-session", "1");

/// One request as a browser sends it.
pub async fn ask(server: &Guarded, verb: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Response<Body> {
    let url = format!("https://localhost:{}{path}", server.address.port());
    let mut request = Request::builder().method(verb).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = http_body_util::Full::new(prost::bytes::Bytes::from(body));
    let mut channel = server.connect(None).await.unwrap();
    channel.ready().await.unwrap().call(request.body(Body::new(body)).unwrap()).await.unwrap()
}

pub async fn sign_in(server: &Guarded, token: &str) -> Response<Body> {
    let body = serde_json::json!({ "token": token }).to_string().into_bytes();
    ask(server, "POST", "/session", &[HEADER], body).await
}

pub fn cookie(response: &Response<Body>) -> String {
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// The status of a gRPC-Web call with these headers: that of the transport, and that of the call.
async fn call(server: &Guarded, headers: &[(&str, &str)]) -> Option<String> {
    let message = pb::GetCallerRequest {}.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let headers = [&[("content-type", "application/grpc-web+proto")], headers].concat();
    let response = ask(server, "POST", "/huizong.v1.AccessService/GetCaller", &headers, body).await;
    response.headers().get("grpc-status").map(|status| status.to_str().unwrap().to_owned())
}

const UNAUTHENTICATED: Option<&str> = Some("16");

#[tokio::test]
async fn a_token_is_exchanged_for_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let server = Guarded::start().await;
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let begun = sign_in(&server, &token).await;
    assert_eq!(begun.status(), StatusCode::NO_CONTENT);
    let set = begun.headers()["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(set.split("; ").any(|part| part == attribute), "{set}");
    }
    assert!(!set.contains(token.rsplit('_').next().unwrap()));
    let cookie = cookie(&begun);
    let own = format!("https://localhost:{}", server.address.port());
    // What succeeds says so in the trailers, which follow the message.
    assert_eq!(call(&server, &[("cookie", &cookie), HEADER, ("origin", &own)]).await, None);
    for refused in [
        &[][..],
        &[("cookie", cookie.as_str())],
        &[("cookie", &cookie), HEADER, ("origin", "https://evil.example")],
        &[("cookie", "huizong-session=0000"), HEADER],
    ] {
        assert_eq!(call(&server, refused).await.as_deref(), UNAUTHENTICATED, "{refused:?}");
    }
    let shown = ask(&server, "GET", "/session", &[("cookie", &cookie)], Vec::new()).await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert_eq!(ask(&server, "GET", "/session", &[], Vec::new()).await.status(), StatusCode::UNAUTHORIZED);

    let ended = ask(&server, "DELETE", "/session", &[("cookie", &cookie), HEADER], Vec::new()).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(call(&server, &[("cookie", &cookie), HEADER]).await.as_deref(), UNAUTHENTICATED);
}

#[tokio::test]
async fn a_page_that_shows_somebody_else_does_nothing() {
    let server = Guarded::start().await;
    let sign_in_as = async |name: &str| {
        let token = server.token(name, SignedDuration::from_hours(1)).await;
        cookie(&sign_in(&server, &token).await)
    };
    // A browser has one cookie: that of whoever signed in last, in whichever tab.
    let (_, now) = (sign_in_as("viewer").await, sign_in_as("reviewer").await);
    let shows = |name: &'static str| ("x-huizong-shown", name);
    assert_eq!(call(&server, &[("cookie", &now), HEADER, shows("viewer")]).await.as_deref(), UNAUTHENTICATED);
    assert_eq!(call(&server, &[("cookie", &now), HEADER, shows("reviewer")]).await, None);
    let ended = ask(&server, "DELETE", "/session", &[("cookie", &now), HEADER, shows("viewer")], Vec::new()).await;
    assert_eq!(ended.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(call(&server, &[("cookie", &now), HEADER]).await, None, "nobody was signed out");
    let refused = server.journal().await.into_iter().filter(|entry| entry.detail.contains("CALLER_CHANGED")).count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let server = Guarded::start().await;
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let cookie = cookie(&sign_in(&server, &token).await);
    assert_eq!(call(&server, &[("cookie", &cookie), HEADER]).await, None);
    let id = token.split('_').nth(1).unwrap().parse().unwrap();
    let internal = huizong::service::Caller::internal("test");
    server.service.revoke_credential(&"viewer".parse().unwrap(), id, &internal).await.unwrap();
    assert_eq!(call(&server, &[("cookie", &cookie), HEADER]).await.as_deref(), UNAUTHENTICATED);
}

#[tokio::test]
async fn a_page_that_asks_by_itself_keeps_no_session_from_ending_nor_a_stream_after_it() {
    let limits = SignInLimits { idle: Duration::from_secs(3), ..SignInLimits::default() };
    let server = Guarded::with(Limits::default(), 10_000, limits).await;
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let cookie = cookie(&sign_in(&server, &token).await);
    let query = support::question(CITY, support::YEAR, "requests.received", &[]);
    let mut watch = tonic::Request::new(crate::support::watched(query));
    watch.metadata_mut().insert("cookie", cookie.parse().unwrap());
    watch.metadata_mut().insert(HEADER.0, HEADER.1.parse().unwrap());
    let mut rollups = RollupServiceClient::new(server.client(None).await);
    let mut updates = rollups.watch_rollup(watch).await.unwrap().into_inner();
    updates.message().await.unwrap().unwrap();
    let mut attempts = 0;
    while call(&server, &[("cookie", &cookie), HEADER, ("x-huizong-unattended", "1")]).await.is_none() {
        attempts += 1;
        assert!(attempts < 200, "the session goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut reports = ReportServiceClient::new(server.client_of("submitter").await);
    reports.submit_report(support::submission(support::report("agencies/city-bureau", 3))).await.unwrap();
    assert_eq!(updates.message().await.unwrap_err().code(), tonic::Code::Unauthenticated);
}

#[tokio::test]
async fn signing_in_needs_our_header_and_who_guesses_is_told_to_wait() {
    let limits = SignInLimits { failures: 2, ..SignInLimits::default() };
    let server = Guarded::with(Limits::default(), 100, limits).await;
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let body = serde_json::json!({ "token": token }).to_string().into_bytes();
    let of_others = ask(&server, "POST", "/session", &[], body).await;
    assert_eq!(of_others.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask(&server, "POST", "/session", &[HEADER], vec![b'x'; 5000]).await.status(), StatusCode::BAD_REQUEST);
    for _ in 0..2 {
        assert_eq!(sign_in(&server, "guess").await.status(), StatusCode::UNAUTHORIZED);
    }
    let told_to_wait = sign_in(&server, "guess").await;
    assert_eq!(told_to_wait.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(told_to_wait.headers().contains_key("retry-after"));
    assert_eq!(sign_in(&server, &token).await.status(), StatusCode::NO_CONTENT, "who guesses keeps nobody out");
    let journal = server.journal().await;
    let tried =
        |outcome| journal.iter().filter(|entry| entry.action == "session.begin" && entry.outcome == outcome).count();
    assert_eq!((tried(Outcome::Refused), tried(Outcome::Accepted)), (3, 1));
}

#[tokio::test]
async fn who_uses_a_session_is_given_its_cookie_anew_and_no_page_that_asks_by_itself() {
    let limits = SignInLimits { idle: Duration::from_secs(8), ..SignInLimits::default() };
    let server = Guarded::with(Limits::default(), 10_000, limits).await;
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let first = cookie(&sign_in(&server, &token).await);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let show = async |cookie: &str, headers: &[(&str, &str)]| {
        let headers = [&[("cookie", cookie)], headers].concat();
        ask(&server, "GET", "/session", &headers, Vec::new()).await
    };
    let by_itself = show(&first, &[("x-huizong-unattended", "1")]).await;
    assert!(by_itself.status() == StatusCode::OK && !by_itself.headers().contains_key("set-cookie"));
    let used = show(&first, &[]).await;
    let set = used.headers()["set-cookie"].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict; Secure"), "{set}");
    let anew = cookie(&used);
    assert_ne!(anew, first);
    // Both are of one session, which ends once.
    assert!(!show(&anew, &[]).await.headers().contains_key("set-cookie"), "it is new enough");
    let ended = ask(&server, "DELETE", "/session", &[("cookie", &anew), HEADER], Vec::new()).await;
    assert_eq!((ended.status(), cookie(&ended).as_str()), (StatusCode::NO_CONTENT, "huizong-session="));
    for cookie in [&first, &anew] {
        assert_eq!(show(cookie, &[]).await.status(), StatusCode::UNAUTHORIZED);
    }
}
