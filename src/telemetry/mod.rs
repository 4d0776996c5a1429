//! What an operator sees of the running service: log lines, metrics, traces. Uses nothing of ours.
//!
//! - `call`: the layer around every call: its id, its span, its duration.
//! - `log`: how lines are written.
//! - `metrics`: every metric there is, by name.
//! - `traces`: spans to an OTLP collector, behind the feature `otel`.
//!
//! Nothing here, and nothing logged elsewhere, holds what callers send: no figures, no texts, no names of people, no
//! addresses, no credentials. Who did what is in the journal, which only those may read who may.

pub mod call;
pub mod log;
pub mod metrics;
#[cfg(feature = "otel")]
mod traces;
