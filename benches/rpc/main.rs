//! `make bench`: the service through real gRPC, beside a tonic echo of the same payload in the same process.
//!
//! `cargo bench --bench rpc -- [MEASURE…] [AGENCIESxYEARS…] [FOLDER…]`. The service runs in a process of its own, behind
//! its whole door; load comes from this one, and both share the machine's cores. What is measured is printed, and
//! kept under `target/bench` for `benches/databases.py`, which measures databases on the same figures, and
//! `benches/report.py`, which makes tables of it.

mod documents;
mod echo;
mod export;
mod growth;
mod instances;
mod latency;
mod load;
mod mixed;
mod pauses;
mod peer;
mod query;
mod record;
mod scene;
mod server;
mod start;
mod submit;
mod validation;
mod watch;

use std::path::{Path, PathBuf};

use record::Record;
use scene::Scene;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What can be measured, in this order. The first ones are of every province.
const MEASURES: [&str; 11] = [
    "start",
    "query",
    "submit",
    "latency",
    "watch",
    "mixed",
    "instances",
    "pauses",
    "validation",
    "documents",
    "growth",
];
/// Agencies and years of the province that is measured where none is named.
const PROVINCE: &str = "10000x10";

/// Where results and exported figures are put.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench")
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, rest @ ..] = &arguments[..]
        && server::is_mode(mode)
    {
        return server::run(mode, rest).await;
    }
    // `cargo test --all-targets` runs benchmarks too, without this flag: nothing is measured then.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    let (measures, others): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| MEASURES.contains(word));
    let (documents, mut provinces): (Vec<&str>, Vec<&str>) =
        others.into_iter().partition(|word| Path::new(word).is_dir());
    if provinces.is_empty() {
        provinces.push(PROVINCE);
    }
    let is_asked = |measure: &str| measures.is_empty() || measures.contains(&measure);

    let record = Record::new(&folder());
    record.machine(&measures, &provinces);
    if MEASURES[..8].iter().any(|measure| is_asked(measure)) {
        for (agencies, years) in provinces.into_iter().map(province) {
            let mut scene = Scene::set(record.clone(), agencies, years).await;
            measure(&mut scene, is_asked).await;
        }
    }
    if is_asked("validation") {
        validation::measure(&record);
    }
    if is_asked("documents") {
        documents::measure(&record, &documents);
    }
    if is_asked("growth") {
        growth::measure(&record).await;
    }
}

async fn measure(scene: &mut Scene, is_asked: impl Fn(&str) -> bool) {
    // Databases have something to answer to these alone.
    if is_asked("query") || is_asked("submit") {
        export::figures(scene);
    }
    if is_asked("start") {
        start::measure(scene).await;
    }
    if is_asked("query") {
        query::measure(scene).await;
    }
    if is_asked("submit") {
        submit::measure(scene).await;
    }
    if is_asked("latency") {
        latency::measure(scene).await;
    }
    if is_asked("watch") {
        watch::measure(scene).await;
    }
    if is_asked("mixed") {
        mixed::measure(scene).await;
    }
    if is_asked("instances") {
        instances::measure(scene).await;
    }
    // At last: it changes who belongs to whom.
    if is_asked("pauses") {
        pauses::measure(scene).await;
    }
    scene.memory("after all measures");
}

/// A province such as `10000x10`.
fn province(word: &str) -> (usize, u16) {
    let parts = word.split_once('x').and_then(|(agencies, years)| Some((agencies.parse().ok()?, years.parse().ok()?)));
    parts.unwrap_or_else(|| panic!("{word}: say one of {MEASURES:?}, agencies and years such as 10000x10, or a folder"))
}
