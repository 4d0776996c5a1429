//! Several instances over one journal in PostgreSQL: their stores alone, each in a process, beside plain INSERTs of the same bytes by
//! 64 connections into the same server; and the services, behind their doors, beside the bare one.
//!
//! Whoever has no turn is stopped meanwhile, and has followed the others before its next: an instance that idles follows, too.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::report::{Hash, ReportKey, ReportState, ReportYear, Revision, RuleSetRef, content_hash};
use huizong::simulation::Province;
use huizong::store::{
    Change, Commit, Decision, Engine, EngineOptions, NEWEST, NewEntry, Observer, Outcome, Roles, SledOptions,
    SledStore, Store as _, Transaction, engine as tables,
};
use serde_json::json;
use tempfile::TempDir;
use tokio_postgres::NoTls;
use tonic::Request;
use tonic::transport::Channel;
use uuid::Uuid;

use super::load::{self, Call};
use super::peer::Peer;
use super::scene::{FIRST_YEAR, Scene, parameters};
use super::server::{Running, fill_shared_store, itself};
use super::submit::{Corrections, payload};

/// As tests start it.
#[allow(dead_code, unreachable_pub)]
#[path = "../../tests/support/postgres.rs"]
mod postgres;

use postgres::Postgres;

/// How this program is told to be an instance's store that commits.
pub const COMMIT: &str = "--commit";

const INSTANCES: usize = 3;
/// Callers in all, whatever the number of instances.
const IN_FLIGHT: [usize; 2] = [64, 256];
/// Connections of the plain INSERTs.
const CONNECTIONS: usize = 64;
/// Rounds of each figure, in turns; the middle one is told.
const ROUNDS: usize = 5;

const COMMITS: &str = "commits, stores alone";
const SUBMISSIONS: &str = "SubmitReport, corrections";

pub async fn measure(scene: &Scene) {
    let Some(server) = Postgres::start("max_wal_size = 8GB") else { return };
    stores(scene, &server).await;
    services(scene, &server).await;
}

fn engine(url: &str) -> Engine {
    let options = EngineOptions { url: url.to_owned(), without_standby: true, ..EngineOptions::default() };
    Engine::new(options).unwrap()
}

/// Stops a process, or lets it go on.
fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

/// A process that commits when it is told to.
struct Committer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Committer {
    fn drop(&mut self) {
        signal("-CONT", self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Committer {
    fn start(url: &str, folder: &Path, number: usize, scene: &Scene) -> Self {
        let mut command = itself(COMMIT, folder);
        command.args([url.to_owned(), number.to_string(), scene.agencies.to_string(), scene.years.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn tell(&mut self, words: &str) {
        writeln!(self.input, "{words}").unwrap();
    }

    /// Numbers that it answers with.
    fn answer(&mut self) -> Vec<f64> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.split_whitespace().map(|word| word.parse().unwrap()).collect()
    }
}

/// What a round of some processes came to.
#[derive(Default, Clone)]
struct Rates {
    per_second: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
}

async fn stores(scene: &Scene, server: &Postgres) {
    let (url, schema) = server.schema();
    tables::init(&engine(&url), &Roles::default()).unwrap();
    let folders: Vec<_> = (0..INSTANCES).map(|_| TempDir::new_in(scene.store().parent().unwrap()).unwrap()).collect();
    let started = folders.iter().enumerate();
    let mut all: Vec<_> =
        started.map(|(number, folder)| Committer::start(&url, folder.path(), number, scene)).collect();
    for one in &mut all {
        // Every report of each is there once.
        one.tell("256 500");
        one.answer();
    }
    let plain = Plain::new(server, &schema).await;
    for in_flight in IN_FLIGHT {
        let (mut rates, mut plains) = (vec![Rates::default(); INSTANCES], Vec::new());
        for _ in 0..ROUNDS {
            all.iter().for_each(|one| signal("-STOP", one.child.id()));
            plains.push(plain.rate().await);
            for (count, rates) in (1..).zip(&mut rates) {
                let told = round_of(&mut all[..count], in_flight);
                rates.per_second.push(told.0);
                rates.p50_ms.push(told.1);
                rates.p99_ms.push(told.2);
            }
        }
        let add = |engine: &str, figures: serde_json::Value| scene.add("instances", COMMITS, engine, figures);
        add("plain", json!({ "in_flight": in_flight, "connections": CONNECTIONS, "per_second": load::middle(plains) }));
        for (count, Rates { per_second, p50_ms, p99_ms }) in (1..).zip(rates) {
            let (rate, p50, p99) = (load::middle(per_second), load::middle(p50_ms), load::middle(p99_ms));
            let figures =
                json!({ "in_flight": in_flight, "per_second": rate, "p50_ms": p50, "p99_ms": p99, "instances": count });
            add(&instances(count), figures);
        }
    }
}

fn instances(count: usize) -> String {
    format!("{count} instance{}", if count == 1 { "" } else { "s" })
}

/// Commits per second of some processes side by side, and how long one took in the middle and for 99 of 100.
fn round_of(processes: &mut [Committer], in_flight: usize) -> (f64, f64, f64) {
    processes.iter().for_each(|one| signal("-CONT", one.child.id()));
    for one in processes.iter_mut() {
        one.tell("follow");
        one.answer();
    }
    let (each, time) = (in_flight.div_ceil(processes.len()), load::round().as_millis());
    processes.iter_mut().for_each(|one| one.tell(&format!("{each} {time}")));
    let answers: Vec<_> = processes.iter_mut().map(Committer::answer).collect();
    processes.iter().for_each(|one| signal("-STOP", one.child.id()));
    let most = |at: usize| answers.iter().map(|answer| answer[at]).fold(0.0, f64::max);
    (answers.iter().map(|answer| answer[0]).sum(), most(1), most(2))
}

/// The same bytes as a transaction's, inserted by whoever wants to keep them.
struct Plain {
    connections: Vec<Arc<(tokio_postgres::Client, tokio_postgres::Statement)>>,
    row: Arc<(Vec<u8>, Vec<u8>, Vec<u8>)>,
}

impl Plain {
    async fn new(server: &Postgres, schema: &str) -> Self {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(server.folder())
            .user("huizong")
            .dbname("postgres")
            .options(format!("-c search_path={schema}"));
        let (mut connections, mut row) = (Vec::new(), None);
        for at in 0..CONNECTIONS {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(async move { drop(connection.await) });
            if at == 0 {
                let table = "CREATE TABLE plain (id bigserial PRIMARY KEY, previous bytea, chain bytea, body bytea); \
                             ALTER TABLE plain ALTER COLUMN body SET STORAGE MAIN; \
                             ALTER TABLE plain SET (toast_tuple_target = 8160)";
                client.batch_execute(table).await.unwrap();
                let newest = "SELECT previous, chain, body FROM huizong_journal ORDER BY sequence DESC LIMIT 1";
                row = Some(client.query_one(newest, &[]).await.unwrap());
            }
            let insert = "INSERT INTO plain (previous, chain, body) VALUES ($1, $2, $3)";
            let insert = client.prepare(insert).await.unwrap();
            connections.push(Arc::new((client, insert)));
        }
        let row = row.unwrap();
        Self { connections, row: Arc::new((row.get(0), row.get(1), row.get(2))) }
    }

    /// INSERTs per second.
    async fn rate(&self) -> f64 {
        let (begin, done) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let callers = self.connections.iter().map(|connection| {
            let (connection, row, done) = (connection.clone(), self.row.clone(), done.clone());
            tokio::spawn(async move {
                while begin.elapsed() < load::round() {
                    connection.0.execute(&connection.1, &[&row.0, &row.1, &row.2]).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64()
    }
}

struct Nobody;

impl Observer for Nobody {
    fn committed(&self, _: &[Arc<Commit>]) {}
}

/// Is a store that commits as it is told: `follow`, or how many callers for how many milliseconds.
pub async fn commit(folder: &Path, [url, number, agencies, years]: &[String; 4]) {
    let options = SledOptions { engine: Some(engine(url)), ..SledOptions::new(folder) };
    let opened = tokio::task::spawn_blocking(move || SledStore::open(&options, Arc::new(Nobody)).unwrap());
    let store = Arc::new(opened.await.unwrap());
    let province = Province::simulate(&parameters(agencies.parse().unwrap(), years.parse().unwrap())).unwrap();
    let year = ReportYear::new(FIRST_YEAR).unwrap();
    let revisions = province.unquestioned_reports(year).map(|report| {
        let key = ReportKey::of_agency(format!("I{number}-{}", report.agency).parse().unwrap(), year);
        Revision {
            content_hash: content_hash(&key, &report.figures, None),
            report: key,
            number: 0,
            state: ReportState::Accepted,
            accepted_before: None,
            late: false,
            figures: report.figures,
            narrative: None,
            rule_set: RuleSetRef { id: "bench/1".to_owned(), hash: Hash::of(b"bench") },
            findings: Vec::new(),
            answers: Vec::new(),
            actor: "bench".to_owned(),
            reason: "measuring".to_owned(),
            time: jiff::Timestamp::UNIX_EPOCH,
            sequence: 0,
        }
    });
    let revisions: Vec<_> = revisions.take(256).collect();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let Some((callers, milliseconds)) = line.split_once(' ') else {
            store.newest().await.unwrap();
            println!("0");
            continue;
        };
        let (callers, time) = (callers.parse::<usize>().unwrap(), Duration::from_millis(milliseconds.parse().unwrap()));
        let begin = Instant::now();
        let callers = (0..callers).map(|at| {
            let (store, revision) = (store.clone(), revisions[at % revisions.len()].clone());
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while begin.elapsed() < time {
                    let asked = Instant::now();
                    correct(&store, revision.clone()).await;
                    taken.push(asked.elapsed());
                }
                taken
            })
        });
        let callers: Vec<_> = callers.collect();
        let mut taken = Vec::new();
        for caller in callers {
            taken.extend(caller.await.unwrap());
        }
        let seconds = begin.elapsed().as_secs_f64();
        taken.sort();
        let within = |share: usize| taken[(taken.len() * share / 100).min(taken.len() - 1)].as_secs_f64() * 1e3;
        println!("{} {} {}", taken.len() as f64 / seconds, within(50), within(99));
    }
}

/// Stores one more revision of a report.
async fn correct(store: &SledStore, revision: Revision) {
    let before = store.standing(&revision.report, NEWEST).unwrap();
    let entry = NewEntry {
        actor: "bench".to_owned(),
        by: String::new(),
        action: "report.submit",
        subject: revision.report.to_string(),
        outcome: Outcome::Accepted,
        detail: String::new(),
        content_hash: revision.content_hash,
    };
    let change = Change::Revision { before, revision: Box::new(revision) };
    let request = Some((Uuid::new_v4(), Hash::of(b"bench")));
    let done = store.commit(Transaction { request, ..Transaction::of(vec![change], entry) }).await.unwrap();
    assert!(matches!(done, Decision::Committed(_)), "{done:?}");
}

async fn services(scene: &Scene, server: &Postgres) {
    let (url, _) = server.schema();
    tables::init(&engine(&url), &Roles::default()).unwrap();
    let disk = scene.store().parent().unwrap();
    let folders: Vec<_> = (0..INSTANCES).map(|_| TempDir::new_in(disk).unwrap()).collect();
    fill_shared_store(folders[0].path(), scene.agencies, scene.years, &url);
    let all: Vec<_> = folders.iter().map(|folder| Running::start_shared(folder.path(), &url)).collect();
    let mut channels = Vec::new();
    for one in &all {
        channels.push(one.connect().await);
    }
    let mut calls = Vec::new();
    for (at, channel) in channels.iter().enumerate() {
        let is_its_own = move |place: usize| place % INSTANCES == at;
        calls.push(Corrections::at(scene, channel.clone(), is_its_own).await.calls());
    }
    let calls: Vec<Call> = calls.into_iter().map(|call| -> Call { Arc::new(call) }).collect();
    let peer = Peer::start(disk).await;
    for in_flight in IN_FLIGHT {
        let (mut rates, mut peers) = (vec![Vec::new(); INSTANCES], Vec::new());
        for _ in 0..ROUNDS {
            all.iter().for_each(|one| signal("-STOP", one.id()));
            if let Some(peer) = &peer {
                peers.push(load::closed(in_flight, peer.calls(payload(scene))).await);
            }
            for (count, rates) in (1..).zip(&mut rates) {
                all[..count].iter().for_each(|one| signal("-CONT", one.id()));
                for channel in &channels[..count] {
                    followed(channel).await;
                }
                rates.push(load::closed(in_flight, in_turn(&calls[..count])).await);
                all.iter().for_each(|one| signal("-STOP", one.id()));
            }
        }
        let add = |engine: &str, rates: Vec<f64>| {
            let figures = json!({ "in_flight": in_flight, "per_second": load::middle(rates) });
            scene.add("instances", SUBMISSIONS, engine, figures);
        };
        if !peers.is_empty() {
            add("peer", peers);
        }
        (1..).zip(rates).for_each(|(count, rates)| add(&instances(count), rates));
    }
    all.iter().for_each(|one| signal("-CONT", one.id()));
}

/// Calls that go to one after the other.
fn in_turn(calls: &[Call]) -> impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static {
    let (calls, next) = (calls.to_vec(), AtomicUsize::new(0));
    move || calls[next.fetch_add(1, Ordering::Relaxed) % calls.len()]().boxed()
}

/// Waits until an instance has come as far as any.
async fn followed(channel: &Channel) {
    loop {
        let mut request = Request::new(pb::GetStatusRequest::default());
        request.metadata_mut().insert("huizong-at-least", "newest".parse().unwrap());
        if OperationsServiceClient::new(channel.clone()).get_status(request).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
