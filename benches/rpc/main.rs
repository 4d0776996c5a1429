//! `cargo bench --bench rpc -- [MEASURE…] [AGENCIESxYEARS…]`: the service through real gRPC, beside a tonic echo of the
//! same payload in the same run. Server and client share the machine's cores.

mod echo;
mod load;
mod mixed;
mod query;
mod scene;
mod submit;
mod table;
mod watch;

use jiff::Timestamp;

use scene::Scene;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What can be measured.
const MEASURES: [&str; 4] = ["submit", "query", "mixed", "watch"];
/// Agencies and years of the provinces that are measured where none is named.
const PROVINCES: [(usize, u16); 2] = [(500, 4), (10_000, 10)];

#[tokio::main]
async fn main() {
    // `cargo test --all-targets` runs benchmarks too, without this flag: nothing is measured then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let (measures, provinces): (Vec<_>, Vec<_>) = asked.iter().partition(|word| MEASURES.contains(&word.as_str()));
    let mut provinces: Vec<_> = provinces.iter().map(|word| province(word)).collect();
    if provinces.is_empty() {
        provinces.extend(PROVINCES);
    }
    let is_asked = |measure: &str| measures.is_empty() || measures.iter().any(|asked| *asked == measure);

    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let seconds = load::MEASURE.as_secs();
    println!("{cores} cores, server and client on the same machine; {seconds} s a figure; {}", Timestamp::now());
    for (agencies, years) in provinces {
        let scene = Scene::set(agencies, years).await;
        println!("\n{} reports: {agencies} agencies, {years} years", scene.stored);
        table::heading();
        if is_asked("submit") {
            submit::measure(&scene).await;
        }
        if is_asked("query") {
            query::measure(&scene).await;
        }
        if is_asked("watch") {
            watch::measure(&scene).await;
        }
        if is_asked("mixed") {
            mixed::measure(&scene).await;
        }
    }
}

/// A province such as `10000x10`.
fn province(word: &str) -> (usize, u16) {
    let parts = word.split_once('x').and_then(|(agencies, years)| Some((agencies.parse().ok()?, years.parse().ok()?)));
    parts.unwrap_or_else(|| panic!("{word}: say one of {MEASURES:?}, or agencies and years such as 10000x10"))
}
