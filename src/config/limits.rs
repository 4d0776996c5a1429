//! What callers may ask of the service: every limit once, with its unit.

use serde::{Deserialize, Serialize};

/// What callers may ask of the service.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest request message, in bytes.
    pub message_bytes: usize,
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// A connection takes no more calls after so long, and is made anew by clients, in seconds; calls under way finish,
    /// and a stream of answers ends after as long and five minutes more.
    pub connection_seconds: u64,
    /// Calls at a time in all, streams included; more are refused at once.
    pub calls: usize,
    /// Calls a second of one principal; twice as many may come at once.
    pub calls_per_second_per_principal: u32,
    /// Calls a second from one address (of IPv6: one /64); twice as many may come at once.
    pub calls_per_second_per_address: u32,
    /// Calls at a time on one connection.
    pub calls_per_connection: u32,
    /// Longest time for one unary call, or for a stream to begin to answer, in seconds.
    pub call_seconds: u64,
    /// Submissions that a stream takes ahead of its answers.
    pub stream_submissions_ahead: usize,
    /// Documents that are received or read at a time; half of them at most are of one caller.
    pub documents: usize,
    /// Processes that read documents; one is always left for another caller, where there are two or more.
    pub document_readers: usize,
    /// Memory of each of these processes, in MiB.
    pub document_memory_mib: u64,
    /// Processor time for one document, in seconds.
    pub document_seconds: u64,
    /// Changes of the registry in one call.
    pub registry_changes: usize,
    /// Resources on a page where the caller does not say.
    pub page_resources: usize,
    /// Resources on a page at most.
    pub page_resources_max: usize,
    /// Rows of sums on a page where the caller does not say.
    pub page_rows: usize,
    /// Rows of sums on a page at most.
    pub page_rows_max: usize,
    /// Watches at a time in all; more are refused.
    pub watches: usize,
    /// Of these, watches of one principal.
    pub watches_per_principal: usize,
    /// Least time between two answers of one watch, in milliseconds.
    pub watch_interval_ms: u64,
    /// Longest time that calls under way get to finish when the service is stopped, in seconds.
    pub shutdown_seconds: u64,
}

/// Resources on a page at most, where the settings say nothing else; our own clients ask for as many at a time.
pub const PAGE_RESOURCES_MAX: usize = 1000;
/// Rows of sums on a page at most, likewise.
pub const PAGE_ROWS_MAX: usize = 10_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 << 20,
            connections: 4096,
            connection_seconds: 3600,
            calls: 8192,
            calls_per_second_per_principal: 2000,
            calls_per_second_per_address: 4000,
            calls_per_connection: 1024,
            call_seconds: 60,
            stream_submissions_ahead: 128,
            documents: 8,
            document_readers: 3,
            document_memory_mib: 128,
            document_seconds: 10,
            registry_changes: 10_000,
            page_resources: 50,
            page_resources_max: PAGE_RESOURCES_MAX,
            page_rows: 1000,
            page_rows_max: PAGE_ROWS_MAX,
            watches: 1000,
            watches_per_principal: 100,
            watch_interval_ms: 1000,
            shutdown_seconds: 30,
        }
    }
}
