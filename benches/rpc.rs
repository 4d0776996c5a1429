//! `cargo bench --bench rpc`: calls per second through real gRPC, as ratios to a tonic echo of the same payload in the
//! same run. Server and client share the machine's cores. Names of calls and numbers of agencies after `--` leave out the
//! others, as in `cargo bench --bench rpc -- SubmitReport 500`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use huizong::config::Limits;
use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::report::{ReportKey, ReportYear};
use huizong::service::{Caller, Live, Service, Submission};
use huizong::simulation::{Parameters, Province};
use huizong::store::{SledOptions, SledStore};
use huizong::wire::figures_to_wire;
use jiff::Timestamp;
use prost::Message;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IN_FLIGHT: [usize; 3] = [1, 16, 64];
/// What is measured.
const CALLS: [&str; 3] = ["SubmitReport", "QueryRollup", "Watch"];
const MEASURE: Duration = Duration::from_secs(3);
/// Watchers of the province.
const WATCHERS: [usize; 3] = [10, 100, 1000];
const YEARS: (u16, u16) = (2022, 2025);
/// Agencies of the small and of the large province; four reports each.
const AGENCIES: [usize; 2] = [500, 50_000];

/// Answers with what it was sent.
#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

struct EchoOf<M>(std::marker::PhantomData<M>);

impl<M: Message + Default + Send + 'static> UnaryService<M> for EchoOf<M> {
    type Response = M;
    type Future = std::future::Ready<Result<Response<M>, Status>>;

    fn call(&mut self, request: Request<M>) -> Self::Future {
        std::future::ready(Ok(Response::new(request.into_inner())))
    }
}

impl tower::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        async fn answer<M: Message + Default + Send + 'static>(request: http::Request<Body>) -> http::Response<Body> {
            let codec = ProstCodec::<M, M>::default();
            tonic::server::Grpc::new(codec).unary(EchoOf(std::marker::PhantomData::<M>), request).await
        }
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/bench.Echo/Submission" => answer::<pb::SubmitReportRequest>(request).await,
                _ => answer::<pb::QueryRollupResponse>(request).await,
            })
        })
    }
}

async fn echo<M: Message + Default + Send + Sync + 'static>(channel: Channel, path: &'static str, message: M) {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = ProstCodec::<M, M>::default();
    client.unary(Request::new(message), http::uri::PathAndQuery::from_static(path), codec).await.unwrap();
}

/// Calls per second with `in_flight` callers.
async fn rate<F>(in_flight: usize, call: impl Fn() -> F + Send + Sync + 'static) -> f64
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

async fn fill(service: &Service, province: &Province, years: (u16, u16)) -> usize {
    let caller = Caller::internal("bench");
    let caller = &caller;
    service.change_registry(province.changes.clone(), false, caller).await.unwrap();
    let mut count = 0;
    for year in (years.0..=years.1).map(|year| ReportYear::new(year).unwrap()) {
        let submissions = province
            .reports(year)
            .map(|report| Submission::first(ReportKey::of_agency(report.agency, year), report.figures));
        let stored = futures::stream::iter(submissions)
            .map(|submission| async move { service.submit(&submission, caller).await.map(|_| 1) })
            .buffer_unordered(256)
            .try_fold(0, |sum, one| async move { Ok(sum + one) });
        count += stored.await.unwrap();
    }
    count
}

#[tokio::main]
async fn main() {
    // `cargo test --all-targets` runs benchmarks too, without this flag: nothing is measured then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{cores} cores; server and client on the same machine; {} s a figure; {}",
        MEASURE.as_secs(),
        Timestamp::now()
    );
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_asked = |one: &str, all: &[&str]| {
        asked.iter().any(|name| name == one) || !asked.iter().any(|name| all.contains(&name.as_str()))
    };
    let sizes = AGENCIES.map(|agencies| agencies.to_string());
    let sizes = sizes.each_ref().map(String::as_str);
    for (agencies, size) in AGENCIES.into_iter().zip(sizes) {
        if is_asked(size, &sizes) {
            measure(agencies, CALLS.map(|call| is_asked(call, &CALLS))).await;
        }
    }
}

async fn measure(agencies: usize, [submit, roll_up, watch]: [bool; 3]) {
    let year = |year| ReportYear::new(year).unwrap();
    // The last year is left to be submitted while measuring.
    let parameters = Parameters {
        seed: 1,
        province: "230000".to_owned(),
        agencies,
        first_year: year(YEARS.0),
        last_year: year(YEARS.1),
    };
    let province = Province::simulate(&parameters).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let live = Arc::<Live>::default();
    let store = Arc::new(SledStore::open(&SledOptions::new(folder.path()), live.clone()).unwrap());
    let service = Service::start(store, live, Timestamp::now).unwrap();
    let stored = fill(&service, &province, YEARS).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (routes, _) = huizong::grpc::routes(service, &Limits::default()).await.unwrap();
    let server = Server::builder().add_routes(routes.add_service(Echo));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();

    println!("\n{stored} reports of {agencies} agencies");
    println!("{:<22}{:>10}{:>12}{:>12}{:>8}", "call", "in flight", "echo /s", "call /s", "ratio");
    // Corrections: every call stores a new revision of a report of its own caller, durably.
    let reports: Vec<_> = province.reports(year(YEARS.1)).take(512).collect();
    let etags: Arc<Vec<tokio::sync::Mutex<String>>> = Arc::new(
        futures::stream::iter(&reports)
            .then(|report| {
                let mut client = ReportServiceClient::new(channel.clone());
                let name = format!("agencies/{}/reports/{}", report.agency, YEARS.1);
                async move {
                    let answer = client.get_report(pb::GetReportRequest { name }).await.unwrap().into_inner();
                    tokio::sync::Mutex::new(answer.report.unwrap().etag)
                }
            })
            .collect()
            .await,
    );
    let bodies: Arc<Vec<pb::Report>> = Arc::new(
        reports
            .iter()
            .map(|report| pb::Report {
                name: format!("agencies/{}/reports/{}", report.agency, YEARS.1),
                form: Some(figures_to_wire(&report.figures)),
                reason: "measuring".to_owned(),
                ..Default::default()
            })
            .collect(),
    );
    let corrections = Corrections { channel: channel.clone(), bodies: bodies.clone(), etags, next: Arc::default() };
    let request = pb::QueryRollupRequest {
        jurisdiction: "jurisdictions/230000".to_owned(),
        first_year: 2024,
        group_by: vec![pb::Dimension::RequesterType.into()],
        ..Default::default()
    };
    let answer = RollupServiceClient::new(channel.clone()).query_rollup(request.clone()).await.unwrap().into_inner();
    for in_flight in IN_FLIGHT.into_iter().filter(|_| submit) {
        let payload = pb::SubmitReportRequest { report: Some(bodies[0].clone()), ..Default::default() };
        let to = channel.clone();
        let base = rate(in_flight, move || echo(to.clone(), "/bench.Echo/Submission", payload.clone())).await;
        let call = corrections.rate(in_flight).await;
        println!("{:<22}{in_flight:>10}{base:>12.0}{call:>12.0}{:>8.2}", "SubmitReport", call / base);
    }
    for in_flight in IN_FLIGHT.into_iter().filter(|_| roll_up) {
        let (to, payload) = (channel.clone(), answer.clone());
        let base = rate(in_flight, move || echo(to.clone(), "/bench.Echo/Answer", payload.clone())).await;
        let (to, request) = (channel.clone(), request.clone());
        let call = rate(in_flight, move || {
            let (to, request) = (to.clone(), request.clone());
            async move {
                RollupServiceClient::new(to).query_rollup(request).await.unwrap();
            }
        })
        .await;
        println!("{:<22}{in_flight:>10}{base:>12.0}{call:>12.0}{:>8.2}", "QueryRollup", call / base);
    }
    if watch {
        watched(&corrections, &request).await;
    }
}

/// Submissions while so many watch the province, beside submissions that nobody watches.
async fn watched(corrections: &Corrections, query: &pb::QueryRollupRequest) {
    const IN_FLIGHT: usize = 64;
    println!("{:<22}{:>10}{:>12}{:>12}{:>8}", "call", "watchers", "none /s", "call /s", "ratio");
    for watchers in WATCHERS {
        let alone = corrections.rate(IN_FLIGHT).await;
        let request = pb::WatchRollupRequest { query: Some(query.clone()) };
        let watches = (0..watchers).map(|_| {
            let (mut client, request) = (RollupServiceClient::new(corrections.channel.clone()), request.clone());
            tokio::spawn(async move {
                let mut answers = client.watch_rollup(request).await.unwrap().into_inner();
                while answers.message().await.is_ok_and(|answer| answer.is_some()) {}
            })
        });
        let watches: Vec<_> = watches.collect();
        let call = corrections.rate(IN_FLIGHT).await;
        watches.iter().for_each(tokio::task::JoinHandle::abort);
        println!("{:<22}{watchers:>10}{alone:>12.0}{call:>12.0}{:>8.2}", "SubmitReport, watched", call / alone);
    }
}

/// Reports that are corrected again and again.
struct Corrections {
    channel: Channel,
    bodies: Arc<Vec<pb::Report>>,
    /// Of the newest revision of each.
    etags: Arc<Vec<tokio::sync::Mutex<String>>>,
    next: Arc<AtomicUsize>,
}

impl Corrections {
    /// Corrections per second with `in_flight` callers.
    async fn rate(&self, in_flight: usize) -> f64 {
        let (to, bodies, etags, next) =
            (self.channel.clone(), self.bodies.clone(), self.etags.clone(), self.next.clone());
        rate(in_flight, move || {
            let (to, bodies, etags, next) = (to.clone(), bodies.clone(), etags.clone(), next.clone());
            async move {
                let at = next.fetch_add(1, Ordering::Relaxed) % bodies.len();
                let mut etag = etags[at].lock().await;
                let report = pb::Report { etag: etag.clone(), ..bodies[at].clone() };
                let request = pb::SubmitReportRequest { report: Some(report), ..Default::default() };
                let answer = ReportServiceClient::new(to).submit_report(request).await.unwrap().into_inner();
                *etag = answer.receipt.unwrap().etag;
            }
        })
        .await
    }
}
