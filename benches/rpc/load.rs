//! Load: so many callers one call after another (closed), or so many calls a second whatever the answers do (open).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Rounds of each figure, in turns with what stands beside it; the middle one is told.
pub const ROUNDS: usize = 3;

/// Turns in a round of two calls beside each other: short ones, for the machine itself is not the same all the time.
const TURNS: u32 = 4;

/// How long a round is, in seconds, where `BENCH_SECONDS` does not say.
const SECONDS: u64 = 2;
/// A call of an open load that begins so much later than scheduled is counted as missed.
const MISSED: Duration = Duration::from_millis(5);

/// How long a round is.
pub fn round() -> Duration {
    let seconds = std::env::var("BENCH_SECONDS").map_or(SECONDS, |text| text.parse().expect("seconds"));
    Duration::from_secs(seconds)
}

/// Calls over a connection whose answers do not matter any more. Where the connection breaks, which is told, they are made
/// once more over the next one, and take as long as both.
pub fn calls<A, F>(
    channel: &Channel,
    call: impl Fn(Channel) -> F + Clone + Send + Sync + 'static,
) -> impl Fn() -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static
where
    F: Future<Output = Result<A, Status>> + Send + 'static,
{
    let channel = channel.clone();
    move || {
        let (channel, call) = (channel.clone(), call.clone());
        async move {
            while let Err(status) = call(channel.clone()).await.map(drop) {
                // The service gives a reason for whatever it refuses.
                assert_eq!(status.code(), Code::Unknown, "{status}");
                eprintln!("a connection broke: {status}");
            }
        }
        .boxed()
    }
}

/// Calls per second with `in_flight` callers, in one round.
pub async fn closed<F>(in_flight: usize, call: impl Fn() -> F + Send + Sync + 'static) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    closed_for(round(), in_flight, call).await
}

async fn closed_for<F>(time: Duration, in_flight: usize, call: impl Fn() -> F + Send + Sync + 'static) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let call = Arc::new(call);
    let done = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let callers = (0..in_flight).map(|_| {
        let (call, done) = (call.clone(), done.clone());
        tokio::spawn(async move {
            while start.elapsed() < time {
                call().await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// Calls per second of two calls with `in_flight` callers, in turns, so that both see the same machine.
pub async fn beside<F, G>(
    in_flight: usize,
    one: impl Fn() -> F + Clone + Send + Sync + 'static,
    other: impl Fn() -> G + Clone + Send + Sync + 'static,
) -> (f64, f64)
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = ()> + Send + 'static,
{
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    let turn = round() / TURNS;
    for _ in 0..ROUNDS * TURNS as usize {
        ones.push(closed_for(turn, in_flight, one.clone()).await);
        others.push(closed_for(turn, in_flight, other.clone()).await);
    }
    (middle(ones), middle(others))
}

/// A call that can be made again and again.
pub type Call = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Calls per second of several calls with `in_flight` callers, in turns, so that all see the same machine. `around` is told
/// before and after each turn of the first one.
pub async fn in_turns(in_flight: usize, calls: &[Call], mut around: impl FnMut(bool)) -> Vec<f64> {
    let mut rates = vec![Vec::new(); calls.len()];
    let turn = round() / TURNS;
    for _ in 0..ROUNDS * TURNS as usize {
        for (at, (call, rates)) in calls.iter().zip(&mut rates).enumerate() {
            if at == 0 {
                around(true);
            }
            let call = call.clone();
            rates.push(closed_for(turn, in_flight, move || call()).await);
            if at == 0 {
                around(false);
            }
        }
    }
    rates.into_iter().map(middle).collect()
}

/// The middle one of several measurements.
pub fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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

    /// As they are taken down, for calls at `rate` a second.
    pub fn figures(&self, rate: f64) -> serde_json::Value {
        serde_json::json!({
            "rate": rate,
            "p50_ms": self.milliseconds(0.5),
            "p99_ms": self.milliseconds(0.99),
            "most_ms": self.milliseconds(1.0),
            "calls": self.sorted.len(),
            "missed": self.missed,
        })
    }
}

/// Calls at a fixed rate per second, whatever the answers do: a stall is seen by all that were due meanwhile.
pub async fn open<F>(rate: f64, call: impl Fn() -> F + Send + Sync + 'static) -> Latencies
where
    F: Future<Output = ()> + Send + 'static,
{
    open_for(round(), rate, call).await
}

/// The same for some time.
pub async fn open_for<F>(time: Duration, rate: f64, call: impl Fn() -> F + Send + Sync + 'static) -> Latencies
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let mut calls = JoinSet::new();
    let mut missed = 0;
    for number in 0..(rate * time.as_secs_f64()) as u64 {
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
