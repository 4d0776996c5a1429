//! `/session`: signing in with a token, who is signed in, and signing out; in `provider`, signing in with an identity
//! provider.
//!
//! The token is in the body of one request and in no cookie; the cookie holds a session that ends by itself. Requests
//! that change something carry [`SESSION_HEADER`], so no page of another site can make them.

mod provider;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tonic::service::Routes;

use crate::grpc::{SESSION_COOKIE, SESSION_HEADER, UNATTENDED_HEADER, refusal, session_cookie};
use crate::identity::Provider;
use crate::report::Message;
use crate::service::{Authority, Caller, Origin, Problem, Reason, Service};
use crate::telemetry::metrics;
use crate::wire::{dynamic, problem_to_wire};

use provider::Refusals;

/// A token is some 90 bytes.
const BODY_MAX_BYTES: usize = 1024;

#[derive(Clone)]
struct Door {
    service: Service,
    /// Connections are protected, and the cookie is only sent on such.
    secure: bool,
    provider: Option<Arc<Provider>>,
    refusals: Arc<Refusals>,
}

#[derive(Deserialize)]
struct SignIn {
    token: String,
}

/// The routes; `secure` under TLS.
pub fn routes(service: Service, secure: bool, provider: Option<Arc<Provider>>) -> Router {
    Router::new()
        .route("/session", get(show).post(begin).delete(end))
        .route("/session/ways", get(provider::ways))
        .route("/session/provider", get(provider::begin))
        .route(Provider::ANSWER_PATH, get(provider::finish))
        .with_state(Door::new(service, secure, provider))
}

/// What is asked in a session, behind which its cookie is given anew where that is due: it says since when nobody has used it.
pub fn renewing(routes: Routes, service: Service, secure: bool, provider: Option<Arc<Provider>>) -> Routes {
    let door = Door::new(service, secure, provider);
    Routes::from(routes.into_axum_router().layer(from_fn_with_state(door, renew)))
}

async fn renew(State(door): State<Door>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().map(|caller| &caller.authority);
    let is_in_session = matches!(caller, Some(Authority::Principal { session: Some(_), .. }));
    let is_attended = !request.headers().contains_key(UNATTENDED_HEADER);
    let cookie = session_cookie(request.headers()).filter(|_| is_in_session && is_attended).map(str::to_owned);
    let response = next.run(request).await;
    // What begins or ends one says so itself.
    match cookie.filter(|_| !response.headers().contains_key(SET_COOKIE)) {
        Some(cookie) => match door.service.renewed_session(&cookie) {
            Some(renewed) => with_cookie(response, &door.session(&renewed, None)),
            None => response,
        },
        None => response,
    }
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
        Err(problem) => refused(&problem),
    }
}

/// Takes `{"token": "…"}`, and gives the cookie of a session.
async fn begin(State(door): State<Door>, request: Request) -> Response {
    if !request.headers().contains_key(SESSION_HEADER) {
        return refused(&no_header());
    }
    let Some(caller) = request.extensions().get::<Caller>().cloned() else { return refused(&no_caller()) };
    let body = to_bytes(request.into_body(), BODY_MAX_BYTES).await.ok();
    let Some(SignIn { token }) = body.and_then(|body| serde_json::from_slice(&body).ok()) else {
        return refused(&Problem::required("token"));
    };
    let begun = door.service.sign_in(&token, &caller).await;
    metrics::signed_in("token", begun.as_ref().map_or_else(|problem| problem.reason.as_str(), |_| metrics::SIGNED_IN));
    match begun {
        Ok(session) => with_cookie(answer_empty(), &door.session(&session, None)),
        Err(problem) => refused(&problem),
    }
}

/// Ends the session of the cookie; without one there is nothing to end. Where it began with an identity provider, the
/// answer says where to sign out there, or that this cannot be done from here.
async fn end(State(door): State<Door>, caller: Option<Extension<Caller>>, headers: HeaderMap) -> Response {
    let Some(Extension(caller)) = caller else { return refused(&no_caller()) };
    if !headers.contains_key(SESSION_HEADER) {
        return refused(&no_header());
    }
    let ended = match session_cookie(&headers) {
        Some(session) => door.service.sign_out(session, &caller).await,
        None => Ok(None),
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(problem) => return refused(&problem),
    };
    if let Some(origin) = &ended {
        metrics::signed_out(if *origin == Origin::Token { "token" } else { "provider" });
    }
    let response = match ended {
        Some(Origin::Provider { sign_out }) => {
            let sign_out = match (sign_out, &door.provider) {
                (None, Some(provider)) => provider.sign_out_of_anybody().await,
                (known, _) => known,
            };
            answer(StatusCode::OK, &json!({ "provider": { "sign_out": sign_out } }))
        }
        _ => answer_empty(),
    };
    with_cookie(response, &door.session("", Some(0)))
}

impl Door {
    fn new(service: Service, secure: bool, provider: Option<Arc<Provider>>) -> Self {
        let secure = secure || provider.as_ref().is_some_and(|provider| provider.is_public_url_protected());
        Self { service, secure, provider, refusals: Arc::default() }
    }

    fn session(&self, session: &str, seconds: Option<u64>) -> String {
        self.cookie(SESSION_COOKIE, session, "Strict", seconds)
    }

    /// A cookie for this service alone; `site` says which requests bring it.
    fn cookie(&self, name: &str, value: &str, site: &str, seconds: Option<u64>) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        format!("{name}={value}; Path=/; HttpOnly; SameSite={site}{secure}{age}")
    }
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    // Constants, hexadecimal digits and what is percent-encoded are always a header value.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
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

fn refused(problem: &Problem) -> Response {
    refusal(problem).map(Body::from)
}

/// A problem within an answer, as it is told by itself.
fn described(problem: &Problem) -> serde_json::Value {
    let problem = problem_to_wire(problem);
    dynamic(&problem).ok().and_then(|problem| serde_json::to_value(problem).ok()).unwrap_or_default()
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
