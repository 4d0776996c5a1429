//! Submissions, each durable before it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::StreamExt as _;
use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use tokio::sync::Mutex;
use tonic::transport::Channel;

use super::echo::{SUBMISSION, echo};
use super::load;
use super::scene::{FIRST_YEAR, Scene};
use super::table;

pub const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];
/// The number at which first submissions and streams are measured, too.
pub const MANY: usize = 64;
/// Reports that are corrected again and again.
const CORRECTED: usize = 512;

fn request(report: pb::Report) -> pb::SubmitReportRequest {
    pb::SubmitReportRequest { report: Some(report), ..Default::default() }
}

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    for in_flight in IN_FLIGHT {
        let (to, payload) = (scene.channel.clone(), request(corrections.bodies[0].clone()));
        let base = load::closed(in_flight, move || echo(to.clone(), SUBMISSION, payload.clone())).await;
        let rate = corrections.rate(in_flight).await;
        table::line("SubmitReport, corrections", in_flight, rate, ("echo", base));
        if in_flight == MANY {
            let rate = first_ones(scene, FIRST_YEAR + scene.years).await;
            table::line("SubmitReport, first ones", in_flight, rate, ("echo", base));
            for (streams, years_after) in [(1, 1), (4, 2)] {
                let rate = streamed(scene, FIRST_YEAR + scene.years + years_after, streams).await;
                table::line("SubmitReports, streams", streams, rate, ("echo", base));
            }
        }
    }
}

/// First submissions per second, of every report of a year.
async fn first_ones(scene: &Scene, year: u16) -> f64 {
    let reports: Vec<_> = scene.reports(year).map(request).collect();
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
    for report in scene.reports(year) {
        let submission = pb::SubmitReportsRequest { submission: Some(request(report)) };
        shares[count % streams].push(submission);
        count += 1;
    }
    let start = Instant::now();
    let streams = shares.into_iter().map(|share| {
        let mut client = ReportServiceClient::new(scene.channel.clone());
        tokio::spawn(async move {
            let mut answers = client.submit_reports(futures::stream::iter(share)).await.unwrap().into_inner();
            while let Some(answer) = answers.message().await.unwrap() {
                assert!(matches!(answer.result, Some(pb::submit_reports_response::Result::Accepted(_))), "{answer:?}");
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
    bodies: Arc<Vec<pb::Report>>,
    /// Of the newest revision of each.
    etags: Arc<Vec<Mutex<String>>>,
    next: Arc<AtomicUsize>,
}

impl Corrections {
    pub async fn of(scene: &Scene) -> Self {
        let bodies: Vec<_> = scene.reports(scene.last_year()).take(CORRECTED).collect();
        let mut etags = Vec::new();
        for body in &bodies {
            let request = pb::GetReportRequest { name: body.name.clone() };
            let answer = ReportServiceClient::new(scene.channel.clone()).get_report(request).await.unwrap();
            etags.push(Mutex::new(answer.into_inner().report.unwrap().etag));
        }
        let channel = scene.channel.clone();
        Self { channel, bodies: Arc::new(bodies), etags: Arc::new(etags), next: Arc::default() }
    }

    /// Corrects the next report.
    pub async fn correct(self) {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.bodies.len();
        let mut etag = self.etags[at].lock().await;
        let report = pb::Report { etag: etag.clone(), ..self.bodies[at].clone() };
        let answer = ReportServiceClient::new(self.channel).submit_report(request(report)).await.unwrap();
        *etag = answer.into_inner().receipt.unwrap().etag;
    }

    /// Corrections per second with `in_flight` callers.
    pub async fn rate(&self, in_flight: usize) -> f64 {
        let corrections = self.clone();
        load::closed(in_flight, move || corrections.clone().correct()).await
    }
}
