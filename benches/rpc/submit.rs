//! Submissions, each durable before it is answered.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use serde_json::json;
use tokio::sync::Mutex;
use tonic::Status;
use tonic::transport::Channel;

use super::echo::{SUBMISSION, echoing};
use super::load::{self, Call};
use super::peer::Peer;
use super::scene::{FIRST_YEAR, Scene};
use super::server::Work;

pub const CORRECTIONS: &str = "SubmitReport, corrections";
const FIRST_ONES: &str = "SubmitReport, first ones";
const STREAMS: &str = "SubmitReports, first ones";

const SYNCS: &str = "4 KiB written in place, fdatasync";
/// Bytes of such a write, and how many of them a file has room for.
const BLOCK: usize = 4096;
const BLOCKS: u64 = 256;

const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];
/// The number at which first submissions and streams are measured, too.
pub const MANY: usize = 64;
/// Streams side by side, each with reports of another fresh year.
const STREAMS_BESIDE: [usize; 2] = [1, 4];
/// Reports that are corrected again and again.
const CORRECTED: usize = 512;
/// Reports of a year that are handed in for the first time.
const FIRST_MAX: usize = 20_000;

/// A message such as is sent, for whatever is measured beside.
pub fn payload(scene: &Scene) -> pb::SubmitReportRequest {
    scene.reports(scene.last_year()).next().expect("a report")
}

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    let peer = Peer::start(scene.store().parent().unwrap_or(scene.store())).await;
    let mut calls: Vec<Call> =
        vec![Arc::new(corrections.calls()), Arc::new(echoing(&scene.echo, SUBMISSION, payload(scene)))];
    calls.extend(peer.as_ref().map(|peer| -> Call { Arc::new(peer.calls(payload(scene))) }));
    for in_flight in IN_FLIGHT {
        let (mut before, mut work, stored) = (Work::default(), Work::default(), corrections.count());
        let rates = load::in_turns(in_flight, &calls, |begins| {
            let now = scene.work();
            if begins { before = now } else { work = work.plus(now.since(before)) }
        })
        .await;
        for (engine, rate) in ["huizong", "echo", "peer"].into_iter().zip(&rates) {
            scene.add("submit", CORRECTIONS, engine, json!({ "in_flight": in_flight, "per_second": rate }));
        }
        let each = |value: f64| value / (corrections.count() - stored).max(1) as f64;
        let figures = json!({
            "in_flight": in_flight,
            "processor_us": each(work.processor_us),
            "thread_changes": each(work.thread_changes),
        });
        scene.add("work", CORRECTIONS, "huizong", figures);
    }
    drop(peer);
    let rate = load::middle((0..load::ROUNDS).map(|_| syncs(scene.store())).collect());
    scene.add("submit", SYNCS, "disk", json!({ "in_flight": 1, "per_second": rate }));
    let first_year = FIRST_YEAR + scene.years;
    let rate = first_ones(scene, first_year).await;
    scene.add("submit", FIRST_ONES, "huizong", json!({ "in_flight": MANY, "per_second": rate }));
    for (year, streams) in (first_year + 1..).zip(STREAMS_BESIDE) {
        let rate = streamed(scene, year, streams).await;
        scene.add("stream", STREAMS, "huizong", json!({ "streams": streams, "per_second": rate }));
    }
}

/// Writes per second to a file beside the store that has its room already, as data files and write-ahead logs have, each
/// durable before the next.
fn syncs(folder: &Path) -> f64 {
    let file = tempfile::tempfile_in(folder).unwrap();
    file.write_all_at(&[0; BLOCK * BLOCKS as usize], 0).unwrap();
    file.sync_all().unwrap();
    let (begin, mut count) = (Instant::now(), 0);
    while begin.elapsed() < load::round() {
        file.write_all_at(&[1; BLOCK], BLOCK as u64 * (count % BLOCKS)).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    count as f64 / begin.elapsed().as_secs_f64()
}

/// First submissions per second, of reports of a year.
async fn first_ones(scene: &Scene, year: u16) -> f64 {
    let reports: Vec<_> = scene.reports(year).take(FIRST_MAX).collect();
    let count = reports.len();
    let start = Instant::now();
    let calls = futures::stream::iter(reports).map(|request| {
        let mut client = ReportServiceClient::new(scene.channel.clone());
        tokio::spawn(async move { client.submit_report(request).await.unwrap() })
    });
    calls.buffer_unordered(MANY).for_each(async |answer| drop(answer.unwrap())).await;
    count as f64 / start.elapsed().as_secs_f64()
}

/// The same over streams, side by side.
async fn streamed(scene: &Scene, year: u16, streams: usize) -> f64 {
    let mut shares: Vec<Vec<_>> = vec![Vec::new(); streams];
    let mut count = 0;
    for report in scene.reports(year).take(FIRST_MAX) {
        let submission = pb::SubmitReportsRequest { submission: Some(report) };
        shares[count % streams].push(submission);
        count += 1;
    }
    let start = Instant::now();
    let streams = shares.into_iter().map(|share| {
        let mut client = ReportServiceClient::new(scene.channel.clone());
        tokio::spawn(async move {
            let mut answers = client.submit_reports(futures::stream::iter(share)).await.unwrap().into_inner();
            while let Some(answer) = answers.message().await.unwrap() {
                assert!(matches!(answer.result, Some(pb::submit_reports_response::Result::Stored(_))), "{answer:?}");
            }
        })
    });
    for stream in streams.collect::<Vec<_>>() {
        stream.await.unwrap();
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// Reports that are corrected again and again: every call stores a new revision, and replaces one in the sums.
#[derive(Clone)]
pub struct Corrections {
    channel: Channel,
    bodies: Arc<Vec<pb::SubmitReportRequest>>,
    /// Of the newest revision of each.
    etags: Arc<Vec<Mutex<String>>>,
    next: Arc<AtomicUsize>,
}

impl Corrections {
    /// Of the first reports of the last year.
    pub async fn of(scene: &Scene) -> Self {
        Self::among(scene, |_| true).await
    }

    /// Of reports of the last year by agencies that `takes` says.
    pub async fn among(scene: &Scene, takes: impl Fn(&str) -> bool) -> Self {
        let reports = scene.reports(scene.last_year()).filter(|report| takes(&report.name));
        Self::by(scene.channel.clone(), reports.take(CORRECTED).collect()).await
    }

    /// Of reports of the last year, by their places among them, by another service that has the same.
    pub async fn at(scene: &Scene, channel: Channel, takes: impl Fn(usize) -> bool) -> Self {
        let reports = scene.reports(scene.last_year()).enumerate().filter(|(place, _)| takes(*place));
        Self::by(channel, reports.map(|(_, report)| report).take(CORRECTED).collect()).await
    }

    async fn by(channel: Channel, bodies: Vec<pb::SubmitReportRequest>) -> Self {
        let mut etags = Vec::new();
        for body in &bodies {
            let request = pb::GetReportRequest { name: body.name.clone(), ..Default::default() };
            let answer = ReportServiceClient::new(channel.clone()).get_report(request).await.unwrap();
            etags.push(Mutex::new(answer.into_inner().report.unwrap().etag));
        }
        Self { channel, bodies: Arc::new(bodies), etags: Arc::new(etags), next: Arc::default() }
    }

    /// Calls that each correct the next report.
    pub fn calls(&self) -> impl Fn() -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static {
        let corrections = self.clone();
        load::calls(&self.channel, move |channel| corrections.clone().correct(channel))
    }

    async fn correct(self, channel: Channel) -> Result<(), Status> {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.bodies.len();
        let mut etag = self.etags[at].lock().await;
        let report = pb::SubmitReportRequest { etag: etag.clone(), ..self.bodies[at].clone() };
        let answer = ReportServiceClient::new(channel).submit_report(report).await?;
        *etag = answer.into_inner().receipt.unwrap().etag;
        Ok(())
    }

    /// How many were begun.
    fn count(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// Corrections per second with `in_flight` callers.
    pub async fn rate(&self, in_flight: usize) -> f64 {
        load::closed(in_flight, self.calls()).await
    }
}
