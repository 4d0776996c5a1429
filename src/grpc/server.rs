//! The server as it is configured: every limit on connections and calls, and the entrance before everything.

use std::time::Duration;

use tonic::transport::Server;
use tower::layer::util::{Identity, Stack};

use crate::config::Limits;

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
pub type Layered = Stack<EntranceLayer, Identity>;

/// A server with these limits behind a door.
pub fn server(limits: &Limits, door: DoorLayer) -> Server<Layered> {
    Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(limits.calls_per_connection)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        // Without a time of grace: with one, tonic 0.14 cuts the connection off at its end, and says nothing before.
        .max_connection_age(Duration::from_secs(limits.connection_seconds))
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_ANSWER))
        .layer(EntranceLayer::new(door))
}
