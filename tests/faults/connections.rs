//! Clients that keep the service waiting: silent connections by the thousand, requests that never end, frames that are
//! too large, streams that are never used. Others are served meanwhile, and memory stays bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::Channel;

use crate::program::{self, Program, Settings, address, memory_kib};
use crate::sample::{self, Sample};
use crate::table::Row;

/// Longest that anyone else may have to wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const MEMORY_MIB_MAX: u64 = 1024;
/// A silent connection may cost so much memory, in KiB.
const CONNECTION_KIB_MAX: u64 = 64;
/// File descriptors that this program and the service need for themselves.
const OWN_DESCRIPTORS: u64 = 300;
/// What an HTTP/2 client says first: the preface, and empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
/// Connections that a small service takes at a time, and how long silent ones may keep others out: the time for the
/// first bytes of a connection (10 s) and that for the head of a request (30 s), with some to spare.
const PLACES: usize = 20;
const SILENT_MAX: Duration = Duration::from_secs(45);

/// As many silent connections as are asked for, or as the limit of open files allows.
pub fn run(seed: u64, silent: u64) -> Row {
    let mut row = Row::new("connections", seed);
    let allowed = open_files_max().saturating_sub(OWN_DESCRIPTORS);
    let silent = if silent > allowed {
        row.notes.push(format!("{silent} connections were asked for; the limit of open files allows {allowed}"));
        allowed
    } else {
        silent
    };
    program::block_on(others_are_served(&mut row, silent));
    program::block_on(silent_clients_are_let_go(&mut row));
    row.done()
}

fn open_files_max() -> u64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(1024)
}

/// Somebody else, who makes a new connection each time and hands in reports.
struct Others {
    over: Arc<AtomicBool>,
    work: tokio::task::JoinHandle<(u64, Duration, Vec<String>)>,
}

impl Others {
    fn start(server: &Program, province: &Sample) -> Self {
        let over = Arc::<AtomicBool>::default();
        let (url, submissions, is_over) = (server.url.clone(), province.submissions.clone(), over.clone());
        let work = tokio::spawn(async move {
            let (mut acknowledged, mut slowest, mut complaints) = (0, Duration::ZERO, Vec::new());
            for submission in submissions.iter().cycle() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let began = Instant::now();
                let served = async {
                    let channel = Channel::from_shared(url.clone()).unwrap().connect().await;
                    let channel = channel.map_err(|error| error.to_string())?;
                    let answer = sample::submit(&channel, submission).await.map_err(|status| status.to_string())?;
                    sample::sum(&channel).await?;
                    Ok::<_, String>(answer.already_stored)
                };
                match tokio::time::timeout(10 * ANSWER_MAX, served).await {
                    Ok(Ok(already_stored)) => acknowledged += u64::from(!already_stored),
                    Ok(Err(error)) => complaints.push(error),
                    Err(_) => complaints.push("somebody else was not served at all".to_owned()),
                }
                slowest = slowest.max(began.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            (acknowledged, slowest, complaints)
        });
        Self { over, work }
    }

    async fn finish(self, row: &mut Row) {
        self.over.store(true, Ordering::SeqCst);
        let (acknowledged, slowest, complaints) = self.work.await.unwrap();
        row.acknowledged += acknowledged;
        complaints.into_iter().for_each(|complaint| row.complain(complaint));
        row.notes.push(format!("others were answered within {slowest:?}"));
        if slowest > ANSWER_MAX {
            row.complain(format!("somebody else waited for {slowest:?}"));
        }
    }
}

async fn others_are_served(row: &mut Row, silent: u64) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut settings = Settings::default();
    settings.text.push_str(&format!("connections = {}\nshutdown_seconds = 2\n", silent + 3000));
    let (server, channel) = program::start(&data, &settings).await;
    let province = Sample::new(2, 2000);
    province.register(&channel).await;
    let others = Others::start(&server, &province);
    slow_requests(&server).await;
    oversized(&server, &channel, row).await;
    half_closed(&server).await;
    let held = silent_connections(&server, silent, row).await;
    row.rounds += held.len() as u64;
    drop(held);
    others.finish(row).await;
    let memory_mib = program::memory_mib_max(&server);
    row.notes.push(format!("{memory_mib} MiB of memory at the most"));
    if memory_mib > MEMORY_MIB_MAX {
        row.complain(format!("{memory_mib} MiB of memory"));
    }
    program::assert_whole(&channel, &data, server).await;
}

/// Opens connections and says nothing on them.
async fn silent_connections(server: &Program, count: u64, row: &mut Row) -> Vec<TcpStream> {
    let before = memory_kib(server);
    let mut held = Vec::new();
    for _ in 0..count {
        match TcpStream::connect(address(server)).await {
            Ok(mut stream) => {
                // Half of them have begun to speak HTTP/2, and are asked now and then whether they are there.
                if held.len() % 2 == 1 {
                    let _ = stream.write_all(PREFACE).await;
                }
                held.push(stream);
            }
            Err(error) => {
                row.complain(format!("connection {}: {error}", held.len()));
                break;
            }
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = memory_kib(server).saturating_sub(before) / count.max(1);
    row.notes.push(format!("{} silent connections at a time, {each} KiB each", held.len()));
    if each > CONNECTION_KIB_MAX {
        row.complain(format!("a silent connection takes {each} KiB"));
    }
    held
}

/// Requests whose heads come one byte after the other, in HTTP/1.1 and in HTTP/2, for some seconds.
async fn slow_requests(server: &Program) {
    let request = |http2: bool| {
        let address = address(server).to_owned();
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let bytes: &[u8] = if http2 { PREFACE } else { b"GET /v1/rules HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaa" };
            for byte in bytes {
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    futures::future::join_all((0..200).map(|number| request(number % 2 == 0))).await;
}

/// Lengths that promise more than the service takes.
async fn oversized(server: &Program, channel: &Channel, row: &mut Row) {
    // A frame of 16 MiB, and a head that never ends; the connection is closed, or the request refused.
    let frame = [PREFACE, b"\xff\xff\xff\x00\x00\x00\x00\x00\x01", &[0; 4096]].concat();
    let head = [b"GET /v1/rules HTTP/1.1\r\nX-Large: ".as_slice(), &vec![b'a'; 4 << 20]].concat();
    for (what, bytes) in [("frame", frame), ("head", head)] {
        let mut stream = TcpStream::connect(address(server)).await.unwrap();
        let _ = stream.write_all(&bytes).await;
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        match ended {
            Ok(_) => row.refused += 1,
            Err(_) => row.complain(format!("a {what} without end keeps its connection")),
        }
    }
    let request = pb::ReadDocumentRequest { content: vec![0; 17 << 20], ..Default::default() };
    match FormServiceClient::new(channel.clone()).read_document(request).await {
        Err(status) if matches!(status.code(), Code::ResourceExhausted | Code::OutOfRange) => row.refused += 1,
        other => row.complain(format!("a message of 17 MiB: {:?}", other.map(|_| ()))),
    }
}

/// Streams of submissions that nothing is ever sent on, and connections whose client has closed its half.
async fn half_closed(server: &Program) {
    let mut streams = Vec::new();
    for _ in 0..20 {
        let channel = Channel::from_shared(server.url.clone()).unwrap().connect().await.unwrap();
        for _ in 0..20 {
            let mut client = ReportServiceClient::new(channel.clone());
            streams.push(tokio::spawn(async move { client.submit_reports(tokio_stream::pending()).await.map(drop) }));
        }
    }
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address(server)).await.unwrap();
        stream.write_all(PREFACE).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    streams.into_iter().for_each(|stream| stream.abort());
}

/// Whoever takes every place and says nothing is let go, and those who wait are served.
async fn silent_clients_are_let_go(row: &mut Row) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut settings = Settings::default();
    settings.text.push_str(&format!("connections = {PLACES}\nshutdown_seconds = 2\n"));
    let (server, channel) = program::start(&data, &settings).await;
    Sample::new(2, 200).register(&channel).await;
    let mut held = Vec::new();
    for number in 0..PLACES + 5 {
        let mut stream = TcpStream::connect(address(&server)).await.unwrap();
        // Some begin, and say no more.
        let beginnings: [&[u8]; 3] = [b"", b"PRI * HT", b"GET /v1/rules HTTP/1.1\r\n"];
        stream.write_all(beginnings[number % 3]).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let waiting = async {
        let other = Channel::from_shared(server.url.clone()).unwrap().connect().await;
        let other = other.map_err(|error| error.to_string())?;
        sample::sum(&other).await.map_err(|error| error.to_string()).map(drop)
    };
    match tokio::time::timeout(SILENT_MAX, waiting).await {
        Ok(Ok(())) => {
            row.notes.push(format!("with every place taken by silent clients, others waited {:?}", began.elapsed()));
        }
        other => row.complain(format!("silent clients keep everybody else out for {SILENT_MAX:?}: {other:?}")),
    }
    drop(held);
    program::assert_whole(&channel, &data, server).await;
}
