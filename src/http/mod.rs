//! HTTP beside gRPC on the same port: the dashboard's files, and answers as JSON and CSV for other tools.
//!
//! Nothing is decided here: the HTTP API asks the gRPC services of this very process, with the caller's credentials.

mod addresses;
mod api;
mod contract;
mod dashboard;
mod fault;
pub mod map;
mod openapi;
mod query;
mod reasons;
pub mod session;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use tonic::service::Routes;
use tower_http::compression::CompressionLayer;

use crate::grpc::observed;

pub use dashboard::is_built as has_dashboard;
pub use openapi::description;

/// What browsers are told to allow: files of this service only, nothing inline, no frames.
const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
         midi=(), payment=(), serial=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// gRPC and HTTP as one set of routes; `own` are those that depend on the settings.
pub fn with_grpc(grpc: Routes, own: Router) -> Routes {
    let http = router(observed(grpc.clone())).merge(own.layer(map_response(secure)));
    Routes::from(grpc.into_axum_router().merge(http).fallback(nothing_here))
}

/// The dashboard and the HTTP API, which asks `grpc`.
pub fn router(grpc: Routes) -> Router {
    dashboard::routes()
        .merge(api::routes().with_state(grpc))
        .merge(reasons::routes())
        .merge(contract::routes())
        .layer(CompressionLayer::new().gzip(true))
        .layer(map_response(secure))
}

async fn secure(mut response: Response) -> Response {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The answer where no route leads: in the caller's own protocol.
async fn nothing_here(request: Request) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|content_type| content_type.starts_with("application/grpc")) {
        return tonic::Status::unimplemented("no such method").into_http::<tonic::body::Body>().into_response();
    }
    secure((StatusCode::NOT_FOUND, "没有此页 There is no such page\n").into_response()).await
}
