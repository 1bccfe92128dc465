//! Logs, traces and metrics for operators.
//!
//! Logs go to standard error. Traces and metrics leave over OTLP only when an endpoint is
//! configured; without one no layer is installed and a span costs one check of a flag.

mod observe;
mod otlp;
mod refusals;
mod spans;
#[cfg(test)]
mod tests;

pub use refusals::log_refusal;
pub use spans::request_span;

use crate::{
    config::{Config, LogFormat},
    state::Gateway,
};
use opentelemetry::trace::TracerProvider;
use otlp::Exporting;
use std::{
    io,
    sync::{Arc, OnceLock},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt,
};

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("SIGNALBOX_LOG: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("SIGNALBOX_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    #[error("SIGNALBOX_OTLP_ENDPOINT: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("logging is already set up")]
    AlreadySet(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends what is still waiting when it is dropped.
#[must_use]
pub struct Telemetry;

static EXPORTING: OnceLock<Exporting> = OnceLock::new();

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(exporting) = EXPORTING.get() {
            exporting.shutdown();
        }
    }
}

pub fn init(config: &Config) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log.filter)?;
    let output = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let output: Box<dyn Layer<Registry> + Send + Sync> = match config.log.format {
        LogFormat::Text => output.with_filter(filter).boxed(),
        LogFormat::Json => {
            output.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed()
        }
    };
    let exporting = match &config.otlp_endpoint {
        Some(endpoint) => Some(Exporting::to(endpoint, &config.gateway_id)?),
        None => None,
    };
    let traces = exporting.as_ref().map(|exporting| {
        // Nothing else: the exporter's own requests must not trace themselves.
        let own = Targets::new().with_target(spans::TARGET, spans::LEVEL);
        let tracer = exporting.tracers.tracer("signalbox");
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(own)
    });
    tracing_subscriber::registry().with(output).with(traces).try_init()?;
    if let Some(exporting) = exporting {
        // Logging was not set up before, so neither was this.
        let _ = EXPORTING.set(exporting);
    }
    Ok(Telemetry)
}

/// Measures `gateway` for the collector, if there is one.
pub fn observe(gateway: &Arc<Gateway>) {
    if let Some(exporting) = EXPORTING.get() {
        observe::observe(&exporting.meters, gateway);
    }
}
