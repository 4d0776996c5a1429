//! Messages and requests that no client of ours would send: random bytes, and real ones with something changed, to every
//! unary method and to the HTTP API. Each is answered as the contract says, the service stays up, and what it has stays
//! whole.

use std::time::Duration;

use huizong::wire::contract;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::program::{self, Program, Settings};
use crate::sample::{self, Sample};
use crate::support::raw::Raw;
use crate::table::Row;

/// Longest time for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
const NOISE_PATIENCE: Duration = Duration::from_secs(2);
/// Memory that the service may take in all, in MiB.
const MEMORY_MIB_MAX: u64 = 1024;
/// HTTP requests in a round, beside one message for each method.
const HTTP_REQUESTS: usize = 30;
const DEPTH_MAX: usize = 5;

/// Texts that mean something, and some that nearly do.
const TEXTS: &[&str] = &[
    "",
    "jurisdictions/230000",
    "jurisdictions/230100",
    "jurisdictions/-",
    "agencies/-",
    "agencies/agency-01/reports/2022",
    "agencies/../reports/2022",
    "collections/2022",
    "requests.received.total",
    "requests.received",
    "reports",
    "1-0123456789abcdef",
    "6f1c1f3e-7a0b-4c3e-9d55-0123456789ab",
    "0.000001",
    "99999999999999999999999999",
    "-1",
    "样例局",
    "\u{202e}\u{0}\u{7f}",
    "'; DROP TABLE reports; --",
    "%00%ff",
];
const NUMBERS: &[i64] = &[0, 1, -1, 2, 2019, 2022, 2023, 2025, 9999, 1_000_000_000_000, i64::MAX, i64::MIN, 65_536];

/// Each round sends one message to each method, and some HTTP requests.
pub fn run(seed: u64, rounds: u64) -> Row {
    let mut input = Input { row: Row::new("input", seed), random: ChaCha8Rng::seed_from_u64(seed) };
    program::block_on(input.run(rounds));
    input.row.done()
}

struct Input {
    row: Row,
    random: ChaCha8Rng,
}

impl Input {
    async fn run(&mut self, rounds: u64) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (server, channel) = program::start(&data, &Settings::default()).await;
        let province = Sample::new(1, 200);
        province.register(&channel).await;
        for submission in province.submissions.iter().take(50) {
            sample::submit(&channel, submission).await.unwrap();
            self.row.acknowledged += 1;
        }
        let methods: Vec<_> = contract()
            .unwrap()
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .filter(|method| !method.is_client_streaming() && !method.is_server_streaming())
            .collect();
        assert!(methods.len() > 40, "{} methods", methods.len());
        let known: Vec<String> =
            province.submissions.iter().take(50).map(|one| sample::agency(one).to_owned()).collect();
        for _ in 0..rounds {
            for method in &methods {
                self.call(&channel, method, &known).await;
            }
            for _ in 0..HTTP_REQUESTS {
                self.ask(&server, &known).await;
            }
            self.row.rounds += 1;
        }
        // Others are served as before.
        if let Err(error) = sample::sum(&channel).await {
            self.row.complain(error);
        }
        let memory_mib = program::memory_mib_max(&server);
        self.row.notes.push(format!("{} methods; {memory_mib} MiB of memory at the most", methods.len()));
        if memory_mib > MEMORY_MIB_MAX {
            self.row.complain(format!("{memory_mib} MiB of memory"));
        }
        program::assert_whole(&channel, &data, server).await;
    }

    async fn call(&mut self, channel: &Channel, method: &MethodDescriptor, known: &[String]) {
        let body = self.body(&method.input(), known);
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let mut client = Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let call = client.unary(Request::new(body.clone()), path.parse().unwrap(), Raw);
        let complaint = match tokio::time::timeout(PATIENCE, call).await {
            Err(_) => Some("no answer".to_owned()),
            Ok(Ok(_)) => None,
            Ok(Err(status)) => {
                self.row.refused += 1;
                not_as_it_should(&status)
            }
        };
        if let Some(complaint) = complaint {
            self.row.complain(format!("{path} {}: {complaint}", hex::encode(&body[..body.len().min(200)])));
        }
    }

    /// A message's bytes: of a third each, random ones, those of a real message, and those with something changed.
    fn body(&mut self, message: &MessageDescriptor, known: &[String]) -> Vec<u8> {
        let random = &mut self.random;
        if random.random_ratio(1, 3) {
            return noise(random, 300);
        }
        let mut bytes = real(message, known, 0, random).encode_to_vec();
        if random.random() {
            return bytes;
        }
        for _ in 0..random.random_range(1..6) {
            if bytes.is_empty() {
                break;
            }
            let at = random.random_range(0..bytes.len());
            match random.random_range(0..4) {
                0 => bytes[at] ^= 1 << random.random_range(0..8),
                1 => bytes.truncate(at),
                2 => bytes.extend_from_within(at..),
                _ => drop(bytes.splice(at..at, noise(random, 20))),
            }
        }
        bytes
    }

    async fn ask(&mut self, server: &Program, known: &[String]) {
        let (request, is_http) = http_request(known, &mut self.random);
        let patience = if is_http { PATIENCE } else { NOISE_PATIENCE };
        let answered = tokio::time::timeout(patience, exchange(server, &request)).await;
        let first = match &answered {
            // What is no HTTP may be the beginning of anything.
            Err(_) if !is_http => return,
            Err(_) => return self.row.complain(format!("no answer to {}", String::from_utf8_lossy(&request))),
            // It may close the connection of one who does not speak HTTP.
            Ok(answer) => answer.split(|byte| *byte == b'\r').next().map(String::from_utf8_lossy).unwrap_or_default(),
        };
        let status: u16 = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        self.row.refused += u64::from(status >= 400);
        if status >= 500 && status != 501 && status != 505 || (status == 0 && is_http) {
            self.row.complain(format!("{first:?} to {}", String::from_utf8_lossy(&request)));
        }
    }
}

/// Why a status is none that a caller may be given for a bad message.
fn not_as_it_should(status: &Status) -> Option<String> {
    let undecodable = status.code() == Code::Internal && status.message().contains("decode");
    let ours = huizong::grpc::problem_of_status(status)
        .is_some_and(|problem| problem.reason() != huizong::pb::ErrorReason::Internal);
    let by_tonic = matches!(status.code(), Code::InvalidArgument | Code::OutOfRange | Code::Unimplemented);
    (!undecodable && !ours && !by_tonic).then(|| format!("{status:?}"))
}

fn noise(random: &mut ChaCha8Rng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(0..most)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// A text from the list, of what is there, or of anything.
fn text(known: &[String], random: &mut ChaCha8Rng) -> String {
    match random.random_range(0..10) {
        0..5 => TEXTS.choose(random).map(|text| (*text).to_owned()).unwrap_or_default(),
        5 => format!("agencies/{}", known.choose(random).map_or("", String::as_str)),
        6 | 7 => sample::report_name(known.choose(random).map_or("", String::as_str)),
        8 => String::from_utf8_lossy(&noise(random, 40)).into_owned(),
        _ => "九".repeat(random.random_range(0..3000)),
    }
}

/// A message of the contract with anything in it.
fn real(message: &MessageDescriptor, known: &[String], depth: usize, random: &mut ChaCha8Rng) -> DynamicMessage {
    let mut made = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if depth > DEPTH_MAX || random.random_ratio(1, 4) {
            continue;
        }
        if field.is_list() {
            let count = random.random_range(0..3);
            made.set_field(&field, Value::List((0..count).map(|_| value(&field, known, depth, random)).collect()));
        } else if !field.is_map() {
            made.set_field(&field, value(&field, known, depth, random));
        }
    }
    made
}

fn value(field: &FieldDescriptor, known: &[String], depth: usize, random: &mut ChaCha8Rng) -> Value {
    let number = *NUMBERS.choose(random).unwrap();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    match field.kind() {
        Kind::Bool => Value::Bool(random.random()),
        Kind::String => Value::String(text(known, random)),
        Kind::Bytes => Value::Bytes(noise(random, 400).into()),
        Kind::Enum(_) => Value::EnumNumber(random.random_range(-1..9)),
        Kind::Message(message) => Value::Message(real(&message, known, depth + 1, random)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number as u64),
        Kind::Float => Value::F32(number as f32),
        Kind::Double => Value::F64(number as f64),
    }
}

/// A request, and whether it is HTTP at all.
fn http_request(known: &[String], random: &mut ChaCha8Rng) -> (Vec<u8>, bool) {
    const METHODS: &[&str] = &["GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    const PATHS: &[&str] = &["rollup", "form", "coverage", "missing", "reports", "rules", "openapi.json", "nothing"];
    const PARAMETERS: &[&str] = &[
        "jurisdiction",
        "year",
        "first_year",
        "last_year",
        "measures",
        "group_by",
        "agency_kinds",
        "page_size",
        "page_token",
        "hierarchy_year",
        "as_of",
        "include_vertical",
        "states",
        "format",
        "depth",
        "parent",
        "zz",
    ];
    if random.random_ratio(1, 10) {
        let mut bytes = noise(random, 200);
        bytes.extend_from_slice(b"\r\n\r\n");
        return (bytes, false);
    }
    let mut path = format!("/v1/{}", PATHS.choose(random).unwrap());
    if path.ends_with("reports") && random.random() {
        path = format!("{path}/{}", encode(&text(known, random)));
    }
    let parameter = |random: &mut ChaCha8Rng| {
        let value = match random.random_range(0..3) {
            0 => NUMBERS.choose(random).unwrap().to_string(),
            1 => ["json", "csv", "DIMENSION_LINE", "line", "accepted", "true"].choose(random).unwrap().to_string(),
            _ => text(known, random),
        };
        format!("{}={}", PARAMETERS.choose(random).unwrap(), encode(&value))
    };
    let query: Vec<String> = (0..random.random_range(0..6)).map(|_| parameter(random)).collect();
    let body = if random.random_ratio(1, 4) { noise(random, 500) } else { Vec::new() };
    let line = format!("{} {path}?{} HTTP/1.1\r\n", METHODS.choose(random).unwrap(), query.join("&"));
    let head = format!("{line}Host: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    ([head.into_bytes(), body].concat(), true)
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The beginning of what is answered.
async fn exchange(server: &Program, request: &[u8]) -> Vec<u8> {
    let mut answer = vec![0; 4096];
    let mut stream = TcpStream::connect(program::address(server)).await.unwrap();
    // It may have closed already.
    let _ = stream.write_all(request).await;
    let length = stream.read(&mut answer).await.unwrap_or(0);
    answer.truncate(length);
    answer
}
