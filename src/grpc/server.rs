//! The server as it is configured: every limit on connections and calls, and the entrance before everything.

use std::time::Duration;

use http::Method;
use http::header::{HeaderName, HeaderValue};
use tonic::transport::Server;
use tower::layer::util::{Identity, Stack};
use tower::util::{Either, option_layer};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::{Limits, Server as Settings};

use super::DoorLayer;
use super::entrance::EntranceLayer;

/// How often a silent client is asked whether it is there, and how long it may take to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(20);

/// What a call may send before it is read, in bytes: beyond it whoever sends is held back. Small messages count for more
/// than their length to the connection, which ends where so many are unread that their frames would take more memory than
/// their contents. With these windows some twenty streams of the shortest submissions stay below it.
const STREAM_WINDOW_BYTES: u32 = 32 << 10;
/// The same for all calls of a connection; small messages unread may take half of it.
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;

/// What is served passes through the entrance.
pub type Layered = Stack<EntranceLayer, Stack<Either<CorsLayer, Identity>, Identity>>;

/// What pages of other origins may send: what the contract and the protocols of browsers name, and no session.
const ASKED: [&str; 12] = [
    "accept-language",
    "authorization",
    "connect-protocol-version",
    "connect-timeout-ms",
    "content-type",
    "grpc-timeout",
    "huizong-at-least",
    "huizong-details",
    "huizong-principal",
    "x-grpc-web",
    "x-request-id",
    "x-user-agent",
];
/// What they may read of an answer.
const TOLD: [&str; 7] = [
    "content-disposition",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "huizong-position",
    "retry-after",
    "x-request-id",
];
/// How long a browser remembers what is allowed.
const ALLOWED_FOR: Duration = Duration::from_secs(3600);

/// Lets pages of these origins call, with a token but never with a session; none where nobody is named.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let any = origins.iter().any(|origin| origin == "*");
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok());
    let origins = if any { AllowOrigin::any() } else { AllowOrigin::list(origins) };
    let layer = CorsLayer::new().allow_origin(origins).allow_methods([Method::GET, Method::POST]);
    let layer = layer.allow_headers(ASKED.map(HeaderName::from_static)).max_age(ALLOWED_FOR);
    Some(layer.expose_headers(TOLD.map(HeaderName::from_static)))
}

/// A server with these limits behind a door, as its settings call it.
pub fn server(limits: &Limits, settings: &Settings, door: DoorLayer) -> Server<Layered> {
    Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(limits.calls_per_connection)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        // Without a time of grace: with one, tonic 0.14 cuts the connection off at its end, and says nothing before.
        .max_connection_age(Duration::from_secs(limits.connection_seconds))
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_ANSWER))
        // Before the door: a browser asks what it may, and gives no credentials then.
        .layer(option_layer(cors(&settings.allowed_origins)))
        .layer(EntranceLayer::new(door, &settings.public_url, limits.message_bytes))
}
