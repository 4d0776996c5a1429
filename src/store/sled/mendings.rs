//! Counts what was made again.

use crate::telemetry::metrics;

/// So many entries of the log were put back.
pub(super) fn log(entries: u64) {
    metrics::mended("log", entries);
}

/// A copy was made anew.
pub(super) fn copy() {
    metrics::mended("copy", 1);
}
