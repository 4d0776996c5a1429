//! Every metric there is. Their names are promised to dashboards and alert rules: see docs/operations.md.
//!
//! The metrics of calls bear the names of OpenTelemetry's conventions for RPC, in base units.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

const RPC_DURATION: &str = "rpc_server_duration_seconds";
const RPC_ACTIVE: &str = "rpc_server_active_requests";
const REFUSALS: &str = "huizong_refusals_total";
const COMMIT_DURATION: &str = "huizong_commit_duration_seconds";
const COMMIT_TRANSACTIONS: &str = "huizong_commit_transactions";
const COMMIT_QUEUE: &str = "huizong_commit_queue_transactions";
const JOURNAL_SEQUENCE: &str = "huizong_journal_sequence";
const JOURNAL_CHAIN: &str = "huizong_journal_chain_prefix";
const WRITABLE: &str = "huizong_store_writable";
const STORE_BYTES: &str = "huizong_store_size_bytes";
const DISK_FREE_BYTES: &str = "huizong_disk_free_bytes";
const DISK_BYTES: &str = "huizong_disk_size_bytes";
const REPORTS_EXPECTED: &str = "huizong_reports_expected";
const REPORTS_RECEIVED: &str = "huizong_reports_received";
const REPORTS_INCLUDED: &str = "huizong_reports_included";
const RECOUNT_DIFFERENCES: &str = "huizong_recount_differences";
const RECOUNT_TIME: &str = "huizong_recount_timestamp_seconds";
const BUILD: &str = "huizong_build_info";

/// Bounds of durations, in seconds: from a read in memory to a slow disk.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Bounds of the size of a batch, in transactions.
const TRANSACTIONS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How often what was measured is put away, so that memory does not grow between two readings.
pub const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// All metrics of the process, to be read.
pub struct Metrics {
    handle: PrometheusHandle,
    process: metrics_process::Collector,
}

/// How one year stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearCoverage {
    pub year: u16,
    /// Agencies that owe a report.
    pub expected: u64,
    /// Of these, agencies that have handed one in.
    pub received: u64,
    /// Of these, reports that are in the sums.
    pub included: u64,
}

/// What is looked up when metrics are read, rather than followed.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Sequence number of the newest journal entry.
    pub journal_sequence: u64,
    /// The first 13 hexadecimal digits of its chain hash. As a number, which a reading holds exactly: as a label,
    /// every entry would begin a series of its own.
    pub journal_chain_prefix: u64,
    pub writable: bool,
    pub store_bytes: Option<u64>,
    pub disk_free_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
    pub coverage: Vec<YearCoverage>,
}

impl Metrics {
    /// Begins to measure; until then measuring costs and keeps nothing. Once in a process.
    ///
    /// # Errors
    /// Where metrics were started already.
    pub fn start() -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Full(COMMIT_TRANSACTIONS.to_owned()), &TRANSACTIONS)?
            .install_recorder()?;
        describe();
        let process = metrics_process::Collector::default();
        process.describe();
        gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        // Known from the first reading on, so that a rule that asks for them is never without an answer.
        gauge!(COMMIT_QUEUE).set(0.0);
        recounted(0, None);
        Ok(Self { handle, process })
    }

    /// Puts away what was measured; call it every [`UPKEEP_INTERVAL`].
    pub fn keep_up(&self) {
        self.handle.run_upkeep();
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.render()
    }
}

// Counts beyond 2^53 would lose their last digits.
#[allow(clippy::cast_precision_loss)]
fn number(count: u64) -> f64 {
    count as f64
}

/// A call has begun.
pub fn call_began(service: &'static str, method: &'static str) {
    gauge!(RPC_ACTIVE, "rpc_system" => "grpc", "rpc_service" => service, "rpc_method" => method).increment(1.0);
}

/// A call has ended, its stream of answers included.
pub fn call_ended(service: &'static str, method: &'static str, code: &'static str, duration: Duration) {
    gauge!(RPC_ACTIVE, "rpc_system" => "grpc", "rpc_service" => service, "rpc_method" => method).decrement(1.0);
    histogram!(
        RPC_DURATION,
        "rpc_system" => "grpc",
        "rpc_service" => service,
        "rpc_method" => method,
        "rpc_grpc_status_code" => code
    )
    .record(duration);
}

/// Something was refused.
pub fn refused(reason: &'static str) {
    counter!(REFUSALS, "reason" => reason).increment(1);
}

/// A transaction waits for the disk.
pub fn transaction_queued() {
    gauge!(COMMIT_QUEUE).increment(1.0);
}

/// Transactions no longer wait: the committer has them.
pub fn transactions_taken(transactions: usize) {
    gauge!(COMMIT_QUEUE).decrement(number(transactions as u64));
}

/// Transactions were decided, written and flushed together.
pub fn committed(transactions: usize, duration: Duration) {
    histogram!(COMMIT_TRANSACTIONS).record(number(transactions as u64));
    histogram!(COMMIT_DURATION).record(duration);
}

/// The running totals were compared with the store. `ended`: seconds since 1970.
pub fn recounted(differences: u64, ended: Option<f64>) {
    gauge!(RECOUNT_DIFFERENCES).set(number(differences));
    gauge!(RECOUNT_TIME).set(ended.unwrap_or(0.0));
}

/// Sets what is looked up.
pub fn stands(standing: &Standing) {
    gauge!(JOURNAL_SEQUENCE).set(number(standing.journal_sequence));
    gauge!(JOURNAL_CHAIN).set(number(standing.journal_chain_prefix));
    gauge!(WRITABLE).set(f64::from(u8::from(standing.writable)));
    for (name, bytes) in [
        (STORE_BYTES, standing.store_bytes),
        (DISK_FREE_BYTES, standing.disk_free_bytes),
        (DISK_BYTES, standing.disk_bytes),
    ] {
        if let Some(bytes) = bytes {
            gauge!(name).set(number(bytes));
        }
    }
    for coverage in &standing.coverage {
        let year = coverage.year.to_string();
        gauge!(REPORTS_EXPECTED, "year" => year.clone()).set(number(coverage.expected));
        gauge!(REPORTS_RECEIVED, "year" => year.clone()).set(number(coverage.received));
        gauge!(REPORTS_INCLUDED, "year" => year).set(number(coverage.included));
    }
}

fn describe() {
    describe_histogram!(RPC_DURATION, Unit::Seconds, "Time from a call to the end of its answer, by method and status");
    describe_gauge!(RPC_ACTIVE, "Calls under way");
    describe_counter!(REFUSALS, "Refusals, by reason; docs/errors has a page for each");
    describe_histogram!(COMMIT_DURATION, Unit::Seconds, "Time to decide, write and flush a batch");
    describe_histogram!(COMMIT_TRANSACTIONS, "Transactions written and flushed together");
    describe_gauge!(COMMIT_QUEUE, "Transactions that wait for the disk");
    describe_gauge!(JOURNAL_SEQUENCE, "Sequence number of the newest journal entry");
    describe_gauge!(JOURNAL_CHAIN, "First 13 hexadecimal digits of the newest entry's chain hash, as a number");
    describe_gauge!(WRITABLE, "1 while writes are taken");
    describe_gauge!(STORE_BYTES, Unit::Bytes, "Files of the store");
    describe_gauge!(DISK_FREE_BYTES, Unit::Bytes, "Free space where the store is");
    describe_gauge!(DISK_BYTES, Unit::Bytes, "Size of the file system where the store is");
    describe_gauge!(REPORTS_EXPECTED, "Agencies that owe a report, by report year");
    describe_gauge!(REPORTS_RECEIVED, "Agencies that have handed one in, by report year");
    describe_gauge!(REPORTS_INCLUDED, "Reports in the sums, by report year");
    describe_gauge!(RECOUNT_DIFFERENCES, "Differences between running totals and store that the last recount found");
    describe_gauge!(RECOUNT_TIME, Unit::Seconds, "When the last recount ended, since 1970; 0 before the first");
    describe_gauge!(BUILD, "1, with the version of the program");
}
