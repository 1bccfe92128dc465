//! Sending to an OTLP collector (HTTP, protobuf), on a thread of its own.

use crate::telemetry::TelemetryError;
use bytes::Bytes;
use opentelemetry::KeyValue;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    trace::{Sampler, SdkTracerProvider},
};
use std::{pin::Pin, thread, time::Duration};
use tokio::runtime;

/// One request in so many is traced.
const TRACED: f64 = 0.01;
const TIMEOUT: Duration = Duration::from_secs(5);

/// What spans and measurements are handed to. Shutting it down sends what is still waiting.
pub struct Exporting {
    pub tracers: SdkTracerProvider,
    pub meters: SdkMeterProvider,
}

impl Exporting {
    pub fn to(endpoint: &str, gateway: &str) -> Result<Self, TelemetryError> {
        let client = Client::start()?;
        let resource = Resource::builder()
            .with_service_name("signalbox-gateway")
            .with_attribute(KeyValue::new("service.instance.id", gateway.to_owned()))
            .build();
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .build()?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/metrics"))
            .build()?;
        let tracers = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(TRACED))))
            .with_resource(resource.clone())
            .build();
        let meters = SdkMeterProvider::builder()
            .with_periodic_exporter(metrics)
            .with_resource(resource)
            .build();
        Ok(Self { tracers, meters })
    }

    pub fn shutdown(&self) {
        for stopped in [self.tracers.shutdown(), self.meters.shutdown()] {
            if let Err(e) = stopped {
                tracing::warn!(error = %e, "the last telemetry was not sent");
            }
        }
    }
}

/// The exporters block threads without a runtime, so their requests are made on one of our own.
#[derive(Clone, Debug)]
struct Client {
    http: reqwest::Client,
    runtime: runtime::Handle,
}

impl Client {
    fn start() -> Result<Self, TelemetryError> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("telemetry".into())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        Ok(Self { http, runtime: handle })
    }
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> Sending<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request.try_into()?).await?;
            let status = answer.status();
            let mut response = Response::new(answer.bytes().await?);
            *response.status_mut() = status;
            Ok::<_, reqwest::Error>(response)
        });
        Box::pin(async move { Ok(sent.await??) })
    }
}
