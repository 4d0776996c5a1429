//! A response body that holds the permit of its call until it ends, so that streams count as long as they run.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;

pub(crate) struct Held {
    body: Body,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    pub(crate) fn new(body: Body, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { body, _permit: permit }
    }
}

impl http_body::Body for Held {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
