//! Refusals over HTTP: the same reason and words as over gRPC, as a JSON `Problem`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use tonic::Status;

use crate::grpc::{problem_of_status, problem_of_transport, refusal, refusal_of};
use crate::service::Problem;

/// A refusal.
pub(crate) struct Fault(Box<Response>);

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        let problem = problem_of_status(&status).unwrap_or_else(|| problem_of_transport(&status));
        Self(Box::new(refusal_of(&problem).map(Body::from)))
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(Box::new(refusal(&problem).map(Body::from)))
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        *self.0
    }
}
