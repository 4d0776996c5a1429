//! A request body that is looked at as it passes by.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use prost::bytes::Bytes;
use tonic::Status;
use tonic::body::Body;

/// A body whose data `look` sees piece by piece, and which ends with what `look` refuses.
pub(crate) struct Inspected<L> {
    body: Body,
    look: L,
}

impl<L> Inspected<L> {
    pub(crate) fn new(body: Body, look: L) -> Self {
        Self { body, look }
    }
}

impl<L: FnMut(&Bytes) -> Result<(), Status> + Unpin> http_body::Body for Inspected<L> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(status) = (self.look)(data)
        {
            return Poll::Ready(Some(Err(status)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
