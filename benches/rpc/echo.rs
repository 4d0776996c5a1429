//! A tonic service that answers with what it was sent: what any call of such a size costs on this machine.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use huizong::pb;
use prost::Message;
use tonic::body::Body;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::load;

pub const SUBMISSION: &str = "/bench.Echo/Submission";
pub const ROLLUP: &str = "/bench.Echo/Rollup";
pub const FORM: &str = "/bench.Echo/Form";

#[derive(Clone)]
pub struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

struct EchoOf<M>(PhantomData<M>);

impl<M: Message + Default + Send + 'static> UnaryService<M> for EchoOf<M> {
    type Response = M;
    type Future = std::future::Ready<Result<Response<M>, Status>>;

    fn call(&mut self, request: Request<M>) -> Self::Future {
        std::future::ready(Ok(Response::new(request.into_inner())))
    }
}

async fn answer<M: Message + Default + Send + 'static>(request: http::Request<Body>) -> http::Response<Body> {
    tonic::server::Grpc::new(ProstCodec::<M, M>::default()).unary(EchoOf(PhantomData::<M>), request).await
}

impl tower::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            Ok(match request.uri().path() {
                SUBMISSION => answer::<pb::SubmitReportRequest>(request).await,
                ROLLUP => answer::<pb::QueryRollupResponse>(request).await,
                _ => answer::<pb::GetConsolidatedFormResponse>(request).await,
            })
        })
    }
}

/// Calls that send a message to the path of its type, and have it back.
pub fn echoing<M: Message + Default + Clone + Sync + 'static>(
    channel: &Channel,
    path: &'static str,
    message: M,
) -> impl Fn() -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static {
    load::calls(channel, move |channel| echo(channel, path, message.clone()))
}

async fn echo<M: Message + Default + Sync + 'static>(
    channel: Channel,
    path: &'static str,
    message: M,
) -> Result<Response<M>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let codec = ProstCodec::<M, M>::default();
    client.unary(Request::new(message), http::uri::PathAndQuery::from_static(path), codec).await
}
