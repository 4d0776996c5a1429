//! `/session`: signing in with a token, who is signed in, and signing out.
//!
//! The token is in the body of one request and in no cookie; the cookie holds a session that ends by itself. Requests
//! that change something carry [`SESSION_HEADER`], so no page of another site can make them.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::grpc::{SESSION_COOKIE, SESSION_HEADER, note, session_cookie};
use crate::report::Message;
use crate::service::{Caller, Code, Problem, Reason, Service};

/// A token is some 90 bytes.
const BODY_MAX_BYTES: usize = 1024;

#[derive(Clone)]
struct Door {
    service: Service,
    /// Connections are protected, and the cookie is only sent on such.
    secure: bool,
}

#[derive(Deserialize)]
struct SignIn {
    token: String,
}

/// The routes; `secure` under TLS.
pub fn routes(service: Service, secure: bool) -> Router {
    Router::new().route("/session", get(show).post(begin).delete(end)).with_state(Door { service, secure })
}

/// Who is signed in: the principal and its roles.
async fn show(State(door): State<Door>, caller: Option<Extension<Caller>>) -> Response {
    let known = match &caller {
        Some(Extension(caller)) => door.service.caller_view(caller),
        None => Err(no_caller()),
    };
    match known {
        Ok((principal, roles)) => {
            let roles: Vec<_> = roles.iter().map(|role| json!({"role": role.word(), "scope": role.scope()})).collect();
            let unrestricted = !door.service.asks_who_calls();
            answer(StatusCode::OK, &json!({"principal": principal, "roles": roles, "unrestricted": unrestricted}))
        }
        Err(problem) => refusal(&problem),
    }
}

/// Takes `{"token": "…"}`, and gives the cookie of a session.
async fn begin(State(door): State<Door>, request: Request) -> Response {
    if !request.headers().contains_key(SESSION_HEADER) {
        return refusal(&no_header());
    }
    let Some(caller) = request.extensions().get::<Caller>().cloned() else { return refusal(&no_caller()) };
    let body = to_bytes(request.into_body(), BODY_MAX_BYTES).await.ok();
    let Some(SignIn { token }) = body.and_then(|body| serde_json::from_slice(&body).ok()) else {
        return refusal(&Problem::required("token"));
    };
    match door.service.sign_in(&token, &caller).await {
        Ok(session) => with_cookie(answer_empty(), &door.cookie(&session, None)),
        Err(problem) => refusal(&problem),
    }
}

/// Ends the session of the cookie; without one there is nothing to end.
async fn end(State(door): State<Door>, headers: HeaderMap) -> Response {
    if !headers.contains_key(SESSION_HEADER) {
        return refusal(&no_header());
    }
    if let Some(session) = session_cookie(&headers) {
        door.service.sign_out(session);
    }
    with_cookie(answer_empty(), &door.cookie("", Some(0)))
}

impl Door {
    fn cookie(&self, session: &str, seconds: Option<u32>) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        format!("{SESSION_COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")
    }
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    // Hexadecimal digits and constants are always a header value.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}

fn answer_empty() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn answer(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refusal(problem: &Problem) -> Response {
    note(problem.reason);
    let status = match problem.reason.code() {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let text = |message: &Message| json!({"zh": message.zh, "en": message.en});
    let body = json!({
        "reason": problem.reason.as_str(),
        "message": text(&problem.message),
        "remedy": text(&problem.remedy),
    });
    let mut response = answer(status, &body);
    if let Some(wait) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, wait.as_secs().saturating_add(1).into());
    }
    response
}

fn no_header() -> Problem {
    let message =
        Message::new(format!("缺少请求头 {SESSION_HEADER}"), format!("the header {SESSION_HEADER} is missing"));
    let remedy = Message::new("请从本服务的页面登录", "sign in from a page of this service");
    Problem::new(Reason::PermissionDenied, message, remedy)
}

/// Requests come through the door, which says who calls.
fn no_caller() -> Problem {
    Problem::internal("a request came in without a caller")
}
