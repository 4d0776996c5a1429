//! The one way in: who calls is found out, may they, and not too much at once. Before any message is read. And out in
//! time.
//!
//! Every request passes here, also those that are no gRPC calls; these get to know their [`Caller`] and decide
//! themselves.

mod bounds;
mod certificate;
mod ending;
mod heard;
mod held;
mod inspected;
mod listener;
mod measured;
mod origin;
mod rates;
mod tls;
mod validity;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderValue, ORIGIN, STRICT_TRANSPORT_SECURITY,
};
use http::request::Parts;
use http::{HeaderMap, Method as Verb, Request, Response};
use prost::bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tower::Layer;

use crate::access::{Method, Right, method_at};
use crate::config::Limits;
use crate::report::Message;
use crate::service::{Asked, Authority, Caller, Problem, Reason, Service};

use super::claimed_principal;
use super::methods::answers_with_stream;
use super::over_http::refusal;
use super::status::to_status;

pub use certificate::{Certified, certified};
pub use listener::{Connection, Newcomers, Peer, connections};
pub use origin::{Hosts, Proxies};
pub use tls::{TlsError, TlsFiles};
pub use validity::{RevocationList, Validity, revocations, validities};

use bounds::Bounds;
use ending::Ending;
use heard::Heard;
use held::Held;
use inspected::Inspected;
use measured::{Measured, most_bytes};

/// The cookie of a session; its value is secret.
pub const SESSION_COOKIE: &str = "huizong-session";

/// Calls with a session's cookie carry this header, which no form and no link of another site can send.
pub const SESSION_HEADER: &str = "x-huizong-session";

/// Calls that a page makes by itself carry this header: they do not keep a session from ending.
const UNATTENDED_HEADER: &str = "x-huizong-unattended";

/// The one call that carries a document.
const DOCUMENT_CALL: &str = "/huizong.v1.ReportService/ReadDocument";
/// The stream that answers what it has taken before it ends with the service, and sees to that itself.
const SUBMISSIONS: &str = "/huizong.v1.ReportService/SubmitReports";

/// Calls of a page carry whom it shows: they are not made in the name of somebody who signed in elsewhere meanwhile.
const SHOWN_HEADER: &str = "x-huizong-shown";

/// How long browsers keep to TLS for the host of an answer that came by it: a year.
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How long a caller is told to wait where the service is overloaded.
const OVERLOAD_WAIT: Duration = Duration::from_secs(1);

struct Door {
    service: Service,
    /// Requests that have come in, whatever became of them.
    arrived: AtomicU64,
    bounds: RwLock<Arc<Bounds>>,
    proxies: Proxies,
    hosts: Hosts,
    /// Longest message of any call, in bytes.
    message_bytes: usize,
}

/// Stands before everything that is served.
#[derive(Clone)]
pub struct DoorLayer(Arc<Door>);

impl DoorLayer {
    /// A door to `service`; where that does not ask who calls, everyone is who they say. It answers for any host, and
    /// believes no proxy.
    pub fn new(service: Service, limits: &Limits) -> Self {
        Self::behind(service, limits, Proxies::default(), Hosts::default())
    }

    /// The same behind proxies that are believed, for these hosts only.
    pub fn behind(service: Service, limits: &Limits, proxies: Proxies, hosts: Hosts) -> Self {
        let bounds = RwLock::new(Bounds::new(limits));
        let message_bytes = limits.message_bytes;
        Self(Arc::new(Door { service, arrived: AtomicU64::new(0), bounds, proxies, hosts, message_bytes }))
    }

    /// Lets in as much as other limits say from now on; calls that are under way count no more.
    pub fn adopt(&self, limits: &Limits) {
        *self.0.bounds.write().unwrap_or_else(PoisonError::into_inner) = Bounds::new(limits);
    }

    /// How many requests have come in.
    pub fn arrived(&self) -> u64 {
        self.0.arrived.load(Ordering::Relaxed)
    }

    /// Whether no call is under way.
    pub fn is_idle(&self) -> bool {
        self.0.bounds().is_idle()
    }

    /// Forgets rates that no longer matter. To be called every minute or so.
    pub fn tidy(&self) {
        self.0.bounds().rates.tidy();
    }
}

impl<S> Layer<S> for DoorLayer {
    type Service = DoorService<S>;

    fn layer(&self, inner: S) -> DoorService<S> {
        DoorService { door: self.0.clone(), inner }
    }
}

/// What stands behind the door.
#[derive(Clone)]
pub struct DoorService<S> {
    door: Arc<Door>,
    inner: S,
}

impl<S> tower::Service<Request<Body>> for DoorService<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that was found ready is used up; a clone waits for the next call.
        let waiting = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, waiting);
        let door = self.door.clone();
        async move {
            let is_call = is_call(request.uri().path());
            let is_protected = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_protected);
            let language = request.headers().get(ACCEPT_LANGUAGE).map(|language| (ACCEPT_LANGUAGE, language.clone()));
            let path = request.uri().path();
            let wants_page = wants_page(request.headers());
            let ends_with_service = path != SUBMISSIONS && answers_with_stream(path);
            let answer = async {
                let (mut parts, mut body) = request.into_parts();
                let heard = Arc::new(Heard::new(&parts.uri));
                let (caller, permit) = door.let_in(&parts, &mut body, &heard).await?;
                // Held until the answer: what is not received yet waits with whoever sends it.
                let _place = match parts.uri.path() == DOCUMENT_CALL {
                    true => Some(door.service.place_for_document(&caller).await?),
                    false => None,
                };
                let body = match is_call {
                    true => {
                        let mut measured = Measured::new(most_bytes(parts.uri.path(), door.message_bytes));
                        Body::new(Inspected::new(body, move |data: &Bytes| {
                            measured.measure(data)?;
                            heard.take(data);
                            Ok(())
                        }))
                    }
                    false => body,
                };
                parts.extensions.insert(caller);
                let answer = inner.call(Request::from_parts(parts, body)).await;
                Ok(answer.map(|response| response.map(|body| Body::new(Held::new(body, permit)))))
            };
            let bounds = door.bounds();
            let call_time = bounds.call_time;
            let answer = tokio::time::timeout(call_time, answer).await;
            let metadata = MetadataMap::from_headers(language.into_iter().collect());
            let mut answer = match answer.unwrap_or_else(|_| Err(out_of_time(call_time))) {
                Ok(answer) if ends_with_service => {
                    let (stopping, longest) = (door.service.stopping(), bounds.stream_time);
                    let stopped = async move {
                        let problem = tokio::select! {
                            problem = stopping => problem,
                            () = tokio::time::sleep(longest) => gone_on_for_long(longest),
                        };
                        to_status(&problem, &metadata)
                    };
                    answer?.map(|body| Body::new(Ending::new(body, stopped)))
                }
                Ok(answer) => answer?,
                Err(problem) if is_call => to_status(&problem, &metadata).into_http(),
                Err(problem) => refusal_of_page(&problem, wants_page),
            };
            if is_protected && !is_call {
                answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
            }
            Ok(answer)
        }
        .boxed()
    }
}

impl Door {
    fn bounds(&self) -> Arc<Bounds> {
        self.bounds.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn let_in(
        &self,
        request: &Parts,
        body: &mut Body,
        heard: &Arc<Heard>,
    ) -> Result<(Caller, Option<OwnedSemaphorePermit>), Problem> {
        let peer = request.extensions.get::<Peer>();
        let address = peer.and_then(|peer| peer.address);
        let address = address.map(|address| self.proxies.caller(address, &request.headers));
        self.arrived.fetch_add(1, Ordering::Relaxed);
        if let Some(host) = self.hosts.foreign(request) {
            return Err(foreign_host(&host));
        }
        let bounds = self.bounds();
        bounds.rates.check_address(address)?;
        let path = request.uri.path();
        let method = method_at(path);
        let is_probe = matches!(method, Some(Method { right: Right::Anyone, .. }));
        if !is_probe {
            self.service.check_stopping()?;
        }
        let permit = match method {
            // Whoever asks whether the service is alive is answered under any load.
            Some(Method { right: Right::Anyone, .. }) => None,
            _ => Some(bounds.calls.clone().try_acquire_owned().map_err(|_| overloaded())?),
        };
        let caller = self.caller(request, peer, address).await?;
        let asked: Arc<dyn Asked> = heard.clone();
        let mut caller = Caller { asked: Some(asked), ..caller };
        if let Authority::Principal { name, .. } = &caller.authority {
            bounds.rates.check_principal(name)?;
        }
        if method.is_some() || is_call(path) {
            self.service.enter(&caller, method, heard.listen(body)).await?;
        }
        if path == SUBMISSIONS {
            // Each item of a stream is told by itself.
            caller.asked = None;
        }
        Ok((caller, permit))
    }

    /// Who calls: by a token, else by a session, else by a certificate.
    async fn caller(&self, request: &Parts, peer: Option<&Peer>, address: Option<IpAddr>) -> Result<Caller, Problem> {
        let headers = &request.headers;
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        if !self.service.asks_who_calls() {
            return Ok(Caller::unproved(claimed_principal(headers), address, Authority::Open));
        }
        let known = match (bearer(headers), session_cookie(headers)) {
            (Some(token), _) => self.service.authenticate_from(token, &address),
            (None, Some(cookie)) if is_same_site(request) => {
                let unattended = headers.contains_key(UNATTENDED_HEADER);
                let known = if unattended { self.service.session(cookie) } else { self.service.use_session(cookie) };
                known.and_then(|authority| self.as_shown(authority, headers))
            }
            _ => Ok(peer
                .and_then(|peer| peer.certified.as_ref())
                .map_or(Authority::Nobody, |certified| certified.authority())),
        };
        let by = match (bearer(headers), session_cookie(headers)) {
            (Some(token), _) => self.service.shown_by_token(token),
            (None, Some(cookie)) if is_same_site(request) => self.service.shown_by_cookie(cookie),
            _ => peer.and_then(|peer| peer.certified.as_ref()).map_or_else(String::new, Certified::name),
        };
        let nobody = Caller::unproved("unauthenticated".to_owned(), address.clone(), Authority::Nobody);
        let nobody = Caller { by: by.clone(), ..nobody };
        let is_call = is_call(request.uri.path());
        let takes_code = matches!(method_at(request.uri.path()), Some(Method { right: Right::Code, .. }));
        match known {
            Ok(Authority::Nobody) => Ok(nobody),
            Ok(authority) => {
                let principal = match &authority {
                    Authority::Principal { name, .. } => name.to_string(),
                    Authority::Open | Authority::Nobody => String::new(),
                };
                Ok(Caller { by, ..Caller::unproved(principal, address, authority) })
            }
            // A page may be asked for with the cookie of a session that has ended, to sign in again; and so may a code be
            // exchanged.
            Err(problem)
                if (!is_call || takes_code) && bearer(headers).is_none() && problem.reason != Reason::CallerChanged =>
            {
                Ok(nobody)
            }
            Err(problem) => Err(self.service.refuse_caller(problem, request.uri.path(), &nobody).await),
        }
    }
}

impl Door {
    /// Whom a session belongs to, unless the page shows somebody else.
    fn as_shown(&self, authority: Authority, headers: &HeaderMap) -> Result<Authority, Problem> {
        let Some(shown) = headers.get(SHOWN_HEADER) else { return Ok(authority) };
        match &authority {
            Authority::Principal { name, .. } if shown.as_bytes() != name.as_str().as_bytes() => {
                Err(caller_changed(name.as_str()))
            }
            _ => Ok(authority),
        }
    }
}

/// Whether a path is that of a gRPC call rather than of a page.
pub(super) fn is_call(path: &str) -> bool {
    path.starts_with("/huizong.") || path.starts_with("/grpc.")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().unwrap_or("invalid");
    let (scheme, token) = value.split_once(' ').unwrap_or(("", value));
    // Another scheme is no token, and refused as one that is not valid.
    Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" })
}

/// The value of the session's cookie.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, SESSION_COOKIE)
}

/// The value of a cookie.
pub fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Whether a request with a session's cookie comes from our own pages: what changes or calls something carries our
/// header and our origin; a page may be asked for from nowhere else either.
fn is_same_site(request: &Parts) -> bool {
    let headers = &request.headers;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = request.uri.authority().map(|authority| authority.as_str()).or_else(|| text(HOST.as_str()));
    let own_origin = text(ORIGIN.as_str()).is_none_or(|origin| {
        let of_origin = origin.split_once("://").map(|(_, authority)| authority);
        of_origin.is_some() && of_origin == host
    });
    let own_site = text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    let is_page = matches!(request.method, Verb::GET | Verb::HEAD) && !is_call(request.uri.path());
    own_origin && own_site && (is_page || headers.contains_key(SESSION_HEADER))
}

/// A refusal of what is no gRPC call: words on a page where one is asked for, else as the HTTP API tells of it.
fn refusal_of_page(problem: &Problem, wants_page: bool) -> Response<Body> {
    let mut response = refusal(problem).map(Body::new);
    if wants_page {
        *response.body_mut() = Body::new(format!("{}\n{}\n", problem.message.zh, problem.message.en));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    response
}

/// Whether a request is for something to look at.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn out_of_time(limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    let message = Message::new(
        format!("服务未能在 {seconds} 秒内答复"),
        format!("the service did not answer within {seconds} s"),
    );
    let remedy = Message::new(
        "更改可能已生效：请以同一 request_id 重试，或先查询；查询请缩小范围",
        "a change may have been made: send it again with the same request_id, or look first; ask for less at a time",
    );
    Problem::new(Reason::DeadlineExceeded, message, remedy)
}

fn gone_on_for_long(longest: Duration) -> Problem {
    let minutes = longest.as_secs().div_ceil(60);
    let message =
        Message::new(format!("流式调用已持续 {minutes} 分钟"), format!("the stream has gone on for {minutes} minutes"));
    Problem::overload(Reason::Stopping, message, OVERLOAD_WAIT)
}

fn foreign_host(host: &str) -> Problem {
    let host: String = host.chars().filter(|c| !c.is_control()).take(HOST_MAX_CHARACTERS).collect();
    let message = Message::new(
        format!("本服务不以 {host} 之名提供"),
        format!("the service does not answer in the name of {host}"),
    );
    let remedy = Message::new(
        "请使用证书中的名称访问；确为本服务名称的，请运维人员加入 server.hosts",
        "call it by a name of its certificate; if the name is right, have the operator add it to server.hosts",
    );
    Problem::new(Reason::HostUnknown, message, remedy)
}

/// Longest host that a refusal names.
const HOST_MAX_CHARACTERS: usize = 100;

fn caller_changed(now: &str) -> Problem {
    let message = Message::new(
        format!("此浏览器已改由 {now} 登录，本页显示的是他人，未执行任何操作"),
        format!("{now} has signed in in this browser; the page shows somebody else, and nothing was done"),
    );
    let remedy =
        Message::new("请刷新页面以当前账号继续，或重新登录", "reload the page to go on as they, or sign in again");
    Problem::new(Reason::CallerChanged, message, remedy).with("principal", now)
}

fn overloaded() -> Problem {
    let message = Message::new("服务繁忙", "the service is busy");
    Problem::overload(Reason::Overloaded, message, OVERLOAD_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(verb: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(verb).uri(path).header("host", "hz.example:7411");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    const CALL: &str = "/huizong.v1.ReportService/SubmitReport";

    #[test]
    fn a_call_with_a_cookie_needs_our_header_and_our_origin() {
        let own = ("origin", "https://hz.example:7411");
        let header = (SESSION_HEADER, "1");
        assert!(is_same_site(&request("POST", CALL, &[own, header])));
        assert!(is_same_site(&request("POST", CALL, &[header])));
        for refused in [
            &[own][..],
            &[],
            &[("origin", "https://evil.example"), header],
            &[("origin", "null"), header],
            &[header, ("sec-fetch-site", "cross-site")],
            &[header, ("sec-fetch-site", "same-site")],
        ] {
            assert!(!is_same_site(&request("POST", CALL, refused)), "{refused:?}");
        }
    }

    #[test]
    fn a_page_is_given_to_a_link_of_ours_and_changes_need_the_header() {
        assert!(is_same_site(&request("GET", "/export.csv", &[])));
        assert!(is_same_site(&request("GET", "/export.csv", &[("sec-fetch-site", "none")])));
        assert!(!is_same_site(&request("GET", "/export.csv", &[("sec-fetch-site", "cross-site")])));
        assert!(!is_same_site(&request("DELETE", "/session", &[])));
        assert!(!is_same_site(&request("GET", CALL, &[])), "a call is no page, whatever its verb");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let cookies = request("GET", "/", &[("cookie", "a=b; huizong-session=0af; c=d")]);
        assert_eq!(session_cookie(&cookies.headers), Some("0af"));
        assert_eq!(session_cookie(&request("GET", "/", &[("cookie", "xhuizong-session=1")]).headers), None);
    }

    #[test]
    fn another_scheme_than_bearer_is_no_token() {
        let token =
            |value: &str| bearer(&request("POST", CALL, &[("authorization", value)]).headers).map(str::to_owned);
        assert_eq!(token("Bearer abc"), Some("abc".to_owned()));
        assert_eq!(token("bearer  abc "), Some("abc".to_owned()));
        assert_eq!(token("Basic abc"), Some(String::new()));
        assert_eq!(token("abc"), Some(String::new()));
    }
}
