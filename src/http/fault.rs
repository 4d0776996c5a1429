//! Refusals over HTTP: the same reason and words as over gRPC, as a JSON `Problem`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use tonic::{Code, Status};

use crate::grpc::{problem_of_status, refusal, refusal_of};
use crate::pb;
use crate::service::{Problem, Reason};
use crate::wire::reason_to_wire;

/// A refusal.
pub(crate) struct Fault(Box<Response>);

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        let problem = problem_of_status(&status).unwrap_or_else(|| {
            // Not of this service's own making, such as a time limit of the transport.
            let text = status.message().to_owned();
            pb::Problem {
                reason: reason_to_wire(reason_of(status.code())).into(),
                message: Some(pb::LocalizedText { zh: text.clone(), en: text }),
                code: status.code().into(),
                ..Default::default()
            }
        });
        Self(Box::new(refusal_of(&problem).map(Body::from)))
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(Box::new(refusal(&problem).map(Body::from)))
    }
}

/// Why the transport refuses, as far as its code tells.
fn reason_of(code: Code) -> Reason {
    match code {
        Code::DeadlineExceeded | Code::Cancelled => Reason::DeadlineExceeded,
        Code::ResourceExhausted | Code::OutOfRange => Reason::TooMany,
        Code::Unavailable => Reason::Overloaded,
        Code::InvalidArgument => Reason::FieldInvalid,
        _ => Reason::Internal,
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        *self.0
    }
}
