//! Every metric there is. Their names are promised to dashboards and alert rules: see docs/operations.md.
//!
//! The metrics of calls bear the names of OpenTelemetry's conventions for RPC, in base units.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

const RPC_DURATION: &str = "rpc_server_duration_seconds";
const RPC_ACTIVE: &str = "rpc_server_active_requests";
const REFUSALS: &str = "huizong_refusals_total";
const SIGN_INS: &str = "huizong_sign_ins_total";
const SIGN_OUTS: &str = "huizong_sign_outs_total";
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
const CLOCK_TIME: &str = "huizong_clock_timestamp_seconds";
const CLOCK_STEPS: &str = "huizong_clock_steps_total";
const JOURNAL_TIME: &str = "huizong_journal_timestamp_seconds";
const STORE_NEW: &str = "huizong_store_new";
const STORE_LOST: &str = "huizong_store_lost_entries";
const STORE_MENDED: &str = "huizong_store_mended_total";
const TURN_DURATION: &str = "huizong_shared_turn_duration_seconds";
const FOLLOWED: &str = "huizong_shared_followed_entries_total";
const SETTLED: &str = "huizong_shared_settled_total";
const DIVERGED: &str = "huizong_shared_diverged_total";
const SHARED_AGE: &str = "huizong_shared_age_seconds";
const SHARED_BEHIND: &str = "huizong_shared_behind_entries";
const FIGURES_BEHIND: &str = "huizong_shared_figures_behind_entries";
const TOKENS_OF_ANOTHER_KEY: &str = "huizong_tokens_of_another_key";
const BACKUP_TIME: &str = "huizong_backup_timestamp_seconds";
const BACKUP_BYTES: &str = "huizong_backup_size_bytes";
const BACKUP_INTERVAL: &str = "huizong_backup_interval_seconds";
const BACKUP_FAILURES: &str = "huizong_backup_failures_total";
const RECOUNT_INTERVAL: &str = "huizong_recount_interval_seconds";
const RECOUNT_FAILURES: &str = "huizong_recount_failures_total";
const CERTIFICATE_EXPIRY: &str = "huizong_certificate_expiry_timestamp_seconds";
const REVOCATIONS_EXPIRY: &str = "huizong_revocations_expiry_timestamp_seconds";
const ACCESS_CHANGES: &str = "huizong_access_changes_total";
const SIGN_IN_FAILURES: &str = "huizong_sign_in_failures_total";
const LOCK_OUTS: &str = "huizong_lock_outs_total";
const DISK_VISIBLE: &str = "huizong_disk_visible";
const MEMORY_LIMIT: &str = "huizong_memory_limit_bytes";
const SHIPPED_SEQUENCE: &str = "huizong_journal_shipped_sequence";
const UNSHIPPED_TIME: &str = "huizong_journal_unshipped_timestamp_seconds";
const SHIPPING_FAILURES: &str = "huizong_journal_shipping_failures_total";
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
    /// Report year.
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
pub struct Readings {
    /// Sequence number of the newest journal entry.
    pub journal_sequence: u64,
    /// The first 13 hexadecimal digits of its chain hash. As a number, which a reading holds exactly: as a label,
    /// every entry would begin a series of its own.
    pub journal_chain_prefix: u64,
    /// Time of that entry, in seconds since 1970; none for an empty journal.
    pub journal_time_seconds: Option<f64>,
    /// What the clock of the machine says, in seconds since 1970.
    pub clock_seconds: f64,
    /// This start made the store, for there was none.
    pub is_new_store: bool,
    /// Journal entries that are damaged both in the log and in its copy.
    pub lost_entries: u64,
    /// The store takes commits; 0 or 1 as a metric.
    pub writable: bool,
    /// Bytes of the files in the folder of the store; none where it cannot be read.
    pub store_bytes: Option<u64>,
    /// Bytes of that folder's disk that the process may still take; none where it cannot be told.
    pub disk_free_bytes: Option<u64>,
    /// Bytes of that disk in all; none where it cannot be told.
    pub disk_bytes: Option<u64>,
    /// Memory that the process may take; none where nothing limits it.
    pub memory_limit_bytes: Option<u64>,
    /// The report years that are told about, in their order.
    pub coverage: Vec<YearCoverage>,
    /// Changes of who may do what since the start: kind, whether it concerned an administrator, how many.
    pub access_changes: Vec<(&'static str, bool, u64)>,
    /// Tokens and codes that were not valid since the start.
    pub sign_in_failures: u64,
    /// How often an address was told to wait for that.
    pub lock_outs: u64,
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
        counter!(CLOCK_STEPS).absolute(0);
        mended("log", 0);
        mended("copy", 0);
        // Of a shared log, whether there is one or not.
        followed(0);
        counter!(DIVERGED).absolute(0);
        for outcome in ["stored", "not stored", "unknown"] {
            counter!(SETTLED, "outcome" => outcome).absolute(0);
        }
        stands_beside(Duration::ZERO, 0);
        // None is made by the service itself until that is turned on.
        backups_are_due(0.0);
        recounts_are_due(0.0);
        gauge!(BACKUP_TIME).set(0.0);
        for to in ["syslog", "file"] {
            journal_is_shipped(to);
            journal_shipped(to, 0, None);
        }
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

/// The outcome of a sign-in that went well.
pub const SIGNED_IN: &str = "ok";

/// Somebody tried to sign in on the dashboard: by which way, and with which outcome.
pub fn signed_in(way: &'static str, outcome: &'static str) {
    counter!(SIGN_INS, "way" => way, "outcome" => outcome).increment(1);
}

/// Sign-ins may end so: counted from nought, the first that does is seen to rise.
pub fn sign_in_may_end(way: &'static str, outcome: &'static str) {
    counter!(SIGN_INS, "way" => way, "outcome" => outcome).absolute(0);
}

/// Somebody signed out who had signed in by this way.
pub fn signed_out(way: &'static str) {
    counter!(SIGN_OUTS, "way" => way).increment(1);
}

/// What was damaged in one of the two places where the store keeps everything was made again from the other: entries of the
/// `log`, or the whole `copy`.
pub fn mended(part: &'static str, count: u64) {
    counter!(STORE_MENDED, "part" => part).increment(count);
}

/// The turn to append to a shared log was had after so long.
pub fn turn_waited(duration: Duration) {
    histogram!(TURN_DURATION).record(duration);
}

/// So many entries of other instances were followed.
pub fn followed(entries: usize) {
    counter!(FOLLOWED).increment(entries as u64);
}

/// What became of an append without an answer is known: `stored`, `not stored`, or that it stays `unknown` to its callers.
pub fn settled(outcome: &'static str) {
    counter!(SETTLED, "outcome" => outcome).increment(1);
}

/// This instance has shown what is not in the shared log any more.
pub fn diverged() {
    counter!(DIVERGED).increment(1);
}

/// How this instance stands beside a shared log: seconds since that was last known, and entries still to be followed.
pub fn stands_beside(age: Duration, behind: u64) {
    gauge!(SHARED_AGE).set(age.as_secs_f64());
    gauge!(SHARED_BEHIND).set(number(behind));
}

/// The plain tables for analysts were followed, and how many entries they still lack.
pub fn figures_followed(behind: u64) {
    gauge!(FIGURES_BEHIND).set(number(behind));
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

/// The totals are recounted once in so many seconds; 0 for never.
pub fn recounts_are_due(every_seconds: f64) {
    gauge!(RECOUNT_INTERVAL).set(every_seconds);
    counter!(RECOUNT_FAILURES).absolute(0);
}

/// The totals could not be recounted.
pub fn recount_failed() {
    counter!(RECOUNT_FAILURES).increment(1);
}

/// When the first of the certificates of a setting ends, in seconds since 1970.
pub fn certificate_ends(setting: &'static str, seconds: f64) {
    gauge!(CERTIFICATE_EXPIRY, "file" => setting).set(seconds);
}

/// When the first of the lists of revoked certificates ends, in seconds since 1970.
pub fn revocations_end(seconds: f64) {
    gauge!(REVOCATIONS_EXPIRY).set(seconds);
}

/// Backups are made by the service itself, one in so many seconds.
pub fn backups_are_due(every_seconds: f64) {
    gauge!(BACKUP_INTERVAL).set(every_seconds);
    counter!(BACKUP_FAILURES).absolute(0);
}

/// The newest backup that was verified: when it was made, in seconds since 1970, and its length.
pub fn backed_up(made_seconds: f64, bytes: u64) {
    gauge!(BACKUP_TIME).set(made_seconds);
    gauge!(BACKUP_BYTES).set(number(bytes));
}

/// A backup could not be made or verified.
pub fn backup_failed() {
    counter!(BACKUP_FAILURES).increment(1);
}

/// The journal is sent somewhere: to `syslog` or to a `file`.
pub fn journal_is_shipped(to: &'static str) {
    counter!(SHIPPING_FAILURES, "to" => to).absolute(0);
}

/// How far the journal has arrived there, and the time of the oldest entry that has not, in seconds since 1970.
pub fn journal_shipped(to: &'static str, sequence: u64, waiting_since: Option<f64>) {
    gauge!(SHIPPED_SEQUENCE, "to" => to).set(number(sequence));
    gauge!(UNSHIPPED_TIME, "to" => to).set(waiting_since.unwrap_or(0.0));
}

/// The journal could not be sent there.
pub fn journal_not_shipped(to: &'static str) {
    counter!(SHIPPING_FAILURES, "to" => to).increment(1);
}

/// The clock of the machine was set.
pub fn clock_was_set() {
    counter!(CLOCK_STEPS).increment(1);
}

/// Tokens that are refused because another key made them.
pub fn tokens_of_another_key(tokens: usize) {
    gauge!(TOKENS_OF_ANOTHER_KEY).set(number(tokens as u64));
}

/// Sets what is looked up.
pub fn stands(standing: &Readings) {
    gauge!(JOURNAL_SEQUENCE).set(number(standing.journal_sequence));
    gauge!(JOURNAL_CHAIN).set(number(standing.journal_chain_prefix));
    gauge!(CLOCK_TIME).set(standing.clock_seconds);
    if let Some(seconds) = standing.journal_time_seconds {
        gauge!(JOURNAL_TIME).set(seconds);
    }
    gauge!(STORE_NEW).set(f64::from(u8::from(standing.is_new_store)));
    gauge!(STORE_LOST).set(standing.lost_entries as f64);
    gauge!(WRITABLE).set(f64::from(u8::from(standing.writable)));
    gauge!(DISK_VISIBLE).set(f64::from(u8::from(standing.disk_free_bytes.is_some())));
    gauge!(MEMORY_LIMIT).set(number(standing.memory_limit_bytes.unwrap_or(0)));
    for (name, bytes) in [
        (STORE_BYTES, standing.store_bytes),
        (DISK_FREE_BYTES, standing.disk_free_bytes),
        (DISK_BYTES, standing.disk_bytes),
    ] {
        if let Some(bytes) = bytes {
            gauge!(name).set(number(bytes));
        }
    }
    for (change, of_administrator, count) in &standing.access_changes {
        let of = if *of_administrator { "administrator" } else { "other" };
        counter!(ACCESS_CHANGES, "change" => *change, "of" => of).absolute(*count);
    }
    counter!(SIGN_IN_FAILURES).absolute(standing.sign_in_failures);
    counter!(LOCK_OUTS).absolute(standing.lock_outs);
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
    describe_counter!(SIGN_INS, "Sign-ins on the dashboard, by way (token, provider) and outcome (ok, or why not)");
    describe_counter!(SIGN_OUTS, "Sign-outs on the dashboard, by the way of signing in");
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
    describe_gauge!(CLOCK_TIME, Unit::Seconds, "What the clock of the machine says, since 1970");
    describe_counter!(CLOCK_STEPS, "How often the clock of the machine was set by more than a minute");
    describe_gauge!(JOURNAL_TIME, Unit::Seconds, "Time of the newest journal entry, since 1970");
    describe_counter!(
        STORE_MENDED,
        "What was damaged and made again, by part: entries of the log from its copy, copies from the log"
    );
    describe_gauge!(STORE_LOST, "Journal entries that are damaged in the log and in its copy");
    describe_gauge!(STORE_NEW, "1 where the store was made by this start, for there was none");
    describe_histogram!(TURN_DURATION, Unit::Seconds, "Time until the head of the shared log was locked");
    describe_counter!(FOLLOWED, "Journal entries of other instances that were followed");
    describe_counter!(SETTLED, "Appends to the shared log without an answer, by what became of them");
    describe_counter!(DIVERGED, "How often this instance had shown what is not in the shared log any more");
    describe_gauge!(SHARED_AGE, Unit::Seconds, "Time since this instance knew all of the shared log");
    describe_gauge!(
        FIGURES_BEHIND,
        "Entries that the plain tables for analysts lacked when this instance last followed with them"
    );
    describe_gauge!(SHARED_BEHIND, "Entries of the shared log that were still to be followed at the last look");
    describe_gauge!(TOKENS_OF_ANOTHER_KEY, "Tokens that are refused because they were made with another token-key");
    describe_gauge!(
        BACKUP_TIME,
        Unit::Seconds,
        "When the newest verified backup of the service's own was made, since 1970"
    );
    describe_gauge!(BACKUP_BYTES, Unit::Bytes, "Length of that backup");
    describe_gauge!(
        BACKUP_INTERVAL,
        Unit::Seconds,
        "Time from one backup of the service's own to the next; 0 for none"
    );
    describe_counter!(BACKUP_FAILURES, "Backups of the service's own that could not be made or verified");
    describe_gauge!(RECOUNT_INTERVAL, Unit::Seconds, "Time from one recount to the next; 0 for none");
    describe_counter!(RECOUNT_FAILURES, "Recounts that failed");
    describe_gauge!(
        CERTIFICATE_EXPIRY,
        Unit::Seconds,
        "When the first certificate in a file ends, since 1970, by setting"
    );
    describe_gauge!(REVOCATIONS_EXPIRY, Unit::Seconds, "When the first list of revoked certificates ends, since 1970");
    describe_counter!(
        ACCESS_CHANGES,
        "Changes of who may do what, by kind, and by whether they concern an administrator"
    );
    describe_counter!(SIGN_IN_FAILURES, "Tokens and one-time codes that were not valid");
    describe_counter!(LOCK_OUTS, "How often an address was told to wait, for too many of its tokens were not valid");
    describe_gauge!(DISK_VISIBLE, "1 while the disk of the store can be looked at");
    describe_gauge!(MEMORY_LIMIT, Unit::Bytes, "Memory that the process may take; 0 where nothing limits it");
    describe_gauge!(
        SHIPPED_SEQUENCE,
        "Sequence number of the newest journal entry that has arrived, by where it is sent"
    );
    describe_gauge!(
        UNSHIPPED_TIME,
        Unit::Seconds,
        "Time of the oldest journal entry that has not arrived, since 1970, by where it is sent; 0 where all have"
    );
    describe_counter!(SHIPPING_FAILURES, "How often the journal could not be sent, by where");
    describe_gauge!(BUILD, "1, with the version of the program");
}
