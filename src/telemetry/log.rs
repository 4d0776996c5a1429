//! The log: lines on stderr as text or JSON, each with the call that it belongs to.

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, reload};

/// Libraries that would write headers, credentials among them, at their lowest levels.
const NEVER_BELOW_INFO: [&str; 4] = ["h2=info", "hyper=info", "hyper_util=info", "rustls=info"];

/// Why no log can be written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What is to be logged cannot be understood.
    #[error("log.filter: {0}")]
    Filter(String),
    /// There is a log already, or the traces cannot be started.
    #[error("{0}")]
    Start(String),
}

/// Keeps the log and the traces going; what is left of the traces is sent when it is dropped.
#[must_use]
pub struct Started {
    filter: reload::Handle<EnvFilter, Registry>,
    #[cfg(feature = "otel")]
    _traces: Option<super::traces::Traces>,
}

impl Started {
    /// Logs by another filter from now on.
    ///
    /// # Errors
    /// [`LogError`] where the filter makes no sense; the one before stays.
    pub fn set_filter(&self, configured: &str) -> Result<(), LogError> {
        self.filter.reload(filter(configured)?).map_err(|error| LogError::Start(error.to_string()))
    }
}

/// The filter as configured, with the libraries that tell too much held back.
fn filter(configured: &str) -> Result<EnvFilter, LogError> {
    let mut filter = EnvFilter::try_new(configured).map_err(|error| LogError::Filter(error.to_string()))?;
    for directive in NEVER_BELOW_INFO {
        let directive = directive.parse().map_err(|error| LogError::Filter(format!("{directive}: {error}")))?;
        filter = filter.add_directive(directive);
    }
    Ok(filter)
}

/// Writes the log to stderr; `configured` is a level, or levels by module. With the feature `otel`, and a collector
/// named by OTEL_EXPORTER_OTLP_ENDPOINT, the spans of calls go there too.
///
/// # Errors
/// [`LogError`] where the filter makes no sense, or a log was started already.
pub fn start(configured: &str, json: bool) -> Result<Started, LogError> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if json { lines.json().flatten_event(true).with_span_list(false).boxed() } else { lines.boxed() };
    let (changeable, filter) = reload::Layer::new(filter(configured)?);
    let registry = Registry::default().with(lines.with_filter(changeable));
    let start_error = |error: tracing_subscriber::util::TryInitError| LogError::Start(error.to_string());
    #[cfg(feature = "otel")]
    {
        let traces = super::traces::Traces::start().map_err(LogError::Start)?;
        let layer = traces.as_ref().map(super::traces::Traces::layer);
        registry.with(layer).try_init().map_err(start_error)?;
        Ok(Started { filter, _traces: traces })
    }
    #[cfg(not(feature = "otel"))]
    {
        registry.try_init().map_err(start_error)?;
        Ok(Started { filter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_log_headers_never_log_them() {
        let filter = filter("trace,h2=trace").unwrap().to_string();
        assert!(filter.contains("h2=info") && !filter.contains("h2=trace"), "{filter}");
    }

    #[test]
    fn a_filter_that_makes_no_sense_is_refused_by_its_key() {
        assert!(filter("huizong=loud").unwrap_err().to_string().starts_with("log.filter: "));
    }
}
