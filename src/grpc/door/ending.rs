//! The answer of a stream, which ends once the service is told to stop: with UNAVAILABLE and when to try again, so that
//! nobody is kept out while it goes on, and no caller takes it for the natural end.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

/// A body until it is told to end.
pub(crate) struct Ending {
    body: Option<Body>,
    /// Ends with how the service says that it stops.
    stopped: BoxFuture<'static, Status>,
    /// What is said at the end, once it has come to that.
    status: Option<Status>,
}

impl Ending {
    pub(crate) fn new(body: Body, stopped: impl Future<Output = Status> + Send + 'static) -> Self {
        Self { body: Some(body), stopped: stopped.boxed(), status: None }
    }
}

impl http_body::Body for Ending {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if let Some(status) = this.status.take() {
            this.body = None;
            return Poll::Ready(Some(Ok(Frame::trailers(trailers(&status)))));
        }
        let frame = Pin::new(body).poll_frame(context);
        if let Poll::Ready(status) = this.stopped.poll_unpin(context) {
            if frame.is_pending() {
                this.body = None;
                return Poll::Ready(Some(Ok(Frame::trailers(trailers(&status)))));
            }
            // What was ready is the last that is sent.
            this.status = Some(status);
            this.stopped = std::future::pending().boxed();
        }
        if matches!(&frame, Poll::Ready(None)) || matches!(&frame, Poll::Ready(Some(Ok(frame))) if frame.is_trailers())
        {
            this.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if let Err(error) = status.add_header(&mut trailers) {
        tracing::error!(%error, "how the service stops could not be put into trailers");
    }
    trailers
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use http_body_util::{BodyExt as _, StreamBody};
    use prost::bytes::Bytes;
    use tokio::sync::oneshot;
    use tonic::Code;

    use super::*;

    type Frames = Vec<Result<Frame<Bytes>, Status>>;

    fn data(text: &'static str) -> Result<Frame<Bytes>, Status> {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    /// What comes of a body that has these frames, and then waits for ever or ends.
    fn body(frames: Frames, ends: bool) -> Body {
        let rest = if ends { futures::stream::empty().boxed() } else { futures::stream::pending().boxed() };
        Body::new(StreamBody::new(futures::stream::iter(frames).chain(rest)))
    }

    async fn code(body: &mut Ending) -> Option<Code> {
        let frame = body.frame().await?.unwrap();
        let trailers = frame.trailers_ref()?.clone();
        Status::from_header_map(&trailers).map(|status| status.code())
    }

    #[tokio::test]
    async fn a_stream_that_waits_ends_as_soon_as_the_service_stops() {
        let (stop, stopped) = oneshot::channel::<()>();
        let mut ending = Ending::new(body(vec![data("one")], false), stopped.map(|_| Status::unavailable("stopping")));
        assert!(ending.frame().await.unwrap().unwrap().is_data());
        drop(stop);
        assert_eq!(code(&mut ending).await, Some(Code::Unavailable));
        assert!(ending.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_busy_stream_sends_what_it_has_ready_and_ends() {
        let ready = std::future::ready(Status::unavailable("stopping"));
        let mut ending = Ending::new(body(vec![data("one"), data("two"), data("three")], true), ready);
        assert!(ending.frame().await.unwrap().unwrap().is_data());
        assert_eq!(code(&mut ending).await, Some(Code::Unavailable));
        assert!(ending.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_has_come_to_its_end_ends_as_it_would() {
        let mut end = HeaderMap::new();
        Status::ok("").add_header(&mut end).unwrap();
        let ready = std::future::ready(Status::unavailable("stopping"));
        let mut ending = Ending::new(body(vec![Ok(Frame::trailers(end))], true), ready);
        assert_eq!(code(&mut ending).await, Some(Code::Ok));
        assert!(ending.frame().await.is_none());
    }
}
