//! Refusals over HTTP: the same reason and words as over gRPC, as a JSON `Problem`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use tonic::Status;

use crate::grpc::{problem_of_status, refusal, refusal_of};
use crate::pb;
use crate::service::Problem;

/// A refusal.
pub struct Fault(Box<Response>);

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        let problem = problem_of_status(&status).unwrap_or_else(|| {
            // Not of this service's own making, such as a time limit of the transport.
            let text = status.message().to_owned();
            pb::Problem {
                reason: format!("{:?}", status.code()).to_uppercase(),
                message: Some(pb::LocalizedText { zh: text.clone(), en: text }),
                code: status.code().into(),
                ..Default::default()
            }
        });
        Self(Box::new(refusal_of(&problem, None).map(Body::from)))
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
