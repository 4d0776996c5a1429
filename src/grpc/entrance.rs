//! The way in for every request. Of a call in gRPC-Web gRPC is made, the call is observed, and the door decides: so a
//! refusal at the door is counted, logged and framed like any other answer. What is no call, such as a page, gets an
//! id and meets the door alone.

use std::task::{Context, Poll, ready};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, Service};

use crate::telemetry::call::{CallId, CallLayer, Calls};

use super::door::{DoorLayer, DoorService, is_call};
use super::methods;

/// Stands before everything that is served.
#[derive(Clone)]
pub struct EntranceLayer {
    calls: CallLayer,
    door: DoorLayer,
}

impl EntranceLayer {
    pub fn new(door: DoorLayer) -> Self {
        Self { calls: CallLayer::new(methods::methods()), door }
    }
}

impl<S: Clone> Layer<S> for EntranceLayer {
    type Service = Entrance<S>;

    fn layer(&self, inner: S) -> Entrance<S> {
        let door = self.door.layer(inner);
        // The layer of gRPC-Web answers every other request over HTTP/1.1 itself, so pages do not pass it.
        Entrance { calls: GrpcWebLayer::new().layer(self.calls.layer(door.clone())), pages: door }
    }
}

/// What is served behind the door, with calls observed before it.
#[derive(Clone)]
pub struct Entrance<S> {
    calls: GrpcWebService<Calls<DoorService<S>>>,
    pages: DoorService<S>,
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
            return self.calls.call(request).boxed();
        }
        CallId::of(request.headers()).given_to(self.pages.call(request)).boxed()
    }
}
