//! The one way in: who calls is found out, may they, and not too much at once. Before any message is read. And out in
//! time.
//!
//! Every request passes here, also those that are no gRPC calls; these get to know their [`Caller`] and decide
//! themselves.

mod bounds;
mod caller;
mod certificate;
mod ending;
mod heard;
mod held;
mod inspected;
mod listener;
mod measured;
mod origin;
mod rates;
mod refusals;
mod tls;
mod validity;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use prost::bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tower::Layer;

use crate::access::{call, method_at};
use crate::config::Limits;
use crate::service::{Asked, Authority, Caller, Problem, Service};

use super::methods::answers_with_stream;
use super::status::{TOLD_BY, note, problem_of_transport, status_of, to_status};

pub use caller::{cookie_of, session_cookie};
pub(crate) use certificate::{Certified, certified};
pub use listener::{Connection, Newcomers, Peer, connections};
pub(crate) use measured::most_bytes;
pub use origin::{Hosts, Proxies};
pub use tls::{TlsError, TlsFiles};
pub use validity::{RevocationList, Validity, revocations, validities};

use bounds::Bounds;
use ending::Ending;
use heard::Heard;
use held::Held;
use inspected::Inspected;
use measured::Measured;
use refusals::{foreign_host, gone_on_for_long, out_of_time, overloaded, refusal_of_page, wants_page};

/// The cookie of a session; its value is secret.
pub const SESSION_COOKIE: &str = "huizong-session";

/// Calls with a session's cookie carry this header, which no form and no link of another site can send.
pub const SESSION_HEADER: &str = "x-huizong-session";

/// Calls that a page makes by itself carry this header: they do not keep a session from ending.
pub(crate) const UNATTENDED_HEADER: &str = "x-huizong-unattended";

/// How far the journal must have come at least for a call to be answered, as [`PLACE_HEADER`] has told it; or `newest`.
const AT_LEAST_HEADER: &str = "huizong-at-least";

/// In an answer: how far the journal has come that it rests on.
const PLACE_HEADER: &str = "huizong-position";

/// Calls of the health service begin with it.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// The one call that carries a document.
const DOCUMENT_CALL: &str = call::READ_DOCUMENT.path;
/// The stream that answers what it has taken before it ends with the service, and sees to that itself.
const SUBMISSIONS: &str = call::SUBMIT_REPORTS.path;

/// Calls of a page carry whom it shows: they are not made in the name of somebody who signed in elsewhere meanwhile.
const SHOWN_HEADER: &str = "x-huizong-shown";

/// How long browsers keep to TLS for the host of an answer that came by it: a year.
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// In an answer to a compression that is not taken: which ones are.
const ENCODINGS: &str = "grpc-accept-encoding";

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
            let metadata = told_by(request.headers());
            let path = request.uri().path();
            let is_page = wants_page(request.headers());
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
            let mut answer = match answer.unwrap_or_else(|_| Err(out_of_time(call_time))) {
                Ok(answer) if ends_with_service => {
                    let metadata = metadata.clone();
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
                Err(problem) => refusal_of_page(&problem, is_page),
            };
            if is_call {
                complete(&mut answer, &metadata);
            }
            if let Ok(place) = HeaderValue::from_str(&door.service.place()) {
                answer.headers_mut().insert(PLACE_HEADER, place);
            }
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
        // Whoever asks whether the service is alive is answered under any load, and while it stops.
        let permit = match path.starts_with(HEALTH) {
            true => None,
            false => {
                self.service.check_stopping()?;
                Some(bounds.calls.clone().try_acquire_owned().map_err(|_| overloaded())?)
            }
        };
        if !path.starts_with(HEALTH) {
            // Before anybody is asked who they are: that may have changed, too.
            let wanted = request.headers.get(AT_LEAST_HEADER).map(|wanted| wanted.to_str().unwrap_or("?"));
            self.service.come_to(wanted).await?;
        }
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
}

/// What of a call's metadata decides how a refusal is told.
fn told_by(headers: &HeaderMap) -> MetadataMap {
    let told = TOLD_BY.into_iter().filter_map(|name| Some((HeaderName::from_static(name), headers.get(name)?.clone())));
    MetadataMap::from_headers(told.collect())
}

/// Gives a refusal of the transport itself, such as of what cannot be decoded, the details that all others have.
fn complete(answer: &mut Response<Body>, metadata: &MetadataMap) {
    let Some(status) = Status::from_header_map(answer.headers()) else { return };
    if status.code() == Code::Ok || !status.details().is_empty() || answer.headers().contains_key(ENCODINGS) {
        return;
    }
    let problem = problem_of_transport(&status);
    note(problem.reason().as_str_name());
    // What cannot be written as headers stays as it was.
    let _ = status_of(problem, metadata).add_header(answer.headers_mut());
}

/// Whether a path is that of a gRPC call rather than of a page.
pub(super) fn is_call(path: &str) -> bool {
    path.starts_with("/huizong.") || path.starts_with("/grpc.")
}
