//! Refusals over HTTP: the same reason and words as over gRPC, as a JSON `Problem`.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tonic::{Code, Status};

use crate::grpc::{note, problem_of_status};
use crate::pb;
use crate::service::Problem;
use crate::wire::{problem_to_wire, to_json};

/// A refusal.
pub struct Fault {
    status: StatusCode,
    problem: Box<pb::Problem>,
}

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
        Self { status: http_status(status.code()), problem: Box::new(problem) }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        note(problem.reason);
        let problem = problem_to_wire(&problem);
        Self { status: http_status(Code::from(problem.code)), problem: Box::new(problem) }
    }
}

/// As google.rpc.Code maps to HTTP.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = to_json(&*self.problem).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
