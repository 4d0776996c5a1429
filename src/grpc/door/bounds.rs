//! How much the door lets in at a time, how often, and for how long.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::Limits;

use super::rates::Rates;

/// How much longer than its connection a stream may last.
const GRACE: Duration = Duration::from_secs(300);

/// What is let in at most; exchanged as a whole when the settings are read again.
pub(crate) struct Bounds {
    pub calls: Arc<Semaphore>,
    /// Calls at a time.
    calls_max: usize,
    pub rates: Rates,
    /// Longest time for a call, or for a stream to begin to answer.
    pub call_time: Duration,
    /// Longest time for a stream: no connection lasts for ever, nor what was allowed when it was made.
    pub stream_time: Duration,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        let calls_max = limits.calls.min(Semaphore::MAX_PERMITS);
        let calls = Arc::new(Semaphore::new(calls_max));
        let call_time = Duration::from_secs(limits.call_seconds);
        let stream_time = Duration::from_secs(limits.connection_seconds).saturating_add(GRACE);
        Arc::new(Self { calls, calls_max, rates: Rates::new(limits), call_time, stream_time })
    }

    /// Whether no call is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.calls.available_permits() == self.calls_max
    }
}
