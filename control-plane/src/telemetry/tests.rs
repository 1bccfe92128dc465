use super::{bind, exposition};
use crate::testing::{Answer, Service, service, service_with};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use std::{collections::BTreeMap, net::SocketAddr};

/// Samples by their name with its labels.
async fn metrics(service: &Service) -> BTreeMap<String, f64> {
    let text = exposition::render(&service.state).await;
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn what_happens_is_counted_under_names_that_say_nothing_of_customers(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    ann.get(&ann.of_app("")).await.expect(200);
    ann.get(&ann.of_app("/keys")).await.expect(200);
    ann.create_key("k").await;
    ann.get("/v1/apps/1").await.problem(404, "not_found");
    Answer::of(service.request(Method::GET, "/nothing/here")).await;
    service.run_jobs().await;
    let found = metrics(&service).await;
    let requests = |route: &str, status: &str| {
        let name = "signalbox_console_http_requests_total";
        found.get(&format!("{name}{{route=\"{route}\",status=\"{status}\"}}")).copied()
    };
    assert_eq!(requests("apps", "2xx"), Some(1.0));
    assert_eq!(requests("apps", "4xx"), Some(1.0));
    assert_eq!(requests("apps/keys", "2xx"), Some(2.0));
    assert!(requests("console", "2xx").or(requests("console", "4xx")).is_some());
    let count = "signalbox_console_http_request_seconds_count{route=\"apps/keys\"}";
    assert_eq!(found[count], 2.0);
    assert!(found["signalbox_console_jobs_total{kind=\"verify_email\",outcome=\"done\"}"] >= 1.0);
    assert!(found["signalbox_console_database_wait_seconds_count"] > 0.0);
    assert_eq!(found["signalbox_console_database_up"], 1.0);
    assert!(found["process_resident_memory_bytes"] > 1e6);
    let text = exposition::render(&service.state).await;
    for secret in [ann.app.as_str(), "ann@example.com", ann.key.as_str()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_stands_in_the_database_is_told(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    ann.create_webhook().await;
    let gateway = service.gateway("gw-1", 0).await;
    let events = json!({"gateway": "gw-1", "boot": "b1", "events": [
        {"seq": 1, "app": ann.app, "channel": "a", "at_ms": 1_760_000_000_123_u64,
         "name": "channel_occupied"}]});
    let told = service.as_gateway(Method::POST, "/internal/v1/channel-events").json(&events);
    Answer::of(told).await.expect_status(204);
    let found = metrics(&service).await;
    let of = |name: &str| found[&format!("signalbox_console_{name}")];
    assert_eq!((of("webhooks_pending"), of("webhooks_dead")), (1.0, 0.0));
    assert!((0.0..60.0).contains(&of("webhooks_late_seconds")));
    assert_eq!(of("intake_rows_total{what=\"channel_events\"}"), 1.0);
    assert_eq!(of("gateways_live"), 1.0);
    assert_eq!(of("gateway_feed_lag{gateway=\"gw-1\"}"), of("feed_revision"));
    assert!(of("feed_revision") > 0.0);
    drop(gateway);
}

#[sqlx::test(migrations = "../migrations")]
async fn without_the_database_the_rest_is_told(db: PgPool) {
    let service = service(&db).await;
    service.state.db.pool().close().await;
    let found = metrics(&service).await;
    assert_eq!(found["signalbox_console_database_up"], 0.0);
    assert!(found["signalbox_console_database_wait_failures_total"] >= 1.0);
    assert!(!found.contains_key("signalbox_console_webhooks_pending"));
    assert!(found.contains_key("signalbox_console_live_viewers"));
}

#[sqlx::test(migrations = "../migrations")]
async fn metrics_have_a_listener_of_their_own(db: PgPool) {
    let service = service_with(&db, |_| {}).await;
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (server, listen) = bind(any, service.state.clone()).unwrap();
    tokio::spawn(server);
    let get = |url: String| Answer::of(reqwest::Client::new().get(url));
    let answer = get(format!("http://{listen}/metrics")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(answer.text.contains("# TYPE signalbox_console_http_request_seconds histogram"));
    assert_eq!(get(format!("http://{listen}/v1/session")).await.status, 404);
    let public = get(format!("{}/metrics", service.base)).await;
    assert!(!public.text.contains("signalbox_console_"), "{}", public.text);
}
