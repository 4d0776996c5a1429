//! The order in which a service stops: calls under way are answered, whoever comes meanwhile is told to come back, and only
//! then connections are closed.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::grpc;

/// How often it is looked at whether calls are under way; how long nobody is to have called; and the longest wait for that.
const DRAIN_LOOK: Duration = Duration::from_millis(10);
pub(crate) const DRAIN_QUIET: Duration = Duration::from_millis(250);
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// The longest wait for those that were let in to begin to speak.
const NEWCOMERS_MAX: Duration = Duration::from_secs(1);

/// Waits until those that were let in have begun to speak, or for a moment: the calls of one that has not been read from yet
/// would get no answer at all. On a busy machine that may be long after it was let in.
pub(crate) async fn hear_out(newcomers: &grpc::Newcomers) {
    let latest = Instant::now() + NEWCOMERS_MAX;
    while !newcomers.is_empty() && Instant::now() < latest {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
}

/// Waits until the calls under way are answered, while others are told to come back, and until a moment has passed in
/// which nobody calls: a connection that is closed while calls come in leaves them unanswered, and some clients take that
/// for a fault instead of trying again.
pub(crate) async fn drain(door: &grpc::DoorLayer, limit: Duration) {
    let latest = Instant::now() + limit / 2;
    while !door.is_idle() && Instant::now() < latest {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
    // Whoever calls on and on whatever they are told keeps nobody else waiting.
    let latest = latest.min(Instant::now() + DRAIN_MAX);
    let mut arrived = None;
    while arrived != Some(door.arrived()) && Instant::now() < latest {
        arrived = Some(door.arrived());
        tokio::time::sleep(DRAIN_QUIET).await;
    }
}

/// Ends when calls under way have had their time since the service was told to stop.
pub(crate) async fn time_is_up(stopped: oneshot::Receiver<()>, limit: Duration) {
    match stopped.await {
        Ok(()) => tokio::time::sleep(limit).await,
        Err(_) => std::future::pending().await,
    }
}
