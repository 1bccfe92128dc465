//! Exporting to a collector that only writes down what it is asked.

use super::{otlp::Exporting, spans};
use opentelemetry::{
    metrics::MeterProvider,
    trace::{Tracer, TracerProvider},
};
use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::Duration,
};

/// A collector that answers 200; gives out the request lines.
fn given_collector() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), sender) = (stream, sender.clone()) else { return };
            thread::spawn(move || {
                let mut bytes = vec![0; 65_536];
                let mut head = String::new();
                while let Ok(n @ 1..) = stream.read(&mut bytes) {
                    head.push_str(&String::from_utf8_lossy(&bytes[..n]));
                    if head.contains("\r\n\r\n") {
                        let line = head.lines().next().unwrap_or_default().to_owned();
                        head.clear();
                        // The test may be over.
                        let _ = sender.send(line);
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                        if stream.write_all(answer).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    (endpoint, asked)
}

#[test]
fn spans_and_measurements_reach_the_collector() {
    let (endpoint, asked) = given_collector();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporting = Exporting::to(&endpoint, "gateway-1").expect("an exporter");
    let tracer = exporting.tracers.tracer("test");
    // One in a hundred is sampled.
    for _ in 0..5_000 {
        tracer.in_span("api_request", |_| ());
    }
    exporting.meters.meter("test").u64_counter("count").build().add(1, &[]);
    exporting.shutdown();
    let lines: Vec<_> =
        std::iter::from_fn(|| asked.recv_timeout(Duration::from_secs(2)).ok()).take(2).collect();
    assert!(lines.iter().any(|line| line.starts_with("POST /v1/traces")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("POST /v1/metrics")), "{lines:?}");
}

#[test]
fn without_a_collector_no_span_is_made() {
    let key = crate::admission::KeyRef::App("k".parse().expect("a key"));
    assert!(super::request_span(&"1".parse().expect("an id"), &key).is_disabled());
    assert_ne!(spans::TARGET, "gateway");
}
