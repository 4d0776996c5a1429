//! Load: so many callers one call after another (closed), or so many calls a second whatever the answers do (open).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

pub const MEASURE: Duration = Duration::from_secs(3);
/// A call of an open load that begins so much later than scheduled is counted as missed.
const MISSED: Duration = Duration::from_millis(5);

/// Calls per second with `in_flight` callers.
pub async fn closed<F>(in_flight: usize, call: impl Fn() -> F + Send + Sync + 'static) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let call = Arc::new(call);
    let done = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let callers = (0..in_flight).map(|_| {
        let (call, done) = (call.clone(), done.clone());
        tokio::spawn(async move {
            while start.elapsed() < MEASURE {
                call().await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    futures::future::join_all(callers).await;
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// How long the calls of an open load took, each from the moment that it was scheduled for.
pub struct Latencies {
    sorted: Vec<Duration>,
    /// Calls that began late, because the machine did not come round to them.
    pub missed: usize,
}

impl Latencies {
    /// The latency that `share` of the calls did not exceed, in milliseconds.
    pub fn milliseconds(&self, share: f64) -> f64 {
        let last = self.sorted.len().saturating_sub(1);
        let at = ((self.sorted.len() as f64 * share) as usize).min(last);
        self.sorted.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Calls at a fixed rate per second, whatever the answers do: a stall is seen by all that were due meanwhile.
pub async fn open<F>(rate: f64, call: impl Fn() -> F + Send + Sync + 'static) -> Latencies
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let mut calls = JoinSet::new();
    let mut missed = 0;
    for number in 0..(rate * MEASURE.as_secs_f64()) as u64 {
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        // The runtime's clock ticks in milliseconds; calls that are due within a tick go out together.
        tokio::time::sleep_until(due.into()).await;
        if due.elapsed() > MISSED {
            missed += 1;
        }
        let call = call();
        calls.spawn(async move {
            call.await;
            due.elapsed()
        });
    }
    let mut sorted = calls.join_all().await;
    sorted.sort();
    Latencies { sorted, missed }
}
