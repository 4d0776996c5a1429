//! The service is told to stop while it is busy: what is under way is answered, streams are told when to come back, and
//! nobody sees an error after which a client must not simply try again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::program::{self, Program, Settings};
use crate::sample::{self, Sample};
use crate::table::Row;

/// Longest time from the signal to the end of the process, although streams have no end of their own.
const STOP_MAX: Duration = Duration::from_secs(10);
/// Longest time that the service is left to work before it is told to stop, in ms.
const WORK_MS: u64 = 150;
/// Connections, and calls at a time on each.
const CONNECTIONS: usize = 4;
const CALLS: usize = 8;

pub fn run(seed: u64, rounds: u64) -> Row {
    let row = program::block_on(stop_again_and_again(seed, rounds));
    row.done()
}

async fn stop_again_and_again(seed: u64, rounds: u64) -> Row {
    let mut row = Row::new("stops", seed);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let sample = Arc::new(Sample::new(seed, 200));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = Settings::default();
    let (mut server, channel) = program::start(&data, &settings).await;
    sample.register(&channel).await;
    drop(channel);
    let mut longest = Duration::ZERO;
    for _ in 0..rounds {
        let work = Duration::from_millis(random.random_range(20..WORK_MS));
        longest = longest.max(stop_under_load(&mut row, server, &sample, work).await);
        (server, _) = program::start(&data, &settings).await;
        row.rounds += 1;
    }
    let (_, channel) = (server.id(), program_channel(&server).await);
    program::assert_whole(&channel, &data, server).await;
    row.notes.push(format!("the longest stop took {} ms", longest.as_millis()));
    row
}

async fn program_channel(server: &Program) -> Channel {
    Channel::from_shared(server.url.clone()).unwrap().connect().await.unwrap()
}

/// What the callers of one round saw.
#[derive(Default)]
struct Seen {
    answered: AtomicU64,
    turned_away: AtomicU64,
    wrong: std::sync::Mutex<Vec<String>>,
}

impl Seen {
    fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// A call or stream ended with an error: one after which a client tries again by itself, or a fault.
    fn ended(&self, what: &str, status: &Status) {
        // What the service had not looked at when it said that it takes no more (GOAWAY without an error), and what this
        // client had not sent yet when the connection closed: both are to be sent again (RFC 9113, 6.8), and other
        // clients than this one do so by themselves.
        let not_looked_at = || format!("{status:?}").contains("GoAway(b\"\", NO_ERROR, Remote)");
        let never_sent = || {
            let source = std::error::Error::source(status).and_then(std::error::Error::source);
            source.and_then(|source| source.downcast_ref::<hyper::Error>()).is_some_and(hyper::Error::is_canceled)
        };
        if status.code() == Code::Unavailable || never_sent() || not_looked_at() {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
        } else {
            self.wrong.lock().unwrap().push(format!("{what}: {status:?}"));
        }
    }
}

/// The time that it takes to stop.
async fn stop_under_load(row: &mut Row, mut server: Program, sample: &Arc<Sample>, work: Duration) -> Duration {
    let seen = Arc::<Seen>::default();
    let mut callers = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let channel = program_channel(&server).await;
        for call in 0..CALLS {
            callers.spawn(call_on(channel.clone(), seen.clone(), sample.clone(), connection * CALLS + call));
        }
        callers.spawn(submit_on(channel.clone(), seen.clone(), sample.clone()));
        callers.spawn(watch(channel, seen.clone()));
    }
    tokio::time::sleep(work).await;
    let began = Instant::now();
    server.terminate();
    let (code, server_log) = tokio::task::spawn_blocking(move || (server.wait(), server.logged("WARN"))).await.unwrap();
    let took = began.elapsed();
    if code != Some(0) || took > STOP_MAX {
        row.complain(format!("it ended with {code:?} after {took:?}: {server_log:?}"));
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    for wrong in seen.wrong.lock().unwrap().iter() {
        row.complain(wrong.clone());
    }
    row.acknowledged += seen.answered.load(Ordering::Relaxed);
    row.refused += seen.turned_away.load(Ordering::Relaxed);
    took
}

/// Calls with one answer, one after another, until one is not answered.
async fn call_on(channel: Channel, seen: Arc<Seen>, sample: Arc<Sample>, number: usize) {
    let mut operations = OperationsServiceClient::new(channel.clone());
    for submission in sample.submissions.iter().cycle().skip(number) {
        let status = match number % 2 {
            0 => operations.get_status(pb::GetStatusRequest::default()).await.err(),
            _ => sample::submit(&channel, submission).await.err(),
        };
        match status {
            None => seen.answered(),
            Some(status) => return seen.ended("a call", &status),
        }
    }
}

/// A stream that has no end: every item that is sent is taken and answered, or the stream says why not.
async fn submit_on(channel: Channel, seen: Arc<Seen>, sample: Arc<Sample>) {
    let submissions = sample.submissions.clone();
    let items = futures::stream::iter(0..).map(move |at: usize| pb::SubmitReportsRequest {
        submission: Some(submissions[at % submissions.len()].clone()),
    });
    let answers = ReportServiceClient::new(channel).submit_reports(items).await;
    let mut answers = match answers {
        Ok(answers) => answers.into_inner(),
        Err(status) => return seen.ended("a stream of submissions", &status),
    };
    loop {
        match answers.message().await {
            Ok(Some(_)) => seen.answered(),
            Ok(None) => {
                return seen.wrong.lock().unwrap().push("a stream of submissions ended as if it were done".to_owned());
            }
            Err(status) => {
                told_when_to_come_back(&seen, "a stream of submissions", &status);
                return;
            }
        }
    }
}

async fn watch(channel: Channel, seen: Arc<Seen>) {
    let request = crate::support::watched(sample::question(&[]));
    let mut answers = match RollupServiceClient::new(channel).watch_rollup(request).await {
        Ok(answers) => answers.into_inner(),
        Err(status) => return seen.ended("a watch", &status),
    };
    loop {
        match answers.message().await {
            Ok(Some(_)) => seen.answered(),
            Ok(None) => return seen.wrong.lock().unwrap().push("a watch ended as if it were done".to_owned()),
            Err(status) => return told_when_to_come_back(&seen, "a watch", &status),
        }
    }
}

/// A stream that was under way ends with when to try again.
fn told_when_to_come_back(seen: &Seen, what: &str, status: &Status) {
    seen.ended(what, status);
    if status.code() == Code::Unavailable && status.get_details_retry_info().is_none() {
        seen.wrong.lock().unwrap().push(format!("{what} is not told when to come back: {status:?}"));
    }
}
