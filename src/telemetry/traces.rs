//! Spans to an OTLP collector (gRPC), as the standard variables of OpenTelemetry say.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Layer as _;
use tracing_subscriber::registry::LookupSpan;

/// Names of the variables that turn traces on.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The way to the collector; drop it to send what is left.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// None where no collector is named. Call it inside the runtime.
    ///
    /// # Errors
    /// Where the variables make no sense.
    pub(crate) fn start() -> Result<Option<Self>, String> {
        if ENDPOINTS.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
            return Ok(None);
        }
        let exporter = SpanExporter::builder().with_tonic().build().map_err(|error| error.to_string())?;
        let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Some(Self { provider }))
    }

    /// Takes the spans of this program, not those of libraries (the exporter's own calls among them).
    pub(crate) fn layer<S>(&self) -> tracing_subscriber::filter::Filtered<OpenTelemetryLayer<S, SdkTracer>, Targets, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), LevelFilter::INFO);
        tracing_opentelemetry::layer().with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME"))).with_filter(ours)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}
