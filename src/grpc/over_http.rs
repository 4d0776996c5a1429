//! A problem over HTTP: one status for each class of problems, and one JSON of it, that of the contract.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use tonic::Code;

use crate::pb;
use crate::service::Problem;
use crate::wire::to_json;

use super::{note, whole};

/// As google.rpc.Code maps to HTTP.
fn status_of(code: Code) -> StatusCode {
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

/// The status of a problem.
fn http_status(problem: &pb::Problem) -> StatusCode {
    if problem.reason() == pb::ErrorReason::HostUnknown {
        return StatusCode::MISDIRECTED_REQUEST;
    }
    status_of(Code::from(problem.code))
}

/// A refusal as JSON, counted and logged.
pub fn refusal(problem: &Problem) -> Response<String> {
    note(problem.reason.as_str());
    refusal_of(&whole(problem))
}

/// A refusal as JSON, of a problem that came from gRPC and was counted there.
pub fn refusal_of(problem: &pb::Problem) -> Response<String> {
    // What is compiled into the program can be written.
    let mut response = Response::new(to_json(problem).unwrap_or_default());
    *response.status_mut() = http_status(problem);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = problem.retry_delay {
        headers.insert(RETRY_AFTER, wait.seconds.saturating_add(1).into());
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
