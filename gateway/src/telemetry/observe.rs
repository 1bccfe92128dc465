//! What is measured for the collector: the sums that `/metrics` shows in detail.

use crate::{metering::Totals, state::Gateway};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use std::sync::{Arc, Weak};

/// Registers instruments that read the gateway whenever something is sent.
pub fn observe(meters: &SdkMeterProvider, gateway: &Arc<Gateway>) {
    let meter = meters.meter("signalbox");
    type Counter = (&'static str, &'static str, fn(&Totals) -> u64);
    let counters: [Counter; 6] = [
        ("signalbox.events.published", "{event}", |totals| totals.published),
        ("signalbox.events.delivered", "{event}", |totals| totals.delivered),
        ("signalbox.socket.sent", "By", |totals| totals.socket_bytes_out),
        ("signalbox.socket.received", "By", |totals| totals.socket_bytes_in),
        ("signalbox.api.requests", "{request}", Totals::all_requests),
        ("signalbox.refusals", "{refusal}", |totals| totals.refusals.iter().sum()),
    ];
    for (name, unit, value) in counters {
        let gateway = Arc::downgrade(gateway);
        meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_callback(move |observer| {
                if let Some(gateway) = Weak::upgrade(&gateway) {
                    observer.observe(value(&totals(&gateway)), &[]);
                }
            })
            .build();
    }
    type Gauge = (&'static str, &'static str, fn(&Gateway) -> u64);
    let gauges: [Gauge; 3] = [
        ("signalbox.connections", "{connection}", open_connections),
        ("signalbox.subscriptions", "{subscription}", |gateway| {
            gateway.router.stats().subscriptions
        }),
        ("signalbox.directory.revision", "1", |gateway| gateway.directory.status().applied()),
    ];
    for (name, unit, value) in gauges {
        let gateway = Arc::downgrade(gateway);
        meter
            .u64_observable_gauge(name)
            .with_unit(unit)
            .with_callback(move |observer| {
                if let Some(gateway) = Weak::upgrade(&gateway) {
                    observer.observe(value(&gateway), &[]);
                }
            })
            .build();
    }
}

fn totals(gateway: &Gateway) -> Totals {
    let mut sum = gateway.directory.retired();
    for totals in gateway.directory.apps().iter().filter_map(|app| app.counters.totals()) {
        sum.add(&totals);
    }
    sum
}

fn open_connections(gateway: &Gateway) -> u64 {
    gateway.directory.apps().iter().map(|app| u64::from(app.connections.open())).sum()
}
