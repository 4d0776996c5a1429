//! The way in for every request. Of a call in gRPC-Web gRPC is made, the call is observed, and the door decides: so a
//! refusal at the door is counted, logged and framed like any other answer; of what is posted as JSON gRPC is made likewise
//! (`posted`). What is no call, such as a page, gets an id and meets the door alone.

use std::task::{Context, Poll, ready};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::uri::Authority;
use http::{Request, Response};
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, Service};

use crate::telemetry::call::{CallId, CallLayer, Calls};

use super::door::{DoorLayer, DoorService, Peer, is_call};
use super::posted::is_posted;
use super::status::{ADDRESS_HEADER, DETAILS_HEADER, WHOLE};
use super::{methods, posted};

/// Stands before everything that is served.
#[derive(Clone)]
pub struct EntranceLayer {
    calls: CallLayer,
    door: DoorLayer,
    /// Where the service is reached, as the settings say; else as each caller does.
    public_url: Option<HeaderValue>,
    /// Longest message of any call, in bytes.
    message_bytes: usize,
}

impl EntranceLayer {
    /// Before what `door` lets in. `public_url` may be empty; `message_bytes` is the longest message of any call.
    pub fn new(door: DoorLayer, public_url: &str, message_bytes: usize) -> Self {
        let public_url = public_url.trim_end_matches('/');
        let public_url = HeaderValue::from_str(public_url).ok().filter(|_| !public_url.is_empty());
        Self { calls: CallLayer::new(methods::methods()), door, public_url, message_bytes }
    }
}

impl<S: Clone> Layer<S> for EntranceLayer {
    type Service = Entrance<S>;

    fn layer(&self, inner: S) -> Entrance<S> {
        let door = self.door.layer(inner);
        // The layer of gRPC-Web answers every other request over HTTP/1.1 itself, so pages do not pass it.
        let calls = self.calls.layer(door.clone());
        let (public_url, message_bytes) = (self.public_url.clone(), self.message_bytes);
        Entrance {
            calls: GrpcWebLayer::new().layer(calls.clone()),
            posted: calls,
            pages: door,
            public_url,
            message_bytes,
        }
    }
}

/// What is served behind the door, with calls observed before it.
#[derive(Clone)]
pub struct Entrance<S> {
    calls: GrpcWebService<Calls<DoorService<S>>>,
    posted: Calls<DoorService<S>>,
    pages: DoorService<S>,
    public_url: Option<HeaderValue>,
    message_bytes: usize,
}

impl<S> Entrance<S> {
    /// Says of a call what only the entrance knows: where the caller reaches the service, and whether refusals are told in
    /// headers.
    fn describe(&self, request: &mut Request<Body>) {
        let address = self.public_url.clone().or_else(|| address(request));
        let headers = request.headers_mut();
        headers.remove(ADDRESS_HEADER);
        if let Some(address) = address {
            headers.insert(ADDRESS_HEADER, address);
        }
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|content_type| content_type.starts_with("application/grpc-web")) {
            headers.insert(DETAILS_HEADER, HeaderValue::from_static(WHOLE));
        }
    }
}

/// Where a request says that it reaches the service.
fn address(request: &Request<Body>) -> Option<HeaderValue> {
    let of_header = || request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().authority().map(Authority::as_str).or_else(of_header)?;
    let host = host.parse::<Authority>().ok()?;
    let is_protected = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_protected);
    let scheme = if is_protected { "https" } else { "http" };
    HeaderValue::try_from(format!("{scheme}://{host}")).ok()
}

impl<S> Service<Request<Body>> for Entrance<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(Service::<Request<Body>>::poll_ready(&mut self.calls, context))?;
        self.pages.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if is_call(request.uri().path()) {
            let mut request = request;
            self.describe(&mut request);
            if is_posted(&request) {
                return posted::answer(self.posted.clone(), request, self.message_bytes).boxed();
            }
            return self.calls.call(request).boxed();
        }
        CallId::of(request.headers()).given_to(self.pages.call(request)).boxed()
    }
}
