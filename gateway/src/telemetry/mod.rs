//! Logs, traces and metrics for operators.
//!
//! Logs go to standard error. Traces and metrics leave over OTLP (HTTP, protobuf) only when an
//! endpoint is configured; without one no layer is installed and a span costs a level check.

mod refusals;

pub use refusals::log_refusal;

use crate::config::{Config, LogFormat};
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    trace::{Sampler, SdkTracerProvider},
};
use std::time::Duration;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt,
};

/// One request in so many is traced.
const TRACED: f64 = 0.01;
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("SIGNALBOX_LOG: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("SIGNALBOX_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    #[error("logging is already set up")]
    AlreadySet(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends what is still waiting when it is dropped.
#[must_use]
pub struct Telemetry {
    providers: Option<(SdkTracerProvider, SdkMeterProvider)>,
}

impl Telemetry {
    /// The meter provider, when metrics are exported.
    pub fn meters(&self) -> Option<&SdkMeterProvider> {
        self.providers.as_ref().map(|(_, meters)| meters)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let Some((tracers, meters)) = &self.providers else { return };
        for stopped in [tracers.shutdown(), meters.shutdown()] {
            if let Err(e) = stopped {
                tracing::warn!(error = %e, "the last telemetry was not sent");
            }
        }
    }
}

pub fn init(config: &Config) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log.filter)?;
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let output: Box<dyn Layer<Registry> + Send + Sync> = match config.log.format {
        LogFormat::Text => output.with_filter(filter).boxed(),
        LogFormat::Json => {
            output.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed()
        }
    };
    let providers = match &config.otlp_endpoint {
        Some(endpoint) => Some(exporting(endpoint, &config.gateway_id)?),
        None => None,
    };
    let traces = providers.as_ref().map(|(tracers, _)| {
        // Only the gateway's own spans: the exporter's requests must not trace themselves.
        let own =
            tracing_subscriber::filter::Targets::new().with_target("gateway", tracing::Level::INFO);
        tracing_opentelemetry::layer().with_tracer(tracers.tracer("signalbox")).with_filter(own)
    });
    tracing_subscriber::registry().with(output).with(traces).try_init()?;
    Ok(Telemetry { providers })
}

fn exporting(
    endpoint: &str,
    gateway: &str,
) -> Result<(SdkTracerProvider, SdkMeterProvider), TelemetryError> {
    let resource = Resource::builder()
        .with_service_name("signalbox-gateway")
        .with_attribute(KeyValue::new("service.instance.id", gateway.to_owned()))
        .build();
    let spans = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(EXPORT_TIMEOUT)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()?;
    let metrics = MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(EXPORT_TIMEOUT)
        .with_endpoint(format!("{endpoint}/v1/metrics"))
        .build()?;
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(spans)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(TRACED))))
        .with_resource(resource.clone())
        .build();
    let meters =
        SdkMeterProvider::builder().with_periodic_exporter(metrics).with_resource(resource).build();
    Ok((tracers, meters))
}
